"""A phrase to packages: ``Xen packages, version 4.19.4-3 for Quern 4.3 (optional)``.

A phrase is cut into tokens. Names and versions make entries; what is said of them belongs to the
entry at hand, and some tokens begin another one. Words without a place leave the phrase unread.
A line ``PHRASE => ROWS`` in a docstring is an example, which a test runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Final, NamedTuple, TypeAlias

from secpack.extract.packages import vocabulary
from secpack.extract.packages.vocabulary import FILLERS, STOPS
from secpack.model.archive import Fix

# What is said of packages: releases, targets, notes, by the kind of each.
Said: TypeAlias = dict[str, tuple[str, ...]]

# How many names, versions or notes an entry may have, and characters a note.
_MOST: Final = 20
_LONGEST_NOTE: Final = 200

# --- tokens -----------------------------------------------------------------------------------

_TAIL: Final = (
    r"(?: (?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided|exists?"
    r"|at|this|the|time|moment)\b){0,8}"
)
#: Kinds of tokens, each with an expression and an example. The first that fits is taken.
KINDS: Final = (
    ("bracket", r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]", "(optional)"),
    ("release", "(?:(?:[Ff]or|[Ii]n|[Oo]n) )?(?:both )?RELEASES", "for Quern 4.2 and later"),
    ("target", f"(?:[Ii]n|into|inside|For(?= [A-Z])) {vocabulary.ANY_TARGETS}",
     "in qubes with a printer"),
    ("target", f"(?:(?:[Ii]n|into|inside|[Ff]or) )?{vocabulary.TARGETS}", "dom0 and all templates"),
    ("unclear", r"[Nn]o (?:\w{1,20} )?(?:action|fix|patch|update|package)(?:e?s)? (?:(?:is|are) )?"
     r"(?:needed|required|necessary|to install|(?:has|have|needs?) to)\b", "no fix is needed"),
    ("unclear", r"[Nn]othing (?:(?:has|have|needs?) )?to\b", "nothing to"),
    ("none", "(?:[Tt]here (?:is|are|will be) )?[Nn]o (?:(?:(?:fixed|updated) )?packages?|fix(?:es)?"
     rf"|patch(?:es)?|updates?)\b{_TAIL}", "no fix is available"),
    ("unfixed", "not (?:yet )?(?:fixed|available|supported|patched|released|published|ready|out)"
     r"(?: yet)?\b", "not ready yet"),
    ("unfixed", "(?:will follow|will not be (?:fixed|patched|updated)|still being (?:tested|built)"
     "|no longer supported|[Uu]nsupported|[Ee]nd[- ]of[- ]life|EOL|[Nn]one(?: (?:yet|available))?"
     r"|[Nn]othing yet)\b", "will not be fixed"),
    ("unaffected", r"(?:(?:not|n't) (?:affected|vulnerable|impacted)|[Uu]naffected"
     r"|does not affect)\b", "not affected"),
    ("same", r"(?:of|in) the same version\b", "of the same version"),
    ("old", "(?:replac(?:es|ing)|supersed(?:es|ing)|obsoletes|instead of|in place of|was|previously"
     r"|formerly) (?:versions? )?(?:[A-Za-z][\w+-]{0,60}-)?v?[0-9][\w.+~:-]{0,60}(?![\w.-])",
     "instead of 4.1-2"),
    ("later", "(?:(?:and|or) (?:any )?(?:later|newer|higher|greater|above|up)(?: versions?)?"
     r"|at least)(?![\w-])", "or any later version"),
    ("keyword", r"[Vv]ersions?\b:?|ver\.", "version"),
    ("packages", r"[Pp]ackages?(?![\w-])", "packages"),
    ("respectively", r"respectively\b", "respectively"),
    ("separator", r"[,;]|(?<!\S)(?:and|or|[-/&+–—])(?!\S)|as well(?: as)?\b", "as well as"),
    ("word", r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}", "xen-"),
    ("other", "[()]", "("),
)  # fmt: skip
_ANYWHERE: Final = {"bracket", "release", "separator", "word", "other"}  # or where a word begins
_VERSIONS: Final = {"version", "file", "same"}
_FACTS: Final = {"none": Fix.NONE, "unfixed": Fix.NONE, "unaffected": Fix.NOT_AFFECTED}


class Token(NamedTuple):
    """A piece of a phrase: its kind, its words, the index where it begins."""

    kind: str
    value: str
    at: int

    @property
    def is_named(self) -> bool:
        """Whether it may be a name."""
        return self.kind == "word" and self.value.lower() not in FILLERS


@lru_cache(maxsize=64)
def _expression(product: str) -> re.Pattern[str]:
    edges = ("" if kind in _ANYWHERE else r"(?<![\w-])" for kind, _, _ in KINDS)
    forms = [
        f"(?P<{kind}_{n}>{edge}(?:{form}))"
        for n, (edge, (kind, form, _)) in enumerate(zip(edges, KINDS, strict=True))
    ]
    return re.compile(
        vocabulary.spaced("|".join(forms)).replace("RELEASES", vocabulary.releases_pattern(product))
    )


def tokens(text: str, product: str) -> Iterator[Token]:
    """The tokens of a phrase; a word can be a version or a file, and end with a sign."""
    certain = False  # after "version"
    for match in _expression(product).finditer(text):
        kind, value = str(match.lastgroup).partition("_")[0], match[0]
        if kind != "word":
            yield Token(kind, value, match.start())
        else:
            bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
            if bare:
                yield Token(_kind_of_word(bare, certain=certain), bare, match.start())
            if value.endswith((".", ":", "!", "?")):
                yield Token("separator", value[-1], match.end() - 1)
        certain = kind == "keyword" or (certain and kind == "separator")


def _kind_of_word(word: str, *, certain: bool) -> str:
    if word.isalpha():  # as most are
        return "word"
    if vocabulary.is_version(word, certain=certain):
        return "version"
    return "file" if vocabulary.split_name(word) else "word"


# --- entries ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one package; ``at`` is the index in the phrase where that begins."""

    at: int
    package: str
    version: str
    fix: Fix = Fix.AVAILABLE
    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""


