"""How the statements of a canary differ from those of another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, TypeVar

from secpack.canary.statements import COUNT
from secpack.canary.window import PERIOD
from secpack.model.archive import Canary, Change, Statement

_T = TypeVar("_T", str, tuple[str, ...])

# How many comparisons of words are worth their time, for all statements of a canary.
_MOST_COMPARISONS: Final = 2_000_000

_LAST_BULLETIN: Final = re.compile(r"\b(?:[A-Z]{1,4}SB|[Bb]ulletin)[-\s]{0,2}#?\s?([0-9]{1,4})\b")


def changes(before: Canary, after: Canary) -> tuple[Change, ...]:
    """Return how the introduction and each statement differ from the canary before, in order.

    Statements are paired by their words: a new or missing one does not make all others differ.
    """
    old = (Statement(0, before.introduction, 0), *before.statements)
    new = (Statement(0, after.introduction, 0), *after.statements)
    most = _MOST_COMPARISONS // max(len(old), len(new))
    pairs = _pairs(old, new)
    return tuple(_change(a, b, most) for a, b in pairs if not (a and b and a.text == b.text))


def _pairs(
    old: tuple[Statement, ...], new: tuple[Statement, ...]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    words = [[_divided(s.text)[0] for s in statements] for statements in (old, new)]
    for _, i, j, k, m in _opcodes(words[0], words[1], _MOST_COMPARISONS):
        yield from zip_longest(old[i:j], new[k:m])


def _opcodes(old: list[_T], new: list[_T], most: int) -> list[tuple[str, int, int, int, int]]:
    """Return how one list becomes the other, or a replacement of all if that takes too long.

    For each word that it matches, the matcher can look at all pairs of equal words again.
    """
    counts = Counter(old)
    if sum(counts[word] for word in new) * min(len(old), len(new)) > most:
        return [("replace", 0, len(old), 0, len(new))]
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _change(before: Statement | None, after: Statement | None, most: int) -> Change:
    old, new = before.text if before else "", after.text if after else ""
    number = (after or before or Statement(0, "", 0)).number
    (old_words, old_values), (new_words, new_values) = _divided(old), _divided(new)
    if before and after and old_words == new_words:
        pairs = zip(old_values, new_values, strict=True)
        return Change(number, tuple((a, b) for a, b in pairs if a != b), ())
    return Change(number, (), tuple(_parts(old.split(), new.split(), most)))


def _divided(text: str) -> tuple[tuple[str, ...], list[str]]:
    """The words of a statement, and the values between them, which differ in every canary.

    Values are dates, the number of bulletins and that of the last one.
    """
    spans = [match.span() for match in PERIOD.finditer(text)]
    for pattern in (COUNT, _LAST_BULLETIN):
        spans += [match.span(1) for match in pattern.finditer(text)]
    words, values, position = [], [], 0
    for first, last in sorted(spans):
        words.append(text[position:first])
        values.append(text[first:last])
        position = last
    return (*words, text[position:]), values


def _parts(old: list[str], new: list[str], most: int) -> Iterator[tuple[str, str]]:
    for kind, i, j, k, m in _opcodes(old, new, most):
        if kind == "equal":
            yield "", " ".join(old[i:j])
            continue
        if j > i:
            yield "del", " ".join(old[i:j])
        if m > k:
            yield "ins", " ".join(new[k:m])
