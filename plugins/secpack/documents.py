"""From the files of a pack to bulletins and canaries, each by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from secpack.canary.statements import (
    announcements,
    bulletin_count,
    freshness,
    introduction,
    read_statements,
    stated_master_key,
)
from secpack.canary.window import due_window
from secpack.errors import ParseError, SecpackError
from secpack.extract.mentions import decide, find_mentions
from secpack.extract.metadata import Metadata, read_metadata
from secpack.extract.packages import read_packages
from secpack.extract.summary import read_summary
from secpack.model.archive import Bulletin, Canary, Document, Letter
from secpack.model.findings import Finding
from secpack.pack import Contents, Entry, document_id
from secpack.parser import parse_letter, parse_text
from secpack.profile import DocumentEntry, Kind, Profile
from secpack.tracker.join import advisory_numbers, other_ids

_P = TypeVar("_P", Bulletin, Canary)


def read_documents(
    contents: Contents, profile: Profile, progress: Callable[[int, int], object]
) -> tuple[list[Bulletin], list[Canary]]:
    """The bulletins and canaries of a pack, ascending; what is wrong with one goes to the errors.

    ``progress`` gets the number of texts read so far, and of all texts, for each folder.
    """
    read = partial(read_bulletin, profile=profile)
    bulletins = _documents(contents.bulletins, profile.bulletins, contents, read, progress)
    read_one = partial(read_canary, profile=profile)
    canaries = _documents(contents.canaries, profile.canaries, contents, read_one, progress)
    return bulletins, canaries


def _documents(
    entries: Iterable[Entry],
    kind: Kind,
    contents: Contents,
    read: Callable[[Entry, Sequence[Letter]], _P],
    progress: Callable[[int, int], object],
) -> list[_P]:
    """The documents of one folder, ascending; what is wrong with one goes to the errors."""
    documents = []
    letters = defaultdict(list)
    for entry in entries:
        if entry.letter:
            letters[entry.number].append(entry)
    seen: dict[int, str] = {}
    texts = sorted((entry for entry in entries if not entry.letter), key=lambda e: e.number)
    for done, entry in enumerate(texts, 1):
        try:
            _check_number(entry, seen)
            beside = [_letter(e, entry) for e in letters.pop(entry.number, ())]
            documents.append(read(entry, beside))
        except SecpackError as error:
            contents.errors.append(error)
            letters.pop(entry.number, None)
        progress(done, len(texts))
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


def read_bulletin(entry: Entry, letters: Sequence[Letter], profile: Profile) -> Bulletin:
    """What a bulletin's text says. Raises ParseError, also when it has letters."""
    if letters:
        path = letters[0].document.file.path
        raise ParseError("a letter beside a bulletin; only canaries have letters", path=path)
    document, metadata = _read(entry, profile.bulletins, profile, kind="bulletin")
    mentions = find_mentions(document)
    evidence = decide(mentions)
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
        mentions=tuple(sorted(advisory_numbers(mentions) - addresses)),
        ids=other_ids(mentions),
        all_mentions=mentions,
        evidence=evidence,
        packages=packages,
        summary=read_summary(document),
    )


def read_canary(entry: Entry, letters: Sequence[Letter], profile: Profile) -> Canary:
    """What a canary and its letters say. Raises ParseError."""
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
        all_mentions=tuple(n for text in texts for n in find_mentions(text)),
        summary=read_summary(document),
    )


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
