"""Which ids of a bulletin formats for programs give, and how, so that all of them agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from secpack.model.archive import Advisory, Bulletin, Relation


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A CVE with the advisories to which it belongs, or an id for which no CVE is known.

    ``released`` is the day on which the first of these advisories was published, if known.
    """

    scheme: str
    name: str
    advisories: tuple[str, ...] = ()
    released: date | None = None

    @property
    def cve(self) -> str:
        """Its CVE; empty if none is known."""
        return self.name if self.scheme == "CVE" else ""

    @property
    def ids(self) -> dict[str, str]:
        """All its ids, each with its scheme."""
        return {self.name: self.scheme} | dict.fromkeys(self.advisories, "XSA")


@dataclass(frozen=True, slots=True)
class Ids:
    """What a bulletin addresses, and the ids that it only mentions.

    Ids that do not apply, by the words of the bulletin, are in neither.
    """

    vulnerabilities: tuple[Vulnerability, ...]
    related: tuple[str, ...]

    @property
    def addressed(self) -> dict[str, str]:
        """All ids that it addresses, each with its scheme: advisories come first."""
        advisories = [id_ for v in self.vulnerabilities for id_ in v.advisories]
        return dict.fromkeys(advisories, "XSA") | {v.name: v.scheme for v in self.vulnerabilities}


def ids_of(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> Ids:
    """The ids of a bulletin; ``advisories``, by number, have the CVEs of the Xen Project's list."""
    vulnerabilities = tuple(_vulnerabilities(bulletin, advisories))
    addressed = Ids(vulnerabilities, ()).addressed
    related = [v for (_, v), r in bulletin.relations.items() if r is Relation.MENTIONED]
    return Ids(vulnerabilities, tuple(id_ for id_ in related if id_ not in addressed))


def cves_of(advisory: Advisory, bulletins: Iterable[Bulletin]) -> list[str]:
    """The CVEs of an advisory: by the Xen Project's list, and by bulletins that address it."""
    cves, spared = dict.fromkeys(advisory.cves), set()
    for bulletin in bulletins:
        cves |= dict.fromkeys(cve for n, cve in bulletin.pairs if n == advisory.number)
        relations = bulletin.relations.items()
        spared |= {value for (_, value), r in relations if r is Relation.UNAFFECTED}
    return [cve for cve in cves if cve not in spared]


def _vulnerabilities(
    bulletin: Bulletin, advisories: Mapping[int, Advisory]
) -> Iterator[Vulnerability]:
    """One for each CVE, and for each advisory, or other id, without a known CVE."""
    relations, numbers = bulletin.relations, defaultdict[tuple[str, str], list[int]](list)
    for number in bulletin.addresses:
        cves = [("CVE", cve) for cve in cves_of(advisories[number], [bulletin])]
        for id_ in cves or [("XSA", f"XSA-{number}")]:
            numbers[id_].append(number)
    for id_, relation in relations.items():
        if relation is Relation.ADDRESSED and id_[0] != "XSA":
            numbers[id_] += []
    for (scheme, name), known in numbers.items():
        days = [day for number in known if (day := advisories[number].date)]
        names = tuple(f"XSA-{number}" for number in known)
        yield Vulnerability(scheme, name, names, min(days, default=None))
