"""What is kept for later runs: read only where nobody else can have put it, and only as data."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from secpack.cache import Cache, cache_folder, open_cache, read_json, write_json


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that XDG_CACHE_HOME names; it is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "pack/cache"))
    return tmp_path / "pack/cache"


def test_the_folder_is_only_ours(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.umask(0)
    try:
        assert cache_folder() == base / "secpack-archive"
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (base, base.parent)] == [0o700, 0o700]
    assert capsys.readouterr().err == ""


def _lies_in_a_checkout(base: Path) -> None:
    (base.parent / ".git").mkdir(parents=True)


def _lies_in_a_worktree(base: Path) -> None:
    base.parent.mkdir()
    (base.parent / ".git").write_text("gitdir: elsewhere")


def _leads_into_a_checkout(base: Path) -> None:
    checkout = base.parents[1] / "checkout"
    (checkout / ".git").mkdir(parents=True)
    base.mkdir(parents=True)
    (base / "secpack-archive").symlink_to(checkout)


def _others_can_write_there(base: Path) -> None:
    (base / "secpack-archive").mkdir(parents=True)
    (base / "secpack-archive").chmod(0o777)


def _a_group_can_replace_it(base: Path) -> None:
    base.mkdir(parents=True)
    base.parent.chmod(0o770)


def _is_a_file(base: Path) -> None:
    base.mkdir(parents=True)
    (base / "secpack-archive").touch()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_lies_in_a_checkout, "/pack is a git checkout"),
        (_lies_in_a_worktree, "/pack is a git checkout"),
        (_leads_into_a_checkout, "/checkout is a git checkout"),
        (_others_can_write_there, "others can write to "),
        (_a_group_can_replace_it, "others can write to "),
        (_is_a_file, "/secpack-archive is not a folder"),
    ],
)
def test_a_folder_that_is_not_used(
    base: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], None],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so, once."""
    monkeypatch.setattr("pwd.getpwall", list)  # nobody is known to be alone in a group
    make(base)
    for _ in range(2):
        assert cache_folder() is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("No results are kept for the next run: ")
    assert reason in line
    assert (
        "; set XDG_CACHE_HOME to a folder outside any checkout that only you can write to." in line
    )
    cache = open_cache("verdicts.json")
    cache.put("x", ["y"])
    cache.save()
    assert not list(base.glob("*/verdicts.json"))


@pytest.mark.parametrize(("others", "is_used"), [([], True), ([54321], False)])
def test_a_folder_of_a_group_of_one(
    base: Path, monkeypatch: pytest.MonkeyPatch, others: list[int], is_used: bool
) -> None:
    """As a user of Debian 13 makes it."""
    _a_group_can_replace_it(base)
    gid, users = base.parent.stat().st_gid, [os.geteuid(), *others]
    everybody = [pwd.struct_passwd(("x", "x", uid, gid, "", "", "")) for uid in users]
    monkeypatch.setattr("pwd.getpwall", lambda: everybody)
    assert (cache_folder() is not None) == is_used


def test_a_folder_of_another_user(
    base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base.mkdir(parents=True)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    assert cache_folder() is None
    assert "belongs to another user" in capsys.readouterr().err


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", no_home)
    assert cache_folder() is None
    cache = open_cache("verdicts.json")
    cache.put("x", ["y"])
    cache.save()
    assert cache.get("x") is None


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 100 * 1024 * 1024)


def _link(path: Path) -> None:
    write_json(path.with_name("other"), {"x": ["y"]})
    path.symlink_to("other")


def _of_a_group(path: Path) -> None:
    write_json(path, {"x": ["y"]})
    path.chmod(0o660)


@pytest.mark.parametrize("make", [_fifo, _huge, _link, _of_a_group, Path.mkdir, lambda _: None])
def test_what_is_no_file_of_ours_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "kept.json"
    make(path)
    assert read_json(path) is None
    assert Cache(path).get("x") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"[" * 100_000,
        b"1" * 100_000,
        b'{"format": 1, "kept": {"x": ["y"]}}',
        b'{"x": [1e999, NaN]}',
        b'{"x": "y"}',
        b'{"x": [1, 2]}',
        b'[["x", ["y"]]]',
        b'{"y": ["y"]}',
        b"null",
    ],
)
def test_damaged_data_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "kept.json").write_bytes(data)
    assert Cache(tmp_path / "kept.json").get("x") is None


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for value in (["a"], ["\udcff"]):
        cache = Cache(tmp_path / "kept.json")
        cache.put("x", value)
        cache.save()
        assert Cache(tmp_path / "kept.json").get("x") == value
    assert (tmp_path / "kept.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]
