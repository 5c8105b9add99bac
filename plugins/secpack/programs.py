"""Runs gpg, gpgv and git on hostile input: with limits on time, memory and output.

Each run is a process group of its own, which has ended when ``run`` returns or raises, and which
``end_all`` ends from another thread.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from secpack.errors import ProgramMissingError, SecpackError

_MEBIBYTE: Final = 1024 * 1024

_OFTEN: Final = 0.1  # seconds after which a wait looks at signals and the clock

#: Bytes of memory, and bytes that one file may have that a program writes, its output included.
_MEMORY: Final = 1024 * _MEBIBYTE
_FILE: Final = 64 * _MEBIBYTE


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what tells this version of it from another."""

    path: str
    identity: str

    @property
    def name(self) -> str:
        """What people call it."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class Result:
    """The exit status of a program, and what it wrote to standard output."""

    status: int
    output: bytes


class LimitError(SecpackError):
    """A program that took too long, wanted too much, or was ended from outside."""


def find_program(name: str) -> Program:
    """Find a program. Raises ProgramMissingError, with the package's name, when it is not there."""
    found = shutil.which(name)
    if not found:
        raise ProgramMissingError(f"{name} is missing: install the package {name}")
    stat = Path(found).stat()
    return Program(found, f"{name} {stat.st_size} {stat.st_mtime_ns}")


def run(
    program: Program,
    arguments: Sequence[str],
    *,
    seconds: int,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run a program with ``data`` as its input, for at most so many seconds.

    It sees no variables but a plain locale, a path, and those of ``environment``. Raises LimitError
    when it does not end by itself within its limits.
    """
    variables = {"LC_ALL": "C", "PATH": os.defpath, **(environment or {})}
    command = [program.path, *arguments]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
        given.write(data)
        given.seek(0)
        with _held_back() as signals, _started(command, given, output, variables) as process:
            _bound(process.pid, seconds)
            status = _wait(process, seconds, signals)
        if status is None:
            raise LimitError(f"{program.name} did not finish within {seconds} seconds")
        if status < 0:
            reason = signal.strsignal(-status) or "unknown"
            raise LimitError(f"{program.name} was killed by signal {-status} ({reason})")
        output.seek(0)
        return Result(status, output.read(_FILE))


def _wait(process: subprocess.Popen[bytes], seconds: int, signals: Sequence[int]) -> int | None:
    """The exit status; None when the time is up, or a signal came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not signals:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_OFTEN)
    return None


def _bound(process: int, seconds: int) -> None:
    """Limit a process that has just started; systems other than Linux have only the time limit.

    Limits that are set before a program starts would take a shell for each, or code in the child.
    """
    if not hasattr(resource, "prlimit"):
        return
    limits = (
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_CORE, 0),
    )
    with suppress(ProcessLookupError):  # it has ended already
        for kind, limit in limits:
            _, most = resource.prlimit(process, kind)  # ours, which it cannot exceed
            lower = limit if most == resource.RLIM_INFINITY else min(limit, most)
            resource.prlimit(process, kind, (lower, lower))


# --- what is running --------------------------------------------------------------------------

_running: set[subprocess.Popen[bytes]] = set()
_lock: Final = threading.Lock()


@contextmanager
def _started(
    command: Sequence[str], given: IO[bytes], output: IO[bytes], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has started; its process group has ended when this block has."""
    with _lock:
        process = subprocess.Popen(  # noqa: S603 - a program that we found, our arguments
            command,
            stdin=given,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=variables,
            process_group=0,
        )
        _running.add(process)
    try:
        yield process
    finally:
        _kill(process)
        process.wait()
        with _lock:
            _running.discard(process)


@contextmanager
def _held_back() -> Iterator[Sequence[int]]:
    """Hold back the signals that end us, which are given, until this block has ended.

    An exception in the middle of Python's own code for processes could lose one, or a lock.
    """
    signals: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # no other thread gets any
        yield signals
        return
    before = {
        each: signal.signal(each, lambda number, _: signals.append(number))
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in signals:
            signal.raise_signal(number)


def end_all() -> None:
    """End all programs that other threads are running; ``run`` raises LimitError there."""
    with _lock:
        for process in _running:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
