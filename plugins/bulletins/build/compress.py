"""Files compressed beforehand (``index.html.gz``), for servers that send them as they are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Final

_SUFFIXES: Final = frozenset(
    {".asc", ".css", ".csv", ".diff", ".dot", ".html", ".ics"}
    | {".js", ".json", ".patch", ".svg", ".txt", ".xml"}
)

#: Below this many bytes there is nothing to be won.
_LEAST: Final = 512

#: RFC 1952: magic, deflate, no flags, no time, best compression, no system.
_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


def compress(folder: Path) -> None:
    """Write a compressed copy beside each file of a site that gets smaller by it."""
    for path in [p for p in folder.rglob("*") if p.suffix in _SUFFIXES and p.is_file()]:
        data = path.read_bytes()
        packed = gzipped(data) if len(data) >= _LEAST else data
        if len(packed) < len(data):
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def gzipped(data: bytes) -> bytes:
    """Return data as a gzip file that tells no time, name or system."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    return _HEADER + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
