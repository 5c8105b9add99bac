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
from secpack.extract.packages.vocabulary import FILLERS, STOPS
from secpack.model.archive import Fix

#: What is said of packages: releases, targets, notes, by the kind of each.
Said: TypeAlias = dict[str, tuple[str, ...]]

#: What is longer is not read; a note is cut. No real text comes near this.
LONGEST: Final = 2000
_LONGEST_NOTE: Final = 200

# --- tokens -----------------------------------------------------------------------------------

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
     r"\b|(?:will follow|will not be (?:fixed|patched|updated)|still being (?:tested|built)"
     "|no longer supported|[Uu]nsupported|[Ee]nd[- ]of[- ]life|EOL|[Nn]one(?: (?:yet|available))?"
     r"|[Nn]ot(?:hing)? yet)\b", "no fix is available"),
    ("unaffected", r"(?:(?:not|n't) (?:affected|vulnerable|impacted)|[Uu]naffected"
     r"|does not affect)\b", "not affected"),
    ("same", r"(?:of|in) the same version\b", "of the same version"),
    ("old", "(?:replac(?:es|ing)|supersed(?:es|ing)|obsoletes|instead of|in place of|was|formerly"
     r"|previously|not|NOT) (?:versions? )?(?:[A-Za-z][\w+-]{0,60}-)?v?[0-9][\w.+~:-]{0,60}"
     r"(?![\w.-])", "instead of 4.1-2"),
    ("keyword", r"[Vv]ersions?\b:?|ver\.", "version"),
    ("packages", r"[Pp]ackages?(?![\w-])", "packages"),
    ("separator", r"[,;]|(?<![^\s(])(?:and|or|[-/&+–—])(?![^\s,])|as well(?: as)?\b", "as well as"),
    ("word", r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}", "xen-"),
    ("other", "[()]", "("),
)  # fmt: skip
_ANYWHERE: Final = {"bracket", "release", "separator", "word", "other"}  # or where a word begins
_FACTS: Final = {"none": Fix.NONE, "unaffected": Fix.NOT_AFFECTED}
_PLACES: Final = {"release", "target"}
_OF_VERSIONS: Final = {"version", "file", "keyword", "same"}
_TURNS: Final = STOPS | {".", "!", "?"}


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
    """The tokens of a phrase; a word can be a version, or a file: a name with a version."""
    certain = False  # after "version"
    found = _expression(product).finditer(text, start, len(text) if end is None else end)
    for match in found:
        kind, value = str(match.lastgroup), match[0]
        if kind != "word":
            yield Token(kind, value, match.start())
        else:
            bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
            bare = bare.removeprefix(">=").removeprefix("≥")
            if vocabulary.is_version(bare, certain=certain):
                yield Token("version", bare, match.start())
            elif bare:
                yield Token("file" if vocabulary.split_name(bare) else "word", bare, match.start())
            if value.endswith((".", ":", "!", "?")):
                yield Token("separator", value[-1], match.end() - 1)
        certain = kind == "keyword" or (certain and kind == "separator")


