"""Preformatted text: code, commands, diffs, records; and what no other rule understands."""

import re
import textwrap
from typing import Final

from secpack.model.blocks import Preformatted
from secpack.parser import lines as marks
from secpack.parser.lines import Lines
from secpack.parser.rules import Parsed, Scope
from secpack.parser.rules.headings import breaks_off, is_heading

_MAX_FENCED: Final = 500

FENCE: Final = re.compile(r" {0,3}(?P<sign>`{3,}|~{3,})[\w-]{0,20}")
_FINGERPRINT: Final = re.compile(r"(?:[0-9A-F]{4} {1,2}){9}[0-9A-F]{4}")
_CALL: Final = re.compile(
    r"(?:\w+[ \t]+\*{0,3}){0,4}(?:[\w.>-]{1,80}|(?:if|for|while|switch|return) )\("
)
_COMMAND: Final = re.compile(r"(?:# )?(?:sudo |\./|[a-z][\w.-]{0,40}(?: |$))")
_PROSE: Final = re.compile(r"(?:[\w(\"'][^\s={}<>|$;\\]*(?: {1,2}|$))+")
_COMMAND_SIGNS: Final = frozenset("-_/=|<>$\\")
_HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(?P<old>\d{1,9}))? \+\d{1,9}(?:,(?P<new>\d{1,9}))? @@")
_DIFF_SIGNS: Final = re.compile(r"[ \t]*(?:diff --git |@@ .+ @@|\+\+\+ \S)")
_DIFF_LINE: Final = re.compile(
    r"--- |index |\\ No newline|(?:old|new|new file|deleted file) mode |(?:dis)?similarity index "
    r"|(?:rename|copy) (?:from|to) |Binary files "
)


def preformatted(
    lines: Lines, position: int, end: int, language: str | None = None
) -> tuple[Preformatted, int]:
    """Return lines as they are, without the indentation that they share."""
    first, last, after = marks.span(lines, position, end)
    content = [line.text for line in lines[position:end]]
    text = textwrap.dedent("\n".join(content)).rstrip("\n")
    return Preformatted(first, last, text, language or _language_of(content)), after


def _language_of(lines: list[str]) -> str:
    """Return diff, sh or c where that is plain, and an empty string otherwise."""
    written = [line for line in lines if line]
    if any(_DIFF_SIGNS.match(line) for line in written):
        return "diff"
    first = written[0].lstrip() if written else ""
    if marks.SHELL.match(first) or first.startswith(("sudo ", "#!/bin/")):
        return "sh"
    code = sum(1 for line in written if _looks_like_code(line))
    return "c" if code >= 2 and code * 3 >= len(written) else ""


def parse_shell(lines: Lines, position: int, _: Scope) -> Parsed[Preformatted]:
    """Read a ``$`` prompt, and the output below it."""
    if not marks.SHELL.match(lines[position].text):
        return None
    return preformatted(lines, position, marks.chunk_end(lines, position))


def parse_diff(lines: Lines, position: int, _: Scope) -> Parsed[Preformatted]:
    """Read a diff at the left margin, to the end of its hunks; or a few changed lines alone."""
    end = marks.chunk_end(lines, position, marks.LOOK_AHEAD)
    if {"+", "-"} <= {own.text[0] for own in lines[position:end]} <= {"+", "-", " "}:
        return preformatted(lines, position, end, "diff")
    line = lines[position].text
    follows = position + 1 < len(lines) and lines[position + 1].text.startswith("+++ ")
    begins = _DIFF_SIGNS.match(line) or (line.startswith("--- ") and follows)
    if line.startswith(" ") or not begins:
        return None
    end = following = position
    left = (0, 0)
    while following < len(lines) and (rest := _after_diff_line(lines[following].text, left)):
        left = rest
        end = following + 1
        following = marks.skip_blank(lines, end)
        left = (left[0] - (following - end), left[1] - (following - end))
    return preformatted(lines, position, end)


def _after_diff_line(text: str, left: tuple[int, int]) -> tuple[int, int] | None:
    """Return how many old and new lines of the hunk remain; None where the diff has ended."""
    if match := _HUNK.match(text):
        return int(match["old"] or 1), int(match["new"] or 1)
    if _DIFF_SIGNS.match(text) or _DIFF_LINE.match(text):
        return left
    old, new = (text.startswith((" ", "-")), text.startswith((" ", "+")))
    if max(left) <= 0 or not (old or new):
        return None
    return left[0] - old, left[1] - new


