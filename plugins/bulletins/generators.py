"""What Pelican does not generate by itself: lists, originals, feeds, exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pelican.generators import Generator

from bulletins.build.search import ids_script
from bulletins.exports import export_files
from bulletins.exports.sitemap import page_dates, robots, sitemap
from bulletins.feeds import feed_files
from bulletins.lookups import Lookup, by_package, by_release, without_release
from bulletins.templating import by_year
from bulletins.urls import (
    CVE,
    FEEDS,
    INDEX,
    KEYS,
    LONGEST_LIST,
    NOT_FOUND,
    PACKAGE,
    RELEASE,
    ROBOTS,
    SEARCH,
    SEARCH_IDS,
    SITEMAP,
    XSA,
    advisory_url,
    attachment_url,
    beside,
    key_url,
    list_url,
    redirects,
    year_url,
)
from bulletins.writer import ArchiveWriter
from secpack import Profile
from secpack.model.archive import Archive, Bulletin, Canary, File, Publication, Signature
from secpack.profile import Kind

_T = TypeVar("_T")


class _PagesGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """What generators of pages share."""

    def _write(self, writer: ArchiveWriter, address: str, template: str, **more: Any) -> None:
        """Write a page."""
        more["relative_urls"] = self.settings["RELATIVE_URLS"]
        writer.write_file(address + INDEX, self.get_template(template), self.context, **more)


class ListsGenerator(_PagesGenerator):
    """Writes ``qsb/`` and ``canary/``, all documents of a kind, and pages of which there is one."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write the lists with the theme's templates, if it is the archive's own theme."""
        if not self.settings["ARCHIVE_THEME"]:
            return
        archive: Archive = self.settings["ARCHIVE"]
        profile: Profile = self.settings["PROFILE"]
        kinds: tuple[tuple[Any, Sequence[Publication]], ...] = (
            (profile.bulletins, archive.bulletins),
            (profile.canaries, archive.canaries),
        )
        for kind, publications in kinds:
            self._write_lists(writer, kind, publications[::-1])
        for address, template in ((KEYS, "keys"), (FEEDS, "feeds"), (SEARCH, "search")):
            self._write(writer, address, template)
        writer.write_bytes(SEARCH_IDS, ids_script(archive, profile))
        self._write_not_found(writer)

    def _write_lists(
        self, writer: ArchiveWriter, kind: Kind, publications: Sequence[Publication]
    ) -> None:
        """Write the list of all; of too many, a list for each year, and the newest year's."""
        for address, shown in _pages(list_url(kind), publications):
            listed = {"kind": kind, "publications": publications, "shown": shown}
            self._write(writer, address, "list", **listed)

    def _write_not_found(self, writer: ArchiveWriter) -> None:
        """Write what is shown at any address: its links begin at the host, if it is known."""
        site_url = _public(self.settings["SITEURL"])
        root = {"SITEURL": urlsplit(site_url).path} if site_url else {}
        page = self.get_template("404")
        writer.write_file(NOT_FOUND, page, self.context, relative_urls=not site_url, **root)


class TrackerGenerator(_PagesGenerator):
    """Writes ``xsa/`` and a page for each advisory, ``cve/``, and what leads elsewhere."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write the pages with the theme's templates, if it is the archive's own theme."""
        if not self.settings["ARCHIVE_THEME"]:
            return
        archive: Archive = self.settings["ARCHIVE"]
        self._write(writer, XSA, "xsa")
        row = archive.advisories
        for older, advisory, newer in zip((None, *row), row, (*row[1:], None), strict=False):
            shown = {"advisory": advisory, "older": older, "newer": newer}
            self._write(writer, advisory_url(advisory.number), "advisory", **shown)
        self._write(writer, CVE, "cve")
        for address, target in redirects(self.settings["PROFILE"]).items():
            self._write(writer, address, "redirect", target=target)


