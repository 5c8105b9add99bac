"""How a text begins: the banner with issuer, kind and number, a date, a title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.model.blocks import Letterhead
from secpack.parser.dates import DATE, LIKE_A_DATE, parse_date
from secpack.parser.lines import BAR, BOX, BULLET, LABEL, NUMBER, SHELL, Line, Lines, skip_blank
from secpack.parser.rules.headings import is_heading

_MAX_TITLE_LINES: Final = 4
_MAX_TITLE_LINE: Final = 500
_BANNER: Final = re.compile(
    r"-{1,10}={0,10}\[ {0,9}(?P<issuer>\S.{0,60}?) {1,9}(?P<kind>Security {1,9}Bulletin|Canary)"
    r" {1,9}#? {0,9}(?P<number>\S{1,12}?) {0,9}\]={0,10}-{1,10}"
)
_EXPECTED: Final = "expected a line like ---===[ Issuer Security Bulletin 001 ]===---"
_DATE_LINE: Final = re.compile(
    rf"(?:\(?(?:updated|revised|date|published):? )?(?:{DATE})\)?", re.IGNORECASE
)
_SPACE: Final = re.compile(r"[ \t]+")


def parse_letterhead(lines: Lines, *, path: str) -> tuple[Letterhead, int]:
    """Read the letterhead; return it and the index of the first line after it.

    Raises ParseError when there is no banner, its number is not one, or the date does not exist.
    """
    start = skip_blank(lines, 0)
    banner = lines[start].text.strip(" \t")
    match = _match_banner(banner, path, lines[start].number)
    position = skip_blank(lines, start + 1)
    date_text, issued, position = _parse_date_line(lines, position, path=path)
    title, subtitle, position = _parse_title(lines, position)
    _check_title(lines[:position], (*title, *subtitle), path)
    letterhead = Letterhead(
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
    )
    return letterhead, position


def _match_banner(banner: str, path: str, line: int) -> re.Match[str]:
    match = _BANNER.fullmatch(banner.lstrip("\ufeff \t"))
    if match is None:
        raise ParseError(f"{banner[:60]!r} is no banner; {_EXPECTED}", path=path, line=line)
    if not match["number"].isascii() or not match["number"].isdigit():
        message = f"{match['number']!r} is not a number; {_EXPECTED}"
        raise ParseError(message, path=path, line=line)
    return match


def _parse_date_line(lines: Lines, position: int, *, path: str) -> tuple[str, date | None, int]:
    if position == len(lines):
        return "", None, position
    text = lines[position].text.strip(" \t")
    try:
        return text, parse_date(text), skip_blank(lines, position + 1)
    except ValueError:
        if LIKE_A_DATE.match(text):
            message = f"{text!r} is not a date; expected 2018-05-24 or May 24, 2018"
            raise ParseError(message, path=path, line=lines[position].number) from None
    return "", None, position


def _parse_title(lines: Lines, position: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Read title and subtitle: centred lines, or lines at the margin above the first section."""
    title, after = _chunk(lines, position)
    if not title or title[-1].text.endswith(":"):
        return (), (), position
    if not (_is_centred(title[1:] or title) or _stands_alone(lines, title, after)):
        return (), (), position
    subtitle, end = _chunk(lines, after)
    if not subtitle or not _is_centred(subtitle):
        return _squeezed(title), (), after
    return _squeezed(title), _squeezed(subtitle), end


def _check_title(lines: Lines, title: Sequence[str], path: str) -> None:
    """Refuse a date among the lines of the title. Raises ParseError."""
    for line in lines:
        text = " ".join(line.text.split())
        if text in title and _DATE_LINE.fullmatch(text):
            message = f"{text!r} where the title is; expected one date, right below the header"
            raise ParseError(message, path=path, line=line.number)


def _chunk(lines: Lines, position: int) -> tuple[Lines, int]:
    """Return the lines up to a blank line or a heading, and the index after them.

    Returns no lines if they are too many or too long for a title.
    """
    end = position
    while end < len(lines) and not lines[end].blank and not is_heading(lines, end):
        if end - position >= _MAX_TITLE_LINES or len(lines[end].text) > _MAX_TITLE_LINE:
            return [], position
        end += 1
    return lines[position:end], skip_blank(lines, end)


def _is_centred(chunk: Lines) -> bool:
    return all(line.indent >= 2 and not _has_marker(line) for line in chunk)


def _stands_alone(lines: Lines, chunk: Lines, after: int) -> bool:
    """Whether lines at the margin are a title: one or two above the first section, no sentence."""
    ends_sentence = chunk[-1].text.endswith((".", ":", "!"))
    first_section = after < len(lines) and is_heading(lines, after)
    marked = any(_has_marker(line) for line in chunk)
    return len(chunk) <= 2 and first_section and not ends_sentence and not marked


def _has_marker(line: Line) -> bool:
    return any(mark.match(line.text) for mark in (BAR, BULLET, NUMBER, SHELL, LABEL, BOX))


def _squeezed(chunk: Lines) -> tuple[str, ...]:
    return tuple(_SPACE.sub(" ", line.text.strip(" \t")) for line in chunk)
