"""Quotations: what stands behind ``|`` bars."""

from __future__ import annotations

from secpack.model.blocks import Quotation
from secpack.parser import patterns as marks
from secpack.parser.lines import Line
from secpack.parser.state import Found, Lines, State, has_bar, is_heading, skip_blank, span, without


def parse_quotation(lines: Lines, position: int, state: State) -> Found[Quotation]:
    """Lines behind ``|`` bars, up to a blank line that no bar follows."""
    framed = (
        marks.BOX.fullmatch(lines[position].text)
        and position + 1 < len(lines)
        and has_bar(lines[position + 1])
    )
    if not (has_bar(lines[position]) or framed):
        return None
    end = _quotation_end(lines, position, state)
    first, last, behind = span(lines, position, end)
    content = [_without_bar(line) for line in lines[position:behind]]
    for edge in (0, end - position - 1):
        if marks.BOX.fullmatch(lines[position + edge].text):
            content[edge] = Line(content[edge].number, "")
    return Quotation(first, last, state.nested(content, in_item=False)), behind


def _without_bar(line: Line) -> Line:
    if has_bar(line):
        match = marks.BAR.match(line.text)
        assert match is not None
        return without(line, match.end())
    return without(line, line.text.index("+") + 1) if marks.BOX.fullmatch(line.text) else line


def _quotation_end(lines: Lines, position: int, state: State) -> int:
    """The index behind a quotation's last line; gaps and lines that lost their bar are in it."""
    end, unbarred = position, []
    while end < len(lines):
        line = lines[end]
        if line.blank:
            following = skip_blank(lines, end)
            if following == len(lines) or not has_bar(lines[following]):
                break
            end = following
        elif not has_bar(line) and not marks.BOX.fullmatch(line.text):
            if not _lost_its_bar(lines, end):
                break
            unbarred.append(line.number)
        end += 1
    if unbarred:
        message = (
            f"{len(unbarred)} line(s) of a quotation lost the bar at the margin: wrap it again"
        )
        state.report(unbarred[0], "quotation-wrapped", message)
    return end


def _lost_its_bar(lines: Lines, position: int) -> bool:
    """Whether an unbarred line right below a quotation goes on with its sentence."""
    if is_heading(lines, position) or marks.DASHES.fullmatch(lines[position].text):
        return False
    above = lines[position - 1].text.strip(" |").rstrip(")]\"'”’")
    ended = not above or above.endswith((".", "!", "?", ":"))
    if ended and lines[position].text.endswith(":"):
        return False
    if position + 1 < len(lines) and has_bar(lines[position + 1]):
        return True
    return not ended
