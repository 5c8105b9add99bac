"""Findings only for publishers, which ``secpack check`` reports before publication."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from secpack.extract.sections import actions, sections, summary_section
from secpack.model.archive import Advisory, Archive, Bulletin, Document, Mention
from secpack.model.blocks import Citation, Text, references, running_text, words
from secpack.model.findings import Finding, Severity
from secpack.parser.inline import citation_label
from secpack.parser.lines import MAX_READ_LINES
from secpack.parser.rules.headings import section_name
from secpack.profile import Profile, SecurityTxt

CODES: Final = frozenset(
    {
        "carriage-return",
        "reference-twice",
        "reference-uncited",
        "reference-undefined",
        "section-missing",
        "tracker-differs",
        "trailing-space",
    }
)

#: A security.txt should be renewed so many days before it expires.
_RENEW: Final = 30

_CITED: Final = re.compile(
    r"(?<!\w)(?<!\w\[\w\])\[((?:[0-9]{1,3}|\*{1,5})(?:,\s?[0-9]{1,3}){0,20})\]"
)


def lint(archive: Archive, profile: Profile) -> list[Finding]:
    """Return findings about texts that can be published nevertheless, sorted."""
    findings = [f for p in archive.publications for f in lint_text(p.document)]
    findings += [f for b in archive.bulletins for f in _sections(b, profile.bulletins.sections)]
    for canary in archive.canaries:
        findings += _missing(canary.document, profile.canaries.sections)
    return sorted([*findings, *_tracker(archive)])


def check_security_txt(security_txt: SecurityTxt, on: date) -> Iterator[Finding]:
    """Report a security.txt that has expired at the end of a day, or will soon."""
    end = security_txt.expires.date()
    left = (end - on).days
    if left <= _RENEW:
        message = f"expires on {end}: {left} day(s) from {on}"
        if left <= 0:
            message = f"expired on {end}; nobody should rely on it"
        severity = Severity.WARNING if left > 0 else Severity.ERROR
        yield Finding(".well-known/security.txt", 0, "security-txt-expires", message, severity)


def lint_text(document: Document) -> list[Finding]:
    """Return findings about the lines of a text, and its references."""
    return [*_lines(document), *_references(document)]


def _lines(document: Document) -> Iterator[Finding]:
    path = document.file.path
    lines = document.file.data.split(b"\n")
    if number := next((n for n, line in enumerate(lines, 1) if line.endswith(b"\r")), 0):
        yield Finding(path, number, "carriage-return", "ends in CR LF; expected LF")
    for number, line in enumerate(lines[:MAX_READ_LINES], 1):
        if line.rstrip(b"\r")[-1:] in (b" ", b"\t") and line.strip(b"\r") != b"| ":
            message = "white space at the end of the line"
            yield Finding(path, number, "trailing-space", message, Severity.NOTICE)


def _references(document: Document) -> Iterator[Finding]:
    path = document.file.path
    every = list(references(document.blocks))
    lines = {citation_label(r.label): r.first for r in reversed(every)}
    defined = Counter(citation_label(r.label) for r in every)
    cited = set()
    for line, inlines in running_text(document.blocks):
        cited |= {citation_label(i.label) for i in inlines if isinstance(i, Citation)}
        text = "".join(words(i) if isinstance(i, (Citation, Text)) else " " for i in inlines)
        labels = {label for match in _CITED.finditer(text) for label in _labels(match[1])}
        cited |= labels
        for label in sorted(labels - defined.keys()):
            message = f"[{label}] is cited, but no reference has that label"
            yield Finding(path, line, "reference-undefined", message)
    for label, count in sorted(defined.items()):
        if count > 1:
            message = f"[{label}] is defined {count} times"
            yield Finding(path, lines.get(label, 0), "reference-twice", message)
        if label not in cited:
            message = f"[{label}] is defined, but never cited"
            yield Finding(path, lines.get(label, 0), "reference-uncited", message, Severity.NOTICE)


def _labels(cited: str) -> Iterator[str]:
    """The labels of a citation, which can be several: ``1, 2``."""
    return (citation_label(label.strip()) for label in cited.split(","))


def _missing(document: Document, expected: Sequence[str]) -> Iterator[Finding]:
    """Report the sections of the profile that a text does not have."""
    names = {section_name(section.title) for section in sections(document)}
    for title in (title for title in expected if section_name(title) not in names):
        message = f"no section {title}, which the profile names"
        yield Finding(document.file.path, 0, "section-missing", message, Severity.NOTICE)


def _sections(bulletin: Bulletin, expected: Sequence[str]) -> Iterator[Finding]:
    """Report missing sections: those of the profile, or else what every bulletin should have."""
    document = bulletin.document
    yield from _missing(document, expected)
    missing = ["Summary"] if summary_section(document) is None else []
    missing += [] if actions(document, ()) else ["on what to do: User action, or Patching"]
    for title in missing if not expected else ():
        message = f"no section {title}"
        yield Finding(document.file.path, 0, "section-missing", message, Severity.NOTICE)


def _tracker(archive: Archive) -> Iterator[Finding]:
    """Report where tracker data and a text differ in what the text addresses."""
    tracked = {a.number: a for a in archive.advisories if a.tracked}
    for bulletin in archive.bulletins if tracked else ():
        evidence = [m for m in reversed(bulletin.evidence) if m.scheme == "XSA"]
        addressed = {int(m.value[4:]): m for m in evidence}
        assigned = {n for n, a in tracked.items() if a.announced_in == bulletin.number}
        for number in sorted(addressed.keys() - assigned):
            yield _untracked(bulletin, addressed[number], tracked.get(number))
        for number in sorted(assigned - addressed.keys()):
            yield _unaddressed(bulletin, number)


def _untracked(bulletin: Bulletin, mention: Mention, advisory: Advisory | None) -> Finding:
    """The text addresses an advisory, but the tracker does not assign it to this bulletin."""
    if advisory is None:
        tracker = "the tracker does not have it"
    elif advisory.bulletin:
        tracker = f"the tracker assigns it to {advisory.bulletin}"
    elif advisory.affected is False:
        tracker = "the tracker says that nothing is affected, and assigns it to no bulletin"
    else:
        tracker = "the tracker assigns it to no bulletin"
    message = f"{mention.value} is addressed here ({_quoted(mention)}), but {tracker}"
    return Finding(bulletin.document.file.path, mention.line, "tracker-differs", message)


def _unaddressed(bulletin: Bulletin, number: int) -> Finding:
    """The tracker assigns an advisory to a bulletin that does not address it."""
    mentions = [m for m in bulletin.all_mentions if m.value == f"XSA-{number}"]
    head = bulletin.document.letterhead
    line = mentions[0].line if mentions else head.line if head else 0
    text = f"only mentions it ({_quoted(mentions[0])})" if mentions else "never mentions it"
    message = f"XSA-{number} is assigned to this bulletin by the tracker, but the text {text}"
    return Finding(bulletin.document.file.path, line, "tracker-differs", message)


def _quoted(mention: Mention) -> str:
    return f"{mention.context.value}: “{mention.sentence}”"
