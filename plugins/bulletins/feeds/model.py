"""A feed as data, before it is written in any format, and its documents (RFC 5005)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final


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
    """An entry; ``page`` is the URL of what it is about.

    ``html`` makes its whole content, which takes too much memory to be kept.
    """

    id: str
    title: str
    page: str
    published: date
    updated: date
    summary: str
    html: Callable[[], str] = field(repr=False)
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


#: How many entries a document holds, unless old ones have been revised since.
SIZE: Final = 50

#: When a feed without entries was updated.
_NEVER: Final = date(2000, 1, 1)


def chain(entries: Sequence[FeedEntry]) -> list[Page]:
    """Part the entries of a feed, newest first, into documents, the oldest first.

    The last document is the one to subscribe to: it holds the newest 50. The others are filled
    from the oldest entry on, so that one that is full stays as it is when entries are added; the
    last of them may be empty, so that the one before can name it. An entry that was revised when
    its archive document was full already stands in the document of that later time instead:
    subscribers would miss the revision otherwise.
    """
    oldest_first = entries[::-1]
    older = max(len(entries) - SIZE, 0)
    archives = older // SIZE + 1 if older else 0
    days = [entry.published for entry in oldest_first]
    parts: list[list[FeedEntry]] = [[] for _ in range(archives + 1)]
    for rank, entry in enumerate(oldest_first):
        place = max(rank, bisect_left(days, entry.updated) - 1)
        parts[place // SIZE if place < older else archives].insert(0, entry)
    return [_page(n, archives, part, parts) for n, part in enumerate(parts)]


def _page(
    index: int, archives: int, part: Sequence[FeedEntry], parts: Sequence[Sequence[FeedEntry]]
) -> Page:
    is_archive = index < archives
    known = [entry.updated for entries in parts[: index + 1] for entry in entries]
    return Page(
        number=index + 1 if is_archive else None,
        older=index or None,
        newer=index + 2 if index + 1 < archives else None,
        updated=max((entry.updated for entry in part), default=max(known, default=_NEVER)),
        entries=tuple(part),
    )
