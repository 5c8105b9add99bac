"""Tables drawn with bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from secpack.model.blocks import Table
from secpack.parser import patterns as marks
from secpack.parser.state import Found, Lines, State, span


def parse_table(lines: Lines, position: int, state: State) -> Found[Table]:
    """Rows whose cells are parted by bars, with a row of dashes below the head or around all."""
    opening = [line.text for line in lines[position : position + 3]]
    if not any("|" in row or "+" in row for row in opening):  # nor can any be an edge
        return None
    edges = [marks.is_edge(row) for row in opening]
    if all(edges) or not (any(edges) or _is_framed(opening)):
        return None
    end = position
    while end < len(lines) and _is_row(lines[end].text):
        end += 1
    rows = [line.text for line in lines[position:end]]
    written = [row for row in rows if not marks.is_edge(row)]
    if not written:
        return None
    cells = tuple(tuple(state.inline(cell) for cell in _cells(row)) for row in written)
    head = _head_count(rows)
    first, last, behind = span(lines, position, end)
    return Table(first, last, cells[:head], cells[head:]), behind


def _is_framed(rows: Sequence[str]) -> bool:
    """Whether two rows have bars at both sides and as many cells: a table without edges."""
    first, second = ([*rows, "", ""])[:2]
    framed = all(row.startswith("|") and row.endswith("|") for row in (first, second))
    return framed and first.count("|") == second.count("|") >= 3


def _is_row(text: str) -> bool:
    return marks.is_edge(text) or "|" in text.strip(" \t").strip("|")


def _head_count(rows: Sequence[str]) -> int:
    """How many written rows stand above the first edge that has written rows on both sides."""
    written = [n for n, row in enumerate(rows) if not marks.is_edge(row)]
    for edge, row in enumerate(rows):
        if marks.is_edge(row) and written[0] < edge < written[-1]:
            return sum(1 for n in written if n < edge)
    return 0


def _cells(row: str) -> Iterator[str]:
    inner = row.strip(" \t").removeprefix("|").removesuffix("|")
    return (cell.strip(" \t") for cell in inner.split("|"))
