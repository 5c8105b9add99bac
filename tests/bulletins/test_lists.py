"""Lists of more documents than anybody reads on one page: year by year."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from bulletins.build.gate import dangling
from bulletins.pages.items import by_year
from bulletins.pages.lists import continuity
from bulletins.site import Site
from secpack import Profile, load
from secpack.profile import Period, Signer
from tests.bulletins.sites import environ, run
from tests.packs import bulletin, canary, make_pack

#: A build for which five documents are too many for a list.
BUILD = """
import re
import sys
from bulletins import urls
from bulletins.build.__main__ import main
urls.LONGEST_LIST = 5
sys.exit(main([]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, which has twelve bulletins and four canaries."""
    folder = tmp_path_factory.mktemp("lists") / "site"
    built = run([sys.executable, "-c", BUILD], folder, environ(OUTPUT=folder))
    assert built.status == 0, built.said
    return folder


def test_each_year_has_a_page(site: Path) -> None:
    listed = {}
    for page in site.glob("qsb/year-*/index.html"):
        rows = [n for n in range(1, 13) if f'id="{n:03d}"' in page.read_text("utf-8")]
        listed[page.parent.name] = rows
    assert sorted(n for rows in listed.values() for n in rows) == list(range(1, 13))
    assert listed["year-2016"] == [1, 2]


def test_the_first_page_has_the_newest_year_and_leads_to_all(site: Path) -> None:
    page = (site / "qsb/index.html").read_text("utf-8")
    assert 'id="012"' in page
    assert 'id="002"' not in page
    assert "12 bulletins" in page
    for folder in site.glob("qsb/year-*"):
        assert f"{folder.name}/index.html" in page
    assert 'href="./qsb/year-2016/index.html"' in (site / "index.html").read_text("utf-8")
    assert dangling(site)[0] == []


def test_a_list_that_is_short_enough_is_whole(site: Path) -> None:
    assert not list(site.glob("canary/year-*"))
    page = (site / "canary/index.html").read_text("utf-8")
    assert all(f'id="{n:03d}"' in page for n in range(1, 5))


def test_what_is_shipped_is_listed_year_by_year_too(site: Path) -> None:
    first = (site / "package/xen/index.html").read_text("utf-8")
    shipped = {
        folder.name: re.findall(r'<tr id="(qsb-\d+)"', (folder / "index.html").read_text("utf-8"))
        for folder in sorted(site.glob("package/xen/year-*"))
    }
    assert all(f'href="../../package/xen/{year}/index.html"' in first for year in shipped)
    assert re.findall(r'<tr id="(qsb-\d+)"', first) == shipped[max(shipped)]
    assert sorted(number for row in shipped.values() for number in row) == [
        f"qsb-{n:03d}" for n in (3, 5, 6, 9, 11, 12)
    ]
    short = site / "package/quern-sluice"
    assert (short / "index.html").is_file()
    assert not list(short.glob("year-*"))


def test_numbers_need_not_be_in_the_order_of_days(tmp_path: Path) -> None:
    days = {1: "2001-12-30", 2: "2002-01-03", 3: "2001-12-31", 4: "2002-01-04"}
    texts = {f"QSBs/qsb-{n:03d}-{day[:4]}.txt": bulletin(n, date=day) for n, day in days.items()}
    found = load(make_pack(tmp_path, texts), profile=Profile(issuer="Quern")).bulletins
    years = [(year, [b.number for b in group]) for year, group in by_year(found[::-1])]
    assert years == [(2002, [4, 2]), (2001, [3, 1])]


def test_canaries_come_within_their_window_or_outside_it(tmp_path: Path) -> None:
    """Only that of the one before counts, which the archive must have."""
    dues = ("June 2020", "September 2020", "December 2020", "June 2021", "June 2021")
    days = ("March 4", "June 4", "August 31", "January 2", "July 1")
    files = {
        f"canaries/canary-00{n}-{year}.txt": canary(n, date=f"{day}, {year}", count=0, due=due)
        for n, day, due, year in zip(
            (1, 2, 3, 4, 6), days, dues, (2020,) * 3 + (2021,) * 2, strict=True
        )
    }
    signers = {"ines": Signer("Ines Aldous", "A" * 40, canaries=Period())}
    profile = Profile(issuer="Quern", signers=signers)
    found = continuity(
        Site(load(make_pack(tmp_path / "pack", dict(files)), profile=profile), profile)
    )
    assert [mark.timing for mark in found.marks] == [
        "unknown",
        "within",
        "early",
        "late",
        "unknown",
    ]
    assert found.lanes == ("Ines Aldous",)
    assert {mark.signatures for mark in found.marks} == {("missing",)}
