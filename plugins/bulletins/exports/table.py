"""The table of exports: all files that the site has for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib.resources import files

from bulletins.exports.archive_json import archive_files, manifest_json
from bulletins.exports.calendar import calendar
from bulletins.exports.crawlers import security_txt
from bulletins.exports.csaf import csaf_files, is_provider
from bulletins.exports.data import Export, Files, UrlOf
from bulletins.exports.facts import all_facts
from bulletins.exports.osv import osv_files
from bulletins.feeds import feeds
from bulletins.site import Site
from bulletins.urls import (
    ARCHIVE_JSON,
    CALENDAR,
    CSAF_PROVIDER,
    INDEX,
    MANIFEST_JSON,
    OSV_ALL,
    SCHEMA_JSON,
    SEARCH_IDS,
    SECURITY_TXT,
    advisory_url,
    csaf_url,
    id_url,
    json_url,
    osv_url,
    page_url,
)
from secpack import Profile
from secpack.model.archive import Bulletin, Publication


def exports(site: Site) -> Iterator[Export]:
    """The exports that this site has."""
    yield from feeds(site)
    yield Export("archive", ARCHIVE_JSON, lambda: archive_files(site), _each(site, json_url))
    yield Export("schema", SCHEMA_JSON, _schema)
    yield _one("manifest", MANIFEST_JSON, manifest_json, site)
    yield Export("osv", OSV_ALL, lambda: osv_files(all_facts(site), site), _bulletins(osv_url))
    if any(canary.due for canary in site.archive.canaries):
        yield _one("calendar", CALENDAR, calendar, site)
    if is_provider(site):
        make = partial(csaf_files, all_facts(site), site)
        yield Export("csaf", CSAF_PROVIDER, make, _bulletins(csaf_url))
    if site.own_theme:
        yield _one("search", SEARCH_IDS, _search_ids, site)
    if site.profile.security_txt:
        yield _one("security.txt", SECURITY_TXT, security_txt, site)


def expected_urls(site: Site) -> Iterator[str]:
    """The files that every build must have: each export's main file, and each document's."""
    for export in exports(site):
        yield export.url
        yield from filter(None, (export.each(p) for p in site.archive.publications))


def _one(name: str, url: str, make: Callable[[Site], bytes], site: Site) -> Export:
    return Export(name, url, lambda: [(url, make(site))])


def _schema() -> Files:
    return [(SCHEMA_JSON, files(__package__).joinpath("schema.json").read_bytes())]


def _each(site: Site, url_of: Callable[[Publication, Profile], str]) -> UrlOf:
    return lambda publication: url_of(publication, site.profile)


def _bulletins(url_of: Callable[[Bulletin], str]) -> UrlOf:
    return lambda p: url_of(p) if isinstance(p, Bulletin) else None


def _search_ids(site: Site) -> bytes:
    """A script with all ids, their pages, titles and dates, for the search page.

    It is a script because a page opened from a folder cannot fetch data.
    """
    rows = [
        *(
            (p.id, page_url(p, site.profile) + INDEX, _title(p), p.published.isoformat())
            for p in site.archive.publications
        ),
        *(
            (f"XSA-{a.number}", advisory_url(a.number) + INDEX, a.title, str(a.date or ""))
            for a in site.archive.advisories
        ),
        *((i.id, id_url(i.scheme, i.id), "", "") for i in site.archive.ids),
    ]
    return f"const ids = {json.dumps(rows, separators=(',', ':'))};\n".encode()


def _title(publication: Publication) -> str:
    return publication.title if isinstance(publication, Bulletin) else ""
