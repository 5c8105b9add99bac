"""The archive in formats for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from bulletins.exports.archive_json import archive_files
from bulletins.exports.calendar import calendar
from bulletins.exports.csaf import csaf, is_provider, provider
from bulletins.exports.osv import osv, osv_all
from bulletins.exports.security_txt import security_txt
from bulletins.exports.state import manifest_json
from bulletins.exports.texts import Told, told
from bulletins.urls import (
    CALENDAR,
    CSAF_PROVIDER,
    MANIFEST_JSON,
    OSV_ALL,
    SCHEMA_JSON,
    SECURITY_TXT,
    osv_url,
)
from secpack import Profile
from secpack.model.archive import Archive


def export_files(archive: Archive, profile: Profile, site_url: str) -> Iterator[tuple[str, bytes]]:
    """All exports, by path; ``site_url`` is empty where the site has none."""
    bulletins = tuple(told(archive))
    yield from archive_files(archive, profile)
    yield from _osv(bulletins, profile, site_url)
    if provides := is_provider(archive, profile, site_url):
        for each in bulletins:
            yield from csaf(each, profile, site_url).items()
        yield from provider(bulletins, profile, site_url).items()
    yield MANIFEST_JSON, manifest_json(archive)
    yield SCHEMA_JSON, files(__package__).joinpath("schema.json").read_bytes()
    if any(canary.due for canary in archive.canaries):
        yield CALENDAR, calendar(archive, profile, site_url)
    if profile.security_txt:
        metadata = f"{site_url}/{CSAF_PROVIDER}" if provides else ""
        yield SECURITY_TXT, security_txt(profile.security_txt, metadata)


def _osv(bulletins: Sequence[Told], profile: Profile, site_url: str) -> Iterator[tuple[str, bytes]]:
    documents = {osv_url(each.bulletin): osv(each, profile, site_url) for each in bulletins}
    yield from documents.items()
    yield OSV_ALL, osv_all(documents.values())
