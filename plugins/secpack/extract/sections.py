"""A document's sections, and what to quote of them: what to do, and which systems are affected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile, pairwise
from typing import Final

from secpack.model.archive import Document, Section
from secpack.model.blocks import (
    Block,
    Heading,
    ListBlock,
    Paragraph,
    Preformatted,
    SignOff,
    Unread,
    leaves,
    plain,
    running_text,
)

# Titles of sections that say what to do, the best first; the lesser ones help if there is no patch.
_ACTIONS: Final = (
    re.compile(r"user action"),
    re.compile(r"what (?:to do|(?:should|must|can) (?:i|you|we|users?) do)\b"),
)
_PATCHING: Final = re.compile(r"patching")
_LESSER_ACTIONS: Final = (
    *(re.compile(words) for words in ("packages", "resolution", "workaround", "mitigation")),
    re.compile(
        r"^(?:recommend|how to (?:fix|patch|update|upgrade|protect)\b"
        r"|(?:the )?(?:fix(?:es)?|updat(?:es?|ing)|upgrad(?:es?|ing)|solution)\W*$)"
    ),
)
_AFFECTED: Final = re.compile(r"(?<!not )\baffected\b|^vulnerable (?:systems|versions|releases)\b")
_SUMMARY: Final = re.compile(r"summary")

# What has to be quoted although it comes after the first statement.
_RESTART: Final = re.compile(r"\b(?:restart|reboot)", re.IGNORECASE)
_NO_ACTION: Final = re.compile(
    r"\bno (?:\w+ )?action (?:is|are|has)\b|\bdo nothing\b|\bnothing (?:has|needs) to be done\b",
    re.IGNORECASE,
)

# How a sentence ends, and how its continuation begins.
_ENDS: Final = re.compile(r"[.!?:…]\W{0,20}$")
_GOES_ON: Final = re.compile(r"(?:\.\.\.|…)?\s*[a-z]|\.\.\.|…")

# A paragraph with more characters has another subject, and a longer quotation is no lead.
_MAX_ASIDE: Final = 300
_MAX_BRIEF: Final = 1500


def sections(document: Document) -> tuple[Section, ...]:
    """Return the sections in order; the blocks of an outer one include those of its inner ones."""
    blocks = document.blocks
    # Where sections begin or end; a sign-off ends them all, and so does what is not read.
    edges = [
        (n, block.level if isinstance(block, Heading) else 0)
        for n, block in enumerate(blocks)
        if isinstance(block, (Heading, SignOff, Unread))
    ]
    edges.append((len(blocks), 0))
    return tuple(_section(blocks, edges, n) for n, (_, level) in enumerate(edges) if level)


def _section(blocks: tuple[Block, ...], edges: Sequence[tuple[int, int]], edge: int) -> Section:
    start, level = edges[edge]
    heading = blocks[start]
    assert isinstance(heading, Heading)
    end = next(edges[n][0] for n in range(edge + 1, len(edges)) if edges[n][1] <= level)
    title = plain(heading.inlines)
    return Section(title, level, heading.first, blocks[end - 1].last, blocks[start + 1 : end])


def actions(document: Document) -> tuple[Section, ...]:
    """Return the sections that say what to do: the user's action, and how to patch.

    A text with neither may offer a workaround or the like.
    """
    every = sections(document)
    best = (_titled(every, *_ACTIONS), _titled(every, _PATCHING))
    if any(best):
        return tuple(section for section in best if section)
    offered = _titled(every, *_LESSER_ACTIONS)
    return (offered,) if offered else ()


def affected(document: Document) -> tuple[Section, ...]:
    """Return the section that says which systems are affected, if there is one."""
    section = _titled(sections(document), _AFFECTED)
    return (section,) if section else ()


def is_on_affected(title: str) -> bool:
    """Whether a section with this title says which systems are affected."""
    return _AFFECTED.search(title.lower()) is not None


def summary_section(document: Document) -> Section | None:
    """Return the section that says what the text is about."""
    return _titled(sections(document), _SUMMARY)


def _titled(every: Sequence[Section], *titles: re.Pattern[str]) -> Section | None:
    """Return the first section with the first title that matches one."""
    named = [(section, section.title.lower()) for section in every]
    return next((s for title in titles for s, name in named if title.search(name)), None)


# --- quotations -------------------------------------------------------------------------------


def opening(section: Section) -> tuple[Block, ...]:
    """Return a section's first statement: its first paragraph, with the list that it announces."""
    return _statement(_without_headings(section))


