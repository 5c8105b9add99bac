"""The statements of a canary, and what surrounds them, as data."""

import calendar
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Final

from secpack.extract.metadata import ISSUED
from secpack.extract.packages.vocabulary import SENTENCE_END
from secpack.extract.sections import sections
from secpack.model.archive import Document, Section, Statement, Window
from secpack.model.blocks import Block, ListBlock, plain, running_text
from secpack.parser.dates import DATE, MONTH, MONTHS, parse_date

#: The number of bulletins, as in ``12 Quern Security Bulletins``.
COUNT: Final = re.compile(
    r"(?<![0-9,.])\b([0-9]{1,4})\)?\s+(?:(?!Xen\b)[A-Z]\w*\s+){0,3}?[Ss]ecurity\s+"
    r"(?:[Bb]ulletins?|[Aa]dvisor(?:y|ies)|[Nn]otices?)\b"
)

_FINGERPRINT: Final = re.compile(r"(?:\b|(?<=\b0x))[0-9A-Fa-f]{4}(?:\s*[0-9A-Fa-f]{4}){9}\b")
_MASTER_KEY: Final = re.compile(
    rf"(?i:\bmaster\b)[^.]{{0,60}}\bfingerprint\s+is:?\s+({_FINGERPRINT.pattern})"
)
_MAIL_DATE: Final = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s+([0-9]{1,2}\s+[A-Z][a-z]{2}\s+[1-9][0-9]{3})\b"
)


def read_statements(document: Document) -> tuple[Statement, ...]:
    """Return the statements of a canary, each with all that belongs to it on one line.

    They are the items of a list. Where these have no numbers, their place is their number.
    """
    statements: list[tuple[int, int, list[str]]] = []
    for block in _titled(document, "statement"):
        if isinstance(block, ListBlock) and (not statements or block.items[0].number is not None):
            statements += [
                (place if item.number is None else item.number, item.first, [_words(item.blocks)])
                for place, item in enumerate(block.items, 1)
            ]
        elif statements:  # a statement's own paragraph, or list, at the margin
            statements[-1][2].append(_words((block,)))
    return tuple(Statement(number, " ".join(words), line) for number, line, words in statements)


def introduction(document: Document) -> str:
    """Return the words before the statements on one line: who declares them."""
    blocks = _titled(document, "statement")
    return _words(tuple(takewhile(lambda block: not isinstance(block, ListBlock), blocks)))


def _titled(document: Document, words: str) -> Sequence[Block]:
    section = titled(document, words)
    return section.blocks if section else ()


def titled(document: Document, words: str) -> Section | None:
    """The first section whose title has these words."""
    return next((s for s in sections(document) if words in s.title.lower()), None)


def _words(blocks: Sequence[Block]) -> str:
    texts = (plain(inlines) for _, inlines in running_text(blocks, code=True))
    return " ".join(" ".join(texts).split())


def bulletin_count(statements: Sequence[Statement]) -> int | None:
    """Return how many bulletins a canary says there are; None if it gives several numbers."""
    counts = {int(n) for statement in statements for n in COUNT.findall(statement.text)}
    return counts.pop() if len(counts) == 1 else None


def stated_issue(statements: Sequence[Statement]) -> date | None:
    """Return the date of issue that a canary states; None also if there is no such day."""
    match = next((m for s in statements if (m := ISSUED.search(s.text))), None)
    with suppress(ValueError):
        return parse_date(match["date"].strip()) if match else None
    return None


def stated_master_key(statements: Sequence[Statement]) -> str:
    """Return the master key's fingerprint (hex, upper case) that a canary states, if any.

    Of several statements with one it is the first that says *master*; of several in it, what the
    master key's fingerprint *is*, or none.
    """
    words = [s.text for s in statements if _FINGERPRINT.search(s.text)]
    words.sort(key=lambda text: "master" not in text.lower())
    for pattern in (_FINGERPRINT, _MASTER_KEY):
        keys = {"".join(k.split()).upper() for text in words[:1] for k in pattern.findall(text)}
        if len(keys) == 1:
            return keys.pop()
    return ""


def announcements(document: Document) -> str:
    """Return the special announcements on one line; empty if there are none."""
    words = _words(_titled(document, "announcement"))
    return "" if words.lower().rstrip(".") in ("", "none") else words


def freshness(document: Document) -> date | None:
    """Return the date in the proof of freshness."""
    match = _MAIL_DATE.search(_words(_titled(document, "proof of")))
    with suppress(ValueError):
        return parse_date(match[1]) if match else None
    return None


# --- when the next one is due ---------------------------------------------------------------------
#
# No window is better than a wrong one: a sentence gives one only if all of it is understood.

_DAY: Final = "[0-9]{1,2}(?:st|nd|rd|th)?"
_PART: Final = r"(?i:(?:first|second|third|fourth|last)\s+(?:[\w-]{1,12}\s+)?(?:days?|weeks?|half))"
#: ``May 3 to 12, 2020``
_RANGE: Final = (
    rf"(?:{MONTH})\s+{_DAY}(?:\s+(?:and|to|through|until)\s+|\s?[-–]\s?){_DAY},?\s+[0-9]{{4}}"
)

