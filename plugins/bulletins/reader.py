"""The Reader by which Pelican gets bulletins and canaries as articles."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pelican.contents import Author, Category
from pelican.readers import BaseReader

from bulletins.html import as_markup, escape
from bulletins.urls import kind_of, page_url
from secpack import Profile
from secpack.extract.summary import shortened
from secpack.model.archive import Canary, Publication


class BulletinReader(BaseReader):  # type: ignore[misc] # Pelican has no types
    """Gives Pelican the document that the archive has read from a path; reads nothing itself."""

    enabled = True
    file_extensions: ClassVar = ["txt"]

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        """Return the document's HTML and metadata; KeyError for a file not in the archive.

        Our own theme asks for the HTML when it makes the page.
        """
        publication = self.settings["PUBLICATIONS"][os.path.realpath(source_path)]
        metadata = _metadata(publication, self.settings["PROFILE"], self.settings)
        if self.settings["ARCHIVE_THEME"]:
            return "", metadata
        return self.settings["RENDERINGS"].of(publication).html, metadata


def publications_by_path(
    publications: Iterable[Publication], secpack: str
) -> dict[str, Publication]:
    """Documents by the real path of their files."""
    root = Path(secpack)
    return {os.path.realpath(root / p.document.file.path): p for p in publications}


def _metadata(publication: Publication, profile: Profile, settings: Any) -> dict[str, Any]:
    """What a Pelican theme expects of an article; words are HTML, as such themes expect."""
    url = page_url(publication, profile)
    kind = kind_of(publication, profile)
    category = Category("Canaries" if isinstance(publication, Canary) else "Bulletins", settings)
    category.slug = kind.slug
    return {
        "title": as_markup(heading(publication)),
        "slug": publication.id.lower(),
        "date": _moment(publication),
        "modified": _moment(publication, updated=True),
        "category": category,
        "author": Author(escape(profile.team or profile.issuer or "unknown"), settings),
        "summary": as_markup(summary(publication)),
        "url": url,
        "save_as": url + "index.html",
        "publication": publication,
        "archive_order": (-publication.published.toordinal(), kind.slug, -publication.number),
    }


def _moment(publication: Publication, *, updated: bool = False) -> datetime:
    day = publication.updated if updated else publication.published
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def site_name(profile: Profile) -> str:
    """What the site is called."""
    return f"{profile.name or profile.issuer or 'Unnamed'} security archive"


def heading(publication: Publication) -> str:
    """A document's title with its id, unless the title is the number already."""
    if isinstance(publication, Canary):
        return publication.title
    return f"{publication.id}: {publication.title}"


def summary(publication: Publication) -> str:
    """What the reader must do, in the text's own words; failing that, what it is about."""
    return publication.summary.action or about(publication)


def about(publication: Publication) -> str:
    """What a text is about: a canary's statements, a summary's first words, or the text's."""
    if isinstance(publication, Canary) and publication.statements:
        return shortened(" ".join(statement.text for statement in publication.statements))
    return publication.summary.about
