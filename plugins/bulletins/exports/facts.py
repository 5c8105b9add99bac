"""What all formats say about a document, so that they agree: its ids, when it changed, and how."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, assert_never

from bulletins import words
from bulletins.exports.claims import Claim, Vulnerability, claims
from bulletins.exports.data import midnight
from bulletins.site import Site
from bulletins.urls import csaf_url, osv_url
from secpack.extract.answers import Answer
from secpack.model.archive import Advisory, Bulletin, Difference, Publication, Relation, Version


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


def ids_of(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> Ids:
    """The ids of a bulletin; ``advisories``, by number, have the CVEs of the Xen Project's list."""
    vulnerabilities = tuple(_vulnerabilities(bulletin, advisories))
    addressed = Ids(vulnerabilities, ()).addressed
    related = [v for (_, v), r in bulletin.relations.items() if r is Relation.MENTIONED]
    return Ids(vulnerabilities, tuple(id_ for id_ in related if id_ not in addressed))


def _vulnerabilities(
    bulletin: Bulletin, advisories: Mapping[int, Advisory]
) -> Iterator[Vulnerability]:
    """One for each CVE, and for each advisory, or other id, without a known CVE."""
    relations, parts = bulletin.relations, defaultdict[str, dict[str, str]](dict)
    own = defaultdict[int, list[str]](list)
    for number, cve in bulletin.pairs:
        own[number].append(cve)
    for number in bulletin.addresses:
        advisory = advisories[number]
        every = (*advisory.cves, *own[number])
        cves = [cve for cve in every if relations.get(("CVE", cve)) is not Relation.UNAFFECTED]
        for cve in cves:
            parts[cve] |= {cve: "CVE", advisory.id: "XSA"}
        if not cves:
            parts[advisory.id] = {advisory.id: "XSA"}
    for (scheme, id_), relation in relations.items():
        if relation is Relation.ADDRESSED and scheme != "XSA":
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


def _joined(bulletin: Bulletin) -> Iterator[tuple[str, dict[str, str]]]:
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


# --- verdicts ---------------------------------------------------------------------------------


def conflict(advisory: Advisory) -> str:
    """Where the tracker says no, but a bulletin addresses an advisory: a note with both sources."""
    if advisory.verdict is not advisory.status:
        bulletins = ", ".join(advisory.bulletins)
        return words.vex_conflict.format(advisory=advisory.id, bulletins=bulletins)
    return ""


# --- links ------------------------------------------------------------------------------------


#: A web URL by RFC 3986; these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


# --- changes ----------------------------------------------------------------------------------


def history(publication: Publication, site: Site, *records: str) -> list[tuple[datetime, str]]:
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


def changed(publication: Publication, site: Site, *records: str) -> datetime:
    """When a document last changed."""
    return history(publication, site, *records)[-1][0]


def change_in_words(version: Version) -> str:
    """How a version differs from the one before: by its changelog, if that has a new entry."""
    match version.difference:
        case Difference.FIRST:
            return words.first_published
        case Difference.SPACE:
            return words.changed_space
        case Difference.WORDS:
            silent = words.changed_noted if version.noted else words.changed_silently
            return "; ".join(version.news) or silent
        case _:
            assert_never(version.difference)


def _stated(publication: Publication) -> list[tuple[datetime, str]]:
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

    ``ids`` are those that it names, ``answers`` what it says for each release, ``claims`` of each
    vulnerability. ``history`` are its changes, ``links`` the URLs of its references, with labels.
    """

    bulletin: Bulletin
    ids: Ids
    answers: Sequence[Answer]
    claims: Sequence[Claim]
    history: Sequence[tuple[datetime, str]]
    links: Mapping[str, str]


@lru_cache(maxsize=1)
def all_facts(site: Site) -> list[BulletinFacts]:
    """The facts of all bulletins, ascending."""
    return [_facts(site, bulletin) for bulletin in site.archive.bulletins]


def _facts(site: Site, bulletin: Bulletin) -> BulletinFacts:
    ids, said = ids_of(bulletin, site.advisories), site.answers[bulletin.id]
    return BulletinFacts(
        bulletin=bulletin,
        ids=ids,
        answers=said,
        claims=[*claims(bulletin, ids.vulnerabilities, said, site.profile.bulletins.prefix)],
        history=history(bulletin, site, osv_url(bulletin, site.profile), csaf_url(bulletin)),
        links={url: label for url, label in bulletin.summary.links if is_url(url)},
    )


def is_url(url: str) -> bool:
    """Whether the formats accept a URL."""
    return _URL.fullmatch(url) is not None
