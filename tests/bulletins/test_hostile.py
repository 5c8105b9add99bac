"""Hostile words are shown as words: live nowhere, in page, feed or data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from bulletins.build.finish import write_index
from tests.bulletins import judges
from tests.bulletins.sites import ROOT, Site, build
from tests.packs import bulletin, canary, make_pack, numbered

TITLE = "<script>alert(1)</script> ]]> & \"'\u202egnp.exe\u200b\x07"
BODY = """\
See <img src=x onerror=alert(2)> and <b>bold</b> [1] {{ 7 * 7 }} {% raw %} {filename}/etc/passwd
&lt;i&gt; ]]> <!-- comment --> \x1b[31mred\x1b[0m \u2028 \ufeff |static|x {attach}y

    <script>alert(3)</script>

| <iframe src="https://evil.example.org/"></iframe>

- </li></ul><svg/onload=alert(4)>

References
-----------

[1] javascript:alert(5)
[2] https://example.org/"onmouseover="alert(6)
[3] data:text/html,<script>alert(7)</script>
"""


#: The scripts of the site, all in files.
OURS = {"due.js", "ids.js", "search.js"}

HEADS = ["<h1>&amp;</h1>", "Changelog"]
HOSTILE_REVISION = "<b>&lt; ]]> \x1b \u202e " + "x" * 5000
BODY_OF_ALL = f"""{BODY}
{HEADS[0]}
---------------

Words.

Changelog
----------

2001-03-04: {HOSTILE_REVISION}
"""


class Reader(HTMLParser):
    """Collects what is live on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.svgs = self.drawings = 0
        self.handlers: set[str] = set()
        self.schemes: set[str] = set()
        self.scripts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Our drawings have a title that no text can give: ids of texts never begin with "page-".
        if tag == "title" and str(dict(attrs).get("id")).startswith("page-"):
            self.drawings += 1
        if tag == "svg":
            self.svgs += 1
        self.tags.add(tag)
        if tag == "script":
            self.scripts.add(dict(attrs).get("src") or "")
        self.handlers |= {name for name, _ in attrs if name.startswith("on") or name == "style"}
        for name, value in attrs:
            if name in ("href", "src") and (scheme := re.match(r"\s*([a-z]+):", value or "", re.I)):
                self.schemes.add(scheme[1].lower())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("hostile")
    pack = make_pack(
        folder / "pack",
        {
            "QSBs/qsb-001-2001.txt": bulletin(1, title=TITLE, body=BODY_OF_ALL),
            "QSBs/qsb-001-2001.txt.sig.ines": b"x",
            "canaries/canary-001-2020.txt": canary(1)
            + "\nSpecial announcements\n---\n\n<b>bold</b> ]]>\x07\n"
            + "\nProof of freshness\n---\n\n"
            + BODY,
            "canaries/canary-001-2020-letter-ines.txt": BODY,
            "canaries/canary-001-2020-page.txt": "Files\n------\n\nWords.\n",
        },
    )
    profile = folder / "profile.toml"
    profile.write_text(
        'issuer = "<b>Quern, Ltd.;\\nof"\nname = "<script>alert(8)</script>"\nteam = "<i>&"\n',
        "utf-8",
    )
    return build(folder / "site", SECPACK=pack, PROFILE=profile).ok()


def test_pages_are_inert(site: Site) -> None:
    pages = [path for path in site.files() if path.endswith(".html")]
    assert len(pages) >= 7
    for path in pages:
        reader = Reader()
        reader.feed(site.read(path))
        assert not reader.tags & {"img", "iframe", "b", "i", "object", "style"}, path
        assert reader.svgs == reader.drawings, path
        assert not reader.handlers, path
        assert reader.schemes <= {"http", "https"}, path
        assert {Path(script).name for script in reader.scripts} <= OURS, path


def test_no_words_of_texts_take_an_id(site: Site) -> None:
    """The link to the signatures leads to them, not to a heading of a letter."""
    for path in (path for path in site.files() if path.endswith(".html")):
        ids = re.findall(r' id="([^"]*)"', site.read(path))
        assert len(ids) == len(set(ids)), path


def test_pages_hold_no_character_that_cannot_be_seen(site: Site) -> None:
    for path in site.files():
        if path.endswith((".html", ".xml", ".json")):
            text = site.read(path)
            assert not re.search(
                "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", text
            )


def test_the_words_are_there(site: Site) -> None:
    page = site.read("qsb/001/index.html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; &quot;&#x27;[U+202E]gnp.exe" in page
    assert "{{ 7 * 7 }} {% raw %} {filename}/etc/passwd" in page
    assert "javascript:alert(5)" in page
    assert "[U+001B][31mred[U+001B][0m" in page


@pytest.mark.parametrize("theme", ["simple", "notmyidea"])
def test_pages_of_other_themes_are_inert(tmp_path: Path, theme: str) -> None:
    title = '</title><script>alert(1)</script>" onmouseover="alert(2)'
    body = 'x" onload="alert(3) <script>alert(4)</script>\n\nPatching\n---\n\n' + title
    pack = make_pack(
        tmp_path / "pack", {"QSBs/qsb-001-2001.txt": bulletin(1, title=title, body=body)}
    )
    profile = tmp_path / "profile.toml"
    profile.write_text('issuer = "<b>Quern"\nname = "<script>alert(8)</script>"\nteam = "<i>&"\n')
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=profile, THEME=theme).ok()
    for path in site.files():
        if path.endswith(".html"):
            reader = Reader()
            reader.feed(site.read(path))
            assert not reader.tags & {"script", "b", "i", "iframe"}, path
            assert not reader.handlers, path


def test_feeds_are_inert(site: Site) -> None:
    for name in ("all", "qsb", "canary"):
        data = site.files()[f"feeds/{name}.atom.xml"]
        root = etree.fromstring(data)
        assert not root.findall(".//{http://www.w3.org/1999/xhtml}*")
        for content in root.iter("{http://www.w3.org/2005/Atom}content"):
            reader = Reader()
            reader.feed(content.text or "")
            assert not reader.tags & {"script", "img", "svg", "iframe", "b", "i", "object"}
            assert not reader.handlers
            assert reader.schemes <= {"http", "https"}
        feed = feedparser.parse(data)
        assert not feed.bozo
    entry = feedparser.parse(site.files()["feeds/qsb.atom.xml"]).entries[0]
    assert entry.title_detail.type == "text/plain"
    assert entry.title.startswith(
        "Not verified: QSB-001: <script>alert(1)</script> ]]> & \"'[U+202E]gnp.exe"
    )


def test_what_is_for_machines_is_well_formed(site: Site) -> None:
    files = site.files()
    for name, data in files.items():
        if name.endswith(".json") and not name.startswith(("feeds/", "data/schema.json")):
            assert not re.search(b"[<>&]", data), name
            if not name.startswith("osv/"):
                assert judges.data_faults(json.loads(data)) == [], name
    assert judges.calendar_faults(files["feeds/canaries.ics"]) == []
    assert len([name for name in files if name.endswith(".json")]) == 10


def test_feeds_are_valid(site: Site) -> None:
    for name in ("all", "qsb", "canary"):
        assert judges.atom_faults(site.files()[f"feeds/{name}.atom.xml"]) == []


def test_words_of_texts_and_profile_are_intact_in_data(site: Site) -> None:
    """How feeds, calendar and formats for scanners show them: see test_hostile_fields.py."""
    one = json.loads(site.read("qsb/001/qsb-001-2001.json"))
    assert one["title"] == " ".join(TITLE.split())
    assert one["revisions"] == [{"date": "2001-03-04", "text": HOSTILE_REVISION}]
    assert [section["title"] for section in one["sections"]] == ["Summary", "References", *HEADS]
    canary_data = json.loads(site.read("canary/001/canary-001-2020.json"))
    assert "<b>bold</b>" in canary_data["announcements"]
    assert json.loads(site.read("data/archive.json"))["issuer"] == "<b>Quern, Ltd.;\nof"


def test_a_number_or_name_cannot_lead_elsewhere(tmp_path: Path) -> None:
    files = {"QSBs/qsb-001-2001.txt": bulletin(1), "QSBs/..%2f..%2fx.dot": "x"}
    files |= {"QSBs/..%2f..%2fx.dot.sig.ines": "x", "QSBs/index.html": "x"}
    files |= {"QSBs/index.html.sig.ines": "x", "QSBs/-rf.dot": "x", "QSBs/-rf.dot.sig.ines": "x"}
    pack = make_pack(tmp_path / "pack", files)
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=ROOT / "content/demo.toml").ok()
    assert not (site.folder / "qsb/files").exists()


@pytest.mark.parametrize("name", ["INES.asc", "ine\u017f.asc"])
def test_names_that_are_one_on_some_disks(tmp_path: Path, name: str) -> None:
    """A mirror on such a disk would lose one of them, and be called altered."""
    files = {**numbered(1), "keys/ines.asc": "x", f"keys/{name}": "y"}
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "pack", files)).refused()
    assert "names that some disks do not distinguish" in site.said
    both = ", ".join(sorted([f"keys/{name}", "keys/ines.asc"]))
    assert f": {both}; rename all but one in the pack\n" in site.said


def test_a_pack_in_the_current_folder_brings_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"pagefind_bin.py": "raise SystemExit(1)", "pagefind.toml": f"logfile = '{tmp_path}/x'"}
    monkeypatch.chdir(make_pack(tmp_path / "pack", files))
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<html><p>Words.</html>")
    write_index(tmp_path / "site")
    assert (tmp_path / "site/search/pagefind/pagefind.js").is_file()
    assert not (tmp_path / "x").exists()
