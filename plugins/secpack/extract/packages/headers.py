"""Leads: words in front of packages that tell for which release they are, and where they go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from secpack.extract.packages.places import is_target, place_names, target_names
from secpack.extract.packages.releases import find_releases, names_release, release_numbers
from secpack.extract.packages.words import ends_with_colon

_FOR: Final = re.compile(
    r"(?<!\w)(?:For|In|On|for|in|on)\s{1,3}(?:(?:the|both|all)\s{1,3})?(?:latest\s{1,3})?$"
)
_MAY_FOLLOW: Final = re.compile(r"\n$|(?:[,;.:]|\band)\s+$")
_BARE: Final = re.compile(r"(?:(?:For|In)\s)?(?P<release>[0-9]{1,2}\.[0-9]{1,2}):(?!\S)")
_REMARK: Final = re.compile(r"\((?!s\))[^()]{0,80}\)")
_PLACE: Final = re.compile(r"(?:For|In|On|Inside)\s+(?P<where>(?:[^:.]|\.(?=[0-9])){1,60}):$")
_EVERYBODY: Final = re.compile(r"(?:For|On)\s[a-z]+:")  # more often people than a place
# Where an item begins that the rules for blocks left in a paragraph.
_ITEM: Final = re.compile(r"\n[-*•] ")
# How many characters of a line about a release may stand between its number and the colon.
_LONGEST: Final = 160


class Lead(NamedTuple):
    """``For Quern 3.0, in hearth:``; ``start`` and ``end`` are indices in its paragraph."""

    start: int
    end: int
    releases: tuple[str, ...]
    targets: tuple[str, ...] = ()
    note: str = ""


def find_leads(text: str, product: str) -> list[Lead]:
    """Where a paragraph names a release, and perhaps a place, for what follows."""
    if bare := _BARE.match(text):
        return [Lead(0, bare.end(), release_numbers(bare["release"]))]
    found: list[Lead] = []
    for match in find_releases(text, product):
        lead = _lead(text, match)
        if lead and (not found or lead.start >= found[-1].end):
            found.append(lead)
    return found


def _lead(text: str, match: re.Match[str]) -> Lead | None:
    """The lead that begins with these releases, if it is one.

    It ends with a colon, or has ``For`` in front and all of a paragraph to itself; or it is nothing
    but releases, on the first line.
    """
    if not match.start() and text[match.end() : match.end() + 1] in ("", "\n"):
        return Lead(0, match.end(), release_numbers(match[0]))
    before = _FOR.search(text, max(0, match.start() - 20), match.start())
    start = before.start() if before else match.start()
    item = _ITEM.search(text, match.end(), match.end() + _LONGEST)
    last = item.start() if item else len(text)
    colon = text.find(":", match.end(), min(last, match.end() + _LONGEST))
    end = colon if colon >= 0 else last
    if (colon < 0 and (start or not before)) or end - match.end() > _LONGEST:
        return None
    if start and not _MAY_FOLLOW.search(text, max(0, start - 5), start):
        return None
    where = _where(text[match.end() : end])
    behind = end + 1 if colon >= 0 else end
    return Lead(start, behind, release_numbers(match[0]), *where) if where else None


def _where(between: str) -> tuple[tuple[str, ...], str] | None:
    """Places and a remark between a release and the colon; None where other words stand there."""
    remarks = [words[1:-1] for words in _REMARK.findall(between)]
    words = " ".join(_REMARK.sub(" ", between).split()).strip(" ,;–—-")
    if not words and len(remarks) == 1 and is_target(remarks[0]):
        return target_names(remarks[0]), ""
    places = place_names(words) if words else ()
    return None if places is None else (places, "; ".join(remarks))


def items_behind(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """The items between two indices of a paragraph, each with the index where it begins."""
    for match in _ITEM.finditer(text, start, end):
        yield start, text[start : match.start()]
        start = match.end()
    yield start, text[start:end]


def place_led_to(text: str, product: str) -> tuple[str, ...]:
    """The places of ``In hearth:``, where a text is nothing but a lead without a release."""
    if not ends_with_colon(text):
        return ()
    words = " ".join(text.split())
    if names_release(words, product):
        return ()
    if is_target(words[:-1]):
        return target_names(words[:-1])
    match = _PLACE.fullmatch(words)
    if match is None or _EVERYBODY.match(words):
        return ()
    return place_names(match["where"]) or ()


def looks_like_place(words: str) -> bool:
    """Whether words have the form of ``In hearth:``, though perhaps no place is in them."""
    return _PLACE.fullmatch(words) is not None


def begins_with_release(text: str, product: str) -> bool:
    """Whether a text begins with ``For`` or ``In`` and a release."""
    release = next(find_releases(text, product), None)
    return release is not None and _FOR.fullmatch(text, 0, release.start()) is not None
