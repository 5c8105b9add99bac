"""Documents in the pack = documents out: what stops a build that lost something.

Pelican goes on when a reader raises, an article is invalid or a page cannot be written. These
checks do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pelican.generators import ArticlesGenerator

from bulletins.addresses import ARCHIVE_JSON, INDEX, SCHEMA_JSON, beside, json_url, page_url
from bulletins.generators import files_of
from secpack import Profile, SecpackError
from secpack.model import Archive

#: The templates that are asked for by name.
TEMPLATES = (
    "article.html",
    "feeds.html",
    "index.html",
    "keys.html",
    "list.html",
    "page.html",
)


class GateError(SecpackError):
    """The site is not whole."""


def check_theme(theme: Path) -> None:
    """See that the archive's theme has its templates: Pelican takes another theme's otherwise.

    Raises GateError.
    """
    wanted = [*(f"templates/{name}" for name in TEMPLATES), "static/style.css"]
    missing = [path for path in wanted if not (theme / path).is_file()]
    if missing:
        raise GateError(f"{theme}: the theme has no {', '.join(missing)}")


def check_articles(archive: Archive, generators: Iterable[Any]) -> None:
    """Compare what Pelican is about to write with the archive. Raises GateError."""
    articles = next(g for g in generators if isinstance(g, ArticlesGenerator)).articles
    made = sorted(article.publication.id for article in articles)
    read = sorted(p.id for p in archive.publications)
    if made != read:
        lost = ", ".join(sorted(set(read) - set(made))) or "none"
        raise GateError(f"{len(read)} documents read, {len(made)} to be written; lost: {lost}")


def check_output(archive: Archive, profile: Profile, folder: Path) -> None:
    """Compare what was written with the archive: pages, data, and originals byte for byte.

    Raises GateError when a page or data is missing, or an original differs.
    """
    expected = [INDEX, ARCHIVE_JSON, SCHEMA_JSON]
    publications = archive.publications
    expected += [page_url(p, profile) + INDEX for p in publications]
    expected += [json_url(p, profile) for p in publications]
    missing = [path for path in expected if not (folder / path).is_file()]
    if missing:
        raise GateError(f"not written: {', '.join(missing)}")
    for publication in publications:
        for file in files_of(publication):
            path = beside(publication, profile, file.name)
            if (folder / path).read_bytes() != file.data:
                raise GateError(f"{path} differs from {file.path} in the pack")
