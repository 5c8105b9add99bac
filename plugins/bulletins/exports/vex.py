"""``vex/``: the tracker's verdicts on advisories, for programs that look for vulnerabilities.

A verdict is about the CVEs of an advisory or, if none is known, about the advisory itself. This
module makes OpenVEX of all verdicts; ``csaf/document.py`` makes CSAF of each.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from bulletins import words
from bulletins.exports.data import filled, midnight, moment, to_json
from bulletins.exports.facts import Vulnerability, conflict, moves
from bulletins.site import Site
from bulletins.urls import OPENVEX, page_url, vex_url
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
    """What is said of an advisory, published on ``day``.

    The verdict is in words in ``sentence``, and ``reason`` is why it is so, or the same words;
    ``action`` is where to read what to do. ``bulletins`` address it. ``changes`` are when what the
    site says of it changed, and how, oldest first.
    """

    advisory: Advisory
    day: date
    vulnerabilities: Sequence[Vulnerability]
    sentence: str
    reason: str
    action: str
    bulletins: Sequence[Bulletin]
    changes: Sequence[tuple[datetime, str]]

    @property
    def status(self) -> str:
        """The verdict in the words of VEX."""
        return _STATUSES[self.advisory.verdict]

    @property
    def heading(self) -> str:
        """The advisory with its title, if that is known."""
        return visible(": ".join(filter(None, (self.advisory.id, self.advisory.title))))

    def history(self, site: Site) -> list[tuple[datetime, str]]:
        """The changes, and when its records moved: in CSAF, and ``vex/openvex.json#xsa-1``."""
        records = vex_url(self.advisory, self.day), f"{OPENVEX}#{self.advisory.id.lower()}"
        return sorted([*self.changes, *moves(site, *records)])


@lru_cache(maxsize=1)
def all_verdicts(site: Site) -> list[AdvisoryFacts]:
    """The facts of all advisories that have a date, and a verdict or none yet, ascending."""
    verdicts = {advisory.number: advisory.verdict for advisory in site.archive.advisories}
    cves = defaultdict[int, list[str]](list)
    for cve in site.archive.cves:
        # A CVE of advisories with different verdicts cannot represent each of them.
        if not cve.unaffected_in and len({verdicts[number] for number in cve.advisories}) == 1:
            for number in cve.advisories:
                cves[number].append(cve.id)
    documents = {bulletin.id: bulletin for bulletin in site.archive.bulletins}
    return [
        _facts(advisory, advisory.date, cves[advisory.number], documents, site)
        for advisory in site.archive.advisories
        if advisory.date and advisory.status in _STATUSES
    ]


def _facts(
    advisory: Advisory, day: date, cves: list[str], documents: Mapping[str, Bulletin], site: Site
) -> AdvisoryFacts:
    bulletins = [documents[id_] for id_ in advisory.bulletins]
    note = conflict(advisory)
    sentence = words.verdict_sentences[advisory.verdict].format(product=site.product)
    reasons = (note, advisory.reason or ("" if note else sentence))
    own = {advisory.id: "XSA"}
    return AdvisoryFacts(
        advisory=advisory,
        day=day,
        vulnerabilities=[
            Vulnerability(ids, day, advisory.title, note)
            for ids in [{cve: "CVE"} | own for cve in cves] or [own]
        ],
        sentence=sentence,
        reason=visible(" ".join(filter(None, reasons))),
        action=visible(_action(advisory, bulletins, site)),
        bulletins=bulletins,
        changes=_changes(advisory, day, bulletins),
    )


def _action(advisory: Advisory, bulletins: Sequence[Bulletin], site: Site) -> str:
    """Where to read what to do."""
    if bulletins:
        pages = [site.public(page_url(b)) if site.url else "" for b in bulletins]
        named = [b.id + (page and f" ({page})") for b, page in zip(bulletins, pages, strict=True)]
        return words.vex_action.format(bulletins=", ".join(named))
    if advisory.bulletin:
        return words.vex_elsewhere.format(bulletin=advisory.bulletin)
    return words.vex_no_action


def _changes(
    advisory: Advisory, day: date, bulletins: Sequence[Bulletin]
) -> list[tuple[datetime, str]]:
    changes = defaultdict[date, list[str]](list, {day: [words.first_published]})
    if advisory.updated and advisory.updated > day:
        changes[advisory.updated].append("The tracker changed its verdict")
    for bulletin in bulletins:
        changes[max(day, bulletin.published)].append(f"{bulletin.id} addresses it")
    return sorted((midnight(changed), "; ".join(how)) for changed, how in changes.items())


# --- OpenVEX ----------------------------------------------------------------------------------


def openvex(verdicts: Sequence[AdvisoryFacts], site: Site) -> bytes:
    """All verdicts as one OpenVEX document; there must be one.

    Its version grows with every time at which a verdict changed. On a mirror, which has no table
    ``[csaf]``, the issuer is not its author.
    """
    times = {time for facts in verdicts for time, _ in facts.history(site)}
    times |= {time for time, _ in moves(site, OPENVEX)}
    names = site.profile.product.identifiers()
    identifiers = filled(purl=names.get("purl"), cpe23=names.get("cpe"))
    product = {"@id": f"tag:{site.profile.tag}:product"} | filled(identifiers=identifiers)
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"tag:{site.profile.tag}:openvex",
        "author": visible(site.author if site.profile.csaf else site.name),
        "timestamp": moment(min(times)),
        "last_updated": moment(max(times)),
        "version": len(times),
        "tooling": "secpack-archive",
        "statements": [_statement(facts, site) | {"products": [product]} for facts in verdicts],
    }
    return to_json(document, lines=False)


def _statement(facts: AdvisoryFacts, site: Site) -> dict[str, Any]:
    """What is said of an advisory: by its only CVE, if it has one, or by its own id."""
    match facts.status:
        case "affected":
            said = {"action_statement": facts.action, "status_notes": facts.reason}
        case "not_affected":
            said = {"justification": facts.advisory.justification}
            said |= {"impact_statement": facts.reason}
        case _:
            said = {"status_notes": facts.reason}
    ids = [*dict.fromkeys(id_ for each in facts.vulnerabilities for id_ in each.ids)]
    name = ids[0] if len(facts.vulnerabilities) == 1 else facts.advisory.id
    aliases = [id_ for id_ in ids if id_ != name]
    return {
        "@id": f"tag:{site.profile.tag}:openvex#{facts.advisory.id.lower()}",
        "vulnerability": {"name": name, "description": facts.heading} | filled(aliases=aliases),
        "status": facts.status,
        "timestamp": moment(facts.day),
        "last_updated": moment(facts.history(site)[-1][0]),
    } | filled(**said)
