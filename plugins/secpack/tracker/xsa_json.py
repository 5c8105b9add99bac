"""The Xen Project's own list of its advisories, ``xsa.json``: titles, CVEs and dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from secpack.errors import TrackerError
from secpack.files import MAX_INPUT, read_file
from secpack.model.archive import Advisory
from secpack.model.findings import Finding, Severity

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}")
_TIME: Final = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})(?:[ T].*)?", re.DOTALL)


def join_list(tracked: Sequence[Advisory], path: Path) -> tuple[Advisory, ...]:
    """Add titles and CVEs of the list to advisories, and those that the tracker lacks.

    The tracker's word on a date holds; where the list's differs there is a finding. Raises
    TrackerError when the file cannot be read or is not in its form.
    """
    joined = {advisory.number: advisory for advisory in tracked}
    for listed in _read(path):
        known = joined.get(listed.number)
        joined[listed.number] = _joined(known, listed) if known else listed
    return tuple(joined[number] for number in sorted(joined))


def _joined(known: Advisory, listed: Advisory) -> Advisory:
    findings = listed.findings
    if known.date and listed.date and known.date != listed.date:
        message = f"XSA-{known.number} is of {known.date} here, of {listed.date} in {listed.file}"
        findings += (Finding(known.file, known.line, "tracker-date", message),)
    return replace(
        known,
        date=known.date or listed.date,
        title=listed.title,
        cves=listed.cves,
        findings=findings,
    )


# --- the file ---------------------------------------------------------------------------------


class _WrongError(Exception):
    """What is wrong with the list."""


def _read(path: Path) -> list[Advisory]:
    """The advisories of the list, as those that no tracker has."""
    try:
        text = read_file(path, MAX_INPUT).decode()
        return list(_advisories(_entries(json.loads(text)), _lines(text), path.name))
    except OSError as error:
        raise TrackerError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except json.JSONDecodeError as error:
        message, line = f"not JSON: {error.msg}", error.lineno
        raise TrackerError(message, path=str(path), line=line, column=error.colno) from None
    except (ValueError, RecursionError):  # not UTF-8, a number of thousands of digits, or nested
        raise TrackerError("not JSON in UTF-8 that can be read", path=str(path)) from None
    except _WrongError as wrong:
        raise TrackerError(str(wrong), path=str(path)) from None


def _entries(data: Any) -> list[Any]:
    first = data[0] if isinstance(data, list) and data else None
    entries = first.get("xsas") if isinstance(first, dict) else None
    if not isinstance(entries, list):
        raise _WrongError("expected a list whose first item has 'xsas', a list of advisories")
    return entries


def _lines(text: str) -> dict[str, int]:
    """The line of each advisory's number: what JSON was read from does not say where it stood."""
    found: dict[str, int] = {}
    for line, words in enumerate(text.split("\n"), 1):
        for match in re.finditer(r'"xsa" ?: ?"?([0-9]{1,4})\b', words):
            found.setdefault(match[1], line)
    return found


def _advisories(entries: list[Any], lines: dict[str, int], file: str) -> Iterator[Advisory]:
    seen = set()
    for position, entry in enumerate(entries, 1):
        number = str(entry.get("xsa")) if isinstance(entry, dict) else ""
        if not _NUMBER.fullmatch(number):
            raise _WrongError(f"advisory {position} of the list: expected a number as its 'xsa'")
        if number in seen:
            raise _WrongError(f"XSA-{number} stands here twice")
        seen.add(number)
        yield _advisory(int(number), entry, file, lines.get(number, 0))


def _advisory(number: int, entry: dict[str, Any], file: str, line: int) -> Advisory:
    title = entry.get("title") or ""
    if not isinstance(title, str):
        raise _WrongError(f"XSA-{number}: title: expected a string")
    day, odd_time = _day(number, entry.get("public_time"))
    cves, odd_cves = _cves(number, entry.get("cve"))
    messages = [f"XSA-{number}: {message}" for message in (*odd_time, *odd_cves)]
    return Advisory(
        number=number,
        date=day,
        affected=None,
        unused=False,
        bulletin=None,
        title=" ".join(_printable(number, title).split()),
        cves=cves,
        tracked=False,
        file=file,
        line=line,
        findings=tuple(Finding(file, line, "tracker-list", m, Severity.NOTICE) for m in messages),
    )


def _day(number: int, value: Any) -> tuple[date | None, list[str]]:
    """The day of a time such as ``2017-04-04 12:00``, and what is odd about it."""
    if value is None or value == "":
        return None, []
    if not isinstance(value, str):
        raise _WrongError(f"XSA-{number}: public_time: expected a string")
    match = _TIME.fullmatch(value)
    try:
        return date.fromisoformat(match[1] if match else ""), []
    except ValueError:
        return None, [f"public_time: {_printable(number, value)!r} is no date"]


def _cves(number: int, value: Any) -> tuple[tuple[str, ...], list[str]]:
    """The CVEs among some strings, and what is said of the others."""
    strings = [value] if isinstance(value, str) else value or []
    if not isinstance(strings, list) or not all(isinstance(s, str) for s in strings):
        raise _WrongError(f"XSA-{number}: cve: expected strings")
    found, odd = set(), []
    for string in strings:
        words = string.replace(",", " ").split()
        if words and all(_CVE.fullmatch(word) for word in words):
            found.update(words)
        else:
            odd.append(f"cve: {_printable(number, string)!r} is no CVE")
    return tuple(sorted(found)), odd


def _printable(number: int, text: str) -> str:
    """Text as it is, unless it holds half a character, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _WrongError(f"XSA-{number}: half a character in {text!r}") from None
    return text
