"""By release and by package: every bulletin that ships something, newest first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bulletins.build.gate import dangling
from bulletins.pages.lists import lookup_pages
from bulletins.pages.model import LookupsPage
from bulletins.site import Site, release_order
from bulletins.urls import slug_of
from secpack import Profile, load
from secpack.model.archive import Archive
from secpack.profile import Package
from tests.bulletins.sites import build
from tests.packs import bulletin, make_pack

BODY = """\
Words.

Patching
---------

The specific packages that resolve the problems are:

{items}
"""


def text(number: int, items: str) -> str:
    return bulletin(number, body=BODY.format(items=items))


FILES = {
    "QSBs/qsb-001-2001.txt": text(
        1, "  For Quern 2 Beta 2, in hearth:\n  - Xen packages, version 1.0-1"
    ),
    "QSBs/qsb-002-2002.txt": text(
        2,
        "  For Quern 2 and 4.9, in hearth:\n  - xen packages, version 1.0-2\n"
        "  For Quern 2, in hearth and templates:\n  - bell packages, version 1.0\n\n"
        "Hearth must be restarted afterwards.",
    ),
    "QSBs/qsb-003-2003.txt": text(3, "  For Quern 4.10: no fix is available"),
    "QSBs/qsb-004-2004.txt": text(4, "  - bell packages, version 3.0-1"),
}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return load(make_pack(tmp_path / "pack", dict(FILES)), profile=Profile(issuer="Quern"))


def test_releases_are_there_newest_first(archive: Archive) -> None:
    assert [found.name for found in Site(archive, Profile()).by_release] == [
        "4.10",
        "4.9",
        "2",
        "2 Beta 2",
    ]
    newest = Site(archive, Profile()).by_release[0]
    ((shipped, rows),) = newest.shipped
    assert (shipped.number, rows[0].fix.value) == (3, "none")


def test_names_that_differ_in_case_are_one_package(archive: Archive) -> None:
    bell, xen = Site(archive, Profile()).by_package
    assert (bell.name, xen.name, xen.slug) == ("bell", "xen", "xen")
    assert [(b.number, len(rows)) for b, rows in xen.shipped] == [(2, 2), (1, 1)]


def test_the_profile_joins_the_names_of_a_package(tmp_path: Path) -> None:
    profile = Profile(issuer="Quern", packages={"chimes": Package(names=("Bell", "Xen"))})
    archive = load(make_pack(tmp_path / "pack", dict(FILES)), profile=profile)
    (chimes,) = Site(archive, Profile()).by_package
    assert [(b.number, rows[0].package) for b, rows in chimes.shipped] == [
        (4, "bell"),
        (2, "xen"),
        (1, "Xen"),
    ]


def test_what_says_no_release_is_listed_too(archive: Archive) -> None:
    page = dict(lookup_pages(Site(archive, Profile())))["release/"]()
    assert isinstance(page, LookupsPage)
    assert [each.publication.number for each in page.others] == [4]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("4.3", "4.3"),
        ("2 Beta 2", "2-beta-2"),
        ("microcode_ctl", "microcode_ctl"),
        ("../../etc", "etc-74ccf3"),
        ("..", "5ec1f7"),
        ("Ærø", "r-4a74d1"),
        ("x" * 300, "x" * 60 + "-0d4e2c"),
        ("index.html", "index.html-0eb547"),
        ("", "e3b0c4"),
    ],
)
def test_slugs_stay_in_their_folder(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_the_pages(tmp_path: Path) -> None:
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "pack", dict(FILES))).ok()
    assert "no fix available" in site.read("release/4.10/index.html")
    assert re.search(r"1\.0-2.*1\.0-1", site.read("package/xen/index.html"), re.S)
    assert "Release not stated" in site.read("release/index.html")
    page = site.read("qsb/002/index.html")
    assert '<a href="../../release/4.9/index.html">Qubes OS 4.9</a>' in page
    assert '<a href="../../package/xen/index.html">xen</a>' in page
    assert dangling(site.folder)[0] == []


SUPPORT = """
issuer = "Quern"
[releases]
2 = { since = 2000-01-01, until = 2001-12-31 }
"4.8" = { since = 2001-01-01, until = 2002-02-01 }
"4.9" = { since = 2001-06-01, until = 2002-12-31 }
"4.10" = { since = 2002-01-01 }
"""


def test_a_bulletin_has_a_row_for_each_release(tmp_path: Path) -> None:
    """Those named or supported, and the last without support; silence is not stated."""
    profile = tmp_path / "profile.toml"
    profile.write_text(SUPPORT)
    pack = make_pack(tmp_path / "pack", dict(FILES))
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=profile)

    def rows(number: int) -> list[str]:
        (table,) = re.findall(
            'class="answers".*?</table>', site.read(f"qsb/{number:03d}/index.html"), re.S
        )
        found = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        return [" ".join(re.sub("</th>|<[^>]*>", " ", row).split()) for row in found]

    assert rows(2) == [
        "Quern 4.10 Not stated.",
        "Quern 4.9 Install xen 1.0-2 in hearth, then restart hearth",
        "Quern 4.8 Not stated. Support ended 2002-02-01 .",
        "Quern 2 Install xen 1.0-2 in hearth Install bell 1.0 in hearth and templates"
        ", then restart hearth Support ended 2001-12-31 .",
    ]
    assert rows(3) == [
        "Quern 4.10 all packages: no fix available",
        "Quern 4.9 Not stated. Support ended 2002-12-31 .",
    ]
    assert rows(4)[2:] == ["Release not stated Install bell 3.0-1"]


def test_a_release_needs_the_newest_of_each_package_and_target(tmp_path: Path) -> None:
    items = ("{t}:\n  - xen packages, version 1.0-{n}", "{t}:\n  - bell packages, version 2.0-{n}")
    targets = ("in hearth", "in templates")
    files = {
        f"QSBs/qsb-00{n}-200{n}.txt": text(
            n, "\n".join("  For Quern 4.9, " + items[p].format(t=targets[t], n=n) for p, t in asked)
        )
        for n, asked in enumerate((((0, 0), (1, 1)), ((1, 0),), ((0, 0),)), 1)
    }
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "pack", files))
    needed = site.read("release/4.9/index.html").partition('id="page-history"')[0]
    rows = [re.sub("<[^>]+>", " ", row).split() for row in re.findall("<tr><th.*?</tr>", needed)]
    assert rows[1:] == [
        ["xen", "1.0-3", "hearth", "2003-03-04", "QSB-003"],
        ["bell", "2.0-2", "hearth", "2002-03-04", "QSB-002"],
        ["bell", "2.0-1", "templates", "2001-03-04", "QSB-001"],
    ]


def test_bulletins_lead_to_later_and_earlier_ones(tmp_path: Path) -> None:
    """Related are those of which one names the other, or an advisory that the other addresses."""
    files = {
        "QSBs/qsb-001-2001.txt": bulletin(1, title="Hole (XSA-7)"),
        "QSBs/qsb-002-2002.txt": bulletin(2, body="The fix of QSB #1 was not complete."),
        "QSBs/qsb-003-2003.txt": bulletin(3, body="This is unlike XSA-7."),
        "QSBs/qsb-004-2004.txt": bulletin(4, body="QSB #4 is this one, and QSB #9 is missing."),
    }
    site = build(tmp_path / "site", SECPACK=make_pack(tmp_path / "pack", files))
    related = {
        number: re.findall(
            r">(Later:|Earlier)<.*?((?:<a .*?</a>(?:; )?)+)",
            site.read(f"qsb/00{number}/index.html"),
        )
        for number in range(1, 5)
    }
    said = {n: [(w, re.findall("QSB-[0-9]+", links)) for w, links in r] for n, r in related.items()}
    assert said == {
        1: [("Later:", ["QSB-003", "QSB-002"])],
        2: [("Earlier", ["QSB-001"])],
        3: [("Earlier", ["QSB-001"])],
        4: [],
    }


def test_releases_are_in_the_order_of_their_numbers() -> None:
    """A superscript is no number."""
    releases = ["4.10", "4.\u00b2", "2", "4.9", "2 Beta 2", "\u00b2"]
    assert sorted(releases, key=release_order) == [
        "\u00b2",
        "2 Beta 2",
        "2",
        "4.\u00b2",
        "4.9",
        "4.10",
    ]
