"""Characters that cannot be seen, and words that mix scripts.

An ``XSA-9034`` whose A is Cyrillic is not that advisory.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final
from unicodedata import name

# C0 and C1 controls except tab; soft hyphen, joiners, fillers and blanks; bidirectional,
# zero-width, musical and other format controls; line separators, variation selectors, byte order
# mark, annotations, tags; private use and noncharacters, which have no agreed shape. The ranges
# are written out because Python versions know different characters.
HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a"
    + "".join(chr(last - 1) + chr(last) for last in range(0x1FFFF, 0xEFFFF, 0x10000))
    + "\U000e0000-\U000e0fff\U000efffe-\U0010ffff]"
)

# Nearly all of a text: to search the rest takes a fraction of the time that HIDDEN takes for all.
_PLAIN: Final = bytes(range(ord(" "), ord("~") + 1)) + b"\n\t"

# A word includes its accents, and characters that cannot be seen.
_WORD: Final = re.compile(rf"(?:[^\W_]|[\u0300-\u036f]|{HIDDEN.pattern})+")
# How the names of characters begin that go with any script, or that are written next to Latin
# letters without a space.
_NEUTRAL: Final = frozenset({
    "", "BOPOMOFO", "CJK", "COMBINING", "DIGIT", "FEMININE", "HALFWIDTH", "HANGUL", "HIRAGANA",
    "KATAKANA", "KATAKANA-HIRAGANA", "MASCULINE", "MICRO", "MODIFIER", "OHM", "SUBSCRIPT",
    "SUPERSCRIPT", "VULGAR",
})  # fmt: skip
# Greek letters in units and formulas, such as "kΩ" and "Δt"; no Latin letter looks like them.
_UNITS: Final = frozenset("μΩΔπ")
# Copies of Latin letters: a word of these alone mixes scripts, too.
_COPIES: Final = frozenset({"Fullwidth", "Mathematical"})

_LONGEST: Final = 60
_MOST_NAMED: Final = 8


def visible(text: str) -> str:
    """Show characters that cannot be seen, or that reorder others, as ``[U+202E]``."""
    return replace_hidden(text, lambda character: f"[U+{ord(character):04X}]")


def on_one_line(text: str) -> str:
    """Text from a pack, without what a terminal or a forge would obey."""
    return visible(text.replace("\n", " "))


def replace_hidden(text: str, shown: Callable[[str], str]) -> str:
    """Replace each character that cannot be seen, or that reorders others."""
    others = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
    if not (others and HIDDEN.search(others.decode("utf-8", "surrogatepass"))):  # nearly always
        return text
    return HIDDEN.sub(lambda hidden: shown(hidden[0]), text)


def mixed_words(line: str) -> Iterator[str]:
    """Yield a message for each word of a line that mixes scripts, with its code points."""
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
    """Return the script of a letter, taken from its name; empty if it goes with any."""
    first = name(character, "").partition(" ")[0]
    neutral = first in _NEUTRAL or character in _UNITS or HIDDEN.match(character)
    return "" if neutral else first.capitalize()
