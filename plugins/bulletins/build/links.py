"""Checks that all links between a site's pages lead somewhere, including anchors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_ADDRESSES = {"href", "src"}


@dataclass(slots=True)
class Page(HTMLParser):
    """The ids on a page, and the URLs that it links to."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's id and URL."""
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in _ADDRESSES:
                self.links.append(value or "")
            elif tag == "meta" and name == "content" and value and "url=" in value:
                self.links.append(value.partition("url=")[2])


@cache
def read_page(path: Path) -> Page:
    """Parse a page, once."""
    page = Page()
    page.feed(path.read_text("utf-8"))
    return page


def dangling(site: Path, base: str = "/") -> tuple[list[str], int]:
    """Links on the pages of a site that lead nowhere, and how many were followed.

    ``base`` is the path of the site's URL, with which links from the root of the host begin.
    """
    lost, followed = [], 0
    for path in sorted(site.rglob("*.html")):
        for link in read_page(path).links:
            if link.startswith(("http://", "https://", "mailto:")):
                continue
            followed += 1
            url, _, anchor = link.partition("#")
            # A server shows the 404 page at any URL; its links begin at the root.
            start = site if url.startswith(base) else path.parent
            target = (start / unquote(url).removeprefix(base)).resolve() if url else path
            inside = target.is_relative_to(site.resolve()) and target.is_file()
            if not inside or (anchor and unquote(anchor) not in read_page(target).ids):
                lost.append(f"{path.relative_to(site)}: {link}")
    return lost, followed
