"""Site: the one object from which pages, feeds and exports are made."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from jinja2 import Environment

from bulletins import urls, words
from secpack import Profile, SecpackError
from secpack.extract import shortened
from secpack.extract.answers import Answer, answers
from secpack.model import archive as model
from secpack.model.blocks import Id, running_text
from secpack.model.findings import Finding
from secpack.pack import document_id
from secpack.parser.characters import visible
from secpack.signatures.policy import Standing, is_about_signatures, signed_files, standing

_NUMBERS: Final = re.compile(r"[0-9]+|[^0-9.]+")


@dataclass(frozen=True, slots=True)
class Notes:
    """What no source states: a publish finds it out, and a rebuild reads it from the site.

    ``moved`` is when records changed although no text did, by their names: the URL of a file, or
    the id of a feed's entry. ``signatures`` are those of exported files, by the SHA-256 (hex) of
    what they sign. ``recipe`` is what a rebuild needs, as JSON values. ``fresh_until`` is until
    when the site is meant to be the newest.
    """

    moved: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    signatures: Mapping[str, bytes] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    fresh_until: date | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A release or a package: its name as the newest bulletin prints it, and the end of its URL.

    ``shipped`` are the bulletins that ship something for it, newest first, with their rows.
    """

    slug: str
    name: str
    shipped: tuple[tuple[model.Bulletin, tuple[model.PackageRow, ...]], ...]


