"""A phrase to packages: ``Xen packages, version 4.19.4-3 for Quern 4.3 (optional)``.

A phrase is cut into tokens, which are read once, from left to right. What is said at a place is a
release, a target, a name, a version, in any order. What is said again, or after a version, begins
anew, and what was said after the same kind is over (``held``); what was said before it still holds.
But a place that is first said after a version is that of the names before it, and what is in
brackets is said of what is right before them.

Words without a place leave the phrase unread. A line ``PHRASE => ROWS`` is an example, for a test.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, groupby, pairwise, product, takewhile
from typing import Final, NamedTuple, TypeAlias

import secpack.extract.packages.vocabulary as v
from secpack.model.archive import Fix, PackageRow

_TAIL: Final = (
    r"(?: (?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided|exists?"
    r"|at|this|the|time|moment)\b){0,8}"
)
_NO_NEED: Final = r"(?:is |are )?(?:needed|required|necessary)|(?:has|have|needs?) to|because none"
#: Kinds of tokens, each with an expression and an example. The first that fits is taken.
KINDS: Final = (
    ("later", r"(?:(?:and|or) (?:any )?(?:later|newer|higher|greater|above|up)(?: versions?)?"
     r"|at least)(?![\w-])|\[[\w*]{1,5}\]", "or any later version"),
    ("bracket", r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]", "(optional)"),
    ("release", "(?:(?:[Ff]or|[Ii]n|[Oo]n|if you (?:are on|use|run|have)) )?(?:both )?RELEASES",
     "for Quern 4.2 and later"),
    ("target", f"(?:[Ii]n|into|inside|For(?= [A-Z])) {v.ANY_TARGETS}"
     f"|(?:(?:[Ii]n|into|inside|[Ff]or) )?{v.TARGETS}", "in qubes with a printer"),
    ("none", "(?:[Tt]here (?:is|are|will be) )?[Nn]o (?:(?:(?:fixed|updated) )?packages?|fix(?:es)?"
     rf"|patch(?:es)?|updates?)\b(?!,? (?:{_NO_NEED})\b){_TAIL}"
     "|not (?:yet )?(?:fixed|available|supported|patched|planned|released|published|ready|out)"
     r"(?: yet)?\b|(?:will (?:follow|not (?:be (?:fixed|patched|updated)|(?:receive|get) an? (?:fix"
     "|update))|be (?:available|provided|published|released) (?:soon|shortly|later|(?:in the )?"
     "(?:coming|next) (?:days?|weeks?|months?)))|(?:is|are) (?:being prepared|delayed)|[Pp]ending"
     "|in preparation|(?:still )?being built|still being tested|no longer supported|[Uu]nsupported"
     "|(?:(?:[Tt]his release )?ha(?:s|ve) )?(?:reached (?:its )?)?[Ee]nd[- ]of[- ]life|EOL"
     r"|[Nn]one(?! needed)(?: (?:yet|available))?|[Nn]ot(?:hing)? yet)\b", "no fix is available"),
    ("unaffected", r"(?:(?:[Nn]ot|n't) (?:affected|vulnerable|impacted)|[Uu]naffected"
     r"|does not affect)\b", "not affected"),
    ("same", r"(?:of|in) the same version\b", "of the same version"),
    ("keyword", r"[Vv]ersions?\b:?|ver\.", "version"),
    ("packages", r"(?:[Pp]ackages?|the new ones)(?![\w-])", "packages"),
    ("separator", r";|,(?!(?<=[0-9],)[0-9])|(?<![^\s(])(?:and|or|--|[-/&+–—])(?![^\s,])"
     r"|as well(?: as)?\b", "as well as"),
    ("word", r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}", "xen-"),
    ("other", "[(),]", "("),
)  # fmt: skip
_ANYWHERE: Final = {"bracket", "release", "separator", "word", "other"}  # or where a word begins
# "version" and "packages" mistyped; a version after a name that ends like one: "libxen-4.1 4.1-2"
_SLIP: Final = re.compile(r"[Vv][ersion]{4,8}|[Pp][ackges]{5,8}")
_THEN: Final = re.compile(r"\s{1,3}(?:[0-9]{1,4}:)?[0-9]{1,4}\.[0-9]")
# Words that state that there is no fix, in running text.
_STATES: Final = re.compile(
    v.spaced(r"(?i)\bno (?!longer)[^.]*\b(?:is|are|has|have|will|exists?)\b|there |will not ")
)


class Token(NamedTuple):
    """A piece of a phrase: its kind, its words, and the index where it begins."""

    kind: str
    value: str = ""
    at: int = 0


@lru_cache(maxsize=64)
def _expression(product: str) -> re.Pattern[str]:
    edge = r"(?<![\w-])"
    forms = (f"(?P<{k}>{'' if k in _ANYWHERE else edge}(?:{form}))" for k, form, _ in KINDS)
    form = v.spaced("|".join(forms))
    return re.compile(form.replace("RELEASES", v.releases_pattern(product)))


def tokens(text: str, product: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of a phrase; a word can be a version, or a name with a version."""
    certain = False  # after "version"
    found = _expression(product).finditer(text, start, len(text) if end is None else end)
    for match in found:
        kind, value, at = str(match.lastgroup), match[0], match.start()
        bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
        bare = bare.removeprefix(">=").removeprefix("≥")
        if kind != "word":
            yield Token(kind, value, at)
        elif value.isalpha():
            slip = _SLIP.fullmatch(value)
            yield Token("other" if slip else v.WORDS.get(value.lower(), "word"), value, at)
        elif version := v.read_version(bare, certain=certain):
            yield Token("version", version, at)
        elif (parts := v.split_name(bare)) and (
            "-" in parts[1] or not _THEN.match(text, match.end())
        ):
            yield from (Token("name", parts[0], at), Token("version", parts[1], at))
        elif bare:
            yield Token(v.WORDS.get(bare.lower(), "word"), bare, at)
        if kind == "word" and value.endswith((".", ":", "!", "?")):
            yield Token("separator", value[-1], match.end() - 1)
        certain = kind == "keyword" or (certain and kind == "separator")


