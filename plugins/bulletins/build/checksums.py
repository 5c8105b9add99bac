"""A site in a folder, and its ``SHA256SUMS``, which ``sha256sum -c`` can use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from secpack import SecpackError
from secpack.files import paths, read_file
from secpack.mirror import CHECKSUMS, SIGNATURES, differing, format_checksums, parse_checksums

#: The most bytes of a list that is read.
_MOST_BYTES: Final = 64 * 1024 * 1024


def write_checksums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write the digests of all files of a site, sorted by path."""
    (folder / CHECKSUMS).write_bytes(format_checksums(sums))


def read_checksums(folder: Path) -> dict[str, str]:
    """The digests of a site's files by path, from its list. Raises SecpackError."""
    try:
        return parse_checksums(read_file(folder / CHECKSUMS, _MOST_BYTES))
    except OSError as error:
        raise SecpackError(f"{folder / CHECKSUMS}: {error.strerror}") from None


def check_checksums(folder: Path) -> None:
    """Read a site's files again, and check them against its list. Raises SecpackError."""
    listed, found = read_checksums(folder), digests(folder)
    del found[CHECKSUMS]
    if wrong := differing(listed, found):
        raise SecpackError(f"{folder}: files differ from its {CHECKSUMS}: {', '.join(wrong[:20])}")


def digests(folder: Path) -> dict[str, str]:
    """The digests of all files in a folder by path, without signatures of its list."""
    return {path: digest(folder / path) for path in sorted(paths(folder)) if path not in SIGNATURES}


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
        ours = {*read_checksums(folder), CHECKSUMS, *SIGNATURES}
    except SecpackError:
        ours = {CHECKSUMS, *SIGNATURES}
    for path in sorted(paths(folder)):
        if path not in ours:
            why = f"it contains files that this program did not write, such as {path}"
            raise SecpackError(f"{folder}: {why}: remove it, or choose another place")