#: A period: ``second week of May``, ``May 3 to 12, 2020``, a date, ``May 24``, ``May 2020``. The
#: year can be elsewhere.
PERIOD: Final = re.compile(
    rf"\b(?:{_PART}\s+of\s+(?:{MONTH})(?:,?\s+[0-9]{{4}})?|{_RANGE}|{DATE}"
    rf"|(?:{MONTH})\s+{_DAY}\b(?!,?\s*[0-9]{{4}})|(?:{MONTH}),?\s+[0-9]{{4}})"
)

_LOOSE: Final = re.compile(rf"\b(?:{MONTH})\b")
# "the next such canary", "publish the next of these"; not "publish the next release".
_NEXT: Final = re.compile(
    r"(?i)\bnext\s+(?:(?:[\w#-]+\s+){0,2}?(?:canar|statement|ones?\b)|(?:of|is|will|should)\b)"
)
_CANARY: Final = re.compile(r"(?i)\b(?:canar|statement|publish)")
_NO_LATER: Final = re.compile(r"(?i)\b(?:(?:no|not) later than|at the latest (?:on|by))\b")
# What can precede and follow a period; nothing else is understood.
_LEAD: Final = re.compile(
    r"(?i)\b(?:(?P<within>in|on|during|due|for|within)(?: the month of)?|(?P<week>week of)"
    r"|(?P<until>by|until|by or before|on or before|no later than)(?P<end> the end of)?"
    r"|(?P<before>before)|(?P<between>between|from))(?: the)?$"
)
_TAIL: Final = re.compile(
    r"(?:[.;:)]|$|\s\((?![^()]*\b(?:days?|weeks?|half|early|late)\b)"
    r"|,(?! (?:or(?! not at all)|but|if|unless|at|in|on|within|during)\b))"
)
# Words that change or negate what follows, as in "early May" and "not in May", or after which it is
# about something else: "signed with a key that was made in May".
_OTHERWISE: Final = re.compile(
    r"(?i)\b(?:first|second|third|fourth|last|early|mid|middle|late|beginning|start(?:ing)?|around"
    r"|about|roughly|after|since|earlier|sooner|days?|weeks?|months?|[a-z]+day|not|never|no"
    r"|cannot|\w+n['’]t|unable|refus\w+|skip\w*|cancel\w*|postpon\w*|instead|formerly|was|were"
    r"|wh(?:at|ich|om?|ose|ere)|that(?! (?:the|our) next)|reports?|covers?|long|shortly"
    r"|midnight|noon|[ap]\.?m|utc|gmt|o.clock|close)\b"
)
_JOINTS: Final = {"between": ("and",), "from": ("to", "until", "through")}
_NUMBERS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty twenty-one"
)
_ORDER: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3}

_TIME: Final = (
    r"\b(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])(?::[0-5][0-9])?\s?"
    r"(?:(?:(?:UTC|GMT)\s?)?(?P<sign>[-+])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?|UTC|GMT|Z)(?!\w)"
)
# "at 23:59 UTC on May 24, 2020", "May 24, 2020, at 23:59 UTC"
_TIMES: Final = (re.compile(rf"(?:\bat )?{_TIME} on\s"), re.compile(rf",?(?: at)? {_TIME}"))
# "within 30 days", "within the next two weeks of this canary"
_WITHIN: Final = re.compile(
    r"(?i)\bwithin (?:the next )?(?P<count>[\w-]{1,12}) (?P<unit>days?|weeks?)(?: (?:of|from|after)"
    r" (?:now|(?:(?:the|its) )?(?:date|day|date of issue|publication)(?: of (?:this|the) canary)?"
    r"|this (?:canary|date|one|statement)))?(?=[.,;:)]|$|\s\()"
)

# "There will be no more canaries." "Quern Canary #9 is the last one." Only whole sentences: others
# say on what condition, or who says so.
_LAST: Final = re.compile(
    r"(?i)(?:there will be no (?:more|further|other) canar(?:y|ies)"
    r"|(?:this|this canary|(?-i:(?:[A-Z]\w* ){0,3})canary #?[0-9]{1,6})"
    r" is the (?:last|final) (?:canary|one))(?: after this (?:canary|one))?[.!]?"
)


def is_last(statements: Sequence[Statement]) -> bool:
    """Whether a canary states that no other will follow."""
    sentences = (each for s in statements for each in SENTENCE_END.split(s.text))
    return any(_LAST.fullmatch(sentence) for sentence in sentences)


def due_window(statements: Sequence[Statement], issued: date) -> Window | None:
    """Return the days within which the next canary is announced.

    Returns None if no sentence gives them, or if several do and differ.
    """
    windows = {
        window
        for statement in statements
        for sentence in SENTENCE_END.split(statement.text)
        if _NEXT.search(sentence) and _CANARY.search(sentence)
        if (window := _window(sentence, issued))
    }
    return windows.pop() if len(windows) == 1 else None


