"""What templates see. URLs are relative to the site's root unless they are absolute.

Strings are plain text, which templates escape; ``Markup`` is HTML of our own making.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from markupsafe import Markup

from bulletins.html import Outline
from secpack.model.archive import Change, Key, Revision, Window
from secpack.tracker.statistics import Statistics

LookupKind: TypeAlias = Literal["release", "package"]


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the content of every page.

    ``path`` is the page's file, ``root`` leads from there to the site's root, without a slash at
    its end; ``public_url`` is empty where it is not known. ``bulletins`` and ``canaries`` are
    where the lists are, ``verifying`` where a page explains how to check signatures, if one does.
    """

    site_name: str
    product: str
    public_url: str
    bulletins: str
    canaries: str
    verifying: str
    menu: tuple[Link, ...]
    footer: tuple[Link, ...]
    feeds: tuple[Link, ...]
    json_feed: Link
    path: str = ""
    root: str = ""


# --- documents in lists -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A document in a list."""

    id: str
    number: int
    url: str
    title: str
    heading: str
    published: date
    updated: date
    verified: bool


@dataclass(frozen=True, slots=True)
class BulletinItem(Item):
    """A bulletin in a list: what it is about, which advisories it addresses, and for whom."""

    about: str
    advisories: tuple[Link, ...]
    releases: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CanaryItem(Item):
    """A canary in a list; ``signers`` are those whose signatures are good."""

    due: Window | None
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that names an advisory or a CVE, with the sentences that do.

    ``item`` is None where only the tracker names the document, which this archive lacks.
    """

    id: str
    item: Item | None
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageItem:
    """A package that a bulletin names; None or empty where the text does not say."""

    release: Link | None
    target: str
    package: Link | None
    version: str
    note: str


@dataclass(frozen=True, slots=True)
class Year:
    """A year in the navigation of a list: how many documents, and where they are listed."""

    year: int
    count: int
    url: str


# --- evidence ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureItem:
    """A signature and what the build found; ``details`` are algorithm and digest."""

    signer: str
    file: Link
    verdict: str
    good: bool
    checked: bool
    waiver: str
    details: str
    created: str
    fingerprint: str
    subkey: str
    certified: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed file: what anybody needs to repeat the check of its signatures.

    ``faults`` are what is wrong with the signatures as a whole, each with why it is accepted.
    ``commands`` are for a shell, a line each.
    """

    file: Link
    size: int
    sha256: str
    faults: tuple[tuple[str, str], ...]
    signatures: tuple[SignatureItem, ...]
    keys: tuple[Link, ...]
    commands: tuple[str, ...]


# --- pages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of a text: a section's title, its anchor, and what is quoted of it."""

    title: str
    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Body:
    """What pages of bulletins and canaries share.

    ``original`` holds the text's characters where it is short enough to be on the page, else it
    is empty.
    """

    description: str
    html: Markup
    outline: tuple[Outline, ...]
    original: str
    data: Link
    evidence: Evidence
    revisions: tuple[Revision, ...]
    older: Item | None
    newer: Item | None


@dataclass(frozen=True, slots=True)
class BulletinPage:
    """A bulletin; ``actions`` and ``affected`` are quoted above its text."""

    item: BulletinItem
    body: Body
    mentions: tuple[Link, ...]
    cves: tuple[Link, ...]
    actions: tuple[Excerpt, ...]
    affected: tuple[Excerpt, ...]
    packages: tuple[PackageItem, ...]


@dataclass(frozen=True, slots=True)
class LetterItem:
    """A signed letter on the page of its canary."""

    name: str
    anchor: str
    html: Markup
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a canary differs from the one before; ``skipped`` are numbers missing between them."""

    skipped: tuple[int, ...]
    lost_signers: tuple[str, ...]
    new_signers: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class CanaryPage:
    """A canary; ``bulletins`` counts those of this archive up to its day.

    ``trusted_key`` is the fingerprint of the master key that this archive trusts.
    """

    item: CanaryItem
    body: Body
    count: int | None
    bulletins: int
    master_key: str
    trusted_key: str
    freshness: date | None
    has_announcements: bool
    comparison: Comparison | None
    letters: tuple[LetterItem, ...]


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page; ``advisories`` counts all that the tracker or a text names."""

    newest: BulletinItem | None
    earlier: tuple[BulletinItem, ...]
    canary: CanaryItem | None
    statistics: Statistics
    advisories: int
    years: tuple[Year, ...]
    bulletins: int
    canaries: int


