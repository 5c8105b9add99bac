"""When something last changed: one answer for feeds and exports, so that they agree.

A text changes when it is revised. What the site says about it also changes with the tracker, which
decides which advisories a bulletin addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from secpack.model.archive import Advisory, Bulletin, Publication
from secpack.tracker.join import advisory_numbers


def changed(publication: Publication, advisories: Mapping[int, Advisory]) -> date:
    """The day of a document's last change; ``advisories`` are those of the archive, by number."""
    return max([publication.updated, *verdict_changes(publication, advisories)])


def verdict_changes(
    publication: Publication, advisories: Mapping[int, Advisory]
) -> dict[date, list[int]]:
    """The days on which the tracker changed its verdict on what a published bulletin addresses.

    That includes what only its own words address, because the tracker may have removed it. Days
    ascend, each with the numbers of the advisories.
    """
    days: dict[date, list[int]] = {}
    if not isinstance(publication, Bulletin):
        return days
    for number in sorted({*publication.addresses, *advisory_numbers(publication.evidence)}):
        day = advisories[number].updated
        if day and day > publication.published:
            days.setdefault(day, []).append(number)
    return dict(sorted(days.items()))


def advisory_changed(advisory: Advisory, day: date, bulletins: Iterable[Bulletin]) -> date:
    """The day on which an advisory, published on ``day``, last changed on the site.

    The tracker may have changed its verdict, or a bulletin that addresses it was published.
    """
    return max([day, advisory.updated or day, *(bulletin.published for bulletin in bulletins)])
