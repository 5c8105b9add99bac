"""Runs a program of ours in a fork of a process that has imported it, which saves half a second.

What Python reads only when it starts, such as the locale, makes it start anew.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

#: Seconds after which a program is taken to hang.
PATIENCE: Final = 120

_ROOT: Final = Path(__file__).parents[1]
_AT_START: Final = re.compile("PYTHON(?!PATH)|LC_|LANG|TZ")
_STREAMS: Final = {"stdout": 1, "stderr": 2}

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.warm"])


def run_module(
    module: str, *arguments: str, cwd: Path, environment: Mapping[str, str], alone: bool = True
) -> subprocess.CompletedProcess[str]:
    """As ``python -m module``: what it returned and printed.

    ``alone`` it has one processor, and starts no processes for tasks: workers use the others.
    """
    command = [sys.executable, "-m", module, *arguments]
    if _at_start(environment) != _at_start(os.environ):
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    with TemporaryDirectory() as folder:
        how = {"cwd": cwd, "environment": environment, "alone": alone}
        process = start_module(module, *arguments, folder=Path(folder), **how)
        process.join(PATIENCE)
        if process.exitcode is None:
            os.killpg(process.pid or 0, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, PATIENCE)
        return subprocess.CompletedProcess(command, process.exitcode, *printed(Path(folder)))


def start_module(
    module: str,
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str],
    folder: Path,
    alone: bool = False,
) -> BaseProcess:
    """Start it in a session of its own, and do not wait; what it prints comes into a folder."""
    given = (module, arguments, cwd, dict(environment), folder, alone)
    process = _SERVER.Process(target=_run, args=given)
    process.start()
    return process


def printed(folder: Path) -> list[str]:
    """What a program printed to its output, and what to its error output."""
    return [(folder / name).read_text("utf-8") for name in _STREAMS]


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _AT_START.match(name)}


def _run(
    module: str,
    arguments: Sequence[str],
    cwd: Path,
    environment: dict[str, str],
    folder: Path,
    alone: bool,
) -> None:
    os.setsid()
    if alone:
        os.sched_getaffinity = lambda _: {0}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background lacks
    for name, number in _STREAMS.items():
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    more = [path for path in environment.get("PYTHONPATH", "").split(":") if path]
    sys.path[:] = [str(cwd), *more, *(path for path in sys.path if path not in ("", str(_ROOT)))]
    sys.argv[1:] = arguments
    sys.modules.pop(f"{module}.__main__", None)  # runpy warns of a module that is there already
    runpy.run_module(module, run_name="__main__", alter_sys=True)
