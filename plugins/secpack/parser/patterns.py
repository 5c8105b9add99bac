"""What a line is, by its marks. Every expression is anchored and linear in the line's length."""

from __future__ import annotations

import re
from typing import Final

from secpack.parser.dates import DATE, ISO, YEARLESS

BANNER: Final = re.compile(
    r"-{1,10}={0,10}\[ {0,9}(?P<issuer>\S.{0,60}?) {1,9}(?P<kind>Security {1,9}Bulletin|Canary)"
    r" {1,9}#? {0,9}(?P<number>\S{1,12}?) {0,9}\]={0,10}-{1,10}"
)
UNDERLINE: Final = re.compile(r" {0,3}(?P<mark>[-=])(?P=mark){2,}")
MARKDOWN_HEADING: Final = re.compile(r"(?P<mark>#{2,6}[ \t]{1,4})(?=\S)")
RULE: Final = re.compile(r" *(?:[*](?: ?[*]){2,}|[-_=](?: ?[-_=]){2,})")
BAR: Final = re.compile(r" {0,3}\| ?")
BOX: Final = re.compile(r" {0,3}\+[-=+]{3,}")
BULLET: Final = re.compile(r"(?P<indent>[ \t]*)(?P<marker>[-*•])(?P<space>[ \t]+)(?=\S)")
NUMBER: Final = re.compile(
    r"(?P<indent>[ \t]*)(?:\((?=[0-9a-z]{1,3}\)))?(?P<marker>0|[1-9][0-9]{0,2}|[a-z])"
    r"(?P<stop>[.)])(?P<space>[ \t]+)(?=\S)"
)
LABEL: Final = re.compile(
    r" {0,3}(?P<marker>\[(?P<label>[A-Za-z0-9]{1,4}|\*{1,5})\]:?)"
    r"(?:[ \t]+|$|(?=https?://))"
)
DASHES: Final = re.compile(r"--(?: The .{1,60}\b[Tt]eam)?")
FAREWELL: Final = re.compile(
    r"(?:(?:Many )?[Tt]hanks|Thank you|(?:(?:Best|Kind) )?[Rr]egards"
    r"|(?:Yours )?(?:[Ss]incerely|faithfully|truly)|Yours|Cheers)[,.!]?"
)
TEAM: Final = re.compile(r"The .{1,60}\b[Tt]eam")
SHELL: Final = re.compile(
    r"[ \t]*(?:\[[^\]]{1,40}\]|[\w.-]{1,30}@[\w.-]{1,30}:[^\s$]{0,40})?\$ [^\s0-9]"
)
FENCE: Final = re.compile(r" {0,3}`{3,}[\w-]{0,20}")
FINGERPRINT: Final = re.compile(r"(?:[0-9A-F]{4} {1,2}){9}[0-9A-F]{4}")
VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+){1,4}(?:\.rc[0-9]+)?")
_DAY: Final = rf"(?P<term>(?P<date>{DATE}|{YEARLESS})(?: \([^()]{{1,30}}\)|,? [A-Z][a-z]+day)?)"
DATED: Final = re.compile(
    _DAY + r"(?P<separator>:[ \t]+(?=\S)|:$|[ \t]+(?:--?|–)[ \t]+(?=\S)|[ \t]{2,}(?=\S))"
)
#: A date and one space: an entry only where others are written so, too.
DATED_LOOSELY: Final = re.compile(rf"(?P<term>(?P<date>{ISO}))(?P<separator>[ \t]+)(?=\S)")
_NAME: Final = r"[A-Z][A-Z0-9]+-[\w-]{1,30}(?: v[0-9]{1,2})?"
TERM: Final = re.compile(
    rf"(?P<term>{_NAME}(?:(?:,|,? and|,? &| /) {_NAME}){{0,8}})"
    r"(?P<separator>(?:[ \t]+[-–]|:)[ \t]+)(?=\S)"
)
RELEASE: Final = re.compile(r"(?:For|In) [A-Z]\w+(?: OS)? R?[0-9]")
_FILL_IN: Final = (
    r"<(?i:add|describe|explain|fill|insert|link|list|name|put|replace|specify|your|write)\b"
)
PLACEHOLDER: Final = re.compile(rf"\b(?:TODO|FIXME|TBD|XXX+|NNN+)\b|{_FILL_IN}[^<>]{{0,80}}>")
#: Some of each placeholder; a search for one of five characters, which is fast.
PLACEHOLDER_SIGN: Final = re.compile(rf"TODO|FIXME|TBD|XXX|NNN|{_FILL_IN}")
# C0 and C1 controls but tab; soft hyphen, joiners, fillers and blanks, bidirectional, zero-width,
# musical and other format controls, line separators, variation selectors, byte order mark,
# annotations, tags; what has no agreed shape: private use and noncharacters. Ranges, since what
# Python knows of characters differs between its versions.
HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a"
    + "".join(chr(last - 1) + chr(last) for last in range(0x1FFFF, 0xEFFFF, 0x10000))
    + "\U000e0000-\U000e0fff\U000efffe-\U0010ffff]"
)
URL_LINE: Final = re.compile(r"[ \t]*(?:https?://|mailto:)\S+")
HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(?P<old>\d{1,9}))? \+\d{1,9}(?:,(?P<new>\d{1,9}))? @@")

