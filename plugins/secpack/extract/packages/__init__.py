"""A document to its packages: which to install, for which release, and where.

They are listed below a line such as ``For Quern 3.0, in hearth:``, below a paragraph that announces
packages, in a table, or in the running text of a section that says what to do.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never

import secpack.extract.packages.vocabulary as v
from secpack.errors import ParseError
from secpack.extract.packages.phrases import Entry, Phrase, Said, held
from secpack.extract.packages.sentences import (
    About,
    announcement,
    installed_in,
    names_packages,
    read_sentence,
)
from secpack.extract.sections import says_what_to_do
from secpack.model import blocks as b
from secpack.model.archive import Document, Fix, PackageRow
from secpack.model.findings import Finding
from secpack.parser.rules.bars import is_edge
from secpack.profile import Shipped

#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000

# Titles of sections that name packages, but not to install them.
_ASIDE: Final = re.compile(
    r"about\b|credits\b|(?:(?:who|what) is )?affected\b|vulnerable\b", re.IGNORECASE
)
_NO_LEVEL: Final = 9  # deeper than any heading
_BULLET: Final = re.compile(r"^([ \t]*)[-–*•](?=\s)", re.MULTILINE)
_CITATION: Final = re.compile(r"[ \t]?\[[0-9]{1,2}\]")
# "The following packages in dom0 …:", "These packages fix it, all in dom0:"
_INSIDE: Final = re.compile(
    v.spaced(rf"\b(?:packages|updates|all|both),? in ({v.ANY_TARGETS}|{v.TARGETS})")
)
_NUMBERED: Final = re.compile(r"[0-9]\.[0-9]{1,2}:$")  # "Users with 4.2:"

# What the heads of columns say, and what to say before their cells.
_COLUMNS: Final = (
    ("into", r"(?:where|targets?|templates?|domains?|vms?|qubes?|places?|install(?:ed)? in)$"),
    ("other", r".*\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?"
     r"|repositor\w+|replace[sd])\b"),
    ("", r".*\b(?:packages?|component)\b"),
    ("on", r".*\breleases?$"),
    ("version", r".*\b(?:fixed|new|patched|updated|versions?)\b"),
)  # fmt: skip


def read_packages(
    document: Document, given: Sequence[Shipped] = (), names: Mapping[str, str] | None = None
) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    """The packages that a bulletin names as its remedy, in the order of the text, and findings.

    ``given`` are those of the profile, for a text that no rule reads; ``names`` are the profile's
    names of packages, by those printed, in lower case. A finding ``package-unread`` says where
    packages seem to be named in words that no rule takes.

    Raises ParseError when the text does not print what is given.
    """
    reader = _Reader(document)
    if given:
        reader.rows = [_given(each, document) for each in given]
    else:
        reader.read()
    known = names or {}
    rows = (replace(r, name=known.get(r.package.casefold(), r.package)) for r in reader.rows)
    return tuple(rows), tuple(reader.findings)


def _given(shipped: Shipped, document: Document) -> PackageRow:
    """A package of the profile, at the line of the text that prints its version."""
    lines = document.file.data.decode().split("\n")
    for words in filter(None, (shipped.package, shipped.version, shipped.release)):
        if not any(words in line for line in lines):
            message = f"the profile names a package by {words!r}, which is not in this text"
            raise ParseError(message, path=document.file.path)
    line = next(n for n, line in enumerate(lines, 1) if shipped.version in line)
    row = PackageRow(shipped.release, shipped.target, shipped.package, shipped.version, line)
    return replace(row, note=shipped.note)


_Kind: TypeAlias = Literal["prose", "lines", "item", "label", "row", "fix"]


class _Piece(NamedTuple):
    """Words that belong together, and their first line; ``cells`` are those of a table's row.

    The kind decides how certain it is that they name packages: a ``label`` is an item with more
    below it, or a numbered one; a ``fix`` is a row that separates old versions from fixed ones.
    """

    kind: _Kind
    text: str
    line: int
    cells: str = ""


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow: ``lost`` if words above them could not be read."""

    about: About = About.OTHERS
    said: Said = field(default_factory=dict)
    lost: bool = False


