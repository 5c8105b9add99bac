"""How the statements of a canary differ from those of another, and a text from its last version."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from secpack.canary import COUNT, PERIOD
from secpack.model.archive import Canary, Change, Statement

# How many comparisons of words are worth their time, for all statements of a canary.
_MOST_COMPARISONS: Final = 2_000_000
# How much of the words of two statements is the same if one may be a new version of the other.
_ALIKE: Final = 0.5

#: The number of the last bulletin, as in ``the QSB #13``.
LAST_BULLETIN: Final = re.compile(r"\b(?:[A-Z]{1,4}SB|[Bb]ulletin)[-\s]{0,2}#?\s?([0-9]{1,4})\b")


def changes(before: Canary, after: Canary) -> tuple[Change, ...]:
    """Return how the introduction and each statement differ from the canary before, in order.

    Statements are paired by their words, whatever their numbers. Those without a pair are new, or,
    at the end, missing.
    """
    old, new = before.statements, after.statements
    introductions = (Statement(-1, before.introduction, 0), Statement(-1, after.introduction, 0))
    most = _MOST_COMPARISONS // (max(len(old), len(new)) + 1)
    compared = (_change(a, b, most) for a, b in (introductions, *_pairs(old, new)))
    return tuple(change for change in compared if change != Change(change.number))


def _pairs(
    old: Sequence[Statement], new: Sequence[Statement]
) -> list[tuple[Statement | None, Statement | None]]:
    """Pair statements of the same words first, then those most alike, then those of one number."""
    others: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for i in reversed(range(len(old))):
        others[_divided(old[i].text)[0]].append(i)
    pairs: dict[int, int] = {}
    for j, statement in enumerate(new):
        if same := others[_divided(statement.text)[0]]:
            pairs[j] = same.pop()
    left = sorted(set(range(len(old))) - set(pairs.values()))
    for j, i in _alike(old, left, new, [j for j in range(len(new)) if j not in pairs]):
        if j not in pairs and i in left:
            pairs[j] = i
            left.remove(i)
    paired = [(old[pairs[j]] if j in pairs else None, each) for j, each in enumerate(new)]
    return [*paired, *((old[i], None) for i in left)]


def _alike(
    old: Sequence[Statement], i_s: list[int], new: Sequence[Statement], j_s: list[int]
) -> list[tuple[int, int]]:
    """Positions in new and old of statements that are alike, or have one number; best first."""
    words = {i: old[i].text.split() for i in i_s}
    total = sum(map(len, words.values())) + sum(len(new[j].text.split()) for j in j_s)
    if total * max(len(i_s), len(j_s)) > _MOST_COMPARISONS:
        return list(zip(j_s, i_s, strict=False))
    alike = []
    for j in j_s:
        matcher = SequenceMatcher(None, [], new[j].text.split(), autojunk=False)
        for i in i_s:
            matcher.set_seq1(words[i])
            ratio = matcher.quick_ratio()
            if ratio >= _ALIKE:
                alike.append((-ratio, j, i))
            elif old[i].number == new[j].number:
                alike.append((0, j, i))
    return [(j, i) for _, j, i in sorted(alike)]


def opcodes(old: list[str], new: list[str], most: int) -> list[tuple[str, int, int, int, int]]:
    """Return how one list becomes the other: as a whole if they are unlike, or too long.

    For each word that it matches, the matcher can look at all pairs of equal words again.
    """
    counts = Counter(old)
    is_long = sum(counts[word] for word in new) * min(len(old), len(new)) > most
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if is_long or matcher.quick_ratio() < _ALIKE:
        return [("replace", 0, len(old), 0, len(new))]
    return list(matcher.get_opcodes())


def _change(before: Statement | None, after: Statement | None, most: int) -> Change:
    if not (before and after):
        (only,) = (each for each in (before, after) if each)
        return Change(only.number, parts=(("ins" if after else "del", only.text),))
    change = Change(after.number, was=None if before.number == after.number else before.number)
    (old_words, old_values), (new_words, new_values) = map(_divided, (before.text, after.text))
    if old_words == new_words:
        pairs = zip(old_values, new_values, strict=True)
        return replace(change, values=tuple((a, b) for a, b in pairs if a != b))
    return replace(change, parts=tuple(difference(before.text.split(), after.text.split(), most)))


def _divided(text: str) -> tuple[tuple[str, ...], list[str]]:
    """The words of a statement, and the values between them, which differ in every canary.

    Values are dates, the number of bulletins and that of the last one.
    """
    spans = [match.span() for match in PERIOD.finditer(text)]
    for pattern in (COUNT, LAST_BULLETIN):
        spans += [match.span(1) for match in pattern.finditer(text)]
    words, values, position = [], [], 0
    for first, last in sorted(spans):
        words.append(text[position:first])
        values.append(text[first:last])
        position = last
    return (*words, text[position:]), values


def difference(old: list[str], new: list[str], most: int) -> Iterator[tuple[str, str]]:
    """Yield words that stayed (kind empty), were removed (``del``) or added (``ins``)."""
    for kind, i, j, k, m in opcodes(old, new, most):
        if kind == "equal":
            yield "", " ".join(old[i:j])
            continue
        if j > i:
            yield "del", " ".join(old[i:j])
        if m > k:
            yield "ins", " ".join(new[k:m])


# --- passages of a longer text --------------------------------------------------------------


def changed_passages(before: str, after: str, *, most: int) -> Iterator[list[tuple[str, str]]]:
    """Yield the passages that differ, as parts of a Change: paragraphs first, then their words.

    ``most`` is how many comparisons that is worth; a passage that needs more is shown as replaced.
    """
    old, new = (
        [" ".join(p.split()) for p in re.split(r"\n\s*\n", t.strip())] for t in (before, after)
    )
    changed = [codes for codes in opcodes(old, new, most // 2) if codes[0] != "equal"]
    for kind, i, j, k, m in changed:
        if kind == "replace":
            words = (" ".join(old[i:j]).split(), " ".join(new[k:m]).split())
            yield [*difference(*words, most // 2 // len(changed))]
        else:
            yield from ([(kind[:3], passage)] for passage in old[i:j] or new[k:m])
