"""A document as plain data, to be compared with a case's ``.json``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from secpack.model.archive import Document
from secpack.model.blocks import Text


def dump_document(document: Document) -> dict[str, Any]:
    """The blocks and findings of a document; the file itself is left out."""
    return {
        "blocks": [dump(block) for block in document.blocks],
        "findings": [f"{f.line}: {f.code}" for f in document.findings],
    }


def dump(value: Any) -> Any:
    """A block or inline element as ``{"Name": {…}}``; plain text as a string."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if not is_dataclass(value):
        return value
    content = {f.name: dump(getattr(value, f.name)) for f in fields(value)}
    content.pop("line", None)
    if "first" in content:
        content = {"lines": f"{content.pop('first')}-{content.pop('last')}"} | content
    return {type(value).__name__: {k: v for k, v in content.items() if v not in ("", None)}}
