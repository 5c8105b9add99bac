"""What happens when somebody ends a program before its time."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


def end_in_order() -> None:
    """Let SIGINT and SIGTERM end this program with a word, once what is half done is put away."""
    for number in _ENDING:
        signal.signal(number, _end)


def ignore_interrupts() -> None:
    """Let nothing end this program from now on: it is too late, and what is left takes a moment."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def tell(*lines: str) -> None:
    """Print what was done, to who still listens: it is done, even if nobody does."""
    try:
        print(*lines, sep="\n", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(number: int, _: FrameType | None) -> None:
    ignore_interrupts()  # once is enough: what puts away is not to be interrupted itself
    os.write(2, b"\nInterrupted.\n")  # a print may be what was interrupted
    sys.exit(128 + number)