@dataclass(frozen=True, slots=True)
class AttachmentItem:
    """Another signed file, and its signatures with the words on what was found."""

    file: Link
    signatures: tuple[tuple[Link, str], ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """All documents of a kind, or of too many those of a year; ``groups`` are years.

    ``total`` counts all of the kind, ``due`` is when the next canary comes.
    """

    kind: Literal["bulletins", "canaries"]
    total: int
    due: Window | None
    years: tuple[Year, ...]
    groups: tuple[tuple[int, Sequence[Item]], ...]
    attachments: tuple[AttachmentItem, ...]


@dataclass(frozen=True, slots=True)
class LookupItem:
    """A release or a package in the list of all, with its newest bulletin."""

    link: Link
    count: int
    newest: BulletinItem


@dataclass(frozen=True, slots=True)
class LookupsPage:
    """All releases, or all packages; ``others`` are bulletins that name no release."""

    kind: LookupKind
    entries: tuple[LookupItem, ...]
    others: tuple[BulletinItem, ...]


@dataclass(frozen=True, slots=True)
class LookupPage:
    """A release or a package: the bulletins that ship something for it, newest first."""

    kind: LookupKind
    name: str
    years: tuple[Year, ...]
    shipped: tuple[tuple[BulletinItem, tuple[PackageItem, ...]], ...]


@dataclass(frozen=True, slots=True)
class AdvisoryItem:
    """An advisory in the tracker; ``affects`` where its verdict is yes."""

    number: int
    url: str
    date: date | None
    verdict: str
    affects: bool
    title: str
    reason: Markup
    bulletins: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class TrackerPage:
    """All advisories, the highest number first; ``untracked`` are only named elsewhere."""

    statistics: Statistics
    advisories: tuple[AdvisoryItem, ...]
    untracked: int
    has_titles: bool
    has_reasons: bool


@dataclass(frozen=True, slots=True)
class AdvisoryPage:
    """An advisory; ``by_text`` are ids of bulletins that address it by their own text alone."""

    item: AdvisoryItem
    sentence: str
    published_at: str
    cves: tuple[Link, ...]
    by_text: tuple[str, ...]
    tracked: bool
    mentions: tuple[Reference, ...]
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True)
class CveItem:
    """A CVE, with its advisories and the documents that name it."""

    id: str
    published_at: str
    advisories: tuple[Link, ...]
    documents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CvePage:
    """All CVEs, newest first; ``host`` is where they are published."""

    cves: tuple[CveItem, ...]
    host: str
    has_advisories: bool


@dataclass(frozen=True, slots=True)
class KeyItem:
    """A key of the pack, with its fingerprint in groups and a sentence on its certification."""

    key: Key
    fingerprint: str
    certified: str
    file: Link


@dataclass(frozen=True, slots=True)
class KeysPage:
    """All keys by folder; ``master_key`` is the fingerprint that the profile pins."""

    master_key: str
    folders: tuple[tuple[str, tuple[KeyItem, ...]], ...]


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """What programs can take: sections of links, each with a title, an introduction, an end."""

    sections: tuple[FeedsSection, ...]


@dataclass(frozen=True, slots=True)
class FeedsSection:
    """Links to files for programs, each with a sentence."""

    id: str
    title: str
    introduction: str
    end: str
    links: tuple[tuple[Link, str], ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The page to search from; ``examples`` are ids, ``lists`` lead to all, each with a text."""

    examples: str
    lists: tuple[tuple[Link, str], ...]


@dataclass(frozen=True, slots=True)
class TextPage:
    """A page that somebody wrote, as HTML; ``master_key`` where the page is to show it."""

    title: str
    summary: str
    html: Markup
    master_key: str


@dataclass(frozen=True, slots=True)
class NotFoundPage:
    """What a server shows where there is nothing: the same everywhere."""


@dataclass(frozen=True, slots=True)
class RedirectPage:
    """A URL of long standing that leads to a page."""

    target: str


Page: TypeAlias = (
    BulletinPage
    | CanaryPage
    | HomePage
    | ListPage
    | LookupsPage
    | LookupPage
    | TrackerPage
    | AdvisoryPage
    | CvePage
    | KeysPage
    | FeedsPage
    | SearchPage
    | TextPage
    | NotFoundPage
    | RedirectPage
)
