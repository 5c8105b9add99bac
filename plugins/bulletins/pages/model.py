"""What templates see. URLs are relative to the site's root unless they are absolute.

Strings are plain text, which templates escape; ``Markup`` is our own HTML.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal, TypeAlias

from markupsafe import Markup

from bulletins.html import Outline
from bulletins.site import Lookup
from secpack.model import archive
from secpack.model.archive import GitObject, Pending, Version
from secpack.model.findings import Finding
from secpack.profile import Anchor, Period
from secpack.signatures.policy import Standing
from secpack.tracker.join import Statistics

LookupKind: TypeAlias = Literal["release", "package"]

#: When a canary came: within the window that the one before promised, or outside it; unknown if
#: this archive lacks the one before.
Timing: TypeAlias = Literal["within", "early", "late", "unknown"]

#: A signature in a lane, good but delayed, too; empty where none was expected.
LaneState: TypeAlias = Literal["good", "delayed", "bad", "missing", ""]


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its text and its URL."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the content of every page.

    ``path`` is the page's file; ``root`` leads from there to the site's root, without a slash at
    the end. ``canonical``, the page's public URL, is empty if unknown. ``bulletins`` and
    ``canaries`` are the URLs of the lists, ``lookups`` those of all other lists, ``verifying`` that
    of the page on checking signatures, or empty. ``updated`` is the date of the newest text,
    ``commit`` that of the pack, or empty. ``is_indexed`` is whether all words can be searched for,
    ``examples`` are ids. ``reports`` lead elsewhere; ``notice`` is what every page says. Until
    ``fresh_until`` this is meant to be the newest state.
    """

    site_name: str
    product: str
    canonical: str
    bulletins: str
    canaries: str
    lookups: tuple[str, ...]
    verifying: str
    menu: tuple[Link, ...]
    footer: tuple[Link, ...]
    feeds: tuple[Link, ...]
    json_feed: Link
    updated: date | None
    commit: str
    is_indexed: bool
    examples: str
    reports: tuple[Link, ...]
    notice: str
    fresh_until: date | None
    path: str = ""
    root: str = ""


# --- documents in lists -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A document in a list; ``signers`` are those whose signatures count.

    ``is_late`` is whether one of them signed a canary long after its date.
    """

    publication: archive.Publication
    url: str
    heading: str
    standing: Standing
    signers: tuple[str, ...]
    timing: Timing
    is_late: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that mentions an advisory or a CVE, with the sentences.

    ``item`` is None if only the tracker names the document, and this archive lacks it.
    """

    id: str
    item: Item | None
    sentences: tuple[str, ...] = ()


# --- evidence ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureItem:
    """A signature, and what the build found; ``notes`` are what else to know of it.

    ``key`` is the file of its key, unless that must come from elsewhere. ``alarm`` means that
    nothing explains why it does not count. ``version`` is one that it covers instead: its page and
    number.
    """

    signature: archive.Signature
    signer: str
    verdict: str
    alarm: bool
    waiver: str
    notes: tuple[str, ...]
    key: Link | None
    certified: str
    version: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed file, faults of the whole, its signatures, and what each verdict here means."""

    file: archive.File
    faults: tuple[Finding, ...]
    signatures: tuple[SignatureItem, ...]
    meanings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """How to check signatures: keys to save, if no command does; those to compare elsewhere first.

    ``begin`` are lines for a shell up to that, ``verify`` those after it, and ``end`` those that
    compare the text with the pack, if its URL is known, and clean up. ``marks`` are what gpg prints
    after a good signature.
    """

    keys: tuple[Link, ...]
    anchors: tuple[archive.Key, ...]
    marks: str
    begin: tuple[str, ...]
    verify: tuple[str, ...]
    end: tuple[str, ...]


# --- pages ------------------------------------------------------------------------------------


class Page:
    """A page; ``template`` is the file that makes it."""

    __slots__ = ()
    template: ClassVar[str]

    def __init_subclass__(cls, template: str = "") -> None:
        cls.template = template or cls.template  # a class with slots is a copy


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A quotation from a section, and the number of its paragraphs that are left out."""

    title: str
    anchor: str
    html: Markup
    omitted: int