class Reading(NamedTuple):
    """The entries of a phrase, and what it says in front of all names.

    It ``is_header`` if it says nothing else; ``is_plain`` if it looks like nothing but packages;
    ``is_led`` if a colon follows a header.
    """

    entries: tuple[Entry, ...]
    said: Said
    is_header: bool = False
    is_plain: bool = False
    is_led: bool = False


def read_phrase(text: str, product: str, *, label: bool = False) -> Reading:
    """The packages in a phrase that is meant to name some, or a header; nothing of other words.

    ``label`` tells that a name with a colon can be a target, as it has a list below it.

    xen 4.1-2 or later, xen-libs-4.1-3 => xen 4.1-2; xen-libs 4.1-3
    v4.1-2 of xen => xen 4.1-2
    xen: no fix yet => xen none
    For Quern 4.2 and later, in dom0 (stable): => header 4.2 dom0: (and later; stable)
    For Quern 4.2, sys-net: => header 4.2 sys-net:
    xen =>
    xen < 4.1-2 =>
    xen and mill packages, versions 4.1 and 4.2 =>
    For Quern 4.2 users: =>
    """
    if fact := read_fact(text, product):
        return Reading((fact,), {}, is_plain=True)
    drafts = _Drafts(text, product)
    drafts.read(tuple(tokens(text, product)))
    return drafts.reading(label=label)


