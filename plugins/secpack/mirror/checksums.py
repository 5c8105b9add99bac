"""``SHA256SUMS``, the manifest of a site, as anybody may have written it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from secpack.errors import ParseError

#: The file's name, and those of signatures of it that a publisher may lay beside it.
SUMS: Final = "SHA256SUMS"
SUMS_SIGNATURES: Final = (f"{SUMS}.asc", f"{SUMS}.sig")

#: The most files that a site may have.
MAX_FILES: Final = 500_000

_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_SEGMENT: Final = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f\x7f-\x9f]{1,255}"
_PATH: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_MAX_PATH: Final = 1024


def parse_sums(data: bytes) -> dict[str, str]:
    """Read digests by path, such as ``qsb/029/index.html``, in the order of the file.

    Raises ParseError for a path that leads out of the site, is there twice or cannot be a file's.
    """
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise ParseError("not UTF-8", path=SUMS) from None
    if lines.pop():
        raise ParseError("does not end with a line end", path=SUMS)
    if len(lines) > MAX_FILES:
        raise ParseError(f"names more than {MAX_FILES} files", path=SUMS)
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if not match or not is_safe(match[2]):
            message = "expected a digest, two spaces, and a path that stays on the site"
            raise ParseError(message, path=SUMS, line=number)
        if match[2] in sums or match[2] in (SUMS, *SUMS_SIGNATURES):
            raise ParseError("a path that cannot be there, or is twice", path=SUMS, line=number)
        sums[match[2]] = match[1]
    return sums


def is_safe(path: str) -> bool:
    """Whether a path is relative, and stays below where it begins."""
    return len(path) <= _MAX_PATH and _PATH.fullmatch(path) is not None


def format_sums(sums: Mapping[str, str]) -> bytes:
    """Write digests as ``sha256sum`` does, sorted by path."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())).encode()
