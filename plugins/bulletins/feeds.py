"""Atom feeds (RFC 4287) with feedgen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from bulletins.addresses import LinkResolver, page_url
from bulletins.html import render, visible
from bulletins.reader import heading, summary
from secpack import Profile
from secpack.model import Publication


def atom_feed(
    publications: Sequence[Publication],
    context: Mapping[str, Any],
    *,
    path: str,
    title: str | None = None,
) -> bytes:
    """Return the feed of some documents, in their order, as it stands at ``path``.

    Addresses are absolute where the site has one (``SITEURL``), otherwise relative to the feed.
    """
    profile: Profile = context["PROFILE"]
    root = f"{context['SITEURL']}/" if context.get("SITEURL") else "../" * path.count("/")
    link_of = LinkResolver(context["ARCHIVE"], profile, root)
    feed = FeedGenerator()
    feed.id(f"tag:{profile.tag}:{path.rpartition('/')[2].partition('.')[0]}")
    feed.title(visible(" – ".join(part for part in (context["SITENAME"], title) if part)))
    feed.link(href=root, rel="alternate", type="text/html")
    feed.link(href=root + path, rel="self", type="application/atom+xml")
    feed.author(name=visible(profile.team or profile.issuer or "unknown"))
    feed.generator("bulletins")
    feed.updated(_moment(max((p.updated for p in publications), default=date(2000, 1, 1))))
    for publication in publications:
        feed.add_entry(_entry(publication, profile, root, link_of), order="append")
    return bytes(feed.atom_str(pretty=True))


def _entry(
    publication: Publication, profile: Profile, root: str, link_of: LinkResolver
) -> FeedEntry:
    entry = FeedEntry()
    entry.id(f"tag:{profile.tag}:{publication.id.lower()}")
    entry.title(visible(heading(publication)))
    entry.link(href=root + page_url(publication, profile))
    entry.published(_moment(publication.published))
    entry.updated(_moment(publication.updated))
    entry.summary(visible(summary(publication)))
    html = render(publication.document, link_of, prefix=f"{publication.id.lower()}-").html
    entry.content(html, type="html")
    return entry


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
