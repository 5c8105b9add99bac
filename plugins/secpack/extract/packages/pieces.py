"""Blocks of a document as a flat list of pieces of text, each of which may name packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from secpack.extract.packages import vocabulary
from secpack.model import blocks
from secpack.model.archive import Document
from secpack.model.blocks import Heading, ListBlock, Paragraph, Preformatted, Table, plain
from secpack.parser.rules.bars import is_edge

_BULLET: Final = re.compile(r"^(\s*)[-*•](?=\s)", re.MULTILINE)

# What the heads of columns say.
_ROLES: Final = re.compile(
    r"(?P<target>^(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)$)"
    r"|(?P<other>.*\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?"
    r"|repositor\w+|replace[sd])\b)|(?P<name>.*\b(?:packages?|component)\b)"
    r"|(?P<release>.*\breleases?$)|(?P<fixed>.*\b(?:fixed|new|patched|updated|versions?)\b)",
    re.IGNORECASE,
)


class Kind(Enum):
    """What a piece is, which decides how certain it is that it names packages."""

    HEADING = auto()
    PROSE = auto()  # a paragraph
    LINES = auto()  # indented lines
    ITEM = auto()
    LABEL = auto()  # an item with more below it, or a numbered one
    ROW = auto()  # of a table, as a phrase
    FIX = auto()  # the same, of a table that tells old and fixed versions apart


class Piece(NamedTuple):
    """Words that belong together, with the number of their first line.

    ``depth`` is the level of a heading; of all others it counts the items around them.
    """

    kind: Kind
    text: str
    line: int
    depth: int = 0


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
    return _pieces(document.blocks, document, 0)


def _pieces(parts: Iterable[blocks.Block], document: Document, depth: int) -> Iterator[Piece]:
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
                    yield from _pieces(rest, document, depth + 1)
            case Table():
                yield from _rows(block, document, depth)


def _words(block: blocks.Block) -> str:
    """The words of a paragraph with its line breaks, without citations."""
    inlines = block.inlines if isinstance(block, Paragraph) else ()
    return "".join(blocks.words(i) for i in inlines if not isinstance(i, blocks.Citation))


def _rows(table: Table, document: Document, depth: int) -> Iterator[Piece]:
    """Rows of a table as phrases: ``xen (for Quern 4.2; in dom0) version 4.1-2``."""
    product = vocabulary.product_of(document)
    heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
    roles = [_role(head, product) for head in heads] or ["name", "fixed"]
    kind = Kind.FIX if "other" in roles else Kind.ROW
    if "name" not in roles:
        roles[0] = "name"
    fixed = [role for role in roles if role == "fixed" or role.startswith("for ")]
    clear = [role for role in roles if role != "other"]
    if "" in roles or not fixed or {"fixed"} < set(fixed) or len(set(clear)) < len(clear):
        yield Piece(Kind.ITEM, " | ".join(heads), table.first, depth)
        return
    for line, row in zip(_lines(table, document), table.body, strict=False):
        cells = dict(zip(roles, map(plain, row), strict=False))
        for role in filter(cells.__contains__, fixed):
            yield Piece(kind, _phrase(cells, role), line, depth)


def _role(head: str, product: str) -> str:
    """What a column has, by its head; nothing if that cannot be told.

    Quern 4.2 => for Quern 4.2
    Fixed in version => fixed
    Remarks => other
    Colour =>
    """
    release = f"for {re.sub('^[Ff]or ', '', head)}"
    if vocabulary.releases_in(release, product):
        return release
    match = _ROLES.match(head)
    return str(match.lastgroup) if match else ""


def _lines(table: Table, document: Document) -> list[int]:
    """The numbers of the lines of a table's body."""
    lines = document.file.data.decode("utf-8", "replace").split("\n")
    drawn = range(table.first, table.last + 1)
    rows = [n for n in drawn if "|" in lines[n - 1] and not is_edge(lines[n - 1])]
    return rows[len(table.head) :]


def _phrase(cells: dict[str, str], role: str) -> str:
    """A row's cells as a phrase; what says neither a release nor a target leaves it unread."""
    release, target = cells.get("release", ""), cells.get("target", "")
    places = [role] if role != "fixed" else []
    if vocabulary.release_numbers(release):
        places.append(f"for {release.removeprefix('for ')}")
    if vocabulary.read_targets(target):
        places.append(f"in {target}")
    if len(places) < bool(release) + bool(target) + (role != "fixed"):
        return " | ".join(cells.values())
    where = f" ({'; '.join(places)})" if places else ""
    return f"{cells['name']}{where} version {cells[role]}"
