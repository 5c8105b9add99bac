"""``feeds/canaries.ics``: when each next canary is due (RFC 5545)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from bulletins import words
from bulletins.site import Site
from bulletins.urls import page_url
from secpack.model.archive import Canary, Window
from secpack.parser.characters import visible

#: The most octets of a line, without its end.
_WIDTH: Final = 75


def calendar(site: Site) -> bytes:
    """Return a calendar of all windows in which a canary is due, past ones included.

    There must be at least one: RFC 5545 requires a component.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//secpack-archive//bulletins//EN"]
    lines.append(_text("X-WR-CALNAME", words.calendar_name.format(site=site.name)))
    for canary in site.archive.canaries:
        if canary.due:
            lines += _event(canary, canary.due, site)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(canary: Canary, due: Window, site: Site) -> Iterator[str]:
    """An event of whole days; its end is the day after the last."""
    authority = site.profile.tag.partition(",")[0]
    issuer = site.profile.canaries.issuer or site.profile.issuer
    summary = words.calendar_summary.format(issuer=issuer).strip()
    description = words.calendar_description.format(
        canary=canary.title, first=due.first.isoformat(), last=due.last.isoformat()
    )
    after = due.last + timedelta(days=1) if due.last < date.max else due.last
    yield "BEGIN:VEVENT"
    yield _text("UID", f"{canary.id.lower()}-next@{authority}")
    yield f"DTSTAMP:{_day(canary.updated)}T000000Z"
    yield f"DTSTART;VALUE=DATE:{_day(due.first)}"
    yield f"DTEND;VALUE=DATE:{_day(after)}"
    yield _text("SUMMARY", site.titled(canary, summary))
    yield _text("DESCRIPTION", site.titled(canary, description))
    if site.url:
        yield f"URL:{site.public(page_url(canary))}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _text(name: str, value: str) -> str:
    """A property with a text value, escaped so that it stays inside the value."""
    escaped = visible(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return f"{name}:" + escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line as octets, folded between characters."""
    data = line.encode()
    parts: list[bytes] = []
    while len(data) > _WIDTH - bool(parts):
        end = _WIDTH - bool(parts)
        while data[end] & 0xC0 == 0x80:  # not inside a character
            end -= 1
        parts.append(data[:end])
        data = data[end:]
    return b"\r\n ".join([*parts, data]) + b"\r\n"
