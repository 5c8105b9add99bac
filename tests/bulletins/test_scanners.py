"""OSV and CSAF: the same bulletins as everywhere, what is truthful of them, and valid."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from bulletins import words
from bulletins.exports.facts import is_url
from bulletins.site import Site as ArchiveSite
from bulletins.urls import (
    CSAF_FEED,
    CSAF_PROVIDER,
    OSV_ALL,
    OSV_CHANGES,
    OSV_ZIP,
    VEX_FEED,
    csaf_url,
)
from secpack import Profile, SecpackError, load, load_profile
from secpack.affected import rpm_order
from secpack.extract.answers import answers
from secpack.model.archive import (
    Advisory,
    Archive,
    Context,
    Fix,
    Mention,
    PackageRow,
    Revision,
)
from secpack.model.findings import Finding, Severity
from secpack.profile import Osv, Package, Product
from tests.bulletins import judges, rules
from tests.bulletins.formats import csaf, exports, osv
from tests.bulletins.sites import ROOT, Site, build
from tests.bulletins.test_hostile import BODY_OF_ALL, HOSTILE_REVISION, TITLE
from tests.keys import CHECKER
from tests.packs import Files, bulletin, make_pack
from tests.secpack.adversary import mixed_texts, texts

URL = "https://example.org/security"
PROFILE = load_profile(ROOT / "content" / "demo.toml")
BODY = """\
The bug is XSA-9002 (CVE-2020-90002).

Patching
---------

{packages}
"""
PACKAGES = """\
The following packages fix it:

  For Quern 4.1, in hearth:
  - xen packages, version 4.17.5-6
  - quern-bell, version 4.1.12-1 (optional)
