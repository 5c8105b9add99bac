"""Exports: the same counts everywhere, stable, whole, and valid by judges that are not ours."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import feedparser
import icalendar
import pytest
from lxml import etree

from bulletins.build.gate import check_output
from bulletins.exports import exports as exports_of
from bulletins.exports.calendar import calendar
from bulletins.exports.crawlers import MOST, security_txt, sitemap
from bulletins.exports.data import printed
from bulletins.exports.feeds.entries import document_entry
from bulletins.site import Site as ArchiveSite
from bulletins.urls import ARCHIVE_JSON
from secpack import SecpackError, load, load_profile
from secpack.model.archive import Archive, Fix, PackageRow
from secpack.profile import Csaf, Profile
from tests.bulletins import judges
from tests.bulletins.formats import data_files, exports, feeds
from tests.bulletins.sites import ROOT, Site, build
from tests.packs import Files, bulletin, canary, demo_archive, make_pack, numbered

PROFILE = load_profile(ROOT / "content" / "demo.toml")
URL = "https://example.org/security"
COUNT = 120


def day(number: int) -> date:
    return date(2001, 1, 1) + timedelta(days=20 * number)


FEEDS = ("all.atom.xml", "qsb.atom.xml", "canary.atom.xml", "xsa.atom.xml", "all.json")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of 120 bulletins and three canaries, with absolute addresses."""
    folder = tmp_path_factory.mktemp("many")
    files: Files = {
        f"QSBs/qsb-{n:03d}-{day(n).year}.txt": bulletin(n, date=day(n).isoformat())
        for n in range(1, COUNT + 1)
    }
    files["QSBs/qsb-002-2001.txt"] = bulletin(2, date=day(2).isoformat(), body="As XSA-1.")
    for n in (1, 2, 3):
        files[f"canaries/canary-{n:03d}-2008.txt"] = canary(n, date=f"March {n}, 2008", count=COUNT)
    profile = folder / "profile.toml"
    profile.write_text('issuer = "Quern"\ntag = "quern.example.org,2016"\n', "utf-8")
    # Without STRICT: these texts are not signed.
    conf = folder / "conf.py"
    conf.write_text(f"from pelicanconf import *\nSITEURL = PUBLIC_URL = {URL!r}\n", "utf-8")
    return build(
        folder / "site",
        settings=conf,
        surroundings={"PYTHONPATH": str(ROOT)},
        SECPACK=make_pack(folder / "pack", files),
        PROFILE=profile,
    ).ok()


def chain(site: Site, address: str) -> Iterator[feedparser.FeedParserDict]:
    """The documents of a feed, from the one to subscribe to on, by prev-archive."""
    while address:
        feed = feedparser.parse(site.files()[address])
        yield feed
        links = {link.rel: link.href for link in feed.feed.links}
        address = links.get("prev-archive", "").removeprefix(f"{URL}/")


# --- counts -----------------------------------------------------------------------------------


def test_counts_agree(many: Site) -> None:
    files = many.files()
    for slug, count in (("qsb", COUNT), ("canary", 3)):
        ids = [entry.id for feed in chain(many, f"feeds/{slug}.atom.xml") for entry in feed.entries]
        pages = [f for f in files if f.startswith(f"{slug}/") and f.count("/") == 2]
        assert len(ids) == len(set(ids)) == count
        assert len([f for f in pages if f.endswith("/index.html")]) == count
        assert len([f for f in pages if f.endswith(".json")]) == count
    data = json.loads(many.read("data/archive.json"))
    assert (len(data["bulletins"]), len(data["canaries"])) == (COUNT, 3)
    events = icalendar.Calendar.from_ical(files["feeds/canaries.ics"]).walk("VEVENT")
    assert len(events) == 3


def test_all_feeds_are_valid(many: Site) -> None:
    found = {path: data for path, data in many.files().items() if path.endswith(".atom.xml")}
    assert len(found) == 9
    for path, data in found.items():
        assert judges.atom_faults(data) + judges.feed_faults(data) == [], path


def test_all_data_is_valid(many: Site) -> None:
    own = ("feeds/", "osv/", "data/schema.json")
    names = [n for n in many.files() if n.endswith(".json") and not n.startswith(own)]
    assert len(names) == COUNT + 3 + 4  # the archive, its history, its manifest, what moved
    for name in names:
        assert judges.data_faults(json.loads(many.read(name))) == [], name


