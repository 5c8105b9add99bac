"""A Document to passages: pieces of its words, with the ids in them and what is around."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Final, NamedTuple, TypeAlias

import secpack.model.blocks as b
from secpack.model.archive import Context, Document
from secpack.parser.inline import Forms, citation_label, ids_at, link_ids, parse_inline
from secpack.parser.rules.headings import REFERENCE_SECTIONS, REVISION_SECTIONS, section_name

Name: TypeAlias = tuple[str, str]  # scheme and value
Cited: TypeAlias = Mapping[str, Sequence[Name]]  # advisories by the label of a reference

#: What rules see: characters of an id, the ids that they are about, the end of a sentence.
ID, HERE, STOP = "\0", "\2", "\1"
#: Sections that decide alone what an id in them is.
APART: Final = (Context.REFERENCES, Context.CHANGELOG, Context.CREDITS)
#: How many mentions of one id are kept of a passage, and of a kind.
MAX_MENTIONS: Final = 100
MAX_SENTENCE: Final = 300
_MAX_CITED: Final = 64  # advisories of a reference: a range of few characters has many
_NEAR: Final = 180  # characters before and behind ids that rules see
_MAX_SAID: Final = 600  # characters about the subject of an item

_NAMING: Final = (b.Id, b.Link, b.Citation, b.Emphasis)
_SENTENCE_END: Final = re.compile(
    r"[.!?](?<![ .]\w[.!?])(?<!vs[.!?])(?<!etc[.!?])[\"”)]{0,2}(?:\s\[[0-9*]{1,3}\])?"
    r"\s+(?=[A-Z\"“(_*\0])"
)
# Sections by what is in their titles, in lower case; the first that fits holds.
_SECTIONS: Final = (
    (re.compile(r"summary|overview|description|\bdetails\b|in (?:brief|short)"), Context.SUMMARY),
    (re.compile(r"\bids\b|identifiers|what happened"), Context.SUMMARY),
    (re.compile(r"patching|user action|packages|resolu|workaround|mitigation"), Context.PATCHING),
    (re.compile(r"credit|acknowledg"), Context.CREDITS),
)
_AND: Final = r"[\s,;&/–-]|\b(?:and|or|to|through|thru|as\s+well\s+as|part\s+of)\b"
_LEADING: Final = re.compile(
    rf"(?:{_AND}|[()*]|\b(?:the|Xen\s+Security\s+Advisor(?:y|ies))\b){{0,30}}"
)
# Between ids that belong together: joints, citations, titles in brackets; brackets around an id of
# another scheme. Behind the last of them: words about that one alone.
_JOINT: Final = re.compile(
    rf"(?:{_AND}|\[[0-9]{{1,2}}\]|\([\"“][^\"”()]{{0,100}}[\"”]\)){{0,20}}"
    r"|(?:\s?\[[0-9]{1,2}\]|,?\s?[\"“][^\"”()]{0,150}[\"”])?\s{0,2}(?P<bracket>\()"
)
_COLUMN: Final = re.compile(r"\S{1,40}(?: \S{1,40}){0,4}(?: {2,}|\t)\S")
_ALONE: Final = re.compile(r",?\s+(?:(?:which|that)\s+(?:does|is|has|was)|the\s+la\w+\s+of)\b")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of running text; ``context`` is what an id in its section is if no rule says more.

    ``head`` tells that ids at its beginning, set off from the rest, are its subject; ``opens`` that
    they need not be set off. ``lead`` is what is before and ends in a colon, ``after`` what follows
    and has no ids of its own.
    """

    line: int
    inlines: tuple[b.Inline, ...]
    context: Context
    quoted: bool = False
    head: bool = False
    opens: bool = False
    lead: str = ""
    after: str = ""
    forms: Forms = ()


def passages(document: Document) -> Iterator[Passage]:
    """All running text that can name ids, in order."""
    titles: list[tuple[int, str]] = []
    here, above = Passage(0, (), Context.SUMMARY, forms=document.forms), None
    for block, following in pairwise([*document.blocks, None]):
        if isinstance(block, b.Letterhead):
            yield from _title(block, document)
        elif isinstance(block, b.Heading):
            titles = [title for title in titles if title[0] < block.level]
            titles.append((block.level, section_name(b.plain(block.inlines))))
            here = replace(here, context=_section([title for _, title in titles]))
            context = here.context if here.context in APART else Context.HEADING
            yield Passage(block.first, block.inlines, context, head=True)
        elif block:
            lead = b.plain(above.inlines) if isinstance(above, b.Paragraph) else ""
            lead = lead[-_NEAR:] if lead.endswith(":") else ""
            yield from _of_block(block, replace(here, lead=lead) if lead else here, following)
        above = block


