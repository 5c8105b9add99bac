"""What Pelican calls, and when, is all on this page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pelican import signals

from bulletins.build.gate import check_articles, check_output, check_theme
from bulletins.generators import (
    ExportsGenerator,
    FeedsGenerator,
    ListsGenerator,
    LookupsGenerator,
    OriginalsGenerator,
    SitemapGenerator,
    TrackerGenerator,
)
from bulletins.html import as_markup
from bulletins.reader import BulletinReader, publications_by_path, site_name
from bulletins.rendering import Renderings
from bulletins.settings import read_archive
from bulletins.templating import template_context
from bulletins.writer import ArchiveWriter


def connect() -> None:
    """Connect to Pelican's signals."""
    signals.initialized.connect(_read)
    signals.readers_init.connect(_add_reader)
    signals.get_generators.connect(_generators)
    signals.get_writer.connect(_writer)
    signals.all_generators_finalized.connect(_check_articles)
    signals.finalized.connect(_check_output)


def _read(pelican: Any) -> None:
    """Read the archive before anything else happens; its documents become Pelican's articles."""
    settings = pelican.settings
    if settings["ARCHIVE_THEME"]:
        check_theme(Path(settings["THEME"]))
    archive, profile = read_archive(settings)
    settings["ARCHIVE"], settings["PROFILE"] = archive, profile
    settings["WRITTEN"] = {}
    publications = publications_by_path(archive.publications, settings["SECPACK"])
    settings["PUBLICATIONS"] = publications
    settings["RENDERINGS"] = Renderings(archive, profile, pages=settings["ARCHIVE_THEME"])
    settings["ARTICLE_PATHS"] = sorted(publications)
    settings["SITENAME"] = as_markup(site_name(profile))
    settings["JINJA_GLOBALS"] = settings["JINJA_GLOBALS"] | template_context(
        archive, profile, settings["SITEURL"]
    )
    settings["JINJA_GLOBALS"]["rendering_of"] = settings["RENDERINGS"].of


def _add_reader(readers: Any) -> None:
    readers.reader_classes["txt"] = BulletinReader


def _generators(_: Any) -> tuple[type, ...]:
    return (
        OriginalsGenerator,
        ListsGenerator,
        TrackerGenerator,
        LookupsGenerator,
        FeedsGenerator,
        ExportsGenerator,
        SitemapGenerator,
    )


def _writer(_: Any) -> type[ArchiveWriter]:
    return ArchiveWriter


def _check_articles(generators: Any) -> None:
    check_articles(generators[0].settings["PUBLICATIONS"].values(), generators)


def _check_output(pelican: Any) -> None:
    settings = pelican.settings
    folder = Path(pelican.output_path)
    check_output(
        settings["ARCHIVE"],
        settings["PROFILE"],
        folder,
        pages=settings["ARCHIVE_THEME"],
    )
    settings["ARCHIVE_IS_WHOLE"] = True