"""


@pytest.fixture(scope="module")
def verified(archive: Archive) -> Archive:
    """The same with its keys."""
    keys = load(ROOT / "content/secpack", profile=PROFILE, checker=CHECKER).keys
    return replace(archive, keys=keys)


def one(tmp_path: Path, **said: str) -> Archive:
    """An archive with one bulletin."""
    return load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, **said)}))


def with_rows(archive: Archive, *rows: PackageRow) -> Archive:
    found = replace(archive.bulletins[0], packages=rows)
    return replace(archive, bulletins=(found,))


def documents(archive: Archive, profile: Profile = PROFILE) -> dict[str, Any]:
    """All CSAF documents by their addresses."""
    written = csaf(archive, profile, URL)
    return {csaf_url(b): json.loads(written[csaf_url(b)]) for b in archive.bulletins}


def record(archive: Archive, site_url: str = URL) -> Any:
    (found,) = json.loads(osv(archive, PROFILE, site_url)[OSV_ALL])
    return found


def document(archive: Archive) -> Any:
    (found,) = documents(archive).values()
    return found


# --- OSV --------------------------------------------------------------------------------------


def test_osv_has_each_bulletin_once(archive: Archive) -> None:
    files = osv(archive, PROFILE, URL)
    with zipfile.ZipFile(io.BytesIO(files.pop(OSV_ZIP))) as archived:
        zipped = {f"osv/{name}": archived.read(name) for name in archived.namelist()}
    changes = [line.split(",") for line in files.pop(OSV_CHANGES).decode().splitlines()]
    written = {path: json.loads(data) for path, data in files.items()}
    whole = written.pop(OSV_ALL)
    assert zipped == {path: files[path] for path in written}
    assert changes == sorted(([found["modified"], found["id"]] for found in whole), reverse=True)
    assert [found["id"] for found in whole] == [f"x_{b.id}" for b in archive.bulletins]
    assert list(written.values()) == whole
    assert list(written) == [f"osv/{found['id']}.json" for found in whole]


@pytest.mark.parametrize("url", [URL, ""])
def test_osv_is_valid(archive: Archive, url: str) -> None:
    for path, data in osv(archive, PROFILE, url).items():
        if path.startswith("osv/x_"):
            assert judges.osv_faults(json.loads(data)) == [], path
            assert rules.osv_faults(json.loads(data)) == [], path


def test_osv_without_a_bulletin() -> None:
    written = osv(Archive((), (), (), (), (), ()), PROFILE, URL)
    assert list(written) == [OSV_ALL, OSV_ZIP, OSV_CHANGES]
    assert json.loads(written[OSV_ALL]) == []


def test_osv_with_what_is_registered(tmp_path: Path) -> None:
    known = Package(purl="pkg:rpm/quern/xen@{version}")
    registered = Osv(prefix="RHSA", ecosystem="Debian")
    profile = replace(PROFILE, osv=registered, packages={"xen": known})
    rows = [
        PackageRow("4.1", "hearth", "Xen packages", "4.17.5-6", 1, name="xen"),
        PackageRow("4.0", "", "xen", "", 2, Fix.NONE, name="xen"),
        PackageRow("3.2", "", "xen", "", 3, Fix.NOT_AFFECTED, name="xen"),
    ]
    written = osv(with_rows(one(tmp_path), *rows), profile, URL)
    found = json.loads(written["osv/RHSA-001.json"])
    assert judges.osv_faults(found) + rules.osv_faults(found) == []
    packages = [(each["package"], each["ranges"][0]["events"]) for each in found["affected"]]
    purl = "pkg:rpm/quern/xen"
    assert packages == [
        (
            {"ecosystem": "Debian:4.1", "name": "xen", "purl": purl},
            [{"introduced": "0"}, {"fixed": "4.17.5-6"}],
        ),
        ({"ecosystem": "Debian:4.0", "name": "xen", "purl": purl}, [{"introduced": "0"}]),
    ]


def fixed_faults(archive: Archive, profile: Profile) -> list[str]:
    """The fixed versions that a scanner would call affected by their own bulletin."""
    registered = replace(profile, osv=Osv(ecosystem="Quern"))
    records = json.loads(osv(archive, registered, URL)[OSV_ALL])
    faults = []
    for found, each in zip(records, archive.bulletins, strict=True):
        for row in (row for row in each.packages if row.version):
            system = f"Quern:{row.release}" if row.release else "Quern"
            package = {"ecosystem": system, "name": row.name or row.package}
            known = [a["package"] for a in found["affected"] if "package" in a]
            given = [
                p for p in known if {"ecosystem": p["ecosystem"], "name": p["name"]} == package
            ]
            faults += [] if len(given) == 1 else [f"{each.id}: {len(given)} times {package}"]
            if rules.osv_affects(found, given[0], row.version, rpm_order):
                faults.append(f"{each.id}: {package} {row.version} is fixed")
    return faults


def test_osv_calls_no_fixed_version_affected(archive: Archive, tmp_path: Path) -> None:
    """Several branches and targets have no range: nothing says where a branch begins."""
    assert fixed_faults(archive, PROFILE) == []
    rows = [
        PackageRow("4.1", "hearth", "kernel", "6.1.43-1", 1),
        PackageRow("4.1", "hearth", "kernel", "6.4.8-1", 2),
        PackageRow("4.1", "templates", "kernel", "5.15.124-1", 3),
        PackageRow("4.1", "hearth", "bell", "4.1.9-1", 4),
        PackageRow("4.1", "templates", "bell", "4.1.9-1", 5),
        PackageRow("4.0", "", "bell", "4.0.9-1", 6),
        PackageRow("4.0", "", "bell", "", 7, Fix.NONE),
    ]
    several = with_rows(one(tmp_path), *rows)
    assert fixed_faults(several, PROFILE) == []
    profile = replace(PROFILE, osv=Osv(ecosystem="Debian"))
    (found,) = json.loads(osv(several, profile, URL)[OSV_ALL])
    assert judges.osv_faults(found) + rules.osv_faults(found) == []
    events = [each.get("ranges", [{}])[0].get("events") for each in found["affected"]]
    assert events == [None, [{"introduced": "0"}, {"fixed": "4.1.9-1"}], None]
    ((kernel, bell, _),) = [found["affected"]]
    assert [row["domain"] for row in bell["database_specific"]["packages"]] == [
        "hearth",
        "templates",
    ]
    assert rules.osv_affects(found, bell["package"], "4.1.8-7", rpm_order)
    branches = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": v}]}
                for v in ("6.1.43-1", "6.4.8-1")]  # fmt: skip
    kernel["ranges"] = branches  # what would be wrong
    assert rules.osv_affects(found, kernel["package"], "6.1.43-1", rpm_order)


def test_osv_calls_no_fixed_version_of_a_real_pack_affected(real_pack: Path) -> None:
    profile = load_profile(ROOT / "content/qubes.toml")
    assert fixed_faults(load(real_pack, profile=profile), profile) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("affected", []),
        ("upstream", ["XSA-1", "XSA-1"]),
        ("upstream", ["x_QSB-012"]),
        ("related", ["XSA-9034"]),
        ("aliases", ["XSA-9034"]),
        ("modified", "2025-05-01T00:00:00Z"),
    ],
)
def test_the_rules_of_osv_refuse(archive: Archive, field: str, value: object) -> None:
    found = json.loads(osv(archive, PROFILE, URL)["osv/x_QSB-012.json"])
    assert rules.osv_faults(found) == []
    assert rules.osv_faults(found | {field: value})


@pytest.mark.parametrize(
    ("words", "expected", "safe"),
    [
        ("XSA-1 and XSA-2 came out.\n\nXSA-2 does not affect Quern 4.1, as it has no bell.",
         [("4.1", "4.17.5-6", ["XSA-2"]), ("4.2", "4.17.5-6", None)], None),
        ("XSA-1, XSA-2 are out.\n\nXSA-1 affects only Quern 4.1. XSA-2 does not affect Quern 4.2.",
         [("4.1", "4.17.5-6", None)], None),
        ("XSA-1 came out.\n\nQuern 4.3 is not affected. No update is available for Quern 4.0.",
         [("4.1", "4.17.5-6", None), ("4.2", "4.17.5-6", None), ("4.0", "", None)], ["4.3"]),
        ("XSA-1, XSA-2.\n\nThese issues do not affect Quern 4.3. No update for Quern 4.0 exists.",
         [("4.1", "4.17.5-6", None), ("4.2", "4.17.5-6", None), ("4.0", "", None)], ["4.3"]),
    ],
)  # fmt: skip
def test_osv_says_which_releases_an_id_spares(
    tmp_path: Path, words: str, expected: list[tuple[str, str, list[str] | None]], safe: list[str]
) -> None:
    """An entry that all ids spare is left out; a release without a fix has no range."""
    archive = one(tmp_path, body=words + TWO_RELEASES)
    profile = replace(PROFILE, osv=Osv(ecosystem="Debian"))
    (found,) = json.loads(osv(archive, profile, URL)[OSV_ALL])
    assert judges.osv_faults(found) + rules.osv_faults(found) == []
    entries = [(e["database_specific"], e.get("ranges")) for e in found["affected"]]
    rows = [(data["packages"][0], data.get("not_affected_by")) for data, _ in entries]
    assert [(row["release"], row["version"] or "", spared) for row, spared in rows] == expected
    assert [bool(ranges) for _, ranges in entries] == [bool(version) for _, version, _ in expected]
    assert found["database_specific"].get("not_affected") == safe


def test_osv_keeps_packages_apart_that_the_text_keeps_apart(tmp_path: Path) -> None:
    entries = record(one(tmp_path, body=APART))["affected"]
    data = [each["database_specific"] for each in entries]
    spared = {each["packages"][0]["package"]: each.get("not_affected_by") for each in data}
    assert spared == {"quern-bell": ["XSA-1"], "mill": None, "sieve": None}


def test_osv_says_what_the_text_says(archive: Archive) -> None:
    found = json.loads(osv(archive, PROFILE, URL)["osv/x_QSB-012.json"])
    bulletin = archive.bulletins[-1]
    text = bulletin.document.file.data.decode().strip("\n").rstrip()
    assert found.pop("details") == f"```text\n{text}\n```\n"
    assert found.pop("database_specific")["sha256"] == bulletin.document.file.sha256
    addresses = [link["url"] for link in found.pop("references")]
    assert addresses[:2] == [f"{URL}/qsb/012/", f"{URL}/qsb/012/qsb-012-2025.txt"]
    assert "https://xen.example.org/xsa/advisory-9034.html" in addresses
    assert "http://xen.example.org/xsa/advisory-9034.html" not in addresses
    affected = [
        row for each in found.pop("affected") for row in each["database_specific"]["packages"]
    ]
    assert [(row["package"], row["version"], row["domain"]) for row in affected] == [
        ("xen", "4.17.5-6", "hearth"),
        ("quern-bell", "4.1.12-1", "hearth"),
        ("quern-bell-sender", "4.1.12-1", "templates"),
    ]
    assert found == {
        "schema_version": "1.7.0",
        "id": "x_QSB-012",
        "published": "2025-05-06T00:00:00Z",
        "modified": "2025-05-20T00:00:00Z",
        "summary": "The bell may be rung by a domain that has left (XSA-9034)",
        "upstream": ["XSA-9034", "CVE-2025-90034"],
        "credits": [{"name": "Đorđe Håkansson-Nguyễn", "type": "FINDER"}],
    }


def test_osv_names_no_place_of_the_site_where_it_has_none(archive: Archive) -> None:
    links = [link["url"] for r in json.loads(osv(archive, PROFILE, "")[OSV_ALL])
             for link in r.get("references", ())]  # fmt: skip
    assert links
    assert all(is_url(link) and "/qsb/" not in link for link in links)


def test_osv_tells_addressed_from_related(tmp_path: Path) -> None:
    body = "XSA-9001 was published. XSA-9002 does not affect Quern, unlike XSA-9003 of old.\n"
    found = record(one(tmp_path, body=body))
    assert found["upstream"] == ["XSA-9001"]
    assert found["related"] == ["XSA-9003"]
    assert "aliases" not in found


def test_osv_details_stay_words_as_markdown(tmp_path: Path) -> None:
    body = "```\n# not a heading\n```\n\n`````` <b>bold</b> [x](https://evil.example.org/)"
    details = record(one(tmp_path, body=body))["details"]
    fence = re.match("`+", details)
    assert fence
    assert details.count(fence[0]) == 2
    assert details.endswith(f"\n{fence[0]}\n")
    assert body in details


# --- CSAF -------------------------------------------------------------------------------------


def test_csaf_has_each_bulletin_once(archive: Archive) -> None:
    found = documents(archive)
    assert [d["document"]["tracking"]["id"] for d in found.values()] == [
        b.id for b in archive.bulletins
    ]
    assert list(found)[-1] == "csaf/2025/qsb-012.json"


@pytest.mark.usefixtures("judges")
def test_csaf_is_valid(archive: Archive) -> None:
    assert judges.csaf_faults(documents(archive)) == {}


@pytest.mark.usefixtures("judges")
def test_csaf_lacks_only_what_texts_do_not_tell(archive: Archive) -> None:
    """A score, a weakness, an identifier of a product, a CVE: none is made up."""
    known = ("6_2_3 ", "6_2_16 ", "6_3_3 ", "6_3_4 ", "6_3_9 ")
    faults = judges.csaf_faults(documents(archive), every=True)
    assert faults
    for name, found in faults.items():
        others = [f for f in found if not any(f"Test_{test}" in f for test in known)]
        assert others == [], name


def test_csaf_says_what_the_text_says(archive: Archive) -> None:
    found = documents(archive)["csaf/2025/qsb-012.json"]
    head, (vulnerability,) = found["document"], found["vulnerabilities"]
    assert head["category"] == "csaf_security_advisory"
    assert head["publisher"] == {
        "category": "vendor",
        "contact_details": "security@quern.example.org",
        "name": "The Quern Security Team",
        "namespace": "https://quern.example.org/",
    }
    titles = [(note["category"], note["title"]) for note in head["notes"]]
    assert titles == [
        ("general", "User action"),
        ("summary", "Summary"),
        ("details", "Impact"),
        ("details", "Affected systems"),
        ("general", "Patching"),
        ("other", "How to read this"),
    ]
    text = archive.bulletins[-1].document.file.data.decode()
    assert all(note["text"] in text for note in head["notes"][:-1])
    assert head["acknowledgments"] == [{"names": ["Đorđe Håkansson-Nguyễn"], "summary": "found"}]
    assert vulnerability["cve"] == "CVE-2025-90034"
    assert vulnerability["title"] == "events: a port is given away too early"
    assert vulnerability["ids"] == [{"system_name": "XSA", "text": "XSA-9034"}]
    assert vulnerability["product_status"] == {
        "known_affected": ["4.1"],
        "fixed": [
            "4.1/hearth/xen/4.17.5-6",
            "4.1/hearth/quern-bell/4.1.12-1",
            "4.1/templates/quern-bell-sender/4.1.12-1",
        ],
    }
    (remediation,) = vulnerability["remediations"]
    assert (remediation["category"], remediation["product_ids"]) == ("vendor_fix", ["4.1"])
    lines = remediation["details"].split("\n")
    assert lines[1] == "- xen 4.17.5-6, in hearth"
    assert lines[-1] == "Then restart the station."


def test_csaf_revisions_are_numbered_from_the_oldest(archive: Archive) -> None:
    dates = {b.id: (b.published, b.updated) for b in archive.bulletins}
    for found in documents(archive).values():
        tracking = found["document"]["tracking"]
        history = tracking["revision_history"]
        published, updated = dates[tracking["id"]]
        assert [entry["number"] for entry in history] == [
            str(number) for number in range(1, len(history) + 1)
        ]
        assert history[0]["date"] == tracking["initial_release_date"] == f"{published}T00:00:00Z"
        assert history[-1]["date"] == tracking["current_release_date"] == f"{updated}T00:00:00Z"
        assert tracking["version"] == history[-1]["number"]


DAY = date(2001, 3, 4)
VEX_9002 = "vex/2001/vex-xsa-9002.json"


REVISIONS: list[tuple[list[tuple[int, str]], int, list[str]]] = [
    ([], 0, ["First published"]),
    ([], 2, ["First published", "Revised"]),
    ([(0, "a"), (0, "b"), (1, "c")], 1, ["a; b", "c"]),
    ([(1, "c"), (0, "b"), (0, "a")], 1, ["b; a", "c"]),
    ([(2, "b")], 2, ["First published", "b"]),
    ([(1, " ")], 2, ["First published", "Revised"]),
]


@pytest.mark.usefixtures("judges")
def test_csaf_revisions(tmp_path: Path) -> None:
    archive, found = one(tmp_path), {}
    for revisions, updated, expected in REVISIONS:
        entries = tuple(Revision(DAY + timedelta(days=days), text, 1) for days, text in revisions)
        changed = DAY + timedelta(days=updated)
        revised = replace(archive.bulletins[0], revisions=entries, updated=changed)
        made = document(replace(archive, bulletins=(revised,)))
        history = made["document"]["tracking"]["revision_history"]
        assert [entry["summary"] for entry in history] == expected, revisions
        found[str(revisions)] = made
    assert judges.csaf_faults(found) == {}


@pytest.mark.usefixtures("judges")
def test_csaf_without_releases_is_about_the_product(tmp_path: Path) -> None:
    packages = "The following packages fix it:\n\n- xen packages, version 4.17.5-6\n"
    found = document(one(tmp_path, body=BODY.format(packages=packages)))
    assert found["document"]["category"] == "csaf_security_advisory"
    assert judges.csaf_faults({"one": found}) == {}
    (each,) = found["vulnerabilities"]
    assert each["product_status"] == {"fixed": ["//xen/4.17.5-6"], "known_affected": ["(any)"]}
    names = [b["name"] for b in found["product_tree"]["branches"][0]["branches"]]
    assert names == ["Quern OS", "xen"]
    assert each["remediations"][0]["details"].startswith("For Quern OS:\n- xen 4.17.5-6")


@pytest.mark.usefixtures("judges")
def test_csaf_without_packages_is_only_the_base(tmp_path: Path) -> None:
    found = document(one(tmp_path, body="XSA-9002 was published.\n"))
    assert found["document"]["category"] == "csaf_base"
    assert "product_tree" not in found
    assert judges.csaf_faults({"one": found}) == {}


SAID = [
    ("XSA-1 affects only Quern 4.1. XSA-2 does not affect Quern 4.1, as it has no bell.", {
        "XSA-1": {"known_affected": ["4.1"], "known_not_affected": ["4.2"], "fixed": ["4.1"]},
        "XSA-2": {"known_not_affected": ["4.1"], "fixed": ["4.2"]},
    }),
    ("XSA-1 affects both Quern 4.1 and 4.2. XSA-2 is bad.", {
        "XSA-1": {"known_affected": ["4.1", "4.2"], "fixed": ["4.1", "4.2"]},
        "XSA-2": {"fixed": ["4.1", "4.2"]},
    }),
    ("XSA-1 is bad. XSA-2 affects only mill 4 or newer, thus only Quern 4.2 is affected.", {
        "XSA-1": {"fixed": ["4.1", "4.2"]},
        "XSA-2": {"known_affected": ["4.2"], "known_not_affected": ["4.1"], "fixed": ["4.2"]},
    }),
    ("XSA-1:\n\nQuern 4.0 is not affected.\n\nXSA-2:\n\nThis issue affects only Quern 4.1.", {
        "XSA-1": {"fixed": ["4.1", "4.2"]},
        "XSA-2": {"fixed": ["4.1", "4.2"]},
    }),
    ("Quern 4.0 is not affected by these issues.", {
        "XSA-1": {"known_not_affected": ["4.0"], "fixed": ["4.1", "4.2"]},
        "XSA-2": {"known_not_affected": ["4.0"], "fixed": ["4.1", "4.2"]},
    }),
    ("XSA-1 and XSA-2 are bad. The first affects only Quern 4.1.", {
        "XSA-1": {"fixed": ["4.1", "4.2"]},
        "XSA-2": {"fixed": ["4.1", "4.2"]},
    }),
]  # fmt: skip
TWO_RELEASES = "\n\nPatching\n---\n\n" + "".join(
    f"For Quern {release}, in hearth:\n\n- xen packages, version 4.17.5-6\n\n"
    for release in ("4.1", "4.2")
)


@pytest.mark.usefixtures("judges")
@pytest.mark.parametrize(("words", "expected"), SAID)
def test_csaf_says_of_one_of_several_only_what_the_text_says_of_it(
    tmp_path: Path, words: str, expected: dict[str, dict[str, list[str]]]
) -> None:
    """No release is affected by a guess, and none that the text spares."""
    found = document(one(tmp_path, body=f"XSA-1 and XSA-2 came out.\n\n{words}{TWO_RELEASES}"))
    assert judges.csaf_faults({"one": found}) == {}
    for each in found["vulnerabilities"]:
        status = each["product_status"]
        status["fixed"] = [product.partition("/")[0] for product in status["fixed"]]
        assert status == expected[each["ids"][0]["text"]]


@pytest.mark.usefixtures("judges")
def test_csaf_calls_no_release_safe_for_which_there_are_packages(tmp_path: Path) -> None:
    """Only a sentence about one of several ids does; a target that is safe is no safe release."""
    body = f"XSA-1 came out.\n\nQuern 4.1 is not affected, nor is 4.0.{TWO_RELEASES}"
    rows = [
        PackageRow("4.2", "hearth", "", "", 1, Fix.NOT_AFFECTED),
        PackageRow("4.3", "hearth", "", "", 1, Fix.NOT_AFFECTED),
    ]
    archive = one(tmp_path, body=body)
    archive = with_rows(archive, *rows, *archive.bulletins[0].packages)
    found = document(archive)
    assert judges.csaf_faults({"one": found}) == {}
    (each,) = found["vulnerabilities"]
    assert each["product_status"]["known_affected"] == ["4.1", "4.2"]
    assert each["product_status"]["known_not_affected"] == ["4.0"]
    assert [r["product_ids"] for r in each["remediations"]] == [["4.1"], ["4.2"]]
    said = {answer.release: answer.fix for answer in answers(archive.bulletins[0])}
    assert said["4.3"] is None
    assert said["4.2"] is Fix.AVAILABLE


@pytest.mark.usefixtures("judges")
def test_csaf_calls_a_release_safe_from_what_its_section_names(tmp_path: Path) -> None:
    body = "XSA-1 and XSA-2 came out.\n\n" + "".join(
        f"Patching for XSA-{number}\n---------\n\nThe following packages fix it:\n\n"
        f"For Quern 4.2:\n- xen 4.1-2\n\nFor Quern {safe}: not affected\n\n"
        for number, safe in ((1, "4.0"), (2, "4.1"))
    )
    archive = one(tmp_path, title="A title (XSA-1, XSA-2)", body=body)
    found = document(archive)
    assert judges.csaf_faults({"one": found}) == {}
    status = {v["ids"][0]["text"]: v["product_status"] for v in found["vulnerabilities"]}
    assert {id_: each["known_not_affected"] for id_, each in status.items()} == {
        "XSA-1": ["4.0"],
        "XSA-2": ["4.1"],
    }
    said = {answer.release: answer.fix for answer in answers(archive.bulletins[0])}
    assert said == {"4.0": None, "4.1": None, "4.2": Fix.AVAILABLE}


APART = """Two bugs: XSA-1 is one.

