"""What Pelican does not generate by itself: lists, originals, exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pelican.generators import Generator

from bulletins.addresses import (
    ARCHIVE_JSON,
    CVE,
    INDEX,
    KEYS,
    PACKAGE,
    RELEASE,
    XSA,
    advisory_url,
    attachment_url,
    beside,
    key_url,
    list_url,
    redirects,
)
from bulletins.exports.archive_json import archive_json
from bulletins.feeds import feeds
from bulletins.lookups import by_package, by_release, without_release
from bulletins.writer import ArchiveWriter
from secpack import Profile
from secpack.model import Archive, Canary, File, Publication, Signature


class ListsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes ``qsb/`` and ``canary/``, all documents of a kind; and ``keys/``, all keys."""

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
        writer.write_file(
            KEYS + INDEX,
            self.get_template("keys"),
            self.context,
            relative_urls=self.settings["RELATIVE_URLS"],
        )


class TrackerGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes ``xsa/`` and a page for each advisory, ``cve/``, and what leads elsewhere."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write the pages with the theme's templates, if it is the archive's own theme."""
        if not self.settings["ARCHIVE_THEME"]:
            return
        archive: Archive = self.settings["ARCHIVE"]
        self._write(writer, XSA, "xsa")
        row = archive.advisories
        for older, advisory, newer in zip((None, *row), row, (*row[1:], None), strict=False):
            address = advisory_url(advisory.number)
            self._write(writer, address, "advisory", advisory=advisory, older=older, newer=newer)
        self._write(writer, CVE, "cve")
        for address, target in redirects(self.settings["PROFILE"]).items():
            self._write(writer, address, "redirect", target=target)

    def _write(self, writer: ArchiveWriter, address: str, template: str, **more: Any) -> None:
        relative = self.settings["RELATIVE_URLS"]
        page = self.get_template(template)
        writer.write_file(address + INDEX, page, self.context, relative_urls=relative, **more)


class LookupsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
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
            shared = {"base": base, "word": word, "words": f"{word}s"}
            index = {"lookups": lookups, "others": others, "intro": intro}
            self._write(writer, base, "lookups", **shared, **index)
            for lookup in lookups:
                heading = prefix + lookup.name
                address = f"{base}{lookup.slug}/"
                self._write(writer, address, "lookup", lookup=lookup, heading=heading, **shared)

    def _write(self, writer: ArchiveWriter, address: str, template: str, **more: Any) -> None:
        relative = self.settings["RELATIVE_URLS"]
        page = self.get_template(template)
        writer.write_file(address + INDEX, page, self.context, relative_urls=relative, **more)


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
        written = feeds(
            settings["ARCHIVE"],
            settings["PROFILE"],
            settings["SITEURL"],
            pages=settings["ARCHIVE_THEME"],
        )
        for address, data in written.items():
            writer.write_bytes(address, data)


class ExportsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the archive for machines."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write ``data/archive.json``."""
        data = archive_json(self.settings["ARCHIVE"], self.settings["PROFILE"])
        writer.write_bytes(ARCHIVE_JSON, data)


def files_of(publication: Publication) -> list[File]:
    """The files that lie beside a document's page: original, signatures, letters with theirs."""
    files = [publication.document.file, *_files(publication.signatures)]
    if isinstance(publication, Canary):
        for letter in publication.letters:
            files += [letter.document.file, *_files(letter.signatures)]
    return files


def _files(signatures: Sequence[Signature]) -> list[File]:
    return [signature.file for signature in signatures]
