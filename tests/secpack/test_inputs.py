"""Profiles and tracker data: those that are wrong with the error that a person gets to read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulletins.urls import published_id
from secpack import PackError, Profile, SecpackError, load_advisories, load_profile
from secpack.files import read_file
from secpack.model.archive import Advisory
from tests.cases import Case, each_case, read_cases

CONTENT = Path(__file__).parents[2] / "content"


def test_there_are_cases() -> None:
    assert len(read_cases("profiles")) >= 40
    assert len(read_cases("trackers")) >= 30
    assert len(read_cases("lists")) >= 15


@pytest.fixture
def written(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case in a file whose name its error begins with."""
    monkeypatch.chdir(tmp_path)
    path = Path(case.expected.partition(":")[0])
    path.write_bytes(case.data)
    return path


@each_case("profiles")
def test_invalid_profile(case: Case, written: Path, golden: bool) -> None:
    with pytest.raises(SecpackError) as raised:
        load_profile(written)
    case.check([str(raised.value)], golden=golden)


@pytest.mark.parametrize("line", [".".join("a" * 3000) + " = 1", f"number = {'9' * 4000}"])
def test_a_line_that_would_take_minutes(tmp_path: Path, line: str) -> None:
    (tmp_path / "profile.toml").write_text(f"# A comment\n{line}\n")
    expected = r"profile\.toml:2: expected a line of at most 4000 characters and 50 dots$"
    with pytest.raises(SecpackError, match=expected):
        load_profile(tmp_path / "profile.toml")


@each_case("trackers")
def test_invalid_tracker(case: Case, written: Path, golden: bool) -> None:
    with pytest.raises(SecpackError) as raised:
        load_advisories(written)
    case.check([str(raised.value)], golden=golden)


@each_case("lists")
def test_invalid_list(case: Case, written: Path, golden: bool) -> None:
    with pytest.raises(SecpackError) as raised:
        load_advisories(None, written)
    case.check([str(raised.value)], golden=golden)


@pytest.mark.parametrize("text", ["[" * 300_000, "- " * 300_000, "{a: " * 300_000])
def test_nothing_nested_exhausts_the_stack(tmp_path: Path, text: str) -> None:
    for name in ("xsa.yml", "xsa.json"):
        (tmp_path / name).write_text(text)
    with pytest.raises(SecpackError):
        load_advisories(tmp_path / "xsa.yml")
    with pytest.raises(SecpackError):
        load_advisories(None, tmp_path / "xsa.json")


