"""The archive as data: frozen values, whose only behaviour follows from their own fields."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, Self, TypeAlias

from secpack.model.blocks import Block, Letterhead
from secpack.model.findings import Finding, waiver_lines

#: Advisories have a field with the name of the type.
Day: TypeAlias = date

#: The day of a text whose date cannot be read; no other is of that day.
UNDATED: Final = date(1, 12, 31)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the pack: its path below the pack, its exact bytes and their SHA-256 (hex)."""

    path: str
    data: bytes = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, path: str, data: bytes) -> Self:
        """A file with its digest."""
        return cls(path, data, hashlib.sha256(data).hexdigest())

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks up to the next heading of its level or above."""

    title: str
    level: int
    first: int
    last: int
    blocks: tuple[Block, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)  # each is only equal to itself
class Document:
    """A text: its file, its letterhead (None for a letter), its blocks, and findings.

    The first block is the letterhead, unless the text is a letter. ``forms`` are those of ids that
    the profile adds.
    """

    file: File
    letterhead: Letterhead | None
    blocks: tuple[Block, ...] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> int:
        """The line of its letterhead, for what is odd about the whole; 0 for a letter."""
        return self.letterhead.line if self.letterhead else 0


@dataclass(frozen=True, slots=True)
class Credit:
    """A person whom a text thanks.

    ``role`` is ``discovered``, ``found``, ``reported``, or ``thanked``.
    """

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A text in short, for lists, feeds and data.

    ``action`` are the first words of what the user must do, ``about`` those of what the text is
    about, ``impact`` those of what an attacker can do; ``links`` are the URLs of its references,
    each once, with their labels.
    """

    action: str = ""
    about: str = ""
    impact: str = ""
    links: tuple[tuple[str, str], ...] = ()
    credits: tuple[Credit, ...] = ()


class Context(StrEnum):
    """Why a text mentions an id. With those up to ``FIX``, the bulletin addresses it."""

    TITLE = "title"
    SUMMARY = "summary"
    HEADING = "heading"
    FIX = "word of a fix"
    NOT_AFFECTED = "word that it does not apply"
    HARMLESS = "word that it only denies service"
    ASIDE = "in passing"
    QUOTATION = "quotation"
    BODY = "body"
    BACK_MATTER = "credits, references or changelog"


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of an id in a text, also inside a range or in a link.

    ``sentence`` contains the id: on one line, at most 300 characters. ``advisory`` is the one to
    which a CVE belongs, ``title`` what the text quotes as an advisory's; empty if unknown.
    """

    scheme: str
    value: str
    line: int
    context: Context
    sentence: str
    advisory: str = ""
    title: str = ""

    @property
    def number(self) -> int:
        """The number of an advisory; 0 for another id."""
        return int(self.value.removeprefix("XSA-")) if self.scheme == "XSA" else 0


def id_order(scheme: str, value: str) -> tuple[bool, str, list[tuple[int, str]]]:
    """Advisories come first; numbers ascend as such: CVE-2020-9999 before CVE-2020-10000."""
    parts = [(int(p), "") if p.isdecimal() else (0, p) for p in re.split(r"[-:#]", value)]
    return scheme != "XSA", scheme, parts


class Relation(StrEnum):
    """What a bulletin says of an id: it addresses it, names it, or says that it does not apply."""

    ADDRESSED = "addressed"
    MENTIONED = "mentioned"
    UNAFFECTED = "unaffected"


@dataclass(frozen=True, slots=True)
class Revision:
    """An entry of a changelog: its date and its words."""

    date: date
    text: str
    line: int


class Fix(StrEnum):
    """Whether there is a fixed package."""

    AVAILABLE = "available"
    NONE = "none"
    NOT_AFFECTED = "not-affected"


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package from a bulletin: its release, its target, and the first fixed version.

    ``release`` is a number as printed, without ``R``; ``target`` is ``dom0``, ``templates`` or the
    like; ``note`` is a remark in brackets or after the version. ``name`` is the package's in the
    profile, or else as printed. What the text does not say is empty. Without a ``fix``, ``version``
    is empty, and so is ``package`` if it applies to all.
    """

    release: str
    target: str
    package: str
    version: str
    line: int
    fix: Fix = Fix.AVAILABLE
    note: str = ""
    name: str = ""


