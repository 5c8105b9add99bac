"""When what is published was changed last: one answer for feeds and exports, so that they agree.

A text changes when it is revised. What is said of it changes with the tracker, too: the tracker
decides which advisories a bulletin addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from secpack.model.archive import Advisory, Bulletin, Publication
from secpack.tracker.join import advisory_numbers


def changed(publication: Publication, advisories: Mapping[int, Advisory]) -> date:
    """The day of a document's last change; ``advisories`` are all of the archive, by number."""
    return max([publication.updated, *verdict_changes(publication, advisories)])


def verdict_changes(
    publication: Publication, advisories: Mapping[int, Advisory]
) -> dict[date, list[int]]:
    """When the tracker changed its verdict on what a bulletin addresses, since it was published.

    That is also what it addresses by its own words alone: the tracker may have taken it away.
    Days, ascending, each with the numbers of the advisories.
    """
    found: dict[date, list[int]] = {}
    if not isinstance(publication, Bulletin):
        return found
    for number in sorted({*publication.addresses, *advisory_numbers(publication.evidence)}):
        day = advisories[number].updated
        if day and day > publication.published:
            found.setdefault(day, []).append(number)
    return dict(sorted(found.items()))


def advisory_changed(advisory: Advisory, day: date, bulletins: Iterable[Bulletin]) -> date:
    """The day of the last change of what is told of an advisory that was published on ``day``.

    The tracker may have changed its verdict, or one of the ``bulletins`` that address it came out.
    """
    return max([day, advisory.updated or day, *(bulletin.published for bulletin in bulletins)])
