"""One text through the whole of reading and rendering, without a folder and without signatures."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from bulletins.html import render
from bulletins.site import Links, Site
from secpack import Profile
from secpack.canary.checks import check_canaries
from secpack.canary.diff import changes
from secpack.documents import read_bulletin, read_canary
from secpack.lint import lint
from secpack.model.archive import Archive, Bulletin, Canary, File
from secpack.pack import TextFile
from secpack.profile import Csaf, Period
from secpack.tracker.join import join
from tests.bulletins.formats import exports

BULLETIN = "---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"
CANARY = "---===[ Quern Canary 012 ]===---\n\n2025-05-06\n\n"
URL = "https://example.org/security"
PROFILE = Profile(
    issuer="Quern", team="The Quern Security Team", csaf=Csaf("https://quern.example.org")
)

_BANNER = re.compile(rb"(?P<canary>Canary)? {1,9}#?(?P<number>[0-9]{1,4}) {0,9}\]")


@dataclass(frozen=True, slots=True)
class Whole:
    """What comes of a text: the archive of it, its HTML, and files by their addresses."""

    archive: Archive
    html: str
    files: dict[str, bytes]


def through(data: bytes) -> Whole:
    """Read a bulletin or a canary, and make all that a site has of it. Raises SecpackError."""
    archive = read(data)
    lint(archive, replace(PROFILE, releases={"4.1": Period()}))
    (publication,) = archive.publications
    html = render(publication.document, Links(Site(archive, PROFILE, URL), "../../")).html
    files = exports(archive, PROFILE, URL)
    return Whole(archive, html, files)


def read(data: bytes) -> Archive:
    """The archive of one text, whose banner tells what it is called. Raises SecpackError."""
    bulletins: tuple[Bulletin, ...] = ()
    canaries: tuple[Canary, ...] = ()
    banner = _BANNER.search(data[:1000])
    number = int(banner["number"]) if banner else 12
    if banner and banner["canary"]:
        canaries = (read_canary(_entry(data, "canaries/canary-draft.txt", number), (), PROFILE),)
        changes(_other(canaries[0]), canaries[0])
    else:
        bulletins = (read_bulletin(_entry(data, "QSBs/qsb-draft.txt", number), (), PROFILE),)
    archive = join(bulletins, canaries, ())
    findings = [f for p in archive.publications for f in p.document.findings]
    findings += check_canaries(canaries, bulletins, PROFILE)
    return replace(archive, findings=tuple(sorted(findings)))


def _entry(data: bytes, path: str, number: int) -> TextFile:
    return TextFile(File(path, data, hashlib.sha256(data).hexdigest()), number, None, True, "", ())


def _other(canary: Canary) -> Canary:
    """A canary from which this one differs in half of the words of each statement."""
    statements = tuple(replace(s, text=_changed(s.text)) for s in canary.statements)
    return replace(canary, introduction=_changed(canary.introduction), statements=statements)


def _changed(text: str) -> str:
    return " ".join(f"{word}x" if n % 2 else word for n, word in enumerate(text.split()))
