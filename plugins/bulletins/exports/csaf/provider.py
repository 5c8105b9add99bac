"""What leads to the documents of CSAF: lists, a ROLIE feed (RFC 8322), the provider's metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bulletins.exports.csaf.document import publisher
from bulletins.exports.data import midnight, to_json
from bulletins.exports.texts import Told
from bulletins.urls import CSAF, CSAF_FEED, CSAF_PROVIDER, csaf_url
from secpack import Profile
from secpack.parser.patterns import visible


def provider(known: Sequence[Told], profile: Profile, site_url: str) -> dict[str, bytes]:
    """Return the files by their addresses; there must be a bulletin."""
    changed = sorted(known, key=lambda told: (told.changed, told.bulletin.number), reverse=True)
    rows = [f'"{_path(told)}","{midnight(told.changed)}"\n' for told in changed]
    return {
        f"{CSAF}index.txt": "".join(f"{_path(told)}\n" for told in known).encode(),
        f"{CSAF}changes.csv": "".join(rows).encode(),
        CSAF_FEED: to_json({"feed": _feed(changed, profile, site_url)}, lines=False),
        CSAF_PROVIDER: to_json(_metadata(changed[0], profile, site_url)),
    }


def _path(told: Told) -> str:
    """Where a document stands, seen from the folder of all."""
    return csaf_url(told.bulletin).removeprefix(CSAF)


def _feed(changed: Sequence[Told], profile: Profile, site_url: str) -> dict[str, Any]:
    return {
        "id": "csaf-feed-tlp-white",
        "title": _title(profile),
        "link": [{"rel": "self", "href": f"{site_url}/{CSAF_FEED}"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": midnight(changed[0].changed),
        "entry": [_entry(told, f"{site_url}/{csaf_url(told.bulletin)}") for told in changed],
    }


def _entry(told: Told, address: str) -> dict[str, Any]:
    digests = [{"rel": "hash", "href": f"{address}.{name}"} for name in ("sha256", "sha512")]
    return {
        "id": told.bulletin.id,
        "title": told.heading,
        "link": [{"rel": "self", "href": address}, *digests],
        "published": midnight(told.bulletin.published),
        "updated": midnight(told.changed),
        "content": {"type": "application/json", "src": address},
        "format": {
            "schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "version": "2.0",
        },
    }


def _metadata(newest: Told, profile: Profile, site_url: str) -> dict[str, Any]:
    feed = {"summary": _title(profile), "tlp_label": "WHITE", "url": f"{site_url}/{CSAF_FEED}"}
    return {
        "canonical_url": f"{site_url}/{CSAF_PROVIDER}",
        "distributions": [{"directory_url": f"{site_url}/{CSAF}", "rolie": {"feeds": [feed]}}],
        "last_updated": midnight(newest.changed),
        "list_on_CSAF_aggregators": True,
        "mirror_on_CSAF_aggregators": True,
        "metadata_version": "2.0",
        "publisher": publisher(profile),
        "role": "csaf_provider",
    }


def _title(profile: Profile) -> str:
    return visible(f"Security bulletins of {profile.name or profile.issuer or profile.team}")
