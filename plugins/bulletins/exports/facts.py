"""What all formats say about a document, so that they agree: when it changed, what it addresses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bulletins import words
from bulletins.exports.data import printed
from bulletins.site import Site, heading
from secpack.model.archive import Advisory, Bulletin, Publication, Relation
from secpack.parser.characters import visible
from secpack.tracker.join import advisory_numbers

#: A web URL by RFC 3986; these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


# --- the day of the last change ---------------------------------------------------------------


def changed(publication: Publication, advisories: Mapping[int, Advisory]) -> date:
    """The day of a document's last change; ``advisories`` are those of the archive, by number.

    A text changes when it is revised. What the site says about it also changes with the tracker,
    which decides which advisories a bulletin addresses.
    """
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


# --- bulletins in the formats for scanners ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulletinFacts:
    """What all formats for scanners say about a bulletin.

    ``title``, and ``heading`` with the id, say if the text is not verified. ``addressed`` are the
    ids that it addresses, each with its known CVEs. ``changed`` is the day of the last change;
    ``verdicts`` are the days on which the tracker changed a verdict on what it addresses, with
    advisory numbers. ``links`` are the URLs of its references, with labels.
    """

    bulletin: Bulletin
    title: str
    heading: str
    addressed: Mapping[str, Sequence[str]]
    changed: date
    verdicts: Mapping[date, Sequence[int]]
    links: Mapping[str, str]

    def printed(self, first: int = 1, last: int | None = None) -> str:
        """Lines of the text as printed, without blank lines before and after."""
        return printed(self.bulletin.document.file.data, first, last)


def all_facts(site: Site) -> list[BulletinFacts]:
    """The facts of all bulletins, ascending."""
    return [_facts(site, bulletin) for bulletin in site.archive.bulletins]


def _facts(site: Site, bulletin: Bulletin) -> BulletinFacts:
    form = words.unverified_title if site.standing(bulletin).alarms else "{title}"
    return BulletinFacts(
        bulletin=bulletin,
        title=visible(form.format(title=bulletin.title)),
        heading=visible(form.format(title=heading(bulletin))),
        addressed=_addressed(bulletin, site.advisories),
        changed=changed(bulletin, site.advisories),
        verdicts=verdict_changes(bulletin, site.advisories),
        links={url: label for url, label in bulletin.summary.links if is_url(url)},
    )


def _addressed(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> dict[str, Sequence[str]]:
    """Advisories first, then the other ids that the text addresses.

    A CVE of one of these advisories is not repeated.
    """
    addressed = [i for i, r in bulletin.relations.items() if r is Relation.ADDRESSED]
    pairs: defaultdict[int, list[str]] = defaultdict(list)
    for number, cve in bulletin.pairs:
        pairs[number].append(cve)
    xsas: dict[str, Sequence[str]] = {
        f"XSA-{n}": advisories[n].cves or pairs[n] for n in bulletin.addresses
    }
    owned = {cve for cves in xsas.values() for cve in cves}
    others = [value for scheme, value in addressed if scheme != "XSA"]
    return xsas | {value: () for value in others if value not in owned}


def mentioned(facts: BulletinFacts) -> list[str]:
    """Advisories and CVEs that a bulletin mentions, unless it says that they do not apply."""
    left_out = {cve for cves in facts.addressed.values() for cve in cves}
    return [
        value
        for (scheme, value), relation in facts.bulletin.relations.items()
        if scheme in ("XSA", "CVE") and relation is Relation.MENTIONED and value not in left_out
    ]


def is_url(url: str) -> bool:
    """Whether the formats accept a URL."""
    return _URL.fullmatch(url) is not None
