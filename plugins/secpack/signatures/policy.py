"""Judgement: what the facts about signatures and keys mean for a pack with this profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from secpack.errors import ParseError, ProgramMissingError, SecpackError
from secpack.model.archive import Archive, Bulletin, File, Key, Publication, Signature, Verdict
from secpack.model.findings import Finding, Severity
from secpack.pack import Contents
from secpack.profile import Profile
from secpack.signatures.gpg import Keyring, bare_keys, build_keyring, inspect_keys
from secpack.signatures.gpgv import Checker

#: The verdicts in words, for findings and pages.
WORDS: Final = {
    Verdict.UNCHECKED: "not checked",
    Verdict.GOOD: "good",
    Verdict.GOOD_LEGACY: "good, but with an obsolete digest",
    Verdict.OBSOLETE_DIGEST: "made with an obsolete digest, too late to be accepted",
    Verdict.BAD: "BAD: the signature does not match the text",
    Verdict.EXPIRED_KEY: "made with a key that has expired",
    Verdict.REVOKED_KEY: "made with a key that has been revoked",
    Verdict.EXPIRED_SIGNATURE: "the signature has expired",
    Verdict.UNKNOWN_KEY: "made with a key that is not in the pack",
    Verdict.MALFORMED: "not a readable detached signature",
    Verdict.SEVERAL: "several signatures in one file; expected one",
    Verdict.SIGNER_NOT_ALLOWED: "made by nobody whom the profile names as a signer",
    Verdict.SIGNER_DIFFERS: "made by another signer than the file name says",
}

_NOT_TRUSTED: Final = (
    "gpg does not trust this key today: the master key, or its certification of this key, has "
    "expired or was revoked"
)


def check_pack(
    contents: Contents, profile: Profile, checker: Checker
) -> tuple[tuple[Key, ...], Mapping[str, Signature]]:
    """Check and judge all signatures of a pack; return its keys, and the signatures by path.

    Findings about keys go to the ``findings`` of ``contents``.
    Another master key than the profile's, and a signature from the future, go to its ``errors``.
    Raises ProgramMissingError when gpgv is missing.
    """
    keyring = build_keyring(contents.keys, profile.pinned)
    contents.findings += keyring.findings
    with checker.start(contents.signatures(), keyring.packets) as wait:
        try:
            keys, findings = _inspect(keyring, profile, checker)
            contents.findings += [*findings, *check_anchor(keys, profile), *_revoked(keys)]
        except SecpackError as error:
            contents.errors.append(error)
            keys = bare_keys(keyring)
        checked = wait()
    contents.errors += _from_the_future(checked)
    primary_keys = {key.fingerprint: key for key in keys}
    return keys, {path: judge(s, profile, primary_keys) for path, s in checked.items()}


def _inspect(
    keyring: Keyring, profile: Profile, checker: Checker
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """The keys as gpg knows them; without gpg their fingerprints, and a finding."""
    try:
        return inspect_keys(keyring, profile.master_key, cache=checker.cache)
    except ProgramMissingError as error:
        message = f"{error}; without it nobody checks which keys the master key has certified"
        return bare_keys(keyring), (Finding(profile.keys[0], 0, "no-gpg", message, Severity.ERROR),)


def _from_the_future(signatures: Mapping[str, Signature]) -> Iterator[ParseError]:
    """Signatures dated after tomorrow: a wrong clock, or a date chosen to outlast others.

    They are errors, not findings: the clock may stop a build, but never change its output.
    """
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for path, signature in sorted(signatures.items()):
        if signature.created and signature.created > tomorrow:
            message = f"signed in the future, on {signature.created:%Y-%m-%d}: check the clock of "
            message += "this machine, or ask the signer to sign again"
            yield ParseError(message, path=path)


# --- signatures -------------------------------------------------------------------------------


def judge(signature: Signature, profile: Profile, keys: Mapping[str, Key]) -> Signature:
    """Return a checked signature with its final verdict; ``keys`` are by primary fingerprint.

    1. A verdict of gpgv that is not good remains.
    2. An obsolete digest counts only in a signature made before the profile's ``legacy_until``.
    3. If the profile names signers, one of them must have made the signature.
    4. It must be the signer whom the file's name states.
    """
    key = keys.get(signature.primary)
    verdict = signature.verdict
    if verdict.good and key and key.revoked:  # in another copy than the one gpgv used
        verdict = Verdict.REVOKED_KEY
    if verdict is Verdict.GOOD_LEGACY and not _was_accepted(signature, profile):
        verdict = Verdict.OBSOLETE_DIGEST
    if verdict.good and profile.signers:
        primary = signature.primary
        owners = [name for name, s in profile.signers.items() if s.fingerprint == primary]
        if not owners:
            verdict = Verdict.SIGNER_NOT_ALLOWED
        elif signature.signer not in owners:
            verdict = Verdict.SIGNER_DIFFERS
    return replace(signature, verdict=verdict, certified=key.certified if key else None)


def _was_accepted(signature: Signature, profile: Profile) -> bool:
    """Whether a signature was made while the issuer still used obsolete digests."""
    until = profile.legacy_until
    return bool(until and signature.created and signature.created.date() < until)


def check_signatures(archive: Archive, profile: Profile) -> Iterator[Finding]:
    """Yield findings about the judged signatures of an archive.

    Bulletins and canaries need the signatures of all their signers of that day. For a letter or
    an attachment one good signature is enough.
    """
    for publication in archive.publications:
        expected = _expected_signers(publication, profile)
        file = publication.document.file
        yield from _check_file(file, publication.signatures, profile, expected)
    for letter in (letter for canary in archive.canaries for letter in canary.letters):
        yield from _check_file(letter.document.file, letter.signatures, profile, {})
    for attachment in archive.attachments:
        yield from _check_file(attachment.file, attachment.signatures, profile, {})


def _expected_signers(publication: Publication, profile: Profile) -> dict[str, str]:
    """The names of the signers of a document, by the names in their signatures' files."""
    expected = {}
    for name, signer in profile.signers.items():
        period = signer.bulletins if isinstance(publication, Bulletin) else signer.canaries
        if period and publication.published in period:
            expected[name] = signer.name
    return expected


