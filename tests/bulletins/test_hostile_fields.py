"""Hostile words in every field that has words, from texts, tracker and profile, in every format."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace

import feedparser
import icalendar
import pytest
from lxml import etree

from bulletins.exports.crawlers import page_dates, sitemap
from bulletins.site import Site as ArchiveSite
from secpack import Profile, load, load_advisories, load_profile
from secpack.model.archive import Archive, Credit, Fix, PackageRow, Revision, Statement
from secpack.model.blocks import Heading, Text
from secpack.parser.characters import visible
from tests.bulletins import judges, rules
from tests.bulletins.formats import exports, feeds
from tests.bulletins.sites import ROOT
from tests.words import strings

URL = "https://example.org/security"

#: Markup, what ends CDATA, controls, what cannot be seen, what other formats take for theirs.
ODD = "<b onclick='x'>&amp;</b> ]]> --> {{7*7}} "
ODD += "\x00\x07\x1b\x7f\x85\u2028\u202e\ufeff\ufffe\U000e0041"
ODD += " \\n\\; ;,: \"'` ``` [x](javascript:alert(1)) é鏡\U0001f514 " + "x" * 1000
SHOWN = visible(ODD)
#: As the title of a section, which is on one line.
SECTION = " ".join(f"Summary {ODD}".split())

#: In the name of a release; there CSAF takes some signs, as in ``<4.1``, for a range.
RELEASE = re.sub("[<>]", "", ODD)


@pytest.fixture(scope="module")
def profile() -> Profile:
    known = load_profile(ROOT / "content" / "demo.toml")
    assert known.csaf
    return replace(known, issuer=ODD, name=ODD, team=ODD, csaf=replace(known.csaf, contact=ODD))


@pytest.fixture(scope="module")
def archive(profile: Profile) -> Archive:
    """The demo's, with the odd words wherever there are words."""
    advisories = load_advisories(ROOT / "content" / "xsa.yml", ROOT / "content" / "xsa.json")
    known = load(ROOT / "content" / "secpack", profile=profile, advisories=advisories)
    rows = (
        PackageRow(RELEASE, ODD, ODD, "1-1", 1, note=ODD),
        PackageRow(RELEASE, ODD, ODD, "", 2, Fix.NONE, ODD),
    )
    day = known.bulletins[0].published
    told = replace(
        known.bulletins[0].summary,
        action=ODD,
        about=ODD,
        links=((f"https://example.org/{ODD}", ODD), ("https://example.org/", ODD)),
        credits=(Credit(ODD, "found"),),
    )
    document = known.bulletins[0].document
    blocks = (
        replace(b, inlines=(Text(f"Summary {ODD}"),)) if isinstance(b, Heading) else b
        for b in document.blocks
    )
    bulletin = replace(
        known.bulletins[0],
        title=ODD,
        document=replace(document, blocks=tuple(blocks)),
        revisions=(Revision(day, ODD, 1),),
        packages=rows,
        summary=told,
    )
    canary = replace(
        known.canaries[0],
        title=ODD,
        introduction=ODD,
        statements=(Statement(1, ODD, 1),),
        announcements=ODD,
    )
    return replace(
        known,
        bulletins=(bulletin, *known.bulletins[1:]),
        canaries=(canary, *known.canaries[1:]),
        advisories=tuple(replace(a, title=ODD, reason=ODD) for a in known.advisories),
        findings=tuple(replace(f, message=ODD) for f in known.findings),
    )


def written(archive: Archive, profile: Profile, url: str) -> dict[str, bytes]:
    found = feeds(archive, profile, url)
    site = ArchiveSite(archive, profile, URL)
    dates = page_dates(site)
    pages = {"sitemap.xml": sitemap([f"{page}index.html" for page in dates], dates, site.public)}
    return found | exports(archive, profile, url) | pages


@pytest.fixture(scope="module", params=[URL, ""])
def files(archive: Archive, profile: Profile, request: pytest.FixtureRequest) -> dict[str, bytes]:
    return written(archive, profile, request.param)


@pytest.mark.usefixtures("judges")
def test_every_document_is_valid(files: dict[str, bytes]) -> None:
    kinds = set()
    documents = {}
    for path, data in files.items():
        kind = re.sub("[0-9]+", "", path.rpartition("/")[0]) + "." + path.rpartition(".")[2]
        kinds.add(kind)
        if path.endswith(".atom.xml"):
            assert judges.atom_faults(data) + judges.feed_faults(data) == [], path
        elif path.endswith(".ics"):
            assert judges.calendar_faults(data) == []
        elif path.startswith("feeds/"):
            assert rules.json_feed_faults(json.loads(data)) == [], path
        elif path == "sitemap.xml":
            assert judges.sitemap_faults(data) == []
        elif path.endswith("security.txt"):
            assert rules.security_txt_faults(data) == []
        elif path.startswith("osv/x_"):
            assert judges.osv_faults(json.loads(data)) == [], path
        elif re.match("csaf/[0-9]", path) and path.endswith(".json"):
            documents[path] = json.loads(data)
        elif path == "vex/openvex.json":
            assert judges.openvex_faults(json.loads(data)) == []
        elif path.endswith(".json") and not path.startswith(
            ("osv", "csaf", ".well", "data/schema", "vex")
        ):
            assert judges.data_faults(json.loads(data)) == [], path
    if "csaf/index.txt" in files:
        assert rules.provider_faults(files, URL) == []
        assert judges.csaf_faults(documents) == {}
    assert len(kinds) >= 9