def test_every_page_names_the_feeds(many: Site) -> None:
    for path, data in many.files().items():
        page = data.decode() if path.endswith(".html") else ""
        if page and 'http-equiv="refresh"' not in page:
            document = re.match(r"(qsb|canary)/[0-9]{3}/", path)  # where each byte counts
            for name in FEEDS[:1] if document else FEEDS:
                assert f'feeds/{name}">' in page.partition("</head>")[0], path


def test_the_page_on_feeds_names_what_is_there(many: Site) -> None:
    page = many.read("feeds/index.html")
    names = [*FEEDS, "canaries.ics"]
    for name in (*(f"feeds/{name}" for name in names), "data/archive.json", "data/schema.json"):
        assert f'<dt><a href="../{name}">' in page
        assert (many.folder / name).is_file()


# --- one document as JSON ---------------------------------------------------------------------


def test_a_document_is_what_it_is_in_the_archive(many: Site) -> None:
    data = json.loads(many.read("data/archive.json"))
    for expected in (*data["bulletins"], *data["canaries"]):
        name = expected["file"].removesuffix(".txt") + ".json"
        assert json.loads(many.read(name)) == expected | {"format": 1}
        page = many.read(expected["url"] + "index.html")
        assert f'rel="alternate" type="application/json" href="{Path(name).name}"' in page


def test_every_entry_survives_in_feedparser() -> None:
    """With all its links, categories and dates, as a stranger reads them."""
    archive = demo_archive()
    site = ArchiveSite(archive, PROFILE, URL)
    expected = {p.id: document_entry(p, site, f"{URL}/") for p in archive.publications}
    feed = feedparser.parse(feeds(archive, PROFILE, URL)["feeds/all.atom.xml"])
    assert len(feed.entries) == len(expected) == 16
    for entry, publication in zip(
        sorted(feed.entries, key=lambda e: e.id),
        sorted(expected.values(), key=lambda e: e.id),
        strict=True,
    ):
        page = {"rel": "alternate", "href": publication.page, "type": "text/html"}
        links = [
            {"rel": x.rel, "href": x.href, "type": x.type, "title": x.title}
            | ({"length": str(x.length)} if x.length is not None else {})
            for x in publication.links
        ]
        assert entry.links == [page, *links]
        assert entry.link == publication.page
        terms = [(term, f"tag:{PROFILE.tag}:{scheme}") for term, scheme in publication.categories]
        assert [(t.term, t.scheme) for t in entry.get("tags", [])] == terms
        assert (entry.id, entry.title) == (publication.id, publication.title)
        assert entry.summary == publication.summary
        assert entry.published == publication.published.isoformat()
        assert entry.updated == publication.updated.isoformat()
        data = [x for x in entry.links if x["type"] == "application/json"]
        assert [x["href"].rpartition("/")[0] + "/" for x in data] == [publication.page]


def test_a_new_bulletin_changes_no_line_of_the_others(tmp_path: Path) -> None:
    def lines(numbers: range) -> list[str]:
        pack = make_pack(tmp_path / str(len(numbers)), numbered(*numbers))
        written = data_files(load(pack, profile=PROFILE), PROFILE)[ARCHIVE_JSON]
        return [line.rstrip(",]") for line in written.decode().splitlines()]

    old, new = lines(range(1, 4)), iter(lines(range(1, 5)))
    assert all(line in new for line in old)  # in this order
    assert len(old) > 90


# --- calendar ---------------------------------------------------------------------------------


def test_the_calendar_read_back() -> None:
    archive = demo_archive()
    written = calendar(ArchiveSite(archive, PROFILE, URL))
    assert judges.calendar_faults(written) == []
    read = icalendar.Calendar.from_ical(written)
    assert "METHOD" not in read  # with one it is a message (RFC 5546), which names an organizer
    assert read["X-WR-CALNAME"] == "Quern OS security archive: next canaries"
    events = read.walk("VEVENT")
    windows = [c.due for c in archive.canaries if c.due]
    assert len(events) == len(windows) == 4
    for event, window in zip(events, windows, strict=True):
        assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (
            window.first,
            window.last + timedelta(days=1),
        )
    last = events[-1]
    assert last["UID"] == "canary-004-next@quern.example.org"
    assert last["SUMMARY"] == "Quern canary due"
    other = replace(PROFILE, canaries=replace(PROFILE.canaries, issuer="Lathe"))
    assert b"SUMMARY:Lathe canary due" in calendar(ArchiveSite(archive, other, URL))
    assert last["URL"] == "https://example.org/security/canary/004/"
    assert last.decoded("DTSTAMP").isoformat() == "2025-03-10T00:00:00+00:00"
    assert (
        "URL"
        not in icalendar.Calendar.from_ical(calendar(ArchiveSite(archive, PROFILE, ""))).walk()[1]
    )


