"""All documents of one format, or of all, as a site has them."""

from __future__ import annotations

from collections.abc import Iterable

from bulletins.addresses import ARCHIVE_JSON, OSV_ALL, json_url, osv_url
from bulletins.exports import export_batches
from bulletins.exports.archive_json import archive_json, document_json
from bulletins.exports.csaf import csaf as csaf_of
from bulletins.exports.csaf import provider
from bulletins.exports.osv import osv as osv_of
from bulletins.exports.osv import osv_all
from bulletins.exports.texts import Told
from bulletins.feeds import feed_batches
from bulletins.rendering import Renderings
from bulletins.reuse import Batch
from secpack import Profile
from secpack.model import Archive


def feeds(
    archive: Archive, profile: Profile, site_url: str, renderings: Renderings
) -> dict[str, bytes]:
    return _made(feed_batches(archive, profile, site_url, renderings, {}))


def exports(archive: Archive, profile: Profile, site_url: str) -> dict[str, bytes]:
    return _made(export_batches(archive, profile, site_url, {}))


def _made(batches: Iterable[Batch]) -> dict[str, bytes]:
    written: dict[str, bytes] = {}
    for batch in batches:
        for path, data in batch.make(written.__getitem__).items():
            assert path not in written
            written[path] = data if isinstance(data, bytes) else b"".join(data)
    return written


def data_files(archive: Archive, profile: Profile) -> dict[str, bytes]:
    written = {json_url(p, profile): document_json(p, profile) for p in archive.publications}
    whole = b"".join(archive_json(archive, profile, written.__getitem__))
    return written | {ARCHIVE_JSON: whole}


def osv(known: Iterable[Told], profile: Profile, site_url: str) -> dict[str, bytes]:
    written = {osv_url(told.bulletin): osv_of(told, profile, site_url) for told in known}
    return written | {OSV_ALL: b"".join(osv_all(written.values()))}


def csaf(found: Iterable[Told], profile: Profile, site_url: str) -> dict[str, bytes]:
    known = tuple(found)
    written: dict[str, bytes] = {}
    for told in known:
        written |= csaf_of(told, profile, site_url)
    return written | provider(known, profile, site_url)
