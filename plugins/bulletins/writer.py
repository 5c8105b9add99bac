"""The writer of pages and of all other files."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from pelican import signals
from pelican.utils import get_relative_path, sanitised_join
from pelican.writers import Writer

from bulletins.exports.data import Files
from bulletins.pages.model import Frame, MakePage
from bulletins.pages.table import frame_of, page_of
from bulletins.site import Build
from bulletins.templates import macros, render_page
from bulletins.urls import FILES, INDEX, NOT_FOUND
from secpack.processes import started
from secpack.progress import Progress

#: Makes files by path.
Task: TypeAlias = Callable[[], Files]

#: How many pages are one task.
_PART: Final = 16


class ArchiveWriter(Writer):  # type: ignore[misc] # Pelican has no types
    """Writes each file once, and records it in ``Build.written``."""

    def __init__(self, output_path: str, settings: Any = None) -> None:
        super().__init__(output_path, settings)
        self._build: Build = settings["BULLETINS"]
        self._frame: Frame | None = None
        self._pages: list[tuple[str, MakePage]] = []

    # --- pages ---

    def write_file(
        self, name: str, template: Any, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        """Write what Pelican's own generators ask for.

        With our theme, ``write_all`` writes it later, from the page's data.
        """
        if self._build.templates and name:
            context["localsiteurl"] = self._root(name)  # for links in Markdown pages
            if make := page_of(self._build.site, template.name, kwargs):
                self._pages.append((name, make))
                return
            frame = self._frame_of(name, context)  # of another plugin
            context = {**context, "frame": frame, "m": macros(self._build.templates, frame)}
        super().write_file(name, template, context, *args, **kwargs)

    def _frame_of(self, path: str, context: Mapping[str, Any]) -> Frame:
        if self._frame is None:
            self._frame = frame_of(self._build.site, context["pages"])
        site = self._build.site
        canonical = site.public(path.removesuffix(INDEX)) if site.url else ""
        return replace(self._frame, path=path, root=self._root(path), canonical=canonical)

    def _root(self, path: str) -> str:
        """The way from a page to the site's root.

        A server shows the 404 page at any URL, so its links begin at the root of the host.
        """
        if path == NOT_FOUND and self._build.site.url:
            return urlsplit(self._build.site.url).path
        return str(get_relative_path(path))

    # --- files ---

    def write_all(
        self,
        pages: Iterable[tuple[str, MakePage]],
        tasks: Iterable[Task],
        context: Mapping[str, Any],
    ) -> None:
        """Write pages, those that Pelican asked for, and the files of tasks, on all processors."""
        self._pages += pages
        if self._build.templates:
            self._build.frame = self._frame_of(FILES + INDEX, context)
        parts: list[Task] = [
            partial(self._make_pages, self._pages[at : at + _PART], context)
            for at in range(0, len(self._pages), _PART)
        ]
        # The longest tasks come early, so that no process waits for another at the end.
        ordered = [*parts[:1], *tasks, *parts[1:]]
        stores = [partial(self._store_all, task) for task in ordered]
        progress = Progress("Writing files")
        with started(stores) as results:
            for done, written in enumerate(results, 1):
                for path, digest in written:
                    self.check_free(path)
                    self._build.written[path] = digest
                progress(done, len(stores))
        for path, _ in self._pages:  # Pelican's signal for other plugins
            signals.content_written.send(sanitised_join(self.output_path, path), context=context)

    def _make_pages(
        self, pages: Iterable[tuple[str, MakePage]], context: Mapping[str, Any]
    ) -> Iterator[tuple[str, bytes]]:
        assert self._build.templates
        for path, make in pages:
            frame = self._frame_of(path, context)
            yield path, render_page(self._build.templates, make(), frame).encode()

    def _store_all(self, task: Task) -> list[tuple[str, str]]:
        return [*starmap(self._store, task())]  # and none of the data is kept meanwhile

    def _store(self, path: str, data: bytes) -> tuple[str, str]:
        """Write a file; return its path and SHA-256 (hex). Raises RuntimeError if there is one."""
        target = Path(sanitised_join(self.output_path, path))
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb" if self._build.is_whole else "wb") as file:
                file.write(data)
        except FileExistsError:
            raise _same_url(path) from None
        except OSError as error:  # of a full disk, it names no file
            raise OSError(error.errno, error.strerror, str(target)) from None
        return path, hashlib.sha256(data).hexdigest()

    def write_bytes(self, path: str, data: bytes) -> None:
        """Write a file of the site. Raises RuntimeError if it was written already."""
        self.check_free(path)
        self._build.written.update([self._store(path, data)])

    def check_free(self, path: str) -> None:
        """Raise RuntimeError if this file was written already."""
        if path in self._build.written:
            raise _same_url(path)

    def _open_w(self, filename: str, *args: Any, **kwargs: Any) -> Any:
        """Give Pelican a file for a page or a feed; its digest is made at the end."""
        path = Path(filename).relative_to(Path(sanitised_join(self.output_path))).as_posix()
        self.check_free(path)
        self._build.written[path] = ""
        return super()._open_w(filename, *args, **kwargs)


def _same_url(path: str) -> RuntimeError:
    remedy = "if a prefix or a redirect of the profile makes one, choose another"
    return RuntimeError(f"two pages have the same URL: {path}; {remedy}")
