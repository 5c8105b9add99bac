"""The history of documents as data: versions, the signatures on them, and what is pending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from secpack.model.findings import waiver_lines

if TYPE_CHECKING:
    from secpack.model.archive import File, Signature


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
    """A text in the pack that is not the newest version, and why; ``missing`` have yet to sign.

    ``gone`` is of a newest version, which the folder lacks.
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
