"""Quotations and tables, which are drawn with bars."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from secpack.model.blocks import Paragraph, Preformatted, Quotation, Table
from secpack.model.findings import counted
from secpack.parser import lines as marks
from secpack.parser.lines import Line, Lines
from secpack.parser.rules import Parsed, Scope
from secpack.parser.rules.headings import breaks_off
from secpack.parser.rules.preformatted import preformatted

_EDGE_SIGNS: Final = frozenset(" \t|+:=-")
_COLUMNS: Final = re.compile(r"[^\s.:!?] {2,}\S")
_DASHED: Final = re.compile(r" {0,3}[-=]{3,}(?: {1,40}[-=]{3,}){0,40}")

# --- quotations -------------------------------------------------------------------------------


def parse_quotation(lines: Lines, position: int, scope: Scope) -> Parsed[Quotation]:
    """Read lines after bars, ``|`` or ``>``, up to a blank line without a bar below it."""
    drawn, below = marks.bar(lines[position]), lines[position + 1 : position + 2]
    if not drawn and marks.BOX.fullmatch(lines[position].text) and below:
        drawn = marks.bar(below[0]).strip(">")
    if not drawn:
        return None
    end = _quotation_end(lines, position, drawn, scope)
    first, last, after = marks.span(lines, position, end)
    content = [_without_bar(line, drawn) for line in lines[position:after]]
    for edge in (0, end - position - 1):
        if marks.BOX.fullmatch(lines[position + edge].text):
            content[edge] = Line(content[edge].number, "")
    return Quotation(first, last, scope.nested(content, in_item=False)), after


def _without_bar(line: Line, drawn: str) -> Line:
    if marks.bar(line) == drawn:
        match = marks.BAR.match(line.text)
        assert match is not None
        return marks.without(line, match.end())
    return marks.without(line, line.text.index("+") + 1) if marks.BOX.fullmatch(line.text) else line


def _quotation_end(lines: Lines, position: int, drawn: str, scope: Scope) -> int:
    """Return the index after a quotation, which includes gaps and lines that lost their bar."""
    end, unbarred = position, []
    while end < len(lines):
        line = lines[end]
        if line.blank:
            following = marks.skip_blank(lines, end)
            if following == len(lines) or marks.bar(lines[following]) != drawn:
                break
            end = following
        elif marks.bar(line) != drawn and not marks.BOX.fullmatch(line.text):
            if drawn == ">" or not _lost_its_bar(lines, end):
                break
            unbarred.append(line.number)
        end += 1
    if unbarred:
        lost = counted(len(unbarred), "line")
        message = f"{lost} of a quotation lost the bar at the margin: wrap it again"
        scope.report(unbarred[0], "quotation-wrapped", message)
    return end


def _lost_its_bar(lines: Lines, position: int) -> bool:
    """Whether a line without a bar continues the sentence of the quotation above it."""
    above = lines[position - 1].text.strip(" |").rstrip(")]\"'”’")
    ended = not above or above.endswith((".", "!", "?", ":"))
    if breaks_off(lines, position) or (ended and lines[position].text.endswith(":")):
        return False
    aligned = marks.bar(lines[position - 1]) and lines[position].indent == 2  # as after "| "
    return not ended or bool(aligned) or any(map(marks.bar, lines[position + 1 : position + 2]))


# --- tables -----------------------------------------------------------------------------------


def parse_table(lines: Lines, position: int, scope: Scope) -> Parsed[Table | Preformatted]:
    """Read rows of cells between bars, with a line of dashes below the head or around all.

    Several boxes beside each other, or bars that go on below, are a diagram, shown as printed.
    """
    opening = [line.text for line in lines[position : position + 3]]
    if not any("|" in text or "+" in text for text in opening):  # and none can be an edge
        return None
    edges = [is_edge(text) for text in opening]
    if all(edges) or not (any(edges) or _is_framed(opening)):
        return None
    end = position
    while end < len(lines) and _is_row(lines[end].text):
        end += 1
    drawn = [line.text for line in lines[position:end]]
    rows = [text for text in drawn if not is_edge(text)]
    if not rows:
        return None
    if any("+  " in text for text in drawn) or any(
        "|" in line.text for line in lines[end : end + 1]
    ):
        return preformatted(lines, position, marks.chunk_end(lines, position))
    cells = tuple(tuple(scope.inline(cell) for cell in _cells(row)) for row in rows)
    head = _head_count(drawn)
    first, last, after = marks.span(lines, position, end)
    return Table(first, last, cells[:head], cells[head:]), after


def parse_ruled(lines: Lines, position: int, scope: Scope) -> Parsed[Preformatted | Paragraph]:
    """Read two or more lines between lines of dashes: rows of a table or a notice, no headings."""
    if not _DASHED.fullmatch(lines[position].text):
        return None
    end = marks.chunk_end(lines, position, marks.LOOK_AHEAD)
    own = lines[position:end]
    rows = [line for line in own if not _DASHED.fullmatch(line.text)]
    if len(rows) < 2 or not _DASHED.fullmatch(own[-1].text):
        return None
    if are_columns(rows):
        return unread_table(lines, position, end, scope)
    first, last, after = marks.span(lines, position, end)
    return Paragraph(first, last, scope.inline(marks.joined(own)), breaks=True), after


def are_columns(rows: Lines) -> bool:
    """Whether two or more lines all have words that several spaces separate."""
    return len(rows) > 1 and all(_COLUMNS.search(row.text) for row in rows)


def unread_table(lines: Lines, position: int, end: int, scope: Scope) -> tuple[Preformatted, int]:
    """Return a table without bars, or a drawing, as it is, with a finding."""
    message = "columns or a drawing, shown as printed: a table needs bars between its cells"
    scope.report(lines[position].number, "not-understood", message)
    return preformatted(lines, position, end)


def is_edge(text: str) -> bool:
    """Whether a line separates the head of a table from its body, or is its outer edge."""
    bars = "---" in text and _EDGE_SIGNS.issuperset(text) and ("|" in text or "+" in text)
    return bars or marks.BOX.fullmatch(text) is not None


def _is_framed(opening: Sequence[str]) -> bool:
    """Whether two lines have bars at both sides and as many cells: a table without edges."""
    first, second = ([*opening, "", ""])[:2]
    framed = all(text.startswith("|") and text.endswith("|") for text in (first, second))
    return framed and first.count("|") == second.count("|") >= 3


def _is_row(text: str) -> bool:
    return is_edge(text) or "|" in text.strip(" \t").strip("|")


def _head_count(drawn: Sequence[str]) -> int:
    """Return how many rows are above the first edge that has rows on both sides."""
    rows = [n for n, text in enumerate(drawn) if not is_edge(text)]
    inside = range(rows[0], rows[-1])
    return next((n - rows[0] for n in inside if is_edge(drawn[n])), 0)


def _cells(row: str) -> Iterator[str]:
    inner = row.strip(" \t").removeprefix("|").removesuffix("|")
    return (cell.strip(" \t") for cell in inner.split("|"))
