"""What a text names, and which advisories it addresses by its own words.

Nothing here knows of tracker data: it is held against what is inferred here, and must not have
helped. The rules are described in docs/format.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, islice, pairwise
from typing import Final, TypeAlias

from secpack.model import (
    Block,
    Citation,
    Definitions,
    Document,
    Emphasis,
    Heading,
    Id,
    Inline,
    Letterhead,
    Link,
    ListBlock,
    Naming,
    Paragraph,
    Place,
    Preformatted,
    Quotation,
    References,
    SignOff,
    Table,
    Text,
)
from secpack.text.inline import citation_label, ids_at, link_ids, parse_inline
from secpack.text.scan import REFERENCE_SECTIONS, REVISION_SECTIONS, section_name
from secpack.text.walk import plain, runs

_Name: TypeAlias = tuple[str, str]  # scheme and value

_Named: TypeAlias = tuple[tuple[_Name, int], ...]  # ids, each with its place in the words

_NAMING: Final = (Id, Link, Citation, Emphasis)  # elements that can name an id, or lead to one

_MAX_SENTENCE: Final = 300

_NEAR: Final = 600  # characters around an id that can tell why it is named
_NEXT: Final = 80  # those just before it, where an expression must end with them

_MAX_RUNS: Final = 20  # paragraphs, cells and terms that can tell something of a term

# A range or a citation of few characters names many: bounds for what comes of a text of them.
_MAX_CITED: Final = 64  # advisories that one reference names
_MAX_NAMINGS: Final = 100  # namings of one id in a run of text, and in one kind of place

# Sections by what is in their titles, in lower case; the first that fits holds.
_SECTIONS: Final = (
    (re.compile(r"summary|overview|description|\bdetails\b"), Place.SUMMARY),
    (re.compile(r"patching|user action|packages|resolution|workaround|mitigation"), Place.PATCHING),
    (re.compile(r"credit|acknowledg"), Place.CREDITS),
)

_VERBS: Final = (
    r"(?:announc|publish|disclos|releas|issu|discover|report|assign|allocat)(?:ed|es|e|ing)\b"
)
_PUBLIC: Final = r"(?:made|became|become|is|went|gone)\s+(?:now\s+)?public\b"
_ANNOUNCES: Final = re.compile(
    rf"\b(?:{_VERBS}|{_PUBLIC}|(?:told|informed|notified)\s+us\b|(?:learn(?:ed|t)|aware)\s+of\b"
    r"|embargo\b[^.]{0,40}\blifted\b)",
    re.IGNORECASE,
)
_IS_ANNOUNCED: Final = re.compile(
    r"[^.]{0,100}\b(?:(?:was|were|been|being)\s+(?:\w+\s+)?"
    rf"(?:{_VERBS}|made\s+public\b|lifted\b)|{_PUBLIC}|(?:came|come)\s+out\b)"
    rf"|,\s+(?:\w+\s+)?{_VERBS}",
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
# Behind an id that was announced long ago, in a year of its own or one that is told.
_LONG_AGO: Final = (
    r"\s*(?:,\s*)?(?:(?:which|that)\s+)?(?:(?:was|were|had\s+been)\s+)?(?:\w+\s+)?"
    rf"{_VERBS}[^.,;]{{0,30}}?\b(?:last\s+year|years?\s+(?:ago|earlier|before)|%s)\b"
)

_SENTENCE_END: Final = re.compile(
    r"[.!?](?<![ .]\w[.!?])(?<!vs[.!?])(?<!etc[.!?])[\"”)]{0,2}\s+(?=[A-Z\"“(_*])"
)
_LEADING: Final = re.compile(
    r"(?:[\s,;&/()*–-]|\b(?:and|or|to|through|the|Xen\s+Security\s+Advisor(?:y|ies))\b){0,30}"
)
# Between the ids of a list or range: joints, citations, and titles of advisories in brackets.
_JOINT: Final = re.compile(
    r"(?:[\s,;&/–-]|\b(?:and|or|to|through|thru|as\s+well\s+as)\b|\[[0-9]{1,2}\]"
    r"|\([\"“][^\"”()]{0,100}[\"”]\)){0,20}"
)
# Behind the last id of a list: words about that one.
_LAST_ONE: Final = re.compile(
    r",?\s+(?:(?:which|that)\s+(?:does|is|has|was)|the\s+(?:last|latter)\s+of)\b"
)
# Behind the ids of a head: nothing, or what sets off a title.
_SEPARATED: Final = re.compile(r"(?:\s?\[[0-9]{1,2}\]){0,16}\s{0,2}(?:\Z|[-–:/\"“(]|\n)")

_APART: Final = (Place.REFERENCES, Place.CHANGELOG, Place.CREDITS)
_TELLING: Final = (Place.ANNOUNCEMENT, Place.HEAD, Place.FIX)
_FURTHER: Final = (Place.SUMMARY, Place.HEADING, Place.PATCHING, Place.BODY)


# --- what a text addresses --------------------------------------------------------------------


def decide(namings: Iterable[Naming]) -> tuple[Naming, ...]:
    """The namings by which a text addresses advisories, in order; the rest is mentioned."""
    by_name: defaultdict[str, list[Naming]] = defaultdict(list)
    for naming in namings:
        if naming.scheme == "XSA":
            by_name[naming.value].append(naming)
    told = {name: _told(found) for name, found in by_name.items()}
    announces = any(told.values())
    decided = []
    for name, found in by_name.items():
        titled = [naming for naming in found if naming.place is Place.TITLE]
        # What only the title names, where the text announces others, is a slip of the pen.
        slip = announces and len(titled) == len(found)
        if not slip and all(naming.place is not Place.NOT_AFFECTED for naming in found):
            decided += [*titled, *told[name]]
    return tuple(sorted(decided, key=lambda naming: naming.line))


def _told(found: Sequence[Naming]) -> list[Naming]:
    """The namings of one advisory, outside the title, that tell that the text addresses it."""
    plainly = [n for n in found if n.place in _TELLING]
    partly = [n for n in found if n.place is Place.ANNOUNCEMENT_OF_SOME]
    further = [n for n in found if n.place in _FURTHER]
    return plainly + partly if plainly or further else []


# --- what a text names ------------------------------------------------------------------------


def find_namings(document: Document) -> tuple[Naming, ...]:
    """All places where a text names an advisory or another id, in order; bulletins left out.

    Where a text says the same of an id over and over, some are left out, too.
    """
    reader = _reader(document)
    namings: dict[Naming, None] = {}
    kept: Counter[tuple[_Name, Place]] = Counter()
    for passage in _passages(document):
        for name, place, line, sentence in _namings(passage, reader):
            kept[name, place] += 1
            if kept[name, place] <= _MAX_NAMINGS:
                namings[Naming(*name, line, place, sentence)] = None
    return tuple(namings)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is the same for a whole text.

    ``cited`` are the advisories that references name, by label. The others are words that name
    the issuer or depend on the date. Behind ids stand ``affects``, ``affects_all`` (not only one
    release), ``denies`` and ``long_ago``; before them ``affected`` and ``unaffected``. ``which``
    tells which of two matters. ``unused`` and ``denied`` are in comments on ids.
    """

    cited: dict[str, tuple[_Name, ...]]
    affects: re.Pattern[str]
    affects_all: re.Pattern[str]
    affected: re.Pattern[str]
    denies: re.Pattern[str]
    denied: re.Pattern[str]
    unaffected: re.Pattern[str]
    unused: re.Pattern[str]
    which: re.Pattern[str]
    long_ago: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Passage:
    """A run of text, and where it stands.

    ``place`` is the section's. ``head`` tells that ids at its beginning, set off from the rest, are
    its subject; ``opens`` that they need not be set off, for it leads to a quotation or comment;
    ``announced`` that an announcement ends with a colon just before it.
    ``comment`` is what is said of a term, ``rest`` what stands behind the head in its item.
    """

    line: int
    inlines: tuple[Inline, ...]
    place: Place
    quoted: bool = False
    head: bool = False
    opens: bool = False
    announced: bool = False
    comment: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a passage names ids next to each other: a list or a range of them, or one alone.

    ``names`` are the ids with the places where each is named, or where the range ends that it is
    in. ``leads`` if nothing but ids is before it. ``cited`` if they are not named, but what a
    citation leads to.
    """

    names: _Named
    start: int
    end: int
    leads: bool
    cited: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """The words of a passage, where it names ids, and where its sentences end, from 0 on.

    ``verbs`` are where the words that announce begin and end, in a summary.
    """

    text: str
    spots: list[_Spot]
    ends: list[int]
    verbs: list[tuple[int, int]]

    def sentence(self, position: int) -> tuple[int, int]:
        """Where the sentence around a position begins and ends."""
        part = min(bisect_right(self.ends, position), len(self.ends) - 1)
        return self.ends[part - 1], self.ends[part]

    def announces(self, first: int, last: int) -> bool:
        """Whether there are words that announce between two places."""
        n = bisect_left(self.verbs, (first, 0))
        return n < len(self.verbs) and self.verbs[n][1] <= last


@dataclass(frozen=True, slots=True)
class _Near:
    """The words around ids: in their sentence, behind them up to the next ids, in their item.

    ``announced`` tells that words before them in their sentence announce something.
    """

    announced: bool
    before: str
    behind: str
    own: str
    item: str


def _reader(document: Document) -> _Reader:
    head = document.letterhead
    cited = {
        citation_label(reference.label): _advisories(reference.blocks)
        for block in document.blocks
        if isinstance(block, References)
        for reference in block.items
    }
    us = rf"(?:{re.escape(head.issuer)}(?:\s+OS)?|us)" if head else "us"
    return _Reader(cited, **_expressions(us, _years(head)))


@lru_cache(maxsize=64)
def _expressions(us: str, years: str) -> dict[str, re.Pattern[str]]:
    """The expressions of a reader, by their names there."""
    words = _words_of(us) | {"long_ago": _LONG_AGO % years}
    return {name: re.compile(form, re.IGNORECASE) for name, form in words.items()}


def _words_of(us: str) -> dict[str, str]:
    """The expressions of a reader that name who speaks, by their names there."""
    end = r"\s*(?:[.,;:)]|\Z|\b(?:because|since|as|at\s+all|users)\b)"
    security = r"(?:the\s+security\s+of\s+)?"
    verb = rf"(?:affect|impact|concern|apply\s+to)s?\s+{security}{us}"
    state = (
        r"(?:considered\s+)?(?:relevant|applicable|of\s+concern"
        rf"|(?:a\s+)?(?:security\s+)?(?:problem|issue|concern))\s+(?:for|to|in)\s+{us}"
    )
    affects = rf"(?:(?<!not)(?<!only)\s{verb}|\b(?:is|are)\s+{state})"
    all_of_it = r"\b(?!(?:\s+OS)?\s+R?[0-9])"
    denied = (
        rf"\b(?:(?:does|do|did)(?:\s+not|n't)\s+{verb}|(?:is|are|was|were)\s+not\s+{state}"
        rf"|(?:has|have)\s+no\s+(?:security\s+)?(?:impact|effect)\s+on\s+{security}{us}"
        rf"|{us}\s+(?:is|was)\s+(?:not\s+|un)affected|(?:is|was|are|were)\s+unused){end}"
    )
    return {
        "affects": rf"[^.]{{0,40}}{affects}",
        "affects_all": rf"[^.]{{0,40}}{affects}{all_of_it}",
        "affected": rf"\b{us}\s+(?:is|was)\s+(?:only\s+)?(?:affected\s+by|vulnerable\s+to)"
        r"\s+(?:the\s+)?\Z",
        "denies": rf"[^.]{{0,40}}{denied}",
        "denied": denied,
        "unaffected": rf"\b(?:{us}|it|we)\s+(?:is|was|are|were)\s+(?:not\s+|un)affected\s+by"
        r"\s+(?:the\s+)?\Z|\bnot\s+(?:consider|regard|treat)\s+\Z",
        "unused": rf"\bnot\s+(?:used|enabled|reachable)\b[^.]{{0,40}}\b{us}\b"
        rf"|\b{us}\s+does\s+not\s+(?:use|enable|ship)\b",
        "which": r"\bonly\s+the\s+(?:(?P<first>former|first)|latter|second)\b"
        rf"[^.]{{0,20}}{affects}{all_of_it}",
    }


def _years(head: Letterhead | None) -> str:
    """An expression for the years that are neither a text's nor the one before."""
    if not (head and head.date):
        return "(?!)"
    return rf"(?!{head.date.year}|{head.date.year - 1})(?:19|20)[0-9]{{2}}"


