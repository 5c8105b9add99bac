"""``feeds/canaries.ics``: when each next canary is due (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from bulletins.doubts import WORDS as DOUBTFUL
from bulletins.doubts import doubts
from bulletins.reader import site_name
from bulletins.urls import page_url
from secpack import Profile
from secpack.model.archive import Archive, Canary, Window
from secpack.parser.patterns import visible

#: How many octets a line holds, without its end.
_WIDTH: Final = 75


def calendar(archive: Archive, profile: Profile, site_url: str) -> bytes:
    """Return a calendar of all windows for a next canary, those of the past among them.

    There must be one: RFC 5545 knows no calendar without a component.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//secpack-archive//bulletins//EN"]
    lines.append(_text("X-WR-CALNAME", f"{site_name(profile)}: next canaries"))
    doubtful = doubts(archive)
    for canary in archive.canaries:
        if canary.due:
            doubt = f"{DOUBTFUL}: " if canary.id in doubtful else ""
            lines += _event(canary, doubt, canary.due, profile, site_url)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(
    canary: Canary, doubt: str, due: Window, profile: Profile, site_url: str
) -> Iterator[str]:
    """Days of an event are whole, and its end is the day behind the last of them."""
    authority = profile.tag.partition(",")[0]
    days = f"{due.first.isoformat()} to {due.last.isoformat()}"
    behind = due.last + timedelta(days=1) if due.last < date.max else due.last
    yield "BEGIN:VEVENT"
    yield _text("UID", f"{canary.id.lower()}-next@{authority}")
    yield f"DTSTAMP:{_day(canary.updated)}T000000Z"
    yield f"DTSTART;VALUE=DATE:{_day(due.first)}"
    yield f"DTEND;VALUE=DATE:{_day(behind)}"
    yield _text("SUMMARY", f"{doubt}{profile.issuer} canary due".strip())
    yield _text("DESCRIPTION", f"{doubt}{canary.title} says that the next one is due from {days}.")
    if site_url:
        yield f"URL:{site_url}/{page_url(canary, profile)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _text(name: str, words: str) -> str:
    """A property whose value is words: whatever these are, they stay in it."""
    escaped = visible(words).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return f"{name}:" + escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line as octets, folded between characters."""
    data = line.encode()
    parts: list[bytes] = []
    while len(data) > _WIDTH - bool(parts):
        end = _WIDTH - bool(parts)
        while data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        parts.append(data[:end])
        data = data[end:]
    return b"\r\n ".join([*parts, data]) + b"\r\n"
