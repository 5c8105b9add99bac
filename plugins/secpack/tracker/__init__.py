"""Reads tracker data, ``xsa.yml``, and the Xen Project's own list of advisories, ``xsa.json``."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import yaml

from secpack.errors import PackError, ParseError
from secpack.files import MAX_INPUT, read_file
from secpack.model.archive import Advisory
from secpack.model.findings import Finding, Severity
from secpack.tables import Form, Wrong, matching, one_of, read_table
from secpack.tracker.join import join_list

#: Why an advisory does not affect the product, in the words of VEX.
JUSTIFICATIONS: Final = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)

_TRUTH: Final = {"yes": True, "true": True, "no": False, "false": False}
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}")

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

    Raises SecpackError, with lines if possible, when a file cannot be read or is invalid: an
    unknown field, a value of another kind, a number twice.
    """
    tracked = _load(xsa, _tracked) if xsa else ()
    return join_list(tracked, _load(xsa_json, _listed)) if xsa_json else tracked


def _load(
    path: Path, read: Callable[[bytes, str, list[ParseError]], Iterable[Advisory]]
) -> tuple[Advisory, ...]:
    errors: list[ParseError] = []
    advisories: dict[int, Advisory] = {}
    try:
        for advisory in read(read_file(path, MAX_INPUT), path.name, errors):
            first = advisories.setdefault(advisory.number, advisory)
            if first is not advisory:
                message = f"{advisory.id} appears twice, first on line {first.line}"
                errors.append(ParseError(message, line=advisory.line))
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except ParseError as error:
        errors.append(error)
    usable = tuple(advisories[number] for number in sorted(advisories))
    for each in errors:
        each.path = str(path)
    if errors:
        raise PackError(errors, usable)
    return usable


# --- xsa.yml ----------------------------------------------------------------------------------


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and text.startswith("20")
    except ValueError:
        return False


_Number: TypeAlias = Annotated[str, matching("[1-9][0-9]{0,3}", "a number such as 212")]
_Day: TypeAlias = Annotated[str, Form(_is_day, "a date such as 2017-04-04")]
_Truth: TypeAlias = Annotated[
    str, Form(lambda text: text.lower() in _TRUTH, "yes or no; leave it out if not known")
]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of tracker data, as written."""

    xsa: _Number
    date: _Day = ""
    updated: _Day = ""
    affected: _Truth = ""
    unused: _Truth = ""
    qsb: Annotated[
        str,
        matching(
            "(?!000)([0-9]{3}|[1-9][0-9]{3})-20[0-9]{2}", "a number and a year such as 029-2017"
        ),
    ] = ""
    reason: Annotated[str, Form(str.strip, "some words")] = ""
    justification: Annotated[str, one_of(JUSTIFICATIONS)] = ""


def _tracked(data: bytes, file: str, errors: list[ParseError]) -> Iterator[Advisory]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    for line, values, lines in _mappings(text, errors):
        wrong: list[Wrong] = []
        entry = read_table(_Entry, values, wrong)
        errors += (_wrong(each, lines, line) for each in wrong)
        if entry:
            errors += (_wrong(each, lines, line) for each in _contradictions(entry))
            yield _advisory(entry, file, line)


def _wrong(wrong: Wrong, lines: dict[str, int], line: int) -> ParseError:
    name = f"{wrong.setting}: " if wrong.setting else ""
    return ParseError(f"{name}{wrong.message}", line=lines.get(wrong.setting, line))


def _contradictions(entry: _Entry) -> Iterator[Wrong]:
    if _TRUTH.get(entry.unused.lower()) and (_TRUTH.get(entry.affected.lower()) or entry.qsb):
        expected = "expected neither 'affected: yes' nor 'qsb'"
        yield Wrong("unused", f"a number that was never used; {expected}")
    if entry.justification and _TRUTH.get(entry.affected.lower(), True):
        yield Wrong("justification", "only where the verdict is 'affected: no'")
    if entry.updated and entry.updated < entry.date:
        yield Wrong("updated", f"earlier than {entry.date}, its date")


def _advisory(entry: _Entry, file: str, line: int) -> Advisory:
    return Advisory(
        number=int(entry.xsa),
        date=date.fromisoformat(entry.date) if entry.date else None,
        updated=date.fromisoformat(entry.updated) if entry.updated else None,
        affected=_TRUTH.get(entry.affected.lower()),
        unused=_TRUTH.get(entry.unused.lower(), False),
        bulletin=entry.qsb or None,
        reason=" ".join(entry.reason.split()),
        justification=entry.justification,
        file=file,
        line=line,
    )


def _mappings(
    text: str, errors: list[ParseError]
) -> Iterator[tuple[int, dict[str, str], dict[str, int]]]:
    """Yield the line of each entry, its fields, and their lines.

    Reads events, not nodes: nodes that are nested deeply would exhaust the stack of C.
    """
    events = _events(text)
    if not isinstance(next(events, None), yaml.SequenceStartEvent):
        raise ParseError("expected a list of advisories")
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        if not isinstance(event, yaml.MappingStartEvent):
            raise ParseError("expected an entry such as '- xsa: 212'", line=_line(event))
        yield _line(event), *_fields(events, errors)
    for event in events:
        raise ParseError("expected one list of advisories, and nothing after it", line=_line(event))


def _fields(
    events: Iterator[Any], errors: list[ParseError]
) -> tuple[dict[str, str], dict[str, int]]:
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            raise ParseError("expected a field such as 'date'", line=_line(key))
        value = next(events)
        if not isinstance(value, yaml.ScalarEvent):
            raise ParseError(f"{key.value}: expected one plain value", line=_line(key))
        if key.value in values:
            message = f"{key.value}: appears twice, first on line {lines[key.value]}"
            errors.append(ParseError(message, line=_line(key)))
        values.setdefault(key.value, value.value)
        lines.setdefault(key.value, _line(key))
    return values, lines


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


# --- xsa.json ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listed:
    """An advisory of the Xen Project's list, as written."""

    xsa: _Number
    title: str = ""
    cve: tuple[str, ...] = ()
    public_time: str = ""