#: What is said of packages: releases, targets, notes, by the kind of each, in order.
Said: TypeAlias = dict[str, tuple[str, ...]]

#: What is longer is not read; a note is cut. No real text comes near this.
LONGEST: Final = 2000
_LONGEST_NOTE: Final = 200

# What is not affected may be so in part, or under a condition.
_PARTLY: Final = re.compile(rf"(?i){v.UNSURE.pattern}|\b(?:only|partial|but|however)|[d(] ?with\b")
_NOTHING: Final = re.compile(r"\b[Nn]one\b(?! yet)")  # what a user has to do
# What no remedy is: "xen 4.1 (vulnerable)"
_BAD: Final = re.compile(
    r"(?:(?:which|is|are|was|has|have|had|been|must|be|now|still|also) )*(?:vulnerable|affected"
    r"|withdrawn|faulty|broken|obsolete|superseded|recalled|retracted|removed|incomplete|insecure"
    r"|do(?:es)? not|not (?:safe|fixed|to be)|lacks?)\b"
)
_FACTS: Final = {"none": Fix.NONE, "unaffected": Fix.NOT_AFFECTED}
_PLACES: Final = frozenset({"release", "target"})
_JOINTS: Final = {",", "and", "or", "/", "&"}
_TURNS: Final = {".", "!", "?", "-", "--", "–", "—"}  # or words that do


def held(said: Said, *kinds: str) -> Said:
    """What still holds when one of these kinds is said again: only what was said before it."""
    return {kind: said[kind] for kind in takewhile(lambda kind: kind not in kinds, said)}


@dataclass(slots=True)
class Entry:
    """A package, and what is ``said`` of it; ``at`` is the index in the phrase where it begins."""

    at: int
    package: str = ""
    version: str = ""
    fix: Fix = Fix.AVAILABLE
    said: Said = field(default_factory=dict)

    def rows(self, above: Said, line: int) -> Iterator[PackageRow]:
        """A row for each of its releases and targets, with what is said ``above`` it."""
        noted = [self.said] if "release" in self.said else [above, self.said]
        note = "; ".join(n for said in noted for k in ("open", "note") for n in said.get(k, ()))
        said = above | self.said
        own = (self.package, self.version, line, self.fix, note[:_LONGEST_NOTE])
        for release, target in product(said.get("release") or ("",), said.get("target") or ("",)):
            yield PackageRow(release, target, *own)


