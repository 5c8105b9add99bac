"""What the block parsers share: their state, and where a run of lines ends.

Each ``parse_x`` takes lines, an index and the state, and returns a block and the index behind it,
or None when the line does not begin an x. A block takes the blank lines that follow it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from secpack.model.blocks import Block, Inline
from secpack.model.findings import Finding
from secpack.parser import patterns as marks
from secpack.parser.inline import parse_inline
from secpack.parser.lines import Line

#: How many lines a rule looks ahead to judge what they are; keeps every rule linear.
LOOK_AHEAD: Final = 60

# Titles of sections, in lower case, that mean something to the parser.
REFERENCE_SECTIONS: Final = frozenset({"references", "footnotes", "notes"})
REVISION_SECTIONS: Final = frozenset(
    {"changelog", "change log", "history", "revisions", "revision history"}
)
DATED_SECTIONS: Final = REVISION_SECTIONS | {"timeline"}

_NUMBERED: Final = re.compile(r"\A(?:[0-9]{1,2}[.)])+[ \t]+")

Lines: TypeAlias = Sequence[Line]
_B = TypeVar("_B", bound=Block)
Found: TypeAlias = tuple[_B, int] | None


@dataclass(slots=True)
class State:
    """What the parser knows on its way down a document; nested parsers share the findings.

    ``labels`` are those of all references, ``reserved`` those that a section for references
    defines. ``section`` is the title of the section it is in, in lower case, ``level`` its level;
    ``top`` is the sign that underlines the first section, ``repeated`` are titles that occur more
    than once.
    """

    path: str
    labels: frozenset[str]
    findings: list[Finding]
    parse_blocks: Callable[[Lines, State], tuple[Block, ...]]
    depth: int = 0
    section: str = ""
    level: int = 0
    top: str = ""
    in_item: bool = False
    reserved: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()

    def inline(self, text: str) -> tuple[Inline, ...]:
        """Parse running text with the labels of this document."""
        return parse_inline(text, self.labels)

    def nested(self, lines: Lines, *, in_item: bool) -> tuple[Block, ...]:
        """The blocks inside a container."""
        return self.parse_blocks(lines, replace(self, depth=self.depth + 1, in_item=in_item))

    def report(self, line: int, code: str, message: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(self.path, line, code, message))


def skip_blank(lines: Lines, position: int) -> int:
    """The index of the next line with something on it, or the number of lines."""
    while position < len(lines) and not lines[position].text:
        position += 1
    return position


def chunk_end(lines: Lines, position: int, most: int | None = None) -> int:
    """The index of the next blank line, or the number of lines; at the most ``most`` lines on."""
    end = len(lines) if most is None else min(len(lines), position + most)
    while position < end and lines[position].text:
        position += 1
    return position


def span(lines: Lines, position: int, end: int) -> tuple[int, int, int]:
    """First and last line of a block with the blank lines below it, and the index behind them."""
    behind = skip_blank(lines, end)
    return lines[position].number, lines[behind - 1].number, behind


def joined(lines: Lines) -> str:
    """Running text of several lines, without their indentation."""
    return "\n".join(line.text.strip(" \t") for line in lines)


def without(line: Line, start: int) -> Line:
    """A line without its first ``start`` characters."""
    return Line(line.number, line.text[start:])


def section_name(title: str) -> str:
    """A section's title as it is looked up: in lower case, without its number or colon."""
    return _NUMBERED.sub("", title.strip(" \t"), count=1).rstrip(":").lower()


def is_heading(lines: Lines, position: int) -> bool:
    """Whether a line is underlined: a heading if it stands free or is as long as its underline."""
    # Asked of every line, several times: nearly all are ruled out by how the next one ends.
    if position + 1 >= len(lines) or not lines[position + 1].text.endswith(("---", "===")):
        return False
    title, underline = lines[position], lines[position + 1].text
    if title.blank or not marks.UNDERLINE.fullmatch(underline) or marks.RULE.fullmatch(title.text):
        return False
    if has_bar(title) or marks.BULLET.match(title.text):
        return False
    above = lines[position - 1].text if position else ""
    if not above:
        return True
    length, drawn = len(title.text.strip(" \t")), len(underline.strip(" \t"))
    return abs(length - drawn) <= 2 or (above.endswith((".", "!", "?")) and drawn * 2 >= length)


def has_bar(line: Line) -> bool:
    """Whether a line is quoted with a ``|``."""
    bar = "|" in line.text and marks.BAR.match(line.text)
    return bool(bar) and not line.text.lstrip().startswith("||")
