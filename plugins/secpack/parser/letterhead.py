"""How a text begins: the banner with issuer, kind and number, a date, a title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.model.blocks import Letterhead
from secpack.parser import patterns as marks
from secpack.parser.dates import DATE, LIKE_A_DATE, parse_date
from secpack.parser.lines import Line
from secpack.parser.state import is_heading, skip_blank

_MAX_TITLE_LINES: Final = 4
_MAX_TITLE_LINE: Final = 500
_DATE_LINE: Final = re.compile(
    rf"(?:\(?(?:updated|revised|date|published):? )?(?:{DATE})\)?", re.IGNORECASE
)
_SPACE: Final = re.compile(r"[ \t]+")
_EXPECTED: Final = "expected a line like ---===[ Issuer Security Bulletin 001 ]===---"


def parse_letterhead(lines: Sequence[Line], *, path: str) -> tuple[Letterhead, int]:
    """Read the letterhead; return it and the index of the first line behind it.

    Raises ParseError when there is no banner, its number is not one, or the date cannot be.
    """
    start = skip_blank(lines, 0)
    banner = lines[start].text.strip(" \t")
    match = marks.BANNER.fullmatch(banner.lstrip("\ufeff \t"))
    if match is None:
        message = f"{banner[:60]!r} is no banner; {_EXPECTED}"
        raise ParseError(message, path=path, line=lines[start].number)
    if not match["number"].isascii() or not match["number"].isdigit():
        message = f"{match['number']!r} is not a number; {_EXPECTED}"
        raise ParseError(message, path=path, line=lines[start].number)
    position = skip_blank(lines, start + 1)
    date_text, issued, position = _parse_date_line(lines, position, path=path)
    title, subtitle, position = _parse_title(lines, position)
    _check_title(lines[:position], (*title, *subtitle), path)
    return (
        Letterhead(
            first=lines[0].number,
            last=lines[position - 1].number,
            line=lines[start].number,
            issuer=match["issuer"],
            kind="canary" if match["kind"] == "Canary" else "bulletin",
            number=int(match["number"]),
            banner=banner,
            date_text=date_text,
            date=issued,
            title_lines=title,
            subtitle_lines=subtitle,
        ),
        position,
    )


def _parse_date_line(
    lines: Sequence[Line], position: int, *, path: str
) -> tuple[str, date | None, int]:
    if position == len(lines):
        return "", None, position
    text = lines[position].text.strip(" \t")
    try:
        return text, parse_date(text), skip_blank(lines, position + 1)
    except ValueError:
        if LIKE_A_DATE.match(text):
            raise ParseError(
                f"{text!r} is not a date; expected 2018-05-24 or May 24, 2018",
                path=path,
                line=lines[position].number,
            ) from None
    return "", None, position


def _parse_title(
    lines: Sequence[Line], position: int
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Read title and subtitle: centred lines, or lines at the margin above the first section."""
    title, behind = _chunk(lines, position)
    if not title or title[-1].text.endswith(":"):
        return (), (), position
    if not (_is_centred(title[1:] or title) or _stands_alone(lines, title, behind)):
        return (), (), position
    subtitle, end = _chunk(lines, behind)
    if not subtitle or not _is_centred(subtitle):
        return _squeezed(title), (), behind
    return _squeezed(title), _squeezed(subtitle), end


def _check_title(lines: Sequence[Line], title: tuple[str, ...], path: str) -> None:
    """Refuse a date among the lines of the title. Raises ParseError."""
    for line in lines:
        text = " ".join(line.text.split())
        if text in title and _DATE_LINE.fullmatch(text):
            message = f"{text!r} where the title is; expected one date, right below the header"
            raise ParseError(message, path=path, line=line.number)


def _chunk(lines: Sequence[Line], position: int) -> tuple[list[Line], int]:
    """The lines up to the next blank one and the index behind it; none where a heading begins."""
    end = position
    while end < len(lines) and not lines[end].blank:
        if is_heading(lines, end):
            break
        if end - position >= _MAX_TITLE_LINES or len(lines[end].text) > _MAX_TITLE_LINE:
            return [], position
        end += 1
    return list(lines[position:end]), skip_blank(lines, end)


def _is_centred(chunk: Sequence[Line]) -> bool:
    return all(line.indent >= 2 and not _has_marker(line) for line in chunk)


def _stands_alone(lines: Sequence[Line], chunk: Sequence[Line], behind: int) -> bool:
    """Whether lines at the margin are a title: one or two above the first section, no sentence."""
    ends_sentence = chunk[-1].text.endswith((".", ":", "!"))
    first_section = behind < len(lines) and is_heading(lines, behind)
    marked = any(_has_marker(line) for line in chunk)
    return len(chunk) <= 2 and first_section and not ends_sentence and not marked


def _has_marker(line: Line) -> bool:
    patterns = (marks.BAR, marks.BULLET, marks.NUMBER, marks.SHELL, marks.LABEL, marks.BOX)
    return any(pattern.match(line.text) for pattern in patterns)


def _squeezed(chunk: Sequence[Line]) -> tuple[str, ...]:
    return tuple(" ".join(_SPACE.split(line.text.strip(" \t"))) for line in chunk)
