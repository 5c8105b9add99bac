"""What a document says about itself: its title, its dates, its revisions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.extract.sections import sections
from secpack.model.archive import UNDATED, Document, Revision
from secpack.model.blocks import Letterhead, plain, running_text
from secpack.model.findings import Finding, Severity
from secpack.parser.dates import DATE, LIKE_A_DATE, not_a_date, parse_date
from secpack.parser.lines import DATED, DATED_LOOSELY, Line, split_lines
from secpack.parser.rules.headings import REVISION_SECTIONS, section_name
from secpack.profile import DocumentEntry

_HALF_A_YEAR: Final = 183
_LONG: Final = 5 * 365
# Before an entry's date: "* ", "v1.1, ", "Revision 2 ("
_BULLET: Final = re.compile(
    r"[ \t]*(?:[-*+•o–] +)?(?:(?i:v|version|rev\.?|revision)?\s?[0-9][0-9.]{0,5}\s?[,:–-]?"
    rf"\s+(?=\(?(?:{DATE})))?"
)
_BRACKETED: Final = re.compile(rf"\A\(({DATE})\)")
_YEAR: Final = re.compile(r"[0-9]{4}")

#: ``The date of issue of this canary is May 5, 2023``
ISSUED: Final = re.compile(
    rf"(?i:\bdate\s+of\s+issue\b)[^.]{{0,60}}?(?:\bis\b|:)\s+(?:[A-Z][a-z]+day,?\s+)?"
    rf"(?P<date>{DATE}|[^.,\n]{{1,40}}(?:,\s+[0-9]{{4}})?)"
)

# An item at the beginning of a text: "* Published: 2026-05-12", "Last updated: 2026-05-20 (typo)"
_LISTED: Final = re.compile(
    r"[ \t]*(?:[-*•+][ \t]+)?(?P<label>(?i:(?:date|(?:date of )?(?:first )?(?:publi(?:shed|cation)"
    r"|releas(?:ed?)|issued?))|(?P<again>(?:last )?(?:updated?|revised|revision|modified)))"
    r"(?: (?:date|on))?)[ \t]*:[ \t]*(?P<value>\S.{0,200})"
)
# The date of an entry on a line of its own; what can only begin one: "12.05.2026: words"
_ALONE: Final = re.compile(rf"(?P<date>{DATE})(?: \([^()]{{1,30}}\))?")
_UNREAD: Final = re.compile(rf"(?P<date>{LIKE_A_DATE.pattern})(?: ?:| [-–—])(?!\S)", re.IGNORECASE)
#: The error of a text without a date.
NO_DATE: Final = "no date; expected one below the header, or in the profile"
_DATE: Final = re.compile(rf"\b(?:{DATE})\b")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Title and dates of a document, what is odd about them, and why it has none, if so."""

    title: str
    published: date
    updated: date
    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]
    errors: tuple[ParseError, ...] = ()


def read_metadata(document: Document, entry: DocumentEntry, *, fallback: str) -> Metadata:
    """Join what a text says with what the profile says about it; the text prevails.

    ``fallback`` is the title if neither has one. The findings of the document on dates that cannot
    be read are among those returned, or errors if neither has a date.
    """
    head, path = document.letterhead, document.file.path
    assert head is not None
    unread = [f for f in document.findings if f.code == "date-unread"]
    reader = _Dates(document, split_lines(document.file.data, path=path), head.date, unread)
    listed = _listed(reader, head.last)
    is_revised = len({each.date for each in listed}) > 1  # otherwise it only repeats the first day
    revisions = tuple(_revisions(reader)) or (tuple(listed) if is_revised else ())
    stated = head.date or _issue_date(reader)
    dates = [each.date for each in (*revisions, *listed)] + ([stated] if stated else [])
    # "2018-05-24 (revised 2018-05-30)"
    dates += [parse_date(printed) for printed in _DATE.findall(head.date_text)[1:]]
    findings = [*_conflicts(head, path, entry, dates)]
    errors: tuple[ParseError, ...] = ()
    if entry.date:  # it also explains what cannot be read
        unread = [replace(f, severity=Severity.NOTICE, waived=entry.reason) for f in unread]
        dates = dates or [entry.date]
    elif not dates:
        unread = unread or [Finding(path, head.line, "", NO_DATE)]
        errors = tuple(ParseError(f.message, path=f.file, line=f.line) for f in unread)
        dates, unread = [UNDATED], []
    findings += unread
    if stated and revisions and dates.count(stated) == 1 and min(dates) != stated:
        message = f"dated {stated}, but the changelog begins on {min(dates)} without that day"
        findings.append(Finding(path, head.line, "dates-differ", message))
    findings += _odd_revisions(document, revisions)
    title = head.title or " ".join(entry.title.split())
    if not title and head.kind == "bulletin":
        message = "no title in the text; the profile can give one, with a reason"
        findings.append(Finding(path, head.line, "no-title", message))
    return Metadata(title or fallback, min(dates), max(dates), revisions, tuple(findings), errors)


