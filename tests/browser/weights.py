"""What the first visit to a page weighs: the page and all that a browser fetches for it, in bytes.

``python -m tests.browser.weights FOLDER`` prints it for a page of each kind, heaviest first.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path

#: Links that a browser follows by itself.
_FETCHED = {"stylesheet", "icon"}

#: Pages by kind, as patterns; what a kind may weigh, if the project has promised something.
KINDS = {
    "overview": ("index.html", None),
    "bulletin": ("qsb/[0-9]*/index.html", 40_000),
    "canary": ("canary/[0-9]*/index.html", 40_000),
    "versions": ("*/[0-9]*/history/index.html", 40_000),
    "bulletins": ("qsb/index.html", 60_000),
    "canaries": ("canary/index.html", 60_000),
    "tracker": ("xsa/index.html", 160_000),
    "advisory": ("xsa/[0-9]*/index.html", None),
    "CVEs": ("cve/index.html", None),
    "release": ("release/*/index.html", None),
    "package": ("package/*/index.html", None),
    "keys": ("keys/index.html", None),
    "search": ("search/index.html", None),
}


class _Fetches(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "link" and found.get("rel") in _FETCHED:
            self.addresses.append(found["href"] or "")
        elif found.get("src"):
            self.addresses.append(found["src"] or "")


def fetched(page: Path) -> list[Path]:
    """The files that a first visit to a page fetches, itself the first."""
    parser = _Fetches()
    parser.feed(page.read_text("utf-8"))
    return [page, *((page.parent / address).resolve() for address in parser.addresses)]


def weight(page: Path) -> tuple[int, int]:
    """Bytes and requests of a first visit."""
    files = fetched(page)
    return sum(path.stat().st_size for path in files), len(files)


def heaviest(site: Path, pattern: str) -> tuple[int, int, str] | None:
    """Bytes, requests and address of the heaviest page of a kind."""
    pages = [(*weight(path), str(path.relative_to(site))) for path in site.glob(pattern)]
    return max(pages, default=None)


def main(folder: str) -> None:
    """Print the heaviest page of each kind."""
    for kind, (pattern, most) in KINDS.items():
        if found := heaviest(Path(folder), pattern):
            size, requests, page = found
            promised = f" of {most}" if most else ""
            print(f"{kind:10} {size:7} bytes{promised:10} {requests} requests  {page}")


if __name__ == "__main__":
    main(sys.argv[1])
