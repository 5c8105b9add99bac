"""``secpack verify-site``: whether a copy of a site is true, whole, and up to date."""

from __future__ import annotations

import hashlib
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from secpack.errors import ParseError, SecpackError
from secpack.mirror.checksums import SUMS, SUMS_SIGNATURES, parse_sums
from secpack.mirror.copies import Copy, MissingError, RefusedError, UnreachableError
from secpack.mirror.publish_check import ARCHIVE_JSON, ReleasedDocument, read_documents
from secpack.model.archive import File
from secpack.model.archive import Verdict as SignatureVerdict
from secpack.programs import find_program
from secpack.signatures.gpgv import Facts, Job, check_signature
from secpack.signatures.packets import read_keys

#: The largest file that is read, and how much is read in all, in bytes.
MOST_OF_A_FILE: Final = 64 * 1024 * 1024
MOST_OF_A_SITE: Final = 8 * 1024 * 1024 * 1024
_MOST_OF_A_SIGNATURE: Final = 64 * 1024

#: How many files may go unanswered before the rest is not asked for.
_PATIENCE: Final = 5

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Verdict:
    """What is wrong with a copy, each in words; and what else is worth telling.

    ``altered`` and ``missing`` are reasons by path, ``extra`` and ``unread`` are paths; ``behind``
    is about documents, ``problems`` about the copy as a whole. ``rests_on`` tells why its manifest
    is trusted, if it is.
    """

    files: int = 0
    altered: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rests_on: list[str] = field(default_factory=list)

    @property
    def true(self) -> bool:
        """Whether nothing is wrong."""
        wrong = (self.altered, self.missing, self.extra, self.unread, self.behind, self.problems)
        return not any(wrong)


@dataclass(frozen=True, slots=True)
class _Site:
    """A site's manifest and documents, as one source tells them."""

    sums: Mapping[str, str]
    documents: Mapping[str, ReleasedDocument]


