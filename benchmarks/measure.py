"""Runs a program, and measures time and memory."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

_INTERVAL: Final = 0.02  # seconds from one look at the memory to the next

_PAGE_SIZE: Final = resource.getpagesize()


class RunError(Exception):
    """A measured program failed, or its site is not what it should be."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Elapsed seconds, seconds of processor time, and peaks of memory in bytes.

    ``largest`` is the peak of the largest process, ``together`` that of all processes at one time.
    """

    wall: float
    cpu: float
    largest: int
    together: int


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a program to its end. Raises RunError with the program's output when it fails."""
    os.sync()  # else the program pays for sources that are still being written to the disk
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 - the programs of programs.py
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        ended, sums = threading.Event(), [0]
        watcher = threading.Thread(target=_watch, args=(child.pid, ended, sums))
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        ended.set()
        watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            log.seek(0)
            printed = log.read().decode(errors="replace")[-2000:]
            raise RunError(f"{command[0]}: exit status {child.returncode}\n{printed}")
    largest = usage.ru_maxrss * 1024
    return Usage(wall, usage.ru_utime + usage.ru_stime, largest, max(largest, *sums))


def middle(usages: Sequence[Usage]) -> Usage:
    """The median of each figure."""
    return Usage(
        median(usage.wall for usage in usages),
        median(usage.cpu for usage in usages),
        int(median(usage.largest for usage in usages)),
        int(median(usage.together for usage in usages)),
    )


def smallest_peak() -> int:
    """The lowest peak that can be measured: a program starts as a copy of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _watch(pid: int, ended: threading.Event, sums: list[int]) -> None:
    """Add up the resident memory of a process and its descendants, again and again."""
    while not ended.wait(_INTERVAL):
        sums.append(sum(map(_resident, _family(pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a name for each thread
            for child in _read(Path(f"/proc/{pid}/task/{thread}/children")).split():
                yield from _family(int(child))


def _resident(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * _PAGE_SIZE if fields else 0


def _read(path: Path) -> str:
    """What a file of /proc says; nothing once the process has ended."""
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
