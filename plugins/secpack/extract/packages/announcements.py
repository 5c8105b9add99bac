"""Words that announce packages, and end with a colon: whether those below them are the remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from secpack.extract.packages.context import Above
from secpack.extract.packages.headers import looks_like_place
from secpack.extract.packages.state import State
from secpack.extract.packages.words import ends_with_colon, sentences

_PACKAGES: Final = re.compile(
    r"\bpackages\b|\b(?:following|this|fixed|new|updated) package\b|\b(?:fixed|new) versions\b",
    re.I,
)
_ABOUT: Final = re.compile(r"\b(?:packages?|versions?)\b", re.I)
_CONDITION: Final = re.compile(r"\s*(?:To|Until|Before|After|If|Once|When|While)\b")
# "These versions are affected:", "The affected kernel packages:", "packages that have the bug:"
_FORMER: Final = re.compile(
    r"\b(?:packages?|versions?|following)\s+(?:(?:that|which)\s+)?(?:is|are|were)\s+(?:\w+\s+)?"
    r"(?:affected|vulnerable|outdated|bad|obsolete|compromised)\b"
    r"|\b(?:affected|vulnerable|old|older|previous|earlier|bad|compromised)\s+(?:\w+\s+)?"
    r"(?:packages?|versions?)\b"
    r"|\bintroduced\s+(?:in|by|with)\b"
    r"|\b(?:have|has|had|contains?|with|suffers?\s+from)\s+(?:the|this|a)\s+"
    r"(?:bug|flaw|problem|issue|vulnerability)\b"
    r"|\b(?:not|never|no longer|remove|uninstall|delete|vulnerable|buggy|malicious|compromised)\b"
    r"|n't\b",
    re.I,
)
# An announcement, and a sentence that names packages, must say that they are the remedy.
_MENDS: Final = re.compile(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload|immune"
    r"|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download)|^(?:The\s)?(?:(?:specific|following)\s)?packages(?:\sare)?(?:\sas\sfollows)?:$",
    re.I,
)


def read_announcement(text: str, state: State) -> None:
    """Take what the last sentence of a paragraph tells of the packages below it."""
    before, heading = state.context, state.heading
    state.close_lead()
    words = _last_sentence(text) if ends_with_colon(text) else ""
    above = _judged(words) if words else None
    if heading.above is Above.OTHERS:
        state.context = heading
    elif above:
        releases = state.releases_in(words) or heading.releases
        state.context = replace(heading, releases=releases, above=above)
    elif words:
        lost = bool(before.lead or looks_like_place(words) or state.releases_in(words))
        state.context = replace(heading, above=before.above, lost=lost)
    elif before.above in (Above.OTHERS, Above.UNCLEAR):
        state.context = replace(heading, above=Above.UNCLEAR)
    else:
        state.context = heading


def _last_sentence(text: str) -> str:
    *_, (_, sentence) = sentences(text)
    return " ".join(sentence.split())


def _judged(words: str) -> Above | None:
    """What words that end with a colon say of packages; None if they are not about packages."""
    if not _ABOUT.search(words) or looks_like_place(words):
        return None
    former, mends = _FORMER.search(words), _MENDS.search(words)
    if former:
        return Above.UNCLEAR if mends else Above.OTHERS
    if not _PACKAGES.search(words):
        return None
    return Above.FIXES if mends and not _CONDITION.match(words) else Above.UNCLEAR


def tells_remedy(words: str) -> bool:
    """Whether words say of packages that they are a remedy."""
    return _MENDS.search(words) is not None
