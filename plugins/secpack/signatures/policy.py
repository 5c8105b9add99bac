"""Judgement: what the facts about signatures mean for an archive with this profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from secpack.errors import ParseError
from secpack.model.archive import File, Key, Signature, Verdict
from secpack.model.findings import Finding, Severity
from secpack.profile import Period, Profile, Signer
from secpack.signatures.gpgv import Facts

#: What was found, in words, for findings as for pages.
WORDS: Final = {
    Verdict.UNCHECKED: "not checked",
    Verdict.GOOD: "good",
    Verdict.GOOD_LEGACY: "good, but over a legacy digest",
    Verdict.OBSOLETE_DIGEST: "made over an obsolete digest, too late to be accepted",
    Verdict.BAD: "BAD: the text, or the signature, is not what was signed",
    Verdict.EXPIRED_KEY: "made with a key that has expired",
    Verdict.REVOKED_KEY: "made with a key that was revoked",
    Verdict.EXPIRED_SIGNATURE: "a signature that has expired",
    Verdict.UNKNOWN_KEY: "made with a key that is not in the pack",
    Verdict.MALFORMED: "not a detached signature that can be read",
    Verdict.SEVERAL: "several signatures in one file; expected one",
    Verdict.SIGNER_NOT_ALLOWED: "made with a key that is no signer's in the profile",
    Verdict.SIGNER_DIFFERS: "made with another signer's key than the file's name says",
}

_WHY_NOT: Final = (
    "gpg does not trust this key today: the master key, or its certification of this key, has "
    "expired or was revoked"
)


def judge(
    signature: Signature, facts: Facts | None, profile: Profile, keys: Mapping[str, Key]
) -> Signature:
    """Return a signature with what was found of it; ``keys`` are those of the pack, by primary.

    1. What gpgv found stands, unless it is good.
    2. An obsolete digest counts only in a signature made before the profile's ``legacy_until``.
    3. A good signature must be by a signer of the profile, if the profile names any.
    4. It must be that signer's whom the file's name tells.
    """
    if facts is None:
        return signature
    key = keys.get(facts.primary)
    verdict = facts.verdict
    if verdict.good and key and key.revoked:  # by another copy of the key than gpgv has taken
        verdict = Verdict.REVOKED_KEY
    if verdict is Verdict.GOOD_LEGACY and not _was_accepted(facts, profile):
        verdict = Verdict.OBSOLETE_DIGEST
    if verdict.good and profile.signers:
        owners = [name for name, s in profile.signers.items() if s.fingerprint == facts.primary]
        if not owners:
            verdict = Verdict.SIGNER_NOT_ALLOWED
        elif signature.signer not in owners:
            verdict = Verdict.SIGNER_DIFFERS
    return replace(
        signature,
        verdict=verdict,
        fingerprint=facts.fingerprint,
        primary=facts.primary,
        created=facts.created,
        digest=facts.digest,
        algorithm=facts.algorithm,
        certified=key.certified if key else None,
    )


def _was_accepted(facts: Facts, profile: Profile) -> bool:
    """Whether a signature is from the time in which the issuer still used obsolete digests."""
    until = profile.legacy_until
    return bool(until and facts.created and facts.created.date() < until)


def check_document(
    file: File, signatures: Sequence[Signature], profile: Profile, *, kind: str, day: date | None
) -> Iterator[Finding]:
    """Findings about the signatures of one document.

    ``kind`` is bulletins or canaries where signatures of all who sign then are expected on a
    document published on ``day``; otherwise (a letter, an attachment) one good one is enough.
    """
    for signature in signatures:
        yield from _check_signature(signature, profile)
    there = {signature.signer for signature in signatures}
    if not signatures:
        message = "not signed; expected a detached signature beside it"
        yield Finding(file.path, 0, "unsigned", message, Severity.ERROR)
    elif not any(signature.verdict.good for signature in signatures):
        message = "no good signature by a signer of the profile"
        yield Finding(file.path, 0, "no-good-signature", message, Severity.ERROR)
    for name, signer in profile.signers.items():
        period = _period(signer, kind)
        if day and signatures and period and day in period and name not in there:
            message = f"no signature by {signer.name}; the profile expects one"
            yield Finding(file.path, 0, "signer-missing", message, Severity.ERROR)


def is_about_signatures(code: str) -> bool:
    """Whether a finding of this code comes from the checking of signatures."""
    return code.startswith(("sign", "unsigned", "no-good-signature", "key-"))


def _period(signer: Signer, kind: str) -> Period | None:
    return {"bulletins": signer.bulletins, "canaries": signer.canaries}.get(kind)


def _check_signature(signature: Signature, profile: Profile) -> Iterator[Finding]:
    path = signature.file.path
    if signature.verdict is not Verdict.UNCHECKED and not signature.verdict.good:
        code = f"signature-{signature.verdict.value}".replace("signature-signer", "signer")
        key = signature.primary or signature.fingerprint
        digest = signature.digest if signature.verdict is Verdict.OBSOLETE_DIGEST else ""
        details = ", ".join(filter(None, (digest, key)))
        message = f"{WORDS[signature.verdict]}{f' ({details})' if details else ''}"
        yield Finding(path, 0, code, message, Severity.ERROR)
    elif signature.verdict is Verdict.GOOD_LEGACY:
        message = f"{WORDS[signature.verdict]} ({signature.digest})"
        yield Finding(path, 0, "signature-legacy", message, Severity.NOTICE)
    if signature.verdict.good and profile.master_key and signature.certified is False:
        message = f"the key of {signature.signer} is not certified by the master key"
        yield Finding(path, 0, "signer-not-certified", message, Severity.ERROR)


def check_anchor(keys: Sequence[Key], profile: Profile) -> Iterator[Finding]:
    """Hold the keys of a pack against the pinned fingerprints.

    Raises ParseError when the pack has another master key than the pinned one. What the profile
    pins and the pack lacks, and what it pins and gpg no longer trusts, is a finding.
    """
    if not profile.master_key:
        message = "the profile pins no master key: whoever wrote the pack could have signed it"
        yield Finding(profile.keys, 0, "no-anchor", message)
        return
    if not keys:
        message = "no keys in the pack, so that no signature can be good"
        yield Finding(profile.keys, 0, "key-missing", message, Severity.ERROR)
        return
    for key in keys:
        _check_master(key, profile.master_key)
    yield from _missing(keys, profile)
    trusted = {profile.master_key, *(s.fingerprint for s in profile.signers.values())}
    for key in keys:
        counts = key.fingerprint in trusted or (key.certified and not profile.signers)
        if counts and key.valid is False and key.certified is not False:
            yield Finding(key.file.path, 0, "key-invalid", _WHY_NOT, Severity.ERROR)


def _check_master(key: Key, master: str) -> None:
    if key.fingerprint == master:
        return
    if "master-key" in key.file.path.split("/"):
        message = f"the master key here is {key.fingerprint}, but the profile pins {master}"
        raise ParseError(message, path=key.file.path)
    if key.fingerprint[-16:] == master[-16:]:
        message = f"the key {key.fingerprint} has the short id of the master key"
        raise ParseError(message, path=key.file.path)


def _missing(keys: Sequence[Key], profile: Profile) -> Iterator[Finding]:
    present = {key.fingerprint for key in keys if key.owners or key.valid is not False}
    pinned = {"the master key": profile.master_key}
    pinned |= {f"the key of {s.name}": s.fingerprint for s in profile.signers.values()}
    for what, fingerprint in pinned.items():
        if fingerprint not in present:
            message = (
                f"{what}, {fingerprint}: the profile pins it, but no usable copy is in the pack"
            )
            yield Finding(profile.keys, 0, "key-missing", message, Severity.ERROR)
