"""``SHA256SUMS``: every file of the site, usable with ``sha256sum -c``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from secpack import SecpackError
from secpack.files import read_file
from secpack.mirror import CHECKSUMS, SIGNATURES, format_checksums, parse_checksums

#: The most bytes of a list that is read.
_MOST_BYTES: Final = 64 * 1024 * 1024


def write_checksums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write the digests of all files of a site, sorted by path."""
    (folder / CHECKSUMS).write_bytes(format_checksums(sums))


def check_checksums(folder: Path) -> None:
    """Read a site's files again, and check them against its list.

    Raises SecpackError.
    """
    listed, found = read_checksums(folder), {path: digest(folder / path) for path in _paths(folder)}
    wrong = sorted(p for p in listed.keys() | found.keys() if listed.get(p) != found.get(p))
    if wrong:
        raise SecpackError(f"{folder}: files differ from its {CHECKSUMS}: {', '.join(wrong[:20])}")


def read_checksums(folder: Path) -> dict[str, str]:
    """The digests of a site's files by path, from its list. Raises SecpackError."""
    try:
        return parse_checksums(read_file(folder / CHECKSUMS, _MOST_BYTES))
    except OSError as error:
        raise SecpackError(f"{folder / CHECKSUMS}: {error.strerror}") from None


def digests(folder: Path) -> dict[str, str]:
    """The digests of all files in a folder, its list included, by path."""
    return {path: digest(folder / path) for path in sorted((*_paths(folder), CHECKSUMS))}


def digest(path: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_ours(folder: Path) -> None:
    """Check that a folder is empty, or a site of ours without files from others.

    Raises SecpackError, which names the first file that a build would destroy.
    """
    if not folder.is_dir():
        raise SecpackError(f"{folder}: not a folder; choose another place")
    try:
        listed = read_checksums(folder)
    except SecpackError:
        listed = {}
    for path in sorted(_paths(folder)):
        if path not in listed:
            why = "it contains files that this program did not write"
            raise SecpackError(
                f"{folder}: {why}, such as {path}: remove it, or choose another place"
            )


def _paths(folder: Path) -> Iterator[str]:
    """All files and links below a folder, except the list of digests and its signatures."""
    yield from (name for name in paths(folder) if name not in (CHECKSUMS, *SIGNATURES))


def paths(folder: Path) -> Iterator[str]:
    """The files and links below a folder, as paths relative to it, in no order."""
    folders = [""]
    while folders:
        below = folders.pop()
        with os.scandir(folder / below) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{below}{entry.name}/")
                else:
                    yield below + entry.name
