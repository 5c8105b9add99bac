"""Mechanism: is a signature good? gpgv says so, on the very bytes that were parsed.

Who must have signed, and with which key, is for ``policy`` to say.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError
from secpack.model.archive import File, Verdict
from secpack.programs import LimitError, Program, end_all, find_program, run
from secpack.signatures.packets import SeveralSignaturesError, read_signature

# RFC 9580, sections 9.1 and 9.5.
_ALGORITHMS: Final = {
    "1": "RSA",
    "3": "RSA",
    "17": "DSA",
    "19": "ECDSA",
    "22": "EdDSA",
    "27": "Ed25519",
}
_DIGESTS: Final = {
    "1": "MD5",
    "2": "SHA1",
    "3": "RIPEMD160",
    "8": "SHA256",
    "9": "SHA384",
    "10": "SHA512",
    "11": "SHA224",
}
_LEGACY: Final = frozenset({"MD5", "SHA1", "RIPEMD160"})
_PATIENCE: Final = 10  # seconds for one signature

_SECONDS: Final = re.compile("[0-9]{1,10}")
_FINGERPRINT: Final = re.compile("[0-9A-F]{16}|[0-9A-F]{40}")

# A status that spoils a signature, however good the rest of what gpgv says; the worst first.
_SPOILING: Final = {
    "BADSIG": Verdict.BAD,
    "REVKEYSIG": Verdict.REVOKED_KEY,
    "EXPKEYSIG": Verdict.EXPIRED_KEY,
    "EXPSIG": Verdict.EXPIRED_SIGNATURE,
    "NO_PUBKEY": Verdict.UNKNOWN_KEY,
    "ERRSIG": Verdict.MALFORMED,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What gpgv found out about one signature; empty strings and None where it did not."""

    verdict: Verdict
    fingerprint: str = ""
    primary: str = ""
    created: datetime | None = None
    digest: str = ""
    algorithm: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A document and one signature of it."""

    document: File
    signature: File


class Checker:
    """Checks signatures against a keyring, several at a time, and remembers what it found.

    Verdicts are kept in ``cache`` by digest of document, signature, keyring and verifier; without
    a cache everything is checked. ``progress`` is told how many of how many are done.
    """

    def __init__(
        self, *, cache: Cache | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self.cache = cache or Cache(None)
        self._progress = progress

    @contextmanager
    def start(
        self, jobs: Sequence[Job], keyring: bytes, keyring_digest: str
    ) -> Iterator[Callable[[], Mapping[str, Facts]]]:
        """Begin to check; what is given back waits for the facts, by the signatures' paths.

        Raises ProgramMissingError when there is no gpgv.
        """
        gpgv = find_program("gpgv")
        known = {job.signature.path: self._known(job, keyring_digest, gpgv) for job in jobs}
        missing = [job for job in jobs if known[job.signature.path] is None]
        with tempfile.TemporaryDirectory() as folder, _pool(len(missing)) as pool:
            home = Path(folder)
            if missing:
                (home / "keyring.gpg").write_bytes(keyring)
            futures = [(job, pool.submit(check_signature, job, home, gpgv)) for job in missing]

            def wait() -> Mapping[str, Facts]:
                found = {path: facts for path, facts in known.items() if facts}
                for number, (job, future) in enumerate(futures, 1):
                    found[job.signature.path] = self._learn(job, future, keyring_digest, gpgv)
                    if self._progress:
                        self._progress(number, len(futures))
                self.cache.save()
                return found

            try:
                yield wait
            finally:  # after an interrupt or an error, nobody waits for the rest
                for _, future in futures:
                    future.cancel()
                end_all()

    def _known(self, job: Job, keyring: str, gpgv: Program) -> Facts | None:
        kept = self.cache.get(_cache_key(job, keyring, gpgv))
        return _facts_from(kept) if kept else None

    def _learn(self, job: Job, future: Future[Facts], keyring: str, gpgv: Program) -> Facts:
        facts = future.result()
        self.cache.put(_cache_key(job, keyring, gpgv), _facts_to(facts))
        return facts


def check_signature(job: Job, home: Path, gpgv: Program) -> Facts:
    """Check one detached signature with the keyring in ``home`` (``keyring.gpg``).

    1. The file must hold one signature and nothing else, before gpgv gets to see it: it would
       unpack what is compressed, however large that becomes.
    2. gpgv gets the bytes of document and signature, as they were read, from files in ``home``.
    3. Its status lines are counted; what it prints for people is not read.
    4. Good is: exit status 0, exactly one NEWSIG, GOODSIG and VALIDSIG, a signature over bytes
       (class 00), and none of the lines that spoil it. All else is a verdict of its own.
    5. What the signature does not cover must agree with what it does.

    Raises ParseError, which names the signature, when gpgv did not end within its limits.
    """
    try:
        packet = read_signature(job.signature.data, path=job.signature.path)
    except SeveralSignaturesError:
        return Facts(Verdict.SEVERAL)
    except ParseError:
        return Facts(Verdict.MALFORMED)
    document, signature = _written(job.document, home), _written(job.signature, home)
    arguments = ["--homedir", str(home), "--keyring", str(home / "keyring.gpg")]
    arguments += ["--status-fd", "1", "--", str(signature), str(document)]
    try:
        done = run(gpgv, arguments, seconds=_PATIENCE)
    except LimitError as error:
        raise ParseError(f"{error}: remove this file", path=job.signature.path) from None
    facts = _facts(done.status, done.output)
    fits = not facts.verdict.good or packet.fits(job.document.data, facts.fingerprint)
    return facts if fits else Facts(Verdict.MALFORMED)


def _written(file: File, home: Path) -> Path:
    """The file's bytes in a file named by their digest; two threads may write the same."""
    path = home / file.sha256
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=home, delete=False) as stream:
            stream.write(file.data)
        Path(stream.name).replace(path)
    return path


