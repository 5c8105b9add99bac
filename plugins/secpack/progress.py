"""Shows the progress of long work on a terminal; a pipe gets nothing."""

import sys
import time
from typing import Final

#: Seconds between two updates.
_OFTEN: Final = 0.1


class Progress:
    """The progress of one task, such as "Reading texts"; its line disappears at the end."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._is_shown = sys.stderr.isatty()
        self._started = self._updated = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show how many items are done, and of how many."""
        now = time.monotonic()
        if not self._is_shown or (now - self._updated < _OFTEN and done != total):
            return
        self._updated = now
        rate = done / max(now - self._started, 0.001)
        end = "\r\033[K" if done == total else ""
        line = f"\r{self._task}: {done:,} of {total:,}, {rate:,.0f}/s\033[K{end}"
        print(line, end="", file=sys.stderr, flush=True)


def clear() -> None:
    """Remove the line after a task has failed, before something else is printed."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
