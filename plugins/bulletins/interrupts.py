"""What happens when somebody ends a program before its time."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def end_in_order() -> None:
    """Let SIGINT and SIGTERM end this program with a word, once what is half done is put away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    os.write(2, b"\nInterrupted.\n")  # a print may be what was interrupted
    sys.exit(128 + number)