def _title(head: b.Letterhead, document: Document) -> Iterator[Passage]:
    """Title and subtitle, each with the line that it begins on."""
    lines = document.file.data.decode(errors="replace").split("\n")[: head.last]
    for printed in filter(None, (head.title_lines, head.subtitle_lines)):
        found = (
            n for n, text in enumerate(lines, 1) if n > head.line and text.strip() == printed[0]
        )
        title = parse_inline("\n".join(printed), (), document.forms)
        yield Passage(next(found, head.line), title, Context.TITLE)


def _section(titles: Sequence[str]) -> Context:
    """What ids in the innermost section of a known kind are."""
    for title in reversed(titles):
        if title in REFERENCE_SECTIONS:
            return Context.REFERENCES
        if title in REVISION_SECTIONS:
            return Context.CHANGELOG
        if found := [context for pattern, context in _SECTIONS if pattern.search(title)]:
            return found[0]
    return Context.BODY


def _of_block(block: b.Block, here: Passage, following: b.Block | None) -> Iterator[Passage]:
    """The passages of a block; ``here`` is what they have in common."""
    match block:
        case b.Paragraph() | b.SignOff() | b.Heading() if names_ids(block.inlines):
            opens = isinstance(following, b.Quotation) or b.plain(block.inlines).endswith(":")
            here = replace(here, line=block.first, opens=opens and not here.quoted)
            if isinstance(following, b.Paragraph) and not names_ids(following.inlines):
                here = replace(here, after=f"\n\n{b.plain(following.inlines)}")
            head = here.head or isinstance(block, b.Heading) or _has_columns(block.inlines)
            yield replace(here, inlines=block.inlines, head=head)
        case b.Preformatted(language=""):
            yield from _of_lines(block, here)
        case b.Table():
            for cell in (cell for row in (*block.head, *block.body) for cell in row):
                yield replace(here, line=block.first, inlines=cell)
        case b.Quotation():
            yield from _of_blocks(block.blocks, replace(here, quoted=True))
        case b.ListBlock():
            for item in block.items:
                yield from _of_blocks(item.blocks, here)
        case b.References():
            for reference in block.items:
                yield from _of_blocks(reference.blocks, replace(here, context=Context.REFERENCES))
        case b.Definitions():
            for one in block.items:
                said = (b.plain(inlines) for _, inlines in islice(b.running_text(one.blocks), 20))
                term = replace(here, line=one.first, inlines=one.term, head=True, opens=True)
                yield replace(term, after=": " + " ".join(said)[:_MAX_SAID])
                yield from _of_blocks(one.blocks, here)


def _of_lines(block: b.Preformatted, here: Passage) -> Iterator[Passage]:
    """A passage for each line if all begin with an id; what else is preformatted is a quotation."""
    lines = [parse_inline(line, (), here.forms) for line in block.text.split("\n")]
    if all(map(_has_columns, lines)):
        for number, inlines in enumerate(lines, block.first):
            yield replace(here, line=number, inlines=inlines, head=True)
    else:
        inlines = parse_inline(block.text, (), here.forms)
        yield replace(here, line=block.first, inlines=inlines, quoted=True)


def _has_columns(inlines: Sequence[b.Inline]) -> bool:
    """Whether a line begins with an id in a column: "XSA-1   the bell rings"."""
    text = "".join(map(b.words, inlines))
    return isinstance(next(iter(inlines), None), b.Id) and bool(_COLUMN.match(text))


def _of_blocks(blocks: Sequence[b.Block], here: Passage) -> Iterator[Passage]:
    """The passages of an item or a quotation, which can begin with its subject."""
    for n, (block, following) in enumerate(pairwise([*blocks, None])):
        if block:
            yield from _of_block(block, replace(here, head=n == 0), following)


def names_ids(inlines: Iterable[b.Inline]) -> bool:
    """Whether running text has elements that can name an id, or lead to one."""
    return any(isinstance(inline, _NAMING) for inline in inlines)


