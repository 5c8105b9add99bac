"""What templates can ask for, beyond what Pelican gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, Final, TypeVar

from markupsafe import Markup

from bulletins.doubts import doubts
from bulletins.exports.csaf import is_provider
from bulletins.html import render, render_words, unbroken
from bulletins.reader import about, heading, summary
from bulletins.rendering import ROOT
from bulletins.urls import (
    ARCHIVE_JSON,
    CALENDAR,
    CSAF_FEED,
    CSAF_PROVIDER,
    CVE,
    FEEDS,
    INDEX,
    LONGEST_LIST,
    OSV_ALL,
    PACKAGE,
    RELEASE,
    SCHEMA_JSON,
    SEARCH,
    XSA,
    LinkResolver,
    advisory_url,
    attachment_url,
    beside,
    feed_url,
    json_feed_url,
    json_url,
    key_url,
    kind_of,
    letter_prefix,
    list_url,
    package_url,
    page_url,
    published_advisory,
    published_cve,
    release_url,
    year_url,
)
from bulletins.verdicts import verdict_sentence, verdict_words
from secpack import Profile
from secpack.canary import changes
from secpack.model.archive import (
    Advisory,
    Archive,
    Attachment,
    Canary,
    Change,
    Document,
    Key,
    Letter,
    Publication,
    Signature,
    Verdict,
)
from secpack.model.findings import Finding
from secpack.pack import document_id
from secpack.parser.inline import parse_inline
from secpack.profile import Kind
from secpack.signatures.policy import WORDS, is_about_signatures
from secpack.tracker.statistics import statistics

_T = TypeVar("_T")

#: Bytes of all that a page of a text has between its header and its footer, up to which it holds
#: the original, too: what the 40,000 of a first visit leave beside the stylesheet and the rest.
LIGHT: Final = 25_000

#: How many sentences the page of an advisory quotes from one document.
_MOST_SENTENCES: Final = 2


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The documents of the same kind right before and after one."""

    older: Publication | None
    newer: Publication | None