@pytest.mark.parametrize(
    "issuer",
    [
        "Quern, Ltd.; the \\n makers",
        "Quern\r\nEND:VEVENT\r\nX-EVIL:1",
        "Quern\nBEGIN:VALARM\nACTION:DISPLAY",
        "x" * 61 + "é" * 100,
        "a" * 62 + "鏡" * 100,
        "𝔔" * 500,
        " leading, and a tab\t",
        "\u2028\u202e\ufeff\x00",
    ],
)
def test_hostile_words_stay_one_property(issuer: str) -> None:
    archive = demo_archive()
    profile = Profile(issuer=issuer, tag=f"{issuer},2016")
    written = calendar(ArchiveSite(archive, profile, ""))
    assert judges.calendar_faults(written) == []
    events = icalendar.Calendar.from_ical(written).walk()[1:]
    assert [event.name for event in events] == ["VEVENT"] * 4
    keys = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "TRANSP"}
    for event in events:
        assert set(event) == keys
        shown = str(event["SUMMARY"]).replace("[U+000D]", "\r")
        for character in "\u2028\u202e\ufeff\x00":
            shown = shown.replace(f"[U+{ord(character):04X}]", character)
        assert shown == f"{issuer} canary due".strip()


def test_without_a_window_there_is_no_calendar(tmp_path: Path) -> None:
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "pack", numbered(1))).ok()
    assert not (site.folder / "feeds/canaries.ics").exists()
    assert "canaries.ics" not in site.read("feeds/index.html")


# --- security.txt -----------------------------------------------------------------------------


def told(tmp_path: Path, text: str) -> str:
    path = tmp_path / "profile.toml"
    path.write_text("[security_txt]\n" + text, "utf-8")
    empty = Archive((), (), (), (), (), ())
    return security_txt(ArchiveSite(empty, load_profile(path))).decode()


def test_security_txt(tmp_path: Path) -> None:
    text = """\
hiring = "https://quern.example.org/jobs"
contact = ["mailto:a%40b@quern.example.org", "https://quern.example.org/", "tel:+1-201-555-0123"]
preferred_languages = ["en", "pt-BR"]
encryption = ["openpgp4fpr:7961FFB2E875FF73201BC296EBFE307C073FF6D7", "dns:a.example.org?type=KEY"]
expires = 2027-08-01T01:30:00+02:00
"""
    assert (
        told(tmp_path, text)
        == """\
Contact: mailto:a%40b@quern.example.org
Contact: https://quern.example.org/
Contact: tel:+1-201-555-0123
Expires: 2027-07-31T23:30:00Z
Encryption: openpgp4fpr:7961FFB2E875FF73201BC296EBFE307C073FF6D7
Encryption: dns:a.example.org?type=KEY
Preferred-Languages: en, pt-BR
Hiring: https://quern.example.org/jobs
"""
    )


SIGNED = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Contact: mailto:security@quern.example.org
Expires: 2027-08-01T00:00:00Z
CSAF: https://quern.example.org/.well-known/csaf/provider-metadata.json
-----BEGIN PGP SIGNATURE-----

