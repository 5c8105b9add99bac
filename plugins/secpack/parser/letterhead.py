"""How a text begins: the banner with issuer, kind and number, a date, a title."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Final, TypeAlias

from secpack.errors import ParseError
from secpack.model.blocks import Letterhead
from secpack.model.findings import Finding, Severity
from secpack.parser.dates import DATE, LIKE_A_DATE, not_a_date, parse_date
from secpack.parser.lines import BAR, BOX, BULLET, LABEL, NUMBER, SHELL, Line, Lines, skip_blank
from secpack.parser.rules.headings import is_heading

_MAX_TITLE_LINES: Final = 4
_MAX_TITLE_LINE: Final = 500
#: The words between issuer and number in the banner of each kind of text.
BANNERS: Final = (("bulletin", ("Security Bulletin",)), ("canary", ("Canary",)))

_DATE_LINE: Final = re.compile(
    rf"\(?(?P<label>(?:last )?(?:updated|revised|date|published):?(?: on)? )?(?:{DATE})\)?", re.I
)
_WEEKDAY: Final = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? ")
_SPACE: Final = re.compile(r"[ \t]+")

# With a number may go prefix and year: ``SB-2025-03``, ``2025-03``.
_YEAR: Final = r"(?:[A-Za-z]{1,10}-)?(?:(?:19|20)[0-9]{2}-)?"
#: A banner of any kind: its words, and its number.
BANNER: Final = re.compile(
    rf"-{{1,10}}={{0,10}}\[ {{0,9}}(.{{1,80}}?) {{1,9}}#? ?{_YEAR}([0-9]{{1,6}}) {{0,9}}\]=*-*"
)
ANY_TEXT: Final = "text with a banner"

Banners: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]


def parse_letterhead(
    lines: Lines, findings: list[Finding], banners: Banners, *, path: str
) -> tuple[Letterhead, int]:
    """Read the letterhead; return it and the index of the first line after it.

    A date that cannot be read goes to the ``findings``. Raises ParseError when there is no banner,
    or its number is not one.
    """
    start = skip_blank(lines, 0)
    banner = lines[start].text.strip(" \t")
    kind, match = _match_banner(banner, banners, path, lines[start].number)
    position = skip_blank(lines, start + 1)
    date_text, issued, position = _parse_date_line(lines, position)
    if date_text and issued is None:
        message = not_a_date(date_text)
        number = lines[skip_blank(lines, start + 1)].number
        findings.append(Finding(path, number, "date-unread", message, Severity.ERROR))
    title, subtitle, position = _parse_title(lines, position)
    _check_title(lines[:position], (*title, *subtitle), path)
    letterhead = Letterhead(
        first=lines[0].number,
        last=lines[position - 1].number,
        line=lines[start].number,
        issuer=match["issuer"] or "",
        kind=kind,
        number=int(match["number"]),
        banner=banner,
        date_text=date_text,
        date=issued,
        title_lines=title,
        subtitle_lines=subtitle,
    )
    return letterhead, position


def _match_banner(banner: str, banners: Banners, path: str, line: int) -> tuple[str, re.Match[str]]:
    """Return the kind of text that a banner states, and its parts. Raises ParseError."""
    expected = f"expected a line like ---===[ Issuer {banners[0][1][0]} 001 ]===---"
    wrong = f"{banner[:60]!r} is not a banner"
    for kind, match in _banner_matches(banner, banners):
        if re.fullmatch("[0-9]+", match["number"]):
            return kind, match
        wrong = f"{match['number']!r} is not a number"
    raise ParseError(f"{wrong}; {expected}", path=path, line=line)


def stated_kind(data: bytes, banners: Banners) -> str:
    """The kind of text that begins with these bytes, by its banner; empty if there is none.

    It is ``ANY_TEXT`` if the banner is of no kind in ``banners``.
    """
    first = data.partition(b"\n")[0].decode("utf-8", "replace").strip()[:_MAX_TITLE_LINE]
    other = ANY_TEXT if BANNER.fullmatch(first) else ""
    return next((kind for kind, _ in _banner_matches(first, banners)), other)


def _banner_matches(banner: str, banners: Banners) -> Iterator[tuple[str, re.Match[str]]]:
    for kind, words in banners:
        if match := _banner_pattern(words).fullmatch(banner.lstrip("\ufeff \t")):
            yield kind, match


@cache
def _banner_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """``---===[ Quern Canary #1 ]===---``; the words in any case."""
    stated = "|".join(r"\s{1,9}".join(map(re.escape, each.split())) for each in words)
    return re.compile(
        rf"-{{1,10}}={{0,10}}\[ {{0,9}}(?:(?P<issuer>\S.{{0,60}}?) {{1,9}})?(?i:{stated})"
        rf" {{1,9}}#? {{0,9}}{_YEAR}(?P<number>\S{{1,12}}?) {{0,9}}\]={{0,10}}-{{1,10}}"
    )


def _parse_date_line(lines: Lines, position: int) -> tuple[str, date | None, int]:
    """Read the date, if there is one; None for words that are only meant as one."""
    if position == len(lines):
        return "", None, position
    text = lines[position].text.strip(" \t")
    try:
        issued = parse_date(_WEEKDAY.sub("", text))
    except ValueError:
        if LIKE_A_DATE.match(text):
            return text, None, skip_blank(lines, position + 1)
        return "", None, position
    for line in lines[position + 1 : position + 2]:
        match = _DATE_LINE.fullmatch(revised := line.text.strip(" \t"))
        if match and match["label"]:  # "(revised 2018-05-30)"
            return f"{text} {revised}", issued, skip_blank(lines, position + 2)
    return text, issued, skip_blank(lines, position + 1)


def _parse_title(lines: Lines, position: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Read title and subtitle: centred lines, or lines at the margin above the first section."""
    title, after = _chunk(lines, position)
    if not title or title[-1].text.endswith(":"):
        return (), (), position
    if not (all(map(_is_centred, title[1:] or title)) or _stands_alone(lines, title, after)):
        return (), (), position
    subtitle, end = _chunk(lines, after)
    if not all(map(_is_centred, subtitle)):
        subtitle, end = [], after
    return _squeezed(title), _squeezed(subtitle), end


def _check_title(lines: Lines, title: Sequence[str], path: str) -> None:
    """Refuse a date among the lines of the title. Raises ParseError."""
    for line in lines:
        text = " ".join(line.text.split())
        if text in title and re.fullmatch(rf"\(?(?:{DATE})\)?", text):  # no "(updated …)"
            message = f"{text!r} in place of a title; expected one date, right below the banner"
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


def _stands_alone(lines: Lines, chunk: Lines, after: int) -> bool:
    """Whether lines at the margin are a title: one or two above the first section, no sentence."""
    ends_sentence = chunk[-1].text.endswith((".", ":", "!"))
    first_section = after < len(lines) and is_heading(lines, after)
    return len(chunk) <= 2 and first_section and not (ends_sentence or any(map(_has_marker, chunk)))


def _has_marker(line: Line) -> bool:
    return any(mark.match(line.text) for mark in (BAR, BULLET, NUMBER, SHELL, LABEL, BOX))


def _is_centred(line: Line) -> bool:
    return line.indent >= 2 and not _has_marker(line)


def _squeezed(chunk: Lines) -> tuple[str, ...]:
    return tuple(_SPACE.sub(" ", line.text.strip(" \t")) for line in chunk)
