"""The Reader by which Pelican gets bulletins and canaries as articles."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pelican.contents import Author, Category
from pelican.readers import BaseReader

from bulletins.addresses import LinkResolver, kind_of, page_url
from bulletins.html import escape, render
from secpack import Profile
from secpack.model import Archive, Canary, Publication
from secpack.text.walk import action, opening, plain, runs

#: From a document's page to the root of the site.
ROOT = "../../"


class BulletinReader(BaseReader):  # type: ignore[misc] # Pelican has no types
    """Gives Pelican the document that the archive has read from a path; reads nothing itself."""

    enabled = True
    file_extensions = ["txt"]

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        """Return the document's HTML and metadata. Raises KeyError for a file not in the archive."""
        archive: Archive = self.settings["ARCHIVE"]
        profile: Profile = self.settings["PROFILE"]
        publication = self.settings["PUBLICATIONS"][os.path.realpath(source_path)]
        rendered = render(publication.document, LinkResolver(archive, profile, ROOT))
        metadata = _metadata(publication, profile, self.settings)
        return rendered.html, metadata | {"outline": rendered.outline}


def publications_by_path(archive: Archive, secpack: str) -> dict[str, Publication]:
    """The documents of an archive by the real path of their files."""
    root = Path(secpack)
    documents = (*archive.bulletins, *archive.canaries)
    return {os.path.realpath(root / p.document.file.path): p for p in documents}


def _metadata(publication: Publication, profile: Profile, settings: Any) -> dict[str, Any]:
    """What a Pelican theme expects of an article; words are HTML, as such themes expect."""
    url = page_url(publication, profile)
    kind = kind_of(publication, profile)
    category = Category("Canaries" if isinstance(publication, Canary) else "Bulletins", settings)
    category.slug = kind.slug
    title = f"{publication.id}: {publication.title}"
    return {
        "title": Markup(escape(title if publication.title else publication.id)),
        "slug": publication.id.lower(),
        "date": _moment(publication),
        "modified": _moment(publication, updated=True),
        "category": category,
        "author": Author(profile.team or profile.issuer or "unknown", settings),
        "summary": Markup(escape(summary(publication))),
        "url": url,
        "save_as": url + "index.html",
        "publication": publication,
        "archive_order": (-publication.published.toordinal(), kind.slug, -publication.number),
    }


def _moment(publication: Publication, *, updated: bool = False) -> datetime:
    day = publication.updated if updated else publication.published
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def summary(publication: Publication) -> str:
    """What the reader must do, in the text's own words; failing that, the text's first words."""
    section = action(publication.document)
    blocks = opening(section) if section else publication.document.blocks
    words = " ".join(plain(inlines) for _, inlines in runs(blocks)).split()
    return " ".join(words[:60]) + (" …" if len(words) > 60 else "")
