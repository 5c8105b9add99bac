"""The blocks of a document, and the inlines of running text.

Lines are counted from 1. The leaf blocks of a document, in order, cover each of its lines exactly
once: a blank line belongs to the block before it (to the first block, where none is before it).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Words with nothing special about them; a line break of the text is a newline."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """``_words_`` or ``*words*``; ``text`` is what stands between the marks."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """```code```; ``text`` is what stands between the backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address (http, https or mailto), as printed."""

    url: str


@dataclass(frozen=True, slots=True)
class Citation:
    """``[1]`` in running text, where the document defines that label."""

    label: str


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier in running text: ``scheme`` XSA, CVE, QSB …; ``value`` its canonical form.

    ``text`` is what is printed, which may be a bare number (the ``122`` of ``XSA 121 & 122``).
    """

    scheme: str
    value: str
    text: str


Inline: TypeAlias = Text | Emphasis | Code | Link | Citation | Id


@dataclass(frozen=True, slots=True)
class Letterhead:
    """How a text begins: the ``---===[ … ]===---`` line, a date, a title of one or more lines.

    ``line`` is where the banner stands, behind blank lines or not.
    """

    first: int
    last: int
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
        """Title and subtitle on one line; empty where the text has none."""
        parts = (" ".join(self.title_lines), " ".join(self.subtitle_lines))
        return ": ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's heading; ``level`` is 1 for the outermost sections of the text."""

    first: int
    last: int
    level: int
    inlines: tuple[Inline, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    first: int
    last: int
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text whose line breaks and spaces matter.

    ``language`` is c, diff or sh, record for a proof of freshness, or empty.
    """

    first: int
    last: int
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Quotation:
    """What stands behind ``|`` bars."""

    first: int
    last: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; ``number`` is its number (a = 1), or None behind a bullet."""

    first: int
    last: int
    number: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; ``style`` is the marker's form: ``-``, ``*``, ``1.``, ``1)``, ``a.`` or ``a)``."""

    first: int
    last: int
    style: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and what is said of it; ``separator`` is what is printed between the two."""

    first: int
    last: int
    term: tuple[Inline, ...]
    separator: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """``XSA-237 - …`` with hanging lines, or dated entries of a timeline or changelog."""

    first: int
    last: int
    items: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A note or reference that running text can cite; ``marker`` is its label as printed."""

    first: int
    last: int
    label: str
    marker: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class References:
    """A run of references."""

    first: int
    last: int
    items: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table drawn with bars: its head and its body, each a tuple of rows of cells."""

    first: int
    last: int
    head: tuple[tuple[tuple[Inline, ...], ...], ...]
    body: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of asterisks or dashes that separates."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Unread:
    """The rest of a text that is too long to be read: its lines as printed."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signs: ``Thanks,`` and a name, or ``--`` and the team. Its line breaks matter."""

    first: int
    last: int
    inlines: tuple[Inline, ...]


Block: TypeAlias = (
    Letterhead
    | Heading
    | Paragraph
    | Preformatted
    | Quotation
    | ListBlock
    | Definitions
    | References
    | Table
    | Rule
    | SignOff
    | Unread
)
