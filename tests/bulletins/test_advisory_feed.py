"""The feed of the tracker: who is in it, and what moves an entry."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest

from tests.bulletins.sites import Site, build
from tests.packs import bulletin, make_pack

TRACKER = """\
- {xsa: 1, date: 2001-01-01, affected: no, reason: "<b> & nothing"}
- {xsa: 2, date: 2001-01-01, affected: yes, qsb: 001-2001}
- {xsa: 3, date: 2001-05-05, unused: yes}
- {xsa: 4, affected: no}
- {xsa: 5, date: 2001-06-06}
"""

Entries = dict[str, feedparser.FeedParserDict]


def site_of(tmp_path: Path, tracker: str) -> Site:
    title = "It is XSA-2, unlike XSA-9"
    text = bulletin(1, date="2001-03-04", title=title)
    pack = make_pack(tmp_path / "pack", {"QSBs/qsb-001-2001.txt": text})
    xsa = tmp_path / "xsa.yml"
    xsa.write_text(tracker)
    return build(tmp_path / "site", SECPACK=pack, XSA=xsa).ok()


def entries(site: Site) -> Entries:
    found = feedparser.parse(site.files()["feeds/xsa.atom.xml"]).entries
    return {entry.id.rpartition(":")[2]: entry for entry in found}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return entries(site_of(tmp_path_factory.mktemp("advisories"), TRACKER))


def test_used_numbers_with_a_date_are_in_it_newest_first(told: Entries) -> None:
    assert list(told) == ["xsa-5", "xsa-2", "xsa-1"]


def test_a_bulletin_moves_the_entry_of_what_it_addresses(told: Entries) -> None:
    dates = [(entry.published[:10], entry.updated[:10]) for entry in told.values()]
    assert dates == [
        ("2001-06-06", "2001-06-06"),
        ("2001-01-01", "2001-03-04"),
        ("2001-01-01", "2001-01-01"),
    ]


def test_what_an_entry_says(told: Entries) -> None:
    assert "It affects the security of Qubes OS." in told["xsa-2"].content[0].value
    assert "qsb/001/index.html" in told["xsa-2"].content[0].value
    assert "&lt;b&gt; &amp; nothing" in told["xsa-1"].content[0].value
    assert "is undecided" in told["xsa-5"].summary
    assert told["xsa-2"].link.endswith("xsa/2/index.html")
    assert {tag.term for tag in told["xsa-1"].tags} == {"xsa", "no"}


def test_a_verdict_that_changed_moves_the_entry(tmp_path: Path, told: Entries) -> None:
    changed = TRACKER.replace("affected: no, reason", "affected: yes, updated: 2003-01-01, reason")
    now = entries(site_of(tmp_path / "again", changed))
    assert now.keys() == told.keys()
    assert [name for name in now if now[name].updated != told[name].updated] == ["xsa-1"]
    assert now["xsa-1"].updated[:10] == "2003-01-01"
