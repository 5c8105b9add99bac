"""What Pelican does not generate by itself: lists, originals, exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pelican.generators import Generator

from bulletins.addresses import (
    FEEDS,
    INDEX,
    KEYS,
    ROBOTS,
    SITEMAP,
    attachment_url,
    beside,
    key_url,
    list_url,
)
from bulletins.exports import exports
from bulletins.exports.sitemap import page_dates, robots, sitemap
from bulletins.feeds import feeds
from bulletins.writer import ArchiveWriter
from secpack import Profile
from secpack.model import Archive, Canary, File, Publication, Signature


class ListsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes ``qsb/`` and ``canary/``, all documents of a kind; ``keys/``; and ``feeds/``."""

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
            writer.write_file(
                list_url(kind) + "index.html",
                self.get_template("list"),
                self.context,
                relative_urls=self.settings["RELATIVE_URLS"],
                kind=kind,
                publications=publications[::-1],
            )
        for address, template in ((KEYS, "keys"), (FEEDS, "feeds")):
            writer.write_file(
                address + INDEX,
                self.get_template(template),
                self.context,
                relative_urls=self.settings["RELATIVE_URLS"],
            )


class OriginalsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the signed originals and their signatures, byte for byte as they were parsed."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write every document, letter and attachment, with its signatures; and the keys."""
        archive: Archive = self.settings["ARCHIVE"]
        profile: Profile = self.settings["PROFILE"]
        for publication in archive.publications:
            for file in files_of(publication):
                writer.write_bytes(beside(publication, profile, file.name), file.data)
        for attachment in archive.attachments:
            for file in (attachment.file, *_files(attachment.signatures)):
                writer.write_bytes(attachment_url(attachment, file.name, profile), file.data)
        for address, data in {key_url(k, profile): k.file.data for k in archive.keys}.items():
            writer.write_bytes(address, data)


class FeedsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the feeds, which are there even when they are empty."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write all feeds."""
        settings = self.settings
        written = feeds(settings["ARCHIVE"], settings["PROFILE"], settings["SITEURL"])
        for address, data in written.items():
            writer.write_bytes(address, data)


class ExportsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the archive for machines."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write all exports."""
        settings = self.settings
        written = exports(settings["ARCHIVE"], settings["PROFILE"], _public(settings["SITEURL"]))
        for address, data in written.items():
            writer.write_bytes(address, data)


class SitemapGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes ``sitemap.xml`` and ``robots.txt``; comes last, and lists the pages that are there."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write both; a sitemap has absolute addresses only, so without them there is none."""
        settings = self.settings
        site_url = _public(settings["SITEURL"])
        writer.write_bytes(ROBOTS, robots(site_url))
        if site_url:
            dates = page_dates(settings["ARCHIVE"], settings["PROFILE"])
            writer.write_bytes(SITEMAP, sitemap(writer.pages(), dates, site_url))


def _public(site_url: str) -> str:
    """The site's address, if it is one wherever it is read; otherwise empty."""
    return site_url if "://" in site_url else ""


def files_of(publication: Publication) -> list[File]:
    """The files that lie beside a document's page: original, signatures, letters with theirs."""
    files = [publication.document.file, *_files(publication.signatures)]
    if isinstance(publication, Canary):
        for letter in publication.letters:
            files += [letter.document.file, *_files(letter.signatures)]
    return files


def _files(signatures: Sequence[Signature]) -> list[File]:
    return [signature.file for signature in signatures]
