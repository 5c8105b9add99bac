"""A feed as data, independent of formats, and its documents (RFC 5005)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
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
class FeedEntry:
    """An entry; ``page`` is the URL of its subject.

    ``categories`` are terms, each with the IRI of its scheme. ``html`` makes the whole content,
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

    ``root`` leads to the root of the site, ``home`` to the page there.
    """

    slug: str
    id: str
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
