"""Which advisories a text addresses, from all its namings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from secpack.model.archive import Naming, Place

_TELLING: Final = (Place.ANNOUNCEMENT, Place.HEAD, Place.FIX)
_FURTHER: Final = (Place.SUMMARY, Place.HEADING, Place.PATCHING, Place.BODY)


def decide(namings: Iterable[Naming]) -> tuple[Naming, ...]:
    """The namings by which a text addresses advisories, in order; the rest is mentioned."""
    by_name: defaultdict[str, list[Naming]] = defaultdict(list)
    for naming in namings:
        if naming.scheme == "XSA":
            by_name[naming.value].append(naming)
    told = {name: _told(found) for name, found in by_name.items()}
    announces = any(told.values())
    decided = []
    for name, found in by_name.items():
        titled = [naming for naming in found if naming.place is Place.TITLE]
        # What only the title names, where the text announces others, is a slip of the pen.
        slip = announces and len(titled) == len(found)
        if not slip and all(naming.place is not Place.NOT_AFFECTED for naming in found):
            decided += [*titled, *told[name]]
    return tuple(sorted(decided, key=lambda naming: naming.line))


def _told(found: Sequence[Naming]) -> list[Naming]:
    """The namings of one advisory, outside the title, that tell that the text addresses it."""
    plainly = [n for n in found if n.place in _TELLING]
    partly = [n for n in found if n.place is Place.ANNOUNCEMENT_OF_SOME]
    further = [n for n in found if n.place in _FURTHER]
    return plainly + partly if plainly or further else []
