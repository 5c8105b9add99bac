"""A phrase to packages: ``Xen packages, version 4.19.4-3 for Quern 4.3 (optional)``.

A phrase is cut into tokens, each of them has a letter, and the letters are read by one expression.
Words without a place leave the phrase unread. A line ``PHRASE => ROWS`` is an example, for a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    ("release", "(?:(?:[Ff]or|[Ii]n|[Oo]n|if you (?:are on|use|run|have)) )?(?:both )?RELEASES",
     "for Quern 4.2 and later"),
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
_FACTS: Final = {"none": Fix.NONE, "unfixed": Fix.NONE, "unaffected": Fix.NOT_AFFECTED}


class Token(NamedTuple):
    """A piece of a phrase: its kind, its words, the index where it begins, what is in brackets."""

    kind: str
    value: str = ""
    at: int = 0
    inner: tuple[Token, ...] = ()


@lru_cache(maxsize=64)
def _expression(product: str) -> re.Pattern[str]:
    edges = ("" if kind in _ANYWHERE else r"(?<![\w-])" for kind, _, _ in KINDS)
    forms = (
        f"(?P<{kind}_{n}>{edge}(?:{form}))"
        for n, (edge, (kind, form, _)) in enumerate(zip(edges, KINDS, strict=True))
    )
    form = vocabulary.spaced("|".join(forms))
    return re.compile(form.replace("RELEASES", vocabulary.releases_pattern(product)))


def tokens(text: str, product: str) -> Iterator[Token]:
    """The tokens of a phrase; a word can be a version or a file, and end with a sign."""
    certain = False  # after "version"
    for match in _expression(product).finditer(text):
        kind, value = str(match.lastgroup).partition("_")[0], match[0]
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


# --- what is read -----------------------------------------------------------------------------


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

    It ``is_header`` if it says nothing else; ``is_led`` if a colon follows a header; ``is_plain``
    if it looks like nothing but packages.
    """

    entries: tuple[Entry, ...] = ()
    said: Said = {}  # noqa: RUF012
    is_header: bool = False
    is_led: bool = False
    is_plain: bool = False


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
    For Quern 4.2 (stable) and Quern 4.3 (testing): =>
    """
    found = tuple(tokens(text, product))
    if fact := _fact(found) if _FACT_SIGN.search(text) else None:
        return Reading((fact,), is_plain=True)
    phrase = _Phrase(text, product)
    phrase.take(found)
    letters = phrase.letters
    if _UNEVEN.match(letters):
        return Reading()
    if _HEADER.fullmatch(letters) or (label and letters == "N:"):
        named = [each for each in phrase.items if each.kind == "N"]
        targets = {"target": vocabulary.read_targets(named[0].value)} if named else {}
        said = _said(phrase.items) | targets
        return Reading(said=said, is_header=all(targets.values()))
    led = _LED.match(letters)
    said = _said(phrase.items[: led.end()]) if led else {}
    entries = phrase.entries() or ()
    prose = any(" " in entry.package and entry.package[0].islower() for entry in entries)
    entries = () if prose else entries
    return Reading(entries, said, is_led=bool(led), is_plain=bool(entries) and not phrase.turned)


# What a header begins with, after words that say nothing.
_FIRST: Final = {"bracket", "release", "target", "separator"}
_SILENT: Final = {"packages", "keyword", "later"}


def may_be_header(text: str, product: str) -> bool:
    """Whether a phrase begins like a header; this is fast to find out."""
    for kind, value, *_ in tokens(text, product):
        if kind not in _SILENT and not (kind == "word" and value.lower() in FILLERS):
            return kind in _FIRST
    return False


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
    return _fact(tuple(tokens(text, product))) if _FACT_SIGN.search(text) else None


def _fact(found: Sequence[Token]) -> Entry | None:
    kinds = {token.kind for token in found}
    words = {token.value.lower() for token in found if token.kind == "word"}
    stated = [vocabulary.release_numbers(t.value) for t in found if t.kind == "release"]
    if kinds.isdisjoint(_FACTS) or kinds - _IN_FACTS or words - _FACT_WORDS or len(stated) > 1:
        return None
    fix = Fix.NOT_AFFECTED if "unaffected" in kinds else Fix.NONE
    return Entry(0, "", "", fix, stated[0] if stated else ())


# Words that part what a sentence says of packages; those that state that there is no fix.
_BREAKS: Final = frozenset({";", "which", "but", "so", "while", "though", "although", "whereas"})
_STATES: Final = re.compile(r"\b(?:is|are|has|have|will|exists?)\b")
# A letter for each token; a name has a version after it, with nothing else that counts between.
_SIGNS: Final = {"version": "v", "same": "v", "packages": "p", "keyword": "k", "separator": ","}
_NAMES: Final = re.compile(
    r"(?:C?[Cw],)*C?[Cw](?=p[ft]?k?,?v)|C?[Cw](?=[b,]?(?:[ft]?k|t)?,?[vB]|p[^pv]{0,9}[vB])"
)
_ENTRY_SIGN: Final = re.compile(r"[0-9]|[Nn]o\s")  # a version, or that there is none
_HAS_VERSION: Final = re.compile(r"[0-9]\.[0-9]|[Vv]ersion|same")


def read_sentence(sentence: str, product: str) -> tuple[Entry, ...] | None:
    """The packages that running text names with versions, and releases for which it has no fix.

    None if a version has no name. Words that are part of no name are left out.

    We put the patched Linux nails in the nail packages (version 4.1-2) for R2. => 2 nail 4.1-2
    Please update the xen and mill packages to version 4.1-2. => xen 4.1-2; mill 4.1-2
    For R2, and for R3, no fix is planned, and R4 has one. => 2 none; 3 none
    No fix exists for R2, users of R3 have one; for R4, no update is there. => 2 none; 4 none
    """
    if not _ENTRY_SIGN.search(sentence):
        return ()
    found = tuple(tokens(sentence, product))
    signs = "".join(map(_sign, found))
    names = {n for match in _NAMES.finditer(signs) for n in range(*match.span())}
    entries: list[Entry] = []
    part: list[Token] = []
    for n, token in enumerate((*found, Token("break"))):
        kind = _in_prose(token, named=n in names)
        if kind != "break":
            part.append(token._replace(kind=kind))
            continue
        phrase = _Phrase(sentence, product)
        phrase.take(part)
        read = phrase.entries(strict=False)
        if read is None:
            return None
        entries += [e for e in read if (e.package and e.version) or e.fix is Fix.NONE]
        part = []
    return tuple(entries)


def _sign(token: Token) -> str:
    if token.kind == "bracket":
        return "B" if _HAS_VERSION.search(token.value) else "b"
    if token.kind == "word":
        if token.value == "to":  # "update xen to 4.1-2"
            return "t"
        usual = token.value.lower() in FILLERS | STOPS
        return "f" if usual else "C" if token.value[:1].isupper() else "w"
    return _SIGNS.get(token.kind, "x")


def _in_prose(token: Token, *, named: bool) -> str:
    """The kind of a token in running text, where most words are ``prose``."""
    value = token.value.lower()
    if value in _BREAKS or token.kind in ("unclear", "unaffected", "unfixed"):
        return "break"
    aside = token.kind == "bracket" and _FACT_SIGN.search(value)
    unsaid = token.kind == "none" and not _STATES.search(value)
    return "prose" if aside or unsaid or (token.kind == "word" and not named) else token.kind


# --- the grammar ------------------------------------------------------------------------------

# N a name, V a version, X that there is none, R a release, T a target, b a note, q releases and
# targets in brackets, w words of running text, = "respectively", ? what is not understood.
_LETTERS: Final = {
    "version": "V", "none": "X", "unfixed": "X", "unaffected": "X", "release": "R", "target": "T",
    "prose": "w", "respectively": "=", "unclear": "?", "other": "?",
}  # fmt: skip
_HEADER: Final = re.compile(r"[RTbq,:]{0,20}(?:[RTq]|R[RTbq,]{0,20}N)[b,]{0,4}:?")
_UNEVEN: Final = re.compile("[RTbq,]{0,20}Rb,{1,3}R")  # "For R2 (stable) and R3 (testing):"
_LED: Final = re.compile(r"[RTbq,]{0,20}R[RTbq,]{0,20}(?=N?:)")
_LATE: Final = re.compile("[bq],{1,3}[RT]{1,3}[,:=]*$")
_NOT: Final = re.compile(r"(?:but )?not\b", re.IGNORECASE)
_BEGUN: Final = re.compile("[VX][Tbq=]{0,9}R?[Tbq=]{0,9},{0,3}$")
# Names, and what is said of them, before and after their versions: for R2 version 4.1, for R3 …
_CLAUSE: Final = (
    r"(?P<head>(?:[RTbq][,:;w]{0,9}){0,20})"
    r"(?P<names>(?:N[bq]?,{0,3}){0,20}(?<=[Nbq,])[,:w]{0,9})?"
    r"(?P<said>(?:[RTq][,:w]{0,9}){0,20})"
    r"(?P<versions>V(?:,{0,3}V){0,20}|X)"
)
_LEADING: Final = re.compile(
    _CLAUSE + r"(?P<after>(?:(?![RTbq]{1,9}:)[RTbq]){0,20}(?:,[RT]{1,9}(?=[,:b]*$))?)[,:;=w|]*"
)
# … or version 4.1 for R2, 4.2 for R3; but not what is said of what follows, as in R2: version 4.1.
_TRAILING: Final = re.compile(
    _CLAUSE + r"(?P<after>(?:(?!,{0,3}[RTbq]{1,9},{0,3}[:X]),{0,3}[RTbq]){0,20})[,:;=w|]*"
)


def _said(items: Iterable[Token]) -> Said:
    """What releases, targets and notes say."""
    said: Said = {}
    for item in items:
        match item.kind:
            case "R":
                new: Said = {"release": vocabulary.release_numbers(item.value)}
                new["open"] = vocabulary.open_range(item.value)
            case "T":
                new = {"target": vocabulary.target_names(item.value)}
            case "b":
                new = {"note": (" ".join(item.value.split()),)}
            case _:
                new = _said(item.inner)
        for kind, values in new.items():
            said[kind] = said.get(kind, ()) + values
    return said


def _brackets(token: Token) -> Iterator[Token]:
    """Brackets that hold several things, as so many: (Mini; on Quern 4.2 only)."""
    start = token.at
    for part in token.value[1:-1].split(";"):
        yield token._replace(value=f"({part})", at=start)
        start += len(part) + 1


class _Phrase:
    """Tokens as items, each with its letter."""

    def __init__(self, text: str, product: str) -> None:
        self.text, self.product = text, product
        self.items: list[Token] = []
        self.begun = self.turned = False  # it has a version; it turns to something else

    @property
    def letters(self) -> str:
        """The letters of the items."""
        return "".join(item.kind for item in self.items)

    def take(self, found: Sequence[Token], end: int | None = None) -> None:
        """Take tokens, up to an index of the text; what follows a turn is a note.

        xen 4.1-2, which has one flaw less => xen 4.1-2 (which has one flaw less)
        xen 4.1-2. Restart dom0. => xen 4.1-2 (Restart dom0)
        """
        words: list[Token] = []
        for n, token in enumerate((*found, Token("end"))):
            turn = token.kind in ("word", "separator") and token.value in STOPS | {".", "!", "?"}
            led = token.value == "." and [t.kind for t in found[n + 1 : n + 2]] == ["release"]
            turn = turn and self.begun and not led  # but "xen 4.1. For R3: xen 4.2"
            if token.kind == "word" and token.value.lower() not in FILLERS and not turn:
                words.append(token)
                continue
            if words:
                name = " ".join(word.value for word in words)
                self._add("N" if vocabulary.is_name(name) else "?", name, words[0].at)
                words = []
            if turn:
                for after in found[n + 1 : n + 2]:
                    self.turned = True
                    start = token.at if token.kind == "word" else after.at
                    self._add("b", self.text[start:end].strip().rstrip("."))
                return
            self._token(token)

    def _add(self, letter: str, value: str = "", at: int = 0) -> None:
        self.items.append(Token(letter, value, at))
        self.begun |= letter in "VX"

    def _token(self, token: Token) -> None:
        kind, value, at, _ = token
        match kind:
            case "bracket":
                for each in _brackets(token):
                    self._bracket(each)
            case "file":
                name, version = vocabulary.split_name(value)
                self._add("N", name, at)
                self._add("V", version, at)
            case "same":
                self._add("V", "", at)
            case "old":
                self._add("b" if self.begun else "?", value)
            case "separator":
                value = ";" if value == "." else value
                self._add(value if value in ":;" else ",")
            case "word" if value == "to" and self.begun:  # 4.1-1 to 4.1-2
                self._add("?")
            case "none" | "unfixed" | "unaffected":
                self._add("X", kind, at)
            case _ if kind in _LETTERS:
                self._add(_LETTERS[kind], value, at)

    def _bracket(self, token: Token) -> None:
        """Brackets hold names with versions, what is said of those before them, or a note.

        New mill packages (mill-4.1, mill-libs-4.2) => mill 4.1; mill-libs 4.2
        xen for R2 (version 4.1) => 2 xen 4.1
        xen 4.1 (4.2 in templates) => xen 4.1; templates: xen 4.2
        xen (Mini) / mill (Field) 4.1 => xen 4.1 (Mini); mill 4.1 (Field)
        xen (not affected) => xen not-affected
        xen 4.1 (or 4.2) =>
        """
        words, start = token.value[1:-1], token.at + 1
        found = [t._replace(at=start + t.at) for t in tokens(words, self.product)]
        inner = _Phrase(self.text, self.product)
        inner.take(found, start + len(words))
        letters = inner.letters
        begun = _BEGUN.search("".join(item.kind for item in self.items[-24:])) is not None
        if "X" in letters and not begun:
            clear = read_fact(words, self.product) is not None
            self.items += [i for i in inner.items if i.kind == "X"] if clear else [Token("?")]
        elif "V" in letters and "X" not in letters:
            if begun and _NOT.match(words):  # "(NOT 4.1-1)"
                self._add("b", words)
                return
            if begun:
                clear = bool(re.search("[RT]", letters)) or any(t.kind == "same" for t in found)
                self._add("|" if clear else "?")
            elif "N" in letters:  # the names are those in the brackets
                while self.items and self.items[-1].kind in "Nb,":
                    self.items.pop()
            self.items += inner.items
        elif re.fullmatch("[,=]*[RT][RT,=]*", letters):
            self.items.append(Token("q", inner=tuple(inner.items)))
            self.items += [Token("=")] if "=" in letters else []
        else:
            self._add("b", words)
        self.begun |= inner.begun

    def entries(self, *, strict: bool = True) -> tuple[Entry, ...] | None:
        """What the clauses say; of running text None, if a version has no name.

        If all must be understood, nothing is said if anything is left, as a name without a version.

        For R2: xen 4.1, mill 4.2; for R3: xen 4.3 => 2 xen 4.1; 2 mill 4.2; 3 xen 4.3
        For R2: xen 4.1 (stable). For R3: xen 4.3. => 2 xen 4.1 (stable); 3 xen 4.3
        For R2: xen 4.1 for R3: xen 4.3 => 2 xen 4.1; 3 xen 4.3
        xen 4.1 for R2; the package for R3 will follow => 2 xen 4.1; 3 xen none
        xen for R2 version 4.1, for R3 version 4.2 => 2 xen 4.1; 3 xen 4.2
        xen 4.1 for R2 and 4.2-1 for R3, mill 4.3 => 2 xen 4.1; 3 xen 4.2-1; mill 4.3
        sys-net: mill 4.1 in dom0, in sys-usb => dom0: mill 4.1; sys-usb: mill 4.1
        xen 4.1 (in dom0), mill of the same version => dom0: xen 4.1; mill 4.1
        """
        self._settle()
        letters = self.letters
        expression = _LEADING if re.match("[^VX]*[RT]", letters) else _TRAILING
        position = len(letters) - len(letters.lstrip(",:;=w"))
        found: list[Entry] = []
        names: list[tuple[str, str]] = []
        header: Said = {}
        clauses = 0
        for match in expression.finditer(letters, position):
            items = {part: self.items[slice(*match.span(part))] for part in match.groupdict()}
            if strict and match.start() != position:
                return ()
            position, clauses = match.end(), clauses + 1
            if head := _said(items["head"]):  # and what was said after the same is over
                kept = takewhile(lambda kind: kind not in head, header)
                header = {kind: header[kind] for kind in kept} | head
            if items["names"]:
                names = _named(items["names"])
            elif items["versions"][0].kind == "X" and [i.kind for i in items["head"][-1:]] == [":"]:
                names = []  # "xen 4.1 for R2. R3: not affected"
            elif not names and items["versions"][0].kind == "V":
                return () if strict else None
            clause = _Clause(items, names, header, paired="=" in letters)
            read = tuple(clause.entries())
            if strict and not read:
                return ()
            found += read
        # "xen 4.1 (R2) and 4.2 (R3), both in dom0"
        unclear = position < len(letters) or (clauses > 1 and _LATE.search(letters))
        return () if strict and unclear else tuple(dict.fromkeys(found))

    def _settle(self) -> None:
        """Give a name and a version their usual places.

        v4.1-2 of xen => xen 4.1-2
        sys-net: mill 4.1 => sys-net: mill 4.1
        kernel: kernel-latest 6.1-2 => kernel-latest 6.1-2
        """
        before = ""
        for n, item in enumerate(self.items):
            if item.kind == "V":
                before = item.value or before
                self.items[n] = item._replace(kind="V" if before else "?", value=before)
        if turned := re.match("[RTbq,:w]*V(?=N)", self.letters):
            n = turned.end() - 1
            self.items[n : n + 2] = reversed(self.items[n : n + 2])
        if labelled := re.match("[RTbq,:w]*N(?=:N)", self.letters):
            n = labelled.end() - 1
            label, name = self.items[n].value, self.items[n + 2].value
            if name.startswith(label):
                del self.items[n]
            elif vocabulary.read_targets(label) and label.islower():
                self.items[n] = Token("T", label)


def _named(items: Iterable[Token]) -> list[tuple[str, str]]:
    """Names with the remarks on them."""
    names: list[tuple[str, str]] = []
    for item in items:
        if item.kind == "N":
            names.append((item.value, ""))
        elif item.kind == "b":
            names[-1] = (names[-1][0], " ".join(item.value.split()))
    return names


class _Clause(NamedTuple):
    """Names with their versions, and what is said of them."""

    items: dict[str, list[Token]]
    names: list[tuple[str, str]]
    header: Said
    paired: bool

    def entries(self) -> Iterator[Entry]:
        """Each name with each version, or in pairs; nothing where that is not clear.

        What is in brackets after the last of several versions belongs to that one.

        xen 4.1, 4.2 (testing), 4.3 => xen 4.1; xen 4.2 (testing); xen 4.3
        xen 4.1 (R2), 4.2 (R3) => 2 xen 4.1; 3 xen 4.2
        xen 4.1, 4.2 (R3) =>
        """
        versions = [item for item in self.items["versions"] if item.kind in "VX"]
        names = [item for item in self.items["names"] if item.kind in "Nq"]
        own, after = _said([*names, *self.items["said"]]), _said(self.items["after"])
        brackets = not self.paired and self.items["after"][:1]
        if len(versions) > 1 and brackets and brackets[0].kind in "bq":
            if brackets[0].kind == "b":
                yield from self._each(versions[:-1], own)
                yield from self._each(versions[-1:], own | after)
        elif not ("release" in own and "release" in after):
            yield from self._each(versions, own | after)

    def _each(self, versions: Sequence[Token], said: Said) -> Iterator[Entry]:
        """One entry for each.

        xen and mill, versions 4.1 and 4.2, respectively => xen 4.1; mill 4.2
        xen, versions 4.1 and 4.2 (for R2 and R3, respectively) => 2 xen 4.1; 3 xen 4.2
        """
        said = self.header | said
        releases, names = said.get("release", ()), self.names or [("", "")]
        several = min(len(names), len(versions)) > 1 or max(len(names), len(versions)) > _MOST
        all_of = [(name, version, releases) for name in names for version in versions]
        if self.paired and len(versions) == len(names):
            all_of = [(n, v, releases) for n, v in zip(names, versions, strict=True)]
        elif self.paired and len(versions) == len(releases) and len(names) == 1:
            all_of = [(names[0], v, (r,)) for v, r in zip(versions, releases, strict=True)]
        elif several or self.paired:
            return
        at = min(item.at for item in (*self.items["names"], *versions) if item.kind in "NVX")
        for (name, remark), version, stated in all_of:
            notes = (*said.get("open", ()), remark, *said.get("note", ())[:_MOST])
            note = "; ".join(filter(None, notes))[:_LONGEST_NOTE]
            fix = _FACTS.get(version.value, Fix.AVAILABLE)
            number = "" if version.kind == "X" else vocabulary.bare_version(version.value)
            yield Entry(at, name, number, fix, stated, said.get("target", ()), note)
