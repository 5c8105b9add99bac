"""Bulletins and canaries as entries of feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from bulletins import words
from bulletins.changes import changed
from bulletins.feeds.model import Category, FeedEntry, FeedLink
from bulletins.html import render
from bulletins.site import Links, Site, heading, summary
from bulletins.urls import beside, json_url, kind_of, page_url
from secpack import Profile
from secpack.model.archive import Bulletin, Canary, File, Publication
from secpack.parser.characters import visible


@lru_cache(maxsize=1)
def document_entries(site: Site, root: str) -> Mapping[str, FeedEntry]:
    """The entries of all documents by their ids; ``root`` leads to the root of the site."""
    links = Links(site, root)
    entries = {p.id: _entry(p, site, root, links) for p in site.archive.publications}
    return entries | {id_: _unverified(entries[id_], why) for id_, why in site.unverified.items()}


def _unverified(entry: FeedEntry, reasons: Sequence[str]) -> FeedEntry:
    """The entry of a text that is not verified says so, wherever readers may look."""
    notice = words.unverified_notice.format(reasons=visible("; ".join(reasons)))
    return replace(
        entry,
        title=words.unverified_title.format(title=entry.title),
        summary=words.unverified_summary.format(summary=entry.summary),
        html=f"{notice}\n{entry.html}",
    )


def _entry(publication: Publication, site: Site, root: str, links: Links) -> FeedEntry:
    profile = site.profile
    page = links.to(page_url(publication, profile))
    return FeedEntry(
        id=f"tag:{profile.tag}:{publication.id.lower()}",
        title=visible(heading(publication)),
        page=page,
        published=publication.published,
        updated=changed(publication, site.advisories),
        summary=visible(summary(publication)),
        html=render(publication.document, links, page=page).html,
        categories=tuple(_categories(publication, profile)),
        links=tuple(_links(publication, profile, root)),
    )


def _categories(publication: Publication, profile: Profile) -> Iterator[Category]:
    yield Category(kind_of(publication, profile).slug, f"tag:{profile.tag}:kind")
    if isinstance(publication, Bulletin):
        scheme = f"tag:{profile.tag}:advisory"
        yield from (Category(f"XSA-{number}", scheme) for number in publication.addresses)
        yield from (Category(cve, f"tag:{profile.tag}:cve") for cve in publication.cves)
        scheme = f"tag:{profile.tag}:release"
        yield from (Category(visible(release), scheme) for release in publication.releases)


def _links(publication: Publication, profile: Profile, root: str) -> Iterator[FeedLink]:
    """The document as data; the original, its signatures, and a canary's letters with theirs."""
    data = root + json_url(publication, profile)
    yield FeedLink("alternate", data, "application/json", words.data_link)
    for file, kind, title in _files(publication):
        url = root + beside(publication, profile, file.name)
        yield FeedLink("related", url, kind, title, len(file.data))


def _files(publication: Publication) -> Iterator[tuple[File, str, str]]:
    """Files with their types and titles: texts, each before its signatures."""
    texts = [(words.original_link, publication.document, publication.signatures)]
    if isinstance(publication, Canary):
        letters = publication.letters
        texts += [(x.name, x.document, x.signatures) for x in letters]
    for title, document, signatures in texts:
        yield document.file, "text/plain", title
        for signature in signatures:
            signed_by = words.signature_link.format(signer=signature.signer)
            yield signature.file, "application/pgp-signature", signed_by
