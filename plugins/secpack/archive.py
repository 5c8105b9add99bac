"""Joins what was read: documents with their metadata, advisories with those who name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from secpack import lint
from secpack.canary.checks import check_canaries
from secpack.documents import read_documents
from secpack.errors import PackError, SecpackError
from secpack.git import checked_out
from secpack.mirror import publish_check
from secpack.model.archive import Advisory, Archive, Attachment, Bulletin, Canary, File, Publication
from secpack.model.findings import Finding, Severity
from secpack.pack import Contents, document_id, read_contents
from secpack.profile import Kind, Profile
from secpack.signatures.evidence import Evidence, gather
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_document, is_about_signatures
from secpack.tracker.join import (
    as_tracked,
    check_tracker,
    join_advisories,
    join_cves,
    without_withheld,
)
from secpack.waivers import with_waivers

_MOST_GAPS: Final = 100

_P = TypeVar("_P", Bulletin, Canary)


def load(  # noqa: PLR0913 - all but the first are given by name
    path: str | Path,
    *,
    profile: Profile | None = None,
    advisories: Sequence[Advisory] = (),
    as_of: date | None = None,
    checker: Checker | None = None,
    progress: Callable[[int, int], object] = lambda *_: None,
) -> Archive:
    """Read a pack and return it as an Archive.

    ``advisories`` is tracker data; without it the advisories are those that the texts name.
    Documents that the profile embargoes, and those published after ``as_of`` (by default the
    profile's), are left out as if they were not there. With a ``checker`` every signature is
    checked and judged; without one their verdicts stay ``unchecked``, and there are no keys.
    ``progress`` gets the number of texts read so far, and of all texts, for each folder.

    Raises PackError, with all reasons, when a file of the pack cannot be read or placed, and
    SecpackError when there is no pack.
    """
    archive, errors = examine(
        path,
        profile=profile,
        advisories=advisories,
        as_of=as_of,
        checker=checker,
        progress=progress,
    )
    if errors:
        raise PackError(errors)
    return archive


def examine(  # noqa: PLR0913 - all but the first are given by name
    path: str | Path,
    *,
    profile: Profile | None = None,
    advisories: Sequence[Advisory] = (),
    as_of: date | None = None,
    checker: Checker | None = None,
    progress: Callable[[int, int], object] = lambda *_: None,
) -> tuple[Archive, tuple[SecpackError, ...]]:
    """Do what ``load`` does, but go on behind errors: return what can be read, and the errors.

    Such an archive is for looking at, not for publishing. Raises SecpackError where nothing can
    be read at all.
    """
    profile = profile or Profile()
    contents = read_contents(Path(path), profile)
    bulletins, canaries = read_documents(contents, profile, progress)
    evidence = gather(contents, profile, checker) if checker else None
    publications: list[Publication] = [*bulletins, *canaries]
    limit = as_of or profile.as_of or date.max
    late = {p.id for p in publications if p.published > limit}
    withheld = contents.withheld | late
    tracker = [without_withheld(a, withheld, profile.bulletins) for a in advisories]
    bulletins = list(as_tracked((b for b in bulletins if b.id not in late), tracker))
    canaries = [canary for canary in canaries if canary.id not in late]
    publications = [*bulletins, *canaries]
    joined = tuple(join_advisories(publications, tracker))
    # What is kept back has not been published, and neither has the commit that holds it.
    commit, odd = ("", ()) if withheld else checked_out(Path(path))
    contents.findings += odd
    archive = Archive(
        bulletins=tuple(bulletins),
        canaries=tuple(canaries),
        advisories=joined,
        attachments=tuple(Attachment(file, signed) for file, signed in contents.attachments),
        keys=(),
        findings=(),
        cves=tuple(join_cves(joined, publications)),
        embargoed=len(contents.withheld),
        unknown_embargoes=tuple(_unknown_embargoes(profile, contents)),
        late=len(late),
        commit=commit,
    )
    if evidence:
        archive = _judged(archive, evidence)
    archive = _without_traces(archive, withheld)
    findings = _findings(archive, contents, profile, withheld, evidence)
    return replace(archive, findings=tuple(findings)), tuple(contents.errors)


def _unknown_embargoes(profile: Profile, contents: Contents) -> Iterator[str]:
    """Embargoes that hold for no document here: perhaps a slip, and the document goes public."""
    for name, entry in sorted(profile.documents.items()):
        if entry.status == "embargoed" and name not in contents.withheld:
            yield name


# --- signatures -------------------------------------------------------------------------------


def _judged(archive: Archive, evidence: Evidence) -> Archive:
    """The archive with the verdicts on all signatures, and the keys."""
    judged = evidence.judged
    return replace(
        archive,
        bulletins=tuple(replace(b, signatures=judged(b.signatures)) for b in archive.bulletins),
        canaries=tuple(
            replace(
                canary,
                signatures=judged(canary.signatures),
                letters=tuple(replace(x, signatures=judged(x.signatures)) for x in canary.letters),
            )
            for canary in archive.canaries
        ),
        attachments=tuple(replace(a, signatures=judged(a.signatures)) for a in archive.attachments),
        keys=evidence.keys,
    )


def _signature_findings(archive: Archive, profile: Profile) -> Iterator[Finding]:
    rows: tuple[tuple[str, Sequence[Publication]], ...]
    rows = (("bulletins", archive.bulletins), ("canaries", archive.canaries))
    for kind, publications in rows:
        for p in publications:
            file, day = p.document.file, p.published
            yield from check_document(file, p.signatures, profile, kind=kind, day=day)
    letters = [letter for canary in archive.canaries for letter in canary.letters]
    others = [(letter.document.file, letter.signatures) for letter in letters]
    others += [(attachment.file, attachment.signatures) for attachment in archive.attachments]
    for file, signatures in others:
        yield from check_document(file, signatures, profile, kind="", day=None)


def _files(contents: Contents) -> Iterator[File]:
    """All files of a pack that were read."""
    for entry in (*contents.bulletins, *contents.canaries):
        yield from (entry.file, *(signature.file for signature in entry.signatures))
    for file, signatures in contents.attachments:
        yield from (file, *(signature.file for signature in signatures))
    yield from contents.keys


# --- findings ---------------------------------------------------------------------------------


def _findings(
    archive: Archive,
    contents: Contents,
    profile: Profile,
    withheld: set[str],
    evidence: Evidence | None,
) -> list[Finding]:
    """What was found in what is published, sorted, with the profile's exceptions marked."""
    documents = [p.document for p in archive.publications]
    documents += [letter.document for canary in archive.canaries for letter in canary.letters]
    findings = [
        *contents.findings,
        *(finding for document in documents for finding in document.findings),
        *_gaps(profile.bulletins, archive.bulletins, withheld),
        *_gaps(profile.canaries, archive.canaries, withheld),
        *_copies(archive),
        *check_canaries(archive.canaries, archive.bulletins, profile),
        *check_tracker(archive.advisories, archive.bulletins),
    ]
    if evidence:
        findings += [*evidence.findings, *_signature_findings(archive, profile)]
    # Without evidence nothing can be said of waivers for signatures, nor ever of those for a check
    # or a release.
    waivers = [
        w
        for w in profile.waivers
        if w.finding not in lint.CODES | publish_check.CODES
        and (evidence or not is_about_signatures(w.finding))
    ]
    digests = {file.path: file.sha256 for file in _files(contents)}
    secret = _names_of(withheld)
    return sorted(f for f in with_waivers(findings, waivers, digests) if not secret.search(f.file))


def _copies(archive: Archive) -> Iterator[Finding]:
    """The same signed bytes under two names: one of them claims to be what it is not."""
    files = [p.document.file for p in archive.publications]
    files += [letter.document.file for canary in archive.canaries for letter in canary.letters]
    files += [attachment.file for attachment in archive.attachments]
    first: dict[str, str] = {}
    for file in files:
        if first.setdefault(file.sha256, file.path) != file.path:
            message = f"the same bytes as {first[file.sha256]}: remove one of the two"
            yield Finding(file.path, 0, "copied-document", message, Severity.ERROR)


def _without_traces(archive: Archive, withheld: set[str]) -> Archive:
    """The archive without files whose names belong to documents that are kept back."""
    secret = _names_of(withheld)
    kept = tuple(a for a in archive.attachments if not secret.search(a.file.path))
    return replace(archive, attachments=kept)


def _names_of(withheld: set[str]) -> re.Pattern[str]:
    """What the names of files have in them that belong to documents which are kept back."""
    names = [re.escape(identity.lower()) for identity in withheld]
    return re.compile("|".join(rf"{name}(?!\d)" for name in names) if names else r"(?!)", re.I)


def _gaps(kind: Kind, published: Sequence[_P], withheld: set[str]) -> Iterator[Finding]:
    """Numbers that are missing among those of a folder, as one finding."""
    numbers = {p.number for p in published}
    missing = [
        f"{number:03d}"
        for number in range(1, max(numbers, default=0))
        if number not in numbers and document_id(kind, number) not in withheld
    ]
    if missing:
        more = f" and {len(missing) - _MOST_GAPS} more" if len(missing) > _MOST_GAPS else ""
        message = f"missing numbers: {', '.join(missing[:_MOST_GAPS])}{more}"
        yield Finding(kind.folder, 0, "number-gap", message)
