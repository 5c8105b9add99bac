"""The files of a site that ours wrote, for the table "Same files"."""

from __future__ import annotations

import filecmp
import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Final

from benchmarks.measure import RunError

_PAGE: Final = re.compile(r"<title>(.*?)</title>.*?<body[^>]*>(.*)</body>", re.DOTALL)
_TAG: Final = re.compile(r"(<[^>]*>)")


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page: its title as text, and all that is in its body as HTML."""

    title: str
    body: str


class _Tokens(HTMLParser):
    """The tags and the text of a piece of HTML, however they are spelt."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tokens: list[object] = []
        self.feed(html)
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
    return one.title == other.title and _same_html(one.body, other.body)


def _same_html(one: str, other: str) -> bool:
    """Pelican writes all tags anew, with other quotes; its peers leave the body as it is."""
    pairs = zip_longest(_TAG.split(one), _TAG.split(other), fillvalue="")
    return all(a == b or _Tokens(a).tokens == _Tokens(b).tokens for a, b in pairs)
