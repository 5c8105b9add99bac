"""Data as JSON, in the form that all exports share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from json.encoder import encode_basestring as _string
from typing import Final

from secpack.text.marks import HIDDEN

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True)

# Markup that a careless reader could take for live; and the one ASCII control that JSON lets pass.
_ESCAPES: Final = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    b"&": b"\\u0026",
    b"\x7f": b"\\u007f",
}


class Written(str):
    """A value that is JSON already, with lines, as it stands in a file of its own."""

    __slots__ = ()


def to_json(data: object, *, lines: bool = True) -> bytes:
    """Return data as JSON in UTF-8 that holds no ``<``, ``>``, ``&`` and no invisible character.

    Keys are sorted. With ``lines`` each value has one of its own, so that versions can be compared;
    without, all is on one line.
    """
    return _escaped(_lines(data, "\n") if lines else _ENCODER.encode(data)) + b"\n"


def _escaped(text: str) -> bytes:
    if not (text.isascii() or text.replace("\n", "").isprintable()):  # JSON escapes what is ASCII
        text = HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text)
    written = text.encode()
    for sign, escape in _ESCAPES.items():
        written = written.replace(sign, escape)
    return written


def json_members(members: Mapping[str, object | Iterator[Written]]) -> Iterator[bytes]:
    """The same as ``to_json`` of an object, in pieces: of members that are iterators, by item."""
    lead = b"{\n "
    for key in sorted(members):
        value = members[key]
        yield lead + _escaped(_string(key)) + b": "
        if isinstance(value, Iterator):
            yield from _items(value)
        else:
            yield _escaped(_lines(value, "\n "))
        lead = b",\n "
    yield b"\n}\n" if members else b"{}\n"


def _items(items: Iterator[Written]) -> Iterator[bytes]:
    lead = b"[\n  "
    for item in items:
        yield lead + _escaped(_lines(item, "\n  "))
        lead = b",\n  "
    yield b"[]" if lead.startswith(b"[") else b"\n ]"


def _lines(value: object, margin: str) -> str:
    """What ``json.dumps`` gives for an indent of 1, and takes three times as long for."""
    if isinstance(value, str):
        return value.replace("\n", margin) if isinstance(value, Written) else _string(value)
    inner = margin + " "
    if isinstance(value, dict) and value:
        rows = [f"{_string(key)}: {_lines(value[key], inner)}" for key in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(rows)}{margin}}}"
    if isinstance(value, list) and value:
        rows = [_lines(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(rows)}{margin}]"
    if type(value) is int:
        return str(value)
    return "null" if value is None else _ENCODER.encode(value)


def midnight(day: date) -> str:
    """A day as the moment at which it begins, in UTC: texts tell no time."""
    return f"{day.isoformat()}T00:00:00Z"
