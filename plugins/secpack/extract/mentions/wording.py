"""What texts say around ids: that something is announced, and whether it affects the issuer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from secpack.model.blocks import Letterhead

SENTENCE_END: Final = re.compile(
    r"[.!?](?<![ .]\w[.!?])(?<!vs[.!?])(?<!etc[.!?])[\"”)]{0,2}\s+(?=[A-Z\"“(_*])"
)
#: Expressions for verbs that announce, in the past or not.
VERBS: Final = (
    r"(?:announc|publish|disclos|releas|issu|discover|report|assign|allocat)(?:ed|es|e|ing)\b"
)
PUBLIC: Final = r"(?:made|became|become|is|went|gone)\s+(?:now\s+)?public\b"
ANNOUNCES: Final = re.compile(
    rf"\b(?:{VERBS}|{PUBLIC}|(?:told|informed|notified)\s+us\b|(?:learn(?:ed|t)|aware)\s+of\b"
    r"|embargo\b[^.]{0,40}\blifted\b)",
    re.IGNORECASE,
)
# Behind an id that was announced long ago, in a year of its own or one that is told.
_LONG_AGO: Final = (
    r"\s*(?:,\s*)?(?:(?:which|that)\s+)?(?:(?:was|were|had\s+been)\s+)?(?:\w+\s+)?"
    rf"{VERBS}[^.,;]{{0,30}}?\b(?:last\s+year|years?\s+(?:ago|earlier|before)|%s)\b"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """Expressions that name the issuer of a text, or depend on its date.

    Behind ids stand ``affects``, ``affects_all`` (not only one release), ``denies`` and
    ``long_ago``; before them ``affected`` and ``unaffected``. ``which`` tells which of two
    matters. ``unused`` and ``denied`` are in comments on ids.
    """

    affects: re.Pattern[str]
    affects_all: re.Pattern[str]
    affected: re.Pattern[str]
    denies: re.Pattern[str]
    denied: re.Pattern[str]
    unaffected: re.Pattern[str]
    unused: re.Pattern[str]
    which: re.Pattern[str]
    long_ago: re.Pattern[str]


def wording_for(head: Letterhead | None) -> Wording:
    """The expressions for texts of an issuer and a year."""
    us = rf"(?:{re.escape(head.issuer)}(?:\s+OS)?|us)" if head else "us"
    return _wording(us, _years(head))


@lru_cache(maxsize=64)
def _wording(us: str, years: str) -> Wording:
    words = _words_of(us) | {"long_ago": _LONG_AGO % years}
    return Wording(**{name: re.compile(form, re.IGNORECASE) for name, form in words.items()})


def _words_of(us: str) -> dict[str, str]:
    """The expressions that name who speaks, by their names above."""
    end = r"\s*(?:[.,;:)]|\Z|\b(?:because|since|as|at\s+all|users)\b)"
    security = r"(?:the\s+security\s+of\s+)?"
    verb = rf"(?:affect|impact|concern|apply\s+to)s?\s+{security}{us}"
    state = (
        r"(?:considered\s+)?(?:relevant|applicable|of\s+concern"
        rf"|(?:a\s+)?(?:security\s+)?(?:problem|issue|concern))\s+(?:for|to|in)\s+{us}"
    )
    affects = rf"(?:(?<!not)(?<!only)\s{verb}|\b(?:is|are)\s+{state})"
    all_of_it = r"\b(?!(?:\s+OS)?\s+R?[0-9])"
    denied = (
        rf"\b(?:(?:does|do|did)(?:\s+not|n't)\s+{verb}|(?:is|are|was|were)\s+not\s+{state}"
        rf"|(?:has|have)\s+no\s+(?:security\s+)?(?:impact|effect)\s+on\s+{security}{us}"
        rf"|{us}\s+(?:is|was)\s+(?:not\s+|un)affected|(?:is|was|are|were)\s+unused){end}"
    )
    return {
        "affects": rf"[^.]{{0,40}}{affects}",
        "affects_all": rf"[^.]{{0,40}}{affects}{all_of_it}",
        "affected": rf"\b{us}\s+(?:is|was)\s+(?:only\s+)?(?:affected\s+by|vulnerable\s+to)"
        r"\s+(?:the\s+)?\Z",
        "denies": rf"[^.]{{0,40}}{denied}",
        "denied": denied,
        "unaffected": rf"\b(?:{us}|it|we)\s+(?:is|was|are|were)\s+(?:not\s+|un)affected\s+by"
        r"\s+(?:the\s+)?\Z|\bnot\s+(?:consider|regard|treat)\s+\Z",
        "unused": rf"\bnot\s+(?:used|enabled|reachable)\b[^.]{{0,40}}\b{us}\b"
        rf"|\b{us}\s+does\s+not\s+(?:use|enable|ship)\b",
        "which": r"\bonly\s+the\s+(?:(?P<first>former|first)|latter|second)\b"
        rf"[^.]{{0,20}}{affects}{all_of_it}",
    }


def _years(head: Letterhead | None) -> str:
    """An expression for the years that are neither a text's nor the one before."""
    if not (head and head.date):
        return "(?!)"
    return rf"(?!{head.date.year}|{head.date.year - 1})(?:19|20)[0-9]{{2}}"
