"""Bulletins by release and by package."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from secpack.model.archive import Archive, Bulletin, PackageRow

_NO_SLUG: Final = re.compile(r"[^a-z0-9.+_]+")
_MAX_SLUG: Final = 60
_TAKEN: Final = ("", "index.html")
_PARTS: Final = re.compile(r"[0-9]+|[^0-9.]+")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A release or a package: its name as the newest bulletin prints it, and the end of its URL.

    ``shipped`` are the bulletins that ship something for it, newest first, with their rows.
    """

    slug: str
    name: str
    shipped: tuple[tuple[Bulletin, tuple[PackageRow, ...]], ...]


def slug_of(name: str) -> str:
    """A name as part of a URL: ``4.3``, ``2-beta-2``, ``linux-kernel``.

    If a name has characters that a URL cannot show, a digest distinguishes it from others.
    """
    plain = name.lower().replace(" ", "-")
    slug = _NO_SLUG.sub("-", plain)[:_MAX_SLUG].strip("-.")
    if slug == plain and slug not in _TAKEN:
        return slug
    return f"{slug}-{hashlib.sha256(plain.encode()).hexdigest()[:6]}".lstrip("-")


def by_release(archive: Archive) -> tuple[Lookup, ...]:
    """All releases with packages, newest first; without those that have no name."""
    lookups = _lookups(archive, lambda row: row.release)
    return tuple(sorted(lookups, key=lambda lookup: release_order(lookup.name), reverse=True))


def by_package(archive: Archive) -> tuple[Lookup, ...]:
    """All packages by name; case does not matter."""
    return tuple(sorted(_lookups(archive, lambda row: row.name), key=lambda lookup: lookup.slug))


def without_release(archive: Archive) -> tuple[Bulletin, ...]:
    """Bulletins that list packages without stating a release, newest first."""
    return tuple(
        bulletin
        for bulletin in archive.bulletins[::-1]
        if any(not row.release for row in bulletin.packages)
    )


def _lookups(archive: Archive, name_of: Callable[[PackageRow], str]) -> list[Lookup]:
    names: dict[str, str] = {}
    shipped: defaultdict[str, list[tuple[Bulletin, tuple[PackageRow, ...]]]] = defaultdict(list)
    for bulletin in archive.bulletins[::-1]:
        rows: defaultdict[str, list[PackageRow]] = defaultdict(list)
        for row in bulletin.packages:
            if name := name_of(row):
                rows[slug_of(name)].append(row)
                names.setdefault(slug_of(name), name)
        for slug, own in rows.items():
            shipped[slug].append((bulletin, tuple(own)))
    return [Lookup(slug, name, tuple(shipped[slug])) for slug, name in names.items()]


def release_order(name: str) -> list[tuple[int, str]]:
    """Sort numbers as numbers: 4.10 after 4.9, and 2 Beta 2 before 2."""
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in _PARTS.findall(name)]
    return [*parts, (0, "")]
