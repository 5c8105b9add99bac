"""The pages of the tracker, its advisories and CVEs, and the addresses that lead elsewhere."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from bulletins.build.gate import check_output, dangling
from bulletins.site import Site as ArchiveSite
from secpack import SecpackError, load_profile
from secpack.model.archive import Archive
from tests.bulletins.sites import ROOT, Shared, Site, build, site_of_pack
from tests.packs import Files, bulletin, canary

PROFILE = ROOT / "content/demo.toml"


def words(page: str) -> str:
    """The words of a page, on one line."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def row(page: str, number: int) -> str:
    """The row of an advisory in the tracker, in words."""
    return words(page.partition(f'<tr id="{number}">')[2].partition("</tr>")[0])


def test_no_link_dangles(demo: Site) -> None:
    lost, followed = dangling(demo.folder)
    assert lost == []
    assert followed > 1000


def test_rows(demo: Site) -> None:
    page = demo.read("xsa/index.html")
    assert row(page, 9034) == (
        "XSA-9034 2025-05-06 yes events: a port is given away too early QSB-012"
    )
    assert row(page, 9008) == "XSA-9008 2018-05-15 no denial of service only"
    assert row(page, 9006) == "XSA-9006 2018-02-27 unused Unused Xen Security Advisory number"
    assert row(page, 9036) == "XSA-9036 2025-09-09 to be announced"
    assert row(page, 9037) == "XSA-9037 not in the tracker"
    numbers = [*range(9036, 9000, -1), 9037]  # without a date
    places = [page.index(f'<tr id="{number}">') for number in numbers]
    assert places == sorted(places)


def test_those_that_affect_the_product_have_a_page_of_their_own(demo: Site) -> None:
    every = re.findall(r'<tr id="(\d+)">.*?</tr>', demo.read("xsa/index.html"), re.S)
    page = demo.read("xsa/affecting/index.html")
    affecting = [number for number in every if f'<tr id="{number}">' in page]
    assert len(affecting) == page.count("<strong>yes</strong>") == page.count("<tr id=") == 14
    assert 'href="../../xsa/index.html#statistics"' in page


def test_statistics_on_page_drawing_table_and_data_are_one(demo: Site) -> None:
    check_statistics(demo)
    counted = json.loads(demo.read("data/archive.json"))["statistics"]
    assert (counted["used"], counted["affecting"], counted["open"]) == (35, 14, 1)
    assert ">14 of 35</a>" in demo.read("index.html")


def check_statistics(site: Site) -> None:
    """Hold the page's figures, its drawing and its table against ``archive.json``."""
    data = json.loads(site.read("data/archive.json"))
    counted, page = data["statistics"], site.read("xsa/index.html")
    figures = page.partition('<dl class="figures">')[2].partition("</dl>")[0]
    assert re.findall("<dd>(.*?)</dd>", re.sub("</?time[^>]*>", "", figures)) == [
        f"{counted['first']} to {counted['last']}",
        str(counted["used"]),
        str(counted["affecting"]),
        f"{counted['percentage']:.2f} %",
    ]
    years = [(str(y["year"]), y["affecting"], y["used"]) for y in counted["years"]]
    drawing = page.partition("<svg")[2].partition("</svg>")[0]
    drawn = re.findall(r"<text[^>]*>(\d{4})</text>.*?<text[^>]*>(\d+) of (\d+)</text>", drawing)
    assert [(year, int(part), int(whole)) for year, part, whole in drawn] == years
    bars = [int(width) for width in re.findall(r'<rect[^>]* width="(\d+)"', drawing)]
    most = max(used for _, _, used in years)
    assert bars == [n * 240 // most for _, part, whole in years for n in (whole, part)]
    table = page.partition("<details>")[2].partition("</details>")[0]
    rows = re.findall(r'<th scope="row">(\d{4})</th><td[^>]*>(\d+)</td><td[^>]*>(\d+)', table)
    assert [(year, int(part), int(whole)) for year, whole, part in rows] == years
    used = [a for a in data["advisories"] if a["status"] not in ("unused", "not-tracked")]
    assert len(used) == counted["used"] == sum(whole for _, _, whole in years)
    affecting = [a for a in used if a["status"] == "yes"]
    assert len(affecting) == counted["affecting"] == sum(part for _, part, _ in years)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (9034, ["Yes. It affects the security of Quern OS", "CVE-2025-90034", "QSB-012"]),
        (9002, ["No. It does not affect", "Reason denial of service only"]),
        (9006, ["Unused. No advisory was published under this number"]),
        (9036, ["To be announced. Whether it affects the security of Quern OS is undecided"]),
        (9037, ["Not in the tracker. Only a text or the Xen Project’s list mentions it"]),
    ],
)
def test_pages_of_advisories(demo: Site, number: int, expected: list[str]) -> None:
    page = demo.read(f"xsa/{number}/index.html")
    for said in (*expected, f"https://xen.example.org/xsa/advisory-{number}.html"):
        assert said in words(page)


