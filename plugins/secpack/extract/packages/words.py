"""The words of a text where packages are read, and on which lines they stand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from secpack.model.blocks import Citation, Inline, Link

_SENTENCE_END: Final = re.compile(r"[.!?]\s+(?=[A-Z\"(])")
_LABELS: Final = re.compile(r"\[\w{1,4}\]|\[\*{1,5}\]")


class Words:
    """Text of one or more lines, that can tell on which line an index is."""

    def __init__(self, text: str, line: int) -> None:
        self.text, self.line = text, line

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def line_at(self, index: int) -> int:
        """The number of the line that an index of the text is on."""
        return self.line + bisect_left(self._breaks, index)


def running_text(inlines: Sequence[Inline]) -> str:
    """Running text with its line breaks, without marks and citations."""
    parts = []
    for inline in inlines:
        if isinstance(inline, Link):
            parts.append(inline.url)
        elif not isinstance(inline, Citation):
            parts.append(inline.text)
    return without_labels("".join(parts))


def without_labels(text: str) -> str:
    """Text without what looks like a citation: ``[1]``, ``[*]``."""
    return _LABELS.sub("", text) if "[" in text else text


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text, each with the index where it begins."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield start, text[start : match.start() + 1]
        start = match.end()
    yield start, text[start:]


def ends_with_colon(text: str) -> bool:
    """Whether a colon is the last sign of a text."""
    return text.rstrip().endswith(":")
