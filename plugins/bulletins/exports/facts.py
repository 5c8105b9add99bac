"""What all formats say about a document, so that they agree: its ids, effects and changes.

A fixed package is about all vulnerabilities, unless the text keeps them apart.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, assert_never

from bulletins import words
from bulletins.exports.data import midnight
from bulletins.site import Site
from bulletins.urls import csaf_url, osv_url
from secpack.extract.answers import Answer, affects, safe_from
from secpack.extract.packages.vocabulary import product_of
from secpack.extract.sections import sections
from secpack.model import archive as model

# --- effects ----------------------------------------------------------------------------------

#: Formats repeat a bulletin's packages for each vulnerability; no real text has so many, nor so
#: many packages with so many sections.
_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A flaw: its ids, each with its scheme; first a CVE, if one is known.

    ``released`` is the day on which the first of its advisories was published, and ``title`` that
    of the first, if known. ``note`` is where sources differ.
    """

    ids: Mapping[str, str]
    released: date | None = None
    title: str = ""
    note: str = ""

    @property
    def cve(self) -> str:
        """Its CVE; empty if none is known."""
        return next((id_ for id_, scheme in self.ids.items() if scheme == "CVE"), "")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a bulletin says of a vulnerability.

    ``rows`` are packages that are about it, and releases without any. ``said`` is whether sentences
    call releases affected, ``is_only`` whether the bulletin is about nothing else.
    """

    vulnerability: Vulnerability
    rows: tuple[model.PackageRow, ...] = field(repr=False)
    said: Mapping[str, bool]
    is_only: bool

    @property
    def affected(self) -> tuple[model.PackageRow, ...]:
        """The rows of releases that the text does not spare."""
        rows = (row for row in self.rows if row.fix is not model.Fix.NOT_AFFECTED)
        return tuple(row for row in rows if self.said.get(row.release, True))


def name_of(row: model.PackageRow) -> str:
    """One name for all spellings of a package that the profile knows."""
    return row.name or row.package


def effects(
    bulletin: model.Bulletin, every: Sequence[Vulnerability], answers: Sequence[Answer], prefix: str
) -> Iterator[Effect]:
    """What a bulletin says of each vulnerability; rows that are of none make the bulletin one."""
    every, rows = list(every), _rows(bulletin, answers)
    rows = rows if len(rows) * len(every) <= _MOST else []
    divisions = [*_divided(bulletin, rows, every)]
    claimed = {row for own in divisions for row in own}
    if others := [row for row in rows if row not in claimed]:
        every.append(Vulnerability({bulletin.id: prefix}, note=words.own_flaws))
        divisions.append(others)
    shipped = {row.release for row in rows if row.fix is model.Fix.AVAILABLE}
    # Packages decide, unless a sentence is about one id.
    said = [(k, yes) for k, (yes, _) in affects(bulletin).items() if k[0] or k[1] not in shipped]
    safe = safe_from(bulletin)
    for each, division in zip(every, divisions, strict=True):
        yield Effect(
            vulnerability=each,
            rows=tuple(r for r in division if safe.get(r, frozenset()) <= each.ids.keys()),
            said={release: yes for (id_, release), yes in said if id_ in ("", *each.ids)},
            is_only=len(every) == 1 and not (each.note and claimed),
        )


def _rows(bulletin: model.Bulletin, answers: Sequence[Answer]) -> list[model.PackageRow]:
    """Each package once, and a row for what sentences say of a release that has none.

    Rows that name no release are left out if others do.
    """
    shipped = {row.release for row in bulletin.packages}
    stated = (a for a in answers if a.release not in shipped)
    rows = [*bulletin.packages]
    rows += (model.PackageRow(a.release, "", "", "", a.lines[0], a.fix) for a in stated if a.fix)
    seen: dict[tuple[object, ...], model.PackageRow] = {}
    for row in [row for row in rows if row.release] or rows:
        seen.setdefault((row.release, row.target, name_of(row), row.version, row.fix), row)
    return [*seen.values()]


def _divided(
    bulletin: model.Bulletin, rows: Sequence[model.PackageRow], every: Sequence[Vulnerability]
) -> Iterator[list[model.PackageRow]]:
    """The rows of each vulnerability: all, except packages whose sections the text keeps apart.

    Such a section has a package in its heading, or alone in its text: "GUI issue", and "Xen issues"
    with the ids of those.
    """
    names = {name_of(row) for row in rows if row.package}
    parts = sections(bulletin.document) if len(names) > 1 else ()
    common = _words_in(" ".join((product_of(bulletin.document), *(r.target for r in rows))))
    lines = defaultdict[str, set[int]](set)  # of the sections of each package
    for part in parts if len(names) * len(parts) < _MOST else ():
        inside = {name_of(r) for r in rows if r.package and part.first <= r.line <= part.last}
        title = _words_in(part.title) - common
        for name in names:
            if title & _words_in(name) or inside == {name}:
                lines[name] |= {*range(part.first, part.last + 1)}
    ids = {n: {m.value for m in bulletin.all_mentions if m.line in own} for n, own in lines.items()}
    for each in every:
        named = {name for name, own in ids.items() if own & each.ids.keys()}
        apart = ids.keys() - named if named else set()
        yield [row for row in rows if name_of(row) not in apart]


def _words_in(text: str) -> set[str]:
    return {*re.findall("[a-z0-9]{3,}", text.lower())}


# --- ids --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ids:
    """What a bulletin addresses, and the ids that it only mentions.

    Ids that do not apply, by the words of the bulletin, are in neither.
    """

    vulnerabilities: tuple[Vulnerability, ...]
    related: tuple[str, ...]

    @property
    def addressed(self) -> dict[str, str]:
        """All ids that it addresses, each with its scheme: advisories come first."""
        every = (id_ for v in self.vulnerabilities for id_ in v.ids.items())
        return dict(sorted(every, key=lambda id_: id_[1] != "XSA"))


def ids_of(bulletin: model.Bulletin, advisories: Mapping[int, model.Advisory]) -> Ids:
    """The ids of a bulletin; ``advisories``, by number, have the CVEs of the Xen Project's list."""
    vulnerabilities = tuple(_vulnerabilities(bulletin, advisories))
    addressed = Ids(vulnerabilities, ()).addressed
    related = [v for (_, v), r in bulletin.relations.items() if r is model.Relation.MENTIONED]
    return Ids(vulnerabilities, tuple(id_ for id_ in related if id_ not in addressed))