def verify_site(
    copy: Copy,
    *,
    rebuild: Copy | None = None,
    keyring: bytes | None = None,
    newer_than: date | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Hold a copy against its own manifest, and that against a rebuild or a signature, or both.

    ``keyring`` is a file of public keys, any of which may have signed. ``newer_than`` refuses a
    copy whose signature or, without a keyring, newest document is not dated after that day. Raises
    SecpackError where nothing can be said: a server that does not answer, a rebuild that is not
    whole, no gpgv.
    """
    verdict = Verdict()
    own = _read_rebuild(rebuild) if rebuild else None
    try:
        manifest = copy.read(SUMS, MOST_OF_A_FILE)
        sums = parse_sums(manifest)
    except (MissingError, RefusedError, ParseError) as error:
        verdict.problems.append(f"{SUMS}: {error}")
        return verdict
    if keyring is not None:
        _check_signature(verdict, copy, manifest, keyring, newer_than)
    elif newer_than:
        _check_newest(verdict, copy, sums, newer_than)
    unpacked = _check_files(verdict, copy, sums, progress)
    present = copy.paths()
    if present is not None:
        verdict.extra = sorted(present - sums.keys() - {SUMS, *SUMS_SIGNATURES})
    if own:
        _compare(verdict, copy, sums, own, unpacked)
    return verdict


def _read_rebuild(rebuild: Copy) -> _Site:
    """A rebuild's manifest, when its files are what that says. Raises SecpackError."""
    try:
        sums = parse_sums(rebuild.read(SUMS, MOST_OF_A_FILE))
        documents = read_documents(rebuild.read(ARCHIVE_JSON, MOST_OF_A_FILE))
    except SecpackError as error:
        raise SecpackError(f"the rebuild cannot be used: {error}") from None
    verdict = Verdict()
    _check_files(verdict, rebuild, sums, None)
    wrong = [*verdict.altered, *verdict.missing, *verdict.unread]
    if wrong:
        raise SecpackError(f"the rebuild is not whole: {', '.join(wrong[:20])}")
    return _Site(sums, documents)


# --- the manifest and the files ---------------------------------------------------------------


def _check_files(
    verdict: Verdict, copy: Copy, sums: Mapping[str, str], progress: Progress | None
) -> dict[str, str]:
    """Read every file of the manifest; return digests of what precompressed ones hold, by path."""
    unanswered, total, unpacked = 0, 0, {}
    paths = list(sums)
    for number, path in enumerate(paths):
        if reason := _reason_to_stop(copy, unanswered):
            verdict.problems.append(reason)
            verdict.unread = paths[number:]
            break
        verdict.files = number + 1
        try:
            data = copy.read(path, min(MOST_OF_A_FILE, MOST_OF_A_SITE - total))
        except MissingError as error:
            verdict.missing[path] = str(error)
        except RefusedError as error:
            verdict.altered[path] = str(error)
        except UnreachableError as error:
            verdict.missing[path] = str(error)
            unanswered += 1
        else:
            total += len(data)
            if hashlib.sha256(data).hexdigest() != sums[path]:
                verdict.altered[path] = f"differs from {SUMS}"
            elif path.endswith(".gz"):
                unpacked[path] = _unpacked_digest(data)
        if progress:
            progress(number + 1, len(sums))
    return unpacked


def _reason_to_stop(copy: Copy, unanswered: int) -> str:
    if time.monotonic() >= copy.until:
        return "stopped: the time is up; --timeout gives more"
    return f"stopped: {unanswered} files without an answer" if unanswered >= _PATIENCE else ""


def _unpacked_digest(data: bytes) -> str:
    """The digest of what a gzip file holds; empty where it holds too much, or is none."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        held = unpack.decompress(data, MOST_OF_A_FILE)
    except zlib.error:
        return ""
    whole = unpack.eof and not unpack.unused_data
    return hashlib.sha256(held).hexdigest() if whole else ""


def _check_signature(
    verdict: Verdict, copy: Copy, manifest: bytes, keyring: bytes, newer_than: date | None
) -> None:
    """See that a key of the keyring has signed the manifest."""
    try:
        packets = b"".join(key.packets for key in read_keys(keyring, path="keyring"))
    except ParseError as error:
        raise SecpackError(f"the keyring cannot be used: {error.message}") from None
    for name in SUMS_SIGNATURES:
        try:
            signature = copy.read(name, _MOST_OF_A_SIGNATURE)
            facts = _check(_file(SUMS, manifest), _file(name, signature), packets)
        except MissingError:
            continue
        except (RefusedError, ParseError) as error:
            verdict.problems.append(f"{name}: {error}")
            return
        if fault := _fault(facts, newer_than):
            verdict.problems.append(f"{name}: {fault}")
        else:
            made = f"{facts.created:%Y-%m-%d %H:%M:%S} UTC, {facts.digest}"
            verdict.rests_on.append(f"a signature by {facts.primary} ({made})")
        return
    verdict.problems.append(f"{SUMS} is not signed: there is no {' or '.join(SUMS_SIGNATURES)}")


def _fault(facts: Facts, newer_than: date | None) -> str:
    """Why a signature of the manifest is refused; empty where it is not."""
    if not facts.verdict.good or not facts.created:
        return f"the signature is not good: {facts.verdict.value}"
    made = f"{facts.created:%Y-%m-%d}"
    if facts.verdict is SignatureVerdict.GOOD_LEGACY:
        return f"the signature, dated {made}, uses an obsolete digest ({facts.digest})"
    if facts.created > datetime.now(UTC) + timedelta(days=1):
        return f"the signature is dated {made}, in the future"
    if newer_than and facts.created.date() <= newer_than:
        return f"too old: the signature is dated {made}, not after {newer_than}"
    return ""


def _check_newest(verdict: Verdict, copy: Copy, sums: Mapping[str, str], newer_than: date) -> None:
    """See that a document is newer than a day; anybody could have written that."""
    try:
        newest = _newest(_Site(sums, _documents(copy, sums)))
    except SecpackError as error:
        verdict.problems.append(f"{ARCHIVE_JSON}: {error}")
        return
    if not newest or newest <= newer_than:
        dated = f"is dated {newest}, not" if newest else "is not there, let alone dated"
        verdict.behind.append(f"too old: its newest document {dated} after {newer_than}")


def _documents(copy: Copy, sums: Mapping[str, str]) -> dict[str, ReleasedDocument]:
    """The documents of a copy. Raises SecpackError where the manifest does not bear them out."""
    data = copy.read(ARCHIVE_JSON, MOST_OF_A_FILE)
    if sums.get(ARCHIVE_JSON) != hashlib.sha256(data).hexdigest():
        raise SecpackError(f"differs from {SUMS}")
    return read_documents(data)


def _check(document: File, signature: File, packets: bytes) -> Facts:
    gpgv = find_program("gpgv")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "keyring.gpg").write_bytes(packets)
        return check_signature(Job(document, signature), Path(folder), gpgv)


def _file(path: str, data: bytes) -> File:
    return File(path, data, hashlib.sha256(data).hexdigest())


# --- the rebuild ------------------------------------------------------------------------------


def _compare(
    verdict: Verdict,
    copy: Copy,
    sums: Mapping[str, str],
    own: _Site,
    unpacked: Mapping[str, str],
) -> None:
    """Hold the copy's manifest against the rebuild's.

    Of a copy in another state only what must be the same in both states can be compared: the files
    of documents that both have in the same revision, and keys.
    """
    differing = sorted(p for p in sums.keys() | own.sums.keys() if sums.get(p) != own.sums.get(p))
    differing = [p for p in differing if not _is_packed(p, sums, own.sums, unpacked)]
    if not differing:
        verdict.rests_on.append("a rebuild")
        return
    try:
        theirs = _Site(sums, _documents(copy, sums))
    except SecpackError as error:
        verdict.problems.append(f"{ARCHIVE_JSON}: {error}")
        return
    newer = _newer(own, theirs)
    ahead = _newer(theirs, own)
    verdict.behind += _how_far("behind", newer, theirs.documents)
    verdict.behind += _how_far("ahead of the rebuild", ahead, own.documents)
    if newer:
        verdict.behind.append(_distance(len(newer), own, theirs))
    comparable = differing
    if newer or ahead:
        changed = {document.id for document in (*newer, *ahead)}
        comparable = [p for p in differing if _is_fixed(p, own, sums, changed)]
    for path in comparable:
        _tell_difference(verdict, path, sums, own.sums)
    if len(comparable) < len(differing):
        count = len(differing) - len(comparable)
        verdict.behind.append(f"{count} other files differ, as they do between two states")


def _is_packed(
    path: str, sums: Mapping[str, str], own: Mapping[str, str], unpacked: Mapping[str, str]
) -> bool:
    """Whether a precompressed file is in order without being the rebuild's.

    It may be missing on either side, and another zlib packs in another way; what it holds counts.
    """
    plain = path.removesuffix(".gz")
    if path == plain or plain not in own:
        return False
    return path not in sums or unpacked.get(path) == own[plain]


def _tell_difference(
    verdict: Verdict, path: str, sums: Mapping[str, str], own: Mapping[str, str]
) -> None:
    if path not in own:
        verdict.extra.append(path)
    elif path not in sums:
        verdict.missing[path] = f"not in its {SUMS} either"
    else:
        verdict.altered.setdefault(path, "differs from the rebuild")


def _newer(one: _Site, other: _Site) -> list[ReleasedDocument]:
    """The documents that one has and the other lacks, or has in an earlier revision."""
    return [
        document
        for key, document in one.documents.items()
        if key not in other.documents or document.updated > other.documents[key].updated
    ]


def _is_fixed(path: str, own: _Site, sums: Mapping[str, str], changed: set[str]) -> bool:
    """Whether a file must be the same in both states: an original, a signature, a key.

    Where documents lie is for the rebuild to say.
    """
    if path.startswith("keys/"):
        return path in sums and path in own.sums and not path.endswith((".html", ".gz"))
    folders = tuple(d.url for key, d in own.documents.items() if key not in changed)
    return path.startswith(folders) and not path.endswith((".html", ".json", ".gz"))


def _how_far(
    word: str, documents: Sequence[ReleasedDocument], behind: Mapping[str, ReleasedDocument]
) -> Iterator[str]:
    """What the one that is behind lacks."""
    for new in documents:
        if new.id in behind:
            yield f"{word}: {new.id} was revised on {new.updated}, after {behind[new.id].updated}"
        else:
            yield f"{word}: {new.id} was published on {new.published}"


def _distance(count: int, own: _Site, theirs: _Site) -> str:
    newest, had = _newest(own), _newest(theirs)
    days = (newest - had).days if newest and had else 0
    return (
        f"behind by {count} document(s) and {days} day(s): "
        f"its newest document is dated {had}, the rebuild's {newest}"
    )


def _newest(site: _Site) -> date | None:
    """The day of the newest revision."""
    return max((date.fromisoformat(d.updated) for d in site.documents.values()), default=None)
