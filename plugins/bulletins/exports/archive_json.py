"""``data/``: the whole archive as JSON, each document on its own, and the state of the site.

``docs/format.md`` describes the archive's data to people, ``schema.json`` to programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from bulletins.exports.data import printed, to_json
from bulletins.site import Site
from bulletins.urls import (
    ARCHIVE_JSON,
    advisory_url,
    attachment_url,
    beside,
    json_url,
    key_url,
    page_url,
)
from secpack import Profile
from secpack.extract.answers import Answer, answers
from secpack.extract.sections import Quotation, actions, affected
from secpack.model.archive import (
    Advisory,
    Attachment,
    Bulletin,
    Canary,
    Key,
    NamedId,
    PackageRow,
    Publication,
    Signature,
)
from secpack.model.findings import Finding
from secpack.profile import Package
from secpack.tracker.statistics import statistics

_FORMAT = 1


def archive_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """The whole archive as JSON, documents ascending, and each document on its own, by URL.

    A document's own file has the same object as the archive's, and ``format``.
    """
    archive, profile = site.archive, site.profile
    bulletins = [_bulletin(bulletin, profile) for bulletin in archive.bulletins]
    canaries = [_canary(canary, profile) for canary in archive.canaries]
    for publication, data in zip(archive.publications, [*bulletins, *canaries], strict=True):
        yield json_url(publication, profile), to_json({"format": _FORMAT} | data)
    whole = {
        "format": _FORMAT,
        "issuer": profile.issuer,
        "bulletins": bulletins,
        "canaries": canaries,
        "advisories": [_advisory(advisory) for advisory in archive.advisories],
        "ids": [_named_id(named) for named in archive.ids],
        "statistics": _statistics(archive.advisories),
        "attachments": [_attachment(each, profile) for each in archive.attachments],
        "keys": [_key(key, profile) for key in archive.keys],
        "findings": [_finding(finding) for finding in archive.findings],
    }
    yield ARCHIVE_JSON, to_json(whole)


def _publication(publication: Publication, profile: Profile) -> dict[str, Any]:
    file = publication.document.file
    return {
        "id": publication.id,
        "number": publication.number,
        "file": beside(publication, profile, file.name),
        "size": len(file.data),
        "sha256": file.sha256,
        "url": page_url(publication, profile),
        "title": publication.title,
        "published": publication.published.isoformat(),
        "updated": publication.updated.isoformat(),
        "revisions": [{"date": r.date.isoformat(), "text": r.text} for r in publication.revisions],
        "sections": [{"title": s.title, "level": s.level} for s in publication.summary.parts],
        "signatures": _signatures(
            publication.signatures, lambda name: beside(publication, profile, name)
        ),
    }


def _signatures(
    signatures: Sequence[Signature], url_of: Callable[[str], str]
) -> list[dict[str, Any]]:
    return [
        {
            "file": url_of(signature.file.name),
            "signer": signature.signer,
            "verdict": signature.verdict.value,
            "fingerprint": signature.fingerprint or None,
            "primary": signature.primary or None,
            "created": _moment(signature.created),
            "digest": signature.digest or None,
            "algorithm": signature.algorithm or None,
            "certified": signature.certified,
            "sha256": signature.file.sha256,
        }
        for signature in signatures
    ]


def _bulletin(bulletin: Bulletin, profile: Profile) -> dict[str, Any]:
    lines = [row.line for row in bulletin.packages]
    concerned = affected(bulletin.document)
    return _publication(bulletin, profile) | {
        "addresses": [f"XSA-{number}" for number in bulletin.addresses],
        "mentions": [f"XSA-{number}" for number in bulletin.mentions],
        "cves": list(bulletin.cves),
        "packages": [package_data(row, profile) for row in bulletin.packages],
        "ids": [i.value for i in bulletin.ids if i.scheme != "CVE"],
        "relations": [
            {"scheme": scheme, "id": value, "relation": relation.value}
            for (scheme, value), relation in bulletin.relations.items()
        ],
        "pairs": [{"advisory": f"XSA-{number}", "cve": cve} for number, cve in bulletin.pairs],
        "answers": {answer.release: _answer(answer) for answer in answers(bulletin)},
        "action": _quoted(bulletin, actions(bulletin.document, lines)),
        "affected": _quoted(bulletin, [concerned] if concerned else []),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    """What the text says for a release."""
    return {
        "answer": answer.said.value,
        "packages": [
            {
                "package": row.package or None,
                "version": row.version,
                "target": row.target or None,
                "note": row.note or None,
            }
            for row in answer.packages
        ],
        "lines": list(answer.lines),
    }


def _quoted(bulletin: Bulletin, quotations: Sequence[Quotation]) -> dict[str, Any] | None:
    """What a page quotes above the text, as printed; of several sections all, in their order."""
    if not quotations:
        return None
    data = bulletin.document.file.data
    texts = [printed(data, q.blocks[0].first, q.blocks[-1].last) for q in quotations if q.blocks]
    return {
        "section": ", ".join(quotation.section.title for quotation in quotations),
        "text": "\n\n".join(texts),
        "omitted": sum(quotation.omitted for quotation in quotations),
    }


def package_data(row: PackageRow, profile: Profile) -> dict[str, Any]:
    """A package from a bulletin, as data, with what the profile knows of it."""
    package = profile.packages.get(row.name, Package())
    identifiers = package.identifiers(row.version) if row.version else {}
    return {
        "release": row.release or None,
        "domain": row.target or None,
        "package": row.package or None,
        "name": row.name or None,
        "version": row.version or None,
        "purl": identifiers.get("purl"),
        "cpe": identifiers.get("cpe"),
        "fix": row.fix.value,
        "note": row.note or None,
        "line": row.line,
    }


def _canary(canary: Canary, profile: Profile) -> dict[str, Any]:
    letters = [
        {
            "name": letter.name,
            "file": beside(canary, profile, letter.document.file.name),
            "sha256": letter.document.file.sha256,
            "signatures": _signatures(
                letter.signatures, lambda name: beside(canary, profile, name)
            ),
        }
        for letter in canary.letters
    ]
    due = canary.due
    return _publication(canary, profile) | {
        "letters": letters,
        "statements": [{"number": s.number, "text": s.text} for s in canary.statements],
        "count": canary.count,
        "master_key": canary.master_key or None,
        "due": [due.first.isoformat(), due.last.isoformat()] if due else None,
        "due_until": f"{due.last}T{due.time}:00Z" if due and due.time else None,
        "announcements": canary.announcements or None,
        "freshness": canary.freshness.isoformat() if canary.freshness else None,
    }


def _attachment(attachment: Attachment, profile: Profile) -> dict[str, Any]:
    def url_of(name: str) -> str:
        return attachment_url(attachment, name, profile)

    return {
        "file": url_of(attachment.file.name),
        "size": len(attachment.file.data),
        "sha256": attachment.file.sha256,
        "signatures": _signatures(attachment.signatures, url_of),
    }


def _advisory(advisory: Advisory) -> dict[str, Any]:
    return {
        "id": f"XSA-{advisory.number}",
        "number": advisory.number,
        "url": advisory_url(advisory.number),
        "date": _day(advisory.date),
        "updated": _day(advisory.updated),
        "title": advisory.title or None,
        "title_from": advisory.title_from or None,
        "cves": list(advisory.cves),
        "status": advisory.status.value,
        "affected": advisory.affected,
        "unused": advisory.unused,
        "reason": advisory.reason or None,
        "qsb": advisory.bulletin,
        "bulletins": list(advisory.bulletins),
        "mentioned_in": list(advisory.mentioned_in),
        "unaffected_in": list(advisory.unaffected_in),
    }


def _named_id(named: NamedId) -> dict[str, Any]:
    return {
        "scheme": named.scheme,
        "id": named.id,
        "advisories": [f"XSA-{number}" for number in named.advisories],
        "named_in": list(named.named_in),
        "addressed_in": list(named.addressed_in),
        "unaffected_in": list(named.unaffected_in),
    }


def _statistics(advisories: Sequence[Advisory]) -> dict[str, Any]:
    counted = statistics(advisories)
    return {
        "first": _day(counted.first),
        "last": _day(counted.last),
        "total": counted.total,
        "used": counted.used,
        "affecting": counted.affecting,
        "open": counted.open,
        "percentage": float(counted.percentage) if counted.percentage is not None else None,
        "years": [
            {"year": y.year, "used": y.used, "affecting": y.affecting} for y in counted.years
        ],
    }


def _key(key: Key, profile: Profile) -> dict[str, Any]:
    return {
        "file": key_url(key, profile),
        "fingerprint": key.fingerprint,
        "owners": list(key.owners),
        "created": _moment(key.created),
        "expires": _moment(key.expires),
        "revoked": key.revoked,
        "certified": key.certified,
        "retired": key.retired,
        "sha256": key.file.sha256,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moment(moment: datetime | None) -> str | None:
    """A time in UTC in the form of RFC 3339."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "waived": finding.waived or None,
    }


def manifest_json(site: Site) -> bytes:
    """The state of the pack that the site shows: counts, newest documents, the pack's commit."""
    archive = site.archive
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
    """How many there are, and the one with the highest number."""
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
