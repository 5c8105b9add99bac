"""Running text to inline elements: one pass of one expression, linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from secpack.model import Citation, Code, Emphasis, Id, Inline, Link, Text
from secpack.text.marks import HIDDEN

_MAX_SPAN: Final = 200  # characters between two marks; a longer span is not meant as one

_MAX_URL: Final = 2000

# Alternatives begin with a character that they need, so that most positions fail at once.
_PATTERN: Final = re.compile(
    rf"""
      (?P<citation> \[ (?P<label> \w{{1,4}} | \*{{1,5}} ) \] )
    | (?P<code> ` (?! \s ) [^`]{{1,{_MAX_SPAN}}} (?<! \s ) ` )
    | (?P<mark> [*]{{1,2}} | _ ) (?: (?<= [\s("'] [_*] ) | (?<= [\s("'] [*]{{2}} )
                                | (?<= \A [_*] ) | (?<= \A [*]{{2}} ) )
        (?P<emphasis> (?! [\s_*] ) [^_*`|]{{1,{_MAX_SPAN}}} ) (?<! \s ) (?P=mark) (?! [\w*] )
    | (?<! \w ) (?:
          (?P<link> (?: https?:// | mailto: ) [^\s<>"|`]{{1,{_MAX_URL}}} )
        | (?P<advisory> X (?: SAs? | en\s+Security\s+Advisor(?:y|ies) (?:\s+XSA)? )
            [-‐‑–\s#]{{0,3}} (?P<number> [0-9]{{1,4}} ) (?: v[0-9]{{1,2}} )? \b (?! [.][0-9] ) )
        | (?P<cve> CVE-\s?[0-9]{{4}}-\s?[0-9]{{4,7}}\b )
        | (?P<other> (?: INTEL-SA-[0-9]{{5}} | DSA-[0-9]{{3,5}}(?:-[0-9]+)?
                       | GHSA(?:-[0-9a-z]{{4}}){{3}} | AMD-SB-[0-9]{{3,5}} | XSN-[0-9]{{1,3}} )\b )
        | (?P<bulletin> (?: (?!USB) [A-Z]{{1,4}}SB | [A-Z]\w{{0,40}}\s+Security\s+Bulletin )
            [-\s]{{0,2}} \#? (?P<bnumber> [0-9]{{1,4}} ) \b (?! [.][0-9] ) )
      )
    """,
    re.VERBOSE,
)

# What may follow an advisory's number and goes on with the list or range: ", 218", " & 122",
# "-224", " through XSA-230".
_MORE: Final = re.compile(
    r"(?P<joint>\s{0,2}(?:,\s{0,2}(?:(?:and|or)\s{1,2}|&\s{0,2})?"
    r"|&|/|-|–|and\b|or\b|to\b|through\b)\s{0,2})"
    r"(?P<prefix>XSA[-\s]{0,2}|-(?<=\s-))?(?P<number>[0-9]{1,4})\b(?![.][0-9]|-\w|\s?%)"
)
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\s/:]")
_BRACKETS: Final = (("(", ")"), ("[", "]"), ("{", "}"))
_RANGE: Final = frozenset({"-", "–", "to", "through"})

#: How far apart the ends of a range, or neighbours in a list, can be.
_MAX_STEP: Final = 64


def parse_inline(text: str, labels: Collection[str] = ()) -> tuple[Inline, ...]:
    """Return the inline elements of running text, in order, with no character lost.

    ``labels`` are the labels of references that the document defines: ``[1]`` is a citation only
    if it is among them.
    """
    return tuple(_merged(_elements(text, labels)))


def citation_label(label: str) -> str:
    """The label by which a reference is found: ``01`` and ``1`` are one."""
    return label.lstrip("0") or label


def _elements(text: str, labels: Collection[str]) -> Iterator[Inline]:
    position = 0
    while match := _PATTERN.search(text, position):
        if match.start() > position:
            yield Text(text[position : match.start()])
        element = _element(match, labels)
        yield element
        position = match.start() + _length(element, match)
        if isinstance(element, Id) and element.scheme == "XSA":
            more, position = _further_advisories(text, position, _number(element))
            yield from more
    if position < len(text):
        yield Text(text[position:])


def _element(match: re.Match[str], labels: Collection[str]) -> Inline:
    found = match[0]
    if match["link"]:
        url = _trim_url(found)
        return Link(url) if _ADDRESS.match(url) and not HIDDEN.search(url) else Text(found)
    if match["code"]:
        return Code(found[1:-1])
    if match["citation"]:
        known = citation_label(match["label"]) in labels
        return Citation(match["label"]) if known else Text(found)
    if match["advisory"]:
        return Id("XSA", f"XSA-{int(match['number'])}", found)
    if match["cve"]:
        return Id("CVE", "".join(found.split()), found)
    if match["other"]:
        scheme = "GHSA" if found.startswith("GHSA") else found.rstrip("-0123456789")
        return Id(scheme, found, found)
    if match["bulletin"]:
        return Id("bulletin", f"{int(match['bnumber']):03d}", found)
    return Emphasis(match["mark"], match["emphasis"])


def _length(element: Inline, match: re.Match[str]) -> int:
    return len(element.url) if isinstance(element, Link) else match.end() - match.start()


def _further_advisories(text: str, position: int, number: int) -> tuple[list[Inline], int]:
    """Read on behind an advisory: the rest of the list or range that it begins."""
    found: list[Inline] = []
    while match := _MORE.match(text, position):
        following = int(match["number"])
        ascends = 0 < following - number <= _MAX_STEP
        if not ascends and not match["prefix"]:
            break
        found += [
            Text(match["joint"]),
            Id("XSA", f"XSA-{following}", match[0][len(match["joint"]) :]),
        ]
        position, number = match.end(), following
    return found, position


def advisory_numbers(inlines: tuple[Inline, ...]) -> Iterator[int]:
    """Numbers of the advisories that running text names, ranges filled in, in order of mention."""
    for position, element in enumerate(inlines):
        if isinstance(element, Id) and element.scheme == "XSA":
            number = _number(element)
            if position >= 2:
                yield from _between(inlines[position - 2], inlines[position - 1], number)
            yield number


def _between(before: Inline, joint: Inline, number: int) -> range:
    """The numbers inside a range that ends with ``number``; none where no range does."""
    joins = isinstance(joint, Text) and joint.text.strip() in _RANGE
    if not (joins and isinstance(before, Id) and before.scheme == "XSA"):
        return range(0)
    start = _number(before)
    return range(start + 1, number) if number - start <= _MAX_STEP else range(0)


def _number(advisory: Id) -> int:
    return int(advisory.value.removeprefix("XSA-"))


def _trim_url(url: str) -> str:
    """Leave to the sentence what is not the address's: a stop, a comma, an unmatched bracket."""
    unmatched = {close: url.count(close) - url.count(opening) for opening, close in _BRACKETS}
    end = len(url)
    while url[end - 1] in ".,;:!?'*…”’»" or unmatched.get(url[end - 1], 0) > 0:
        end -= 1
        if url[end] in unmatched:
            unmatched[url[end]] -= 1
    return url[:end]


def _merged(elements: Iterator[Inline]) -> Iterator[Inline]:
    """Join neighbouring texts."""
    pending = ""
    for element in elements:
        if isinstance(element, Text):
            pending += element.text
            continue
        if pending:
            yield Text(pending)
            pending = ""
        yield element
    if pending:
        yield Text(pending)
