"""Keeps results for later runs, as JSON in a cache folder that only this user can write to."""

import grp
import json
import os
import pwd
import stat
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from secpack.files import read_file

_MOST: Final = 100_000
_MOST_BYTES: Final = 64 * 1024 * 1024
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class Cache:
    """A file of lists of strings by name, the last ``most``; without a path it keeps nothing.

    What is missing, damaged or in another format was not kept. A file that cannot be written is
    no error: the next run computes the results again.
    """

    def __init__(self, path: Path | None, most: int = _MOST) -> None:
        self._path = path
        self._most = most
        kept = read_json(path) if path else None
        items = kept.items() if isinstance(kept, dict) else ()
        self._kept: dict[str, list[str]] = {
            name: value
            for name, value in items
            if isinstance(value, list) and all(isinstance(each, str) for each in value)
        }
        self._changed = False

    def get(self, name: str) -> list[str] | None:
        """Return the strings of this name; None if there are none."""
        return self._kept.get(name)

    def put(self, name: str, value: list[str]) -> None:
        """Keep strings under a name."""
        if self._path:
            self._kept.pop(name, None)
            self._kept[name] = value
            self._changed = True

    def save(self) -> None:
        """Write the file if its content has changed."""
        if not self._path or not self._changed:
            return
        kept = dict(list(self._kept.items())[-self._most :])
        self._changed = not write_json(self._path, kept)


def open_cache(name: str, most: int = _MOST) -> Cache:
    """Open a cache in this user's cache folder, if that can be used."""
    folder = cache_folder()
    return Cache(folder / name if folder else None, most)


def cache_folder() -> Path | None:
    """Return this user's cache folder (XDG base directories); None if it cannot be used.

    Its files decide what a build shows. So nobody else may be able to write to it, and no checkout
    may contain it. Prints on stderr, once, why the folder is not used.
    """
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        folder = Path(os.path.realpath(base / "secpack-archive"))
        if not (reason := _objection(folder)):
            for path in (*reversed(folder.parents), folder):
                path.mkdir(mode=0o700, exist_ok=True)
            reason = _objection(folder)
    except RuntimeError:
        reason = "this user has no home folder"
    except OSError as error:
        reason = f"{folder} cannot be created: {error.strerror}"
    if reason:
        _warn(reason)
        return None
    return folder


@cache
def _warn(reason: str) -> None:
    advice = "set XDG_CACHE_HOME to a folder outside any checkout that only you can write to"
    print(f"No results are kept for the next run: {reason}; {advice}.", file=sys.stderr)


def _objection(folder: Path) -> str:
    """Why a folder, which may not exist yet, cannot be used; empty if it can."""
    for path in (folder, *folder.parents):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{path}: {error.strerror}"
        if not stat.S_ISDIR(status.st_mode):
            return f"{path} is not a folder"
        if status.st_uid not in ({os.geteuid()} if path == folder else {os.geteuid(), 0}):
            return f"{path} belongs to another user"
        # Others can write to folders such as /tmp, but not replace our files there.
        is_shared = status.st_uid == 0 and status.st_mode & stat.S_ISVTX and path != folder
        if _others_can_write(status) and not is_shared:
            return f"others can write to {path}"
        if os.path.lexists(path / ".git"):
            return f"{path} is a git checkout"
    return ""


def _others_can_write(status: os.stat_result) -> bool:
    """Whether others than the owner of a folder can write to it.

    A group of the owner alone does not count: on Debian 13 new folders belong to one.
    """
    if status.st_mode & _OTHERS_WRITE != stat.S_IWGRP:
        return bool(status.st_mode & _OTHERS_WRITE)
    users = {user.pw_uid for user in pwd.getpwall() if user.pw_gid == status.st_gid}
    added = any(group.gr_mem for group in grp.getgrall() if group.gr_gid == status.st_gid)
    return added or users != {status.st_uid}


# --- files ------------------------------------------------------------------------------------


def read_json(path: Path) -> Any:
    """Read a file that only this user can write; None if it is not that, or not valid JSON."""
    try:
        status = path.lstat()
        is_ours = status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
        return json.loads(read_file(path, _MOST_BYTES, follow=False)) if is_ours else None
    except (OSError, ValueError, RecursionError):
        return None


def write_json(path: Path, data: object) -> bool:
    """Replace a file by JSON that only this user can read, completely or not at all.

    Returns whether that succeeded.
    """
    import tempfile  # noqa: PLC0415 - not needed in a build that finds nothing changed

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