def _check_file(
    file: File, signatures: Sequence[Signature], profile: Profile, expected: Mapping[str, str]
) -> Iterator[Finding]:
    """Check the signatures of one file, which the ``expected`` signers must have signed."""
    for signature in signatures:
        yield from _check_signature(signature, profile)
    if not signatures:
        message = "not signed; expected a detached signature next to it"
        yield Finding(file.path, 0, "unsigned", message, Severity.ERROR)
        return
    if not any(signature.verdict.good for signature in signatures):
        message = "no good signature by a signer of the profile"
        yield Finding(file.path, 0, "no-good-signature", message, Severity.ERROR)
    present = {signature.signer for signature in signatures}
    for name in (name for signer, name in expected.items() if signer not in present):
        message = f"no signature by {name}; the profile expects one"
        yield Finding(file.path, 0, "signer-missing", message, Severity.ERROR)


def is_about_signatures(code: str) -> bool:
    """Whether findings with this code come from checking signatures and keys."""
    return code.startswith(("sign", "unsigned", "no-good-signature", "key-"))


def _check_signature(signature: Signature, profile: Profile) -> Iterator[Finding]:
    path = signature.file.path
    if signature.verdict is not Verdict.UNCHECKED and not signature.verdict.good:
        code = f"signature-{signature.verdict.value}".replace("signature-signer", "signer")
        fingerprint = signature.primary or signature.fingerprint
        digest = signature.digest if signature.verdict is Verdict.OBSOLETE_DIGEST else ""
        details = ", ".join(filter(None, (digest, fingerprint)))
        message = f"{WORDS[signature.verdict]}{f' ({details})' if details else ''}"
        yield Finding(path, 0, code, message, Severity.ERROR)
    elif signature.verdict is Verdict.GOOD_LEGACY:
        message = f"{WORDS[signature.verdict]} ({signature.digest})"
        yield Finding(path, 0, "signature-legacy", message, Severity.NOTICE)
    if signature.verdict.good and profile.master_key and signature.certified is False:
        message = f"the key of {signature.signer} is not certified by the master key"
        yield Finding(path, 0, "signer-not-certified", message, Severity.ERROR)


# --- keys -------------------------------------------------------------------------------------


def check_anchor(keys: Sequence[Key], profile: Profile) -> Iterator[Finding]:
    """Compare the keys of a pack with the fingerprints that the profile pins.

    Yields a finding for each pinned key that the pack lacks or gpg no longer trusts. Raises
    ParseError when the pack has another master key.
    """
    if not profile.master_key:
        message = "the profile pins no master key: whoever wrote the pack could have signed it"
        yield Finding(profile.keys[0], 0, "no-anchor", message)
        return
    if not keys:
        message = "the pack has no keys, so no signature can be good"
        yield Finding(profile.keys[0], 0, "key-missing", message, Severity.ERROR)
        return
    for key in keys:
        _check_master(key, profile.master_key)
    yield from _missing(keys, profile)
    for key in keys:
        counts = key.fingerprint in profile.pinned or (key.certified and not profile.signers)
        if counts and key.valid is False and key.certified is not False:
            yield Finding(key.file.path, 0, "key-invalid", _NOT_TRUSTED, Severity.ERROR)


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
    for name, fingerprint in pinned.items():
        if fingerprint not in present:
            message = f"the profile pins {name}, {fingerprint}; the pack has no usable copy of it"
            yield Finding(profile.keys[0], 0, "key-missing", message, Severity.ERROR)


def _revoked(keys: Sequence[Key]) -> Iterator[Finding]:
    for key in keys:
        if key.revoked:
            message = f"the key {key.fingerprint} was revoked by its owner"
            yield Finding(key.file.path, 0, "key-revoked", message, Severity.NOTICE)
