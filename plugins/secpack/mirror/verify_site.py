"""``secpack verify-site``: whether a copy of a site is genuine, complete and up to date."""

from __future__ import annotations

import hashlib
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from secpack.errors import ParseError, SecpackError
from secpack.mirror import (
    ARCHIVE_JSON,
    CHECKSUMS,
    SIGNATURES,
    PublishedDocument,
    SiteData,
    parse_checksums,
    read_site_data,
)
from secpack.mirror.copies import Copy, MissingError, RefusedError, UnreachableError
from secpack.model.archive import File, Signature, Verdict
from secpack.programs import find_program
from secpack.signatures.gpgv import check_signature
from secpack.signatures.packets import read_keys

#: The most bytes of one file, and of all files together.
MOST_OF_A_FILE: Final = 64 * 1024 * 1024
MOST_OF_A_SITE: Final = 8 * 1024 * 1024 * 1024
_MOST_OF_A_SIGNATURE: Final = 64 * 1024

#: The command stops after so many files without an answer.
_PATIENCE: Final = 5

Progress = Callable[[int, int], object]

_NOTHING: Final = SiteData({}, {}, {}, {}, {})


@dataclass(slots=True)
class Outcome:
    """What is wrong with a copy, and what verifies it.

    ``altered`` and ``missing`` are reasons by path, ``extra`` and ``unread`` are paths. ``behind``
    is about documents, ``problems`` about the copy as a whole. ``verified_by`` names what confirms
    its checksums.
    """

    files: int = 0
    altered: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    verified_by: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        faults = (self.altered, self.missing, self.extra, self.unread, self.behind, self.problems)
        return not any(faults)


@dataclass(frozen=True, slots=True)
class _Site:
    """A site with its checksums, and what it has published, if that was read."""

    copy: Copy
    checksums: Mapping[str, str]
    data: SiteData = _NOTHING


def verify_site(
    copy: Copy,
    *,
    rebuild: Copy | None = None,
    keyring: bytes | None = None,
    newer_than: date | None = None,
    progress: Progress = lambda *_: None,
) -> Outcome:
    """Compare a copy with its checksums, and verify these against a rebuild, a signature, or both.

    ``keyring`` is a file of public keys, any of which may have signed. ``newer_than`` refuses a
    copy whose signature (without a keyring: whose newest document) is not dated after that day.
    Raises SecpackError where there is no answer: an unreachable server, an incomplete rebuild, no
    gpgv.
    """
    outcome = Outcome()
    own = _read_rebuild(rebuild) if rebuild else None
    try:
        listing = copy.read(CHECKSUMS, MOST_OF_A_FILE)
        site = _Site(copy, parse_checksums(listing))
    except (MissingError, RefusedError) as error:
        outcome.problems.append(f"{CHECKSUMS}: {error}")
        return outcome
    except ParseError as error:
        outcome.problems.append(str(error))
        return outcome
    if keyring is not None:
        _verify_signature(outcome, copy, listing, keyring, newer_than)
    elif newer_than:
        _check_newest(outcome, site, newer_than)
    unpacked = _check_files(outcome, site, progress)
    outcome.extra = sorted(copy.paths() - site.checksums.keys() - {CHECKSUMS, *SIGNATURES})
    if own:
        _compare(outcome, site, own, unpacked)
    return outcome


def _read_rebuild(rebuild: Copy) -> _Site:
    """Read a rebuild and check its files. Raises SecpackError."""
    try:
        checksums = parse_checksums(rebuild.read(CHECKSUMS, MOST_OF_A_FILE))
        data = read_site_data(rebuild.read(ARCHIVE_JSON, MOST_OF_A_FILE))
    except SecpackError as error:
        raise SecpackError(f"the rebuild cannot be used: {error}") from None
    outcome, site = Outcome(), _Site(rebuild, checksums, data)
    _check_files(outcome, site, lambda *_: None)
    faults = [*outcome.altered, *outcome.missing, *outcome.unread]
    if faults:
        raise SecpackError(f"the rebuild is not whole: {', '.join(faults[:20])}")
    return site


# --- the checksums and the files --------------------------------------------------------------


