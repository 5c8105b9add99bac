"""What Ctrl-C and SIGTERM do."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


def end_in_order() -> None:
    """Let SIGINT and SIGTERM end this program with a message, after it has cleaned up."""
    for number in _ENDING:
        signal.signal(number, _end)


def ignore_interrupts() -> None:
    """Ignore both signals from now on: what is left takes a moment, and must be finished."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def tell(*lines: str) -> None:
    """Print what was done; it is no error if nobody reads it."""
    try:
        print(*lines, sep="\n", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(number: int, _: FrameType | None) -> None:
    ignore_interrupts()  # once is enough: nothing may interrupt the clean-up
    os.write(2, b"\nInterrupted.\n")  # the signal may have interrupted a print
    sys.exit(128 + number)
