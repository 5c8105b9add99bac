"""What ``secpack check`` finds in a pack, and how findings are printed."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from secpack.archive import load
from secpack.canary.checks import check_lateness
from secpack.errors import ParseError, SecpackError, as_far_as_usable
from secpack.extract.metadata import NO_DATE
from secpack.history.git import write_tree
from secpack.lint import CODES, check_security_txt, lint
from secpack.model.archive import UNDATED, Advisory, Archive, History, Publication
from secpack.model.findings import DOUBTS, Finding, Severity, counted, with_waivers
from secpack.pack import digests
from secpack.parser.characters import visible
from secpack.profile import Profile
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import is_about_signatures

#: What a draft lacks because it is one, besides what cannot be read on the line of a placeholder.
_OPEN: Final = frozenset(
    {"date-future", "draft", "no-good-signature", "placeholder", "signer-missing", "unsigned"}
)
#: What can be mended outside a text: in the profile, in the tracker, or in the rest of the pack.
_ELSEWHERE: Final = frozenset(
    {"canary-count", "date-differs", "issuer-differs", "no-title", "package-unread"}
    | {"title-differs", "tracker-differs", "waiver-unused"}
)
_ORDER: Final = {severity: n for n, severity in enumerate(Severity)}
_MOST_ANNOTATIONS: Final = 10  # errors, and warnings, that GitHub shows for a step


@dataclass(frozen=True, slots=True)
class Check:
    """A check of packs, with or without one of signatures, and perhaps on a day."""

    profile: Profile
    advisories: Sequence[Advisory]
    checker: Checker | None
    on: date | None = None

    def findings(self, pack: Path, *, since: str = "", is_draft: bool = False) -> list[Finding]:
        """Read and verify a whole pack; return its findings: the worst, and of newest texts, first.

        ``since`` leaves those that a commit of the pack does not have by the same check, so that
        what a change does to other files counts, and what its file had before does not. Without
        it, warnings about the words of a signed text are notices: only a new version can change
        them. ``is_draft`` makes notices of what texts without signatures lack as drafts.

        Raises SecpackError when nothing can be checked: no pack, no such commit, or no gpgv.
        """
        archive, findings = self._read(pack)
        if since:
            with tempfile.TemporaryDirectory() as folder:
                write_tree(pack, since, Path(folder))
                with suppress(SecpackError):  # no pack at that time: everything is new
                    before = self._read(Path(folder), archive.history)
                    findings = _new(findings, archive, *before)
        else:
            findings = [*_settled(findings, archive)]
        findings = [*_as_draft(findings, archive)] if is_draft else findings
        files = ((p, (p.file, *(s.file for s in p.signatures))) for p in archive.publications)
        days = {file.path: p.published for p, every in files for file in every}
        newest = {file: date.max - day for file, day in days.items() if day != UNDATED}

        def order(f: Finding) -> tuple[int, bool, timedelta, Finding]:
            is_effect = f.code not in DOUBTS  # of a missing key there is one for each signature
            return _ORDER[f.severity], is_effect, newest.get(f.file, timedelta()), f

        return sorted(findings, key=order)

    def _read(self, pack: Path, history: History | None = None) -> tuple[Archive, list[Finding]]:
        """A pack and its findings; the history can be another one than that in its folder."""
        errors: list[SecpackError] = []
        profile = self.profile
        read = partial(load, pack, profile=profile, advisories=self.advisories)
        archive = as_far_as_usable(partial(read, checker=self.checker), errors)
        archive = replace(archive, history=history) if history else archive
        findings = [*archive.findings, *map(unreadable, errors)]
        waivers = [w for w in profile.waivers if w.finding in CODES]
        files = [p.file for p in archive.publications]
        findings += with_waivers(lint(archive, profile), waivers, digests(pack, files, waivers))
        findings += _future(archive.publications)
        findings += (
            Finding(p.file.path, 0, "document-gone", p.reason, Severity.ERROR)
            for p in archive.history.pending
            if p.gone
        )
        for name in archive.unknown_embargoes:
            message = f"{name} is under embargo, but the pack has no such document"
            findings.append(Finding("", 0, "embargo-unknown", message, Severity.ERROR))
        if self.on:
            findings += check_lateness(archive.canaries, self.on)
            security_txt = profile.security_txt
            findings += check_security_txt(security_txt, self.on) if security_txt else ()
        return archive, findings


def concerned(findings: Iterable[Finding], path: str) -> list[Finding]:
    """Return the findings on a file and its signatures, or on a folder and what is in it.

    Those that concern every signature, or the whole pack, are among them.
    """
    inside, whole = (f"{path}/", f"{path}."), ("", path)
    own = (f for f in findings if f.file in whole or f.file.startswith(inside) or f.code in DOUBTS)
    return [*own] if path else [*findings]


def _new(
    findings: Sequence[Finding], archive: Archive, before: Archive, known: Sequence[Finding]
) -> list[Finding]:
    """The findings that are new or matter more than before, and signed texts that are gone.

    A line is the same by its words.
    """

    def key(finding: Finding, lines: dict[str, list[bytes]]) -> tuple[object, ...]:
        line = lines.get(finding.file, [])[finding.line - 1 : finding.line or None]
        return replace(finding, line=0), *(line if finding.line else ())

    def lines_of(archive: Archive) -> dict[str, list[bytes]]:
        return {p.file.path: p.file.data.split(b"\n") for p in archive.publications}

    old, new = lines_of(before), lines_of(archive)
    less = {s: [t for t in Severity if _ORDER[t] >= _ORDER[s]] for s in Severity}
    rest = Counter(key(replace(f, severity=s), old) for f in known for s in less[f.severity])
    mine = (f for f in findings if f.file != ".git")  # which no change is about
    own = [f for f in mine if (rest.subtract([k := key(f, new)]) or rest[k]) < 0]
    present = {p.id for p in archive.publications} | {f.file for f in own if f.code == "unreadable"}
    for text in before.publications:
        if text.signatures and present.isdisjoint({text.id, text.file.path}):
            message = "somebody has signed this text, and it is gone"
            own.append(Finding(text.file.path, 0, "document-gone", message, Severity.ERROR))
    return own


def _settled(findings: Iterable[Finding], archive: Archive) -> Iterator[Finding]:
    """The findings; warnings about the words of signed texts are notices."""
    newest = {d.newest.file.sha256 for d in archive.history.documents if d.newest}
    signed = {p.file.path for p in archive.publications if p.file.sha256 in newest}
    for f in findings:
        is_of_words = not is_about_signatures(f.code) and f.code not in _ELSEWHERE
        fixed = f.file in signed and is_of_words and f.severity is Severity.WARNING
        yield replace(f, severity=Severity.NOTICE) if fixed else f


def _as_draft(findings: Sequence[Finding], archive: Archive) -> Iterator[Finding]:
    """The findings; what drafts lack as such are notices, also signatures of older versions."""
    drafts = {pending.file.path for pending in archive.history.pending}
    every = (s for publication in archive.publications for s in publication.signatures)
    older = {s.file.path for s in every if s.covers_other}
    unwritten = {(f.file, f.line) for f in findings if f.code == "placeholder"}
    for f in findings:
        unread = f.code in ("package-unread", "unreadable") and (f.file, f.line) in unwritten
        is_open = f.code in _OPEN or f.message == NO_DATE or unread
        lacks = (f.file in drafts and is_open) or f.file in older
        yield replace(f, severity=Severity.NOTICE) if lacks else f


def _future(publications: Sequence[Publication]) -> Iterator[Finding]:
    """Report dates after tomorrow: slips, or documents that cannot be published yet."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for publication in publications:
        if publication.updated > tomorrow:
            message = f"dated {publication.updated}, in the future: is the year right?"
            lines = [r.line for r in publication.revisions if r.date == publication.updated]
            line = [*lines, publication.document.line][0]
            yield Finding(publication.file.path, line, "date-future", message, Severity.ERROR)


