"""What all exports share: the class Export, the form of JSON, texts as printed, and moved.json."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from bulletins.site import Site
from secpack.mirror import published_form
from secpack.parser.characters import replace_hidden, visible

# Markup that a careless reader could run, and the one ASCII control that JSON does not escape.
_ESCAPES: Final = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026", b"\x7f": b"\\u007f"}

#: Files by URL.
Files: TypeAlias = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Export:
    """Files that the site writes for programs.

    ``words.exports`` describes them under ``name``, with ``counts``. ``url`` is the main file,
    ``each`` are the URLs of the documents' own files, and ``make`` returns all files by URL.
    """

    name: str
    url: str
    make: Callable[[], Files]
    each: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


def to_json(data: object, *, lines: bool = True) -> bytes:
    """Return data as JSON in UTF-8 without ``<``, ``>``, ``&`` and invisible characters.

    Keys are sorted; days and times, which are in UTC, are as in RFC 3339. With ``lines`` each value
    is on its own line, so that versions can be compared; otherwise everything is on one line.
    """
    signs = (",\n" if lines else ", ", ": ")  # to indent lines takes json several times as long
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=signs, default=_plain)
    text = replace_hidden(text, lambda character: json.dumps(character)[1:-1])
    written = text.encode() + b"\n"
    for sign, escape in _ESCAPES.items():
        written = written.replace(sign, escape)
    return written


def _plain(value: object) -> str | float:
    """What ``json`` does not know: a day, a time, a decimal number."""
    if isinstance(value, Decimal):
        return float(value)
    assert isinstance(value, date)
    return moment(value) if isinstance(value, datetime) else value.isoformat()


def filled(**fields: object) -> dict[str, Any]:
    """The fields that have a value: formats for scanners allow no empty ones."""
    return {name: value for name, value in fields.items() if value}


def midnight(day: date) -> datetime:
    """The first moment of a day in UTC, because texts state no time."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def noon(day: date) -> datetime:
    """Noon of a day, which readers in every zone up to UTC+12 show as that day.

    No time is on the same day everywhere. Signatures of that day can be earlier.
    """
    return midnight(day) + timedelta(hours=12)


def moment(at: date) -> str:
    """A time in UTC in the form of RFC 3339; of a day its first moment."""
    time = at if isinstance(at, datetime) else midnight(at)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def printed(data: bytes, first: int = 1, last: int | None = None) -> str:
    """Lines of a text as printed, without blank ones around them."""
    lines = _lines(data)[first - 1 : last]
    return visible("\n".join(lines).strip("\n").rstrip())


@lru_cache(maxsize=1)
def _lines(data: bytes) -> list[str]:
    """The lines of a text; each of its sections asks for some of them."""
    return data.decode().replace("\r\n", "\n").split("\n")


# --- data/moved.json: when records changed although no text did -----------------------------

#: Times by the names of records, ascending: the URL of a file, to which a statement's part is
#: added, or the id of a feed's entry.
Moved: TypeAlias = Mapping[str, Sequence[datetime]]

_FORMAT = 1


def moved_json(site: Site) -> bytes:
    """Return the file of a site."""
    moved = {name: [moment(time) for time in times] for name, times in site.notes.moved.items()}
    return to_json({"format": _FORMAT, "moved": moved})


def read_moved(data: bytes) -> Moved:
    """Read such a file. Raises SecpackError when it does not have the published form."""
    with published_form("moved.json"):
        given = json.loads(data)["moved"]
        return {str(name): [_time(time) for time in times] for name, times in given.items()}


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def merged(*all_moved: Moved) -> Moved:
    """The times in any of several files."""
    names = sorted({name for moved in all_moved for name in moved})
    return {n: sorted({t for moved in all_moved for t in moved.get(n, ())}) for n in names}
