"""Feeds: what was published, newest first, for feed readers."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import zip_longest

from bulletins import words
from bulletins.exports.data import Export
from bulletins.exports.feeds.entries import advisory_entries, change_entries, document_entry
from bulletins.exports.feeds.formats import Feed, FeedEntry, atom_document, chain, json_document
from bulletins.site import Site, newest_first
from bulletins.urls import feed_url, json_feed_url
from secpack.parser.characters import visible


def feeds(site: Site) -> Iterator[Export]:
    """All feeds, the one of everything also as a JSON Feed; empty feeds exist, too.

    URLs in them are absolute if the site's own is known, otherwise relative to the feed.
    """
    yield Export("all", feed_url("all"), partial(_document_feeds, site))  # and the next three
    yield Export("all.json", json_feed_url("all"), tuple)
    yield Export("bulletins", feed_url(site.profile.bulletins.slug), tuple)
    yield Export("canaries", feed_url(site.profile.canaries.slug), tuple)
    yield Export(
        "changes", feed_url("changes"), partial(_other_feed, site, "changes", change_entries)
    )
    if site.archive.advisories:
        yield Export("xsa", feed_url("xsa"), partial(_other_feed, site, "xsa", advisory_entries))


def _document_feeds(site: Site) -> Iterator[tuple[str, bytes]]:
    """The feeds of documents, side by side: they have the same entries, of which few are kept."""
    archive, profile, root = site.archive, site.profile, _root(site)
    entries = {p.id: document_entry(p, site, root) for p in newest_first(archive.publications)}
    bulletins, canaries = newest_first(archive.bulletins), newest_first(archive.canaries)
    feeds = (
        _feed(site, "all", "all", entries.values()),
        _feed(site, "bulletins", profile.bulletins.slug, (entries[b.id] for b in bulletins)),
        _feed(site, "canaries", profile.canaries.slug, (entries[c.id] for c in canaries)),
    )
    for pages in zip_longest(*(chain(feed.entries) for feed in feeds)):
        for feed, page in zip(feeds, pages, strict=True):
            if page:
                yield feed_url(feed.slug, page.number), atom_document(feed, page)
            if page and feed is feeds[0]:
                yield json_feed_url(feed.slug, page.number), json_document(feed, page)


def _other_feed(
    site: Site, name: str, entries: Callable[[Site, str], Iterator[FeedEntry]]
) -> Iterator[tuple[str, bytes]]:
    feed = _feed(site, name, name, entries(site, _root(site)))
    yield from ((feed_url(name, p.number), atom_document(feed, p)) for p in chain(feed.entries))


def _root(site: Site) -> str:
    return f"{site.url}/" if site.url else "../"


def _feed(site: Site, name: str, slug: str, entries: Iterable[FeedEntry]) -> Feed:
    return Feed(
        slug=slug,
        authority=site.profile.tag,
        title=visible(f"{site.name}: {words.feed_names[name]}"),
        author=visible(site.author),
        root=_root(site),
        home=site.public("") if site.url else _root(site),
        entries=tuple(entries),
    )
