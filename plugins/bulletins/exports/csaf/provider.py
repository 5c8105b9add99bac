"""The files that list the CSAF documents: index, changes, ROLIE feed (RFC 8322), metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bulletins.exports.csaf.document import publisher
from bulletins.exports.data import midnight, to_json
from bulletins.exports.facts import BulletinFacts
from bulletins.site import Site
from bulletins.urls import CSAF, CSAF_FEED, CSAF_PROVIDER, csaf_url
from secpack import Profile
from secpack.parser.characters import visible


def provider(bulletins: Sequence[BulletinFacts], site: Site) -> dict[str, bytes]:
    """Return the files by URL; there must be a bulletin."""
    changed = sorted(bulletins, key=lambda f: (f.changed, f.bulletin.number), reverse=True)
    rows = [f'"{_path(facts)}","{midnight(facts.changed)}"\n' for facts in changed]
    return {
        f"{CSAF}index.txt": "".join(f"{_path(facts)}\n" for facts in bulletins).encode(),
        f"{CSAF}changes.csv": "".join(rows).encode(),
        CSAF_FEED: to_json({"feed": _feed(changed, site)}, lines=False),
        CSAF_PROVIDER: to_json(_metadata(changed[0], site)),
    }


def _path(facts: BulletinFacts) -> str:
    """A document's path below the folder of all."""
    return csaf_url(facts.bulletin).removeprefix(CSAF)


def _feed(changed: Sequence[BulletinFacts], site: Site) -> dict[str, Any]:
    return {
        "id": "csaf-feed-tlp-white",
        "title": _title(site.profile),
        "link": [{"rel": "self", "href": f"{site.url}/{CSAF_FEED}"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": midnight(changed[0].changed),
        "entry": [_entry(facts, f"{site.url}/{csaf_url(facts.bulletin)}") for facts in changed],
    }


def _entry(facts: BulletinFacts, url: str) -> dict[str, Any]:
    digests = [{"rel": "hash", "href": f"{url}.{name}"} for name in ("sha256", "sha512")]
    return {
        "id": facts.bulletin.id,
        "title": facts.heading,
        "link": [{"rel": "self", "href": url}, *digests],
        "published": midnight(facts.bulletin.published),
        "updated": midnight(facts.changed),
        "content": {"type": "application/json", "src": url},
        "format": {
            "schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "version": "2.0",
        },
    }


def _metadata(newest: BulletinFacts, site: Site) -> dict[str, Any]:
    feed = {"summary": _title(site.profile), "tlp_label": "WHITE", "url": f"{site.url}/{CSAF_FEED}"}
    return {
        "canonical_url": f"{site.url}/{CSAF_PROVIDER}",
        "distributions": [{"directory_url": f"{site.url}/{CSAF}", "rolie": {"feeds": [feed]}}],
        "last_updated": midnight(newest.changed),
        "list_on_CSAF_aggregators": True,
        "mirror_on_CSAF_aggregators": True,
        "metadata_version": "2.0",
        "publisher": publisher(site.profile),
        "role": "csaf_provider",
    }


def _title(profile: Profile) -> str:
    return visible(f"Security bulletins of {profile.name or profile.issuer or profile.team}")
