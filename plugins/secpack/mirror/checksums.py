"""``SHA256SUMS``: the digests of all files of a site. It may be hostile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from secpack.errors import ParseError
from secpack.files import is_safe

#: The file's name, and the names of signatures that a publisher may put next to it.
CHECKSUMS: Final = "SHA256SUMS"
SIGNATURES: Final = (f"{CHECKSUMS}.asc", f"{CHECKSUMS}.sig")

#: The most files that a site may have.
_MAX_FILES: Final = 500_000

_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")


def parse_checksums(data: bytes) -> dict[str, str]:
    """Return the digests by path, such as ``qsb/029/index.html``, in the order of the file.

    Raises ParseError for a path that leaves the site, occurs twice or cannot be a file's.
    """
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise ParseError("not UTF-8", path=CHECKSUMS) from None
    if lines.pop():
        raise ParseError("the last line has no line end", path=CHECKSUMS)
    if len(lines) > _MAX_FILES:
        raise ParseError(f"lists more than {_MAX_FILES} files", path=CHECKSUMS)
    checksums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if not match or not is_safe(match[2]):
            message = "expected a digest, two spaces, and a path inside the site"
            raise ParseError(message, path=CHECKSUMS, line=number)
        if match[2] in checksums or match[2] in (CHECKSUMS, *SIGNATURES):
            message = f"{match[2]} must not be listed here, or not twice"
            raise ParseError(message, path=CHECKSUMS, line=number)
        checksums[match[2]] = match[1]
    return checksums


def format_checksums(checksums: Mapping[str, str]) -> bytes:
    """Write digests as ``sha256sum`` does, sorted by path."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(checksums.items())).encode()
