"""Runs gpg, gpgv and git on hostile input, with limits on time, memory and output.

Each program runs in its own process group, which has ended when ``run`` returns or raises.
``end_all`` ends all groups, from any thread.
"""

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
from functools import cache
from pathlib import Path
from typing import IO, Final

from secpack.errors import ProgramMissingError, SecpackError
from secpack.files import read_file
from secpack.parser.characters import visible

_MEBIBYTE: Final = 1024 * 1024

_OFTEN: Final = 0.1  # seconds between two looks at signals and the clock

#: The most bytes of memory of a program, and of each file that it writes, such as its output.
_MEMORY: Final = 1024 * _MEBIBYTE
_FILE: Final = 64 * _MEBIBYTE
_ERRORS: Final = 10_000  # bytes that are read of what a program prints on stderr


@dataclass(frozen=True, slots=True)
class Program:
    """A program; ``identity`` differs between its versions."""

    path: str
    identity: str


@dataclass(frozen=True, slots=True)
class Result:
    """The exit status of a program, its standard output, and the start of its stderr."""

    status: int
    output: bytes
    errors: bytes

    @property
    def lines(self) -> list[str]:
        """Its output; a line ends with LF only: a user id can contain others, such as U+2028."""
        return self.output.decode("utf-8", "replace").split("\n")


class LimitError(SecpackError):
    """A program took too long, exceeded another limit, or was killed."""


def find_program(name: str) -> Program:
    """Find a program. Raises ProgramMissingError, which names the package to install."""
    path = shutil.which(name)
    if not path:
        raise ProgramMissingError(f"{name} is missing: install the package {name}")
    status = Path(path).stat()
    return Program(path, f"{name} {status.st_size} {status.st_mtime_ns}")


@cache
def title(program: Program) -> str:
    """What a program calls itself, with its version, such as ``gpg (GnuPG) 2.2.40``."""
    return visible(run(program, ["--version"], seconds=10).lines[0])


def run(
    program: Program,
    arguments: Sequence[str],
    *,
    seconds: int,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run a program with ``data`` as its input.

    Its only variables are a plain locale, a path, and those in ``environment``. Raises LimitError
    when it does not end by itself within its limits.
    """
    variables = {"LC_ALL": "C", "PATH": os.defpath, **(environment or {})}
    command = [program.path, *arguments]
    with _files(data) as files:
        with delayed_signals() as signals, _started(command, files, variables) as process:
            _limit(process.pid, (resource.RLIMIT_CPU, seconds + 1), (resource.RLIMIT_AS, _MEMORY))
            status = _wait(process, seconds, signals)
        return _result(program.path, status, seconds, files)


def run_for_person(command: Sequence[str], data: bytes, *, seconds: int) -> bytes:
    """Run a program of the caller's, which may ask for a passphrase; return its output.

    It has the caller's terminal and environment. Raises OSError when it cannot start; SecpackError
    when it fails.
    """
    with _files(data) as files:
        with subprocess.Popen(command, stdin=files[0], stdout=files[1]) as process:  # noqa: S603 - no shell
            _limit(process.pid)
            try:
                status = _wait(process, seconds, ())
            finally:
                process.kill()
        result = _result(command[0], status, seconds, files)
    if result.status:
        raise SecpackError(f"{Path(command[0]).name} failed with status {result.status}")
    return result.output


@contextmanager
def limited_memory() -> Iterator[None]:
    """Limit what this block takes of memory, on hostile input: then it raises MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(OSError):  # systems other than Linux have no limit
        used = int(read_file("/proc/self/statm", 1024).split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (_least(used + _MEMORY, *before), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in this block after that time, even if bytes come now and then."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"took longer than {seconds:.2g} seconds")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))  # 0 would mean never
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _files(data: bytes) -> Iterator[Sequence[IO[bytes]]]:
    """The input of a program, and files for its output and its errors."""
    with _file() as source, _file() as output, _file() as errors:
        source.write(data)
        source.seek(0)
        yield source, output, errors


def _file() -> IO[bytes]:
    """A file without a name: in memory on Linux, which takes a third of the time."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(""), "w+b")
    return tempfile.TemporaryFile()


def _result(path: str, status: int | None, seconds: int, files: Sequence[IO[bytes]]) -> Result:
    name = Path(path).name
    if status is None:
        raise LimitError(f"{name} did not finish within {seconds} seconds")
    if status < 0:
        reason = signal.strsignal(-status) or "unknown"
        raise LimitError(f"{name} was killed by signal {-status} ({reason})")
    for file in files:
        file.seek(0)
    return Result(status, files[1].read(_FILE), files[2].read(_ERRORS))


def _wait(process: subprocess.Popen[bytes], seconds: int, signals: Sequence[int]) -> int | None:
    """Return the exit status; None when the time is up or a signal has arrived."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not signals:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_OFTEN)
    return None


def _limit(process: int, *limits: tuple[int, int]) -> None:
    """Limit a process that has just started; other systems than Linux have only the time limit.

    To set limits before the program starts would need a shell, or code in the child process.
    """
    if not hasattr(resource, "prlimit"):
        return
    with suppress(ProcessLookupError):  # it has already ended
        # Not of core dumps: gpg sets that itself, and would stop if it became lower meanwhile.
        for kind, limit in (*limits, (resource.RLIMIT_FSIZE, _FILE)):
            _, most = resource.prlimit(process, kind)  # our own limit, which it cannot exceed
            lower = _least(limit, most)
            resource.prlimit(process, kind, (lower, lower))


def _least(*limits: int) -> int:
    return min(limit for limit in limits if limit != resource.RLIM_INFINITY)


# --- running programs -------------------------------------------------------------------------

_running: set[subprocess.Popen[bytes]] = set()
_lock: Final = threading.Lock()


@contextmanager
def _started(
    command: Sequence[str], files: Sequence[IO[bytes]], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program; its process group ends with this block."""
    with _lock:
        process = subprocess.Popen(  # noqa: S603 - a program that we found, our arguments
            command,
            stdin=files[0],
            stdout=files[1],
            stderr=files[2],
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
def delayed_signals() -> Iterator[Sequence[int]]:
    """Delay SIGINT and SIGTERM to the end of this block, and list those that have arrived.

    An exception in the middle of Python's own code for processes could lose a process or a lock.
    """
    signals: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # other threads get none
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
    """End all programs of other threads, where ``run`` then raises LimitError."""
    with _lock:
        for process in _running:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