def _advisories(blocks: Iterable[Block]) -> tuple[_Name, ...]:
    """The advisories that blocks name or link to; where they are too many, the first."""
    found: dict[_Name, None] = {}
    for _, inlines in runs(blocks):
        for n, inline in enumerate(inlines):
            names = link_ids(inline.url) if isinstance(inline, Link) else ids_at(inlines, n)
            found.update((name, None) for name in names if name[0] == "XSA")
            if len(found) >= _MAX_CITED:
                return tuple(found)[:_MAX_CITED]
    return tuple(found)


# --- passages ---------------------------------------------------------------------------------


def _passages(document: Document) -> Iterator[_Passage]:
    """All running text, in order, with what its section and its neighbours make of it."""
    titles: list[tuple[int, str]] = []
    here = _Passage(0, (), _section(titles))
    before: Block | None = None
    for block, following in pairwise([*document.blocks, None]):
        assert block is not None
        if isinstance(block, Letterhead):
            yield from _title(block, document)
        elif isinstance(block, Heading):
            titles = [title for title in titles if title[0] < block.level]
            titles.append((block.level, section_name(plain(block.inlines))))
            here = _Passage(0, (), _section(titles))
            heading = here.place if here.place in _APART else Place.HEADING
            yield _Passage(block.first, block.inlines, heading, head=True)
        elif isinstance(block, (ListBlock, Definitions)) and _ends_announcing(before):
            yield from _of_block(block, replace(here, announced=True), following)
        else:
            yield from _of_block(block, here, following)
        before = block