def unreadable(error: SecpackError) -> Finding:
    """An error, as a finding."""
    if isinstance(error, ParseError):
        return Finding(error.path, error.line, "unreadable", error.message, Severity.ERROR)
    return Finding("", 0, "unreadable", str(error), Severity.ERROR)


# --- output -----------------------------------------------------------------------------------


def _as_text(findings: Sequence[Finding], *, every: bool) -> Iterator[str]:
    listed = [f for f in findings if every or f.severity is not Severity.NOTICE]
    for file, group in groupby(listed, key=lambda finding: finding.file):
        yield file
        for f in group:
            line = f"{f.line}: " if f.line else ""
            waived = f" (accepted: {f.waived})" if f.waived else ""
            yield f"  {line}{f.severity.value}: {f.message} [{f.code}]{waived}"


def _as_json(findings: Sequence[Finding], *, every: bool) -> Iterator[str]:  # noqa: ARG001
    items = [asdict(finding) | {"waived": finding.waived or None} for finding in findings]
    yield from json.dumps(items, indent=1, sort_keys=True).split("\n")


def _as_github(findings: Sequence[Finding], *, every: bool) -> Iterator[str]:
    """Workflow commands, with which a forge shows a finding next to its line."""
    rest: list[Finding] = []
    for severity in Severity:
        group = [f for f in findings if f.severity is severity]
        most = len(group) if every else 0 if severity is Severity.NOTICE else _MOST_ANNOTATIONS
        rest += group[most:]
        for f in group[:most]:
            properties = {"file": f.file, "line": f.line, "title": f.code}
            where = [f"{name}={_property(f'{each}')}" for name, each in properties.items() if each]
            yield f"::{severity.value} {','.join(where)}::{_data(f.message)}"
    if rest:
        yield f"::notice title=more::{counts(rest)} more: secpack check --all lists them"


def _data(text: str) -> str:
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"text": _as_text, "json": _as_json, "github": _as_github}


def counts(findings: Sequence[Finding]) -> str:
    """How many findings of each severity there are."""
    numbers = Counter(f.severity for f in findings)
    return ", ".join(counted(numbers[each], each.value) for each in Severity)


def by_kind(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each kind of notice, the most frequent first."""
    notices = [f for f in findings if f.severity is Severity.NOTICE]
    if notices:
        yield "Notices, which --all lists:"
    for code, count in Counter(f.code for f in notices).most_common():
        files = sorted({f.file for f in notices if f.code == code})
        where = files[-1] + (f" and {len(files) - 1} more" if files[1:] else "")
        yield f"  {count:4} {code}: {where}"
