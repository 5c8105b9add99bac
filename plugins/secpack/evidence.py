"""Brings together what is found out about a pack's signatures and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from secpack.errors import ProgramMissingError, SecpackError
from secpack.keys import Keyring, bare_keys, build_keyring, inspect_keys
from secpack.model import Finding, Key, Severity, Signature
from secpack.pack import Contents
from secpack.policy import check_anchor, judge
from secpack.profile import Profile
from secpack.signatures import Checker, Facts, Job


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

    Raises ProgramMissingError when there is no gpgv. A key that is damaged, and another master
    key than the profile pins, become errors of ``contents``.
    """
    keyring, errors = build_keyring(contents.keys)
    contents.errors += errors
    with checker.start(_jobs(contents), keyring.packets, keyring.digest) as wait:
        try:
            keys, missing = _inspected(keyring, profile, checker)
            anchored = check_anchor(keys, profile)
            findings = (*keyring.findings, *missing, *anchored, *_revoked(keys))
        except SecpackError as error:
            contents.errors.append(error)
            keys, findings = bare_keys(keyring), keyring.findings
        by_fingerprint = {key.fingerprint: key for key in keys}
        return Evidence(wait(), keys, by_fingerprint, findings, profile)


def _inspected(
    keyring: Keyring, profile: Profile, checker: Checker
) -> tuple[tuple[Key, ...], tuple[Finding, ...]]:
    """The keys as gpg knows them; without a gpg their fingerprints, and a finding."""
    try:
        return inspect_keys(keyring, profile.master_key, cache=checker.cache), ()
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
