"""The Writer: of what Pelican writes, and of files whose bytes are ours."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pelican.utils import sanitised_join
from pelican.writers import Writer


class ArchiveWriter(Writer):  # type: ignore[misc] # Pelican has no types
    """Writes each file once, and puts its SHA-256 (hex) into ``settings["WRITTEN"]``, by path."""

    def __init__(self, output_path: str, settings: Any = None) -> None:
        super().__init__(output_path, settings)
        self.written: dict[str, str] = self.settings["WRITTEN"]

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a file of the site. Raises RuntimeError if the path is taken."""
        self.check_free(path)
        place = Path(sanitised_join(self.output_path, path))
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(data)
        self.written[path] = hashlib.sha256(data).hexdigest()

    def check_free(self, path: str) -> None:
        """Raise RuntimeError if something was written there."""
        if path in self.written:
            raise RuntimeError(f"two pages have the same URL: {path}")

    def _open_w(self, filename: str, encoding: str, override: bool = False) -> io.StringIO:
        """Where Pelican writes a page or another file: it becomes bytes when all is written."""
        del override
        path = Path(filename).relative_to(Path(sanitised_join(self.output_path))).as_posix()
        return _Page(lambda text: self.write_bytes(path, text.encode(encoding)))


class _Page(io.StringIO):
    """Text that is handed over when its ``with`` ends, unless by an error.

    Not when it is closed: what an interrupt has left open is closed when the folder is gone.
    """

    def __init__(self, done: Callable[[str], None]) -> None:
        super().__init__(newline="\n")
        self._done = done

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Hand the text over."""
        if kind is None:
            self._done(self.getvalue())
        self.close()
