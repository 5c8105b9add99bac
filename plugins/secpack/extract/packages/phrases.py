"""A phrase to packages: ``Xen packages, version 4.19.4-3 for Quern 4.3 (optional)``.

A phrase is cut into tokens, which are read once, from left to right:

- Words are a name; names get the versions that follow.
- A release or a target before the first version holds for what follows, until there is another;
  one after the first version is that of the names before it.
- What is in brackets is said of what is right before them: a remark, a release, or a target.

Words without a place leave the phrase unread. A line ``PHRASE => ROWS`` is an example, for a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Final, NamedTuple, TypeAlias

from secpack.extract.packages import vocabulary
from secpack.extract.packages.vocabulary import DOUBT, FILLERS, NO_NAMES, STOPS
from secpack.model.archive import Fix, PackageRow

_TAIL: Final = (
    r"(?: (?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided|exists?"
    r"|at|this|the|time|moment)\b){0,8}"
)
_NO_NEED: Final = r"(?:is |are )?(?:needed|required|necessary)|(?:has|have|needs?) to"
#: Kinds of tokens, each with an expression and an example. The first that fits is taken.
KINDS: Final = (
    ("later", r"(?:(?:and|or) (?:any )?(?:later|newer|higher|greater|above|up)(?: versions?)?"
     r"|at least)(?![\w-])|\[[\w*]{1,5}\]", "or any later version"),
    ("bracket", r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]", "(optional)"),
    ("release", "(?:(?:[Ff]or|[Ii]n|[Oo]n|if you (?:are on|use|run|have)) )?(?:both )?RELEASES",
     "for Quern 4.2 and later"),
    ("target", f"(?:[Ii]n|into|inside|For(?= [A-Z])) {vocabulary.ANY_TARGETS}"
     f"|(?:(?:[Ii]n|into|inside|[Ff]or) )?{vocabulary.TARGETS}", "in qubes with a printer"),
    ("none", "(?:[Tt]here (?:is|are|will be) )?[Nn]o (?:(?:(?:fixed|updated) )?packages?|fix(?:es)?"
     rf"|patch(?:es)?|updates?)\b(?! (?:{_NO_NEED})\b){_TAIL}"
     "|not (?:yet )?(?:fixed|available|supported|patched|released|published|ready|out)(?: yet)?"
     r"\b|(?:will follow|will not be (?:fixed|patched|updated)|will not (?:receive|get) an? (?:fix"
     "|update)|still being (?:tested|built)|no longer supported|[Uu]nsupported"
     "|(?:(?:[Tt]his release )?ha(?:s|ve) )?(?:reached (?:its )?)?[Ee]nd[- ]of[- ]life|EOL"
     r"|[Pp]ending|[Nn]one(?: (?:yet|available))?|[Nn]ot(?:hing)? yet)\b", "no fix is available"),
    ("unaffected", r"(?:(?:not|n't) (?:affected|vulnerable|impacted)|[Uu]naffected"
     r"|does not affect)\b", "not affected"),
    ("same", r"(?:of|in) the same version\b", "of the same version"),
    ("keyword", r"[Vv]ersions?\b:?|ver\.", "version"),
    ("packages", r"(?:[Pp]ackages?|the new ones)(?![\w-])", "packages"),
    ("separator", r"[,;]|(?<![^\s(])(?:and|or|[-/&+–—])(?![^\s,])|as well(?: as)?\b", "as well as"),
    ("word", r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}", "xen-"),
    ("other", "[()]", "("),
)  # fmt: skip
_ANYWHERE: Final = {"bracket", "release", "separator", "word", "other"}  # or where a word begins
# Words that state that there is no fix, in running text.
_STATES: Final = re.compile(
    vocabulary.spaced(r"\bno (?!longer)[^.]*\b(?:is|are|has|have|will|exists?)\b|there |will not "),
    re.IGNORECASE,
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
    form = vocabulary.spaced("|".join(forms))
    return re.compile(form.replace("RELEASES", vocabulary.releases_pattern(product)))


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
        elif vocabulary.is_version(bare, certain=certain):
            yield Token("version", bare, at)
        elif parts := vocabulary.split_name(bare):
            yield from (Token("file", parts[0], at), Token("version", parts[1], at))
        elif bare:
            yield Token("filler" if bare.lower() in FILLERS else "word", bare, at)
        if kind == "word" and value.endswith((".", ":", "!", "?")):
            yield Token("separator", value[-1], match.end() - 1)
        certain = kind == "keyword" or (certain and kind == "separator")


# --- from tokens to entries -----------------------------------------------------------------


#: What is said of packages: releases, targets, notes, by the kind of each.
Said: TypeAlias = dict[str, tuple[str, ...]]

#: What is longer is not read; a note is cut. No real text comes near this.
LONGEST: Final = 2000
_LONGEST_NOTE: Final = 200

# What is not affected may be so in part.
_PARTLY: Final = re.compile(r"\b(?:only|partial\w*|affected with)\b", re.IGNORECASE)
_FACTS: Final = {"none": Fix.NONE, "unaffected": Fix.NOT_AFFECTED}
_PLACES: Final = {"release", "target"}
_JOINTS: Final = {",", "and", "or", "/", "&"}
_TURNS: Final = STOPS | {".", "!", "?"}


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
        said = {k: v for k, v in above.items() if k != "above" or "release" not in self.said}
        said |= self.said
        note = "; ".join(n for kind in ("above", "open", "note") for n in said.get(kind, ()))
        for release in said.get("release") or ("",):
            for target in said.get("target") or ("",):
                own = (self.package, self.version, line, self.fix, note[:_LONGEST_NOTE])
                yield PackageRow(release, target, *own)


class Phrase:
    """A phrase, or, ``loose``, a part of running text: there, names are right before versions.

    ``ahead`` is said of what follows, ``fresh`` are its kinds that nothing followed yet; the
    ``versions`` are those of the ``names`` at hand, for each an entry of each name. ``led`` was
    ahead at the first colon; ``leading`` are the kinds that were said before the first version. It
    has ``turned`` to something else, or is ``unread``, where it is not clear what it says.

    For R2: xen 4.1, mill 4.2; for R3: xen 4.3 => 2 xen 4.1; 2 mill 4.2; 3 xen 4.3
    For R2: xen 4.1 (stable). For R3: xen 4.3. => 2 xen 4.1 (stable); 3 xen 4.3
    xen 4.1 for R2; the package for R3 will follow => 2 xen 4.1; 3 xen none
    xen for R2 version 4.1, for R3 version 4.2 => 2 xen 4.1; 3 xen 4.2
    xen 4.1 (R2), 4.2 (R3), both in dom0 => 2 dom0: xen 4.1; 3 dom0: xen 4.2
    For R2, install xen 4.1 in dom0 => 2 dom0: xen 4.1
    xen 4.1, 4.2 (R3) =>
    xen 4.1 and, on R3 only, mill 4.2 =>
    """

    def __init__(self, text: str, product: str, *, loose: bool = False) -> None:
        self.text, self.product, self.loose = text, product, loose
        self.names: list[Entry] = []
        self.versions: list[list[Entry]] = []
        self.done: list[Entry] = []
        self.ahead: Said = {}
        self.led: Said = {}
        self.fresh: set[str] = set()
        self.leading: set[str] = set()
        self.firm = self.turned = self.unread = False
        self._take(tokens(text, product))
        if self.versions or self.done:
            self._close()
            self.unread |= bool(self.fresh) and any(entry.version for entry in self.done)
            self.unread |= len({"release" in entry.said for entry in self.done}) > 1
            self.unread |= any(map(self._is_hedged, self.done))

    def _is_hedged(self, entry: Entry) -> bool:
        """Whether what is not affected may be so only under a condition.

        For R2: not affected, since it has no bell => 2 not-affected (since it has no bell)
        For R2: not affected if the lid is closed =>
        For R2: not affected (only without a bell) =>
        For R2: probably not affected =>
        """
        if entry.fix is not Fix.NOT_AFFECTED:
            return False
        around = self.text[: entry.at].rpartition(";")[2], self.text[entry.at :].partition(";")[0]
        return bool(DOUBT.search("".join(around)) or _PARTLY.search("".join(around)))

    def _take(self, found: Iterator[Token], end: int | None = None) -> None:
        """Take tokens, up to an index of the text; what follows a turn is a note.

        xen 4.1-2, which has one flaw less => xen 4.1-2 (which has one flaw less)
        xen 4.1-2. Restart dom0. => xen 4.1-2 (Restart dom0)
        """
        known = [
            t for t in found if not self.loose or _STATES.search(t.value) or t.kind not in _FACTS
        ]
        words: list[Token] = []
        joined = False
        for token, after in pairwise((*known, Token("end"))):
            if self._turns(token, after):
                self._name(words, joined=joined)
                start = token.at if token.kind == "word" else after.at
                self._note(self.text[start:end].strip().rstrip("."))
                self.turned = True
                return
            if token.kind == "word" and token.value.lower() not in NO_NAMES:
                words.append(token)
                continue
            self._name(words, joined=joined)
            words, joined = [], token.value in _JOINTS
            self._token(token, after)
        self._name(words, joined=joined)

    def _turns(self, token: Token, after: Token) -> bool:
        """Whether a phrase goes on about something else after its versions."""
        turns = token.kind in ("word", "filler", "separator") and token.value.lower() in _TURNS
        turns &= bool(self.versions) and not self.loose
        return turns and after.kind not in ("release", "end", *_FACTS)

    def _token(self, token: Token, after: Token) -> None:
        kind, value, at = token
        match kind:
            case "bracket":
                self._bracket(token)
            case "release" | "target":
                self._place(token, leads=after.value == ":" or after.kind in _FACTS)
            case "file":
                self._name([token])
            case "version" | "none" | "unaffected":
                self._version(token)
            case "same" if self.names and self.done and not self.versions:
                self._version(Token("version", self.done[-1].version, at))
            case "separator" if value == ":" and not self.versions:
                self._colon(after)
            case "packages":
                self.firm = bool(self.names)
            case "filler" if value.lower() == "to":  # "4.1-1 to 4.1-2"
                self.unread |= bool(self.versions) and after.kind in ("version", "keyword")
            case "word" if self.loose and self.versions:
                self._close()
            case "same" | "other" | "word":
                self.unread |= not (self.loose and kind == "word")
                if after.kind != "keyword":
                    self._loosen()

    def _colon(self, after: Token) -> None:
        if self.names and not self.loose:  # "xen: xen-libs 4.1"
            self.unread |= after.kind in ("word", "filler", "file")
        elif not (self.led or self.unread):
            self.led = dict(self.ahead)

    def _name(self, words: Sequence[Token], *, joined: bool = False) -> None:
        """Take words as a name; in running text, the last of them, or two with capitals.

        xen and mill 4.1 => xen 4.1; mill 4.1
        """
        if words and self.versions:
            self._close()
        if words and self.loose:
            words = words[-2:] if all(w.value[:1].isupper() for w in words[-2:]) else words[-1:]
            self.names = self.names if joined else []
            self.firm = False
        name = " ".join(word.value for word in words)
        if name and all(name != known.package for known in self.names):
            self.names.append(Entry(words[0].at, name))

    def _loosen(self) -> None:
        """In running text, names are right before their versions, or before "packages"."""
        if self.loose and not (self.firm or self.versions):
            self.names = []

    def _version(self, token: Token) -> None:
        if self.versions and self.text[max(token.at - 9, 0) : token.at].rstrip().endswith(":"):
            self._close()  # "xen 4.1. For R3: not affected"
        fix = _FACTS.get(token.kind, Fix.AVAILABLE)
        self.unread |= not self.names and fix is Fix.AVAILABLE
        if fix is not Fix.AVAILABLE and self.versions and self.versions[-1][0].fix is fix:
            return  # "none: no fix is planned"
        number = vocabulary.bare_version(token.value) if fix is Fix.AVAILABLE else ""
        self.versions.append([
            Entry(token.at if self.versions else n.at, n.package, number, fix, self.ahead | n.said)
            for n in self.names or [Entry(token.at)]
        ])  # fmt: skip
        self.fresh = set()

    def _close(self) -> None:
        """Be done with the names at hand; what is in brackets may be said of some names only.

        xen 4.1, mill 4.2 (dom0) => xen 4.1; dom0: mill 4.2
        xen (dom0) 4.1, mill 4.2 => dom0: xen 4.1; mill 4.2
        xen 4.1, 4.2 (dom0) =>
        xen 4.1, 4.2 (testing), 4.3 => xen 4.1; xen 4.2 (testing); xen 4.3
        xen and mill, versions 4.1 and 4.2 =>
        """
        entries = [entry for each in self.versions for entry in each]
        self.unread |= min(len(self.names), len(self.versions)) > 1
        self.unread |= bool(self.names) and not (self.versions or self.loose)
        self.unread |= not all(vocabulary.is_name(name.package) for name in self.names)
        self.unread |= len({"target" in entry.said for entry in entries}) > 1
        self.done += entries
        self.names, self.versions = [], []

    def _place(self, token: Token, *, leads: bool = False, aside: bool = False) -> None:
        """Take a release or a target, which may be in brackets, ``aside``."""
        kind, said = token.kind, _said(token)
        self._loosen()
        if not (self.versions or self.done):
            self.leading.add(kind)
        if self.names and not self.versions:
            for name in self.names:
                name.said |= said
        elif self.versions and (aside or not (leads or kind in self.leading)):
            every = self.versions[-1:] if aside else self.versions
            open_ = [e for entries in every for e in entries if aside or kind not in e.said]
            self.unread |= not open_
            for entry in open_:
                entry.said |= said
        elif kind in self.fresh:  # "for R2 and for R3", but not "for R2 (stable) and for R3"
            self.unread |= "note" in self.ahead
            self.ahead |= {k: self.ahead[k] + values for k, values in said.items()}
        else:  # what was said after the same kind is over
            kept = takewhile(lambda k: k != kind, self.ahead)
            self.ahead = {k: self.ahead[k] for k in kept} | said
            for name in self.names:
                name.said.pop(kind, None)
            self.fresh.add(kind)

    def _note(self, words: str) -> None:
        """Take a remark on what is right before it."""
        note = (" ".join(words.split()),)
        if self.names and not self.versions:
            self.names[-1].said["note"] = self.ahead.get("note", ()) + note
        elif self.versions or self.fresh:
            for said in [e.said for e in self.versions[-1]] if self.versions else [self.ahead]:
                said["note"] = said.get("note", ()) + note

    def _bracket(self, token: Token) -> None:
        """Brackets hold names with versions, what is said of those before them, or a note.

        New mill packages (mill-4.1, mill-libs-4.2) => mill 4.1; mill-libs 4.2
        xen for R2 (version 4.1) => 2 xen 4.1
        xen 4.1 (Mini; on R2 only) => 2 xen 4.1 (Mini)
        xen (Mini) / mill (Field) 4.1 => xen 4.1 (Mini); mill 4.1 (Field)
        xen (not affected) => xen not-affected
        xen 4.1 (and mill of the same version) => xen 4.1; mill 4.1
        xen 4.1 (or 4.2) =>
        xen 4.1 (only for R2 users) =>
        """
        start = token.at + 1
        for words in token.value[1:-1].split(";"):
            end = start + len(words)
            found = list(tokens(self.text, self.product, start, end))
            kinds = {each.kind for each in found}
            silent = not kinds & {"word", "file"}
            if found and found[0].value.lower() in STOPS:  # "replaces 4.1-1"
                self._note(words)
            elif kinds & {"version", "keyword", "same"} or ("release" in kinds and not silent):
                self.unread |= bool(self.versions) and not (self.fresh or "same" in kinds)
                if not (self.versions or silent):
                    self.names = []  # those in the brackets are meant
                self._take(iter(found), end)
            elif silent and kinds & _FACTS.keys() and not self.versions:
                self._take(iter(found), end)
            elif silent and kinds & _PLACES:
                for each in (each for each in found if each.kind in _PLACES):
                    self._place(each, aside=True)
            else:
                self._note(words)
            start = end + 1


def _said(token: Token) -> Said:
    if token.kind == "target":
        return {"target": vocabulary.target_names(token.value)}
    releases, rest = vocabulary.release_numbers(token.value), vocabulary.open_range(token.value)
    return {"release": releases, "open": rest}


# --- what is read -----------------------------------------------------------------------------


class Reading(NamedTuple):
    """The entries of a phrase, and its header: what it says before a colon and all names.

    It ``is_header`` if it says nothing else; ``is_plain`` if it looks like nothing but packages.
    """

    entries: Sequence[Entry] = ()
    header: Said = {}  # noqa: RUF012
    is_header: bool = False
    is_plain: bool = False


def read_phrase(text: str, product: str, *, label: bool = False) -> Reading:
    """The packages in a phrase that is meant to name some, or a header; nothing of other words.

    ``label`` says that a name with a colon can be a target, because a list is below it.

    xen 4.1-2 or later, xen-libs-4.1-3 => xen 4.1-2; xen-libs 4.1-3
    xen: no fix yet => xen none
    This release has reached end-of-life. There will be no fix. => none
    For Quern 4.2 and later, in dom0 (stable): => header 4.2 dom0: (and later; stable)
    For Quern 4.2, sys-net [1]: => header 4.2 sys-net:
    xen =>
    xen < 4.1-2 =>
    For Quern 4.2 users: =>
    For Quern 4.2 (stable) and Quern 4.3 (testing): =>
    """
    one = Phrase(text if len(text) <= LONGEST else "", product)
    led = _header(one.led) if "release" in one.led else {}
    if one.done or one.unread:
        entries = () if one.unread else one.done
        return Reading(entries, led, is_plain=bool(entries) and not one.turned)
    said = one.ahead
    if one.names:  # "For R2, sys-net:"
        may_be_target = label or ("release" in said and not one.led)
        targets = vocabulary.read_targets(one.names[0].package) if may_be_target else ()
        said = said | {"target": targets} if targets and len(one.names) == 1 else {}
    return Reading((), _header(said) or led, is_header=bool(said))


def _header(said: Said) -> Said:
    """What holds below a header; its notes are "above" those of packages."""
    places = {kind: values for kind, values in said.items() if kind in _PLACES}
    return places | ({"above": said.get("open", ()) + said.get("note", ())} if places else {})
