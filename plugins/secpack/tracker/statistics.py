"""The figures of the tracker. Advisories that it lacks are not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from secpack.model.archive import Advisory, Status


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
    return Statistics(
        first=min(dates, default=None),
        last=max(dates, default=None),
        total=len(tracked),
        used=len(used),
        affecting=len(affecting),
        open=sum(1 for a in used if a.status is Status.OPEN),
        percentage=_percentage(len(affecting), len(used)),
        years=_years(used, affecting, dates),
    )


def _percentage(part: int, whole: int) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _years(used: list[Advisory], affecting: list[Advisory], dates: list[date]) -> tuple[Year, ...]:
    of_used, of_affecting = (Counter(a.date and a.date.year for a in x) for x in (used, affecting))
    years: list[int | None] = []
    if dates:
        years += range(min(dates).year, max(dates).year + 1)
    if of_used[None]:
        years.append(None)
    return tuple(Year(year, of_used[year], of_affecting[year]) for year in years)