# --- dates and revisions ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dates:
    """Reads the dates of a document; those that it cannot read are in ``unread``."""

    document: Document
    lines: list[Line]
    issued: date | None
    unread: list[Finding]

    def read(self, text: str, line: int, *, year: int | None = None) -> date | None:
        try:
            return parse_date(text, year=year)
        except ValueError:
            path = self.document.file.path
            finding = Finding(path, line, "date-unread", not_a_date(text), Severity.ERROR)
            self.unread.append(finding)
            return None

    def read_revised(self, text: str, line: int) -> date | None:
        """Read ``2018-05-24``, or ``May 24`` in the year of the header.

        A day without a year that is long before the header's date is in the following year.
        """
        if self.issued is None or _YEAR.search(text):
            return self.read(text, line)
        day = self.read(text, line, year=self.issued.year)
        if day and (self.issued - day).days > _HALF_A_YEAR:
            return self.read(text, line, year=self.issued.year + 1)
        return day


def _issue_date(dates: _Dates) -> date | None:
    """Return the date of issue that a canary states."""
    for line, inlines in running_text(dates.document.blocks):
        if match := ISSUED.search(plain(inlines)):
            return dates.read(match["date"].strip(), line)
    return None


def _listed(dates: _Dates, first: int) -> list[Revision]:
    """Return the dates in a list at the beginning of a text, with the words beside them."""
    section = next(iter(sections(dates.document)), None)
    listed = []
    for line in dates.lines[first : section.last if section else None]:
        match = _LISTED.fullmatch(line.text)
        day = _DATE.search(match["value"]) if match else None
        if match and day:
            words = (match["value"][: day.start()] + match["value"][day.end() :]).strip(" ,;:()-–")
            text = f"{match['label']}: {words}" if words else match["label"]
            if read := dates.read(day[0], line.number):
                listed.append(Revision(read, text, line.number))
        elif match and LIKE_A_DATE.match(match["value"]):
            dates.read(match["value"], line.number)
    return listed


def _revisions(dates: _Dates) -> Iterator[Revision]:
    """Yield a revision for each date of a changelog or history, which can be prose without any.

    Its words go on to the next date or blank line.
    """
    for section in sections(dates.document):
        if section_name(section.title) in REVISION_SECTIONS:
            yield from _dated_lines(dates.lines[section.first + 1 : section.last], dates)


def _dated_lines(body: Sequence[Line], dates: _Dates) -> Iterator[Revision]:
    first = next((_BULLET.sub("", line.text, count=1) for line in body if not line.blank), "")
    patterns = (DATED,) if DATED.match(first) else (DATED, DATED_LOOSELY)
    dated: list[tuple[date, list[str], int]] = []
    words: list[str] = []  # before the first date and after a blank line, of no revision
    for line in body:
        text = _BRACKETED.sub(r"\1", _BULLET.sub("", line.text, count=1))
        begins = not any(words) or line.text != text  # below a blank line, or with a bullet
        match = next((m for pattern in patterns if (m := pattern.match(text))), None)
        match = match or (_ALONE.fullmatch(text) if begins else None)
        if match and (dates.issued or _YEAR.search(match["date"])):
            words = [text[match.end() :].strip()]
            if day := dates.read_revised(match["date"], line.number):
                dated.append((day, words, line.number))
        elif line.blank:
            words = [] if any(words) else words
        elif odd := _UNREAD.match(text):
            dates.read(odd["date"].strip(), line.number)
        else:
            words.append(text.strip())
    return (Revision(day, " ".join(own).strip(), line) for day, own, line in dated)


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
    named = REVISION_SECTIONS - {"history", "changes"}  # which can be prose
    empty = (s for s in sections(document) if section_name(s.title) in named and not revisions)
    if section := next(empty, None):
        message = "a changelog without a readable entry; expected 2018-05-24: words"
        yield Finding(path, section.first, "no-revisions", message)
