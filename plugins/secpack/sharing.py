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
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final, NoReturn, TypeVar

from secpack.errors import SecpackError

_T = TypeVar("_T")
_R = TypeVar("_R")

#: How much there must be to do for a second process to pay.
_WORTH: Final = 50

#: How many turns there are at most, a byte each in a pipe, which takes that much at once.
_TURNS: Final = 4096

#: What somebody ends a program by.
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


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
    if len(row) >= _WORTH and _has_two_processors():
        gc.freeze()  # collecting garbage would copy what the two have in common
        try:
            return _in_two(row, do, told, progress)
        except _AloneError:
            pass
        finally:
            gc.unfreeze()
    for done, item in enumerate(row, 1):
        do(item)
        progress(done, len(row))
    return None


class _AloneError(Exception):
    """There is no room for another process."""


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

    try:
        with _other(help_first, turns) as answers:
            for item in _taken(parts, turns):
                do(item)
                progress(len(row) - size * _left(turns), len(row))
            answer: _R = _understood(answers)
            progress(len(row), len(row))
    finally:
        os.close(turns)
    return answer


@contextmanager
def _other(work: Callable[[], object], turns: int) -> Iterator[BinaryIO]:
    """Another process that does some work: where it answers. It has ended when this ends.

    Raises _AloneError where none can be started.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # until it can be ended, too
    try:
        child, answers = _start(work, turns)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield answers
        finally:
            _end(child)
            answers.close()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(child: int) -> None:
    # Where SIGCHLD is ignored, nothing remains of a process that has ended.
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


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
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise _AloneError from None
    if not child:
        os.close(reading)
        _answer(work, writing, turns)
    os.close(writing)
    return child, os.fdopen(reading, "rb")


def _answer(work: Callable[[], object], writing: int, turns: int) -> NoReturn:
    """Do the work, write what came of it, and end this process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process gets it, and ends this
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        try:
            answer: object = (work(), "", "")
        except BaseException as error:
            os.read(turns, _TURNS)  # what is left need not be done
            kind = "" if isinstance(error, SecpackError) else type(error).__name__
            reason = ": ".join(filter(None, (kind, str(error))))
            answer = (None, reason, traceback.format_exc())
        with suppress(OSError):  # what listeners of Pelican's have printed here
            sys.stdout.flush()
        with os.fdopen(writing, "wb") as file:
            pickle.dump(answer, file, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _understood(answers: BinaryIO) -> Any:
    """What came of the other process's work. Raises SecpackError when it failed."""
    try:
        answer, reason, where = pickle.load(answers)  # noqa: S301 - written by this code
    except (EOFError, pickle.UnpicklingError):
        raise SecpackError("a process that helped was ended; try again") from None
    if where:
        error = SecpackError(reason)
        error.add_note(f"There, {where}")
        raise error
    return answer
