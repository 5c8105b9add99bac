"""What the build found about signatures, and the commands with which to check them."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote as quoted
from urllib.parse import quote

from bulletins import words
from bulletins.pages.items import signer_name
from bulletins.pages.model import Check, Evidence, Link, SignatureItem
from bulletins.site import Site
from bulletins.urls import key_url
from secpack.model.archive import File, Key, Signature, Verdict
from secpack.signatures.policy import in_words, revocation_in_words


def evidence(site: Site, file: File, signatures: Sequence[Signature]) -> Evidence:
    """The evidence for a file next to the page, and its signatures."""
    anchors = _anchors(site, _keys_of(site, signatures))
    items = tuple(_signature(site, signature, file, anchors) for signature in signatures)
    return Evidence(
        file=file,
        faults=tuple(site.signature_findings.get(file.path, ())),
        signatures=items,
        meanings=tuple(dict.fromkeys(_meanings(site, signatures))),
    )


def check(
    site: Site,
    signatures: Sequence[Signature],
    pairs: Sequence[tuple[str, str]],
    linked: Sequence[Link | None] = (),
    path: str = "",
) -> Check:
    """How to check signatures; ``pairs`` are the URLs of each and of its text.

    ``linked`` are keys that the page has a link to, ``path`` is where the pack has the text.
    """
    keys = _keys_of(site, signatures)
    anchors = _anchors(site, keys)
    marks = "[full]" if set(anchors).isdisjoint(keys) else "[full] or [ultimate]"
    keys = [*anchors, *(key for key in keys if key not in anchors)]
    links = list(dict.fromkeys(key_link(site, key) for key in keys))
    files = dict.fromkeys(url for signature, text in pairs for url in (text, signature))
    urls = [*files, *(link.url for link in links)] if site.url else []
    return Check(
        keys=tuple(link for link in links if link not in linked and not urls),
        anchors=tuple(anchors),
        marks=marks,
        begin=tuple(_begin(site, urls, anchors, keys)),
        verify=tuple(_verify(site, pairs, anchors, keys)),
        end=tuple(_end(site, path)),
    )


def _signature(
    site: Site, signature: Signature, file: File, anchors: Sequence[Key]
) -> SignatureItem:
    findings = site.signature_findings.get(signature.file.path, ())
    key = site.keys.get(signature.primary)
    return SignatureItem(
        signature=signature,
        signer=signer_name(site, signature.signer),
        verdict=in_words(signature),
        alarm=any(finding.is_error for finding in findings),
        waiver=next((finding.waived for finding in findings if finding.waived), ""),
        notes=tuple(_notes(signature, key)),
        key=key_link(site, key) if key and key not in anchors else None,
        certified=certified(site, key, signature.certified),
        version=None if signature.covers == file.sha256 else site.covered.get(signature.covers),
    )


def _notes(signature: Signature, key: Key | None) -> Iterator[str]:
    """How it was made, and what else a reader should know of a good one and of its key."""
    if signature.algorithm:  # its obsolete digest is in the verdict
        is_new = signature.verdict is not Verdict.GOOD_LEGACY
        yield signature.algorithm + f", {signature.digest}" * is_new
    if signature.first:
        commit, day = signature.first
        yield words.first_commit.format(commit=commit[:12], date=f"{day:%Y-%m-%d}")
    if key and key.revoked and signature.verdict.good:
        yield words.was_revoked.format(reason=revocation_in_words(key.revoked))
    if key and _is_weak(signature, key):
        yield words.weak_key


def _is_weak(signature: Signature, key: Key) -> bool:
    """Whether programs that reject obsolete digests find no older signature on the key itself."""
    made, parts = signature.created, key.parts(signature.fingerprint)
    is_strong = all(part.strong and made and part.strong <= made for part in parts)
    return signature.verdict.good and not is_strong and key.created is not None


def _meanings(site: Site, signatures: Sequence[Signature]) -> Iterator[str]:
    """A sentence for each verdict and note that occurs."""
    for signature in signatures:
        yield words.verdicts[signature.verdict]
        if signature.until:  # also of a signature with an obsolete digest
            yield words.verdicts[Verdict.GOOD_UNTIL]
        key = site.keys.get(signature.primary)
        if key and _is_weak(signature, key):
            yield words.weak_key_meaning
        if key and key.revoked and signature.verdict.good:
            yield words.revoked_meaning


def certified(site: Site, key: Key | None, is_certified: bool | None) -> str:
    """Whether a key is certified: by which anchor, if there are several, through which others."""
    if not (key and key.chain and is_certified):
        is_one_of_several = is_certified is False and len(site.profile.trusted) > 1
        return words.not_trusted if is_one_of_several else words.certified[is_certified]
    anchor, *others = key.chain.keys
    if not others:
        return words.is_anchor
    is_only = len(site.profile.trusted) == 1
    said = words.certified[True] if is_only else words.certified_by.format(owner(site, anchor))
    if len(others) > 1:
        names = ", ".join(owner(site, fingerprint) for fingerprint in others[:-1])
        said = words.through.format(certified=said, keys=names)
    digest = key.chain.digest
    return f"{said}, {words.weak_certification.format(digest=digest)}" if digest else said


def owner(site: Site, fingerprint: str) -> str:
    """The owner of a key; its fingerprint, if the pack lacks it."""
    owners = site.keys[fingerprint].owners if fingerprint in site.keys else ()
    return next(iter(owners), grouped(fingerprint))


def _keys_of(site: Site, signatures: Sequence[Signature]) -> list[Key]:
    """The keys between an anchor and those that signed, and these, in the order of the signatures.

    If a signature does not name its key, take that of the signer in the file name. Of a key with
    several copies, each can have what the others lack.
    """
    named = {name: signer.fingerprint for name, signer in site.profile.signers.items()}
    signed = dict.fromkeys(s.primary or named.get(s.signer, "") for s in signatures)
    chains = [key.chain.keys[1:] for f in signed if (key := site.keys.get(f)) and key.chain]
    wanted = dict.fromkeys([*(fingerprint for chain in chains for fingerprint in chain), *signed])
    return [key for f in wanted for key in site.archive.keys if f and key.fingerprint == f]


def key_link(site: Site, key: Key) -> Link:
    """A link to the file of a key, whose name can have blanks, or letters outside ASCII."""
    return Link(quote(key_url(key, site.profile), "/@+"), key.file.name)


def _anchors(site: Site, keys: Sequence[Key]) -> list[Key]:
    """The anchors that certify these keys, or all if none does; without those that are missing."""
    trusted = [anchor.fingerprint for anchor in site.profile.trusted]
    first = dict.fromkeys(key.chain.keys[0] for key in keys if key.chain) or trusted
    return [site.keys[f] for f in first if f in site.keys]


def _begin(
    site: Site, urls: Sequence[str], anchors: Sequence[Key], keys: Iterable[Key]
) -> Iterator[str]:
    """The commands up to the comparison of fingerprints; they fetch ``urls``."""
    yield 'export GNUPGHOME="$(mktemp -d)"'
    if urls:
        listed = " ".join(quoted(url) for url in urls)
        yield f'for file in {listed}; do curl -fLO {quoted(site.url)}/"$file"; done'
    if any(key.chain and key.chain.digest for key in keys):
        yield 'echo allow-weak-key-signatures > "$GNUPGHOME/gpg.conf"'
    yield f"gpg --import {' '.join(_names(anchors)) or 'master-key.asc'}"
    yield "gpg --fingerprint"


def _verify(
    site: Site, pairs: Iterable[tuple[str, str]], anchors: Sequence[Key], keys: Sequence[Key]
) -> Iterator[str]:
    """The commands after it; gpg forgets trust in a key that is imported later, save an anchor."""
    chains = [key.chain for key in keys if key.chain]
    first = dict.fromkeys(chain.keys[0] for chain in chains)
    for each in first or [anchor.fingerprint for anchor in site.profile.trusted]:
        yield f"echo {each}:6: | gpg --import-ownertrust"
    if others := _names(key for key in keys if key not in anchors):
        yield f"gpg --import {' '.join(others)}"
    for each in dict.fromkeys(issuer for chain in chains for issuer in chain.keys[1:-1]):
        if each not in first:
            yield f"echo {each}:5: | gpg --import-ownertrust"
    for signature, text in pairs:
        yield f"gpg --verify {signature.rpartition('/')[2]} {text.rpartition('/')[2]}"


def _end(site: Site, path: str) -> Iterator[str]:
    """The commands that compare the text with the pack, if its URL is known, and clean up."""
    if path and (url := site.profile.pack):
        yield f"git clone {quoted(url)} pack && cd pack"
        yield f"cmp {quoted(path)} ../{quoted(path.rpartition('/')[2])}"
        folders = " ".join(map(quoted, site.profile.keys))
        yield f"find {folders} -name '*.asc' -exec gpg -q --import {{}} +"
        yield "git verify-commit HEAD"
        yield "git tag --points-at HEAD | xargs -r git verify-tag"
        yield "cd .. && rm -rf pack"
    yield "gpgconf --kill all"
    yield 'rm -r "$GNUPGHOME"'
    yield "unset GNUPGHOME"


def _names(keys: Iterable[Key]) -> list[str]:
    return list(dict.fromkeys(quoted(key.file.name) for key in keys))


def grouped(fingerprint: str) -> str:
    """A fingerprint (hex) in groups of four, as people read it aloud."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))