def _window(sentence: str, issued: date) -> Window | None:
    words = _NO_LATER.sub("until", " ".join(sentence.split()))
    at = next((match for each in _TIMES if (match := each.search(words))), None)
    words = words[: at.start()] + words[at.end() :] if at else words
    with suppress(ValueError, KeyError, OverflowError):
        window = _days_within(words, issued)
        return _until(window, at) if window and at else window
    return None


def _until(window: Window, at: re.Match[str]) -> Window:
    """Return a window that ends at a time of its last day, in UTC."""
    zone = f"{at['sign'] or '+'}{at['hours'] or '0':0>2}:{at['minutes'] or '00'}"
    local = datetime.fromisoformat(f"{window.last}T{at['hour']:0>2}:{at['minute']}{zone}")
    moment = local.astimezone(UTC)
    return Window(min(window.first, moment.date()), moment.date(), f"{moment:%H:%M}")


def _days_within(words: str, issued: date) -> Window | None:
    """Read a sentence. Raises ValueError or OverflowError if there are no such days."""
    periods = list(PERIOD.finditer(words))
    if re.search("[0-9]:[0-9]", words):
        return None  # a time without a zone, or several
    if len(_LOOSE.findall(words)) > sum(len(_LOOSE.findall(p[0])) for p in periods):
        return None  # it names another month, in a way that is not understood
    if not periods:
        return _from_issue(words, issued)
    lead = _LEAD.search(words[: periods[0].start()].rstrip())
    if not lead or _OTHERWISE.search(words[: lead.start()]):
        return None
    if not _TAIL.match(words, periods[-1].end()):
        return None
    if len(periods) == 1:
        return _single(periods[0], lead, issued)
    return _pair(periods[0], periods[1], lead) if len(periods) == 2 else None


def _from_issue(words: str, issued: date) -> Window | None:
    """Read ``within 30 days``."""
    within = _WITHIN.search(words)
    if not within or _OTHERWISE.search(words[: within.start()]):
        return None
    days = _length(within["count"], within["unit"].lower(), most=366)
    return Window(issued, issued + timedelta(days=days))


def _single(period: re.Match[str], lead: re.Match[str], issued: date) -> Window | None:
    days = _days(period[0], issued.year)
    if days.last <= issued:  # a period without a year is the next one
        days = _days(period[0], issued.year + 1)
    is_day = days.first == days.last
    if lead["between"]:
        return days if re.fullmatch(_RANGE, period[0]) else None
    if lead["until"] or (lead["before"] and is_day):
        return Window(issued, days.last)
    if lead["week"]:
        return Window(days.first, days.first + timedelta(days=6)) if is_day else None
    return days if lead["within"] else None


def _pair(start: re.Match[str], end: re.Match[str], lead: re.Match[str]) -> Window | None:
    """Read ``between X and Y`` or ``from X to Y``; the year can be given once, after both."""
    joint = [w for w in start.string[start.end() : end.start()].split() if w != "the"]
    if not lead["between"] or joint not in ([word] for word in _JOINTS[lead["between"].lower()]):
        return None
    last = _days(end[0], None)
    first = _days(start[0], last.first.year)
    return Window(first.first, last.last) if first.first <= last.last else None


def _days(period: str, year: int | None) -> Window:
    """Return the days of a period; ``year`` is for one without a year.

    Raises ValueError if there are no such days.
    """
    if re.fullmatch(DATE, period):
        day = parse_date(period)
        return Window(day, day)
    part, name, rest = re.split(f"({MONTH})", period)
    *days, end = re.findall("[0-9]+", rest) or [""]
    year, days = (int(end), days) if len(end) == 4 else (year, [end] if end else [])
    if not year:
        raise ValueError("no year")
    number = MONTHS.index(name) + 1
    last_day = date(year, number, calendar.monthrange(year, number)[1])
    month = Window(last_day.replace(day=1), last_day)
    if days:
        first, last = (last_day.replace(day=int(day)) for day in (days[0], days[-1]))
        return Window(first, last)
    return _part(part.lower().split(), month) if part else month


def _part(words: Sequence[str], month: Window) -> Window:
    """Return the ``first two weeks of``, ``second week of`` or ``last half of`` a month."""
    part, *count, unit, _ = words
    day = timedelta(days=1)
    if unit == "half":
        middle = month.first.replace(day=15)
        halves = {"first": Window(month.first, middle), "second": Window(middle + day, month.last)}
        return (halves | {"last": halves["second"]})[part]
    length = timedelta(days=_length(count[0] if count else "", unit))
    if part == "last":
        return Window(month.last - length + day, month.last)
    if part != "first" and count:
        raise ValueError(words)  # "the second two weeks" could be anything
    first = month.first + _ORDER[part] * length
    return Window(first, min(first + length - day, month.last))


def _length(count: str, unit: str, *, most: int = 31) -> int:
    """Return how many days ``two weeks`` or ``ten days`` are. Raises ValueError if unclear."""
    if not count and unit.endswith("s"):
        raise ValueError("the first days of a month")
    number = int(count) if count.isdigit() else _NUMBERS.split().index((count or "one").lower())
    days = number * (7 if unit.startswith("week") else 1)
    if not 0 < days <= most:
        raise ValueError(f"{count} {unit}")
    return days
