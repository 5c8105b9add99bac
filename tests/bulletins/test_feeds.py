"""Feeds: whole texts, stable ids, the texts' own dates, a defined order."""

from __future__ import annotations

import re
from pathlib import Path

import feedparser
import pytest

from tests.bulletins.sites import ROOT, Site, build
from tests.packs import bulletin, make_pack, numbered

PROFILE = ROOT / "content" / "demo.toml"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("feeds") / "site"
    site = build(folder, settings="publishconf.py", SITEURL="https://example.org/security/")
    assert site.status == 0, site.said
    return site


def entries(site: Site, name: str) -> list[feedparser.FeedParserDict]:
    feed = feedparser.parse(site.files()[f"feeds/{name}.atom.xml"])
    assert not feed.bozo
    found: list[feedparser.FeedParserDict] = feed.entries
    return found


def test_every_document_is_in_its_feed(demo: Site) -> None:
    assert [len(entries(demo, name)) for name in ("all", "qsb", "canary")] == [16, 12, 4]


def test_newest_first(demo: Site) -> None:
    for name in ("all", "qsb", "canary"):
        dates = [entry.published for entry in entries(demo, name)]
        assert dates == sorted(dates, reverse=True)


def test_ids_do_not_depend_on_the_host(demo: Site) -> None:
    ids = [entry.id for entry in entries(demo, "qsb")]
    assert ids[0] == "tag:quern.example.org,2016:qsb-012"
    assert len(set(ids)) == 12


def test_dates_are_the_texts_own(demo: Site) -> None:
    newest = entries(demo, "qsb")[0]
    assert (newest.published, newest.updated) == (
        "2025-05-06T00:00:00+00:00",
        "2025-05-20T00:00:00+00:00",
    )
    feed = feedparser.parse(demo.files()["feeds/qsb.atom.xml"]).feed
    assert feed.updated == "2025-05-20T00:00:00+00:00"


def test_links_are_absolute(demo: Site) -> None:
    newest = entries(demo, "qsb")[0]
    assert newest.link == "https://example.org/security/qsb/012/"
    text = newest.content[0].value
    assert "The bell may be rung" in text
    assert not re.search(r'href="(?!https?://|#)', text)
    feed = feedparser.parse(demo.files()["feeds/qsb.atom.xml"]).feed
    links = {link.rel: link.href for link in feed.links}
    assert links["self"] == "https://example.org/security/feeds/qsb.atom.xml"


def test_pages_name_their_public_address(demo: Site) -> None:
    assert 'rel="canonical" href="https://example.org/security/qsb/012/"' in demo.read(
        "qsb/012/index.html"
    )
    assert 'rel="canonical" href="https://example.org/security/"' in demo.read("index.html")


def test_only_a_revised_text_is_updated(tmp_path: Path) -> None:
    first = make_pack(tmp_path / "first", numbered(1, 2, 3))
    revised = bulletin(2, body="Words.\n\nChangelog\n---\n\n2002-03-04: First\n2002-09-09: Second")
    second = make_pack(tmp_path / "second", numbered(1, 2, 3) | {"QSBs/qsb-002-2002.txt": revised})
    old, new = (
        {e.id: e.updated for e in entries(build(tmp_path / n, SECPACK=p, PROFILE=PROFILE), "qsb")}
        for n, p in (("a", first), ("b", second))
    )
    assert old.keys() == new.keys()
    assert {key for key in old if old[key] != new[key]} == {"tag:quern.example.org,2016:qsb-002"}


def test_a_feed_without_documents_is_a_feed(tmp_path: Path) -> None:
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "p", numbered(1)), PROFILE=PROFILE)
    assert site.status == 0, site.said
    assert entries(site, "canary") == []
