"""Blocks of a document to rows: what each block says of the packages that follow it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from secpack.extract.packages import sentences, vocabulary
from secpack.extract.packages.phrases import Entry, may_be_header, read_phrase
from secpack.extract.packages.sentences import About
from secpack.extract.sections import says_what_to_do
from secpack.model import blocks
from secpack.model.archive import Document, Fix, PackageRow
from secpack.model.blocks import Heading, ListBlock, Paragraph, Preformatted, Table, plain
from secpack.model.findings import Finding
from secpack.parser.rules.bars import is_edge

#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000

# Titles of sections whose running text can name packages to install, and of those that do not.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|(?:(?:who|what) is )?affected\b|vulnerable\b")
_NO_LEVEL: Final = 9  # deeper than any heading
_BULLET: Final = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)
# Where words are parted: sentences; lines; headers and items in indented lines.
_LINE: Final = re.compile(r"\n")
_ITEM: Final = re.compile(r"\n(?=\s*[-*•] )|(?<=:)\n|\n(?=[^\n]{1,160}:$)|\n\s*\n", re.MULTILINE)
_INDENT: Final = re.compile(r"\n[ \t]+")
# What the heads of columns say.
_ROLES: Final = re.compile(
    r"(?P<target>^(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)$)"
    r"|(?P<other>.*\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?"
    r"|repositor\w+|replace[sd])\b)|(?P<name>.*\b(?:packages?|component)\b)"
    r"|(?P<release>.*\breleases?$)|(?P<fixed>.*\b(?:fixed|new|patched|updated|versions?)\b)",
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
            bare = text.lstrip()
            if bare:
                words = _INDENT.sub("\n", _BULLET.sub("", bare, count=1).strip())
                yield _Words(words, line + text.count("\n", 0, len(text) - len(bare)))
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

    ``header`` is the line of the last header, until a package is read; ``lost`` tells that another
    header could not be read; ``base`` are the targets of all headers that name none.
    """

    about: About = About.OTHERS
    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""
    header: int = 0
    lost: bool = False
    base: tuple[str, ...] = ()

    @property
    def expects(self) -> bool:
        """Whether what follows should be packages to install."""
        return self.about is About.FIXES or (self.about is About.NOTHING and bool(self.header))

    @property
    def accepts(self) -> bool:
        """Whether packages that follow can be to install."""
        return self.about in (About.FIXES, About.NOTHING) and not self.lost


