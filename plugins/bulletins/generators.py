"""What Pelican does not generate by itself: pages of lists, originals, exports."""

from __future__ import annotations

from pelican.generators import Generator

from bulletins.exports.crawlers import page_dates, robots, sitemap
from bulletins.exports.table import exports
from bulletins.pages import archive_pages
from bulletins.site import Build
from bulletins.urls import INDEX, NOT_FOUND, ROBOTS, SITEMAP, redirects
from bulletins.writer import ArchiveWriter


class ArchiveGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes all of the archive that is no article; comes after Pelican's articles and pages."""

    def generate_output(self, writer: ArchiveWriter) -> None:
        """Write pages, if the theme is our own; originals and keys; exports; the sitemap."""
        build: Build = self.settings["BULLETINS"]
        site = build.site
        if site.own_theme:
            for path, page in archive_pages(site):
                writer.write_page(path, page, self.context)
        for url, file in site.served_files():
            writer.write_bytes(url, file.data)
        for export in exports(site):
            for url, data in export.make():
                writer.write_bytes(url, data)
        self._write_sitemap(build, writer)
        # Pelican copies static files over what is there.
        for static in self.context["staticfiles"]:
            writer.check_free(static.save_as)

    @staticmethod
    def _write_sitemap(build: Build, writer: ArchiveWriter) -> None:
        """Write the sitemap of the pages that were written; it needs the site's URL."""
        site = build.site
        writer.write_bytes(ROBOTS, robots(site.url))
        if site.url:
            left_out = {NOT_FOUND, *(url + INDEX for url in redirects(site.profile))}
            pages = {path for path in build.written if path.endswith(".html")} - left_out
            writer.write_bytes(SITEMAP, sitemap(sorted(pages), page_dates(site), site.url))
