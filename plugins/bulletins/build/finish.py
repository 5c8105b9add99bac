"""Finishes a site after its other pages: search index, list of files, .gz files, times, checksums.

Servers send files such as ``index.html.gz`` as they are. Files get the times of the texts, so that
programs that compare time and size copy only what has changed.
"""

import hashlib
import os
import subprocess
import sys
import zlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from bulletins.exports.data import midnight
from bulletins.pages.model import FilesPage
from bulletins.site import Build, Site
from bulletins.templates import render_page
from bulletins.urls import FILES, INDEX, SEARCH_INDEX, is_signature, page_url
from secpack import SecpackError
from secpack.files import paths, read_file
from secpack.mirror import CHECKSUMS, MOST_OF_A_FILE, SIGNATURES, differing, parse_checksums

#: The files of Pagefind that the search page needs; the others are its own interface.
_NEEDED: Final = (
    "pagefind.js",
    "pagefind-worker.js",
    "pagefind-entry.json",
    "*.pagefind",
    "*.pf_*",
)


def write_index(folder: Path) -> None:
    """Index the texts on a site's pages; the same pages give the same index.

    Raises SecpackError when Pagefind is not installed, or fails.
    """
    # The current folder, which may be a pack, brings neither code nor Pagefind's configuration.
    command = [sys.executable, "-P", "-m", "pagefind_bin", "--site", "."]
    command += ["--output-subdir", SEARCH_INDEX, "--force-language", "en", "--quiet"]
    command += ["--exclude-selectors", ".mark"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise SecpackError(f"Pagefind did not index the site: {done.stderr or done.stdout}")
    for name in [*paths(folder / SEARCH_INDEX)]:
        if not any(fnmatch(name, pattern) for pattern in _NEEDED):
            (folder / SEARCH_INDEX / name).unlink()


def write_list(folder: Path, build: Build) -> None:
    """Write the page that links to all files of a site, itself among them."""
    assert build.templates
    files = sorted([*paths(folder), FILES + INDEX, CHECKSUMS])
    html = render_page(build.templates, FilesPage(tuple(files)), build.frame)
    (folder / FILES).mkdir(parents=True)
    (folder / FILES / INDEX).write_text(html, "utf-8")


_SUFFIXES: Final = (
    *(".asc", ".css", ".csv", ".diff", ".dot", ".html", ".ics"),
    *(".js", ".json", ".patch", ".svg", ".txt", ".xml"),
)

#: Compressing smaller files saves nothing.
_LEAST: Final = 512

#: RFC 1952: magic, deflate, no flags, no time, best compression, no system.
_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


def compress(folder: Path) -> None:
    """Write a compressed copy next to each file of a site, if the copy is smaller."""
    for path in [folder / name for name in paths(folder) if name.endswith(_SUFFIXES)]:
        data = path.read_bytes()
        packed = gzipped(data) if len(data) >= _LEAST else data
        if len(packed) < len(data):
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def gzipped(data: bytes) -> bytes:
    """Return data as a gzip file that contains no time, name or system."""
    return _HEADER + zlib.compress(data, 9, wbits=31)[len(_HEADER) :]


def set_times(folder: Path, site: Site) -> None:
    """Date a document's files by its last revision, all others by the newest revision."""
    days = {page_url(p): p.updated for p in site.archive.publications}
    documents = {url: int(midnight(day).timestamp()) for url, day in days.items()}
    newest = max(documents.values(), default=0)
    for below, _, names in os.walk(folder):
        time = documents.get(f"{Path(below).relative_to(folder)}/", newest)
        for name in names:
            _date(f"{below}/{name}", time)
        _date(below, newest)


def keep_times(folder: Path, public: Path, same: Collection[str], versions: Iterable[Path]) -> None:
    """Keep the times of the same files, and make any other newer than it is in all versions.

    Otherwise programs that compare time and size would miss a change that keeps the size.
    """
    for path in paths(folder):
        if path in same:
            _date(folder / path, _time(public / path))
        elif earlier := [_time(v / path) for v in versions if (v / path).is_file()]:
            _date(folder / path, max(_time(folder / path), max(earlier) + 1))


def _time(path: Path) -> int:
    return int(path.stat().st_mtime)


def _date(path: str | Path, time: int) -> None:
    os.utime(path, (time, time))


# --- checksums ------------------------------------------------------------------------------


def read_checksums(folder: Path) -> dict[str, str]:
    """The digests of a site's files by path, from its list. Raises SecpackError."""
    try:
        return parse_checksums(read_file(folder / CHECKSUMS, MOST_OF_A_FILE))
    except OSError as error:
        raise SecpackError(f"{folder / CHECKSUMS}: {error.strerror}") from None


def check_checksums(folder: Path) -> None:
    """Read a site's files again, and check them against its list. Raises SecpackError."""
    listed, own = read_checksums(folder), digests(folder)
    # A signature may be new beside a public document.
    own = {p: own[p] for p in own.keys() - {CHECKSUMS} if p in listed or not is_signature(p)}
    if wrong := differing(listed, own):
        raise SecpackError(f"{folder}: files differ from its {CHECKSUMS}: {', '.join(wrong[:20])}")


def digests(folder: Path) -> dict[str, str]:
    """The digests of all files in a folder by path, without signatures of its list."""
    return {path: digest(folder / path) for path in sorted(paths(folder)) if path not in SIGNATURES}


def digest(path: Path) -> str:
    """A regular file's SHA-256 in hexadecimal: what a link leads to could change."""
    return hashlib.sha256(read_file(path, MOST_OF_A_FILE, follow=False)).hexdigest()


def check_ours(folder: Path) -> None:
    """Check that a folder is empty, or a site of ours without files from others.

    Raises SecpackError, which names the first file that a build would destroy.
    """
    if not folder.is_dir():
        raise SecpackError(f"{folder}: not a folder; choose another place")
    others = {*paths(folder)} - {CHECKSUMS, *SIGNATURES}
    with suppress(SecpackError):
        others -= {*read_checksums(folder)}
    if others:
        why = f"it contains files that this program did not write, such as {min(others)}"
        raise SecpackError(f"{folder}: {why}: remove it, or choose another place")
