"""Processes that tests watch."""

from __future__ import annotations

import time
from pathlib import Path


def has_ended(process: int) -> bool:
    """Whether a process ends soon, if it has not ended: a signal takes a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False
