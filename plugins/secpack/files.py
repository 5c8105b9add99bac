"""Reading files that anybody may have put there: regular ones only, and bounded."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

#: The most bytes of tracker data, or of a file of keys that the caller names.
MAX_INPUT: Final = 16 * 1024 * 1024


def read_file(path: str | Path, limit: int, *, follow: bool = True) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes.

    Opening never waits, so that a FIFO cannot hang a build. ``follow`` is whether the file may be a
    symbolic link. Raises OSError, whose ``strerror`` says why, for anything else.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        # The size is only a hint: a file can grow while it is read.
        data = stream.read(limit + 1) if found.st_size <= limit else b""
    if found.st_size > limit or len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
    return data