def _facts(status: int, output: bytes) -> Facts:
    lines = _status_lines(output)
    counts = Counter(line[0] for line in lines if line)
    valid = next((line for line in lines if line and line[0] == "VALIDSIG"), None)
    if counts["NEWSIG"] > 1 or counts["VALIDSIG"] > 1:
        return Facts(Verdict.SEVERAL)
    spoiled = next((verdict for word, verdict in _SPOILING.items() if counts[word]), None)
    unknown = next((line for line in lines if line and line[0] == "ERRSIG"), None)
    if spoiled is Verdict.UNKNOWN_KEY and unknown:
        return _unknown(unknown)
    if spoiled is Verdict.BAD:
        return Facts(spoiled)
    if spoiled:
        return _described(spoiled, valid)
    once = all(counts[word] == 1 for word in ("NEWSIG", "GOODSIG", "VALIDSIG"))
    if status != 0 or not once or valid is None or valid[9:10] != ["00"]:
        return Facts(Verdict.MALFORMED)
    return _described(Verdict.GOOD, valid)


def _status_lines(output: bytes) -> list[list[str]]:
    """The words of each status line; a user id can hold other line ends, such as U+2028."""
    lines = (line.decode("utf-8", "replace") for line in output.split(b"\n"))
    return [line.split(" ")[1:] for line in lines if line.startswith("[GNUPG:] ")]


def _unknown(line: Sequence[str]) -> Facts:
    """What ERRSIG tells: key id, algorithm, digest, class, time, reason, perhaps a fingerprint."""
    _, key, algorithm, digest, _, time, *rest = (*line, "", "", "", "", "", "")
    return Facts(
        verdict=Verdict.UNKNOWN_KEY,
        fingerprint=next((word for word in (*rest, key) if _FINGERPRINT.fullmatch(word)), ""),
        created=_moment(time),
        digest=_DIGESTS.get(digest, ""),
        algorithm=_ALGORITHMS.get(algorithm, ""),
    )


def _moment(seconds: str) -> datetime | None:
    """A time, which has 32 bits (RFC 9580, section 3.5)."""
    value = int(seconds) if _SECONDS.fullmatch(seconds) else 2**32
    return datetime.fromtimestamp(value, UTC) if value < 2**32 else None


def _described(verdict: Verdict, valid: Sequence[str] | None) -> Facts:
    """A verdict with what VALIDSIG tells: fingerprint, date, time, …, algorithm, digest, class."""
    if valid is None or len(valid) != 11 or not _FINGERPRINT.fullmatch(valid[1]):
        return Facts(verdict if not verdict.good else Verdict.MALFORMED)
    digest = _DIGESTS.get(valid[8], f"digest {valid[8]}")
    if verdict is Verdict.GOOD and digest in _LEGACY:
        verdict = Verdict.GOOD_LEGACY
    return Facts(
        verdict=verdict,
        fingerprint=valid[1],
        primary=valid[10],
        created=_moment(valid[3]),
        digest=digest,
        algorithm=_ALGORITHMS.get(valid[7], f"algorithm {valid[7]}"),
    )


# --- what is remembered -----------------------------------------------------------------------


def _pool(jobs: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(1, min(os.cpu_count() or 1, jobs)))


def _cache_key(job: Job, keyring: str, gpgv: Program) -> str:
    return " ".join((job.document.sha256, job.signature.sha256, keyring, gpgv.identity))


def _facts_to(facts: Facts) -> list[str]:
    created = facts.created.isoformat() if facts.created else ""
    keys = (facts.fingerprint, facts.primary)
    return [facts.verdict.value, *keys, created, facts.digest, facts.algorithm]


def _facts_from(kept: Sequence[str]) -> Facts | None:
    """Facts as they were remembered; None for what this version does not understand."""
    try:
        verdict, fingerprint, primary, created, digest, algorithm = kept
        when = datetime.fromisoformat(created) if created else None
        return Facts(Verdict(verdict), fingerprint, primary, when, digest, algorithm)
    except (TypeError, ValueError):
        return None
