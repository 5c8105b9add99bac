"""``make fuzz``: that it ends in time, and what it does where a text fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests import fuzz
from tests.whole import BULLETIN


def fails_on_lists(data: bytes) -> None:
    assert b"\n- " not in data, "a list"


def test_a_run_ends_in_time() -> None:
    start = time.monotonic()
    run = fuzz.fuzz(0.01, 1, lambda data: time.sleep(0.001 if data else 0))
    assert time.monotonic() - start < 60
    assert run.failure is None
    assert run.texts > 0


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
