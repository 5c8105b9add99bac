"""A Document to its packages: which to install, for which release, and where.

They stand below a line such as ``For Quern 3.0, in hearth:``, below a paragraph that announces
packages, in a table, or in the running text of a section that tells what to do.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from secpack.model import (
    Block,
    Citation,
    Document,
    Finding,
    Fix,
    Heading,
    Inline,
    Link,
    ListBlock,
    PackageRow,
    Paragraph,
    Preformatted,
    Table,
)
from secpack.text import marks
from secpack.text.versions import (
    Entry,
    domain_names,
    read_phrase,
    read_sentence,
    release_numbers,
    releases_pattern,
    with_name,
)
from secpack.text.walk import plain

# Titles of sections whose running text can name packages to install.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|affected\b")
_PACKAGES: Final = re.compile(r"\bpackages\b|\b(?:following|this|fixed|new|updated) package\b", re.I)
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|\bprior to\b|\b(?:older|earlier) than\b|\bup to\b"
    r"|\bbefore version\b|\bfor example\b|\be\.g\.",
    re.I,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+"
    r"(?!order\b)(?P<where>[^.,;:]{1,80}?)(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_SAYS: Final = re.compile(r"\b(?:packages?|versions?)\b|\bno\s+(?:fix|patch|update)", re.I)
_NO_FIX: Final = re.compile(
    r"\bno\s+(?:fix|fixes|patch|patches|packages?|updates?)\s+(?:is|are|has|have|will|exists?)\b"
    r"(?!\s+(?:needed|required|necessary))|\bno\s+packages?\s+to\s+install\b",
    re.I,
)
_NO_PLACE: Final = re.compile(
    r"\b(?:packages?|versions?|updates?|users?|following|repositor\w+|is|are|was|not|example"
    r"|particular|addition|general|summary|short|detail|case)\b",
    re.I,
)
_PLACE: Final = re.compile(r"(?:For|In|On|Inside)\s+(?P<where>[^:.]{1,60}):$")
_BULLET: Final = re.compile(r"[ \t]*[-*•][ \t]+")
_FIXED: Final = re.compile(r"\b(?:fixed|new|patched|updated|versions?)\b", re.I)
_REMARK: Final = re.compile(r"\((?!s\))[^()]{0,80}\)")
_FOR: Final = re.compile(r"(?<!\w)(?:For|In|On|for|in|on)\s{1,3}(?:the\s{1,3})?(?:latest\s{1,3})?$")
_BARE: Final = re.compile(r"(?:(?:For|In)\s)?(?P<release>[0-9]{1,2}\.[0-9]{1,2}):(?!\S)")
_JOINT_END: Final = re.compile(r"[,;]?\s{1,3}and$|[,;]$")
_LABELS: Final = re.compile(r"\[\w{1,4}\]|\[\*{1,5}\]")
#: How many characters of a line about a release may stand between its number and the colon.
_LONGEST: Final = 160
_MAX_WORDS: Final = 10


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` tells of a section that it is about what to do, ``announced`` of a paragraph that it
    announced packages. ``lead`` is the line that named the releases, until a package is read.
    """

    releases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    remedy: bool = False
    announced: bool = False
    lead: int = 0


class _Lead(NamedTuple):
    """``For Quern 3.0, in hearth:``; ``start`` and ``end`` are indices in its paragraph."""

    start: int
    end: int
    releases: tuple[str, ...]
    domains: tuple[str, ...]


class _Words:
    """Text of one or more lines, that can tell on which line an index is."""

    def __init__(self, text: str, line: int) -> None:
        self.text, self.line = text, line
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def line_at(self, index: int) -> int:
        return self.line + bisect_left(self.breaks, index)


def read_packages(document: Document) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    """The packages that a bulletin names as its remedy, in the order of the text, and findings.

    A finding ``package-unread`` stands where packages seem to be named in words that no rule
    takes.
    """
    reader = _Reader(document)
    reader.read(document.blocks)
    reader.end_section()
    return tuple(reader.rows), tuple(reader.findings)


