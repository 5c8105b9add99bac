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
    kind_of,
    letter_prefix,
    list_url,
    page_url,
)
from bulletins.generators import files_of
from bulletins.html import render, render_blocks, visible
from bulletins.reader import ROOT, about, heading, summary
from secpack import Profile
from secpack.model import Archive, Attachment, Canary, Id, Letter, Publication, Signature
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

    def neighbours(publication: Publication) -> Neighbours:
        row: Sequence[Publication]
        row = archive.canaries if isinstance(publication, Canary) else archive.bulletins
        place = row.index(publication)
        older = row[place - 1] if place else None
        return Neighbours(older, row[place + 1] if place + 1 < len(row) else None)

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
        "signers": signers,
        "fingerprint": grouped_fingerprint,
    }


def by_year(publications: Sequence[Publication]) -> list[tuple[int, list[Publication]]]:
    """Documents grouped by the year of their publication, in the order given."""
    groups = groupby(publications, key=lambda publication: publication.published.year)
    return [(year, list(group)) for year, group in groups]


def signers(signatures: Sequence[Signature]) -> str:
    """Who signed, by the names of the signature files."""
    return ", ".join(signature.signer for signature in signatures)


def grouped_fingerprint(fingerprint: str) -> str:
    """A fingerprint (hex) in groups of four, as it is read aloud."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))
