"""What tests with a browser share: the browser, sites that are served, judges from npm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.browser.served import BASE, Served, serve
from tests.bulletins.sites import Shared, Site, site_of_pack
from tests.packs import bulletin

CHROMIUM = shutil.which("chromium")

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


@contextmanager
def watched(browser: Any, url: str, *, script: bool = True) -> Iterator[Any]:
    """A tab; at its end nothing may have been blocked or complained of, or asked of other hosts."""
    context = browser.new_context(java_script_enabled=script)
    said: list[str] = []
    asked: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("request", lambda asking: asked.append(asking.url))
    tab = context.new_page()
    yield tab
    context.close()
    assert said == []
    assert asked
    assert [address for address in asked if not address.startswith(url)] == []


@pytest.fixture(scope="session")
def demo(shared: Shared) -> Iterator[Served]:
    """The demo site, with an index to search, as it is published."""
    how = {"settings": "publishconf.py", "SEARCH": "1", "SITEURL": f"http://127.0.0.1{BASE}"}
    with serve(shared.build("searched", **how).folder) as served:
        yield served


@pytest.fixture(scope="session")
def copies(demo: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """The demo site by where it is: on our server, on one that sends no policy, in a folder."""
    place = tmp_path_factory.mktemp("folder") / BASE.strip("/")
    place.symlink_to(demo.folder)
    with serve(demo.folder, policies=()) as mirror:
        folder = Served(f"{place.as_uri()}/", place)
        yield {"server": demo, "mirror": mirror, "folder": folder}


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with one bulletin: a very long word as its title, and too long for the original."""
    root = tmp_path_factory.mktemp("long")
    body = "\n\n".join(f"Grain {n} of the heap, as it was weighed.\n" * 8 for n in range(160))
    site = site_of_pack(
        root, {"QSBs/qsb-021-2021.txt": bulletin(21, title="Grain" * 16, body=body)}
    )
    with serve(site.folder) as served:
        yield served


@pytest.fixture(scope="session")
def real(real_site: Site) -> Iterator[Served]:
    """The site of a real pack."""
    with serve(real_site.folder) as served:
        yield served
