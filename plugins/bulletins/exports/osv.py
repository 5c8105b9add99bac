"""``osv/``: each bulletin in the format of the Open Source Vulnerability project.

Its schema knows neither the issuer nor its packages: ids have the prefix of the unregistered, and
packages stand where a database may say what is its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bulletins.exports.archive_json import package_data
from bulletins.exports.data import midnight, to_json
from bulletins.exports.texts import Told, is_url, mentioned
from bulletins.urls import beside, page_url, published_advisory
from secpack import Profile
from secpack.model.archive import Credit
from secpack.parser.patterns import visible

#: The version of the schema that first knew ``upstream``.
_VERSION: Final = "1.7.0"
_CREDITS: Final = {"discovered": "FINDER", "found": "FINDER", "reported": "REPORTER"}
_BACKTICKS: Final = re.compile("`{3,}")


def osv(told: Told, profile: Profile, site_url: str) -> bytes:
    """Return a bulletin's document, on one line."""
    return to_json(_record(told, profile, site_url), lines=False)


def osv_all(documents: Iterable[bytes]) -> bytes:
    """Return one document with all of them, one on each line."""
    return b"[\n" + b",\n".join(document.rstrip(b"\n") for document in documents) + b"\n]\n"


def _record(told: Told, profile: Profile, site_url: str) -> dict[str, Any]:
    bulletin = told.bulletin
    cves = [cve for cves in told.addressed.values() for cve in cves]
    lists = {
        "upstream": list(dict.fromkeys([*told.addressed, *cves])),
        "related": mentioned(told),
        "references": list(_references(told, profile, site_url)),
        "credits": [_credit(credit) for credit in bulletin.summary.credits],
    }
    packages = [package_data(row) for row in bulletin.packages]
    return {
        "schema_version": _VERSION,
        "id": f"x_{bulletin.id}",
        "published": midnight(bulletin.published),
        "modified": midnight(told.changed),
        "summary": told.title,
        "details": _fenced(told.printed()),
        "database_specific": {"packages": packages, "sha256": bulletin.document.file.sha256},
    } | {name: found for name, found in lists.items() if found}


def _references(told: Told, profile: Profile, site_url: str) -> Iterator[dict[str, str]]:
    bulletin = told.bulletin
    if site_url:
        file = bulletin.document.file.name
        for address in (page_url(bulletin, profile), beside(bulletin, profile, file)):
            yield {"type": "ADVISORY", "url": f"{site_url}/{address}"}
    published = dict.fromkeys(published_advisory(n, profile) for n in bulletin.addresses)
    yield from ({"type": "ADVISORY", "url": url} for url in published if is_url(url))
    yield from ({"type": "WEB", "url": url} for url in told.links if url not in published)


def _credit(credit: Credit) -> dict[str, str]:
    kind = _CREDITS.get(credit.role)
    return {"name": visible(credit.name)} | ({"type": kind} if kind else {})


def _fenced(text: str) -> str:
    """Words as Markdown that shows them as they are, for details are taken for Markdown."""
    runs = _BACKTICKS.findall(text) if "```" in text else []
    fence = "`" * (max((len(run) for run in runs), default=2) + 1)
    return f"{fence}text\n{text}\n{fence}\n"
