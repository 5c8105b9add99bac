"""``secpack verify-site``: whether a copy of a site is genuine, complete and up to date."""

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from secpack import mirror
from secpack.errors import ParseError, SecpackError
from secpack.mirror.copies import Copy, MissingError, RefusedError, UnreachableError
from secpack.model.findings import counted
from secpack.signatures import detached
from secpack.signatures.packets import MAX_SIGNATURE

#: The most bytes of all files together.
MOST_OF_A_SITE: Final = 8 * 1024 * 1024 * 1024

#: The command stops after so many files without an answer.
_PATIENCE: Final = 5

Progress = Callable[[int, int], object]


@dataclass(slots=True)
class Outcome:
    """What is wrong with a copy, and what verifies it.

    ``faults`` are of files, by path: ``altered``, ``missing``, ``extra`` or ``not read``, and why.
    ``behind`` is about documents, ``problems`` about the copy as a whole. ``verified_by`` names
    what confirms its checksums. ``stale`` says that it was to be replaced by now; empty if not.
    """

    files: int = 0
    problems: list[str] = field(default_factory=list)
    faults: dict[str, tuple[str, str]] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)
    verified_by: list[str] = field(default_factory=list)
    stale: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with what is there; it may be stale."""
        return not (self.problems or self.faults or self.behind)


@dataclass(slots=True)
class _Site:
    """A site and its checksums; and of files that have theirs, what is compared.

    That is the data, the manifest, and the digests of what compressed files contain, by path.
    """

    copy: Copy
    checksums: Mapping[str, str]
    data: bytes = b""
    manifest: bytes = b""
    unpacked: dict[str, str] = field(default_factory=dict)


def verify_site(
    copy: Copy,
    *,
    rebuild: Copy | None = None,
    keyring: bytes | None = None,
    newer_than: date | None = None,
    progress: Progress = lambda *_: None,
) -> Outcome:
    """Compare a copy with its checksums, and verify these against a rebuild, a signature, or both.

    ``keyring`` is a file of public keys, any of which may have signed. ``newer_than``, which needs
    it, refuses a copy whose signature is not dated after that day. Raises SecpackError where there
    is no answer: an unreachable server, an incomplete rebuild, no gpgv.
    """
    if newer_than and keyring is None:
        raise SecpackError("--newer-than needs --keyring: only a signature dates a copy")
    outcome = Outcome()
    own = _read_rebuild(rebuild) if rebuild else None
    try:
        listing = copy.read(mirror.CHECKSUMS, mirror.MOST_OF_A_FILE)
        site = _Site(copy, mirror.parse_checksums(listing))
    except ParseError as error:
        outcome.problems.append(str(error))
        return outcome
    except (MissingError, RefusedError) as error:
        outcome.problems.append(f"{mirror.CHECKSUMS}: {error}")
        return outcome
    if keyring is not None:
        _verify_signature(outcome, copy, listing, keyring, newer_than)
    _check_files(outcome, site, progress)
    _check_fresh(outcome, site)
    for path in copy.paths() - site.checksums.keys() - {mirror.CHECKSUMS, *mirror.SIGNATURES}:
        outcome.faults[path] = "extra", ""
    if own:
        _compare(outcome, site, *own)
    return outcome


def _read_rebuild(rebuild: Copy) -> tuple[_Site, mirror.SiteData]:
    """Read a rebuild and check its files. Raises SecpackError."""
    outcome = Outcome()
    try:
        site = _Site(
            rebuild, mirror.parse_checksums(rebuild.read(mirror.CHECKSUMS, mirror.MOST_OF_A_FILE))
        )
        _check_files(outcome, site, lambda *_: None)
        if outcome.faults:
            raise SecpackError(f"files are missing or altered: {', '.join([*outcome.faults][:20])}")
        return site, mirror.read_site_data(site.data)
    except SecpackError as error:
        raise SecpackError(f"the rebuild cannot be used: {error}") from None


# --- the checksums and the files --------------------------------------------------------------


def _check_files(outcome: Outcome, site: _Site, progress: Progress) -> None:
    """Compare every file with its checksum."""
    unanswered, total = 0, 0
    for number, (path, digest) in enumerate(site.checksums.items(), 1):
        if reason := _reason_to_stop(site.copy, unanswered):
            outcome.problems.append(reason)
            outcome.faults |= dict.fromkeys([*site.checksums][number - 1 :], ("not read", ""))
            break
        outcome.files = number
        try:
            data = site.copy.read(path, min(mirror.MOST_OF_A_FILE, MOST_OF_A_SITE - total))
        except (MissingError, UnreachableError) as error:
            outcome.faults[path] = "missing", str(error)
            unanswered += isinstance(error, UnreachableError)
        except RefusedError as error:
            outcome.faults[path] = "altered", str(error)
        else:
            total += len(data)
            if sha256(data).hexdigest() != digest:
                outcome.faults[path] = "altered", f"differs from {mirror.CHECKSUMS}"
            elif path == mirror.ARCHIVE_JSON:
                site.data = data
            elif path == mirror.MANIFEST_JSON:
                site.manifest = data
            elif path.endswith(".gz"):
                site.unpacked[path] = _unpacked_digest(data)
        progress(number, len(site.checksums))


def _reason_to_stop(copy: Copy, unanswered: int) -> str:
    if time.monotonic() >= copy.until:
        return "stopped: the time is up; --timeout gives more"
    return f"stopped: {unanswered} files without an answer" if unanswered >= _PATIENCE else ""


def _unpacked_digest(data: bytes) -> str:
    """The digest of what a gzip file contains; empty if that is too much, or not gzip."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        content = unpack.decompress(data, mirror.MOST_OF_A_FILE)
    except zlib.error:
        return ""
    return sha256(content).hexdigest() if unpack.eof and not unpack.unused_data else ""


