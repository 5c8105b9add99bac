"""Bulletins and canaries as entries of feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from bulletins.changes import changed
from bulletins.doubts import WORDS as DOUBTFUL
from bulletins.doubts import doubts
from bulletins.feeds.model import Category, FeedEntry, FeedLink
from bulletins.html import escape
from bulletins.reader import heading, summary
from bulletins.rendering import Renderings
from bulletins.urls import INDEX, beside, json_url, kind_of, page_url
from secpack import Profile
from secpack.model.archive import Archive, Bulletin, Canary, File, Publication
from secpack.parser.patterns import visible


def newest_first(publications: Iterable[Publication]) -> list[Publication]:
    """Documents in the order of feeds: by day, bulletins before canaries, higher numbers first."""
    return sorted(
        publications,
        key=lambda p: (p.published, isinstance(p, Bulletin), p.number),
        reverse=True,
    )


def publication_entries(
    archive: Archive, profile: Profile, root: str, renderings: Renderings
) -> dict[str, FeedEntry]:
    """The entries of all documents by their ids; ``root`` is the way to the root of the site."""
    advisories = {advisory.number: advisory for advisory in archive.advisories}
    doubtful = doubts(archive)
    entries = {}
    for publication in archive.publications:
        updated = changed(publication, advisories)
        entry = _entry(publication, updated, profile, root, renderings)
        reasons = doubtful.get(publication.id)
        entries[publication.id] = _doubted(entry, reasons) if reasons else entry
    return entries


def _doubted(entry: FeedEntry, reasons: Sequence[str]) -> FeedEntry:
    """The entry of a text that is not verified says so, wherever readers may look."""
    found = escape("; ".join(reasons))
    return replace(
        entry,
        title=f"{DOUBTFUL}: {entry.title}",
        summary=f"{DOUBTFUL}. {entry.summary}",
        html=f"<p><strong>{DOUBTFUL}.</strong> This build found: {found}.</p>\n{entry.html}",
    )


def _entry(
    publication: Publication, updated: date, profile: Profile, root: str, renderings: Renderings
) -> FeedEntry:
    page = root + page_url(publication, profile) + ("" if "://" in root else INDEX)
    return FeedEntry(
        id=f"tag:{profile.tag}:{publication.id.lower()}",
        title=visible(heading(publication)),
        page=page,
        published=publication.published,
        updated=updated,
        summary=visible(summary(publication)),
        html=renderings.elsewhere(publication, root=root, page=page),
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
    yield FeedLink("alternate", data, "application/json", "The same as data")
    for file, kind, title in _files(publication):
        address = root + beside(publication, profile, file.name)
        yield FeedLink("related", address, kind, title, len(file.data))


def _files(publication: Publication) -> Iterator[tuple[File, str, str]]:
    """Files with their types and titles: texts, each before its signatures."""
    texts = [("The signed text", publication.document, publication.signatures)]
    if isinstance(publication, Canary):
        letters = publication.letters
        texts += [(x.name, x.document, x.signatures) for x in letters]
    for title, document, signatures in texts:
        yield document.file, "text/plain", title
        for signature in signatures:
            words = f"Signature of {signature.signer}"
            yield signature.file, "application/pgp-signature", words
