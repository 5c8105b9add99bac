"""``csaf/`` and ``.well-known/csaf/``: bulletins as CSAF 2.0, in the tree of a provider.

Only an issuer is a provider: the profile needs a table ``[csaf]``. CSAF also requires that the
site's URL begins with ``https://``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from bulletins.exports.csaf.document import document
from bulletins.exports.csaf.provider import provider
from bulletins.exports.data import to_json
from bulletins.exports.facts import BulletinFacts
from bulletins.site import Site
from bulletins.urls import csaf_url


def is_provider(site: Site) -> bool:
    """Whether the site is an issuer's, has a URL that CSAF allows, and a bulletin."""
    is_issuer = site.profile.csaf is not None and site.url.startswith("https://")
    return is_issuer and bool(site.archive.bulletins)


def csaf_files(bulletins: Sequence[BulletinFacts], site: Site) -> Iterator[tuple[str, bytes]]:
    """All documents with their digests, and the files that link to them, by URL."""
    for facts in bulletins:
        url = csaf_url(facts.bulletin)
        data = to_json(document(facts, site), lines=False)
        yield url, data
        for algorithm in ("sha256", "sha512"):
            digest = hashlib.new(algorithm, data).hexdigest()
            yield f"{url}.{algorithm}", f"{digest}  {url.rpartition('/')[2]}\n".encode()
    yield from provider(bulletins, site).items()
