"""Ids that cannot be: of a form that does not exist, or of a year to come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from secpack.model.archive import Document, Mention
from secpack.model.blocks import Id
from secpack.model.findings import Finding
from secpack.parser.inline import parse_inline

# What begins like an id, up to its end: a line may end within one.
_LIKE_AN_ID: Final = re.compile(
    r"(?<![\w./-])(?:CVE|XSA|INTEL-SA|AMD-SB|DSA|DLA|GHSA)-[0-9][\w-]{0,40}+(?<!-)"
)
_DATED: Final = re.compile(r"(?:CVE|RHSA|SUSE-SU|FEDORA)-([0-9]{4})[-:]")
_MOST: Final = 20  # findings of each kind in a text


def odd_ids(document: Document, mentions: Iterable[Mention]) -> Iterator[Finding]:
    """Find ids that cannot be, each once."""
    path = document.file.path
    for id_, line in list(_malformed(document).items())[:_MOST]:
        message = f"{id_} is not an id: none of its kind has this form"
        yield Finding(path, line, "id-malformed", message)
    for id_, line in list(_of_years_to_come(document, mentions).items())[:_MOST]:
        yield Finding(path, line, "id-future", f"{id_} is of a year long after this text")


def _malformed(document: Document) -> dict[str, int]:
    """What is no id, and the line where it is first."""
    found: dict[str, int] = {}
    lines = document.file.data.decode(errors="replace").split("\n")
    for number, line in enumerate(lines, 1):
        for match in _LIKE_AN_ID.finditer(line):
            if not isinstance(parse_inline(match[0])[0], Id):
                found.setdefault(match[0], number)
    return found


def _of_years_to_come(document: Document, mentions: Iterable[Mention]) -> dict[str, int]:
    """Ids of years after the one that follows the text's, and the line where each is first."""
    head = document.letterhead
    last = head.date.year + 1 if head and head.date else 9999
    found: dict[str, int] = {}
    for mention in mentions:
        dated = _DATED.match(mention.value)
        if dated and int(dated[1]) > last:
            found.setdefault(mention.value, mention.line)
    return found
