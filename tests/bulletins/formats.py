"""All documents of one format, or of all, as a site has them."""

from __future__ import annotations

from collections.abc import Iterable

from bulletins.exports import exports as table
from bulletins.exports.archive_json import archive_files
from bulletins.exports.csaf import csaf_files
from bulletins.exports.facts import all_facts
from bulletins.exports.feeds import feeds as feeds_of
from bulletins.exports.osv import osv_files
from bulletins.site import Site
from secpack import Profile
from secpack.model.archive import Archive


def feeds(archive: Archive, profile: Profile, url: str) -> dict[str, bytes]:
    made = feeds_of(Site(archive, profile, url))
    return _once(file for export in made for file in export.make())


def exports(archive: Archive, profile: Profile, url: str) -> dict[str, bytes]:
    """All exports, the feeds among them."""
    made = table(Site(archive, profile, url))
    return _once(file for export in made for file in export.make())


def data_files(archive: Archive, profile: Profile) -> dict[str, bytes]:
    return _once(archive_files(Site(archive, profile)))


def osv(archive: Archive, profile: Profile, url: str) -> dict[str, bytes]:
    site = Site(archive, profile, url)
    return _once(osv_files(all_facts(site), site))


def csaf(archive: Archive, profile: Profile, url: str) -> dict[str, bytes]:
    return _once(csaf_files(Site(archive, profile, url)))


def _once(files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    written: dict[str, bytes] = {}
    for path, data in files:
        assert path not in written
        written[path] = data
    return written
