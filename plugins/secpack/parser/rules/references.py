"""References and notes: ``[1] …`` at the start of a paragraph."""

from __future__ import annotations

from secpack.model.blocks import Reference, References
from secpack.parser import patterns as marks
from secpack.parser.inline import citation_label
from secpack.parser.lines import Line, dedent
from secpack.parser.state import (
    LOOK_AHEAD,
    REFERENCE_SECTIONS,
    Found,
    Lines,
    State,
    chunk_end,
    is_heading,
    skip_blank,
    without,
)


def parse_references(lines: Lines, position: int, state: State) -> Found[References]:
    """``[1] …`` at the start of a paragraph, and those that follow it."""
    match = marks.LABEL.match(lines[position].text)
    if not match or not _defines(match["label"], state):
        return None
    start, items = position, []
    while position < len(lines) and (match := marks.LABEL.match(lines[position].text)):
        end = _reference_end(lines, position, match["label"], state)
        content = [without(lines[position], match.end())]
        content += [dedent(line, match.end()) for line in lines[position + 1 : end]]
        items.append(
            Reference(
                first=lines[position].number,
                last=lines[end - 1].number,
                label=match["label"],
                marker=match["marker"],
                blocks=state.nested(content, in_item=True),
            )
        )
        position = end
    return References(lines[start].number, lines[position - 1].number, tuple(items)), position


def _defines(label: str, state: State) -> bool:
    """Whether a label at the start of a paragraph defines a reference.

    In a section for references it does. Elsewhere it is a citation that opens a sentence, if such
    a section defines the label; and words in brackets are no labels.
    """
    if state.section in REFERENCE_SECTIONS:
        return True
    return not label.isalpha() and citation_label(label) not in state.reserved


def _reference_end(lines: Lines, position: int, label: str, state: State) -> int:
    """The index behind a reference and the blank lines that follow it."""
    has_url = "://" in lines[position].text
    end = position + 1
    while end < len(lines):
        line = lines[end]
        if line.blank:
            following = skip_blank(lines, end)
            if following == len(lines) or not _goes_on(lines, following, state, has_url=has_url):
                return following
            end = following
        elif (
            _starts_reference(line, label)
            or is_heading(lines, end)
            or marks.DASHES.fullmatch(line.text)
        ):
            return end
        has_url |= "://" in lines[end].text
        end += 1
    return end


def _goes_on(lines: Lines, position: int, state: State, *, has_url: bool) -> bool:
    """Whether a paragraph below a reference is part of it.

    It is, when it is indented; in a section for references also when it is the address that the
    reference lacks, or goes on with a note before the next one.
    """
    line = lines[position]
    if marks.LABEL.match(line.text) or is_heading(lines, position):
        return False
    if line.indent >= 2:
        return True
    if state.section not in REFERENCE_SECTIONS or marks.DASHES.fullmatch(line.text):
        return False
    is_address = bool(marks.URL_LINE.fullmatch(line.text))
    return not has_url and (is_address or _more_follow(lines, position))


def _more_follow(lines: Lines, position: int) -> bool:
    """Whether another reference begins behind this paragraph, before anything else does."""
    following = skip_blank(lines, chunk_end(lines, position, LOOK_AHEAD))
    return following < len(lines) and bool(marks.LABEL.match(lines[following].text))


def _starts_reference(line: Line, label: str) -> bool:
    """Whether a line directly below a reference begins the next one, not a wrapped citation."""
    match = marks.LABEL.match(line.text)
    if not match:
        return False
    rest = line.text[match.end() :]
    if not rest or marks.URL_LINE.match(rest) or not match["label"].isdigit():
        return True
    return label.isdigit() and int(match["label"]) == int(label) + 1
