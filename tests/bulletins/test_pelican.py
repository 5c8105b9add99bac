"""Pelican's own commands: they work, or are refused with a sentence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.bulletins.sites import ROOT, environ
from tests.forks import run_module

THEIRS = f"""\
SITENAME = "A site of others"
SITEURL = ""
PATH = "content"
PLUGINS = ["bulletins"]
SECPACK = {str(ROOT / "content/secpack")!r}
PROFILE_FILE = {str(ROOT / "content/demo.toml")!r}
"""


def pelican(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = ("--log-handler", "plain", *arguments)
    return run_module("pelican", *given, cwd=cwd, environment=environ())


@pytest.mark.slow
def test_pelican_builds_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        done = pelican(ROOT, "--output", str(tmp_path))
        assert done.returncode == 0, done.stderr
    assert "Quern" in (tmp_path / "qsb/012/index.html").read_text("utf-8")


def test_pelican_does_not_publish(tmp_path: Path) -> None:
    done = pelican(ROOT, "--settings", "publishconf.py", "--output", str(tmp_path))
    assert done.returncode == 1
    assert "these settings are for publishing: run make publish" in done.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_site_of_others(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/post.md").write_text("Title: Their post\nDate: 2024-05-05\n\nWords.\n")
    conf = tmp_path / "pelicanconf.py"
    conf.write_text(THEIRS)
    for name in ("FEED_ALL_ATOM", "CATEGORY_FEED_ATOM"):
        done = pelican(tmp_path)
        assert done.returncode == 1
        assert f"{name} = " in done.stderr
        assert "is the URL of a feed of the archive: set it to None" in done.stderr
        conf.write_text(f"{conf.read_text()}{name} = None\n")
    done = pelican(tmp_path)
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "output/index.html").read_text("utf-8")
    assert "<title>A site of others</title>" in home
    assert home.index("QSB-012") < home.index("Their post") < home.index("QSB-011")
    assert (tmp_path / "output/data/archive.json").is_file()
    page = (tmp_path / "output/qsb/012/index.html").read_text("utf-8")
    assert "<h2" in page


@pytest.mark.parametrize("missing", ["SECPACK", "PROFILE_FILE"])
def test_what_its_settings_lack(tmp_path: Path, missing: str) -> None:
    (tmp_path / "content").mkdir()
    lines = [line for line in THEIRS.splitlines() if not line.startswith(missing)]
    (tmp_path / "pelicanconf.py").write_text("\n".join(lines))
    done = pelican(tmp_path)
    assert done.returncode == 1
    assert ("SECPACK is not set" if missing == "SECPACK" else "FEED_ALL_ATOM") in done.stderr
