"""Blocks of a document to packages: what each tells of those that follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from secpack.extract.packages.announcements import read_announcement
from secpack.extract.packages.context import NO_LEVEL, Above, Context
from secpack.extract.packages.headers import items_behind
from secpack.extract.packages.places import is_target, place_names, target_names
from secpack.extract.packages.remedies import look_aside, names_version, read_sentences
from secpack.extract.packages.state import State
from secpack.extract.packages.tables import read_table
from secpack.extract.packages.words import Words, running_text, without_labels
from secpack.model.blocks import (
    Block,
    Definitions,
    Heading,
    Item,
    Letterhead,
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
)

# Titles of sections whose running text can name packages to install.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|(?:(?:who|what) is )?affected\b|vulnerable\b")
_BULLET: Final = re.compile(r"(?m)^[ \t]*[-*•][ \t]+")
_JOINT_END: Final = re.compile(r"[,;]?\s{1,3}and$|[,;]$")


def read_blocks(blocks: Iterable[Block], state: State) -> None:
    """Read blocks of one level; quotations and references are the words of others."""
    for block in blocks:
        match block:
            case Heading():
                _read_heading(block, state)
            case Paragraph():
                _read_paragraph(Words(running_text(block.inlines), block.first), state)
            case ListBlock():
                _read_list(block, state)
            case Table():
                read_table(block, state)
            case Preformatted():
                if not block.language:
                    _read_lines(block, state)
            case Quotation() | References() | Definitions():
                pass
            case Letterhead() | Rule() | SignOff() | Unread():
                pass
            case _:
                assert_never(block)


def _read_heading(heading: Heading, state: State) -> None:
    state.end_section()
    title = plain(heading.inlines)
    level = state.heading.remedy
    if heading.level <= level:
        level = heading.level if _REMEDY.search(title.lower()) else NO_LEVEL
    state.begin_section(
        Context(
            state.releases_in(title),
            target_names(title) if is_target(title) else (),
            above=Above.OTHERS if _ASIDE.match(title.lower()) else Above.NOTHING,
            remedy=level,
        )
    )


# --- paragraphs


def _read_paragraph(words: Words, state: State) -> None:
    leads = state.leads(words.text)
    starts = [*(lead.start for lead in leads), len(words.text)]
    if words.text[: starts[0]].strip():
        _read_prose(words.text[: starts[0]], words, state)
    for lead, following in zip(leads, starts[1:], strict=True):
        state.open_lead(lead, words.line_at(lead.start))
        for at, rest in items_behind(words.text, lead.end, following):
            if rest.strip(" \n.,;"):
                state.take_phrase(_JOINT_END.sub("", rest.rstrip()), at, words)


def _read_prose(text: str, words: Words, state: State) -> None:
    """Read what stands in a paragraph before its first lead."""
    if place := state.place_lead(text):
        state.context = replace(state.context, targets=place)
        return
    if state.context.lead and state.take_phrase(text, 0, words, sure=False):
        return
    read_announcement(text, state)
    if state.heading.above is Above.NOTHING:
        if state.heading.in_remedy or state.section_has_rows:
            read_sentences(text, words, state)
        look_aside(text, words, state)


# --- items


def _read_list(block: ListBlock, state: State) -> None:
    """Read items; where some are packages, others that name a version should be, too."""
    rows, left = len(state.rows), []
    for item in block.items:
        found = state.found
        sure = state.context.expects and block.style[0] not in "1a"
        _read_item(item, state, sure=sure)
        if state.found == found:
            left.append(item)
    for item in left if len(state.rows) > rows else ():
        if names_version(text := _words_of(item)):
            state.report_unread(item.first, text)


def _words_of(item: Item) -> str:
    first = item.blocks[0] if item.blocks else None
    return running_text(first.inlines) if isinstance(first, Paragraph) else ""


def _read_item(item: Item, state: State, *, sure: bool) -> None:
    """Read an item, whose words may also tell what the list in it is about."""
    text = _words_of(item)
    context, found = state.context, state.found
    if state.leads(text) or state.place_lead(text):
        read_blocks(item.blocks, state)
    else:
        _read_words_of_item(text, item, state, sure=sure)
        if state.context.releases not in ((), context.releases):
            return  # what stands unevenly below an item can name the release of the next ones
    lead = context.lead if state.found == found else 0
    state.context = replace(context, lead=lead)


def _read_words_of_item(text: str, item: Item, state: State, *, sure: bool) -> None:
    words, rest = Words(text, item.first), item.blocks[1:]
    context, found = state.context, state.found
    taken = state.take_phrase(text, 0, words, sure=sure and not rest)
    if rest and not taken:
        places = place_names(text.rstrip(":")) if text.endswith(":") else ()
        state.context = replace(context, targets=places or context.targets)
    read_blocks(rest, state)
    if rest and not taken and sure and state.found == found:
        state.take_phrase(text, 0, words, sure=True)


# --- indented lines


def _read_lines(block: Preformatted, state: State) -> None:
    """Read indented lines below a lead, or with one of their own."""
    context = state.context
    if not (context.lead or context.lost or state.leads(block.text.strip())):
        return
    bulleted = _BULLET.search(block.text) is not None
    item: list[str] = []
    for line, printed in enumerate(block.text.split("\n"), block.first):
        text = without_labels(_BULLET.sub("", printed, count=1)).strip()
        named = bool(state.leads(text) or state.place_lead(text))
        if not (item and bulleted and text) or named or _BULLET.match(printed):
            _read_item_of_lines(item, line, state)
            item = []
        if named:
            _read_paragraph(Words(text, line), state)
        elif text:
            item.append(text)
    _read_item_of_lines(item, block.first + block.text.count("\n") + 1, state)


def _read_item_of_lines(item: Sequence[str], behind: int, state: State) -> None:
    """Read an item of indented text; ``behind`` is the number of the line below it."""
    if item:
        words = Words("\n".join(item), behind - len(item))
        sure = state.context.above is Above.FIXES and not state.context.lost
        state.take_phrase(words.text, 0, words, sure=sure)