iHUEARYKAB0WIQ+/=
=abcd
-----END PGP SIGNATURE-----
"""


def test_a_signed_security_txt_is_served_as_it_is(tmp_path: Path) -> None:
    fields = 'contact = "mailto:security@quern.example.org"\nexpires = 2027-08-01\n'
    assert told(tmp_path, f"{fields}signed = '''{SIGNED}'''") == SIGNED
    others = [
        SIGNED.replace("2027-08-01", "2027-08-02"),
        SIGNED.replace("Hash: SHA512\n\n", "Hash: SHA512\n\nPolicy: https://quern.example.org/\n"),
        SIGNED.replace("Contact", "#Contact"),
    ]
    for other in others:
        with pytest.raises(SecpackError, match=r"sign these lines:\nContact: mailto:.*\nExpires: "):
            told(tmp_path, f"{fields}signed = '''{other}'''")
    others = [
        SIGNED.partition("-----BEGIN PGP SIGNATURE")[0],
        SIGNED + "Hiring: https://evil.example.org/\n",
        "Contact: mailto:security@quern.example.org",
    ]
    for other in others:
        with pytest.raises(SecpackError, match="expected a text with a signature around it"):
            told(tmp_path, f"{fields}signed = '''{other}'''")


def test_security_txt_with_a_day(tmp_path: Path) -> None:
    text = 'contact = "mailto:security@quern.example.org"\nexpires = 2027-08-01\n'
    assert told(tmp_path, text).endswith("\nExpires: 2027-08-01T00:00:00Z\n")


def test_only_a_profile_makes_a_security_txt(many: Site) -> None:
    assert not (many.folder / ".well-known").exists()


# --- sitemap ----------------------------------------------------------------------------------


def test_sitemap(many: Site) -> None:
    root = etree.fromstring(many.files()["sitemap.xml"])
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    rows = {
        url.findtext("s:loc", None, space): url.findtext("s:lastmod", None, space)
        for url in root.findall("s:url", space)
    }
    others = {f"{place}/index.html" for place in ("bulletins", "canaries", "data/files")}
    pages = [f for f in many.files() if f.endswith("index.html") and f not in others]
    assert list(rows) == sorted(f"{URL}/{page.removesuffix('index.html')}" for page in pages)
    assert rows[f"{URL}/qsb/007/"] == f"{day(7)}T00:00:00Z"
    assert rows[f"{URL}/qsb/"] == f"{day(COUNT)}T00:00:00Z"
    assert rows[f"{URL}/canary/"] == rows[f"{URL}/"] == "2008-03-03T00:00:00Z"
    assert rows[f"{URL}/about/"] is None
    assert many.read("robots.txt") == f"User-agent: *\nDisallow:\n\nSitemap: {URL}/sitemap.xml\n"


def test_without_a_url_there_is_no_sitemap(tmp_path: Path) -> None:
    site = build(tmp_path / "site").ok()
    assert not (site.folder / "sitemap.xml").exists()
    assert site.read("robots.txt") == "User-agent: *\nDisallow:\n"
    assert "URL:" not in site.read("feeds/canaries.ics")


def test_addresses_in_a_sitemap_are_addresses() -> None:
    data = sitemap(["a&b/ü/index.html"], {}, "https://example.org/{}".format)
    assert b"<loc>https://example.org/a%26b/%C3%BC/</loc>" in data
    assert len(etree.fromstring(data)) == 1


def test_a_sitemap_is_not_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST == 50_000
    monkeypatch.setattr("bulletins.exports.crawlers.MOST", 50)
    pages = [f"{n}/index.html" for n in range(51)]
    assert len(etree.fromstring(sitemap(pages[:50], {}, "https://example.org/{}".format))) == 50
    with pytest.raises(SecpackError, match="51 pages; a sitemap can list 50"):
        sitemap(pages, {}, "https://example.org/{}".format)


# --- speed ------------------------------------------------------------------------------------


def test_feeds_and_exports_parse_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text is parsed once in a build."""

    def again(*_: object) -> None:
        raise AssertionError("a second time")

    archive = demo_archive()
    monkeypatch.setattr("secpack.parser._parse_body", again)
    assert "csaf/2025/qsb-012.json" in exports(archive, PROFILE, URL)


# --- gate, package ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lost", ["data/schema.json", "data/archive.json", "qsb/007/qsb-007-*.json"]
)
def test_a_lost_export_is_noticed(many: Site, tmp_path: Path, lost: str) -> None:
    pack = many.folder.parent / "pack"
    profile = load_profile(many.folder.parent / "profile.toml")
    archive = load(pack, profile=profile)
    shutil.copytree(many.folder, tmp_path / "site")
    check_output(ArchiveSite(archive, profile), tmp_path / "site")
    (path,) = (tmp_path / "site").glob(lost)
    path.unlink()
    with pytest.raises(SecpackError, match=f"not written: {path.relative_to(tmp_path / 'site')}"):
        check_output(ArchiveSite(archive, profile), tmp_path / "site")


