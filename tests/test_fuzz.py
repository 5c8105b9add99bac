"""``make fuzz``: that it ends in time, and what it does where a text fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import fuzz
from tests.whole import BULLETIN


def fails_on_lists(data: bytes) -> None:
    assert b"\n- " not in data, "a list"


@pytest.mark.slow
def test_a_run_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only the checks of texts advance, a tenth of a minute each."""
    now = [0.0]
    monkeypatch.setattr(fuzz, "time", SimpleNamespace(monotonic=lambda: now[0]))
    run = fuzz.fuzz(10, 1, lambda _: now.__setitem__(0, now[0] + 6))
    assert run.failure is None
    assert run.texts == 101  # more than Hypothesis makes at a time


def test_the_smallest_text_that_fails_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "FOUND", tmp_path / "found")
    monkeypatch.setattr(fuzz, "SHRINKING", 2)
    monkeypatch.setattr(fuzz.fuzz, "__defaults__", (fails_on_lists,))
    assert fuzz.main(["--minutes", "0.5", "--seed", "1"]) == 1
    (saved,) = (tmp_path / "found").iterdir()
    assert b"\n- " in saved.read_bytes()
    out = capsys.readouterr().out
    assert "one fails" in out
    assert "AssertionError: a list" in out
    assert str(saved) in out


def test_what_takes_too_long_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "through", hang)
    monkeypatch.setattr(fuzz, "PATIENCE", 0.1)
    with pytest.raises(AssertionError, match="takes more than"):
        fuzz.check(b"")


@pytest.mark.parametrize("data", [b"", b"\xff", BULLETIN.encode(), BULLETIN.encode() + b"<b>\n"])
def test_texts_that_are_sound_or_refused(data: bytes) -> None:
    fuzz.check(data)
