"""Lines to blocks: which rule reads which line.

Nothing is ever skipped: what no rule understands is a paragraph, or preformatted with a finding
where it is plainly not prose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from secpack.model.blocks import (
    Block,
    Heading,
    Paragraph,
    Preformatted,
    References,
    Rule,
    SignOff,
)
from secpack.parser import patterns as marks
from secpack.parser.inline import citation_label
from secpack.parser.rules.definitions import parse_definitions
from secpack.parser.rules.lists import begins_list, parse_list
from secpack.parser.rules.preformatted import (
    CODE_INDENT,
    parse_command,
    parse_diff,
    parse_fenced,
    parse_indented,
    parse_margin_code,
    parse_record,
    parse_shell,
    preformatted,
)
from secpack.parser.rules.quotations import parse_quotation
from secpack.parser.rules.references import parse_references
from secpack.parser.rules.tables import parse_table
from secpack.parser.state import (
    DATED_SECTIONS,
    REFERENCE_SECTIONS,
    Found,
    Lines,
    State,
    chunk_end,
    has_bar,
    is_heading,
    joined,
    section_name,
    skip_blank,
    span,
)
from secpack.parser.tree import children

#: Containers deeper than this are shown as they are.
MAX_DEPTH: Final = 8

_SIGN_OFF_LINES: Final = 5
_SIGN_OFF_MARKS: Final = (marks.DASHES, marks.FAREWELL, marks.TEAM)
_TOP_SECTIONS: Final = DATED_SECTIONS | {
    "acknowledgements", "acknowledgments", "affected systems", "credits", "footnotes", "patching",
    "quick summary", "references", "summary", "user action", "user action required",
}  # fmt: skip


def parse_blocks(lines: Lines, state: State) -> tuple[Block, ...]:
    """Return the blocks that make up the lines; together they cover each line once."""
    blocks: list[Block] = []
    position = skip_blank(lines, 0)
    if position:
        blocks.append(Paragraph(lines[0].number, lines[position - 1].number, ()))
    while position < len(lines):
        block, position = _parse_block(lines, position, state)
        blocks.append(block)
    return tuple(blocks)


def _parse_block(lines: Lines, position: int, state: State) -> tuple[Block, int]:
    if state.depth < MAX_DEPTH:
        prose = marks.begins_as_prose(lines[position].text)
        for parse in _RULES_FOR_PROSE if prose else _RULES:
            found = parse(lines, position, state)
            if found:
                return found
        return parse_paragraph(lines, position, state)
    state.report(lines[position].number, "too-deep", "nested too deeply; shown as printed")
    return preformatted(lines, position, len(lines))


def parse_heading(lines: Lines, position: int, state: State) -> Found[Heading]:
    """A line with an underline of ``=`` or ``-``."""
    if not is_heading(lines, position):
        return None
    title = lines[position].text.strip(" \t")
    first, last, behind = span(lines, position, position + 2)
    if state.depth:
        return Heading(first, last, state.level + 1, state.inline(title)), behind
    state.section = section_name(title)
    state.level = _level(state, lines[position + 1].text.strip(" \t")[0])
    return Heading(first, last, state.level, state.inline(title)), behind


def _level(state: State, sign: str) -> int:
    """``-`` is a level of its own only in a text that begins with ``=``.

    A changelog, which may have been put in front later, does not count as the beginning, and what
    every text has is never nested.
    """
    if not state.top and state.section not in DATED_SECTIONS:
        state.top = sign
    usual = state.section in _TOP_SECTIONS and state.section not in state.repeated
    return 2 if sign == "-" and state.top == "=" and not usual else 1


def parse_markdown_heading(lines: Lines, position: int, state: State) -> Found[Heading]:
    """``## Words`` on a line of its own: one level below the section it stands in."""
    match = marks.MARKDOWN_HEADING.match(lines[position].text)
    free = not position or lines[position - 1].blank
    if not match or not free or state.depth:
        return None
    level = min((state.level or 1) + max(1, match["mark"].count("#") - 1), 4)
    first, last, behind = span(lines, position, position + 1)
    title = state.inline(lines[position].text[match.end() :])
    return Heading(first, last, level, title, mark=match["mark"]), behind


