"""A feed's entries as documents (RFC 5005): the newest to subscribe to, the rest as archives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from typing import Final

from bulletins.feeds.model import FeedEntry, Page

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