Says: TypeAlias = Literal["named", "safe", "only", "affected", "risky", "unfixed"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says of releases, and of which ids, if any; ``of_all`` is of several flaws.

    A risky release is affected, perhaps; a named one is named where the text says who is affected.
    """

    says: Says
    line: int
    releases: tuple[str, ...]
    ids: tuple[str, ...] = ()
    of_all: bool = False


class Verdict(StrEnum):
    """The judgement of one signature, by gpgv, the key and the profile."""

    UNCHECKED = "unchecked"
    GOOD = "good"
    GOOD_UNTIL = "good-until"
    GOOD_LEGACY = "good-legacy"
    OBSOLETE_DIGEST = "obsolete-digest"
    BAD = "bad"
    EXPIRED_KEY = "expired-key"
    REVOKED_KEY = "revoked-key"
    UNKNOWN_KEY = "unknown-key"
    NOT_CERTIFIED = "not-certified"
    REFUSED = "refused"
    MALFORMED = "malformed"
    SIGNER_NOT_ALLOWED = "signer-not-allowed"
    SIGNER_DIFFERS = "signer-differs"

    @property
    def good(self) -> bool:
        """Whether the signature is good; the profile says whether it also counts."""
        return self in (Verdict.GOOD, Verdict.GOOD_UNTIL, Verdict.GOOD_LEGACY)


@dataclass(frozen=True, slots=True)
class Revocation:
    """When, and why, a key was withdrawn, with its owner's words.

    ``is_end`` means that the key was only retired or superseded: what it signed before stays good.
    """

    date: datetime | None
    reason: str
    comment: str = ""
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """How an anchor certifies a key: the fingerprints from the anchor to the key.

    It holds for what was signed before ``until``. ``digest`` is the obsolete one of a
    certification, if there is any.
    """

    keys: tuple[str, ...]
    until: datetime | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Subkey:
    """A subkey: its fingerprint (hex), its end, and ``strong`` as of a key."""

    fingerprint: str
    expires: datetime | None = None
    revoked: Revocation | None = None
    strong: datetime | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An OpenPGP key of the pack: hex fingerprints, times in UTC.

    ``owners`` are its user ids. ``chain`` is how an anchor certifies one of them; None if none
    does. ``expires`` is None for a key that never does. ``strong`` is the time of the owner's
    first signature on it without an obsolete digest: other programs refuse what it signed before.
    ``certified`` is whether there is a chain, or None if nobody looked for one. Without gpg there
    are only fingerprints.
    A file that cannot be used has ``unusable``, the reason, and perhaps no fingerprint.
    """

    file: File
    fingerprint: str
    owners: tuple[str, ...] = ()
    created: datetime | None = None
    expires: datetime | None = None
    revoked: Revocation | None = None
    chain: Chain | None = None
    subkeys: tuple[Subkey, ...] = ()
    strong: datetime | None = None
    certified: bool | None = None
    unusable: str = ""

    def parts(self, fingerprint: str) -> tuple[Self | Subkey, ...]:
        """The key, and its subkey with this fingerprint: a signature needs both."""
        return (self, *(subkey for subkey in self.subkeys if subkey.fingerprint == fingerprint))

    @property
    def retired(self) -> bool:
        """Whether the pack keeps it in a folder ``retired``."""
        return "retired" in self.file.path.split("/")


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature next to a document, and the result of checking it.

    ``signer`` is the NAME in ``.sig.NAME``. ``fingerprint`` is of the key that signed (a primary
    key or a subkey), ``primary`` of its primary key; both are empty if unknown. ``reason`` is why
    it is not good, ``until`` the end of its key. ``counts`` is whether the profile accepts the
    verdict. ``certified`` is whether an anchor has certified the key, or None if nobody checked.
    ``first`` is the first commit that holds it, with its date, if that is known. ``covers`` is the
    digest (SHA-256) of the text that it fits, perhaps not the one beside it; empty if unknown.
    """

    file: File
    signer: str
    verdict: Verdict = Verdict.UNCHECKED
    fingerprint: str = ""
    primary: str = ""
    created: datetime | None = None
    digest: str = ""
    algorithm: str = ""
    certified: bool | None = None
    reason: str = ""
    until: datetime | None = None
    counts: bool = False
    first: tuple[str, datetime] | None = None
    covers: str = ""

    @property
    def covers_other(self) -> bool:
        """Whether it is bad only because it covers another text than the one beside it."""
        return self.verdict is Verdict.BAD and bool(self.covers)


class _Text:
    """A document that is signed, with its file."""

    __slots__ = ()
    document: Document

    @property
    def file(self) -> File:
        """The file that is signed."""
        return self.document.file


@dataclass(frozen=True, slots=True)
class Letter(_Text):
    """A signed letter next to a canary."""

    name: str
    document: Document
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A signed file that is neither a bulletin nor a canary."""

    file: File
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class _Published(_Text):
    """What bulletins and canaries have in common."""

    id: str
    number: int
    title: str
    published: date
    updated: date
    revisions: tuple[Revision, ...]
    document: Document
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Bulletin(_Published):
    """One bulletin. ``addresses`` are numbers of advisories, ascending.

    ``all_mentions`` are all mentions of ids, ``evidence`` those with which the text itself
    addresses ids, whatever the tracker says. ``packages`` are what to install, ``claims`` what
    sentences say of releases.
    """

    addresses: tuple[int, ...]
    all_mentions: tuple[Mention, ...] = field(default=(), repr=False)
    evidence: tuple[Mention, ...] = field(default=(), repr=False)
    packages: tuple[PackageRow, ...] = field(default=(), repr=False)
    claims: tuple[Claim, ...] = field(default=(), repr=False)
    summary: Summary = field(default=Summary(), repr=False)

    @property
    def pairs(self) -> tuple[tuple[int, str], ...]:
        """Advisories, each with a CVE that is its own by the text."""
        pairs = {(m.advisory, m.value) for m in self.all_mentions if m.advisory}
        return tuple(sorted((int(advisory.removeprefix("XSA-")), cve) for advisory, cve in pairs))

    @property
    def relations(self) -> dict[tuple[str, str], Relation]:
        """All ids in order, advisories first; ``addresses`` decides on them and their CVEs."""
        numbers = set(self.addresses)
        own = {cve for number, cve in self.pairs if number in numbers}
        others = {cve for _, cve in self.pairs} - own
        addressed = {m.value for m in self.evidence if m.scheme != "XSA"} - others
        relations = dict.fromkeys(
            ((m.scheme, m.value) for m in self.all_mentions), Relation.MENTIONED
        )
        for mention in self.all_mentions:
            id_ = (mention.scheme, mention.value)
            if mention.context is Context.NOT_AFFECTED:
                relations[id_] = Relation.UNAFFECTED
            elif mention.value in addressed:
                relations[id_] = Relation.ADDRESSED
        relations |= {("XSA", f"XSA-{n}"): Relation.ADDRESSED for n in self.addresses}
        for number, cve in self.pairs:
            spared = relations.get(("XSA", f"XSA-{number}")) is Relation.UNAFFECTED
            if spared and relations[("CVE", cve)] is Relation.MENTIONED:
                relations[("CVE", cve)] = Relation.UNAFFECTED
        return dict(sorted(relations.items(), key=lambda each: id_order(*each[0])))

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases for which it ships something, in the order of the text."""
        return tuple(dict.fromkeys(row.release for row in self.packages if row.release))


@dataclass(frozen=True, slots=True)
class Statement:
    """A numbered statement of a canary, on one line; ``line`` is where it begins."""

    number: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Window:
    """The first and the last day of a period, both included; up to a ``time`` in UTC, if any."""

    first: date
    last: date
    time: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """How a statement differs from the canary before; number -1 is the introduction.

    ``was`` is another number that it had there. If only dates and numbers differ, ``values`` are
    these, old and new. Otherwise ``parts`` are words that stayed (kind empty), were removed
    (``del``) or added (``ins``): a single part for a statement that is missing, or new.
    """

    number: int
    values: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    was: int | None = None


@dataclass(frozen=True, slots=True)
class Canary(_Published):
    """One canary, with its letters, and what it states; None or empty if it does not.

    ``introduction`` precedes the statements, on one line. ``count`` is the stated number of
    bulletins, ``master_key`` a fingerprint (hex), ``due`` the period in which the next canary is
    due, ``is_last`` that none will follow, ``announcements`` the special announcements on one line,
    ``freshness`` the date of the proof. ``all_mentions`` include those of its letters.
    """

    letters: tuple[Letter, ...]
    introduction: str = ""
    statements: tuple[Statement, ...] = ()
    count: int | None = None
    master_key: str = ""
    due: Window | None = None
    is_last: bool = False
    announcements: str = ""
    freshness: date | None = None
    all_mentions: tuple[Mention, ...] = field(default=(), repr=False)
    summary: Summary = field(default=Summary(), repr=False)


Publication: TypeAlias = Bulletin | Canary
#: What has signatures of its own.
Signed: TypeAlias = Publication | Letter | Attachment


class Status(StrEnum):
    """Whether an advisory affects the issuer's product, according to the tracker."""

    YES = "yes"
    NO = "no"
    UNUSED = "unused"
    OPEN = "to-be-announced"
    UNTRACKED = "not-tracked"


@dataclass(frozen=True, slots=True)
class Advisory:
    """A Xen Security Advisory: what the tracker, the Xen Project's list and texts say about it.

    ``tracked`` is whether the tracker has it; otherwise it has no verdict. ``affected`` is None if
    unknown; ``reason`` and ``justification``, a word of VEX, are why the verdict is so.
    ``bulletin`` is the one that the tracker names (``029-2017``); ``bulletins``,
    ``mentioned_in`` and ``unaffected_in`` (those say that it does not apply) are ids of this site.
    ``title_from`` is the bulletin that its title is quoted from; empty if it is the Xen Project's.
    ``updated`` is the day on which the tracker last changed its verdict, if known. ``file`` and
    ``line`` are where it was read; empty and 0 if only texts mention it.
    """

    number: int
    date: Day | None = None
    affected: bool | None = None
    unused: bool = False
    bulletin: str | None = None
    reason: str = ""
    justification: str = ""
    updated: Day | None = None
    title: str = ""
    title_from: str = ""
    cves: tuple[str, ...] = ()
    tracked: bool = True
    bulletins: tuple[str, ...] = ()
    mentioned_in: tuple[str, ...] = ()
    unaffected_in: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def id(self) -> str:
        """``XSA-212``."""
        return f"XSA-{self.number}"

    @property
    def status(self) -> Status:
        """The verdict, in one word."""
        if not self.tracked:
            return Status.UNTRACKED
        if self.unused:
            return Status.UNUSED
        if self.affected is None:
            return Status.OPEN
        return Status.YES if self.affected else Status.NO

    @property
    def verdict(self) -> Status:
        """Where the tracker says no, but a signed text addresses the advisory: the text's."""
        return Status.YES if self.status is Status.NO and self.bulletins else self.status

    @property
    def announced_in(self) -> int | None:
        """The number of the bulletin that announced it, according to the tracker."""
        return int(self.bulletin.partition("-")[0]) if self.bulletin else None


@dataclass(frozen=True, slots=True)
class NamedId:
    """A CVE or another id that is no advisory, with the numbers of the advisories it belongs to.

    ``named_in`` are ids of the documents that name it, ``addressed_in`` and ``unaffected_in`` of
    the bulletins among them that address it, or say that it does not apply.
    """

    scheme: str
    id: str
    advisories: tuple[int, ...]
    named_in: tuple[str, ...]
    addressed_in: tuple[str, ...] = ()
    unaffected_in: tuple[str, ...] = ()


class Difference(StrEnum):
    """How a version differs from the one before."""

    FIRST = "first"
    WORDS = "words"
    SPACE = "white space"


@dataclass(frozen=True, slots=True)
class Version:
    """A text of a document that its expected signers have signed.

    ``day`` is what the text states; letters and attachments state none. ``time`` is that of the
    last signature that was required; ``updated`` is not before the day either, nor before the day
    after signing if a new entry in its changelog is of that, and after that of the version before.
    ``signatures`` are the earliest of each signer, ``unsigned`` the names of expected signers who
    have not signed. ``entries`` are the days of new entries in its changelog,
    None in a first version.
    ``commit`` is the first that holds the text, ``complete`` the first that also follows the
    signatures required; they are empty without history. ``misfit`` is why it is not published: its
    header is that of another document.
    ``title`` is the text's, ``news`` are the new entries in its changelog. ``place`` is that of
    the file in the log with which it was complete: versions became public in that order.
    """

    file: File
    day: date | None
    time: datetime
    updated: datetime
    signatures: tuple[Signature, ...]
    difference: Difference
    entries: tuple[date, ...] | None
    commit: str
    complete: str
    misfit: str = ""
    unsigned: tuple[str, ...] = ()
    title: str = ""
    news: tuple[str, ...] = ()
    place: int = 0

    @property
    def noted(self) -> bool | None:
        """Whether its changelog has a new entry; None in a first version."""
        return None if self.entries is None else bool(self.entries)


@dataclass(frozen=True, slots=True)
class DocumentHistory:
    """The versions of a document, oldest first, and all signature files that it ever had.

    The id of a letter is that of its canary and its name; that of an attachment is its path.
    """

    id: str
    versions: tuple[Version, ...]
    signatures: tuple[Signature, ...]

    @property
    def newest(self) -> Version | None:
        """The version that is published, if there is any."""
        return next((v for v in reversed(self.versions) if not v.misfit), None)


@dataclass(frozen=True, slots=True)
class Pending:
    """A text in the pack that is not the newest version, and why.

    ``missing`` have yet to sign, if others have. ``gone``: the folder lacks the newest version.
    """

    id: str
    file: File
    reason: str
    missing: tuple[str, ...] = ()
    gone: bool = False

    @property
    def waiver(self) -> str:
        """What the profile can say so that one signature is enough; empty if none is missing."""
        lines = waiver_lines("signer-missing", self.file.path, self.file.sha256)
        return "\n".join(lines) if self.missing else ""


@dataclass(frozen=True, slots=True)
class GitObject:
    """A commit, or a tag with the name that it states; ``text`` is what its signature covers."""

    id: str
    tag: str
    text: File
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class History:
    """All documents by id; ``unavailable`` is why only the texts in the folder are known.

    ``built`` is the commit that is checked out, if that is known, and tags on it.
    """

    documents: tuple[DocumentHistory, ...] = ()
    pending: tuple[Pending, ...] = ()
    unavailable: str = ""
    built: tuple[GitObject, ...] = ()

    def of(self, identity: str) -> DocumentHistory | None:
        """The history of a document."""
        return next((each for each in self.documents if each.id == identity), None)


NO_HISTORY: Final = History()


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is published: sorted, unique, cross-referenced; and the findings.

    Everything ascends by number. ``ids`` are those that are no advisories. Of withheld documents
    there are only counts: ``embargoed`` by the profile, ``late`` after the day that is shown.
    ``unknown_embargoes`` are ids that the profile embargoes and no document has. ``commit`` is that
    of the git checkout; empty if there is none, or if something is withheld. ``history`` has the
    versions of what is published, with their signatures, and what is pending, which is not public.
    """

    bulletins: tuple[Bulletin, ...]
    canaries: tuple[Canary, ...]
    advisories: tuple[Advisory, ...]
    attachments: tuple[Attachment, ...] = ()
    keys: tuple[Key, ...] = ()
    findings: tuple[Finding, ...] = ()
    ids: tuple[NamedId, ...] = ()
    embargoed: int = 0
    unknown_embargoes: tuple[str, ...] = ()
    late: int = 0
    commit: str = ""
    history: History = NO_HISTORY

    @property
    def cves(self) -> tuple[NamedId, ...]:
        """All CVEs."""
        return tuple(id_ for id_ in self.ids if id_.scheme == "CVE")

    @property
    def publications(self) -> tuple[Publication, ...]:
        """All bulletins, then all canaries."""
        return (*self.bulletins, *self.canaries)

    @property
    def signed(self) -> tuple[Signed, ...]:
        """All that must be signed: documents, letters, attachments."""
        letters = (letter for canary in self.canaries for letter in canary.letters)
        return (*self.publications, *letters, *self.attachments)
