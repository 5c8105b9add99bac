"""Work that two processes share is done once, whole, and by nobody who is not waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SecpackError("QSBs/x.txt: gone"), "^QSBs/x.txt: gone$"),
        (ValueError("odd"), "^ValueError: odd$"),
        (SystemExit(3), "^SystemExit: 3$"),
    ],
)
def test_what_the_other_raises_is_raised_here(error: BaseException, said: str) -> None:
    with pytest.raises(SecpackError, match=said):
        _share(_ROW[:100], _only_there(_raise(error)))


def test_the_other_is_killed() -> None:
    kill = _only_there(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(SecpackError, match="try again"):
        _share(_ROW[:100], kill)


def test_what_is_raised_here_ends_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, fork = os.getpid(), os.fork
    others: list[int] = []

    def forked() -> int:
        others.append(fork())
        return others[-1]

    monkeypatch.setattr("os.fork", forked)

    def do(_: int) -> None:
        if os.getpid() == first:
            raise ValueError("here")
        time.sleep(60)

    with pytest.raises(ValueError, match="here"):
        _share(_ROW, do)
    assert len(others) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(others[0], 0)


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
