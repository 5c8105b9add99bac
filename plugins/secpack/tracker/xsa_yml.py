"""Tracker data: a YAML list of advisories, as ``xsa.yml`` of today's tracker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from secpack.errors import TrackerError
from secpack.files import MAX_INPUT, read_file
from secpack.model.archive import Advisory, Bulletin
from secpack.model.findings import Finding, Severity
from secpack.tracker.xsa_json import join_list

_KEYS: Final = frozenset({"xsa", "date", "affected", "qsb", "unused", "reason", "updated"})
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_BULLETIN: Final = re.compile(r"(?!000)([0-9]{3}|[1-9][0-9]{3})-20[0-9]{2}")
_TRUTH: Final = {"yes": True, "true": True, "no": False, "false": False}

#: An advisory is dated near those before and behind it, or there is a finding.
_FAR: Final = timedelta(days=366)

try:
    _Loader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML was built without libyaml
    _Loader = yaml.SafeLoader

# The frame around the one document of a file.
_FRAME: Final = (
    yaml.StreamStartEvent,
    yaml.StreamEndEvent,
    yaml.DocumentStartEvent,
    yaml.DocumentEndEvent,
)


def load_advisories(xsa: Path | None, xsa_json: Path | None = None) -> tuple[Advisory, ...]:
    """Read tracker data and the Xen Project's list, each if there is one; advisories ascending.

    Raises TrackerError, with the line where it can be told, when a file cannot be read or is not
    in its form: an unknown key, a value of another kind, a number twice.
    """
    tracked = _read(xsa) if xsa else ()
    return join_list(tracked, xsa_json) if xsa_json else tracked


def check_tracker(
    advisories: Sequence[Advisory], bulletins: Iterable[Bulletin]
) -> Iterator[Finding]:
    """What is odd about tracker data, on its own and held against the bulletins."""
    for advisory in advisories:
        yield from advisory.findings
    yield from _lonely_dates([a for a in advisories if a.date])
    yield from _bulletins_elsewhere(advisories, {b.number: b for b in bulletins})


# --- the file ---------------------------------------------------------------------------------


class _WrongError(Exception):
    """What is wrong with tracker data; ``line`` 0 is all of it."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


#: The values of an entry by their keys, each with its line.
_Values = dict[str, tuple[str, int]]


def _read(path: Path) -> tuple[Advisory, ...]:
    try:
        found = _by_number(_text(path), path.name)
    except OSError as error:
        raise TrackerError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except _WrongError as wrong:
        raise TrackerError(str(wrong), path=str(path), line=wrong.line) from None
    return tuple(found[number] for number in sorted(found))


def _text(path: Path) -> str:
    data = read_file(path, MAX_INPUT)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _WrongError("not UTF-8", line) from None


def _by_number(text: str, name: str) -> dict[int, Advisory]:
    found: dict[int, Advisory] = {}
    for line, values in _entries(text):
        advisory = replace(_advisory(values, line), file=name, line=line)
        if first := found.get(advisory.number):
            message = f"XSA-{advisory.number} stands here twice, first on line {first.line}"
            raise _WrongError(message, line)
        found[advisory.number] = advisory
    return found


def _entries(text: str) -> Iterator[tuple[int, _Values]]:
    """Each entry with its line. Of events, since nested nodes would exhaust the stack of C."""
    events = _events(text)
    if not isinstance(next(events, None), yaml.SequenceStartEvent):
        raise _WrongError("expected a list of advisories")
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        if not isinstance(event, yaml.MappingStartEvent):
            raise _WrongError("expected an entry such as '- xsa: 212'", _line(event))
        yield _line(event), _values(events)
    for event in events:
        raise _WrongError("expected one list of advisories, and nothing behind it", _line(event))


def _events(text: str) -> Iterator[Any]:
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if not isinstance(event, _FRAME):
                yield event
    except yaml.YAMLError as error:
        expected = "not YAML; expected entries such as '- xsa: 212', indented with spaces"
        raise _WrongError(expected, _line_of(error, text)) from None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _line_of(error: yaml.YAMLError, text: str) -> int:
    """Where the parser stopped: it tells a line, or for a character that cannot be, its place."""
    mark = getattr(error, "problem_mark", None)
    if mark:
        return min(int(mark.line), text.rstrip("\n").count("\n")) + 1
    return text.encode().count(b"\n", 0, getattr(error, "position", 0)) + 1


def _values(events: Iterator[Any]) -> _Values:
    values: _Values = {}
    for key in events:
        if isinstance(key, yaml.MappingEndEvent):
            break
        line = _line(key)
        if not isinstance(key, yaml.ScalarEvent):
            raise _WrongError("expected a key such as 'date'", line)
        name = str(key.value)
        if name not in _KEYS:
            expected = ", ".join(sorted(_KEYS))
            raise _WrongError(f"unknown key {name!r}; expected one of {expected}", line)
        value = next(events)
        if name in values:
            raise _WrongError(f"{name}: here twice, first on line {values[name][1]}", line)
        if not isinstance(value, yaml.ScalarEvent):
            raise _WrongError(f"{name}: expected one plain value", line)
        values[name] = (str(value.value), line)
    return values


