"""The keys of a pack: one keyring for gpgv, and what gpg says of each of them.

gpgv cannot tell whether the master key has certified a signer's key. gpg can: the keys are
imported into a throw-away home, once per keyring, and their certifications are checked.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError, SecpackError
from secpack.model import File, Key
from secpack.openpgp import dearmor, key_fingerprints
from secpack.signatures import Program, find_program

_PATIENCE: Final = 120  # seconds for all keys
_CERTIFIES: Final = ("10", "11", "12", "13")  # classes of certifications (RFC 9580, 5.2.1)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of a pack: their packets for gpgv, a digest of these, and fingerprints by file."""

    packets: bytes
    digest: str
    files: tuple[tuple[File, tuple[str, ...]], ...]


def build_keyring(files: Sequence[File]) -> tuple[Keyring, list[ParseError]]:
    """Join files of keys to a keyring; what cannot be read as keys is told, and left out."""
    packets, known, errors = [], [], []
    for file in files:
        try:
            binary = dearmor(file.data, path=file.path)
            known.append((file, tuple(key_fingerprints(binary, path=file.path))))
            packets.append(binary)
        except ParseError as error:
            errors.append(error)
    joined = b"".join(packets)
    return Keyring(joined, hashlib.sha256(joined).hexdigest(), tuple(known)), errors


def inspect_keys(keyring: Keyring, master: str, *, cache: Cache) -> tuple[Key, ...]:
    """Return the keys with what gpg says of them, in the order of their files.

    ``master`` is the fingerprint of the key whose certifications count; empty for none. Raises
    ProgramMissingError when there is no gpg, and SecpackError when it does not do its work.
    """
    gpg = find_program("gpg")
    kept = cache.get(f"keys {keyring.digest} {master} {gpg.identity}")
    lines = kept if kept is not None else _listing(keyring, gpg)
    if kept is None:
        cache.put(f"keys {keyring.digest} {master} {gpg.identity}", lines)
        cache.save()
    return tuple(_keys(keyring, lines, master))


def bare_keys(keyring: Keyring) -> tuple[Key, ...]:
    """The keys with what can be told without gpg: their fingerprints."""
    return tuple(Key(file, fingerprint) for file, known in keyring.files for fingerprint in known)


def _listing(keyring: Keyring, gpg: Program) -> list[str]:
    """The lines of ``gpg --check-sigs --with-colons`` for a keyring."""
    with tempfile.TemporaryDirectory() as folder:
        base = [gpg.path, "--homedir", folder, "--no-options", "--no-autostart", "--batch"]
        base += ["--quiet", "--no-auto-check-trustdb", "--trust-model", "always"]
        # What is damaged is not imported, which is found out when the lines are read.
        _run([*base, "--import-options", "keep-ownertrust", "--import"], keyring.packets)
        check = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-fingerprint"]
        output = _run([*base, *check, "--check-sigs"], b"")
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


@dataclass(slots=True)
class _Record:
    """A key while its lines are read; ``certified`` tells so for each owner."""

    created: str
    expires: str
    revoked: bool
    fingerprint: str = ""
    owners: tuple[str, ...] = ()
    certified: list[bool] = field(default_factory=list)
    subkeys: tuple[str, ...] = ()


def _keys(keyring: Keyring, lines: Sequence[str], master: str) -> Iterator[Key]:
    records = {record.fingerprint: record for record in _records(lines, master)}
    for file, fingerprints in keyring.files:
        for fingerprint in fingerprints:
            record = records.get(fingerprint)
            if record is None or not record.owners:
                raise ParseError(
                    f"damaged: gpg finds no valid owner of the key {fingerprint}", path=file.path
                )
            yield Key(
                file=file,
                fingerprint=fingerprint,
                owners=record.owners,
                created=_moment(record.created),
                expires=_moment(record.expires),
                revoked=record.revoked,
                certified=any(record.certified) or fingerprint == master if master else None,
                subkeys=record.subkeys,
            )


def _records(lines: Sequence[str], master: str) -> Iterator[_Record]:
    """Read gpg's colon format (doc/DETAILS of GnuPG): pub, fpr, uid, sig, rev, sub."""
    record: _Record | None = None
    part = ""
    for fields in (line.split(":") for line in lines):
        kind = fields[0]
        if kind == "pub":
            if record:
                yield record
            record = _Record(fields[5], fields[6], fields[1] == "r")
        if record is None:
            continue
        if kind in ("pub", "sub", "uid", "uat"):
            part = kind
        if kind == "fpr" and part == "pub":
            record.fingerprint = fields[9]
        elif kind == "fpr" and part == "sub":
            record.subkeys = (*record.subkeys, fields[9])
        elif kind == "uid" and (fields[1] != "r" or record.revoked):
            record.owners = (*record.owners, _unescaped(fields[9]))
            record.certified.append(False)
        elif part == "uid" and _is_by(fields, master) and record.certified:
            record.certified[-1] = kind == "sig" and fields[10][:2] in _CERTIFIES
    if record:
        yield record


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
