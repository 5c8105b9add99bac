"""A document as lines, to be compared with what a case expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from secpack.model.archive import Document
from secpack.model.blocks import Text

#: What is shown last, since it can be long.
_WORDS = ("inlines", "text")


def document_lines(document: Document) -> Iterator[str]:
    """The blocks of a document, and its findings; the file itself is left out."""
    for block in document.blocks:
        yield from _block(block)
    for finding in document.findings:
        yield f"! {finding.line}: {finding.code}"


def _block(block: Any) -> Iterator[str]:
    """A block, and below it, indented, what it holds."""
    values = {f.name: getattr(block, f.name) for f in fields(block)}
    lines = f"{values.pop('first')}-{values.pop('last')}"
    values.pop("line", None)
    rows = [(name, values.pop(name)) for name in ("head", "body") if name in values]
    held = [each for value in values.values() if _holds(value) for each in value]
    words = "".join(f": {one_line(values.pop(name))}" for name in _WORDS if name in values)
    more = [f"{name}={one_line(value)}" for name, value in values.items() if _says(value)]
    yield f"{lines} {type(block).__name__} {'; '.join(more)}".rstrip() + words
    for each in held:
        yield from (f"  {line}" for line in _block(each))
    for name, cells in ((name, row) for name, found in rows for row in found):
        yield f"  {name}: {' | '.join(map(one_line, cells))}"


def _holds(value: Any) -> bool:
    """Whether it is a tuple of blocks, or of items that hold blocks."""
    return isinstance(value, tuple) and value != () and hasattr(value[0], "first")


def _says(value: Any) -> bool:
    return value not in ("", None, ()) and value is not False and not _holds(value)


def one_line(value: Any) -> str:
    """Words, or a row of them, with the ends of their lines as a sign."""
    if isinstance(value, tuple):
        between = " / " if all(isinstance(each, str) for each in value) else ""
        return between.join(map(one_line, value))
    if isinstance(value, Text):
        return one_line(value.text)
    if is_dataclass(value):
        parts = [one_line(getattr(value, f.name)) for f in fields(value)]
        return f"⟨{type(value).__name__} {'; '.join(parts)}⟩"
    return str(value).replace("\n", "⏎")
