"""The Writer: also of files whose bytes are ours."""

from __future__ import annotations

from pathlib import Path

from pelican.utils import sanitised_join
from pelican.writers import Writer


class ArchiveWriter(Writer):  # type: ignore[misc] # Pelican has no types
    """Writes what Pelican writes, and bytes as they are; tells which pages were written."""

    def pages(self) -> list[str]:
        """The paths of all pages that were written so far, sorted."""
        root = Path(self.output_path).absolute()
        files = (Path(file).absolute() for file in self._written_files)
        return sorted(f.relative_to(root).as_posix() for f in files if f.suffix == ".html")

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a file of the site; raises RuntimeError when it was written already."""
        target = sanitised_join(self.output_path, path)
        if target in self._written_files:
            raise RuntimeError(f"{path}: two things want this address")
        self._written_files.add(target)
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_bytes(data)
