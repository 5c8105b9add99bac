"""axe-core on a page of every template: light and dark, desk and phone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import Served

#: A page of every template, and those on which a template has most to show.
PAGES = (
    "",
    "qsb/",
    "qsb/003/",
    "qsb/008/",
    "qsb/012/",
    "canary/",
    "canary/003/",
    "canary/004/",
    "xsa/",
    "xsa/9034/",
    "xsa/9037/",
    "cve/",
    "release/",
    "release/4.0/",
    "package/",
    "package/xen/",
    "keys/",
    "feeds/",
    "search/?q=xsa",
    "verifying/",
    "nowhere/",
)


#: Pages of a real pack on which a phone had too little room, or a template has most to show.
REAL = ("", "canary/026/", "keys/", "qsb/046/", "qsb/046/history/", "qsb/116/", "release/4.3/")


def faults(
    browser: Any, site: Served, pages: Sequence[str], judges: Path, scheme: str, width: int
) -> list[str]:
    """What axe-core finds on pages, and pages that are wider than the window."""
    faults = []
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    for page in pages:
        tab = context.new_page()
        tab.goto(site.url + page)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        faults += [f"{page}: {wide} px wide"] if wide > width else []
        tab.add_script_tag(path=judges / "axe-core" / "axe.min.js")
        tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = tab.evaluate("axe.run({rules: {'target-size': {enabled: true}}})")
        faults += [
            f"{page}: {fault['id']}: {node['html'][:120]}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        assert len(found["passes"]) > 10, page
        tab.close()
    context.close()
    return faults


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(browser: Any, demo: Served, judges: Path, scheme: str, width: int) -> None:
    assert faults(browser, demo, PAGES, judges, scheme, width) == []


@pytest.mark.slow
def test_axe_on_a_real_pack(browser: Any, real: Served, judges: Path) -> None:
    assert faults(browser, real, REAL, judges, "dark", 320) == []


@pytest.mark.parametrize("broken", ["document.title = ''", "document.querySelector('h1').remove()"])
def test_axe_finds_what_is_wrong(browser: Any, demo: Served, judges: Path, broken: str) -> None:
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    tab.goto(demo.url)
    tab.evaluate(broken)
    tab.add_script_tag(path=judges / "axe-core" / "axe.min.js")
    assert tab.evaluate("axe.run()")["violations"]
    context.close()


#: The least height of links, each in CSS pixels.
_HEIGHT = "(all) => Math.min(...all.map((one) => one.getBoundingClientRect().height))"


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_pages_are_as_wide_as_the_window_and_links_as_high_as_a_fingertip(
    browser: Any, demo: Served, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    for page in PAGES:
        tab.goto(demo.url + page)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page
        links = tab.locator("a:visible:not(.skip, svg a)")
        assert links.evaluate_all(_HEIGHT) >= 24, page
    context.close()