#: Values that a profile should not have, or not in most places.
_ODD = st.one_of(
    st.integers(),
    st.sampled_from([10**30, -1, 0, 1]).map(str),
    st.sampled_from(["nan", "-inf", "1e400", "true", "[]", "{}", "[[[]]]", "{a.b.c = 1}"]),
    st.sampled_from(["0001-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]),
    st.text(max_size=30).map(json.dumps),
    st.sampled_from(["{number:999999999d}", "{id.__class__}", "{", "}{", "{{}}"]).map(json.dumps),
).map(str)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_profile_does_more_than_be_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Some values of a profile, and a piece of its text, exchanged for something odd."""
    lines = (CONTENT / "demo.toml").read_text("utf-8").splitlines()
    set_ = [n for n, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    for number in data.draw(st.lists(st.sampled_from(set_), max_size=4)):
        lines[number] = f"{lines[number].partition(' = ')[0]} = {data.draw(_ODD)}"
    text = "\n".join(lines)
    place = data.draw(st.integers(0, len(text)))
    piece = data.draw(st.one_of(st.just(""), st.text("[]{}='\".#\n\\ ", max_size=3)))
    path = tmp_path / "profile.toml"
    path.write_text(text[:place] + piece + text[place:], "utf-8")
    profile, said = Profile(), ""
    try:
        profile = load_profile(path)
    except SecpackError as error:
        said = str(error)
    assert len(said) < 10_000
    assert all(line.isprintable() for line in said.split("\n"))
    for scheme, value in (("XSA", "XSA-9001"), ("CVE", "CVE-2020-1")):
        assert len(published_id(scheme, value, profile)) < 4500


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (load_profile, 262144),
        (load_advisories, 16777216),
        (partial(load_advisories, None), 16777216),
    ],
)
def test_files_that_are_no_files(tmp_path: Path, read: Callable[[Path], Any], most: int) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(30_000_000_000)
    for name, reason in (
        ("none", "No such file"),
        ("pipe", "not a regular file"),
        ("sparse", f"larger than {most} bytes"),
    ):
        with pytest.raises(SecpackError, match=f"cannot be read: {reason}"):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["demo", "qubes"])
def test_profiles_of_this_project(name: str) -> None:
    profile = load_profile(CONTENT / f"{name}.toml")
    assert profile.issuer in ("Quern", "Qubes")
    assert len(profile.master_key) == 40
    assert all(len(signer.fingerprint) == 40 for signer in profile.signers.values())


def test_tracker_data() -> None:
    advisories = {a.number: a for a in load_advisories(CONTENT / "xsa.yml")}
    assert advisories[9001].date == date(2017, 4, 11)
    assert (advisories[9001].affected, advisories[9001].bulletin) == (True, "003-2017")
    assert (advisories[9006].unused, advisories[9006].affected) == (True, False)
    assert advisories[9002].reason == "denial of service only"
    assert {a.status.value for a in advisories.values()} == {
        "yes",
        "no",
        "unused",
        "to-be-announced",
    }


# --- the Xen Project's list -------------------------------------------------------------------


def listed(folder: Path, tracker: str, *entries: dict[str, object]) -> dict[int, Advisory]:
    (folder / "xsa.yml").write_text(tracker or "[]")
    (folder / "xsa.json").write_text(json.dumps([{"xsas": entries}, "more"], indent=1))
    return {a.number: a for a in load_advisories(folder / "xsa.yml", folder / "xsa.json")}


def messages(advisory: Advisory) -> list[str]:
    return [f"{f.file}:{f.line}: {f.message} [{f.code}]" for f in advisory.findings]


def test_the_list_adds_what_the_tracker_lacks(tmp_path: Path) -> None:
    entry = {
        "xsa": 7,
        "title": " A  sieve\n leaks ",
        "cve": ["CVE-2011-1002", "CVE-2011-1001"],
        "public_time": "2011-03-14 12:00",
        "files": ["xsa7.patch"],
    }
    tracker = "- xsa: 7\n  affected: yes\n"
    found = listed(tmp_path, tracker, {"xsa": "9"}, entry)
    assert sorted(found) == [7, 9]
    assert (found[7].title, found[7].date) == ("A sieve leaks", date(2011, 3, 14))
    assert found[7].cves == ("CVE-2011-1001", "CVE-2011-1002")
    assert (found[7].status.value, found[9].status.value) == ("yes", "not-tracked")
    assert messages(found[7]) == messages(found[9]) == []


def test_keys_of_the_list_may_be_missing_or_empty(tmp_path: Path) -> None:
    found = listed(tmp_path, "", {"xsa": 1, "title": None, "cve": None, "public_time": None})
    assert (found[1].title, found[1].cves, found[1].date) == ("", (), None)
    assert messages(found[1]) == []


@pytest.mark.parametrize(
    ("cve", "taken", "odd"),
    [
        ("CVE-2011-1001", ["CVE-2011-1001"], []),
        (["CVE-2011-1001", "CVE-2011-1001"], ["CVE-2011-1001"], []),
        (["CVE-2011-1001, CVE-2011-1002"], ["CVE-2011-1001", "CVE-2011-1002"], []),
        (["none (yet) assigned"], [], ["none (yet) assigned"]),
        (["CVE-2011-1001 and others"], [], ["CVE-2011-1001 and others"]),
        (["CVE-2011-XXXX", "CVE-2011-1"], [], ["CVE-2011-XXXX", "CVE-2011-1"]),
        ([""], [], [""]),
    ],
)
def test_only_cves_are_taken_as_cves(
    tmp_path: Path, cve: object, taken: list[str], odd: list[str]
) -> None:
    found = listed(tmp_path, "", {"xsa": 1, "cve": cve})
    assert list(found[1].cves) == taken
    expected = [
        f"xsa.json:5: XSA-1: cve: {words!r} is not a CVE id [tracker-list]" for words in odd
    ]
    assert messages(found[1]) == expected


def test_an_advisory_has_few_cves(tmp_path: Path) -> None:
    """Each bulletin that addresses it repeats them, in several formats."""
    cves = [f"CVE-2020-{number:04}" for number in range(101)]
    assert len(listed(tmp_path, "", {"xsa": 1, "cve": cves[1:]})[1].cves) == 100
    with pytest.raises(PackError, match="XSA-1: 101 CVEs; expected at most 100"):
        listed(tmp_path, "", {"xsa": 1, "cve": cves})


@pytest.mark.parametrize("time", ["soon", "2011-02-30 12:00", "14.03.2011"])
def test_a_time_that_is_none_is_found(tmp_path: Path, time: str) -> None:
    found = listed(tmp_path, "", {"xsa": 1, "public_time": time})
    assert found[1].date is None
    assert messages(found[1]) == [
        f"xsa.json:5: XSA-1: public_time: {time!r} is not a date [tracker-list]"
    ]


def test_the_tracker_holds_where_dates_differ(tmp_path: Path) -> None:
    tracker = "- xsa: 1\n\n- xsa: 2\n  date: 2011-03-14\n"
    found = listed(tmp_path, tracker, {"xsa": 2, "public_time": "2011-03-15 12:00"})
    assert found[2].date == date(2011, 3, 14)
    assert messages(found[2]) == [
        "xsa.yml:3: XSA-2 is dated 2011-03-14 here, but 2011-03-15 in xsa.json [tracker-date]"
    ]


def test_a_folder_in_place_of_a_file_is_not_left_open(tmp_path: Path) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        read_file(tmp_path, 1)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