class _Reader:
    """Reads the blocks of a document in order, and gathers rows and findings.

    ``context`` is the one at this place, ``heading`` that with which the section began, ``base``
    what was said above all headers of a list. ``header`` is the line of the last header until a
    package is read, ``prose`` has all paragraphs.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lines = document.file.data.decode("utf-8", "replace").split("\n")
        self.product = v.product_of(document)
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self.base: Said = {}
        self.header = 0
        self.prose: list[_Piece] = []
        self._remedy = _NO_LEVEL  # the level of the heading of a section about what to do
        self._above: dict[int, Said] = {}  # what the headings in it say, by their levels
        self._begun = 0  # how many rows there were when the section began
        self._installed: set[tuple[str, ...]] = set()  # where the section says that packages go

    def read(self) -> None:
        """Read the document; one that names packages only in passing needs a look."""
        self._read(self.document.blocks)
        self._end_section()
        if len(self.rows) > MOST_ROWS:
            message = f"more than {MOST_ROWS} packages; the others are left out"
            self._report(self.rows[-1].line, message)
        named = (piece.line for piece in self.prose if names_packages(piece.text))
        looks = (n for n, line in enumerate(self.lines, 1) if v.LOOKS.search(line))
        if not (self.rows or self.findings) and (first := next(chain(named, looks), 0)):
            self._report(first, "speaks of packages, but none can be read")

    def _read(self, parts: Iterable[b.Block]) -> None:
        for block in parts:
            match block:
                case b.Heading():
                    self._end_section()
                    self._begin_section(b.plain(block.inlines), block.level)
                case b.Paragraph():
                    piece = _Piece("prose", _BULLET.sub(r"\1;", _words(block)), block.first)
                    self.prose.append(piece)
                    if not self._take(piece):
                        self._prose(piece, block)
                case b.Preformatted(language="") | b.Table():
                    results = [self._take(piece) for piece in self._pieces(block)]
                    if not any(results):
                        self._look(block)
                case b.ListBlock():
                    for item in block.items:
                        self._item(item, is_numbered=block.style[0] in "1a")
                case b.Preformatted() | b.Quotation() | b.References() | b.Definitions():
                    self._look(block)  # code, and the words of others
                case b.Letterhead() | b.Rule() | b.SignOff():
                    pass
                case _:
                    assert_never(block)

    def _item(self, item: b.Item, *, is_numbered: bool) -> None:
        around, blocks = self.context, item.blocks
        if blocks and isinstance(blocks[0], b.Paragraph):
            words, blocks = _words(blocks[0]), blocks[1:]
            piece = _Piece("label" if blocks or is_numbered else "item", words, item.first)
            if not self._take(piece):
                if around.about is About.NOTHING:
                    self._sentences(piece)
                else:
                    self._look(item.blocks[0])
                if words.endswith(":") and v.releases_in(words, self.product):
                    self.context = replace(self.context, lost=True)
        is_header = self.context != around  # for what is below it
        self._read(blocks)
        self.context = around if is_header else self.context

    def _look(self, block: b.Block) -> None:
        """Report what looks like a package, where no rule reads it; not what a check prints."""
        if self.context.about is About.OTHERS:
            return
        is_output = isinstance(block, b.Preformatted) and block.language == "sh"
        read = {row.version for row in self.rows if is_output and row.version}
        for number, line in enumerate(self.lines[block.first - 1 : block.last], block.first):
            if v.LOOKS.search(line) and not any(version in line for version in read):
                self._report_unread(_Piece("lines", line, number))
                break

    def _pieces(self, block: b.Preformatted | b.Table) -> Iterable[_Piece]:
        """Lines together, or the rows of a table."""
        if isinstance(block, b.Table):
            return self._table(block)
        text = _CITATION.sub("", _BULLET.sub(r"\1;", block.text))
        return [_Piece("lines", text, block.first)]

    def _table(self, table: b.Table) -> Iterator[_Piece]:
        """Rows of a table as phrases: ``xen; version 4.1-2; on Quern 4.2; into dom0``."""
        heads = [b.plain(cell) for cell in (table.head[0] if table.head else ())]
        words = [column(head, self.product) for head in heads] or ["", "version"]
        kind: _Kind = "fix" if "other" in words else "row"
        if "" not in words:
            words[0] = ""
        known = [word for word in words if word != "other"]
        fixed = any(word == "version" or word.startswith("for ") for word in words)
        if "?" in words or not fixed or len(set(known)) < len(known):
            yield _Piece("item", " | ".join(heads), table.first)
            return
        drawn = enumerate(self.lines[table.first - 1 : table.last], table.first)
        numbers = [n for n, line in drawn if "|" in line and not is_edge(line)]
        above = [""] * len(words)
        for line, row in zip(numbers[len(table.head) :], table.body, strict=False):
            filled = zip_longest(map(b.plain, row), above, words, fillvalue="")
            cells = above = [c or old * (word in ("on", "into")) for c, old, word in filled]
            pairs = [pair for pair in zip(words, cells, strict=False) if pair[1].strip("-–— ")]
            text = "; ".join(" ".join(pair).strip() for pair in pairs if pair[0] != "other")
            yield _Piece(kind, text, line, " | ".join(cells))

    # --- sections

    def _begin_section(self, text: str, level: int) -> None:
        places, is_header = _places(text, self.product)  # "Quern 4.2"
        if level <= self._remedy and not is_header:
            self._remedy = level if says_what_to_do(text.lower()) else _NO_LEVEL
            self._above = {}
        reads = self._remedy < _NO_LEVEL and not _ASIDE.match(text)
        self._above = {n: said for n, said in self._above.items() if n < level} | {level: places}
        self.base = {kind: said[kind] for said in self._above.values() for kind in said}
        self.heading = _Context(About.NOTHING if reads else About.OTHERS, self.base)
        goes_on = is_header and self.context.about is About.FIXES  # "These packages fix it:"
        self.context = replace(self.heading, about=About.FIXES) if goes_on else self.heading

    def _end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_header()
        rows, self.rows = self.rows[self._begun :], self.rows[: self._begun]
        (targets,) = self._installed if len(self._installed) == 1 else ((),)
        for row in rows:
            open_ = row.fix is Fix.AVAILABLE and not row.target
            self.rows += [replace(row, target=t) for t in targets if open_] or [row]
        self._begun, self._installed = len(self.rows), set()

    # --- headers and rows

    def _take(self, piece: _Piece) -> bool:
        """Read words that may be a header, or packages; return whether they were."""
        if self.context.about is About.OTHERS:
            return False
        phrase = Phrase(piece.text, self.product, label=piece.kind == "label")
        if phrase.header:
            self._header(phrase.header, piece.line)
        elif not self._expects(piece.kind, phrase):
            return False
        unclear = self.context.about is About.UNCLEAR and piece.kind != "fix"
        accepts = not (unclear or self.context.lost)
        if not (phrase.is_header or (accepts and self._add(phrase.entries, piece, phrase.header))):
            self._report_unread(piece)
        return True

    def _expects(self, kind: _Kind, phrase: Phrase) -> bool:
        """Whether words of this kind should name packages here, so that nothing else may come."""
        announced, lost = self.context.about is About.FIXES, self.context.lost
        headed = self.header > 0 and self.context.about is not About.UNCLEAR
        if kind == "lines":  # they may be code, or what it prints
            plain = phrase.is_plain and (announced or headed or lost)
            return plain or (announced and headed and not lost)
        is_due = kind == "item" and (announced or headed)
        return is_due or phrase.is_plain or kind in ("row", "fix")

    def _header(self, header: Said, line: int) -> None:
        """Take what a header says of the packages below; what was said after its like is over.

        "For R4.2:" right below "In dom0:" is in dom0; after packages, it is not.
        """
        said = self.context.said
        if "release" in header and "release" in said:
            self._close_header()
        elif "release" in header and not self.header:
            said = self.base
        said = held(said, *header) | header
        self.context = _Context(self.context.about, said)
        self.header = line if "release" in header else self.header or line

    def _close_header(self) -> None:
        """Where packages are announced, something must come of each header."""
        if self.header and self.context.about is About.FIXES:
            self._report(self.header, "no package can be read below this")
        self.header = 0

    # --- running text

    def _announcement(self, piece: _Piece) -> None:
        """Take what the last sentence of a paragraph says of the packages below it."""
        before, above, heading = self.context, self.header, self.heading
        self._close_header()
        self.context, self.base = heading, heading.said
        if not piece.text.rstrip().endswith(":"):
            if heading.about is About.NOTHING and before.about in (About.OTHERS, About.UNCLEAR):
                self.context = replace(heading, about=About.UNCLEAR)
            return
        last = " ".join(v.SENTENCE_END.split(piece.text)[-1].split())
        placed = last.startswith(("For ", "In ", "On "))
        said, _ = _places(last, self.product)
        about = About.NOTHING if placed else announcement(last)
        if about is not About.NOTHING:
            self.base = said | heading.said | said
            self.context = _Context(about, self.base)
        else:
            lost = placed or above or "release" in said or _NUMBERED.search(last)
            listed = any(row.release for row in self.rows[self._begun :])  # "Tested with:"
            lost = lost or (listed and "release" not in heading.said)
            self.context = replace(heading, about=before.about, lost=bool(lost))

    def _prose(self, piece: _Piece, block: b.Block) -> None:
        """Read running text; in other sections, what is announced must be in a list."""
        if self.heading.about is About.OTHERS:
            self._look(block)
        self._announcement(piece)
        self._sentences(piece)

    def _sentences(self, piece: _Piece) -> None:
        """Read sentences; where one names a release, each package needs one."""
        if self.heading.about is not About.NOTHING:
            return
        placed = "release" in self.context.said or not v.releases_in(piece.text, self.product)
        at = 0
        for text in v.SENTENCE_END.split(piece.text):
            at = piece.text.index(text, at)
            sentence = _Piece("prose", text, piece.line + piece.text.count("\n", 0, at))
            if (targets := installed_in(text)) is not None:
                self._installed.add(targets)
            found = read_sentence(text, self.product)
            if found is None:
                self._report_unread(sentence)
            elif not placed and any(e.version and "release" not in e.said for e in found):
                self._report(sentence.line, "names a package, but not for which release")
            else:
                self._add(found, sentence)

    # --- rows and findings

    def _add(self, entries: Collection[Entry], piece: _Piece, header: Said | None = None) -> bool:
        """Add the rows of entries, for each release and target that hold for them.

        What a ``header`` beside them says holds of some of them: each has it, or more.

        Return whether there are any. There are none if several releases are above several versions
        of a package: below "Quern 4.2   Quern 4.3", "xen   4.1-2   4.1-3" is not clear.
        """
        said = self.context.said
        if piece.kind == "prose" and not header and all("release" in e.said for e in entries):
            said = held(said, "release")
        above = {kind: names for kind, names in said.items() if kind not in (header or ())}
        open_ = {(e.package, e.version) for e in entries if "release" not in e.said and e.version}
        if len(above.get("release", ())) > 1 and len(open_) > len({name for name, _ in open_}):
            return False
        for e in entries if len(self.rows) <= MOST_ROWS else ():
            self.rows += e.rows(above, piece.line + piece.text.count("\n", 0, e.at))
            self.header = 0
        return bool(entries)

    def _report_unread(self, piece: _Piece) -> None:
        text = " ".join((piece.cells or piece.text).split())
        self._report(piece.line, f"no package and version can be read here: {text[:60]!r}")

    def _report(self, line: int, message: str) -> None:
        """Note what is not read as packages, but may be some."""
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self.header = 0


@lru_cache(maxsize=1000)  # most texts have the same headings
def _places(text: str, product: str) -> tuple[Said, bool]:
    """The target and the releases that a heading or an announcement names, and if it is a header.

    What is returned must not be changed.
    """
    phrase, inside = Phrase(text, product), _INSIDE.search(text)
    target = phrase.header.get("target") or (v.target_names(inside[1]) if inside else ())
    said = {"target": target, "release": v.releases_in(text, product)}
    return {kind: names for kind, names in said.items() if names}, phrase.is_header


def _words(block: b.Block) -> str:
    """The words of a paragraph with its line breaks, without citations."""
    inlines = block.inlines if isinstance(block, b.Paragraph) else ()
    return "".join(b.words(i) for i in inlines if not isinstance(i, b.Citation))


def column(head: str, product: str) -> str:
    """What to say before the cells of a column, by its head; ``?`` if its head does not say.

    Quern 4.2 => for Quern 4.2
    Fixed in version => version
    Remarks => other
    Colour => ?
    """
    release = f"for {re.sub('^[Ff]or ', '', head)}"
    if v.releases_in(release, product):
        return release
    words = (word for word, form in _COLUMNS if re.match(form, head, re.IGNORECASE))
    return next(words, "?")