def parse_rule(lines: Lines, position: int, _: State) -> Found[Rule]:
    """A line of nothing but ``*``, ``-``, ``_`` or ``=``."""
    if not marks.RULE.fullmatch(lines[position].text):
        return None
    first, last, behind = span(lines, position, position + 1)
    return Rule(first, last), behind


def parse_sign_off(lines: Lines, position: int, state: State) -> Found[SignOff]:
    """``--`` and what follows; ``Thanks,`` and a name; the team's name as the last words."""
    text = lines[position].text.strip(" \t")
    if state.depth or not any(mark.fullmatch(text) for mark in _SIGN_OFF_MARKS):
        return None
    below = lines[position + 1].text if position + 1 < len(lines) else ""
    if text == "--" and marks.VERSION.fullmatch(below):
        return None  # the end of a mailed patch
    if marks.DASHES.fullmatch(text):
        end = chunk_end(lines, position)
    else:
        end = chunk_end(lines, position, _SIGN_OFF_LINES + 1)
        at_end = skip_blank(lines, end) == len(lines)
        if end - position > _SIGN_OFF_LINES or (marks.TEAM.fullmatch(text) and not at_end):
            return None
    first, last, behind = span(lines, position, end)
    return SignOff(first, last, state.inline(joined(lines[position:end]))), behind


def parse_paragraph(
    lines: Lines, position: int, state: State
) -> tuple[Paragraph | Preformatted, int]:
    """Running text: to a blank line, or to a line that begins something else.

    Columns set with spaces are not running text; no rule reads them, so they stay as printed.
    """
    end = position + 1
    while end < len(lines) and not lines[end].blank and not _interrupts(lines, end, state):
        end += 1
    if sum(1 for line in lines[position:end] if marks.is_aligned(line.text)) >= 2:
        message = "columns set with spaces, shown as printed: a table needs bars between its cells"
        state.report(lines[position].number, "not-understood", message)
        return preformatted(lines, position, end)
    first, last, behind = span(lines, position, end)
    return Paragraph(first, last, state.inline(joined(lines[position:end]))), behind


def _interrupts(lines: Lines, position: int, state: State) -> bool:
    line, above = lines[position], lines[position - 1]
    introduced = above.text.endswith(":")
    if is_heading(lines, position) or (introduced and line.indent - above.indent >= CODE_INDENT):
        return True
    if marks.begins_as_prose(line.text):
        return False
    if marks.SHELL.match(line.text) or has_bar(line) or marks.BOX.fullmatch(line.text):
        return True
    if not state.depth and marks.DASHES.fullmatch(line.text):
        return True
    if not state.depth and state.section in REFERENCE_SECTIONS and marks.LABEL.match(line.text):
        return True
    return begins_list(lines, position, introduced=introduced or state.in_item)


_Rule: TypeAlias = "Callable[[Lines, int, State], Found[Block]]"

_RULES: Final[tuple[_Rule, ...]] = (
    parse_record,
    parse_heading,
    parse_markdown_heading,
    parse_table,
    parse_quotation,
    parse_rule,
    parse_sign_off,
    parse_diff,
    parse_fenced,
    parse_references,
    parse_definitions,
    parse_list,
    parse_shell,
    parse_indented,
    parse_margin_code,
    parse_command,
)
#: What can begin with a letter: without the rules for a mark that ``begins_as_prose`` rules out.
_RULES_FOR_PROSE: Final = tuple(
    rule
    for rule in _RULES
    if rule
    not in (
        parse_markdown_heading,
        parse_quotation,
        parse_rule,
        parse_fenced,
        parse_references,
        parse_list,
        parse_shell,
    )
)


def defined_labels(blocks: Iterable[Block]) -> Iterator[str]:
    """Labels of all references among the blocks, containers included."""
    for block in blocks:
        if isinstance(block, References):
            for reference in block.items:
                yield citation_label(reference.label)
        else:
            yield from defined_labels(children(block))
