"""TOML to frozen dataclasses, whose types say what values must be: ``Annotated[str, Form]``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin, get_type_hints

_MAX_STRING: Final = 2000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: In which all dates are.
YEARS: Final = range(1970, 2100)


@dataclass(frozen=True, slots=True)
class Form:
    """What a value must fulfil besides its type, and how a message says that."""

    test: Callable[[Any], object]
    expected: str


def matching(pattern: str, expected: str) -> Form:
    """The form of strings that an expression matches as a whole."""
    return Form(re.compile(pattern).fullmatch, expected)


def one_of(values: tuple[str, ...]) -> Form:
    """The form of strings that are one of some."""
    return Form(values.__contains__, f"one of {', '.join(values)}")


class Wrong(NamedTuple):
    """What is wrong with a setting, such as ``signers.tomek.name``."""

    setting: str
    message: str


def read_table(cls: Any, data: object, errors: list[Wrong], setting: str = "") -> Any:
    """Make a dataclass of a table; what is wrong with it goes to the ``errors``, and is left out.

    The table may have no other keys. Returns None if it cannot be made.
    """
    if not isinstance(data, dict):
        errors.append(Wrong(setting, "expected a table"))
        return None
    types, required = _settings(cls)
    values = {}
    for name, value in data.items():
        path = f"{setting}.{name}" if setting else name
        if name not in types:
            known = ", ".join(sorted(types))
            errors.append(Wrong(path, f"unknown; expected one of {known}"))
        elif (read := _value(types[name], value, errors, path)) is not None:
            values[name] = read
    if missing := ", ".join(sorted(required - data.keys())):
        errors.append(Wrong(setting, f"incomplete; expected {missing}"))
    return None if required - values.keys() else cls(**values)


@cache
def _settings(cls: Any) -> tuple[dict[str, Any], set[str]]:
    """The types of the settings in a table, and which ones it must have."""
    required = {f.name for f in fields(cls) if f.default is f.default_factory is MISSING}
    return get_type_hints(cls, include_extras=True), required


def _value(kind: Any, data: object, errors: list[Wrong], setting: str) -> Any:
    """A value as its type requires; None, which TOML does not have, if it is wrong."""
    if isinstance(kind, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if isinstance(kind, type) and is_dataclass(kind):
        return read_table(kind, data, errors, setting)
    if get_origin(kind) is Annotated:
        kind, *forms = get_args(kind)
        value = _value(kind, data, errors, setting)
        if form := next((f for f in forms if value is not None and not f.test(value)), None):
            errors.append(Wrong(setting, f"{value!r}: expected {form.expected}"))
        return None if form else value
    if get_origin(kind) is Mapping:
        return _mapping(get_args(kind), data, errors, setting)
    if get_origin(kind) is tuple:
        return _items(get_args(kind)[0], data, errors, setting)
    return _scalar(kind, data, errors, setting)


def _mapping(kinds: tuple[Any, ...], data: object, errors: list[Wrong], setting: str) -> Any:
    if not isinstance(data, dict):
        errors.append(Wrong(setting, "expected a table"))
        return None
    values = {}
    for name, value in data.items():
        path = f"{setting}.{name}"
        named = _value(kinds[0], name, errors, path)
        read = _value(kinds[1], value, errors, path)
        if named is not None and read is not None:
            values[name] = read
    return values


def _items(kind: Any, data: object, errors: list[Wrong], setting: str) -> Any:
    """The items of a list; a single string is a list of one."""
    is_text = str in (kind, *get_args(kind)[:1])
    if is_text and isinstance(data, str):
        data = [data]
    if not isinstance(data, list):
        expected = "a string, or a list of them" if is_text else f"[[{setting}]]"
        errors.append(Wrong(setting, f"expected {expected}"))
        return None
    read = (_value(kind, each, errors, setting) for each in data)
    values = tuple(value for value in read if value is not None)
    return None if data and not values else values


def _scalar(kind: Any, data: object, errors: list[Wrong], setting: str) -> Any:
    if kind is datetime and type(data) is date:  # the first moment of a day
        data = datetime.combine(data, time(), UTC)
    of_type, expected = _SCALARS[kind]
    if type(data) is not kind or not of_type(data):
        errors.append(Wrong(setting, f"expected {expected}"))
        return None
    if isinstance(data, date) and data.year not in YEARS:
        years = f"{YEARS.start} to {YEARS.stop - 1}"
        errors.append(Wrong(setting, f"{data.isoformat()}: expected a date in the years {years}"))
        return None
    return data.astimezone(UTC) if isinstance(data, datetime) else data


_TEXT: Final = f"a string of at most {_MAX_STRING} characters without control characters"
_SCALARS: Final[Mapping[Any, tuple[Callable[[Any], object], str]]] = {
    str: (lambda text: len(text) <= _MAX_STRING and not _CONTROL.search(text), _TEXT),
    bool: (lambda _: True, "true or false"),
    int: (lambda _: True, "a number"),
    date: (lambda _: True, "a date such as 2026-08-01"),
    datetime: (lambda at: at.tzinfo, "a date such as 2027-08-01, or a time with its zone"),
}
