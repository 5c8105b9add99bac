"""``osv/``: each bulletin in the format of the Open Source Vulnerability project.

Its schema knows neither most issuers nor their packages. So ids have the prefix for unregistered
databases, and packages are in ``database_specific``, unless the table ``[osv]`` of the profile
says what is registered.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from bulletins import urls
from bulletins.exports.archive_json import package_data
from bulletins.exports.data import filled, moment, printed, to_json
from bulletins.exports.facts import BulletinFacts, is_url, name_of
from bulletins.site import Site
from secpack import Profile
from secpack.model.archive import Fix, PackageRow
from secpack.parser.characters import visible
from secpack.profile import Package

#: The first version of the schema with ``upstream``.
_VERSION: Final = "1.7.0"
_CREDITS: Final = {"discovered": "FINDER", "found": "FINDER", "reported": "REPORTER"}
_BACKTICKS: Final = re.compile("`{3,}")


def osv_files(bulletins: Iterable[BulletinFacts], site: Site) -> Iterator[tuple[str, bytes]]:
    """A record for each bulletin; all in one file, one on each line, and in an archive; by URL.

    The list of ids has the time of each record's last change, the newest first.
    """
    records, changes = {}, []
    for facts in bulletins:
        url = urls.osv_url(facts.bulletin, site.profile)
        records[url] = to_json(_record(facts, site), lines=False)
        identity = urls.osv_id(facts.bulletin, site.profile)
        changes.append(f"{moment(facts.history[-1][0])},{identity}\n")
    yield from records.items()
    yield urls.OSV_ALL, _listed(records.values())
    yield urls.OSV_ZIP, _zipped(records)
    yield urls.OSV_CHANGES, "".join(sorted(changes, reverse=True)).encode()


def _listed(records: Iterable[bytes]) -> bytes:
    """All records as one list, each on its own line; of so many, no other copy is made."""
    parts = (part for record in records for part in (b",\n", memoryview(record)[:-1]))
    next(parts, None)  # nothing is before the first
    return b"".join([b"[\n", *parts, b"\n]\n"])


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of files, not compressed, because libraries compress differently."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for url, data in files.items():
            entry = zipfile.ZipInfo(url.rpartition("/")[2])  # of 1980, whatever the clock
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # also on other systems
            archive.writestr(entry, data)
    return written.getvalue()


def _record(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    bulletin, affected = facts.bulletin, list(_all_affected(facts, site.profile))
    safe = [a.release for a in site.answers[bulletin.id] if a.fix is Fix.NOT_AFFECTED]
    lists = filled(
        upstream=list(facts.ids.addressed),
        related=facts.ids.related,
        references=list(_references(facts, site)),
        credits=[
            {"name": visible(credit.name)} | filled(type=_CREDITS.get(credit.role))
            for credit in bulletin.summary.credits
        ],
    )
    return lists | {
        "schema_version": _VERSION,
        "id": urls.osv_id(bulletin, site.profile),
        "published": moment(bulletin.published),
        "modified": moment(facts.history[-1][0]),
        "summary": site.titled(bulletin, bulletin.title),
        "details": _fenced(printed(bulletin.file.data)),
        "affected": affected or [{"database_specific": {"product": visible(site.product)}}],
        "database_specific": {"sha256": bulletin.file.sha256} | filled(not_affected=safe),
    }


def _all_affected(facts: BulletinFacts, profile: Profile) -> Iterator[dict[str, Any]]:
    """Each package of each release, and each release without a fix, with the ids that spare it.

    The schema ties no entry to an id. One that all vulnerabilities spare is left out.
    """
    rows = defaultdict[tuple[str, str], dict[PackageRow, None]](dict)
    ids = defaultdict[tuple[str, str], set[str]](set)
    for effect in facts.effects:
        for row in effect.affected:
            rows[row.release, name_of(row)][row] = None
            ids[row.release, name_of(row)] |= effect.vulnerability.ids.keys()
    for group, own in rows.items():
        spared = [id_ for id_ in facts.ids.addressed if id_ not in ids[group]]
        yield _affected([*own], spared, profile)


def _affected(
    rows: Sequence[PackageRow], spared: Sequence[str], profile: Profile
) -> dict[str, Any]:
    """A package of a release, below its first fixed version; as data without an ecosystem.

    There is no range if several versions are fixed: nothing says where their branches begin.
    """
    packages = [package_data(row, profile) for row in rows]
    data = {"database_specific": {"packages": packages} | filled(not_affected_by=spared)}
    release, name = rows[0].release, name_of(rows[0])
    if not (profile.osv.ecosystem and name):
        return data
    ecosystem = ":".join(filter(None, (profile.osv.ecosystem, visible(release))))
    purl = profile.packages.get(name, Package()).identifiers().get("purl")
    fixed, *others = dict.fromkeys(visible(row.version) for row in rows)
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    ranges = [] if others else [{"type": "ECOSYSTEM", "events": events}]
    package = {"ecosystem": ecosystem, "name": visible(name)} | filled(purl=purl)
    return data | filled(ranges=ranges) | {"package": package}


def _references(facts: BulletinFacts, site: Site) -> Iterator[dict[str, str]]:
    bulletin = facts.bulletin
    if site.url:
        for url in (urls.page_url(bulletin), urls.beside(bulletin, bulletin.file.name)):
            yield {"type": "ADVISORY", "url": site.public(url)}
    ids = (f"XSA-{number}" for number in bulletin.addresses)
    published = dict.fromkeys(urls.published_id("XSA", id_, site.profile) for id_ in ids)
    yield from ({"type": "ADVISORY", "url": url} for url in published if is_url(url))
    others = (u for u in facts.links if u.replace("http:", "https:", 1) not in published)
    yield from ({"type": "WEB", "url": url} for url in others)


def _fenced(text: str) -> str:
    """A text as a Markdown code block, because programs read details as Markdown."""
    runs = _BACKTICKS.findall(text) if "```" in text else []
    fence = "`" * (max((len(run) for run in runs), default=2) + 1)
    return f"{fence}text\n{text}\n{fence}\n"
