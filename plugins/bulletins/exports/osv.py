"""``osv/``: each bulletin in the format of the Open Source Vulnerability project.

Its schema knows neither the issuer nor its packages: ids have the prefix of the unregistered, and
packages stand where a database may say what is its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bulletins.addresses import OSV_ALL, beside, osv_url, page_url, published_advisory
from bulletins.exports.archive_json import package_data
from bulletins.exports.data import midnight, to_json
from bulletins.exports.texts import (
    addressed,
    advisories_by_number,
    is_url,
    mentioned,
    printed,
    text_links,
)
from secpack import Profile
from secpack.model import Advisory, Archive, Bulletin
from secpack.text.credits import Credit, read_credits
from secpack.text.marks import visible

#: The version of the schema that first knew ``upstream``.
_VERSION: Final = "1.7.0"
_CREDITS: Final = {"discovered": "FINDER", "found": "FINDER", "reported": "REPORTER"}
_BACKTICKS: Final = re.compile("`+")


def osv(archive: Archive, profile: Profile, site_url: str) -> dict[str, bytes]:
    """Return all documents, and one with all of them, by address; without a bulletin none."""
    advisories = advisories_by_number(archive)
    written = {
        osv_url(bulletin): to_json(_record(bulletin, advisories, profile, site_url), indent=None)
        for bulletin in archive.bulletins
    }
    return written | {OSV_ALL: b"[\n" + b",\n".join(d[:-1] for d in written.values()) + b"\n]\n"}


def _record(
    bulletin: Bulletin, advisories: Mapping[int, Advisory], profile: Profile, site_url: str
) -> dict[str, Any]:
    upstream = addressed(bulletin, advisories)
    cves = [cve for cves in upstream.values() for cve in cves]
    lists = {
        "upstream": list(dict.fromkeys([*upstream, *cves])),
        "related": mentioned(bulletin, advisories),
        "references": list(_references(bulletin, profile, site_url)),
        "credits": [_credit(credit) for credit in read_credits(bulletin.document)],
    }
    packages = [package_data(row) for row in bulletin.packages]
    return {
        "schema_version": _VERSION,
        "id": f"x_{bulletin.id}",
        "published": midnight(bulletin.published),
        "modified": midnight(bulletin.updated),
        "summary": visible(bulletin.title),
        "details": _fenced(printed(bulletin)),
        "database_specific": {"packages": packages, "sha256": bulletin.document.file.sha256},
    } | {name: found for name, found in lists.items() if found}


def _references(bulletin: Bulletin, profile: Profile, site_url: str) -> Iterator[dict[str, str]]:
    if site_url:
        file = bulletin.document.file.name
        for address in (page_url(bulletin, profile), beside(bulletin, profile, file)):
            yield {"type": "ADVISORY", "url": f"{site_url}/{address}"}
    published = [published_advisory(number, profile) for number in bulletin.addresses]
    yield from ({"type": "ADVISORY", "url": url} for url in dict.fromkeys(published) if is_url(url))
    links = (url for url, _ in text_links(bulletin) if url not in published)
    yield from ({"type": "WEB", "url": url} for url in links)


def _credit(credit: Credit) -> dict[str, str]:
    kind = _CREDITS.get(credit.role)
    return {"name": visible(credit.name)} | ({"type": kind} if kind else {})


def _fenced(text: str) -> str:
    """Words as Markdown that shows them as they are, for details are taken for Markdown."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"
