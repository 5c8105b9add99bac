"""Canaries: what they state, what changed, whether it holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secpack import Profile, load, load_profile
from secpack.canaries import changes, check_lateness, due_window
from secpack.model import Archive, Canary, Statement, Window
from tests.packs import canary, make_pack, numbered

CONTENT = Path(__file__).parents[2] / "content"


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("in the first week of March 2015", "2015-03-01", "2015-03-07"),
        ("in the first two weeks of September 2016", "2016-09-01", "2016-09-14"),
        ("in the first 2 weeks of January 2016", "2016-01-01", "2016-01-14"),
        ("in the first fourteen days of December 2021", "2021-12-01", "2021-12-14"),
        ("in the first 10 days of May 2022", "2022-05-01", "2022-05-10"),
        ("in the last fourteen days of May 2023", "2023-05-18", "2023-05-31"),
        ("in the first six days of May 2023", "2023-05-01", "2023-05-06"),
        ("in the first twenty-one days of May 2023", "2023-05-01", "2023-05-21"),
        ("in the last week of February 2024", "2024-02-23", "2024-02-29"),
        ("in the first half of June 2022", "2022-06-01", "2022-06-15"),
        ("between March 1, 2020 and March 14, 2020", "2020-03-01", "2020-03-14"),
        ("no later than 2020-04-15", "2020-01-02", "2020-04-15"),
        ("by April 15th, 2020", "2020-01-02", "2020-04-15"),
        ("in April 2020", "2020-04-01", "2020-04-30"),
    ],
)
def test_window(words: str, first: str, last: str) -> None:
    statement = Statement(5, f"We plan to publish the next of these canary statements {words}.", 1)
    window = due_window([statement], date(2020, 1, 2))
    assert window == Window(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "words",
    [
        "soon",
        "in the first several days of May 2022",
        "in 2020",
        "in December 2026 or January 2027",
        "between the last week of May 2026 and the first week of June 2026",
        "not before March 1, 2027",
    ],
)
def test_no_window(words: str) -> None:
    statement = Statement(5, f"The next canary is due {words}.", 1)
    assert due_window([statement], date(2020, 1, 2)) is None


def test_a_canary_of_the_demo() -> None:
    archive = load(CONTENT / "secpack", profile=load_profile(CONTENT / "demo.toml"))
    third = archive.canaries[2]
    assert [s.number for s in third.statements] == [1, 2, 3, 4, 5]
    assert third.count == 10
    assert third.master_key == "7961FFB2E875FF73201BC296EBFE307C073FF6D7"
    assert third.due == Window(date(2025, 3, 1), date(2025, 3, 14))
    assert third.freshness == date(2022, 9, 12)
    assert third.announcements.startswith("From October 2022")
    assert archive.canaries[0].announcements == ""


def found(archive: Archive) -> list[tuple[str, str]]:
    return [(f.code, f.severity.value) for f in archive.findings if f.code.startswith("canary")]


def one(tmp_path: Path, text: str, *numbers: int, profile: Profile | None = None) -> Archive:
    files = numbered(*numbers) | {"canaries/canary-001-2020.txt": text}
    return load(make_pack(tmp_path, files), profile=profile or Profile(issuer="Quern"))


def test_the_count_is_held_against_the_archive(tmp_path: Path) -> None:
    assert found(one(tmp_path / "a", canary(1, count=3), 1, 2, 3)) == []
    gap = one(tmp_path / "b", canary(1, count=3), 1, 3)
    assert found(gap) == [("canary-count", "notice")]
    short = one(tmp_path / "c", canary(1, count=2), 1, 2, 3)
    assert found(short) == [("canary-count", "warning")]
    later = one(tmp_path / "d", canary(1, count=3), 1, 2, 3, 21)
    assert found(later) == []
    last = one(tmp_path / "e", canary(1, count=3), 1, 2)
    assert found(last) == [("canary-count", "warning")]  # no gap explains what lacks at the end


def test_the_master_key_is_held_against_the_anchor(tmp_path: Path) -> None:
    key = "7961FFB2E875FF73201BC296EBFE307C073FF6D7"
    profile = Profile(issuer="Quern", master_key=key)
    stated = " ".join(key[n : n + 4] for n in range(0, 40, 4))
    text = canary(1, count=0) + f"\n4. The key is:\n\n       {stated}\n"
    assert found(one(tmp_path / "a", text, profile=profile)) == []
    wrong = text.replace("F6D7", "F6D8")
    assert found(one(tmp_path / "b", wrong, profile=profile)) == [("canary-key", "error")]


def test_what_cannot_be_read_is_found(tmp_path: Path) -> None:
    text = canary(1).replace("first week of June 2020", "fullness of time")
    text = text.replace("1 Quern Security", "some Quern Security")
    assert found(one(tmp_path, text)) == [("canary-count", "warning"), ("canary-due", "warning")]


def test_a_window_that_was_over_before_it_was_stated(tmp_path: Path) -> None:
    text = canary(1).replace("June 2020", "June 2019")
    assert ("canary-due", "error") in found(one(tmp_path, text))


def test_lateness_that_cannot_be_told(tmp_path: Path) -> None:
    text = canary(1).replace("first week of June 2020", "fullness of time")
    for canaries in ((), one(tmp_path, text).canaries):
        (finding,) = check_lateness(canaries, date(2020, 1, 1))
        assert finding.code == "canary-late"
        assert "nobody can say" in finding.message


@pytest.mark.parametrize(
    ("on", "late"), [("2020-06-07", []), ("2020-06-08", [1]), ("2020-07-07", [30])]
)
def test_lateness(tmp_path: Path, on: str, late: list[int]) -> None:
    canaries: tuple[Canary, ...] = one(tmp_path, canary(1)).canaries
    findings = list(check_lateness(canaries, date.fromisoformat(on)))
    assert all(f"{n} day(s) late" in f.message for n, f in zip(late, findings, strict=True))


def test_changes(tmp_path: Path) -> None:
    before = canary(1, count=1) + "\n4. No warrants have been served to us.\n"
    after = canary(2, date="July 4, 2020", count=3, due="December 2021")
    files = {"canaries/canary-001-2020.txt": before, "canaries/canary-002-2020.txt": after}
    after += "\n4. No warrants have been served to most of us.\n"
    files["canaries/canary-002-2020.txt"] = after
    one, two = load(make_pack(tmp_path, files)).canaries  # type: ignore[arg-type]
    found = {change.number: change for change in changes(one, two)}
    assert {number: c.only_numbers for number, c in found.items()} == {
        1: True, 2: True, 3: True, 4: False,
    }  # fmt: skip
    assert found[4].parts == (
        ("", "No warrants have been served to"),
        ("ins", "most of"),
        ("", "us."),
    )
