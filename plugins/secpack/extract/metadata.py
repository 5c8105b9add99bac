"""What a document says of itself: its dates, its revisions, its title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.model.archive import Document, Revision
from secpack.model.findings import Finding
from secpack.parser import patterns as marks
from secpack.parser.dates import DATE, parse_date
from secpack.parser.lines import Line, split_lines
from secpack.parser.state import REVISION_SECTIONS, section_name
from secpack.parser.tree import plain, runs, sections
from secpack.profile import DocumentEntry

_HALF_A_YEAR: Final = 183
_LONG: Final = 5 * 365
_BULLET: Final = re.compile(r"[ \t]*(?:[-*] +)?")
_ISSUED: Final = re.compile(rf"date of issue\b.{{0,60}}?\bis\s+(?P<date>{DATE})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Title and dates of a document, and what was odd about them."""

    title: str
    published: date
    updated: date
    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]


def read_metadata(document: Document, entry: DocumentEntry, *, fallback: str) -> Metadata:
    """Join what the text says with what the profile knows; the text has the last word.

    ``fallback`` is the title of a text that has none anywhere. Raises ParseError where neither
    tells a date.
    """
    path = document.file.path
    revisions = tuple(_revisions(document))
    stated = _stated_date(document)
    dates = [revision.date for revision in revisions] + ([stated] if stated else [])
    findings = list(_conflicts(document, entry, dates))
    if not dates and entry.date:
        dates = [entry.date]
    letterhead = document.letterhead
    if not dates:
        message = "no date; expected one below the header, or in the profile"
        raise ParseError(message, path=path, line=letterhead.line if letterhead else 0)
    if stated and revisions and stated not in dates[:-1] and min(dates) != stated:
        message = f"dated {stated}, but the changelog begins on {min(dates)} without that day"
        findings.append(
            Finding(path, letterhead.line if letterhead else 0, "dates-differ", message)
        )
    findings += _odd_revisions(revisions, path)
    if not revisions and (line := _unread_changelog(document)):
        message = "a changelog without an entry that can be read; expected 2018-05-24: words"
        findings.append(Finding(path, line, "no-revisions", message))
    title = (letterhead.title if letterhead else "") or entry.title
    if not title and fallback and letterhead and letterhead.kind == "bulletin":
        message = "no title in the text; the profile can give one, with a reason"
        findings.append(Finding(path, letterhead.line, "no-title", message))
    return Metadata(title or fallback, min(dates), max(dates), revisions, tuple(findings))


def _odd_revisions(revisions: Sequence[Revision], path: str) -> Iterator[Finding]:
    """Entries that are likely slips: far from the first, or in no order."""
    days = [revision.date for revision in revisions]
    first = min(days, default=date.max)
    for revision in revisions:
        if (revision.date - first).days > _LONG:
            message = f"revised on {revision.date}, years after {first}: is the year right?"
            yield Finding(path, revision.line, "revision-date", message)
    if days not in (sorted(days), sorted(days, reverse=True)):
        message = "the entries of the changelog are not in the order of their days"
        yield Finding(path, revisions[0].line, "revision-date", message)


def _unread_changelog(document: Document) -> int:
    """The line of a changelog, which unlike a history has nothing but entries; 0 without one."""
    names = ((section_name(s.title), s.first) for s in sections(document))
    return next((line for name, line in names if name in ("changelog", "change log")), 0)


def _stated_date(document: Document) -> date | None:
    """The date in the letterhead, or the date of issue that a canary states."""
    letterhead = document.letterhead
    if letterhead and letterhead.date:
        return letterhead.date
    for line, inlines in runs(document.blocks):
        if match := _ISSUED.search(plain(inlines)):
            return _date(match["date"], document, line)
    return None


def _date(text: str, document: Document, line: int, *, year: int | None = None) -> date:
    try:
        return parse_date(text, year=year)
    except ValueError:
        message = f"{text!r} is not a date; expected 2018-05-24 or May 24, 2018"
        raise ParseError(message, path=document.file.path, line=line) from None


def _revisions(document: Document) -> Iterator[Revision]:
    """The dated lines of a changelog or history; one that tells a story has none."""
    year = (
        document.letterhead.date.year if document.letterhead and document.letterhead.date else None
    )
    spans = [s for s in sections(document) if section_name(s.title) in REVISION_SECTIONS]
    if not spans:
        return
    lines = split_lines(document.file.data, path=document.file.path)
    for section in spans:
        body = lines[section.first + 1 : section.last]
        yield from _dated_lines(body, document, year)


def _dated_lines(body: list[Line], document: Document, year: int | None) -> Iterator[Revision]:
    current: list[str] = []
    started: tuple[date, int] | None = None
    first = next((_BULLET.sub("", line.text, count=1) for line in body if line.text), "")
    pattern = marks.DATED if marks.DATED.match(first) else marks.DATED_LOOSELY
    for line in body:
        text = _BULLET.sub("", line.text, count=1)
        match = pattern.match(text)
        if match and (year is not None or re.search(r"[0-9]{4}", match["date"])):
            if started:
                yield Revision(started[0], " ".join(current).strip(), started[1])
            day = _date(match["date"], document, line.number, year=year)
            if year is not None and not re.search(r"[0-9]{4}", match["date"]):
                day = _after_header(day, document)
            started = (day, line.number)
            current = [text[match.end() :].strip()]
        elif line.blank:
            if started:
                yield Revision(started[0], " ".join(current).strip(), started[1])
            started = None
        elif started:
            current.append(text.strip())
    if started:
        yield Revision(started[0], " ".join(current).strip(), started[1])


def _after_header(day: date, document: Document) -> date:
    """The day of an entry without a year: far before the header's, it is of the year behind."""
    head = document.letterhead
    far = head and head.date and (head.date - day).days > _HALF_A_YEAR
    return day.replace(year=day.year + 1) if far else day


def _conflicts(document: Document, entry: DocumentEntry, dates: list[date]) -> Iterator[Finding]:
    """Where the profile and the text both speak and differ."""
    path, letterhead = document.file.path, document.letterhead
    line = letterhead.line if letterhead else 0
    if letterhead and letterhead.title and entry.title not in ("", letterhead.title):
        message = f"the profile says {entry.title!r}, the text {letterhead.title!r}: the text holds"
        yield Finding(path, line, "title-differs", message)
    if entry.date and dates and entry.date not in dates:
        stated = ", ".join(sorted({d.isoformat() for d in dates}))
        message = f"the profile says {entry.date}, the text {stated}: the text holds"
        yield Finding(path, line, "date-differs", message)
