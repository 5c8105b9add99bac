"""Finds and reads files that anybody may have written: only regular ones of bounded size."""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PACKAGES: Final = Path(__file__).resolve().parents[1]
_INSTALLED: Final = _PACKAGES / "secpack_archive"

#: What comes with the packages: settings, theme, content. It is at the top of a checkout.
HOME: Final = _INSTALLED if _INSTALLED.is_dir() else _PACKAGES.parent

#: The most bytes of tracker data, or of a keyring that the caller names.
MAX_INPUT: Final = 16 * 1024 * 1024

_SEGMENT: Final = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f\x7f-\x9f]{1,255}"
_PATH: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_MAX_PATH: Final = 1024


def read_file(path: str | Path, limit: int, *, follow: bool = True) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes.

    Opening never blocks, so a FIFO cannot hang a build. ``follow`` allows a symbolic link. Raises
    OSError, whose ``strerror`` is the reason, for any other file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        # The size is only a hint: a file can grow while it is read.
        data = stream.read(limit + 1) if status.st_size <= limit else b""
    if status.st_size > limit or len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
    return data


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet; what cannot be written whole is removed again.

    Raises OSError, also when there is a file or a link of that name.
    """
    stream = path.open("xb")
    try:
        with stream:
            stream.write(data)
    except OSError as error:
        path.unlink()
        raise OSError(error.errno, error.strerror, f"{path}") from None


def paths(
    folder: str | Path, *, follow: bool = False, without: Collection[str] = ()
) -> Iterator[str]:
    """The files and links below a folder, as paths relative to it, in no order.

    ``follow`` also enters folders to which links lead, each folder once. ``without`` are names of
    folders that are left out.
    """
    folders, entered = [""], set[tuple[int, int]]()
    while folders:
        below = folders.pop()
        with os.scandir(os.path.join(folder, below)) as entries:  # noqa: PTH118 - thousands of times
            for entry in entries:
                if not entry.is_dir(follow_symlinks=follow):
                    yield below + entry.name
                elif entry.name not in without and not (follow and _is_known(entry, entered)):
                    folders.append(f"{below}{entry.name}/")


def _is_known(folder: os.DirEntry[str], entered: set[tuple[int, int]]) -> bool:
    """Whether a folder was entered, perhaps through a link; notes that it is now."""
    status = folder.stat()
    known = (status.st_dev, status.st_ino) in entered
    entered.add((status.st_dev, status.st_ino))
    return known


def checkout_of(folder: Path) -> Path:
    """The git checkout that a folder is, or is in; without one, the folder."""
    place = folder.resolve()
    return next((f for f in (place, *place.parents) if os.path.lexists(f / ".git")), place)


def repository_of(checkout: Path) -> Path:
    """The repository of a checkout; of a worktree, the one that names the worktree in turn.

    Otherwise its ``.git``, which is then perhaps no folder (gitrepository-layout(5)).
    """
    link = checkout / ".git"
    with suppress(OSError, ValueError):
        place = checkout / _line(link).removeprefix("gitdir: ")
        if place.parent.name == "worktrees" and (place / _line(place / "gitdir")).samefile(link):
            return place.parent.parent
    return link


def _line(path: Path) -> str:
    return os.fsdecode(read_file(path, 4096, follow=False)).rstrip("\n")


def profile_path(name: str) -> Path:
    """A profile's file: a path, or the name of a profile that comes with the program, ``qubes``."""
    own = HOME / "content" / f"{name}.toml"
    return own if own.is_file() else Path(name)


def is_safe(path: str) -> bool:
    """Whether a path is relative and stays below the folder where it starts."""
    return len(path) <= _MAX_PATH and _PATH.fullmatch(path) is not None