class TemplateFunctions:
    """What templates can call; all addresses are relative to the site's root."""

    def __init__(self, archive: Archive, profile: Profile) -> None:
        self._archive = archive
        self._profile = profile
        self._link_of = LinkResolver(archive, profile, ROOT)
        self._waived = {f.file: f.waived for f in archive.findings if f.waived}
        self._doubtful = doubts(archive).keys()
        self._said: dict[str, dict[str, dict[str, None]]] = {}
        self._resolvers: dict[str, LinkResolver] = {}
        self._faults: dict[str, list[Finding]] = {}
        for finding in archive.findings:
            if is_about_signatures(finding.code):
                self._faults.setdefault(finding.file, []).append(finding)
        self._keys = {key.fingerprint: key for key in reversed(archive.keys)}
        self._by_id = {p.id: p for p in archive.publications}
        self._neighbours = dict([*_neighbours(archive.bulletins), *_neighbours(archive.canaries)])

    # --- addresses ---

    def page_of(self, publication: Publication) -> str:
        """A document's page."""
        return page_url(publication, self._profile)

    def kind_of(self, publication: Publication) -> Kind:
        """Whether it is a bulletin or a canary."""
        return kind_of(publication, self._profile)

    def beside(self, publication: Publication, name: str) -> str:
        """A file beside a document's page."""
        return beside(publication, self._profile, name)

    def json_of(self, publication: Publication) -> str:
        """A document as data."""
        return json_url(publication, self._profile)

    def attachment_of(self, attachment: Attachment, name: str) -> str:
        """A file of an attachment."""
        return attachment_url(attachment, name, self._profile)

    def key_of(self, key: Key) -> str:
        """A key's file."""
        return key_url(key, self._profile)

    def published_advisory(self, number: int) -> str:
        """Where an advisory is published, elsewhere."""
        return published_advisory(number, self._profile)

    def published_cve(self, cve: str) -> str:
        """Where a CVE is published, elsewhere."""
        return published_cve(cve, self._profile)

    # --- documents ---

    def said_of(self, number: int, publication: Publication) -> list[str]:
        """The first sentences in which a document names an advisory, each once."""
        if publication.id not in self._said:
            said = self._said[publication.id] = {}
            for mention in publication.all_mentions:
                said.setdefault(mention.value, {})[mention.sentence] = None
        return list(self._said[publication.id].get(f"XSA-{number}", ()))[:_MOST_SENTENCES]

    def text_of(self, document: Document) -> str:
        """The original's words."""
        return document.file.data.decode()

    def letter_html(self, letter: Letter) -> Markup:
        """The words of a letter."""
        rendered = render(letter.document, self._link_of, prefix=letter_prefix(letter), top=3)
        return Markup(rendered.html)  # noqa: S704 - ours

    def neighbours(self, publication: Publication) -> Neighbours:
        """The documents before and after one."""
        return self._neighbours[publication.id]

    def years_of(self, kind: Kind) -> list[tuple[int, int, str]]:
        """The years with documents of a kind, newest first: how many, and where they are listed."""
        is_canary = kind == self._profile.canaries
        row: Sequence[Publication] = (
            self._archive.canaries if is_canary else self._archive.bulletins
        )
        base, split = list_url(kind), len(row) > LONGEST_LIST
        return [
            (
                year,
                len(group),
                year_url(base, year) + INDEX if split else f"{base}{INDEX}#year-{year}",
            )
            for year, group in by_year(row)
        ]

    def attachments_of(self, kind: Kind) -> list[Attachment]:
        """Attachments that lie in the folder of a kind."""
        folder = kind.folder + "/"
        return [a for a in self._archive.attachments if a.file.path.startswith(folder)]

    def publication_of(self, identity: str) -> Publication | None:
        """The document with this id, or None where the archive has none."""
        return self._by_id.get(identity)

    # --- advisories ---

    def announced_in(self, advisory: Advisory) -> list[str]:
        """Ids of the bulletins that address an advisory; the archive may lack the tracker's."""
        ids = list(advisory.bulletins)
        if advisory.bulletin:
            number = int(advisory.bulletin.partition("-")[0])
            identity = document_id(self._profile.bulletins, number)
            return ids if identity in ids else [*ids, identity]
        return ids

    def only_by_text(self, advisory: Advisory) -> list[str]:
        """Ids of bulletins that address an advisory by their own text, and not by the tracker."""
        told = self.announced_in(replace(advisory, bulletins=()))
        return [id_ for id_ in advisory.bulletins if id_ not in told]

    def linked(self, words: str, root: str) -> Markup:
        """Words with links on the ids that have a page; ``root`` is the way to the site's root."""
        link_of = self._resolvers.get(root)
        if link_of is None:
            link_of = LinkResolver(self._archive, self._profile, f"{root}/")
            self._resolvers[root] = link_of
        return Markup(render_words(parse_inline(words), link_of))  # noqa: S704 - ours

    # --- evidence ---

    def signer_name(self, name: str) -> str:
        """A signer's full name, or what the file's name has."""
        signer = self._profile.signers.get(name)
        return signer.name if signer else name

    def keys_of(self, signatures: Sequence[Signature]) -> list[Key]:
        """The keys that signed, in the order of the signatures.

        Where it cannot be told which, that of the signer whom the file's name tells.
        """
        signers = self._profile.signers
        named = {name: signer.fingerprint for name, signer in signers.items()}
        wanted = dict.fromkeys(s.primary or named.get(s.signer, "") for s in signatures)
        return [self._keys[primary] for primary in wanted if primary in self._keys]

    def waiver_of(self, signature: Signature) -> str:
        """Why the profile accepts a signature that is not good; empty where it does not."""
        return self._waived.get(signature.file.path, "")

    def faults_of(self, document: Document) -> list[Finding]:
        """What is wrong with the signatures of a document as a whole."""
        return self._faults.get(document.file.path, [])

    def is_doubtful(self, publication: Publication) -> bool:
        """Whether something about its signatures is an error that nobody accepts."""
        return publication.id in self._doubtful

    def changes_of(self, canary: Canary) -> tuple[Change, ...]:
        """How its statements differ from those of the canary before."""
        before = self.neighbours(canary).older
        return changes(before, canary) if isinstance(before, Canary) else ()

    def skipped_before(self, canary: Canary) -> list[int]:
        """Numbers of canaries that are missing between this one and the one before it here."""
        before = self.neighbours(canary).older
        return list(range(before.number + 1, canary.number)) if before else []

    def bulletins_until(self, canary: Canary) -> int:
        """How many bulletins are here that were published up to its day."""
        return sum(1 for b in self._archive.bulletins if b.published <= canary.published)

    def signers_of(self, canary: Canary) -> tuple[list[str], list[str]]:
        """Names of those who sign no longer, and of those who did not sign the one before.

        Who left a signature that was found not to be good has not signed.
        """
        before = self.neighbours(canary).older
        old = _who_signed(before) if before else []
        new = _who_signed(canary)
        return [s for s in old if s not in new], [s for s in new if before and s not in old]


