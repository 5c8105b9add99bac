"""What shows only when a page is laid out: at a desk, on a phone, on paper, without drawings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.served import Served

#: The width of a sheet of A4 within its margins.
PAPER = 658


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def show(tab: Any, url: str, width: int, media: str = "screen") -> None:
    """Open a page in a window, or on a sheet, of some width."""
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(media=media)
    tab.goto(url)


@pytest.mark.parametrize(("media", "width"), [("print", PAPER), ("screen", 1024), ("screen", 1280)])
@pytest.mark.parametrize("page", ["qsb/003/", "qsb/012/", "canary/004/"])
def test_names_of_files_are_not_shredded(
    tab: Any, demo: Served, page: str, media: str, width: int
) -> None:
    show(tab, demo.url + page, width, media)
    evidence = tab.locator("[aria-labelledby=page-files]")
    count = "(all) => all.map((one) => one.getClientRects().length)"
    lines = evidence.locator("td a").evaluate_all(count)
    assert lines
    assert max(lines) <= 2
    wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
    assert evidence.locator("tr > *").evaluate_all(wide) == 0


@pytest.mark.parametrize("page", ["", "qsb/", "qsb/021/"])
def test_a_word_that_is_wider_than_the_window_breaks(tab: Any, long: Served, page: str) -> None:
    show(tab, long.url + page, 390)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_paper_has_no_navigation(tab: Any, demo: Served) -> None:
    for page in ("qsb/003/", "canary/004/", "xsa/9034/"):
        show(tab, demo.url + page, PAPER, "print")
        assert tab.locator("nav").count() > 2
        assert tab.locator("nav:visible, footer:visible, .skip:visible").count() == 0


def test_tables_on_paper_are_no_larger_than_the_text(tab: Any, demo: Served) -> None:
    show(tab, demo.url + "qsb/003/", PAPER, "print")
    size = "(one) => parseFloat(getComputedStyle(one).fontSize)"
    body, table = (tab.locator(name).first.evaluate(size) for name in ("body", "main td"))
    assert table <= body < 15


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_one_line_divides_what_is_needed(tab: Any, demo: Served, width: int) -> None:
    """On phones a row is a block, whose cells have no lines of their own."""
    show(tab, demo.url + "release/4.0/", width)
    below = "(all) => all.map((one) => getComputedStyle(one).borderBottomWidth)"
    rows, cells = (
        {*tab.locator(f".packages tbody tr{part}").evaluate_all(below)} for part in ("", " > *")
    )
    assert sorted([*rows, *cells]) == ["0px", "1px"]


def test_columns_of_keys_stand_below_each_other(tab: Any, demo: Served) -> None:
    show(tab, demo.url + "keys/", 1280)
    place = "(all) => all.map((one) => Math.round(one.getBoundingClientRect().x))"
    places = tab.locator("th:nth-child(2)[scope=col]").evaluate_all(place)
    assert len(places) > 1
    assert len(set(places)) == 1


def test_the_drawing_reads_as_lines_where_nothing_is_drawn(browser: Any, demo: Served) -> None:
    """As in Tor Browser when it is safest: elements of SVG are there, and mean nothing."""
    tab = browser.new_context(bypass_csp=True).new_page()
    tab.goto(demo.url + "xsa/")
    tab.evaluate(
        """() => {
          const meaningless = (one) => {
            if (one.nodeType !== 1) return one.cloneNode();
            const other = document.createElementNS("urn:none", one.localName);
            other.append(...[...one.childNodes].map(meaningless));
            return other;
          };
          const svg = document.querySelector("svg");
          svg.replaceWith(meaningless(svg));
        }"""
    )
    shown = tab.locator(".drawing").inner_text().splitlines()
    rows = tab.locator("details tbody tr").evaluate_all(
        "(all) => all.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert rows
    for year, used, affecting in rows:
        assert f"{year.replace('without a date', '?')} {affecting} of {used}" in shown
    tab.context.close()