Bell issue
-----------

The bell can be rung.

Mill issue
-----------

The mill is wrong: XSA-1.

Patching
---------

For Quern 4.1, in hearth:

- quern-bell, version 4.1.12-1
- mill, version 4.17.5-6
- sieve, version 2-1
"""


@pytest.mark.usefixtures("judges")
def test_csaf_keeps_packages_apart_that_the_text_keeps_apart(tmp_path: Path) -> None:
    """A bell fixes no flaw of the mill; what has no id is the bulletin's own."""
    found = document(one(tmp_path, body=APART))
    assert judges.csaf_faults({"one": found}) == {}
    fixed = {v["ids"][0]["text"]: v["product_status"]["fixed"] for v in found["vulnerabilities"]}
    assert fixed == {
        "XSA-1": ["4.1/hearth/mill/4.17.5-6", "4.1/hearth/sieve/2-1"],
        "QSB-001": ["4.1/hearth/quern-bell/4.1.12-1"],
    }
    assert found["vulnerabilities"][-1]["notes"][1]["text"] == words.own_flaws


@pytest.mark.usefixtures("judges")
def test_csaf_and_vex_agree_where_text_and_tracker_differ(tmp_path: Path) -> None:
    """The signed text has the last word, and a note names both."""
    body = BODY.format(packages=PACKAGES)
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, body=body)})
    tracker = [Advisory(9002, DAY, affected=False, reason="too old")]
    archive = load(pack, advisories=tracker)
    written = exports(archive, PROFILE, URL)
    (small,) = json.loads(written["vex/openvex.json"])["statements"]
    found = [json.loads(written[url]) for url in ("csaf/2001/qsb-001.json", VEX_9002)]
    assert judges.csaf_faults({d["document"]["title"]: d for d in found}) == {}
    ((each,), (verdict,)) = (d["vulnerabilities"] for d in found)
    note = (
        "The tracker says that XSA-9002 does not affect the product, but QSB-001 addresses it, "
        "and a signed text has the last word."
    )
    (entry,) = feedparser.parse(written["feeds/xsa.atom.xml"]).entries
    assert entry.summary == f"It affects the security of Quern OS. {note} too old"
    assert note in small["status_notes"]
    assert small["status"] == "affected"
    assert verdict["product_status"] == {"known_affected": ["(any)"]}
    assert [*each["product_status"]] == ["fixed"]
    assert all({"category": "general", "text": note} in v["notes"] for v in (each, verdict))