def _title(head: Letterhead, document: Document) -> Iterator[_Passage]:
    """Title and subtitle, each with the line that it begins on."""
    lines = document.file.data.decode(errors="replace").split("\n")
    for printed in (head.title_lines, head.subtitle_lines):
        if printed:
            numbers = range(head.line + 1, head.last + 1)
            line = next((n for n in numbers if lines[n - 1].strip() == printed[0]), head.line)
            yield _Passage(line, parse_inline("\n".join(printed)), Place.TITLE)


def _section(titles: Sequence[tuple[int, str]]) -> Place:
    """What the innermost section of a known kind is; before the first, it is a summary."""
    if not titles:
        return Place.SUMMARY
    for _, title in reversed(titles):
        if title in REFERENCE_SECTIONS:
            return Place.REFERENCES
        if title in REVISION_SECTIONS:
            return Place.CHANGELOG
        for pattern, place in _SECTIONS:
            if pattern.search(title):
                return place
    return Place.BODY


def _ends_announcing(block: Block | None) -> bool:
    """Whether a paragraph ends with an announcement and a colon."""
    words = plain(block.inlines) if isinstance(block, Paragraph) else ""
    ends = [match.end() for match in _SENTENCE_END.finditer(words)]
    return words.endswith(":") and bool(_ANNOUNCES.search(words, ends[-1] if ends else 0))