def test_the_documents_name_every_key_of_the_data() -> None:
    schema = json.loads((ROOT / "plugins/bulletins/exports/schema.json").read_text("utf-8"))
    told = (ROOT / "docs" / "data.md").read_text("utf-8")
    keys = {key for part in schema["$defs"].values() for key in part.get("properties", ())}
    assert len(keys) > 50
    assert [key for key in sorted(keys) if f"`{key}`" not in told] == []


def test_the_documentation_names_every_export() -> None:
    text = (ROOT / "docs/data.md").read_text("utf-8")
    profile = replace(PROFILE, csaf=Csaf("https://quern.example.org"))
    site = ArchiveSite(demo_archive(), profile, URL)
    assert [export.url for export in exports_of(site) if export.url not in text] == []


def test_the_data_credit_people() -> None:
    data = json.loads(data_files(demo_archive(), PROFILE)[ARCHIVE_JSON])
    assert [bulletin["credits"] for bulletin in data["bulletins"][:2]] == [
        [{"name": "Tomek Varga", "role": "found"}],
        [{"name": "Ines Aldous", "role": "found"}, {"name": "Jürg Aebischer", "role": "found"}],
    ]


def test_each_release_has_one_answer() -> None:
    archive = demo_archive()
    rows = (
        PackageRow("4.3", "hearth", "xen", "4.17.5", 9),
        PackageRow("4.2", "", "", "", 12, Fix.NONE),
        PackageRow("4.3", "templates", "quern-bell", "4.3.1", 10),
        PackageRow("4.1", "", "", "", 14, Fix.NOT_AFFECTED),
        PackageRow("4.2", "", "quern-bell", "", 13, Fix.NOT_AFFECTED),
    )
    shown = replace(archive, bulletins=(replace(archive.bulletins[0], packages=rows),))
    data = json.loads(data_files(shown, PROFILE)[ARCHIVE_JSON])
    assert judges.data_faults(data) == []
    fixes = [
        {"package": "xen", "version": "4.17.5", "target": "hearth", "note": None},
        {"package": "quern-bell", "version": "4.3.1", "target": "templates", "note": None},
    ]
    assert data["bulletins"][0]["answers"] == {
        "4.3": {"answer": "fix", "packages": fixes, "lines": [9, 10]},
        "4.2": {"answer": "none", "packages": [], "lines": [12, 13]},
        "4.1": {"answer": "not-affected", "packages": [], "lines": [14]},
        "1.0": {"answer": "not-stated", "packages": [], "lines": [50]},
    }


def test_each_release_and_package_has_a_file() -> None:
    """What is needed is what the page of the release says."""
    archive = demo_archive()
    written = exports(archive, PROFILE, "")
    found = {url: json.loads(data) for url, data in written.items()
             if url.startswith(("data/release/", "data/package/"))}  # fmt: skip
    assert {"data/release/4.1.json", "data/package/xen.json"} <= set(found)
    for url, data in found.items():
        assert judges.data_faults(data, "lookup") == [], url
    release, package = found["data/release/4.1.json"], found["data/package/xen.json"]
    assert ("xen", "4.17.5-6", "QSB-012") in [
        (each["package"]["name"], each["package"]["version"], each["bulletin"])
        for each in release["needed"]
    ]
    said = {each["bulletin"]: each["answer"] for each in found["data/release/3.0.json"]["answers"]}
    assert said["QSB-007"] == "not-affected"  # by a sentence: it lists no packages for 3.0
    assert package["answers"] is None
    places = [(n["package"]["release"], n["package"]["domain"]) for n in package["needed"]]
    assert len(places) == len(set(places)) > 1
    assert package["bulletins"][0]["id"] == "QSB-012"


def test_a_text_is_divided_once_for_all_its_sections() -> None:
    class Text(bytes):
        times = 0

        def decode(self, *_: str) -> str:
            Text.times += 1
            return super().decode()

    text = Text(b"".join(b"line %d\n" % n for n in range(1, 100)))
    assert [printed(text, n, n) for n in range(1, 100)] == [f"line {n}" for n in range(1, 100)]
    assert Text.times == 1
