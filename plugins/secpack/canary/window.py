"""When the next canary is due: the words of a statement as days.

No window is better than a wrong one: words that are not understood as a whole give none.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from secpack.model.archive import Statement, Window
from secpack.parser.dates import DATE, MONTH, MONTHS, parse_date

_ORDINAL: Final = "(?:st|nd|rd|th)?"

#: One stretch of time: part of a month, days of it, a day, a month. The year can be said elsewhere.
SPAN: Final = (
    r"(?P<part>(?i:first|second|third|fourth|last))\s+(?:(?P<count>[\w-]{1,12})\s+)?"
    rf"(?P<unit>(?i:days?|weeks?|half))\s+of\s+(?P<of>{MONTH})(?:,?\s+(?P<of_year>[0-9]{{4}}))?"
    rf"|(?P<days_month>{MONTH})\s+(?P<from>[0-9]{{1,2}}){_ORDINAL}"
    rf"(?:\s+(?:and|to|through|until)\s+|\s?[-–]\s?)(?P<to>[0-9]{{1,2}}){_ORDINAL},?"
    r"\s+(?P<days_year>[0-9]{4})"
    rf"|(?P<date>{DATE})"
    rf"|(?:the\s+)?(?P<day_first>[0-9]{{1,2}}){_ORDINAL}\s+(?:of\s+)?(?P<month_then>{MONTH}),?"
    r"\s+(?P<year_then>[0-9]{4})"
    rf"|(?P<day_month>{MONTH})\s+(?P<day>[0-9]{{1,2}}){_ORDINAL}\b(?!,?\s*[0-9]{{4}})"
    rf"|(?P<month>{MONTH}),?\s+(?P<year>[0-9]{{4}})"
)

_SPAN: Final = re.compile(rf"\b(?:{SPAN})")
_LOOSE: Final = re.compile(rf"\b(?:{MONTH})\b")
_NEXT: Final = re.compile(r"(?i)\bnext\b")
_CANARY: Final = re.compile(r"(?i)\b(?:canar|statement|publish)")
_STOP: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_NO_LATER: Final = re.compile(r"(?i)\b(?:no|not) later than\b")
# What is said of a stretch of time right in front of it, and right behind it; nothing else is
# understood.
_LEAD: Final = re.compile(
    r"(?i)\b(?:(?P<within>in|on|during|due|for)(?: the month of)?|(?P<week>week of)"
    r"|(?P<until>by|until|by or before|on or before|no later than)(?P<end> the end of)?"
    r"|(?P<before>before)|(?P<between>between|from))(?: the)?$"
)
_TAIL: Final = re.compile(r"(?:[.,;:)]|$|\s\()")
# Words that make another time of what follows, and those that deny it.
_OTHERWISE: Final = re.compile(
    r"(?i)\b(?:first|second|third|fourth|last|early|mid|middle|late|beginning|start(?:ing)?|around"
    r"|about|roughly|after|since|earlier|sooner|days?|weeks?|months?|[a-z]+day|not|never|no)\b"
)
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
    words = _NO_LATER.sub("until", " ".join(words.split()))
    spans = list(_SPAN.finditer(words))
    if len(_LOOSE.findall(words)) > sum(1 for span in spans if not span[0][:4].isdigit()):
        return None  # another month is named, in a way that is not understood
    lead = _LEAD.search(words[: spans[0].start()].rstrip()) if spans else None
    if not lead or _OTHERWISE.search(words[: lead.start()]) or not _TAIL.match(_behind(spans)):
        return None
    try:
        if len(spans) == 1:
            return _single(spans[0], lead, issued)
        return _pair(spans[0], spans[1], lead) if len(spans) == 2 else None
    except ValueError:
        return None


def _behind(spans: Sequence[re.Match[str]]) -> str:
    return spans[-1].string[spans[-1].end() :][:2]


def _single(span: re.Match[str], lead: re.Match[str], issued: date) -> Window | None:
    days = _days(span, _next_year(span, issued))
    is_day = days.first == days.last
    if lead["between"]:
        return days if span["from"] else None
    if lead["until"] or (lead["before"] and is_day):
        return Window(issued, days.last)
    if lead["week"]:
        return Window(days.first, days.first + timedelta(days=6)) if is_day else None
    return days if lead["within"] else None


def _pair(start: re.Match[str], end: re.Match[str], lead: re.Match[str]) -> Window | None:
    """``between X and Y``, ``from X to Y``; the year can be said once, behind both."""
    joint = [w for w in start.string[start.end() : end.start()].split() if w != "the"]
    if not lead["between"] or joint not in ([word] for word in _JOINTS[lead["between"].lower()]):
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
        return _day(parse_date(span["date"]))
    if span["from"]:
        month = date(int(span["days_year"]), _month(span["days_month"]), 1)
        return Window(month.replace(day=int(span["from"])), month.replace(day=int(span["to"])))
    if span["day_first"]:
        month = date(int(span["year_then"]), _month(span["month_then"]), 1)
        return _day(month.replace(day=int(span["day_first"])))
    if span["day"]:
        return _day(date(_year(None, year), _month(span["day_month"]), int(span["day"])))
    if span["month"]:
        return _whole(_year(span["year"], year), _month(span["month"]))
    return _part(span, _whole(_year(span["of_year"], year), _month(span["of"])))


def _day(day: date) -> Window:
    return Window(day, day)


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
    part, unit = span["part"].lower(), span["unit"].lower()
    if unit == "half":
        return _half(part, month)
    length = timedelta(days=_length(span["count"], unit))
    day = timedelta(days=1)
    if part == "last":
        return Window(month.last - length + day, month.last)
    if part != "first" and span["count"]:
        raise ValueError(span[0])  # the second two weeks could be anything
    first = month.first + _PLACES[part] * length
    return Window(first, min(first + length - day, month.last))


def _half(part: str, month: Window) -> Window:
    middle = month.first.replace(day=_MIDDLE)
    if part == "first":
        return Window(month.first, middle)
    if part not in ("second", "last"):
        raise ValueError(part)
    return Window(middle + timedelta(days=1), month.last)


def _length(count: str | None, unit: str) -> int:
    """How many days so many days or weeks are. Raises ValueError where it cannot be told."""
    if not count and unit.endswith("s"):
        raise ValueError("the first days of a month")
    number = int(count) if count and count.isdigit() else _WORDS.get((count or "one").lower(), 0)
    days = number * (7 if unit.startswith("week") else 1)
    if not 0 < days <= 31:
        raise ValueError(f"{count} {unit}")
    return days
