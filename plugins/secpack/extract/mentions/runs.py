"""A passage to a run: its words as printed, and where in them ids are named."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from secpack.extract.mentions.passages import Passage
from secpack.extract.mentions.wording import ANNOUNCES, SENTENCE_END
from secpack.model.archive import Context, Document
from secpack.model.blocks import (
    Block,
    Citation,
    Emphasis,
    Inline,
    Link,
    References,
    Text,
    running_text,
    words,
)
from secpack.parser.inline import citation_label, ids_at, link_ids, parse_inline

Name: TypeAlias = tuple[str, str]  # scheme and value
Named: TypeAlias = tuple[tuple[Name, int], ...]  # ids, each with its context in the words
Cited: TypeAlias = Mapping[str, tuple[Name, ...]]  # advisories by the label of a reference

#: How many mentions of one id are kept of a run, and of one kind of context.
MAX_MENTIONS: Final = 100
# A range or a citation of few characters names many; so many of one reference are kept.
_MAX_CITED: Final = 64

_LEADING: Final = re.compile(
    r"(?:[\s,;&/()*–-]|\b(?:and|or|to|through|the|Xen\s+Security\s+Advisor(?:y|ies))\b){0,30}"
)
# Between the ids of a list or range: joints, citations, and titles of advisories in brackets.
_JOINT: Final = re.compile(
    r"(?:[\s,;&/–-]|\b(?:and|or|to|through|thru|as\s+well\s+as)\b|\[[0-9]{1,2}\]"
    r"|\([\"“][^\"”()]{0,100}[\"”]\)){0,20}"
)
# Behind the last id of a list: words about that one.
_LAST_ONE: Final = re.compile(
    r",?\s+(?:(?:which|that)\s+(?:does|is|has|was)|the\s+(?:last|latter)\s+of)\b"
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a passage names ids next to each other: a list or a range of them, or one alone.

    ``names`` are the ids with the places where each is named, or where the range ends that it is
    in. ``leads`` if nothing but ids is before it. ``cited`` if they are not named, but what a
    citation leads to.
    """

    names: Named
    start: int
    end: int
    leads: bool
    cited: bool = False

    @property
    def has_advisory(self) -> bool:
        """Whether an advisory is among the ids."""
        return any(scheme == "XSA" for (scheme, _), _ in self.names)


@dataclass(frozen=True, slots=True)
class Run:
    """The words of a passage, where it names ids, and where its sentences end, from 0 on.

    ``verbs`` are where the words that announce begin and end, in a summary.
    """

    text: str
    spots: list[Spot]
    ends: list[int]
    verbs: list[tuple[int, int]]

    def sentence(self, position: int) -> tuple[int, int]:
        """Where the sentence around a position begins and ends."""
        part = min(bisect_right(self.ends, position), len(self.ends) - 1)
        return self.ends[part - 1], self.ends[part]

    def announces(self, first: int, last: int) -> bool:
        """Whether there are words that announce between two places."""
        n = bisect_left(self.verbs, (first, 0))
        return n < len(self.verbs) and self.verbs[n][1] <= last


def read_run(passage: Passage, cited: Cited) -> Run | None:
    """The run of a passage; None where it names no id."""
    inlines = [part for inline in passage.inlines for part in _parts(inline)]
    pieces = [words(inline) for inline in inlines]
    spots = tuple(_spots(inlines, pieces, cited))
    if not spots:
        return None
    text = "".join(pieces)
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    announcing = ANNOUNCES.finditer(text) if passage.context is Context.SUMMARY else ()
    verbs = [match.span() for match in announcing]
    return Run(text, _joined(text, spots), [0, *ends, len(text)], verbs)


def _parts(inline: Inline) -> tuple[Inline, ...]:
    """An element; of emphasis, what is inside with the marks."""
    if not isinstance(inline, Emphasis):
        return (inline,)
    return (Text(inline.mark), *parse_inline(inline.text), Text(inline.mark))


def _spots(inlines: Sequence[Inline], pieces: Sequence[str], cited: Cited) -> Iterator[Spot]:
    """Where each element that names ids stands among all, whose words are ``pieces``."""
    position, leads = 0, True
    named: Counter[Name] = Counter()
    for n, (inline, piece) in enumerate(zip(inlines, pieces, strict=True)):
        found = tuple(_names(inlines, n, cited))
        named.update(found)
        if names := tuple((name, position) for name in found if named[name] <= MAX_MENTIONS):
            is_citation = isinstance(inline, Citation)
            yield Spot(names, position, position + len(piece), leads, is_citation)
        leads = leads and (not isinstance(inline, Text) or bool(_LEADING.fullmatch(piece)))
        position += len(piece)


def _names(inlines: Sequence[Inline], position: int, cited: Cited) -> Iterable[Name]:
    """The ids that an element names or leads to."""
    inline = inlines[position]
    if isinstance(inline, Link):
        return link_ids(inline.url)
    if isinstance(inline, Citation):
        return cited.get(citation_label(inline.label), ())
    return (name for name in ids_at(inlines, position) if name[0] != "bulletin")


def _joined(text: str, spots: Iterable[Spot]) -> list[Spot]:
    """The spots, those in one list or range joined, in order; citations stay by themselves."""
    groups: list[list[Spot]] = []
    joins: list[Spot] = []
    for spot in spots:
        if spot.cited:
            groups.append([spot])
        elif joins and _goes_on(text, joins[-1], spot):
            joins.append(spot)
        else:
            joins = [spot]
            groups.append(joins)
    return [_join(group) for group in groups]


def _goes_on(text: str, before: Spot, spot: Spot) -> bool:
    """Whether an id is in one list with the one before, and nothing is said of it alone."""
    joint = _JOINT.fullmatch(text, before.end, spot.start)
    return bool(joint and not _LAST_ONE.match(text, spot.end))


def _join(group: Sequence[Spot]) -> Spot:
    names = tuple(name for spot in group for name in spot.names)
    return replace(group[0], names=names, end=group[-1].end)


def cited_advisories(document: Document) -> dict[str, tuple[Name, ...]]:
    """The advisories that references name, by label."""
    return {
        citation_label(reference.label): _advisories(reference.blocks)
        for block in document.blocks
        if isinstance(block, References)
        for reference in block.items
    }


def _advisories(blocks: Iterable[Block]) -> tuple[Name, ...]:
    """The advisories that blocks name or link to; where they are too many, the first."""
    found: dict[Name, None] = {}
    for _, inlines in running_text(blocks):
        for n, inline in enumerate(inlines):
            names = link_ids(inline.url) if isinstance(inline, Link) else ids_at(inlines, n)
            found.update((name, None) for name in names if name[0] == "XSA")
            if len(found) >= _MAX_CITED:
                return tuple(found)[:_MAX_CITED]
    return tuple(found)
