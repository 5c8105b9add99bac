"""Atom feeds (RFC 4287) with feedgen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from bulletins.addresses import INDEX, LinkResolver, feed_url, page_url
from bulletins.html import render, visible
from bulletins.reader import heading, site_name, summary
from secpack import Profile
from secpack.model import Archive, Bulletin, Publication

#: When a feed without documents was updated.
_NEVER = date(2000, 1, 1)


def atom_feeds(
    archive: Archive, profile: Profile, site_url: str, *, pages: bool = True
) -> dict[str, bytes]:
    """Return all feeds by their addresses.

    Addresses in them are absolute where the site has one, otherwise relative to the feed;
    ``pages`` tells whether the site has pages for advisories and CVEs.
    """
    root = f"{site_url}/" if site_url else "../"
    link_of = LinkResolver(archive, profile, root, pages=pages)
    entries = {p.id: _entry(p, profile, root, link_of) for p in archive.publications}
    kinds: list[tuple[str, str, tuple[Publication, ...]]] = [
        ("all", "bulletins and canaries", archive.publications),
        (profile.bulletins.slug, "bulletins", archive.bulletins),
        (profile.canaries.slug, "canaries", archive.canaries),
    ]
    feeds = {}
    for slug, title, publications in kinds:
        feed = _head(slug, title, profile, root)
        feed.updated(_moment(max((p.updated for p in publications), default=_NEVER)))
        for publication in newest_first(publications):
            feed.add_entry(entries[publication.id], order="append")
        feeds[feed_url(slug)] = bytes(feed.atom_str(pretty=True))
    return feeds


def newest_first(publications: Iterable[Publication]) -> list[Publication]:
    """Documents in the order of feeds: by day, bulletins before canaries, higher numbers first."""
    return sorted(
        publications,
        key=lambda p: (p.published, isinstance(p, Bulletin), p.number),
        reverse=True,
    )


def _head(slug: str, title: str, profile: Profile, root: str) -> FeedGenerator:
    """A feed without entries."""
    feed = FeedGenerator()
    feed.id(f"tag:{profile.tag}:{slug}")
    feed.title(visible(f"{site_name(profile)}: {title}"))
    feed.link(href=root, rel="alternate", type="text/html")
    feed.link(href=root + feed_url(slug), rel="self", type="application/atom+xml")
    feed.author(name=visible(profile.team or profile.issuer or "unknown"))
    feed.generator("bulletins")
    return feed


def _entry(
    publication: Publication, profile: Profile, root: str, link_of: LinkResolver
) -> FeedEntry:
    entry = FeedEntry()
    entry.id(f"tag:{profile.tag}:{publication.id.lower()}")
    entry.title(visible(heading(publication)))
    entry.link(href=root + page_url(publication, profile) + ("" if "://" in root else INDEX))
    entry.published(_moment(publication.published))
    entry.updated(_moment(publication.updated))
    entry.summary(visible(summary(publication)))
    html = render(publication.document, link_of, prefix=f"{publication.id.lower()}-").html
    entry.content(html, type="html")
    return entry


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
