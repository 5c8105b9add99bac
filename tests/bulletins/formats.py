"""All documents of one format, or of all, as a site has them."""

from __future__ import annotations

from collections.abc import Iterable

from bulletins.exports import export_files
from bulletins.exports.archive_json import archive_files
from bulletins.exports.csaf import csaf as csaf_of
from bulletins.exports.csaf import provider
from bulletins.exports.osv import osv as osv_of
from bulletins.exports.osv import osv_all
from bulletins.exports.texts import Told
from bulletins.feeds import feed_files
from bulletins.rendering import Renderings
from bulletins.urls import OSV_ALL, osv_url
from secpack import Profile
from secpack.model.archive import Archive


def feeds(
    archive: Archive, profile: Profile, site_url: str, renderings: Renderings
) -> dict[str, bytes]:
    return _once(feed_files(archive, profile, site_url, renderings))


def exports(archive: Archive, profile: Profile, site_url: str) -> dict[str, bytes]:
    return _once(export_files(archive, profile, site_url))


def data_files(archive: Archive, profile: Profile) -> dict[str, bytes]:
    return _once(archive_files(archive, profile))


def _once(files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    written: dict[str, bytes] = {}
    for path, data in files:
        assert path not in written
        written[path] = data
    return written


def osv(known: Iterable[Told], profile: Profile, site_url: str) -> dict[str, bytes]:
    written = {osv_url(told.bulletin): osv_of(told, profile, site_url) for told in known}
    return written | {OSV_ALL: osv_all(written.values())}


def csaf(found: Iterable[Told], profile: Profile, site_url: str) -> dict[str, bytes]:
    known = tuple(found)
    written: dict[str, bytes] = {}
    for told in known:
        written |= csaf_of(told, profile, site_url)
    return written | provider(known, profile, site_url)
