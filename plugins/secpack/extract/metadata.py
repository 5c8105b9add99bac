"""What a document says about itself: its title, its dates, its revisions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.extract.sections import sections
from secpack.model.archive import Document, Revision
from secpack.model.blocks import Letterhead, plain, running_text
from secpack.model.findings import Finding
from secpack.parser.dates import DATE, parse_date
from secpack.parser.lines import DATED, DATED_LOOSELY, Line, split_lines
from secpack.parser.rules.headings import REVISION_SECTIONS, section_name
from secpack.profile import DocumentEntry

_HALF_A_YEAR: Final = 183
_LONG: Final = 5 * 365
_BULLET: Final = re.compile(r"[ \t]*(?:[-*] +)?")
_YEAR: Final = re.compile(r"[0-9]{4}")
_ISSUED: Final = re.compile(rf"date of issue\b.{{0,60}}?\bis\s+(?P<date>{DATE})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Title and dates of a document, and what is odd about them."""

    title: str
    published: date
    updated: date
    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]


def read_metadata(document: Document, entry: DocumentEntry, *, fallback: str) -> Metadata:
    """Join what a text says with what the profile says about it; the text prevails.

    ``fallback`` is the title if neither has one. Raises ParseError if neither has a date.
    """
    head, path = document.letterhead, document.file.path
    assert head is not None
    revisions = tuple(_revisions(document, head))
    stated = head.date or _issue_date(document)
    dates = [revision.date for revision in revisions] + ([stated] if stated else [])
    findings = [*_conflicts(head, path, entry, dates)]
    if not dates:
        if not entry.date:
            message = "no date; expected one below the header, or in the profile"
            raise ParseError(message, path=path, line=head.line)
        dates = [entry.date]
    if stated and revisions and dates.count(stated) == 1 and min(dates) != stated:
        message = f"dated {stated}, but the changelog begins on {min(dates)} without that day"
        findings.append(Finding(path, head.line, "dates-differ", message))
    findings += _odd_revisions(document, revisions)
    title = head.title or entry.title
    if not title and head.kind == "bulletin":
        message = "no title in the text; the profile can give one, with a reason"
        findings.append(Finding(path, head.line, "no-title", message))
    return Metadata(title or fallback, min(dates), max(dates), revisions, tuple(findings))


# --- dates and revisions ----------------------------------------------------------------------


def _issue_date(document: Document) -> date | None:
    """Return the date of issue that a canary states."""
    for line, inlines in running_text(document.blocks):
        if match := _ISSUED.search(plain(inlines)):
            return _date(match["date"], document, line)
    return None


def _date(text: str, document: Document, line: int, *, year: int | None = None) -> date:
    try:
        return parse_date(text, year=year)
    except ValueError:
        message = f"{text!r} is not a date; expected 2018-05-24 or May 24, 2018"
        raise ParseError(message, path=document.file.path, line=line) from None


def _revisions(document: Document, head: Letterhead) -> Iterator[Revision]:
    """Yield the dated lines of a changelog or history; a history can be prose, without any."""
    changelogs = [s for s in sections(document) if section_name(s.title) in REVISION_SECTIONS]
    if not changelogs:
        return
    lines = split_lines(document.file.data, path=document.file.path)
    for section in changelogs:
        body = lines[section.first + 1 : section.last]
        yield from _dated_lines(body, document, head.date)


def _dated_lines(body: list[Line], document: Document, issued: date | None) -> list[Revision]:
    """Return a revision for each date, with the words up to the next date or blank line."""
    first = next((_BULLET.sub("", line.text, count=1) for line in body if not line.blank), "")
    pattern = DATED if DATED.match(first) else DATED_LOOSELY
    dated: list[tuple[date, list[str], int]] = []
    words: list[str] = []  # before the first date and after a blank line, of no revision
    for line in body:
        text = _BULLET.sub("", line.text, count=1)
        match = pattern.match(text)
        if match and (issued or _YEAR.search(match["date"])):
            words = [text[match.end() :].strip()]
            day = _revision_date(match["date"], document, line.number, issued)
            dated.append((day, words, line.number))
        elif line.blank:
            words = []
        else:
            words.append(text.strip())
    return [Revision(day, " ".join(own).strip(), line) for day, own, line in dated]


def _revision_date(text: str, document: Document, line: int, issued: date | None) -> date:
    """Return ``2018-05-24``, or ``May 24`` in the year of the header.

    A day without a year that is long before the header's date is in the following year.
    """
    if issued is None or _YEAR.search(text):
        return _date(text, document, line)
    day = _date(text, document, line, year=issued.year)
    if (issued - day).days > _HALF_A_YEAR:
        return _date(text, document, line, year=issued.year + 1)
    return day


# --- findings ---------------------------------------------------------------------------------


def _conflicts(
    head: Letterhead, path: str, entry: DocumentEntry, dates: list[date]
) -> Iterator[Finding]:
    """Find where the profile and the text differ."""
    if head.title and entry.title not in ("", head.title):
        message = f"the profile says {entry.title!r}, the text {head.title!r}: the text prevails"
        yield Finding(path, head.line, "title-differs", message)
    if entry.date and dates and entry.date not in dates:
        stated = ", ".join(sorted({d.isoformat() for d in dates}))
        message = f"the profile says {entry.date}, the text {stated}: the text prevails"
        yield Finding(path, head.line, "date-differs", message)


def _odd_revisions(document: Document, revisions: Sequence[Revision]) -> Iterator[Finding]:
    """Find dates that are likely slips, years after the first or out of order; or no dates."""
    path = document.file.path
    days = [revision.date for revision in revisions]
    first = min(days, default=date.max)
    for revision in revisions:
        if (revision.date - first).days > _LONG:
            message = f"revised on {revision.date}, years after {first}: is the year right?"
            yield Finding(path, revision.line, "revision-date", message)
    if days not in (sorted(days), sorted(days, reverse=True)):
        message = "the entries of the changelog are not in the order of their days"
        yield Finding(path, revisions[0].line, "revision-date", message)
    if not revisions and (line := _changelog_line(document)):
        message = "a changelog without a readable entry; expected 2018-05-24: words"
        yield Finding(path, line, "no-revisions", message)


def _changelog_line(document: Document) -> int:
    """Return the line of a changelog, which unlike a history has only dated lines; 0 for none."""
    names = ((section_name(s.title), s.first) for s in sections(document))
    return next((line for name, line in names if name in ("changelog", "change log")), 0)
