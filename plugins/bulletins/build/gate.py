"""The gate: stops a build that lost something.

Pelican goes on when a reader raises, an article is invalid or a page cannot be written. These
checks do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pelican.generators import ArticlesGenerator

from bulletins.exports import expected_urls
from bulletins.site import Site
from bulletins.urls import INDEX, advisory_url, page_url
from secpack import SecpackError
from secpack.files import paths

# Attributes with URLs.
_ADDRESSES = {"href", "src"}


class GateError(SecpackError):
    """The site is incomplete."""


def check_articles(site: Site, generators: Iterable[Any]) -> None:
    """Compare the articles that Pelican will write with the archive. Raises GateError."""
    articles = next(g for g in generators if isinstance(g, ArticlesGenerator)).articles
    ours = [article.publication.id for article in articles if hasattr(article, "publication")]
    if sorted(ours) != sorted(site.documents):
        lost = ", ".join(sorted(set(site.documents) - set(ours))) or "none"
        message = f"{len(site.documents)} documents read, {len(ours)} to be written; lost: {lost}"
        raise GateError(message)


def check_output(site: Site, folder: Path) -> None:
    """Check that all pages and exports were written, and originals byte for byte.

    Raises GateError when a file is missing or an original differs.
    """
    pages = ["", *(page_url(p, site.profile) for p in site.archive.publications)]
    if site.own_theme:
        pages += [*site.lookups, *(advisory_url(number) for number in site.advisories)]
    expected = [*(url + INDEX for url in pages), *expected_urls(site)]
    missing = [path for path in expected if not (folder / path).is_file()]
    if missing:
        raise GateError(f"not written: {', '.join(missing)}")
    for path, file in site.served_files():
        if (folder / path).read_bytes() != file.data:
            raise GateError(f"{path} differs from {file.path} in the pack")


# --- links ------------------------------------------------------------------------------------


def check_links(folder: Path, site_url: str) -> None:
    """Follow every link between the pages of a site. Raises GateError if any leads nowhere."""
    lost, _ = dangling(folder, urlsplit(site_url).path + "/")
    if lost:
        raise GateError(f"{len(lost)} links lead nowhere: {'; '.join(lost[:20])}")


class _Page(HTMLParser):
    """The ids on a page, and the URLs that it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's id and URL."""
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name in _ADDRESSES:
                self.links.append(value or "")
            elif tag == "meta" and name == "content" and value and "url=" in value:
                self.links.append(value.partition("url=")[2])


@cache
def _read_page(path: Path) -> _Page:
    """Parse a page, once."""
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page


def dangling(site: Path, base: str = "/") -> tuple[list[str], int]:
    """Links on the pages of a site that lead nowhere, and how many were followed.

    ``base`` is the path of the site's URL, with which links from the root of the host begin.
    """
    lost, followed = [], 0
    for path in sorted(site / name for name in paths(site) if name.endswith(".html")):
        for link in _read_page(path).links:
            if link.startswith(("http://", "https://", "mailto:")):
                continue
            followed += 1
            url, _, anchor = link.partition("#")
            # A server shows the 404 page at any URL; its links begin at the root.
            start = site if url.startswith(base) else path.parent
            target = (start / unquote(url).removeprefix(base)).resolve() if url else path
            inside = target.is_relative_to(site.resolve()) and target.is_file()
            if not inside or (anchor and unquote(anchor) not in _read_page(target).ids):
                lost.append(f"{path.relative_to(site)}: {link}")
    return lost, followed
