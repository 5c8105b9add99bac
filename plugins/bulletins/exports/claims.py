"""What a bulletin says of each of its vulnerabilities: packages, and the releases that it affects.

A fixed package is about all vulnerabilities, unless the text keeps them apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bulletins import words
from secpack.extract.answers import Answer, affects, safe_from
from secpack.extract.packages.vocabulary import product_of
from secpack.extract.sections import sections
from secpack.model.archive import Bulletin, Fix, PackageRow

#: Formats repeat a bulletin's packages for each vulnerability; no real text has so many, nor so
#: many packages with so many sections.
_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A flaw: its ids, each with its scheme; first a CVE, if one is known.

    ``released`` is the day on which the first of its advisories was published, and ``title`` that
    of the first, if known. ``note`` is where sources differ.
    """

    ids: Mapping[str, str]
    released: date | None = None
    title: str = ""
    note: str = ""

    @property
    def cve(self) -> str:
        """Its CVE; empty if none is known."""
        return next((id_ for id_, scheme in self.ids.items() if scheme == "CVE"), "")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a bulletin says of a vulnerability.

    ``rows`` are packages that are about it, and releases without any. ``said`` is whether sentences
    call releases affected, ``is_only`` whether the bulletin is about nothing else.
    """

    vulnerability: Vulnerability
    rows: tuple[PackageRow, ...] = field(repr=False)
    said: Mapping[str, bool]
    is_only: bool

    @property
    def affected(self) -> tuple[PackageRow, ...]:
        """The rows of releases that the text does not spare."""
        rows = (row for row in self.rows if row.fix is not Fix.NOT_AFFECTED)
        return tuple(row for row in rows if self.said.get(row.release, True))


def name_of(row: PackageRow) -> str:
    """One name for all spellings of a package that the profile knows."""
    return row.name or row.package


def claims(
    bulletin: Bulletin, every: Sequence[Vulnerability], answers: Sequence[Answer], prefix: str
) -> Iterator[Claim]:
    """What a bulletin says of each vulnerability; rows that are of none make the bulletin one."""
    every, rows = list(every), _rows(bulletin, answers)
    rows = rows if len(rows) * len(every) <= _MOST else []
    divisions = [*_divided(bulletin, rows, every)]
    claimed = {row for own in divisions for row in own}
    if others := [row for row in rows if row not in claimed]:
        every.append(Vulnerability({bulletin.id: prefix}, note=words.own_flaws))
        divisions.append(others)
    shipped = {row.release for row in rows if row.fix is Fix.AVAILABLE}
    # Packages decide, unless a sentence is about one id.
    said = [(k, yes) for k, (yes, _) in affects(bulletin).items() if k[0] or k[1] not in shipped]
    safe = safe_from(bulletin)
    for each, division in zip(every, divisions, strict=True):
        yield Claim(
            vulnerability=each,
            rows=tuple(r for r in division if safe.get(r, frozenset()) <= each.ids.keys()),
            said={release: yes for (id_, release), yes in said if id_ in ("", *each.ids)},
            is_only=len(every) == 1 and not (each.note and claimed),
        )


def _rows(bulletin: Bulletin, answers: Sequence[Answer]) -> list[PackageRow]:
    """Each package once, and a row for what sentences say of a release that has none.

    Rows that name no release are left out if others do.
    """
    shipped = {row.release for row in bulletin.packages}
    stated = (a for a in answers if a.release not in shipped)
    rows = [*bulletin.packages]
    rows += (PackageRow(a.release, "", "", "", a.lines[0], a.fix) for a in stated if a.fix)
    seen: dict[tuple[object, ...], PackageRow] = {}
    for row in [row for row in rows if row.release] or rows:
        seen.setdefault((row.release, row.target, name_of(row), row.version, row.fix), row)
    return [*seen.values()]


def _divided(
    bulletin: Bulletin, rows: Sequence[PackageRow], every: Sequence[Vulnerability]
) -> Iterator[list[PackageRow]]:
    """The rows of each vulnerability: all, except packages whose sections the text keeps apart.

    Such a section has a package in its heading, or alone in its text: "GUI issue", and "Xen issues"
    with the ids of those.
    """
    names = {name_of(row) for row in rows if row.package}
    parts = sections(bulletin.document) if len(names) > 1 else ()
    common = _words_in(" ".join((product_of(bulletin.document), *(r.target for r in rows))))
    lines = defaultdict[str, set[int]](set)  # of the sections of each package
    for part in parts if len(names) * len(parts) < _MOST else ():
        inside = {name_of(r) for r in rows if r.package and part.first <= r.line <= part.last}
        title = _words_in(part.title) - common
        for name in names:
            if title & _words_in(name) or inside == {name}:
                lines[name] |= {*range(part.first, part.last + 1)}
    ids = {n: {m.value for m in bulletin.all_mentions if m.line in own} for n, own in lines.items()}
    for each in every:
        named = {name for name, own in ids.items() if own & each.ids.keys()}
        apart = ids.keys() - named if named else set()
        yield [row for row in rows if name_of(row) not in apart]


def _words_in(text: str) -> set[str]:
    return {*re.findall("[a-z0-9]{3,}", text.lower())}
