"""Joins what was read: documents with their metadata, advisories with those who name them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from secpack import lint, release
from secpack.advisories import check_tracker
from secpack.canaries import (
    announcements,
    bulletin_count,
    check_canaries,
    due_window,
    freshness,
    introduction,
    read_statements,
    stated_master_key,
)
from secpack.crossreferences import (
    advisory_numbers,
    as_tracked,
    join_advisories,
    join_cves,
    other_ids,
    without_withheld,
)
from secpack.errors import PackError, ParseError, SecpackError
from secpack.evidence import Evidence, gather
from secpack.git import read_commit
from secpack.inference import decide, find_namings
from secpack.metadata import Metadata, read_metadata
from secpack.model import (
    Advisory,
    Archive,
    Attachment,
    Bulletin,
    Canary,
    Document,
    File,
    Finding,
    Letter,
    Publication,
    Severity,
)
from secpack.pack import Contents, Entry, document_id, read_contents
from secpack.policy import check_document, is_about_signatures
from secpack.profile import DocumentEntry, Kind, Profile
from secpack.signatures import Checker
from secpack.text import parse_letter, parse_text
from secpack.text.packages import read_packages
from secpack.waivers import with_waivers

_MOST_GAPS: Final = 100

_P = TypeVar("_P", Bulletin, Canary)


def load(
    path: str | Path,
    *,
    profile: Profile | None = None,
    advisories: Sequence[Advisory] = (),
    as_of: date | None = None,
    checker: Checker | None = None,
) -> Archive:
    """Read a pack and return it as an Archive.

    ``advisories`` is tracker data; without it the advisories are those that the texts name.
    Documents that the profile embargoes, and those published after ``as_of`` (by default the
    profile's), are left out as if they were not there. With a ``checker`` every signature is
    checked and judged; without one their verdicts stay ``unchecked``, and there are no keys.

    Raises PackError, with all reasons, when a file of the pack cannot be read or placed, and
    SecpackError when there is no pack.
    """
    archive, errors = examine(
        path, profile=profile, advisories=advisories, as_of=as_of, checker=checker
    )
    if errors:
        raise PackError(errors)
    return archive


def examine(
    path: str | Path,
    *,
    profile: Profile | None = None,
    advisories: Sequence[Advisory] = (),
    as_of: date | None = None,
    checker: Checker | None = None,
) -> tuple[Archive, tuple[SecpackError, ...]]:
    """Do what ``load`` does, but go on behind errors: return what can be read, and the errors.

    Such an archive is for looking at, not for publishing. Raises SecpackError where nothing can
    be read at all.
    """
    profile = profile or Profile()
    contents = read_contents(Path(path), profile)
    with gather(contents, profile, checker) if checker else nullcontext(None) as wait:
        bulletins = _documents(contents.bulletins, profile.bulletins, contents, _bulletin(profile))
        canaries = _documents(contents.canaries, profile.canaries, contents, _canary(profile))
        evidence = wait() if wait else None
    publications: list[Publication] = [*bulletins, *canaries]
    limit = as_of or profile.as_of or date.max
    late = {p.id for p in publications if p.published > limit}
    withheld = contents.withheld | late
    tracker = [without_withheld(a, withheld, profile.bulletins) for a in advisories]
    bulletins = [as_tracked(b, tracker) for b in bulletins if b.id not in late]
    canaries = [canary for canary in canaries if canary.id not in late]
    publications = [*bulletins, *canaries]
    joined = tuple(join_advisories(publications, tracker))
    archive = Archive(
        bulletins=tuple(bulletins),
        canaries=tuple(canaries),
        advisories=joined,
        attachments=tuple(Attachment(file, signed) for file, signed in contents.attachments),
        keys=(),
        findings=(),
        cves=tuple(join_cves(joined, publications)),
        embargoed=len(contents.withheld),
        late=len(late),
        # What is kept back has not been published, and neither has the commit that holds it.
        commit="" if contents.withheld or late else read_commit(Path(path)),
    )
    if evidence:
        archive = _judged(archive, evidence)
    archive = _without_traces(archive, withheld)
    findings = _findings(archive, contents, profile, withheld, evidence)
    return replace(archive, findings=tuple(findings)), tuple(contents.errors)


# --- documents --------------------------------------------------------------------------------


def _documents(
    entries: Iterable[Entry],
    kind: Kind,
    contents: Contents,
    build: Callable[[Entry, Sequence[Letter]], _P],
) -> list[_P]:
    """The documents of one folder, ascending; what is wrong with one goes to the errors."""
    documents = []
    letters = defaultdict(list)
    for entry in entries:
        if entry.letter:
            letters[entry.number].append(entry)
    seen: dict[int, str] = {}
    for entry in sorted((e for e in entries if not e.letter), key=lambda e: e.number):
        try:
            _check_number(entry, seen)
            beside = [_letter(e, entry) for e in letters.pop(entry.number, ())]
            documents.append(build(entry, beside))
        except SecpackError as error:
            contents.errors.append(error)
            letters.pop(entry.number, None)
    for orphan in (entry for group in letters.values() for entry in group):
        message = f"a letter, but there is no {document_id(kind, orphan.number)} here"
        contents.errors.append(ParseError(message, path=orphan.file.path))
    return documents


def _letter(entry: Entry, canary: Entry) -> Letter:
    if entry.year != canary.year:
        message = f"a letter whose name says {entry.year}, beside {canary.file.name}"
        raise ParseError(message, path=entry.file.path)
    return Letter(entry.letter, parse_letter(entry.file), entry.signatures)


def _check_number(entry: Entry, seen: dict[int, str]) -> None:
    if entry.number in seen:
        message = f"number {entry.number} is also that of {seen[entry.number]}"
        raise ParseError(message, path=entry.file.path)
    seen[entry.number] = entry.file.path


def _bulletin(profile: Profile) -> Callable[[Entry, Sequence[Letter]], Bulletin]:
    def build(entry: Entry, letters: Sequence[Letter]) -> Bulletin:
        if letters:
            path = letters[0].document.file.path
            raise ParseError("a letter beside a bulletin; only canaries have letters", path=path)
        document, metadata = _read(entry, profile.bulletins, profile, kind="bulletin")
        namings = find_namings(document)
        evidence = decide(namings)
        addresses = advisory_numbers(evidence)
        packages, unread = read_packages(document)
        return Bulletin(
            id=document_id(profile.bulletins, entry.number),
            number=entry.number,
            title=metadata.title,
            published=metadata.published,
            updated=metadata.updated,
            revisions=metadata.revisions,
            document=replace(document, findings=(*document.findings, *unread)),
            signatures=entry.signatures,
            addresses=tuple(sorted(addresses)),
            mentions=tuple(sorted(advisory_numbers(namings) - addresses)),
            ids=other_ids(namings),
            namings=namings,
            evidence=evidence,
            packages=packages,
        )

    return build


def _canary(profile: Profile) -> Callable[[Entry, Sequence[Letter]], Canary]:
    def build(entry: Entry, letters: Sequence[Letter]) -> Canary:
        document, metadata = _read(entry, profile.canaries, profile, kind="canary")
        statements = read_statements(document)
        texts = (document, *(letter.document for letter in letters))
        return Canary(
            id=document_id(profile.canaries, entry.number),
            number=entry.number,
            title=metadata.title,
            published=metadata.published,
            updated=metadata.updated,
            revisions=metadata.revisions,
            document=document,
            signatures=entry.signatures,
            letters=tuple(letters),
            introduction=introduction(document),
            statements=statements,
            count=bulletin_count(statements),
            master_key=stated_master_key(statements),
            due=due_window(statements, metadata.published),
            announcements=announcements(document),
            freshness=freshness(document),
            namings=tuple(n for text in texts for n in find_namings(text)),
        )

    return build


def _read(entry: Entry, folder: Kind, profile: Profile, *, kind: str) -> tuple[Document, Metadata]:
    """Parse a document and check it against its file's name. Raises ParseError."""
    document = parse_text(entry.file)
    _check_letterhead(document, entry, kind)
    known = profile.documents.get(document_id(folder, entry.number), DocumentEntry())
    metadata = read_metadata(document, known, fallback=f"{_kind_name(document)} {entry.number:03d}")
    head = document.letterhead
    _check_year(entry, metadata, head.line if head else 0)
    odd = (*metadata.findings, *_draft(entry), *_issuer(document, profile))
    return replace(document, findings=(*document.findings, *odd)), metadata


def _kind_name(document: Document) -> str:
    head = document.letterhead
    assert head is not None
    return f"{head.issuer} {'Canary' if head.kind == 'canary' else 'Security Bulletin'}"


def _check_letterhead(document: Document, entry: Entry, kind: str) -> None:
    head = document.letterhead
    assert head is not None
    if head.kind != kind:
        message = f"a {head.kind} by its header, in the folder of another kind; expected a {kind}"
        raise ParseError(message, path=entry.file.path, line=head.line)
    if head.number != entry.number:
        message = f"number {head.number} in the header, {entry.number} in the file's name"
        raise ParseError(message, path=entry.file.path, line=head.line)


def _check_year(entry: Entry, metadata: Metadata, line: int) -> None:
    years = sorted({metadata.published.year, metadata.updated.year})
    if entry.year is not None and metadata.published.year != entry.year:
        said = " and ".join(str(year) for year in years)
        message = f"dated {said}, but the file's name says {entry.year}"
        raise ParseError(message, path=entry.file.path, line=line)


def _draft(entry: Entry) -> Iterator[Finding]:
    if entry.year is None:
        yield Finding(entry.file.path, 0, "draft", "a draft by its name: give it its year")


def _issuer(document: Document, profile: Profile) -> Iterator[Finding]:
    head = document.letterhead
    if head and profile.issuer and head.issuer != profile.issuer:
        message = f"issued by {head.issuer!r}; the profile is that of {profile.issuer!r}"
        yield Finding(document.file.path, head.line, "issuer-differs", message)


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
        if w.finding not in lint.CODES | release.CODES
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
