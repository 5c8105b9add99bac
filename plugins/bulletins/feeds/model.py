"""A feed as data, before it is written in any format."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A link of an entry; ``rel`` as in RFC 4287, ``length`` in bytes, or None."""

    rel: str
    href: str
    type: str
    title: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What an entry is filed under: a term, and the set of terms that it is from (an IRI)."""

    term: str
    scheme: str


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry; ``page`` is the URL of what it is about, ``html`` its whole content."""

    id: str
    title: str
    page: str
    published: date
    updated: date
    summary: str
    html: str = field(repr=False)
    categories: tuple[Category, ...]
    links: tuple[FeedLink, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with all its entries, newest first; ``root`` is the way to the root of the site."""

    slug: str
    id: str
    title: str
    author: str
    root: str
    entries: tuple[FeedEntry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One document of a feed, with its entries, newest first.

    ``number`` is None for the document that people subscribe to; archive documents count from 1,
    the oldest. ``older`` and ``newer`` are the numbers of the archive documents next to it.
    ``updated`` is the day of its newest change.
    """

    number: int | None
    older: int | None
    newer: int | None
    updated: date
    entries: tuple[FeedEntry, ...]
