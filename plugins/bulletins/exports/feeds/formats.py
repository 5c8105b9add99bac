"""Feeds as Atom (RFC 4287, RFC 5005) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

feedgen drops everything but the URL of an entry's links, and has no archive documents; an extension
writes both. It fills in missing times from the clock, so all times are given.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from feedgen import entry as feedgen_entry
from feedgen.ext.base import BaseEntryExtension
from feedgen.feed import FeedGenerator
from feedgen.util import xml_elem

from bulletins.exports.data import moment, to_json
from bulletins.exports.feeds.model import Feed, FeedEntry, FeedLink, Page
from bulletins.urls import feed_url, json_feed_url

TYPE: Final = "application/atom+xml"

_VERSION: Final = version("secpack-archive")

_HISTORY: Final = "http://purl.org/syndication/history/1.0"


def atom_document(feed: Feed, page: Page) -> bytes:
    """Return one document of a feed."""
    head = FeedGenerator()
    head.id(feed.id)
    head.title(feed.title)
    head.author(name=feed.author)
    head.generator("secpack-archive", version=_VERSION)
    head.language("en")
    head.updated(page.updated)
    head.link(href=feed.home, rel="alternate", type="text/html")
    for rel, url in _document_links(feed, page):
        head.link(href=feed.root + url, rel=rel, type=TYPE)
    head.register_extension("more", _More, _More)
    head.more.is_archive = page.number is not None
    for entry in page.entries:
        head.add_entry(_entry(entry, feed.author), order="append")
    return bytes(head.atom_str(pretty=True))


def _document_links(feed: Feed, page: Page) -> list[tuple[str, str]]:
    """The links from one document of a feed to the others."""
    links = [("self", feed_url(feed.slug, page.number))]
    if page.number:
        links.append(("current", feed_url(feed.slug)))
    if page.older:
        links.append(("prev-archive", feed_url(feed.slug, page.older)))
    if page.newer:
        links.append(("next-archive", feed_url(feed.slug, page.newer)))
    return links


def _entry(entry: FeedEntry, author: str) -> Any:
    written = feedgen_entry.FeedEntry()
    written.id(entry.id)
    written.title(entry.title)
    written.author(name=author)
    written.published(entry.published)
    written.updated(entry.updated)
    written.summary(entry.summary)
    written.content(entry.html(), type="html")
    written.category([{"term": term, "scheme": scheme} for term, scheme in entry.categories])
    written.register_extension("more", _More)
    written.more.links = (FeedLink("alternate", entry.page, "text/html", ""), *entry.links)
    return written


class _More(BaseEntryExtension):  # type: ignore[misc] # feedgen has no types
    """Writes an entry's links with all their attributes, and marks an archive document."""

    links: tuple[FeedLink, ...] = ()
    is_archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY}

    def extend_atom(self, element: Any) -> Any:
        if self.is_archive:
            xml_elem(f"{{{_HISTORY}}}archive", element)
        for link in self.links:
            values = {"rel": link.rel, "href": link.href, "type": link.type, "title": link.title}
            if link.length is not None:
                values["length"] = str(link.length)
            given = {key: value for key, value in values.items() if value}
            xml_elem("link", element, **given)
        return element


def json_document(feed: Feed, page: Page) -> bytes:
    """Return one document of a feed; its ``next_url`` leads to older entries."""
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.root + json_feed_url(feed.slug, page.number),
        "language": "en",
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in page.entries],
    }
    if page.older:
        data["next_url"] = feed.root + json_feed_url(feed.slug, page.older)
    return to_json(data)


def _item(entry: FeedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html(),
        "date_published": moment(entry.published),
        "date_modified": moment(entry.updated),
        "tags": [term for term, _ in entry.categories],
        "attachments": [
            {"url": x.href, "mime_type": x.type, "title": x.title, "size_in_bytes": x.length}
            for x in entry.links
            if x.length is not None
        ],
    }