def _of_block(block: Block, here: _Passage, following: Block | None = None) -> Iterator[_Passage]:
    """The passages of a block; ``here`` is what they have in common."""
    if isinstance(block, (Paragraph, SignOff)):
        if not _can_name(block.inlines):  # most do not: no passage is made of them
            return
        opens = isinstance(following, Quotation) or plain(block.inlines).endswith(":")
        opens = opens and not here.quoted
        yield replace(here, line=block.first, inlines=block.inlines, opens=opens)
    elif isinstance(block, Heading):
        yield replace(here, line=block.first, inlines=block.inlines, head=True)
    elif isinstance(block, Preformatted) and not block.language:
        yield replace(here, line=block.first, inlines=parse_inline(block.text), quoted=True)
    elif isinstance(block, Quotation):
        yield from _of_blocks(block.blocks, replace(here, quoted=True), first=True)
    elif isinstance(block, ListBlock):
        for item in block.items:
            yield from _of_blocks(item.blocks, here, first=True)
    elif isinstance(block, Definitions):
        for definition in block.items:
            if _can_name(definition.term):
                term = replace(here, line=definition.first, inlines=definition.term)
                yield replace(term, opens=True, comment=_said(definition.blocks))
            yield from _of_blocks(definition.blocks, here)
    elif isinstance(block, References):
        for reference in block.items:
            yield from _of_blocks(reference.blocks, replace(here, place=Place.REFERENCES))
    elif isinstance(block, Table):
        for cell in (cell for row in (*block.head, *block.body) for cell in row):
            yield replace(here, line=block.first, inlines=cell)


