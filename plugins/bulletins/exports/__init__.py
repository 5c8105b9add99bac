"""The archive in formats for machines."""

from __future__ import annotations

from importlib.resources import files

from bulletins.addresses import (
    CALENDAR,
    CSAF_PROVIDER,
    MANIFEST_JSON,
    SCHEMA_JSON,
    SECURITY_TXT,
)
from bulletins.exports.archive_json import data_files
from bulletins.exports.calendar import calendar
from bulletins.exports.csaf import csaf, is_provider
from bulletins.exports.osv import osv
from bulletins.exports.security_txt import security_txt
from bulletins.exports.state import manifest_json
from bulletins.exports.texts import told
from secpack import Profile
from secpack.model import Archive


def exports(archive: Archive, profile: Profile, site_url: str) -> dict[str, bytes]:
    """Return all exports by their addresses; ``site_url`` is empty where the site has none."""
    written = data_files(archive, profile) | {
        MANIFEST_JSON: manifest_json(archive),
        SCHEMA_JSON: files(__package__).joinpath("schema.json").read_bytes(),
    }
    if any(canary.due for canary in archive.canaries):
        written[CALENDAR] = calendar(archive, profile, site_url)
    known = told(archive)
    written |= osv(known, profile, site_url)
    provides = is_provider(archive, profile, site_url)
    if provides:
        written |= csaf(known, profile, site_url)
    if profile.security_txt:
        metadata = f"{site_url}/{CSAF_PROVIDER}" if provides else ""
        written[SECURITY_TXT] = security_txt(profile.security_txt, metadata)
    return written
