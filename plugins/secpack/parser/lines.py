"""A text's lines, and the marks that they begin with. Every expression takes linear time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from secpack.errors import ParseError
from secpack.parser.dates import DATE, ISO, YEARLESS

#: The parser refuses a larger text: the longest real one has 25 kB.
MAX_BYTES: Final = 1024 * 1024

#: The rules read at most so many lines and characters: the longest real text has 400 and 18,000.
MAX_READ_LINES: Final = 5_000
MAX_READ: Final = 128 * 1024

#: A rule looks at most so many lines ahead, which keeps it linear.
LOOK_AHEAD: Final = 60

BAR: Final = re.compile(r" {0,3}(?P<bar>\|(?!\|)|>(?=[> ]|$)) ?")
BOX: Final = re.compile(r" {0,3}\+[-=+]{3,}")
BULLET: Final = re.compile(r"[ \t]*(?P<marker>[-–*+•◦·o])[ \t]+(?=\S)")
NUMBER: Final = re.compile(
    r"[ \t]*(?:\((?=[0-9a-z]{1,3}\)))?(?P<marker>0|[1-9][0-9]{0,2}|[a-z])(?P<stop>[.)])[ \t]+(?=\S)"
)
LABEL: Final = re.compile(
    r" {0,3}(?P<marker>\[(?P<label>\^?[A-Za-z0-9]{1,8}|\*{1,5})\]:?)"
    r"(?:[ \t]+|$|(?=https?://))"
)
RULE: Final = re.compile(r" *(?:[*](?: ?[*]){2,}+|[-_=](?: ?[-_=]){2,}+)")
DASHES: Final = re.compile(r"--(?: The .{1,60}\b[Tt]eam)?")
_USER: Final = r"[\w.-]{1,30}@[\w.-]{1,30}"
#: A prompt and a command; after a bare ``#``, which can also mark a heading or a comment, the
#: command is in lower case, with a sign that words lack, and is no sentence.
SHELL: Final = re.compile(
    rf"[ \t]*(?:(?:\[[^\]]{{1,40}}\]|{_USER}:[^\s$]{{0,40}})?\$"
    rf"|(?:\[{_USER}[^\]]{{0,40}}\]|{_USER}:[^\s#]{{0,40}})#) [^\s0-9]"
    r"| {0,3}# (?=[a-z./])(?=.{1,120}(?:[_/=|<>$\\-]|\w\.\w))"
    r"(?!.{0,120} (?:the|is|are|of|and|to|for|in) ).{1,200}(?<![.:,!?])$"
)
URL_LINE: Final = re.compile(r"[ \t]*(?:https?://|mailto:)\S+")
_DAY: Final = (
    rf"(?P<term>(?P<date>{DATE}|{YEARLESS})(?: \([^()]{{1,30}}\)|,? [A-Z][a-z]+day"
    r"|,? [0-9]{1,2}:[0-9]{2}(?: ?(?:UTC|GMT))?)?)"
)
DATED: Final = re.compile(
    _DAY + r"(?P<separator>:[ \t]+(?=\S)|:$|[ \t]+(?:--?|[–—])[ \t]+(?=\S)|[ \t]{2,}(?=\S))"
)
#: A date and one space, as in ``2018-05-24 First release``: needs other lines like it.
DATED_LOOSELY: Final = re.compile(rf"(?P<term>(?P<date>{ISO}))(?P<separator>[ \t]+)(?=\S)")

#: Text that is indented so far is code.
CODE_INDENT: Final = 4

_TAB: Final = 8
_ALIGNED: Final = re.compile(r"[^\s.:!?](?: {3,}|\t+)\S|[\u2500-\u257f]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line end, and its number in the file.

    Inside a quotation or a list item, ``text`` is what follows the bar or the marker.
    """

    number: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether the line has only white space."""
        return not self.text

    @property
    def indent(self) -> int:
        """The column of the first character that is not white space; a tab fills 8 columns."""
        rest = self.text.lstrip(" \t")
        return len(self.text[: len(self.text) - len(rest)].expandtabs(_TAB))


Lines: TypeAlias = Sequence[Line]


def split_lines(data: bytes, *, path: str) -> list[Line]:
    """Decode a text and return its lines, without the margin that all of them have.

    Only LF and CRLF end a line.

    Raises ParseError when the text is larger than MAX_BYTES, not UTF-8, or without any word.
    """
    if len(data) > MAX_BYTES:
        message = f"{len(data)} bytes; expected at most {MAX_BYTES}: is this a bulletin?"
        raise ParseError(message, path=path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{data[error.start]:02x}; expected UTF-8 text"
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise ParseError(message, path=path, line=line, column=column) from None
    if not text or text.isspace():
        raise ParseError("empty; expected a text", path=path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    read = [Line(n, line.rstrip(" \t\r")) for n, line in enumerate(lines, 1)]
    if not all(line.text[:1] in " \t" for line in read):
        return read
    margin = min(line.indent for line in read if line.text)
    return [dedent(line, margin) for line in read]


def readable(lines: Lines) -> int:
    """Return how many lines the rules read: all, unless they are too many or too long."""
    size = 0
    for count, line in enumerate(lines):
        size += len(line.text) + 1
        if count == MAX_READ_LINES or size > MAX_READ:
            return count
    return len(lines)


def dedent(line: Line, columns: int) -> Line:
    """Remove up to ``columns`` columns of leading white space from a line, and never a word."""
    if "\t" not in line.text[:columns]:
        return Line(line.number, line.text[min(columns, line.indent) :])
    rest = line.text.lstrip(" \t")
    return Line(line.number, " " * max(0, line.indent - columns) + rest)


def without(line: Line, start: int) -> Line:
    """Remove the first ``start`` characters from a line."""
    return Line(line.number, line.text[start:])


def bar(line: Line) -> str:
    """Return what quotes a line: ``|``, or ``>`` as in mail; ``||`` and ``>=`` do not."""
    match = BAR.match(line.text) if "|" in line.text or ">" in line.text else None
    return "" if match is None else match["bar"]


def begins_quotation(lines: Lines, position: int) -> bool:
    """Whether a bar interrupts running text; ``>`` does below a colon only: it can be "greater"."""
    drawn = bar(lines[position])
    return drawn == "|" or (drawn == ">" and lines[position - 1].text.endswith(":"))


def is_aligned(text: str) -> bool:
    """Whether several spaces or a tab separate words of a line, or it has lines of a drawing."""
    is_plain = text.isascii() and "   " not in text and "\t" not in text  # nearly always
    return not is_plain and _ALIGNED.search(text) is not None


def skip_blank(lines: Lines, position: int) -> int:
    """Return the index of the next line that is not blank, or the number of lines."""
    while position < len(lines) and not lines[position].text:
        position += 1
    return position


def chunk_end(lines: Lines, position: int, most: int | None = None) -> int:
    """Return the index of the next blank line, but look at ``most`` lines only."""
    end = len(lines) if most is None else min(len(lines), position + most)
    while position < end and lines[position].text:
        position += 1
    return position


def span(lines: Lines, position: int, end: int) -> tuple[int, int, int]:
    """Extend a block over the blank lines below it.

    Returns its first and last line, and the index after it.
    """
    after = skip_blank(lines, end)
    return lines[position].number, lines[after - 1].number, after


def joined(lines: Lines) -> str:
    """Join the lines of running text, without their indentation."""
    return "\n".join(line.text.strip(" \t") for line in lines)