@dataclass(frozen=True, slots=True)
class Body:
    """What the pages of bulletins and canaries share.

    ``original`` is the text's characters if it is short enough for the page, otherwise empty.
    ``notes`` are findings about the text that the profile accepts. ``pending`` is why no published
    site has this text, ``versions`` are all, if there are several.
    """

    description: str
    html: Markup
    outline: tuple[Outline, ...]
    original: str
    data: str
    evidence: Evidence
    check: Check
    notes: tuple[Finding, ...]
    revisions: tuple[archive.Revision, ...]
    older: Item | None
    newer: Item | None
    pending: Pending | None
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """What a bulletin says for a release: its packages or, without any, whether it is affected.

    ``release`` is empty for packages without one. ``restart`` is what the text says to do after
    their installation; empty if it says nothing. ``ended`` is the last day of support, if that was
    before the bulletin; ``has_page`` is whether the release has a page.
    """

    release: str
    has_page: bool
    fix: archive.Fix | None
    packages: tuple[archive.PackageRow, ...]
    restart: str
    ended: date | None


@dataclass(frozen=True, slots=True)
class BulletinPage(Page, template="bulletin.html"):
    """A bulletin; its page quotes ``actions`` and ``affected`` above the text.

    ``impact`` is the section of which the summary has the first words. ``earlier`` and
    ``later`` are related bulletins: one of the two names the other.
    """

    item: Item
    body: Body
    impact: Outline | None
    answers: tuple[AnswerItem, ...]
    earlier: tuple[Item, ...]
    later: tuple[Item, ...]
    actions: tuple[Excerpt, ...]
    affected: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class LetterItem:
    """A signed letter on the page of its canary."""

    name: str
    anchor: str
    html: Markup
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a canary differs from the one before; ``skipped`` are missing numbers between the two.

    ``lost_signers`` are those who signed the one before, each with whether that is an alarm.
    """

    skipped: tuple[int, ...]
    lost_signers: tuple[tuple[str, bool], ...]
    left_signers: tuple[str, ...]
    new_signers: tuple[str, ...]
    changes: tuple[archive.Change, ...]


@dataclass(frozen=True, slots=True)
class CanaryPage(Page, template="canary.html"):
    """A canary; ``bulletins`` counts those of this archive up to its date.

    ``trusted_keys`` are the fingerprints of the master keys that this archive trusts for its day;
    ``alarm`` means that it states another one, and nothing explains that. ``late`` are those who
    signed long after its date, and when.
    """

    item: Item
    body: Body
    bulletins: int
    trusted_keys: tuple[str, ...]
    alarm: bool
    comparison: Comparison | None
    late: tuple[tuple[str, date], ...]
    letters: tuple[LetterItem, ...]


@dataclass(frozen=True, slots=True)
class VersionItem:
    """A version of a document; its text has the file name ``name``.

    ``signatures`` are links to their files, by the names of signers, with verdicts and times.
    ``changelog`` is what to say of its changelog. ``passages`` are what changed, as much as a page
    can show; ``is_cut`` means that it cannot show all. ``added`` and ``removed`` are packages.
    """

    number: int
    version: Version
    name: str
    signatures: tuple[tuple[Link, str, datetime | None], ...]
    changelog: str
    passages: tuple[tuple[tuple[str, str], ...], ...]
    is_cut: bool
    added: tuple[archive.PackageRow, ...]
    removed: tuple[archive.PackageRow, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage(Page, template="history.html"):
    """All versions of a document, newest first."""

    item: Item
    versions: tuple[VersionItem, ...]
    check: Check


@dataclass(frozen=True, slots=True)
class Continuity:
    """All canaries in order, with states by lane; ``lanes`` are the names of all who signed any."""

    lanes: tuple[str, ...]
    marks: tuple[tuple[Item, tuple[LaneState, ...]], ...]


@dataclass(frozen=True, slots=True)
class HomePage(Page, template="index.html"):
    """The front page; ``advisories`` counts all that the tracker or a text mentions.

    ``years`` count bulletins; ``releases`` are the newest with a page; ``pending`` have reasons.
    """

    releases: tuple[str, ...]
    newest: Item | None
    earlier: tuple[Item, ...]
    canary: Item | None
    continuity: Continuity
    statistics: Statistics
    advisories: int
    years: tuple[tuple[int, int], ...]
    pending: tuple[tuple[Reference, str], ...]


@dataclass(frozen=True, slots=True)
class AttachmentItem:
    """Another signed file, how its signatures stand, and links to them."""

    file: Link
    standing: Standing
    signatures: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ListPage(Page, template="list.html"):
    """All documents of a kind, by year.

    ``changed`` are links to the histories of those that changed more than a day after their first
    version; ``due`` is when the next canary is due.
    """

    kind: Literal["bulletins", "canaries"]
    total: int
    changed: tuple[Link, ...]
    is_history_known: bool
    due: archive.Window | None
    continuity: Continuity | None
    groups: tuple[tuple[int, Sequence[Item]], ...]
    attachments: tuple[AttachmentItem, ...]


@dataclass(frozen=True, slots=True)
class LookupsPage(Page, template="lookups.html"):
    """All releases or packages, each with its newest bulletin; others that state no release."""

    kind: LookupKind
    entries: tuple[tuple[Lookup, Item], ...]
    others: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class LookupPage(Page, template="lookup.html"):
    """A release or a package: the bulletins that ship something for it, newest first.

    Of a release, ``needed`` are the rows of the newest bulletin on each package and target;
    ``installed`` are targets with names of RPM to query.
    """

    kind: LookupKind
    name: str
    support: Period
    needed: tuple[tuple[Item, archive.PackageRow], ...]
    installed: tuple[tuple[str, str], ...]
    shipped: tuple[tuple[Item, tuple[archive.PackageRow, ...]], ...]


@dataclass(frozen=True, slots=True)
class AdvisoryItem:
    """An advisory in the tracker, with its reason as HTML."""

    advisory: archive.Advisory
    reason: Markup
    bulletins: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class TrackerPage(Page, template="xsa.html"):
    """All advisories, or those that affect the product, by year, newest first.

    Those without a date come last. ``untracked`` counts those mentioned only elsewhere,
    ``affecting`` all that the tracker or a signed text calls affecting.
    """

    is_affecting: bool
    statistics: Statistics
    affecting: int
    groups: tuple[tuple[int | None, tuple[AdvisoryItem, ...]], ...]
    untracked: int
    has_titles: bool
    has_reasons: bool


@dataclass(frozen=True, slots=True)
class AdvisoryPage(Page, template="advisory.html"):
    """An advisory; ``by_text`` are ids of bulletins that address it by their own text alone.

    ``unaffected`` are those that say that it does not apply.
    """

    item: AdvisoryItem
    published_at: str
    by_text: tuple[str, ...]
    mentions: tuple[Reference, ...]
    unaffected: tuple[Reference, ...]
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True)
class IdItem:
    """A CVE or other id, and the documents that address, mention or exclude it."""

    named: archive.NamedId
    published_at: str
    addressed: tuple[Link, ...]
    mentioned: tuple[Link, ...]
    unaffected: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class IdPage(Page, template="cve.html"):
    """All CVEs, newest first, which ``host`` publishes; and all ids of other schemes."""

    cves: tuple[IdItem, ...]
    others: tuple[IdItem, ...]
    host: str


@dataclass(frozen=True, slots=True)
class KeyItem:
    """A key of the pack, with a sentence on its certification.

    ``explained`` is why it is all right that the key cannot be used. ``signed`` are the documents
    that it signed, newest first. ``anchor`` is where links lead; of several copies only one has it.
    """

    key: archive.Key
    anchor: str
    explained: str
    revoked: str
    certified: str
    signed: tuple[tuple[Link, archive.Signature], ...]
    file: Link


@dataclass(frozen=True, slots=True)
class KeysPage(Page, template="keys.html"):
    """The keys of signers, the ``trusted`` ones, and others by folder.

    ``anchors`` are what the profile trusts, with their owners. ``built`` is the commit that the
    site shows, and tags on it, each with who signed it.
    """

    anchors: tuple[tuple[Anchor, str], ...]
    signers: tuple[KeyItem, ...]
    trusted: tuple[KeyItem, ...]
    folders: tuple[tuple[str, tuple[KeyItem, ...]], ...]
    built: tuple[tuple[GitObject, str], ...]


@dataclass(frozen=True, slots=True)
class FeedsPage(Page, template="feeds.html"):
    """Feeds and data by section: links to files for programs, each with a sentence."""

    sections: tuple[tuple[str, tuple[tuple[Link, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class FilesPage(Page, template="files.html"):
    """The paths of all files of the site, so that a program that follows links gets everything."""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchPage(Page, template="search.html"):
    """The search page."""


@dataclass(frozen=True, slots=True)
class TextPage(Page, template="page.html"):
    """A page that a person wrote, and the trust anchors that it shows."""

    title: str
    summary: str
    html: Markup
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class NotFoundPage(Page, template="404.html"):
    """The 404 page, which is the same at every URL."""


@dataclass(frozen=True, slots=True)
class RedirectPage(Page, template="redirect.html"):
    """An old URL, which redirects to a page."""

    target: str
    canonical: str


#: Makes a page; a page is made when it is written, because all together would take much memory.
MakePage: TypeAlias = Callable[[], Page]
