"""Lists, nested by indentation; references; terms with explanations; dated lines."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from secpack.model.blocks import Definition, Definitions, Item, ListBlock, Reference, References
from secpack.parser import lines as marks
from secpack.parser.inline import citation_label
from secpack.parser.lines import Line, Lines
from secpack.parser.rules import Parsed, Scope
from secpack.parser.rules.headings import DATED_SECTIONS, REFERENCE_SECTIONS, breaks_off, is_heading

_M = TypeVar("_M")

_NAME: Final = r"[A-Z][A-Z0-9]+-[\w-]{1,30}(?: v[0-9]{1,2})?"
_TERM: Final = re.compile(
    rf"(?P<term>{_NAME}(?:(?:,|,? and|,? &| /) {_NAME}){{0,8}})"
    r"(?P<separator>(?:[ \t]+[-–—]|:)[ \t]+)(?=\S)"
)
_RELEASE: Final = re.compile(r"(?:For|In) [A-Z]\w+(?: OS)? R?[0-9]")


def _items(
    lines: Lines,
    position: int,
    begins: Callable[[Line, _M | None], _M | None],
    belongs: Callable[[int, int, _M], bool],
    ends: Callable[[int, _M], bool],
) -> tuple[list[tuple[_M, Lines]], int]:
    """Return the mark and the lines of each item, with the blank lines below, and the index after.

    ``begins`` reads the mark of a line below an item, or of the first line. ``belongs`` decides on
    the first line of a further paragraph, of an item that begins at a line; ``ends`` on any other.
    """
    items: list[tuple[_M, Lines]] = []
    end = position
    while end < len(lines) and (mark := begins(lines[end], items[-1][0] if items else None)):
        start, end = end, end + 1
        while end < len(lines) and (lines[end].blank or not ends(end, mark)):
            following = marks.skip_blank(lines, end)
            if following > end and (following == len(lines) or not belongs(following, start, mark)):
                end = following
                break
            end = following + 1
        items.append((mark, lines[start:end]))
    return items, end


def _extent(lines: Lines) -> tuple[int, int]:
    return lines[0].number, lines[-1].number


# --- bullets, numbers, letters ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marker:
    """The marker of an item; its words begin in column ``width``, after ``length`` characters."""

    style: str
    number: int | None
    indent: int
    width: int
    length: int


def _marker(line: Line) -> _Marker | None:
    number = None
    if match := marks.BULLET.match(line.text):
        style = match["marker"]
    elif match := marks.NUMBER.match(line.text):
        digits = match["marker"].isdigit()
        number = int(match["marker"]) if digits else ord(match["marker"]) - ord("a") + 1
        style = ("1" if digits else "a") + match["stop"]
    else:
        return None
    return _Marker(style, number, line.indent, len(match[0].expandtabs(8)), match.end())


def _first_marker(line: Line) -> _Marker | None:
    """Return the marker of a line that can begin a list: letters begin with a."""
    marker = _marker(line)
    return None if marker and marker.style[0] == "a" and marker.number != 1 else marker


def parse_list(lines: Lines, position: int, scope: Scope) -> Parsed[ListBlock | References]:
    """Read items with bullets, numbers or letters; in a reference section, numbers are labels."""
    items, after = _items(
        lines,
        position,
        lambda line, before: _sibling(line, before) if before else _first_marker(line),
        lambda n, _, marker: lines[n].indent > marker.indent and not _sibling(lines[n], marker),
        lambda n, marker: bool(_sibling(lines[n], marker)) or _breaks_item(lines, n, marker),
    )
    if not items:
        return None
    own = [(m, _extent(each), scope.item(each, m.length, m.width)) for m, each in items]
    extent, style = _extent(lines[position:after]), items[0][0].style
    if scope.section in REFERENCE_SECTIONS and not scope.depth and style[0] == "1":
        notes = (Reference(*e, f"{m.number}", f"{m.number}{style[1]}", each) for m, e, each in own)
        return References(*extent, tuple(notes)), after
    return ListBlock(*extent, style, tuple(Item(*e, m.number, each) for m, e, each in own)), after


def _sibling(line: Line, marker: _Marker) -> _Marker | None:
    """Return the marker of a line that begins the next item of the same list."""
    other = _marker(line)
    if other is None or other.style != marker.style:
        return None
    ascends = marker.number is None or (other.number or 0) > marker.number
    return other if ascends and marker.indent - 2 <= other.indent < marker.width else None


def _breaks_item(lines: Lines, position: int, marker: _Marker) -> bool:
    """Whether a line right below an item is not part of it, although no blank line precedes it."""
    line = lines[position]
    if line.indent > marker.indent:
        return False
    if _marker(line):
        ended = lines[position - 1].text.endswith((".", ":", ";", ","))
        further_left = line.indent < marker.indent
        return ended or further_left or begins_list(lines, position, introduced=False)
    introduces = line.text.endswith(":") and any(map(_marker, lines[position + 1 : position + 2]))
    places = introduces or _RELEASE.match(line.text.strip(" \t")) or marks.SHELL.match(line.text)
    begins = breaks_off(lines, position) or marks.begins_quotation(lines, position)
    ended = lines[position - 1].text.endswith((".", ":", "!", "?"))
    new_sentence = ended and marker.indent - line.indent >= 2 and line.text[:1].isupper()
    return bool(places) or begins or new_sentence


def begins_list(lines: Lines, position: int, *, introduced: bool) -> bool:
    """Whether a marker within a paragraph begins a list: below a colon, or with a second item."""
    marker = _first_marker(lines[position])
    if marker is None or introduced:
        return marker is not None
    hangs = marker.number is None and marker.indent - lines[position - 1].indent in (2, 3, 4)
    return hangs or (marker.number in (None, 1) and _has_sibling(lines, position, marker))


def _has_sibling(lines: Lines, position: int, marker: _Marker) -> bool:
    """Whether a second item follows the lines of this one."""
    for line in lines[position + 1 : position + marks.LOOK_AHEAD]:
        if _sibling(line, marker) or not (line.blank or line.indent > marker.indent):
            return _sibling(line, marker) is not None
    return False


# --- references and notes ----------------------------------------------------------------------


def parse_references(lines: Lines, position: int, scope: Scope) -> Parsed[References]:
    """Read ``[1] …`` at the start of a paragraph, and the references that follow it."""
    match = marks.LABEL.match(lines[position].text)
    if not match or not _defines(match["label"], scope):
        return None
    items, after = _items(
        lines,
        position,
        lambda line, _: marks.LABEL.match(line.text),
        lambda n, start, _: _goes_on(lines, start, n, scope),
        lambda n, label: _starts_reference(lines[n], label["label"]) or breaks_off(lines, n),
    )
    own = (
        Reference(*_extent(each), m["label"], m["marker"], scope.item(each, m.end(), m.end()))
        for m, each in items
    )
    return References(*_extent(lines[position:after]), tuple(own)), after


def _defines(label: str, scope: Scope) -> bool:
    """Whether a label at the start of a paragraph defines a reference.

    In a reference section it does. Elsewhere it is a citation that opens a sentence if a reference
    section defines it, and a word in brackets is no label: ``[Note] …``, ``[dom0] …``.
    """
    opens = label[:1].isalpha() or citation_label(label) in scope.reserved
    return scope.section in REFERENCE_SECTIONS or not opens


def _goes_on(lines: Lines, position: int, further: int, scope: Scope) -> bool:
    """Whether a further paragraph is part of a reference.

    An indented paragraph is. In a reference section, so is the URL that the reference lacks, or a
    note before the next reference.
    """
    line = lines[further]
    if marks.LABEL.match(line.text) or is_heading(lines, further):
        return False
    if line.indent >= 2:
        return True
    lacks = not any("://" in own.text for own in lines[position:further])
    if scope.section not in REFERENCE_SECTIONS or marks.DASHES.fullmatch(line.text) or not lacks:
        return False
    return bool(marks.URL_LINE.fullmatch(line.text)) or _more_follow(lines, further)


def _more_follow(lines: Lines, position: int) -> bool:
    """Whether the next paragraph begins another reference."""
    following = marks.skip_blank(lines, marks.chunk_end(lines, position, marks.LOOK_AHEAD))
    return following < len(lines) and bool(marks.LABEL.match(lines[following].text))


def _starts_reference(line: Line, label: str) -> bool:
    """Whether a line right below a reference begins the next one, and is no wrapped citation."""
    match = marks.LABEL.match(line.text)
    if not match:
        return False
    rest = line.text[match.end() :]
    begins = not rest or marks.URL_LINE.match(rest) or not match["label"].isdigit()
    return bool(begins) or (label.isdigit() and int(match["label"]) == int(label) + 1)


# --- terms and dated lines --------------------------------------------------------------------


def parse_definitions(lines: Lines, position: int, scope: Scope) -> Parsed[Definitions]:
    """Read several terms, as in ``XSA-237 - …``, or dated lines: a changelog, a timeline."""
    patterns = (marks.DATED, marks.DATED_LOOSELY, _TERM)
    pattern = next((p for p in patterns if p.match(lines[position].text)), None)
    if pattern is None:
        return None
    items, after = _items(
        lines,
        position,
        lambda line, _: pattern.match(line.text),
        lambda n, *_: lines[n].indent >= 2,
        lambda n, _: bool(pattern.match(lines[n].text)) or breaks_off(lines, n),
    )
    dated = pattern is not _TERM and scope.section in DATED_SECTIONS
    if len(items) < 2 and not dated:
        return None
    own = (
        Definition(
            *_extent(each),
            scope.inline(match["term"]),
            match["separator"],
            scope.item(each, match.end(), match.end()),
        )
        for match, each in items
    )
    return Definitions(*_extent(lines[position:after]), tuple(own)), after
