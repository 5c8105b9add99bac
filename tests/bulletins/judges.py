"""Judges of what is written, none of them ours: each returns the faults it finds, as words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import feedparser
import icalendar
import jsonschema
import pytest
from lxml import etree

SCHEMA: dict[str, Any] = json.loads(files("bulletins.exports").joinpath("schema.json").read_bytes())

#: Where the validator of CSAF is, once ``npm ci`` was run there.
_NODE = Path(__file__).parents[1] / "judges"

_VALIDATOR = jsonschema.Draft202012Validator

#: What holds a value to its format. One that is not known here passes in silence.
FORMATS = _VALIDATOR.FORMAT_CHECKER


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value and bool(datetime.fromisoformat(value)))


def atom_faults(data: bytes) -> list[str]:
    """By the RELAX NG schema of RFC 4287; skips where ATOM_RNG does not tell where it is."""
    if not os.environ.get("ATOM_RNG"):
        pytest.skip("needs the schema of Atom: make test-all ATOM_RNG=path/to/atom.rng")
    schema = etree.RelaxNG(file=str(Path(os.environ["ATOM_RNG"])))
    if schema.validate(etree.fromstring(data)):
        return []
    return [str(error) for error in schema.error_log] or ["not valid"]


def feed_faults(data: bytes) -> list[str]:
    """By feedparser."""
    feed = feedparser.parse(data)
    return [str(feed.bozo_exception)] if feed.bozo else []


def reader_faults(feeds: Mapping[str, bytes]) -> list[str]:
    """By two more readers, feedsmith and rss-parser: where they fail, or differ from feedparser.

    Skips where they are not installed.
    """
    given = json.dumps({name: data.decode() for name, data in feeds.items()})
    faults = []
    for name, readers in json.loads(_node("readers.mjs", given)).items():
        entries = feedparser.parse(feeds[name]).entries
        seen = [[e.get(key) for key in ("id", "title", "link", "updated")] for e in entries]
        faults += [f"{name}: {reader}: {said}" for reader, said in readers.items() if said != seen]
    return faults


def data_faults(data: object, definition: str = "") -> list[str]:
    """By JSON Schema: the whole schema, or one of its definitions."""
    return [error.message for error in _judge_of_ours(definition).iter_errors(data)]


@lru_cache
def _judge_of_ours(definition: str) -> Any:
    schema = SCHEMA | ({"anyOf": [{"$ref": f"#/$defs/{definition}"}]} if definition else {})
    return _VALIDATOR(schema, format_checker=FORMATS)


@lru_cache
def schema_of(name: str) -> Any:
    """The schema of OSV or OpenVEX; skips where OSV_SCHEMA or OPENVEX_SCHEMA does not name it."""
    variable = f"{name.upper()}_SCHEMA"
    if not os.environ.get(variable):
        place = f"path/to/{name.lower()}.schema.json"
        pytest.skip(f"needs the schema of {name}: make test-all {variable}={place}")
    return json.loads(Path(os.environ[variable]).read_bytes())


@lru_cache
def _judge_of(name: str) -> Any:
    return _VALIDATOR(schema_of(name), format_checker=FORMATS)


def osv_faults(data: object) -> list[str]:
    """By the schema of OSV."""
    return [error.message for error in _judge_of("OSV").iter_errors(data)]


def openvex_faults(data: object) -> list[str]:
    """By the schema of OpenVEX."""
    return [error.message for error in _judge_of("OpenVEX").iter_errors(data)]


@lru_cache
def _csaf_judge() -> subprocess.Popen[str]:
    """The validator, which takes a second to start: one for all tests. It ends with its input."""
    node = shutil.which("node")
    if not node or not (_NODE / "node_modules").is_dir():
        pytest.skip("needs node and the validator of CSAF: make judges")
    pipe = subprocess.PIPE
    return subprocess.Popen([node, "csaf.mjs"], cwd=_NODE, stdin=pipe, stdout=pipe, text=True)


Place: TypeAlias = tuple[str | int, ...]


def at(data: Any, *place: str | int) -> Any:
    """What is at a place in data."""
    for step in place:
        data = data[step]
    return data


def broken(data: bytes, place: Place, value: object) -> Any:
    """JSON with another value at a place, or without it where that is None."""
    found = json.loads(data)
    if value is None:
        del at(found, *place[:-1])[place[-1]]
    else:
        at(found, *place[:-1])[place[-1]] = value
    return found


def csaf_faults(documents: Mapping[str, object], *, every: bool = False) -> dict[str, list[str]]:
    """By the validator of the secvisogram project: faults by the names of documents with any.

    With ``every`` also what it only recommends. Skips where it is not installed.
    """
    judge = _csaf_judge()
    assert judge.stdin
    assert judge.stdout
    judge.stdin.write(json.dumps({"all": every, "documents": documents}) + "\n")
    judge.stdin.flush()
    found: dict[str, list[str]] = json.loads(judge.stdout.readline())
    assert list(found) == list(documents)
    return {name: faults for name, faults in found.items() if faults}


def strict_faults(schema: dict[str, Any]) -> str:
    """By the strict mode of ajv; skips where it is not installed."""
    return _node("ajv.mjs", json.dumps(schema))


def _node(script: str, given: str) -> str:
    """What a script of judges prints about what it is given."""
    node = shutil.which("node")
    if not node or not (_NODE / "node_modules").is_dir():
        pytest.skip("needs node and its judges: make judges")
    done = subprocess.run(
        [node, script], cwd=_NODE, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def sitemap_faults(data: bytes) -> list[str]:
    """By the schema of sitemaps.org, which comes with an npm package; skips without it."""
    path = _NODE / "node_modules" / "sitemap" / "schema" / "sitemap.xsd"
    if not path.is_file():
        pytest.skip("needs the schema of sitemaps: make judges")
    schema = etree.XMLSchema(file=str(path))
    schema.validate(etree.fromstring(data))
    return [str(error) for error in schema.error_log]


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
