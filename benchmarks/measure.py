"""What a program takes to run: time and memory."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class RunError(Exception):
    """A program that was to be measured failed, or did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds by the clock; seconds of processors; bytes of memory in the largest process.

    A program's processes are counted as far as it waited for them.
    """

    wall: float
    cpu: float
    peak: int


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a program to its end. Raises RunError with what it printed when it fails."""
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 - the programs named in programs.py
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            log.seek(0)
            printed = log.read().decode(errors="replace")[-2000:]
            raise RunError(f"{command[0]}: exit status {child.returncode}\n{printed}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def middle(usages: Sequence[Usage]) -> Usage:
    """The median of each figure."""
    return Usage(
        median(usage.wall for usage in usages),
        median(usage.cpu for usage in usages),
        int(median(usage.peak for usage in usages)),
    )


def smallest_peak() -> int:
    """Bytes below which no peak can be seen: a program starts out as a copy of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
