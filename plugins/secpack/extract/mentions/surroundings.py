"""The words around ids, by which it shows why they are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from secpack.extract.mentions.passages import NEAR, Passage
from secpack.extract.mentions.runs import Run, Spot

#: How many characters just before ids an expression may have that must end with them.
NEXT: Final = 80


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The words around ids: in their sentence, behind them up to the next ids, in their item.

    ``announced`` tells that words before them in their sentence announce something.
    """

    announced: bool
    before: str
    behind: str
    own: str
    item: str

    @property
    def just_before(self) -> str:
        """The last of the words before them."""
        return self.before[-NEXT:]


def surroundings_of(spot: Spot, following: Spot | None, run: Run, passage: Passage) -> Surroundings:
    """The words around the ids of a spot; ``following`` is the next one of the run."""
    text, (first, last) = run.text, run.sentence(spot.start)
    end = min(last, spot.end + NEAR)
    begin = max(first, spot.start - NEAR)
    return Surroundings(
        run.announces(begin, spot.start),
        text[begin : spot.start],
        text[spot.end : end],
        text[spot.end : min(end, following.start) if following else end],
        _item(passage, text, spot),
    )


def _item(passage: Passage, text: str, spot: Spot) -> str:
    """What is said behind the ids that an item begins with; empty elsewhere."""
    if not (passage.head and spot.leads):
        return ""
    return f"{text[spot.end : spot.end + NEAR]} {passage.rest}"
