"""Everything that Pelican calls, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pelican import signals
from pelican.generators import Generator

from bulletins.articles import add_articles
from bulletins.build.gate import check_articles, check_output
from bulletins.exports import exports
from bulletins.exports.crawlers import page_dates, robots, sitemap
from bulletins.html import as_markup
from bulletins.pages import archive_pages
from bulletins.settings import read_build
from bulletins.site import Build
from bulletins.urls import INDEX, NOT_FOUND, ROBOTS, SITEMAP, redirects
from bulletins.writer import ArchiveWriter


def connect() -> None:
    """Connect to Pelican's signals."""
    signals.get_generators.connect(_start)
    signals.generator_init.connect(_prepare)
    signals.article_generator_pretaxonomy.connect(_add_articles)
    signals.get_writer.connect(_writer)
    signals.all_generators_finalized.connect(_check_articles)
    signals.finalized.connect(_check_output)


def _start(pelican: Any) -> type[ArchiveGenerator]:
    """Read the archive at the start of each run of Pelican."""
    pelican.settings["BULLETINS"] = read_build(pelican.settings)
    return ArchiveGenerator


def _prepare(generator: Any) -> None:
    """Give all generators our templates, and the archive's name if the site has none."""
    build = generator.settings["BULLETINS"]
    if build.templates:
        generator.env = build.templates
    if not generator.settings["SITENAME"]:
        generator.context["SITENAME"] = as_markup(build.site.name)


def _add_articles(generator: Any) -> None:
    add_articles(generator.settings["BULLETINS"].site, generator)


def _writer(_: Any) -> type[ArchiveWriter]:
    return ArchiveWriter


def _check_articles(generators: Any) -> None:
    check_articles(generators[0].settings["BULLETINS"].site, generators)


def _check_output(pelican: Any) -> None:
    build = pelican.settings["BULLETINS"]
    check_output(build.site, Path(pelican.output_path))
    build.is_checked = True


class ArchiveGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes everything but articles and Pelican's pages, after Pelican has written those."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write our theme's pages, originals, keys, exports and the sitemap."""
        build: Build = self.settings["BULLETINS"]
        site = build.site
        originals = ((url, file.data) for url, file in site.served_files())
        tasks = [*(export.make for export in exports(site)), lambda: originals]
        writer.write_all(archive_pages(site) if site.own_theme else (), tasks, self.context)
        self._write_sitemap(build, writer)
        # Pelican's static files would overwrite ours.
        for static in self.context["staticfiles"]:
            writer.check_free(static.save_as)

    @staticmethod
    def _write_sitemap(build: Build, writer: ArchiveWriter) -> None:
        """Write a sitemap of the written pages, if the site's URL is known."""
        site = build.site
        writer.write_bytes(ROBOTS, robots(site.url))
        if site.url:
            left_out = {NOT_FOUND, *(url + INDEX for url in redirects(site.profile))}
            pages = {path for path in build.written if path.endswith(".html")} - left_out
            writer.write_bytes(SITEMAP, sitemap(sorted(pages), page_dates(site), site.url))