def whole(section: Section) -> tuple[Block, ...]:
    """Return all of a section that is short enough to quote, and a longer one's first statement."""
    return section.blocks if _is_brief(section.blocks) else opening(section)


def steps(section: Section, packages: Iterable[int]) -> tuple[Block, ...]:
    """Return what a section asks for: its first statement, what to restart, who need do nothing.

    If that statement has no list and no commands, the first list that is announced later is part
    of it. So is all up to the last of the lines that name ``packages``, if that is short enough to
    quote.
    """
    blocks = _without_headings(section)
    first = _statement(blocks)
    rest = blocks[len(first) :]
    if not any(isinstance(block, (ListBlock, Preformatted)) for block in first):
        first += _announced_list(rest)
    asides = tuple(_asides(rest))
    longer = _together(_up_to(section, packages), asides)
    shorter = _together(first, asides)
    return longer if len(longer) > len(shorter) and _is_brief(longer) else shorter


def brief(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return blocks that are short enough to quote, and only the first of longer ones."""
    return tuple(blocks if _is_brief(blocks) else blocks[:1])


def _is_brief(blocks: Sequence[Block]) -> bool:
    words = sum(len(plain(inlines)) for _, inlines in running_text(blocks))
    code = sum(len(leaf.text) for leaf in leaves(blocks) if isinstance(leaf, Preformatted))
    return words + code <= _MAX_BRIEF


def _up_to(section: Section, lines: Iterable[int]) -> tuple[Block, ...]:
    """Return the blocks of a section up to the last that has one of these lines."""
    last = max((line for line in lines if section.first < line <= section.last), default=0)
    return tuple(block for block in section.blocks if block.first <= last)


def _together(blocks: tuple[Block, ...], asides: Iterable[Block]) -> tuple[Block, ...]:
    lines = {block.first for block in blocks}
    return (*blocks, *(block for block in asides if block.first not in lines))


def _statement(blocks: Sequence[Block]) -> tuple[Block, ...]:
    statement: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) or (statement and not _continues(statement[-1], block)):
            break
        statement.append(block)
    return tuple(statement)


def _continues(above: Block, block: Block) -> bool:
    """Whether a statement goes on; after the list for one release may come that of the next."""
    if isinstance(block, ListBlock) or _announces(above) or _goes_on(above, block):
        return True
    return isinstance(above, ListBlock) and _announces(block)


def _announced_list(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the first list that a paragraph announces, with what is announced around it."""
    for n, (block, following) in enumerate(pairwise(blocks)):
        if _announces(block) and isinstance(following, ListBlock):
            return _statement(blocks[n - 1 if n and _announces(blocks[n - 1]) else n :])
    return ()


def _asides(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the first statements on what to restart, and on who need do nothing."""
    starts = {
        next((n for n, block in enumerate(blocks) if _says(subject, block)), len(blocks))
        for subject in (_RESTART, _NO_ACTION)
    }
    for start in sorted(starts):
        yield from _statement(blocks[start:])


def _says(subject: re.Pattern[str], block: Block) -> bool:
    words = plain(block.inlines) if isinstance(block, Paragraph) else ""
    return len(words) <= _MAX_ASIDE and bool(subject.search(words))


def _without_headings(section: Section) -> Sequence[Block]:
    """Return a section's blocks after the headings at its beginning: it can begin with another."""
    return tuple(dropwhile(lambda block: isinstance(block, Heading), section.blocks))


def _announces(block: Block) -> bool:
    """Whether a paragraph, or the last item of a list, ends in a colon."""
    while isinstance(block, ListBlock) and block.items[-1].blocks:
        block = block.items[-1].blocks[-1]
    return isinstance(block, Paragraph) and plain(block.inlines).endswith(":")


def _goes_on(above: Block, block: Block) -> bool:
    """Whether a sentence has a command or the like in its middle, or at its end."""
    if isinstance(above, Paragraph) and isinstance(block, Preformatted):
        return not _ENDS.search(plain(above.inlines))
    if isinstance(above, Preformatted) and isinstance(block, Paragraph):
        return bool(_GOES_ON.match(plain(block.inlines)))
    return False
