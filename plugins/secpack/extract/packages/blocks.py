"""Blocks of a document to rows: what each block says of the packages that follow it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from secpack.extract.packages import sentences, vocabulary
from secpack.extract.packages.phrases import Entry, Said, may_be_header, note_in, read_phrase
from secpack.extract.packages.sentences import About
from secpack.extract.sections import says_what_to_do
from secpack.model import blocks
from secpack.model.archive import Document, Fix, PackageRow
from secpack.model.blocks import Heading, ListBlock, Paragraph, Preformatted, Table, plain
from secpack.model.findings import Finding
from secpack.parser.rules.bars import is_edge

#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000
_LONGEST: Final = 2000  # phrase, in characters

# Titles of sections whose running text can name packages to install, and of those that do not.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|(?:(?:who|what) is )?affected\b|vulnerable\b")
_NO_LEVEL: Final = 9  # deeper than any heading
_BULLET: Final = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)
# Where words are parted: sentences; lines; headers and items in indented lines.
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")
_ITEM: Final = re.compile(r"\n(?=\s*[-*•] )|(?<=:)\n|\n(?=[^\n]{1,160}:$)|\n\s*\n", re.MULTILINE)
_LINE: Final = re.compile(r"\n")
_INDENT: Final = re.compile(r"\n[ \t]+")
_PLACED: Final = re.compile(r"(?:For|In|On|Inside)\s(?:[^:.]|\.(?=[0-9])){1,90}:")
# What the heads of columns say.
_OTHER: Final = (
    r"\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?|repositor\w+"
    r"|replace[sd])\b"
)
_ROLES: Final = re.compile(
    r"(?P<target>^(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)$)"
    rf"|(?P<other>.*{_OTHER})|(?P<name>.*\b(?:packages?|component)\b)|(?P<release>.*\breleases?$)"
    r"|(?P<fixed>.*\b(?:fixed|new|patched|updated|versions?)\b)",
    re.IGNORECASE,
)


class _Words(NamedTuple):
    """Words of one or more lines, and the number of the first."""

    text: str
    line: int

    def line_at(self, index: int) -> int:
        """The number of the line that an index is on."""
        return self.line + self.text.count("\n", 0, index)

    def parts(self, edges: re.Pattern[str]) -> Iterator[_Words]:
        """The words between edges, without bullets."""
        line, start = self.line, 0
        for edge in (*edges.finditer(self.text), None):
            text = self.text[start : edge.start() if edge else None]
            if text.strip():
                blank = len(text) - len(text.lstrip())
                first = line + text.count("\n", 0, blank)
                item = _BULLET.sub("", text, count=1).strip()
                yield _Words(_INDENT.sub("\n", item), first)
            if edge:
                line, start = line + self.text.count("\n", start, edge.end()), edge.end()


def _words_of(block: blocks.Block) -> _Words:
    """The words of a paragraph with its line breaks, without citations."""
    inlines = block.inlines if isinstance(block, Paragraph) else ()
    text = "".join(blocks.words(i) for i in inlines if not isinstance(i, blocks.Citation))
    return _Words(text, block.first)


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` is the level of the heading of a section about what to do; ``header`` the line of the
    last header, until a package is read; ``lost`` that another header could not be read; ``base``
    the targets of all headers that name none.
    """

    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""
    about: About = About.NOTHING
    remedy: int = _NO_LEVEL
    header: int = 0
    lost: bool = False
    base: tuple[str, ...] = ()

    @property
    def in_remedy(self) -> bool:
        """Whether it is in a section about what to do."""
        return self.remedy < _NO_LEVEL

    @property
    def expects(self) -> bool:
        """Whether what follows should be packages to install."""
        below = self.about is About.NOTHING and self.in_remedy and bool(self.header)
        return self.about is About.FIXES or below

    @property
    def accepts(self) -> bool:
        """Whether packages that follow can be to install."""
        remedy = self.about is About.FIXES or self.in_remedy
        return remedy and self.about is not About.UNCLEAR and not self.lost


