"""Parses the bytes of a text into a Document."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from secpack.model.archive import Document, File
from secpack.model.blocks import Block, Preformatted, leaves
from secpack.model.findings import Finding
from secpack.parser.blocks import parse_blocks
from secpack.parser.characters import HIDDEN, mixed_words
from secpack.parser.inline import Forms, citation_label
from secpack.parser.letterhead import BANNERS, Banners, parse_letterhead
from secpack.parser.lines import LABEL, Line, readable, split_lines
from secpack.parser.rules import Scope
from secpack.parser.rules.headings import REFERENCE_SECTIONS, is_heading, section_name

__all__ = ["parse_letter", "parse_text"]

_VERBS: Final = "add|describe|explain|fill|insert|link|list|name|put|replace|specify|your|write"
_PLACEHOLDER: Final = re.compile(
    rf"\b(?:TODO|FIXME|TBD|XXX+|NNN+)\b|\?{{3}}|<(?i:{_VERBS})\b[^<>]{{0,80}}>"
)


@lru_cache(maxsize=1000)  # what history reads, a build reads again
def parse_text(file: File, forms: Forms = (), banners: Banners = BANNERS) -> Document:
    """Parse a bulletin or a canary.

    ``forms`` are those of further ids, ``banners`` the words of each kind of text in its banner.

    Raises ParseError when the text is not UTF-8, too large, or has no banner.
    """
    lines = split_lines(file.data, path=file.path)
    findings: list[Finding] = []
    letterhead, position = parse_letterhead(lines, findings, banners, path=file.path)
    blocks, more = _parse_body(lines[position:], file.path, forms)
    findings += _oddities(lines[:position], (), file.path) + more
    return Document(file, letterhead, (letterhead, *blocks), tuple(findings), forms)


def parse_letter(file: File, forms: Forms = ()) -> Document:
    """Parse a text without a letterhead. Raises ParseError when it is not UTF-8 or too large."""
    blocks, findings = _parse_body(split_lines(file.data, path=file.path), file.path, forms)
    return Document(file, None, blocks, tuple(findings), forms)


def _parse_body(
    lines: list[Line], path: str, forms: Forms
) -> tuple[tuple[Block, ...], list[Finding]]:
    """Parse as much as is short enough to be read; the rest stays as printed, with a finding."""
    end = readable(lines)
    read = lines[:end]
    titles = {n: section_name(line.text) for n, line in enumerate(read) if is_heading(read, n)}
    repeated = frozenset(title for title, count in Counter(titles.values()).items() if count > 1)
    scope = Scope(path, forms, frozenset(_reserved(read, titles)), repeated, parse_blocks)
    blocks = parse_blocks(read, scope)
    if end < len(lines):
        first, last = lines[end].number, lines[-1].number
        text = "\n".join(line.text for line in lines[end:]).rstrip("\n")
        blocks = (*blocks, Preformatted(first, last, text, "unread"))
        message = "the text is too long: from here on it is shown as printed; is this a bulletin?"
        scope.report(first, "too-long", message)
    return blocks, scope.findings + _oddities(read, blocks, path)


def _reserved(lines: list[Line], titles: Mapping[int, str]) -> Iterator[str]:
    """Yield the labels at the start of lines in sections of references."""
    in_references = False
    for position, line in enumerate(lines):
        if position in titles:
            in_references = titles[position] in REFERENCE_SECTIONS
        elif in_references and (match := LABEL.match(line.text)):
            yield citation_label(match["label"])


def _oddities(lines: list[Line], blocks: tuple[Block, ...], path: str) -> list[Finding]:
    """Find placeholders, characters that cannot be seen, and words that mix scripts."""
    findings = [*_placeholders(lines, blocks, path)]
    for line in lines:
        plain = line.text.isascii() and line.text.isprintable()
        if not plain and (hidden := HIDDEN.search(line.text)):
            message = f"U+{ord(hidden[0]):04X}, which cannot be seen or reorders words: remove it"
            findings.append(Finding(path, line.number, "hidden-character", message))
        findings += [Finding(path, line.number, "mixed-scripts", m) for m in mixed_words(line.text)]
    return findings


def _placeholders(lines: list[Line], blocks: tuple[Block, ...], path: str) -> Iterator[Finding]:
    """Find placeholders such as TODO, except in code, whose authors are others."""
    printed = (leaf for leaf in leaves(blocks) if isinstance(leaf, Preformatted))
    code = {number for leaf in printed for number in range(leaf.first, leaf.last + 1)}
    for line in (line for line in lines if line.number not in code):
        for match in _PLACEHOLDER.finditer(line.text):
            message = f"{match[0]} left in: write what is meant"
            yield Finding(path, line.number, "placeholder", message)