# --- ids --------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Ids that are named together, each with its place, or where the range ends that it is in.

    ``leads`` if no words are before them. ``kind`` is Id, or what leads to them: Link, Citation.
    """

    names: tuple[tuple[Name, int], ...]
    start: int
    end: int
    leads: bool
    kind: type[b.Inline]

    @property
    def scheme(self) -> str:
        """The scheme of the first id."""
        return self.names[0][0][0]


class Words(NamedTuple):
    """The words of a passage, printed and masked; its ids; where sentences and lines end."""

    passage: Passage
    text: str
    masked: str
    groups: list[Group]
    stops: list[int]
    breaks: list[int]

    def before(self, group: Group) -> str:
        """The words before ids, as rules see them."""
        words = self.masked[max(0, group.start - _NEAR) : group.start]
        return words if group.start > _NEAR else f"{self.passage.lead} {words}"

    def behind(self, group: Group) -> str:
        """The words behind ids."""
        return self.masked[group.end : group.end + _NEAR]

    def said(self, group: Group) -> str:
        """What is said of the subject of an item."""
        return self.masked[group.end : group.end + _MAX_SAID]

    def around(self, group: Group) -> str:
        """Both, with a mark for the ids."""
        return f"{self.before(group)}{HERE}{self.behind(group)}"

    def in_brackets(self, group: Group) -> bool:
        """Whether ids are in brackets."""
        before = self.before(group)
        return before.count("(") > before.count(")")

    def sentence(self, place: int) -> str:
        """The sentence at a place, on one line, cut off where it is long."""
        n, length = bisect_right(self.stops, place), MAX_SENTENCE - 2
        first, last = self.stops[n - 1], self.stops[n]
        begin = max(first, min(place - length // 3, last - length))
        end = min(last, begin + length)
        words = " ".join(self.text[begin:end].split())
        return f"{'…' * (begin > first)}{words}{'…' * (end < last)}"

    def line(self, place: int) -> int:
        """The line of a place."""
        return self.passage.line + bisect_right(self.breaks, place)


def read_words(passage: Passage, cited: Cited) -> Words:
    """The words of a passage; ``cited`` are the advisories that citations lead to."""
    parts = [part for inline in passage.inlines for part in _parts(inline, passage.forms)]
    text = "".join(b.words(part) for part in parts) + passage.after
    masked = "".join(ID * len(p.text) if isinstance(p, b.Id) else b.words(p) for p in parts)
    masked = _SENTENCE_END.sub(lambda end: end[0][:-1] + STOP, masked + passage.after)
    lists: list[list[Group]] = []
    for group in _groups(parts, cited):
        if lists and _goes_on(text, lists[-1][-1], group):
            lists[-1].append(group)
        else:
            lists.append([group])
    groups = [
        one[0]._replace(names=tuple(name for each in one for name in each.names), end=one[-1].end)
        for one in lists
    ]
    stops = [0, *(match.end() for match in re.finditer(STOP, masked)), len(text) + 1]
    breaks = [match.start() for match in re.finditer("\n", text)]
    masked = re.sub(r"[^\S\1]", " ", masked)
    return Words(passage, text, masked, groups, stops, breaks)


def _parts(inline: b.Inline, forms: Forms) -> tuple[b.Inline, ...]:
    """An element; of emphasis, what is inside with the marks."""
    if not isinstance(inline, b.Emphasis):
        return (inline,)
    return (b.Text(inline.mark), *parse_inline(inline.text, (), forms), b.Text(inline.mark))


def _groups(inlines: Sequence[b.Inline], cited: Cited) -> Iterator[Group]:
    """Each element that names ids, or leads to some."""
    place, leads = 0, True
    counted: Counter[Name] = Counter()
    for n, inline in enumerate(inlines):
        end = place + len(b.words(inline))
        names = [name for name in _names(inlines, n, cited) if name[0] != "bulletin"]
        counted.update(names)
        if kept := tuple((name, place) for name in names if counted[name] <= MAX_MENTIONS):
            yield Group(kept, place, end, leads, type(inline))
        leads = leads and (not isinstance(inline, b.Text) or bool(_LEADING.fullmatch(inline.text)))
        place = end


def _names(inlines: Sequence[b.Inline], position: int, cited: Cited) -> Iterable[Name]:
    """The ids that an element names or leads to."""
    inline = inlines[position]
    if isinstance(inline, b.Link):
        return link_ids(inline.url)
    if isinstance(inline, b.Citation):
        return cited.get(citation_label(inline.label), ())
    return ids_at(inlines, position)


def _goes_on(text: str, before: Group, group: Group) -> bool:
    """Whether ids are in one list with those before, and nothing is said of them alone."""
    joint = before.kind is group.kind is b.Id and _JOINT.fullmatch(text, before.end, group.start)
    if not joint or _ALONE.match(text, group.end):
        return False
    return not joint["bracket"] or before.names[-1][0][0] != group.scheme


def cited_advisories(document: Document) -> Cited:
    """The advisories that references name or link to, by label; of very many, the first."""
    cited = {}
    for reference in (
        r for block in document.blocks if isinstance(block, b.References) for r in block.items
    ):
        texts = (inlines for _, inlines in b.running_text(reference.blocks))
        names = (name for i in texts for n in range(len(i)) for name in _names(i, n, {}))
        advisories = dict.fromkeys(name for name in names if name[0] == "XSA")
        cited[citation_label(reference.label)] = tuple(islice(advisories, _MAX_CITED))
    return cited