def _of_blocks(
    blocks: Sequence[Block], here: _Passage, *, first: bool = False
) -> Iterator[_Passage]:
    """The passages of blocks inside another; ``first`` if the first of them can be a head."""
    for n, block in enumerate(blocks):
        following = blocks[n + 1] if n + 1 < len(blocks) else None
        head = first and n == 0
        rest = _said(blocks[1:]) if head else ""
        there = replace(here, head=head, rest=rest) if head or here.head else here
        yield from _of_block(block, there, following)


def _said(blocks: Iterable[Block]) -> str:
    """The words that blocks begin with."""
    some = islice(runs(blocks), _MAX_RUNS)
    return " ".join(plain(inlines) for _, inlines in some)[:_NEAR]


# --- places -----------------------------------------------------------------------------------


def _namings(passage: _Passage, reader: _Reader) -> Iterator[tuple[_Name, Place, int, str]]:
    """What a passage names: the id, the place, the line and the sentence."""
    if not _can_name(passage.inlines):
        return
    run = _run(passage, reader)
    if not run.spots:
        return
    breaks = [match.start() for match in re.finditer(r"\n", run.text)]
    for named, place, first, last in _placed(passage, run, reader):
        for position, names in groupby(named, key=lambda name: name[1]):
            line = passage.line + bisect_right(breaks, position)
            sentence = _with_comment(_sentence(run.text, first, last, position), passage.comment)
            yield from ((name, place, line, sentence) for name, _ in names)


def _placed(
    passage: _Passage, run: _Run, reader: _Reader
) -> Iterator[tuple[_Named, Place, int, int]]:
    """The ids of a passage that are named alike: how, and in what part of the text."""
    spelled = {run.sentence(s.start) for s in run.spots if not s.cited and _has_advisory(s)}
    bracketed = {name[0] for s in run.spots if _in_brackets(run.text, s) for name, _ in s.names}
    limit, passed = _passed_over(run, reader)
    _, told = run.sentence(limit)
    for spot, following in pairwise([*run.spots, None]):
        assert spot is not None
        first, last = run.sentence(spot.start)
        place = passage.place
        if place not in _APART:
            place = _place(passage, spot, _near(passage, run, spot, following), reader)
        if spot.cited and ((first, last) in spelled or place is not Place.ANNOUNCEMENT):
            continue
        over = passed if spot.start < limit else frozenset()
        yield tuple(n for n in spot.names if n[0] in over), Place.NOT_AFFECTED, first, told
        rest = tuple(n for n in spot.names if n[0] not in over)
        if place is Place.TITLE and not _in_brackets(run.text, spot):
            aside = tuple(n for n in rest if n[0][0] in bracketed)
            yield aside, Place.TITLE_ASIDE, first, last
            rest = tuple(n for n in rest if n[0][0] not in bracketed)
        yield rest, place, first, last


