"""``vex/``: the tracker's verdicts on advisories, for programs that look for vulnerabilities.

A verdict is about the CVEs of an advisory or, if none is known, about the advisory itself. This
module makes OpenVEX of all verdicts; ``csaf/document.py`` makes CSAF of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

from bulletins import words
from bulletins.exports.data import filled, midnight, moment, to_json
from bulletins.exports.facts import Vulnerability, cves_of, moves, own_cves
from bulletins.site import Site
from bulletins.urls import OPENVEX, page_url
from secpack.model.archive import Advisory, Bulletin, Status
from secpack.parser.characters import visible

#: The verdicts in the words of VEX; there is nothing to say of other advisories.
_STATUSES: Final = {
    Status.YES: "affected",
    Status.NO: "not_affected",
    Status.OPEN: "under_investigation",
}


@dataclass(frozen=True, slots=True)
class AdvisoryFacts:
    """What VEX says of an advisory, published on ``day``.

    ``reason`` is why the verdict is so, or the verdict in words; ``action`` is where to read what
    to do. ``bulletins`` address it. ``history`` are the days on which something changed, and how.
    """

    advisory: Advisory
    day: date
    vulnerabilities: Sequence[Vulnerability]
    status: str
    reason: str
    action: str
    bulletins: Sequence[Bulletin]
    history: Mapping[date, str]

    @property
    def heading(self) -> str:
        """The advisory with its title, if that is known."""
        return visible(": ".join(filter(None, (self.advisory.id, self.advisory.title))))


@lru_cache(maxsize=1)
def all_verdicts(site: Site) -> list[AdvisoryFacts]:
    """The facts of all advisories that have a date, and a verdict or none yet, ascending."""
    statuses: defaultdict[str, set[Status]] = defaultdict(set)
    own = {bulletin.id: own_cves(bulletin) for bulletin in site.archive.bulletins}
    named = {
        a.number: cves_of(a, [own[id_] for id_ in a.bulletins if id_ in own])
        for a in site.archive.advisories
    }
    for advisory in site.archive.advisories:
        for cve in named[advisory.number]:
            statuses[cve].add(advisory.status)
    # A CVE of advisories with different verdicts cannot represent each of them.
    shared = {cve for cve, verdicts in statuses.items() if len(verdicts) > 1}
    every = ((a, a.date) for a in site.archive.advisories if a.status in _STATUSES)
    own_only = {n: [cve for cve in cves if cve not in shared] for n, cves in named.items()}
    return [
        _facts(advisory, day, own_only[advisory.number], site) for advisory, day in every if day
    ]


def _bulletins(advisory: Advisory, site: Site) -> list[Bulletin]:
    every = (site.documents[id_] for id_ in advisory.bulletins)
    return [bulletin for bulletin in every if isinstance(bulletin, Bulletin)]


def _facts(advisory: Advisory, day: date, cves: list[str], site: Site) -> AdvisoryFacts:
    bulletins = _bulletins(advisory, site)
    first = Vulnerability("XSA", advisory.id, (advisory.id,), day, advisory.title)
    sentence = words.verdict_sentences[advisory.status].format(product=site.product)
    return AdvisoryFacts(
        advisory=advisory,
        day=day,
        vulnerabilities=[replace(first, scheme="CVE", name=cve) for cve in cves] or [first],
        status=_STATUSES[advisory.status],
        reason=visible(advisory.reason or sentence),
        action=visible(_action(advisory, bulletins, site)),
        bulletins=bulletins,
        history=_history(advisory, day, bulletins),
    )


def _action(advisory: Advisory, bulletins: Sequence[Bulletin], site: Site) -> str:
    """Where to read what to do."""
    if bulletins:
        pages = [site.public(page_url(b, site.profile)) if site.url else "" for b in bulletins]
        named = [b.id + (page and f" ({page})") for b, page in zip(bulletins, pages, strict=True)]
        return words.vex_action.format(bulletins=", ".join(named))
    if advisory.bulletin:
        return words.vex_elsewhere.format(bulletin=advisory.bulletin)
    return words.vex_no_action


def _history(advisory: Advisory, day: date, bulletins: Sequence[Bulletin]) -> dict[date, str]:
    """The days on which what the site says of an advisory changed, and how, oldest first."""
    changes = [(day, words.first_published)]
    if advisory.updated and advisory.updated > day:
        changes.append((advisory.updated, "The tracker changed its verdict"))
    changes += [(max(day, b.published), f"{b.id} addresses it") for b in bulletins]
    days = sorted({changed for changed, _ in changes})
    return {day: "; ".join(how for changed, how in changes if changed == day) for day in days}


# --- OpenVEX ----------------------------------------------------------------------------------


def openvex(verdicts: Sequence[AdvisoryFacts], site: Site) -> bytes:
    """All verdicts as one OpenVEX document; there must be one.

    Its version grows with every time at which a verdict changed. On a mirror, which has no table
    ``[csaf]``, the issuer is not its author.
    """
    times = {midnight(changed) for facts in verdicts for changed in facts.history}
    times |= {time for time, _ in moves(site, OPENVEX)}
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"tag:{site.profile.tag}:openvex",
        "author": visible(site.author if site.profile.csaf else site.name),
        "timestamp": moment(min(times)),
        "last_updated": moment(max(times)),
        "version": len(times),
        "tooling": "secpack-archive",
        "statements": [s for facts in verdicts for s in _statements(facts, site)],
    }
    return to_json(document, lines=False)


def _statements(facts: AdvisoryFacts, site: Site) -> Iterator[dict[str, Any]]:
    """One statement for each vulnerability of an advisory."""
    is_only = len(facts.vulnerabilities) == 1
    match facts.status:
        case "affected":
            said = {
                "action_statement": facts.action,
                "status_notes": visible(facts.advisory.reason),
            }
        case "not_affected":
            code = facts.advisory.justification
            said = {"justification": code, "impact_statement": facts.reason}
        case _:
            said = {"status_notes": facts.reason}
    for each in facts.vulnerabilities:
        aliases = list(each.advisories) if each.cve and is_only else []
        name = {"name": each.name, "description": facts.heading} | filled(aliases=aliases)
        yield filled(
            vulnerability=name,
            products=[_product(site)],
            status=facts.status,
            timestamp=moment(facts.day),
            last_updated=moment(max(facts.history)),
            **said,
        )


def _product(site: Site) -> dict[str, Any]:
    names = site.profile.product.identifiers()
    identifiers = filled(purl=names.get("purl"), cpe23=names.get("cpe"))
    return {"@id": f"tag:{site.profile.tag}:product"} | filled(identifiers=identifiers)
