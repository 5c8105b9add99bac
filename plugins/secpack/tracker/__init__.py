"""Reads tracker data, ``xsa.yml``, and the Xen Project's own list of advisories, ``xsa.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import yaml

from secpack.errors import ParseError
from secpack.files import MAX_INPUT, read_file
from secpack.model.archive import Advisory
from secpack.model.findings import Finding, Severity
from secpack.tracker.join import join_list

_KEYS: Final = frozenset({"xsa", "date", "affected", "qsb", "unused", "reason", "updated"})
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_BULLETIN: Final = re.compile(r"(?!000)([0-9]{3}|[1-9][0-9]{3})-20[0-9]{2}")
_TRUTH: Final = {"yes": True, "true": True, "no": False, "false": False}

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}")
_TIME: Final = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})(?:[ T].*)?", re.DOTALL)

try:
    _Loader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML was built without libyaml
    _Loader = yaml.SafeLoader

# The events around the one document of a file.
_FRAME: Final = (
    *(yaml.StreamStartEvent, yaml.StreamEndEvent),
    *(yaml.DocumentStartEvent, yaml.DocumentEndEvent),
)


def load_advisories(xsa: Path | None, xsa_json: Path | None = None) -> tuple[Advisory, ...]:
    """Read tracker data and the Xen Project's list, if given; advisories ascend.

    Raises ParseError, with a line if possible, when a file cannot be read or is invalid: an
    unknown field, a value of another kind, a number twice.
    """
    tracked = _load(xsa, _tracked) if xsa else ()
    return join_list(tracked, _load(xsa_json, _listed)) if xsa_json else tracked


_T = TypeVar("_T")

#: What is wrong with entries, while others are read.
_Errors: TypeAlias = list[ParseError]


def _load(
    path: Path, read: Callable[[bytes, str, _Errors], Iterable[Advisory]]
) -> tuple[Advisory, ...]:
    errors: _Errors = []
    advisories: list[Advisory] = []
    try:
        advisories += read(read_file(path, MAX_INPUT), path.name, errors)
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except ParseError as error:
        errors.append(error)
    advisories.sort(key=lambda advisory: advisory.number)
    for each in errors:
        each.path = str(path)
    if errors:
        errors[0].others, errors[0].usable = tuple(errors[1:]), tuple(advisories)
        raise errors[0]
    return tuple(advisories)


# --- xsa.yml ----------------------------------------------------------------------------------

#: The values of an advisory by their keys, each with its line.
_Values = dict[str, tuple[str, int]]


def _tracked(data: bytes, file: str, errors: _Errors) -> Iterator[Advisory]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    lines: dict[int, int] = {}
    for line, values in _mappings(text, errors):
        try:
            advisory = _tracked_advisory(values, file, line, errors)
        except ParseError as error:
            errors.append(error)
            continue
        if first := lines.get(advisory.number):
            message = f"{advisory.id} appears twice, first on line {first}"
            errors.append(ParseError(message, line=line))
        else:
            lines[advisory.number] = line
            yield advisory


def _mappings(text: str, errors: _Errors) -> Iterator[tuple[int, _Values]]:
    """Yield the values of each advisory, with its line.

    Reads events, not nodes: nodes that are nested deeply would exhaust the stack of C.
    """
    events = _events(text)
    if not isinstance(next(events, None), yaml.SequenceStartEvent):
        raise ParseError("expected a list of advisories")
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        if not isinstance(event, yaml.MappingStartEvent):
            raise ParseError("expected an entry such as '- xsa: 212'", line=_line(event))
        yield _line(event), _values(events, errors)
    for event in events:
        raise ParseError("expected one list of advisories, and nothing after it", line=_line(event))


def _events(text: str) -> Iterator[Any]:
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if not isinstance(event, _FRAME):
                yield event
    except yaml.YAMLError as error:
        expected = "not YAML; expected entries such as '- xsa: 212', indented with spaces"
        raise ParseError(expected, line=_error_line(error, text)) from None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _error_line(error: yaml.YAMLError, text: str) -> int:
    """Return the line of a syntax error, or of a character that YAML forbids."""
    mark = getattr(error, "problem_mark", None)
    if mark:
        return min(int(mark.line), text.rstrip("\n").count("\n")) + 1
    return text.encode().count(b"\n", 0, getattr(error, "position", 0)) + 1


def _values(events: Iterator[Any], errors: _Errors) -> _Values:
    values: _Values = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise ParseError("expected a field such as 'date'", line=line)
        name = str(event.value)
        value = next(events)
        wrong = f"{name}: appears twice, first on line {values[name][1]}" if name in values else ""
        if name not in _KEYS:
            wrong = f"unknown field {name!r}; expected one of {', '.join(sorted(_KEYS))}"
        if not isinstance(value, yaml.ScalarEvent):
            raise ParseError(wrong or f"{name}: expected one plain value", line=line)
        if wrong:
            errors.append(ParseError(wrong, line=line))
        values.setdefault(name, (str(value.value), line))
    return values


def _tracked_advisory(values: _Values, file: str, line: int, errors: _Errors) -> Advisory:
    """An entry; what is wrong with its fields goes to the ``errors``. Raises ParseError."""

    def read(field: Callable[[], _T]) -> _T | None:
        try:
            return field()
        except ParseError as error:
            errors.append(error)
            return None

    number = _value(values, "xsa", _NUMBER, "a number such as 212")
    if number is None:
        raise ParseError("no number; expected a line such as 'xsa: 212'", line=line)
    advisory = Advisory(
        number=int(number),
        date=read(lambda: _day(values, "date")),
        updated=read(lambda: _day(values, "updated")),
        affected=read(lambda: _truth(values, "affected")),
        unused=bool(read(lambda: _truth(values, "unused"))),
        bulletin=read(
            lambda: _value(values, "qsb", _BULLETIN, "a number and a year such as 029-2017")
        ),
        reason=read(lambda: _reason(values)) or "",
        file=file,
        line=line,
    )
    if advisory.unused and (advisory.affected or advisory.bulletin):
        expected = "expected neither 'affected: yes' nor 'qsb'"
        message = f"unused: a number that was never used; {expected}"
        raise ParseError(message, line=values["unused"][1])
    if advisory.updated and advisory.date and advisory.updated < advisory.date:
        message = f"updated: before {advisory.date}, its date"
        raise ParseError(message, line=values["updated"][1])
    return advisory


def _value(values: _Values, key: str, pattern: re.Pattern[str], expected: str) -> str | None:
    text, line = values.get(key, (None, 0))
    if text is not None and not pattern.fullmatch(text):
        raise ParseError(f"{key}: {text!r}: expected {expected}", line=line)
    return text


def _day(values: _Values, key: str) -> date | None:
    text = _value(values, key, _DATE, "a date such as 2017-04-04")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ParseError(f"{key}: {text}: there is no such day", line=values[key][1]) from None


def _truth(values: _Values, key: str) -> bool | None:
    if key not in values:
        return None
    text, line = values[key]
    if text.lower() not in _TRUTH:
        raise ParseError(
            f"{key}: {text!r}: expected yes or no; leave it out if not known", line=line
        )
    return _TRUTH[text.lower()]


def _reason(values: _Values) -> str:
    text, line = values.get("reason", ("", 0))
    reason = " ".join(text.split())
    if line and not reason:
        raise ParseError("reason: expected some words", line=line)
    return reason


# --- xsa.json ---------------------------------------------------------------------------------


def _listed(data: bytes, file: str, errors: _Errors) -> Iterator[Advisory]:
    """Yield the advisories of the list, as advisories that no tracker has.

    YAML's reader cannot read it: JSON writes some characters as pairs of surrogates.
    """
    content = _parse_json(data)
    lines = _number_lines(data.decode())
    seen = set()
    for position, fields in enumerate(_listed_objects(content), 1):
        value = fields.get("xsa") if isinstance(fields, dict) else None
        number = str(value) if isinstance(value, (int, str)) else ""
        if not _NUMBER.fullmatch(number):
            message = f"advisory {position} of the list: expected a number as its 'xsa'"
            errors.append(ParseError(message))
            continue
        if number in seen:
            errors.append(ParseError(f"XSA-{number} appears twice"))
        seen.add(number)
        try:
            yield _listed_advisory(int(number), fields, file, lines.get(number, 0))
        except ParseError as error:
            errors.append(ParseError(f"XSA-{number}: {error.message}"))


def _parse_json(data: bytes) -> Any:
    try:
        return json.loads(data.decode())
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON: {error.msg}", "", error.lineno, error.colno) from None
    except (ValueError, RecursionError):  # not UTF-8, a number of thousands of digits, or nested
        raise ParseError("not readable as JSON in UTF-8") from None


def _listed_objects(content: Any) -> list[Any]:
    first = content[0] if isinstance(content, list) and content else None
    listed = first.get("xsas") if isinstance(first, dict) else None
    if not isinstance(listed, list):
        raise ParseError("expected a list whose first item has 'xsas', a list of advisories")
    return listed


def _number_lines(text: str) -> dict[str, int]:
    """Return the line of each advisory's number, which ``json`` does not report."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for match in re.finditer(r'"xsa" ?: ?"?([0-9]{1,4})\b', line):
            lines.setdefault(match[1], number)
    return lines


