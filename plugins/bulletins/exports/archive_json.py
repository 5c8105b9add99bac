"""``data/``: the whole archive as JSON, each document on its own, and the state of the site.

``docs/data.md`` describes the archive's data to people, ``schema.json`` to programs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from bulletins import urls, words
from bulletins.exports.data import moved_json, printed, to_json
from bulletins.site import Lookup, Site
from secpack import Profile
from secpack.affected import needed
from secpack.extract.answers import Answer
from secpack.extract.sections import Quotation, actions, affected, sections
from secpack.history import built_data, version_data
from secpack.model import archive as model
from secpack.profile import Package, Period
from secpack.signatures.policy import in_words, revocation_in_words
from secpack.tracker.join import statistics

_FORMAT = 1
_ANSWERS = {
    model.Fix.AVAILABLE: "fix",
    model.Fix.NONE: "none",
    model.Fix.NOT_AFFECTED: "not-affected",
    None: "not-stated",
}


def archive_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """The whole archive as JSON, documents ascending, and each document on its own, by URL.

    A document's own file has the same object as the archive's, and ``format``.
    """
    archive, profile = site.archive, site.profile
    bulletins = [_bulletin(bulletin, site) for bulletin in archive.bulletins]
    canaries = [_canary(canary, site) for canary in archive.canaries]
    for publication, data in zip(archive.publications, [*bulletins, *canaries], strict=True):
        yield urls.json_url(publication), to_json({"format": _FORMAT} | data)
    whole = {
        "format": _FORMAT,
        "issuer": profile.issuer,
        "trusted": _trusted(profile),
        "bulletins": bulletins,
        "canaries": canaries,
        "advisories": [_advisory(advisory) for advisory in archive.advisories],
        "ids": [
            asdict(i) | {"advisories": [f"XSA-{n}" for n in i.advisories]} for i in archive.ids
        ],
        "statistics": asdict(statistics(archive.advisories)),
        "attachments": [
            _signed(each, urls.attachment_url(each, "", profile)) | {"size": len(each.file.data)}
            for each in archive.attachments
        ],
        "keys": [_key(key, profile) for key in archive.keys],
        "findings": [asdict(f) | {"waived": f.waived or None} for f in archive.findings],
    }
    yield urls.ARCHIVE_JSON, to_json(whole)


def lookup_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """What is needed of each release and each package, and all bulletins about it, by URL.

    A release also has what bulletins say for it, so that silence differs from a sentence.
    """
    said = defaultdict[str, list[dict[str, Any]]](list)
    for bulletin in site.archive.bulletins[::-1]:
        for each in site.answers[bulletin.id]:
            answer = {"bulletin": bulletin.id, "answer": _ANSWERS[each.fix], "lines": each.lines}
            said[urls.slug_of(each.release)].append(answer)
    for kind, lookups in (("release", site.by_release), ("package", site.by_package)):
        for lookup in lookups:
            data = {"answers": said[lookup.slug] if kind == "release" else None}
            url = urls.lookup_json_url(kind, lookup.slug)
            yield url, to_json(_lookup(kind, lookup, site) | data)


def _lookup(kind: str, lookup: Lookup, site: Site) -> dict[str, Any]:
    profile = site.profile
    bulletins = [
        _fields(b, "id", "title", "published", "updated")
        | {"url": urls.page_url(b)}
        | {"packages": [package_data(row, profile) for row in rows]}
        for b, rows in lookup.shipped
    ]
    newest = [
        {"bulletin": b.id, "package": package_data(row, profile)}
        for b, row in needed(lookup.shipped)
    ]
    head = {"format": _FORMAT, "kind": kind, "name": lookup.name}
    return head | {"needed": newest, "bulletins": bulletins}


def _fields(source: object, *names: str) -> dict[str, Any]:
    """Some fields under their own names; what is not stated, an empty string, is null."""
    values = {name: getattr(source, name) for name in names}
    return {name: None if value == "" else value for name, value in values.items()}


def _trusted(profile: Profile) -> dict[str, str]:
    """What decides which signatures count, in words: the publish check compares them."""
    trusted = {f"anchor-{anchor.fingerprint}": _days(anchor) for anchor in profile.trusted}
    for name, signer in profile.signers.items():
        days = f"bulletins {_days(signer.bulletins)}; canaries {_days(signer.canaries)}"
        trusted[f"signer-{name}"] = f"{signer.fingerprint}; {days}"
    trusted["depth"] = f"{profile.depth}"
    trusted["required"] = f"{profile.required or 'all'}"
    trusted["accepted"] = ", ".join(profile.accepted)
    trusted["legacy_until"] = f"{profile.legacy_until or 'never'}"
    return trusted


def _days(each: Period | None) -> str:
    return f"{each.since} to {each.until}" if each else "never"


def _publication(publication: model.Publication, site: Site) -> dict[str, Any]:
    url, standing = urls.page_url(publication), site.standing(publication)
    versions = site.versions_shown(publication)
    data = _fields(publication, "id", "number", "published", "updated") | _signed(publication, url)
    return data | {
        "changed": versions[-1].updated if versions else None,
        "title": publication.title,
        "size": len(publication.file.data),
        "url": url,
        "revisions": [{"date": r.date, "text": r.text} for r in publication.revisions],
        "sections": [{"title": s.title, "level": s.level} for s in sections(publication.document)],
        "verified": not standing.alarms,
        "standing": words.in_short(standing),
    }


def _signed(signed: model.Signed, folder: str) -> dict[str, Any]:
    """A signed file in a folder of the site, and its signatures."""
    signatures = [
        {"file": folder + s.file.name, "words": in_words(s), "sha256": s.file.sha256}
        | _fields(s, "signer", "verdict", "counts", "until", "created", "certified")
        | _fields(s, "fingerprint", "primary", "digest", "algorithm")
        for s in signed.signatures
    ]
    file = signed.file
    return {"file": folder + file.name, "sha256": file.sha256, "signatures": signatures}


def _bulletin(bulletin: model.Bulletin, site: Site) -> dict[str, Any]:
    lines = [row.line for row in bulletin.packages]
    concerned, relations = affected(bulletin.document), bulletin.relations
    others = sorted(id_ for id_ in relations if id_[0] != "XSA")
    addressed = [f"XSA-{number}" for number in bulletin.addresses]
    return _publication(bulletin, site) | {
        "addresses": addressed,
        "mentions": [v for scheme, v in relations if scheme == "XSA" and v not in addressed],
        "cves": [value for scheme, value in others if scheme == "CVE"],
        "packages": [package_data(row, site.profile) for row in bulletin.packages],
        "ids": [value for scheme, value in others if scheme != "CVE"],
        "relations": [
            {"scheme": scheme, "id": value, "relation": relation}
            for (scheme, value), relation in relations.items()
        ],
        "pairs": [{"advisory": f"XSA-{number}", "cve": cve} for number, cve in bulletin.pairs],
        "credits": [asdict(credit) for credit in bulletin.summary.credits],
        "answers": {each.release: _answer(each) for each in site.answers[bulletin.id]},
        "action": _quoted(bulletin, actions(bulletin.document, lines)),
        "affected": _quoted(bulletin, [concerned] if concerned else []),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    """What the text says for a release."""
    return {
        "answer": _ANSWERS[answer.fix],
        "packages": [
            {"version": row.version} | _fields(row, "package", "target", "note")
            for row in answer.packages
        ],
        "lines": answer.lines,
    }


def _quoted(bulletin: model.Bulletin, quotations: Sequence[Quotation]) -> dict[str, Any] | None:
    """What a page quotes above the text, as printed; of several sections all, in their order."""
    if not quotations:
        return None
    data = bulletin.file.data
    texts = [printed(data, q.blocks[0].first, q.blocks[-1].last) for q in quotations if q.blocks]
    return {
        "section": ", ".join(quotation.section.title for quotation in quotations),
        "text": "\n\n".join(texts),
        "omitted": sum(quotation.omitted for quotation in quotations),
    }


def package_data(row: model.PackageRow, profile: Profile) -> dict[str, Any]:
    """A package from a bulletin, as data, with what the profile knows of it."""
    package = profile.packages.get(row.name, Package())
    identifiers = package.identifiers(row.version) if row.version else {}
    return _fields(row, "release", "package", "name", "version", "fix", "note", "line") | {
        "domain": row.target or None,
        "purl": identifiers.get("purl"),
        "cpe": identifiers.get("cpe"),
    }


def _canary(canary: model.Canary, site: Site) -> dict[str, Any]:
    due, folder = canary.due, urls.page_url(canary)
    return _publication(canary, site) | {
        "letters": [{"name": each.name} | _signed(each, folder) for each in canary.letters],
        "statements": [{"number": s.number, "text": s.text} for s in canary.statements],
        "count": canary.count,
        "master_key": canary.master_key or None,
        "due": [due.first, due.last] if due else None,
        "due_until": f"{due.last}T{due.time}:00Z" if due and due.time else None,
        "announcements": canary.announcements or None,
        "freshness": canary.freshness,
    }


def _advisory(advisory: model.Advisory) -> dict[str, Any]:
    data = _fields(advisory, "id", "number", "date", "updated", "title", "title_from", "cves")
    data |= _fields(advisory, "status", "affected", "unused", "reason", "justification")
    data |= _fields(advisory, "bulletins", "mentioned_in", "unaffected_in")
    return data | {"url": urls.advisory_url(advisory.number), "qsb": advisory.bulletin}


def _key(key: model.Key, profile: Profile) -> dict[str, Any]:
    data = _fields(key, "fingerprint", "owners", "created", "expires", "certified", "unusable")
    return data | {
        "file": urls.key_url(key, profile),
        "revoked": revocation_in_words(key.revoked) if key.revoked else None,
        "chain": key.chain.keys if key.chain else (),
        "until": key.chain.until if key.chain else None,
        "strong_since": key.strong,
        "retired": key.retired,
        "sha256": key.file.sha256,
    }


def manifest_json(site: Site) -> bytes:
    """The state of the pack that the site shows: counts, newest documents, the pack's commit.

    A published site also states what a rebuild needs. The digest of a profile that withholds
    something would show when that changes, so that is left out, as is the commit.
    """
    archive, notes = site.archive, site.notes
    state: dict[str, Any] = {
        "format": _FORMAT,
        "commit": archive.commit or None,
        "built": [built_data(each) for each in archive.history.built],
        "updated": site.updated,
        "bulletins": _newest(archive.bulletins),
        "canaries": _newest(archive.canaries),
    }
    if notes.recipe:
        is_whole = not (archive.embargoed or archive.late)
        state |= {**notes.recipe, **({} if is_whole else {"inputs": None})}
        state |= {"moved": sha256(moved_json(site)).hexdigest(), "fresh_until": notes.fresh_until}
    return to_json(state)


def history_json(site: Site) -> bytes:
    """The versions of all documents, and of no other texts."""
    history = site.archive.history
    urls_of = {file.sha256: url for url, file in reversed([*site.served_files()])}
    documents = [
        {
            "id": each.id,
            "versions": [
                version_data(v) | {"file": urls_of.get(v.file.sha256)} for v in each.versions
            ],
        }
        for each in history.documents
    ]
    is_complete = not history.unavailable
    return to_json({"format": _FORMAT, "complete": is_complete, "documents": documents})


def _newest(publications: Sequence[model.Publication]) -> dict[str, Any]:
    """How many there are, and the one with the highest number."""
    if not publications:
        return {"count": 0, "newest": None}
    last = publications[-1]
    newest = _fields(last, "id", "published", "updated") | {"sha256": last.file.sha256}
    return {"count": len(publications), "newest": newest}