_FACT_SIGN: Final = re.compile(r"No|no|n't|nd[-\s]of|EOL|nsupported|naffected|follow|being")
_IN_FACTS: Final = {*_FACTS, "release", "unclear", "packages", "separator", "word"}
_FACT_WORDS: Final = FILLERS | {
    "this", "release", "has", "have", "reached", "will", "it", "and", "time", "writing", "so",
    "its", "currently", "now", "fix", "fixes", "patch", "patches", "updates", "yet",
}  # fmt: skip


def read_fact(text: str, product: str) -> Entry | None:
    """That there is no fix, or that a release is not affected, in words that say nothing else.

    This release has reached end-of-life. There will be no fix. => none
    Packages for Quern 4.3 will follow. => 4.3 none
    No packages. R2 is not affected. => 2 not-affected
    """
    found = list(tokens(text, product)) if _FACT_SIGN.search(text) else []
    kinds = {token.kind for token in found}
    words = {token.value.lower() for token in found if token.kind == "word"}
    stated = [vocabulary.release_numbers(t.value) for t in found if t.kind == "release"]
    if kinds.isdisjoint(_FACTS) or kinds - _IN_FACTS or words - _FACT_WORDS or len(stated) > 1:
        return None
    fix = Fix.NOT_AFFECTED if "unaffected" in kinds else Fix.NONE
    return Entry(0, "", "", fix, stated[0] if stated else ())


# A letter for each token; names have a version after them, with nothing else that counts between.
_LETTERS: Final = {
    "version": "v", "same": "v", "packages": "p", "keyword": "k", "release": "r", "target": "r",
    "later": "r", "separator": ",",
}  # fmt: skip
_NAMES: Final = re.compile(
    r"(?:C?[Cw],)*C?[Cw](?=pf?k?,?v)|C?[Cw](?=[b,]?(?:f?k)?,?[vB]|p[^pv]{0,9}[vB])"
)
_HAS_VERSION: Final = re.compile(r"[0-9]\.[0-9]|[Vv]ersion|same")
_BREAKS: Final = frozenset({"which", "but", "so", "while", "though", "although", "whereas"})
_STATES: Final = re.compile(r"\b(?:is|are|has|have|will|exists?)\b")


def read_sentence(sentence: str, product: str) -> tuple[Entry, ...] | None:
    """The packages that running text names with versions, and releases for which it has no fix.

    None if a version has no name. Words that are part of no name are left out.

    We put the patched Linux nails in the nail packages (version 4.1-2) for R2. => 2 nail 4.1-2
    Please update the xen and mill packages to version 4.1-2. => xen 4.1-2; mill 4.1-2
    For R2, and for R3, no fix is planned, and R4 has one. => 2 none; 3 none
    No fix exists for R2, users of R3 have one; for R4, no update is there. => 2 none; 4 none
    """
    found = tuple(tokens(sentence, product))
    letters = "".join(map(_letter, found))
    names = {n for match in _NAMES.finditer(letters) for n in range(*match.span())}
    drafts = _Drafts(sentence, product)
    drafts.read([_in_prose(token, n in names) for n, token in enumerate(found)])
    if any(d.versions and d.fix is Fix.AVAILABLE and not d.names for d in drafts.drafts):
        return None
    entries = [entry for draft in drafts.drafts for entry in draft.entries()]
    return tuple(e for e in entries if (e.package and e.version) or e.fix is Fix.NONE)


def _letter(token: Token) -> str:
    if token.kind == "bracket":
        return "B" if _HAS_VERSION.search(token.value) else "b"
    if token.kind == "word":
        usual = token.value.lower() in FILLERS | STOPS
        return "f" if usual else "C" if token.value[:1].isupper() else "w"
    return _LETTERS.get(token.kind, "x")


def _in_prose(token: Token, is_name: bool) -> Token:
    """A token of running text: other words than names only part what is said from what follows."""
    value = token.value.lower()
    if value in _BREAKS or value == ";" or token.kind in ("unclear", "unaffected", "unfixed"):
        return token._replace(kind="break")
    if (token.kind == "none" and not _STATES.search(value)) or (
        token.kind == "bracket" and _FACT_SIGN.search(value)
    ):
        return token._replace(kind="prose")
    return token if is_name or token.kind != "word" else token._replace(kind="prose")