class Reader:
    """Reads blocks, and gathers rows and findings.

    ``heading`` is the context with which the section began, ``context`` the one at this place.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.product = vocabulary.product_of(document)
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self._known: set[tuple[str, str]] = set()  # packages and versions of the rows
        self._remedy = _NO_LEVEL  # the level of the heading of a section about what to do
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
                    words = _words_of(block)
                    self._parts(self._parts_of(words), prose=True)
                case ListBlock():
                    self._list(block)
                case Table():
                    self._table(block)
                case Preformatted() if not block.language:
                    words = _Words(block.text, block.first)
                    self._parts(words.parts(_ITEM if _BULLET.search(words.text) else _LINE))

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
        if level <= self._remedy:
            is_remedy = says_what_to_do(title) or _REMEDY.search(title.lower())
            self._remedy = level if is_remedy else _NO_LEVEL
        reads = self._remedy < _NO_LEVEL and not _ASIDE.match(title.lower())
        header = read_phrase(title, self.product).header if reads else None
        self.context = self.heading = _Context(
            About.NOTHING if reads else About.OTHERS,
            vocabulary.releases_in(title, self.product),
            header.targets if header else (),
        )

    def _end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_header()
        rows, self.rows = self.rows[self._begun :], self.rows[: self._begun]
        (targets,) = self._installed if len(self._installed) == 1 else ((),)
        for row in rows:
            open_ = row.fix is Fix.AVAILABLE and not row.target
            self.rows += [replace(row, target=t) for t in targets if open_] or [row]
        self._begun, self._installed = len(self.rows), set()

    # --- paragraphs

    def _parts(self, parts: Iterable[_Words], *, prose: bool = False) -> None:
        """Read the parts of a paragraph, in ``prose``, or indented lines below a header."""
        below = False
        for part in parts:
            sure = not prose and self.context.about is About.FIXES and not self.context.lost
            taken = self._words(part, sure=sure, prose=not below)
            below |= taken
            if prose and not taken:
                self._prose(part)
            elif not below:
                return

    def _parts_of(self, words: _Words) -> list[_Words]:
        """The lines of some words if each names packages, or a header and the rest, or all."""
        lines = list(words.parts(_LINE))
        if len(lines) < 2 or self.context.about is About.OTHERS:
            return [words]
        first = read_phrase(lines[0].text, self.product)
        if not (first.is_plain or first.header):
            return [words]
        others = (read_phrase(line.text, self.product) for line in lines[1:])
        if all(reading.is_plain or reading.header for reading in others):
            return lines
        if not (first.is_header and first.header and first.header.releases):
            return [words]
        return [lines[0], _Words(words.text.partition("\n")[2], lines[1].line)]

    def _words(
        self, words: _Words, *, sure: bool = False, prose: bool = False, label: bool = False
    ) -> bool:
        """Read words that may be a header, or packages; if that is not ``sure``, only plain ones.

        ``prose`` tells that they may be none, unless a header is above. Tells whether anything
        comes of it.
        """
        if self.context.about is About.OTHERS:
            return False
        prose &= not (self.context.header or self.context.lost)
        if prose and not may_be_header(words.text, self.product):
            return False
        reading = read_phrase(words.text, self.product, label=label)
        if reading.header:
            self._header(reading.header, words.line)
            prose, sure = False, True
        if reading.is_header:
            return True
        if prose or not (sure or reading.is_plain):
            return False
        if not (self.context.accepts and self._add(reading.entries, words)):
            self._report_unread(words)
        return True

    def _header(self, header: Entry, line: int) -> None:
        """Take what a header says of the packages below."""
        old = self.context
        if "release" in header.said:
            # "In dom0:", and right below it "For Quern 4.2:"
            above = old.targets if old.header and not old.releases else ()
            if not above:
                self._close_header()
            base = old.base or above
            new = replace(old, targets=header.targets or base, base=base, note=header.note)
            self.context = replace(new, releases=header.releases, header=line, lost=False)
        else:
            new = replace(old, targets=header.targets, base=(), header=old.header or line)
            self.context = new

    def _close_header(self) -> None:
        """Where packages are announced, something must come of each header."""
        if self.context.header and self.context.about is About.FIXES:
            self._report(self.context.header, "no package can be read below this")
        self.context = replace(self.context, header=0)

    def _prose(self, words: _Words) -> None:
        last = _BULLET.sub("", vocabulary.SENTENCE_END.split(words.text)[-1], count=1)
        self._announcement(" ".join(last.split()))
        reads = self.heading.about is About.NOTHING
        if reads:
            self._sentences(words)
        if not (self._elsewhere or self._found):
            self._elsewhere = words.line * sentences.names_packages(words.text, sure=reads)

    def _announcement(self, last: str) -> None:
        """Take what the last sentence of a paragraph says of the packages below it."""
        before, heading = self.context, self.heading
        self._close_header()
        self.context = heading
        if not last.endswith(":"):
            if heading.about is About.NOTHING and before.about in (About.OTHERS, About.UNCLEAR):
                self.context = replace(heading, about=About.UNCLEAR)
            return
        placed = last.startswith(("For ", "In ", "On "))
        releases = vocabulary.releases_in(last, self.product)
        if about := None if placed else sentences.judge(last):
            targets = sentences.announced_for(last) or heading.targets
            new = replace(heading, about=about, targets=targets, base=targets)
            self.context = replace(new, releases=releases or heading.releases)
        else:
            lost = placed or bool(before.header or releases)
            self.context = replace(heading, about=before.about, lost=lost)

    def _sentences(self, words: _Words) -> None:
        """Read sentences; where one names a release, each package needs one."""
        placed = self.context.releases or not vocabulary.releases_in(words.text, self.product)
        for sentence in words.parts(vocabulary.SENTENCE_END):
            if (targets := sentences.installed_in(sentence.text)) is not None:
                self._installed.add(targets)
            found = sentences.read_sentence(sentence.text, self.product, first=not self.rows)
            if found is None:
                self._report_unread(sentence)
            elif not placed and any(entry.version and not entry.releases for entry in found):
                self._report(sentence.line, "a package, but not for which release")
            else:
                new = [e for e in found if (e.package, e.version) not in self._known]
                self._add(new, sentence)

    # --- items

    def _list(self, block: ListBlock) -> None:
        """Read items, whose words may also tell what the lists in them are about."""
        for item in block.items:
            before, found, rest = self.context, self._found, item.blocks[1:]
            words = _words_of(item.blocks[0]) if item.blocks else _Words("", item.first)
            sure = before.expects and block.style[0] not in "1a" and not rest
            taken = self._words(words, sure=sure, label=bool(rest))
            opened = self.context.releases != before.releases
            self.read(rest)
            if not taken and self.context.about is About.NOTHING:
                self._sentences(words)
            if opened or self.context.releases in ((), before.releases):
                # or else what is set unevenly names the release of the next items
                header = before.header if self._found == found else 0
                self.context = replace(before, header=header)

    # --- tables

    def _table(self, table: Table) -> None:
        """Read a table that should name packages: each row as a phrase for each of its versions."""
        heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
        roles = [self._role(head) for head in heads] or ["name", "fixed"]
        # "Old and new packages:" is clear where the columns tell which is which.
        clear = self.context.about is About.UNCLEAR and "other" in roles
        plainly = self.context.about is About.NOTHING and "name" in roles
        plainly &= "other" not in roles and len(set(roles)) == len(roles) > 1
        if not (self.context.expects or clear or plainly):
            return
        if "name" not in roles:
            roles[0] = "name"
        fixed = [role for role in roles if role == "fixed" or role.startswith("For ")]
        unclear = "" in roles or not fixed or ("fixed" in fixed and len(fixed) > 1)
        if self.context.lost or unclear:
            self._report(table.first, "a table, but not which column has the fixed versions")
            return
        lines = self.document.file.data.decode("utf-8", "replace").split("\n")
        drawn = range(table.first, table.last + 1)
        numbers = [n for n in drawn if "|" in lines[n - 1] and not is_edge(lines[n - 1])]
        for line, row in zip(numbers[len(table.head) :], table.body, strict=False):
            cells = dict(zip(roles, map(plain, row), strict=False))
            for role in filter(cells.__contains__, fixed):
                if not self._add(self._read_row(cells, role), _Words("", line)):
                    self._report_unread(_Words(" | ".join(cells.values()), line))

    def _role(self, head: str) -> str:
        """What a column has, by its head; nothing if that cannot be told."""
        release = f"For {head[4:] if head.lower().startswith('for ') else head}"
        if vocabulary.releases_in(release, self.product):
            return release
        match = _ROLES.match(head)
        return str(match.lastgroup) if match else ""

    def _read_row(self, cells: Mapping[str, str], role: str) -> Collection[Entry]:
        """Read a row of a table as a phrase: ``For Quern 4.2, in dom0: xen version 4.1-2``."""
        release, target = cells.get("release", ""), cells.get("target", "")
        where = [role] if role != "fixed" else []
        where += [f"For {release}"] if vocabulary.release_numbers(release) else []
        where += [f"in {target}"] if vocabulary.read_targets(target) else []
        clear = len(where) == len({"release", "target", role} & cells.keys() - {"fixed"})
        phrase = f"{', '.join(where)}: {cells['name']} version {cells[role]}".removeprefix(": ")
        return read_phrase(phrase, self.product).entries if clear else ()

    # --- rows and findings

    def _add(self, entries: Collection[Entry], words: _Words) -> bool:
        """Add the rows of entries, for each release and target that hold for them.

        Tells whether there are any. None are if several releases are above several versions of a
        package: below "Quern 4.2   Quern 4.3", "xen   4.1-2   4.1-3" is not clear.
        """
        above = self.context
        open_ = {(e.package, e.version) for e in entries if not e.releases and e.version}
        if len(above.releases) > 1 and len(open_) > len({package for package, _ in open_}):
            return False
        for e in entries if len(self.rows) <= MOST_ROWS else ():
            note = "; ".join(filter(None, ("" if e.releases else above.note, e.note)))
            line = words.line_at(e.at)
            self.rows += [
                PackageRow(release, target, e.package, e.version, line, e.fix, note)
                for release in e.releases or above.releases or ("",)
                for target in e.targets or above.targets or ("",)
            ]
            self._known |= {(e.package, e.version)} if e.version else set()
            self.context = replace(above, header=0)
            if len(self.rows) > MOST_ROWS:
                self._report(line, f"more than {MOST_ROWS} packages; the others are left out")
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
