"""Reading hostile texts, and making all that is made of them, takes no longer than it must."""

from __future__ import annotations

import pytest

from bulletins.site import about
from secpack.archive import load
from secpack.extract.packages import MOST_ROWS
from secpack.parser.lines import MAX_BYTES
from tests.packs import make_pack
from tests.processes import patience
from tests.secpack.adversary import HEADER, mixed_texts, texts
from tests.whole import through

#: Texts by size, with seconds of the processor: many times what the slowest takes.
QUICK = [*texts(2 * 1024), *mixed_texts(8 * 1024)]
LARGE = [*texts(64 * 1024), *mixed_texts(MAX_BYTES)]
CASES = [pytest.param(data, 1, id=name) for name, data in QUICK]
CASES += [pytest.param(data, 30, id=f"large {n}", marks=pytest.mark.slow) for n, data in LARGE]


@pytest.mark.parametrize(("data", "seconds"), CASES)
def test_hostile_text(data: bytes, seconds: float) -> None:
    with patience(seconds):
        whole = through(data)
    assert whole.html
    (bulletin,) = whole.archive.bulletins
    assert bulletin.document.letterhead
    assert set(bulletin.evidence) <= set(bulletin.all_mentions)
    assert len(bulletin.packages) < 2 * MOST_ROWS


@pytest.mark.slow
def test_reading_a_pack_of_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is read off a document, and said of it, is bounded in the same way."""
    sections = b"\n".join(b"Changelog\n---\n\n2025-05-06: a\n" for _ in range(5000))
    headings = b"".join(b"a\n---\n" for _ in range(15000))
    for number, body in enumerate((sections, headings)):
        pack = tmp_path_factory.mktemp(f"pack{number}")
        make_pack(pack, {"QSBs/qsb-012-2025.txt": HEADER.encode() + body})
        with patience(30):
            (bulletin,) = load(pack).bulletins
            assert len(about(bulletin)) < 1000
