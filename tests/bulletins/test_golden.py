"""A small site, every byte of it, through the real Pelican (`make golden` writes it anew)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bulletins.sites import ROOT, build
from tests.cases import DATA

GOLDEN = DATA / "golden"
EXPECTED = GOLDEN / "expected"


def with_history(pack: Path) -> Path:
    """The pack as a checkout: a commit for each folder of older files, and one with the pack."""
    shutil.copytree(GOLDEN / "secpack", pack)
    run_git(pack, "init", "--quiet", "--object-format=sha1")
    for day, older in enumerate([*sorted((GOLDEN / "history").iterdir()), GOLDEN / "secpack"], 1):
        shutil.copytree(older, pack, dirs_exist_ok=True, copy_function=shutil.copy)
        run_git(pack, "add", "--all", ".")
        date = f"2019-03-{day:02}T00:00:00Z"
        run_git(pack, "commit", "--quiet", "--message", "A commit", date=date)
    return pack


def run_git(pack: Path, *arguments: str, date: str = "") -> None:
    """Run git so that commits have the same names everywhere."""
    settings = ("user.name=Q", "user.email=q@example.org", "commit.gpgsign=false")
    command = ["git", *(part for setting in settings for part in ("-c", setting)), *arguments]
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    ours = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(command, cwd=pack, env=os.environ | dates | ours, check=True)


@pytest.mark.usefixtures("gpg_works")
def test_golden_site(tmp_path: Path, golden: bool) -> None:
    site = build(
        tmp_path / "site",
        SECPACK=with_history(tmp_path / "pack"),
        PROFILE=GOLDEN / "profile.toml",
        XSA=GOLDEN / "xsa.yml",
    ).ok()
    found = site.files()
    for path in (ROOT / "theme/static").iterdir():
        assert found.pop(f"theme/{path.name}") == path.read_bytes()
    schema = ROOT / "plugins/bulletins/exports/schema.json"
    assert found.pop("data/schema.json") == schema.read_bytes()
    assert found.pop("SHA256SUMS")
    for page in ("about", "verifying", "mirroring"):
        assert found.pop(f"{page}/index.html")
    if golden:
        write(found)
    expected = {
        str(path.relative_to(EXPECTED)): path.read_bytes()
        for path in EXPECTED.rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(expected)
    for path, data in found.items():
        shown, known = (each.decode(errors="backslashreplace") for each in (data, expected[path]))
        assert shown == known, path


def needed(path: str, page: str) -> str:
    """The least with which a page works."""
    scripts = "script-src 'self'"
    if path == "search/index.html":
        scripts = "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
    parts = [
        "default-src 'none'",
        *(["style-src 'self'; img-src 'self'"] if 'rel="stylesheet"' in page else []),
        *([scripts] if "<script " in page else []),
        "base-uri 'none'; form-action 'none'",
    ]
    return "; ".join(parts)


def test_every_page_begins_with_the_policy_that_it_needs() -> None:
    """Before anything that a browser loads, follows or runs."""
    pages = sorted(EXPECTED.rglob("*.html"))
    assert len(pages) > 20
    for path in pages:
        page = path.read_text("utf-8")
        policy = needed(path.relative_to(EXPECTED).as_posix(), page)
        assert page.startswith(
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        ), path


def write(found: dict[str, bytes]) -> None:
    shutil.rmtree(EXPECTED, ignore_errors=True)
    for path, data in found.items():
        (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
        (EXPECTED / path).write_bytes(data)
