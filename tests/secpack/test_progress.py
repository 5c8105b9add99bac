"""What is told on a terminal while work lasts, and nothing of it elsewhere."""

from __future__ import annotations

import io

import pytest

from secpack.progress import Progress, clear


class Terminal(io.StringIO):
    """Where somebody looks."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_count_and_rate(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress("Reading texts")
    progress(1, 5000)
    assert terminal.getvalue() == "", "not for each of thousands"
    clock[0] = 2.0
    progress(3000, 5000)
    assert terminal.getvalue() == "\rReading texts: 3,000 of 5,000, 1,500/s\033[K"
    clear()
    assert terminal.getvalue().endswith("/s\033[K\r\033[K"), "what is said next has a line"


def test_of_how_many(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress("Checking signatures")
    clock[0] = 1.0
    progress(231, 231)
    told = "\rChecking signatures: 231 of 231, 231/s\033[K\r\033[K"
    assert terminal.getvalue() == told, "and it is gone when all are done"


def test_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    progress = Progress("Reading texts")
    clock[0] = 9.0
    progress(5, 5)
    clear()
    assert capsys.readouterr().err == ""
