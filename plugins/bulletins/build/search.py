"""The index by which the search page finds words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bulletins.urls import SEARCH_INDEX
from secpack import SecpackError

#: What the page needs of all that Pagefind writes; the rest are boxes and styles of its own.
_NEEDED: Final = (
    "pagefind.js",
    "pagefind-worker.js",
    "pagefind-entry.json",
    "*.pagefind",
    "*.pf_*",
)


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
