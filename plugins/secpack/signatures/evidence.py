"""Brings together what is found out about a pack's signatures and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from secpack.errors import ParseError, ProgramMissingError, SecpackError
from secpack.model.archive import Key, Signature
from secpack.model.findings import Finding, Severity
from secpack.pack import Contents
from secpack.profile import Profile
from secpack.signatures.gpg import Keyring, bare_keys, build_keyring, inspect_keys
from secpack.signatures.gpgv import Checker, Facts, Job
from secpack.signatures.policy import check_anchor, judge


@dataclass(frozen=True, slots=True)
class Evidence:
    """Facts by the signatures' paths, the keys of the pack, and what was found of the keys.

    ``by_fingerprint`` are the keys by the fingerprints of their primary keys.
    """

    facts: Mapping[str, Facts]
    keys: tuple[Key, ...]
    by_fingerprint: Mapping[str, Key]
    findings: tuple[Finding, ...]
    profile: Profile

    def judged(self, signatures: tuple[Signature, ...]) -> tuple[Signature, ...]:
        """Signatures with their verdicts."""
        facts, keys = self.facts, self.by_fingerprint
        return tuple(judge(s, facts.get(s.file.path), self.profile, keys) for s in signatures)


def gather(contents: Contents, profile: Profile, checker: Checker) -> Evidence:
    """Check all signatures of a pack, and look at its keys meanwhile.

    Raises ProgramMissingError when there is no gpgv. Another master key than the profile pins, and
    a signature from the future, become errors of ``contents``.
    """
    trusted = {profile.master_key, *(signer.fingerprint for signer in profile.signers.values())}
    keyring = build_keyring(contents.keys, trusted)
    with checker.start(_jobs(contents), keyring.packets, keyring.digest) as wait:
        try:
            keys, odd = _inspected(keyring, profile, checker)
            anchored = check_anchor(keys, profile)
            findings = (*keyring.findings, *odd, *anchored, *_revoked(keys))
        except SecpackError as error:
            contents.errors.append(error)
            keys, findings = bare_keys(keyring), keyring.findings
        by_fingerprint = {key.fingerprint: key for key in keys}
        facts = wait()
        contents.errors += _from_the_future(facts)
        return Evidence(facts, keys, by_fingerprint, findings, profile)


def _from_the_future(facts: Mapping[str, Facts]) -> Iterator[ParseError]:
    """Signatures made later than tomorrow: a wrong clock, or a time chosen to outlast others.

    Errors, not findings, so that the clock can stop a build and never changes a byte of it.
    """
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for path, found in sorted(facts.items()):
        if found.created and found.created > tomorrow:
            message = f"signed in the future, on {found.created:%Y-%m-%d}: check the clock of "
            message += "this machine, or ask the signer to sign again"
            yield ParseError(message, path=path)


def _inspected(
    keyring: Keyring, profile: Profile, checker: Checker
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """The keys as gpg knows them; without a gpg their fingerprints, and a finding."""
    try:
        return inspect_keys(keyring, profile.master_key, cache=checker.cache)
    except ProgramMissingError as error:
        message = f"{error}; without it nobody checks which keys the master key has certified"
        return bare_keys(keyring), (Finding(profile.keys, 0, "no-gpg", message, Severity.ERROR),)


def _jobs(contents: Contents) -> list[Job]:
    entries = (*contents.bulletins, *contents.canaries)
    jobs = [Job(entry.file, s.file) for entry in entries for s in entry.signatures]
    jobs += [Job(file, s.file) for file, signed in contents.attachments for s in signed]
    return jobs


def _revoked(keys: tuple[Key, ...]) -> Iterator[Finding]:
    for key in keys:
        if key.revoked:
            message = f"the key {key.fingerprint} has been revoked by its owner"
            yield Finding(key.file.path, 0, "key-revoked", message, Severity.NOTICE)
