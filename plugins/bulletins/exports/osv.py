"""``osv/``: each bulletin in the format of the Open Source Vulnerability project.

Its schema knows neither the issuer nor its packages. So ids have the prefix for unregistered
databases, and packages are in ``database_specific``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bulletins.exports.archive_json import package_data
from bulletins.exports.data import filled, moment, to_json
from bulletins.exports.facts import BulletinFacts, is_url
from bulletins.site import Site
from bulletins.urls import OSV_ALL, beside, osv_url, page_url, published_id
from secpack.model.archive import Credit
from secpack.parser.characters import visible

#: The first version of the schema with ``upstream``.
_VERSION: Final = "1.7.0"
_CREDITS: Final = {"discovered": "FINDER", "found": "FINDER", "reported": "REPORTER"}
_BACKTICKS: Final = re.compile("`{3,}")


def osv_files(bulletins: Iterable[BulletinFacts], site: Site) -> Iterator[tuple[str, bytes]]:
    """A document for each bulletin, and one with all of them, one on each line; by URL."""
    documents = []
    for facts in bulletins:
        documents.append(to_json(_record(facts, site), lines=False))
        yield osv_url(facts.bulletin), documents[-1]
    yield OSV_ALL, b"[\n" + b",\n".join(d.rstrip(b"\n") for d in documents) + b"\n]\n"


def _record(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    bulletin = facts.bulletin
    packages = [package_data(row, site.profile) for row in bulletin.packages]
    lists = filled(
        upstream=list(facts.ids.addressed),
        related=facts.ids.related,
        references=list(_references(facts, site)),
        credits=[_credit(credit) for credit in bulletin.summary.credits],
    )
    return lists | {
        "schema_version": _VERSION,
        "id": f"x_{bulletin.id}",
        "published": moment(bulletin.published),
        "modified": moment(facts.changed),
        "summary": facts.title,
        "details": _fenced(facts.printed()),
        "database_specific": {"packages": packages, "sha256": bulletin.document.file.sha256},
    }


def _references(facts: BulletinFacts, site: Site) -> Iterator[dict[str, str]]:
    bulletin = facts.bulletin
    if site.url:
        file = bulletin.document.file.name
        for url in (page_url(bulletin, site.profile), beside(bulletin, site.profile, file)):
            yield {"type": "ADVISORY", "url": f"{site.url}/{url}"}
    ids = (f"XSA-{number}" for number in bulletin.addresses)
    published = dict.fromkeys(published_id("XSA", id_, site.profile) for id_ in ids)
    yield from ({"type": "ADVISORY", "url": url} for url in published if is_url(url))
    yield from ({"type": "WEB", "url": url} for url in facts.links if url not in published)


def _credit(credit: Credit) -> dict[str, str]:
    return {"name": visible(credit.name)} | filled(type=_CREDITS.get(credit.role))


def _fenced(text: str) -> str:
    """A text as a Markdown code block, because programs read details as Markdown."""
    runs = _BACKTICKS.findall(text) if "```" in text else []
    fence = "`" * (max((len(run) for run in runs), default=2) + 1)
    return f"{fence}text\n{text}\n{fence}\n"