class _Reader:
    """Goes through the blocks of a document with what each tells of those that follow."""

    def __init__(self, document: Document) -> None:
        letterhead = document.letterhead
        self.product = letterhead.issuer.split()[0] if letterhead else ""
        self.path = document.file.path
        self.printed = document.file.data.decode("utf-8", "replace").split("\n")
        self.release = re.compile(releases_pattern(self.product))
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self.section = 0  # how many rows there were when the section began
        self.installed: set[tuple[str, ...]] = set()

    def read(self, blocks: Iterable[Block]) -> None:
        """Read blocks of one level; quotations and references are the words of others."""
        for block in blocks:
            match block:
                case Heading():
                    self._heading(block)
                case Paragraph():
                    self._paragraph(_Words(_text(block.inlines), block.first))
                case ListBlock():
                    self._list(block)
                case Table():
                    self._table(block)
                case Preformatted(language=""):
                    self._lines(block)
                case _:
                    pass

    # --- sections

    def _heading(self, heading: Heading) -> None:
        self.end_section()
        title = plain(heading.inlines)
        name = title.lower()
        remedy = bool(_REMEDY.search(name)) and not _ASIDE.match(name)
        self.context = self.heading = _Context(self._releases_in(title), remedy=remedy)

    def end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_lead()
        places = next(iter(self.installed)) if len(self.installed) == 1 else ()
        for number in range(len(self.rows) - 1, self.section - 1, -1):
            row = self.rows[number]
            if places and not row.domain and row.fix is Fix.AVAILABLE:
                self.rows[number : number + 1] = [replace(row, domain=p) for p in places]
        self.section, self.installed = len(self.rows), set()

    # --- paragraphs

    def _paragraph(self, words: _Words) -> None:
        leads = self._leads(words.text)
        starts = [*(lead.start for lead in leads), len(words.text)]
        if words.text[: starts[0]].strip():
            self._prose(words, starts[0])
        for lead, following in zip(leads, starts[1:], strict=True):
            self._open_lead(lead, words.line_at(lead.start))
            rest = _JOINT_END.sub("", words.text[lead.end : following].rstrip())
            if rest.strip(" \n.,;"):
                self._phrase(rest, lead.end, words, sure=True)

    def _leads(self, text: str) -> list[_Lead]:
        """Where a paragraph names a release, and perhaps a place, for what follows."""
        found: list[_Lead] = []
        if bare := _BARE.match(text):
            return [_Lead(0, bare.end(), release_numbers(bare["release"]), ())]
        for match in self.release.finditer(text):
            lead = _lead(text, match)
            if lead and (not found or lead.start >= found[-1].end):
                found.append(lead)
        return found

    def _open_lead(self, lead: _Lead, line: int) -> None:
        self._close_lead()
        self.context = replace(
            self.context, releases=lead.releases, domains=lead.domains, lead=line
        )

    def _close_lead(self) -> None:
        """Where packages are announced, something must come of each lead."""
        if self.context.lead and self.context.announced:
            self._unread(self.context.lead, "no package can be read below this")
        self.context = replace(self.context, lead=0)

    def _prose(self, words: _Words, end: int) -> None:
        text = words.text[:end]
        if place := self._place_lead(text):
            self.context = replace(self.context, domains=place)
            return
        if self.context.lead and self._phrase(text, 0, words, sure=False):
            return
        self._close_lead()
        sentences = list(_sentences(text))
        last = sentences[-1][1]
        announced = last.rstrip().endswith(":") and bool(_PACKAGES.search(last))
        self.context = replace(self.heading, announced=announced)
        if announced and (releases := self._releases_in(last)):
            self.context = replace(self.context, releases=releases)
        if self.heading.remedy:
            for start, sentence in sentences:
                self._sentence(start, sentence, words)

    def _place_lead(self, text: str) -> tuple[str, ...]:
        """``In hearth:`` below a line that names a release."""
        match = _PLACE.fullmatch(" ".join(text.split()))
        if not match or not (self.context.announced or self.context.releases):
            return ()
        where = match["where"]
        if _NO_PLACE.search(where) or len(where.split()) > 6:
            return ()
        return domain_names(where)

    def _sentence(self, start: int, sentence: str, words: _Words) -> None:
        if match := _INSTALLED.search(sentence):
            self.installed.add(domain_names(" ".join(match["where"].split())))
        if _OLD.search(sentence) or not _SAYS.search(sentence):
            return
        entries = read_sentence(sentence, self.product)
        known = {(row.package, row.version) for row in self.rows}
        for entry in entries:
            if (entry.package, entry.version) not in known:
                self._emit(entry, words.line_at(start + entry.at))
        if _NO_FIX.search(sentence) and not self.rows:
            self._emit(Entry(0, "", "", Fix.NONE), words.line_at(start))

    # --- what names packages

    def _phrase(self, text: str, start: int, words: _Words, *, sure: bool) -> bool:
        """Read words that should name packages; if that is not sure, only if all is understood."""
        entries, understood = read_phrase(text, self.product)
        if not (understood or sure):
            return False
        for entry in entries:
            self._emit(entry, words.line_at(start + entry.at))
        if not understood:
            blank = len(text) - len(text.lstrip())
            self._unread(words.line_at(start + blank), _shown(text))
        return True

    def _list(self, block: ListBlock) -> None:
        context, before = self.context, len(self.rows)
        expected = context.announced or (bool(context.lead) and context.remedy)
        for item in block.items:
            first, rest = item.blocks[:1], item.blocks[1:]
            text = _text(first[0].inlines) if first and isinstance(first[0], Paragraph) else ""
            words = _Words(text, item.first)
            leads = self._leads(text)
            if leads or (rest and self._place_lead(text)):
                self.read(item.blocks)
                continue
            if not (context.lead or expected or context.releases or len(self.rows) > before):
                self.read(item.blocks)
                continue
            sure = expected and (block.style[0] not in "1a" or len(self.rows) > before)
            self._phrase(text, 0, words, sure=sure)

    def _lines(self, block: Preformatted) -> None:
        """Indented lines below a lead, or with one of their own."""
        if not (self.context.lead or self._leads(block.text.strip())):
            return
        line = block.first
        for printed in block.text.split("\n"):
            text = _BULLET.sub("", printed, count=1).strip()
            if text and self._leads(text):
                self._paragraph(_Words(text, line))
            elif text:
                self._phrase(text, 0, _Words(text, line), sure=self.context.announced)
            line += 1

    def _table(self, table: Table) -> None:
        context = self.context
        if not (context.announced or context.lead):
            return
        lines = self._row_lines(table)
        heads = table.head[0] if table.head else ()
        rows = [[plain(cell) for cell in row] for row in table.body]
        column = next((n for n, c in enumerate(heads) if _FIXED.search(plain(c))), 1)
        for line, cells in zip(lines, rows, strict=False):
            if len(cells) <= column:
                self._unread(line, _shown(" | ".join(cells)))
                continue
            self._cells(cells[0], cells[column], line)

    def _row_lines(self, table: Table) -> list[int]:
        numbers = range(table.first, table.last + 1)
        written = [n for n in numbers if "|" in self.printed[n - 1] and not _is_edge(self.printed[n - 1])]
        return written[len(table.head) :]

    def _cells(self, name: str, fixed: str, line: int) -> None:
        """A row of a table: a package, and the package or version that mends it."""
        text = _LABELS.sub("", fixed)
        entries, understood = read_phrase(text, self.product)
        if not understood and (entries := read_phrase(f"{name} version {text}", self.product)[0]):
            understood = True
        for entry in with_name(entries, name):
            self._emit(entry, line)
        if not understood:
            self._unread(line, _shown(f"{name} | {fixed}"))

    # --- results

    def _releases_in(self, text: str) -> tuple[str, ...]:
        found = (n for match in self.release.finditer(text) for n in release_numbers(match[0]))
        return tuple(dict.fromkeys(found))

    def _emit(self, entry: Entry, line: int) -> None:
        context = self.context
        self.rows += [
            PackageRow(release, domain, entry.package, entry.version, line, entry.fix, entry.note)
            for release in entry.releases or context.releases or ("",)
            for domain in entry.domains or context.domains or ("",)
        ]
        self.context = replace(context, lead=0)

    def _unread(self, line: int, message: str) -> None:
        self.findings.append(Finding(self.path, line, "package-unread", message))
        self.context = replace(self.context, lead=0)