def _near(passage: _Passage, run: _Run, spot: _Spot, following: _Spot | None) -> _Near:
    text, (first, last) = run.text, run.sentence(spot.start)
    end = min(last, spot.end + _NEAR)
    begin = max(first, spot.start - _NEAR)
    return _Near(
        run.announces(begin, spot.start),
        text[begin : spot.start],
        text[spot.end : end],
        text[spot.end : min(end, following.start) if following else end],
        _item(passage, text, spot),
    )


def _item(passage: _Passage, text: str, spot: _Spot) -> str:
    """What is said behind the ids that an item begins with; empty elsewhere."""
    if not (passage.head and spot.leads):
        return ""
    return f"{text[spot.end : spot.end + _NEAR]} {passage.rest}"


def _passed_over(run: _Run, reader: _Reader) -> tuple[int, frozenset[_Name]]:
    """What a passage names before it says that only others matter; and where it says so."""
    own = [s for s in run.spots if not s.cited]
    alone = [s for s in own if _matters_alone(run.text, s, reader)]
    if alone:
        limit, chosen = alone[-1].start, {name for s in alone for name, _ in s.names}
        named = {name for s in own if s.start < limit for name, _ in s.names}
        return limit, frozenset(named - chosen)
    if match := reader.which.search(run.text):
        lists = [s for s in own if s.start < match.start()]
        names = [name for name, _ in lists[-1].names] if lists else []
        return match.start(), frozenset(names[1:] if match["first"] else names[:-1])
    return 0, frozenset()


def _matters_alone(text: str, spot: _Spot, reader: _Reader) -> bool:
    """Whether it is said that, of all ids so far, only these affect the issuer."""
    before = text[max(0, spot.start - _NEXT) : spot.start]
    affects = reader.affects_all.match(text, spot.end) or reader.affected.search(before)
    excepted = _EXCEPT.search(before) and reader.denies.match(text, spot.end)
    return bool((_ONLY.search(before) and affects) or excepted)


def _has_advisory(spot: _Spot) -> bool:
    return any(scheme == "XSA" for (scheme, _), _ in spot.names)


def _run(passage: _Passage, reader: _Reader) -> _Run:
    """The words of a passage as printed, and where in them ids are."""
    inlines = [
        part
        for inline in passage.inlines
        for part in (_inside(inline) if isinstance(inline, Emphasis) else (inline,))
    ]
    pieces: list[str] = []
    spots: list[_Spot] = []
    position, leads = 0, True
    named: Counter[_Name] = Counter()
    for n, inline in enumerate(inlines):
        words = _words(inline)
        found = tuple(_names(inlines, n, reader))
        named.update(found)
        if names := tuple((name, position) for name in found if named[name] <= _MAX_NAMINGS):
            cited = isinstance(inline, Citation)
            spots.append(_Spot(names, position, position + len(words), leads, cited))
        leads = leads and (not isinstance(inline, Text) or bool(_LEADING.fullmatch(words)))
        pieces.append(words)
        position += len(words)
    text = "".join(pieces)
    if not spots:
        return _Run(text, [], [], [])
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    announcing = _ANNOUNCES.finditer(text) if passage.place is Place.SUMMARY else ()
    verbs = [match.span() for match in announcing]
    return _Run(text, _joined(text, spots), [0, *ends, len(text)], verbs)


def _joined(text: str, spots: Iterable[_Spot]) -> list[_Spot]:
    """The spots, those in one list or range joined, in order; citations stay by themselves."""
    groups: list[list[_Spot]] = []
    joins: list[_Spot] = []
    for spot in spots:
        if spot.cited:
            groups.append([spot])
        elif joins and _goes_on(text, joins[-1], spot):
            joins.append(spot)
        else:
            joins = [spot]
            groups.append(joins)
    return [_join(group) for group in groups]