@pytest.mark.usefixtures("judges")
def test_csaf_of_a_bulletin_that_addresses_nothing_is_about_itself(tmp_path: Path) -> None:
    found = document(one(tmp_path, body=f"Words.\n\nPatching\n---\n\n{PACKAGES}"))
    assert found["document"]["category"] == "csaf_security_advisory"
    (vulnerability,) = found["vulnerabilities"]
    assert vulnerability["ids"] == [{"system_name": "QSB", "text": "QSB-001"}]
    assert judges.csaf_faults({"one": found}) == {}


def test_csaf_of_a_text_without_a_summary_has_all_of_it(tmp_path: Path) -> None:
    text = bulletin(1).replace("Summary\n--------\n", "Story\n------\n")
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}))
    note, _ = document(archive)["document"]["notes"]
    assert note["text"] == text.strip("\n")


STATUSES = [
    (Fix.AVAILABLE, "xen", "1-1", {"fixed": ["4.1//xen/1-1"], "known_affected": ["4.1"]}),
    (Fix.NONE, "xen", "", {"known_affected": ["4.1//xen/"]}),
    (Fix.NONE, "", "", {"known_affected": ["4.1"]}),
    (Fix.NOT_AFFECTED, "", "", {"known_not_affected": ["4.1"]}),
    (Fix.NOT_AFFECTED, "xen", "", {"known_not_affected": ["4.1//xen/"]}),
]


