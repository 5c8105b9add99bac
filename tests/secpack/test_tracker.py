"""What tracker data comes to, and how it is held against the texts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from secpack import Profile, load
from secpack.model.archive import Advisory, Archive, Status
from secpack.model.findings import Severity
from secpack.profile import DocumentEntry
from secpack.tracker import load_advisories
from secpack.tracker.join import Year, check_tracker, statistics
from tests.packs import Files, bulletin, canary, make_pack, numbered

PROFILE = Profile(issuer="Quern")


def tracked(folder: Path, text: str) -> tuple[Advisory, ...]:
    (folder / "xsa.yml").write_text(text)
    return load_advisories(folder / "xsa.yml")


def entries(*rows: tuple[Any, ...]) -> str:
    """Tracker data of numbers, days and what else stands in the entry, a line each."""
    return "".join(
        f"- xsa: {n}\n  date: {day}\n" + "".join(f"  {line}\n" for line in rest)
        for n, day, *rest in rows
    )


# --- statistics -------------------------------------------------------------------------------

MIXED = """\
- {xsa: 1, date: 2011-12-31, affected: no}
- {xsa: 2, date: 2012-01-01, affected: yes}
- {xsa: 3, date: 2012-01-01, unused: yes, affected: no}
- {xsa: 4, date: 2014-05-01}
- {xsa: 5, affected: yes}
- {xsa: 6, affected: no, date: 2014-05-02}
- {xsa: 7, affected: no}
"""


def test_statuses(tmp_path: Path) -> None:
    found = [advisory.status for advisory in tracked(tmp_path, MIXED)]
    assert found == [
        Status.NO,
        Status.YES,
        Status.UNUSED,
        Status.OPEN,
        Status.YES,
        Status.NO,
        Status.NO,
    ]
    assert Advisory(8, None, None, False, None, tracked=False).status is Status.UNTRACKED


def test_statistics(tmp_path: Path) -> None:
    named = Advisory(900, date(2031, 1, 1), None, False, None, tracked=False)
    counted = statistics([*tracked(tmp_path, MIXED), named])
    assert (counted.first, counted.last) == (date(2011, 12, 31), date(2014, 5, 2))
    assert (counted.total, counted.used, counted.affecting, counted.open) == (7, 6, 2, 1)
    assert counted.percentage == Decimal("33.33")
    assert counted.years == (
        Year(2011, 1, 0),
        Year(2012, 1, 1),
        Year(2013, 0, 0),
        Year(2014, 2, 0),
        Year(None, 2, 1),
    )
    assert counted.most == 2


@pytest.mark.parametrize(
    ("affecting", "used", "percentage"),
    [(0, 3, "0.00"), (3, 3, "100.00"), (2, 3, "66.67"), (1, 16, "6.25"), (1, 800, "0.13")],
)
def test_percentages_are_exact(affecting: int, used: int, percentage: str) -> None:
    row = [Advisory(n, None, n < affecting, False, None) for n in range(used)]
    assert str(statistics(row).percentage) == percentage


def test_statistics_of_nothing() -> None:
    counted = statistics([])
    assert (counted.first, counted.used, counted.percentage, counted.years) == (None, 0, None, ())
    assert counted.most == 0
    unused = statistics([Advisory(1, None, None, True, None)])
    assert (unused.total, unused.used, unused.percentage) == (1, 0, None)


# --- against the texts ------------------------------------------------------------------------


def findings(archive: Archive) -> list[tuple[int, str, Severity]]:
    return [(f.line, f.message, f.severity) for f in archive.findings if f.file == "xsa.yml"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("003-2003", []),
        ("003-2004", [(", but bulletin 3 is dated 2003", Severity.ERROR)]),
        ("002-2002", [(", which is not in this archive", Severity.NOTICE)]),
        ("004-2004", [(", which is not in this archive", Severity.WARNING)]),
    ],
)
def test_a_bulletin_that_is_not_there(
    tmp_path: Path, name: str, expected: list[tuple[str, Severity]]
) -> None:
    told = "affected: yes", f"qsb: {name}"
    rows = [(number, "2003-03-04", *told) for number in (7, 8)]
    tracker = tracked(tmp_path, entries((1, "2003-03-04", "affected: no"), *rows))
    archive = load(make_pack(tmp_path, numbered(1, 3)), profile=PROFILE, advisories=tracker)
    said = f"says that XSA-7 was announced in {name}"
    assert findings(archive)[:1] == [(4, said + words, severity) for words, severity in expected]


def test_each_mistake_in_a_year_is_found(tmp_path: Path) -> None:
    years = ((1, 2004), (2, 2003), (3, 2004))
    rows = [(n, "2003-03-04", "affected: yes", f"qsb: 003-{year}") for n, year in years]
    tracker = tracked(tmp_path, entries(*rows))
    archive = load(make_pack(tmp_path, numbered(1, 2, 3)), profile=PROFILE, advisories=tracker)
    assert [line for line, _, _ in findings(archive)] == [1, 9]


def test_each_name_of_a_missing_bulletin_is_looked_at(tmp_path: Path) -> None:
    rows = [(n, "2003-03-04", "affected: yes", f"qsb: 002-{2000 + n}") for n in (2, 3, 3 + 1)]
    tracker = tracked(tmp_path, entries(*rows))
    archive = load(make_pack(tmp_path, numbered(1, 3)), profile=PROFILE, advisories=tracker)
    assert [line for line, _, _ in findings(archive)] == [1, 5, 9]


def test_a_bulletin_for_what_does_not_affect_is_odd(tmp_path: Path) -> None:
    rows = [(1, "2001-03-04", "qsb: 001-2001"), (2, "2001-03-04", "affected: no", "qsb: 001-2001")]
    tracker = tracked(tmp_path, entries(*rows))
    archive = load(make_pack(tmp_path, numbered(1)), profile=PROFILE, advisories=tracker)
    assert [(f.line, f.code, f.severity) for f in archive.findings if f.file == "xsa.yml"] == [
        (1, "tracker-verdict", Severity.WARNING),
        (4, "tracker-verdict", Severity.NOTICE),
    ]


@pytest.mark.parametrize("named", ["002-2002", "003-2003"])
def test_nothing_is_found_about_bulletins_that_are_kept_back(tmp_path: Path, named: str) -> None:
    tracker = tracked(tmp_path, f"- xsa: 7\n  qsb: {named}\n")
    secret = {"QSB-002": DocumentEntry(status="embargoed")}
    pack = make_pack(tmp_path, numbered(1, 2, 3))
    profile = Profile(issuer="Quern", documents=secret)
    archive = load(pack, profile=profile, advisories=tracker, as_of=date(2002, 12, 31))
    assert findings(archive) == []
    assert named not in repr(archive)


@pytest.mark.parametrize(
    ("days", "lonely"),
    [
        (["2011-01-01", "2011-02-01", "2011-03-01"], []),
        (["2011-03-01", "2011-02-01", "2011-01-01"], []),
        (["2011-01-01", "2015-02-01", "2019-03-01"], []),
        (["2017-01-01", "2071-02-01", "2017-03-01"], [4]),
        (["2017-01-01", "2007-02-01", "2017-03-01"], [4]),
        (["2017-01-01", "2018-01-02", "2017-01-01"], []),
        (["2017-01-01", "2018-01-03", "2017-01-01"], [4]),
    ],
)
def test_a_date_among_others(tmp_path: Path, days: list[str], lonely: list[int]) -> None:
    rows = [(number, day, "affected: no") for number, day in enumerate(days, 1)]
    found = list(check_tracker(tracked(tmp_path, entries(*rows)), ()))
    assert [finding.line for finding in found] == lonely
    assert all(finding.code == "tracker-date" for finding in found)


def test_what_canaries_and_letters_name_is_known(tmp_path: Path) -> None:
    files: Files = {
        "QSBs/qsb-001-2001.txt": bulletin(1, title="A bug (XSA-7)", body="See CVE-2001-1234."),
        "canaries/canary-001-2020.txt": canary(1) + "\nAs XSA-8 and CVE-2001-0999 show.\n",
        "canaries/canary-001-2020-letter-ines.txt": "Dear reader,\n\nXSA-9, CVE-2001-1234.\n",
    }
    archive = load(make_pack(tmp_path, files), profile=PROFILE)
    assert [(a.number, a.bulletins, a.mentioned_in) for a in archive.advisories] == [
        (7, ("QSB-001",), ()),
        (8, (), ("canary-001",)),
        (9, (), ("canary-001",)),
    ]
    assert {a.status for a in archive.advisories} == {Status.UNTRACKED}
    assert [(c.id, c.named_in) for c in archive.cves] == [
        ("CVE-2001-0999", ("canary-001",)),
        ("CVE-2001-1234", ("QSB-001", "canary-001")),
    ]


def test_cves_ascend_by_number_and_know_their_advisories(tmp_path: Path) -> None:
    rows = (
        Advisory(1, None, True, False, None, cves=("CVE-2011-10000", "CVE-2011-9999")),
        Advisory(2, None, True, False, None, cves=("CVE-2011-9999", "CVE-2009-0001")),
    )
    archive = load(make_pack(tmp_path, numbered(1)), profile=PROFILE, advisories=rows)
    assert [(c.id, c.advisories) for c in archive.cves] == [
        ("CVE-2009-0001", (2,)),
        ("CVE-2011-9999", (1, 2)),
        ("CVE-2011-10000", (1,)),
    ]
