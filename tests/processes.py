"""Processes that tests watch, the time that they take, and programs for the shell."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir


class TooLongError(BaseException):
    """Something took too long; no ``except Exception`` of what is tested may catch it."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Interrupt what takes more seconds of the processor, expressions that backtrack included."""

    def give_up(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except TooLongError:
        raise AssertionError(f"takes more than {seconds} seconds") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def has_ended(process: int) -> bool:
    """Whether a process ends soon, if it has not ended: a signal takes a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def agents_that_stay() -> list[str]:
    """Those that do not end soon."""
    deadline = time.monotonic() + 10
    while (homes := agents()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return homes


def agents() -> list[str]:
    """The homes of gpg in this worker's folder for temporary files whose agents run."""
    homes = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = process.read_bytes().decode(errors="replace").split("\0")
            if words[0].endswith("gpg-agent"):
                homes += [word for word in words if word.startswith(gettempdir())]
    return homes


def script(path: Path, lines: str) -> Path:
    """Write a program for the shell."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def counting(folder: Path, program: str) -> Path:
    """Put a program into a folder that notes its calls; return the file with a line for each."""
    log = folder / f"{program}.log"
    script(folder / program, f'echo x >> "{log}"\nexec {shutil.which(program)} "$@"')
    return log


def shell(lines: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run lines in a folder, up to the first that fails; return what they print."""
    given, command = os.environ | environment, ["/bin/sh", "-e"]
    how = {"cwd": folder, "env": given, "capture_output": True, "text": True}
    return subprocess.run(command, input=lines, check=False, **how)
