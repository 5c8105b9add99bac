"""The versions of a public site: folders next to a link to the public one.

``public`` is a link to ``public.versions/000007``; lower numbers were public before. The holder of
the lock is making or removing any other folder there. Replacing the link is one step, so a complete
site is public at every moment.
"""

import os
import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from bulletins.build import staging
from bulletins.build.finish import check_ours
from secpack import SecpackError

_NUMBER: Final = re.compile(r"[0-9]{6}")


class Versions:
    """The versions of the site that is public at ``target``."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.home = target.with_name(f"{target.name}.versions")
        self.waiting = self.home / "waiting"  # a site that waits for a signature
        self._removed = self.home / "removed"  # a version that is being removed
        self._link = self.home / "next"  # the next link, correct at the target's place

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

    def withdrawn(self) -> list[Path]:
        """The versions that were public after the present one, until a rollback."""
        current = self.current()
        return [version for version in self.all() if current and version > current]

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
        if current and current not in versions:
            raise SecpackError(f"{self.target}: {current}, which it names, is missing")
        if not current and self.target.exists():
            check_ours(self.target)
            if any(self.target.iterdir()):
                expected = "expected a link, which can be replaced in one step"
                way_out = f"move the folder to {self._next()}, and publish again"
                raise SecpackError(f"{self.target} is a folder; {expected}: {way_out}")
        return current or (versions[-1] if versions else None)

    def _next(self) -> Path:
        number = max((int(version.name) for version in self.all()), default=0) + 1
        return self.home / f"{number:06d}"

    def lock(self, *, keep: bool = True) -> AbstractContextManager[Path]:
        """Lock the versions; the value is a new folder, removed at the end unless it is shown.

        Without ``keep``, nothing is left of the place of versions either.
        """
        return staging(self.home, self.target, keep=keep)

    def show(self, folder: Path, keep: int) -> Path:
        """Make a finished folder the next version, make that public, and keep so many before it.

        Removes those that were withdrawn: the new one has been compared with them.
        """
        for version in self.withdrawn():
            self._remove(version)
        new, times = self._next(), folder.stat()
        os.sync()  # a power cut must not leave the link pointing at files without their bytes
        folder.rename(new)
        os.utime(new, ns=(times.st_mtime_ns, times.st_mtime_ns))
        try:
            self.point_to(new)
        except OSError:
            new.rename(folder)
            raise
        shutil.rmtree(self.waiting, ignore_errors=True)
        older = self.older()
        for version in older[: max(0, len(older) - keep)]:
            self._remove(version)
        return new

    def wait(self, folder: Path) -> Path:
        """Keep a finished folder for a later publish, and no other; return where it is."""
        shutil.rmtree(self.waiting, ignore_errors=True)
        folder.rename(self.waiting)
        return self.waiting

    def point_to(self, version: Path) -> None:
        """Make a version public, in one step."""
        self._link.symlink_to(Path(self.home.name) / version.name, target_is_directory=True)
        if self.target.is_dir() and not self.target.is_symlink():
            self.target.rmdir()  # it was empty at the start
        self._link.replace(self.target)
        os.sync()

    def _remove(self, version: Path) -> None:
        """Remove a version: rename it in one step, then delete its files."""
        version.rename(self._removed)
        shutil.rmtree(self._removed)