def _check_files(outcome: Outcome, site: _Site, progress: Progress) -> dict[str, str]:
    """Compare every file with its checksum; return digests of what compressed ones contain."""
    unanswered, total, unpacked = 0, 0, {}
    for number, (path, digest) in enumerate(site.checksums.items(), 1):
        if reason := _reason_to_stop(site.copy, unanswered):
            outcome.problems.append(reason)
            outcome.unread = list(site.checksums)[number - 1 :]
            break
        outcome.files = number
        try:
            data = site.copy.read(path, min(MOST_OF_A_FILE, MOST_OF_A_SITE - total))
        except (MissingError, UnreachableError) as error:
            outcome.missing[path] = str(error)
            unanswered += isinstance(error, UnreachableError)
        except RefusedError as error:
            outcome.altered[path] = str(error)
        else:
            total += len(data)
            if hashlib.sha256(data).hexdigest() != digest:
                outcome.altered[path] = f"differs from {CHECKSUMS}"
            elif path.endswith(".gz"):
                unpacked[path] = _unpacked_digest(data)
        progress(number, len(site.checksums))
    return unpacked


def _reason_to_stop(copy: Copy, unanswered: int) -> str:
    if time.monotonic() >= copy.until:
        return "stopped: the time is up; --timeout gives more"
    return f"stopped: {unanswered} files without an answer" if unanswered >= _PATIENCE else ""


