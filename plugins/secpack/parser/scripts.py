"""Words that mix scripts: an ``XSA-9034`` whose A is Cyrillic is not that advisory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from unicodedata import name

from secpack.parser.patterns import HIDDEN, visible

# A word includes its accents, and characters that cannot be seen.
_WORD: Final = re.compile(rf"(?:[^\W_]|[\u0300-\u036f]|{HIDDEN.pattern})+")
# First words of the names of characters that go with any script, or that their languages write
# next to Latin letters without a space.
_NEUTRAL: Final = frozenset({
    "", "BOPOMOFO", "CJK", "COMBINING", "DIGIT", "FEMININE", "HALFWIDTH", "HANGUL", "HIRAGANA",
    "KATAKANA", "KATAKANA-HIRAGANA", "MASCULINE", "MICRO", "MODIFIER", "OHM", "SUBSCRIPT",
    "SUPERSCRIPT", "VULGAR",
})  # fmt: skip
# Greek letters of units and formulas, such as "kΩ" and "Δt"; no Latin letter looks like them.
_UNITS: Final = frozenset("μΩΔπ")
# Copies of Latin letters: a word of them mixes scripts even without any other letter.
_COPIES: Final = frozenset({"Fullwidth", "Mathematical"})

_LONGEST: Final = 60
_MOST_NAMED: Final = 8


def mixed_words(line: str) -> Iterator[str]:
    """A message for each word of a line that mixes scripts: the word and its code points."""
    for match in () if line.isascii() else _WORD.finditer(line):
        if not match[0].isascii() and (message := _mixed(match[0])):
            yield message


def _mixed(word: str) -> str:
    characters = {c: script for c in word if (script := _script(c))}
    scripts = set(characters.values())
    if not scripts.isdisjoint(_COPIES) and len(word) > 1:
        scripts.add("Latin")
    if len(scripts) < 2:
        return ""
    points = [f"U+{ord(c):04X}" for c in characters if not c.isascii()]
    named = f"{visible(word[:_LONGEST])} ({', '.join(points[:_MOST_NAMED])})"
    return f"{named} mixes {' and '.join(sorted(scripts))} letters: write it in one script"


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """The script of a letter by its name; empty if it goes with any."""
    first = name(character, "").partition(" ")[0]
    neutral = first in _NEUTRAL or character in _UNITS or HIDDEN.match(character)
    return "" if neutral else first.capitalize()
