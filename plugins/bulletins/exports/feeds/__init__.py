"""Feeds: what was published, newest first, for feed readers."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bulletins import words
from bulletins.exports.data import Export
from bulletins.exports.feeds.entries import advisory_entries, change_entries, document_entries
from bulletins.exports.feeds.formats import Feed, FeedEntry, atom_document, chain, json_document
from bulletins.site import Site, newest_first
from bulletins.urls import feed_url, json_feed_url
from secpack.model.archive import Publication
from secpack.parser.characters import visible


def feeds(site: Site) -> Iterator[Export]:
    """All feeds, the one of everything also as a JSON Feed; empty feeds exist, too.

    URLs in them are absolute if the site's own is known, otherwise relative to the feed.
    """
    profile, archive = site.profile, site.archive
    yield _feed(site, "all", "all", archive.publications)
    yield Export("all.json", json_feed_url("all"), tuple)  # made together with the Atom feed
    yield _feed(site, "bulletins", profile.bulletins.slug, archive.bulletins)
    yield _feed(site, "canaries", profile.canaries.slug, archive.canaries)
    yield Export("changes", feed_url("changes"), partial(_files, site, "changes", change_entries))
    if archive.advisories:
        yield Export("xsa", feed_url("xsa"), partial(_files, site, "xsa", advisory_entries))


def _feed(site: Site, name: str, slug: str, publications: Sequence[Publication]) -> Export:
    entries = partial(document_entries, newest_first(publications))
    return Export(name, feed_url(slug), partial(_files, site, name, entries, slug))


def _files(
    site: Site, name: str, entries: Callable[[Site, str], Iterator[FeedEntry]], slug: str = ""
) -> Iterator[tuple[str, bytes]]:
    root, slug = f"{site.url}/" if site.url else "../", slug or name
    feed = Feed(
        slug=slug,
        authority=site.profile.tag,
        title=visible(f"{site.name}: {words.feed_names[name]}"),
        author=visible(site.author),
        root=root,
        home=site.public("") if site.url else root,
        entries=tuple(entries(site, root)),
    )
    for page in chain(feed.entries):
        yield feed_url(slug, page.number), atom_document(feed, page)
        if name == "all":
            yield json_feed_url(slug, page.number), json_document(feed, page)
