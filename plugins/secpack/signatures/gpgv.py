"""Facts: is a signature good? gpgv checks it, on the same bytes that the parser read.

``policy`` judges who may sign, and with which key.
"""

import hashlib
import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError
from secpack.model.archive import File, Signature, Verdict
from secpack.programs import (
    LimitError,
    Program,
    delayed_signals,
    end_all,
    find_program,
    run,
    title,
)
from secpack.signatures.packets import DIGESTS, LEGACY, fits, moment, read_signature

# RFC 9580, sections 9.1 and 9.5.
_ALGORITHMS: Final = {
    "1": "RSA",
    "3": "RSA",
    "17": "DSA",
    "19": "ECDSA",
    "22": "EdDSA",
    "27": "Ed25519",
}
#: How many programs: while one has ended, and nobody has looked yet, another one works.
_AT_ONCE: Final = 2 * (os.cpu_count() or 1)
_SOON: Final = 0.05  # seconds
_PATIENCE: Final = 10  # seconds for one signature

#: A document, and one signature on it.
_Job = tuple[File, Signature]

_FINGERPRINT: Final = re.compile("[0-9A-F]{16}|[0-9A-F]{40}")

#: What gpgv says of a signature whose numbers are right, one of these.
_VERDICTS: Final = {
    "GOODSIG": Verdict.GOOD,
    "EXPKEYSIG": Verdict.EXPIRED_KEY,
    "REVKEYSIG": Verdict.REVOKED_KEY,
}