def _advisory(values: _Values, line: int) -> Advisory:
    number = _value(values, "xsa", _NUMBER, "a number such as 212", line)
    if number is None:
        raise _WrongError("no number; expected a line such as 'xsa: 212'", line)
    advisory = Advisory(
        number=int(number),
        date=_day(values, "date"),
        updated=_day(values, "updated"),
        affected=_truth(values, "affected"),
        unused=bool(_truth(values, "unused")),
        bulletin=_value(values, "qsb", _BULLETIN, "a number and a year such as 029-2017"),
        reason=_reason(values),
    )
    if advisory.unused and (advisory.affected or advisory.bulletin):
        expected = "expected neither 'affected: yes' nor 'qsb'"
        raise _WrongError(f"unused: a number that was never used; {expected}", values["unused"][1])
    if advisory.updated and advisory.date and advisory.updated < advisory.date:
        raise _WrongError(f"updated: before {advisory.date}, its date", values["updated"][1])
    return advisory


def _value(
    values: _Values, key: str, pattern: re.Pattern[str], expected: str, line: int = 0
) -> str | None:
    if key not in values:
        return None
    text, line = values[key]
    if not pattern.fullmatch(text):
        raise _WrongError(f"{key}: {text!r}: expected {expected}", line)
    return text


def _day(values: _Values, key: str) -> date | None:
    text = _value(values, key, _DATE, "a date such as 2017-04-04")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _WrongError(f"{key}: {text}: there is no such day", values[key][1]) from None


def _truth(values: _Values, key: str) -> bool | None:
    if key not in values:
        return None
    text, line = values[key]
    if text.lower() not in _TRUTH:
        raise _WrongError(f"{key}: {text!r}: expected yes or no; leave it out if not known", line)
    return _TRUTH[text.lower()]


def _reason(values: _Values) -> str:
    text, line = values.get("reason", ("", 0))
    reason = " ".join(text.split())
    if line and not reason:
        raise _WrongError("reason: expected some words", line)
    return reason


# --- findings ---------------------------------------------------------------------------------


def _lonely_dates(dated: Sequence[Advisory]) -> Iterator[Finding]:
    """Dates a year and more from those of both neighbours, on the same side: perhaps a slip."""
    for before, advisory, behind in zip(dated, dated[1:], dated[2:], strict=False):
        days = [a.date for a in (before, advisory, behind) if a.date]
        late = days[1] - max(days[0], days[2]) > _FAR
        if late or min(days[0], days[2]) - days[1] > _FAR:
            message = (
                f"XSA-{advisory.number} is of {days[1]}, but XSA-{before.number} "
                f"of {days[0]} and XSA-{behind.number} of {days[2]}"
            )
            place = (advisory.file, advisory.line)
            yield Finding(*place, "tracker-date", message, Severity.NOTICE)


def _bulletins_elsewhere(
    advisories: Iterable[Advisory], bulletins: dict[int, Bulletin]
) -> Iterator[Finding]:
    """Bulletins that the tracker names and the archive has of another year, or not at all.

    One that is not here is told once: at its first advisory.
    """
    newest = max(bulletins, default=0)
    missing = set()
    for advisory in advisories:
        if not advisory.bulletin:
            continue
        yield from _odd_verdict(advisory)
        number, year = (int(part) for part in advisory.bulletin.split("-"))
        place = (advisory.file, advisory.line, "tracker-bulletin")
        said = f"says that XSA-{advisory.number} was announced in {advisory.bulletin}"
        if number not in bulletins and advisory.bulletin not in missing:
            missing.add(advisory.bulletin)
            severity = Severity.NOTICE if number < newest else Severity.WARNING
            yield Finding(*place, f"{said}, which is not in this archive", severity)
        elif number in bulletins and (published := bulletins[number].published.year) != year:
            message = f"{said}, but bulletin {number} is of {published}"
            yield Finding(*place, message, Severity.ERROR)


def _odd_verdict(advisory: Advisory) -> Iterator[Finding]:
    """An advisory that was announced in a bulletin affects the product, as a rule."""
    place = (advisory.file, advisory.line, "tracker-verdict")
    if advisory.affected is None:
        message = f"XSA-{advisory.number} has a bulletin, but nothing says whether it affects"
        yield Finding(*place, message)
    elif not advisory.affected:
        message = f"XSA-{advisory.number} has a bulletin, but it says that nothing is affected"
        yield Finding(*place, message, Severity.NOTICE)
