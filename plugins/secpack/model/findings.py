"""What is odd about a pack, how much it matters, and why it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something a person should look at: where, what, and what to do. ``line`` 0 is the file.

    ``waived`` is the reason for which the profile accepts it; empty where it does not.
    """

    file: str
    line: int
    code: str
    message: str
    severity: Severity = Severity.WARNING
    waived: str = ""
