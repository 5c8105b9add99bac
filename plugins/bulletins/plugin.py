"""Everything that Pelican calls, and when; documents as its articles, for any theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pelican import signals
from pelican.contents import Article, Author, Category
from pelican.generators import Generator

from bulletins import words
from bulletins.build.gate import check_output
from bulletins.exports import exports
from bulletins.exports.crawlers import page_dates, robots, sitemap
from bulletins.exports.data import midnight
from bulletins.html import as_markup, escape, render
from bulletins.pages.documents import ROOT
from bulletins.pages.table import archive_pages
from bulletins.settings import read_build
from bulletins.site import Build, Links, Site, heading, newest_first, summary
from bulletins.urls import INDEX, NOT_FOUND, ROBOTS, SITEMAP, kind_slug, page_url, redirects
from bulletins.writer import ArchiveWriter
from secpack.model.archive import Canary, Publication


def connect() -> None:
    """Connect to Pelican's signals."""
    signals.get_generators.connect(_start)
    signals.generator_init.connect(_prepare)
    signals.article_generator_pretaxonomy.connect(_add_articles)
    signals.get_writer.connect(_writer)
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


def _writer(_: Any) -> type[ArchiveWriter]:
    return ArchiveWriter


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
        writer.write_all(archive_pages(site), tasks, self.context)
        writer.write_bytes(ROBOTS, robots(site.url))
        if site.url:
            left_out = {NOT_FOUND, *(url + INDEX for url in redirects(site.profile))}
            pages = {path for path in build.written if path.endswith(".html")} - left_out
            writer.write_bytes(SITEMAP, sitemap(sorted(pages), page_dates(site), site.public))
        # Pelican's static files would overwrite ours.
        for static in self.context["staticfiles"]:
            writer.check_free(static.save_as)


# --- bulletins as articles ------------------------------------------------------------------


def _add_articles(generator: Any) -> None:
    """Add all documents to the articles that Pelican has read, sorted by date."""
    articles = [*_articles(generator.settings["BULLETINS"].site, generator), *generator.articles]
    generator.articles = sorted(articles, key=lambda article: article.date, reverse=True)


def _articles(site: Site, generator: Any) -> Iterator[Article]:
    """All documents, newest first.

    Our own theme makes pages from ``article.publication``; other themes get the text as HTML.
    """
    links = Links(site, ROOT)
    for publication in newest_first(site.archive.publications):
        html = "" if site.own_theme else render(publication.document, links).html
        metadata = _metadata(publication, site, generator.settings)
        signals.article_generator_context.send(generator, metadata=metadata)
        yield Article(html, metadata, generator.settings, context=generator.context)


def _metadata(publication: Publication, site: Site, settings: Any) -> dict[str, Any]:
    """The metadata that Pelican themes expect of an article; they expect HTML."""
    url = page_url(publication)
    is_canary = isinstance(publication, Canary)
    category = Category(words.canaries if is_canary else words.bulletins, settings)
    category.slug = kind_slug(publication)
    return {
        "title": as_markup(heading(publication)),
        "slug": publication.id.lower(),
        "date": midnight(publication.published),
        "modified": midnight(publication.updated),
        "category": category,
        "author": Author(escape(site.author), settings),
        "summary": as_markup(summary(publication)),
        "url": url,
        "save_as": url + INDEX,
        "publication": publication,
    } | ({"template": "canary" if is_canary else "bulletin"} if site.own_theme else {})
