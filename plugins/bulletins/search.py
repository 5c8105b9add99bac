"""What the search page finds without an index: documents, advisories and CVEs by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias

from bulletins.addresses import CVE, INDEX, advisory_url, page_url
from secpack import Profile
from secpack.model import Archive, Canary

#: An id, the address of its page, a title and a date; these two can be empty.
Row: TypeAlias = tuple[str, str, str, str]


def ids_script(archive: Archive, profile: Profile) -> bytes:
    """A script that has all rows; as a script, since a page in a folder cannot fetch data."""
    rows = json.dumps(list(_rows(archive, profile)), separators=(",", ":"))
    return f"const ids = {rows};\n".encode()


def _rows(archive: Archive, profile: Profile) -> Iterator[Row]:
    for p in archive.publications:
        title = "" if isinstance(p, Canary) else p.title
        yield p.id, page_url(p, profile) + INDEX, title, p.published.isoformat()
    for a in archive.advisories:
        date = a.date.isoformat() if a.date else ""
        yield f"XSA-{a.number}", advisory_url(a.number) + INDEX, a.title, date
    for cve in archive.cves:
        yield cve.id, f"{CVE}{INDEX}#{cve.id}", "", ""
