"""How the statements of a canary differ from those of another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final

from secpack.canary.statements import COUNT
from secpack.canary.window import SPAN
from secpack.model.archive import Canary, Change, Statement

_SPAN: Final = re.compile(rf"\b(?:{SPAN})")
#: How many comparisons of words, in all statements of a canary, are worth their time.
_MOST_COMPARISONS: Final = 2_000_000

_LAST_BULLETIN: Final = re.compile(r"\b(?:[A-Z]{1,4}SB|[Bb]ulletin)[-\s]{0,2}#?\s?([0-9]{1,4})\b")


def changes(before: Canary, after: Canary) -> tuple[Change, ...]:
    """How the introduction and each statement differ from the canary before, in order.

    Statements are paired by their words, so that one that came or went does not make all those
    behind it look changed.
    """
    old = (Statement(0, before.introduction, 0), *before.statements)
    new = (Statement(0, after.introduction, 0), *after.statements)
    most = _MOST_COMPARISONS // max(len(old), len(new))
    pairs = _pairs(old, new)
    return tuple(_change(a, b, most) for a, b in pairs if not (a and b and a.text == b.text))


def _pairs(
    old: tuple[Statement, ...], new: tuple[Statement, ...]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    words = [_skeleton(s.text) for s in old], [_skeleton(s.text) for s in new]
    for _, i, j, k, m in _opcodes(*words, _MOST_COMPARISONS):
        yield from zip_longest(old[i:j], new[k:m])


def _opcodes(old: list[str], new: list[str], most: int) -> list[tuple[str, int, int, int, int]]:
    """How one list becomes the other, which is replaced as a whole if that takes too long.

    The matcher can look at all pairs of equal words again for each word that it finds.
    """
    counts = Counter(old)
    if sum(counts[word] for word in new) * min(len(old), len(new)) > most:
        return [("replace", 0, len(old), 0, len(new))]
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _change(before: Statement | None, after: Statement | None, most: int) -> Change:
    old, new = before.text if before else "", after.text if after else ""
    number = (after or before or Statement(0, "", 0)).number
    if before and after and _skeleton(old) == _skeleton(new):
        pairs = zip(_values(old), _values(new), strict=True)
        return Change(number, tuple((a, b) for a, b in pairs if a != b), ())
    return Change(number, (), tuple(_parts(old.split(), new.split(), most)))


def _values(text: str) -> list[str]:
    """What is another in every canary: dates, the number of bulletins, and of the last of them."""
    return [text[first:last] for first, last in _places(text)]


def _skeleton(text: str) -> str:
    """A statement without its values, which is the same while its words are."""
    parts, position = [], 0
    for first, last in _places(text):
        parts.append(text[position:first])
        position = last
    return "\0".join([*parts, text[position:]])


def _places(text: str) -> list[tuple[int, int]]:
    places = [match.span() for match in _SPAN.finditer(text)]
    for pattern in (COUNT, _LAST_BULLETIN):
        places += [match.span(1) for match in pattern.finditer(text)]
    return sorted(places)


def _parts(old: list[str], new: list[str], most: int) -> Iterator[tuple[str, str]]:
    for kind, i, j, k, m in _opcodes(old, new, most):
        if kind == "equal":
            yield "", " ".join(old[i:j])
            continue
        if j > i:
            yield "del", " ".join(old[i:j])
        if m > k:
            yield "ins", " ".join(new[k:m])