def _neighbours(row: Sequence[Publication]) -> Iterator[tuple[str, Neighbours]]:
    for older, publication, newer in zip((None, *row), row, (*row[1:], None), strict=False):
        yield publication.id, Neighbours(older, newer)


def _who_signed(publication: Publication) -> list[str]:
    found = publication.signatures
    return [s.signer for s in found if s.verdict.good or s.verdict is Verdict.UNCHECKED]


def template_context(archive: Archive, profile: Profile, site_url: str) -> dict[str, Any]:
    """What templates find beside Pelican's context."""
    functions = TemplateFunctions(archive, profile)
    names = [name for name in vars(TemplateFunctions) if not name.startswith("_")]
    return {name: getattr(functions, name) for name in names} | {
        "XSA": XSA,
        "CVE": CVE,
        "PACKAGE": PACKAGE,
        "RELEASE": RELEASE,
        "ARCHIVE_JSON": ARCHIVE_JSON,
        "CALENDAR": CALENDAR,
        "CSAF_FEED": CSAF_FEED,
        "CSAF_PROVIDER": CSAF_PROVIDER,
        "FEEDS": FEEDS,
        "LIGHT": LIGHT,
        "OSV_ALL": OSV_ALL,
        "SCHEMA_JSON": SCHEMA_JSON,
        "SEARCH": SEARCH,
        "about": about,
        "advisory_page": advisory_url,
        "by_year": by_year,
        "feed_of": feed_url,
        "fingerprint": grouped_fingerprint,
        "heading": heading,
        "is_csaf_provider": is_provider(archive, profile, site_url),
        "json_feed_of": json_feed_url,
        "key_groups": key_groups(archive.keys),
        "list_of": list_url,
        "product": profile.name or profile.issuer or "the product",
        "statistics": statistics(archive.advisories),
        "verdict_sentence": verdict_sentence,
        "verdict_words": verdict_words,
        "package_page": package_url,
        "release_page": release_url,
        "summary_of": summary,
        "unbroken": unbroken,
        "found_words": found_words,
    }


def by_year(
    row: Iterable[_T], day: Callable[[_T], date] = attrgetter("published")
) -> list[tuple[int, tuple[_T, ...]]]:
    """Documents, or what has a ``day``, by year, the newest year first; else in their order.

    Numbers need not be in the order of days.
    """
    years: defaultdict[int, list[_T]] = defaultdict(list)
    for one in row:
        years[day(one).year].append(one)
    return [(year, tuple(years[year])) for year in sorted(years, reverse=True)]


def found_words(signature: Signature) -> str:
    """What was found, in words."""
    return WORDS[signature.verdict]


def key_groups(keys: Sequence[Key]) -> list[tuple[str, list[Key]]]:
    """Keys by the folder in which the pack keeps them, the master key first."""
    folders: dict[str, list[Key]] = {}
    for key in sorted(keys, key=lambda k: ("master-key" not in k.file.path, k.file.path)):
        folders.setdefault(key.file.path.rpartition("/")[0].partition("/")[2], []).append(key)
    return list(folders.items())


def grouped_fingerprint(fingerprint: str) -> str:
    """A fingerprint (hex) in groups of four, as it is read aloud."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))
