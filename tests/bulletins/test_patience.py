"""Rendering hostile texts takes no longer than it must: what is not linear meets the alarm."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from bulletins.html import render
from bulletins.site import about
from secpack.archive import load
from secpack.model.archive import File
from secpack.parser import parse_text
from tests.packs import make_pack
from tests.secpack.adversary import mixed_texts, texts

CASES = [*texts(96 * 1024), *mixed_texts(512 * 1024)]

#: Seconds. The slowest takes some two.
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
def test_rendering(data: bytes) -> None:
    document = parse_text(File("text.txt", data, ""))
    assert render(document, lambda _: None).html


@pytest.mark.usefixtures("_alarm")
def test_reading_a_pack_of_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is read off a document, and said of it, is bounded in the same way."""
    sections = b"\n".join(b"Changelog\n---\n\n2025-05-06: a\n" for _ in range(5000))
    headings = b"".join(b"a\n---\n" for _ in range(15000))
    header = b"---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"
    for number, body in enumerate((sections, headings)):
        pack = tmp_path_factory.mktemp(f"pack{number}")
        make_pack(pack, {"QSBs/qsb-012-2025.txt": header + body})
        (bulletin,) = load(pack).bulletins
        assert len(about(bulletin)) < 1000
