"""No text makes the parser hang: what is not linear takes ages on these, and the alarm comes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from secpack.extract.mentions import decide, find_mentions
from secpack.model.archive import File
from secpack.parser import parse_text
from secpack.parser.lines import MAX_BYTES
from tests.secpack.adversary import mixed_texts, texts

SMALL = 128 * 1024
CASES = [*texts(SMALL), *mixed_texts(MAX_BYTES)]

#: Seconds. The slowest small text takes less than one, the large ones some three.
PATIENCE = 30


@pytest.fixture
def _alarm() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_alarm")
@pytest.mark.parametrize("data", [data for _, data in CASES], ids=[name for name, _ in CASES])
def test_hostile_text(data: bytes) -> None:
    assert len(data) <= MAX_BYTES
    document = parse_text(File("text.txt", data, ""))
    assert document.letterhead
    mentions = find_mentions(document)
    assert set(decide(mentions)) <= set(mentions)
