"""``data/manifest.json``: which state of the pack a site shows, for those who compare copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bulletins.exports.data import to_json
from secpack.model.archive import Archive, Publication

_FORMAT = 1


def manifest_json(archive: Archive) -> bytes:
    """Return the state as JSON: counts, the newest bulletin and canary, and the pack's commit."""
    return to_json(
        {
            "format": _FORMAT,
            "commit": archive.commit or None,
            "updated": max((p.updated.isoformat() for p in archive.publications), default=None),
            "bulletins": _newest(archive.bulletins),
            "canaries": _newest(archive.canaries),
        }
    )


def _newest(publications: Sequence[Publication]) -> dict[str, Any]:
    """How many there are, and which has the highest number."""
    if not publications:
        return {"count": 0, "newest": None}
    last = publications[-1]
    newest = {
        "id": last.id,
        "published": last.published.isoformat(),
        "updated": last.updated.isoformat(),
        "sha256": last.document.file.sha256,
    }
    return {"count": len(publications), "newest": newest}
