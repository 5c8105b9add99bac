"""A feed, split into documents (RFC 5005), as Atom (RFC 4287) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

feedgen drops everything but the URL of an entry's links, and has no archive documents; an extension
writes both. It fills in missing times from the clock, so all times are given.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from typing import Any, Final

from feedgen import entry as feedgen_entry
from feedgen.ext.base import BaseEntryExtension
from feedgen.feed import FeedGenerator
from feedgen.util import xml_elem

from bulletins.exports.data import moment, to_json
from bulletins.urls import feed_url, json_feed_url

_TYPE: Final = "application/atom+xml"

_VERSION: Final = version("secpack-archive")

_HISTORY: Final = "http://purl.org/syndication/history/1.0"


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A link of an entry; ``rel`` as in RFC 4287, ``length`` in bytes, or None."""

    rel: str
    href: str
    type: str
    title: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry; ``page`` is the URL of its subject.

    ``categories`` are terms, each with its scheme. ``html`` makes the whole content,
    which would take too much memory to keep.
    """

    id: str
    title: str
    page: str
    published: datetime
    updated: datetime
    summary: str
    html: Callable[[], str] = field(repr=False)
    categories: tuple[tuple[str, str], ...]
    links: tuple[FeedLink, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with all its entries, newest first.

    ``authority`` is that of its id and its schemes (RFC 4151). ``root`` leads to the root of the
    site, ``home`` to the page there.
    """

    slug: str
    authority: str
    title: str
    author: str
    root: str
    home: str
    entries: tuple[FeedEntry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One document of a feed, with its entries, newest first.

    ``number`` is None for the document that people subscribe to; archive documents count from 1,
    the oldest. ``older`` and ``newer`` are the numbers of the archive documents next to it.
    ``updated`` is when it last changed.
    """

    number: int | None
    older: int | None
    newer: int | None
    updated: datetime
    entries: tuple[FeedEntry, ...]


#: How many entries a document has, unless old ones have been revised since.
SIZE: Final = 50

#: The date of a feed without entries.
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


def chain(entries: Sequence[FeedEntry]) -> list[Page]:
    """Split the entries of a feed, newest first, into documents, oldest first.

    The last document is the one to subscribe to: it has the newest 50. The others are filled from
    the oldest entry on, so that new entries never change a full one; the last of them may be
    empty, so that the one before can name it. An entry that is revised after its archive document
    was full moves to the document of that time: otherwise subscribers would miss the revision.
    """
    oldest_first = entries[::-1]
    older = max(len(entries) - SIZE, 0)
    archives = older // SIZE + 1 if older else 0
    days = list(accumulate((entry.published.date() for entry in oldest_first), max))
    parts: list[list[FeedEntry]] = [[] for _ in range(archives + 1)]
    for rank, entry in enumerate(oldest_first):
        place = max(rank, bisect_left(days, entry.updated.date()) - 1)
        parts[place // SIZE if place < older else archives].insert(0, entry)
    pages, newest = [], _NEVER
    for index, part in enumerate(parts):
        times = [entry.updated for entry in part]
        newest = max([newest, *times])
        page = Page(
            number=index + 1 if index < archives else None,
            older=index or None,
            newer=index + 2 if index + 1 < archives else None,
            updated=max(times, default=newest),
            entries=tuple(part),
        )
        pages.append(page)
    return pages


# --- Atom and JSON ----------------------------------------------------------------------------


def atom_document(feed: Feed, page: Page) -> bytes:
    """Return one document of a feed."""
    head = FeedGenerator()
    head.id(f"tag:{feed.authority}:{feed.slug}")
    head.title(feed.title)
    head.author(name=feed.author)
    head.generator("secpack-archive", version=_VERSION)
    head.language("en")
    head.updated(page.updated)
    head.link(href=feed.home, rel="alternate", type="text/html")
    for rel, url in _document_links(feed, page):
        head.link(href=feed.root + url, rel=rel, type=_TYPE)
    head.register_extension("more", _More, _More)
    head.more.is_archive = page.number is not None
    for entry in page.entries:
        head.add_entry(_entry(entry, feed), order="append")
    return bytes(head.atom_str(pretty=True))


def _document_links(feed: Feed, page: Page) -> list[tuple[str, str]]:
    """The links from one document of a feed to the others."""
    archives = {"prev-archive": page.older, "next-archive": page.newer}
    return [
        ("self", feed_url(feed.slug, page.number)),
        *([("current", feed_url(feed.slug))] if page.number else []),
        *((rel, feed_url(feed.slug, number)) for rel, number in archives.items() if number),
    ]


def _entry(entry: FeedEntry, feed: Feed) -> Any:
    written = feedgen_entry.FeedEntry()
    written.id(entry.id)
    written.title(entry.title)
    written.author(name=feed.author)
    written.published(entry.published)
    written.updated(entry.updated)
    written.summary(entry.summary)
    written.content(entry.html(), type="html")
    schemes = [(term, f"tag:{feed.authority}:{scheme}") for term, scheme in entry.categories]
    written.category([{"term": term, "scheme": scheme} for term, scheme in schemes])
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
