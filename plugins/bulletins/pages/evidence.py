"""What the build found about signatures, and the commands with which to check them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bulletins import words
from bulletins.pages.items import signer_name
from bulletins.pages.model import Evidence, Link, SignatureItem
from bulletins.site import Site
from bulletins.urls import key_url
from secpack.model.archive import File, Key, Signature, Verdict


def evidence(site: Site, file: File, signatures: Sequence[Signature]) -> Evidence:
    """The evidence for a file next to the page, and its signatures."""
    keys = _keys_of(site, signatures)
    faults = [(f.message, f.waived) for f in site.signature_findings.get(file.path, ())]
    return Evidence(
        file=Link(file.name, file.name),
        size=len(file.data),
        sha256=file.sha256,
        faults=tuple(faults),
        signatures=tuple(_signature(site, signature) for signature in signatures),
        keys=tuple(Link(key_url(key, site.profile), key.file.name) for key in keys),
        commands=tuple(_commands(site, file, signatures, keys)),
    )


def _signature(site: Site, signature: Signature) -> SignatureItem:
    waivers = [f.waived for f in site.signature_findings.get(signature.file.path, ())]
    created = signature.created and f"{signature.created:%Y-%m-%d %H:%MZ}"
    details = [signature.algorithm, signature.digest] if signature.digest else []
    subkey = signature.fingerprint if signature.fingerprint != signature.primary else ""
    return SignatureItem(
        signer=signer_name(site, signature.signer),
        file=Link(signature.file.name, signature.file.name),
        verdict=words.verdicts[signature.verdict],
        good=signature.verdict.good,
        checked=signature.verdict is not Verdict.UNCHECKED,
        waiver=next(filter(None, waivers), ""),
        details=", ".join(details),
        created=created or "",
        fingerprint=grouped(signature.primary),
        subkey=grouped(subkey) if signature.primary else "",
        certified=words.certified[signature.certified],
    )


def _keys_of(site: Site, signatures: Sequence[Signature]) -> list[Key]:
    """The keys that signed, in the order of the signatures.

    If a signature does not name its key, take that of the signer in the file name.
    """
    named = {name: signer.fingerprint for name, signer in site.profile.signers.items()}
    wanted = dict.fromkeys(s.primary or named.get(s.signer, "") for s in signatures)
    return [site.keys[fingerprint] for fingerprint in wanted if fingerprint in site.keys]


def _commands(
    site: Site, file: File, signatures: Sequence[Signature], keys: Sequence[Key]
) -> Iterator[str]:
    yield 'export GNUPGHOME="$(mktemp -d)"'
    yield "gpg --import master-key.asc"
    yield "gpg --fingerprint"
    if site.profile.master_key:
        yield f'echo "{site.profile.master_key}:6:" | gpg --import-ownertrust'
    yield from (f"gpg --import {key.file.name}" for key in keys)
    yield from (f"gpg --verify {s.file.name} {file.name}" for s in signatures)
    yield "gpgconf --kill all"


def grouped(fingerprint: str) -> str:
    """A fingerprint (hex) in groups of four, as people read it aloud."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))
