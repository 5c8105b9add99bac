"""What the search page finds: ids and titles by a list, words by the index of Pagefind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

from bulletins.urls import CVE, INDEX, SEARCH_INDEX, advisory_url, page_url
from secpack import Profile, SecpackError
from secpack.model.archive import Archive, Canary

#: What the page needs of all that Pagefind writes; the rest are boxes and styles of its own.
_NEEDED: Final = (
    "pagefind.js",
    "pagefind-worker.js",
    "pagefind-entry.json",
    "*.pagefind",
    "*.pf_*",
)

#: An id, the address of its page, a title and a date; these two can be empty.
Row: TypeAlias = tuple[str, str, str, str]


def ids_script(archive: Archive, profile: Profile) -> bytes:
    """A script that has all rows; as a script, since a page in a folder cannot fetch data."""
    rows = json.dumps(list(_rows(archive, profile)), separators=(",", ":"))
    return f"const ids = {rows};\n".encode()


def _rows(archive: Archive, profile: Profile) -> Iterator[Row]:
    for p in archive.publications:
        title = "" if isinstance(p, Canary) else p.title
        yield p.id, page_url(p, profile) + INDEX, title, p.published.isoformat()
    for a in archive.advisories:
        date = a.date.isoformat() if a.date else ""
        yield f"XSA-{a.number}", advisory_url(a.number) + INDEX, a.title, date
    for cve in archive.cves:
        yield cve.id, f"{CVE}{INDEX}#{cve.id}", "", ""


def write_index(folder: Path) -> None:
    """Index the texts on a site's pages, the same for the same pages.

    Raises SecpackError when Pagefind is not installed, or fails.
    """
    command = [sys.executable, "-m", "pagefind_bin", "--site", str(folder)]
    command += ["--output-subdir", SEARCH_INDEX, "--force-language", "en", "--quiet"]
    command += ["--exclude-selectors", ".mark"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise SecpackError(f"Pagefind did not index the site: {done.stderr or done.stdout}")
    written = folder / SEARCH_INDEX
    for path in written.rglob("*"):
        if path.is_file() and not any(path.match(pattern) for pattern in _NEEDED):
            path.unlink()
