"""What is said of packages: of each, and of those that are named together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from secpack.model.archive import Fix

# How many names, versions or notes a group may have, and characters a note.
_MOST: Final = 20
_LONGEST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one package; ``at`` is the index in the phrase where that begins."""

    at: int
    package: str
    version: str
    fix: Fix = Fix.AVAILABLE
    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""


@dataclass(slots=True)
class Group:
    """Names, and what is said of them; ``at`` is the index in the phrase where that begins."""

    names: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # of one name, in brackets behind it
    versions: list[str] = field(default_factory=list)
    fix: Fix = Fix.AVAILABLE
    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    paired: bool = False
    label: str = ""  # a name in front of a colon, which may be a place
    at: int = -1

    @property
    def ambiguous(self) -> bool:
        """Whether it does not show which of the names has which of the versions."""
        several = len(self.names) > 1 and len(self.versions) > 1
        matched = self.paired and len(self.names) == len(self.versions)
        return (several and not matched) or max(len(self.names), len(self.versions)) > _MOST


def entries_of(groups: Sequence[Group]) -> Iterator[Entry]:
    """What groups say of each package; nothing where that is not clear."""
    for group in groups:
        for name, version in _pairs(group):
            notes = (group.said.get(name, ""), *group.notes[:_MOST])
            note = "; ".join(note for note in notes if note)[:_LONGEST_NOTE]
            at = max(group.at, 0)
            yield Entry(at, name, version, group.fix, group.releases, group.targets, note)


def _pairs(group: Group) -> Iterator[tuple[str, str]]:
    """Names with their versions: each with each, unless ``respectively`` tells otherwise."""
    names = group.names or ([""] if group.fix is not Fix.AVAILABLE else [])
    if group.ambiguous:
        return
    if group.paired and len(names) == len(group.versions):
        yield from zip(names, group.versions, strict=True)
    else:
        yield from ((name, version) for name in names for version in group.versions)
