"""The versions of a public site: folders beside a link, which names the one that is public.

``public`` is a link to ``public.versions/000007``; older numbers were public before. Whatever
else lies there is being built or removed, by whoever holds the lock. Replacing the link is one
step, so there is never a moment without a whole site.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bulletins.build.checksums import check_ours
from secpack import SecpackError

_NUMBER: Final = re.compile(r"[0-9]{6}")


class Versions:
    """The versions of the site that is public at ``target``."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.home = target.with_name(f"{target.name}.versions")

    def folder(self, number: int) -> Path:
        """Where a version lies."""
        return self.home / f"{number:06d}"

    def numbers(self) -> list[int]:
        """The versions that are there, ascending."""
        folders = self.home.iterdir() if self.home.is_dir() else ()
        return sorted(
            int(f.name)
            for f in folders
            if _NUMBER.fullmatch(f.name) and f.is_dir() and not f.is_symlink()
        )

    def current(self) -> int | None:
        """The version that is public; None where no link says so.

        Raises SecpackError when the target is a link elsewhere.
        """
        if not self.target.is_symlink():
            return None
        folder = self.target.readlink()
        if folder.parent != Path(self.home.name) or not _NUMBER.fullmatch(folder.name):
            raise SecpackError(f"{self.target}: a link to {folder}, which is not one of ours")
        return int(folder.name)

    def public(self) -> Path | None:
        """The folder of the site that is public, or was last; None where nothing ever was.

        Raises SecpackError when something else is there.
        """
        number, numbers = self.current(), self.numbers()
        if number is None and self.target.exists():
            self._check_empty(self.folder(max(numbers, default=0) + 1))
        if number is None:
            return self.folder(numbers[-1]) if numbers else None
        if number not in numbers:
            raise SecpackError(f"{self.target}: {self.folder(number)}, which it names, is missing")
        return self.folder(number)

    def _check_empty(self, version: Path) -> None:
        """Refuse a folder that is not empty: no link can replace it in one step."""
        check_ours(self.target)
        if any(self.target.iterdir()):
            expected = "expected a link, which can be replaced in one step"
            way_out = f"move the folder to {version}, and publish again"
            raise SecpackError(f"{self.target} is a folder; {expected}: {way_out}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep others from publishing here; wait, and say so, while they do."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"{self.target}: another publish is running; waiting ...", file=sys.stderr)
                fcntl.flock(file, fcntl.LOCK_EX)
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Remove what was left by those who were killed while they held the lock."""
        for path in self.home.iterdir():
            if path.is_symlink():
                path.unlink()
            elif path.name.startswith(("building-", "gone-")):
                shutil.rmtree(path)

    @contextmanager
    def building(self) -> Iterator[Path]:
        """A new folder for the next version, removed again unless it has been shown."""
        folder = Path(tempfile.mkdtemp(prefix="building-", dir=self.home))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def show(self, folder: Path) -> int:
        """Make a folder that has been built the next version, and that one public.

        What is newer than the public version was taken back, or never shown, and is removed.
        """
        current = self.current()
        for number in self.numbers():
            if current is not None and number > current:
                self.remove(number)
        number = max(self.numbers(), default=0) + 1
        times = folder.stat()
        os.sync()  # a power cut must not leave the link pointing at files without their bytes
        folder.rename(self.folder(number))
        os.utime(self.folder(number), ns=(times.st_mtime_ns, times.st_mtime_ns))
        try:
            self.point_to(number)
        except OSError:
            self.remove(number)
            raise
        return number

    def point_to(self, number: int) -> None:
        """Make a version public, in one step."""
        link = self._link(number)
        if self.target.is_dir() and not self.target.is_symlink():
            self.target.rmdir()  # it was empty when this began
        link.replace(self.target)
        _sync(self.target.parent)

    def _link(self, number: int) -> Path:
        """A link that is right where the target is, kept here until it gets there."""
        link = self.home / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(self.home.name) / f"{number:06d}", target_is_directory=True)
        return link

    def prune(self, keep: int) -> None:
        """Remove the oldest versions but for ``keep`` of those before the public one."""
        current = self.current()
        older = [n for n in self.numbers() if current is not None and n < current]
        for number in older[: max(0, len(older) - keep)]:
            self.remove(number)

    def remove(self, number: int) -> None:
        """Remove a version: at once from the versions, then file by file."""
        gone = self.home / f"gone-{number:06d}"
        self.folder(number).rename(gone)
        shutil.rmtree(gone)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
