"""A Document to passages: its running text, with what sections and neighbours make of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Final, assert_never

from secpack.extract.mentions.wording import ANNOUNCES, SENTENCE_END
from secpack.model.archive import Context, Document
from secpack.model.blocks import (
    Block,
    Citation,
    Definitions,
    Emphasis,
    Heading,
    Id,
    Inline,
    Letterhead,
    Link,
    ListBlock,
    Paragraph,
    Preformatted,
    Quotation,
    References,
    Rule,
    SignOff,
    Table,
    Unread,
    plain,
    running_text,
)
from secpack.parser.inline import parse_inline
from secpack.parser.rules.headings import REFERENCE_SECTIONS, REVISION_SECTIONS, section_name

#: How many characters around an id can tell why it is named.
NEAR: Final = 600
#: Sections that decide alone what a name in them means.
APART: Final = (Context.REFERENCES, Context.CHANGELOG, Context.CREDITS)

_NAMING: Final = (Id, Link, Citation, Emphasis)
_MAX_RUNS: Final = 20  # paragraphs, cells and terms that can tell something of a term
# Sections by what is in their titles, in lower case; the first that fits holds.
_SECTIONS: Final = (
    (re.compile(r"summary|overview|description|\bdetails\b"), Context.SUMMARY),
    (
        re.compile(r"patching|user action|packages|resolution|workaround|mitigation"),
        Context.PATCHING,
    ),
    (re.compile(r"credit|acknowledg"), Context.CREDITS),
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text, and where it stands.

    ``context`` is the section's. ``head`` tells that ids at its beginning, set off from the rest,
    are its subject; ``opens`` that they need not be set off, for it leads to a quotation or
    comment; ``announced`` that an announcement ends with a colon just before it.
    ``comment`` is what is said of a term, ``rest`` what stands behind the head in its item.
    """

    line: int
    inlines: tuple[Inline, ...]
    context: Context
    quoted: bool = False
    head: bool = False
    opens: bool = False
    announced: bool = False
    comment: str = ""
    rest: str = ""


def passages(document: Document) -> Iterator[Passage]:
    """All running text, in order, with what its section and its neighbours make of it."""
    titles: list[tuple[int, str]] = []
    here = Passage(0, (), _section(titles))
    before: Block | None = None
    for block, following in pairwise([*document.blocks, None]):
        assert block is not None
        if isinstance(block, Letterhead):
            yield from _title(block, document)
        elif isinstance(block, Heading):
            titles = [title for title in titles if title[0] < block.level]
            titles.append((block.level, section_name(plain(block.inlines))))
            here = Passage(0, (), _section(titles))
            heading = here.context if here.context in APART else Context.HEADING
            yield Passage(block.first, block.inlines, heading, head=True)
        elif isinstance(block, (ListBlock, Definitions)) and _ends_announcing(before):
            yield from _of_block(block, replace(here, announced=True), following)
        else:
            yield from _of_block(block, here, following)
        before = block


def _title(head: Letterhead, document: Document) -> Iterator[Passage]:
    """Title and subtitle, each with the line that it begins on."""
    lines = document.file.data.decode(errors="replace").split("\n")
    for printed in (head.title_lines, head.subtitle_lines):
        if printed:
            numbers = range(head.line + 1, head.last + 1)
            line = next((n for n in numbers if lines[n - 1].strip() == printed[0]), head.line)
            yield Passage(line, parse_inline("\n".join(printed)), Context.TITLE)


def _section(titles: Sequence[tuple[int, str]]) -> Context:
    """What the innermost section of a known kind is; before the first, it is a summary."""
    if not titles:
        return Context.SUMMARY
    for _, title in reversed(titles):
        if title in REFERENCE_SECTIONS:
            return Context.REFERENCES
        if title in REVISION_SECTIONS:
            return Context.CHANGELOG
        for pattern, context in _SECTIONS:
            if pattern.search(title):
                return context
    return Context.BODY


def _ends_announcing(block: Block | None) -> bool:
    """Whether a paragraph ends with an announcement and a colon."""
    words = plain(block.inlines) if isinstance(block, Paragraph) else ""
    ends = [match.end() for match in SENTENCE_END.finditer(words)]
    return words.endswith(":") and bool(ANNOUNCES.search(words, ends[-1] if ends else 0))


def _of_block(block: Block, here: Passage, following: Block | None = None) -> Iterator[Passage]:
    """The passages of a block; ``here`` is what they have in common."""
    match block:
        case Paragraph() | SignOff():
            if can_name(block.inlines):  # most cannot: no passage is made of them
                opens = _opens(block, following) and not here.quoted
                yield replace(here, line=block.first, inlines=block.inlines, opens=opens)
        case Heading():
            yield replace(here, line=block.first, inlines=block.inlines, head=True)
        case Preformatted():
            if not block.language:
                inlines = parse_inline(block.text)
                yield replace(here, line=block.first, inlines=inlines, quoted=True)
        case Table():
            for cell in (cell for row in (*block.head, *block.body) for cell in row):
                yield replace(here, line=block.first, inlines=cell)
        case Quotation() | ListBlock() | References() | Definitions():
            yield from _of_container(block, here)
        case Letterhead() | Rule() | Unread():
            pass
        case _:
            assert_never(block)


def _opens(block: Paragraph | SignOff, following: Block | None) -> bool:
    return isinstance(following, Quotation) or plain(block.inlines).endswith(":")


def _of_container(
    block: Quotation | ListBlock | References | Definitions, here: Passage
) -> Iterator[Passage]:
    match block:
        case Quotation():
            yield from _of_blocks(block.blocks, replace(here, quoted=True), first=True)
        case ListBlock():
            for item in block.items:
                yield from _of_blocks(item.blocks, here, first=True)
        case References():
            for reference in block.items:
                yield from _of_blocks(reference.blocks, replace(here, context=Context.REFERENCES))
        case Definitions():
            for definition in block.items:
                if can_name(definition.term):
                    term = replace(here, line=definition.first, inlines=definition.term)
                    yield replace(term, opens=True, comment=_said(definition.blocks))
                yield from _of_blocks(definition.blocks, here)
        case _:
            assert_never(block)


def _of_blocks(blocks: Sequence[Block], here: Passage, *, first: bool = False) -> Iterator[Passage]:
    """The passages of blocks inside another; ``first`` if the first of them can be a head."""
    for n, block in enumerate(blocks):
        following = blocks[n + 1] if n + 1 < len(blocks) else None
        head = first and n == 0
        rest = _said(blocks[1:]) if head else ""
        there = replace(here, head=head, rest=rest) if head or here.head else here
        yield from _of_block(block, there, following)


def _said(blocks: Iterable[Block]) -> str:
    """The words that blocks begin with."""
    some = islice(running_text(blocks), _MAX_RUNS)
    return " ".join(plain(inlines) for _, inlines in some)[:NEAR]


def can_name(inlines: Iterable[Inline]) -> bool:
    """Whether running text has elements that can name an id, or lead to one."""
    return any(isinstance(inline, _NAMING) for inline in inlines)
