"""The Writer: also of files whose bytes are ours, and of those that the last build has made."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from pelican.utils import sanitised_join
from pelican.writers import Writer

from bulletins.reuse import Batch, Made, Record
from secpack.progress import Progress
from secpack.sharing import share


class ArchiveWriter(Writer):  # type: ignore[misc] # Pelican has no types
    """Writes what Pelican writes, and bytes as they are, or takes them from the last build.

    Pages and batches are put off until all are known (``write_all``).
    """

    def __init__(self, output_path: str, settings: Any = None) -> None:
        super().__init__(output_path, settings)
        self._root = Path(output_path)
        self._record: Record = self.settings["RECORD"]
        self._folders: set[str] = set()
        self._put_off: list[tuple[date, Callable[[], object]]] = []
        self._last: list[Batch] = []
        self._is_written = False

    def pages(self) -> list[str]:
        """The paths of all pages that were written so far, sorted."""
        return sorted(path for path in self._record.made if path.endswith(".html"))

    def put_off(self, write: Callable[[], object], day: date = date.max) -> None:
        """Write something later; what is of a day together with what else is of that day.

        When all was written, it is written now: the generator of another plugin can come last.
        """
        if self._is_written:
            write()
        else:
            self._put_off.append((day, write))

    def write_file(self, name: str, *given: Any, key: str = "", **more: Any) -> None:
        """Write a page later, as Pelican does, unless the last build made it under the same key."""
        article = more.get("article")
        day = article.publication.published if article else date.max
        self.put_off(partial(self._write_page, name, *given, key=key, **more), day)

    def _write_page(self, name: str, *given: Any, key: str, **more: Any) -> None:
        if not key or not self.take(name, key):
            super().write_file(name, *given, **more)

    def write_batch(self, batch: Batch) -> None:
        """Write files later that are made together."""
        if batch.paths:
            self.put_off(partial(self._write_batch, batch), batch.day)
        else:
            self._last.append(batch)

    def write_all(self) -> None:
        """Write what was put off, the newest first. Raises RuntimeError for an address twice."""
        row = [write for _, write in sorted(self._put_off, key=itemgetter(0), reverse=True)]
        before = set(self._record.made)

        def told() -> tuple[dict[str, Made], set[str]]:
            made = {path: m for path, m in self._record.made.items() if path not in before}
            return made, self._record.taken

        other = share(row, lambda write: write(), told, Progress("Writing files"))
        made, taken = other or ({}, set())
        if twice := sorted(made.keys() & self._record.made.keys()):
            raise _twice(twice[0])
        self._record.made |= made
        self._record.taken |= taken
        for batch in self._last:
            self._write_batch(batch)
        self._is_written = True

    def see_free(self, paths: Iterable[str]) -> None:
        """See that nothing was written where others are about to write past this.

        Raises RuntimeError.
        """
        for path in paths:
            if path in self._record.made:
                raise _twice(path)

    def take(self, path: str, key: str) -> bool:
        """Take a file from the last build, if that made it under this key; tell whether it did.

        The key is remembered for the file that is written otherwise.
        """
        self._record.keys[path] = key
        if not self._record.last.has(path, key):
            return False
        self._make_room(path)
        made = self._record.last.files[path]
        if not self._link(path, made):
            if not self._record.last.copy(path, self._root):
                return False
            self._record.made[path] = made
        return True

    def _write_batch(self, batch: Batch) -> None:
        """Write files that are made together, unless the last build has made all of them."""
        last = self._record.last
        taken: list[str] = []
        if batch.paths and all(last.has(path, batch.key) for path in batch.paths):
            taken = [path for path in batch.paths if self.take(path, batch.key)]
            if len(taken) == len(batch.paths):
                return
        for path, data in batch.make(self._read).items():
            if path not in taken:
                self._record.keys[path] = batch.key
                if isinstance(data, bytes):
                    self.write_bytes(path, data)
                else:
                    self._write_pieces(path, data)

    def _read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def write_bytes(self, path: str, data: bytes, sha256: str = "") -> None:
        """Write a file of the site, whose digest may be known.

        Raises RuntimeError when it was written already.
        """
        made = Made(self._record.keys.get(path, ""), sha256 or hashlib.sha256(data).hexdigest())
        self._make_room(path)
        if self._record.last.has_bytes(path, made.sha256) and self._link(path, made):
            return
        with self._new(path) as file:
            file.write(data)
        self._record.made[path] = made

    def _write_pieces(self, path: str, pieces: Iterator[bytes]) -> None:
        """Write a file that is too large to be held in memory, and more than once."""
        self._make_room(path)
        found = hashlib.sha256()
        with self._new(path) as file:
            for piece in pieces:
                file.write(piece)
                found.update(piece)
        made = Made("", found.hexdigest())
        if self._record.last.has_bytes(path, made.sha256):
            self._record.last.put_over(path, self._root)
        self._record.made[path] = made

    def _make_room(self, path: str) -> None:
        """See that nothing is at an address, and that its folder is there."""
        if path in self._record.made:
            raise _twice(path)
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            Path(sanitised_join(self.output_path, folder)).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)

    def _new(self, path: str) -> BinaryIO:
        """A new file, never another link to one of the last build, which the other has taken."""
        try:
            return (self._root / path).open("xb")
        except FileExistsError:
            raise _twice(path) from None

    def _link(self, path: str, made: Made) -> bool:
        try:
            if not self._record.last.link(path, self._root):
                return False
        except FileExistsError:
            raise _twice(path) from None
        self._record.made[path] = made
        self._record.taken.add(path)
        return True

    def _open_w(self, filename: str, encoding: str, override: bool = False) -> io.StringIO:
        """Where Pelican writes a page or another file: it becomes bytes when all is written."""
        del override
        path = Path(filename).relative_to(Path(sanitised_join(self.output_path))).as_posix()
        return _Page(lambda text: self.write_bytes(path, text.encode(encoding)))


def _twice(path: str) -> RuntimeError:
    return RuntimeError(f"{path}: two things want this address")


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
