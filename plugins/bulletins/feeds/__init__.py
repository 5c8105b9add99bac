"""Feeds: what was published, newest first, for programs that ask again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bulletins import words
from bulletins.exports.data import Export
from bulletins.feeds.advisories import advisory_entries
from bulletins.feeds.entries import document_entries
from bulletins.feeds.formats import atom_document, json_document
from bulletins.feeds.model import Feed, FeedEntry, Page, chain
from bulletins.site import Site, newest_first
from bulletins.urls import feed_url, json_feed_url
from secpack.model.archive import Publication
from secpack.parser.characters import visible


def feeds(site: Site) -> Iterator[Export]:
    """All feeds in all formats. They exist even when they are empty.

    URLs in them are absolute where the site's own is known, otherwise relative to the feed.
    """
    root = f"{site.url}/" if site.url else "../"
    archive, profile = site.archive, site.profile

    def documents(publications: Sequence[Publication]) -> Iterator[FeedEntry]:
        entries = document_entries(site, root)
        return (entries[p.id] for p in newest_first(publications))

    rows = (
        ("all", "all", lambda: documents(archive.publications)),
        ("bulletins", profile.bulletins.slug, lambda: documents(archive.bulletins)),
        ("canaries", profile.canaries.slug, lambda: documents(archive.canaries)),
        ("xsa", "xsa", lambda: advisory_entries(site, root)),
    )
    for name, slug, entries in rows:
        feed = partial(_feed, site, slug, words.feed_names[name], root, entries)
        yield Export(name, feed_url(slug), partial(_files, feed, feed_url, atom_document))
        if name == "all":
            files = partial(_files, feed, json_feed_url, json_document)
            yield Export("all.json", json_feed_url(slug), files)


def _feed(
    site: Site, slug: str, name: str, root: str, entries: Callable[[], Iterator[FeedEntry]]
) -> Feed:
    return Feed(
        slug=slug,
        id=f"tag:{site.profile.tag}:{slug}",
        title=visible(f"{site.name}: {name}"),
        author=visible(site.author),
        root=root,
        entries=tuple(entries()),
    )


def _files(
    make: Callable[[], Feed],
    url_of: Callable[[str, int | None], str],
    document: Callable[[Feed, Page], bytes],
) -> Iterator[tuple[str, bytes]]:
    feed = make()
    for page in chain(feed.entries):
        yield url_of(feed.slug, page.number), document(feed, page)