def test_an_advisory_leads_to_its_neighbours(demo: Site) -> None:
    page = demo.read("xsa/9002/index.html")
    assert '<a rel="prev" href="../../xsa/9001/index.html">' in page
    assert '<a rel="next" href="../../xsa/9003/index.html">' in page
    assert 'rel="prev"' not in demo.read("xsa/9001/index.html")
    assert 'rel="next"' not in demo.read("xsa/9037/index.html")


def test_ids_lead_to_pages_here(demo: Site) -> None:
    page = demo.read("qsb/012/index.html")
    sheet = page.partition('<article class="sheet"')[2]
    assert '<a href="../../xsa/9034/index.html">XSA-9034</a>' in sheet
    assert '<a href="../../cve/index.html#CVE-2025-90034">CVE-2025-90034</a>' in sheet
    assert '<a href="../../xsa/9034/index.html">XSA-9034</a>' in page.partition("<article")[0]
    assert '<a href="../../xsa/9010/index.html">XSA-9010</a>' in demo.read("xsa/9026/index.html")
    assert '<a href="../xsa/9010/index.html">XSA-9010</a>' in demo.read("xsa/index.html")


def test_cves(demo: Site) -> None:
    page = demo.read("cve/index.html")
    rest = page.partition('<tr id="CVE-2025-90034">')[2].partition("</tr>")[0]
    assert words(rest) == "CVE-2025-90034 XSA-9034 QSB-012"
    assert 'href="https://cve.example.org/CVE-2025-90034"' in rest


@pytest.mark.parametrize("page", ["xsa", "xsa/9034", "xsa/affecting", "cve", "keys", "canaries"])
def test_a_page_that_was_not_written_is_noticed(
    demo: Site, archive: Archive, tmp_path: Path, page: str
) -> None:
    shutil.copytree(demo.folder, tmp_path / "site")
    profile = load_profile(PROFILE)
    check_output(ArchiveSite(archive, profile), tmp_path / "site")
    (tmp_path / "site" / page / "index.html").unlink()
    with pytest.raises(SecpackError, match=f"not written: {page}/index.html"):
        check_output(ArchiveSite(archive, profile), tmp_path / "site")
    check_output(ArchiveSite(archive, profile, own_theme=False), tmp_path / "site")


@pytest.mark.parametrize(("old", "new"), [("bulletins", "qsb"), ("canaries", "canary")])
def test_addresses_of_long_standing_lead_on(demo: Site, old: str, new: str) -> None:
    page = demo.read(f"{old}/index.html")
    assert f'<meta http-equiv="refresh" content="0; url=../{new}/index.html">' in page
    assert f'<link rel="canonical" href="../{new}/index.html">' in page
    assert f'<a href="../{new}/index.html">' in page


def test_feeds_lead_to_pages_here(tmp_path: Path) -> None:
    site = build(
        tmp_path / "site",
        settings="publishconf.py",
        SITEURL="https://quern.example.org/security",
    ).ok()
    feed = html.unescape(site.read("feeds/qsb.atom.xml"))
    assert '<a href="https://quern.example.org/security/xsa/9034/">XSA-9034</a>' in feed
    assert '"https://quern.example.org/security/cve/#CVE-2025-90034"' in feed
    canonical = '<link rel="canonical" href="https://quern.example.org/security/qsb/">'
    assert canonical in site.read("bulletins/index.html")


def test_with_another_theme_ids_lead_to_where_they_are_published(shared: Shared) -> None:
    site = shared.build("simple", THEME="simple")
    assert 'href="https://xen.example.org/xsa/advisory-9034.html"' in site.read(
        "qsb/012/index.html"
    )
    feed = html.unescape(site.read("feeds/qsb.atom.xml"))
    assert 'href="https://cve.example.org/CVE-2025-90034"' in feed


