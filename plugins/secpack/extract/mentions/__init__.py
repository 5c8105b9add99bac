"""Which ids a text names, and which of them it addresses by its own words.

Nothing here knows of tracker data: that is compared with what is found here, and must not have
helped. ``passages`` reads a Document, ``rules`` is the grammar; docs/format.md says what a
maintainer of a pack needs to know.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby, pairwise
from typing import Final, TypeAlias

from secpack.extract.mentions.passages import (
    APART,
    HERE,
    MAX_MENTIONS,
    MAX_SENTENCE,
    STOP,
    Group,
    Words,
    cited_advisories,
    passages,
    read_words,
)
from secpack.extract.mentions.rules import Grammar, grammar_for
from secpack.model.archive import Context, Document, Mention
from secpack.model.blocks import Citation, Id

_Found: TypeAlias = list[tuple[Group, list[Mention]]]  # mentions by group

_MOST: Final = 10_000  # mentions of a kind in a text
_MAX_SENTENCES: Final = 5  # of an item that can say something of its subject
_ADDRESSES: Final = frozenset({Context.ANNOUNCEMENT, Context.HEAD, Context.FIX})
_FURTHER: Final = (Context.SUMMARY, Context.HEADING, Context.PATCHING, Context.BODY)
_NO_HARM: Final = frozenset({Context.NOT_AFFECTED, Context.HARMLESS})
_PAIRED: Final = _ADDRESSES | _NO_HARM | {Context.TITLE}
# What rules can find in a section; in all others, what they always can.
_ALWAYS: Final = _NO_HARM | {Context.ASIDE}
_POSSIBLE: Final = {
    Context.TITLE: frozenset({Context.ASIDE}),
    Context.SUMMARY: _ALWAYS | _ADDRESSES | {Context.ANNOUNCEMENT_OF_SOME},
    Context.PATCHING: _ALWAYS | {Context.FIX},
}
# Behind the ids of a head: nothing, or what sets off a title.
_SEPARATED: Final = re.compile(
    r"(?:\s?\[[0-9]{1,2}\]|\)){0,16}(?:\s{0,2}(?:\Z|[-–:/\"“(]|\n)|\s{2})"
)
_ASSIGNED: Final = re.compile(r"\b(?:assigned|allocated)\b[^.]{0,80}\Z", re.IGNORECASE)
# An advisory with its title in quotes; what is between an advisory and its CVE, and two CVEs.
_TITLE: Final = re.compile(
    r"(?:Xen\s+Security\s+Advisory\s+)?[\w-]+(?:[\s,:()\[\]/]|CVE-[\d-]++|[0-9]){1,60}"
    r"[\"“]([^\"”]{3,200})[\"”]"
)
_BOUND: Final = re.compile(r"[\w\s-]{4,40}(?:\s?\[[0-9]{1,2}\])?\s?[/(]\s?")
_LISTED: Final = re.compile(r"CVE-[\d-]+(?:,|,?\s+and\b|\s&)\s{0,2}")


def find_mentions(document: Document) -> tuple[Mention, ...]:
    """All places where a text names an advisory or another id, in order; bulletins left out.

    Where a text says the same of an id over and over, some are left out, too.
    """
    mentions: dict[Mention, None] = {}
    kept: Counter[tuple[str, Context]] = Counter()
    for mention in _mentions(document):
        one, all_of_it = (mention.value, mention.context), ("", mention.context)
        kept[one] += 1
        if kept[one] <= MAX_MENTIONS and kept[all_of_it] < _MOST:
            kept[all_of_it] += 1
            mentions[mention] = None
    found = {mention.value for mention in mentions}
    # The URL of DSA-1-1 has only DSA-1.
    whole = [m for m in mentions if m.scheme != "DSA" or f"{m.value}-1" not in found]
    return tuple(sorted(whole, key=lambda mention: mention.line))


def _mentions(document: Document) -> Iterator[Mention]:
    cited, grammar = cited_advisories(document), grammar_for(document.letterhead)
    opener = ""  # the advisory that a quotation is about
    for passage in passages(document):
        words = read_words(passage, cited)
        found: _Found = []
        for _, groups in groupby(words.groups, key=lambda g: bisect_right(words.stops, g.start)):
            found += _of_sentence(words, list(groups), grammar, opener if passage.quoted else "")
        yield from chain.from_iterable(mentions for _, mentions in found)
        if not passage.quoted:
            yield from _back(words, found, grammar)
            opened = {
                m.value
                for _, group in found
                for m in group
                if m.scheme == "XSA" and m.context is not Context.ASIDE
            }
            opener = opened.pop() if passage.opens and len(opened) == 1 else ""


def _of_sentence(words: Words, groups: Sequence[Group], grammar: Grammar, opener: str) -> _Found:
    """The mentions of a sentence, by group."""
    is_title = words.passage.context is Context.TITLE
    bracketed = {group.scheme for group in groups if is_title and words.in_brackets(group)}
    spelled = any(group.kind is Id and group.scheme == "XSA" for group in groups)
    contexts = {}
    for group in groups:
        context = _context(words, group, grammar)
        if group.scheme in bracketed and not words.in_brackets(group):
            context = Context.ASIDE
        # A citation counts only where it announces what its sentence does not spell out.
        if group.kind is not Citation or (context is Context.ANNOUNCEMENT and not spelled):
            contexts[group] = context
    partners = _partners(words, contexts, opener, grammar.year)
    return [
        (group, [_mention(words, group, n, context, partners) for n in range(len(group.names))])
        for group, context in contexts.items()
    ]


def _mention(
    words: Words, group: Group, n: int, context: Context, partners: Mapping[str, str]
) -> Mention:
    """The mention of one id of a group; ``partners`` are the advisories of CVEs."""
    (scheme, value), place = group.names[n]
    title = None
    if scheme == "XSA" and context in _ADDRESSES and not words.passage.quoted:
        title = _TITLE.match(words.text, place)
    # A quotation gives its subject a CVE.
    if context is Context.QUOTATION and value in partners:
        context = Context.ANNOUNCEMENT
    return Mention(
        scheme,
        value,
        words.line(place),
        context,
        words.sentence(place),
        partners.get(value, "") if scheme == "CVE" else "",
        " ".join(title[1].split()) if title else "",
    )


def _context(words: Words, group: Group, grammar: Grammar) -> Context:
    """What a text does where it names ids."""
    passage, behind = words.passage, words.text[group.end : group.end + 100]
    said = None if passage.quoted else _said(words, group, grammar)
    if passage.context in APART:
        return passage.context
    if said in _NO_HARM or said is Context.ASIDE:
        return said
    if passage.context is Context.HEADING and words.in_brackets(group):
        return Context.HEAD
    leads = passage.context in (Context.SUMMARY, Context.HEADING) and group.leads
    subject = passage.opens or (passage.head and _SEPARATED.match(behind))
    if leads and subject and group.kind is Id:
        return Context.HEAD
    return Context.QUOTATION if passage.quoted else said or passage.context


def _said(words: Words, group: Group, grammar: Grammar) -> Context | None:
    """What rules find around ids, or in one of the first sentences about the subject of an item."""
    before, around = words.before(group), words.around(group)
    possible = _POSSIBLE.get(words.passage.context, _ALWAYS)
    if _is_only(words, group, grammar):
        possible -= _NO_HARM
    elif group.leads and words.passage.head:
        said = words.said(group)
        starts = [0, *(match.end() for match in re.finditer(STOP, said))][:_MAX_SENTENCES]
        harm = (grammar.context(f"{HERE} {said[n:]}", _NO_HARM) for n in starts)
        if found := next(filter(None, harm), None):
            return found
    found = grammar.context(around, possible)
    in_quotes = before.count('"') % 2 or before.count("“") > before.count("”")
    return Context.ASIDE if in_quotes and found not in _NO_HARM else found


def _is_only(words: Words, group: Group, grammar: Grammar) -> bool:
    """Whether it is said of these ids, and so of no others, that they matter."""
    around = words.around(group) if words.passage.context is not Context.TITLE else ""
    return any(form.search(around) for form in grammar.only)


def _partners(
    words: Words, contexts: Mapping[Group, Context], opener: str, year: int
) -> dict[str, str]:
    """The advisories of the CVEs in a sentence: the only one there, or the one next to them.

    In a quotation, it is the one that the quotation is about; CVEs of earlier years are background.
    """
    if opener:
        return {
            value: opener
            for group in contexts
            for (_, value), _ in group.names
            if value.startswith("CVE") and _is_fresh(value, year)
            if words.in_brackets(group) or _ASSIGNED.search(words.before(group))
        }
    paired = [
        group
        for group, context in contexts.items()
        if group.kind is Id
        and (context in _PAIRED or (context in _FURTHER and _is_fresh(group.names[0][0][1], year)))
    ]
    named = [name for group in paired for name in group.names if name[0][0] in ("XSA", "CVE")]
    only = {value for (scheme, value), _ in named if scheme == "XSA"}
    if len(only) == 1:
        return dict.fromkeys((value for (_, value), _ in named), *only)
    partners: dict[str, str] = {}
    for ((scheme, value), start), ((other, following), end) in pairwise(named):
        if scheme != other and _BOUND.fullmatch(words.text, start, end):
            partners |= {value: following, following: value}
        elif value in partners and scheme == other and _LISTED.fullmatch(words.text, start, end):
            partners[following] = partners[value]
    return partners


def _is_fresh(value: str, year: int) -> bool:
    """Whether an id can be news in a year: CVEs of earlier years are background."""
    return not value.startswith("CVE") or int(value.split("-")[1]) >= year - 1


def _back(words: Words, found: _Found, grammar: Grammar) -> Iterator[Mention]:
    """Mentions of ids that later words of the passage call harmless."""
    named = [(g.start, m) for g, m in found if m[0].context is not Context.ASIDE]
    starts = [start for start, _ in named]
    for context, which, form in grammar.back if named else ():
        for match in form.finditer(words.masked):
            before = bisect_left(starts, match.start())
            first = words.stops[bisect_right(words.stops, starts[before - 1]) - 1] if before else 0
            groups = [m for _, m in named[bisect_left(starts, first) : before]]
            if which != slice(None) and groups and len(groups[-1]) > 1:
                groups = groups[-1:]
            yield from _again(groups, which, context, words.sentence(match.start()))
    only = [group for group, _ in found if _is_only(words, group, grammar)]
    if only:
        chosen = {name for group in only for name, _ in group.names}
        groups = [m for start, m in named if start < only[-1].start]
        others = [[m for m in group if (m.scheme, m.value) not in chosen] for group in groups]
        yield from _again(others, slice(None), Context.NOT_AFFECTED, words.sentence(only[-1].start))


def _again(
    groups: Iterable[list[Mention]], which: slice, context: Context, sentence: str
) -> Iterator[Mention]:
    """The mentions of the chosen ids of some groups, with what a later sentence says about them."""
    once = {mention.value: mention for group in groups for mention in group}
    for mention in list(once.values())[which]:
        both = f"{mention.sentence} {sentence}"
        both = both if len(both) <= MAX_SENTENCE else f"{both[: MAX_SENTENCE - 1]}…"
        yield replace(mention, context=context, sentence=both)


def decide(mentions: Sequence[Mention], year: int = 0) -> tuple[Mention, ...]:
    """The mentions by which a text of a year addresses ids, in order; the rest is mentioned."""
    by_value: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_value[mention.value].append(mention)
    possible = [m for m in by_value.values() if _NO_HARM.isdisjoint(each.context for each in m)]
    addressing = {value: _addressing(found) for value, found in by_value.items()}
    announced = {found[0].scheme for found in addressing.values() if found}
    announced -= {
        mention.scheme
        for value, found in by_value.items()
        for mention in found
        if addressing[value] and mention.context is Context.TITLE
    }
    decided = [mention for found in possible for mention in addressing[found[0].value]]
    for found in possible:
        titled = [mention for mention in found if mention.context is Context.TITLE]
        # What only the title names, where the text announces none of it, is a slip of the pen.
        if len(titled) < len(found) or found[0].scheme not in announced:
            decided += titled
    if not decided:
        decided = [m for found in possible for m in found if m.context is Context.SUMMARY]
    decided += _in_company(possible, {mention.value for mention in decided}, year)
    return tuple(sorted(decided, key=lambda mention: mention.line))


def _in_company(
    possible: Iterable[Sequence[Mention]], addressed: Container[str], year: int
) -> Iterator[Mention]:
    """New CVEs that a sentence names together with what the text addresses.

    "It is described in XSA-1, for which CVE-2001-10001 has been reserved."
    """
    every = [mention for found in possible for mention in found]
    sentences = {
        m.sentence for m in every if m.value in addressed and m.context in (*_FURTHER, *_ADDRESSES)
    }
    for mention in every:
        near = mention.sentence in sentences and mention.context in _FURTHER
        new = mention.value not in addressed and _is_fresh(mention.value, year)
        if near and new and mention.scheme == "CVE":
            yield mention


def _addressing(found: Sequence[Mention]) -> list[Mention]:
    """The mentions of one id, outside the title, by which the text addresses it."""
    plainly = [m for m in found if m.context in _ADDRESSES]
    partly = [m for m in found if m.context is Context.ANNOUNCEMENT_OF_SOME]
    further = [m for m in found if m.context in _FURTHER]
    return plainly + partly if plainly or further else []
