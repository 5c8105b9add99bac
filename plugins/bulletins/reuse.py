"""What the last build made: what would be the same again is taken from there.

A file is taken when it was made under the same key, a digest of all that it shows (``keys``), or
has the same bytes. It becomes a second link to the same file; nothing is read or written. A file
that somebody has touched since is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

_FORMAT: Final = 2
_STATE: Final = "files.json"


Data: TypeAlias = bytes | Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are made together, or taken from the last build when it has made them by ``key``.

    ``make`` gives their bytes by path, of large ones in pieces. It is handed a way to read files
    that were written before: all others, where ``paths`` are empty. ``day`` is that of the oldest
    document in them: what is of one time is best made at one time.
    """

    paths: tuple[str, ...]
    make: Callable[[Callable[[str], bytes]], Mapping[str, Data]]
    key: str = ""
    day: date = date.max


@dataclass(frozen=True, slots=True)
class Made:
    """A file of a site: the key under which it was made, if any, and its SHA-256 (hex)."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LastBuild:
    """A site that still stands, its files by path, and what they were like when it was made."""

    site: Path
    files: Mapping[str, Made] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)

    def has(self, path: str, key: str) -> bool:
        """Whether a file was made under this key, and is untouched."""
        made = self.files.get(path)
        return made is not None and made.key == key != "" and self._is_untouched(path)

    def has_bytes(self, path: str, sha256: str) -> bool:
        """Whether a file has these bytes, and is untouched."""
        made = self.files.get(path)
        return made is not None and made.sha256 == sha256 and self._is_untouched(path)

    def is_untouched(self) -> bool:
        """Whether the site has all its files as they were made, and no others."""
        found = sum(1 for _ in paths(self.site))
        return found == len(self.files) > 0 and all(map(self._is_untouched, self.files))

    def link(self, path: str, folder: Path, name: str = "") -> bool:
        """Let a file be in another folder, too; tell whether that could be done.

        Raises FileExistsError where something is there.
        """
        new = f"{folder}/{name or path}"
        try:
            os.link(f"{self.site}/{path}", new)
        except FileExistsError:
            raise
        except OSError:  # a file system without links, or a file of somebody else
            return False
        # Another build may have replaced the site since it was looked at.
        if _changeless(_stamp(new)) == _changeless(self.stamps[path]):
            return True
        Path(new).unlink()
        return False

    def copy(self, path: str, folder: Path) -> bool:
        """Copy a file that cannot be linked; tell whether it is the one that was made."""
        try:
            data = Path(f"{self.site}/{path}").read_bytes()
        except OSError:
            return False
        if hashlib.sha256(data).hexdigest() != self.files[path].sha256:
            return False
        Path(f"{folder}/{path}").write_bytes(data)
        return True

    def put_over(self, path: str, folder: Path) -> None:
        """Put a file in the place of one with the same bytes, if that can be done."""
        name = f"{path}.link"
        if self.link(path, folder, name):
            Path(f"{folder}/{name}").replace(f"{folder}/{path}")

    def _is_untouched(self, path: str) -> bool:
        try:
            return _stamp(f"{self.site}/{path}") == self.stamps.get(path)
        except OSError:
            return False


@dataclass(slots=True)
class Record:
    """A build at work: the one before it, and the files that it has made or taken from there.

    ``kept`` are the pages of documents, with their keys, that need not be made again; ``keys`` are
    those of pages that are about to be made.
    """

    last: LastBuild
    kept: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


def paths(folder: Path) -> Iterator[str]:
    """The files below a folder, links among them, as paths from there; in no order."""
    todo = [""]
    while todo:
        below = todo.pop()
        with os.scandir(folder / below) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(f"{below}{entry.name}/")
                else:
                    yield below + entry.name


def kept_beside(site: Path) -> Path:
    """The folder beside a site in which builds keep what the next one can use."""
    return site.with_name(f".{site.name}-kept")


def last_build(site: Path) -> LastBuild:
    """What is remembered of a site; nothing of one that was replaced by other means."""
    try:
        state = json.loads(read_kept(site, _STATE))
        if state["format"] != _FORMAT:
            return LastBuild(site)
        files = {name: Made(*row[:2]) for name, row in state["files"].items()}
        return LastBuild(site, files, {name: row[2] for name, row in state["files"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return LastBuild(site)


def settle(folder: Path, record: Record) -> None:
    """Record the files of a new site that nobody has recorded: those that others wrote."""
    for name in sorted(set(paths(folder)) - record.made.keys()):
        path = folder / name
        made = record.made[name] = Made("", hashlib.sha256(path.read_bytes()).hexdigest())
        if record.last.has_bytes(name, made.sha256):
            record.last.put_over(name, folder)


def remember(site: Path, files: Mapping[str, Made], inode: int) -> str:
    """Remember a site that has just been put in place, so that the next build can take from it.

    ``inode`` is that of its folder: when another build has replaced it since, nothing is
    remembered. Returns a digest of what is, or nothing.
    """
    try:
        rows = {name: [m.key, m.sha256, _stamp(f"{site}/{name}")] for name, m in files.items()}
        if site.stat().st_ino != inode:
            return ""
    except OSError:
        return ""
    state = json.dumps({"format": _FORMAT, "files": rows}, separators=(",", ":"))
    return hashlib.sha256(state.encode()).hexdigest() if write_kept(site, _STATE, state) else ""


def remembered(site: Path) -> str:
    """The digest that ``remember`` gave. Raises OSError where nothing is remembered."""
    return hashlib.sha256(read_kept(site, _STATE)).hexdigest()


def can_keep(site: Path) -> bool:
    """Make the folder in which builds keep things, if there can be one that is only ours.

    What lies there decides what a site shows: nobody else may have a say in it.
    """
    folder = kept_beside(site)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError:
        return False
    return _is_only_ours(folder) and os.access(folder, os.W_OK | os.X_OK)


def _is_only_ours(folder: Path) -> bool:
    found = folder.lstat()
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not writable


def read_kept(site: Path, name: str) -> bytes:
    """A file that was kept beside a site. Raises OSError where there is none that can be used."""
    folder = kept_beside(site)
    if not _is_only_ours(folder):
        raise PermissionError(f"{folder}: others can write there")
    return (folder / name).read_bytes()


def write_kept(site: Path, name: str, text: str) -> bool:
    """Write a file beside a site, for the next build; tell whether that went well."""
    # Here, since a build that finds nothing changed needs none of it.
    from secpack.cache import write_whole  # noqa: PLC0415

    return write_whole(kept_beside(site) / name, text.encode("utf-8", "surrogateescape"))


def _stamp(path: str) -> str:
    """What changes when a file is written, replaced, or given another name or time."""
    found = os.lstat(path)
    return f"{found.st_ctime_ns} {found.st_mtime_ns} {found.st_size} {found.st_ino} {found.st_mode}"


def _changeless(stamp: str) -> str:
    """A stamp without the time that changes when a file is linked."""
    return stamp.partition(" ")[2]
