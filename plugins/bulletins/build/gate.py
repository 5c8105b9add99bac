"""Documents in the pack = documents out: what stops a build that lost something.

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
from bulletins.generators import served_files
from bulletins.urls import (
    ARCHIVE_JSON,
    CSAF_PROVIDER,
    CVE,
    INDEX,
    MANIFEST_JSON,
    OSV_ALL,
    SCHEMA_JSON,
    XSA,
    advisory_url,
    csaf_url,
    json_url,
    osv_url,
    page_url,
)
from secpack import Profile, SecpackError
from secpack.model.archive import Archive, Publication

#: The templates that are asked for by name.
TEMPLATES = (
    "404.html",
    "advisory.html",
    "article.html",
    "cve.html",
    "feeds.html",
    "index.html",
    "keys.html",
    "list.html",
    "lookup.html",
    "lookups.html",
    "page.html",
    "redirect.html",
    "search.html",
    "xsa.html",
)


#: What the templates refer to.
STATIC = ("due.js", "icon.svg", "search.js", "style.css")


class GateError(SecpackError):
    """The site is not whole."""


def check_theme(theme: Path) -> None:
    """See that the archive's theme has its templates: Pelican takes another theme's otherwise.

    Raises GateError.
    """
    wanted = [*(f"templates/{name}" for name in TEMPLATES), *(f"static/{name}" for name in STATIC)]
    missing = [path for path in wanted if not (theme / path).is_file()]
    if missing:
        raise GateError(f"{theme}: the theme has no {', '.join(missing)}")


def check_articles(publications: Iterable[Publication], generators: Iterable[Any]) -> None:
    """Compare what Pelican is about to write with what it was given. Raises GateError."""
    articles = next(g for g in generators if isinstance(g, ArticlesGenerator)).articles
    made = sorted(article.publication.id for article in articles)
    read = sorted(p.id for p in publications)
    if made != read:
        lost = ", ".join(sorted(set(read) - set(made))) or "none"
        raise GateError(f"{len(read)} documents read, {len(made)} to be written; lost: {lost}")


def check_output(archive: Archive, profile: Profile, folder: Path, *, pages: bool) -> None:
    """Compare what was written with the archive: pages, data, and originals byte for byte.

    ``pages`` tells whether the theme has pages for advisories and CVEs. Raises GateError when a
    page or data are missing or an original differs.
    """
    publications = archive.publications
    addresses = ["", *(page_url(p, profile) for p in publications)]
    if pages:
        addresses += [XSA, CVE, *(advisory_url(a.number) for a in archive.advisories)]
    expected = [ARCHIVE_JSON, MANIFEST_JSON, SCHEMA_JSON]
    expected += [*(json_url(p, profile) for p in publications)]
    expected += [OSV_ALL, *(osv_url(bulletin) for bulletin in archive.bulletins)]
    if (folder / CSAF_PROVIDER).is_file():
        expected += [csaf_url(bulletin) for bulletin in archive.bulletins]
    expected += [*(address + INDEX for address in addresses)]
    missing = [path for path in expected if not (folder / path).is_file()]
    if missing:
        raise GateError(f"not written: {', '.join(missing)}")
    for path, file in served_files(archive, profile):
        if (folder / path).read_bytes() != file.data:
            raise GateError(f"{path} differs from {file.path} in the pack")


def check_links(folder: Path, site_url: str) -> None:
    """Follow every link between the pages of a site. Raises GateError for those to nowhere."""
    lost, _ = dangling(folder, urlsplit(site_url).path + "/")
    if lost:
        raise GateError(f"{len(lost)} links lead nowhere: {'; '.join(lost[:20])}")
