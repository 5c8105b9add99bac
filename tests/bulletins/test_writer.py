"""What is written: each file once, whole, with its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bulletins.site import Build, Site
from bulletins.writer import ArchiveWriter
from secpack import Profile
from secpack.model.archive import Archive

BUILD = Build(Site(Archive((), (), (), (), (), ()), Profile()), None, is_whole=True)


@pytest.fixture(autouse=True)
def _nothing_written() -> None:
    BUILD.written.clear()


@pytest.fixture
def writer(tmp_path: Path) -> ArchiveWriter:
    return ArchiveWriter(str(tmp_path), {"BULLETINS": BUILD})


def test_bytes_and_their_digest(tmp_path: Path, writer: ArchiveWriter) -> None:
    writer.write_bytes("qsb/001/x.txt", b"as\r\nit is")
    assert (tmp_path / "qsb/001/x.txt").read_bytes() == b"as\r\nit is"
    assert BUILD.written == {"qsb/001/x.txt": hashlib.sha256(b"as\r\nit is").hexdigest()}


def test_two_pages_with_one_url(tmp_path: Path, writer: ArchiveWriter) -> None:
    writer.write_bytes("index.html", b"one")
    with pytest.raises(RuntimeError, match=r"two pages have the same URL: index\.html"):
        writer.write_bytes("index.html", b"two")
    with (
        pytest.raises(RuntimeError, match="two pages"),
        writer._open_w(str(tmp_path / "index.html"), "utf-8") as page,
    ):
        page.write("three")
    assert (tmp_path / "index.html").read_bytes() == b"one"


def test_two_pages_of_ours_with_one_url(writer: ArchiveWriter) -> None:
    """Whichever processes write them."""
    with pytest.raises(RuntimeError, match=r"two pages have the same URL: a\.txt"):
        writer.write_all([], [lambda: [("a.txt", b"one")], lambda: [("a.txt", b"two")]], {})


def test_a_file_that_somebody_else_has_written_is_not_written_over(
    tmp_path: Path, writer: ArchiveWriter
) -> None:
    (tmp_path / "index.html").write_text("theirs")
    with pytest.raises(RuntimeError, match=r"two pages have the same URL: index\.html"):
        writer.write_bytes("index.html", b"ours")
    assert (tmp_path / "index.html").read_text() == "theirs"