#: Why a verifier could not check a signature, by the number in ERRSIG (libgpg-error).
_NO_PUBLIC_KEY: Final = "9"
_ERRORS: Final = {
    "4": "does not know the algorithm",
    "5": "does not accept the digest",  # MD5, or one that it does not know
    "6": "rejects the key, perhaps because its self-signature uses an obsolete digest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks signatures against a keyring, several at a time.

    A file must be one signature and nothing else before gpgv reads it: it would unpack compressed
    data of any size. Of its answer only status lines count (see ``docs/verifying.md``). The end of
    a key depends on the day, so that ``policy`` judges anew. What a signature does not cover must
    agree with what it covers.

    ``cache`` keeps what gpgv says by digests of document, signature, keyring and verifier.
    ``progress`` gets the number of texts whose signatures have been checked, and of all.
    """

    cache: Cache = field(default_factory=lambda: Cache(None))
    progress: Callable[[int, int], object] = lambda *_: None

    def check(self, jobs: Sequence[_Job], keyring: bytes) -> list[Signature]:
        """Return the signatures, checked.

        Raises ProgramMissingError when gpgv is missing; ParseError, which names a signature with
        which gpgv exceeds its limits.
        """
        gpgv = find_program("gpgv")
        suffix = f"{hashlib.sha256(keyring).hexdigest()} {gpgv.identity}"
        names = [f"gpgv {of.sha256} {s.file.sha256} {suffix}" for of, s in jobs]
        pairs = dict(zip(reversed(names), reversed(jobs), strict=True))  # each of them once
        answers = {name: self.cache.get(name) for name in pairs}
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
            home = Path(folder)
            (home / "keyring.gpg").write_bytes(keyring)
            missing = defaultdict[str, list[str]](list)
            for name, (text, _) in pairs.items():
                if answers[name] is None:
                    missing[text.sha256].append(name)
                    (home / text.sha256).write_bytes(text.data)
            groups = [*missing.values()]
            tasks = [partial(_ask_all, [pairs[n] for n in g], home, gpgv) for g in groups]
            futures: list[Future[list[list[str]]]] = []
            try:
                with delayed_signals():  # what starts here must be ended below
                    futures += map(pool.submit, tasks)
                for number, (group, future) in enumerate(zip(groups, futures, strict=True), 1):
                    for name, answer in zip(group, future.result(), strict=True):
                        answers[name] = answer
                        self.cache.put(name, answer)
                    self.progress(number, len(futures))
            finally:  # after an interrupt or an error, nobody waits for the rest
                for future in futures:
                    future.cancel()
                while wait(futures, _SOON).not_done:  # one may have been about to start
                    end_all()
        self.cache.save()
        found = zip(jobs, names, strict=True)
        return [_checked(*job, answers[name] or (), gpgv) for job, name in found]


def _ask_all(jobs: Sequence[_Job], home: Path, gpgv: Program) -> list[list[str]]:
    """Return gpgv's answers on the signatures of one document.

    Most of the time of a run is its start, so one run checks armoured signatures together. Only if
    it accepts as many do their parts of its lines count; otherwise each is checked alone.
    """
    if len(jobs) > 1 and all(signature.file.data[:1] < b"\x80" for _, signature in jobs):
        with suppress(ParseError):
            status, *lines = _ask(jobs, home, gpgv) or [""]
            starts = [n for n, line in enumerate(lines) if line.split()[1:2] == ["NEWSIG"]]
            if status == "0" and len(starts) == len(jobs):
                return [["0", *lines[a:b]] for a, b in pairwise([*starts, len(lines)])]
    return [_ask([job], home, gpgv) for job in jobs]


def _ask(jobs: Sequence[_Job], home: Path, gpgv: Program) -> list[str]:
    """Return gpgv's exit status and its lines; nothing if a file is not one signature."""
    (document, signature), files = jobs[0], [signature.file for _, signature in jobs]
    try:
        for file in files:
            read_signature(file.data)
    except ParseError:
        return []
    arguments = ["--homedir", str(home), "--keyring", str(home / "keyring.gpg")]
    arguments += ["--status-fd", "1", "--", "-", str(home / document.sha256)]
    try:
        data = b"\n".join(file.data for file in files)
        done = run(gpgv, arguments, seconds=_PATIENCE, data=data)
    except LimitError as error:
        raise ParseError(f"{error}: remove this file", path=signature.file.path) from None
    return [str(done.status), *done.lines]


def _checked(
    document: File, signature: Signature, answer: Sequence[str], gpgv: Program
) -> Signature:
    """The signature, checked, by gpgv's answer."""
    try:
        packet = read_signature(signature.file.data)
    except ParseError as error:
        return _malformed(signature, error.message)
    checked = _with_status(signature, answer)
    if checked.verdict is Verdict.REFUSED:
        name = " ".join(title(gpgv).split()[:-1])  # without the version
        return replace(checked, reason=f"{name} {checked.reason}")
    if checked.verdict.good and not fits(packet, document.data, checked.fingerprint):
        return _malformed(signature, "its unsigned part was changed, which gpgv does not check")
    return checked


def _malformed(signature: Signature, reason: str) -> Signature:
    return replace(signature, verdict=Verdict.MALFORMED, reason=reason)


def _with_status(signature: Signature, answer: Sequence[str]) -> Signature:
    """The signature with the verdict, and the details, of gpgv's exit status and its lines."""
    lines = [line.split(" ")[1:] for line in answer if line.startswith("[GNUPG:] ")]
    counts = Counter(line[0] for line in lines)
    first = {line[0]: line for line in reversed(lines)}
    if counts["BADSIG"]:
        return replace(signature, verdict=Verdict.BAD)
    if counts["ERRSIG"]:
        return _with_error(signature, first["ERRSIG"])
    valid = first.get("VALIDSIG", [])
    if counts["EXPSIG"] or valid[4:5] not in ([], ["0"]):
        return _malformed(signature, "a signature that expires; expected one without an end")
    found = [word for word in _VERDICTS if counts[word]]
    is_one = all(counts[word] == 1 for word in ("NEWSIG", "VALIDSIG", *found))
    if answer[0] != "0" or not is_one or len(found) != 1 or valid[9:10] != ["00"]:
        return _malformed(signature, "gpgv reads no signature in it")
    return _with_details(signature, _VERDICTS[found[0]], valid)


def _with_error(signature: Signature, line: Sequence[str]) -> Signature:
    """Add what ERRSIG states: key id, algorithm, digest, class, time, reason, fingerprint."""
    _, key, algorithm, digest, _, time, error, *rest = (*line, "", "", "", "", "", "", "")
    if error == "39":  # a time conflict
        signature = _malformed(signature, "dated before its key was made")
        return replace(signature, created=moment(time), fingerprint=key)
    is_unknown = error == _NO_PUBLIC_KEY
    fingerprint = next((word for word in (*rest, key) if _FINGERPRINT.fullmatch(word)), "")
    return replace(
        signature,
        verdict=Verdict.UNKNOWN_KEY if is_unknown else Verdict.REFUSED,
        reason=fingerprint if is_unknown else _ERRORS.get(error, f"reports error {error[:9]}"),
        fingerprint=fingerprint,
        created=moment(time),
        digest=DIGESTS.get(digest, ""),
        algorithm=_ALGORITHMS.get(algorithm, ""),
    )


def _with_details(signature: Signature, verdict: Verdict, valid: Sequence[str]) -> Signature:
    """Add what VALIDSIG states: fingerprint, date, time, …, algorithm, digest, class, primary."""
    if len(valid) != 11 or not _FINGERPRINT.fullmatch(valid[1]):
        return _malformed(signature, "gpgv reads no signature in it")
    digest = DIGESTS.get(valid[8], f"digest {valid[8]}")
    return replace(
        signature,
        verdict=Verdict.GOOD_LEGACY if verdict.good and digest in LEGACY else verdict,
        fingerprint=valid[1],
        primary=valid[10],
        created=moment(valid[3]),
        digest=digest,
        algorithm=_ALGORITHMS.get(valid[7], f"algorithm {valid[7]}"),
    )
