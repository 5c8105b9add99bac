"""What was measured, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from benchmarks.measure import Usage

HEAD: Final = (
    f"{'texts':>6}  {'build':12} {'program':19} {'wall s':>8} {'CPU s':>8} {'ms/text':>8} "
    f"{'peak MB':>8} {'wall ×':>8} {'CPU ×':>8}"
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a build of so many texts took."""

    texts: int
    build: str
    program: str
    usage: Usage

    @property
    def pace(self) -> float:
        """Milliseconds for each text."""
        return 1000 * self.usage.wall / self.texts


def format_rows(rows: Sequence[Row], base: str) -> Iterator[str]:
    """Lines for the builds of one pack; ratios are to the same build by ``base``."""
    for build, group in groupby(rows, key=lambda row: row.build):
        same = list(group)
        stock = next(row.usage for row in same if row.program == base)
        yield ""
        for row in same:
            used = row.usage
            yield (
                f"{row.texts:6}  {build:12} {row.program:19} {used.wall:8.2f} {used.cpu:8.2f} "
                f"{row.pace:8.2f} {used.peak / 1e6:8.0f} "
                f"{used.wall / stock.wall:8.2f} {used.cpu / stock.cpu:8.2f}"
            )


def format_growth(small: Sequence[Row], large: Sequence[Row]) -> Iterator[str]:
    """How the time for each text of a cold build grows from a small pack to a large one."""
    yield f"Time for each text, cold, with {large[0].texts} texts, as against {small[0].texts}:"
    for one, other in zip(small, large, strict=True):
        if one.build == "cold":
            yield f"  {one.program:19} {other.pace / one.pace:.2f}"
