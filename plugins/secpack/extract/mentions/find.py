"""A Document to its mentions: all places where it names an advisory or another id."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from secpack.extract.mentions.contexts import context_of
from secpack.extract.mentions.harmless import passed_over
from secpack.extract.mentions.passages import APART, NEAR, Passage, can_name, passages
from secpack.extract.mentions.runs import (
    MAX_MENTIONS,
    Cited,
    Name,
    Named,
    Run,
    Spot,
    cited_advisories,
    read_run,
)
from secpack.extract.mentions.surroundings import surroundings_of
from secpack.extract.mentions.wording import Wording, wording_for
from secpack.model.archive import Context, Document, Mention

_MAX_SENTENCE: Final = 300


def find_mentions(document: Document) -> tuple[Mention, ...]:
    """All places where a text names an advisory or another id, in order; bulletins left out.

    Where a text says the same of an id over and over, some are left out, too.
    """
    cited, wording = cited_advisories(document), wording_for(document.letterhead)
    mentions: dict[Mention, None] = {}
    kept: Counter[tuple[Name, Context]] = Counter()
    for passage in passages(document):
        for name, mention in _mentions(passage, cited, wording):
            kept[name, mention.context] += 1
            if kept[name, mention.context] <= MAX_MENTIONS:
                mentions[mention] = None
    return tuple(mentions)


class _Alike(NamedTuple):
    """Ids that are named alike: what the text does there, and in what part of its words."""

    names: Named
    context: Context
    first: int
    last: int


def _mentions(passage: Passage, cited: Cited, wording: Wording) -> Iterator[tuple[Name, Mention]]:
    """What a passage names."""
    run = read_run(passage, cited) if can_name(passage.inlines) else None
    if run is None:
        return
    breaks = [match.start() for match in re.finditer("\n", run.text)]
    for alike in _named_alike(passage, run, wording):
        for position, names in groupby(alike.names, key=lambda name: name[1]):
            line = passage.line + bisect_right(breaks, position)
            sentence = _sentence(run.text, alike.first, alike.last, position)
            sentence = _with_comment(sentence, passage.comment)
            for name, _ in names:
                yield name, Mention(*name, line, alike.context, sentence)


def _named_alike(passage: Passage, run: Run, wording: Wording) -> Iterator[_Alike]:
    """The ids of a passage, in order."""
    spelled = {run.sentence(s.start) for s in run.spots if not s.cited and s.has_advisory}
    limit, passed = passed_over(run, wording)
    _, told = run.sentence(limit)
    bracketed = _kinds_in_brackets(run) if passage.context is Context.TITLE else frozenset()
    for spot, following in pairwise([*run.spots, None]):
        assert spot is not None
        first, last = run.sentence(spot.start)
        context = passage.context
        if context not in APART:
            near = surroundings_of(spot, following, run, passage)
            context = context_of(passage, spot, near, wording)
        # A citation counts only where it announces what its sentence does not spell out.
        if spot.cited and ((first, last) in spelled or context is not Context.ANNOUNCEMENT):
            continue
        over = passed if spot.start < limit else frozenset()
        yield _Alike(
            tuple(n for n in spot.names if n[0] in over), Context.NOT_AFFECTED, first, told
        )
        rest = tuple(n for n in spot.names if n[0] not in over)
        # A title that has ids in brackets is about those; others of their kind are aside.
        if context is Context.TITLE and not _in_brackets(run.text, spot):
            aside = tuple(n for n in rest if n[0][0] in bracketed)
            yield _Alike(aside, Context.TITLE_ASIDE, first, last)
            rest = tuple(n for n in rest if n[0][0] not in bracketed)
        yield _Alike(rest, context, first, last)


def _kinds_in_brackets(run: Run) -> frozenset[str]:
    """The kinds of ids that stand in brackets."""
    spots = (spot for spot in run.spots if _in_brackets(run.text, spot))
    return frozenset(scheme for spot in spots for (scheme, _), _ in spot.names)


def _in_brackets(text: str, spot: Spot) -> bool:
    before = text[max(0, spot.start - NEAR) : spot.start]
    return before.count("(") > before.count(")")


def _sentence(text: str, first: int, last: int, position: int) -> str:
    """The sentence that holds an id, on one line, cut off where it is long."""
    length = _MAX_SENTENCE - 2
    begin = max(first, min(position - length // 3, last - length))
    end = min(last, begin + length)
    words = " ".join(text[begin:end].split())
    return f"{'…' * (begin > first)}{words}{'…' * (end < last)}"


def _with_comment(sentence: str, comment: str) -> str:
    """A term with what is said of it, cut off where it is long."""
    words = f"{sentence}: {comment}" if comment else sentence
    return words if len(words) <= _MAX_SENTENCE else words[: _MAX_SENTENCE - 1] + "…"
