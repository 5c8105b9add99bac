"""Judgement: what the facts about signatures and keys mean for a pack with this profile."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self, TypeAlias

from secpack.errors import ParseError, ProgramMissingError, SecpackError
from secpack.extract import shortened
from secpack.model import archive as model
from secpack.model.archive import File, Signature, Verdict
from secpack.model.findings import Finding, Severity
from secpack.pack import Contents
from secpack.parser.characters import visible
from secpack.profile import Profile
from secpack.signatures.gpg import bare_keys, build_keyring, inspect_keys
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import LEGACY

#: What gpgv says of a key that has ended, on the day of the build.
_ENDED: Final = (Verdict.EXPIRED_KEY, Verdict.REVOKED_KEY)

#: From when on a signature does not count, its verdict then, and the reason.
_End: TypeAlias = tuple[datetime, Verdict, str]
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

#: The signer where other people than those of the profile may sign.
ANYONE: Final = "*"

#: The verdicts in words, for findings and pages.
WORDS: Final = {
    Verdict.UNCHECKED: "not checked",
    Verdict.GOOD: "good",
    Verdict.GOOD_UNTIL: "good, key valid until {until}",
    Verdict.GOOD_LEGACY: "good, obsolete digest {digest}",
    Verdict.OBSOLETE_DIGEST: "made with the obsolete digest {digest}, too late to be accepted",
    Verdict.BAD: "BAD: the signature does not match the text",
    Verdict.EXPIRED_KEY: "expired when made",
    Verdict.REVOKED_KEY: "made with a key that was revoked",
    Verdict.UNKNOWN_KEY: "made with a key that is not in the pack",
    Verdict.NOT_CERTIFIED: "not certified",
    Verdict.REFUSED: "refused by the verifier",
    Verdict.MALFORMED: "not accepted as a detached signature",
    Verdict.SIGNER_NOT_ALLOWED: "made by nobody whom the profile names as a signer",
    Verdict.SIGNER_DIFFERS: "made by another signer than the file name says",
}


def in_words(signature: Signature) -> str:
    """The verdict of a signature in words, with the reason if it is not good."""
    until = f"{signature.until:%Y-%m-%d}" if signature.until else ""
    words = WORDS[signature.verdict].format(until=until, digest=signature.digest)
    return f"{words} – {signature.reason}" if signature.reason else words


def check_pack(
    contents: Contents,
    profile: Profile,
    checker: Checker,
    older: Sequence[tuple[File, Signature]] = (),
) -> tuple[tuple[model.Key, ...], list[Signature]]:
    """Check and judge all signatures of a pack, and ``older`` ones, each with a text.

    Return the keys, and the signatures in this order.
    Findings about keys go to the ``findings`` of ``contents``.
    Another master key than the profile's, and a signature from the future, go to its ``errors``.
    Raises ProgramMissingError when gpgv is missing.
    """
    keyring = build_keyring(contents.keys, profile.pinned)
    checked = checker.check([*contents.signatures(), *older], keyring.packets)
    keys = bare_keys(keyring)
    ends = {anchor.fingerprint: anchor.end for anchor in profile.trusted}
    try:
        keys = inspect_keys(keyring, ends, profile.depth, cache=checker.cache)
    except ProgramMissingError as error:
        message = f"{error}; without it nobody checks which keys are certified"
        finding = Finding(profile.keys[0], 0, "no-gpg", message, Severity.ERROR)
        contents.findings.append(finding)
    except SecpackError as error:
        contents.errors.append(error)
    adopted = {finding.file for finding in keyring.findings}
    unusable = (key for key in keys if key.unusable and key.file.path not in adopted)
    contents.findings += [*keyring.findings, *check_anchor(keys, profile), *_revoked(keys, profile)]
    contents.findings += (
        Finding(key.file.path, 0, "key-unusable", f"not used as a key: {key.unusable}")
        for key in unusable
    )
    contents.errors += [*wrong_anchors(keys, profile), *_from_the_future(checked)]
    primary_keys = {key.fingerprint: key for key in reversed(keys)}  # usable ones come first
    return keys, [judge(signature, profile, primary_keys) for signature in checked]


def _from_the_future(signatures: Iterable[Signature]) -> Iterator[ParseError]:
    """Signatures dated after tomorrow: a wrong clock, or a date chosen to outlast others.

    They are errors, not findings: the clock may stop a build, but never change its output.
    """
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    late = [s for s in signatures if s.created and s.created > tomorrow]
    by_digest = {s.file.sha256: s for s in sorted(late, key=lambda s: s.file.path, reverse=True)}
    for signature in sorted(by_digest.values(), key=lambda s: s.file.path):
        message = f"signed in the future, on {signature.created:%Y-%m-%d}: check the clock of this "
        message += "machine, or ask the signer to sign again"
        yield ParseError(message, path=signature.file.path)


# --- signatures -------------------------------------------------------------------------------


def judge(signature: Signature, profile: Profile, keys: Mapping[str, model.Key]) -> Signature:
    """Return a checked signature with its final verdict; ``keys`` are by primary fingerprint.

    1. A verdict of gpgv that is not good remains, unless it is about the end of a key that gpg
       knows: gpgv judges by the day of the build.
    2. The key must not have been revoked, unless it was merely retired or superseded later.
    3. If the profile names signers, one of them must have made it: the one in the file's name.
    4. The key must be valid, and certified by an anchor, at the time that the signature claims.
    5. An obsolete digest counts only in a signature made before the profile's ``legacy_until``.

    Nothing here depends on the day of the build.
    """
    if not signature.signer:  # the file's name does not say who signed; the key does
        owners = (n for n, s in profile.signers.items() if s.fingerprint == signature.primary)
        signature = replace(signature, signer=next(owners, signature.primary))
    key, made = keys.get(signature.primary), signature.created
    is_whole = signature.verdict.good or (key and key.created and signature.verdict in _ENDED)
    if not is_whole or not key or not made:
        return replace(signature, certified=key.certified if key else None)
    ends = list(_ends(signature, key, profile))
    until = min((when for when, _, _ in ends), default=None)
    verdict = Verdict.GOOD_UNTIL if until else Verdict.GOOD
    if signature.digest in LEGACY:
        is_old = profile.legacy_until and made.date() < profile.legacy_until
        verdict = Verdict.GOOD_LEGACY if is_old else Verdict.OBSOLETE_DIGEST
    verdict, reason = next(((v, r) for when, v, r in ends if when <= made), (verdict, ""))
    return replace(
        signature,
        verdict=verdict,
        reason=reason,
        until=until if verdict.good else None,
        counts=verdict.value in profile.accepted,
        certified=key.certified and verdict is not Verdict.NOT_CERTIFIED,
    )


def _ends(signature: Signature, key: model.Key, profile: Profile) -> Iterator[_End]:
    """Yield from when on, and why, a signature by this key does not count; the worst first."""
    parts = key.parts(signature.fingerprint)
    revocations = [part.revoked for part in parts if part.revoked]
    for revoked in revocations:
        day = revoked.date if revoked.is_end else None
        yield day or _ALWAYS, Verdict.REVOKED_KEY, revocation_in_words(revoked)
    if signature.verdict is Verdict.REVOKED_KEY and not revocations:
        yield _ALWAYS, Verdict.REVOKED_KEY, "according to gpgv alone"
    owners = [n for n, s in profile.signers.items() if s.fingerprint == key.fingerprint]
    if profile.signers and signature.signer not in (*owners, ANYONE):
        other = Verdict.SIGNER_DIFFERS if owners else Verdict.SIGNER_NOT_ALLOWED
        yield _ALWAYS, other, key.fingerprint
    for expires in (part.expires for part in parts if part.expires):
        yield expires, Verdict.EXPIRED_KEY, f"the key expired on {expires:%Y-%m-%d}"
    if key.certified is False:
        reason = f"no certification of the key {key.fingerprint} by a trust anchor counts"
        yield _ALWAYS, Verdict.NOT_CERTIFIED, reason
    if key.chain and key.chain.until:
        last = key.chain.until - timedelta(seconds=1)  # a day's end is the next day's first moment
        reason = f"its certification counts only until {last:%Y-%m-%d}"
        yield key.chain.until, Verdict.NOT_CERTIFIED, reason


def revocation_in_words(revoked: model.Revocation) -> str:
    """When and why a key was revoked, with its owner's words."""
    day = f"{revoked.date:%Y-%m-%d}: " if revoked.date else ""
    comment = f", “{visible(shortened(revoked.comment))}”" if revoked.comment else ""
    return f"{day}{revoked.reason}{comment}"