def _lead(text: str, match: re.Match[str]) -> _Lead | None:
    """The lead that begins with these releases, if it is one.

    It ends with a colon, or has ``For`` in front and all of a paragraph to itself.
    """
    before = _FOR.search(text, max(0, match.start() - 20), match.start())
    start = before.start() if before else match.start()
    colon = text.find(":", match.end(), match.end() + _LONGEST)
    end = colon if colon >= 0 else len(text)
    if (colon < 0 and (start or not before)) or end - match.end() > _LONGEST:
        return None
    if not before and start and text[start - 1] != "\n":
        return None
    where = _where(text[match.end() : end])
    return None if where is None else _Lead(start, end + 1, release_numbers(match[0]), where)


def _where(between: str) -> tuple[str, ...] | None:
    """The places between a release and the colon; None where other words stand there."""
    words = " ".join(_REMARK.sub(" ", _LABELS.sub(" ", between)).split())
    words = re.sub(r"^[,;–—-]\s*", "", words)
    if not words:
        return ()
    if _NO_PLACE.search(words) or len(words.split()) > _MAX_WORDS:
        return None
    bare = re.sub(r"^(?:in|inside|into|for|on)\s+", "", words)
    if bare == words and len(words.split()) > 4:
        return None
    return domain_names(bare)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _SENTENCE.finditer(text):
        yield start, text[start : match.start()]
        start = match.end()
    yield start, text[start:]


def _text(inlines: Sequence[Inline]) -> str:
    """Running text with its line breaks, without marks and citations."""
    parts = []
    for inline in inlines:
        if isinstance(inline, Link):
            parts.append(inline.url)
        elif not isinstance(inline, Citation):
            parts.append(inline.text)
    return "".join(parts)


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return f"no package and version can be read here: {words[:60]!r}"


def _is_edge(row: str) -> bool:
    return marks.is_separator_row(row) or marks.BOX.fullmatch(row) is not None
