"""Terms with what is said of them, and dated lines: a changelog, a timeline."""

from __future__ import annotations

import re

from secpack.model.blocks import Definition, Definitions
from secpack.parser import patterns as marks
from secpack.parser.lines import dedent
from secpack.parser.state import (
    DATED_SECTIONS,
    Found,
    Lines,
    State,
    is_heading,
    skip_blank,
    without,
)

_PATTERNS = (marks.DATED, marks.DATED_LOOSELY, marks.TERM)


def parse_definitions(lines: Lines, position: int, state: State) -> Found[Definitions]:
    """``XSA-237 - …`` several times, or dated lines: a changelog, a timeline."""
    pattern = next((p for p in _PATTERNS if p.match(lines[position].text)), None)
    if pattern is None:
        return None
    start, found = position, []
    while position < len(lines) and (match := pattern.match(lines[position].text)):
        end = _definition_end(lines, position, pattern)
        found.append((match, lines[position:end]))
        position = end
    dated = pattern is not marks.TERM and state.section in DATED_SECTIONS
    if len(found) < 2 and not dated:
        return None
    items = tuple(_definition(own, match, state) for match, own in found)
    return Definitions(lines[start].number, lines[position - 1].number, items), position


def _definition(lines: Lines, match: re.Match[str], state: State) -> Definition:
    content = [without(lines[0], match.end())]
    content += [dedent(line, match.end()) for line in lines[1:]]
    return Definition(
        first=lines[0].number,
        last=lines[-1].number,
        term=state.inline(match["term"]),
        separator=match["separator"],
        blocks=state.nested(content, in_item=True),
    )


def _definition_end(lines: Lines, position: int, pattern: re.Pattern[str]) -> int:
    end = position + 1
    while end < len(lines):
        if lines[end].blank:
            following = skip_blank(lines, end)
            if following == len(lines) or lines[following].indent < 2:
                return following
            end = following
        elif pattern.match(lines[end].text) or is_heading(lines, end):
            return end
        end += 1
    return end
