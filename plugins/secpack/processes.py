"""Runs tasks on all processors."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from multiprocessing import connection, get_context, parent_process
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

#: For fewer tasks, starting processes takes longer than they save.
_FEW: Final = 4

# The tasks: processes inherit them when they start, so that nothing has to be copied to them.
_tasks: Sequence[Callable[[], Any]] = ()


@contextmanager
def started(tasks: Sequence[Callable[[], _T]], size: int = 1) -> Iterator[Iterator[_T]]:
    """Start tasks, many on all processors; their results can be taken, in order, in this block.

    A task sees the state from before this call, and changes only files. A process takes ``size``
    tasks at a time. The first ones run here, so that what they compile need not be compiled by each
    process.
    """
    first = [task() for task in tasks[:size]]
    pool = _pool() if len(tasks) >= _FEW * size else None
    if pool is None:
        yield chain(first, (task() for task in tasks[size:]))
        return
    global _tasks  # noqa: PLW0603 - the only way to hand a closure to a process that is forked
    _tasks = tasks
    try:
        yield chain(first, pool.map(_run, range(size, len(tasks)), chunksize=size))
    finally:
        pool.shutdown(cancel_futures=True)
        _tasks = ()


def _pool() -> ProcessPoolExecutor | None:
    """Processes that start when they are needed; None where there can be none, or one is enough."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if processors < 2:
        return None
    with suppress(ImportError, NotImplementedError, OSError):  # some containers have no semaphores
        return ProcessPoolExecutor(processors, get_context("fork"), initializer=_end_with_parent)
    return None


def _run(number: int) -> Any:
    return _tasks[number]()


def _end_with_parent() -> None:
    """Leave interrupts to the parent, and end when it ends, even if it is killed.

    What is inherited stays shared: no garbage collector touches it.
    """
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    assert parent
    connection.wait([parent.sentinel])
    os._exit(1)