def check_signatures(archive: model.Archive, profile: Profile) -> Iterator[Finding]:
    """Yield findings about the judged signatures of an archive."""
    for file, signatures, expected in signed_files(archive, profile):
        yield from _check_file(file, signatures, profile, expected)
    for letter in (letter for canary in archive.canaries for letter in canary.letters):
        signed = {signature.signer for signature in letter.signatures if signature.counts}
        named = (name for name in profile.signers if name.lower() in letter.name.split("-"))
        for name in (name for name in named if name not in signed):
            message = f"its name says {profile.signers[name].name}, who has not signed it"
            yield Finding(letter.file.path, 0, "signer-of-letter", message)


def signed_files(
    archive: model.Archive, profile: Profile
) -> Iterator[tuple[File, Sequence[Signature], Mapping[str, str]]]:
    """Yield each file that must be signed, its signatures, and by whom.

    Bulletins and canaries need the signatures of all their signers of that day. For a letter or
    an attachment, which has no such signers, one good signature is enough.
    """
    for each in archive.signed:
        yield each.file, each.signatures, expected_signers(each, profile)


@dataclass(frozen=True, slots=True)
class Standing:
    """The signatures of a file, counted: how many count, of those present and those missing.

    Several good ones by one key are one. ``missing`` are the names of expected signers without
    a signature that names them; ``never`` is whether a waiver says why. ``faults`` are the verdicts
    that do not count, each with whether a waiver explains it. ``alarms`` are the findings, as
    sentences, that nothing explains; a strict build has none. ``letters`` are those beside a
    canary, by name.
    """

    good: int
    total: int
    missing: tuple[str, ...]
    faults: tuple[tuple[Verdict, bool], ...]
    alarms: tuple[str, ...]
    never: bool = False
    letters: tuple[tuple[str, Self], ...] = ()


