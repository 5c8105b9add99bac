"""What Pelican calls, and when, is all on this page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pelican import signals

from bulletins.articles import add_articles
from bulletins.build.gate import check_articles, check_output
from bulletins.generators import ArchiveGenerator
from bulletins.html import as_markup
from bulletins.settings import read_build
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
    """Read the archive, each time that Pelican runs, and before it does anything else."""
    pelican.settings["BULLETINS"] = read_build(pelican.settings)
    return ArchiveGenerator


def _prepare(generator: Any) -> None:
    """Let all generators share our templates; let other themes know what the site is called."""
    build = generator.settings["BULLETINS"]
    if build.templates:
        generator.env = build.templates
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
