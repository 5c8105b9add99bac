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

from secpack import load, load_advisories, load_profile
from secpack.model.archive import Archive
from secpack.profile import Csaf
from tests.bulletins.formats import exports, feeds
from tests.bulletins.sites import ROOT, Shared, Site, build
from tests.packs import bulletin, make_pack, numbered

PROFILE = ROOT / "content" / "demo.toml"
URL = "https://example.org/security"


@pytest.fixture(scope="module")
def demo(shared: Shared) -> Site:
    return shared.build("feeds", settings="publishconf.py", SITEURL=f"{URL}/")


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
    for count in (*range(49, 53), *range(99, 103), *range(149, 153), *range(199, 203), 251):
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
    assert len(before) == 18


def test_a_revision_moves_one_entry_and_no_id(tmp_path: Path) -> None:
    """In each format, of 120 bulletins of which one is long in a full archive document."""
    one = load(make_pack(tmp_path, numbered(1)), profile=load_profile(PROFILE))
    archive = many(one, 120)
    revised = replace(archive.bulletins[9], updated=date(1999, 12, 31))
    bulletins = (*archive.bulletins[:9], revised, *archive.bulletins[10:])
    old, new = (updates(a) for a in (archive, replace(archive, bulletins=bulletins)))
    assert old.keys() == new.keys()
    assert len(old) == 5 * 120
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


TRACKER = """\
- {xsa: 1, date: 2001-01-01, affected: yes, qsb: 001-2001}
- {xsa: 2, date: 2002-01-01, affected: yes, qsb: 002-2002}
"""
VERDICT = "affected: no, updated: 2003-03-03"


def test_only_what_the_tracker_is_about_is_updated_with_it(tmp_path: Path) -> None:
    """In feeds as in OSV and CSAF."""
    pack = make_pack(tmp_path / "pack", numbered(1, 2, 3))
    profile = load_profile(PROFILE)
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(TRACKER)
    new.write_text(TRACKER.replace("affected: yes", VERDICT, 1))
    found = []
    for tracker in (old, new):
        archive = load(pack, profile=profile, advisories=load_advisories(tracker))
        written = exports(archive, profile, URL)
        read = feedparser.parse(written["feeds/qsb.atom.xml"]).entries
        times = {f"feed {entry.id}": entry.updated[:10] for entry in read}
        for record in json.loads(written["osv/all.json"]):
            times[f"osv {record['id']}"] = record["modified"][:10]
        for row in written["csaf/changes.csv"].decode().splitlines():
            path, day = (field.strip('"') for field in row.split(","))
            tracking = json.loads(written[f"csaf/{path}"])["document"]["tracking"]
            times[f"csaf {path}"] = tracking["current_release_date"][:10]
            assert (day, tracking["status"]) == (tracking["current_release_date"], "final")
            assert tracking["revision_history"][-1]["date"] == day
        found.append(times)
    before, after = found
    assert before.keys() == after.keys()
    assert {key: day for key, day in after.items() if before[key] != day} == {
        "feed tag:quern.example.org,2016:qsb-001": "2003-03-03",
        "osv x_QSB-001": "2003-03-03",
        "csaf 2001/qsb-001.json": "2003-03-03",
    }


def test_what_the_tracker_takes_from_a_bulletin_updates_it(tmp_path: Path) -> None:
    """By its own words it addresses what the tracker ascribes to it no more."""
    files = numbered(1, 2) | {"QSBs/qsb-001-2001.txt": bulletin(1, title="A title (XSA-1, XSA-2)")}
    pack = make_pack(tmp_path / "pack", files)
    profile = load_profile(PROFILE)
    found = []
    for number, row in enumerate(("affected: yes, qsb: 001-2001", VERDICT)):
        tracker = tmp_path / f"{number}.yml"
        tracker.write_text(
            "- {xsa: 1, date: 2001-01-01, affected: yes, qsb: 001-2001}\n"
            f"- {{xsa: 2, date: 2001-01-01, {row}}}\n"
        )
        archive = load(pack, profile=profile, advisories=load_advisories(tracker))
        written = exports(archive, profile, URL)
        one, other = json.loads(written["osv/all.json"])
        document = json.loads(written["csaf/2001/qsb-001.json"])["document"]
        history = document["tracking"]["revision_history"]
        found.append((one["upstream"], one["modified"][:10], history[-1]["summary"]))
        assert other["modified"][:10] == "2002-03-04"
    assert found == [
        (["XSA-1", "XSA-2"], "2001-03-04", "First published"),
        (["XSA-1"], "2003-03-03", "The tracker changed its verdict on XSA-2"),
    ]


def test_a_text_that_is_not_verified_says_so_in_every_feed(tmp_path: Path) -> None:
    """In its title, its summary and its content, in the words of its page; others do not."""
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / "content" / "secpack", pack)
    text = pack / "QSBs" / "qsb-012-2025.txt"
    text.write_bytes(text.read_bytes().replace(b"bell", b"ball"))
    (pack / "canaries" / "canary-004-2025.txt.sig.ines").unlink()
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=PROFILE)
    assert site.status == 0, site.said
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
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "p", numbered(1)), PROFILE=PROFILE)
    assert site.status == 0, site.said
    assert entries(site, "canary") == []


def test_a_text_that_is_revised_on_its_own_day_has_changed(tmp_path: Path) -> None:
    """Feeds and formats for scanners say so, though no text states a time."""
    log = "Words.\n\nChangelog\n---\n\n2001-03-04: First\n2001-03-04: Second"
    profile = replace(load_profile(PROFILE), csaf=Csaf("https://quern.example.org"))
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, body=log)}))
    written = exports(archive, profile, URL)
    for path, key in (("osv/x_QSB-001.json", "modified"), ("feeds/all.json", "date_modified")):
        assert f'"{key}": "2001-03-04T00:00:01Z"' in written[path].decode(), path
    tracking = json.loads(written["csaf/2001/qsb-001.json"])["document"]["tracking"]
    assert tracking["current_release_date"] == "2001-03-04T00:00:01Z"
    assert [r["date"][-4:] for r in tracking["revision_history"]] == [":00Z", ":01Z"]
