"""VEX: the tracker's verdicts, no more and no less, and the same in both formats."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bulletins.exports import exports as table
from bulletins.exports.vex import all_verdicts, openvex
from bulletins.site import Notes, Site
from bulletins.urls import OPENVEX
from secpack import Profile, load, load_advisories, load_profile
from secpack.model.archive import Advisory, Archive
from secpack.profile import Csaf, Product
from secpack.tracker.join import join
from tests.bulletins import judges, rules
from tests.bulletins.formats import csaf, exports
from tests.bulletins.sites import ROOT
from tests.packs import bulletin, make_pack

URL = "https://example.org/security"
CPE = "cpe:2.3:o:quern:quern_os:{version}:*:*:*:*:*:*:*"
PROFILE = replace(
    load_profile(ROOT / "content/demo.toml"),
    product=Product(purl="pkg:generic/quern-os@{version}", cpe=CPE),
)


def statements(archive: Archive, profile: Profile = PROFILE, url: str = URL) -> list[Any]:
    document = json.loads(exports(archive, profile, url)[OPENVEX])
    assert judges.openvex_faults(document) == []
    return list(document["statements"])


def documents(archive: Archive, profile: Profile = PROFILE) -> dict[str, Any]:
    """The CSAF documents of verdicts by their tracking ids."""
    files = csaf(archive, profile, URL)
    every = [json.loads(data) for url, data in files.items() if re.match(r"vex/\d.*json$", url)]
    return {each["document"]["tracking"]["id"]: each for each in every}


def tracked(*advisories: Advisory) -> Archive:
    return join((), (), advisories)


DAY = date(2020, 2, 1)


def test_each_verdict_has_one_statement(archive: Archive) -> None:
    """It is found by the CVEs and by the advisory."""
    verdicts = {a.id: a for a in archive.advisories if a.date and a.tracked and not a.unused}
    assert {facts.advisory.id for facts in all_verdicts(Site(archive, PROFILE))} == set(verdicts)
    found = statements(archive)
    assert len(found) == len(verdicts)
    affected = {None: "under_investigation", True: "affected", False: "not_affected"}
    for each in found:
        advisory = verdicts[each["vulnerability"]["description"].partition(":")[0]]
        assert each["status"] == affected[advisory.affected]
        named = each["vulnerability"]
        assert {named["name"], *named.get("aliases", ())} == {advisory.id, *advisory.cves}
        assert named["name"] == (advisory.cves[0] if len(advisory.cves) == 1 else advisory.id)


@pytest.mark.usefixtures("judges")
def test_csaf_says_what_openvex_says(archive: Archive) -> None:
    found = documents(archive)
    assert judges.csaf_faults(found) == {}
    assert rules.provider_faults(csaf(archive, PROFILE, URL), URL) == []
    words = {"affected": "known_affected", "not_affected": "known_not_affected"}
    small = [
        ({v["name"], *v.get("aliases", ())}, words.get(s["status"], s["status"]),
         s.get("justification"))
        for s in statements(archive) for v in [s["vulnerability"]]
    ]  # fmt: skip
    large = [
        ({id_ for v in every for id_ in (v.get("cve"), *(i["text"] for i in v["ids"])) if id_},
         *every[0]["product_status"], every[0].get("flags", [{}])[0].get("label"))
        for d in found.values() for every in [d["vulnerabilities"]]
    ]  # fmt: skip
    assert small == large


def test_a_verdict_has_the_words_of_the_tracker(archive: Archive) -> None:
    found = {s["vulnerability"]["name"]: s for s in statements(archive)}
    harmless = found["CVE-2017-90002"]  # XSA-9002
    assert harmless["impact_statement"] == "denial of service only"
    assert "justification" not in harmless  # which the tracker does not give
    assert found["CVE-2017-90005"]["justification"] == "vulnerable_code_not_in_execute_path"
    assert found["CVE-2017-90005"]["impact_statement"] == "Quern does not use the feature"
    affected = found["CVE-2017-90001"]
    assert affected["action_statement"] == (
        f"Read QSB-003 ({URL}/qsb/003/), and install what it names."
    )
    assert affected["vulnerability"]["aliases"] == ["XSA-9001"]
    assert "justification" not in affected
    assert affected["products"][0]["identifiers"] == {
        "purl": "pkg:generic/quern-os",
        "cpe23": "cpe:2.3:o:quern:quern_os:*:*:*:*:*:*:*:*",
    }


@pytest.mark.parametrize(
    ("advisory", "expected"),
    [
        (Advisory(1, DAY, affected=True), "No bulletin addresses it yet."),
        (
            Advisory(1, DAY, affected=True, bulletin="007-2020"),
            "Read bulletin 007-2020, which is not in this archive.",
        ),
        (Advisory(1, DAY, affected=False), "It does not affect the security of Quern OS."),
        (Advisory(1, DAY), "Whether it affects the security of Quern OS is undecided."),
    ],
)
def test_what_a_tracker_leaves_out(advisory: Advisory, expected: str) -> None:
    (found,) = statements(tracked(advisory))
    assert expected in found.values()
    assert found["vulnerability"] == {"name": "XSA-1", "description": "XSA-1"}


def test_an_advisory_with_several_cves_is_found_by_each_id() -> None:
    cves = ("CVE-2020-1000", "CVE-2020-1001")
    (found,) = statements(tracked(Advisory(1, DAY, affected=True, cves=cves)))
    assert found["vulnerability"] == {
        "name": "XSA-1",
        "description": "XSA-1",
        "aliases": [*cves],
    }


def test_what_has_no_statement() -> None:
    unused = Advisory(1, DAY, affected=False, unused=True)
    others = (Advisory(2, None, affected=True), Advisory(3, DAY, tracked=False))
    assert OPENVEX not in exports(tracked(unused, *others), PROFILE, URL)


def test_a_cve_with_two_verdicts_stands_for_neither() -> None:
    cves = ("CVE-2020-1000",)
    found = statements(
        tracked(
            Advisory(1, DAY, affected=True, cves=cves), Advisory(2, DAY, affected=False, cves=cves)
        )
    )
    assert [s["vulnerability"]["name"] for s in found] == ["XSA-1", "XSA-2"]
    found = statements(
        tracked(
            Advisory(1, DAY, affected=True, cves=cves), Advisory(2, DAY, affected=True, cves=cves)
        )
    )
    assert [s["vulnerability"]["name"] for s in found] == [*cves, *cves]


def test_a_change_moves_a_verdict() -> None:
    before, after = (
        json.loads(exports(tracked(advisory), PROFILE, URL)[OPENVEX])
        for advisory in (Advisory(1, DAY), Advisory(1, DAY, True, updated=date(2020, 3, 1)))
    )
    assert (before["version"], after["version"]) == (1, 2)
    assert before["statements"][0]["last_updated"] == "2020-02-01T00:00:00Z"
    assert after["last_updated"] == after["statements"][0]["last_updated"] == "2020-03-01T00:00:00Z"


def test_a_statement_that_is_moved_says_so() -> None:
    """A change for another reason is later, in the statement and in the document."""
    moved = datetime(2020, 5, 6, tzinfo=UTC)
    notes = Notes(moved={f"{OPENVEX}#xsa-1": [moved]})
    site = Site(tracked(Advisory(1, DAY), Advisory(2, DAY)), PROFILE, URL, notes=notes)
    document = json.loads(openvex(all_verdicts(site), site))
    assert judges.openvex_faults(document) == []
    times = [s["last_updated"] for s in document["statements"]]
    assert times == ["2020-05-06T00:00:00Z", "2020-02-01T00:00:00Z"]
    assert (document["version"], document["last_updated"]) == (2, times[0])


@pytest.mark.usefixtures("judges")
def test_hostile_words_in_a_verdict(tmp_path: Path) -> None:
    odd = "<b>]]>\x07\u202e" + "x" * 2000
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1)}))
    archive = replace(
        archive, advisories=(Advisory(1, DAY, affected=False, reason=odd, title=odd),)
    )
    profile = replace(PROFILE, name=odd, issuer=odd, team=odd)
    (found,) = statements(archive, profile)
    assert found["impact_statement"].startswith("<b>]]>[U+0007][U+202E]")
    assert judges.csaf_faults(documents(archive, profile)) == {}
    assert not re.search(b"[<>&\x07]", exports(archive, profile, URL)[OPENVEX])


def test_the_verdicts_of_a_real_tracker(real_pack: Path, real_tracker: Path) -> None:
    """How many there are, and how many have no CVE without the list of the Xen Project."""
    profile = replace(load_profile(ROOT / "content/qubes.toml"), csaf=Csaf("https://example.org/"))
    tracker = load_advisories(real_tracker)
    archive = load(real_pack, profile=profile, advisories=tracker)
    found = statements(archive, profile)
    advisories = {s["vulnerability"]["description"].partition(":")[0]: s for s in found}
    assert len(advisories) == len([a for a in tracker if not a.unused]) == 492
    assert Counter(s["status"] for s in advisories.values()) == {
        "not_affected": 367,
        "affected": 125,  # four of them by a text, but not by the tracker
    }
    assert sum("a signed text has the last word" in json.dumps(s) for s in found) == 4
    sites = (Site(archive, profile, URL), Site(archive, profile, URL, own_theme=False))
    counts = {e.counts for site in sites for e in table(site) if e.name == "vex"}
    named = [s for s in found if "CVE-" in json.dumps(s["vulnerability"])]
    assert counts == {(492, len(named), 492 - len(named))}
    assert judges.csaf_faults(documents(archive, profile)) == {}
    assert rules.provider_faults(csaf(archive, profile, URL), URL) == []
