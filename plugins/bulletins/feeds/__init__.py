"""Feeds: everything that was published, newest first, for programs that ask again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bulletins.feeds.advisories import advisory_entries
from bulletins.feeds.atom import AtomWriter
from bulletins.feeds.chain import chain
from bulletins.feeds.entries import newest_first, publication_entries
from bulletins.feeds.jsonfeed import json_document
from bulletins.feeds.model import Feed, FeedEntry
from bulletins.reader import site_name
from bulletins.rendering import Renderings
from bulletins.urls import feed_url, json_feed_url
from secpack import Profile
from secpack.model.archive import Archive, Publication
from secpack.parser.patterns import visible


def feed_files(
    archive: Archive, profile: Profile, site_url: str, renderings: Renderings
) -> Iterator[tuple[str, bytes]]:
    """All documents of all feeds, by path; that of everything also as JSON Feed.

    Addresses in them are absolute where the site has one, otherwise relative to the feed.
    """
    root = f"{site_url}/" if site_url else "../"
    atom = AtomWriter()
    for feed in _feeds(archive, profile, root, renderings):
        for page in chain(feed.entries):
            yield feed_url(feed.slug, page.number), atom.document(feed, page)
            if feed.slug == "all":
                yield json_feed_url(feed.slug, page.number), json_document(feed, page)


def _feeds(archive: Archive, profile: Profile, root: str, renderings: Renderings) -> list[Feed]:
    known = publication_entries(archive, profile, root, renderings)

    def entries(publications: Sequence[Publication]) -> tuple[FeedEntry, ...]:
        return tuple(known[p.id] for p in newest_first(publications))

    rows = [
        ("all", "bulletins and canaries", entries(archive.publications)),
        (profile.bulletins.slug, "bulletins", entries(archive.bulletins)),
        (profile.canaries.slug, "canaries", entries(archive.canaries)),
        ("xsa", "Xen Security Advisories", advisory_entries(archive, profile, root)),
    ]
    return [
        Feed(
            slug=slug,
            id=f"tag:{profile.tag}:{slug}",
            title=visible(f"{site_name(profile)}: {title}"),
            author=visible(profile.team or profile.issuer or "unknown"),
            root=root,
            entries=found,
        )
        for slug, title, found in rows
    ]
