"""Pages as data: one frozen object for each page, which is all that its template sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from bulletins import words
from bulletins.exports import exports
from bulletins.pages.documents import bulletin_page, canary_page
from bulletins.pages.lists import home_page, keys_page, list_pages, lookup_pages
from bulletins.pages.model import (
    FeedsPage,
    FeedsSection,
    Frame,
    Link,
    MakePage,
    NotFoundPage,
    Page,
    RedirectPage,
    SearchPage,
    TextPage,
)
from bulletins.pages.tracker import advisory_pages, id_page, tracker_page
from bulletins.site import Site
from bulletins.urls import (
    CVE,
    FEEDS,
    INDEX,
    KEYS,
    NOT_FOUND,
    PACKAGE,
    RELEASE,
    SEARCH,
    XSA,
    json_feed_url,
    list_url,
    redirects,
)
from secpack.model.archive import Canary, Publication

__all__ = ["MakePage", "archive_pages", "document_page", "frame_of", "home_page", "text_page"]

_VERIFYING = "verifying"


def archive_pages(site: Site) -> Iterator[tuple[str, MakePage]]:
    """What makes all pages, by URL: except the front page, documents, and what people wrote."""
    profile = site.profile
    for url, make in _archive_pages(site):
        yield url + INDEX, make
    for url, target in redirects(profile).items():
        yield url + INDEX, partial(RedirectPage, target)
    yield NOT_FOUND, NotFoundPage


def _archive_pages(site: Site) -> Iterator[tuple[str, MakePage]]:
    profile, archive = site.profile, site.archive
    yield from list_pages(site, profile.bulletins, archive.bulletins)
    yield from list_pages(site, profile.canaries, archive.canaries)
    yield KEYS, partial(keys_page, site)
    yield FEEDS, partial(_feeds_page, site)
    yield SEARCH, partial(_search_page, site)
    if XSA in site.lookups:
        yield XSA, partial(tracker_page, site)
        yield from advisory_pages(site)
    if CVE in site.lookups:
        yield CVE, partial(id_page, site)
    yield from lookup_pages(site)


def _search_page(site: Site) -> SearchPage:
    kinds = site.profile.bulletins, site.profile.canaries
    urls = (*map(list_url, kinds), XSA, CVE, RELEASE, PACKAGE)
    lists = zip(urls, words.browse_lists, strict=True)
    shown = {*map(list_url, kinds), *site.lookups}
    return SearchPage(
        ", ".join(_examples(site)),
        tuple((Link(url, title), text) for url, (title, text) in lists if url in shown),
    )


def _examples(site: Site) -> Iterator[str]:
    """An id of each kind that this archive has."""
    archive = site.archive
    if archive.advisories:
        yield f"XSA-{archive.advisories[-1].number}"
    for publication in (archive.bulletins or archive.canaries)[-1:]:
        yield publication.id.replace("-", " ")
    yield from (cve.id for cve in archive.cves[-1:])


def document_page(site: Site, publication: Publication) -> Page:
    """The page of a document."""
    if isinstance(publication, Canary):
        return canary_page(site, publication)
    return bulletin_page(site, publication)


def text_page(site: Site, text: Any) -> TextPage:
    """A page that a person wrote, from Pelican's page."""
    return TextPage(
        title=str(text.title),
        summary=Markup(text.summary).striptags(),  # noqa: S704 - its tags are removed
        html=Markup(text.content.replace("<pre>", '<pre tabindex="0">')),  # noqa: S704 - Markdown
        anchors=site.profile.trusted if text.slug == _VERIFYING else (),
    )


def _feeds_page(site: Site) -> FeedsPage:
    sections: dict[str, list[tuple[Link, str]]] = {name: [] for name in words.feeds_sections}
    for export in exports(site):
        if export.name in words.exports:
            section, title, text = words.exports[export.name]
            sections[section].append((Link(export.url, title), text))
    return FeedsPage(
        tuple(
            FeedsSection(name, *words.feeds_sections[name], tuple(links))
            for name, links in sections.items()
            if links
        )
    )


def frame_of(site: Site, texts: Iterable[Any]) -> Frame:
    """The frame of all pages; ``texts`` are Pelican's pages, in the order of the menu."""
    slugs = {text.slug: text for text in texts}
    profile = site.profile
    bulletins, canaries = list_url(profile.bulletins), list_url(profile.canaries)
    verifying = f"{_VERIFYING}/" if _VERIFYING in slugs else ""
    titles = {XSA: words.tracker, RELEASE: words.releases, PACKAGE: words.packages}
    lookups = [Link(url, title) for url, title in titles.items() if url in site.lookups]
    menu = [
        Link(bulletins, words.bulletins),
        Link(canaries, words.canaries),
        *lookups,
        *([Link(verifying, words.verify)] if verifying else []),
        Link(SEARCH, words.search),
    ]
    ids = [Link(CVE, words.cves)] if CVE in site.lookups else []
    footer = [*ids, Link(KEYS, words.keys), Link(FEEDS, words.feeds)]
    for slug, text in slugs.items():
        if slug != _VERIFYING:
            footer.append(Link(text.url.removesuffix(INDEX), getattr(text, "nav", text.title)))
    atom = {e.name: e.url for e in exports(site) if e.name in words.feed_names}
    return Frame(
        site_name=site.name,
        product=site.product,
        public_url=site.url,
        bulletins=bulletins,
        canaries=canaries,
        lookups=site.lookups,
        verifying=verifying,
        menu=tuple(menu),
        footer=tuple(footer),
        feeds=tuple(Link(url, words.exports[name][1]) for name, url in atom.items()),
        json_feed=Link(json_feed_url("all"), words.exports["all.json"][1]),
    )
