"""Ways through a document: its leaves, its running text, its sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from secpack.model import (
    Block,
    Citation,
    Definitions,
    Document,
    Heading,
    Inline,
    Letterhead,
    Link,
    ListBlock,
    Paragraph,
    Preformatted,
    Quotation,
    References,
    Rule,
    Section,
    SignOff,
    Table,
)

Leaf: TypeAlias = Letterhead | Heading | Paragraph | Preformatted | Table | Rule | SignOff

# What is in the titles of sections that help where nothing is to be patched, the best first.
_LESSER_ACTIONS: Final = ("packages", "resolution", "workaround", "mitigation")

_RESTART: Final = re.compile(r"\b(?:restart|reboot)", re.IGNORECASE)

# More characters than this are not about a restart alone, or not a quotation to lead with.
_MAX_RESTART: Final = 300
_MAX_BRIEF: Final = 1500


def leaves(blocks: Iterable[Block]) -> Iterator[Leaf]:
    """The blocks that hold no others, in order; together they cover every line once."""
    for block in blocks:
        if isinstance(block, Quotation):
            yield from leaves(block.blocks)
        elif isinstance(block, (ListBlock, Definitions, References)):
            for item in block.items:
                yield from leaves(item.blocks)
        else:
            yield block


def runs(blocks: Iterable[Block]) -> Iterator[tuple[int, tuple[Inline, ...]]]:
    """All running text in order: the line where each run begins, and its inline elements."""
    for block in blocks:
        if isinstance(block, Quotation):
            yield from runs(block.blocks)
        elif isinstance(block, Definitions):
            for definition in block.items:
                yield definition.first, definition.term
                yield from runs(definition.blocks)
        elif isinstance(block, (ListBlock, References)):
            for item in block.items:
                yield from runs(item.blocks)
        elif isinstance(block, Table):
            yield from ((block.first, cell) for row in (*block.head, *block.body) for cell in row)
        elif isinstance(block, (Heading, Paragraph, SignOff)):
            yield block.first, block.inlines


def plain(inlines: Iterable[Inline]) -> str:
    """Running text as words on one line, without its marks."""
    return " ".join("".join([words(inline) for inline in inlines]).split())


def words(inline: Inline) -> str:
    """An element of running text as words, without its marks."""
    if isinstance(inline, Link):
        return inline.url
    return f"[{inline.label}]" if isinstance(inline, Citation) else inline.text


def sections(document: Document) -> tuple[Section, ...]:
    """The sections in order; an inner section's blocks are in those of the outer one, too."""
    blocks = document.blocks
    # Where sections can begin or end; a sign-off ends them all.
    edges = [
        (n, block.level if isinstance(block, Heading) else 0)
        for n, block in enumerate(blocks)
        if isinstance(block, (Heading, SignOff))
    ]
    edges.append((len(blocks), 0))
    return tuple(_section(blocks, edges, n) for n, (_, level) in enumerate(edges) if level)


def _section(blocks: Sequence[Block], edges: Sequence[tuple[int, int]], place: int) -> Section:
    start, level = edges[place]
    heading = blocks[start]
    assert isinstance(heading, Heading)
    following = place + 1
    while edges[following][1] > level:
        following += 1
    end = edges[following][0]
    last = blocks[end - 1].last
    title = plain(heading.inlines)
    return Section(title, level, heading.first, last, tuple(blocks[start + 1 : end]))


def actions(document: Document) -> tuple[Section, ...]:
    """The sections that tell what the user must do: the user's action, and how to patch.

    Where a text has neither, a workaround or what else it offers; otherwise none.
    """
    found = sections(document)
    what = _titled(found, "user action") or _titled(found, "what to do")
    wanted = [what, _titled(found, "patching")]
    best = tuple(section for section in wanted if section)
    if best:
        return best
    offered = (_titled(found, title) for title in _LESSER_ACTIONS)
    return tuple(section for section in offered if section)[:1]


def affected(document: Document) -> tuple[Section, ...]:
    """The section that says which systems are affected, if there is one."""
    found = _titled(sections(document), "affected")
    return (found,) if found else ()


def summary_section(document: Document) -> Section | None:
    """The section that says what the text is about."""
    return _titled(sections(document), "summary")


def _titled(found: Sequence[Section], title: str) -> Section | None:
    return next((section for section in found if title in section.title.lower()), None)


def opening(section: Section) -> tuple[Block, ...]:
    """The first statement of a section: its first paragraph, with the list that it announces."""
    return _statement(_behind_headings(section.blocks))


def steps(section: Section) -> tuple[Block, ...]:
    """What a section asks for: its first statement, and what is to be restarted afterwards.

    Where that statement has no list and no commands, the first list that is announced later
    belongs to it.
    """
    blocks = _behind_headings(section.blocks)
    first = _statement(blocks)
    rest = blocks[len(first) :]
    if not any(isinstance(block, (ListBlock, Preformatted)) for block in first):
        first += _announced_list(rest)
    n = next((n for n, block in enumerate(rest) if _asks_for_restart(block)), len(rest))
    return (*first, *(block for block in _statement(rest[n:]) if block not in first))


def brief(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks that are short enough to be quoted; of longer ones the first."""
    words = sum(len(plain(inlines)) for _, inlines in runs(blocks))
    code = sum(len(leaf.text) for leaf in leaves(blocks) if isinstance(leaf, Preformatted))
    return tuple(blocks if words + code <= _MAX_BRIEF else blocks[:1])


def _statement(blocks: Sequence[Block]) -> tuple[Block, ...]:
    taken: list[Block] = []
    for block in blocks:
        announced = bool(taken) and _announces(taken[-1])
        more = isinstance(block, ListBlock) or (_announces(block) and _is_packages(taken))
        if isinstance(block, Heading) or (taken and not announced and not more):
            break
        taken.append(block)
    return tuple(taken)


def _announced_list(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The first list that a paragraph announces, with what is announced before and after it."""
    for n, (block, following) in enumerate(pairwise(blocks)):
        if _announces(block) and isinstance(following, ListBlock):
            return _statement(blocks[n - 1 if n and _announces(blocks[n - 1]) else n :])
    return ()


def _asks_for_restart(block: Block) -> bool:
    words = plain(block.inlines) if isinstance(block, Paragraph) else ""
    return len(words) <= _MAX_RESTART and bool(_RESTART.search(words))


def _behind_headings(blocks: Sequence[Block]) -> Sequence[Block]:
    """Blocks without the headings that they begin with: a section can begin with another."""
    start = next((n for n, block in enumerate(blocks) if not isinstance(block, Heading)), 0)
    return blocks[start:]


def _announces(block: Block) -> bool:
    return isinstance(block, Paragraph) and plain(block.inlines).endswith(":")


def _is_packages(taken: Sequence[Block]) -> bool:
    """Whether what is taken so far ends with a list: the next release's may follow."""
    return bool(taken) and isinstance(taken[-1], ListBlock)
