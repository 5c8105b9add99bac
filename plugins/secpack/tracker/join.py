"""Joins the texts with tracker data: advisories, CVEs, who mentions them, and what does not fit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

from secpack.model import archive as model
from secpack.model.archive import Advisory, Bulletin, Relation, Status
from secpack.model.findings import Finding, Severity
from secpack.pack import document_id
from secpack.profile import Kind

# An advisory whose date is further from those of its neighbours gets a finding.
_FAR: Final = timedelta(days=366)

_Naming: TypeAlias = defaultdict[tuple[str, str], list[tuple[Relation, str]]]


def join(
    bulletins: Iterable[Bulletin], canaries: Sequence[model.Canary], tracker: Sequence[Advisory]
) -> model.Archive:
    """Return an archive of documents and advisories that refer to each other."""
    tracked = tuple(_as_tracked(bulletins, tracker))
    naming = _naming([*tracked, *canaries])
    advisories = tuple(_advisories(naming, tracked, tracker))
    ids = tuple(_other_ids(naming, tracked, advisories))
    return model.Archive(tracked, tuple(canaries), advisories, ids=ids)


def _as_tracked(bulletins: Iterable[Bulletin], tracker: Iterable[Advisory]) -> Iterator[Bulletin]:
    """Yield the bulletins; one that the tracker names addresses what the tracker says."""
    announced: defaultdict[int | None, set[int]] = defaultdict(set)
    for advisory in tracker:
        announced[advisory.announced_in].add(advisory.number)
    for bulletin in bulletins:
        addresses = announced.get(bulletin.number, bulletin.addresses)
        yield replace(bulletin, addresses=tuple(sorted(addresses)))


def without_withheld(advisory: Advisory, withheld: set[str], kind: Kind) -> Advisory:
    """Remove from an advisory the bulletin that announced it, if that is withheld."""
    number = advisory.announced_in
    if number is not None and document_id(kind, number) in withheld:
        return replace(advisory, bulletin=None)
    return advisory


def join_list(tracked: Iterable[Advisory], listed: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """Add the Xen Project's list to tracker data: titles, CVEs, and advisories that it lacks.

    The tracker's dates hold; a date of the list that differs is a finding.
    """
    joined = {advisory.number: advisory for advisory in tracked}
    for advisory in listed:
        own = joined.get(advisory.number)
        joined[advisory.number] = _with_listed(own, advisory) if own else advisory
    return tuple(joined[number] for number in sorted(joined))


def _with_listed(own: Advisory, listed: Advisory) -> Advisory:
    findings = listed.findings
    if own.date and listed.date and own.date != listed.date:
        message = f"{own.id} is dated {own.date} here, but {listed.date} in {listed.file}"
        findings += (Finding(own.file, own.line, "tracker-date", message),)
    day = own.date or listed.date
    return replace(own, date=day, title=listed.title, cves=listed.cves, findings=findings)


def _advisories(
    naming: _Naming, bulletins: Iterable[Bulletin], tracker: Iterable[Advisory]
) -> Iterator[Advisory]:
    """Yield the tracker's advisories and those only in texts, with the documents that name them.

    One without a title has the one that a bulletin quotes.
    """
    titles: dict[str, tuple[str, str]] = {}
    for bulletin in bulletins:
        for mention in bulletin.evidence:
            if mention.title:
                titles.setdefault(mention.value, (mention.title, bulletin.id))
    advisories = {advisory.id: advisory for advisory in tracker}
    for scheme, value in naming:
        if scheme == "XSA":
            advisories.setdefault(value, Advisory(int(value.removeprefix("XSA-")), tracked=False))
    for name, advisory in sorted(advisories.items(), key=lambda item: item[1].number):
        title, quoted_from = titles.get(name, ("", ""))
        named = naming["XSA", name]
        yield replace(
            advisory,
            title=advisory.title or title,
            title_from="" if advisory.title else quoted_from,
            bulletins=_documents(named, Relation.ADDRESSED),
            mentioned_in=_documents(named, Relation.MENTIONED, Relation.UNAFFECTED),
            unaffected_in=_documents(named, Relation.UNAFFECTED),
        )


def _naming(publications: Iterable[model.Publication]) -> _Naming:
    """The documents that name each id, and what they say of it; a canary only mentions some."""
    naming: _Naming = defaultdict(list)
    for p in publications:
        relations = dict.fromkeys(((m.scheme, m.value) for m in p.all_mentions), Relation.MENTIONED)
        if isinstance(p, Bulletin):
            relations = p.relations
        for id_, relation in relations.items():
            naming[id_].append((relation, p.id))
    return naming


def _documents(named: Iterable[tuple[Relation, str]], *relations: Relation) -> tuple[str, ...]:
    return tuple(document for relation, document in named if relation in relations)


def _other_ids(
    naming: _Naming, bulletins: Iterable[Bulletin], advisories: Iterable[Advisory]
) -> Iterator[model.NamedId]:
    """Yield all ids, without advisories, that an advisory has or a text names, in order."""
    numbers: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    pairs = [(advisory.number, cve) for advisory in advisories for cve in advisory.cves]
    for number, cve in (*pairs, *(pair for bulletin in bulletins for pair in bulletin.pairs)):
        numbers["CVE", cve].add(number)
    for scheme, value in sorted({*numbers, *naming}, key=lambda each: model.id_order(*each)):
        if scheme != "XSA":
            named = naming[scheme, value]
            yield model.NamedId(
                scheme=scheme,
                id=value,
                advisories=tuple(sorted(numbers[scheme, value])),
                named_in=_documents(named, *Relation),
                addressed_in=_documents(named, Relation.ADDRESSED),
                unaffected_in=_documents(named, Relation.UNAFFECTED),
            )


# --- findings ---------------------------------------------------------------------------------


def check_tracker(
    advisories: Sequence[Advisory], bulletins: Iterable[Bulletin]
) -> Iterator[Finding]:
    """Find what is odd about tracker data, by itself and compared with the bulletins."""
    for advisory in advisories:
        yield from advisory.findings
    yield from _lonely_dates([a for a in advisories if a.date])
    announced = [a for a in advisories if a.bulletin]
    for advisory in announced:
        yield from _odd_verdict(advisory)
    yield from _bulletins_elsewhere(announced, {b.number: b for b in bulletins})


def _finding(
    advisory: Advisory, code: str, message: str, severity: Severity = Severity.WARNING
) -> Finding:
    return Finding(advisory.file, advisory.line, code, message, severity)


def _lonely_dates(dated: Sequence[Advisory]) -> Iterator[Finding]:
    """Find dates more than a year after, or before, those of both neighbours: perhaps slips."""
    for before, advisory, after in zip(dated, dated[1:], dated[2:], strict=False):
        days = [a.date for a in (before, advisory, after) if a.date]
        late = days[1] - max(days[0], days[2]) > _FAR
        if late or min(days[0], days[2]) - days[1] > _FAR:
            message = (
                f"{advisory.id} is dated {days[1]}, but {before.id} "
                f"{days[0]} and {after.id} {days[2]}"
            )
            yield _finding(advisory, "tracker-date", message, Severity.NOTICE)


def _odd_verdict(advisory: Advisory) -> Iterator[Finding]:
    """Find an advisory that a bulletin announced although it does not affect the product."""
    if advisory.affected is None:
        message = f"{advisory.id} has a bulletin, but no verdict"
        yield _finding(advisory, "tracker-verdict", message)
    elif not advisory.affected:
        message = f"{advisory.id} has a bulletin, but its verdict is 'no'"
        yield _finding(advisory, "tracker-verdict", message, Severity.NOTICE)


def _bulletins_elsewhere(
    announced: Iterable[Advisory], bulletins: dict[int, Bulletin]
) -> Iterator[Finding]:
    """Find bulletins that the tracker names, and that are missing here or have another year.

    A missing bulletin is reported once, at its first advisory.
    """
    newest = max(bulletins, default=0)
    missing = set()
    for advisory in announced:
        assert advisory.bulletin
        number, year = (int(part) for part in advisory.bulletin.split("-"))
        statement = f"says that {advisory.id} was announced in {advisory.bulletin}"
        if number not in bulletins and advisory.bulletin not in missing:
            missing.add(advisory.bulletin)
            severity = Severity.NOTICE if number < newest else Severity.WARNING
            message = f"{statement}, which is not in this archive"
            yield _finding(advisory, "tracker-bulletin", message, severity)
        elif number in bulletins and (published := bulletins[number].published.year) != year:
            message = f"{statement}, but bulletin {number} is dated {published}"
            yield _finding(advisory, "tracker-bulletin", message, Severity.ERROR)


# --- the tracker in numbers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Year:
    """The advisories of one year, or of no year if they have no date."""

    year: int | None
    used: int
    affecting: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """``total`` numbers were given to advisories, and ``used`` of them were not withdrawn.

    Of the used ones, ``affecting`` affect the issuer's product, which is ``percentage`` with two
    decimals, and ``open`` are undecided. ``first`` and ``last`` are the earliest and the latest
    date. ``years`` ascend without gaps; advisories without a date come last.
    """

    first: date | None
    last: date | None
    total: int
    used: int
    affecting: int
    open: int
    percentage: Decimal | None
    years: tuple[Year, ...]

    @property
    def most(self) -> int:
        """The largest number of used advisories in a year."""
        return max((year.used for year in self.years), default=0)


def statistics(advisories: Iterable[Advisory]) -> Statistics:
    """Count the advisories that the tracker has."""
    tracked = [a for a in advisories if a.tracked]
    used = [a for a in tracked if a.status is not Status.UNUSED]
    affecting = [a for a in used if a.status is Status.YES]
    dates = [a.date for a in tracked if a.date]
    share = Decimal(100 * len(affecting)) / (len(used) or 1)
    return Statistics(
        first=min(dates, default=None),
        last=max(dates, default=None),
        total=len(tracked),
        used=len(used),
        affecting=len(affecting),
        open=sum(1 for a in used if a.status is Status.OPEN),
        percentage=share.quantize(Decimal("0.01"), ROUND_HALF_UP) if used else None,
        years=_years(used, affecting, dates),
    )


def _years(used: list[Advisory], affecting: list[Advisory], dates: list[date]) -> tuple[Year, ...]:
    of_used, of_affecting = (Counter(a.date and a.date.year for a in x) for x in (used, affecting))
    years: list[int | None] = []
    if dates:
        years += range(min(dates).year, max(dates).year + 1)
    if of_used[None]:
        years.append(None)
    return tuple(Year(year, of_used[year], of_affecting[year]) for year in years)
