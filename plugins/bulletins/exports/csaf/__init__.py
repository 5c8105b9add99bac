"""``csaf/`` and ``.well-known/csaf/``: bulletins as CSAF 2.0, in the tree of a provider.

Only an issuer is a provider: the profile needs a table ``[csaf]``. CSAF also requires that the
site's URL begins with ``https://``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from bulletins.exports.csaf.document import document, publisher
from bulletins.exports.data import moment, to_json
from bulletins.exports.facts import BulletinFacts
from bulletins.site import Site
from bulletins.urls import CSAF, CSAF_FEED, CSAF_PROVIDER, csaf_url
from secpack.parser.characters import visible


def is_provider(site: Site) -> bool:
    """Whether the site is an issuer's, has a URL that CSAF allows, and a bulletin."""
    is_issuer = site.profile.csaf is not None and site.url.startswith("https://")
    return is_issuer and bool(site.archive.bulletins)


def csaf_files(bulletins: Sequence[BulletinFacts], site: Site) -> Iterator[tuple[str, bytes]]:
    """All documents with their digests, and the files that list them, by URL.

    There must be a bulletin. The lists are an index, changes, a ROLIE feed (RFC 8322), metadata.
    """
    for facts in bulletins:
        url = csaf_url(facts.bulletin)
        data = to_json(document(facts, site), lines=False)
        yield url, data
        for algorithm in ("sha256", "sha512"):
            digest = hashlib.new(algorithm, data).hexdigest()
            yield f"{url}.{algorithm}", f"{digest}  {url.rpartition('/')[2]}\n".encode()
    changed = sorted(bulletins, key=lambda f: (f.changed, f.bulletin.number), reverse=True)
    rows = [f'"{_path(facts)}","{moment(facts.changed)}"\n' for facts in changed]
    yield f"{CSAF}index.txt", "".join(f"{_path(facts)}\n" for facts in bulletins).encode()
    yield f"{CSAF}changes.csv", "".join(rows).encode()
    yield CSAF_FEED, to_json({"feed": _feed(changed, site)}, lines=False)
    yield CSAF_PROVIDER, to_json(_metadata(changed[0], site))


def _path(facts: BulletinFacts) -> str:
    """A document's path below the folder of all."""
    return csaf_url(facts.bulletin).removeprefix(CSAF)


def _feed(changed: Sequence[BulletinFacts], site: Site) -> dict[str, Any]:
    return {
        "id": "csaf-feed-tlp-white",
        "title": _title(site),
        "link": [{"rel": "self", "href": f"{site.url}/{CSAF_FEED}"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": moment(changed[0].changed),
        "entry": [_entry(facts, f"{site.url}/{csaf_url(facts.bulletin)}") for facts in changed],
    }


def _entry(facts: BulletinFacts, url: str) -> dict[str, Any]:
    digests = [{"rel": "hash", "href": f"{url}.{name}"} for name in ("sha256", "sha512")]
    return {
        "id": facts.bulletin.id,
        "title": facts.heading,
        "link": [{"rel": "self", "href": url}, *digests],
        "published": moment(facts.bulletin.published),
        "updated": moment(facts.changed),
        "content": {"type": "application/json", "src": url},
        "format": {
            "schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "version": "2.0",
        },
    }


def _metadata(newest: BulletinFacts, site: Site) -> dict[str, Any]:
    feed = {"summary": _title(site), "tlp_label": "WHITE", "url": f"{site.url}/{CSAF_FEED}"}
    return {
        "canonical_url": f"{site.url}/{CSAF_PROVIDER}",
        "distributions": [{"directory_url": f"{site.url}/{CSAF}", "rolie": {"feeds": [feed]}}],
        "last_updated": moment(newest.changed),
        "list_on_CSAF_aggregators": True,
        "mirror_on_CSAF_aggregators": True,
        "metadata_version": "2.0",
        "publisher": publisher(site.profile),
        "role": "csaf_provider",
    }


def _title(site: Site) -> str:
    profile = site.profile
    return visible(f"Security bulletins of {profile.name or profile.issuer or profile.team}")
