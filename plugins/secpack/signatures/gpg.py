"""Facts about the keys of a pack: one keyring for gpgv, and what gpg knows about each key.

gpgv does not check whether the master key has certified a signer's key. gpg does: it imports the
keys into a temporary home, once per keyring, where it trusts only the master key. A page must not
change with the day, so it shows the certifications; gpg's own judgement, which also knows what has
expired since, is ``valid``.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from secpack.cache import Cache
from secpack.errors import ParseError, SecpackError
from secpack.model.archive import File, Key
from secpack.model.findings import Finding, Severity
from secpack.parser.characters import visible
from secpack.programs import LimitError, Program, find_program, run
from secpack.signatures.packets import PublicKey, moment, read_keys, seconds

_PATIENCE: Final = 60  # seconds for all keys
_PATIENCE_WITH_ONE: Final = 10  # for the keys of one file
_PATIENCE_WITH_EACH: Final = 60  # for all files, one after another
_CERTIFIES: Final = ("10", "11", "12", "13")  # classes of certifications (RFC 9580, 5.2.1)
_VALID: Final = ("f", "u")  # certified by the master key; the master key itself
_OVER: Final = ("e", "r")  # expired or revoked: gpgv reports that for each signature


@dataclass(frozen=True, slots=True)
class Keyring:
    """The usable keys of a pack with their files, and findings about the other ones."""

    keys: tuple[tuple[File, PublicKey], ...]
    findings: tuple[Finding, ...] = ()

    @property
    def packets(self) -> bytes:
        """The packets of all keys, in the order of their files."""
        return b"".join(key.packets for _, key in self.keys)


def build_keyring(files: Sequence[File], pinned: Collection[str] = ()) -> Keyring:
    """Join files of keys to a keyring, without those that cannot be used.

    ``pinned`` are the fingerprints in the profile.
    """
    keys: list[tuple[File, PublicKey]] = []
    findings: list[Finding] = []
    for file in files:
        try:
            keys += [(file, key) for key in read_keys(file.data, path=file.path)]
        except ParseError as error:
            findings.append(_unusable(file.path, error.message))
    adopting = {finding.file: finding for finding in _adoptions(keys, pinned)}
    findings += [*adopting.values(), *_other_copies(keys)]
    usable = tuple((file, key) for file, key in keys if file.path not in adopting)
    return Keyring(usable, tuple(findings))


def _unusable(path: str, reason: str) -> Finding:
    return Finding(path, 0, "key-unusable", f"not used: {reason}")


def _adoptions(
    keys: Sequence[tuple[File, PublicKey]], pinned: Collection[str]
) -> Iterator[Finding]:
    """Report files whose key has another's key as a subkey: gpgv could confuse the owners.

    A part of a pinned key belongs to that key. Otherwise a key belongs to its own owner.
    """
    owners: dict[str, tuple[int, str, str]] = {}
    for file, key in keys:
        for part in (key.fingerprint, *key.subkeys):
            rank = 2 * (key.fingerprint in pinned) + (part == key.fingerprint)
            if part not in owners or rank > owners[part][0]:
                owners[part] = (rank, key.fingerprint, file.path)
    for file, key in keys:
        for part in (key.fingerprint, *key.subkeys):
            _, owner, path = owners[part]
            if owner != key.fingerprint:
                message = f"not used: the key {key.fingerprint} has the key {part} of {path} as "
                message += "its subkey; remove this file"
                yield Finding(file.path, 0, "key-adopted", message, Severity.ERROR)


def _other_copies(keys: Sequence[tuple[File, PublicKey]]) -> Iterator[Finding]:
    """Report different copies of a key: gpgv uses one, and only the other may be revoked."""
    copies: dict[str, tuple[bytes, str]] = {}
    for file, key in keys:
        packets, path = copies.setdefault(key.fingerprint, (key.packets, file.path))
        if packets != key.packets:
            message = f"a different copy of the key {key.fingerprint} is in {path}: keep one"
            yield Finding(file.path, 0, "key-copies", message, Severity.ERROR)


def bare_keys(keyring: Keyring) -> tuple[Key, ...]:
    """The keys with what is known without gpg: their fingerprints."""
    return tuple(Key(file, key.fingerprint) for file, key in keyring.keys)


# --- gpg --------------------------------------------------------------------------------------


def inspect_keys(
    keyring: Keyring, master: str, *, cache: Cache
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """Return the keys with what gpg knows about them, in the order of their files, and findings.

    ``master`` is the fingerprint of the key whose certifications count, or empty. Raises
    ProgramMissingError when gpg is missing, LimitError when the keys take it too long.
    """
    gpg = find_program("gpg")
    digest = hashlib.sha256(keyring.packets).hexdigest()
    name = f"trust {digest} {master} {gpg.identity}"
    lines = cache.get(name)
    if lines is None:
        try:
            lines = _listing(keyring.packets, master, gpg, _PATIENCE)
        except LimitError:
            return _inspect_without_slow(keyring, master, gpg)
        cache.put(name, lines)
        cache.save()
    return _keys(keyring, lines, master)


def _inspect_without_slow(
    keyring: Keyring, master: str, gpg: Program
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """Leave out each file that takes gpg too long, so that it does no harm to others."""
    slow: dict[str, LimitError] = {}
    took: dict[str, float] = {}
    for path, packets in _packets_by_path(keyring).items():
        started = time.monotonic()
        try:
            _listing(packets, master, gpg, _PATIENCE_WITH_ONE)
        except LimitError as error:
            slow[path] = error
        took[path] = time.monotonic() - started
        if sum(took.values()) > _PATIENCE_WITH_EACH:
            worst = max(took, key=lambda path: took[path])
            message = f"gpg takes too long with the keys of this pack, longest with {worst}"
            raise LimitError(f"{message}: remove what signs nothing here")
    rest = Keyring(tuple((file, key) for file, key in keyring.keys if file.path not in slow))
    keys, findings = _keys(rest, _listing(rest.packets, master, gpg, _PATIENCE), master)
    return keys, (*findings, *(_unusable(path, str(error)) for path, error in slow.items()))


def _packets_by_path(keyring: Keyring) -> dict[str, bytes]:
    packets: dict[str, bytes] = {}
    for file, key in keyring.keys:
        packets[file.path] = packets.get(file.path, b"") + key.packets
    return packets


def _listing(packets: bytes, master: str, gpg: Program, patience: int) -> list[str]:
    """The lines of ``gpg --check-sigs --with-colons`` for these keys. Raises LimitError."""
    with tempfile.TemporaryDirectory() as folder:
        base = ["--homedir", folder, "--no-options", "--no-autostart", "--batch"]
        # By itself gpg 2.4 ignores certifications over SHA-1, which gpg 2.2 lists.
        base += ["--quiet", "--trust-model", "pgp", "--allow-weak-key-signatures"]
        # gpg does not import damaged keys; then no line is about them.
        importing = [*base, "--no-auto-check-trustdb", "--import"]
        run(gpg, importing, data=packets, seconds=patience)
        if master:
            trust = f"{master}:6:\n".encode()
            recording = [*base, "--logger-fd", "1", "--import-ownertrust"]
            done = run(gpg, recording, data=trust, seconds=patience)
            if done.status:  # every key would seem to lack a certification
                reason = visible(done.output.decode("utf-8", "replace").strip())
                raise SecpackError(f"gpg could not record its trust in {master}: {reason}")
        form = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-fingerprint"]
        done = run(gpg, [*base, *form, "--check-sigs"], seconds=patience)
    # A user id can contain other line ends, such as U+2028; gpg ends its lines with \n.
    return [line.decode("utf-8", "replace") for line in done.output.split(b"\n")]


# --- the lines of gpg -------------------------------------------------------------------------

_NO_FIELDS: Final = ("",) * 21
_ESCAPED: Final = re.compile(r"\\x([0-9a-fA-F]{2})")


@dataclass(slots=True)
class _Listed:
    """A key as gpg lists it. ``validity`` is gpg's letter for it.

    ``certified`` is whether the master key certifies one of its user ids.
    """

    validity: str
    created: str
    expires: str
    fingerprint: str
    owners: list[str] = field(default_factory=list)
    subkeys: list[str] = field(default_factory=list)
    certified: bool = False


def _keys(
    keyring: Keyring, lines: Sequence[str], master: str
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    listed = _read_listing(lines, master)
    keys, findings = [], []
    for file, key in keyring.keys:
        entry = listed.get(key.fingerprint)
        if entry and entry.owners:
            keys.append(_key(file, entry, listed, master))
        else:
            keys.append(Key(file, key.fingerprint, certified=False, valid=False))
            reason = f"gpg finds no valid user id of the key {key.fingerprint}"
            findings.append(_unusable(file.path, reason))
    return tuple(keys), tuple(findings)


def _key(file: File, entry: _Listed, listed: Mapping[str, _Listed], master: str) -> Key:
    is_master = entry.fingerprint == master
    in_force = master not in listed or listed[master].validity != "r"
    return Key(
        file=file,
        fingerprint=entry.fingerprint,
        owners=tuple(entry.owners),
        created=moment(entry.created),
        expires=moment(entry.expires),
        revoked=entry.validity == "r",
        certified=(is_master or entry.certified) and in_force if master else None,
        # gpgv reports what has expired, except the master key, which signs no document.
        valid=entry.validity in _VALID or (not is_master and entry.validity in _OVER),
        subkeys=tuple(entry.subkeys),
    )


def _read_listing(lines: Sequence[str], master: str) -> dict[str, _Listed]:
    """Read gpg's colon format (doc/DETAILS of GnuPG): pub, sub, uid, and the lines about them."""
    keys: list[_Listed] = []
    for head, rest in _parts(lines):
        if head[0] == "pub":
            keys.append(_Listed(head[1], head[5], head[6], _fingerprint(rest)))
        elif head[0] == "sub":
            keys[-1].subkeys.append(_fingerprint(rest))
        elif head[0] == "uid" and (head[1] != "r" or keys[-1].validity == "r"):
            # A user id that its owner has revoked counts only if the whole key is revoked.
            keys[-1].owners.append(_unescaped(head[9]))
            keys[-1].certified |= _is_certified(rest, master)
    return {key.fingerprint: key for key in keys}


