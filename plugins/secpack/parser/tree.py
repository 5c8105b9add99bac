"""Ways through a document: its leaves, its running text, its sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias, assert_never

from secpack.model.archive import Document, Section
from secpack.model.blocks import (
    Block,
    Citation,
    Definitions,
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
    SignOff,
    Table,
    Unread,
)

Leaf: TypeAlias = Letterhead | Heading | Paragraph | Preformatted | Table | Rule | SignOff | Unread

# Titles of sections that tell what to do, the best first; some help where nothing is to be patched.
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

# What else has to be said, though it may stand behind the first statement.
_RESTART: Final = re.compile(r"\b(?:restart|reboot)", re.IGNORECASE)
_NO_ACTION: Final = re.compile(
    r"\bno (?:\w+ )?action (?:is|are|has)\b|\bdo nothing\b|\bnothing (?:has|needs) to be done\b",
    re.IGNORECASE,
)

# A line that a sentence ends with, or goes on with.
_ENDS: Final = re.compile(r"[.!?:…]\W{0,20}$")
_GOES_ON: Final = re.compile(r"(?:\.\.\.|…)?\s*[a-z]|\.\.\.|…")

# More characters than this are not about one of these alone, or not a quotation to lead with.
_MAX_ASIDE: Final = 300
_MAX_BRIEF: Final = 1500


def leaves(blocks: Iterable[Block]) -> Iterator[Leaf]:
    """The blocks that hold no others, in order; together they cover every line once."""
    for block in blocks:
        match block:
            case Quotation() | ListBlock() | Definitions() | References():
                yield from leaves(children(block))
            case Letterhead() | Heading() | Paragraph() | Preformatted() | Table():
                yield block
            case Rule() | SignOff() | Unread():
                yield block
            case _:
                assert_never(block)


def children(block: Block) -> Iterator[Block]:
    """The blocks that a block holds, in order; those of its items, if it has any."""
    match block:
        case Quotation():
            yield from block.blocks
        case ListBlock() | Definitions() | References():
            for item in block.items:
                yield from item.blocks
        case Letterhead() | Heading() | Paragraph() | Preformatted() | Table():
            pass
        case Rule() | SignOff() | Unread():
            pass
        case _:
            assert_never(block)


def runs(blocks: Iterable[Block]) -> Iterator[tuple[int, tuple[Inline, ...]]]:
    """All running text in order: the line where each run begins, and its inline elements."""
    for block in blocks:
        match block:
            case Heading() | Paragraph() | SignOff():
                yield block.first, block.inlines
            case Table():
                for row in (*block.head, *block.body):
                    yield from ((block.first, cell) for cell in row)
            case Definitions():
                for definition in block.items:
                    yield definition.first, definition.term
                    yield from runs(definition.blocks)
            case Quotation() | ListBlock() | References():
                yield from runs(children(block))
            case Letterhead() | Preformatted() | Rule() | Unread():
                pass
            case _:
                assert_never(block)


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
    # Where sections can begin or end; a sign-off ends them all, and so does what is not read.
    edges = [
        (n, block.level if isinstance(block, Heading) else 0)
        for n, block in enumerate(blocks)
        if isinstance(block, (Heading, SignOff, Unread))
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
    wanted = (_titled(found, *_ACTIONS), _titled(found, _PATCHING))
    best = tuple(section for section in wanted if section)
    if best:
        return best
    offered = _titled(found, *_LESSER_ACTIONS)
    return (offered,) if offered else ()


def affected(document: Document) -> tuple[Section, ...]:
    """The section that says which systems are affected, if there is one."""
    found = _titled(sections(document), _AFFECTED)
    return (found,) if found else ()


def is_on_affected(title: str) -> bool:
    """Whether a section with this title says which systems are affected."""
    return _AFFECTED.search(title.lower()) is not None


def summary_section(document: Document) -> Section | None:
    """The section that says what the text is about."""
    return _titled(sections(document), _SUMMARY)


def _titled(found: Sequence[Section], *titles: re.Pattern[str]) -> Section | None:
    """The first section with the first of these titles that there is."""
    named = [(section, section.title.lower()) for section in found]
    return next((s for title in titles for s, name in named if title.search(name)), None)


def opening(section: Section) -> tuple[Block, ...]:
    """The first statement of a section: its first paragraph, with the list that it announces."""
    return _statement(_behind_headings(section.blocks))


def whole(section: Section) -> tuple[Block, ...]:
    """All of a section that is short enough to be quoted; of a longer one the first statement."""
    return section.blocks if _is_brief(section.blocks) else opening(section)


def steps(section: Section, packages: Iterable[int]) -> tuple[Block, ...]:
    """What a section asks for: its first statement, what is to be restarted, who need do nothing.

    Where that statement has no list and no commands, the first list that is announced later
    belongs to it. ``packages`` are the lines of the text that name packages: if it is short enough
    to be quoted, all up to the last of them belongs to it, too.
    """
    blocks = _behind_headings(section.blocks)
    first = _statement(blocks)
    rest = blocks[len(first) :]
    if not any(isinstance(block, (ListBlock, Preformatted)) for block in first):
        first += _announced_list(rest)
    asides = tuple(_asides(rest))
    longer = _together(_up_to(section, packages), asides)
    shorter = _together(first, asides)
    return longer if len(longer) > len(shorter) and _is_brief(longer) else shorter


def brief(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks that are short enough to be quoted; of longer ones the first."""
    return tuple(blocks if _is_brief(blocks) else blocks[:1])


