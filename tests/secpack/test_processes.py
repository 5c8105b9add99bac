"""Work for several processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from secpack import processes
from secpack.errors import ParseError


def run_all(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    with processes.started(tasks) as results:
        return list(results)


def several(monkeypatch: pytest.MonkeyPatch, processors: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))


@pytest.mark.parametrize("processors", [1, 2])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, processors: int) -> None:
    several(monkeypatch, processors)
    if processors > 1 and not processes._pool():
        pytest.skip("needs semaphores: mount /dev/shm, so that everybody can write to it")
    tasks = [partial(lambda n: (n, os.getpid()), n) for n in range(50)]
    results = run_all(tasks)
    assert [n for n, _ in results] == list(range(50))
    here = [n for n, pid in results if pid == os.getpid()]
    assert here == (list(range(50)) if processors == 1 else [0])


def test_what_a_task_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    several(monkeypatch, 2)

    def fail() -> None:
        raise ParseError("not a date", path="QSBs/a.txt", line=3, column=7)

    with pytest.raises(ParseError, match=r"^QSBs/a\.txt:3:7: not a date$"):
        run_all([fail] * 10)


@pytest.mark.parametrize("reason", [ImportError, NotImplementedError, PermissionError])
def test_where_no_process_can_be_started_one_does_all(
    monkeypatch: pytest.MonkeyPatch, reason: type[Exception]
) -> None:
    def no_semaphores(*_: object, **__: object) -> None:
        raise reason

    several(monkeypatch, 2)
    monkeypatch.setattr(processes, "ProcessPoolExecutor", no_semaphores)
    tasks: list[Callable[[], int]] = [os.getpid] * 10
    assert set(run_all(tasks)) == {os.getpid()}


def test_nothing_is_left_of_a_task_that_was_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    several(monkeypatch, 2)
    tasks = [partial(Path(tmp_path, str(n)).touch) for n in range(1000)]
    with processes.started(tasks) as results:
        next(results)
    assert len(list(tmp_path.iterdir())) < 1000
    assert processes._tasks == ()
