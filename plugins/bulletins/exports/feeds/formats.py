"""A feed, split into documents (RFC 5005), as Atom (RFC 4287) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from typing import Any, Final

from lxml import etree
from lxml.builder import ElementMaker

from bulletins.exports.data import moment, to_json
from bulletins.urls import feed_url, json_feed_url

_HISTORY: Final = "http://purl.org/syndication/history/1.0"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
# The attribute xmlns of a feed says what namespace its elements have.
_E: Final = ElementMaker(nsmap={"fh": _HISTORY})


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
    document = _E.feed(
        {"xmlns": "http://www.w3.org/2005/Atom", _LANGUAGE: "en"},
        _E.id(f"tag:{feed.authority}:{feed.slug}"),
        _E.title(feed.title),
        _E.updated(page.updated.isoformat()),
        _E.author(_E.name(feed.author)),
        _E.link(href=feed.home, rel="alternate", type="text/html"),
        *(
            _E.link(href=feed.root + url, rel=rel, type="application/atom+xml")
            for rel, url in _document_links(feed, page)
        ),
        _E.generator("secpack-archive", version=version("secpack-archive")),
        *([_E(f"{{{_HISTORY}}}archive")] if page.number else []),
        *(_entry(entry, feed) for entry in page.entries),
    )
    written = etree.tostring(document, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return bytes(written)


def _document_links(feed: Feed, page: Page) -> list[tuple[str, str]]:
    """The links from one document of a feed to the others."""
    archives = {"prev-archive": page.older, "next-archive": page.newer}
    return [
        ("self", feed_url(feed.slug, page.number)),
        *([("current", feed_url(feed.slug))] if page.number else []),
        *((rel, feed_url(feed.slug, number)) for rel, number in archives.items() if number),
    ]


def _entry(entry: FeedEntry, feed: Feed) -> Any:
    links = (FeedLink("alternate", entry.page, "text/html", ""), *entry.links)
    return _E.entry(
        _E.id(entry.id),
        _E.title(entry.title),
        _E.updated(entry.updated.isoformat()),
        _E.author(_E.name(feed.author)),
        _E.content(entry.html(), type="html"),
        _E.summary(entry.summary),
        *(
            _E.category(term=term, scheme=f"tag:{feed.authority}:{scheme}")
            for term, scheme in entry.categories
        ),
        _E.published(entry.published.isoformat()),
        *(_E.link({name: f"{v}" for name, v in asdict(x).items() if v or v == 0}) for x in links),
    )


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