def test_nothing_is_live_in_data_for_machines(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(files["osv/all.zip"])) as packed:
        unpacked = {f"osv/all.zip/{name}": packed.read(name) for name in packed.namelist()}
    assert unpacked
    for path, data in {**files, **unpacked, "osv/all.zip": b""}.items():
        if path.endswith(".json") and path != "data/schema.json":
            assert not re.search(b"[<>&\\x00-\\x09\\x0b-\\x1f\\x7f]", data), path
        words = data.decode()
        assert not re.search("[\\x00\\x07\\x85\\u2028\\u202e\\ufeff\\ufffe\\U000e0041]", words), (
            path
        )


def test_the_words_are_intact_in_feeds(files: dict[str, bytes]) -> None:
    items = {item["id"]: item for item in json.loads(files["feeds/all.json"])["items"]}
    tag = "tag:quern.example.org,2016:"
    for feed, name in (("all", "qsb-001"), ("qsb", "qsb-001"), ("canary", "canary-001")):
        read = feedparser.parse(files[f"feeds/{feed}.atom.xml"])
        (entry,) = (e for e in read.entries if e.id == tag + name)
        title = f"QSB-001: {SHOWN}" if name == "qsb-001" else SHOWN
        assert entry.title == title == items[tag + name]["title"]
        assert SHOWN[:30] in entry.summary
        assert entry.summary == items[tag + name]["summary"]
        assert entry.author == SHOWN
        assert SHOWN in read.feed.title
    raw = etree.fromstring(files["feeds/qsb.atom.xml"])
    terms = {c.get("term") for c in raw.iter("{http://www.w3.org/2005/Atom}category")}
    assert visible(RELEASE) in terms
    assert visible(RELEASE) in items[f"{tag}qsb-001"]["tags"]
    for entry in feedparser.parse(files["feeds/xsa.atom.xml"]).entries:
        assert entry.title.endswith(f": {SHOWN}")
        assert entry.summary.endswith(SHOWN)


def test_the_words_are_intact_in_the_calendar(files: dict[str, bytes]) -> None:
    events = icalendar.Calendar.from_ical(files["feeds/canaries.ics"]).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {f"{SHOWN} canary due"}
    assert str(events[0]["DESCRIPTION"]).startswith(f"{SHOWN} says that the next one is due")


def test_the_words_are_intact_in_data(files: dict[str, bytes]) -> None:
    whole = json.loads(files["data/archive.json"])
    one, canary = whole["bulletins"][0], whole["canaries"][0]
    assert {one["title"], one["revisions"][0]["text"], whole["issuer"]} == {ODD}
    assert {section["title"] for section in one["sections"]} == {SECTION}
    row = one["packages"][0]
    assert (row["release"], row["domain"], row["package"], row["note"]) == (RELEASE, ODD, ODD, ODD)
    assert {canary["title"], canary["announcements"], canary["statements"][0]["text"]} == {ODD}
    assert {(a["title"], a["reason"]) for a in whole["advisories"]} == {(ODD, ODD)}
    assert {finding["message"] for finding in whole["findings"]} <= {ODD}
    record = json.loads(files["osv/x_QSB-001.json"])
    assert record["summary"] == record["credits"][0]["name"] == SHOWN
    assert "https://example.org/" in [link["url"] for link in record["references"]]
    affected = [each["database_specific"]["packages"] for each in record["affected"]]
    assert [row for rows in affected for row in rows] == one["packages"]


def test_the_words_are_intact_in_csaf(archive: Archive, profile: Profile) -> None:
    document = json.loads(written(archive, profile, URL)["csaf/2016/qsb-001.json"])
    head = document["document"]
    assert head["title"] == f"QSB-001: {SHOWN}"
    assert head["publisher"]["name"] == head["publisher"]["contact_details"] == SHOWN
    assert head["tracking"]["revision_history"][0]["summary"] == SHOWN
    assert head["acknowledgments"][0]["names"] == [SHOWN]
    titles = {note["title"] for note in head["notes"] if note["category"] != "other"}
    assert titles == {visible(SECTION)}
    assert f"Reference [{SHOWN}] of the text" in [r["summary"] for r in head["references"]]
    told = list(strings(document["product_tree"])) + list(strings(document["vulnerabilities"]))
    assert f"{SHOWN} {visible(RELEASE)}" in told
    assert f"{SHOWN} 1-1" in told
    assert any(f"- {SHOWN} 1-1, in {SHOWN} ({SHOWN})" in words for words in told)
    summary = "\n\n".join(n["text"] for n in head["notes"] if n["category"] == "summary")
    assert {v["notes"][0]["text"] for v in document["vulnerabilities"]} == {summary}
