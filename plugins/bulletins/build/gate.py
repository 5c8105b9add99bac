"""The gate: stops a build that lost something.

Pelican goes on when a reader raises, an article is invalid or a page cannot be written. These
checks do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pelican.generators import ArticlesGenerator

from bulletins.build.links import dangling
from bulletins.exports import expected_urls
from bulletins.site import Site
from bulletins.urls import INDEX, advisory_url, page_url
from secpack import SecpackError


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


def check_links(folder: Path, site_url: str) -> None:
    """Follow every link between the pages of a site. Raises GateError if any leads nowhere."""
    lost, _ = dangling(folder, urlsplit(site_url).path + "/")
    if lost:
        raise GateError(f"{len(lost)} links lead nowhere: {'; '.join(lost[:20])}")
