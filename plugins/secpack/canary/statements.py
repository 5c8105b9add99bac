"""The statements of a canary, and what stands around them, as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from typing import Final

from secpack.model.archive import Document, Section, Statement
from secpack.model.blocks import Block, ListBlock, Preformatted
from secpack.parser.dates import DATE, MONTHS, parse_date
from secpack.parser.tree import leaves, plain, runs, sections

#: The number of bulletins that there are; the same words can hold the number of the last one.
COUNT: Final = re.compile(
    r"(?<![0-9,.])\b([0-9]{1,4})\s+(?:[A-Z]\w*\s+)?[Ss]ecurity\s+[Bb]ulletins?\b"
)

_FINGERPRINT: Final = re.compile(r"\b[0-9A-Fa-f]{4}(?:\s*[0-9A-Fa-f]{4}){9}\b")
_ISSUE: Final = re.compile(rf"(?i:\bdate\s+of\s+issue\b)[^.]{{0,60}}?\b(?P<date>{DATE})")
_MAIL_DATE: Final = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s+(?P<day>[0-9]{1,2})\s+(?P<month>[A-Z][a-z]{2})\s+"
    r"(?P<year>[0-9]{4})\b"
)


def read_statements(document: Document) -> tuple[Statement, ...]:
    """The numbered statements of a canary, each with all that belongs to it, on one line."""
    found: list[tuple[int, int, list[str]]] = []
    for block in _declaration(document):
        if isinstance(block, ListBlock):
            found += [
                (item.number, item.first, [_words(item.blocks)])
                for item in block.items
                if item.number is not None
            ]
        elif found:  # a statement's own paragraph at the margin
            found[-1][2].append(_words((block,)))
    return tuple(Statement(number, " ".join(words), line) for number, line, words in found)


def introduction(document: Document) -> str:
    """The words in front of the statements, on one line: who declares them."""
    return _words(tuple(takewhile(lambda b: not isinstance(b, ListBlock), _declaration(document))))


def _declaration(document: Document) -> Sequence[Block]:
    section = _titled(document, "statement")
    return section.blocks if section else ()


def _titled(document: Document, words: str) -> Section | None:
    return next((s for s in sections(document) if words in s.title.lower()), None)


def _words(blocks: Sequence[Block]) -> str:
    parts = [plain(inlines) for _, inlines in runs(blocks)]
    parts += [leaf.text for leaf in leaves(blocks) if isinstance(leaf, Preformatted)]
    return " ".join(" ".join(parts).split())


def bulletin_count(statements: Sequence[Statement]) -> int | None:
    """How many bulletins a canary says there are; None also where it says it in two ways."""
    found = {int(n) for statement in statements for n in COUNT.findall(statement.text)}
    return found.pop() if len(found) == 1 else None


def stated_issue(statements: Sequence[Statement]) -> date | None:
    """The date of issue that a canary states; None also for a day that no calendar has."""
    matches = (_ISSUE.search(statement.text) for statement in statements)
    match = next((match for match in matches if match), None)
    try:
        return parse_date(match["date"]) if match else None
    except ValueError:
        return None


def stated_master_key(statements: Sequence[Statement]) -> str:
    """The master key's fingerprint (hex, upper case) that a canary states, or an empty string."""
    matches = (_FINGERPRINT.search(statement.text) for statement in statements)
    return next(("".join(match[0].split()).upper() for match in matches if match), "")


def announcements(document: Document) -> str:
    """The special announcements on one line; empty where there are none."""
    section = _titled(document, "announcement")
    words = _words(section.blocks) if section else ""
    return "" if words.lower().rstrip(".") in ("", "none") else words


def freshness(document: Document) -> date | None:
    """The date that the proof of freshness gives for itself."""
    section = _titled(document, "proof of")
    match = _MAIL_DATE.search(_words(section.blocks)) if section else None
    if not match:
        return None
    months = [name[:3] for name in MONTHS]
    try:
        return date(int(match["year"]), months.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        return None