def standing(
    file: File,
    signatures: Sequence[Signature],
    expected: Mapping[str, str],
    findings: Mapping[str, Sequence[Finding]],
) -> Standing:
    """Count the signatures of a file; ``findings`` are those about signatures, by path."""

    def alarms(of: File) -> list[str]:
        return [
            f"{of.name}: {finding.message}"
            for finding in findings.get(of.path, ())
            if finding.is_error
        ]

    absent = [f for f in findings.get(file.path, ()) if f.code == "signer-missing"]
    is_enough = any(f.severity is Severity.NOTICE and not f.waived for f in absent)
    missing = () if is_enough else tuple(_missing_signers(signatures, expected))
    good = {signature.primary for signature in signatures if signature.counts}
    others = [signature for signature in signatures if not signature.counts]
    # A signature that names nobody may be by one of those who are missing.
    unnamed = sum(not signature.signer for signature in signatures)
    return Standing(
        good=len(good),
        total=len(good) + len(others) + max(0, len(missing) - unnamed),
        missing=missing,
        faults=tuple((s.verdict, not alarms(s.file)) for s in others),
        alarms=tuple(alarm for of in (file, *(s.file for s in signatures)) for alarm in alarms(of)),
        never=bool(absent) and all(f.waived for f in absent),
    )


def expected_signers(signed: model.Signed, profile: Profile) -> dict[str, str]:
    """The names of the signers of a document, by the names in their signatures' files."""
    if not isinstance(signed, (model.Bulletin, model.Canary)):
        return {}
    return expected_on(signed.published, profile, is_bulletin=isinstance(signed, model.Bulletin))


def expected_on(day: date, profile: Profile, *, is_bulletin: bool) -> dict[str, str]:
    """The names of those who sign on a day, by the names in their signatures' files."""
    expected = {}
    days = (day, date.max) if day == model.UNDATED else (day,)  # who signs on every day
    for name, signer in profile.signers.items():
        period = signer.bulletins if is_bulletin else signer.canaries
        if period and all(each in period for each in days):
            expected[name] = signer.name
    return expected


def enough(expected: int, profile: Profile) -> int:
    """How many of the expected signers must sign: all, unless the profile says how many.

    One is never enough where more are expected.
    """
    return max(1, min(expected, max(2, profile.required)) if profile.required else expected)


