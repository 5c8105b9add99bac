"""The blocks of a document, and the inlines of running text.

Lines are counted from 1. The leaves of a document, in order, cover each of its lines exactly once:
a blank line belongs to the block before it, or to the first block if it comes before all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, assert_never

# --- running text -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words; a newline is a line break of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """``_words_`` or ``*words*``; ``text`` is what is between the marks."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """```code```; ``text`` is what is between the backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A URL (http, https or mailto) as printed."""

    url: str


@dataclass(frozen=True, slots=True)
class Citation:
    """``[1]`` in running text, whether or not the document defines that label."""

    label: str


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier: ``scheme`` is XSA, CVE, bulletin …, ``value`` the canonical form.

    ``text`` is what is printed, which can be a bare number: the ``122`` of ``XSA 121 & 122``.
    """

    scheme: str
    value: str
    text: str


Inline: TypeAlias = Text | Emphasis | Code | Link | Citation | Id

# --- blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lines:
    """The first and the last line, including the blank lines below."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Letterhead(_Lines):
    """How a text begins: the banner ``---===[ … ]===---``, a date, a title of one or more lines.

    ``line`` is the line of the banner, which blank lines can precede.
    """

    line: int
    issuer: str
    kind: str
    number: int
    banner: str
    date_text: str
    date: date | None
    title_lines: tuple[str, ...]
    subtitle_lines: tuple[str, ...]

    @property
    def title(self) -> str:
        """Title and subtitle on one line; empty if the text has neither."""
        parts = (" ".join(self.title_lines), " ".join(self.subtitle_lines))
        return ": ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Heading(_Lines):
    """A section's heading; ``level`` is 1 for the outermost sections."""

    level: int
    inlines: tuple[Inline, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph(_Lines):
    """Running text; ``breaks`` says that its line breaks matter, as in an address."""

    inlines: tuple[Inline, ...]
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Preformatted(_Lines):
    """Text whose line breaks and spaces matter.

    ``language`` is c, diff or sh; record for a proof of freshness; unread for the rest of a text
    that is too long to be read; or empty.
    """

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Quotation(_Lines):
    """Blocks quoted with ``|`` bars."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item(_Lines):
    """One item of a list; ``number`` is None after a bullet, and 1 after ``a``."""

    number: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListBlock(_Lines):
    """A list; ``style`` is its bullet, or the form of a number: ``1.``, ``1)``, ``a.``, ``a)``."""

    style: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Definition(_Lines):
    """A term and its explanation; ``separator`` is what is printed between the two."""

    term: tuple[Inline, ...]
    separator: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Definitions(_Lines):
    """``XSA-237 - …`` with hanging lines, or the dated lines of a timeline or changelog."""

    items: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Reference(_Lines):
    """A note or reference that running text can cite; ``marker`` is its label as printed."""

    label: str
    marker: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class References(_Lines):
    """Consecutive references."""

    items: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Table(_Lines):
    """A table drawn with bars: the rows of its head and of its body, each a tuple of cells."""

    head: tuple[tuple[tuple[Inline, ...], ...], ...]
    body: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Rule(_Lines):
    """A separating line of asterisks or dashes."""


@dataclass(frozen=True, slots=True)
class SignOff(_Lines):
    """Who signs: ``Thanks,`` and a name, or ``--`` and the team. Line breaks matter."""

    inlines: tuple[Inline, ...]


Leaf: TypeAlias = Letterhead | Heading | Paragraph | Preformatted | Table | Rule | SignOff
Container: TypeAlias = Quotation | ListBlock | Definitions | References
Block: TypeAlias = Leaf | Container

# --- what blocks hold -------------------------------------------------------------------------


def children(block: Container) -> Iterator[Block]:
    """Yield the blocks inside a container, or inside its items, in order."""
    match block:
        case Quotation():
            yield from block.blocks
        case ListBlock() | Definitions() | References():
            for item in block.items:
                yield from item.blocks
        case _:
            assert_never(block)


def leaves(blocks: Iterable[Block]) -> Iterator[Leaf]:
    """Yield the blocks that hold no others, in order; together they cover every line once."""
    for block in blocks:
        if isinstance(block, Container):
            yield from leaves(children(block))
        else:
            yield block


def references(blocks: Iterable[Block]) -> Iterator[Reference]:
    """Yield all references, also those inside other blocks, in order."""
    for block in blocks:
        if isinstance(block, References):
            yield from block.items
        if isinstance(block, Container):
            yield from references(children(block))


def running_text(
    blocks: Iterable[Block], *, code: bool = False
) -> Iterator[tuple[int, tuple[Inline, ...]]]:
    """Yield all running text in order: the line where each piece begins, and its inlines.

    ``code`` is whether code is text, too.
    """
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
                    yield from running_text(definition.blocks, code=code)
            case Quotation() | ListBlock() | References():
                yield from running_text(children(block), code=code)
            case Preformatted() if code:
                yield block.first, (Text(block.text),)
            case Letterhead() | Preformatted() | Rule():
                pass
            case _:
                assert_never(block)


def plain(inlines: Iterable[Inline]) -> str:
    """Return running text as words on one line, without its marks."""
    return " ".join("".join([words(inline) for inline in inlines]).split())


def words(inline: Inline) -> str:
    """Return one inline as words, without its marks."""
    if isinstance(inline, Link):
        return inline.url
    return f"[{inline.label}]" if isinstance(inline, Citation) else inline.text
