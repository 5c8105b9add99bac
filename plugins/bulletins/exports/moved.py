"""``data/moved.json``: when records changed although no text did.

A record is what programs and feed readers keep: a document as OSV or CSAF, an entry of a feed. It
can change with the tracker, or with better rules of reading. Its new time is in no text, so the
publisher finds it, and a rebuild takes it from this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from bulletins.exports.data import moment, to_json
from bulletins.site import Site
from secpack import SecpackError

#: Times by the names of records, ascending: the URL of a file, or the id of a feed's entry.
Moved: TypeAlias = Mapping[str, Sequence[datetime]]

_FORMAT = 1


def moved_json(site: Site) -> bytes:
    """Return the file of a site."""
    moved = {name: [moment(time) for time in times] for name, times in site.moved.items()}
    return to_json({"format": _FORMAT, "moved": moved})


def read_moved(data: bytes) -> Moved:
    """Read such a file. Raises SecpackError when it does not have the published form."""
    try:
        given = json.loads(data)["moved"]
        return {str(name): [_time(time) for time in times] for name, times in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SecpackError(f"moved.json cannot be read: {type(error).__name__}: {error}") from None


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def merged(*all_moved: Moved) -> Moved:
    """The times in any of several files."""
    names = sorted({name for moved in all_moved for name in moved})
    return {n: sorted({t for moved in all_moved for t in moved.get(n, ())}) for n in names}