# What begins with a letter is none of the marks above, but for "a)", "a." and "me@here:$ ".
_PROSE: Final = re.compile(r"[ \t]*(?:[A-Z]|[a-z](?![.)]))")
_ALIGNED: Final = re.compile(r"[^\s.:!?] {3,}\S")
_CALL: Final = re.compile(
    r"(?:\w+[ \t]+\*{0,3}){0,4}(?:[\w.>-]{2,80}|(?:if|for|while|switch|return) )\("
)
_C_SIGNS: Final = re.compile(
    r"[ \t]*(?:#(?:include|define|ifdef|ifndef|endif)\b|/\*|\*/|//|[{}]"
    r"|(?:struct|static|typedef)\b)"
)
_DIFF_SIGNS: Final = re.compile(r"[ \t]*(?:diff --git |@@ .+ @@|\+\+\+ \S)")
_COMMAND: Final = re.compile(r"(?:sudo |\./|[a-z][\w.-]{0,40}(?: |$))")

_COMMAND_SIGNS: Final = frozenset("-_/=|<>$\\")
_SEPARATORS: Final = frozenset(" \t|+:=-")


def visible(text: str) -> str:
    """Show characters that cannot be seen, or that reorder others, as ``[U+202E]``."""
    if text.isascii() and text.replace("\n", "").isprintable():  # as nearly all texts are
        return text
    return HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def begins_as_prose(line: str) -> bool:
    """Whether a line cannot begin with a bar, a marker, a label, dashes or a prompt."""
    return _PROSE.match(line) is not None and "$ " not in line


def is_edge(row: str) -> bool:
    """Whether a line is what parts the head of a table from its body, or its outer edge."""
    bars = "---" in row and _SEPARATORS.issuperset(row) and ("|" in row or "+" in row)
    return bars or BOX.fullmatch(row) is not None


def looks_like_code(line: str) -> bool:
    """Whether a line at the left margin can only be source code."""
    line = line.strip()
    if line in {"(...)", "..."} or line.startswith(("/*", "*/", "//", "#include ", "#define ")):
        return True
    if line.endswith((";", "{", "}", "*/", "||", "&&")):
        return len(line.split(None, 5)) < 5 or any(sign in line for sign in "(){}=<>[]*")
    return line.endswith((")", ",")) and bool(_CALL.match(line))


def looks_like_command(line: str) -> bool:
    """Whether a line can be a command: a lower-case first word, and signs that prose lacks."""
    if not _COMMAND.match(line) or line[-1] in ".:,!?" or URL_LINE.fullmatch(line):
        return False
    return line.startswith("sudo ") or not _COMMAND_SIGNS.isdisjoint(line)


def is_aligned(line: str) -> bool:
    """Whether words of a line are set apart by several spaces, as in columns."""
    return "   " in line and bool(_ALIGNED.search(line))


def starts_diff(line: str) -> bool:
    """Whether a line is one that only a diff has."""
    return bool(_DIFF_SIGNS.match(line))


def language_of(lines: list[str]) -> str:
    """The language of preformatted lines where it shows: diff, sh or c; otherwise empty."""
    written = [line for line in lines if line]
    if any(starts_diff(line) for line in written):
        return "diff"
    if not written:
        return ""
    if SHELL.match(written[0]) or written[0].lstrip().startswith(("sudo ", "#!/bin/")):
        return "sh"
    signs = sum(1 for line in written if _C_SIGNS.match(line) or line.endswith((";", "{", "*/")))
    return "c" if signs >= 2 and signs * 3 >= len(written) else ""
