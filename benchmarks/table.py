"""Writes what was measured as rows of a Markdown table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from benchmarks.measure import Usage

_WIDTHS: Final = (5, -11, -19, 7, 7, 7, 10, 6, 7, 7)  # negative: aligned to the left


@dataclass(frozen=True, slots=True)
class Row:
    """What a program used for a build of so many texts."""

    texts: int
    build: str
    program: str
    usage: Usage


def format_head(build: str, sign: str) -> str:
    """The head of a table; ``build`` says what tells builds apart, ``sign`` marks the ratios."""
    names = ("wall s", "CPU s", "ms/text", "largest MB", "all MB", f"wall {sign}", f"CPU {sign}")
    rules = ("-" * (abs(width) - (width > 0)) + ":" * (width > 0) for width in _WIDTHS)
    return _line("texts", build, "program", *names) + "\n" + _line(*rules)


def format_rows(rows: Sequence[Row], base: str, *, dividing: bool = False) -> Iterator[str]:
    """Lines for one pack, with ratios to the same build by ``base``, or of it if ``dividing``."""
    for _, group in groupby(rows, key=lambda row: row.build):
        same = list(group)
        usage = next(row.usage for row in same if row.program == base)
        for row in same:
            over, under = (usage, row.usage) if dividing else (row.usage, usage)
            yield _row(row, over.wall / under.wall, over.cpu / under.cpu)


def format_growth(small: Sequence[Row], large: Sequence[Row]) -> Iterator[str]:
    """How the time for each text of a cold build grows from a small pack to a large one."""
    few, many = small[0].texts, large[0].texts
    yield f"Time for each text of a cold build, {many} texts ÷ {few} texts:\n"
    for one, other in zip(small, large, strict=True):
        if one.build == "cold":
            wall = other.usage.wall / one.usage.wall * few / many
            cpu = other.usage.cpu / one.usage.cpu * few / many
            yield f"- {one.program}: wall {wall:.2f}, CPU {cpu:.2f}"


def _row(row: Row, wall: float, cpu: float) -> str:
    usage = row.usage
    times = f"{usage.wall:.2f}", f"{usage.cpu:.2f}", f"{1000 * usage.wall / row.texts:.2f}"
    memory = f"{usage.largest / 1e6:.0f}", f"{usage.together / 1e6:.0f}"
    ratios = f"{wall:.2f}", f"{cpu:.2f}"
    return _line(str(row.texts), row.build, row.program, *times, *memory, *ratios)


def _line(*cells: str) -> str:
    padded = (
        cell.rjust(width) if width > 0 else cell.ljust(-width)
        for cell, width in zip(cells, _WIDTHS, strict=True)
    )
    return f"| {' | '.join(padded)} |"
