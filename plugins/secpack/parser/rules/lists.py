"""Lists, nested by indentation."""

from __future__ import annotations

from dataclasses import dataclass

from secpack.model.blocks import Item, ListBlock, Reference, References
from secpack.parser import patterns as marks
from secpack.parser.lines import Line, dedent
from secpack.parser.state import (
    LOOK_AHEAD,
    REFERENCE_SECTIONS,
    Found,
    Lines,
    State,
    has_bar,
    is_heading,
    skip_blank,
    without,
)


@dataclass(frozen=True, slots=True)
class _Marker:
    style: str
    number: int | None
    indent: int
    width: int
    length: int


def _marker(line: Line) -> _Marker | None:
    match = marks.BULLET.match(line.text)
    number = None
    if match:
        style = match["marker"]
    else:
        match = marks.NUMBER.match(line.text)
        if match is None:
            return None
        digits = match["marker"].isdigit()
        number = int(match["marker"]) if digits else ord(match["marker"]) - ord("a") + 1
        style = ("1" if digits else "a") + match["stop"]
    width = len(match[0].expandtabs(8))
    return _Marker(style, number, line.indent, width, match.end())


def parse_list(lines: Lines, position: int, state: State) -> Found[ListBlock | References]:
    """Items with bullets, numbers or letters; a reference section's numbers are labels."""
    marker = _marker(lines[position])
    if marker is None or (marker.style[0] == "a" and marker.number != 1):
        return None
    start, items = position, []
    while marker is not None:
        end = _item_end(lines, position, marker)
        items.append(_item(lines[position:end], marker, state))
        position = end
        marker = _sibling(lines[position], marker) if position < len(lines) else None
    first, last = lines[start].number, lines[position - 1].number
    block = ListBlock(first, last, _style(lines[start]), tuple(items))
    if state.section in REFERENCE_SECTIONS and not state.depth and block.style[0] == "1":
        return _as_references(block), position
    return block, position


def _style(line: Line) -> str:
    marker = _marker(line)
    assert marker is not None
    return marker.style


def _item(lines: Lines, marker: _Marker, state: State) -> Item:
    content = [without(lines[0], marker.length)]
    content += [dedent(line, marker.width) for line in lines[1:]]
    blocks = state.nested(content, in_item=True)
    return Item(lines[0].number, lines[-1].number, marker.number, blocks)


def _sibling(line: Line, marker: _Marker) -> _Marker | None:
    """The marker of a line, if it begins the next item of the same list."""
    other = _marker(line)
    if other is None or other.style != marker.style:
        return None
    if not marker.indent - 2 <= other.indent < marker.width:
        return None
    if marker.number is not None and other.number is not None and other.number <= marker.number:
        return None
    return other


def _item_end(lines: Lines, position: int, marker: _Marker) -> int:
    """The index behind an item and the blank lines that follow it."""
    end = position + 1
    while end < len(lines):
        if lines[end].blank:
            following = skip_blank(lines, end)
            if following == len(lines) or not _belongs(lines[following], marker):
                return following
            end = following
        elif _sibling(lines[end], marker) or _breaks_item(lines, end, marker):
            return end
        end += 1
    return end


def _belongs(line: Line, marker: _Marker) -> bool:
    return line.indent > marker.indent and _sibling(line, marker) is None


def _breaks_item(lines: Lines, position: int, marker: _Marker) -> bool:
    """Whether a line right below an item's is no part of it, though no blank line parts them."""
    line = lines[position]
    if line.indent > marker.indent:
        return False
    if _marker(line):
        ended = lines[position - 1].text.endswith((".", ":", ";", ","))
        return (
            ended or line.indent < marker.indent or begins_list(lines, position, introduced=False)
        )
    if line.text.endswith(":") and position + 1 < len(lines) and _marker(lines[position + 1]):
        return True
    if marks.RELEASE.match(line.text.strip(" \t")) or _is_behind(lines, position, marker):
        return True
    return (
        is_heading(lines, position)
        or has_bar(line)
        or bool(marks.DASHES.fullmatch(line.text))
        or bool(marks.SHELL.match(line.text))
    )


def _is_behind(lines: Lines, position: int, marker: _Marker) -> bool:
    """Whether a sentence that stands further left than the bullets begins below a finished one."""
    line, above = lines[position], lines[position - 1]
    further_left = marker.indent - line.indent >= 2
    return further_left and above.text.endswith((".", ":", "!", "?")) and line.text[:1].isupper()


def _as_references(block: ListBlock) -> References:
    items = tuple(
        Reference(
            item.first, item.last, str(item.number), f"{item.number}{block.style[1]}", item.blocks
        )
        for item in block.items
    )
    return References(block.first, block.last, items)


def begins_list(lines: Lines, position: int, *, introduced: bool) -> bool:
    """Whether a marker within a paragraph is meant as one: below a colon, or not alone."""
    marker = _marker(lines[position])
    if marker is None or (marker.style[0] == "a" and marker.number != 1):
        return False
    if introduced:
        return True
    if marker.number not in (None, 1):
        return False
    above = lines[position - 1]
    if marker.indent - above.indent in (2, 3, 4) and marker.number is None:
        return True
    return _has_sibling(lines, position, marker)


def _has_sibling(lines: Lines, position: int, marker: _Marker) -> bool:
    """Whether a second item follows the lines of this one."""
    end = min(len(lines), position + LOOK_AHEAD)
    following = position + 1
    while following < end and (lines[following].blank or lines[following].indent > marker.indent):
        if _sibling(lines[following], marker):
            return True
        following += 1
    return following < end and _sibling(lines[following], marker) is not None
