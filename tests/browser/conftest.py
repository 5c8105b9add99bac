"""What tests with a browser share: the browser, sites that are served, judges from npm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import BASE, Served, serve
from tests.bulletins.sites import ROOT, build

CHROMIUM = shutil.which("chromium")
JUDGES = ROOT / "tests" / "judges" / "node_modules"

#: Chromium without all that it would fetch or do by itself.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; tests that need it skip where it, or Playwright, is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: make lock")
    if not CHROMIUM:
        pytest.skip("needs a browser: install the package chromium")
    with playwright.sync_playwright() as api:
        chromium = api.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder with the judges from npm; tests that need one skip where they are missing."""
    if not (JUDGES / ".package-lock.json").exists():
        pytest.skip("needs judges from npm: make judges")
    return JUDGES


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo site, with an index to search, as it is published."""
    folder = tmp_path_factory.mktemp("demo") / "site"
    site = build(folder, settings="publishconf.py", SEARCH="1", SITEURL=f"http://127.0.0.1{BASE}")
    assert site.status == 0, site.said
    with serve(folder) as served:
        yield served


@pytest.fixture(scope="session")
def real(
    real_pack: Path, real_tracker: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The site of a real pack."""
    folder = tmp_path_factory.mktemp("real") / "site"
    site = build(folder, SECPACK=real_pack.resolve(), XSA=real_tracker.resolve())
    assert site.status == 0, site.said
    with serve(folder) as served:
        yield served
