"""Results that a later run can use, as JSON in this user's own folder for caches."""

from __future__ import annotations

import json
import os
import stat
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from secpack.files import read_file

_FORMAT: Final = 1
_MOST: Final = 100_000
_MOST_BYTES: Final = 64 * 1024 * 1024
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


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
        self._changed = not write_json(self._path, {"format": _FORMAT, "kept": kept})


def _read(path: Path) -> dict[str, list[str]]:
    try:
        data = read_json(path)
        kept = data["kept"] if data["format"] == _FORMAT else {}
        return {key: value for key, value in kept.items() if _are_strings(value)}
    except (KeyError, TypeError, AttributeError):
        return {}


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def open_cache(name: str) -> Cache:
    """A cache in this user's folder for caches, if that can be used."""
    folder = cache_folder()
    return Cache(folder / name if folder else None)


def cache_folder() -> Path | None:
    """This user's folder for caches (XDG base directories); None if it cannot be used.

    What lies there decides what a build shows. So nobody else may be able to write there, and it
    must not have come with a checkout. Says on stderr, once, why it is not used.
    """
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        folder = Path(os.path.realpath(base / "secpack-archive"))
        reason = _objection(folder) or _create(folder) or _objection(folder)
    except RuntimeError:
        reason = "this user has no home folder"
    if reason:
        _say(reason)
        return None
    return folder


@cache
def _say(reason: str) -> None:
    way_out = "set XDG_CACHE_HOME to a folder outside any checkout that only you can write to"
    print(f"No results are kept for the next run: {reason}; {way_out}.", file=sys.stderr)


def _objection(folder: Path) -> str:
    """Why a folder cannot be used, there or not; empty where it can."""
    for path in (folder, *folder.parents):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{path}: {error.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{path} is not a folder"
        if found.st_uid not in ({os.geteuid()} if path == folder else {os.geteuid(), 0}):
            return f"{path} belongs to another user"
        # As in /tmp, where others can write, but not replace what is ours.
        is_shared = found.st_uid == 0 and found.st_mode & stat.S_ISVTX and path != folder
        if found.st_mode & _OTHERS_WRITE and not is_shared:
            return f"others can write to {path}"
        if os.path.lexists(path / ".git"):
            return f"{path} is a git checkout"
    return ""


def _create(folder: Path) -> str:
    """Create a folder that is this user's alone, and its parents; return why that failed."""
    try:
        for path in (*reversed(folder.parents), folder):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        return f"{folder} cannot be created: {error.strerror}"
    return ""


# --- files ------------------------------------------------------------------------------------


def read_json(path: Path) -> Any:
    """The data in a file; None if it is missing, damaged, huge, not regular, or not only ours."""
    try:
        found = path.lstat()
        is_ours = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE
        return json.loads(read_file(path, _MOST_BYTES, follow=False)) if is_ours else None
    except (OSError, ValueError, RecursionError):
        return None


def write_json(path: Path, data: object) -> bool:
    """Write data to a file that only this user reads, whole or not at all; return whether it did.

    It replaces whatever is there.
    """
    import tempfile  # noqa: PLC0415 - a build that finds nothing changed does not need it

    new = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        new = Path(name)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(json.dumps(data, separators=(",", ":")))
        new.replace(path)
    except OSError:
        return False
    finally:
        if new:
            new.unlink(missing_ok=True)
    return True
