"""vnu on every page, linkinator on every link."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.browser.served import Served


def vnu(judges: Path, site: Path) -> list[str]:
    """What the Nu Html Checker finds wrong with the pages of a site, styles and drawings too."""
    if not shutil.which("java"):
        pytest.skip("needs Java: install the package default-jre-headless")
    jar = judges / "vnu-jar/build/dist/vnu.jar"
    command = ["java", "-jar", str(jar), "--skip-non-html", "--format", "json", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    messages = json.loads(done.stderr)["messages"]
    return [f"{m['url']}: {m['message']}" for m in messages if m["type"] != "info"]


def links(judges: Path, site: Served, start: str = "") -> tuple[list[str], int]:
    """Links inside a site that linkinator finds broken, and how many it has followed."""
    command = [
        "node",
        str(judges / "linkinator/build/src/cli.js"),
        site.url + start,
        "--recurse",
        "--check-fragments",
        "--concurrency",
        "20",
        "--format",
        "json",
        "--skip",
        f"^(?!{site.url})",
    ]
    with TemporaryFile() as said:  # node leaves the end of long output in a pipe when it exits
        subprocess.run(command, stdout=said, stderr=subprocess.DEVNULL, check=False, timeout=600)
        said.seek(0)
        found = [x for x in json.load(said)["links"] if x["state"] != "SKIPPED"]
    broken = [f"{x['parent']}: {x['url']}" for x in found if x["state"] != "OK"]
    return broken, len(found)


def test_vnu(real: Served, judges: Path) -> None:
    assert vnu(judges, real.folder) == []


def test_vnu_of_the_demo(demo: Served, judges: Path) -> None:
    assert vnu(judges, demo.folder) == []


def test_vnu_finds_what_is_wrong(judges: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html lang=en><title>x</title><p></b>")
    assert vnu(judges, tmp_path)


def test_links(real: Served, judges: Path) -> None:
    broken, followed = links(judges, real)
    assert broken == []
    assert followed > 1000


def test_links_finds_what_is_wrong(demo: Served, judges: Path) -> None:
    page = demo.folder / "wrong.html"
    page.write_text('<!DOCTYPE html><title>x</title><a href="index.html#nowhere">x</a>')
    broken, _ = links(judges, demo, "wrong.html")
    page.unlink()
    assert len(broken) == 1
