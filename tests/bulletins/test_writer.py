"""What is written, in which of two processes ever, has its own address and harms no other site."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bulletins.reuse import LastBuild, Made, Record, last_build, remember
from bulletins.writer import ArchiveWriter
from secpack import SecpackError

_PAGE = "qsb/001/index.html"


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secpack.sharing._has_two_processors", lambda: True)


def writer(folder: Path, last: LastBuild) -> ArchiveWriter:
    folder.mkdir()
    return ArchiveWriter(str(folder), {"OUTPUT_PATH": str(folder), "RECORD": Record(last)})


def made_before(site: Path) -> LastBuild:
    """A site that stands, of one page."""
    (site / _PAGE).parent.mkdir(parents=True)
    (site / _PAGE).write_text("as it was")
    (site.parent / f".{site.name}-kept").mkdir(mode=0o700)
    assert remember(site, {_PAGE: Made("a key", "00")}, site.stat().st_ino)
    return last_build(site)


@pytest.mark.parametrize("first", ["take", "write"])
def test_two_processes_that_want_one_address_leave_the_last_site_alone(
    tmp_path: Path, first: str
) -> None:
    last = made_before(tmp_path / "site")
    new = writer(tmp_path / "new", last)

    def take() -> None:
        time.sleep(0.0 if first == "take" else 0.3)
        new.take(_PAGE, "a key")

    def write() -> None:
        time.sleep(0.0 if first == "write" else 0.3)
        new.write_bytes(_PAGE, b"other")

    new.put_off(take)
    for _ in range(100):
        new.put_off(lambda: time.sleep(0.001))
    new.put_off(write)
    with pytest.raises((RuntimeError, SecpackError), match=f"{_PAGE}: two things want this"):
        new.write_all()
    assert (tmp_path / "site" / _PAGE).read_text() == "as it was"


def test_what_comes_after_all_was_written_is_written(tmp_path: Path) -> None:
    """As a generator of another plugin's does, which is asked after ours."""
    new = writer(tmp_path / "new", LastBuild(tmp_path / "none"))
    new.write_all()
    new.put_off(lambda: new.write_bytes("later/index.html", b"later"))
    assert (tmp_path / "new/later/index.html").read_bytes() == b"later"


def test_a_page_that_was_left_open_is_not_written(tmp_path: Path) -> None:
    """As an interrupt leaves it: it is closed at the end of the program, when all is put away."""
    new = writer(tmp_path / "new", LastBuild(tmp_path / "none"))
    with new._open_w(str(tmp_path / "new/whole.html"), "utf-8") as page:
        page.write("whole")
    half = new._open_w(str(tmp_path / "new/a.html"), "utf-8")
    with pytest.raises(ZeroDivisionError), half:
        half.write(str(1 // 0))
    new._open_w(str(tmp_path / "new/b.html"), "utf-8").close()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["whole.html"]
