"""Bytes to numbered lines; what the block parser asks of a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from secpack.errors import ParseError

#: A text larger than this is refused: the longest real one has 25 kB.
MAX_BYTES: Final = 1024 * 1024

#: Lines and characters of a text that the rules read: the longest real one has 400 and 18,000.
MAX_READ_LINES: Final = 5_000
MAX_READ: Final = 128 * 1024

_TAB: Final = 8
_INDENT: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line end: its number in the file and what is on it.

    Inside a quotation or a list item ``text`` is what follows the bar or the marker.
    """

    number: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether nothing but white space is on it."""
        return not self.text

    @property
    def indent(self) -> int:
        """The column of the first character that is not a space or tab, tabs every 8 columns."""
        match = _INDENT.match(self.text)
        assert match is not None
        space = match[0]
        return len(space.expandtabs(_TAB)) if "\t" in space else len(space)


def split_lines(data: bytes, *, path: str) -> list[Line]:
    """Decode a text and return its lines; only LF and CRLF end a line.

    Raises ParseError when the text is larger than MAX_BYTES, not UTF-8, or without any word.
    """
    if len(data) > MAX_BYTES:
        raise ParseError(
            f"{len(data)} bytes; expected at most {MAX_BYTES}: is this a bulletin?", path=path
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise ParseError(
            f"not UTF-8: byte 0x{data[error.start]:02x}; expected UTF-8 text",
            path=path,
            line=before.count(b"\n") + 1,
            column=error.start - (before.rfind(b"\n") + 1) + 1,
        ) from None
    if not text or text.isspace():
        raise ParseError("empty; expected a text", path=path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [Line(n, line.rstrip(" \t\r")) for n, line in enumerate(lines, 1)]


def readable(lines: list[Line]) -> int:
    """How many lines the rules read; all of them, unless there are too many or too long ones."""
    size = 0
    for count, line in enumerate(lines):
        size += len(line.text) + 1
        if count == MAX_READ_LINES or size > MAX_READ:
            return count
    return len(lines)


def dedent(line: Line, columns: int) -> Line:
    """Take up to ``columns`` columns of leading white space from a line; words are never taken."""
    if not columns:
        return line
    if "\t" not in line.text[:columns]:
        return Line(line.number, line.text[min(columns, line.indent) :])
    rest = line.text.lstrip(" \t")
    return Line(line.number, " " * max(0, line.indent - columns) + rest)
