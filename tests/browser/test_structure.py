"""What a screen reader goes by, on all pages. Inside a text stand its words alone: no captions."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.browser.served import Served

pytestmark = pytest.mark.slow

POLICY = """
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; """
REDIRECT = 'http-equiv="refresh"'


def pages(site: Served) -> dict[str, str]:
    """All pages of a site but those that only lead elsewhere."""
    found = {p.relative_to(site.folder).as_posix(): p for p in site.folder.rglob("*.html")}
    read = {name: path.read_text("utf-8") for name, path in found.items()}
    return {name: page for name, page in read.items() if REDIRECT not in page}


def faults(page: str) -> list[str]:
    """What is missing on a page, or out of order."""
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", page)]
    ours = re.sub(
        r'<article class="sheet".*?</article>|<div class="scroll".*?</div>',
        "",
        page,
        flags=re.DOTALL,
    )
    tables = re.findall(r"<table.*?</table>", ours, re.DOTALL)
    links = re.findall(r"<a [^>]*>(.*?)</a>", page, re.DOTALL)
    wrong = {
        "h1": levels.count(1) != 1,
        "order of headings": any(b > a + 1 for a, b in pairwise(levels)),
        "caption": any("<caption>" not in table for table in tables),
        "scope": any(re.search(r"<th(?! scope=)[ >]", table) for table in tables),
        "words of a link": any(not re.sub("<[^>]*>", "", link).strip() for link in links),
        "inline": bool(re.search(r"<[^>]* style=|<style|<script>|<[^>]* on\w+=", page)),
        "landmarks": page.count("<main ") != 1 or bool(re.search("<nav(?! [^>]*aria-)", page)),
        "policy": not page.partition("<head>")[2].startswith(POLICY),
        "head": '<html lang="en">' not in page or '<meta name="description" content="' not in page,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def check(site: Served) -> int:
    """Hold all pages of a site to it; and each to a title of its own."""
    found = pages(site)
    assert {name: wrong for name, page in found.items() if (wrong := faults(page))} == {}
    titles = [re.findall("<title>(.*?)</title>", page) for page in found.values()]
    assert len({title for title, *_ in titles}) == len(titles)
    return len(titles)


def test_structure(demo: Served) -> None:
    assert check(demo) > 60


def test_structure_of_a_real_pack(real: Served) -> None:
    assert check(real) > 600


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<h1>", "<h2>", "h1"),
        ("<h2 ", "<h3 ", "order of headings"),
        ("<caption>", "<p>", "caption"),
        ('<th scope="col">', "<th>", "scope"),
        ("<main ", "<div ", "landmarks"),
        ('<nav aria-label="Site">', "<nav>", "landmarks"),
        ("<p>", '<p style="x">', "inline"),
        ('<html lang="en">', "<html>", "head"),
        ("<head>", '<head><link rel="stylesheet" href="x.css">', "policy"),
    ],
)
def test_faults_are_found(demo: Served, old: str, new: str, fault: str) -> None:
    page = (demo.folder / "qsb" / "index.html").read_text("utf-8")
    assert old in page
    assert faults(page) == []
    assert fault in faults(page.replace(old, new, 1))
