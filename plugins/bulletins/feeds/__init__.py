"""Feeds: everything that was published, newest first, for programs that ask again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bulletins.addresses import feed_url, json_feed_url
from bulletins.feeds.advisories import advisory_entries
from bulletins.feeds.atom import AtomWriter
from bulletins.feeds.chain import chain
from bulletins.feeds.entries import newest_first, publication_entries
from bulletins.feeds.jsonfeed import json_document
from bulletins.feeds.model import Feed, FeedEntry, Page
from bulletins.reader import site_name
from bulletins.rendering import Renderings
from bulletins.reuse import Batch
from secpack import Profile
from secpack.model import Archive, Publication
from secpack.text.marks import visible


def feed_batches(
    archive: Archive,
    profile: Profile,
    site_url: str,
    renderings: Renderings,
    keys: Mapping[str, str],
) -> Iterator[Batch]:
    """All documents of all feeds; ``keys`` are those of the archive's documents by their ids.

    Addresses in them are absolute where the site has one, otherwise relative to the feed.
    """
    root = f"{site_url}/" if site_url else "../"
    atom = AtomWriter()
    for feed in _feeds(archive, profile, root, renderings, keys):
        head = repr(replace(feed, entries=()))
        for page in chain(feed.entries):
            yield _batch(feed, page, atom, f"{head} {page!r}" if keys else "")


def _batch(feed: Feed, page: Page, atom: AtomWriter, key: str) -> Batch:
    """A document of a feed; of the one of everything, also as JSON Feed."""
    makers = {feed_url(feed.slug, page.number): atom.document}
    if feed.slug == "all":
        makers[json_feed_url(feed.slug, page.number)] = json_document

    def make(_: object) -> dict[str, bytes]:
        return {path: document(feed, page) for path, document in makers.items()}

    digest = hashlib.sha256(key.encode()).hexdigest() if key else ""
    day = min((entry.published for entry in page.entries), default=date.max)
    return Batch(tuple(makers), make, digest, day)


def _feeds(
    archive: Archive,
    profile: Profile,
    root: str,
    renderings: Renderings,
    keys: Mapping[str, str],
) -> list[Feed]:
    known = publication_entries(archive, profile, root, renderings, keys)

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