# --- sites of other data ----------------------------------------------------------------------


def site_of(
    folder: Path, files: Files, *, tracker: str = "", listed: str = "", more: str = ""
) -> Site:
    variables: dict[str, Path] = {}
    for name, file, text in (("XSA", "xsa.yml", tracker), ("XSA_JSON", "xsa.json", listed)):
        if text:
            (folder / file).write_text(text)
            variables[name] = folder / file
    site = site_of_pack(folder, files, f'issuer = "Quern"\n{more}', **variables)
    assert dangling(site.folder)[0] == []
    return site


def test_without_tracker_data_there_are_no_statistics(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, title="A bug (XSA-7)")})
    page = site.read("xsa/index.html")
    assert 'id="statistics"' not in page
    assert row(page, 7) == "XSA-7 not in the tracker QSB-001"
    assert "Only a text or the Xen Project’s list mentions it" in site.read("xsa/7/index.html")
    data = json.loads(site.read("data/archive.json"))
    assert data["statistics"]["total"] == 0
    assert data["statistics"]["percentage"] is None
    assert data["advisories"][0]["status"] == "not-tracked"
    assert "<p>mentioned in texts of this archive." in site.read("index.html")


def test_an_archive_without_any_advisory(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1)})
    lists = ("xsa/", "feeds/xsa", "cve/", "release/", "package/")
    assert not [path for path in site.files() if path.startswith(lists)]
    pages = [site.read(path) for path in site.files() if path.endswith(".html")]
    assert not [page for page in pages if "Xen" in words(page) or "XSA" in words(page)]
    assert dangling(site.folder)[0] == []


def test_advisories_that_do_not_matter_are_ids_like_others(tmp_path: Path) -> None:
    text = bulletin(1, title="As in XSA-7", body="See XSA-7 (CVE-2001-0001), XSA-8.")
    site = site_of(tmp_path, {"QSBs/qsb-001-2001.txt": text}, more="tracker = false\n")
    assert not (site.folder / "xsa").exists()
    assert "XSA-8" in words(site.read("cve/index.html"))
    assert 'href="https://xenbits.xen.org/xsa/advisory-8.html"' in site.read("qsb/001/index.html")
    assert json.loads(site.read("data/archive.json"))["advisories"] == []


def test_what_only_a_letter_names_has_a_page(tmp_path: Path) -> None:
    files: Files = {
        "canaries/canary-001-2020.txt": canary(1, count=0) + "\nXSA-8, CVE-2020-1234.\n",
        "canaries/canary-001-2020-letter-ines.txt": "Dear reader,\n\nXSA-9 came late.\n",
    }
    site = site_of(tmp_path, files)
    page = site.read("canary/001/index.html")
    assert '<a href="../../xsa/9/index.html">XSA-9</a>' in page
    assert "Mentioned in 2020-03-04 Quern Canary 001" in words(site.read("xsa/9/index.html"))


TRACKER = """\
- {xsa: 7, date: 2001-03-04, affected: yes, qsb: 002-2002}
- {xsa: 25, date: 2011-03-14, affected: no}
- {xsa: 26, date: 2011-03-14, affected: no}
- {xsa: 30, affected: no, reason: 'as XSA-7777 and CVE-2099-99999, like XSA-26'}
- {xsa: 40, affected: no, reason: "<b>no</b> \\u202e & javascript:alert(1)"}
- {xsa: 50, date: 2001-03-04, affected: no}
"""
LINKS = """\
[links]
advisory = "https://xen.example.org/advisory-{number}"
historical = "https://xen.example.org/old"
historical_until = 25
"""
QUOTED = 'The Mill Team published XSA-60 "bells <b>rung\u202e</b> twice".\n'
BEFORE = "QSB-001: Bugs (XSA-50) XSA-7 was before. 2003-03-04 QSB-003: A title XSA-7 was before."