@pytest.mark.usefixtures("judges")
def test_csaf_status(tmp_path: Path) -> None:
    archive, found = one(tmp_path), {}
    for fix, package, version, status in STATUSES:
        made = document(with_rows(archive, PackageRow("4.1", "", package, version, 1, fix)))
        assert made["vulnerabilities"][0]["product_status"] == status
        found[f"{fix} {package}"] = made
    assert judges.csaf_faults(found) == {}


@pytest.mark.usefixtures("judges")
def test_csaf_does_not_contradict_itself(tmp_path: Path) -> None:
    """A release that is not affected in one place may be in another; rows may be repeated."""
    rows = [
        PackageRow("4.1", "", package, version, 1, fix) for fix, package, version, _ in STATUSES
    ]
    found = document(with_rows(one(tmp_path), *rows, *rows))
    status = found["vulnerabilities"][0]["product_status"]
    assert status["known_affected"] == ["4.1", "4.1//xen/"]
    assert "known_not_affected" not in status
    assert judges.csaf_faults({"one": found}) == {}


@pytest.mark.usefixtures("judges")
def test_csaf_ids_of_products_differ_where_products_do(tmp_path: Path) -> None:
    parts = ("a", "a/b", "/", "%2F", "b")
    rows = [PackageRow(r, d, p, "1-1", 1) for r in parts for d in parts for p in parts]
    found = document(with_rows(one(tmp_path), *rows))
    assert len(set(found["vulnerabilities"][0]["product_status"]["fixed"])) == len(rows)
    assert judges.csaf_faults({"one": found}) == {}