# --- one pass ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Entry:
    """A package, and what is ``said`` of it; ``at`` is the index in the phrase where it begins."""

    at: int
    package: str = ""
    version: str = ""
    fix: Fix = Fix.AVAILABLE
    said: Said = field(default_factory=dict)

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that it is for."""
        return self.said.get("release", ())

    @property
    def targets(self) -> tuple[str, ...]:
        """Where it goes."""
        return self.said.get("target", ())

    @property
    def note(self) -> str:
        """What else is said of it."""
        notes = (note for kind in ("open", "remark", "note") for note in self.said.get(kind, ()))
        return "; ".join(notes)[:_LONGEST_NOTE]


class Pass:
    """Reads the tokens of a phrase, or of a part of running text.

    ``ahead`` is said of what follows, ``own`` of the ``names`` at hand, whose ``versions`` come
    after them; ``fresh`` are the kinds in ``ahead`` that nothing followed yet.
    """

    def __init__(self, text: str, product: str) -> None:
        self.text, self.product = text, product
        self.names: list[Entry] = []
        self.versions: list[list[Entry]] = []  # for each, the entries of all names
        self.done: list[Entry] = []
        self.ahead: Said = {}
        self.own: Said = {}
        self.led: Said = {}  # what was ahead at the first colon
        self.leading: set[str] = set()  # kinds that were said before the first version
        self.fresh: set[str] = set()
        self.all_or_none = {"release"}  # kinds that must be said of all versions, or of none
        self.turned = False  # the phrase goes on about something else
        self.unread = False

    def read(self, found: Sequence[Token]) -> None:
        """Read all tokens; it must be clear for each version where it belongs.

        For R2: xen 4.1, mill 4.2; for R3: xen 4.3 => 2 xen 4.1; 2 mill 4.2; 3 xen 4.3
        For R2: xen 4.1 (stable). For R3: xen 4.3. => 2 xen 4.1 (stable); 3 xen 4.3
        xen 4.1 for R2; the package for R3 will follow => 2 xen 4.1; 3 xen none
        xen for R2 version 4.1, for R3 version 4.2 => 2 xen 4.1; 3 xen 4.2
        xen 4.1 (R2), 4.2 (R3), both in dom0 => 2 dom0: xen 4.1; 3 dom0: xen 4.2
        For R2, install xen 4.1 in dom0 => 2 dom0: xen 4.1
        xen 4.1, 4.2 (R3) =>
        xen 4.1 and, on R3 only, mill 4.2 =>
        """
        self._feed(found)
        if self.versions or self.done:
            self._close()
            left = self.fresh & {"release", *self.leading}
            self.unread |= bool(left) and any(entry.version for entry in self.done)
            for kind in self.all_or_none:
                self.unread |= len({kind in entry.said for entry in self.done}) > 1

    def _feed(self, found: Sequence[Token], end: int | None = None) -> None:
        """Take tokens, up to an index of the text; what follows a turn is a note.

        xen 4.1-2, which has one flaw less => xen 4.1-2 (which has one flaw less)
        xen 4.1-2. Restart dom0. => xen 4.1-2 (Restart dom0)
        """
        words: list[Token] = []
        for token, after in pairwise((*found, Token("end"))):
            turns = token.kind in ("word", "separator") and token.value.lower() in _TURNS
            turns |= token.value == "," and bool(self.led) and not self.names
            turns &= bool(self.versions) and after.kind not in ("release", "end")
            if token.kind == "word" and token.value.lower() not in FILLERS and not turns:
                words.append(token)
                continue
            self._name(words)
            words = []
            if turns:
                start = token.at if token.kind == "word" else after.at
                self._note(self.text[start:end].strip().rstrip("."))
                self.turned = True
                return
            self._token(token, after)
        self._name(words)

    def _token(self, token: Token, after: Token) -> None:
        kind, value, at = token
        match kind:
            case "bracket":
                self._bracket(token)
            case "release" | "target":
                self._place(token, leads=after.value == ":" or after.kind in _FACTS)
            case "file":
                name, version = vocabulary.split_name(value)
                self._name([Token("word", name, at)])
                self._version(Token("version", version, at))
            case "version" | "none" | "unaffected":
                if self.versions and self.text[max(at - 9, 0) : at].rstrip().endswith(":"):
                    self._close()  # "xen 4.1. For R3: not affected"
                self._version(token)
            case "same" if self.names and self.done and not self.versions:
                self._version(Token("version", self.done[-1].version, at))
            case "old" if self.versions:
                self._note(value)
            case "separator" if value == ":" and self.names and not self.versions:
                self.unread |= after.kind in ("word", "file")  # "xen: xen-libs 4.1"
            case "separator" if value == ":" and not (self.led or self.versions or self.unread):
                self.led = dict(self.ahead)
            case "word" if value.lower() == "to" and after.kind == "version":
                self.unread |= bool(self.versions)  # "4.1-1 to 4.1-2"
            case "prose" if self.versions:
                self._close()
            case "old" | "same" | "other":
                self.unread = True

    def _name(self, words: Sequence[Token]) -> None:
        if words and self.versions:
            self._close()
        name = " ".join(word.value for word in words)
        if name and all(name != known.package for known in self.names):
            self.names.append(Entry(words[0].at, name))

    def _version(self, token: Token) -> None:
        fix = _FACTS.get(token.kind, Fix.AVAILABLE)
        self.unread |= not self.names and fix is Fix.AVAILABLE
        if fix is not Fix.AVAILABLE and self.versions and self.versions[-1][0].fix is fix:
            return  # "none: no fix is planned"
        entries = []
        for name in self.names or [Entry(token.at)]:
            at = token.at if self.versions else name.at
            number = vocabulary.bare_version(token.value) if fix is Fix.AVAILABLE else ""
            said = self.ahead | self.own | name.said
            entries.append(Entry(at, name.package, number, fix, said))
        self.versions.append(entries)
        self.fresh = set()

    def _close(self) -> None:
        """Be done with the names at hand; what is in brackets may be said of some names only.

        xen 4.1, mill 4.2 (dom0) => xen 4.1; dom0: mill 4.2
        xen 4.1, 4.2 (dom0) =>
        xen 4.1, 4.2 (testing), 4.3 => xen 4.1; xen 4.2 (testing); xen 4.3
        xen and mill, versions 4.1 and 4.2 =>
        """
        self.unread |= min(len(self.names), len(self.versions)) > 1
        self.unread |= bool(self.names) and not self.versions
        self.unread |= not all(vocabulary.is_name(name.package) for name in self.names)
        entries = [entry for each in self.versions for entry in each]
        self.unread |= len({"target" in entry.said for entry in entries}) > 1
        self.done += entries
        self.names, self.versions, self.own = [], [], {}

    def _place(self, token: Token, *, leads: bool = False, aside: bool = False) -> None:
        """Take a release, or a target, which may be in brackets, ``aside``."""
        kind, said = token.kind, _said(token)
        if not (self.versions or self.done):
            self.leading.add(kind)
        if self.names and not self.versions:
            self.unread |= kind in self.own
            self.own |= said
        elif self.versions and (aside or not (leads or kind in self.leading)):
            every = self.versions[-1:] if aside else self.versions
            open_ = [e for entries in every for e in entries if aside or kind not in e.said]
            self.unread |= not open_
            self.all_or_none |= set() if aside else {kind}
            for entry in open_:
                entry.said |= said
        elif kind in self.fresh:  # "for R2 and for R3", but not "for R2 (stable) and for R3"
            self.unread |= "note" in self.ahead
            self.ahead |= {k: self.ahead[k] + values for k, values in said.items()}
        else:  # what was said after the same kind is over
            kept = takewhile(lambda k: k != kind, self.ahead)
            self.ahead = {k: self.ahead[k] for k in kept} | said
            self.own = {}
            self.fresh.add(kind)

    def _note(self, words: str) -> None:
        """Take a remark on what is right before it."""
        note = " ".join(words.split())
        if self.names and not self.versions:
            self.names[-1].said = {"remark": (note,)}
        elif self.versions or self.fresh:
            for said in [e.said for e in self.versions[-1]] if self.versions else [self.ahead]:
                said["note"] = (*said.get("note", ()), note)

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
            silent = all(t.kind != "word" or t.value.lower() in FILLERS for t in found)
            if kinds & _OF_VERSIONS or ("release" in kinds and not silent):
                self.unread |= bool(self.versions) and not (self.fresh or "same" in kinds)
                if not self.versions and ("file" in kinds or not silent):
                    self.names = []  # those in the brackets are meant
                self._feed(found, end)
            elif silent and kinds & _PLACES and kinds <= {*_PLACES, "word", "separator"}:
                for each in found:
                    if each.kind in _PLACES:
                        self._place(each, aside=True)
            elif silent and kinds & _FACTS.keys() and not self.versions:
                self._feed(found, end)
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
    header: Entry | None = None
    is_header: bool = False
    is_plain: bool = False


def read_phrase(text: str, product: str, *, label: bool = False) -> Reading:
    """The packages in a phrase that is meant to name some, or a header; nothing of other words.

    ``label`` tells that a name with a colon can be a target, as it has a list below it.

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
    found = tuple(tokens(text, product)) if len(text) <= LONGEST else ()
    if fact := read_fact(found):
        return Reading([fact], is_plain=True)
    one = Pass(text, product)
    one.read(found)
    led = Entry(0, said=one.led) if "release" in one.led else None
    if one.done or one.unread:
        entries = () if one.unread else one.done
        return Reading(entries, led, is_plain=bool(entries) and not one.turned)
    said = one.ahead
    if one.names:  # "For R2, sys-net:"
        may_be_target = label or ("release" in said and not one.led)
        targets = vocabulary.read_targets(one.names[0].package) if may_be_target else ()
        said = said | {"target": targets} if targets and len(one.names) == 1 else {}
    return Reading((), Entry(0, said=said), is_header=True) if said else Reading((), led)


