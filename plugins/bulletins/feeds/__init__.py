"""Feeds: everything that was published, newest first, for programs that ask again and again."""

from __future__ import annotations

from bulletins.addresses import feed_url, json_feed_url
from bulletins.feeds.atom import atom_document
from bulletins.feeds.chain import chain
from bulletins.feeds.entries import newest_first, publication_entries
from bulletins.feeds.jsonfeed import json_document
from bulletins.feeds.model import Feed
from bulletins.reader import site_name
from secpack import Profile
from secpack.model import Archive
from secpack.text.marks import visible

__all__ = ["feeds", "newest_first"]


def feeds(
    archive: Archive, profile: Profile, site_url: str, *, pages: bool = True
) -> dict[str, bytes]:
    """Return all documents of all feeds by their addresses.

    Addresses in them are absolute where the site has one, otherwise relative to the feed;
    ``pages`` tells whether the site has pages for advisories and CVEs.
    """
    root = f"{site_url}/" if site_url else "../"
    written = {}
    for feed in _feeds(archive, profile, root, pages=pages):
        for page in chain(feed.entries):
            written[feed_url(feed.slug, page.number)] = atom_document(feed, page)
            if feed.slug == "all":
                written[json_feed_url(feed.slug, page.number)] = json_document(feed, page)
    return written


def _feeds(archive: Archive, profile: Profile, root: str, *, pages: bool) -> list[Feed]:
    entries = publication_entries(archive, profile, root, pages=pages)
    rows = [
        ("all", "bulletins and canaries", archive.publications),
        (profile.bulletins.slug, "bulletins", archive.bulletins),
        (profile.canaries.slug, "canaries", archive.canaries),
    ]
    return [
        Feed(
            slug=slug,
            id=f"tag:{profile.tag}:{slug}",
            title=visible(f"{site_name(profile)}: {title}"),
            author=visible(profile.team or profile.issuer or "unknown"),
            root=root,
            entries=tuple(entries[p.id] for p in newest_first(publications)),
        )
        for slug, title, publications in rows
    ]
