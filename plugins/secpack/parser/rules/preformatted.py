"""Preformatted text: code, commands, diffs, records; and what no other rule understands."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Final

from secpack.model.blocks import Preformatted
from secpack.parser import patterns as marks
from secpack.parser.state import (
    LOOK_AHEAD,
    Found,
    Lines,
    State,
    chunk_end,
    is_heading,
    skip_blank,
    span,
)

CODE_INDENT: Final = 4
_MAX_FENCED: Final = 500
_DIFF_LINES = (
    "--- ",
    "index ",
    "\\ No newline",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "Binary files ",
)


def preformatted(lines: Lines, position: int, end: int) -> tuple[Preformatted, int]:
    """Lines as they are, without the indentation that they share."""
    first, last, behind = span(lines, position, end)
    content = [line.text for line in lines[position:end]]
    text = textwrap.dedent("\n".join(content)).rstrip("\n")
    return Preformatted(first, last, text, marks.language_of(content)), behind


def parse_shell(lines: Lines, position: int, _: State) -> Found[Preformatted]:
    """A ``$`` prompt, and what is printed below it."""
    if not marks.SHELL.match(lines[position].text):
        return None
    return preformatted(lines, position, chunk_end(lines, position))


def parse_diff(lines: Lines, position: int, _: State) -> Found[Preformatted]:
    """A diff at the left margin, as far as its hunks reach."""
    line = lines[position].text
    follows = position + 1 < len(lines) and lines[position + 1].text.startswith("+++ ")
    if line.startswith(" ") or not (
        marks.starts_diff(line) or (line.startswith("--- ") and follows)
    ):
        return None
    end = following = position
    left = (0, 0)
    while following < len(lines) and (rest := _after_diff_line(lines[following].text, left)):
        left = rest
        end = following + 1
        following = skip_blank(lines, end)
        left = (left[0] - (following - end), left[1] - (following - end))
    return preformatted(lines, position, end)


def _after_diff_line(text: str, left: tuple[int, int]) -> tuple[int, int] | None:
    """How many old and new lines the hunk has left behind a line; None where no diff goes on."""
    if match := marks.HUNK.match(text):
        return int(match["old"] or 1), int(match["new"] or 1)
    if marks.starts_diff(text) or text.startswith(_DIFF_LINES):
        return left
    old, new = (text.startswith((" ", "-")), text.startswith((" ", "+")))
    if max(left) <= 0 or not (old or new):
        return None
    return left[0] - old, left[1] - new


def parse_fenced(lines: Lines, position: int, _: State) -> Found[Preformatted]:
    """What stands between two lines of backticks; the lines themselves stay with it."""
    if not marks.FENCE.fullmatch(lines[position].text):
        return None
    end = position + 1
    while end < len(lines) and not marks.FENCE.fullmatch(lines[end].text):
        if is_heading(lines, end) or end - position > _MAX_FENCED:
            return None
        end += 1
    return preformatted(lines, position, end + 1) if end < len(lines) else None


def parse_indented(lines: Lines, position: int, state: State) -> Found[Preformatted]:
    """Lines indented by four columns or more; in a list item a command by one or more."""
    line = lines[position]
    if line.indent < CODE_INDENT and not (state.in_item and _is_command(lines, position)):
        return None
    least = min(line.indent, CODE_INDENT)
    end = position + 1
    while end < len(lines):
        following = skip_blank(lines, end)
        if following == len(lines) or lines[following].indent < least:
            break
        end = following + 1
    return preformatted(lines, position, end)


def _is_command(lines: Lines, position: int) -> bool:
    text = lines[position].text.strip(" \t")
    shown = marks.looks_like_command(text) or bool(marks.FINGERPRINT.fullmatch(text))
    return lines[position].indent >= 1 and shown


def parse_margin_code(lines: Lines, position: int, state: State) -> Found[Preformatted]:
    """Source code at the left margin: to the end of the paragraphs that its braces hold open."""
    if state.depth or not _is_code(lines, position):
        return None
    start, open_braces = position, 0
    while True:
        end = chunk_end(lines, position)
        open_braces += sum(_braces(line.text) for line in lines[position:end])
        position = skip_blank(lines, end)
        if position == len(lines) or not _goes_on(lines, position, is_open=open_braces > 0):
            return preformatted(lines, start, end)


def _braces(text: str) -> int:
    return text.count("{") - text.count("}")


def _goes_on(lines: Lines, position: int, *, is_open: bool) -> bool:
    indented = lines[position].indent >= CODE_INDENT
    return _is_code(lines, position) or (is_open and indented)


def _is_code(lines: Lines, position: int) -> bool:
    """Whether most lines of a paragraph, and its first, can only be source code."""
    chunk = lines[position : chunk_end(lines, position, LOOK_AHEAD)]
    if not marks.looks_like_code(chunk[0].text) or is_heading(lines, position):
        return False
    code = sum(1 for line in chunk if line.indent >= 2 or marks.looks_like_code(line.text))
    return code * 3 > len(chunk) * 2


def parse_command(lines: Lines, position: int, _: State) -> Found[Preformatted]:
    """Lines below a colon, each of which can be a command and is no sentence."""
    end = chunk_end(lines, position, LOOK_AHEAD)
    commands = (line.text.strip(" \t") for line in lines[position:end])
    if position == 0 or not all(marks.looks_like_command(command) for command in commands):
        return None
    above = next(
        (line for line in reversed(lines[max(0, position - 3) : position]) if line.text), None
    )
    if above is None or not above.text.endswith(":"):
        return None
    return preformatted(lines, position, end)


def parse_record(lines: Lines, position: int, state: State) -> Found[Preformatted]:
    """What a canary gives as its proof of freshness: a record, as printed."""
    if state.depth or not state.section.startswith("proof of"):
        return None
    end = position
    while end < len(lines) and not is_heading(lines, end):
        if marks.DASHES.fullmatch(lines[end].text):
            break
        end += 1
    if end == position:
        return None
    while lines[end - 1].blank:
        end -= 1
    block, behind = preformatted(lines, position, end)
    return replace(block, language="record"), behind
