"""How far long work is, and how fast: told on a terminal, while it lasts; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from typing import Final

#: How often it is told, in seconds.
_OFTEN: Final = 0.1


class Progress:
    """Tells of one kind of work; ``words`` say what is done. Nothing of it stays on the screen."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._shown = sys.stderr.isatty()
        self._started = self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Tell how many are done, of how many."""
        now = time.monotonic()
        if not self._shown or (now - self._told < _OFTEN and done != total):
            return
        self._told = now
        rate = done / max(now - self._started, 0.001)
        end = "\r\033[K" if done == total else ""
        line = f"\r{self._words}: {done:,} of {total:,}, {rate:,.0f}/s\033[K{end}"
        print(line, end="", file=sys.stderr, flush=True)


def clear() -> None:
    """Take away what was told last, if the work has failed: what is said next has a line."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
