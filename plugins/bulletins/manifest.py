"""``SHA256SUMS``: every file of the site, usable with ``sha256sum -c``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from secpack import SecpackError

SUMS: Final = "SHA256SUMS"


def write_sums(folder: Path) -> None:
    """Write the digests of all files of a site, sorted by path."""
    lines = (
        f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}  {path}\n"
        for path in sorted(_paths(folder))
    )
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def check_ours(folder: Path) -> None:
    """See that a folder is empty, or a site of ours that nobody has put anything into.

    Raises SecpackError with the first file that a build would destroy.
    """
    if not folder.is_dir():
        raise SecpackError(f"{folder}: not a folder; give another OUTPUT")
    listed = _listed(folder)
    for path in sorted(_paths(folder)):
        if path not in listed:
            why = "it holds files that this program has not put there"
            raise SecpackError(
                f"{folder}: {why}, such as {path}: remove it, or give another OUTPUT"
            )


def _listed(folder: Path) -> set[str]:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line.partition("  ")[2] for line in lines} | {SUMS}


def _paths(folder: Path) -> Iterator[str]:
    """All files below a folder, links among them, but for the digests themselves."""
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            name = path.relative_to(folder).as_posix()
            if name != SUMS:
                yield name