@dataclass(slots=True)
class _Draft:
    """Names and versions, and what is said of them, so far; ``at`` is where that begins."""

    names: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    said: Said = field(default_factory=dict)
    own: set[str] = field(default_factory=set)  # kinds of what is not said in front of all
    fix: Fix = Fix.AVAILABLE
    inherited: bool = False  # the names are those of the draft before
    closed: bool = False  # something is said after the versions
    paired: bool = False  # "respectively"
    label: str = ""  # a name in front of a colon, which may be a target
    at: int = -1

    def entries(self) -> Iterator[Entry]:
        """Each name with each version, or in pairs; nothing where that is not clear.

        xen, mill 4.1 => xen 4.1; mill 4.1
        xen and mill, versions 4.1 and 4.2, respectively => xen 4.1; mill 4.2
        xen, versions 4.1 and 4.2 (for R2 and R3, respectively) => 2 xen 4.1; 3 xen 4.2
        """
        for name, version, releases in self._pairs():
            notes = (self.said.get(kind, ()) for kind in ("open", f"on {name}", "note"))
            note = "; ".join([words for each in notes for words in each[:_MOST]])[:_LONGEST_NOTE]
            targets = self.said.get("target", ())
            yield Entry(max(self.at, 0), name, version, self.fix, releases, targets, note)

    def _pairs(self) -> list[tuple[str, str, tuple[str, ...]]]:
        names = self.names or ([""] if self.fix is not Fix.AVAILABLE else [])
        versions, releases = self.versions, self.said.get("release", ())
        if self.paired and len(versions) == len(names):
            return [(n, v, releases) for n, v in zip(names, versions, strict=True)]
        if self.paired and len(versions) == len(releases) and len(names) == 1:
            return [(names[0], v, (r,)) for v, r in zip(versions, releases, strict=True)]
        clear = not self.paired and 1 in (len(names), len(versions))
        few = max(len(names), len(versions)) <= _MOST
        return [(n, v, releases) for n in names for v in versions] if clear and few else []


