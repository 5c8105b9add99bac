"""Feeds: whole texts, stable ids, the texts' own dates, a defined order."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import feedparser
import icalendar
import pytest

from secpack import load, load_profile
from secpack.model.archive import Archive
from tests.bulletins.formats import exports, feeds
from tests.bulletins.sites import ROOT, Shared, Site, build
from tests.packs import bulletin, make_pack, numbered

PROFILE = ROOT / "content" / "demo.toml"
URL = "https://example.org/security"
#: When the last signer signed the newest bulletin of the demo pack.
UPDATED = "2025-05-21T07:33:18+00:00"


@pytest.fixture(scope="module")
def demo(shared: Shared) -> Site:
    return shared.build("feeds", settings="publishconf.py", SITEURL=f"{URL}/")


def entries(site: Site, name: str) -> list[feedparser.FeedParserDict]:
    feed = feedparser.parse(site.files()[f"feeds/{name}.atom.xml"])
    assert not feed.bozo
    found: list[feedparser.FeedParserDict] = feed.entries
    return found


def test_ids_do_not_depend_on_the_host(demo: Site) -> None:
    ids = [entry.id for entry in entries(demo, "qsb")]
    assert ids[0] == "tag:quern.example.org,2016:qsb-012"
    assert len(set(ids)) == 12


def test_dates_are_the_texts_own(demo: Site) -> None:
    newest = entries(demo, "qsb")[0]
    assert (newest.published, newest.updated) == (
        "2025-05-06T12:00:00+00:00",
        UPDATED,
    )
    feed = feedparser.parse(demo.files()["feeds/qsb.atom.xml"]).feed
    assert feed.updated == UPDATED
    for name in ("all", "qsb", "canary", "xsa", "changes"):
        assert all(entry.published <= entry.updated for entry in entries(demo, name))


def test_links_are_absolute(demo: Site) -> None:
    newest = entries(demo, "qsb")[0]
    assert newest.link == "https://example.org/security/qsb/012/"
    text = newest.content[0].value
    assert "The bell may be rung" in text
    assert not re.search(r'href="(?!https?://|#)', text)
    feed = feedparser.parse(demo.files()["feeds/qsb.atom.xml"]).feed
    links = {link.rel: link.href for link in feed.links}
    assert links["self"] == "https://example.org/security/feeds/qsb.atom.xml"


def test_entries_lead_to_every_file_of_their_document(demo: Site) -> None:
    """The text, a canary's letters, and each signature of these."""
    names = demo.files().keys()
    attached = {i["id"]: i["attachments"] for i in json.loads(demo.read("feeds/all.json"))["items"]}
    for entry in entries(demo, "all"):
        folder = entry.link.removeprefix(f"{URL}/")
        expected = {
            f"{URL}/{name}"
            for name in names
            if name.startswith(folder) and not name.endswith(("index.html", ".json"))
        }
        assert {link.href for link in entry.links if link.rel == "related"} == expected
        assert {link["url"] for link in attached[entry.id]} == expected
    assert any("letter" in name for name in names)


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


