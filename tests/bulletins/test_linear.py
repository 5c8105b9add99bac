"""Reading and rendering take as many times longer as a text is longer, whatever is in it.

What is compared are two times of the same machine, each the shortest of several, so that nothing
depends on how fast it is.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Final

import pytest

from secpack.parser import lines
from tests.processes import patience
from tests.secpack.adversary import FAMILIES, HEADER, LONG_FAMILIES, Family, grown
from tests.whole import through

pytestmark = pytest.mark.slow

#: How many times longer the longer text is, and may take: as many times, and some noise.
LONGER: Final = 4
LIMIT: Final = 6.0

#: How long the shorter text is: so that it takes this many seconds, within these sizes.
ENOUGH: Final = 0.012
SMALLEST: Final = 2 * 1024
LARGEST: Final = 256 * 1024

#: Seconds of the processor after which a text that takes exponential time is given up.
PATIENCE: Final = 60

RUNS: Final = 15  # at most: it ends at the first that shows growth in line with length


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    gc.disable()
    with patience(PATIENCE):
        yield
    gc.enable()


@pytest.fixture
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules read all of a text; otherwise they would stop where it gets long."""
    monkeypatch.setattr(lines, "MAX_READ", 1 << 30)
    monkeypatch.setattr(lines, "MAX_READ_LINES", 1 << 30)


def taken(data: bytes) -> float:
    """How many seconds of the processor a text takes."""
    gc.collect()
    start = time.process_time()
    through(data)
    return time.process_time() - start


def growth(family: Family, size: int) -> float:
    """How many times longer a text of a family takes that is ``LONGER`` times as long."""
    short, long = grown(family, size), grown(family, size * LONGER)
    short_time = long_time = float("inf")
    for _ in range(RUNS):
        short_time = min(short_time, taken(short), taken(short))
        long_time = min(long_time, taken(long))
        if long_time < LIMIT * short_time:
            break
    return long_time / short_time


def grows_in_line(family: Family, size: int) -> bool:
    """Whether the time of a family grows as its length does, at a size or at the next one.

    Work that stops at a limit, such as comparing two canaries, grows faster than the text just
    below that limit. Work that is done again for every word grows faster at every size.
    """
    return any(growth(family, each) < LIMIT for each in (size, size * LONGER))


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_time_grows_with_length(family: Family) -> None:
    size = SMALLEST
    while size < LARGEST and min(taken(grown(family, size)) for _ in range(3)) < ENOUGH:
        size *= 2
    assert grows_in_line(family, size)


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.parametrize(("family", "size"), LONG_FAMILIES, ids=repr)
def test_time_grows_with_length_of_long_texts(family: Family, size: int) -> None:
    assert grows_in_line(family, size)


@pytest.mark.parametrize("words", ["2025-05-06: words\n", "\u200b\n"])
def test_time_grows_with_length_up_to_the_largest_size(words: str) -> None:
    family = (f"{HEADER}Changelog\n---------\n\n", words, "")
    long, largest = grown(family, lines.MAX_READ), grown(family, lines.MAX_BYTES)
    times = lines.MAX_BYTES / lines.MAX_READ
    assert taken(largest) < taken(long) * times * LIMIT / LONGER
