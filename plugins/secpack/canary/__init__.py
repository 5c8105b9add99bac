"""The statements of a canary, and what surrounds them, as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from typing import Final

from secpack.extract.metadata import ISSUED
from secpack.extract.sections import sections
from secpack.model.archive import Document, Statement
from secpack.model.blocks import Block, ListBlock, Preformatted, leaves, plain, running_text
from secpack.parser.dates import MONTHS, parse_date

#: The number of bulletins, as in ``12 Quern Security Bulletins``.
COUNT: Final = re.compile(
    r"(?<![0-9,.])\b([0-9]{1,4})\s+(?:[A-Z]\w*\s+)?[Ss]ecurity\s+[Bb]ulletins?\b"
)

_FINGERPRINT: Final = re.compile(r"\b[0-9A-Fa-f]{4}(?:\s*[0-9A-Fa-f]{4}){9}\b")
_MAIL_DATE: Final = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s+(?P<day>[0-9]{1,2})\s+(?P<month>[A-Z][a-z]{2})\s+"
    r"(?P<year>[0-9]{4})\b"
)


def read_statements(document: Document) -> tuple[Statement, ...]:
    """Return the numbered statements of a canary, each with all that belongs to it on one line."""
    statements: list[tuple[int, int, list[str]]] = []
    for block in _titled(document, "statement"):
        if isinstance(block, ListBlock):
            items = [(item.number, item) for item in block.items if item.number is not None]
            statements += [(n, item.first, [_words(item.blocks)]) for n, item in items]
        elif statements:  # a statement's own paragraph at the margin
            statements[-1][2].append(_words((block,)))
    return tuple(Statement(number, " ".join(words), line) for number, line, words in statements)


def introduction(document: Document) -> str:
    """Return the words before the statements on one line: who declares them."""
    blocks = _titled(document, "statement")
    return _words(tuple(takewhile(lambda block: not isinstance(block, ListBlock), blocks)))


def _titled(document: Document, words: str) -> Sequence[Block]:
    """The blocks of the first section whose title has these words."""
    return next((s.blocks for s in sections(document) if words in s.title.lower()), ())


def _words(blocks: Sequence[Block]) -> str:
    parts = [plain(inlines) for _, inlines in running_text(blocks)]
    parts += [leaf.text for leaf in leaves(blocks) if isinstance(leaf, Preformatted)]
    return " ".join(" ".join(parts).split())


def bulletin_count(statements: Sequence[Statement]) -> int | None:
    """Return how many bulletins a canary says there are; None if it gives several numbers."""
    counts = {int(n) for statement in statements for n in COUNT.findall(statement.text)}
    return counts.pop() if len(counts) == 1 else None


def stated_issue(statements: Sequence[Statement]) -> date | None:
    """Return the date of issue that a canary states; None also if there is no such day."""
    match = _first_match(ISSUED, statements)
    try:
        return parse_date(match["date"].strip()) if match else None
    except ValueError:
        return None


def stated_master_key(statements: Sequence[Statement]) -> str:
    """Return the master key's fingerprint (hex, upper case) that a canary states, if any."""
    match = _first_match(_FINGERPRINT, statements)
    return "".join(match[0].split()).upper() if match else ""


def _first_match(pattern: re.Pattern[str], statements: Sequence[Statement]) -> re.Match[str] | None:
    matches = (pattern.search(statement.text) for statement in statements)
    return next((match for match in matches if match), None)


def announcements(document: Document) -> str:
    """Return the special announcements on one line; empty if there are none."""
    words = _words(_titled(document, "announcement"))
    return "" if words.lower().rstrip(".") in ("", "none") else words


def freshness(document: Document) -> date | None:
    """Return the date in the proof of freshness."""
    match = _MAIL_DATE.search(_words(_titled(document, "proof of")))
    if not match:
        return None
    months = [name[:3] for name in MONTHS]
    try:
        return date(int(match["year"]), months.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        return None
