"""What formats for scanners need to know of a bulletin, and have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from secpack.model import Advisory, Archive, Bulletin, Link, Place, References
from secpack.text.marks import visible
from secpack.text.walk import runs

#: An address that is one by RFC 3986, and leads to the web: these formats allow no other.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


def advisories_by_number(archive: Archive) -> dict[int, Advisory]:
    """All advisories by their numbers."""
    return {advisory.number: advisory for advisory in archive.advisories}


def addressed(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> dict[str, list[str]]:
    """What a bulletin addresses: ids, each with the CVEs that are known to be its own.

    Advisories come first, then what else the text addresses; a CVE that is known to belong to one
    of the advisories is not repeated.
    """
    found = {f"XSA-{n}": list(advisories[n].cves) for n in bulletin.addresses}
    owned = {cve for cves in found.values() for cve in cves}
    others = [n.value for n in bulletin.evidence if n.scheme not in ("XSA", "bulletin")]
    return found | {value: [] for value in others if value not in owned}


def mentioned(bulletin: Bulletin, advisories: Mapping[int, Advisory]) -> list[str]:
    """Advisories and CVEs that a bulletin names and does not address, unless they do not apply."""
    of_it = addressed(bulletin, advisories)
    left_out = {*of_it, *(cve for cves in of_it.values() for cve in cves)}
    left_out |= {n.value for n in bulletin.namings if n.place is Place.NOT_AFFECTED}
    named = dict.fromkeys(n.value for n in bulletin.namings if n.scheme in ("XSA", "CVE"))
    return [value for value in named if value not in left_out]


def is_url(address: str) -> bool:
    """Whether an address can stand where a format wants one."""
    return _URL.fullmatch(address) is not None


def text_links(bulletin: Bulletin) -> Iterator[tuple[str, str]]:
    """The addresses of the text's references, each once, with their labels."""
    links: dict[str, str] = {}
    for block in bulletin.document.blocks:
        for item in block.items if isinstance(block, References) else ():
            for _, inlines in runs(item.blocks):
                for inline in inlines:
                    if isinstance(inline, Link) and is_url(inline.url):
                        links.setdefault(inline.url, item.label)
    yield from links.items()


def printed(bulletin: Bulletin, first: int = 1, last: int | None = None) -> str:
    """Lines of the text as printed, without blank ones around them."""
    lines = bulletin.document.file.data.decode().replace("\r\n", "\n").split("\n")
    return visible("\n".join(lines[first - 1 : last]).strip("\n").rstrip())
