"""Work that two processes share is done once, whole, and by nobody who is not waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from secpack import SecpackError
from secpack.sharing import share

_ROW = list(range(10_000))


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secpack.sharing._has_two_processors", lambda: True)


def _share(row: list[int], do: Callable[[int], object] = lambda _: None) -> tuple[list[int], ...]:
    """What was done here, what in the other process, and of how many it was told how many are."""
    done: list[int] = []
    told: list[int] = []

    def work(item: int) -> None:
        do(item)
        done.append(item)

    other = share(row, work, lambda: done, lambda count, of: told.append(count if of else -1))
    return done, other or [], told


def test_from_both_ends_until_they_meet() -> None:
    here, there, told = _share(_ROW, lambda _: time.sleep(1e-6))
    assert here + there[::-1] != here
    assert sorted(here + there) == _ROW
    assert here == sorted(here)
    assert here[-1] < min(there)
    assert told == sorted(told)
    assert told[-1] == len(_ROW)


def test_little_work_is_not_shared() -> None:
    assert _share([1, 2, 3]) == ([1, 2, 3], [], [1, 2, 3])


def _only_there(do: Callable[[], object]) -> Callable[[int], object]:
    first = os.getpid()
    return lambda _: time.sleep(0.001) if os.getpid() == first else do()


def _raise(error: BaseException) -> Callable[[], object]:
    def do() -> object:
        raise error

    return do


def test_where_no_other_can_be_started_one_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", fork)
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    here, there, told = _share(_ROW)
    assert (here, there, told[-1]) == (_ROW, [], len(_ROW))
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_where_those_that_end_are_not_waited_for() -> None:
    """As where whoever started this program ignores SIGCHLD, which programs pass on."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        here, there, _ = _share(_ROW, lambda _: time.sleep(1e-6))
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert sorted(here + there) == _ROW


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SecpackError("QSBs/x.txt: gone"), "QSBs/x.txt: gone"),
        (ValueError("odd"), "ValueError: odd"),
        (SystemExit(3), "SystemExit: 3"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_the_other_raises_is_raised_here(error: BaseException, said: str) -> None:
    with pytest.raises(SecpackError) as raised:
        _share(_ROW[:100], _only_there(_raise(error)))
    assert str(raised.value) == said


def test_where_the_other_raised_is_told_to_who_looks_for_it() -> None:
    with pytest.raises(SecpackError) as raised:
        _share(_ROW[:100], _only_there(_raise(ValueError("odd"))))
    assert f'File "{__file__}"' in raised.value.__notes__[0]


def test_the_other_is_killed() -> None:
    kill = _only_there(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(SecpackError, match="try again"):
        _share(_ROW[:100], kill)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are started."""
    fork, found = os.fork, list[int]()

    def forked() -> int:
        found.append(fork())
        return found[-1]

    monkeypatch.setattr("os.fork", forked)
    return found


def test_what_is_raised_here_ends_the_other(others: list[int]) -> None:
    first = os.getpid()

    def do(_: int) -> None:
        if os.getpid() == first:
            raise ValueError("here")
        time.sleep(60)

    with pytest.raises(ValueError, match="here"):
        _share(_ROW, do)
    assert len(others) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(others[0], 0)


def test_interrupted_while_the_other_starts(
    monkeypatch: pytest.MonkeyPatch, others: list[int]
) -> None:
    """Both get the signal: the first ends in order, and the other without a word."""
    fork, ended = os.fork, list[int]()

    def end(_: int, __: object) -> None:
        ended.append(os.getpid())
        raise SystemExit(143)

    def interrupted() -> int:
        child = fork()
        signal.raise_signal(signal.SIGTERM)
        return child

    monkeypatch.setattr("os.fork", interrupted)
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit):
            _share(_ROW, lambda _: time.sleep(60))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended == [os.getpid()]
    with pytest.raises(ProcessLookupError):
        os.kill(others[0], 0)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


_FORSAKEN = """\
import os, time
from secpack import sharing
sharing._has_two_processors = lambda: True
first = os.getpid()
def do(_):
    if os.getpid() != first:
        print(os.getpid(), flush=True)
    time.sleep(0.05)
sharing.share(range(10_000), do, list, lambda *_: None)
"""


def test_nobody_helps_one_who_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _FORSAKEN], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout
        assert int(first.stdout.readline()) != first.pid
        first.kill()
        said = first.stdout.read()  # until the last of the two has ended
    assert len(said.splitlines()) < 100


_TALKATIVE = """\
import time
from secpack import sharing
sharing._has_two_processors = lambda: True
def do(item):
    print(f"{item}\\n", end="")
    time.sleep(0.001)
sharing.share(range(100), do, list, lambda *_: None)
"""


def test_what_either_prints_is_printed() -> None:
    command = [sys.executable, "-c", _TALKATIVE]
    # What is buffered must not be lost.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    said = subprocess.run(
        command, env=buffered, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert sorted(map(int, said.split())) == list(range(100))
