"""What all formats say about a document, so that they agree: when it changed, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final

from bulletins.exports.data import midnight, printed
from bulletins.exports.ids import Ids, ids_of
from bulletins.site import Site, heading
from secpack.model.archive import Advisory, Bulletin, Publication
from secpack.tracker.join import advisory_numbers

#: A web URL by RFC 3986; these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


# --- changes ----------------------------------------------------------------------------------


def history(
    publication: Publication, advisories: Mapping[int, Advisory]
) -> list[tuple[datetime, str]]:
    """When a document changed, and how, oldest first; the changelog may lack some.

    A text changes when it is revised. What the site says about it also changes with the tracker,
    which decides which of the ``advisories`` (by number) a bulletin addresses. Texts state no
    time: changes of one day are a second apart, so that readers of feeds see all of them.
    """
    entries = [(r.date, r.text.strip() or "Revised") for r in publication.revisions]
    if len(entries) > 1 and entries[0][0] > entries[-1][0]:
        entries.reverse()  # changelogs have the newest first, also among the entries of one day
    days = {day for day, _ in entries}
    if publication.published not in days:
        entries.append((publication.published, "First published"))
    if publication.updated not in days | {publication.published}:
        entries.append((publication.updated, "Revised"))
    for day, numbers in verdict_changes(publication, advisories).items():
        names = ", ".join(f"XSA-{number}" for number in numbers)
        entries.append((day, f"The tracker changed its verdict on {names}"))
    by_day = groupby(sorted(entries, key=itemgetter(0)), key=itemgetter(0))
    return [
        (midnight(day) + timedelta(seconds=second), words)
        for day, changes in by_day
        for second, (_, words) in enumerate(changes)
    ]


def changed(publication: Publication, advisories: Mapping[int, Advisory]) -> datetime:
    """When a document last changed."""
    return history(publication, advisories)[-1][0]


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


def advisory_changed(advisory: Advisory, day: date, bulletins: Iterable[Bulletin]) -> datetime:
    """When an advisory, published on ``day``, last changed on the site.

    The tracker may have changed its verdict, or a bulletin that addresses it was published.
    """
    days = [day, advisory.updated or day, *(bulletin.published for bulletin in bulletins)]
    return midnight(max(days))


# --- bulletins in the formats for scanners ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulletinFacts:
    """What all formats for scanners say about a bulletin.

    ``title``, and ``heading`` with the id, say if the text is not verified. ``ids`` are
    those that it names, ``history`` are its changes, ``links`` the URLs of its references, with
    labels.
    """

    bulletin: Bulletin
    title: str
    heading: str
    ids: Ids
    history: Sequence[tuple[datetime, str]]
    links: Mapping[str, str]

    @property
    def changed(self) -> datetime:
        """When it last changed."""
        return self.history[-1][0]

    def printed(self, first: int = 1, last: int | None = None) -> str:
        """Lines of the text as printed, without blank lines before and after."""
        return printed(self.bulletin.document.file.data, first, last)


def all_facts(site: Site) -> list[BulletinFacts]:
    """The facts of all bulletins, ascending."""
    return [_facts(site, bulletin) for bulletin in site.archive.bulletins]


def _facts(site: Site, bulletin: Bulletin) -> BulletinFacts:
    return BulletinFacts(
        bulletin=bulletin,
        title=site.titled(bulletin, bulletin.title),
        heading=site.titled(bulletin, heading(bulletin)),
        ids=ids_of(bulletin, site.advisories),
        history=history(bulletin, site.advisories),
        links={url: label for url, label in bulletin.summary.links if is_url(url)},
    )


def is_url(url: str) -> bool:
    """Whether the formats accept a URL."""
    return _URL.fullmatch(url) is not None
