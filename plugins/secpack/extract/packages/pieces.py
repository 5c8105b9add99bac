"""Blocks of a document as a flat list of pieces of text, each of which may name packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple, assert_never

from secpack.extract.packages import vocabulary
from secpack.model import blocks
from secpack.model.archive import Document
from secpack.model.blocks import Heading, ListBlock, Paragraph, Preformatted, Table, plain
from secpack.parser.rules.bars import is_edge

_BULLET: Final = re.compile(r"^(\s*)[-*•](?=\s)", re.MULTILINE)

# What the heads of columns say, and what to say before their cells.
_COLUMNS: Final = re.compile(
    r"(?P<target>^(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)$)"
    r"|(?P<other>.*\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?"
    r"|repositor\w+|replace[sd])\b)|(?P<name>.*\b(?:packages?|component)\b)"
    r"|(?P<release>.*\breleases?$)|(?P<fixed>.*\b(?:fixed|new|patched|updated|versions?)\b)",
    re.IGNORECASE,
)
_WORDS: Final = {
    "name": "", "release": "on", "target": "into", "fixed": "version", "other": "other"
}  # fmt: skip


class Kind(Enum):
    """What a piece is, which decides how certain it is that it names packages."""

    HEADING = auto()
    PROSE = auto()  # a paragraph
    LINES = auto()  # indented lines
    ITEM = auto()
    LABEL = auto()  # an item with more below it, or a numbered one
    ROW = auto()  # of a table, as a phrase
    FIX = auto()  # the same, of a table that separates old from fixed versions


class Piece(NamedTuple):
    """Words that belong together, with the number of their first line.

    ``depth`` is the level of a heading; of all others it counts the items around them. ``cells``
    are those of a table's row.
    """

    kind: Kind
    text: str
    line: int
    depth: int = 0
    cells: str = ""


def sentences_of(piece: Piece) -> Iterator[Piece]:
    """The sentences of a piece."""
    line, at = piece.line, 0
    for sentence in vocabulary.SENTENCE_END.split(piece.text):
        start = piece.text.index(sentence, at)
        line += piece.text.count("\n", at, start)
        yield piece._replace(text=sentence, line=line)
        at = start


def pieces_of(document: Document) -> Iterator[Piece]:
    """The pieces of a document; quotations and references are the words of others."""
    lines = document.file.data.decode("utf-8", "replace").split("\n")
    return _pieces(document.blocks, lines, vocabulary.product_of(document), 0)


def _pieces(
    parts: Iterable[blocks.Block], lines: Sequence[str], product: str, depth: int
) -> Iterator[Piece]:
    for block in parts:
        match block:
            case Heading():
                yield Piece(Kind.HEADING, plain(block.inlines), block.first, block.level)
            case Paragraph():
                yield Piece(Kind.PROSE, _BULLET.sub(r"\1;", _words(block)), block.first, depth)
            case Preformatted() if not block.language:
                yield Piece(Kind.LINES, _BULLET.sub(r"\1;", block.text), block.first, depth)
            case ListBlock():
                for item in block.items:
                    rest = item.blocks[1:]
                    kind = Kind.LABEL if rest or block.style[0] in "1a" else Kind.ITEM
                    words = _words(item.blocks[0]) if item.blocks else ""
                    yield Piece(kind, words, item.first, depth)
                    yield from _pieces(rest, lines, product, depth + 1)
            case Table():
                yield from _rows(block, lines, product, depth)
            case Preformatted() | blocks.Quotation() | blocks.References():
                pass  # code, and the words of others
            case blocks.Letterhead() | blocks.Definitions() | blocks.Rule() | blocks.SignOff():
                pass
            case _:
                assert_never(block)


def _words(block: blocks.Block) -> str:
    """The words of a paragraph with its line breaks, without citations."""
    inlines = block.inlines if isinstance(block, Paragraph) else ()
    return "".join(blocks.words(i) for i in inlines if not isinstance(i, blocks.Citation))


def _rows(table: Table, lines: Sequence[str], product: str, depth: int) -> Iterator[Piece]:
    """Rows of a table as phrases: ``xen; version 4.1-2; on Quern 4.2; into dom0``."""
    heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
    words = [_word(head, product) for head in heads] or ["", "version"]
    kind = Kind.FIX if "other" in words else Kind.ROW
    if "" not in words:
        words[0] = ""
    known = [word for word in words if word != "other"]
    fixed = any(word == "version" or word.startswith("for ") for word in words)
    if "?" in words or not fixed or len(set(known)) < len(known):
        yield Piece(Kind.ITEM, " | ".join(heads), table.first, depth)
        return
    drawn = range(table.first, table.last + 1)
    numbers = [n for n in drawn if "|" in lines[n - 1] and not is_edge(lines[n - 1])]
    for line, row in zip(numbers[len(table.head) :], table.body, strict=False):
        cells = [(word, plain(cell)) for word, cell in zip(words, row, strict=False)]
        labelled = [f"{word} {cell}".strip() for word, cell in cells if cell and word != "other"]
        yield Piece(kind, "; ".join(labelled), line, depth, " | ".join(map(plain, row)))


def _word(head: str, product: str) -> str:
    """What to say before the cells of a column, by its head; ``?`` if its head does not say.

    Quern 4.2 => for Quern 4.2
    Fixed in version => version
    Remarks => other
    Colour => ?
    """
    release = f"for {re.sub('^[Ff]or ', '', head)}"
    if vocabulary.releases_in(release, product):
        return release
    match = _COLUMNS.match(head)
    return _WORDS[str(match.lastgroup)] if match else "?"
