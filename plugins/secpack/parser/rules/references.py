"""References and notes: ``[1] …`` at the start of a paragraph."""

from __future__ import annotations

from secpack.model.blocks import Reference, References
from secpack.parser.inline import citation_label
from secpack.parser.lines import (
    DASHES,
    LABEL,
    LOOK_AHEAD,
    URL_LINE,
    Line,
    Lines,
    chunk_end,
    skip_blank,
)
from secpack.parser.rules import Parsed, Scope
from secpack.parser.rules.headings import REFERENCE_SECTIONS, is_heading


def parse_references(lines: Lines, position: int, scope: Scope) -> Parsed[References]:
    """Read ``[1] …`` at the start of a paragraph, and the references that follow it."""
    match = LABEL.match(lines[position].text)
    if not match or not _defines(match["label"], scope):
        return None
    start, items = position, []
    while position < len(lines) and (match := LABEL.match(lines[position].text)):
        end = _reference_end(lines, position, match["label"], scope)
        own = lines[position:end]
        blocks = scope.item(own, match.end(), match.end())
        extent = own[0].number, own[-1].number
        items.append(Reference(*extent, match["label"], match["marker"], blocks))
        position = end
    return References(lines[start].number, lines[position - 1].number, tuple(items)), position


def _defines(label: str, scope: Scope) -> bool:
    """Whether a label at the start of a paragraph defines a reference.

    In a reference section it does. Elsewhere it is a citation that opens a sentence if a reference
    section defines it, and a word in brackets is no label: ``[Note] …``.
    """
    if scope.section in REFERENCE_SECTIONS:
        return True
    return not label.isalpha() and citation_label(label) not in scope.reserved


def _reference_end(lines: Lines, position: int, label: str, scope: Scope) -> int:
    """Return the index after a reference and the blank lines below it."""
    has_url = "://" in lines[position].text
    end = position + 1
    while end < len(lines):
        if lines[end].blank:
            following = skip_blank(lines, end)
            if following == len(lines) or not _goes_on(lines, following, scope, has_url=has_url):
                return following
            end = following
        elif _starts_reference(lines[end], label) or _breaks_off(lines, end):
            return end
        has_url |= "://" in lines[end].text
        end += 1
    return end


def _breaks_off(lines: Lines, position: int) -> bool:
    return is_heading(lines, position) or bool(DASHES.fullmatch(lines[position].text))


def _goes_on(lines: Lines, position: int, scope: Scope, *, has_url: bool) -> bool:
    """Whether a further paragraph is part of a reference.

    An indented paragraph is. In a reference section, so is the URL that the reference lacks, or a
    note before the next reference.
    """
    line = lines[position]
    if LABEL.match(line.text) or is_heading(lines, position):
        return False
    if line.indent >= 2:
        return True
    if scope.section not in REFERENCE_SECTIONS or DASHES.fullmatch(line.text):
        return False
    is_url = bool(URL_LINE.fullmatch(line.text))
    return not has_url and (is_url or _more_follow(lines, position))


def _more_follow(lines: Lines, position: int) -> bool:
    """Whether the next paragraph begins another reference."""
    following = skip_blank(lines, chunk_end(lines, position, LOOK_AHEAD))
    return following < len(lines) and bool(LABEL.match(lines[following].text))


def _starts_reference(line: Line, label: str) -> bool:
    """Whether a line right below a reference begins the next one, and is no wrapped citation."""
    match = LABEL.match(line.text)
    if not match:
        return False
    rest = line.text[match.end() :]
    if not rest or URL_LINE.match(rest) or not match["label"].isdigit():
        return True
    return label.isdigit() and int(match["label"]) == int(label) + 1
