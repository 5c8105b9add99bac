"""The files of a site that ours wrote, for the table "Same files"."""

from __future__ import annotations

import filecmp
import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from benchmarks.measure import RunError

_PAGE: Final = re.compile(r"<title>(.*?)</title>.*?<body[^>]*>(.*)</body>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page: its title as text, and all that is in its body as HTML."""

    title: str
    body: str


class _Tokens(HTMLParser):
    """The tags and the text of a page, however they are spelt."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.tokens: list[object] = []
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tokens.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.tokens.append(tag)

    def handle_data(self, data: str) -> None:
        self.tokens.append(("", data))


def list_files(site: Path) -> set[str]:
    """The paths of all files of a site but ``SHA256SUMS``, which only ours makes."""
    paths = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix() for path in paths} - {"SHA256SUMS"}


def read_page(path: Path) -> Page:
    """Read an HTML page. Raises RunError when it has no title or body."""
    found = _PAGE.search(path.read_text("utf-8"))
    if not found:
        raise RunError(f"{path}: a page without title and body")
    return Page(unescape(found[1]), found[2].strip())


def compare_sites(name: str, ours: Path, theirs: Path) -> None:
    """Raise RunError unless a peer wrote the same files, and pages with the same title and body."""
    files = list_files(ours)
    if differing := files ^ list_files(theirs):
        raise RunError(f"{name}: {len(differing)} files only in one site, as {min(differing)}")
    for path in sorted(files):
        if not _same(ours / path, theirs / path):
            raise RunError(f"{name}: {path} is not the same as in our site")


def _same(ours: Path, theirs: Path) -> bool:
    if ours.suffix != ".html":
        return filecmp.cmp(ours, theirs, shallow=False)
    one, other = read_page(ours), read_page(theirs)
    # Pelican writes all tags anew, with other quotes; its peers leave the body as it is.
    same_body = one.body == other.body or _Tokens(one.body).tokens == _Tokens(other.body).tokens
    return one.title == other.title and same_body
