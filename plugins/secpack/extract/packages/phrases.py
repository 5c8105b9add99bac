"""What a phrase, or a sentence, says of packages.

Nothing here knows where in a text it stands.
"""

from __future__ import annotations

from typing import NamedTuple

from secpack.extract.packages.facts import read_fact
from secpack.extract.packages.gather import Phrase
from secpack.extract.packages.groups import Entry, entries_of
from secpack.extract.packages.versions import may_have_version
from secpack.model.archive import Fix


class Reading(NamedTuple):
    """What was read in a phrase.

    There are entries if each of its words has a place; ``plain`` tells that it also looks like
    nothing but packages and versions.
    """

    entries: tuple[Entry, ...]
    plain: bool


def read_phrase(text: str, product: str) -> Reading:
    """The packages in a phrase that is meant to name some; none if it is not understood."""
    if fact := read_fact(text, product):
        return Reading((fact,), plain=True)
    phrase = Phrase(text, product, strict=True)
    entries = tuple(entries_of(phrase.groups))
    left = any(g.ambiguous or (g.names and not g.versions) for g in phrase.groups)
    prose = any(" " in entry.package and entry.package[0].islower() for entry in entries)
    if phrase.unread or left or prose or not entries:
        return Reading((), plain=False)
    return Reading(entries, plain=not phrase.stopped)


def read_sentence(text: str, product: str) -> tuple[Entry, ...] | None:
    """The packages that running text names with their versions; None if one has no name."""
    if not may_have_version(text):
        return ()
    groups = Phrase(text, product, strict=False).groups
    if any(g.versions and g.fix is Fix.AVAILABLE and not g.names for g in groups):
        return None
    return tuple(entry for entry in entries_of(groups) if entry.package and entry.version)
