"""Packages in a table: a row for each, with what mends it in one column or for each release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from secpack.extract.packages.context import Above
from secpack.extract.packages.groups import Entry
from secpack.extract.packages.phrases import read_phrase
from secpack.extract.packages.places import place_names
from secpack.extract.packages.releases import release_numbers
from secpack.extract.packages.state import State
from secpack.extract.packages.words import without_labels
from secpack.model.blocks import Table, plain
from secpack.parser.rules.bars import is_edge

# What the heads of columns say.
_PACKAGE: Final = re.compile(r"\bpackages?\b|\bcomponent\b", re.I)
_RELEASE: Final = re.compile(r"\breleases?$", re.I)
_WHERE: Final = re.compile(r"(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)", re.I)
_FIXED: Final = re.compile(r"\b(?:fixed|new|patched|updated|versions?)\b", re.I)
_OTHER: Final = re.compile(
    r"\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?|repositor\w+)\b", re.I
)
_ROLES: Final = (("name", _PACKAGE), ("other", _OTHER), ("release", _RELEASE), ("fixed", _FIXED))


class _Columns(NamedTuple):
    """Which columns of a table have what; ``fixed`` are those of fixes, with their releases."""

    name: int
    fixed: dict[int, tuple[str, ...]]
    release: int = -1
    place: int = -1


def read_table(table: Table, state: State) -> None:
    """Read the rows of a table that should name packages."""
    heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
    # "Old and new packages:" is clear where the columns tell which is which.
    told = state.context.above is Above.UNCLEAR and any(map(_OTHER.search, heads))
    if not (state.context.expects or told):
        return
    columns = None if state.context.lost else _columns(heads, state)
    if columns is None:
        state.report(table.first, "a table, but not which column has the fixed versions")
        return
    for line, row in zip(_lines_of_rows(table, state), table.body, strict=False):
        _read_row([plain(cell) for cell in row], line, columns, state)


def _columns(heads: Sequence[str], state: State) -> _Columns | None:
    """What the columns of a table are; None where one of them is not understood."""
    if not heads:
        return _Columns(0, {1: ()})
    roles = [_role(head, state) for head in heads]
    name = roles.index("name") if "name" in roles else 0
    roles[name] = "name"
    stated = {n: state.releases_in(f"for {heads[n]}") for n in _which(roles, "releases")}
    fixed: dict[int, tuple[str, ...]] = dict.fromkeys(_which(roles, "fixed"), ())
    if "" in roles or bool(stated) == bool(fixed) or len(fixed) > 1:
        return None
    release, place = (next(_which(roles, role), -1) for role in ("release", "place"))
    return _Columns(name, stated or fixed, release, place)


def _role(head: str, state: State) -> str:
    """What a column has, by its head; nothing if that cannot be told."""
    if state.releases_in(f"for {head}"):
        return "releases"
    if _WHERE.fullmatch(head):
        return "place"
    return next((role for role, form in _ROLES if form.search(head)), "")


def _which(roles: Sequence[str], role: str) -> Iterator[int]:
    return (n for n, each in enumerate(roles) if each == role)


def _lines_of_rows(table: Table, state: State) -> list[int]:
    """The numbers of the lines on which the rows below the head are written."""
    printed = state.printed
    numbers = range(table.first, table.last + 1)
    written = [n for n in numbers if "|" in printed[n - 1] and not is_edge(printed[n - 1])]
    return written[len(table.head) :]


def _read_row(cells: Sequence[str], line: int, columns: _Columns, state: State) -> None:
    """Read a package, and the package or version that mends it."""
    cell = dict(enumerate(cells))
    name, release = cell.get(columns.name, ""), cell.get(columns.release, "")
    places, stated = place_names(cell.get(columns.place, "")), release_numbers(release)
    understood = bool(release) == bool(stated) and (columns.place < 0 or places)
    for column, releases in columns.fixed.items():
        found = _fixed(cell.get(column, ""), name, state.product)
        if not (found and understood):
            state.report_unread(line, " | ".join(cells))
            continue
        for entry in found:
            placed = replace(
                entry,
                package=entry.package or name,
                releases=entry.releases or stated or releases,
                targets=entry.targets or places or (),
            )
            state.add(placed, line)


def _fixed(cell: str, name: str, product: str) -> tuple[Entry, ...]:
    """The packages in a cell, or those of a name whose version it is."""
    words = without_labels(cell)
    found = read_phrase(words, product).entries
    return found or read_phrase(f"{name} version {words}", product).entries
