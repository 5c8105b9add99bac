"""What tests of exports share."""

from __future__ import annotations

import pytest

from secpack import load, load_advisories, load_profile
from secpack.model.archive import Archive
from tests.bulletins.sites import ROOT

CONTENT = ROOT / "content"


@pytest.fixture(scope="session")
def archive() -> Archive:
    """That of the demo pack; nothing is verified."""
    advisories = load_advisories(CONTENT / "xsa.yml", CONTENT / "xsa.json")
    profile = load_profile(CONTENT / "demo.toml")
    return load(CONTENT / "secpack", profile=profile, advisories=advisories)