def _check_fresh(outcome: Outcome, site: _Site) -> None:
    """Compare the day until which a copy is meant to be the newest with today."""
    try:
        until = mirror.read_fresh_until(site.manifest) if site.manifest else None
    except SecpackError as error:
        outcome.problems.append(f"{mirror.MANIFEST_JSON}: {error}")
        return
    if until and datetime.now(UTC).date() > until:
        outcome.stale = f"stale: it was meant to be the newest until {until}; get a newer copy"


def _read_data(outcome: Outcome, site: _Site) -> mirror.SiteData | None:
    """What a copy has published; None, with a problem, if that cannot be read."""
    _, reason = outcome.faults.get(mirror.ARCHIVE_JSON, ("", f"not in {mirror.CHECKSUMS}"))
    try:
        if site.data:
            return mirror.read_site_data(site.data)
    except SecpackError as error:
        reason = str(error)
    outcome.problems.append(f"{mirror.ARCHIVE_JSON}: {reason or 'not read'}")
    return None


# --- the signature ----------------------------------------------------------------------------


def _verify_signature(
    outcome: Outcome, copy: Copy, listing: bytes, keyring: bytes, newer_than: date | None
) -> None:
    """Check that a key of the keyring has signed the checksums."""
    packets = detached.read_keyring(keyring)
    for name in mirror.SIGNATURES:
        try:
            signature = detached.check(name, listing, copy.read(name, MAX_SIGNATURE), packets)
        except MissingError:
            continue
        except (RefusedError, ParseError) as error:
            outcome.problems.append(f"{name}: {error}")
            return
        if fault := detached.fault(signature, newer_than):
            outcome.problems.append(f"{name}: {fault}")
        else:
            made = f"{signature.created:%Y-%m-%d %H:%M:%S} UTC, {signature.digest}"
            outcome.verified_by.append(f"a signature by {signature.primary} ({made})")
        return
    outcome.problems.append(
        f"{mirror.CHECKSUMS} is not signed: there is no {' or '.join(mirror.SIGNATURES)}"
    )


# --- the rebuild ------------------------------------------------------------------------------


def _compare(outcome: Outcome, site: _Site, own: _Site, own_data: mirror.SiteData) -> None:
    """Compare the copy's checksums with the rebuild's.

    If the copy shows another state, only the files that both states share can be compared.
    """
    paths = mirror.differing(site.checksums, own.checksums)
    paths = [path for path in paths if not _is_same_packed(path, site, own)]
    if not paths:
        outcome.verified_by.append("a rebuild")
        return
    data = _read_data(outcome, site)
    if data is None:
        return
    comparable = paths
    if changed := _compare_documents(outcome, own_data, data):
        documents = (*own_data.documents.values(), *data.documents.values())
        shared = {path for d in documents if d.id not in changed for path in d.files}
        both = site.checksums.keys() & own.checksums.keys()
        shared |= both & {*own_data.keys.values(), *own_data.others}
        comparable = [path for path in paths if path in shared]
    for path in comparable:
        outcome.faults.setdefault(path, _difference(path, site, own))
    if len(comparable) < len(paths):
        count = counted(len(paths) - len(comparable), "other file")
        outcome.behind.append(f"not compared, because two states differ there: {count}")


def _is_same_packed(path: str, site: _Site, own: _Site) -> bool:
    """Whether a compressed file differs from the rebuild's, but not in what it contains.

    Either side may lack it, and another zlib compresses differently.
    """
    plain = path.removesuffix(".gz")
    if path == plain or plain not in own.checksums:
        return False
    return path not in site.checksums or site.unpacked.get(path) == own.checksums[plain]


def _difference(path: str, site: _Site, own: _Site) -> tuple[str, str]:
    if path not in own.checksums:
        return "extra", ""
    if path not in site.checksums:
        return "missing", f"not in the copy's {mirror.CHECKSUMS} either"
    return "altered", "differs from the rebuild"


def _compare_documents(outcome: Outcome, own: mirror.SiteData, theirs: mirror.SiteData) -> set[str]:
    """Return the ids of documents that one of two sites lacks, or has in an older version."""
    newer, ahead = dict(_newer(own, theirs)), dict(_newer(theirs, own))
    outcome.behind += [f"behind: {how}" for how in newer.values()]
    if newer:
        ours, last = (
            max((d.time for d in s.documents.values()), default=None) for s in (own, theirs)
        )
        days = counted((ours - last).days if ours and last else 0, "day")
        outcome.behind.append(
            f"behind by {counted(len(newer), 'document')} and {days}: its newest version is dated "
            f"{last and last.date()}, the rebuild's {ours and ours.date()}"
        )
    outcome.behind += [f"ahead of the rebuild: {how}" for how in ahead.values()]
    return {*newer, *ahead}


def _newer(one: mirror.SiteData, other: mirror.SiteData) -> Iterator[tuple[str, str]]:
    """The ids of documents that the other site lacks, or has in an older version, and which."""
    for id_, new in one.documents.items():
        old = other.documents.get(id_)
        if not old:
            yield id_, f"{id_} was published on {new.published}"
        elif new.sha256 != old.sha256 and new.time > old.time:
            days = counted((new.time - old.time).days, "day")
            yield id_, f"{id_} changed on {new.time:%Y-%m-%d}, {days} after {old.time:%Y-%m-%d}"
