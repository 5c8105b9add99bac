"""Joins what texts name with what the tracker says: advisories and CVEs, and who names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from secpack.model.archive import Advisory, Bulletin, Cve, Mention, Publication
from secpack.model.blocks import Id
from secpack.pack import document_id
from secpack.profile import Kind


def other_ids(mentions: Sequence[Mention]) -> tuple[Id, ...]:
    """The ids that a text names beside advisories, in order of their schemes."""
    names = {(n.scheme, n.value) for n in mentions if n.scheme != "XSA"}
    return tuple(Id(scheme, value, value) for scheme, value in sorted(names))


def advisory_numbers(mentions: Sequence[Mention]) -> set[int]:
    """The numbers of the advisories among what is named."""
    return {int(n.value.removeprefix("XSA-")) for n in mentions if n.scheme == "XSA"}


def as_tracked(bulletins: Iterable[Bulletin], tracker: Iterable[Advisory]) -> Iterator[Bulletin]:
    """The same bulletins; where the tracker names one, it decides what that one addresses."""
    announced: defaultdict[int | None, set[int]] = defaultdict(set)
    for advisory in tracker:
        announced[advisory.announced_in].add(advisory.number)
    for bulletin in bulletins:
        addresses = announced.get(bulletin.number)
        if addresses:
            named = {*bulletin.addresses, *bulletin.mentions}
            mentions = tuple(sorted(named - addresses))
            addressed = tuple(sorted(addresses))
            bulletin = replace(bulletin, addresses=addressed, mentions=mentions)  # noqa: PLW2901
        yield bulletin


def without_withheld(advisory: Advisory, withheld: set[str], kind: Kind) -> Advisory:
    """An advisory without the bulletin that announced it, if that is kept back."""
    number = advisory.announced_in
    if number is not None and document_id(kind, number) in withheld:
        return replace(advisory, bulletin=None)
    return advisory


def join_advisories(
    publications: Iterable[Publication], tracker: Iterable[Advisory]
) -> Iterator[Advisory]:
    """The tracker's advisories and those only named in texts, with the documents that name them."""
    known = {advisory.number: advisory for advisory in tracker}
    addressed: defaultdict[int, list[str]] = defaultdict(list)
    mentioned: defaultdict[int, list[str]] = defaultdict(list)
    for p in publications:
        own = set(p.addresses) if isinstance(p, Bulletin) else set()
        for number in sorted(own | advisory_numbers(p.all_mentions)):
            known.setdefault(number, Advisory(number, None, None, False, None, tracked=False))
            (addressed if number in own else mentioned)[number].append(p.id)
    for number in sorted(known):
        yield replace(
            known[number],
            bulletins=tuple(addressed[number]),
            mentioned_in=tuple(mentioned[number]),
        )


def join_cves(advisories: Iterable[Advisory], publications: Iterable[Publication]) -> Iterator[Cve]:
    """All CVEs that are known, by year and number."""
    belongs, mention = defaultdict(list), defaultdict(list)
    for advisory in advisories:
        for cve in advisory.cves:
            belongs[cve].append(advisory.number)
    for p in publications:
        for cve in sorted({n.value for n in p.all_mentions if n.scheme == "CVE"}):
            mention[cve].append(p.id)
    for cve in sorted({*belongs, *mention}, key=lambda c: [int(part) for part in c.split("-")[1:]]):
        yield Cve(cve, tuple(belongs[cve]), tuple(mention[cve]))