def _listed_advisory(number: int, fields: dict[str, Any], file: str, line: int) -> Advisory:
    title = fields.get("title") or ""
    if not isinstance(title, str):
        raise ParseError("title: expected a string")
    day, odd_time = _public_day(fields.get("public_time"))
    cves, odd_cves = _cves(fields.get("cve"))
    messages = [f"XSA-{number}: {message}" for message in (*odd_time, *odd_cves)]
    return Advisory(
        number=number,
        date=day,
        title=" ".join(_encodable(title).split()),
        cves=cves,
        tracked=False,
        file=file,
        line=line,
        findings=tuple(Finding(file, line, "tracker-list", m, Severity.NOTICE) for m in messages),
    )


def _public_day(value: Any) -> tuple[date | None, list[str]]:
    """Return the day of a time such as ``2017-04-04 12:00``, and what is odd about it."""
    if value is None or value == "":
        return None, []
    if not isinstance(value, str):
        raise ParseError("public_time: expected a string")
    match = _TIME.fullmatch(value)
    try:
        return date.fromisoformat(match[1] if match else ""), []
    except ValueError:
        return None, [f"public_time: {_encodable(value)!r} is not a date"]


def _cves(value: Any) -> tuple[tuple[str, ...], list[str]]:
    """Return the CVEs among some strings, and what is odd about the others."""
    strings = [value] if isinstance(value, str) else value or []
    if not isinstance(strings, list) or not all(isinstance(s, str) for s in strings):
        raise ParseError("cve: expected strings")
    cves, odd = set(), []
    for string in strings:
        words = string.replace(",", " ").split()
        if words and all(_CVE.fullmatch(word) for word in words):
            cves.update(words)
        else:
            odd.append(f"cve: {_encodable(string)!r} is not a CVE id")
    return tuple(sorted(cves)), odd


def _encodable(text: str) -> str:
    """Return the text, unless it has a lone surrogate, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError(f"lone surrogate in {text!r}") from None
    return text
