"""What a bulletin says for each release: a fix, none, that it is not affected, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from secpack.extract.packages.vocabulary import release_numbers, releases_pattern, spaced
from secpack.extract.sections import affected, sections
from secpack.model.archive import Bulletin, Fix, PackageRow
from secpack.model.blocks import Id, plain, running_text

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")
_NO_REMARK: Final = re.compile(r"references|credits|acknowledg|changelog|history")


class Said(StrEnum):
    """What a text says of a release."""

    FIX = "fix"
    NONE = "none"
    NOT_AFFECTED = "not-affected"
    NOT_STATED = "not-stated"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text says of a release, the packages that fix it, and the lines that say so."""

    release: str
    said: Said
    packages: tuple[PackageRow, ...]
    lines: tuple[int, ...]


def answers(bulletin: Bulletin) -> tuple[Answer, ...]:
    """One answer for each release that a bulletin names, first those with packages.

    Packages decide; then sentences. A release that only the section on who is affected names has
    no answer: its silence is no safety.
    """
    stated = dict(_stated(bulletin))
    named = dict.fromkeys(row.release for row in bulletin.packages if row.release)
    return tuple(_answer(release, bulletin, stated.get(release)) for release in named | stated)


def _answer(release: str, bulletin: Bulletin, stated: tuple[Said, int] | None) -> Answer:
    rows = [row for row in bulletin.packages if row.release == release]
    fixes = tuple(row for row in rows if row.fix is Fix.AVAILABLE)
    lines = tuple(sorted({row.line for row in rows}))
    if fixes:
        return Answer(release, Said.FIX, fixes, lines)
    if rows:
        return Answer(release, Said(rows[0].fix.value), (), lines)
    said, line = stated or (Said.NOT_STATED, 0)
    return Answer(release, said, (), (line,))


def _stated(bulletin: Bulletin) -> Iterator[tuple[str, tuple[Said, int]]]:
    """What sentences say of releases: last those that do not apply, which so prevail."""
    document = bulletin.document
    product = document.letterhead.issuer.split()[0] if document.letterhead else ""
    concerned = affected(document)
    blocks = concerned.section.blocks if concerned else ()
    for line, inlines in running_text(blocks):
        for match in re.finditer(releases_pattern(product), plain(inlines)):
            for release in release_numbers(match[0]):
                yield release, (Said.NOT_STATED, line)
    several = len(bulletin.addresses) > 1
    for section in sections(document):
        if _NO_REMARK.search(section.title.lower()):
            continue
        for line, inlines in running_text(section.blocks):
            # Of several advisories, what is said may be said of one alone.
            if not (several and any(isinstance(inline, Id) for inline in inlines)):
                for release in spared(plain(inlines), product):
                    yield release, (Said.NOT_AFFECTED, line)


def spared(text: str, product: str) -> tuple[str, ...]:
    """The releases that a text calls not affected, without any condition.

    Quern 4.2 is not affected. => 4.2
    R4.1 and R4.2 are unaffected, since they lack it. => 4.1; 4.2
    Users of Quern 4.2 are not affected. => 4.2
    This flaw does not affect Quern 4.2 or R4.3. => 4.2; 4.3
    The browser in Quern 4.2 is not affected. =>
    Quern 4.2 is not affected by default. =>
    Quern 4.2 is not affected by XSA-1. =>
    """
    found = (_spared(product).match(sentence) for sentence in _SENTENCE.split(text))
    return tuple(n for match in found if match for n in release_numbers(match[1] or match[2]))


@lru_cache(maxsize=64)
def _spared(product: str) -> re.Pattern[str]:
    releases = f"({releases_pattern(product)})"
    whose = "(?:Users|Installations|Systems) (?:of|with|on|running) "
    subject = (
        rf"(?:{whose})?{releases}(?: (?:users|systems|installations))? (?:is|are|was|were|remains?)"
        " (?:therefore |also |thus )?(?:not |un)(?:affected|vulnerable|impacted)"
    )
    this = r"(?:This|These|The) [\w\s]{1,60}? (?:does|do|did) not affect "
    condition = (
        "by (?!this|these|it|them|any)|if|unless|when|while|as long|in (?:the|their) default"
    )
    before = "(?:(?:However|Note that),? )?"
    return re.compile(spaced(rf"{before}(?:{subject}|{this}{releases})\b(?! (?:{condition}))"))