def _goes_on(text: str, before: _Spot, spot: _Spot) -> bool:
    """Whether an id is in one list with the one before, and nothing is said of it alone."""
    joint = _JOINT.fullmatch(text, before.end, spot.start)
    return bool(joint and not _LAST_ONE.match(text, spot.end))


def _join(group: Sequence[_Spot]) -> _Spot:
    names = tuple(name for spot in group for name in spot.names)
    return replace(group[0], names=names, end=group[-1].end)


def _names(inlines: Sequence[Inline], position: int, reader: _Reader) -> Iterable[_Name]:
    """The ids that an element names or leads to."""
    inline = inlines[position]
    if isinstance(inline, Link):
        return link_ids(inline.url)
    if isinstance(inline, Citation):
        return reader.cited.get(citation_label(inline.label), ())
    return (name for name in ids_at(inlines, position) if name[0] != "bulletin")


def _can_name(inlines: Iterable[Inline]) -> bool:
    return any(isinstance(inline, _NAMING) for inline in inlines)


def _inside(emphasis: Emphasis) -> tuple[Inline, ...]:
    return (Text(emphasis.mark), *parse_inline(emphasis.text), Text(emphasis.mark))


def _words(inline: Inline) -> str:
    if isinstance(inline, Link):
        return inline.url
    return f"[{inline.label}]" if isinstance(inline, Citation) else inline.text


def _in_brackets(text: str, spot: _Spot) -> bool:
    before = text[max(0, spot.start - _NEAR) : spot.start]
    return before.count("(") > before.count(")")


def _place(passage: _Passage, spot: _Spot, near: _Near, reader: _Reader) -> Place:
    """What a text does where it names ids, by the words around them."""
    place = passage.place
    if _is_harmless(passage, near, reader):
        return Place.NOT_AFFECTED
    aside = _is_aside(near.before, near.behind) or reader.long_ago.match(near.own)
    if place is Place.PATCHING and _HOLD_FIXES.search(near.before):
        return Place.FIX
    if place is Place.TITLE:
        return Place.TITLE_ASIDE if aside else place
    can_head = spot.leads and place in (Place.SUMMARY, Place.HEADING)
    if can_head and (passage.opens or (passage.head and _SEPARATED.match(near.behind))):
        return Place.HEAD
    if passage.quoted:
        return Place.QUOTATION
    if place is Place.PATCHING and _FIXES.search(near.before) and not aside:
        return Place.FIX
    if place is Place.SUMMARY and not aside and _announces(passage, near, reader):
        return Place.ANNOUNCEMENT_OF_SOME if _SOME.search(near.behind) else Place.ANNOUNCEMENT
    return place


def _is_harmless(passage: _Passage, near: _Near, reader: _Reader) -> bool:
    """Whether the issuer says not to be affected by what is named, or only to be stopped."""
    if _EXCEPT.search(near.before[-_NEXT:]):
        return False
    gloss = _IN_BRACKETS.match(near.own)
    comments = () if passage.quoted else (passage.comment, near.item)
    return bool(
        reader.denies.match(near.own)
        or reader.unaffected.search(near.before[-_NEXT:])
        or (gloss and _ONLY_STOPS.search(gloss[0]))
        or any(
            words.search(said)
            for said in comments
            for words in (reader.unused, reader.denied, _ONLY_STOPS)
        )
    )


def _announces(passage: _Passage, near: _Near, reader: _Reader) -> bool:
    return bool(
        passage.announced
        or near.announced
        or _IS_ANNOUNCED.match(near.behind)
        or _OURS.search(near.before)
        or reader.affects.match(near.own)
        or reader.affected.search(near.before[-_NEXT:])
        or (not near.before.strip() and _ALLOWS.match(near.own))
    )


def _is_aside(before: str, behind: str) -> bool:
    """Whether the words around an id make it another matter, or part of the title of one."""
    quoted = before.count('"') % 2 or before.count("“") > before.count("”")
    return bool(quoted or _ASIDE_BEFORE.search(before[-_NEXT:]) or _ASIDE_BEHIND.match(behind))


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
