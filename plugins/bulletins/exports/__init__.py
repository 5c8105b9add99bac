"""The archive in formats for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files

from bulletins.addresses import (
    ARCHIVE_JSON,
    CALENDAR,
    CSAF_PROVIDER,
    MANIFEST_JSON,
    OSV_ALL,
    SCHEMA_JSON,
    SECURITY_TXT,
    json_url,
    osv_url,
)
from bulletins.exports.archive_json import archive_json, document_json
from bulletins.exports.calendar import calendar
from bulletins.exports.csaf import csaf, csaf_paths, is_provider, provider
from bulletins.exports.osv import osv, osv_all
from bulletins.exports.security_txt import security_txt
from bulletins.exports.state import manifest_json
from bulletins.exports.texts import Told, told
from bulletins.reuse import Batch, Data
from secpack import Profile
from secpack.model import Archive, Canary


def export_batches(
    archive: Archive, profile: Profile, site_url: str, keys: Mapping[str, str]
) -> Iterator[Batch]:
    """All exports: those of each document, by its id's key, and then those of all.

    ``site_url`` is empty where the site has none.
    """
    provides = is_provider(archive, profile, site_url)
    for each in told(archive):
        yield _bulletin(each, profile, site_url, keys, provides=provides)
    for canary in archive.canaries:
        yield _canary(canary, profile, keys)

    def whole(read: Callable[[str], bytes]) -> Mapping[str, Data]:
        written = _of_all(archive, profile, site_url, read)
        lists = provider(tuple(told(archive)), profile, site_url) if provides else {}
        return written | lists

    yield Batch((), whole)


def _bulletin(
    each: Told, profile: Profile, site_url: str, keys: Mapping[str, str], *, provides: bool
) -> Batch:
    """A bulletin in all formats."""
    bulletin = each.bulletin

    def make(_: object) -> dict[str, bytes]:
        return {
            json_url(bulletin, profile): document_json(bulletin, profile),
            osv_url(bulletin): osv(each, profile, site_url),
        } | (csaf(each, profile, site_url) if provides else {})

    paths = (json_url(bulletin, profile), osv_url(bulletin))
    more = csaf_paths(bulletin) if provides else ()
    return Batch((*paths, *more), make, keys.get(bulletin.id, ""), bulletin.published)


def _canary(canary: Canary, profile: Profile, keys: Mapping[str, str]) -> Batch:
    path, key = json_url(canary, profile), keys.get(canary.id, "")
    return Batch((path,), lambda _: {path: document_json(canary, profile)}, key, canary.published)


def _of_all(
    archive: Archive, profile: Profile, site_url: str, read: Callable[[str], bytes]
) -> dict[str, Data]:
    written: dict[str, Data] = {
        ARCHIVE_JSON: archive_json(archive, profile, read),
        MANIFEST_JSON: manifest_json(archive),
        OSV_ALL: osv_all(read(osv_url(bulletin)) for bulletin in archive.bulletins),
        SCHEMA_JSON: files(__package__).joinpath("schema.json").read_bytes(),
    }
    if any(canary.due for canary in archive.canaries):
        written[CALENDAR] = calendar(archive, profile, site_url)
    if profile.security_txt:
        provides = is_provider(archive, profile, site_url)
        metadata = f"{site_url}/{CSAF_PROVIDER}" if provides else ""
        written[SECURITY_TXT] = security_txt(profile.security_txt, metadata)
    return written