def _listed(data: bytes, file: str, errors: list[ParseError]) -> Iterator[Advisory]:
    """Yield the advisories of the list, as advisories that no tracker has.

    YAML's reader cannot read it: JSON writes some characters as pairs of surrogates.
    """
    content = _parse_json(data)
    lines = _number_lines(data.decode())
    first = content[0] if isinstance(content, list) and content else None
    items = first.get("xsas") if isinstance(first, dict) else None
    if not isinstance(items, list):
        raise ParseError("expected a list whose first item has 'xsas', a list of advisories")
    for position, item in enumerate(items, 1):
        wrong: list[Wrong] = []
        entry = read_table(_Listed, _given(item), wrong)
        name = f"XSA-{entry.xsa}" if entry else f"advisory {position} of the list"
        errors += (ParseError(": ".join(filter(None, (name, *each)))) for each in wrong)
        if entry:
            yield _listed_advisory(entry, file, lines.get(entry.xsa, 0))


def _given(item: object) -> dict[str, Any]:
    """The fields that matter here, without empty ones; a number can be a string."""
    fields = item if isinstance(item, dict) else {}
    given = {name: fields[name] for name in _Listed.__slots__ if fields.get(name)}
    if type(number := given.get("xsa")) is int:
        given["xsa"] = f"{number}"
    return given


def _parse_json(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), object_pairs_hook=_fields_once)
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON: {error.msg}", "", error.lineno, error.colno) from None
    except (ValueError, RecursionError):  # not UTF-8, a number of thousands of digits, or nested
        raise ParseError("not readable as JSON in UTF-8") from None


def _fields_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a field that appears twice, other programs take the first value."""
    if len(fields := dict(pairs)) < len(pairs):
        raise ParseError(f"a field appears twice in an object with {', '.join([*fields][:9])}")
    return fields


def _number_lines(text: str) -> dict[str, int]:
    """Return the line of each advisory's number, which ``json`` does not report."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for match in re.finditer(r'"xsa" ?: ?"?([0-9]{1,4})\b', line):
            lines.setdefault(match[1], number)
    return lines


def _listed_advisory(entry: _Listed, file: str, line: int) -> Advisory:
    cves, odd = set(), []
    for string in entry.cve:
        words = string.replace(",", " ").split()
        if words and all(_CVE.fullmatch(word) for word in words):
            cves.update(words)
        else:
            odd.append(f"cve: {string!r} is not a CVE id")
    if len(cves) > 100:  # every bulletin that addresses it repeats them, in several formats
        raise ParseError(f"XSA-{entry.xsa}: {len(cves)} CVEs; expected at most 100")
    day, rest = entry.public_time[:10], entry.public_time[10:]  # 2017-04-04 12:00
    is_day = _is_day(day) and rest[:1] in ("", " ", "T")
    if day and not is_day:
        odd.append(f"public_time: {entry.public_time!r} is not a date")
    messages = [f"XSA-{entry.xsa}: {each}" for each in odd]
    return Advisory(
        number=int(entry.xsa),
        date=date.fromisoformat(day) if is_day else None,
        title=" ".join(entry.title.split()),
        cves=tuple(sorted(cves)),
        tracked=False,
        file=file,
        line=line,
        findings=tuple(Finding(file, line, "tracker-list", m, Severity.NOTICE) for m in messages),
    )