@dataclass(frozen=True, eq=False)
class Site:
    """An archive, its profile, and the site's public URL, which is empty if unknown.

    ``own_theme`` is whether our own theme makes the pages; only then are there pages for lists,
    advisories, CVEs, releases and packages. ``is_indexed`` is whether a search finds all words.
    """

    archive: model.Archive
    profile: Profile
    url: str = ""
    own_theme: bool = True
    is_indexed: bool = False
    notes: Notes = Notes()

    @property
    def name(self) -> str:
        """The site's name."""
        return f"{self.profile.name or self.profile.issuer or 'Unnamed'} security archive"

    @property
    def product(self) -> str:
        """The product that the bulletins are about."""
        return self.profile.name or self.profile.issuer or "the product"

    @property
    def author(self) -> str:
        """The author of the bulletins."""
        return self.profile.team or self.profile.issuer or "unknown"

    def public(self, url: str) -> str:
        """The public URL of a page or a file, by its URL from the root."""
        return f"{self.url}/{url}" + ("" if url.rpartition("/")[2] else self.page_file)

    @property
    def page_file(self) -> str:
        """What public URLs of pages end in: nothing, or the name of the file."""
        return "" if self.profile.directory_index else urls.INDEX

    @property
    def updated(self) -> date | None:
        """The date of the newest text, which says how old a copy of the site is."""
        return max((p.updated for p in self.archive.publications), default=None)

    @cached_property
    def lookups(self) -> tuple[str, ...]:
        """The URLs of the lists of advisories, other ids, releases and packages, as far as any are.

        Other themes have none.
        """
        rows = [row for bulletin in self.archive.bulletins for row in bulletin.packages]
        packages = [row for row in rows if row.package]
        lists = {urls.XSA: self.archive.advisories, urls.CVE: self.archive.ids, urls.RELEASE: rows}
        lists |= {urls.PACKAGE: packages}
        return tuple(url for url, entries in lists.items() if entries and self.own_theme)

    @cached_property
    def by_release(self) -> Sequence[Lookup]:
        """All releases with packages, newest first; without those that have no name."""
        lookups = _lookups(self.archive, lambda row: row.release)
        return sorted(lookups, key=lambda lookup: release_order(lookup.name), reverse=True)

    @cached_property
    def by_package(self) -> Sequence[Lookup]:
        """All packages by name; case does not matter."""
        return sorted(_lookups(self.archive, lambda row: row.name), key=lambda each: each.slug)

    @cached_property
    def documents(self) -> Mapping[str, model.Publication]:
        """All bulletins and canaries by id."""
        return {p.id: p for p in self.archive.publications}

    @cached_property
    def answers(self) -> Mapping[str, Sequence[Answer]]:
        """What each bulletin says for each release, by its id."""
        return {bulletin.id: answers(bulletin) for bulletin in self.archive.bulletins}

    @cached_property
    def ids(self) -> frozenset[tuple[str, str]]:
        """The ids that have a page on the site, or a row: each its scheme and its value."""
        ids = {("XSA", advisory.id) for advisory in self.archive.advisories}
        ids |= {(named.scheme, named.id) for named in self.archive.ids}
        return frozenset(ids if self.own_theme else ())

    @cached_property
    def releases(self) -> frozenset[str]:
        """The releases for which a bulletin lists packages."""
        return frozenset(release for b in self.archive.bulletins for release in b.releases)

    @cached_property
    def related(self) -> Mapping[str, frozenset[str]]:
        """By id: bulletins that it names, that name it, or that name what it addressed first."""
        bulletins = {bulletin.id for bulletin in self.archive.bulletins}
        pairs = {
            (bulletin.id, named.id)
            for bulletin in self.archive.bulletins
            for _, inlines in running_text(bulletin.document.blocks)
            for inline in inlines
            if isinstance(inline, Id) and (named := self.named(inline))
        }
        for a in self.archive.advisories:
            naming = bulletins & {*a.bulletins, *a.mentioned_in} - {*a.unaffected_in}
            pairs |= {(one, first) for one in naming for first in a.bulletins[:1]}
        related: defaultdict[str, set[str]] = defaultdict(set)
        for one, other in pairs:
            related[one].add(other)
            related[other].add(one)
        return {id_: frozenset(others - {id_}) for id_, others in related.items()}

    def named(self, identifier: Id) -> model.Publication | None:
        """The bulletin that an id such as ``QSB #37`` names, if it is one of this issuer's."""
        if identifier.scheme != "bulletin":
            return None
        first, kind = identifier.text.split(maxsplit=1)[0], self.profile.bulletins
        is_own = first.startswith(kind.prefix) or first == self.profile.issuer
        return self.documents.get(document_id(kind, int(identifier.value))) if is_own else None

    @cached_property
    def _versions_by_text(self) -> Mapping[str, tuple[model.Version, ...]]:
        histories = ((e.newest, e.versions) for e in self.archive.history.documents)
        return {
            newest.file.sha256: tuple(v for v in versions if not v.misfit)
            for newest, versions in histories
            if newest
        }

    def versions_shown(self, publication: model.Publication) -> tuple[model.Version, ...]:
        """The versions of a document, oldest first; none if the text shown is not the newest."""
        return self._versions_by_text.get(publication.file.sha256, ())

    @cached_property
    def older(self) -> Mapping[str, model.Publication]:
        """The previous document of the same kind, by id."""
        kinds: tuple[Sequence[model.Publication], ...] = (
            self.archive.bulletins,
            self.archive.canaries,
        )
        return {newer.id: older for kind in kinds for older, newer in pairwise(kind)}

    @cached_property
    def newer(self) -> Mapping[str, model.Publication]:
        """The next document of the same kind, by id."""
        return {older.id: self.documents[newer] for newer, older in self.older.items()}

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """How the signatures of each signed file stand, by its path."""
        return {
            file.path: standing(file, signatures, expected, self.signature_findings)
            for file, signatures, expected in signed_files(self.archive, self.profile)
        }

    def standing(self, publication: model.Publication) -> Standing:
        """How the signatures of a document stand, and those of its letters."""
        own = self.standings[publication.file.path]
        letters = publication.letters if isinstance(publication, model.Canary) else ()
        if not letters:
            return own
        beside = {x.name.replace("-", " "): self.standings[x.file.path] for x in letters}
        alarms = [alarm for each in (own, *beside.values()) for alarm in each.alarms]
        return replace(own, alarms=tuple(alarms), letters=tuple(beside.items()))

    def titled(self, publication: model.Publication, title: str) -> str:
        """A title for programs, which says if the text is not verified."""
        form = words.unverified_title if self.standing(publication).alarms else "{title}"
        return visible(form.format(title=title))

    @cached_property
    def findings(self) -> Mapping[str, Sequence[Finding]]:
        """All findings by file; a file without any has an empty list."""
        findings: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in self.archive.findings:
            findings[finding.file].append(finding)
        return findings

    @cached_property
    def signature_findings(self) -> Mapping[str, Sequence[Finding]]:
        """Findings about signatures, by file."""
        return {
            file: [finding for finding in each if is_about_signatures(finding.code)]
            for file, each in self.findings.items()
        }

    @cached_property
    def keys(self) -> Mapping[str, model.Key]:
        """The keys of the pack by fingerprint; the first of several copies."""
        return {key.fingerprint: key for key in reversed(self.archive.keys) if not key.unusable}

    @cached_property
    def advisories(self) -> Mapping[int, model.Advisory]:
        """All advisories by number."""
        return {advisory.number: advisory for advisory in self.archive.advisories}

    @cached_property
    def versions(self) -> Mapping[str, tuple[model.Version, ...]]:
        """The versions of each document that has several, oldest first, by its id."""
        histories = ((each.id, each.versions) for each in self.archive.history.documents)
        return {id_: each for id_, each in histories if len(each) > 1 and id_ in self.documents}

    @cached_property
    def covered(self) -> Mapping[str, tuple[str, int]]:
        """By the digest of its text: the page with a version, and the version's number."""
        return {
            version.file.sha256: (urls.history_url(self.documents[id_]), number)
            for id_, versions in self.versions.items()
            for number, version in enumerate(versions, 1)
        }

    @cached_property
    def pending(self) -> Mapping[str, model.Pending]:
        """The texts shown here that are no newest versions, by path; a strict build has none."""
        shown = {each.file for each in self.archive.signed}
        pending = (p for p in self.archive.history.pending if not p.gone)
        return {p.file.path: p for p in pending if p.file in shown}

    def served_files(self) -> Iterator[tuple[str, model.File]]:
        """All files of the pack that the site serves byte for byte, with their URLs."""
        profile = self.profile
        for publication in self.archive.publications:
            for text in signed_texts(publication):
                for file in (text.file, *(s.file for s in text.signatures)):
                    yield urls.beside(publication, file.name), file
        for id_, versions in self.versions.items():
            folder = urls.history_url(self.documents[id_])
            for number, version in enumerate(versions, 1):
                name = folder + urls.version_name(version, number)
                yield name, version.file
                yield from ((f"{name}.sig.{s.signer}", s.file) for s in version.signatures)
        for attachment in self.archive.attachments:
            for file in (attachment.file, *(s.file for s in attachment.signatures)):
                yield urls.attachment_url(attachment, file.name, profile), file
        keys = {urls.key_url(key, profile): key.file for key in self.archive.keys}
        yield from keys.items()
        for old, new in profile.redirects.items():
            if new in keys:
                yield old, keys[new]
            elif not new.endswith("/"):
                raise SecpackError(f"redirects: {new}: no key is there; correct the profile")


