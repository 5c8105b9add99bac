"""Headings, and the names of the sections that they begin."""

import re
from typing import Final

from secpack.model.blocks import Heading
from secpack.parser.lines import BULLET, DASHES, RULE, Line, Lines, bar, is_aligned, span
from secpack.parser.rules import Parsed, Scope

# Names of sections that the parser treats in their own way.
REFERENCE_SECTIONS: Final = frozenset({"references", "footnotes", "notes"})
REVISION_SECTIONS: Final = frozenset(
    {"changelog", "change log", "changes", "history", "revisions", "revision history"}
    | {"version history", "change history", "update history", "updates to this bulletin"}
)
DATED_SECTIONS: Final = REVISION_SECTIONS | {"timeline"}
_TOP_SECTIONS: Final = DATED_SECTIONS | {
    "acknowledgements", "acknowledgments", "affected systems", "credits", "footnotes", "patching",
    "quick summary", "references", "summary", "user action", "user action required",
}  # fmt: skip

_DEEPEST: Final = 4
_SIGNS: Final = "-=~*+^_#.:'\""
_UNDERLINE: Final = re.compile(rf" {{0,3}}(?P<mark>[{_SIGNS}])(?P=mark){{2,}}")
_ENDS: Final = tuple(3 * sign for sign in _SIGNS)
_MARKDOWN: Final = re.compile(r"(?P<mark>#{2,6}[ \t]{1,4})(?=\S)")
_NUMBERED: Final = re.compile(r"\A(?:[0-9]{1,2}[.)])+[ \t]+")


def section_name(title: str) -> str:
    """Return a section's title in lower case, without number or colon: ``1. Patching:``."""
    return _NUMBERED.sub("", title.strip(" \t"), count=1).rstrip(":").lower()


def is_heading(lines: Lines, position: int) -> bool:
    """Whether a line is underlined, and either a blank line precedes it or the lengths match.

    Both must hold where the line below is neither ``===`` nor ``---``.
    """
    # Called for every line, several times; the end of the next line rules out nearly all.
    if position + 1 >= len(lines) or not lines[position + 1].text.endswith(_ENDS):
        return False
    underline = _UNDERLINE.fullmatch(lines[position + 1].text)
    if underline is None or not _can_be_title(lines[position]):
        return False
    title, above = lines[position].text.strip(" \t"), lines[position - 1].text if position else ""
    length, drawn = len(title), len(underline[0].strip(" \t"))
    fits = abs(length - drawn) <= 2
    if underline["mark"] not in {"-", "="}:
        return not above and fits and not title.endswith((".", ",", ";"))
    return not above or fits or (above.endswith((".", "!", "?")) and drawn * 2 >= length)


def _can_be_title(line: Line) -> bool:
    """Whether a line has words, and neither a bar, a bullet nor columns."""
    if line.blank or RULE.fullmatch(line.text) or _UNDERLINE.fullmatch(line.text):
        return False
    columns = is_aligned(_NUMBERED.sub("", line.text.strip(" \t"), count=1))
    return not (columns or bar(line) or BULLET.match(line.text))


def breaks_off(lines: Lines, position: int) -> bool:
    """Whether a line ends what is above it: a heading, or the dashes before a name."""
    return is_heading(lines, position) or DASHES.fullmatch(lines[position].text) is not None


def parse_heading(lines: Lines, position: int, scope: Scope) -> Parsed[Heading]:
    """Read a line that is underlined with ``=``, ``-`` or another sign."""
    if not is_heading(lines, position):
        return None
    title = lines[position].text.strip(" \t")
    first, last, after = span(lines, position, position + 2)
    if scope.depth:
        return Heading(first, last, scope.level + 1, scope.inline(title)), after
    scope.section = section_name(title)
    scope.level = _level(scope, lines[position + 1].text.strip(" \t")[0])
    return Heading(first, last, scope.level, scope.inline(title)), after


def _level(scope: Scope, sign: str) -> int:
    """Return 1 for ``=``, and for other signs how many the text has used up to the first of these.

    A changelog does not count as the beginning, because it may have been added on top. Sections
    that every text has are never nested.
    """
    counts = scope.section not in DATED_SECTIONS and (sign != "=" or not scope.signs)
    if counts and sign not in scope.signs:
        scope.signs.append(sign)
    usual = scope.section in _TOP_SECTIONS and scope.section not in scope.repeated
    if sign == "=" or usual:
        return 1
    depth = scope.signs.index(sign) if sign in scope.signs else len(scope.signs)
    return min(depth, _DEEPEST - 1, scope.level) + 1


def parse_markdown_heading(lines: Lines, position: int, scope: Scope) -> Parsed[Heading]:
    """Read ``## Words`` on a line of its own: one level below the current section."""
    match = _MARKDOWN.match(lines[position].text)
    free = not position or lines[position - 1].blank
    if not match or not free or scope.depth:
        return None
    level = min((scope.level or 1) + max(1, match["mark"].count("#") - 1), _DEEPEST)
    first, last, after = span(lines, position, position + 1)
    title = scope.inline(lines[position].text[match.end() :])
    return Heading(first, last, level, title, mark=match["mark"]), after
