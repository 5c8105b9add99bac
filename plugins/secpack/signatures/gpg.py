"""Facts about the keys of a pack: one keyring for gpgv, and what gpg knows about each key.

gpgv does not check whether a key has certified another. gpg does: it imports the keys into a
temporary home, once per keyring, and lists the certifications that are good. A page must not change
with the day, so what gpg itself trusts today does not count; ``policy`` judges by what it lists.
"""

import hashlib
import re
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Final, TypeAlias

from secpack.cache import Cache
from secpack.errors import ParseError
from secpack.model.archive import Chain, File, Key, Revocation, Subkey
from secpack.model.findings import Finding, Severity
from secpack.programs import LimitError, Program, find_program, run
from secpack.signatures import packets as openpgp
from secpack.signatures.packets import PublicKey

_PATIENCE: Final = 60  # seconds for all keys
_PATIENCE_WITH_ONE: Final = 10  # for the keys of one file
_PATIENCE_WITH_EACH: Final = 60  # for all files, one after another
_CERTIFIES: Final = ("10", "11", "12", "13")  # classes of certifications (RFC 9580, 5.2.1)
_BINDS: Final = ("18",)  # the class of signatures that bind a subkey
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_EARLY: Final = "19700102T000000"

#: Reasons for revocation (RFC 9580, section 5.2.3.31), and those after which old signatures count.
_REASONS: Final = {
    "00": "no reason given",
    "01": "superseded by another key",
    "02": "its secret part may have been compromised",
    "03": "retired, and no longer used",
}
_ENDS: Final = ("01", "03")
#: The latter in words.
ENDS: Final = tuple(_REASONS[code] for code in _ENDS)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The usable keys of a pack with their files, the other files, and findings on adopted keys.

    ``revocations`` are those in the other files.
    """

    keys: tuple[tuple[File, PublicKey], ...]
    unusable: tuple[Key, ...] = ()
    findings: tuple[Finding, ...] = ()
    revocations: tuple[bytes, ...] = ()

    @property
    def merged(self) -> list[bytes]:
        """The packets of each key once: gpgv reads only the first of several copies."""
        copies: dict[str, list[PublicKey]] = {}
        for _, key in self.keys:
            copies.setdefault(key.fingerprint, []).append(key)
        return [openpgp.merge_keys(keys) for keys in copies.values()]

    @property
    def packets(self) -> bytes:
        """The packets of all keys."""
        return b"".join(self.merged)


def build_keyring(files: Sequence[File], pinned: Collection[str] = ()) -> Keyring:
    """Join files of keys to a keyring, without those that cannot be used.

    ``pinned`` are the fingerprints in the profile.
    """
    keys: list[tuple[File, PublicKey]] = []
    unusable: list[Key] = []
    for file in files:
        try:
            keys += [(file, key) for key in openpgp.read_keys(file.data)]
        except ParseError as error:
            revokes = openpgp.read_revocations(file.data)
            more = "; what it revokes is revoked here: join it with its key" if revokes else ""
            unusable.append(Key(file, "", unusable=error.message + more))
    adopting = {finding.file: finding for finding in _adoptions(keys, pinned)}
    unusable += [
        Key(file, key.fingerprint, unusable="it claims another file's key as its subkey")
        for file, key in keys
        if file.path in adopting
    ]
    usable = tuple((file, key) for file, key in keys if file.path not in adopting)
    revocations = openpgp.read_revocations(*(key.file.data for key in unusable))
    return Keyring(usable, tuple(unusable), tuple(adopting.values()), revocations)


def _adoptions(
    keys: Sequence[tuple[File, PublicKey]], pinned: Collection[str]
) -> Iterator[Finding]:
    """Report files whose key has another's key as a subkey: gpgv could confuse the owners.

    A part of a pinned key belongs to that key. Otherwise a key belongs to its own owner.
    """
    claims = [(f.path, key, part) for f, key in keys for part in (key.fingerprint, *key.subkeys)]
    owners: dict[str, tuple[str, PublicKey]] = {}
    for path, key, part in sorted(
        claims, key=lambda c: (c[1].fingerprint not in pinned, c[1].fingerprint != c[2])
    ):
        owners.setdefault(part, (path, key))
    for path, key, part in claims:
        owner_path, owner = owners[part]
        if owner.fingerprint != key.fingerprint:
            message = f"not used: the key {key.fingerprint} has the key {part} of {owner_path} as "
            message += "its subkey; remove this file"
            yield Finding(path, 0, "key-adopted", message, Severity.ERROR)


def bare_keys(keyring: Keyring) -> tuple[Key, ...]:
    """The keys with what is known without gpg: their fingerprints."""
    return (*(Key(file, key.fingerprint) for file, key in keyring.keys), *keyring.unusable)


# --- gpg --------------------------------------------------------------------------------------


def inspect_keys(
    keyring: Keyring, anchors: Mapping[str, datetime | None], depth: int, *, cache: Cache
) -> tuple[Key, ...]:
    """Return the keys with what gpg knows about them, in the order of their files.

    ``anchors`` are the fingerprints of the keys whose certifications count, each with its end;
    ``depth`` is how many certifications may lead from an anchor to a key. Raises
    ProgramMissingError when gpg is missing, LimitError when the keys take it too long.
    """
    gpg = find_program("gpg")
    parts = (keyring.packets, *keyring.revocations)
    name = f"keys {' '.join(hashlib.sha256(p).hexdigest() for p in parts)} {gpg.identity}"
    lines = cache.get(name)
    slow: list[Key] = []
    if lines is None:
        try:
            lines = _listing(keyring.merged, gpg, _PATIENCE, *keyring.revocations)
            cache.put(name, lines)
            cache.save()
        except LimitError:
            keyring, slow = _without_slow(keyring, gpg)
            lines = _listing(keyring.merged, gpg, _PATIENCE, *keyring.revocations)
    fields = [[*line.split(":"), *_NO_FIELDS] for line in lines]
    every = map(_listed, _parts(fields, ("pub",)))
    listed = {key.fingerprint: (key, certifications) for key, certifications in every}
    chains = _chains(listed, anchors, depth)
    keys = []
    for file, fingerprint in ((file, key.fingerprint) for file, key in keyring.keys):
        key, _ = listed.get(fingerprint, (Key(file, fingerprint), ()))
        reason = "" if key.owners else f"gpg finds no valid user id of the key {fingerprint}"
        key = key if key.owners else Key(file, fingerprint, unusable=reason)
        keys.append(replace(key, file=file, chain=chains.get(fingerprint)))
    keys += slow
    if anchors:
        keys = [replace(key, certified=key.chain is not None) for key in keys]
    return (*keys, *keyring.unusable)


def _without_slow(keyring: Keyring, gpg: Program) -> tuple[Keyring, list[Key]]:
    """Leave out each file that takes gpg too long, so that it does no harm to others."""
    slow: dict[str, LimitError] = {}
    took: dict[str, float] = {}
    for path, keys in groupby(keyring.keys, key=lambda pair: pair[0].path):
        started = time.monotonic()
        try:
            _listing([key.packets for _, key in keys], gpg, _PATIENCE_WITH_ONE)
        except LimitError as error:
            slow[path] = error
        took[path] = time.monotonic() - started
        if sum(took.values()) > _PATIENCE_WITH_EACH:
            worst = max(took, key=lambda path: took[path])
            message = f"gpg takes too long with the keys of this pack, longest with {worst}"
            raise LimitError(f"{message}: remove what signs nothing here")
    rest = tuple(pair for pair in keyring.keys if pair[0].path not in slow)
    left_out = [pair for pair in keyring.keys if pair[0].path in slow]
    unusable = [Key(f, key.fingerprint, unusable=str(slow[f.path])) for f, key in left_out]
    revocations = keyring.revocations + openpgp.read_revocations(*(f.data for f, _ in left_out))
    return replace(keyring, keys=rest, revocations=revocations), unusable


def _listing(keys: Sequence[bytes], gpg: Program, patience: int, *revoking: bytes) -> list[str]:
    """The lines of ``gpg --check-sigs --with-colons`` for these keys.

    Raises LimitError, also when gpg gives up before it has read all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        base = ["--homedir", folder, "--no-options", "--no-autostart", "--batch", "--quiet"]
        # By itself gpg 2.4 ignores certifications over SHA-1, which gpg 2.2 lists.
        base += ["--trust-model", "always", "--allow-weak-key-signatures"]
        # On the day when nothing has expired: gpg 2.2 checks no certification by an expired key.
        base += ["--faked-system-time", _EARLY, "--ignore-time-conflict", "--ignore-valid-from"]
        # gpg does not import damaged keys, and stops there; then no line is about them.
        command, until = [*base, "--status-fd", "1", "--import"], time.monotonic() + patience
        while keys:
            done = run(gpg, command, data=b"".join(keys), seconds=patience)
            counts = re.findall(r"(?m)^\[GNUPG:\] IMPORT_RES (\d+) ", "\n".join(done.lines))
            if not counts or time.monotonic() > until:
                raise LimitError(f"gpg cannot read the keys (status {done.status})")
            keys = keys[max(1, int(counts[0])) :]
        for revocation in revoking:  # apart, as nothing after a damaged one would count
            run(gpg, command, data=revocation, seconds=patience)
        form = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-fingerprint"]
        done = run(gpg, [*base, *form, "--check-sigs"], seconds=patience)
        if done.status and not done.output:
            raise LimitError(f"gpg cannot list the keys (status {done.status})")
        return done.lines