def _lookups(archive: model.Archive, name_of: Callable[[model.PackageRow], str]) -> list[Lookup]:
    names: dict[str, str] = {}
    shipped: defaultdict[str, list[tuple[model.Bulletin, tuple[model.PackageRow, ...]]]] = (
        defaultdict(list)
    )
    for bulletin in archive.bulletins[::-1]:
        rows: defaultdict[str, list[model.PackageRow]] = defaultdict(list)
        for row in bulletin.packages:
            if name := name_of(row):
                rows[urls.slug_of(name)].append(row)
                names.setdefault(urls.slug_of(name), name)
        for slug, own in rows.items():
            shipped[slug].append((bulletin, tuple(own)))
    return [Lookup(slug, name, tuple(shipped[slug])) for slug, name in names.items()]


def release_order(name: str) -> list[tuple[int, str]]:
    """Sort numbers as numbers: 4.10 after 4.9, and 2 Beta 2 before 2."""
    parts = [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.findall(name)]
    return [*parts, (0, "")]


@dataclass(slots=True)
class Build:
    """One run of Pelican: what it publishes, the templates, and what it has written.

    ``templates`` is None with another theme. ``is_whole`` means that the output folder was empty.
    ``written`` has the SHA-256 (hex) of each file by path, empty for those that Pelican wrote;
    ``is_checked`` means that nothing is missing. ``frame`` is that of the page of all files.
    """

    site: Site
    templates: Environment | None
    is_whole: bool = False
    written: dict[str, str] = field(default_factory=dict)
    is_checked: bool = False
    frame: Any = None


@dataclass(frozen=True, slots=True)
class Links:
    """Returns the URL of an id; ``root`` leads from the page with the link to the site's root.

    Advisories, CVEs and other ids lead to their pages here. If the site has none (with another
    theme, or when only a remark in the tracker data names them), they lead to where they are
    published, if that is known.
    """

    site: Site
    root: str

    def __call__(self, identifier: Id) -> str | None:
        """The URL, or None if the id leads nowhere."""
        scheme, value = identifier.scheme, identifier.value
        if scheme == "bulletin":
            bulletin = self.site.named(identifier)
            return self.to(urls.page_url(bulletin)) if bulletin else None
        if (scheme, value) in self.site.ids:
            return self.root + urls.id_url(scheme, value, self._page)
        return urls.published_id(scheme, value, self.site.profile) or None

    def to(self, url: str) -> str:
        """A page of the site, by its URL from the root."""
        return self.root + url + self._page

    @property
    def _page(self) -> str:
        return self.site.page_file if "://" in self.root else urls.INDEX


def heading(publication: model.Publication) -> str:
    """A document's title, with its id unless the title already has the number."""
    if isinstance(publication, model.Canary):
        return publication.title
    return f"{publication.id}: {publication.title}"


def summary(publication: model.Publication) -> str:
    """What a text is about, in its own words; failing that, what the reader must do.

    What to do reads the same in most bulletins, and distinguishes none of them.
    """
    return about(publication) or publication.summary.action


def about(publication: model.Publication) -> str:
    """What a text is about: a canary's statements, or the first words of a summary or text."""
    if isinstance(publication, model.Canary) and publication.statements:
        return shortened(" ".join(statement.text for statement in publication.statements))
    return publication.summary.about


def signed_texts(publication: model.Publication) -> tuple[model.Publication | model.Letter, ...]:
    """The signed texts next to a document's page: its own, and a canary's letters."""
    return publication, *(publication.letters if isinstance(publication, model.Canary) else ())


def newest_first(publications: Iterable[model.Publication]) -> list[model.Publication]:
    """Documents in the order of feeds: by day, bulletins before canaries, higher numbers first."""
    ascending = sorted(
        publications, key=lambda p: (p.published, isinstance(p, model.Bulletin), p.number)
    )
    return ascending[::-1]
