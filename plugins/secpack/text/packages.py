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
    Item,
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
    is_domain,
    read_phrase,
    read_sentence,
    release_numbers,
    releases_pattern,
)
from secpack.text.walk import plain

# Titles of sections whose running text can name packages to install.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|affected\b")
_PACKAGES: Final = re.compile(
    r"\bpackages\b|\b(?:following|this|fixed|new|updated) package\b", re.I
)
_CONDITION: Final = re.compile(r"\s*(?:To|Until|Before|After|If|Once|When|While)\b")
_FORMER: Final = re.compile(
    r"\b(?:packages?|versions?)\s+(?:that\s+)?(?:is|are|were)\s+(?:affected|vulnerable)"
    r"|\b(?:affected|vulnerable|old)\s+(?:\w+\s+)?packages",
    re.I,
)
_DUE: Final = re.compile(r"\b(?:patching|packages?)\b")
_NAME_DUE: Final = re.compile(r"\bpackages?\b")
_NAMED: Final = re.compile(r"\bpackages?\b[^.]{0,60}?\bversions?\s+v?[0-9]+[.-]")
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|\bprior to\b|\b(?:older|earlier) than\b|\bup to\b"
    r"|\bbefore version\b|\bfor example\b|\be\.g\.",
    re.I,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+"
    r"(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_NEGATION: Final = re.compile(r"\bn(?:ot|o need)\b")