def _parts(lines: Sequence[str]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The fields of each line about a key, subkey or user id, and of the lines below it."""
    part: tuple[list[str], list[list[str]]] | None = None
    for line in lines:
        fields = [*line.split(":"), *_NO_FIELDS]
        if fields[0] == "pub" or (part and fields[0] in ("sub", "uid", "uat")):
            if part:
                yield part
            part = (fields, [])
        elif part:
            part[1].append(fields)
    if part:
        yield part


def _fingerprint(lines: Sequence[Sequence[str]]) -> str:
    return next((fields[9] for fields in lines if fields[0] == "fpr"), "")


def _is_certified(lines: Sequence[Sequence[str]], master: str) -> bool:
    """Whether the last good signature of the master key on a user id certifies it.

    Of two signatures made at once, a revocation counts.
    """
    signatures = [
        (seconds(fields[5]) or 0, fields[0] == "rev", fields[10][:2] in _CERTIFIES)
        for fields in lines
        if master and fields[0] in ("sig", "rev") and fields[1] == "!"
        if fields[4] == master[-16:]
    ]
    _, is_revocation, certifies = max(signatures, default=(0, True, False))
    return certifies and not is_revocation


def _unescaped(text: str) -> str:
    r"""A user id, in which gpg writes colons, backslashes and controls as ``\x3a``."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
