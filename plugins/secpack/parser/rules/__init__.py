"""The rules of the parser, and what they share.

Each ``parse_x(lines, position, scope)`` returns a block and the index after it, or None if no x
begins at that line. A block includes the blank lines below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from secpack.model.blocks import Block, Inline
from secpack.model.findings import Finding
from secpack.parser.inline import Forms, parse_inline
from secpack.parser.lines import Line, Lines, dedent, without

_B = TypeVar("_B", bound=Block)
Parsed: TypeAlias = tuple[_B, int] | None


@dataclass(slots=True)
class Scope:
    """What the rules know at a position of a document; nested blocks share the findings.

    ``forms`` are those of further ids, ``reserved`` the labels that a section of references
    defines; ``repeated`` are titles that occur more than once. ``section`` is the name of the
    current section and ``level`` its level; ``signs`` are those that underline headings, in order.
    """

    path: str
    forms: Forms
    reserved: frozenset[str]
    repeated: frozenset[str]
    parse_blocks: Callable[[Lines, Scope], tuple[Block, ...]]
    findings: list[Finding] = field(default_factory=list)
    depth: int = 0
    in_item: bool = False
    section: str = ""
    level: int = 0
    signs: list[str] = field(default_factory=list)

    def inline(self, text: str) -> tuple[Inline, ...]:
        """Parse running text of this document."""
        return parse_inline(text, self.forms)

    def nested(self, lines: Lines, *, in_item: bool) -> tuple[Block, ...]:
        """Parse the lines inside a container."""
        return self.parse_blocks(lines, replace(self, depth=self.depth + 1, in_item=in_item))

    def item(self, lines: Lines, start: int, indent: int) -> tuple[Block, ...]:
        """Parse an item whose words begin after ``start`` characters of its first line.

        Further lines lose ``indent`` columns: two in ``- One item`` with hanging lines.
        """
        content: list[Line] = [without(lines[0], start)]
        content += [dedent(line, indent) for line in lines[1:]]
        return self.nested(content, in_item=True)

    def report(self, line: int, code: str, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(self.path, line, code, message))