@pytest.mark.usefixtures("judges")
def test_csaf_has_one_product_for_all_spellings_of_a_package(tmp_path: Path) -> None:
    known = Package(purl="pkg:rpm/quern/xen@{version}", cpe=f"cpe:2.3:a:x:{{version}}{':*' * 8}")
    release = Product(cpe=f"cpe:2.3:o:quern:quern_os:{{version}}{':*' * 7}")
    profile = replace(PROFILE, product=release, packages={"xen": known})
    rows = [
        PackageRow("4.1", "", "Xen packages", "1:4.1-1", 1, name="xen"),
        PackageRow("4.1", "", "xen-hypervisor", "1:4.1-1", 2, name="xen"),
        PackageRow("4.1", "", "quern-bell", "2-é", 3),
    ]
    (found,) = documents(with_rows(one(tmp_path), *rows), profile).values()
    assert judges.csaf_faults({"one": found}) == {}
    status = found["vulnerabilities"][0]["product_status"]
    assert status["fixed"] == ["4.1//xen/1%3A4.1-1", "4.1//quern-bell/2-%C3%A9"]
    releases, xen, bell = (
        branch["branches"][0]["product"]
        for branch in found["product_tree"]["branches"][0]["branches"]
    )
    helper = "product_identification_helper"
    assert releases[helper] == {"cpe": f"cpe:2.3:o:quern:quern_os:4.1{':*' * 7}"}
    assert xen[helper] == {
        "purl": "pkg:rpm/quern/xen@1:4.1-1",
        "cpe": f"cpe:2.3:a:x:1\\:4.1-1{':*' * 8}",
    }
    assert helper not in bell


@pytest.mark.usefixtures("judges")
def test_csaf_has_what_sentences_say_of_releases(tmp_path: Path) -> None:
    words, none = "Quern 4.2 is not affected.\n", "No update is available for Quern 4.0.\n"
    found = document(one(tmp_path, body=f"{words}\nPatching\n---\n\n{PACKAGES}\n{none}"))
    assert judges.csaf_faults({"one": found}) == {}
    (each,) = found["vulnerabilities"]
    assert each["product_status"]["known_not_affected"] == ["4.2"]
    assert each["product_status"]["known_affected"] == ["4.1", "4.0"]
    remedies = {r["category"]: r["product_ids"] for r in each["remediations"]}
    assert remedies == {"vendor_fix": ["4.1"], "none_available": ["4.0"]}
    assert each["notes"][0]["text"].startswith(words.strip())


def test_csaf_repeats_products_only_so_often(tmp_path: Path) -> None:
    """A document grows with its text, not with the square of it."""
    archive = one(tmp_path)
    cves = (f"CVE-2020-{number}" for number in range(10000, 12000))
    evidence = tuple(Mention("CVE", cve, 1, Context.TITLE, "Words.") for cve in cves)
    named = replace(archive.bulletins[0], all_mentions=evidence, evidence=evidence)
    archive = replace(archive, bulletins=(named,))
    rows = [PackageRow("4.1", "", "xen", f"1-{n}", 1) for n in range(1000)]
    found = document(with_rows(archive, *rows))
    assert len(found["vulnerabilities"]) == 2000
    assert len(json.dumps(found)) < 2_000_000


