"""What all formats for scanners say about a bulletin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bulletins import words
from bulletins.changes import changed, verdict_changes
from bulletins.exports.data import printed
from bulletins.site import Site, heading
from secpack.model.archive import Advisory, Bulletin, Relation
from secpack.parser.characters import visible

#: A web URL by RFC 3986; these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


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
    form = words.unverified_title if bulletin.id in site.unverified else "{title}"
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