_VERSION: Final = re.compile(r"\bversions?\b", re.I)
_SAYS: Final = re.compile(
    r"\b(?:packages?|versions?|install|upgrade|update)\b|\bno\s+(?:fix|patch)", re.I
)
_SPARED: Final = re.compile(r"\s+(?:is|are)\s+not\s+(?:affected|vulnerable)\.?\s*")
_NO_FIX: Final = re.compile(
    r"\bno\s+(?:fix|fixes|patch|patches|packages?|updates?)\s+(?:is|are|has|have|will|exists?)\b"
    r"(?!\s+(?:needed|required|necessary))|\bno\s+packages?\s+to\s+install\b",
    re.I,
)
_NO_PLACE: Final = re.compile(
    r"\b(?:packages?|versions?|updates?|users?|following|repositor\w+|is|are|was|not|example"
    r"|releases?|supported|these|those|them|particular|addition|general|summary|short|detail|case)\b",
    re.I,
)
_PLACE: Final = re.compile(r"(?:For|In|On|Inside)\s+(?P<where>(?:[^:.]|\.(?=[0-9])){1,60}):$")
#: Where an item begins that the rules for blocks left in a paragraph.
_ITEM: Final = re.compile(r"\n[-*•] ")
_BULLET: Final = re.compile(r"(?m)^[ \t]*[-*•][ \t]+")
_PACKAGE: Final = re.compile(r"\bpackages?\b|\bcomponent\b", re.I)
_RELEASE: Final = re.compile(r"\breleases?$", re.I)
_FIXED: Final = re.compile(r"\b(?:fixed|new|patched|updated|versions?)\b", re.I)
_REMARK: Final = re.compile(r"\((?!s\))[^()]{0,80}\)")
_FOR: Final = re.compile(r"(?<!\w)(?:For|In|On|for|in|on)\s{1,3}(?:the\s{1,3})?(?:latest\s{1,3})?$")
_MAY_FOLLOW: Final = re.compile(r"\n$|(?:[,;.:]|\band)\s+$")
_BARE: Final = re.compile(r"(?:(?:For|In)\s)?(?P<release>[0-9]{1,2}\.[0-9]{1,2}):(?!\S)")
_JOINT_END: Final = re.compile(r"[,;]?\s{1,3}and$|[,;]$")
_LABELS: Final = re.compile(r"\[\w{1,4}\]|\[\*{1,5}\]")
#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000
#: How many characters of a line about a release may stand between its number and the colon.
_LONGEST: Final = 160
_MAX_WORDS: Final = 10
_MOST_WORDS: Final = 6
#: Deeper than any heading.
_NO_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` tells of a section that it is about what to do, ``announced`` of a paragraph that it
    announced packages, ``former`` that it announced old ones. ``lead`` is the line that named the
    releases, until a package is read.
    """

    releases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    note: str = ""
    remedy: bool = False
    announced: bool = False
    former: bool = False
    lead: int = 0


class _Lead(NamedTuple):
    """``For Quern 3.0, in hearth:``; ``start`` and ``end`` are indices in its paragraph."""

    start: int
    end: int
    releases: tuple[str, ...]
    domains: tuple[str, ...] = ()
    note: str = ""


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
    reader.end()
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
        self.known: set[tuple[str, str]] = set()
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self.remedy_level, self.aside = _NO_LEVEL, False
        self.due = False  # whether the section's title promises packages
        self.elsewhere = 0  # the first line that has packages where no rule looks for them
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
        inherits = heading.level > self.remedy_level
        remedy = bool(inherits or _REMEDY.search(name)) and not _ASIDE.match(name)
        if not inherits:
            self.remedy_level = heading.level if remedy else _NO_LEVEL
        self.aside, self.due = bool(_ASIDE.match(name)), bool(_DUE.search(name))
        domains = domain_names(title) if is_domain(title) else ()
        self.context = self.heading = _Context(self._releases_in(title), domains, remedy=remedy)

    def end(self) -> None:
        """Close the last section; a text that names packages only in passing needs a look."""
        self.end_section()
        if self.elsewhere and not (self.rows or self.findings):
            self._unread(self.elsewhere, "packages, but none that can be read")

    def end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_lead()
        if len(self.installed) == 1:
            (places,) = self.installed
            found = self.rows[self.section :]
            self.rows[self.section :] = [new for row in found for new in _placed(row, places)]
        self.section, self.installed = len(self.rows), set()

    # --- paragraphs

    def _paragraph(self, words: _Words) -> None:
        leads = [] if self.aside else self._leads(words.text)
        starts = [*(lead.start for lead in leads), len(words.text)]
        if words.text[: starts[0]].strip():
            self._prose(words, starts[0])
        for lead, following in zip(leads, starts[1:], strict=True):
            self._open_lead(lead, words.line_at(lead.start))
            sure = self.context.announced or self.context.remedy
            for at, rest in _parts(words.text, lead.end, following):
                if rest.strip(" \n.,;"):
                    self._phrase(_JOINT_END.sub("", rest.rstrip()), at, words, sure=sure)

    def _leads(self, text: str) -> list[_Lead]:
        """Where a paragraph names a release, and perhaps a place, for what follows."""
        found: list[_Lead] = []
        if bare := _BARE.match(text):
            return [_Lead(0, bare.end(), release_numbers(bare["release"]))]
        for match in self.release.finditer(text):
            lead = _lead(text, match)
            if lead and (not found or lead.start >= found[-1].end):
                found.append(lead)
        return found

    def _open_lead(self, lead: _Lead, line: int) -> None:
        self._close_lead()
        self.context = replace(
            self.context,
            releases=lead.releases,
            domains=lead.domains,
            note=lead.note,
            lead=line,
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
        was_announced = self.context.announced
        self._close_lead()
        sentences = list(_sentences(text))
        last = sentences[-1][1]
        announced = last.rstrip().endswith(":") and bool(_PACKAGES.search(last))
        former = bool(_FORMER.search(last))
        announced = announced and not (_CONDITION.match(last) or former)
        if _PLACE.fullmatch(" ".join(text.split())):  # "For all releases:", "For users of both:"
            announced = announced or was_announced
        self.context = replace(self.heading, announced=announced, former=former)
        if last.rstrip().endswith(":") and (releases := self._releases_in(last)):
            self.context = replace(self.context, releases=releases)
        if self.heading.remedy or len(self.rows) > self.section:
            for start, sentence in sentences:
                self._sentence(start, sentence, words)
        named = _NAME_DUE.search(text) if self.due else _NAMED.search(text)
        if named and not (self.elsewhere or self.aside or _OLD.search(text)):
            self.elsewhere = words.line_at(named.start())

    def _place_lead(self, text: str) -> tuple[str, ...]:
        """``In hearth:`` below a line that names a release."""
        words = " ".join(text.split())
        if not words.endswith(":") or not (self.context.announced or self.context.releases):
            return ()
        if is_domain(words[:-1]):
            return domain_names(words[:-1])
        match = _PLACE.fullmatch(words)
        return _place(match["where"]) if match else ()

    def _sentence(self, start: int, sentence: str, words: _Words) -> None:
        match = _INSTALLED.search(sentence)
        if match and not _NEGATION.search(sentence):
            self.installed.add(domain_names(" ".join(match["where"].split())))
        if releases := self._spared(sentence):
            self._emit(Entry(0, "", "", Fix.NOT_AFFECTED, releases), words.line_at(start))
        release = self.release.search(sentence)
        led = release is not None and _FOR.fullmatch(sentence, 0, release.start()) is not None
        if _OLD.search(sentence) or not (led or _SAYS.search(sentence)):
            return
        entries, named = read_sentence(sentence, self.product)
        if not named and (led or _VERSION.search(sentence)):
            self._unread(words.line_at(start), _shown(sentence))
        for entry in [e for e in entries if (e.package, e.version) not in self.known]:
            self._emit(entry, words.line_at(start + entry.at))
        releases = self._releases_in(sentence)
        if _NO_FIX.search(sentence) and (releases or not self.rows):
            self._emit(Entry(0, "", "", Fix.NONE, releases), words.line_at(start))

    def _spared(self, sentence: str) -> tuple[str, ...]:
        """The releases of which a sentence says that they are not affected, and no more."""
        match = self.release.match(sentence)
        whole = match and _SPARED.fullmatch(sentence, match.end())
        return release_numbers(match[0]) if match and whole else ()

    # --- what names packages

    def _phrase(self, text: str, start: int, words: _Words, *, sure: bool) -> bool:
        """Read words that should name packages; if that is not sure, only if they do plainly."""
        reading = read_phrase(text, self.product)
        if not (sure or reading.plain):
            return False
        for entry in reading.entries:
            self._emit(entry, words.line_at(start + entry.at))
        if not reading.understood:
            blank = len(text) - len(text.lstrip())
            self._unread(words.line_at(start + blank), _shown(text))
        return True

    def _list(self, block: ListBlock) -> None:
        context = self.context
        expected = context.announced or (bool(context.lead) and context.remedy)
        may = expected or bool(context.lead or context.releases or context.remedy)
        may = may and not (context.former or self.aside)
        for item in block.items:
            self._item(item, may=may, sure=expected and block.style[0] not in "1a")

    def _item(self, item: Item, *, may: bool, sure: bool) -> None:
        """Read an item, whose words may also tell what the list in it is about."""
        first, rest = item.blocks[:1], item.blocks[1:]
        text = _text(first[0].inlines) if first and isinstance(first[0], Paragraph) else ""
        words, before = _Words(text, item.first), len(self.rows)
        context = self.context
        if self._leads(text) or self._place_lead(text):
            self.read(item.blocks)
            self.context = replace(context, lead=0)
            return
        plain_words = may and self._phrase(text, 0, words, sure=False)
        if rest:
            place = _place(text.rstrip(":")) if text.endswith(":") else ()
            self.context = replace(self.context, domains=place or self.context.domains)
            self.read(rest)
            if self.context.releases in ((), context.releases):
                self.context = replace(context, lead=0)
        if not plain_words and len(self.rows) == before:
            if sure:
                self._phrase(text, 0, words, sure=True)
            elif not may:
                self.read(first)

    def _lines(self, block: Preformatted) -> None:
        """Indented lines below a lead, or with one of their own."""
        if self.aside or not (self.context.lead or self._leads(block.text.strip())):
            return
        bulleted = _BULLET.search(block.text) is not None
        item: list[str] = []
        for line, printed in enumerate(block.text.split("\n"), block.first):
            text = _LABELS.sub("", _BULLET.sub("", printed, count=1)).strip()
            named = bool(self._leads(text) or self._place_lead(text))
            if not (item and bulleted and text) or named or _BULLET.match(printed):
                self._line(item, line)
                item = []
            if named:
                self._paragraph(_Words(text, line))
            elif text:
                item.append(text)
        self._line(item, block.first + block.text.count("\n") + 1)

    def _line(self, item: Sequence[str], behind: int) -> None:
        """Read an item of indented text; ``behind`` is the number of the line below it."""
        if item:
            words = _Words("\n".join(item), behind - len(item))
            self._phrase(words.text, 0, words, sure=self.context.announced)

    def _table(self, table: Table) -> None:
        """A row for each package, with what mends it in a column of its own or for each release."""
        if self.aside or not (self.context.announced or self.context.lead):
            return
        heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
        name = next((n for n, head in enumerate(heads) if _PACKAGE.search(head)), 0)
        release = next((n for n, head in enumerate(heads) if _RELEASE.search(head)), None)
        columns = {n: self._releases_in(f"for {head}") for n, head in enumerate(heads) if n != name}
        columns = {n: found for n, found in columns.items() if found}
        if not columns:
            fixed = (n for n, head in enumerate(heads) if n != name and _FIXED.search(head))
            columns = {next(fixed, 1): ()}
        for line, row in zip(self._row_lines(table), table.body, strict=False):
            cells = [*map(plain, row), *("" for _ in heads), ""]
            stated = release_numbers(cells[release]) if release is not None else ()
            for column, releases in columns.items():
                self._cells(cells[name], cells[column], stated or releases, line)

    def _row_lines(self, table: Table) -> list[int]:
        numbers = range(table.first, table.last + 1)
        written = [
            n for n in numbers if "|" in self.printed[n - 1] and not _is_edge(self.printed[n - 1])
        ]
        return written[len(table.head) :]

    def _cells(self, name: str, fixed: str, releases: tuple[str, ...], line: int) -> None:
        """A package, and the package or version that mends it."""
        text = _LABELS.sub("", fixed)
        reading = read_phrase(text, self.product)
        if not reading.understood:
            reading = read_phrase(f"{name} version {text}", self.product)
        for entry in reading.entries:
            said = entry.releases or releases
            self._emit(replace(entry, package=entry.package or name, releases=said), line)
        if not reading.understood:
            self._unread(line, _shown(f"{name} | {fixed}"))

    # --- results

    def _releases_in(self, text: str) -> tuple[str, ...]:
        found = (n for match in self.release.finditer(text) for n in release_numbers(match[0]))
        return tuple(dict.fromkeys(found))

    def _emit(self, entry: Entry, line: int) -> None:
        context = self.context
        if len(self.rows) > MOST_ROWS:
            return
        self.known.add((entry.package, entry.version))
        note = "; ".join(words for words in (context.note, entry.note) if words)
        self.rows += [
            PackageRow(release, domain, entry.package, entry.version, line, entry.fix, note)
            for release in entry.releases or context.releases or ("",)
            for domain in entry.domains or context.domains or ("",)
        ]
        self.context = replace(context, lead=0)
        if len(self.rows) > MOST_ROWS:
            self._unread(line, f"more than {MOST_ROWS} packages; those from here on are left out")

    def _unread(self, line: int, message: str) -> None:
        self.findings.append(Finding(self.path, line, "package-unread", message))
        self.context = replace(self.context, lead=0)


def _place(words: str) -> tuple[str, ...]:
    """Places, if these words can be a name of some."""
    if _NO_PLACE.search(words) or len(words.split()) > _MOST_WORDS:
        return ()
    return domain_names(words)


def _placed(row: PackageRow, places: Sequence[str]) -> list[PackageRow]:
    if row.domain or row.fix is not Fix.AVAILABLE:
        return [row]
    return [replace(row, domain=place) for place in places]


def _lead(text: str, match: re.Match[str]) -> _Lead | None:
    """The lead that begins with these releases, if it is one.

    It ends with a colon, or has ``For`` in front and all of a paragraph to itself.
    """
    before = _FOR.search(text, max(0, match.start() - 20), match.start())
    start = before.start() if before else match.start()
    item = _ITEM.search(text, match.end(), match.end() + _LONGEST)
    last = item.start() if item else len(text)
    colon = text.find(":", match.end(), min(last, match.end() + _LONGEST))
    end = colon if colon >= 0 else last
    if (colon < 0 and (start or not before)) or end - match.end() > _LONGEST:
        return None
    if start and not _MAY_FOLLOW.search(text, max(0, start - 5), start):
        return None
    where = _where(text[match.end() : end])
    behind = end + 1 if colon >= 0 else end
    return _Lead(start, behind, release_numbers(match[0]), *where) if where else None


def _where(between: str) -> tuple[tuple[str, ...], str] | None:
    """Places and a remark between a release and the colon; None where other words stand there."""
    remarks = [words[1:-1] for words in _REMARK.findall(between)]
    words = " ".join(_REMARK.sub(" ", between).split())
    words = words.strip(" ,;–—-")
    if not words and len(remarks) == 1 and is_domain(remarks[0]):
        return domain_names(remarks[0]), ""
    bare = re.sub(r"^(?:in|inside|into|for|on)\s+", "", words)
    most = 4 if bare == words else _MAX_WORDS
    if _NO_PLACE.search(words) or len(words.split()) > most:
        return None
    return domain_names(bare), "; ".join(remarks)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for match in _ITEM.finditer(text, start, end):
        yield start, text[start : match.start()]
        start = match.end()
    yield start, text[start:end]


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
    return _LABELS.sub("", "".join(parts))


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return f"no package and version can be read here: {words[:60]!r}"


def _is_edge(row: str) -> bool:
    return marks.is_separator_row(row) or marks.BOX.fullmatch(row) is not None
