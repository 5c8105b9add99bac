"""Each id that a bulletin names is in every format for programs, or a reason says why it is not.

The ids of a text are found by simple forms here, and not by what the archive reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import feedparser
import pytest

from bulletins.exports.facts import Vulnerability, ids_of
from bulletins.urls import csaf_url, feed_url, osv_url
from secpack import load, load_advisories, load_profile
from secpack.model.archive import Advisory, Archive, Bulletin
from secpack.profile import Csaf
from tests.bulletins.formats import exports
from tests.bulletins.sites import ROOT
from tests.packs import bulletin, make_pack

URL = "https://example.org/security"
PROFILE = replace(load_profile(ROOT / "content/qubes.toml"), csaf=Csaf("https://example.org/"))

#: Ids as most texts print them.
FORMS = r"CVE-\d{4}-\d{4,7}|XSA-\d+|INTEL-SA-\d{5}|AMD-SB-\d{4}|DSA-\d{4}-\d|GHSA(?:-\w{4}){3}"

#: Numbers of ids that texts shorten: ``XSA 121 & 122``, ``XSA20-32``.
NUMBERS = r"(?<!\d)(\d{1,7})(?:-(\d{1,7}))?(?!\d)"

#: Ids that no format gives, although a text names them, and why.
NOWHERE = {("QSB-034", "XSA-244"): "the text says that it does not affect Qubes"}

#: Ids that formats give, although no text names them, and why.
ELSEWHERE = {("QSB-002", "XSA-7"): "the tracker says that this bulletin announces it"}


class Row(NamedTuple):
    """The ids of a bulletin: in its text, and in each format; and numbers that the text prints."""

    numbers: list[range]
    text: set[str]
    upstream: set[str]
    related: set[str]
    csaf: set[str]
    feed: set[str]


def _csaf_ids(document: Any, own: str) -> set[str]:
    every = document.get("vulnerabilities", [])
    ids = {each["text"] for v in every for each in v.get("ids", [])}
    return (ids | {v["cve"] for v in every if "cve" in v}) - {own}


def _row(b: Bulletin, files: Mapping[str, bytes], terms: Mapping[str, set[str]]) -> Row:
    osv = json.loads(files[osv_url(b, PROFILE)])
    document, text = json.loads(files[csaf_url(b)]), b.document.file.data.decode()
    numbers = [(int(one), int(other or one)) for one, other in re.findall(NUMBERS, text)]
    return Row(
        numbers=[range(first, last + 1) for first, last in numbers],
        text=set(re.findall(FORMS, text)),
        upstream=set(osv.get("upstream", ())),
        related=set(osv.get("related", ())),
        csaf=_csaf_ids(document, b.id),
        feed=terms[b.id],
    )


@pytest.fixture(scope="module")
def table(real_pack: Path, real_tracker: Path) -> dict[str, Row]:
    archive = load(real_pack, profile=PROFILE, advisories=load_advisories(real_tracker))
    return _table(archive)


def _table(archive: Archive) -> dict[str, Row]:
    files = exports(archive, PROFILE, URL)
    feeds = [data for url, data in files.items() if re.match(r"feeds/qsb(-\d+)?\.atom", url)]
    assert files[feed_url("qsb")] in feeds
    terms = {
        entry.id.rpartition(":")[2].upper(): {
            tag.term
            for tag in entry.tags
            if tag.scheme.rpartition(":")[2] not in ("kind", "release")
        }
        for feed in feeds
        for entry in feedparser.parse(feed).entries
    }
    return {b.id: _row(b, files, terms) for b in archive.bulletins}


def test_no_id_of_a_text_is_lost(table: dict[str, Row]) -> None:
    lost = {
        (name, id_) for name, row in table.items() for id_ in row.text - row.upstream - row.related
    }
    assert lost == set(NOWHERE)


def test_no_id_is_made_up(table: dict[str, Row]) -> None:
    """What no form finds in a text is one of several numbers that the text shortens."""
    made_up = {
        (name, id_)
        for name, row in table.items()
        for id_ in (row.upstream | row.related) - row.text
        if not any(int(id_.rpartition("-")[2]) in numbers for numbers in row.numbers)
    }
    assert made_up == set(ELSEWHERE)


def test_all_formats_give_the_same_ids(table: dict[str, Row]) -> None:
    assert len(table) == 78
    for name, row in table.items():
        assert row.upstream == row.csaf == row.feed, name
        assert not row.upstream & row.related, name


def test_what_the_whole_pack_has(table: dict[str, Row]) -> None:
    """Counts, so that a rule that finds fewer is noticed."""
    sums = {kind: sum(len(getattr(row, kind)) for row in table.values()) for kind in Row._fields}
    assert sums.pop("numbers")
    assert sums == {"text": 155, "upstream": 153, "related": 52, "csaf": 153, "feed": 153}
    every = [id_ for row in table.values() for id_ in row.upstream]
    cves = [id_ for id_ in every if id_.startswith("CVE-")]
    bulletins = [row for row in table.values() if any(i.startswith("CVE-") for i in row.upstream)]
    assert (len(cves), len(bulletins)) == (51, 24)
    assert len([id_ for id_ in every if not id_.startswith(("CVE-", "XSA-"))]) == 16


# --- one text ---------------------------------------------------------------------------------

BODY = """\
XSA-9001 (CVE-2020-90001) and INTEL-SA-00001 were published today. XSA-9002 (CVE-2020-90002)
does not affect Quern, unlike XSA-9003 (CVE-2001-9003) of old.
"""


def test_ids_of_one_text(tmp_path: Path) -> None:
    archive = load(
        make_pack(tmp_path, {"QSBs/qsb-001-2020.txt": bulletin(1, date="2020-02-03", body=BODY)})
    )
    ids = ids_of(archive.bulletins[0], {9001: Advisory(9001, date=date(2020, 2, 1))})
    assert ids.vulnerabilities == (
        Vulnerability({"CVE-2020-90001": "CVE", "XSA-9001": "XSA"}, date(2020, 2, 1)),
        Vulnerability({"INTEL-SA-00001": "INTEL-SA"}),
    )
    assert ids.addressed == {
        "XSA-9001": "XSA",
        "CVE-2020-90001": "CVE",
        "INTEL-SA-00001": "INTEL-SA",
    }
    assert ids.related == ("XSA-9003", "CVE-2001-9003")


def test_a_list_and_a_text_are_added_up(tmp_path: Path) -> None:
    """A CVE of two advisories is one vulnerability, of the day of the first."""
    body = "XSA-9001 (CVE-2020-90001) and XSA-9002 were published today."
    text = bulletin(1, date="2020-02-03", body=body)
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2020.txt": text}))
    listed = {
        9001: Advisory(9001, date=date(2020, 2, 2), cves=("CVE-2020-90003",)),
        9002: Advisory(9002, date=date(2020, 2, 1), cves=("CVE-2020-90003",)),
    }
    assert ids_of(archive.bulletins[0], listed).vulnerabilities == (
        Vulnerability(
            {"CVE-2020-90003": "CVE", "XSA-9001": "XSA", "XSA-9002": "XSA"}, date(2020, 2, 1)
        ),
        Vulnerability({"CVE-2020-90001": "CVE", "XSA-9001": "XSA"}, date(2020, 2, 2)),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("INTEL-SA-00001 (CVE-2020-90001) [1] is out.", [["CVE-2020-90001", "INTEL-SA-00001"]]),
        ("They issued INTEL-SA-00001/CVE-2020-90001.", [["CVE-2020-90001", "INTEL-SA-00001"]]),
        ("A bug (CVE-2020-90001, INTEL-SA-00001).", [["CVE-2020-90001", "INTEL-SA-00001"]]),
        (
            "(X; CVE-2020-90001, XSA-9001 [5], part of INTEL-SA-00001 [7])",
            [["CVE-2020-90001", "XSA-9001", "INTEL-SA-00001"]],
        ),
        (
            "CVE-2020-90001 (part of INTEL-SA-00001). CVE-2020-90002 (part of INTEL-SA-00001).",
            [["CVE-2020-90001", "INTEL-SA-00001"], ["CVE-2020-90002", "INTEL-SA-00001"]],
        ),
        ("CVE-2020-90001 and INTEL-SA-00001 are out.", [["CVE-2020-90001"], ["INTEL-SA-00001"]]),
        (
            "CVE-2020-90001, INTEL-SA-00001, INTEL-SA-00002.",
            [["CVE-2020-90001"], ["INTEL-SA-00001"], ["INTEL-SA-00002"]],
        ),
    ],
)
def test_ids_of_one_flaw_are_one_vulnerability(
    tmp_path: Path, body: str, expected: list[list[str]]
) -> None:
    text = bulletin(1, date="2020-02-03", body=body)
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2020.txt": text}))
    found = ids_of(archive.bulletins[0], {9001: Advisory(9001)}).vulnerabilities
    assert sorted(list(each.ids) for each in found) == sorted(expected)
