"""Pages are light: what is promised of each kind, on a real pack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import Served
from tests.browser.weights import KINDS, fetched, heaviest, weight
from tests.bulletins.sites import ROOT, site_of_pack
from tests.packs import Files, bulletin

pytestmark = pytest.mark.slow

#: Bulletins, and numbers in the tracker, of a full pack.
BULLETINS, ADVISORIES = 120, 502


def test_the_stylesheets_are_small() -> None:
    """One is for all pages, the other one for those that are no documents."""
    sizes = {path.name: path.stat().st_size for path in (ROOT / "theme/static").glob("*.css")}
    assert sizes.keys() == {"style.css", "lists.css"}
    assert sizes["style.css"] <= 8_500
    assert sum(sizes.values()) <= 12_000


@pytest.mark.parametrize("kind", [kind for kind, (_, most) in KINDS.items() if most])
def test_weights(real: Served, kind: str) -> None:
    pattern, most = KINDS[kind]
    found = heaviest(real.folder, pattern)
    assert found
    assert most
    assert found[0] <= most, found
    assert found[1] <= 3 or kind != "bulletin", found


def test_lists_of_a_full_pack(tmp_path: Path) -> None:
    files: Files = {
        f"QSBs/qsb-{n:03d}-2021.txt": bulletin(
            n,
            date=f"2021-{n // 28 + 1:02d}-{n % 28 + 1:02d}",
            title=f"A title as long as titles are, about something (XSA-{n * 4}, XSA-{n * 4 + 1})",
            body="Patching\n--------\n\nFor Quern 4.1, in dom0:\n- Xen packages, version 4.14.1-2",
        )
        for n in range(1, BULLETINS + 1)
    }
    numbers = range(1, ADVISORIES + 1)
    tracker = [{"xsa": n, "date": "2021-03-04", "affected": "no"} for n in numbers]
    (tmp_path / "xsa.yml").write_text(json.dumps(tracker))
    site = site_of_pack(tmp_path, files, XSA=tmp_path / "xsa.yml")
    page = site.read("qsb/index.html")
    assert page.count("<tr id=") == BULLETINS
    assert page.count("4.1</td>") == BULLETINS
    for kind in ("bulletins", "tracker"):
        pattern, most = KINDS[kind]
        found = heaviest(site.folder, pattern)
        assert found
        assert most
        assert found[0] <= most, found


def grain(number: int) -> str:
    """A paragraph of about 200 bytes, unlike any other."""
    words = f"Grain {number:05d} of the heap was weighed, ground and swept away, and nobody asked"
    return f"{words}\nwhere it came from, nor what became of it: für Ähnliches gilt Ähnliches."


def heap(number: int, size: int) -> str:
    """A bulletin of about so many bytes: its last words, and what the archive reads out of it."""
    packages = "\n".join(f"- quern-part{n} version 4.2.{n}" for n in range(number))
    ids = ", ".join(f"CVE-2021-{9000 + n}" for n in range(number * 2))
    head = f"Patching\n--------\n\nFor Quern 4.2, in hearth:\n{packages}\n\nThese are {ids}."
    body = "\n\n".join(grain(n) for n in range(max((size - len(head)) // 190, 1)))
    return bulletin(number, date=f"2021-01-{number:02d}", body=f"{body}\n\n{head}")


def test_only_a_page_that_stays_light_shows_a_text_twice(tmp_path: Path) -> None:
    sizes = [2000, 4000, 6000, 7000, 8000, 8500, 9000, 9500, 10_000, 11_000, 12_000, 20_000, 60_000]
    texts = {n: heap(n, size) for n, size in enumerate(sizes, 1)}
    files: Files = {f"QSBs/qsb-{n:03d}-2021.txt": t for n, t in texts.items()}
    site = site_of_pack(tmp_path, files)
    shown = {}
    for number in texts:
        page = site.folder / f"qsb/{number:03d}/index.html"
        main = page.read_text("utf-8").partition("<main")[2]
        shown[number] = main.count("Grain 00000 of the heap")
        size, requests = weight(page)
        assert size <= 40_000 or shown[number] == 1, (number, size)
        assert requests == 3
    assert set(shown.values()) == {1, 2}
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    assert shown[len(sizes)] == 1
    longest = weight(site.folder / f"qsb/{len(sizes):03d}/index.html")[0]
    assert longest < len(texts[len(sizes)].encode()) + 30_000


@pytest.mark.parametrize("address", ["qsb/003/", "canary/004/", "qsb/", "xsa/"])
def test_a_browser_fetches_what_is_weighed(browser: Any, demo: Served, address: str) -> None:
    context = browser.new_context()
    before = len(demo.requests)
    files = fetched(demo.folder / address / "index.html")
    expected = {"/security/" + str(path.relative_to(demo.folder.resolve())) for path in files}
    tab = context.new_page()
    tab.goto(demo.url + address, wait_until="networkidle")
    for _ in range(300):  # a browser asks for the icon when nothing else is left to do
        if len(demo.requests) - before >= len(expected):
            break
        tab.wait_for_timeout(100)
    asked = demo.requests[before:]
    context.close()
    assert {path + "index.html" if path.endswith("/") else path for path in asked} == expected
    assert len(asked) == len(expected)
