"""Releases as printed: ``Quern 3.1 and 3.2``, ``R2``, ``Release 1``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

#: An expression for what parts the releases, or the places, of a list.
JOINT: Final = r"(?:,\s{1,3}(?:(?:and|or)\s{1,3})?|\s{1,3}(?:and|or|&)\s{1,3}|\s{0,2}[/&]\s{0,2})"

_NUMBER: Final = (
    r"[0-9]{1,2}(?:\.[0-9]{1,3}){0,2}(?:(?<=\.[0-9])\.x)?"
    r"(?:[-\s]?[Rr][Cc][0-9]{1,2}|\s{1,3}[Bb]eta(?:\s{1,3}[0-9]{1,2})?)?"
)
_END: Final = r"(?![\w*]|[.-]\w)"
_MARKED: Final = rf"(?:R|[Rr]elease\s{{1,3}}){_NUMBER}{_END}"
_DOTTED: Final = rf"[0-9]{{1,2}}\.[0-9]{{1,3}}(?:\.(?:[0-9]{{1,3}}|x))?(?:-rc[0-9]{{1,2}})?{_END}"
_SINGLE: Final = re.compile(rf"{_MARKED}|{_NUMBER}{_END}")
_MARK: Final = re.compile(r"\A(?:R(?:elease\s+)?|release\s+)")
_DIGIT: Final = re.compile(r"[0-9]")


def releases_pattern(product: str) -> str:
    """An expression for releases as printed: ``Quern 3.1 and 3.2``, ``R2``, ``Release 1``."""
    name = rf"(?:{re.escape(product)}(?:\s{{1,3}}OS)?\s{{1,3}})" if product else "(?!)"
    more = rf"(?:{JOINT}{name}?(?:{_MARKED}|{_DOTTED})){{0,8}}"
    return (
        rf"(?<![\w-])(?:{name}(?:{_MARKED}|{_NUMBER}{_END})|{_MARKED}"
        rf"|(?<=[Ff]or\s){_DOTTED}){more}"
    )


def release_numbers(text: str) -> tuple[str, ...]:
    """The numbers in a printed list of releases, as printed but for ``R`` or ``Release``."""
    found = (" ".join(match[0].split()) for match in _SINGLE.finditer(text))
    return tuple(dict.fromkeys(_MARK.sub("", number).removesuffix(".x") for number in found))


def find_releases(text: str, product: str) -> Iterator[re.Match[str]]:
    """Where a text names releases, or lists of them."""
    # A digit is in each, and fast to look for.
    return _expression(product).finditer(text) if _DIGIT.search(text) else iter(())


@lru_cache(maxsize=1)
def names_release(text: str, product: str) -> bool:
    """Whether a text names a release; asked of one paragraph for each of its sentences."""
    return next(find_releases(text, product), None) is not None


def releases_in(text: str, product: str) -> tuple[str, ...]:
    """The numbers of all releases that a text names, each once."""
    found = (n for match in find_releases(text, product) for n in release_numbers(match[0]))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=64)
def _expression(product: str) -> re.Pattern[str]:
    return re.compile(releases_pattern(product))