class Phrase:
    """A phrase: its ``entries``, and its ``header``, the places before a colon and all names.

    It ``is_header`` if it says nothing else; it ``is_plain`` if it looks like nothing but packages.
    ``label`` says that a name with a colon can be a target, because a list is below it. In running
    text, which is ``loose``, names are right before versions, or before "packages" (``firm``).

    xen 4.1-2 or later, xen-libs-4.1-3 => xen 4.1-2; xen-libs 4.1-3
    For R2: xen 4.1, mill 4.2; for R3: xen 4.3 => 2 xen 4.1; 2 mill 4.2; 3 xen 4.3
    xen for R2 version 4.1, for R3 version 4.2 => 2 xen 4.1; 3 xen 4.2
    For Quern 4.2 and later, in dom0 (stable): => header 4.2 dom0: (and later; stable)
    xen =>
    """

    def __init__(
        self, text: str, product: str, *, loose: bool = False, label: bool = False
    ) -> None:
        self.text, self.product, self.loose = text, product, loose
        self.said: Said = {}  # what holds at this place; "name" and "version" are marks
        self.names: list[Entry] = []  # those at hand
        self.versions: list[list[Entry]] = []  # theirs: for each, an entry of each name
        self.entries: list[Entry] = []
        self.header: Said = {}
        self.waits = False  # there is a place that no version followed yet
        self.firm = self.turned = self.unread = False
        self._read(tokens(text if len(text) <= LONGEST else "", product))
        self.is_header = not (self.versions or self.entries or self.unread)
        if self.is_header:
            self._end_header(label=label)
        else:
            self._end_names()
            self.header = self.header if "release" in self.header else {}
            self.unread |= self._is_unclear()
            self.entries = [] if self.unread else self.entries
        placed = any(entry.package or "release" in entry.said for entry in self.entries)
        nothing = self.entries and not placed and _NOTHING.search(text)
        self.is_plain = bool(self.entries) and not (self.turned or nothing)

    def _end_header(self, *, label: bool) -> None:
        said = held(self.said, "name")
        if self.names:  # "For R2, sys-net:"
            may_be_target = label or ("release" in said and not self.header)
            may_be_target &= self._last() == "name"  # not "outside dom0:"
            targets = v.read_targets(self.names[0].package) if may_be_target else ()
            said = said | {"target": targets} if targets and len(self.names) == 1 else {}
        self.is_header = bool(said)
        self.header = said or self.header

    def _is_unclear(self) -> bool:
        """Whether a place is left over, some packages have no release, or a condition holds.

        For R2: not affected, since it has no bell => 2 not-affected (since it has no bell)
        For R2: probably not affected =>
        xen 4.1 (vulnerable) =>
        """
        notes = (note for entry in self.entries for note in entry.said.get("note", ()))
        safe = (entry.at for entry in self.entries if entry.fix is Fix.NOT_AFFECTED)
        parts = (self.text[self.text.rfind(";", 0, at) + 1 :].partition(";")[0] for at in safe)
        left_over = self.waits and (not self.loose or any(e.version for e in self.entries))
        is_mixed = len({"release" in entry.said for entry in self.entries}) > 1
        is_partly = any(map(_PARTLY.search, parts)) or any(map(_BAD.match, notes))
        leads = self.text.rstrip().endswith(":") and not any(e.version for e in self.entries)
        return left_over or is_mixed or is_partly or leads

    def _read(self, found: Iterable[Token], end: int | None = None) -> None:
        """Read tokens, up to an index of the text; what follows a turn is a note.

        xen 4.1-2, which has one flaw less => xen 4.1-2 (which has one flaw less)
        For R2: xen 4.1 (stable). For R3: xen 4.3. => 2 xen 4.1 (stable); 3 xen 4.3
        """
        before, adjoins = Token(""), False
        for token, after in pairwise(chain(self._named(found), [Token("end")])):
            turns = token.kind == "turn" or token.value in _TURNS
            turns &= bool(self.versions) and not self.loose
            if turns and after.kind not in ("release", "end", *_FACTS):
                start = token.at if token.kind == "turn" else after.at
                words = self.text[start:end].strip().rstrip(".")
                self.unread |= token.value in _TURNS | {"if"} and v.LOOKS.search(words) is not None
                self._remark(_noted(words))
                self.turned = True
                return
            self._take(token, before, after, adjoins=adjoins)
            if self.unread:
                return
            before, joins = token, token.kind == "filler" or token.value in _JOINTS
            adjoins = token.kind in _PLACES or (adjoins and joins)

    def _named(self, found: Iterable[Token]) -> Iterator[Token]:
        """Words as names; in running text, the last of them, or two with capitals."""
        for kind, run in groupby(found, lambda token: token.kind):
            if kind == "word":
                words = list(run)
                if self.loose:
                    words = words[-2 if all(w.value[0].isupper() for w in words[-2:]) else -1 :]
                yield Token("name", " ".join(word.value for word in words), words[0].at)
            else:
                plain = not self.loose or kind not in _FACTS
                yield from (token for token in run if plain or _STATES.search(token.value))

    def _take(self, token: Token, before: Token, after: Token, *, adjoins: bool) -> None:
        kind, value, at = token
        match kind:
            case "name":
                # "no fix for AMD; xen 4.1"
                self.unread |= not self.loose and bool(self.versions) and before.value == "for"
                self._name(token, joins=not self.loose or before.value in _JOINTS)
            case "bracket":
                self._bracket(token)
            case "release" | "target":
                self._place(token, after, adjoins=adjoins)
            case "version" | "none" | "unaffected":
                self.unread |= kind == before.kind == "version"
                self._version(token, _FACTS.get(kind, Fix.AVAILABLE))
            case "same" if self.names and self.entries and not self.versions:
                self._version(Token("version", self.entries[-1].version, at))
            case "separator" if value == ":" and not self.versions:
                if not self.names or self.loose:
                    self.header = self.header or dict(self.said)
                else:  # "xen: xen-libs 4.1"
                    self.unread |= after.kind in ("name", "filler")
            case "packages":
                self.firm = bool(self.names)
            case "filler" | "separator" if value.lower() in ("to", ":"):  # "4.1-1 to 4.1-2"
                self.unread |= self._last() == "version" and after.kind in ("version", "keyword")
            case "turn" | "stop" if self.loose and (self.versions or after.kind != "keyword"):
                self._loosen(ends=bool(self.versions))
            case "same" | "other" | "turn" | "stop":
                self.unread |= not self.loose or kind in ("same", "other")

    def _back_to(self, *kinds: str) -> None:
        """Forget what was said after one of these kinds, or after a version.

        xen in dom0 and mill in templates 4.1 =>
        For Quern 4.2 (stable) and Quern 4.3 (testing): =>
        """
        kept = held(self.said, "version", *kinds)
        self.unread |= len(kept) < len(self.said) and not ("version" in self.said or self.loose)
        if "name" not in kept:
            self._end_names()
        self.said = kept

    def _loosen(self, *, ends: bool = False) -> None:
        if self.loose and (ends or not (self.firm or self.versions)):
            self._back_to("name")

    def _name(self, token: Token, *, joins: bool) -> None:
        """Take a name; those at hand have the versions that follow.

        xen and mill 4.1 => xen 4.1; mill 4.1
        """
        if self._last() != "name" or not joins:
            self._back_to("name")
        self.said["name"] = ()
        self.firm &= not self.loose
        if all(token.value != known.package for known in self.names):
            self.names.append(Entry(token.at, token.value))

    def _version(self, token: Token, fix: Fix = Fix.AVAILABLE) -> None:
        if fix is not Fix.AVAILABLE and self.versions and self.versions[-1][0].fix is fix:
            return  # "none: no fix is planned"
        self.unread |= not self.names and fix is Fix.AVAILABLE
        number = token.value if fix is Fix.AVAILABLE else ""
        self.versions.append([
            Entry(token.at if self.versions else n.at, n.package, number, fix, self.said | n.said)
            for n in self.names or [Entry(token.at)]
        ])  # fmt: skip
        self.said["version"] = ()
        self.waits = False

    def _end_names(self) -> None:
        """Be done with the names at hand; what is in brackets may be said of some names only.

        xen 4.1, mill 4.2 (dom0) => xen 4.1; dom0: mill 4.2
        xen 4.1, 4.2 (dom0) =>
        xen 4.1, 4.2 (testing), 4.3 => xen 4.1; xen 4.2 (testing); xen 4.3
        xen and mill, versions 4.1 and 4.2 =>
        """
        entries = [*chain(*self.versions)]
        self.unread |= min(len(self.names), len(self.versions)) > 1
        self.unread |= bool(self.names) and not (self.versions or self.loose)
        self.unread |= not all(not e.package or v.is_name(e.package) for e in entries)
        self.unread |= len({"target" in entry.said for entry in entries}) > 1
        self.entries += entries
        self.names, self.versions = [], []

    def _place(self, token: Token, after: Token, *, adjoins: bool) -> None:
        """Take a release or a target: of what follows, or of the versions before it.

        xen 4.1 for R2, mill 4.2 for R3 => 2 xen 4.1; 3 mill 4.2
        xen 4.1 for R2; the package for R3 will follow => 2 xen 4.1; 3 xen none
        For R2, install xen 4.1 in dom0 => 2 dom0: xen 4.1
        xen 4.1. For R3: not affected =>
        """
        self._loosen()
        kind, said = token.kind, _said(token)
        leads = after.value == ":" or after.kind in _FACTS or kind in self.said
        if "version" in self.said and not leads:
            lacking = [entry for entry in chain(*self.versions) if kind not in entry.said]
            self.unread |= not lacking
            for entry in lacking:
                entry.said |= said
        elif adjoins and self._last() == kind:
            self.said[kind] += said[kind]
        else:
            begins = after.value == ":" and kind not in self.said and self.versions
            self._back_to(kind, *(["name"] if begins else []))
            self.said |= said
            self.waits = True

    def _remark(self, said: Said) -> None:
        """Take what is said of what is right before it.

        xen 4.1 (R2), 4.2 (R3), both in dom0 => 2 dom0: xen 4.1; 3 dom0: xen 4.2
        xen (dom0) 4.1, mill 4.2 => dom0: xen 4.1; mill 4.2
        xen (Mini) / mill (Field) 4.1 => xen 4.1 (Mini); mill 4.1 (Field)
        xen 4.1, 4.2 (R3) =>
        """
        entries = {"name": self.names[-1:], "version": [*chain(*self.versions[-1:])]}
        for each in [e.said for e in entries.get(self._last(), ())] or [self.said]:
            notes = each.get("note", self.said.get("note", ()))
            each.update(said | ({"note": notes + said["note"]} if "note" in said else {}))

    def _last(self) -> str:
        return next(reversed(self.said), "")

    def _bracket(self, token: Token) -> None:
        """Brackets hold names with versions, what is said of those before them, or a note.

        New mill packages (mill-4.1, mill-libs-4.2) => mill 4.1; mill-libs 4.2
        xen 4.1 (Mini; on R2 only) => 2 xen 4.1 (Mini)
        xen 4.1 (and mill of the same version) => xen 4.1; mill 4.1
        xen 4.1 (only for R2 users) =>
        """
        start = token.at + 1
        for words in token.value[1:-1].split(";"):
            end = start + len(words)
            found = list(tokens(self.text, self.product, start, end))
            kinds, begun = {each.kind for each in found}, "version" in self.said
            silent = not kinds & {"word", "turn", "stop", "name"}
            packages = kinds & {"version", "keyword", "same"} or ("release" in kinds and not silent)
            packages = packages and found[0].kind != "turn"  # "replaces 4.1-1"
            # "For R2 (not yet released):" is about the release.
            heads = not self.names and self.text[token.at + len(token.value) :].strip() == ":"
            if packages or (kinds & _FACTS.keys() and silent and not begun and not heads):
                self.unread |= begun and "same" not in kinds
                if not (begun or silent):  # the names in the brackets are meant
                    self.said.pop("name", None)
                    self.names = []
                self._read(found, end)
            elif silent and kinds & _PLACES:
                if kinds & _FACTS.keys():
                    self._remark(_noted(words))
                for place in (each for each in found if each.kind in _PLACES):
                    if self._last() in ("name", "version"):
                        self._remark(_said(place))
                    else:
                        self._place(place, Token(""), adjoins=False)
            elif self.said:
                self._remark(_noted(words))
            start = end + 1


def _noted(words: str) -> Said:
    return {"note": (" ".join(words.split()),)}


def _said(token: Token) -> Said:
    if token.kind == "target":
        return {"target": v.target_names(token.value)}
    rest = v.open_range(token.value)
    return {"release": v.release_numbers(token.value)} | ({"open": rest} if rest else {})