class _Drafts:
    """Reads tokens into drafts."""

    def __init__(self, text: str, product: str) -> None:
        self.text, self.product = text, product
        self.drafts = [_Draft()]
        self.header: Said = {}  # what is said in front of all names
        self.leading: set[str] = set()  # kinds of what is said in front of the first version
        self.unread = self.goes_on = self.led = False

    @property
    def draft(self) -> _Draft:
        """The one at hand."""
        return self.drafts[-1]

    def reading(self, *, label: bool) -> Reading:
        """What was read; nothing if anything is left, as a name without a version."""
        draft, said = self.draft, self.header
        if draft is self.drafts[0] and not draft.versions and not self.unread:
            if draft.names == [draft.label] and (label or self.led):
                said = said | {"target": vocabulary.read_targets(draft.label)}
            header = any(said.values()) and bool(not draft.names or said.get("target"))
            return Reading((), said, is_header=header)
        found = [tuple(each.entries()) for each in self.drafts if each.names or each.versions]
        entries = tuple(entry for each in found for entry in each)
        prose = any(" " in entry.package and entry.package[0].islower() for entry in entries)
        if not all(found) or self.unread or prose:
            return Reading((), said, is_led=self.led)
        return Reading(entries, said, is_plain=not self.goes_on, is_led=self.led)

    def read(self, found: Sequence[Token], end: int | None = None) -> None:
        """Read tokens, which end at an index of the text."""
        words: list[Token] = []
        for n, token in enumerate(found):
            if self._turns(token, found[n + 1 : n + 2], end):
                break
            if token.is_named:
                words.append(token)
                continue
            self._name(words)
            words = []
            self._take(token)
        self._name(words)

    def _turns(self, token: Token, following: Sequence[Token], end: int | None) -> bool:
        """Whether a phrase turns to something else after a version; that is a note.

        xen 4.1-2, which has one flaw less => xen 4.1-2 (which has one flaw less)
        xen 4.1-2. Restart dom0. => xen 4.1-2 (Restart dom0)
        """
        turn = token.value in STOPS or token.value in (".", "!", "?")
        if not (turn and self.draft.versions and token.kind in ("word", "separator")):
            return False
        for after in following:
            self.goes_on = True
            start = token.at if token.value.isalpha() else after.at
            self._say(note=(" ".join(self.text[start:end].split()).rstrip("."),))
        return True

    def _take(self, token: Token) -> None:
        draft = self.draft
        match token.kind:
            case "version" | "file" | "same" | "none" | "unfixed" | "unaffected":
                self._version(token)
            case "release" | "target":
                self._qualify(token)
            case "bracket":
                self._bracket(token)
            case "old" if draft.versions:
                self._say(note=(" ".join(token.value.split()),))
            case "respectively":
                draft.paired = True
            case "separator" if token.value == ":" and not draft.versions:
                self.led |= "release" in self.header and not self.unread
                draft.label = draft.names[0] if len(draft.names) == 1 else ""
            case "prose" if draft.closed:
                self._next()
            case "prose":  # what follows can have another name
                draft.inherited |= not draft.versions
            case "break":
                self.drafts.append(_Draft())
                self.header, self.leading = {}, set()
            case "unclear" | "other" | "old":
                self.unread = True
            case "word":  # "4.1-1 to 4.1-2"
                self.unread |= token.value == "to" and bool(draft.versions)

    def _next(self, *versions: str, said: Said | None = None) -> None:
        """Begin another draft, of the same names unless others follow."""
        said = self.header if said is None else said
        self.drafts.append(
            _Draft(list(self.draft.names), list(versions), dict(said), inherited=True)
        )

    def _name(self, words: Sequence[Token]) -> None:
        """A name; after a version, it begins another draft.

        In dom0: xen 4.1, Linux nails 4.2 => dom0: xen 4.1; dom0: Linux nails 4.2
        sys-net: mill 4.1 => sys-net: mill 4.1
        """
        if not words:
            return
        name = " ".join(token.value for token in words)
        self.unread |= not vocabulary.is_name(name)
        if self.draft.versions and self.draft.names:
            self._next()
        draft = self.draft
        if draft.inherited and not draft.versions:
            draft.names, draft.inherited = [], False
        elif draft.label.islower():
            draft.names = []
            if not name.startswith(draft.label):  # as in "kernel: kernel-latest 6.1-2"
                self._say(target=(draft.label,))
        draft.label = ""
        draft.names.append(name)
        draft.at = words[0].at if draft.at < 0 else draft.at

    def _version(self, token: Token) -> None:
        """A version, or that there is none; it begins another draft if the one at hand is closed.

        xen 4.1 for R2 and 4.2-1 for R3 => 2 xen 4.1; 3 xen 4.2-1
        xen 4.1 (in dom0), mill of the same version => dom0: xen 4.1; mill 4.1
        """
        fix, value = _FACTS.get(token.kind, Fix.AVAILABLE), token.value
        name, value = vocabulary.split_name(value) if token.kind == "file" else ("", value)
        if token.kind == "same":
            value = next((d.versions[-1] for d in reversed(self.drafts) if d.versions), "")
            self.unread |= not value
        if self.draft.versions and (name or self.draft.closed or self.draft.fix is not fix):
            self._next()
        draft = self.draft
        draft.names, draft.fix = [name] if name else draft.names, fix
        draft.versions.append(vocabulary.bare_version(value) if fix is Fix.AVAILABLE else "")
        draft.at = token.at if draft.at < 0 else draft.at

    def _qualify(self, token: Token, *, after: bool = False) -> None:
        """A release or a target; ``after`` if it can only belong to what stands before it.

        For R2: xen 4.1, mill 4.2; for R3: xen 4.3 => 2 xen 4.1; 2 mill 4.2; 3 xen 4.3
        xen for R2 version 4.1, for R3 version 4.2 => 2 xen 4.1; 3 xen 4.2
        xen 4.1 in dom0, in sys-usb => dom0: xen 4.1; sys-usb: xen 4.1
        """
        if token.kind in self.leading and self.draft.versions and not after:
            self._next()
        if token.kind == "target":
            self._say(target=vocabulary.target_names(token.value))
        else:
            numbers = vocabulary.release_numbers(token.value)
            self._say(release=numbers, open=vocabulary.open_range(token.value))

    def _say(self, **said: tuple[str, ...]) -> None:
        """Say something of the draft; in front of all names, it holds for all that follow."""
        draft = self.draft
        for kind, values in said.items():
            draft.said[kind] = (*(draft.said[kind] if kind in draft.own else ()), *values)
        draft.own |= said.keys()
        draft.closed = bool(draft.versions)
        if not draft.versions:
            self.leading |= said.keys()
            if not draft.names or draft.inherited:  # and what was said after it is over
                before = takewhile(lambda kind: kind not in said, self.header)
                self.header = {kind: self.header[kind] for kind in before} | said

    # --- brackets

    def _bracket(self, token: Token) -> None:
        """Brackets hold names with versions, what is said of those before them, or a note.

        New mill packages (mill-4.1, mill-libs-4.2) => mill 4.1; mill-libs 4.2
        xen for R2 (version 4.1) => 2 xen 4.1
        xen 4.1 (stable), 4.2 (R3) => xen 4.1 (stable); 3 xen 4.2
        xen 4.1 (4.2 in templates) => xen 4.1; templates: xen 4.2
        xen (Mini) / mill (Field) 4.1 => xen 4.1 (Mini); mill 4.1 (Field)
        xen, versions 4.1, 4.2 (R3) =>
        xen (not affected) => xen not-affected
        xen 4.1 (or 4.2) =>
        """
        words = token.value[1:-1]
        inner = [t._replace(at=token.at + 1 + t.at) for t in tokens(words, self.product)]
        kinds, begun = {each.kind for each in inner}, bool(self.draft.versions)
        named = {t.value for t in inner if t.kind == "file" or t.is_named} - {"goes"}
        said, fact = kinds & {"release", "target"}, not kinds.isdisjoint(_FACTS)
        if kinds & _VERSIONS and not fact and (said or not begun or "same" in kinds):
            if begun:
                self._next()
            self.draft.inherited |= bool(named)  # the names are those in the brackets
            self.read(inner, token.at + len(token.value) - 1)
        elif kinds & _VERSIONS and not fact:
            self.unread = True
        elif fact and not begun:
            self.unread |= read_fact(words, self.product) is None
            self._version(next(each for each in inner if each.kind in _FACTS))
        elif said and not named and not fact:
            # It is not clear if only one of several versions is for a release.
            self.draft.paired |= "respectively" in kinds
            self.unread |= not self.draft.paired and self._last_version()
            for each in inner:
                if each.kind in said:
                    self._qualify(each, after=True)
        elif begun or not self.draft.names:
            self._last_version()
            self._say(note=(" ".join(words.split()),))
        else:
            self._say(**{f"on {self.draft.names[-1]}": (" ".join(words.split()),)})

    def _last_version(self) -> bool:
        """Give the last of several versions a draft of its own, if there are several.

        xen 4.1, 4.2 (testing), 4.3 => xen 4.1; xen 4.2 (testing); xen 4.3
        """
        before = self.draft
        if len(before.versions) > 1:
            self._next(before.versions.pop(), said=before.said)
            self.draft.at = before.at
        return self.draft is not before
