"""A small site, every byte of it, through the real Pelican (`make golden` writes it anew)."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bulletins.sites import ROOT, build
from tests.conftest import DATA

GOLDEN = DATA / "golden"
EXPECTED = GOLDEN / "expected"


def test_golden_site(tmp_path: Path, golden: bool) -> None:
    site = build(
        tmp_path / "site",
        SECPACK=GOLDEN / "secpack",
        PROFILE=GOLDEN / "profile.toml",
        XSA=GOLDEN / "xsa.yml",
    )
    assert site.status == 0, site.said
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
        assert data.decode() == expected[path].decode(), path


def write(found: dict[str, bytes]) -> None:
    shutil.rmtree(EXPECTED, ignore_errors=True)
    for path, data in found.items():
        (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
        (EXPECTED / path).write_bytes(data)
