"""The keys of a pack: one keyring for gpgv, and what gpg says of each of them.

gpgv cannot tell whether the master key has certified a signer's key. gpg can: the keys are
imported into a throw-away home, once per keyring, in which the master key is the only one that is
trusted. What is shown of a key must not change with the day, so that it is taken from its
certifications; gpg's own judgement, which knows what has expired since, is kept beside it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError, SecpackError
from secpack.model import File, Finding, Key, Severity
from secpack.openpgp import dearmor, split_keys
from secpack.signatures import Program, find_program

_PATIENCE: Final = 120  # seconds for all keys
_CERTIFIES: Final = ("10", "11", "12", "13")  # classes of certifications (RFC 9580, 5.2.1)
_VALID: Final = ("f", "u")  # an owner whom the master key vouches for; the master key's own
_OVER: Final = ("e", "r")  # expired or revoked: gpgv says so of each signature


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of a pack: their packets for gpgv, a digest of these, and fingerprints by file.

    ``findings`` are about keys that are there in different copies.
    """

    packets: bytes
    digest: str
    files: tuple[tuple[File, tuple[str, ...]], ...]
    findings: tuple[Finding, ...] = ()


def build_keyring(files: Sequence[File]) -> tuple[Keyring, list[ParseError]]:
    """Join files of keys to a keyring; what cannot be read as keys is told, and left out."""
    packets, known, errors = [], [], []
    copies: dict[str, tuple[bytes, str]] = {}
    findings: list[Finding] = []
    for file in files:
        try:
            binary = dearmor(file.data, path=file.path)
            keys = tuple(split_keys(binary, path=file.path))
        except ParseError as error:
            errors.append(error)
            continue
        known.append((file, tuple(fingerprint for fingerprint, _ in keys)))
        packets.append(binary)
        findings += _other_copies(keys, copies, file.path)
    joined = b"".join(packets)
    digest = hashlib.sha256(joined).hexdigest()
    return Keyring(joined, digest, tuple(known), tuple(findings)), errors


def _other_copies(
    keys: Sequence[tuple[str, bytes]], copies: dict[str, tuple[bytes, str]], path: str
) -> Iterator[Finding]:
    """Of a key that is there twice, gpgv looks at one copy: the other may revoke it."""
    for fingerprint, packets in keys:
        first, place = copies.setdefault(fingerprint, (packets, path))
        if first != packets:
            message = f"another copy of the key {fingerprint} than in {place}: keep one of them"
            yield Finding(path, 0, "key-copies", message, Severity.ERROR)


def inspect_keys(keyring: Keyring, master: str, *, cache: Cache) -> tuple[Key, ...]:
    """Return the keys with what gpg says of them, in the order of their files.

    ``master`` is the fingerprint of the key whose certifications count; empty for none. Raises
    ProgramMissingError when there is no gpg, and SecpackError when it does not do its work.
    """
    gpg = find_program("gpg")
    name = f"trust {keyring.digest} {master} {gpg.identity}"
    kept = cache.get(name)
    lines = kept if kept is not None else _listing(keyring, master, gpg)
    if kept is None:
        cache.put(name, lines)
        cache.save()
    return tuple(_keys(keyring, lines, master))


def bare_keys(keyring: Keyring) -> tuple[Key, ...]:
    """The keys with what can be told without gpg: their fingerprints."""
    return tuple(Key(file, fingerprint) for file, known in keyring.files for fingerprint in known)


def _listing(keyring: Keyring, master: str, gpg: Program) -> list[str]:
    """The lines of ``gpg --check-sigs --with-colons`` for a keyring."""
    with tempfile.TemporaryDirectory() as folder:
        base = [gpg.path, "--homedir", folder, "--no-options", "--no-autostart", "--batch"]
        base += ["--quiet", "--trust-model", "pgp"]
        # What is damaged is not imported, which is found out when the lines are read.
        _run([*base, "--no-auto-check-trustdb", "--import"], keyring.packets)
        if master:
            _run([*base, "--import-ownertrust"], f"{master}:6:\n".encode())
        form = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-fingerprint"]
        output = _run([*base, *form, "--check-sigs"], b"")
    return output.decode("utf-8", "replace").splitlines()