def test_what_is_not_verified_says_so(tmp_path: Path) -> None:
    archive = one(tmp_path)
    path = archive.bulletins[0].document.file.path
    for severity, waived, expected in (
        (Severity.ERROR, "", "Not verified: QSB-001: A title"),
        (Severity.ERROR, "known", "QSB-001: A title"),
        (Severity.NOTICE, "", "QSB-001: A title"),
    ):
        finding = Finding(path, 0, "unsigned", "not signed", severity, waived)
        found = replace(archive, findings=(finding,))
        assert document(found)["document"]["title"] == expected
        assert record(found)["summary"] == expected.replace("QSB-001: ", "")
        feed = json.loads(csaf(found, PROFILE, URL)[CSAF_FEED])["feed"]
        assert feed["entry"][0]["title"] == expected


# --- the provider -----------------------------------------------------------------------------


def test_digests_are_those_of_the_documents(archive: Archive) -> None:
    written = csaf(archive, PROFILE, URL)
    for b in archive.bulletins:
        path = csaf_url(b)
        for algorithm in ("sha256", "sha512"):
            digest = hashlib.new(algorithm, written[path]).hexdigest()
            name = path.rpartition("/")[2]
            assert written[f"{path}.{algorithm}"].decode() == f"{digest}  {name}\n"


def test_lists_have_each_document_once(archive: Archive) -> None:
    written = csaf(archive, PROFILE, URL)
    paths = [csaf_url(b).removeprefix("csaf/") for b in archive.bulletins]
    assert written["csaf/index.txt"].decode().splitlines() == paths
    rows = list(csv.reader(written["csaf/changes.csv"].decode().splitlines()))
    assert sorted(path for path, _ in rows) == sorted(paths)
    assert [day for _, day in rows] == sorted((day for _, day in rows), reverse=True)
    assert written["csaf/changes.csv"].startswith(b'"2025/qsb-012.json","2025-05-20T00:00:00Z"\n')
    feed = json.loads(written[CSAF_FEED])["feed"]
    assert [entry["content"]["src"] for entry in feed["entry"]] == [
        f"{URL}/csaf/{path}" for path, _ in rows
    ]
    assert feed["updated"] == max(entry["updated"] for entry in feed["entry"])


def test_all_that_a_provider_names_is_there(archive: Archive) -> None:
    written = csaf(archive, PROFILE, URL)
    metadata = json.loads(written[CSAF_PROVIDER])
    feed = json.loads(written[CSAF_FEED])["feed"]
    links = [link["href"] for link in feed["link"]]
    links += [link["href"] for entry in feed["entry"] for link in entry["link"]]
    links += [tree["rolie"]["feeds"][0]["url"] for tree in metadata["distributions"]]
    links.append(metadata["canonical_url"])
    assert {link.removeprefix(f"{URL}/") for link in links} <= set(written)
    directories = [tree["directory_url"] for tree in metadata["distributions"]]
    assert directories == [f"{URL}/csaf/", f"{URL}/vex/"]
    verdicts = json.loads(written[VEX_FEED])["feed"]
    assert metadata["last_updated"] == max(feed["updated"], verdicts["updated"])
    assert (metadata["role"], metadata["metadata_version"]) == ("csaf_provider", "2.0")


def test_a_folder_lists_all_that_is_in_it(archive: Archive) -> None:
    written = csaf(archive, PROFILE, URL)
    pages = {url: page.decode() for url, page in written.items() if url.endswith(".html")}
    assert {"csaf/index.html", "csaf/2025/index.html", "vex/2017/index.html"} <= set(pages)
    for url, page in pages.items():
        folder = url.removesuffix("index.html")
        listed = {folder + link for link in re.findall('href="([^"]*)"', page)}
        files = {f for f in written if f.startswith(folder) and "/" not in f[len(folder) :]}
        years = {p for p in pages if p.startswith(folder) and folder.count("/") == 1}
        assert listed == (files | years) - {url}


def test_a_key_is_also_at_its_old_url(verified: Archive) -> None:
    served = dict(ArchiveSite(verified, PROFILE).served_files())
    new = next(url for url in served if url.startswith("keys/"))
    old = "keys/old/ines.asc"
    moved = ArchiveSite(verified, replace(PROFILE, redirects={old: new, "pack/": "about/"}))
    assert dict(moved.served_files()) == served | {old: served[new]}
    lost = ArchiveSite(verified, replace(PROFILE, redirects={old: "keys/none.asc"}))
    with pytest.raises(SecpackError, match=r"redirects: keys/none\.asc: no key is there"):
        dict(lost.served_files())


def test_a_provider_says_what_the_profile_says(verified: Archive) -> None:
    assert PROFILE.csaf
    key = PROFILE.signers["ines"].fingerprint
    own = replace(PROFILE.csaf, role="csaf_publisher", mirrored=False, openpgp_keys=(key,))
    profile = replace(PROFILE, csaf=own)
    written = csaf(verified, profile, URL)
    metadata = json.loads(written[CSAF_PROVIDER])
    assert rules.provider_faults(written, URL) == []
    assert metadata["role"] == "csaf_publisher"
    assert metadata["list_on_CSAF_aggregators"] is True
    assert metadata["mirror_on_CSAF_aggregators"] is False
    (named,) = metadata["public_openpgp_keys"]
    assert named["fingerprint"] == key
    served = dict(ArchiveSite(verified, profile, URL).served_files())
    assert named["url"].removeprefix(f"{URL}/") in served
    other = replace(profile, csaf=replace(own, openpgp_keys=("AB" * 20,)))
    with pytest.raises(SecpackError, match=f"no usable key {'AB' * 20} in the pack"):
        csaf(verified, other, URL)