def parse_fenced(lines: Lines, position: int, _: Scope) -> Parsed[Preformatted]:
    """Read from a line of backticks or tildes to the next like it, including these lines."""
    fence = FENCE.fullmatch(lines[position].text)
    if not fence:
        return None
    end = position + 1
    while end < len(lines) and lines[end].text.strip(" ") != fence["sign"]:
        if is_heading(lines, end) or end - position > _MAX_FENCED:
            return None
        end += 1
    return preformatted(lines, position, end + 1) if end < len(lines) else None


def parse_indented(lines: Lines, position: int, scope: Scope) -> Parsed[Preformatted]:
    """Read lines indented by four columns or more; in an item, a command by one or more."""
    line = lines[position]
    shallow = line.indent < marks.CODE_INDENT
    text = line.text.strip(" \t")
    command = scope.in_item and (_looks_like_command(text) or _FINGERPRINT.fullmatch(text))
    if not (shallow and line.indent and command) and (shallow or _is_prose(lines, position)):
        return None
    least = min(line.indent, marks.CODE_INDENT)
    end = position + 1
    while end < len(lines):
        following = marks.skip_blank(lines, end)
        if following == len(lines) or lines[following].indent < least:
            break
        end = following + 1
    return preformatted(lines, position, end)


def _is_prose(lines: Lines, position: int) -> bool:
    """Whether an indented paragraph is sentences, not below a colon; or nothing but URLs."""
    own = lines[position : marks.chunk_end(lines, position, marks.LOOK_AHEAD)]
    even = len({line.indent for line in own}) == 1 < len(own)
    plain = even and all(_PROSE.fullmatch(line.text.lstrip(" \t")) for line in own)
    if plain and own[-1].text.endswith((".", "!", "?")):
        return not _above(lines, position).endswith(":")
    return all(marks.URL_LINE.fullmatch(line.text) for line in own)


def _above(lines: Lines, position: int) -> str:
    """The nearest line above that is not blank; empty if there is none near."""
    nearest = reversed(lines[max(0, position - 3) : position])
    return next((line.text for line in nearest if line.text), "")


def parse_margin_code(lines: Lines, position: int, scope: Scope) -> Parsed[Preformatted]:
    """Read source code at the left margin, and paragraphs inside its braces."""
    if scope.depth or not _is_code(lines, position):
        return None
    start, open_braces = position, 0
    while True:
        end = marks.chunk_end(lines, position)
        own = [line.text for line in lines[position:end]]
        open_braces += sum(text.count("{") - text.count("}") for text in own)
        position = marks.skip_blank(lines, end)
        more = position < len(lines)
        inside = more and open_braces > 0 and lines[position].indent >= marks.CODE_INDENT
        if not inside and not (more and _is_code(lines, position)):
            return preformatted(lines, start, end)


def _is_code(lines: Lines, position: int) -> bool:
    """Whether the first line of a paragraph, and most of its lines, can only be source code."""
    chunk = lines[position : marks.chunk_end(lines, position, marks.LOOK_AHEAD)]
    if not _looks_like_code(chunk[0].text) or is_heading(lines, position):
        return False
    code = sum(1 for line in chunk if line.indent >= 2 or _looks_like_code(line.text))
    return code * 3 > len(chunk) * 2


def _looks_like_code(line: str) -> bool:
    """Whether a line at the left margin can only be source code."""
    line = line.strip()
    if line in {"(...)", "..."} or line.startswith(("/*", "*/", "//", "#include ", "#define ")):
        return True
    if line.endswith((";", "{", "}", "*/", "||", "&&")):
        return len(line.split(None, 5)) < 5 or any(sign in line for sign in "(){}=<>[]*")
    return line.endswith((")", ",")) and bool(_CALL.match(line))


def parse_command(lines: Lines, position: int, _: Scope) -> Parsed[Preformatted]:
    """Read lines below a colon if each of them can be a command and none is a sentence."""
    end = marks.chunk_end(lines, position, marks.LOOK_AHEAD)
    commands = (line.text.strip(" \t") for line in lines[position:end])
    if position == 0 or not all(_looks_like_command(command) for command in commands):
        return None
    return preformatted(lines, position, end) if _above(lines, position).endswith(":") else None


def _looks_like_command(line: str) -> bool:
    """Whether a line has a lower-case first word, and signs that prose lacks: ``rm -r x``."""
    if not _COMMAND.match(line) or line[-1] in ".:,!?" or marks.URL_LINE.fullmatch(line):
        return False
    return line.startswith(("sudo ", "# ")) or not _COMMAND_SIGNS.isdisjoint(line)


def parse_record(lines: Lines, position: int, scope: Scope) -> Parsed[Preformatted]:
    """Read the proof of freshness of a canary, as printed."""
    if scope.depth or not scope.section.startswith("proof of"):
        return None
    end = position
    while end < len(lines) and not breaks_off(lines, end):
        end += 1
    return preformatted(lines, position, end, "record") if end > position else None
