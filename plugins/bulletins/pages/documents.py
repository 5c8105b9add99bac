"""The pages of bulletins and canaries."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from bulletins import words
from bulletins.html import LinkOf, Rendered, render, render_blocks
from bulletins.pages.evidence import evidence, grouped
from bulletins.pages.items import (
    advisory_links,
    bulletin_item,
    canary_item,
    cve_links,
    item_of,
    package_item,
    signer_name,
)
from bulletins.pages.model import (
    Body,
    BulletinPage,
    CanaryPage,
    Comparison,
    Excerpt,
    LetterItem,
    Link,
)
from bulletins.site import Links, Site, summary
from bulletins.urls import json_url
from secpack.canary.diff import changes
from secpack.extract.sections import MAX_WHOLE, Quotation, actions, affected
from secpack.model.archive import Bulletin, Canary, Letter, Publication, Section, Verdict
from secpack.parser.blocks import defined_labels
from secpack.parser.characters import visible

#: From a document's page to the root of the site.
ROOT: Final = "../../"

#: A page is light while its text as HTML, its quotations and its original have fewer bytes.
_LIGHT: Final = 18_500


def bulletin_page(site: Site, bulletin: Bulletin) -> BulletinPage:
    """The page of a bulletin."""
    document, links = bulletin.document, Links(site, ROOT)
    text = render(document, links)
    lines = [row.line for row in bulletin.packages]
    targets = frozenset(defined_labels(document.blocks))
    most = max(MAX_WHOLE, _LIGHT - len(text.html))
    concerned = affected(document, most)

    def excerpt(quotation: Quotation) -> Excerpt:
        section, html = quotation.section, render_blocks(quotation.blocks, links, targets)
        anchor = _anchor(text, section)
        return Excerpt(section.title, anchor, Markup(html), quotation.omitted)  # noqa: S704 - ours

    steps = tuple(excerpt(each) for each in actions(document, lines, most))
    concerns = excerpt(concerned) if concerned else None
    quoted = sum(len(each.html) for each in (*steps, concerns) if each)
    return BulletinPage(
        item=bulletin_item(site, bulletin),
        body=_body(site, bulletin, text, quoted),
        mentions=advisory_links(bulletin.mentions),
        cves=cve_links(bulletin.cves),
        actions=steps,
        affected=concerns,
        packages=tuple(package_item(row) for row in bulletin.packages),
    )


def _anchor(text: Rendered, section: Section) -> str:
    title = visible(section.title)
    return next((entry.anchor for entry in text.outline if entry.title == title), "")


def canary_page(site: Site, canary: Canary) -> CanaryPage:
    """The page of a canary."""
    links = Links(site, ROOT)
    return CanaryPage(
        item=canary_item(site, canary),
        body=_body(site, canary, render(canary.document, links)),
        count=canary.count,
        bulletins=sum(1 for b in site.archive.bulletins if b.published <= canary.published),
        master_key=grouped(canary.master_key),
        trusted_key=grouped(site.profile.master_key),
        freshness=canary.freshness,
        has_announcements=bool(canary.announcements),
        comparison=_comparison(site, canary),
        letters=tuple(_letter(site, letter, links) for letter in canary.letters),
    )


def _body(site: Site, publication: Publication, text: Rendered, quoted: int = 0) -> Body:
    file = publication.document.file
    is_light = len(text.html) + quoted + len(file.data) < _LIGHT
    older, newer = site.older.get(publication.id), site.newer.get(publication.id)
    return Body(
        description=summary(publication),
        html=Markup(text.html),  # noqa: S704 - ours
        outline=text.outline,
        original=file.data.decode() if is_light else "",
        data=Link(json_url(publication, site.profile).rpartition("/")[2], words.json),
        evidence=evidence(site, file, publication.signatures),
        revisions=tuple(
            sorted(publication.revisions, key=lambda revision: revision.date, reverse=True)
        ),
        older=item_of(site, older) if older else None,
        newer=item_of(site, newer) if newer else None,
    )


def _letter(site: Site, letter: Letter, links: LinkOf) -> LetterItem:
    text = render(letter.document, links, prefix=f"{letter.name}-", top=3)
    return LetterItem(
        name=letter.name.replace("-", " ").capitalize(),
        anchor=f"page-letter-{letter.name}",
        html=Markup(text.html),  # noqa: S704 - ours
        evidence=evidence(site, letter.document.file, letter.signatures),
    )


def _comparison(site: Site, canary: Canary) -> Comparison | None:
    """How a canary differs from the one before.

    A signer whose signature is not good counts as not having signed.
    """
    before = site.older.get(canary.id)
    if not isinstance(before, Canary):
        return None
    old, new = _signers(before), _signers(canary)
    return Comparison(
        skipped=tuple(range(before.number + 1, canary.number)),
        lost_signers=tuple(signer_name(site, name) for name in old if name not in new),
        new_signers=tuple(signer_name(site, name) for name in new if name not in old),
        changes=changes(before, canary),
    )


def _signers(canary: Canary) -> list[str]:
    counted = [s for s in canary.signatures if s.verdict.good or s.verdict is Verdict.UNCHECKED]
    return [signature.signer for signature in counted]