# --- the lines of gpg -------------------------------------------------------------------------

_NO_FIELDS: Final = ("",) * 21
_ESCAPED: Final = re.compile(r"\\x([0-9a-fA-F]{2})")

#: A line of gpg's colon format (doc/DETAILS of GnuPG), as its fields.
_Line: TypeAlias = Sequence[str]

#: A key as gpg lists it, which knows no files, and the good certifications of its user ids.
_Listed: TypeAlias = tuple[Key, Sequence[_Line]]


def _earliest(*ends: datetime | None) -> datetime | None:
    return min(filter(None, ends), default=None)


def _parts(lines: Sequence[_Line], kinds: Sequence[str]) -> Iterator[Sequence[_Line]]:
    """Yield each line of these kinds, with the lines up to the next one."""
    starts = [n for n, fields in enumerate(lines) if fields[0] in kinds]
    return (lines[a:b] for a, b in pairwise([*starts, len(lines)]))


def _listed(lines: Sequence[_Line]) -> _Listed:
    first, *parts = _parts(lines, ("pub", "sub", "uid", "uat"))
    main = _subkey(first, "")
    own = main.fingerprint[-16:]
    # A user id counts unless its owner has revoked it.
    ids = [part for part in parts if part[0][0] == "uid" and own in _certifications(part)]
    key = Key(
        File("", b"", ""),
        main.fingerprint,
        owners=tuple(_unescaped(part[0][9]) for part in ids),
        created=openpgp.moment(first[0][5]),
        expires=main.expires,
        revoked=main.revoked,
        subkeys=tuple(_subkey(part, own) for part in parts if part[0][0] == "sub"),
        strong=_earliest(*(_strong(part, own, _CERTIFIES) for part in ids)),
    )
    return key, [line for part in ids for id_, line in _certifications(part).items() if id_ != own]