def may_be_header(text: str, product: str) -> bool:
    """Whether a phrase begins like a header, after words that say nothing; this is quick."""
    for kind, value, _ in tokens(text, product):
        if kind not in {"packages", "keyword", "later"} and value.lower() not in FILLERS:
            return kind in {"bracket", "release", "target", "separator"}
    return False


_IN_FACTS: Final = {*_FACTS, "release", "packages", "separator", "word"}
_FACT_WORDS: Final = FILLERS | {
    "this", "release", "has", "have", "reached", "will", "it", "and", "time", "writing", "so",
    "its", "currently", "now", "fix", "fixes", "patch", "patches", "updates", "yet",
}  # fmt: skip


def read_fact(found: Sequence[Token]) -> Entry | None:
    """That there is no fix, or that a release is not affected, in words that say nothing else."""
    kinds = {token.kind for token in found}
    words = {token.value.lower() for token in found if token.kind == "word"}
    stated = [_said(token) for token in found if token.kind == "release"]
    if kinds.isdisjoint(_FACTS) or kinds - _IN_FACTS or words - _FACT_WORDS or len(stated) > 1:
        return None
    fix = Fix.NOT_AFFECTED if "unaffected" in kinds else Fix.NONE
    return Entry(0, fix=fix, said=stated[0] if stated else {})
