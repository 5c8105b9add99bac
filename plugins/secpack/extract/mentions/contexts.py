"""What a text does where it names ids, by the words around them."""

from __future__ import annotations

import re
from typing import Final

from secpack.extract.mentions.harmless import is_harmless
from secpack.extract.mentions.passages import Passage
from secpack.extract.mentions.runs import Spot
from secpack.extract.mentions.surroundings import Surroundings
from secpack.extract.mentions.wording import PUBLIC, VERBS, Wording
from secpack.model.archive import Context

_IS_ANNOUNCED: Final = re.compile(
    r"[^.]{0,100}\b(?:(?:was|were|been|being)\s+(?:\w+\s+)?"
    rf"(?:{VERBS}|made\s+public\b|lifted\b)|{PUBLIC}|(?:came|come)\s+out\b)"
    rf"|,\s+(?:\w+\s+)?{VERBS}",
    re.IGNORECASE,
)
# The bulletin itself is said to be about what follows; or a sentence begins with what gave rise
# to it, or with a bug that has its id in brackets.
_OURS: Final = re.compile(
    r"\b(?:this|these|our|today's)\s+(?:\w+\s+)?(?:bulletins?|[A-Z]{1,4}SBs?|announcement"
    r"|updates?|packages)\b[^.]{0,60}"
    r"(?:(?<!not)(?<!n't)\s(?:address|fix|patch|resolve|mitigate|cover|concern|discuss)(?:e?s)?\b"
    r"|\s(?:is|are)\s+about\b|\sbecause\s+of\b)"
    r"|\A\W{0,4}(?:an?|several|multiple|two|three)\s+(?:\w+\s+)?(?:bug|flaw|issue|problem"
    r"|vulnerabilit(?:y|ie))s?\b[^.()]{0,80}\(\Z"
    r"|\A\W{0,4}in\s+(?:the\s+)?(?:light|view|response|reaction|consequence)\s+(?:of|to)\b",
    re.IGNORECASE,
)
_ALLOWS: Final = re.compile(
    r"\s*(?:(?:can|could|may|might|would)\s+)?(?:allow|enable|permit|let)s?\b", re.IGNORECASE
)
_SOME: Final = re.compile(
    r"\b(?:some|one|two|few|several|not\s+all)\s+of\s+(?:which|these|them)\b", re.IGNORECASE
)
_FIXES: Final = re.compile(
    r"\b(?:these|following|specific)\s+(?:\w+\s+){0,4}(?:packages|updates)\b[^.]{0,80}"
    r"\b(?:fix|address|resolve|mitigate)\b",
    re.IGNORECASE,
)
_HOLD_FIXES: Final = re.compile(
    r"\bpackages\b[^.]{0,40}\b(?:contain|include|provide)(?:s|ing)?\s+(?:the\s+|a\s+)?"
    r"(?:fix|patch)(?:es)?\s+for\s+\Z",
    re.IGNORECASE,
)
# Words around an id by which it is another matter: "the fix for XSA-29", "XSA-321 backport".
_ASIDE_BEFORE: Final = re.compile(
    r"\b(?:(?:previous|earlier|prior|older|original)\b[^,.;:]{0,60}|(?:fix(?:es)?|patch(?:es)?|backports?|changes?|mitigations?|regressions?|variants?|follow-?up"
    r"|incomplete|introduced|caused|similar|related|discussed|described|mentioned|covered|addressed"
    r"|case)(?:\s+(?:of|for|to|in|by|with|from|the)){1,3}|(?:noted|notes|said|says)\s+that"
    r"|unlike|like|besides|despite|see|since|as with|than|not)\s*\Z",
    re.IGNORECASE,
)
_ASIDE_BEHIND: Final = re.compile(
    r"\s*(?:'s\s+)?(?:backports?|changes?|fix(?:es)?|mitigations?|patch(?:es)?|regressions?)\b",
    re.IGNORECASE,
)
# Behind the ids of a head: nothing, or what sets off a title.
_SEPARATED: Final = re.compile(r"(?:\s?\[[0-9]{1,2}\]){0,16}\s{0,2}(?:\Z|[-–:/\"“(]|\n)")


def context_of(passage: Passage, spot: Spot, near: Surroundings, wording: Wording) -> Context:
    """What a passage does where it names the ids of a spot."""
    context = passage.context
    if is_harmless(passage, near, wording):
        return Context.NOT_AFFECTED
    if context is Context.PATCHING and _HOLD_FIXES.search(near.before):
        return Context.FIX
    aside = _is_aside(near) or wording.long_ago.match(near.own)
    if context is Context.TITLE:
        return Context.TITLE_ASIDE if aside else context
    if _is_head(passage, spot, near):
        return Context.HEAD
    if passage.quoted:
        return Context.QUOTATION
    if context is Context.PATCHING and not aside and _FIXES.search(near.before):
        return Context.FIX
    if context is Context.SUMMARY and not aside and _announces(passage, near, wording):
        return Context.ANNOUNCEMENT_OF_SOME if _SOME.search(near.behind) else Context.ANNOUNCEMENT
    return context


def _is_head(passage: Passage, spot: Spot, near: Surroundings) -> bool:
    """Whether ids are the subject of what follows them."""
    if not spot.leads or passage.context not in (Context.SUMMARY, Context.HEADING):
        return False
    return passage.opens or (passage.head and _SEPARATED.match(near.behind) is not None)


def _announces(passage: Passage, near: Surroundings, wording: Wording) -> bool:
    return bool(
        passage.announced
        or near.announced
        or _IS_ANNOUNCED.match(near.behind)
        or _OURS.search(near.before)
        or wording.affects.match(near.own)
        or wording.affected.search(near.just_before)
        or (not near.before.strip() and _ALLOWS.match(near.own))
    )


def _is_aside(near: Surroundings) -> bool:
    """Whether the words around an id make it another matter, or part of the title of one."""
    before = near.before
    quoted = before.count('"') % 2 or before.count("“") > before.count("”")
    aside = _ASIDE_BEFORE.search(near.just_before) or _ASIDE_BEHIND.match(near.behind)
    return bool(quoted or aside)
