"""``csaf/`` and ``.well-known/csaf/``: bulletins as CSAF 2.0, in the tree of a provider.

Only an issuer is a provider: there is none of it unless the profile has a table ``[csaf]``. Nor is
there where the site has no address that begins with ``https://``, which CSAF demands.
"""

from __future__ import annotations

import hashlib
from typing import Final

from bulletins.exports.csaf.document import document
from bulletins.exports.csaf.provider import provider
from bulletins.exports.data import to_json
from bulletins.exports.texts import Told
from bulletins.urls import csaf_url
from secpack import Profile
from secpack.model.archive import Archive

__all__ = ["csaf", "is_provider", "provider"]

_DIGESTS: Final = ("sha256", "sha512")


def is_provider(archive: Archive, profile: Profile, site_url: str) -> bool:
    """Whether the site is an issuer's, has an address that CSAF allows, and a bulletin."""
    return bool(profile.csaf and site_url.startswith("https://") and archive.bulletins)


def csaf(told: Told, profile: Profile, site_url: str) -> dict[str, bytes]:
    """Return a bulletin's document and its digests, by their addresses."""
    address = csaf_url(told.bulletin)
    data = to_json(document(told, profile, site_url), lines=False)
    written = {address: data}
    name = address.rpartition("/")[2]
    for algorithm in _DIGESTS:
        digest = hashlib.new(algorithm, data).hexdigest()
        written[f"{address}.{algorithm}"] = f"{digest}  {name}\n".encode()
    return written
