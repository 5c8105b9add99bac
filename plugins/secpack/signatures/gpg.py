"""The keys of a pack: one keyring for gpgv, and what gpg says of each of them.

gpgv cannot tell whether the master key has certified a signer's key. gpg can: the keys are
imported into a throw-away home, once per keyring, in which the master key is the only one that is
trusted. What is shown of a key must not change with the day, so that it is taken from its
certifications; gpg's own judgement, which knows what has expired since, is kept beside it.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError
from secpack.model.archive import File, Key
from secpack.model.findings import Finding, Severity
from secpack.programs import LimitError, Program, find_program, run
from secpack.signatures.packets import PublicKey, read_keys

_PATIENCE: Final = 60  # seconds for all keys
_PATIENCE_WITH_ONE: Final = 10  # for the keys of one file
_PATIENCE_WITH_EACH: Final = 60  # for all files, one after another
_CERTIFIES: Final = ("10", "11", "12", "13")  # classes of certifications (RFC 9580, 5.2.1)
_VALID: Final = ("f", "u")  # an owner whom the master key vouches for; the master key's own
_OVER: Final = ("e", "r")  # expired or revoked: gpgv says so of each signature


@dataclass(frozen=True, slots=True)
class Keyring:
    """The usable keys of a pack by file: their packets for gpgv, and a digest of these.

    ``findings`` are about files that are not used, and keys that are there in different copies.
    """

    files: tuple[tuple[File, tuple[PublicKey, ...]], ...]
    findings: tuple[Finding, ...] = ()

    @property
    def packets(self) -> bytes:
        """All keys, in the order of their files."""
        return b"".join(key.packets for _, keys in self.files for key in keys)

    @property
    def digest(self) -> str:
        """The SHA-256 of the packets (hexadecimal)."""
        return hashlib.sha256(self.packets).hexdigest()

    def without(self, paths: Collection[str]) -> Keyring:
        """The same keyring without the keys of some files."""
        return replace(self, files=tuple(row for row in self.files if row[0].path not in paths))


def build_keyring(files: Sequence[File], trusted: Collection[str] = ()) -> Keyring:
    """Join files of keys to a keyring, leaving out those that cannot be used.

    ``trusted`` are the fingerprints of the keys that the profile pins.
    """
    known: list[tuple[File, tuple[PublicKey, ...]]] = []
    findings: list[Finding] = []
    for file in files:
        try:
            known.append((file, read_keys(file.data, path=file.path)))
        except ParseError as error:
            findings.append(_unusable(file.path, error.message))
    keyring = Keyring(tuple(known))
    adopting = {finding.file: finding for finding in _adoptions(keyring, trusted)}
    findings += [*adopting.values(), *_other_copies(keyring)]
    return replace(keyring.without(adopting), findings=tuple(findings))


def _unusable(path: str, reason: str) -> Finding:
    return Finding(path, 0, "key-unusable", f"not used: {reason}")


def _adoptions(keyring: Keyring, trusted: Collection[str]) -> Iterator[Finding]:
    """Files whose key has the key of another as its subkey: gpgv could take theirs for the other's.

    What is part of a key that the profile pins belongs to that; among several such keys, and among
    others, to the key of which it is the primary key.
    """
    owners: dict[str, tuple[int, str, str]] = {}
    for file, keys in keyring.files:
        for key in keys:
            for part in (key.fingerprint, *key.subkeys):
                rank = 2 * (key.fingerprint in trusted) + (part == key.fingerprint)
                if part not in owners or rank > owners[part][0]:
                    owners[part] = (rank, key.fingerprint, file.path)
    for file, keys in keyring.files:
        for key in keys:
            for part in (key.fingerprint, *key.subkeys):
                _, owner, path = owners[part]
                if owner != key.fingerprint:
                    message = (
                        f"not used: the key {key.fingerprint} has the key {part} of {path} as its "
                        "subkey; remove this file"
                    )
                    yield Finding(file.path, 0, "key-adopted", message, Severity.ERROR)


def _other_copies(keyring: Keyring) -> Iterator[Finding]:
    """Of a key that is there twice, gpgv looks at one copy: the other may revoke it."""
    copies: dict[str, tuple[bytes, str]] = {}
    for file, keys in keyring.files:
        for key in keys:
            first, path = copies.setdefault(key.fingerprint, (key.packets, file.path))
            if first != key.packets:
                message = f"a different copy of the key {key.fingerprint} is in {path}: keep one"
                yield Finding(file.path, 0, "key-copies", message, Severity.ERROR)


def inspect_keys(
    keyring: Keyring, master: str, *, cache: Cache
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """Return the keys with what gpg says of them, in the order of their files, and findings.

    ``master`` is the fingerprint of the key whose certifications count; empty for none. Raises
    ProgramMissingError when there is no gpg, and LimitError when it cannot cope with the keys.
    """
    gpg = find_program("gpg")
    name = f"trust {keyring.digest} {master} {gpg.identity}"
    kept = cache.get(name)
    if kept is not None:
        return _keys(keyring, kept, master)
    try:
        lines = _listing(keyring, master, gpg, _PATIENCE)
    except LimitError:
        return _without_slow(keyring, master, gpg)
    cache.put(name, lines)
    cache.save()
    return _keys(keyring, lines, master)


def _without_slow(
    keyring: Keyring, master: str, gpg: Program
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """Leave out the files that gpg does not cope with by themselves, so that they harm no other."""
    slow: dict[str, LimitError] = {}
    took: dict[str, float] = {}
    for file, keys in keyring.files:
        started = time.monotonic()
        try:
            _listing(Keyring(((file, keys),)), master, gpg, _PATIENCE_WITH_ONE)
        except LimitError as error:
            slow[file.path] = error
        took[file.path] = time.monotonic() - started
        if sum(took.values()) > _PATIENCE_WITH_EACH:
            worst = max(took, key=lambda path: took[path])
            message = f"gpg takes too long with the keys of this pack, longest with {worst}"
            raise LimitError(f"{message}: remove what signs nothing here")
    rest = keyring.without(slow)
    found, findings = _keys(rest, _listing(rest, master, gpg, _PATIENCE), master)
    return found, (*findings, *(_unusable(path, str(error)) for path, error in slow.items()))


def bare_keys(keyring: Keyring) -> tuple[Key, ...]:
    """The keys with what can be told without gpg: their fingerprints."""
    return tuple(Key(file, key.fingerprint) for file, keys in keyring.files for key in keys)


def _listing(keyring: Keyring, master: str, gpg: Program, seconds: int) -> list[str]:
    """The lines of ``gpg --check-sigs --with-colons`` for a keyring. Raises LimitError."""
    with tempfile.TemporaryDirectory() as folder:
        base = ["--homedir", folder, "--no-options", "--no-autostart", "--batch"]
        base += ["--quiet", "--trust-model", "pgp"]
        # What is damaged is not imported, which is found out when the lines are read.
        importing = [*base, "--no-auto-check-trustdb", "--import"]
        run(gpg, importing, data=keyring.packets, seconds=seconds)
        if master:
            trust = f"{master}:6:\n".encode()
            run(gpg, [*base, "--import-ownertrust"], data=trust, seconds=seconds)
        form = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-fingerprint"]
        done = run(gpg, [*base, *form, "--check-sigs"], seconds=seconds)
    # A user id can hold other line ends, such as U+2028: only gpg's own part lines.
    return [line.decode("utf-8", "replace") for line in done.output.split(b"\n")]


_NOTHING: Final = (0, False, False)
_NO_FIELDS: Final = ("",) * 21
_DIGITS: Final = re.compile("[0-9]{1,10}")
_ESCAPED: Final = re.compile(r"\\x([0-9a-fA-F]{2})")


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


def _keys(
    keyring: Keyring, lines: Sequence[str], master: str
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    records = {record.fingerprint: record for record in _records(lines, master)}
    in_force = master not in records or records[master].validity != "r"
    keys, findings = [], []
    for file, known in keyring.files:
        for fingerprint in (key.fingerprint for key in known):
            record = records.get(fingerprint)
            if record and record.owners:
                keys.append(_key(file, record, master, in_force=in_force))
            else:
                keys.append(Key(file, fingerprint, certified=False, valid=False))
                reason = f"gpg finds no valid user id of the key {fingerprint}"
                findings.append(_unusable(file.path, reason))
    return tuple(keys), tuple(findings)


def _key(file: File, record: _Record, master: str, *, in_force: bool) -> Key:
    return Key(
        file=file,
        fingerprint=record.fingerprint,
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
    """Read gpg's colon format (doc/DETAILS of GnuPG): pub, fpr, uid, sig, rev, sub.

    Fields that a line lacks are empty.
    """
    record: _Record | None = None
    part = ""
    for fields in ([*line.split(":"), *_NO_FIELDS] for line in [*lines, "pub"]):
        kind = fields[0]
        if kind in ("pub", "sub", "uid", "uat"):
            part = kind
            if record:
                _close_owner(record)
        if kind == "pub":
            if record:
                record.certified |= record.fingerprint == master
                yield record
            record = _Record(fields[1], fields[5], fields[6])
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
        word = (_number(fields[5]), withdraws, certifies and not withdraws)
        record.word = max(record.word, word)


def _is_by(fields: Sequence[str], master: str) -> bool:
    """Whether a line is a signature of the master key that gpg found to be good."""
    kinds = ("sig", "rev")
    return bool(master) and fields[0] in kinds and fields[1] == "!" and fields[4] == master[-16:]


def _unescaped(text: str) -> str:
    r"""User ids have colons, backslashes and controls as ``\x3a``."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _number(text: str) -> int:
    """A number of seconds, which has 32 bits (RFC 9580, section 3.5); 0 for anything else."""
    value = int(text) if _DIGITS.fullmatch(text) else 0
    return value if value < 2**32 else 0


def _moment(text: str) -> datetime | None:
    seconds = _number(text)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