def _unpacked_digest(data: bytes) -> str:
    """The digest of what a gzip file contains; empty if that is too much, or not gzip."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        content = unpack.decompress(data, MOST_OF_A_FILE)
    except zlib.error:
        return ""
    is_whole = unpack.eof and not unpack.unused_data
    return hashlib.sha256(content).hexdigest() if is_whole else ""


def _check_newest(outcome: Outcome, site: _Site, newer_than: date) -> None:
    """Check that a document is newer than a day; whoever wrote the checksums can choose that."""
    data = _read_data(outcome, site)
    if data and not data.newest:
        outcome.behind.append("too old: the copy has no documents")
    elif data and data.newest and data.newest <= newer_than:
        newest = f"its newest document is dated {data.newest}"
        outcome.behind.append(f"too old: {newest}, not after {newer_than}")


def _read_data(outcome: Outcome, site: _Site) -> SiteData | None:
    """What a copy has published; None, with a problem, if that differs from its checksums."""
    try:
        data = site.copy.read(ARCHIVE_JSON, MOST_OF_A_FILE)
        if site.checksums.get(ARCHIVE_JSON) == hashlib.sha256(data).hexdigest():
            return read_site_data(data)
        reason = f"differs from {CHECKSUMS}"
    except SecpackError as error:
        reason = str(error)
    outcome.problems.append(f"{ARCHIVE_JSON}: {reason}")
    return None


# --- the signature ----------------------------------------------------------------------------


def _verify_signature(
    outcome: Outcome, copy: Copy, listing: bytes, keyring: bytes, newer_than: date | None
) -> None:
    """Check that a key of the keyring has signed the checksums."""
    try:
        packets = b"".join(key.packets for key in read_keys(keyring))
    except ParseError as error:
        raise SecpackError(f"the keyring cannot be used: {error.message}") from None
    for name in SIGNATURES:
        try:
            data = copy.read(name, _MOST_OF_A_SIGNATURE)
            signature = _checked(_file(CHECKSUMS, listing), _file(name, data), packets)
        except MissingError:
            continue
        except (RefusedError, ParseError) as error:
            outcome.problems.append(f"{name}: {error}")
            return
        if fault := _fault(signature, newer_than):
            outcome.problems.append(f"{name}: {fault}")
        else:
            made = f"{signature.created:%Y-%m-%d %H:%M:%S} UTC, {signature.digest}"
            outcome.verified_by.append(f"a signature by {signature.primary} ({made})")
        return
    outcome.problems.append(f"{CHECKSUMS} is not signed: there is no {' or '.join(SIGNATURES)}")


def _checked(document: File, signature: File, packets: bytes) -> Signature:
    gpgv = find_program("gpgv")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "keyring.gpg").write_bytes(packets)
        return check_signature(document, Signature(signature, ""), Path(folder), gpgv)


def _file(path: str, data: bytes) -> File:
    return File(path, data, hashlib.sha256(data).hexdigest())


def _fault(signature: Signature, newer_than: date | None) -> str:
    """Why a signature does not count; empty if it does."""
    if not signature.verdict.good or not signature.created:
        return f"the signature is not good: {signature.verdict.value}"
    made = f"{signature.created:%Y-%m-%d}"
    if signature.verdict is Verdict.GOOD_LEGACY:
        return f"the signature, dated {made}, uses an obsolete digest ({signature.digest})"
    if signature.created > datetime.now(UTC) + timedelta(days=1):
        return f"the signature is dated {made}, in the future"
    if newer_than and signature.created.date() <= newer_than:
        return f"too old: the signature is dated {made}, not after {newer_than}"
    return ""


# --- the rebuild ------------------------------------------------------------------------------


def _compare(outcome: Outcome, site: _Site, own: _Site, unpacked: Mapping[str, str]) -> None:
    """Compare the copy's checksums with the rebuild's.

    If the copy shows another state, only the files that both states share can be compared.
    """
    paths = sorted(site.checksums.keys() | own.checksums.keys())
    differing = [p for p in paths if site.checksums.get(p) != own.checksums.get(p)]
    differing = [p for p in differing if not _is_same_packed(p, site, own, unpacked)]
    if not differing:
        outcome.verified_by.append("a rebuild")
        return
    data = _read_data(outcome, site)
    if data is None:
        return
    comparable = differing
    if changed := _compare_documents(outcome, own.data, data):
        shared = _shared_files(own, replace(site, data=data), changed)
        comparable = [path for path in differing if path in shared]
    for path in comparable:
        _report_difference(outcome, path, site, own)
    if len(comparable) < len(differing):
        count = len(differing) - len(comparable)
        outcome.behind.append(f"{count} other files differ, as they do between two states")


def _is_same_packed(path: str, site: _Site, own: _Site, unpacked: Mapping[str, str]) -> bool:
    """Whether a compressed file differs from the rebuild's, but not in what it contains.

    Either side may lack it, and another zlib compresses differently.
    """
    plain = path.removesuffix(".gz")
    if path == plain or plain not in own.checksums:
        return False
    return path not in site.checksums or unpacked.get(path) == own.checksums[plain]


def _newer(one: SiteData, other: SiteData) -> list[PublishedDocument]:
    """The documents that the other site lacks, or has in an earlier revision."""
    return [
        document
        for name, document in one.documents.items()
        if name not in other.documents or document.updated > other.documents[name].updated
    ]


def _shared_files(own: _Site, theirs: _Site, changed: set[str]) -> set[str]:
    """Files that two states have in common: of unchanged documents; keys, attachments of both."""
    documents = (*own.data.documents.values(), *theirs.data.documents.values())
    shared = {path for d in documents if d.id not in changed for path in d.files}
    both = own.checksums.keys() & theirs.checksums.keys()
    return shared | both & {*own.data.keys.values(), *own.data.others}


def _report_difference(outcome: Outcome, path: str, site: _Site, own: _Site) -> None:
    if path not in own.checksums:
        outcome.extra.append(path)
    elif path not in site.checksums:
        outcome.missing[path] = f"not in the copy's {CHECKSUMS} either"
    else:
        outcome.altered.setdefault(path, "differs from the rebuild")


def _compare_documents(outcome: Outcome, own: SiteData, theirs: SiteData) -> set[str]:
    """Return the ids of documents that one of two sites lacks, or has in an earlier revision."""
    newer, ahead = _newer(own, theirs), _newer(theirs, own)
    outcome.behind += _lines("behind", newer, theirs)
    outcome.behind += _lines("ahead of the rebuild", ahead, own)
    if newer:
        days = (own.newest - theirs.newest).days if own.newest and theirs.newest else 0
        outcome.behind.append(
            f"behind by {len(newer)} document(s) and {days} day(s): its newest document is dated "
            f"{theirs.newest}, the rebuild's {own.newest}"
        )
    return {document.id for document in (*newer, *ahead)}


def _lines(word: str, newer: Sequence[PublishedDocument], other: SiteData) -> Iterator[str]:
    for new in newer:
        if old := other.documents.get(new.id):
            yield f"{word}: {new.id} was revised on {new.updated}, after {old.updated}"
        else:
            yield f"{word}: {new.id} was published on {new.published}"
