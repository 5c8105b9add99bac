"""When the next canary is due: the words of a statement as days.

No window is better than a wrong one: words that are not understood as a whole give none.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from secpack.model import Statement, Window
from secpack.text.dates import DATE, MONTH, MONTHS, parse_date

#: One stretch of time: a part of a month, a day, a month. The year can be said elsewhere.
SPAN: Final = (
    rf"(?P<part>first|second|third|fourth|last)\s+(?:(?P<count>[\w-]{{1,12}})\s+)?"
    rf"(?P<unit>days?|weeks?|half)\s+of\s+(?P<of>{MONTH})(?:,?\s+(?P<of_year>[0-9]{{4}}))?"
    rf"|(?P<date>{DATE})"
    rf"|(?P<day_month>{MONTH})\s+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?!,?\s*[0-9]{{4}})"
    rf"|(?P<month>{MONTH}),?\s+(?P<year>[0-9]{{4}})"
)

_SPAN: Final = re.compile(rf"\b(?:{SPAN})")
_LOOSE: Final = re.compile(rf"\b(?:{MONTH})\b")
_NEXT: Final = re.compile(r"(?i)\bnext\b")
_CANARY: Final = re.compile(r"(?i)\b(?:canar|statement|publish)")
_STOP: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_UNTIL: Final = re.compile(
    r"(?i)\b(?P<word>by|until|before|no later than|not later than)(?P<end> the end of)?(?: the)?$"
)
_NOT: Final = re.compile(
    r"(?i)\b(?:not before|no earlier than|not earlier than|after|since)(?: the)?$"
)
_FROM: Final = re.compile(r"(?i)\b(?P<word>between|from)(?: the)?$")
_WEEK_OF: Final = re.compile(r"(?i)\bweek (?:of|beginning|starting)(?: on)?$")
_JOINTS: Final = {"between": ("and",), "from": ("to", "until", "through")}
_WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "twenty-one": 21,
}  # fmt: skip
_PLACES: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3}
_MIDDLE: Final = 15


def due_window(statements: Sequence[Statement], issued: date) -> Window | None:
    """The days within which the next canary is announced.

    None where no sentence of a statement tells, or where several do and differ.
    """
    found = {
        window
        for statement in statements
        for sentence in _STOP.split(statement.text)
        if _NEXT.search(sentence) and _CANARY.search(sentence)
        if (window := _window(sentence, issued))
    }
    return found.pop() if len(found) == 1 else None


def _window(words: str, issued: date) -> Window | None:
    spans = list(_SPAN.finditer(words))
    if len(_LOOSE.findall(words)) > sum(1 for span in spans if not _is_iso(span)):
        return None  # another month is named, in a way that is not understood
    try:
        if len(spans) == 1:
            return _single(spans[0], issued)
        return _pair(*spans) if len(spans) == 2 else None
    except ValueError:
        return None


def _is_iso(span: re.Match[str]) -> bool:
    return span[0][0].isdigit()


def _single(span: re.Match[str], issued: date) -> Window | None:
    before = " ".join(span.string[: span.start()].split())
    if _NOT.search(before):
        return None
    days = _days(span, _next_year(span, issued))
    if match := _UNTIL.search(before):
        exact = match["end"] or span["date"] or span["day"] or match["word"].lower() != "before"
        return Window(issued, days.last) if exact else None
    if _WEEK_OF.search(before):
        return Window(days.first, days.first + timedelta(days=6)) if span["date"] else None
    return days


def _pair(start: re.Match[str], end: re.Match[str]) -> Window | None:
    """``between X and Y``, ``from X to Y``; the year can be said once, behind both."""
    opening = _FROM.search(" ".join(start.string[: start.start()].split()))
    joint = start.string[start.end() : end.start()].split()
    if not opening or [w for w in joint if w != "the"] not in (
        [word] for word in _JOINTS[opening["word"].lower()]
    ):
        return None
    last = _days(end, None)
    first = _days(start, last.first.year)
    return Window(first.first, last.last) if first.first <= last.last else None


def _next_year(span: re.Match[str], issued: date) -> int | None:
    """The year of a span that lacks one: the first in which it is not over already."""
    name = span["of"] or span["day_month"]
    if not name:
        return None
    return issued.year + (_days(span, issued.year).last <= issued)


def _days(span: re.Match[str], year: int | None) -> Window:
    """A span as days; ``year`` is used where it has none. Raises ValueError for what is none."""
    if span["date"]:
        day = parse_date(span["date"])
        return Window(day, day)
    if span["day"]:
        day = date(_year(None, year), _month(span["day_month"]), int(span["day"]))
        return Window(day, day)
    if span["month"]:
        return _whole(_year(span["year"], year), _month(span["month"]))
    return _part(span, _whole(_year(span["of_year"], year), _month(span["of"])))


def _year(said: str | None, other: int | None) -> int:
    if said is None and other is None:
        raise ValueError("no year")
    return int(said) if said else other or 0


def _month(name: str) -> int:
    return MONTHS.index(name) + 1


def _whole(year: int, month: int) -> Window:
    return Window(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _part(span: re.Match[str], month: Window) -> Window:
    """``first two weeks``, ``second week``, ``last fourteen days``, ``second half`` of a month."""
    if span["unit"] == "half":
        return _half(span["part"], month)
    length = timedelta(days=_length(span))
    day = timedelta(days=1)
    if span["part"] == "last":
        return Window(month.last - length + day, month.last)
    if span["part"] != "first" and span["count"]:
        raise ValueError(span[0])  # the second two weeks could be anything
    first = month.first + _PLACES[span["part"]] * length
    return Window(first, min(first + length - day, month.last))


def _half(part: str, month: Window) -> Window:
    middle = month.first.replace(day=_MIDDLE)
    if part == "first":
        return Window(month.first, middle)
    if part not in ("second", "last"):
        raise ValueError(part)
    return Window(middle + timedelta(days=1), month.last)


def _length(span: re.Match[str]) -> int:
    """How many days a part of a month has. Raises ValueError for a number it does not know."""
    count = span["count"] or "1"
    number = int(count) if count.isdigit() else _WORDS.get(count.lower(), 0)
    days = number * (7 if "week" in span["unit"] else 1)
    if not 0 < days <= 31:
        raise ValueError(span[0])
    return days
