"""The table of exports: all files that the site has for programs."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from importlib.resources import files
from itertools import chain

from bulletins import urls, words
from bulletins.exports.archive_json import archive_files, history_json, lookup_files, manifest_json
from bulletins.exports.calendar import calendar
from bulletins.exports.crawlers import redirects_map, security_txt
from bulletins.exports.csaf import csaf_files, is_provider
from bulletins.exports.data import Export, moved_json
from bulletins.exports.facts import all_facts
from bulletins.exports.feeds import feeds
from bulletins.exports.osv import osv_files
from bulletins.exports.vex import all_verdicts, openvex
from bulletins.site import Site


def exports(site: Site) -> Iterator[Export]:
    """The exports that this site has."""
    archive = site.archive
    yield from feeds(site)
    documents = tuple(urls.json_url(p) for p in archive.publications)
    yield Export(
        "archive",
        urls.ARCHIVE_JSON,
        lambda: chain(archive_files(site), lookup_files(site)),
        documents,
    )
    schema = files(__package__).joinpath("schema.json")
    yield _one("schema", urls.SCHEMA_JSON, lambda _: schema.read_bytes(), site)
    yield _one("history", urls.HISTORY_JSON, history_json, site)
    yield _one("moved", urls.MOVED_JSON, moved_json, site)
    yield _one("manifest", urls.MANIFEST_JSON, manifest_json, site)
    records = tuple(urls.osv_url(bulletin, site.profile) for bulletin in archive.bulletins)
    yield Export("osv", urls.OSV_ALL, lambda: osv_files(all_facts(site), site), records)
    if verdicts := all_verdicts(site):
        named = sum(1 for facts in verdicts if facts.vulnerabilities[0].cve)
        counts = (len(verdicts), named, len(verdicts) - named)
        yield Export(
            "vex", urls.OPENVEX, lambda: [(urls.OPENVEX, openvex(verdicts, site))], counts=counts
        )
    if any(canary.due for canary in archive.canaries):
        yield _one("calendar", urls.CALENDAR, calendar, site)
    if is_provider(site):
        records = tuple(urls.csaf_url(bulletin) for bulletin in archive.bulletins)
        records += tuple(urls.vex_url(facts.advisory, facts.day) for facts in verdicts)
        yield Export("csaf", urls.CSAF_PROVIDER, lambda: csaf_files(site), records)
    if site.own_theme:
        yield _one("search", urls.SEARCH_IDS, _search_ids, site)
        yield _one("redirects", urls.REDIRECTS, redirects_map, site)
    if site.profile.security_txt:
        yield _one("security.txt", urls.SECURITY_TXT, security_txt, site)


def expected_urls(site: Site) -> Iterator[str]:
    """The files that every build must have: each export's main file, and each document's."""
    for export in exports(site):
        yield from (export.url, *export.each)


def _one(name: str, url: str, make: Callable[[Site], bytes], site: Site) -> Export:
    return Export(name, url, lambda: [(url, make(site))])


def _search_ids(site: Site) -> bytes:
    """A script with all ids and names, their pages, titles and dates, for the search page.

    It is a script because a page opened from a folder cannot fetch data.
    """
    archive = site.archive
    rows: list[tuple[str, str, str, date | None]] = [
        (f"{site.product} {each.name}", urls.lookup_url(each.name, "release"), "", None)
        for each in site.by_release
    ]
    rows += (
        (f"{words.package} {each.name}", urls.lookup_url(each.name, "package"), "", None)
        for each in site.by_package
    )
    rows += ((b.id, urls.page_url(b), b.title, b.published) for b in archive.bulletins[::-1])
    rows += ((c.id, urls.page_url(c), "", c.published) for c in archive.canaries[::-1])
    rows += ((a.id, urls.advisory_url(a.number), a.title, a.date) for a in archive.advisories[::-1])
    ids = [(id_, url + urls.INDEX, title, str(day or "")) for id_, url, title, day in rows]
    ids += [(i.id, urls.id_url(i.scheme, i.id), "", "") for i in archive.ids]
    ids += [
        (", ".join(key.owners), f"{urls.KEYS}{urls.INDEX}#{fingerprint}", fingerprint, "")
        for fingerprint, key in site.keys.items()
    ]
    return f"const ids = {json.dumps(ids, separators=(',', ':'))};\n".encode()
