"""What templates can ask for, beyond what Pelican gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from bulletins.addresses import (
    LinkResolver,
    attachment_url,
    beside,
    feed_url,
    key_url,
    kind_of,
    letter_prefix,
    list_url,
    page_url,
)
from bulletins.generators import files_of
from bulletins.html import render, render_blocks, visible
from bulletins.reader import ROOT, about, heading, summary
from secpack import Profile
from secpack.canaries import changes
from secpack.model import (
    Archive,
    Attachment,
    Canary,
    Change,
    Id,
    Key,
    Letter,
    Publication,
    Signature,
    Verdict,
)
from secpack.profile import Kind
from secpack.text.walk import actions, opening


@dataclass(frozen=True, slots=True)
class Action:
    """What the reader must do: a section's title, its anchor, and its first statement as HTML."""

    title: str
    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The documents of the same kind right before and after one."""

    older: Publication | None
    newer: Publication | None


def template_context(archive: Archive, profile: Profile) -> dict[str, Any]:
    """Functions and values for templates; all addresses are relative to the site's root."""
    link_of = LinkResolver(archive, profile, ROOT)
    waived = {f.file: f.waived for f in archive.findings if f.waived}
    by_fingerprint = {key.fingerprint: key for key in reversed(archive.keys)}

    def page_of(publication: Publication) -> str:
        return page_url(publication, profile)

    def actions_of(publication: Publication, outline: Sequence[Any]) -> list[Action]:
        anchors = {entry.title: entry.anchor for entry in reversed(outline)}
        return [
            Action(
                section.title,
                anchors.get(visible(section.title), ""),
                Markup(render_blocks(opening(section), link_of)),  # noqa: S704 - rendered by us
            )
            for section in actions(publication.document)
        ]

    def attachments_of(kind: Kind) -> list[Attachment]:
        return [a for a in archive.attachments if a.file.path.startswith(kind.folder + "/")]

    def keys_of(signatures: Sequence[Signature]) -> list[Key]:
        """The keys that signed, in the order of the signatures."""
        wanted = dict.fromkeys(s.primary for s in signatures if s.verdict.good)
        return [by_fingerprint[primary] for primary in wanted if primary in by_fingerprint]

    def waiver_of(signature: Signature) -> str:
        """Why the profile accepts a signature that is not good; empty where it does not."""
        return waived.get(signature.file.path, "")

    def neighbours(publication: Publication) -> Neighbours:
        row: Sequence[Publication]
        row = archive.canaries if isinstance(publication, Canary) else archive.bulletins
        place = row.index(publication)
        older = row[place - 1] if place else None
        return Neighbours(older, row[place + 1] if place + 1 < len(row) else None)

    def changes_of(canary: Canary) -> tuple[Change, ...]:
        before = neighbours(canary).older
        return changes(before, canary) if isinstance(before, Canary) else ()

    def signers_of(canary: Canary) -> tuple[list[str], list[str]]:
        """Names of those who sign no longer, and of those who sign for the first time."""
        before = neighbours(canary).older
        old = [signature.signer for signature in before.signatures] if before else []
        new = [signature.signer for signature in canary.signatures]
        return [s for s in old if s not in new], [s for s in new if before and s not in old]

    def letter_html(letter: Letter) -> Markup:
        prefix = letter_prefix(letter)
        return Markup(render(letter.document, link_of, prefix=prefix, top=3).html)  # noqa: S704 - as above

    def advisory_link(number: int) -> str:
        return link_of(Id("XSA", f"XSA-{number}", "")) or ""

    def cve_link(cve: str) -> str:
        return link_of(Id("CVE", cve, "")) or ""

    return {
        "page_of": page_of,
        "list_of": list_url,
        "kind_of": lambda publication: kind_of(publication, profile),
        "beside": lambda publication, name: beside(publication, profile, name),
        "attachment_of": lambda attachment, name: attachment_url(attachment, name, profile),
        "feed_of": feed_url,
        "files_of": files_of,
        "actions_of": actions_of,
        "summary_of": summary,
        "about": about,
        "heading": heading,
        "attachments_of": attachments_of,
        "neighbours": neighbours,
        "letter_html": letter_html,
        "advisory_link": advisory_link,
        "cve_link": cve_link,
        "by_year": by_year,
        "verdict_words": verdict_words,
        "signer_name": lambda name: profile.signers[name].name if name in profile.signers else name,
        "keys_of": keys_of,
        "waiver_of": waiver_of,
        "changes_of": changes_of,
        "signers_of": signers_of,
        "key_of": lambda key: key_url(key, profile),
        "key_groups": key_groups(archive.keys),
        "fingerprint": grouped_fingerprint,
    }


def by_year(publications: Sequence[Publication]) -> list[tuple[int, list[Publication]]]:
    """Documents grouped by the year of their publication, in the order given."""
    groups = groupby(publications, key=lambda publication: publication.published.year)
    return [(year, list(group)) for year, group in groups]


_VERDICTS = {
    Verdict.UNCHECKED: "not checked",
    Verdict.GOOD: "good",
    Verdict.GOOD_LEGACY: "good, but over a legacy digest",
    Verdict.BAD: "BAD: the text, or the signature, is not what was signed",
    Verdict.EXPIRED_KEY: "made with a key that has expired",
    Verdict.REVOKED_KEY: "made with a key that was revoked",
    Verdict.EXPIRED_SIGNATURE: "expired",
    Verdict.UNKNOWN_KEY: "made with a key that is not in the pack",
    Verdict.MALFORMED: "not a signature that can be read",
    Verdict.SEVERAL: "several signatures in one file",
    Verdict.SIGNER_NOT_ALLOWED: "made with a key of nobody who signs for this issuer",
    Verdict.SIGNER_DIFFERS: "made with the key of another signer than its name says",
}


def verdict_words(signature: Signature) -> str:
    """What was found, in words."""
    return _VERDICTS[signature.verdict]


def key_groups(keys: Sequence[Key]) -> list[tuple[str, list[Key]]]:
    """Keys by the folder in which the pack keeps them, the master key first."""
    folders: dict[str, list[Key]] = {}
    for key in sorted(keys, key=lambda k: ("master-key" not in k.file.path, k.file.path)):
        folders.setdefault(key.file.path.rpartition("/")[0].partition("/")[2], []).append(key)
    return list(folders.items())


def grouped_fingerprint(fingerprint: str) -> str:
    """A fingerprint (hex) in groups of four, as it is read aloud."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))
