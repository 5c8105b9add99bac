"""What a publisher wants to know before publishing, and readers need not: ``secpack check``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from secpack.extract.sections import actions, summary_section
from secpack.model.archive import Advisory, Archive, Bulletin, Document, Mention
from secpack.model.blocks import Citation, References, Text, running_text
from secpack.model.findings import Finding, Severity
from secpack.parser.blocks import defined_labels
from secpack.parser.inline import citation_label
from secpack.parser.lines import MAX_READ_LINES
from secpack.profile import SecurityTxt

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

#: How many days before its end a security.txt should be renewed.
_RENEW: Final = 30

_CITED: Final = re.compile(r"(?<![\w\]])\[((?:[0-9]{1,3}|\*{1,5})(?:,\s?[0-9]{1,3}){0,20})\]")


def lint(archive: Archive) -> list[Finding]:
    """Findings about texts that are sound enough to be published, sorted."""
    found: list[Finding] = []
    for publication in archive.publications:
        found += _document(publication.document)
    for bulletin in archive.bulletins:
        found += _sections(bulletin)
    found += _tracker(archive)
    return sorted(found)


def check_security_txt(told: SecurityTxt, on: date) -> Iterator[Finding]:
    """Whether at the end of a certain day a security.txt holds no longer, or soon will not."""
    left = (told.expires.date() - on).days
    if left <= _RENEW:
        message = f"expires on {told.expires.date()}: {left} day(s) from {on}"
        if left <= 0:
            message = f"expired on {told.expires.date()}; nobody should rely on it"
        severity = Severity.WARNING if left > 0 else Severity.ERROR
        yield Finding(".well-known/security.txt", 0, "security-txt-expires", message, severity)


def _document(document: Document) -> Iterator[Finding]:
    path = document.file.path
    for number, line in enumerate(document.file.data.split(b"\n"), 1):
        if line.endswith(b"\r"):
            yield Finding(path, number, "carriage-return", "ends in CR LF; expected LF")
            break
    for number, line in enumerate(document.file.data.split(b"\n")[:MAX_READ_LINES], 1):
        if line.rstrip(b"\r")[-1:] in (b" ", b"\t") and line.strip(b"\r") != b"| ":
            message = "white space at the end of the line"
            yield Finding(path, number, "trailing-space", message, Severity.NOTICE)
    yield from _references(document)


def _references(document: Document) -> Iterator[Finding]:
    path = document.file.path
    references = [r for b in document.blocks if isinstance(b, References) for r in b.items]
    lines = {citation_label(r.label): r.first for r in reversed(references)}
    defined = Counter(defined_labels(document.blocks))
    cited = set()
    for line, inlines in running_text(document.blocks):
        for inline in inlines:
            if isinstance(inline, Citation):
                cited.add(citation_label(inline.label))
            elif isinstance(inline, Text):
                labels = set(_cited(inline.text))
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


def _cited(text: str) -> Iterator[str]:
    """Labels in running text that is no citation yet: undefined ones, and lists as ``[1, 2]``."""
    for match in _CITED.finditer(text):
        yield from (citation_label(label.strip()) for label in match[1].split(","))


def _sections(bulletin: Bulletin) -> Iterator[Finding]:
    path = bulletin.document.file.path
    if summary_section(bulletin.document) is None:
        message = "no section Summary"
        yield Finding(path, 0, "section-missing", message, Severity.NOTICE)
    if not actions(bulletin.document):
        message = "no section that tells what to do: User action, or Patching"
        yield Finding(path, 0, "section-missing", message, Severity.NOTICE)


def _tracker(archive: Archive) -> Iterator[Finding]:
    """Where tracker data and a text, by its own words, differ in what the text addresses."""
    tracked = {a.number: a for a in archive.advisories if a.tracked}
    for bulletin in archive.bulletins if tracked else ():
        told = {int(n.value[4:]): n for n in reversed(bulletin.evidence)}
        assigned = {n for n, a in tracked.items() if a.announced_in == bulletin.number}
        for number in sorted(told.keys() - assigned):
            yield _untracked(bulletin, told[number], tracked.get(number))
        for number in sorted(assigned - told.keys()):
            yield _unaddressed(bulletin, number)


def _untracked(bulletin: Bulletin, mention: Mention, advisory: Advisory | None) -> Finding:
    """The text addresses an advisory, and the tracker says something else."""
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
    named = [n for n in bulletin.all_mentions if n.value == f"XSA-{number}"]
    head = bulletin.document.letterhead
    line = named[0].line if named else head.line if head else 0
    text = f"only mentions it ({_quoted(named[0])})" if named else "never names it"
    message = f"XSA-{number} is assigned to this bulletin by the tracker, but the text {text}"
    return Finding(bulletin.document.file.path, line, "tracker-differs", message)


def _quoted(mention: Mention) -> str:
    return f"{mention.context.value}: “{mention.sentence}”"
