"""What a canary states, as data; what changed since the one before; whether it holds here."""

from secpack.canary.checks import check_canaries, check_lateness
from secpack.canary.diff import changes
from secpack.canary.statements import (
    announcements,
    bulletin_count,
    freshness,
    introduction,
    read_statements,
    stated_issue,
    stated_master_key,
)
from secpack.canary.window import due_window

__all__ = [
    "announcements",
    "bulletin_count",
    "changes",
    "check_canaries",
    "check_lateness",
    "due_window",
    "freshness",
    "introduction",
    "read_statements",
    "stated_issue",
    "stated_master_key",
]
