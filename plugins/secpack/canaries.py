"""What a canary states, as data; what changed since the one before; whether it holds here."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import Final

from secpack.model import (
    Block,
    Bulletin,
    Canary,
    Change,
    Document,
    Finding,
    ListBlock,
    Preformatted,
    Severity,
    Statement,
    Window,
)
from secpack.profile import Profile
from secpack.text.dates import DATE, MONTH, MONTHS, YEARLESS, parse_date
from secpack.text.walk import leaves, plain, runs, sections

_COUNT: Final = re.compile(r"\b([0-9]{1,4})\s+(?:[A-Z]\w*\s+)?[Ss]ecurity\s+[Bb]ulletins?\b")
_FINGERPRINT: Final = re.compile(r"\b[0-9A-Fa-f]{4}(?:\s*[0-9A-Fa-f]{4}){9}\b")
_DAYS: Final = re.compile(
    rf"\b(?P<end>first|last)\s+(?:(?P<count>[\w-]+)\s+)?(?P<unit>days?|weeks?|half)\s+of\s+"
    rf"(?P<month>{MONTH}),?\s+(?P<year>[0-9]{{4}})"
)
_BETWEEN: Final = re.compile(rf"\bbetween\s+(?P<first>{DATE})\s+and\s+(?P<last>{DATE})")
_BY: Final = re.compile(
    rf"\b(?:by|(?<![Nn]ot )before|until|not?\s+later\s+than)\s+(?P<last>{DATE})"
)
_IN: Final = re.compile(
    rf"\b(?:in|during)\s+(?:the\s+month\s+of\s+)?(?P<month>{MONTH}),?\s+(?P<year>[0-9]{{4}})"
)
_MONTH_YEAR: Final = re.compile(rf"\b(?:{MONTH})\b|\b[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\b")
_WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "twenty-one": 21,
}  # fmt: skip
_MAIL_DATE: Final = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s+(?P<day>[0-9]{1,2})\s+(?P<month>[A-Z][a-z]{2})\s+"
    r"(?P<year>[0-9]{4})\b"
)
_VARIABLE: Final = re.compile(rf"{DATE}|(?:{MONTH})\s+[0-9]{{4}}|{YEARLESS}|(?:{MONTH})|\b[0-9]+\b")


def read_statements(document: Document) -> tuple[Statement, ...]:
    """The numbered statements of a canary, each with all that belongs to it, on one line."""
    section = next((s for s in sections(document) if "statement" in s.title.lower()), None)
    found: list[Statement] = []
    for block in section.blocks if section else ():
        if isinstance(block, ListBlock):
            found += [
                Statement(item.number, _words(item.blocks), item.first)
                for item in block.items
                if item.number is not None
            ]
        elif found:  # a statement's own paragraph at the margin
            before = found.pop()
            text = f"{before.text} {_words((block,))}"
            found.append(Statement(before.number, text, before.line))
    return tuple(found)


def _words(blocks: Sequence[Block]) -> str:
    parts = [plain(inlines) for _, inlines in runs(blocks)]
    parts += [leaf.text for leaf in leaves(blocks) if isinstance(leaf, Preformatted)]
    return " ".join(" ".join(parts).split())


def bulletin_count(statements: Sequence[Statement]) -> int | None:
    """How many bulletins a canary says there are."""
    matches = (_COUNT.search(statement.text) for statement in statements)
    return next((int(match[1]) for match in matches if match), None)


def stated_master_key(statements: Sequence[Statement]) -> str:
    """The master key's fingerprint (hex, upper case) that a canary states, or an empty string."""
    matches = (_FINGERPRINT.search(statement.text) for statement in statements)
    return next(("".join(match[0].split()).upper() for match in matches if match), "")


def due_window(statements: Sequence[Statement], issued: date) -> Window | None:
    """The days within which the next canary is announced."""
    for statement in statements:
        words = statement.text
        if re.search(r"\bnext\b", words) and re.search(r"(?i)canary|publish", words):
            return _window(words, issued)
    return None


def _window(words: str, issued: date) -> Window | None:
    """No window is better than a wrong one: several months are read as ``between`` dates only."""
    if len(_MONTH_YEAR.findall(words)) > 1 and not _BETWEEN.search(words):
        return None
    try:
        if match := _DAYS.search(words):
            return _days(match)
        if match := _BETWEEN.search(words):
            return Window(parse_date(match["first"]), parse_date(match["last"]))
        if match := _BY.search(words):
            return Window(issued, parse_date(match["last"]))
    except ValueError:
        return None
    match = _IN.search(words)
    return _month(match) if match else None