def test_names_of_documents_are_as_csaf_says(archive: Archive) -> None:
    odd = replace(archive.bulletins[0], id="Quern_SB-001")
    assert csaf_url(odd) == "csaf/2016/quern_sb-001.json"
    assert csaf_url(replace(odd, id="Q__+é SB-001")) == "csaf/2016/q_+_sb-001.json"


@pytest.mark.parametrize(
    ("profile", "url", "provides"),
    [
        (PROFILE, URL, True),
        (PROFILE, "http://quern.onion", False),
        (PROFILE, "", False),
        (replace(PROFILE, csaf=None), URL, False),
    ],
)
def test_only_an_issuer_provides_csaf(
    archive: Archive, profile: Profile, url: str, provides: bool
) -> None:
    written = exports(archive, profile, url)
    found = [path for path in written if path.startswith(("csaf/", ".well-known/csaf/"))]
    assert bool(found) is provides
    said = f"CSAF: {URL}/{CSAF_PROVIDER}\n" in written[".well-known/security.txt"].decode()
    assert said is provides
    assert OSV_ALL in written


def test_a_site_of_an_issuer(demo: Site, tmp_path: Path) -> None:
    """The page of feeds leads to what was written; without the table there is nothing of it."""
    conf = tmp_path / "conf.py"
    conf.write_text(f"from pelicanconf import *\nSITEURL = PUBLIC_URL = {URL!r}\n", "utf-8")
    site = build(tmp_path / "site", settings=conf, surroundings={"PYTHONPATH": str(ROOT)}).ok()
    page = site.read("feeds/index.html")
    for address in (OSV_ALL, CSAF_PROVIDER):
        assert f'href="../{address}"' in page
        assert address in site.files()
    assert OSV_ALL in demo.read("feeds/index.html")
    assert "csaf" not in demo.read("feeds/index.html").lower()
    assert not (demo.folder / "csaf").exists()


# --- hostile words ----------------------------------------------------------------------------


@pytest.mark.usefixtures("judges")
def test_hostile_words_stay_words(tmp_path: Path) -> None:
    archive = one(tmp_path, title=TITLE, body=BODY_OF_ALL)
    odd = "<b>]]>\x07\u202e" + "x" * 5000
    release = re.sub("[<>]", "", odd)  # where these are, CSAF sees a range of versions
    rows = [
        PackageRow(release, odd, odd, "1-1", 1, note=odd),
        PackageRow(release, odd, odd, "", 2, Fix.NONE),
    ]
    archive = with_rows(archive, *rows)
    assert PROFILE.csaf
    own = replace(PROFILE.csaf, contact=odd)
    profile = replace(PROFILE, name=odd, issuer=odd, team=odd, csaf=own)
    found = documents(archive, profile)
    assert judges.csaf_faults(found) == {}
    (one_found,) = found.values()
    (scanned,) = json.loads(osv(archive, profile, URL)[OSV_ALL])
    assert judges.osv_faults(scanned) == []
    shown = " ".join(TITLE.split())
    for character in "\u202e\u200b\x07":
        shown = shown.replace(character, f"[U+{ord(character):04X}]")
    assert scanned["summary"] == shown
    assert one_found["document"]["title"] == f"QSB-001: {shown}"
    words = odd.replace("\x07", "[U+0007]").replace("\u202e", "[U+202E]")
    assert one_found["document"]["publisher"]["name"] == words
    assert one_found["document"]["publisher"]["contact_details"] == words
    revision = HOSTILE_REVISION.replace("\x1b", "[U+001B]").replace("\u202e", "[U+202E]")
    assert one_found["document"]["tracking"]["revision_history"][-1]["summary"] == revision
    assert "<img src=x onerror=alert(2)> and <b>bold</b> [1] {{ 7 * 7 }}" in scanned["details"]
    notes = "\n".join(note["text"] for note in one_found["document"]["notes"])
    assert "<img src=x onerror=alert(2)> and <b>bold</b> [1] {{ 7 * 7 }}" in notes
    files = csaf(archive, profile, URL).items()
    assert not any(re.search(b"[<>&\x07]", d) for path, d in files if not path.endswith(".html"))


@pytest.mark.usefixtures("judges")
def test_texts_made_to_hurt_are_valid(tmp_path: Path) -> None:
    cases = [*texts(2048), *mixed_texts(64 * 1024)]
    files: Files = {}
    for number, (_, data) in enumerate(cases, 1):
        numbered = data.replace(b"Bulletin 012", b"Bulletin %03d" % number)
        files[f"QSBs/qsb-{number:03d}-2025.txt"] = numbered
    found = {}
    for path, data in files.items():
        pack = make_pack(tmp_path / Path(path).stem, {path: data})
        try:
            archive = load(pack)
        except SecpackError:  # a text that is refused is in no export
            continue
        found |= documents(archive)
        for scanned in json.loads(osv(archive, PROFILE, URL)[OSV_ALL]):
            assert judges.osv_faults(scanned) == [], path
    assert len(found) > 100
    assert judges.csaf_faults(found) == {}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org", True),
        ("http://example.org:8080/a%20b?c=d&e#L10-L20", True),
        ("https://example.org?a", True),
        ("ftp://example.org/", False),
        ("https:///a", False),
        ("https://example.org/%zz", False),
        ("https://example.org/a b", False),
        ('https://example.org/"x', False),
        ("https://example.org/é", False),
        ("https://example.org/[1]", False),
        ("https://example.org/#a#b", False),
        ("javascript:alert(1)", False),
    ],
)
def test_addresses(address: str, expected: bool) -> None:
    assert is_url(address) is expected
