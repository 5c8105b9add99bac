"""When files were modified, as the texts say: what compares time and size moves what changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bulletins.build.checksums import paths
from bulletins.site import Site
from bulletins.urls import page_url


def set_times(folder: Path, site: Site) -> None:
    """Date a document's page and files by its last revision, all else by the newest revision."""
    days = {page_url(p, site.profile): p.updated for p in site.archive.publications}
    documents = {url: _seconds(day) for url, day in days.items()}
    newest = max(documents.values(), default=0)
    for name in paths(folder):
        _date(f"{folder}/{name}", documents.get(name[: name.rfind("/") + 1], newest))
    for below, _, _ in os.walk(folder):
        _date(below, newest)


def keep_times(
    folder: Path, digests: Mapping[str, str], versions: Sequence[tuple[Path, Mapping[str, str]]]
) -> None:
    """Date files as they are dated in public; a file that has changed is newer than it ever was.

    Programs that compare time and size would otherwise not see a change that leaves the size.
    ``versions`` are the folders that were public, and the digests of their files, the last first.
    """
    for path, digest in digests.items():
        public, known = versions[0]
        if known.get(path) == digest:
            _date(folder / path, _time(public / path))
            continue
        earlier = [_time(root / path) for root, of in versions if of.get(path, digest) != digest]
        if earlier:
            _date(folder / path, max(_time(folder / path), max(earlier) + 1))


def _time(path: Path) -> int:
    return int(path.stat().st_mtime)


def _date(path: str | Path, time: int) -> None:
    if os.lstat(path).st_mtime != time:
        os.utime(path, (time, time))


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