def many(one: Archive, count: int) -> Archive:
    """An archive of bulletins that came one a month, made of one."""
    bulletins = []
    for number in range(1, count + 1):
        day = date(1990 + number // 12, number % 12 + 1, 1)
        name = {"id": f"QSB-{number:03d}", "number": number}
        bulletins.append(replace(one.bulletins[0], **name, published=day, updated=day))
    return replace(one, bulletins=tuple(bulletins))


def documents(archive: Archive) -> dict[str, bytes]:
    """All documents of the feeds of everything and of bulletins, Atom and JSON."""
    profile = load_profile(PROFILE)
    written = feeds(archive, profile, URL)
    return {path: data for path, data in written.items() if path.startswith(("feeds/q", "feeds/a"))}


def test_a_new_bulletin_changes_no_full_archive_document(tmp_path: Path) -> None:
    """Not a byte of it; and walking back yields each bulletin once, the newest first."""
    one = load(make_pack(tmp_path, numbered(1)), profile=load_profile(PROFILE))
    before: dict[str, bytes] = {}
    for count in (*range(49, 53), 100, 101):  # the rest is in test_chain.py
        now = documents(many(one, count))
        full = [path for path, data in before.items() if re.search(b"next-archive", data)]
        full += [p for p, d in before.items() if p == "feeds/all-1.json" and d.count(b'"id"') == 50]
        assert [path for path in full if now[path] != before[path]] == []
        found, address = [], "feeds/qsb.atom.xml"
        while address:
            feed = feedparser.parse(now[address])
            assert not feed.bozo
            found += [entry.id.rpartition("-")[2] for entry in feed.entries]
            links = {link.rel: link.href for link in feed.feed.links}
            address = links.get("prev-archive", "").removeprefix(f"{URL}/")
        assert found == [f"{n:03d}" for n in range(count, 0, -1)]
        before = now
    assert len(before) == 9


def test_a_revision_moves_one_entry_and_no_id(tmp_path: Path) -> None:
    """In each format, of 70 bulletins of which one is long in a full archive document."""
    one = load(make_pack(tmp_path, numbered(1)), profile=load_profile(PROFILE))
    archive = many(one, 70)
    revised = replace(archive.bulletins[9], updated=date(1999, 12, 31))
    bulletins = (*archive.bulletins[:9], revised, *archive.bulletins[10:])
    old, new = (updates(a) for a in (archive, replace(archive, bulletins=bulletins)))
    assert old.keys() == new.keys()
    assert len(old) == 5 * 70
    moved = {key: day for key, day in new.items() if old[key] != day}
    assert moved == dict.fromkeys(
        [
            "all tag:quern.example.org,2016:qsb-010",
            "qsb tag:quern.example.org,2016:qsb-010",
            "json tag:quern.example.org,2016:qsb-010",
            "osv x_QSB-010",
            "csaf QSB-010",
        ],
        "1999-12-31",
    )


def updates(archive: Archive) -> dict[str, str]:
    """When each entry was updated, in all documents of each format."""
    found: dict[str, str] = {}
    for path, data in documents(archive).items():
        if path.endswith(".json"):
            items = json.loads(data)["items"]
            found |= {f"json {item['id']}": item["date_modified"][:10] for item in items}
        else:
            feed = path[6:9]
            found |= {f"{feed} {e.id}": e.updated[:10] for e in feedparser.parse(data).entries}
    written = exports(archive, load_profile(PROFILE), URL)
    for record in json.loads(written["osv/all.json"]):
        found[f"osv {record['id']}"] = record["modified"][:10]
    for entry in json.loads(written["csaf/feed-tlp-white.json"])["feed"]["entry"]:
        found[f"csaf {entry['id']}"] = entry["updated"][:10]
    return found


def test_a_text_that_is_not_verified_says_so_in_every_feed(tmp_path: Path) -> None:
    """In its title, its summary and its content, in the words of its page; others do not."""
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / "content" / "secpack", pack)
    text = pack / "QSBs" / "qsb-012-2025.txt"
    text.write_bytes(text.read_bytes().replace(b"bell", b"ball"))
    (pack / "canaries" / "canary-004-2025.txt.sig.ines").unlink()
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=PROFILE).ok()
    items = json.loads(site.read("feeds/all.json"))["items"]
    rows = [(i["id"], i["title"], i["summary"], i["content_html"]) for i in items]
    for feed in ("all", "qsb", "canary"):
        rows += [(e.id, e.title, e.summary, e.content[0].value) for e in entries(site, feed)]
    names = {"qsb-012": "BAD: the signature does not match the text",
             "canary-004": "no signature by Ines Aldous; the profile expects one"}  # fmt: skip
    for name, said in names.items():
        told = [row[1:] for row in rows if row[0].endswith(name)]
        assert len(told) == 3
        for title, summary, content in told:
            assert title.startswith("Not verified: ")
            assert summary.startswith("Not verified: ")
            assert "Not verified: " in content.partition(said)[0]
            assert said in content
    others = [row for row in rows if not row[0].endswith(tuple(names))]
    assert len(others) == len(rows) - 6
    assert "Not verified" not in str(others)
    page = site.read("canary/004/index.html")
    for row in rows:
        if row[0].endswith("canary-004"):
            standing = row[2].partition("Ines Aldous")[0]
            assert standing == "Not verified: 1 of 2 signatures good; none by "
            assert standing in row[3]
            assert page.count(standing) == 2
    assert "2 of 2 signatures good." in others[0][3]
    record = json.loads(site.read("osv/x_QSB-012.json"))
    assert record["summary"].startswith("Not verified: ")
    assert site.read("osv/all.json").count("Not verified") == 1
    events = icalendar.Calendar.from_ical(site.files()["feeds/canaries.ics"]).walk("VEVENT")
    assert [str(e["SUMMARY"]) for e in events][-2:] == [
        "Quern canary due",
        "Not verified: Quern canary due",
    ]
    assert events[-1]["DESCRIPTION"].startswith("Not verified: Quern Canary 004")


def test_a_feed_without_documents_is_a_feed(tmp_path: Path) -> None:
    site = build(
        tmp_path / "site", SECPACK=make_pack(tmp_path / "p", numbered(1)), PROFILE=PROFILE
    ).ok()
    assert entries(site, "canary") == []
