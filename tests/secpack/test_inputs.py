"""Profiles and tracker data that are wrong, each with the error that a person gets to read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secpack import ProfileError, TrackerError, load_advisories, load_profile
from tests.conftest import DATA

PROFILES = sorted((DATA / "profiles").glob("*.toml"))
TRACKERS = sorted((DATA / "trackers").glob("*.yml"))
CONTENT = Path(__file__).parents[2] / "content"


def test_there_are_cases() -> None:
    assert len(PROFILES) >= 9
    assert len(TRACKERS) >= 10


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_invalid_profile(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(ProfileError) as raised:
        load_profile(Path(path.name))
    assert str(raised.value) == path.with_suffix(".error").read_text("utf-8").strip()


@pytest.mark.parametrize("path", TRACKERS, ids=lambda path: path.stem)
def test_invalid_tracker(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(TrackerError) as raised:
        load_advisories(Path(path.name))
    assert str(raised.value) == path.with_suffix(".error").read_text("utf-8").strip()


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read: No such file"):
        load_profile(tmp_path / "none.toml")
    with pytest.raises(TrackerError, match="cannot be read: No such file"):
        load_advisories(tmp_path / "none.yml")


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
