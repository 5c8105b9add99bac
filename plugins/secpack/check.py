"""What ``secpack check`` finds in a pack, and how findings are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from secpack.archive import load
from secpack.canary.checks import check_lateness
from secpack.errors import ParseError, SecpackError, as_far_as_usable
from secpack.lint import CODES, check_security_txt, lint
from secpack.model.archive import Advisory, Publication
from secpack.model.findings import Finding, Severity, with_waivers
from secpack.pack import digests
from secpack.parser.characters import on_one_line
from secpack.profile import Profile
from secpack.signatures.gpgv import Checker


def check(
    pack: str, profile: Profile, advisories: Sequence[Advisory], checker: Checker, on: date | None
) -> list[Finding]:
    """Read and verify a whole pack; return all findings.

    Raises SecpackError when nothing can be checked: no pack, or no gpgv.
    """
    errors: list[SecpackError] = []
    archive = as_far_as_usable(
        lambda: load(pack, profile=profile, advisories=advisories, checker=checker), errors
    )
    findings = [*archive.findings, *map(unreadable, errors)]
    waivers = [w for w in profile.waivers if w.finding in CODES]
    files = [p.document.file for p in archive.publications]
    known = digests(Path(pack), files, waivers)
    findings += with_waivers(lint(archive, profile), waivers, known)
    findings += _future(archive.publications)
    for name in archive.unknown_embargoes:
        message = f"{name} is under embargo, but the pack has no such document"
        findings.append(Finding("", 0, "embargo-unknown", message, Severity.ERROR))
    if on:
        findings += check_lateness(archive.canaries, on)
        findings += check_security_txt(profile.security_txt, on) if profile.security_txt else ()
    return findings


def _future(publications: Sequence[Publication]) -> Iterator[Finding]:
    """Report dates after tomorrow: slips, or documents that cannot be published yet."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for publication in publications:
        if publication.updated > tomorrow:
            message = f"dated {publication.updated}, in the future: is the year right?"
            head, path = publication.document.letterhead, publication.document.file.path
            lines = [r.line for r in publication.revisions if r.date == publication.updated]
            line = next(iter(lines), head.line if head else 0)
            yield Finding(path, line, "date-future", message, Severity.ERROR)


def unreadable(error: SecpackError) -> Finding:
    """An error, as a finding."""
    if isinstance(error, ParseError):
        return Finding(error.path, error.line, "unreadable", error.message, Severity.ERROR)
    return Finding("", 0, "unreadable", str(error), Severity.ERROR)


# --- output -----------------------------------------------------------------------------------


def _as_text(findings: Sequence[Finding]) -> Iterator[str]:
    for file, group in groupby(findings, key=lambda finding: finding.file):
        yield on_one_line(file)
        for f in group:
            line = f"{f.line}: " if f.line else ""
            waived = f" (accepted: {f.waived})" if f.waived else ""
            yield on_one_line(f"  {line}{f.severity.value}: {f.message} [{f.code}]{waived}")


def _as_json(findings: Sequence[Finding]) -> Iterator[str]:
    items = [asdict(finding) | {"waived": finding.waived or None} for finding in findings]
    yield json.dumps(items, indent=1, sort_keys=True)


def _as_github(findings: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands, with which a forge shows each finding next to its line."""
    for f in findings:
        level = "notice" if f.waived else f.severity.value
        location = f"file={_property(f.file)}" + (f",line={f.line}" if f.line else "")
        yield f"::{level} {location},title={f.code}::{_data(f.message)}"


def _data(text: str) -> str:
    return on_one_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"text": _as_text, "json": _as_json, "github": _as_github}


def summary(findings: Sequence[Finding], shown: Sequence[Finding]) -> str:
    """How many findings of each severity there are."""
    numbers = [(sum(f.severity is each for f in findings), each.value) for each in Severity]
    counts = [f"{n} {name if n == 1 else f'{name}s'}" for n, name in numbers]
    hidden = len(findings) - len(shown)
    more = f"; {hidden} not shown, --notices shows them" if hidden else ""
    return f"{', '.join(counts)}{more}"