def _vulnerabilities(
    bulletin: model.Bulletin, advisories: Mapping[int, model.Advisory]
) -> Iterator[Vulnerability]:
    """One for each CVE, and for each advisory, or other id, without a known CVE."""
    relations, parts = bulletin.relations, defaultdict[str, dict[str, str]](dict)
    own = defaultdict[int, list[str]](list)
    for number, cve in bulletin.pairs:
        own[number].append(cve)
    for number in bulletin.addresses:
        advisory = advisories[number]
        every = (*advisory.cves, *own[number])
        cves = [
            cve for cve in every if relations.get(("CVE", cve)) is not model.Relation.UNAFFECTED
        ]
        for cve in cves:
            parts[cve] |= {cve: "CVE", advisory.id: "XSA"}
        if not cves:
            parts[advisory.id] = {advisory.id: "XSA"}
    for (scheme, id_), relation in relations.items():
        if relation is model.Relation.ADDRESSED and scheme != "XSA":
            parts[id_] |= {id_: scheme}
    for cve, others in _joined(bulletin):
        if cve in parts and others.keys() <= parts.keys():
            parts[cve] |= others
    joined = {id_ for ids in parts.values() for id_ in [*ids][1:]}
    for ids in (ids for id_, ids in parts.items() if id_ not in joined):
        numbers = [int(id_.removeprefix("XSA-")) for id_, scheme in ids.items() if scheme == "XSA"]
        known = [advisories[number] for number in numbers]
        day = min((a.date for a in known if a.date), default=None)
        title = next((a.title for a in known if a.title), "")
        yield Vulnerability(ids, day, title, " ".join(filter(None, map(conflict, known))))


def _joined(bulletin: model.Bulletin) -> Iterator[tuple[str, dict[str, str]]]:
    """Each CVE that a text joins to ids of vendors: ``(CVE-2020-1, part of INTEL-SA-1)``."""
    sentences = defaultdict[str, dict[str, str]](dict)
    for mention in bulletin.all_mentions:
        sentences[mention.sentence][mention.value] = mention.scheme
    for sentence, ids in sentences.items():
        if not {"CVE"} < {*ids.values()}:
            continue
        form = "|".join(map(re.escape, sorted(ids, reverse=True)))
        for run in re.finditer(rf"(?:{form}|[\s,/()\[\]0-9]|part of)+", sentence):
            here = {id_: ids[id_] for id_ in re.findall(form, run[0])}
            cves = [id_ for id_, scheme in here.items() if scheme == "CVE"]
            others = {id_: scheme for id_, scheme in here.items() if scheme not in ("CVE", "XSA")}
            if len(cves) == 1 and len({*others.values()}) == len(others) > 0:
                yield cves[0], others