def _days(match: re.Match[str]) -> Window:
    """``first two weeks of June 2021`` as days. Raises ValueError for a number it does not know."""
    count = match["count"] or "1"
    number = int(count) if count.isdigit() else _WORDS.get(count.lower(), 0)
    days = {"half": 15}.get(match["unit"]) or number * (7 if "week" in match["unit"] else 1)
    if not 0 < days <= 31:
        raise ValueError(match[0])
    month = _month(match)
    if match["end"] == "last":
        return Window(month.last - timedelta(days=days - 1), month.last)
    return Window(month.first, month.first + timedelta(days=days - 1))


def _month(match: re.Match[str]) -> Window:
    year, month = int(match["year"]), MONTHS.index(match["month"]) + 1
    return Window(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def announcements(document: Document) -> str:
    """The special announcements on one line; empty where there are none."""
    section = next((s for s in sections(document) if "announcement" in s.title.lower()), None)
    words = _words(section.blocks) if section else ""
    return "" if words.lower().rstrip(".") in ("", "none") else words


def freshness(document: Document) -> date | None:
    """The date that the proof of freshness gives for itself."""
    section = next((s for s in sections(document) if s.title.lower().startswith("proof")), None)
    match = _MAIL_DATE.search(_words(section.blocks)) if section else None
    if not match:
        return None
    months = [name[:3] for name in MONTHS]
    try:
        return date(int(match["year"]), months.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        return None


# --- comparison -------------------------------------------------------------------------------


def changes(before: Canary, after: Canary) -> tuple[Change, ...]:
    """How each statement differs from the canary before, word by word."""
    old = {statement.number: statement.text for statement in before.statements}
    new = {statement.number: statement.text for statement in after.statements}
    return tuple(
        _change(number, old.get(number, ""), new.get(number, ""))
        for number in sorted(old.keys() | new.keys())
        if old.get(number) != new.get(number)
    )


def _change(number: int, old: str, new: str) -> Change:
    only_numbers = bool(old and new) and _VARIABLE.sub("#", old) == _VARIABLE.sub("#", new)
    before, after = old.split(), new.split()
    parts: list[tuple[str, str]] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            parts.append(("", " ".join(before[i:j])))
            continue
        if j > i:
            parts.append(("del", " ".join(before[i:j])))
        if m > k:
            parts.append(("ins", " ".join(after[k:m])))
    return Change(number, only_numbers, tuple(parts))


# --- held against the archive -----------------------------------------------------------------


def check_canaries(
    canaries: Sequence[Canary], bulletins: Sequence[Bulletin], profile: Profile
) -> Iterator[Finding]:
    """Findings about canaries whose statements do not hold for this archive."""
    for canary in canaries:
        path = canary.document.file.path
        line = canary.statements[0].line if canary.statements else 0
        yield from _check_count(canary, bulletins, path, line)
        if canary.due is None:
            message = "no window for the next canary that can be read"
            yield Finding(path, line, "canary-due", message)
        elif canary.due.last <= canary.published:
            message = f"says that the next one was due by {canary.due.last}, which is not after it"
            yield Finding(path, line, "canary-due", message, Severity.ERROR)
        if profile.master_key and canary.master_key != profile.master_key:
            stated = canary.master_key or "none"
            message = f"states the master key {stated}; the profile pins {profile.master_key}"
            yield Finding(path, line, "canary-key", message, Severity.ERROR)


def _check_count(
    canary: Canary, bulletins: Sequence[Bulletin], path: str, line: int
) -> Iterator[Finding]:
    numbers = [b.number for b in bulletins if b.published <= canary.published]
    later = [b.number for b in bulletins if b.published > canary.published]
    if canary.count is None:
        yield Finding(path, line, "canary-count", "no number of bulletins that can be read")
    elif canary.count != len(numbers):
        # A missing number between the last bulletin of its time and the next may be of its time.
        highest = max(numbers, default=0)
        explained = highest <= canary.count < min(later, default=highest + 1)
        severity = Severity.NOTICE if explained else Severity.WARNING
        gaps = ", as the gaps in the numbers show" if explained else ""
        message = f"states {canary.count} bulletins, here are {len(numbers)} of its time{gaps}"
        yield Finding(path, line, "canary-count", message, severity)


def check_lateness(canaries: Sequence[Canary], on: date) -> Iterator[Finding]:
    """Whether on a certain day the next canary is late."""
    file = canaries[-1].document.file.path if canaries else ""
    due = canaries[-1].due if canaries else None
    if due is None:
        message = (
            "nothing here tells when the next canary is due, so that nobody can say if it is late"
        )
        yield Finding(file, 0, "canary-late", message, Severity.ERROR)
    elif on > due.last:
        late = (on - due.last).days
        message = f"the next canary was due by {due.last}: {late} day(s) late on {on}"
        yield Finding(file, 0, "canary-late", message, Severity.ERROR)
