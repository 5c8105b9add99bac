"""``data/archive.json`` of a site: the documents, signatures and keys that it has published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from secpack.errors import SecpackError

#: The file's path on the site.
ARCHIVE_JSON: Final = "data/archive.json"


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """A bulletin or canary. ``files`` are the paths of its text, its letters and all signatures."""

    id: str
    file: str
    url: str
    sha256: str
    published: date
    updated: date
    revisions: int
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishedSignature:
    """A signature: its digest algorithm, and when it says that it was made; empty if unknown."""

    digest: str
    created: str


@dataclass(frozen=True, slots=True)
class SiteData:
    """What a site has published.

    ``documents`` are by id, and ``signatures`` by path. ``others`` are the digests of letters and
    attachments by path, ``keys`` are paths by fingerprint.
    """

    documents: Mapping[str, PublishedDocument]
    others: Mapping[str, str]
    signatures: Mapping[str, PublishedSignature]
    keys: Mapping[str, str]

    @property
    def newest(self) -> date | None:
        """The date of the last revision of any document."""
        return max((document.updated for document in self.documents.values()), default=None)


def read_site_data(data: bytes) -> SiteData:
    """Read ``data/archive.json``, which may be hostile.

    Raises SecpackError when it does not have the published form.
    """
    try:
        return _site_data(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SecpackError(f"cannot be read: {reason}") from None


def _site_data(data: Mapping[str, Any]) -> SiteData:
    publications = [*data["bulletins"], *data["canaries"]]
    letters = [letter for p in publications for letter in p.get("letters", ())]
    others = [*letters, *data["attachments"]]
    signed = [*publications, *others]
    return SiteData(
        documents={str(p["id"]): _document(p) for p in publications},
        others={str(each["file"]): str(each["sha256"]) for each in others},
        signatures={str(s["file"]): _signature(s) for each in signed for s in each["signatures"]},
        keys={str(key["fingerprint"]): str(key["file"]) for key in data["keys"]},
    )


def _document(data: Mapping[str, Any]) -> PublishedDocument:
    texts = [data, *data.get("letters", ())]
    return PublishedDocument(
        id=str(data["id"]),
        file=str(data["file"]),
        url=str(data["url"]),
        sha256=str(data["sha256"]),
        published=date.fromisoformat(data["published"]),
        updated=date.fromisoformat(data["updated"]),
        revisions=len(data["revisions"]),
        files=frozenset(str(x["file"]) for text in texts for x in (text, *text["signatures"])),
    )


def _signature(data: Mapping[str, Any]) -> PublishedSignature:
    return PublishedSignature(str(data["digest"] or ""), str(data["created"] or ""))
