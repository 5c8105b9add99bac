"""The table of exports: all files that the site has for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files

from bulletins import urls
from bulletins.exports.archive_json import archive_files, manifest_json
from bulletins.exports.calendar import calendar
from bulletins.exports.crawlers import security_txt
from bulletins.exports.csaf import csaf_files, is_provider
from bulletins.exports.data import Export
from bulletins.exports.facts import all_facts
from bulletins.exports.feeds import feeds
from bulletins.exports.osv import osv_files
from bulletins.site import Site
from secpack.model.archive import Bulletin, Publication


def exports(site: Site) -> Iterator[Export]:
    """The exports that this site has."""
    archive = site.archive
    yield from feeds(site)
    documents = tuple(urls.json_url(p, site.profile) for p in archive.publications)
    yield Export("archive", urls.ARCHIVE_JSON, lambda: archive_files(site), documents)
    yield _one("schema", urls.SCHEMA_JSON, _schema, site)
    yield _one("manifest", urls.MANIFEST_JSON, manifest_json, site)
    records = tuple(urls.osv_url(bulletin) for bulletin in archive.bulletins)
    yield Export("osv", urls.OSV_ALL, lambda: osv_files(all_facts(site), site), records)
    if any(canary.due for canary in archive.canaries):
        yield _one("calendar", urls.CALENDAR, calendar, site)
    if is_provider(site):
        records = tuple(urls.csaf_url(bulletin) for bulletin in archive.bulletins)
        yield Export("csaf", urls.CSAF_PROVIDER, lambda: csaf_files(all_facts(site), site), records)
    if site.own_theme:
        yield _one("search", urls.SEARCH_IDS, _search_ids, site)
    if site.profile.security_txt:
        yield _one("security.txt", urls.SECURITY_TXT, security_txt, site)


def expected_urls(site: Site) -> Iterator[str]:
    """The files that every build must have: each export's main file, and each document's."""
    for export in exports(site):
        yield from (export.url, *export.each)


def _one(name: str, url: str, make: Callable[[Site], bytes], site: Site) -> Export:
    return Export(name, url, lambda: [(url, make(site))])


def _schema(_: Site) -> bytes:
    return files(__package__).joinpath("schema.json").read_bytes()


def _search_ids(site: Site) -> bytes:
    """A script with all ids, their pages, titles and dates, for the search page.

    It is a script because a page opened from a folder cannot fetch data.
    """
    rows = [
        *(
            (p.id, urls.page_url(p, site.profile) + urls.INDEX, _title(p), p.published.isoformat())
            for p in site.archive.publications
        ),
        *(
            (
                f"XSA-{a.number}",
                urls.advisory_url(a.number) + urls.INDEX,
                a.title,
                str(a.date or ""),
            )
            for a in site.archive.advisories
        ),
        *((i.id, urls.id_url(i.scheme, i.id), "", "") for i in site.archive.ids),
    ]
    return f"const ids = {json.dumps(rows, separators=(',', ':'))};\n".encode()


def _title(publication: Publication) -> str:
    return publication.title if isinstance(publication, Bulletin) else ""
