"""Judges of what is written, none of them ours: each returns the faults it finds, as words."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import feedparser
import icalendar
import jsonschema
import pytest
from lxml import etree

SCHEMA: dict[str, Any] = json.loads(files("bulletins.exports").joinpath("schema.json").read_bytes())

_VALIDATOR = jsonschema.Draft202012Validator


def atom_faults(data: bytes) -> list[str]:
    """By the RELAX NG schema of RFC 4287; skips where ATOM_RNG does not tell where it is."""
    if not os.environ.get("ATOM_RNG"):
        pytest.skip("needs the schema of Atom: make test ATOM_RNG=path/to/atom.rng")
    schema = etree.RelaxNG(file=str(Path(os.environ["ATOM_RNG"])))
    if schema.validate(etree.fromstring(data)):
        return []
    return [str(error) for error in schema.error_log] or ["not valid"]


def feed_faults(data: bytes) -> list[str]:
    """By feedparser."""
    feed = feedparser.parse(data)
    return [str(feed.bozo_exception)] if feed.bozo else []


def data_faults(data: object, definition: str = "") -> list[str]:
    """By JSON Schema: the whole schema, or one of its definitions."""
    schema = SCHEMA | ({"anyOf": [{"$ref": f"#/$defs/{definition}"}]} if definition else {})
    judge = _VALIDATOR(schema, format_checker=_VALIDATOR.FORMAT_CHECKER)
    return [error.message for error in judge.iter_errors(data)]


def schema_faults(schema: dict[str, Any]) -> list[str]:
    """By the schema of JSON Schema."""
    return [e.message for e in _VALIDATOR(_VALIDATOR.META_SCHEMA).iter_errors(schema)]


def calendar_faults(data: bytes) -> list[str]:
    """By icalendar, and lines by RFC 5545, section 3.1, of which it forgives much."""
    lines = data.split(b"\r\n")
    faults = [f"{len(line)} octets in a line" for line in lines if len(line) > 75]
    faults += ["a line that ends otherwise than in CR LF"] if lines.pop() else []
    for line in lines:
        try:
            words = line.decode()
        except UnicodeDecodeError as error:
            faults.append(f"folded inside a character: {error}")
        else:
            faults += [f"a control: {words!r}"] if set(words) & {"\r", "\n", "\0"} else []
    try:
        calendar = icalendar.Calendar.from_ical(data)
        calendar.validate()
    except ValueError as error:
        return [*faults, str(error)]
    for component in calendar.walk():
        faults += [f"{component.name}: {name}: {error}" for name, error in component.errors]
        faults += [f"{component.name}: no {n}" for n in component.required if n not in component]
        own = [name for name in component.singletons if isinstance(component.get(name), list)]
        faults += [f"{component.name}: several {name}" for name in own]
    return faults
