"""What was found out once and need not be found out again, by digest of all that it depends on."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

_FORMAT: Final = 1
_MOST: Final = 100_000


class Cache:
    """A file of lists of strings by key; a path of None keeps nothing.

    A file that is missing, damaged or of another format is an empty cache, and a place where
    nothing can be written is no error: results are then found out again the next time.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._kept: dict[str, list[str]] = _read(path) if path else {}
        self._changed = False

    def get(self, key: str) -> list[str] | None:
        """What was kept under a key."""
        return self._kept.get(key)

    def put(self, key: str, value: list[str]) -> None:
        """Keep something under a key."""
        if self._path:
            self._kept[key] = value
            self._changed = True

    def save(self) -> None:
        """Write the file anew, as a whole, if anything was put into it."""
        if not self._path or not self._changed:
            return
        kept = dict(list(self._kept.items())[-_MOST:])
        data = json.dumps({"format": _FORMAT, "kept": kept})
        self._changed = not write_whole(self._path, data.encode())


def write_whole(path: Path, data: bytes) -> bool:
    """Write a file that only this user reads, whole or not at all; tell whether that went well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            new = Path(folder) / path.name
            new.write_bytes(data)
            new.replace(path)
    except OSError:
        return False
    return True


def _read(path: Path) -> dict[str, list[str]]:
    try:
        data: Any = json.loads(path.read_bytes()) if path.is_file() else {}
        kept = data["kept"] if data["format"] == _FORMAT else {}
        return {key: value for key, value in kept.items() if _are_strings(value)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def open_cache(name: str) -> Cache:
    """A cache in this user's folder for caches (XDG base directories), if there is one."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:  # nobody knows this user's home
        return Cache(None)
    return Cache(base / "secpack-archive" / name)
