"""Lines to blocks: the rules in order, and the rules for separators, sign-offs and paragraphs.

Nothing is ever skipped: what no rule understands is a paragraph, or preformatted with a finding if
it is plainly not prose.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from secpack.model.blocks import Block, Paragraph, Preformatted, Rule, SignOff, references
from secpack.parser import lines as marks
from secpack.parser.inline import citation_label
from secpack.parser.lines import Lines
from secpack.parser.rules import Parsed, Scope, bars, headings, lists, preformatted

#: Containers deeper than this are shown as printed.
MAX_DEPTH: Final = 8

_SIGN_OFF_LINES: Final = 5
_LINES_WITH_BREAKS: Final = 3
_SHORT: Final = 50
_LABEL_ROOM: Final = 20
_STOPS: Final = (*".,:;!?", *"0123456789")
_FAREWELL: Final = re.compile(
    r"(?:(?:Many )?[Tt]hanks|Thank you|(?:(?:Best|Kind) )?[Rr]egards"
    r"|(?:Yours )?(?:[Ss]incerely|faithfully|truly)|Yours|Cheers)[,.!]?"
)
_TEAM: Final = re.compile(r"The .{1,60}\b[Tt]eam")
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+){1,4}(?:\.rc[0-9]+)?")


def parse_blocks(lines: Lines, scope: Scope) -> tuple[Block, ...]:
    """Return the blocks that make up the lines; together they cover each line once."""
    blocks: list[Block] = []
    position = marks.skip_blank(lines, 0)
    if position:
        blocks.append(Paragraph(lines[0].number, lines[position - 1].number, ()))
    while position < len(lines):
        block, position = _parse_block(lines, position, scope)
        blocks.append(block)
    return tuple(blocks)


def _parse_block(lines: Lines, position: int, scope: Scope) -> tuple[Block, int]:
    if scope.depth < MAX_DEPTH:
        for parse in _RULES:
            parsed = parse(lines, position, scope)
            if parsed:
                return parsed
        return parse_paragraph(lines, position, scope)
    scope.report(lines[position].number, "too-deep", "nested too deeply; shown as printed")
    return preformatted.preformatted(lines, position, len(lines))


def parse_rule(lines: Lines, position: int, _: Scope) -> Parsed[Rule]:
    """Read a line of nothing but ``*``, ``-``, ``_`` or ``=``."""
    if not marks.RULE.fullmatch(lines[position].text):
        return None
    first, last, after = marks.span(lines, position, position + 1)
    return Rule(first, last), after


def parse_sign_off(lines: Lines, position: int, scope: Scope) -> Parsed[SignOff]:
    """Read ``--`` and what follows; ``Thanks,`` and a name; the team's name as the last words."""
    text = lines[position].text.strip(" \t")
    dashes, team = marks.DASHES.fullmatch(text), _TEAM.fullmatch(text)
    if scope.depth or not (dashes or team or _FAREWELL.fullmatch(text)):
        return None
    below = lines[position + 1].text if position + 1 < len(lines) else ""
    if text == "--" and _VERSION.fullmatch(below):
        return None  # the end of a mailed patch
    end = marks.chunk_end(lines, position, None if dashes else _SIGN_OFF_LINES + 1)
    first, last, after = marks.span(lines, position, end)
    if not dashes and (end - position > _SIGN_OFF_LINES or (team and after < len(lines))):
        return None
    return SignOff(first, last, scope.inline(marks.joined(lines[position:end]))), after


def parse_paragraph(
    lines: Lines, position: int, scope: Scope
) -> tuple[Paragraph | Preformatted, int]:
    """Read running text up to a blank line, or to a line that begins something else.

    Columns set with spaces are no running text, and no rule reads them: they stay as printed.
    """
    end = position + 1
    while end < len(lines) and not lines[end].blank and not _interrupts(lines, end, scope):
        end += 1
    columns = sum(1 for line in lines[position:end] if marks.is_aligned(line.text))
    if columns and end < len(lines) and marks.BOX.fullmatch(lines[end].text):
        columns, end = 2, marks.chunk_end(lines, position)  # what is above boxes belongs to them
    if columns >= 2 or bars.are_columns(lines[position:end]):
        return bars.unread_table(lines, position, end, scope)
    first, last, after = marks.span(lines, position, end)
    words, breaks = marks.joined(lines[position:end]), _has_breaks(lines[position:end])
    return Paragraph(first, last, scope.inline(words), breaks), after


def _has_breaks(lines: Lines) -> bool:
    """Whether several short lines each have room for the next word: an address, a list."""
    texts = [line.text.strip(" \t") for line in lines if len(lines) >= _LINES_WITH_BREAKS]
    return texts != [] and len(texts[-1]) <= _SHORT and all(map(_breaks, texts, texts[1:]))


def _breaks(text: str, below: str) -> bool:
    """Whether a line has room for the next word, and the sentence does not go on there."""
    word, _, rest = below.partition(" ")
    begins = text.endswith(_STOPS) or ": " in below[:_LABEL_ROOM]  # "step 2: wait"
    goes_on = word[0].islower() and rest and not begins
    return len(text) + 1 + len(word) <= _SHORT and not goes_on and text[-1] != "-"


def _interrupts(lines: Lines, position: int, scope: Scope) -> bool:
    line, above = lines[position], lines[position - 1]
    introduced = above.text.endswith(":")
    forms = [marks.BOX, preformatted.FENCE, *([] if scope.depth else [marks.DASHES])]
    labels = scope.section in headings.REFERENCE_SECTIONS and not scope.depth
    return bool(
        (introduced and line.indent - above.indent >= marks.CODE_INDENT)
        or headings.is_heading(lines, position)
        or any(form.fullmatch(line.text) for form in forms)
        or marks.SHELL.match(line.text)
        or marks.begins_quotation(lines, position)
        or (labels and marks.LABEL.match(line.text))
        or lists.begins_list(lines, position, introduced=introduced or scope.in_item)
    )


_Rule: TypeAlias = "Callable[[Lines, int, Scope], Parsed[Block]]"

_RULES: Final[tuple[_Rule, ...]] = (
    preformatted.parse_record,
    headings.parse_heading,
    headings.parse_markdown_heading,
    bars.parse_table,
    bars.parse_ruled,
    bars.parse_quotation,
    parse_rule,
    parse_sign_off,
    preformatted.parse_diff,
    preformatted.parse_fenced,
    lists.parse_references,
    lists.parse_definitions,
    lists.parse_list,
    preformatted.parse_shell,
    preformatted.parse_indented,
    preformatted.parse_margin_code,
    preformatted.parse_command,
)


def defined_labels(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the labels of all references."""
    return (citation_label(reference.label) for reference in references(blocks))