def conflict(advisory: model.Advisory) -> str:
    """Where the tracker says no, but a bulletin addresses an advisory: a note with both sources."""
    if advisory.verdict is not advisory.status:
        bulletins = ", ".join(advisory.bulletins)
        return words.vex_conflict.format(advisory=advisory.id, bulletins=bulletins)
    return ""


# --- changes ----------------------------------------------------------------------------------


def history(
    publication: model.Publication, site: Site, *records: str
) -> list[tuple[datetime, str]]:
    """When a document changed, and how, oldest first.

    Each version is a change; a text can have been published before all had signed it. Where no
    version is known, the days are those that the text states. ``records`` are the names of what
    says so: they also change when they were moved.
    """
    versions = site.versions_shown(publication)
    changes = [(version.updated, change_in_words(version)) for version in versions]
    if changes and midnight(publication.published) < changes[0][0]:
        published = (midnight(publication.published), words.first_published)
        changes[:1] = [published, (changes[0][0], words.first_signed)]
    return sorted([*(changes or _stated(publication)), *moves(site, *records)])


def moves(site: Site, *records: str) -> list[tuple[datetime, str]]:
    """When records were moved, with the words for that."""
    times = {time for name in records for time in site.notes.moved.get(name, ())}
    return [(time, words.record_moved) for time in sorted(times)]


def changed(publication: model.Publication, site: Site, *records: str) -> datetime:
    """When a document last changed."""
    return history(publication, site, *records)[-1][0]


def change_in_words(version: model.Version) -> str:
    """How a version differs from the one before: by its changelog, if that has a new entry."""
    match version.difference:
        case model.Difference.FIRST:
            return words.first_published
        case model.Difference.SPACE:
            return words.changed_space
        case model.Difference.WORDS:
            silent = words.changed_noted if version.noted else words.changed_silently
            return "; ".join(version.news) or silent
        case _:
            assert_never(version.difference)


def _stated(publication: model.Publication) -> list[tuple[datetime, str]]:
    first, last = publication.published, publication.updated
    days = {first: words.first_published} | ({last: words.changed_noted} if last > first else {})
    noted: defaultdict[date, list[str]] = defaultdict(list)
    for revision in sorted(publication.revisions, key=lambda each: each.date):
        if text := revision.text.strip():
            noted[revision.date].append(text)
    days |= {day: "; ".join(texts) for day, texts in noted.items()}
    return [(midnight(day), how) for day, how in days.items()]


def entry_id(identity: str, site: Site) -> str:
    """The id of a feed's entry about a document or an advisory."""
    return f"tag:{site.profile.tag}:{identity.lower()}"


# --- bulletins in the formats for scanners ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulletinFacts:
    """What all formats for scanners say about a bulletin.

    ``ids`` are those that it names, ``effects`` what it says of each vulnerability. ``history`` are
    its changes, ``links`` the URLs of its references, with labels.
    """

    bulletin: model.Bulletin
    ids: Ids
    effects: Sequence[Effect]
    history: Sequence[tuple[datetime, str]]
    links: Mapping[str, str]


@lru_cache(maxsize=1)
def all_facts(site: Site) -> list[BulletinFacts]:
    """The facts of all bulletins, ascending."""
    return [_facts(site, bulletin) for bulletin in site.archive.bulletins]


def _facts(site: Site, bulletin: model.Bulletin) -> BulletinFacts:
    ids, said = ids_of(bulletin, site.advisories), site.answers[bulletin.id]
    return BulletinFacts(
        bulletin=bulletin,
        ids=ids,
        effects=[*effects(bulletin, ids.vulnerabilities, said, site.profile.bulletins.prefix)],
        history=history(bulletin, site, osv_url(bulletin, site.profile), csaf_url(bulletin)),
        links={url: label for url, label in bulletin.summary.links if is_url(url)},
    )


#: A web URL by RFC 3986; these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


def is_url(url: str) -> bool:
    """Whether the formats accept a URL."""
    return _URL.fullmatch(url) is not None