def _is_brief(blocks: Sequence[Block]) -> bool:
    words = sum(len(plain(inlines)) for _, inlines in runs(blocks))
    code = sum(len(leaf.text) for leaf in leaves(blocks) if isinstance(leaf, Preformatted))
    return words + code <= _MAX_BRIEF


def _up_to(section: Section, lines: Iterable[int]) -> tuple[Block, ...]:
    """The blocks of a section up to the last that has one of these lines; none if none has."""
    last = max((line for line in lines if section.first < line <= section.last), default=0)
    return tuple(block for block in section.blocks if block.first <= last)


def _together(blocks: tuple[Block, ...], asides: Iterable[Block]) -> tuple[Block, ...]:
    lines = {block.first for block in blocks}
    return (*blocks, *(block for block in asides if block.first not in lines))


def _statement(blocks: Sequence[Block]) -> tuple[Block, ...]:
    taken: list[Block] = []
    for block in blocks:
        announced = bool(taken) and (_announces(taken[-1]) or _goes_on(taken[-1], block))
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


def _asides(blocks: Sequence[Block]) -> Iterator[Block]:
    """Where it is first said that something is to be restarted, and that some need do nothing."""
    places = {
        n
        for says in (_RESTART, _NO_ACTION)
        if (n := next((n for n, block in enumerate(blocks) if _says(says, block)), -1)) >= 0
    }
    for n in sorted(places):
        yield from _statement(blocks[n:])


def _says(what: re.Pattern[str], block: Block) -> bool:
    words = plain(block.inlines) if isinstance(block, Paragraph) else ""
    return len(words) <= _MAX_ASIDE and bool(what.search(words))


def _behind_headings(blocks: Sequence[Block]) -> Sequence[Block]:
    """Blocks without the headings that they begin with: a section can begin with another."""
    start = next((n for n, block in enumerate(blocks) if not isinstance(block, Heading)), 0)
    return blocks[start:]


def _announces(block: Block) -> bool:
    """Whether a colon is the last sign of a paragraph, or of a list's last item."""
    while isinstance(block, ListBlock) and block.items[-1].blocks:
        block = block.items[-1].blocks[-1]
    return isinstance(block, Paragraph) and plain(block.inlines).endswith(":")


def _goes_on(above: Block, block: Block) -> bool:
    """Whether a sentence has a command or the like in its middle, or at its end."""
    match above, block:
        case Paragraph(), Preformatted():
            return not _ENDS.search(plain(above.inlines))
        case Preformatted(), Paragraph():
            return bool(_GOES_ON.match(plain(block.inlines)))
        case _:
            return False


def _is_packages(taken: Sequence[Block]) -> bool:
    """Whether what is taken so far ends with a list: the next release's may follow."""
    return bool(taken) and isinstance(taken[-1], ListBlock)
