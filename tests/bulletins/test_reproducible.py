"""The same bytes in other surroundings; and a check that would see if they were not."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bulletins.build.finish import gzipped
from tests.bulletins.sites import ROOT, Site, build, environ

#: Ways in which surroundings could get into a page, each with the words that it gets into.
LEAKS = {
    "cve_description": '__import__("os").environ.get("TZ", "")',
    "feeds_description": 'str(hash("word"))',
    "keys_introduction": '__import__("os").environ["HOME"]',
    "lookups_newest": 'str(len(__import__("os").sched_getaffinity(0)))',
    "xsa": '__import__("os").listdir("content")[0]',
    "signed_by": '__import__("os").listdir("content")[0]',
    "time_span": '[entry.name for entry in __import__("os").scandir("content")][0]',
}


def reproducible(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.reproducible"],
        cwd=checkout,
        env=environ(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.slow
def test_it_is_reproducible() -> None:
    done = reproducible(ROOT, GZIP="1", SITEURL="https://archive.quern.example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical byte for byte" in done.stdout


@pytest.mark.slow
def test_the_check_sees_what_gets_in(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".git", ".venv", "output", "public*", ".*_cache", "tests")
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=ignored)
    plugins = tmp_path / "checkout/plugins"
    with (plugins / "bulletins/words.py").open("a") as file:
        file.writelines(f"{name} = {name} + {leak}\n" for name, leak in LEAKS.items())
    done = reproducible(tmp_path / "checkout", PYTHONPATH=str(plugins))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT reproducible: " in done.stdout
    for folder in ("cve", "feeds", "keys", "package", "qsb", "canary", "xsa"):
        assert f" {folder}/index.html" in done.stdout, folder


def test_what_is_compressed_holds_the_same(demo: Site, tmp_path: Path) -> None:
    plain = demo.files()
    packed = build(tmp_path / "packed", GZIP="1").files()
    beside = {path for path in packed if path.endswith(".gz")}
    assert len(beside) > 90
    assert {path: packed[path] for path in packed.keys() - beside - {"SHA256SUMS"}} == {
        path: data for path, data in plain.items() if path != "SHA256SUMS"
    }
    for path in beside:
        assert gzip.decompress(packed[path]) == packed[path.removesuffix(".gz")]
        assert packed[path][3:8] == b"\0" * 5, "no name and no time"
        assert f"  {path}\n" in packed["SHA256SUMS"].decode()
    for path, data in plain.items():
        assert (f"{path}.gz" in beside) <= (len(data) > 500)
    assert not [path for path in beside if ".sig." in path]


def test_compressing_is_the_same_each_time() -> None:
    data = b"words " * 1000
    assert gzipped(data) == gzipped(data)
    assert gzip.decompress(gzipped(data)) == data
    assert gzip.decompress(gzipped(b"")) == b""
