"""Builds a site, completely or not at all, unless nothing has changed since the last build.

Here is what all our programs need: how they start, fail and end, and where one works at a time.
"""

import argparse
import fcntl
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_ISLNK
from types import FrameType
from typing import Final, TextIO

from secpack.errors import SecpackError, reason
from secpack.progress import clear

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


def parser_of(module: str, purpose: str | None, settings: str) -> argparse.ArgumentParser:
    """The options that all our programs have; ``settings`` is the default file."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=purpose)
    parser.add_argument("-s", "--settings", default=settings, help="Pelican's settings")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    return parser


def run(work: Callable[[], int], failed: str, *, debug: bool) -> int:
    """Do the work, which returns the exit status; if it fails, say why, and then ``failed``.

    Ctrl-C and SIGTERM end it with a message, after it has cleaned up.
    """
    os.umask(0o022)
    gc.disable()  # there are hardly any cycles, and to look for them takes a fortieth of the time
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        return work()
    except Exception as error:
        if debug:
            sys.excepthook(type(error), error, error.__traceback__)
        clear()
        # Imported here, because a build that finds nothing changed does not need it.
        from secpack.parser.characters import visible  # noqa: PLC0415

        print(visible(reason(error)), failed, sep="\n", file=sys.stderr)
        return 1


def ignore_interrupts() -> None:
    """Ignore both signals from now on: what is left takes a moment, and must be finished."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _end(number: int, _: FrameType | None) -> None:
    ignore_interrupts()  # once is enough: nothing may interrupt the clean-up
    os.write(2, b"\nInterrupted.\n")  # the signal may have interrupted a print
    sys.exit(128 + number)


def tell(*lines: str) -> None:
    """Print what was done; it is no error if nobody reads it."""
    try:
        print(*filter(None, lines), sep="\n", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def staging(home: Path, target: Path, *, keep: bool) -> Iterator[Path]:
    """An empty folder ``building`` in a folder beside a target, for one program at a time.

    ``replaced`` is the site that was at the target: if none is there, it comes back. The kernel
    unlocks the place when a program ends, even by a kill: what lies there then is removed. ``keep``
    keeps the rest of it at the end. Raises SecpackError where others could take part.
    """
    with suppress(FileNotFoundError):
        _check_own(home)
    while not (lock := _lock(home, target)):
        pass
    with lock:
        _check_own(home)  # in a folder such as /tmp, somebody can have been faster
        _tidy(home, target)
        try:
            (home / "building").mkdir()
            yield home / "building"
        finally:
            _tidy(home, target)
            if not keep:
                shutil.rmtree(home, ignore_errors=True)


def _check_own(home: Path) -> None:
    status = home.lstat()  # once: somebody can change what is there
    if S_ISLNK(status.st_mode) or status.st_uid != os.geteuid():
        raise SecpackError(f"{home}: a link, or another user's; choose another place")


def _tidy(home: Path, target: Path) -> None:
    if (home / "replaced").exists() and not target.exists():
        (home / "replaced").rename(target)
    (home / "next").unlink(missing_ok=True)
    for name in ("building", "replaced", "removed"):
        shutil.rmtree(home / name, ignore_errors=True)


def _lock(folder: Path, target: Path) -> TextIO | None:
    """The open lock; None if the program before has removed the folder in the meantime."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    with suppress(FileNotFoundError), ExitStack() as stack:
        file = stack.enter_context(path.open("a"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{target}: another program is writing it; waiting ...", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.samestat(path.stat(), os.fstat(file.fileno())):
            stack.pop_all()
            return file
    return None