class LookupsGenerator(_PagesGenerator):
    """Writes ``release/`` and ``package/``, and a page for each release and package."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write the pages with the theme's templates, if it is the archive's own theme."""
        if not self.settings["ARCHIVE_THEME"]:
            return
        archive, profile = self.settings["ARCHIVE"], self.settings["PROFILE"]
        product = profile.name or profile.issuer
        rows = (
            (RELEASE, "Release", by_release(archive), f"{product} ", without_release(archive)),
            (PACKAGE, "Package", by_package(archive), "", ()),
        )
        for base, word, lookups, prefix, others in rows:
            intro = f"{word}s for which bulletins ship something, as their texts name them."
            shared: dict[str, Any] = {"base": base, "word": word, "words": f"{word}s"}
            index: dict[str, Any] = {"lookups": lookups, "others": others, "intro": intro}
            self._write(writer, base, "lookups", **shared, **index)
            for lookup in lookups:
                self._write_lookup(writer, lookup, prefix + lookup.name, shared)

    def _write_lookup(
        self, writer: ArchiveWriter, lookup: Lookup, heading: str, shared: Mapping[str, Any]
    ) -> None:
        """Write the page of a release or a package; of too many bulletins, one for each year."""
        pages = dict(_pages(f"{shared['base']}{lookup.slug}/", lookup.shipped, _day_of_shipped))
        links = [(rows[0][0].published.year, len(rows), a + INDEX) for a, rows in pages.items()][1:]
        for address, shipped in pages.items():
            shown = replace(lookup, shipped=tuple(shipped))
            more = {"lookup": shown, "heading": heading, "years": links}
            self._write(writer, address, "lookup", **shared, **more)


def _day_of_shipped(shipped: tuple[Bulletin, object]) -> date:
    return shipped[0].published


def _pages(
    base: str, row: Sequence[_T], day: Callable[[_T], date] = attrgetter("published")
) -> Iterator[tuple[str, Sequence[_T]]]:
    """The pages of a list: one or, of too many, one with the newest year's and one a year."""
    years = by_year(row, day) if len(row) > LONGEST_LIST else []
    yield base, years[0][1] if years else row
    for year, group in years:
        yield year_url(base, year), group


class OriginalsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the signed originals and their signatures, byte for byte as they were parsed."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write every document, letter and attachment, with its signatures; and the keys."""
        archive, profile = self.settings["ARCHIVE"], self.settings["PROFILE"]
        for address, file in served_files(archive, profile):
            writer.write_bytes(address, file.data)


class FeedsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the feeds, which are there even when they are empty."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write all feeds."""
        names = ("ARCHIVE", "PROFILE", "SITEURL", "RENDERINGS")
        for path, data in feed_files(*(self.settings[name] for name in names)):
            writer.write_bytes(path, data)


class ExportsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the archive for machines."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write all exports."""
        archive, profile = self.settings["ARCHIVE"], self.settings["PROFILE"]
        for path, data in export_files(archive, profile, _public(self.settings["SITEURL"])):
            writer.write_bytes(path, data)


class SitemapGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes ``sitemap.xml`` and ``robots.txt``; comes last, when all pages are written."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write both, of the pages that are there.

        A sitemap has absolute addresses only, so without them there is none.
        """
        settings = self.settings
        site_url = _public(settings["SITEURL"])
        writer.write_bytes(ROBOTS, robots(site_url))
        if site_url:
            dates = page_dates(settings["ARCHIVE"], settings["PROFILE"])
            elsewhere = {address + INDEX for address in redirects(settings["PROFILE"])}
            pages = sorted(path for path in writer.written if path.endswith(".html"))
            pages = [page for page in pages if page not in elsewhere | {NOT_FOUND}]
            writer.write_bytes(SITEMAP, sitemap(pages, dates, site_url))
        # Pelican copies static files over what is there.
        for static in self.context["staticfiles"]:
            writer.check_free(static.save_as)


def _public(site_url: str) -> str:
    """The site's address, if it is one wherever it is read; otherwise empty."""
    return site_url if "://" in site_url else ""


def served_files(archive: Archive, profile: Profile) -> Iterator[tuple[str, File]]:
    """All files of the pack that the site serves as they are, with their addresses."""
    for publication in archive.publications:
        for file in _files_of(publication):
            yield beside(publication, profile, file.name), file
    for attachment in archive.attachments:
        for file in (attachment.file, *_files(attachment.signatures)):
            yield attachment_url(attachment, file.name, profile), file
    yield from {key_url(key, profile): key.file for key in archive.keys}.items()


def _files_of(publication: Publication) -> list[File]:
    """The files that lie beside a document's page: original, signatures, letters with theirs."""
    files = [publication.document.file, *_files(publication.signatures)]
    if isinstance(publication, Canary):
        for letter in publication.letters:
            files += [letter.document.file, *_files(letter.signatures)]
    return files


def _files(signatures: Sequence[Signature]) -> list[File]:
    return [signature.file for signature in signatures]