def _subkey(lines: Sequence[_Line], own: str) -> Subkey:
    """A subkey of the key with the id ``own``, or what a key has in common with it."""
    head = lines[0]
    fingerprint = next((fields[9] for fields in lines if fields[0] == "fpr"), "")
    strong = _strong(lines, own, _BINDS)
    return Subkey(fingerprint, openpgp.moment(head[6]), _revocation(lines), strong)


def _revocation(lines: Sequence[_Line]) -> Revocation | None:
    """The revocation of a key or subkey (classes 20 and 28): the first that is not a mere end."""
    if lines[0][1] != "r":
        return None
    revocations = []
    for fields in lines:
        if fields[0] == "rev" and fields[1] == "!" and fields[10][:2] in ("20", "28"):
            code = fields[10][4:6]
            reason = _REASONS.get(code, f"reason {code}" if code else _REASONS["00"])
            comment = _unescaped(fields[20]).strip()
            day = openpgp.moment(fields[5])
            revocations.append(Revocation(day, reason, comment, bool(day) and code in _ENDS))
    unknown = Revocation(None, _REASONS["00"])
    return min(revocations, key=lambda each: (each.is_end, each.date or _NEVER), default=unknown)


def _certifications(lines: Sequence[_Line]) -> dict[str, _Line]:
    """The last good signature of each key on a user id, if it certifies; by the issuer's id.

    Of two signatures made at once, a revocation counts.
    """
    good = [fields for fields in lines if fields[0] in ("sig", "rev") and fields[1] == "!"]
    good.sort(key=lambda fields: (openpgp.moment(fields[5]) or _FIRST, fields[0] == "rev"))
    last = {fields[4]: fields for fields in good}
    return {
        issuer: fields
        for issuer, fields in last.items()
        if fields[0] == "sig" and fields[10][:2] in _CERTIFIES
    }


