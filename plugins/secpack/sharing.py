"""Long work that two processes share, where there are two processors."""

from __future__ import annotations

import array
import fcntl
import gc
import os
import pickle
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final, NoReturn, TypeVar

from secpack.errors import SecpackError

_T = TypeVar("_T")
_R = TypeVar("_R")

#: How much there must be to do for a second process to pay.
_WORTH: Final = 50

#: How many turns there are at most, a byte each in a pipe, which takes that much at once.
_TURNS: Final = 4096


def share(
    row: Sequence[_T],
    do: Callable[[_T], object],
    told: Callable[[], _R],
    progress: Callable[[int, int], None],
) -> _R | None:
    """Do something with each of a row; of a long one in two processes, from both ends at a time.

    Returns what ``told`` gives in the other process when the two have met, which must be
    something that can be pickled; None where there was no other. ``progress`` is told how many
    are done, of how many. Raises what ``do`` raises; where it raised in the other process, a
    SecpackError with the reason.
    """
    if len(row) < _WORTH or not _has_two_processors():
        for done, item in enumerate(row, 1):
            do(item)
            progress(done, len(row))
        return None
    gc.freeze()  # collecting garbage would copy what the two have in common
    try:
        return _in_two(row, do, told, progress)
    finally:
        gc.unfreeze()


def _has_two_processors() -> bool:
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


def _in_two(
    row: Sequence[_T],
    do: Callable[[_T], object],
    told: Callable[[], _R],
    progress: Callable[[int, int], None],
) -> _R:
    size = -(-len(row) // _TURNS)
    parts = [row[place : place + size] for place in range(0, len(row), size)]
    turns = _turns(len(parts))
    first = os.getpid()

    def help_first() -> object:
        for item in _taken(parts[::-1], turns):
            if os.getppid() != first:  # it was killed: nobody waits for this
                raise SystemExit
            do(item)
        return told()

    child, answers = _start(help_first, turns)
    try:
        for item in _taken(parts, turns):
            do(item)
            progress(len(row) - size * _left(turns), len(row))
        answer: _R = _understood(answers)
        progress(len(row), len(row))
    finally:
        answers.close()
        os.close(turns)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return answer


def _turns(count: int) -> int:
    """A pipe from which each process takes a byte for each of its turns, until none is left."""
    reading, writing = os.pipe()
    os.write(writing, bytes(count))
    os.close(writing)
    return reading


def _taken(parts: Sequence[Sequence[_T]], turns: int) -> Iterator[_T]:
    """What of the parts falls to this process, in their order."""
    for part in parts:
        if not os.read(turns, 1):
            return
        yield from part


def _left(turns: int) -> int:
    """How many turns nobody has taken."""
    count = array.array("i", [0])
    fcntl.ioctl(turns, termios.FIONREAD, count)
    return count[0]


def _start(work: Callable[[], object], turns: int) -> tuple[int, BinaryIO]:
    """Start another process that does some work; return its id, and where it answers."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(work, writing, turns)
    os.close(writing)
    return child, os.fdopen(reading, "rb")


def _answer(work: Callable[[], object], writing: int, turns: int) -> NoReturn:
    """Do the work, write what came of it, and end this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process gets it, too, and ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        try:
            answer = (True, work())
        except BaseException as error:
            os.read(turns, _TURNS)  # what is left need not be done
            kind = "" if isinstance(error, SecpackError) else f"{type(error).__name__}: "
            answer = (False, f"{kind}{error}")
        with os.fdopen(writing, "wb") as file:
            pickle.dump(answer, file, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _understood(answers: BinaryIO) -> Any:
    """What came of the other process's work. Raises SecpackError when it failed."""
    try:
        worked, answer = pickle.load(answers)  # noqa: S301 - written by this code
    except (EOFError, pickle.UnpicklingError):
        worked, answer = False, "a process that helped was ended; try again"
    if not worked:
        raise SecpackError(answer)
    return answer
