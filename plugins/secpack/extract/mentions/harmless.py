"""Where a text says that what it names does no harm: it does not apply here, or others do."""

from __future__ import annotations

import re
from typing import Final

from secpack.extract.mentions.passages import Passage
from secpack.extract.mentions.runs import Name, Run, Spot
from secpack.extract.mentions.surroundings import NEXT, Surroundings
from secpack.extract.mentions.wording import Wording

# What an issuer says of an advisory that does no harm but to stop a machine.
_ONLY_STOPS: Final = re.compile(
    r"(?:denial\s+of\s+service|\bDoS)(?:\s+attacks?)?\s+only\b"
    r"|\bimpact\s+is\s+(?:\w+\s+to\s+be\s+)?(?:only\s+)?(?:a\s+)?(?:denial\s+of\s+service|DoS)\b"
    r"|\bnot\s+consider(?:ed)?\b[^.]{0,40}\bsecurity\b",
    re.IGNORECASE,
)
_IN_BRACKETS: Final = re.compile(r"\s*\([^()]{0,100}\)")

# Before what alone matters: "of these, only XSA-2 affects us", "except XSA-2, they do not".
_ONLY: Final = re.compile(r"\bonly\s+(?:(?:affected\s+by|vulnerable\s+to)\s+)?\Z", re.IGNORECASE)
_EXCEPT: Final = re.compile(r"\b(?:except(?:\s+for)?|apart\s+from)\s+\Z", re.IGNORECASE)


def is_harmless(passage: Passage, near: Surroundings, wording: Wording) -> bool:
    """Whether the issuer says not to be affected by what is named, or only to be stopped."""
    if _EXCEPT.search(near.just_before):
        return False
    gloss = _IN_BRACKETS.match(near.own)
    comments = () if passage.quoted else (passage.comment, near.item)
    return bool(
        wording.denies.match(near.own)
        or wording.unaffected.search(near.just_before)
        or (gloss and _ONLY_STOPS.search(gloss[0]))
        or any(
            words.search(said)
            for said in comments
            for words in (wording.unused, wording.denied, _ONLY_STOPS)
        )
    )


def passed_over(run: Run, wording: Wording) -> tuple[int, frozenset[Name]]:
    """What a passage names before it says that only others matter; and where it says so."""
    own = [s for s in run.spots if not s.cited]
    alone = [s for s in own if _matters_alone(run.text, s, wording)]
    if alone:
        limit, chosen = alone[-1].start, {name for s in alone for name, _ in s.names}
        named = {name for s in own if s.start < limit for name, _ in s.names}
        return limit, frozenset(named - chosen)
    if match := wording.which.search(run.text):
        lists = [s for s in own if s.start < match.start()]
        names = [name for name, _ in lists[-1].names] if lists else []
        return match.start(), frozenset(names[1:] if match["first"] else names[:-1])
    return 0, frozenset()


def _matters_alone(text: str, spot: Spot, wording: Wording) -> bool:
    """Whether it is said that, of all ids so far, only these affect the issuer."""
    before = text[max(0, spot.start - NEXT) : spot.start]
    affects = wording.affects_all.match(text, spot.end) or wording.affected.search(before)
    excepted = _EXCEPT.search(before) and wording.denies.match(text, spot.end)
    return bool((_ONLY.search(before) and affects) or excepted)
