"""What formats for scanners need to know of a bulletin, and have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from bulletins.changes import changed, verdict_changes
from bulletins.doubts import WORDS as DOUBTFUL
from bulletins.doubts import doubts
from bulletins.reader import heading
from secpack.model.archive import Advisory, Archive, Bulletin, Context
from secpack.parser.patterns import visible

#: An address that is one by RFC 3986, and leads to the web: these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A bulletin with what all formats for scanners tell of it, which is read once.

    ``title``, and ``heading`` with the id, begin with a word of doubt if the text is not verified.
    ``addressed`` are ids of what it addresses, each with the CVEs that are known to be its own.
    ``changed`` is the day of the last change, ``verdicts`` when the tracker changed those on what
    it addresses. ``links`` are the addresses of its references that formats allow, with labels.
    """

    bulletin: Bulletin
    title: str
    heading: str
    addressed: Mapping[str, Sequence[str]]
    changed: date
    verdicts: Mapping[date, Sequence[int]]
    links: Mapping[str, str]

    def printed(self, first: int = 1, last: int | None = None) -> str:
        """Lines of the text as printed, without blank ones around them."""
        lines = _lines(self.bulletin.document.file.data)[first - 1 : last]
        return visible("\n".join(lines).strip("\n").rstrip())


@lru_cache(maxsize=1)
def _lines(data: bytes) -> list[str]:
    """The lines of a text; each of its sections asks for some of them."""
    return data.decode().replace("\r\n", "\n").split("\n")


def told(archive: Archive) -> Iterator[Told]:
    """What is told of all bulletins, one after the other."""
    advisories = {advisory.number: advisory for advisory in archive.advisories}
    doubtful = doubts(archive)
    return (_told(b, advisories, doubtful=b.id in doubtful) for b in archive.bulletins)


def _told(bulletin: Bulletin, advisories: Mapping[int, Advisory], *, doubtful: bool) -> Told:
    doubt = f"{DOUBTFUL}: " if doubtful else ""
    return Told(
        bulletin=bulletin,
        title=visible(doubt + bulletin.title),
        heading=visible(doubt + heading(bulletin)),
        addressed=_addressed(bulletin, advisories),
        changed=changed(bulletin, advisories),
        verdicts=verdict_changes(bulletin, advisories),
        links={url: label for url, label in bulletin.summary.links if is_url(url)},
    )


def _addressed(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> dict[str, Sequence[str]]:
    """Advisories come first, then what else the text addresses.

    A CVE that is known to belong to one of the advisories is not repeated.
    """
    found: dict[str, Sequence[str]] = {f"XSA-{n}": advisories[n].cves for n in bulletin.addresses}
    owned = {cve for cves in found.values() for cve in cves}
    others = [n.value for n in bulletin.evidence if n.scheme not in ("XSA", "bulletin")]
    return found | {value: () for value in others if value not in owned}


def mentioned(told: Told) -> list[str]:
    """Advisories and CVEs that a bulletin names and does not address, unless they do not apply."""
    mentions = told.bulletin.all_mentions
    left_out = {*told.addressed, *(cve for cves in told.addressed.values() for cve in cves)}
    left_out |= {n.value for n in mentions if n.context is Context.NOT_AFFECTED}
    named = dict.fromkeys(n.value for n in mentions if n.scheme in ("XSA", "CVE"))
    return [value for value in named if value not in left_out]


def is_url(address: str) -> bool:
    """Whether an address can stand where a format wants one."""
    return _URL.fullmatch(address) is not None
