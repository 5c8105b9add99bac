"""Blocks of a document to rows: what each block says of the packages that follow it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

from secpack.extract.packages import sentences, vocabulary
from secpack.extract.packages.phrases import Entry, Said, may_be_header, read_fact, read_phrase
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
_LABELS: Final = re.compile(r"\[\w{1,4}\]|\[\*{1,5}\]")
_BULLET: Final = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)
# Where words are parted: sentences; headers and items in a paragraph, or in indented lines.
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")
_PART: Final = re.compile(
    r"(?<=:)\n|\n(?=[-*•] )|\n(?=(?:For|In) [^\n:]{1,160}:(?:\s|$))", re.MULTILINE
)
_ITEM: Final = re.compile(r"\n(?=\s*[-*•] )|(?<=:)\n|\n(?=[^\n]{1,160}:$)|\n\s*\n", re.MULTILINE)
_CLAUSE: Final = re.compile(r"[,;.(]\s")
_LINE: Final = re.compile(r"\n")
_INDENT: Final = re.compile(r"\n[ \t]+")
_PLACED: Final = re.compile(r"(?:For|In|On|Inside)\s(?:[^:.]|\.(?=[0-9])){1,90}:")
# Where running text names packages, although no rule takes them.
_NAME_DUE: Final = re.compile(r"\bpackages?\b")
_NAMED: Final = re.compile(
    r"\bpackages?\b[^.]{0,60}?\bversions?\s+v?[0-9]+[.-]"
    r"|\b(?:install|upgrade|update)\b[^.]{0,60}?[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]"
)
# What the heads of columns say.
_OTHER: Final = re.compile(
    r"\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?|repositor\w+"
    r"|replace[sd])\b",
    re.I,
)
_FOR: Final = re.compile(r"^for ", re.I)
_ROLES: Final = (
    ("target", re.compile(r"^(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)$", re.I)),
    ("name", re.compile(r"\bpackages?\b|\bcomponent\b", re.I)),
    ("other", _OTHER),
    ("release", re.compile(r"\breleases?$", re.I)),
    ("fixed", re.compile(r"\b(?:fixed|new|patched|updated|versions?)\b", re.I)),
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


def _has_number(words: _Words) -> bool:
    return any(map(str.isdecimal, words.text))


def _words_of(block: blocks.Block) -> _Words:
    """The words of a paragraph with its line breaks, without what looks like a citation."""
    if not isinstance(block, Paragraph):
        return _Words("", block.first)
    inlines = (each for each in block.inlines if not isinstance(each, blocks.Citation))
    return _Words(_LABELS.sub("", "".join(map(blocks.words, inlines))), block.first)


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` is the level of the heading of a section about what to do; ``header`` the line of the
    last header, until a package is read; ``lost`` that another header could not be read;
    ``announced`` the targets of all that an announcement is about.
    """

    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""
    about: About = About.NOTHING
    remedy: int = _NO_LEVEL
    header: int = 0
    lost: bool = False
    announced: tuple[str, ...] = ()

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
        self._known: set[tuple[str, str]] = set()  # packages and versions of the rows
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
        said = read_phrase(title, self.product).said if may_be_header(title, self.product) else {}
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
        first, _, rest = words.text.partition("\n")
        release = next(vocabulary.find_releases(first, self.product), None)
        if rest and release and release[0] == first:  # a release on a line for itself
            self._words(_Words(first, words.line))
            words = _Words(rest, words.line + 1)
        for part in words.parts(_PART):
            taken = False
            for one in self._lines_of(part):
                taken = self._words(one, prose=not taken)
                if not taken:
                    self._prose(one)

    def _lines_of(self, words: _Words) -> Iterable[_Words]:
        """The lines of some words if each names packages by itself, or else all of them."""
        lines = list(words.parts(_LINE))
        if len(lines) == 1 or not (self.heading.in_remedy and all(map(_has_number, lines))):
            return [words]
        readings = (read_phrase(line.text, self.product) for line in lines)
        is_list = all(reading.is_plain or reading.is_header for reading in readings)
        return lines if is_list else [words]

    def _words(
        self, words: _Words, *, sure: bool = False, prose: bool = False, label: bool = False
    ) -> bool:
        """Read words that may be a header, or packages; if that is not ``sure``, only plain ones.

        ``prose`` tells that they may be none, unless a header is above. Tells whether anything
        comes of it.
        """
        only_header = prose and not self.context.header
        if only_header and not may_be_header(words.text, self.product):
            return False
        if len(words.text) > _LONGEST:
            return False
        reading = read_phrase(words.text, self.product, label=label)
        led = words.text.endswith(":") or "release" in reading.said
        if reading.is_header and (led or label or self.heading.in_remedy):
            return self._header(reading.said, words.line, label=label)
        if reading.is_led:
            self._header(reading.said, words.line)
            sure = self.context.expects
            # "For Quern 4.2: not affected, as the code is new in 4.3."
            said = _CLAUSE.split(words.text.partition(":")[2], 1)[0]
            if not reading.entries and (fact := read_fact(said, self.product)):
                reading = reading._replace(entries=(fact,), is_plain=True)
        context = self.context
        if context.about is About.OTHERS or context == _Context():
            return False
        if (prose and not context.header) or not (sure or reading.is_plain):
            return False
        if reading.entries and context.accepts and self._is_clear(reading.entries):
            for entry in reading.entries:
                self._add(entry, words.line_at(entry.at))
        else:
            text = words.text.partition(":")[2] if reading.is_led else words.text
            self._report_unread(words.line, text)
        return True

    def _is_clear(self, entries: Sequence[Entry]) -> bool:
        """Whether it is clear which version is for which of several releases above.

        Not so below "Quern 4.2   Quern 4.3": "xen   4.1-2   4.1-3".
        """
        open_ = [e for e in entries if not (e.releases or e.note) and e.fix is Fix.AVAILABLE]
        several = len(open_) > len({entry.package for entry in open_})
        return not (several and len(self.context.releases) > 1)

    def _header(self, said: Said, line: int, *, label: bool = False) -> bool:
        """Take what a header says of the packages below; one without a release needs one above."""
        targets, note = said.get("target", ()), (*said.get("open", ()), *said.get("note", ()))
        if "release" in said:
            context = self.context
            # "In dom0:", and right below it "For Quern 4.2:"
            above = context.targets if context.header and not context.releases else ()
            if not above:
                self._close_header()
            all_ = context.announced or above
            new = replace(context, targets=targets or all_, announced=all_, note="; ".join(note))
            self.context = replace(new, releases=said["release"], header=line, lost=False)
            return True
        context = self.context
        known = label or context.expects or bool(context.releases)
        if known or (context.in_remedy and context.about is About.NOTHING and not context.lost):
            new = replace(context, targets=targets, announced=())
            self.context = replace(new, header=context.header or line)
            return True
        return False

    def _close_header(self) -> None:
        """Where packages are announced, something must come of each header."""
        if self.context.header and self.context.about is About.FIXES:
            self._report(self.context.header, "no package can be read below this")
        if self.context.header:
            self.context = replace(self.context, header=0)

    def _prose(self, words: _Words) -> None:
        last = _BULLET.sub("", _SENTENCE.split(words.text)[-1], count=1)
        self._announcement(" ".join(last.split()))
        if self.heading.about is not About.NOTHING:
            return
        text = words.text
        if self.heading.in_remedy or len(self.rows) > self._begun:
            self._sentences(words)
        named = (_NAME_DUE.search(text) if self.heading.in_remedy else None) or _NAMED.search(text)
        if not (self._elsewhere or self._found) and named and not sentences.is_old(text):
            self._elsewhere = words.line_at(named.start())

    def _announcement(self, last: str) -> None:
        """Take what the last sentence of a paragraph says of the packages below it."""
        before, heading = self.context, self.heading
        self._close_header()
        placed = _PLACED.fullmatch(last)
        about = sentences.judge(last) if last.endswith(":") and not placed else None
        self.context = heading
        if heading.about is About.OTHERS:
            return
        releases = vocabulary.releases_in(last, self.product)
        if about:
            targets = sentences.announced_for(last) or heading.targets
            new = replace(heading, about=about, targets=targets, announced=targets)
            self.context = replace(new, releases=releases or heading.releases)
        elif last.endswith(":"):
            lost = bool(before.header or placed or releases)
            self.context = replace(heading, about=before.about, lost=lost)
        elif before.about in (About.OTHERS, About.UNCLEAR):
            self.context = replace(heading, about=About.UNCLEAR)

    def _sentences(self, words: _Words) -> None:
        release = next(vocabulary.find_releases(words.text, self.product), None)
        for sentence in words.parts(_SENTENCE):
            self._sentence(sentence, placed=bool(self.context.releases) or not release)

    def _sentence(self, sentence: _Words, *, placed: bool) -> None:
        """Read a sentence; unless all is ``placed``, each package needs a release."""
        if (targets := sentences.installed_in(sentence.text)) is not None:
            self._installed.add(targets)
        entries = sentences.entries_in(sentence.text, self.product, first=not self.rows)
        if entries is None:
            self._report_unread(sentence.line, sentence.text)
        elif not placed and any(entry.version and not entry.releases for entry in entries):
            self._report(sentence.line, "a package, but not for which release")
        else:
            known = [e for e in entries if e.version and (e.package, e.version) in self._known]
            for entry in entries:
                if entry not in known:
                    self._add(entry, sentence.line_at(entry.at))

    # --- items

    def _list(self, block: ListBlock) -> None:
        """Read items; where some are packages, others that name a version should be, too."""
        rows, left = len(self.rows), []
        for item in block.items:
            found = self._found
            self._item(item, sure=self.context.expects and block.style[0] not in "1a")
            left += [item] if self._found == found else []
        for item in left if len(self.rows) > rows else ():
            for first in item.blocks[:1]:
                if sentences.names_version(text := _words_of(first).text):
                    self._report_unread(item.first, text)

    def _item(self, item: blocks.Item, *, sure: bool) -> None:
        """Read an item, whose words may also tell what the list in it is about."""
        words, rest = _Words("", item.first), item.blocks[1:]
        for first in item.blocks[:1]:
            words = _words_of(first)
        before, found = self.context, self._found
        taken = self._words(words, sure=sure and not rest, label=bool(rest))
        opened = self.context.releases != before.releases
        self.read(rest)
        if rest and not taken and sure and self._found == found:
            self._words(words, sure=True)
        if not taken and self.heading.in_remedy and self.context.about is About.NOTHING:
            self._sentences(words)
        if opened or self.context.releases in ((), before.releases):
            self.context = replace(before, header=before.header if self._found == found else 0)
        # else what is set unevenly names the release of the next items

    def _lines(self, block: Preformatted) -> None:
        """Read indented lines below a header, or with one of their own."""
        words = _Words(_LABELS.sub("", block.text), block.first)
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
        # "Old and new packages:" is clear where the columns tell which is which.
        clear = self.context.about is About.UNCLEAR and any(map(_OTHER.search, heads))
        roles = [self._role(head) for head in heads] or ["name", "fixed"]
        plainly = "name" in roles and "other" not in roles and len(set(roles)) == len(roles) > 1
        plainly &= self.context.in_remedy and self.context.about is About.NOTHING
        if not (self.context.expects or clear or plainly):
            return
        if "name" not in roles:
            roles[0] = "name"
        released = any(role.startswith("For ") for role in roles)
        if self.context.lost or "" in roles or roles.count("fixed") + released != 1:
            self._report(table.first, "a table, but not which column has the fixed versions")
            return
        numbers = range(table.first, table.last + 1)
        lines = [n for n in numbers if "|" in self._line(n) and not is_edge(self._line(n))]
        for line, row in zip(lines[len(table.head) :], table.body, strict=False):
            cells = [plain(cell) for cell in row]
            for role, cell in zip(roles, cells, strict=False):
                if role == "fixed" or role.startswith("For "):
                    self._row(dict(zip(roles, cells, strict=False)), role, cell, line)

    def _role(self, head: str) -> str:
        """What a column has, by its head; nothing if that cannot be told."""
        release = f"For {_FOR.sub('', head)}"
        if vocabulary.releases_in(release, self.product):
            return release
        return next((role for role, form in _ROLES if form.search(head)), "")

    def _line(self, number: int) -> str:
        return self._printed[number - 1]

    @cached_property
    def _printed(self) -> list[str]:
        return self.document.file.data.decode("utf-8", "replace").split("\n")

    def _row(self, cells: Mapping[str, str], role: str, version: str, line: int) -> None:
        release, target = cells.get("release", ""), cells.get("target", "")
        where = [role] if role != "fixed" else []
        where += [f"For {release}"] if vocabulary.release_numbers(release) else []
        where += [f"in {target}"] if vocabulary.read_targets(target) else []
        clear = len(where) == len({"release", "target", role} & cells.keys() - {"fixed"})
        phrase = f"{cells['name']} version {_LABELS.sub('', version)}"
        text = f"{', '.join(where)}: {phrase}" if where else phrase
        entries = read_phrase(text, self.product).entries if clear else ()
        for entry in {(e.package, e.version, e.fix): e for e in entries}.values():
            self._add(entry, line)
        if not entries:
            self._report_unread(line, " | ".join(cells.values()))

    # --- rows and findings

    def _add(self, entry: Entry, line: int) -> None:
        """Add the rows of an entry, one for each release and target that hold for it."""
        context = self.context
        if len(self.rows) > MOST_ROWS:
            return
        self._known.add((entry.package, entry.version))
        above = "" if entry.releases else context.note
        note = "; ".join(words for words in (above, entry.note) if words)
        self.rows += [
            PackageRow(release, target, entry.package, entry.version, line, entry.fix, note)
            for release in entry.releases or context.releases or ("",)
            for target in entry.targets or context.targets or ("",)
        ]
        self.context = replace(context, header=0)
        if len(self.rows) > MOST_ROWS:
            self._report(line, f"more than {MOST_ROWS} packages; those from here on are left out")

    def _report_unread(self, line: int, text: str) -> None:
        """Note that packages should be named in some words, and no rule takes them."""
        text = " ".join(text.split())
        self._report(line, f"no package and version can be read here: {text[:60]!r}")

    def _report(self, line: int, message: str) -> None:
        """Note what is not read as packages, but may be some."""
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self.context = replace(self.context, header=0)


def _placed(row: PackageRow, targets: Sequence[str]) -> list[PackageRow]:
    if row.target or row.fix is not Fix.AVAILABLE or not targets:
        return [row]
    return [replace(row, target=target) for target in targets]
