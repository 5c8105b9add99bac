"""The versions of a public site: folders next to a link to the public one.

``public`` is a link to ``public.versions/000007``; lower numbers were public before. The holder of
the lock is building or removing any other folder there. Replacing the link is one step, so a
complete site is public at every moment.
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

    def all(self) -> list[Path]:
        """The folders of all versions, oldest first."""
        folders = self.home.iterdir() if self.home.is_dir() else ()
        return sorted(
            f for f in folders if _NUMBER.fullmatch(f.name) and f.is_dir() and not f.is_symlink()
        )

    def older(self) -> list[Path]:
        """The versions that were public before the present one, oldest first."""
        current = self.current()
        return [version for version in self.all() if current and version < current]

    def current(self) -> Path | None:
        """The public version; None if there is no link.

        Raises SecpackError when the link leads elsewhere.
        """
        if not self.target.is_symlink():
            return None
        folder = self.target.readlink()
        if folder.parent != Path(self.home.name) or not _NUMBER.fullmatch(folder.name):
            raise SecpackError(f"{self.target}: a link to {folder}, which is not one of ours")
        return self.home / folder.name

    def public(self) -> Path | None:
        """The folder of the public site, or of the last one; None if nothing was ever public.

        Raises SecpackError when something else is at the target.
        """
        current, versions = self.current(), self.all()
        if current is None:
            if self.target.exists():
                self._check_empty()
            return versions[-1] if versions else None
        if current not in versions:
            raise SecpackError(f"{self.target}: {current}, which it names, is missing")
        return current

    def _next(self) -> Path:
        number = max((int(version.name) for version in self.all()), default=0) + 1
        return self.home / f"{number:06d}"

    def _check_empty(self) -> None:
        """Refuse a folder that is not empty, because no link can replace it in one step."""
        check_ours(self.target)
        if any(self.target.iterdir()):
            expected = "expected a link, which can be replaced in one step"
            way_out = f"move the folder to {self._next()}, and publish again"
            raise SecpackError(f"{self.target} is a folder; {expected}: {way_out}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the versions; if another publish has the lock, say so and wait."""
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
        """Remove what killed publishes have left."""
        for path in self.home.iterdir():
            if path.is_symlink():
                path.unlink()
            elif path.name.startswith(("building-", "gone-")):
                shutil.rmtree(path)

    @contextmanager
    def building(self) -> Iterator[Path]:
        """A new folder for the next version, removed at the end unless it became public."""
        folder = Path(tempfile.mkdtemp(prefix="building-", dir=self.home))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def show(self, folder: Path) -> Path:
        """Make a finished folder the next version, and make that public.

        Removes versions newer than the public one: they were rolled back, or never public.
        """
        current = self.current()
        for version in self.all():
            if current and version > current:
                self.remove(version)
        new, times = self._next(), folder.stat()
        os.sync()  # a power cut must not leave the link pointing at files without their bytes
        folder.rename(new)
        os.utime(new, ns=(times.st_mtime_ns, times.st_mtime_ns))
        try:
            self.point_to(new)
        except OSError:
            self.remove(new)
            raise
        return new

    def point_to(self, version: Path) -> None:
        """Make a version public, in one step."""
        link = self.home / "next"  # made here, it is correct at the target's place
        link.symlink_to(Path(self.home.name) / version.name, target_is_directory=True)
        if self.target.is_dir() and not self.target.is_symlink():
            self.target.rmdir()  # it was empty at the start
        link.replace(self.target)
        _sync(self.target.parent)

    def prune(self, keep: int) -> None:
        """Remove all versions before the public one, except the newest ``keep``."""
        older = self.older()
        for version in older[: max(0, len(older) - keep)]:
            self.remove(version)

    def remove(self, version: Path) -> None:
        """Remove a version: rename it in one step, then delete its files."""
        gone = self.home / f"gone-{version.name}"
        version.rename(gone)
        shutil.rmtree(gone)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