class Reader:
    """Reads blocks, and gathers rows and findings.

    ``heading`` is the context with which the section began, ``context`` the one at this place.
    """

    def __init__(self, document: Document) -> None:
        letterhead = document.letterhead
        self.document = document
        self.product = letterhead.issuer.split()[0] if letterhead else ""
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self._begun = 0  # how many rows there were when the section began
        self._installed: set[tuple[str, ...]] = set()  # where the section says that packages go
        self._elsewhere = 0  # the first line that names packages where no rule looks for them

    def read(self, parts: Iterable[blocks.Block]) -> None:
        """Read blocks of one level; quotations and references are the words of others."""
        for block in parts:
            match block:
                case Heading():
                    self._end_section()
                    self._begin_section(plain(block.inlines), block.level)
                case Paragraph():
                    self._paragraph(_words_of(block))
                case ListBlock():
                    self._list(block)
                case Table():
                    self._table(block)
                case Preformatted() if not block.language:
                    self._lines(block)

    def end(self) -> None:
        """Close the last section; a text that names packages only in passing needs a look."""
        self._end_section()
        if self._elsewhere and not self._found:
            self._report(self._elsewhere, "packages, but none that can be read")

    @property
    def _found(self) -> int:
        return len(self.rows) + len(self.findings)

    # --- sections

    def _begin_section(self, title: str, level: int) -> None:
        remedy = self.heading.remedy
        if level <= remedy:
            is_remedy = says_what_to_do(title) or _REMEDY.search(title.lower())
            remedy = level if is_remedy else _NO_LEVEL
        about = About.OTHERS if _ASIDE.match(title.lower()) else About.NOTHING
        said = read_phrase(title, self.product).header if may_be_header(title, self.product) else {}
        targets = said.get("target", ())
        releases = vocabulary.releases_in(title, self.product)
        self.context = self.heading = _Context(releases, targets, about=about, remedy=remedy)

    def _end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_header()
        if len(self._installed) == 1:
            (targets,) = self._installed
            rows = self.rows[self._begun :]
            self.rows[self._begun :] = [new for row in rows for new in _placed(row, targets)]
        self._begun, self._installed = len(self.rows), set()

    # --- paragraphs

    def _paragraph(self, words: _Words) -> None:
        taken = False
        for part in self._parts_of(words):
            taken = self._words(part, prose=not taken)
            if not taken:
                self._prose(part)

    def _parts_of(self, words: _Words) -> list[_Words]:
        """The lines of some words if each names packages, or a header and the rest, or all."""
        lines = list(words.parts(_LINE))
        if len(lines) < 2 or not (self.heading.in_remedy and re.search("[0-9]", lines[0].text)):
            return [words]
        first, *others = (read_phrase(line.text, self.product) for line in lines)
        if all(reading.is_plain or reading.header for reading in (first, *others)):
            return lines
        rest = _Words(words.text.partition("\n")[2], lines[1].line)
        return [lines[0], rest] if first.is_header else [words]

    def _words(
        self, words: _Words, *, sure: bool = False, prose: bool = False, label: bool = False
    ) -> bool:
        """Read words that may be a header, or packages; if that is not ``sure``, only plain ones.

        ``prose`` tells that they may be none, unless a header is above. Tells whether anything
        comes of it.
        """
        prose &= not self.context.header
        if len(words.text) > _LONGEST or (prose and not may_be_header(words.text, self.product)):
            return False
        reading = read_phrase(words.text, self.product, label=label)
        if reading.is_header:
            led = label or words.text.endswith(":") or "release" in reading.header
            led |= self.heading.in_remedy
            return led and self._header(reading.header, words.line, label=label)
        if reading.header:
            self._header(reading.header, words.line)
            prose, sure = False, self.context.expects
        context = self.context
        if context.about is About.OTHERS or context == _Context():
            return False
        if prose or not (sure or reading.is_plain):
            return False
        if not (context.accepts and self._add(reading.entries, words)):
            self._report_unread(words)
        return True

    def _header(self, said: Said, line: int, *, label: bool = False) -> bool:
        """Take what a header says of the packages below; one without a release needs one above."""
        context, targets = self.context, said.get("target", ())
        if "release" in said:
            # "In dom0:", and right below it "For Quern 4.2:"
            above = context.targets if context.header and not context.releases else ()
            if not above:
                self._close_header()
            base = context.base or above
            new = replace(self.context, targets=targets or base, base=base, note=note_in(said))
            self.context = replace(new, releases=said["release"], header=line, lost=False)
            return True
        known = label or context.expects or bool(context.releases)
        if known or (context.in_remedy and context.about is About.NOTHING and not context.lost):
            new = replace(context, targets=targets, base=())
            self.context = replace(new, header=context.header or line)
            return True
        return False

    def _close_header(self) -> None:
        """Where packages are announced, something must come of each header."""
        if self.context.header and self.context.about is About.FIXES:
            self._report(self.context.header, "no package can be read below this")
        self.context = replace(self.context, header=0)

    def _prose(self, words: _Words) -> None:
        last = _BULLET.sub("", _SENTENCE.split(words.text)[-1], count=1)
        self._announcement(" ".join(last.split()))
        if self.heading.about is not About.NOTHING:
            return
        if self.heading.in_remedy:
            self._sentences(words)
        named = sentences.names_packages(words.text, sure=self.heading.in_remedy)
        if named and not (self._elsewhere or self._found):
            self._elsewhere = words.line

    def _announcement(self, last: str) -> None:
        """Take what the last sentence of a paragraph says of the packages below it."""
        before, heading = self.context, self.heading
        self._close_header()
        self.context = heading
        placed = _PLACED.fullmatch(last)
        about = sentences.judge(last) if last.endswith(":") and not placed else None
        if heading.about is About.OTHERS:
            return
        releases = vocabulary.releases_in(last, self.product)
        if about:
            targets = sentences.announced_for(last) or heading.targets
            new = replace(heading, about=about, targets=targets, base=targets)
            self.context = replace(new, releases=releases or heading.releases)
        elif last.endswith(":"):
            lost = bool(before.header or placed or releases)
            self.context = replace(heading, about=before.about, lost=lost)
        elif before.about in (About.OTHERS, About.UNCLEAR):
            self.context = replace(heading, about=About.UNCLEAR)

    def _sentences(self, words: _Words) -> None:
        """Read sentences; where one names a release, each package needs one."""
        named = vocabulary.releases_in(words.text, self.product)
        placed = bool(self.context.releases) or not named
        known = {(row.package, row.version) for row in self.rows if row.version}
        for sentence in words.parts(_SENTENCE):
            if (targets := sentences.installed_in(sentence.text)) is not None:
                self._installed.add(targets)
            first = not self.rows
            entries = sentences.read_sentence(sentence.text, self.product, first=first)
            if entries is None:
                self._report_unread(sentence)
            elif not placed and any(entry.version and not entry.releases for entry in entries):
                self._report(sentence.line, "a package, but not for which release")
            else:
                self._add([e for e in entries if (e.package, e.version) not in known], sentence)

    # --- items

    def _list(self, block: ListBlock) -> None:
        """Read items, whose words may also tell what the lists in them are about."""
        for item in block.items:
            before, found = self.context, self._found
            rest = item.blocks[1:]
            words = _words_of(item.blocks[0]) if item.blocks else _Words("", item.first)
            sure = before.expects and block.style[0] not in "1a" and not rest
            taken = self._words(words, sure=sure, label=bool(rest))
            opened = self.context.releases != before.releases
            self.read(rest)
            if not taken and self.heading.in_remedy and self.context.about is About.NOTHING:
                self._sentences(words)
            if opened or self.context.releases in ((), before.releases):
                # or else what is set unevenly names the release of the next items
                header = before.header if self._found == found else 0
                self.context = replace(before, header=header)

    def _lines(self, block: Preformatted) -> None:
        """Read indented lines below a header, or with one of their own."""
        words = _Words(block.text, block.first)
        below = bool(self.context.header or self.context.lost)
        for part in words.parts(_ITEM if _BULLET.search(block.text) else _LINE):
            sure = self.context.about is About.FIXES and not self.context.lost
            below |= self._words(part, sure=sure, prose=not below)
            if not below:
                return

    # --- tables

    def _table(self, table: Table) -> None:
        """Read a table that should name packages: each row as a phrase for each of its versions."""
        heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
        roles = [self._role(head) for head in heads] or ["name", "fixed"]
        # "Old and new packages:" is clear where the columns tell which is which.
        clear = self.context.about is About.UNCLEAR and "other" in roles
        plainly = "name" in roles and "other" not in roles and len(set(roles)) == len(roles) > 1
        plainly &= self.context.in_remedy and self.context.about is About.NOTHING
        if not (self.context.expects or clear or plainly):
            return
        if "name" not in roles:
            roles[0] = "name"
        fixed = [role for role in roles if role == "fixed" or role.startswith("For ")]
        if self.context.lost or "" in roles or not fixed or ("fixed" in fixed) > (len(fixed) == 1):
            self._report(table.first, "a table, but not which column has the fixed versions")
            return
        lines = self.document.file.data.decode("utf-8", "replace").split("\n")
        drawn = range(table.first, table.last + 1)
        numbers = [n for n in drawn if "|" in lines[n - 1] and not is_edge(lines[n - 1])]
        for line, row in zip(numbers[len(table.head) :], table.body, strict=False):
            cells = dict(zip(roles, map(plain, row), strict=False))
            for role in filter(cells.__contains__, fixed):
                self._row(cells, role, line)

    def _role(self, head: str) -> str:
        """What a column has, by its head; nothing if that cannot be told."""
        release = f"For {head[4:] if head.lower().startswith('for ') else head}"
        if vocabulary.releases_in(release, self.product):
            return release
        match = _ROLES.match(head)
        return str(match.lastgroup) if match else ""

    def _row(self, cells: Mapping[str, str], role: str, line: int) -> None:
        """Read a row of a table: ``For Quern 4.2, in dom0: xen version 4.1-2``."""
        release, target = cells.get("release", ""), cells.get("target", "")
        where = [role] if role != "fixed" else []
        where += [f"For {release}"] if vocabulary.release_numbers(release) else []
        where += [f"in {target}"] if vocabulary.read_targets(target) else []
        clear = len(where) == len({"release", "target", role} & cells.keys() - {"fixed"})
        phrase = f"{cells['name']} version {cells[role]}"
        text = f"{', '.join(where)}: {phrase}" if where else phrase
        entries = read_phrase(text, self.product).entries if clear else ()
        once = {(e.package, e.version, e.fix): e for e in entries}.values()
        if not self._add(once, _Words("", line)):
            self._report_unread(_Words(" | ".join(cells.values()), line))

    # --- rows and findings

    def _add(self, entries: Collection[Entry], words: _Words) -> bool:
        """Add the rows of entries, for each release and target that hold for them.

        Tells whether there are any. None are if several releases are above several versions of a
        package: below "Quern 4.2   Quern 4.3", "xen   4.1-2   4.1-3" is not clear.
        """
        context = self.context
        open_ = {(e.package, e.version) for e in entries if not e.releases and e.version}
        if len(context.releases) > 1 and len(open_) > len({package for package, _ in open_}):
            return False
        for entry in entries if len(self.rows) <= MOST_ROWS else ():
            note = ("" if entry.releases else context.note, entry.note)
            self.rows += [
                PackageRow(
                    release,
                    target,
                    entry.package,
                    entry.version,
                    words.line_at(entry.at),
                    entry.fix,
                    "; ".join(filter(None, note)),
                )
                for release in entry.releases or context.releases or ("",)
                for target in entry.said.get("target", context.targets) or ("",)
            ]
            self.context = replace(context, header=0)
            if len(self.rows) > MOST_ROWS:
                self._report(words.line, f"more than {MOST_ROWS} packages; the others are left out")
                break
        return bool(entries)

    def _report_unread(self, words: _Words) -> None:
        """Note that packages should be named in some words, and no rule takes them."""
        text = " ".join(words.text.split())
        self._report(words.line, f"no package and version can be read here: {text[:60]!r}")

    def _report(self, line: int, message: str) -> None:
        """Note what is not read as packages, but may be some."""
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self.context = replace(self.context, header=0)


def _placed(row: PackageRow, targets: Sequence[str]) -> list[PackageRow]:
    if row.target or row.fix is not Fix.AVAILABLE or not targets:
        return [row]
    return [replace(row, target=target) for target in targets]