#: What pages of a site say, by the file: its words, its HTML, and what it must not have.
SAID: list[tuple[str, list[str], list[str], list[str]]] = [
    ("xsa/7/index.html", ["Bulletins QSB-002 (not in this archive)", BEFORE], [], []),
    ("xsa/25/index.html", [], ['"https://xen.example.org/old"'], []),
    ("xsa/26/index.html", [], ['"https://xen.example.org/advisory-26"'], []),
    (
        "xsa/30/index.html",
        [],
        ['advisory-7777">XSA-7777</a>', '<a href="../../xsa/26/index.html">XSA-26</a>'],
        [],
    ),
    (
        "xsa/40/index.html",
        [],
        ["&lt;b&gt;no&lt;/b&gt;", "&lt;script&gt;[U+202E]"],
        ["<b>", "<script", "\u202e"],
    ),
    ("xsa/index.html", [], ["&lt;b&gt;no", "&lt;script&gt;[U"], ["<b>", "<script", "\u202e"]),
    (
        "xsa/50/index.html",
        [
            "Yes. The tracker says that XSA-50 does not affect the product, but QSB-001",
            "the tracker does not assign this advisory to QSB-001.",
        ],
        [],
        [],
    ),
    ("xsa/60/index.html", ["Quoted from QSB-004."], ["bells &lt;b&gt;rung"], ["<b>", "\u202e"]),
]


def test_what_pages_say_of_odd_advisories(tmp_path: Path) -> None:
    """A bulletin that the archive lacks, a title that is quoted, ids and markup in a reason."""
    files: Files = {
        "QSBs/qsb-001-2001.txt": bulletin(1, title="Bugs (XSA-50)", body="XSA-7 was before."),
        "QSBs/qsb-003-2003.txt": bulletin(3, body="XSA-7 was before."),
        "QSBs/qsb-004-2004.txt": bulletin(4, body=QUOTED),
    }
    listed = json.dumps([{"xsas": [{"xsa": 40, "title": "<script>\u202e"}]}])
    site = site_of(tmp_path, files, tracker=TRACKER, listed=listed, more=LINKS)
    assert row(site.read("xsa/index.html"), 7) == (
        "XSA-7 2001-03-04 yes QSB-002 (not in this archive)"
    )
    for page in ("xsa/index.html", "xsa/affecting/index.html"):
        assert row(site.read(page), 50) == "XSA-50 2001-03-04 yes (tracker: no) QSB-001"
        assert "Affecting Quern 2 All" in words(site.read(page))
    assert "Affecting Quern by a signed bulletin, not by the tracker: 1." in words(
        site.read("xsa/index.html")
    )
    for file, said, parts, absent in SAID:
        page = site.read(file)
        assert [each for each in said if each not in words(page)] == [], file
        assert [each for each in parts if each not in page] == [], file
        assert [each for each in absent if each in page] == [], file


def test_what_bulletins_say_of_ids_is_on_pages(tmp_path: Path) -> None:
    said = (
        "The Mill Team published XSA-7 (CVE-2001-1007) and AMD-SB-1007.\n"
        "See also XSA-8 and XSA-9. XSA-9 does not affect Quern.\n"
        "CVE-2000-1001 does not affect Quern. See also CVE-2000-1000 and DSA-3000.\n"
    )
    files: Files = {"QSBs/qsb-001-2001.txt": bulletin(1, body=said)}
    site = site_of(tmp_path, files)
    page = words(site.read("qsb/001/index.html"))
    assert "Advisories XSA-7 CVE CVE-2001-1007 Other ids AMD-SB-1007" in page
    assert "Does not apply XSA-9 , CVE-2000-1001" in page
    page = words(site.read("xsa/9/index.html"))
    assert "Does not apply, according to 2001-03-04 QSB-001: A title XSA-9 does not affect" in page
    assert "Mentioned in" not in page
    page = words(site.read("cve/index.html"))
    assert "CVE-2001-1007 XSA-7 QSB-001 CVE-2000-1001 QSB-001 (does not apply)" in page
    assert "CVE-2000-1000 QSB-001 (mentioned)" in page
    assert "AMD-SB-1007 QSB-001 DSA-3000 QSB-001 (mentioned)" in page


def test_a_profile_whose_lists_have_the_old_names(tmp_path: Path) -> None:
    names = '[bulletins]\nprefix = "bulletins"\nfolder = "QSBs"\n'
    files: Files = {
        "QSBs/bulletins-001-2001.txt": bulletin(1),
    }
    site = site_of(tmp_path, files, more=names)
    assert "refresh" not in site.read("bulletins/index.html")
    assert "refresh" in site.read("canaries/index.html")


@pytest.mark.parametrize("name", ["XSA", "XSA_JSON"])
def test_bad_tracker_data_stops_the_build(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad").write_text("{")
    site = build(tmp_path / "site", **{name: tmp_path / "bad"}).refused()
    assert f"{tmp_path / 'bad'}:" in site.said
    assert not site.folder.exists()