def _check_file(
    file: File, signatures: Sequence[Signature], profile: Profile, expected: Mapping[str, str]
) -> Iterator[Finding]:
    """Check the signatures of one file, which the ``expected`` signers must have signed."""
    waived = {w.sha256 for w in profile.waivers if w.finding == "signer-missing"}
    for signature in signatures:
        # Where one signature is enough, the other may still be that of the version before.
        can_wait = signature.covers_other and file.sha256 in waived
        for finding in check_signature(signature):
            yield replace(finding, severity=Severity.WARNING) if can_wait else finding
    if not signatures:
        message = "not signed; expected a detached signature next to it"
        yield Finding(file.path, 0, "unsigned", message, Severity.ERROR)
        return
    good = {signature.signer for signature in signatures if signature.counts}
    keys = Counter(signature.primary for signature in signatures if signature.counts)
    for key in (key for key, count in keys.items() if count > 1):
        signers = (s.signer for s in signatures if s.counts and s.primary == key)
        names = " and ".join(dict.fromkeys(expected.get(name, name) for name in signers))
        message = f"{keys[key]} signatures by {names}: keep one of them"
        yield Finding(file.path, 0, "signature-repeated", message)
    if not good:
        message = "no good signature by any signer in the profile"
        yield Finding(file.path, 0, "no-good-signature", message, Severity.ERROR)
    is_enough = enough(len(expected), profile) <= len(good & expected.keys())
    for name in _missing_signers(signatures, expected):
        message = f"no signature by {name}; the profile expects one"
        severity = Severity.NOTICE if is_enough else Severity.ERROR
        yield Finding(file.path, 0, "signer-missing", message, severity)


def _missing_signers(signatures: Sequence[Signature], expected: Mapping[str, str]) -> Iterator[str]:
    present = {signature.signer for signature in signatures}
    return (name for signer, name in expected.items() if signer not in present)


def is_about_signatures(code: str) -> bool:
    """Whether findings with this code come from checking signatures and keys."""
    return code.startswith(("sign", "unsigned", "no-good-signature", "key-"))


def check_signature(signature: Signature) -> Iterator[Finding]:
    """Yield a finding if a judged signature does not count, or its digest is obsolete."""
    path = signature.file.path
    if not signature.counts and signature.verdict is not Verdict.UNCHECKED:
        code = f"signature-{signature.verdict.value}".replace("signature-signer", "signer")
        yield Finding(path, 0, code, in_words(signature), Severity.ERROR)
    elif signature.verdict is Verdict.GOOD_LEGACY:
        yield Finding(path, 0, "signature-legacy", in_words(signature), Severity.NOTICE)


# --- keys -------------------------------------------------------------------------------------


def check_anchor(keys: Sequence[model.Key], profile: Profile) -> Iterator[Finding]:
    """Yield a finding for each key that the profile names and the pack lacks."""
    if not profile.trusted:
        message = "the profile names no master key: whoever wrote the pack could have signed it"
        yield Finding(profile.keys[0], 0, "no-anchor", message)
        return
    if not keys:
        message = "the pack has no keys, so no signature can be good"
        yield Finding(profile.keys[0], 0, "key-missing", message, Severity.ERROR)
        return
    present = {key.fingerprint for key in keys if not key.unusable}
    pinned = [("the master key", a.fingerprint, a.until is None) for a in profile.trusted]
    pinned += [(f"the key of {s.name}", s.fingerprint, True) for s in profile.signers.values()]
    for name, fingerprint, is_needed in pinned:
        if fingerprint not in present:
            message = f"the profile names {name}, {fingerprint}; the pack has no usable copy of it"
            severity = Severity.ERROR if is_needed else Severity.NOTICE
            yield Finding(profile.keys[0], 0, "key-missing", message, severity)


def wrong_anchors(keys: Sequence[model.Key], profile: Profile) -> Iterator[ParseError]:
    """Yield an error for each key that somebody could take for a trust anchor."""
    anchors = [anchor.fingerprint for anchor in profile.trusted]
    for key in (key for key in keys if anchors and key.fingerprint not in ("", *anchors)):
        if key.fingerprint[-16:] in [anchor[-16:] for anchor in anchors]:
            message = f"the key {key.fingerprint} has the short id of the master key"
            yield ParseError(message, path=key.file.path)
        elif "master-key" in key.file.path.split("/") and not key.certified:
            message = f"the master key here is {key.fingerprint}, but the profile names "
            yield ParseError(message + ", ".join(anchors), path=key.file.path)


def _revoked(keys: Sequence[model.Key], profile: Profile) -> Iterator[Finding]:
    """Revoked keys; of an anchor that is an error, unless the profile ends it by then."""
    ends = {anchor.fingerprint: anchor.until for anchor in profile.trusted}
    for key, revoked in ((key, key.revoked) for key in keys if key.revoked):
        message = f"{key.fingerprint} was revoked, {revocation_in_words(revoked)}"
        end = revoked.date.date() if revoked.date else date.min
        if ends.get(key.fingerprint, end) <= end:
            yield Finding(key.file.path, 0, "key-revoked", f"the key {message}", Severity.NOTICE)
            continue
        message = f"the trust anchor {message}; no certification by it counts: name another anchor "
        message += "in the profile, and the last day of this one"
        yield Finding(key.file.path, 0, "key-revoked", message, Severity.ERROR)
