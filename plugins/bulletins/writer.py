"""The Writer: feeds through feedgen, and files whose bytes are ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pelican.utils import sanitised_join
from pelican.writers import Writer

from bulletins.feeds import atom_feed


class ArchiveWriter(Writer):  # type: ignore[misc] # Pelican has no types
    """Writes what Pelican writes, feeds in our way, and bytes as they are."""

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a file of the site; raises RuntimeError when it was written already."""
        target = sanitised_join(self.output_path, path)
        if target in self._written_files:
            raise RuntimeError(f"{path}: two things want this address")
        self._written_files.add(target)
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_bytes(data)

    def write_feed(  # noqa: PLR0913, PLR0917 - Pelican's own signature
        self,
        elements: Sequence[Any],
        context: dict[str, Any],
        path: str | None = None,
        url: str | None = None,
        feed_type: str = "atom",
        override_output: bool = False,
        feed_title: str | None = None,
    ) -> None:
        """Write an Atom feed of articles; other kinds of feed are not made."""
        del override_output
        if path and feed_type == "atom":
            publications = [article.publication for article in elements]
            data = atom_feed(publications, context, path=url or path, title=feed_title)
            self.write_bytes(path, data)
