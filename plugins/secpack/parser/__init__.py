"""One text's bytes to a Document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from secpack.model.archive import Document, File
from secpack.model.blocks import Block, Preformatted, Unread
from secpack.model.findings import Finding
from secpack.parser.blocks import defined_labels, parse_blocks
from secpack.parser.inline import citation_label
from secpack.parser.letterhead import parse_letterhead
from secpack.parser.lines import Line, readable, split_lines
from secpack.parser.patterns import HIDDEN, LABEL, NUMBER, PLACEHOLDER, PLACEHOLDER_SIGN
from secpack.parser.scripts import mixed_words
from secpack.parser.state import REFERENCE_SECTIONS, State, is_heading, section_name
from secpack.parser.tree import leaves

__all__ = ["parse_letter", "parse_text"]


def parse_text(file: File) -> Document:
    """Parse a bulletin or a canary.

    Raises ParseError when the text is not UTF-8, too large, or has no valid letterhead.
    """
    lines = split_lines(file.data, path=file.path)
    letterhead, position = parse_letterhead(lines, path=file.path)
    blocks, findings = _parse_body(lines[position:], file.path)
    findings = _oddities(lines[:position], (), file.path) + findings
    return Document(file, letterhead, (letterhead, *blocks), tuple(findings))


def parse_letter(file: File) -> Document:
    """Parse a text without a letterhead. Raises ParseError when it is not UTF-8 or too large."""
    blocks, findings = _parse_body(split_lines(file.data, path=file.path), file.path)
    return Document(file, None, blocks, tuple(findings))


def _parse_body(lines: list[Line], path: str) -> tuple[tuple[Block, ...], list[Finding]]:
    """Parse what is short enough to be read; the rest is shown as printed, with a finding."""
    end = readable(lines)
    blocks, findings = _parse(lines[:end], path)
    if end < len(lines):
        first, last = lines[end].number, lines[-1].number
        words = "\n".join(line.text for line in lines[end:]).rstrip("\n")
        blocks = (*blocks, Unread(first, last, words))
        message = "too long to be read from here on; shown as printed: is this a bulletin?"
        findings.append(Finding(path, first, "too-long", message))
    return blocks, findings + _oddities(lines[:end], blocks, path)


def _parse(lines: list[Line], path: str) -> tuple[tuple[Block, ...], list[Finding]]:
    """Parse with the labels that seem to be defined; again, if fewer of them are."""
    titles = {n: section_name(line.text) for n, line in enumerate(lines) if is_heading(lines, n)}
    likely = tuple(_likely_labels(lines, titles))
    labels = frozenset(label for label, _ in likely)
    start = State(path, labels, [], parse_blocks)
    start.reserved = frozenset(label for label, reserved in likely if reserved)
    start.repeated = frozenset(t for t, count in Counter(titles.values()).items() if count > 1)
    state = replace(start, findings=[])
    blocks = parse_blocks(lines, state)
    defined = frozenset(defined_labels(blocks))
    if defined != labels:
        state = replace(start, labels=defined, findings=[])
        blocks = parse_blocks(lines, state)
    return blocks, state.findings


def _oddities(lines: list[Line], blocks: tuple[Block, ...], path: str) -> list[Finding]:
    """Words to be filled in, characters that cannot be seen, and words that mix scripts."""
    found = [*_placeholders(lines, blocks, path)] if _may_be_unfinished(lines) else []
    for line in lines:
        plain = line.text.isascii() and line.text.isprintable()
        if not plain and (hidden := HIDDEN.search(line.text)):
            message = f"U+{ord(hidden[0]):04X}, which cannot be seen or reorders words: remove it"
            found.append(Finding(path, line.number, "hidden-character", message))
        words = mixed_words(line.text)
        found += [Finding(path, line.number, "mixed-scripts", message) for message in words]
    return found


def _may_be_unfinished(lines: list[Line]) -> bool:
    return PLACEHOLDER_SIGN.search("\n".join(line.text for line in lines)) is not None


def _placeholders(lines: list[Line], blocks: tuple[Block, ...], path: str) -> Iterator[Finding]:
    """Words to be filled in; such words in quoted code are somebody else's."""
    code = {
        number
        for leaf in leaves(blocks)
        if isinstance(leaf, Preformatted)
        for number in range(leaf.first, leaf.last + 1)
    }
    for line in lines:
        if line.number not in code:
            for match in PLACEHOLDER.finditer(line.text):
                message = f"{match[0]} left in: write what is meant"
                yield Finding(path, line.number, "placeholder", message)


def _likely_labels(lines: list[Line], titles: Mapping[int, str]) -> Iterator[tuple[str, bool]]:
    """Labels at the start of lines, and whether a section for references has them.

    There, numbers of a list can be labels, too; whether they are depends on the list.
    """
    in_references = False
    for position, line in enumerate(lines):
        if position in titles:
            in_references = titles[position] in REFERENCE_SECTIONS
        elif match := LABEL.match(line.text):
            yield citation_label(match["label"]), in_references
        elif in_references and (match := NUMBER.match(line.text)):
            yield match["marker"], False
