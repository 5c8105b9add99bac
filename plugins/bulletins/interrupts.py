"""What happens when somebody ends a program before its time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


def end_in_order() -> None:
    """Let SIGINT and SIGTERM end this program with a word, once what is half done is put away."""
    for number in _ENDING:
        signal.signal(number, _end)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Overhear SIGINT and SIGTERM: what is done meanwhile takes a moment, and is done as a whole.

    When it is done, it is too late for them.
    """
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    for each in _ENDING:  # once is enough: what puts away is not to be interrupted itself
        signal.signal(each, signal.SIG_IGN)
    os.write(2, b"\nInterrupted.\n")  # a print may be what was interrupted
    sys.exit(128 + number)