def _run(command: Sequence[str], data: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            input=data,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            env={"LC_ALL": "C", "PATH": os.defpath},
        )
    except subprocess.TimeoutExpired:
        raise SecpackError(f"gpg did not finish within {_PATIENCE} seconds") from None
    return done.stdout


_NOTHING: Final = (0, False, False)


@dataclass(slots=True)
class _Record:
    """A key while its lines are read; ``validity`` is gpg's letter for it.

    ``word`` is the master key's last one on the user id that is being read: when, whether it
    withdraws, and whether it certifies; ``certified`` is whether it certifies any.
    """

    validity: str
    created: str
    expires: str
    fingerprint: str = ""
    owners: tuple[str, ...] = ()
    subkeys: tuple[str, ...] = ()
    word: tuple[int, bool, bool] = _NOTHING
    certified: bool = False


def _keys(keyring: Keyring, lines: Sequence[str], master: str) -> Iterator[Key]:
    records = {record.fingerprint: record for record in _records(lines, master)}
    in_force = master not in records or records[master].validity != "r"
    for file, fingerprints in keyring.files:
        for fingerprint in fingerprints:
            record = records.get(fingerprint)
            if record is None or not record.owners:
                raise ParseError(
                    f"gpg finds no valid owner of the key {fingerprint}: damaged, or without one",
                    path=file.path,
                )
            yield Key(
                file=file,
                fingerprint=fingerprint,
                owners=record.owners,
                created=_moment(record.created),
                expires=_moment(record.expires),
                revoked=record.validity == "r",
                certified=(record.certified and in_force) if master else None,
                valid=_is_valid(record, master),
                subkeys=record.subkeys,
            )


def _is_valid(record: _Record, master: str) -> bool:
    """What gpg says today. Of other keys than the master key gpgv tells what is over."""
    return record.validity in _VALID or (record.fingerprint != master and record.validity in _OVER)


def _records(lines: Sequence[str], master: str) -> Iterator[_Record]:
    """Read gpg's colon format (doc/DETAILS of GnuPG): pub, fpr, uid, sig, rev, sub."""
    record: _Record | None = None
    part = ""
    for fields in (line.split(":") for line in [*lines, "pub"]):
        kind = fields[0]
        if kind in ("pub", "sub", "uid", "uat"):
            part = kind
            if record:
                _close_owner(record)
        if kind == "pub":
            if record:
                record.certified |= record.fingerprint == master
                yield record
            record = _Record(fields[1], fields[5], fields[6]) if len(fields) > 1 else None
        elif kind == "uid" and fields[1] == "r" and record and record.validity != "r":
            part = ""  # what is said of a user id that its owner has withdrawn does not count
        elif record:
            _read_line(record, part, fields, master)


def _close_owner(record: _Record) -> None:
    """The master key's last word on a user id decides; of two at once, the one that withdraws."""
    record.certified |= record.word[2]
    record.word = _NOTHING


def _read_line(record: _Record, part: str, fields: Sequence[str], master: str) -> None:
    kind = fields[0]
    if kind == "fpr" and part == "pub":
        record.fingerprint = fields[9]
    elif kind == "fpr" and part == "sub":
        record.subkeys = (*record.subkeys, fields[9])
    elif kind == "uid":
        record.owners = (*record.owners, _unescaped(fields[9]))
    elif part == "uid" and _is_by(fields, master):
        withdraws, certifies = kind == "rev", fields[10][:2] in _CERTIFIES
        word = (int(fields[5] or 0), withdraws, certifies and not withdraws)
        record.word = max(record.word, word)


def _is_by(fields: Sequence[str], master: str) -> bool:
    """Whether a line is a signature of the master key that gpg found to be good."""
    kinds = ("sig", "rev")
    return bool(master) and fields[0] in kinds and fields[1] == "!" and fields[4] == master[-16:]


def _unescaped(text: str) -> str:
    r"""User ids have colons and controls as ``\x3a``."""
    parts = text.split("\\x")
    return parts[0] + "".join(
        chr(int(part[:2], 16)) + part[2:] if len(part) >= 2 else part for part in parts[1:]
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and text != "0" else None