def _strong(lines: Sequence[_Line], issuer: str, classes: Sequence[str]) -> datetime | None:
    """The time of the first good signature of these classes that uses no obsolete digest."""
    made = [
        openpgp.moment(fields[5])
        for fields in lines
        if fields[0] == "sig" and fields[1] == "!" and fields[4] == issuer
        if fields[10][:2] in classes and not _obsolete(fields)
    ]
    return _earliest(*made)


def _obsolete(fields: _Line) -> str:
    digest = openpgp.DIGESTS.get(fields[15], "")
    return digest if digest in openpgp.LEGACY else ""


def _unescaped(text: str) -> str:
    r"""A user id, in which gpg writes colons, backslashes and controls as ``\x3a``."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


# --- certification ----------------------------------------------------------------------------


def _chains(
    listed: Mapping[str, _Listed], anchors: Mapping[str, datetime | None], depth: int
) -> dict[str, Chain]:
    """The chain from an anchor to each certified key: the one that holds longest."""
    ids = Counter(fingerprint[-16:] for fingerprint in listed)  # gpg names an issuer by its id
    keys = {f[-16:]: key for f, (key, _) in listed.items() if ids[f[-16:]] == 1}
    chains = {
        fingerprint: Chain((fingerprint,), _earliest(end, listed[fingerprint][0].expires))
        for fingerprint, end in anchors.items()
        if fingerprint in listed
    }
    for _ in range(depth):
        links = dict(chains)
        for fingerprint, (_, certifications) in listed.items():
            for made in certifications:
                issuer = keys.get(made[4])
                before = links.get(issuer.fingerprint) if issuer else None
                if issuer and before and _is_in_force(made, issuer, before.until):
                    until = _earliest(before.until, issuer.expires, openpgp.moment(made[6]))
                    digest = before.digest or _obsolete(made)
                    chain = Chain((*before.keys, fingerprint), until, digest)
                    rival = chains.get(fingerprint, chain)
                    chains[fingerprint] = min(
                        (chain, rival),
                        key=lambda c: (-(c.until or _NEVER).timestamp(), len(c.keys), c.keys),
                    )
    return chains


def _is_in_force(made: _Line, issuer: Key, until: datetime | None) -> bool:
    """Whether a certification was made before the end of the key that made it, or of its trust.

    gpg 2.2 does not check those by a key that was revoked, for whatever reason.
    """
    end = _earliest(issuer.expires, until) or _NEVER
    return not issuer.revoked and (openpgp.moment(made[5]) or _FIRST) < end
