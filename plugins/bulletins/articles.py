"""Bulletins and canaries as Pelican articles, for other themes and plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pelican import signals
from pelican.contents import Article, Author, Category

from bulletins import words
from bulletins.exports.data import midnight
from bulletins.html import as_markup, escape, render
from bulletins.site import Links, Site, heading, newest_first, summary
from bulletins.urls import INDEX, kind_of, page_url
from secpack.model.archive import Canary, Publication

#: From a document's page to the root of the site.
_ROOT = "../../"


def add_articles(site: Site, generator: Any) -> None:
    """Add all documents to the articles that Pelican has read, sorted by date."""
    articles = [*_articles(site, generator), *generator.articles]
    generator.articles = sorted(articles, key=lambda article: article.date, reverse=True)


def _articles(site: Site, generator: Any) -> Iterator[Article]:
    """All documents, newest first.

    Our own theme makes pages from ``article.publication``; other themes get the text as HTML.
    """
    links = Links(site, _ROOT)
    for publication in newest_first(site.archive.publications):
        html = "" if site.own_theme else render(publication.document, links).html
        metadata = _metadata(publication, site, generator.settings)
        signals.article_generator_context.send(generator, metadata=metadata)
        yield Article(html, metadata, generator.settings, context=generator.context)


def _metadata(publication: Publication, site: Site, settings: Any) -> dict[str, Any]:
    """The metadata that Pelican themes expect of an article; they expect HTML."""
    url = page_url(publication, site.profile)
    is_canary = isinstance(publication, Canary)
    category = Category(words.canaries if is_canary else words.bulletins, settings)
    category.slug = kind_of(publication, site.profile).slug
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
