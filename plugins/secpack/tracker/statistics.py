"""What the tracker's data comes to, in numbers. Advisories that it lacks are not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from secpack.model.archive import Advisory, Status


@dataclass(frozen=True, slots=True)
class Year:
    """The advisories of a year; those without a date have None."""

    year: int | None
    used: int
    affecting: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """``total`` numbers were given to advisories, ``used`` of them not withdrawn.

    ``affecting`` of the used ones affect the issuer's product: that is ``percentage``, with two
    decimals; of ``open`` ones it is not known yet. ``first`` and ``last`` are the earliest and the
    latest date. ``years`` ascend without gaps; advisories without a date come last.
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
    dates = sorted(a.date for a in tracked if a.date)
    return Statistics(
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
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
    of_used, of_affecting = (Counter(_year(a) for a in row) for row in (used, affecting))
    years: list[int | None] = list(range(dates[0].year, dates[-1].year + 1)) if dates else []
    if of_used[None]:
        years.append(None)
    return tuple(Year(year, of_used[year], of_affecting[year]) for year in years)


def _year(advisory: Advisory) -> int | None:
    return advisory.date.year if advisory.date else None
