"""Tracker data: a YAML list of advisories, as ``xsa.yml`` of today's tracker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from secpack.errors import TrackerError
from secpack.model import Advisory

_KEYS: Final = frozenset({"xsa", "date", "affected", "qsb", "unused"})
_BULLETIN: Final = re.compile(r"\d{3,4}-\d{4}", re.ASCII)

try:
    _Loader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML was built without libyaml
    _Loader = yaml.SafeLoader


def load_advisories(path: Path) -> tuple[Advisory, ...]:
    """Read tracker data; return its advisories, ascending.

    Raises TrackerError with the line of the entry when the file cannot be read, is no list of
    entries, or an entry has an unknown key, a value of another kind, or a number twice.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise TrackerError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise TrackerError("not YAML in UTF-8", path=str(path), line=line) from None
    found: dict[int, Advisory] = {}
    for line, values in _entries(node, str(path)):
        advisory = _advisory(values, line, str(path))
        if advisory.number in found:
            message = f"XSA-{advisory.number} stands here twice"
            raise TrackerError(message, path=str(path), line=line)
        found[advisory.number] = advisory
    return tuple(found[number] for number in sorted(found))


def _entries(node: Any, path: str) -> Iterator[tuple[int, dict[str, str]]]:
    if not isinstance(node, yaml.SequenceNode):
        raise TrackerError("expected a list of advisories", path=path)
    for entry in node.value:
        line = entry.start_mark.line + 1
        if not isinstance(entry, yaml.MappingNode):
            raise TrackerError("expected an entry such as '- xsa: 212'", path=path, line=line)
        yield line, _scalars(entry, path)


def _scalars(entry: Any, path: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in entry.value:
        line = key.start_mark.line + 1
        name = str(key.value)
        if name not in _KEYS:
            expected = ", ".join(sorted(_KEYS))
            message = f"unknown key {name!r}; expected one of {expected}"
            raise TrackerError(message, path=path, line=line)
        if name in values or not isinstance(value, yaml.ScalarNode):
            raise TrackerError(f"{name!r}: expected one plain value", path=path, line=line)
        values[name] = str(value.value)
    return values


def _advisory(values: dict[str, str], line: int, path: str) -> Advisory:
    try:
        bulletin = values.get("qsb")
        if bulletin is not None and not _BULLETIN.fullmatch(bulletin):
            raise ValueError(f"qsb: {bulletin!r}: expected a number and a year, as 029-2017")
        return Advisory(
            number=_number(values),
            date=date.fromisoformat(values["date"]) if values.get("date") else None,
            affected=_truth(values, "affected"),
            unused=bool(_truth(values, "unused")),
            bulletin=bulletin,
        )
    except ValueError as error:
        raise TrackerError(str(error), path=path, line=line) from None


def _number(values: dict[str, str]) -> int:
    text = values.get("xsa", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError(f"xsa: {text!r}: expected a number")
    return int(text)


def _truth(values: dict[str, str], key: str) -> bool | None:
    text = values.get(key)
    if text is None:
        return None
    if text.lower() not in ("yes", "no", "true", "false"):
        raise ValueError(f"{key}: {text!r}: expected yes or no")
    return text.lower() in ("yes", "true")
