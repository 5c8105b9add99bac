"""Running text to inline elements: one pass of one expression, linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from secpack.model.blocks import Citation, Code, Emphasis, Id, Inline, Link, Text
from secpack.parser.patterns import HIDDEN

_MAX_SPAN: Final = 200  # characters between two marks; a longer span is not meant as one

_MAX_URL: Final = 2000

# Ids of other issuers of advisories. What stands before the first digit, dash or # is the scheme.
_OTHER: Final = r"""
    INTEL-SA-[0-9]{5} | AMD-SB-[0-9]{3,5} | XSN-[0-9]{1,3} | VU\#[0-9]{5,6}
    | (?: DSA | DLA )-[0-9]{2,5}(?:-[0-9]{1,2})? | USN-[0-9]{3,5}-[0-9]{1,2}
    | RHSA-[0-9]{4}:[0-9]{3,5} | SUSE-SU-[0-9]{4}:[0-9]{1,5}-[0-9]{1,2}
    | FEDORA-[0-9]{4}-[0-9a-f]{10} | GHSA(?:-[0-9a-z]{4}){3}
"""
_NUMBER: Final = r"(?!0+\b)[0-9]{1,4}"  # there is no XSA-0

_SCHEME: Final = re.compile(r"[A-Z]+(?:-S[ABU])?", re.IGNORECASE)

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
        | (?P<advisory> (?: (?<! [-./] ) xsa- (?= [0-9]{{1,4}} \b (?! [-./]\w ) )
                | X (?: SAs? | en\s+Security\s+Advisor(?:y|ies) (?: \s+XSA | \s+\(XSAs?\) )? )
                  [-‐‑–\s#]{{0,3}} )
            (?P<number> {_NUMBER} ) (?: v[0-9]{{1,2}} )? \b (?! [.][0-9] ) )
        | (?P<cve> CVE-\s?[0-9]{{4}}-\s?[0-9]{{4,7}}\b )
        | (?P<other> (?: I(?i:NTEL)-SA-[0-9]{{5}} | {_OTHER} )\b )
        | (?P<bulletin> (?: (?!USB) [A-Z]{{1,4}}SB | [A-Z]\w{{0,40}}\s+Security\s+Bulletin )
            [-\s]{{0,2}} \#? (?P<bnumber> [0-9]{{1,4}} ) \b (?! [.][0-9] ) )
      )
    """,
    re.VERBOSE,
)

# Where an element can begin: signs, and letters that begin a word. To search for one of a set of
# characters is so much faster that the expression above is tried at these places only.
_BEGINNING: Final = re.compile(
    r"[\[`*_A-Zhmx](?<!\w[A-Zhmx])(?:(?<![hmx])|(?<=h)ttps?:|(?<=m)ailto:|(?<=x)sa-)"
)

# What a link leads to, by its address.
_LINKED: Final = re.compile(
    rf"""
    /xsa/advisory-(?P<number>{_NUMBER})\.html\b
    | (?<! [0-9a-z] ) (?: (?P<cve> CVE-[0-9]{{4}}-[0-9]{{4,7}} ) | (?P<other> {_OTHER} ) ) \b
    """,
    re.VERBOSE | re.IGNORECASE,
)

# What may follow an advisory's number and goes on with the list or range: ", 218", " & 122",
# "-224", " through XSA-230". Citations of the one before may stand between.
_MORE: Final = re.compile(
    r"(?P<joint>(?:\s?\[[0-9]{1,2}\]){0,3}\s{0,2}(?:,\s{0,2}(?:(?:and|or)\s{1,2}|&\s{0,2})?"
    r"|&|/|-|–|and\b|or\b|to\b|through\b|thru\b)\s{0,2})"
    rf"(?P<prefix>XSA[-\s]{{0,2}}|-(?<=\s-))?(?P<number>{_NUMBER})\b(?![.][0-9]|-\w|\s?%)"
)
_MORE_CVES: Final = re.compile(
    r"(?P<joint>\s{0,2}(?:,\s{0,2}(?:(?:and|or)\s{1,2}|&\s{0,2})?|&|/|and\b|or\b)\s{0,2})"
    r"(?:(?P<year>[0-9]{4})-)?(?P<number>[0-9]{4,7})\b(?![.:][0-9]|-\w|\s?%)"
)
_CITATION: Final = re.compile(r"\[[0-9]{1,2}\]")
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\s/:]")
_BRACKETS: Final = (("(", ")"), ("[", "]"), ("{", "}"))
_RANGE: Final = frozenset({"-", "–", "to", "through", "thru"})

#: How far apart the ends of a range, or neighbours in a list, can be.
_MAX_STEP: Final = 64

# The ends of a range have no more elements between them: words, and citations of its beginning.
_MAX_PARTS: Final = 8


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
    while match := _search(text, position):
        if match.start() > position:
            yield Text(text[position : match.start()])
        element = _element(match, labels)
        yield element
        position = match.start() + _length(element, match)
        if isinstance(element, Id) and element.scheme == "XSA":
            more, position = _further_advisories(text, position, _number(element), labels)
            yield from more
        elif isinstance(element, Id) and element.scheme == "CVE":
            more, position = _further_cves(text, position, element.value)
            yield from more
    if position < len(text):
        yield Text(text[position:])


def _search(text: str, position: int) -> re.Match[str] | None:
    for beginning in _BEGINNING.finditer(text, position):
        if match := _PATTERN.match(text, beginning.start()):
            return match
    return None


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
        return Id(*_other(found), found)
    if match["bulletin"]:
        return Id("bulletin", f"{int(match['bnumber']):03d}", found)
    return Emphasis(match["mark"], match["emphasis"])


def _length(element: Inline, match: re.Match[str]) -> int:
    return len(element.url) if isinstance(element, Link) else match.end() - match.start()


def _other(found: str) -> tuple[str, str]:
    """Scheme and canonical form of another issuer's id."""
    match = _SCHEME.match(found)
    assert match
    return match[0].upper(), match[0].upper() + found[match.end() :].lower()


def _further_advisories(
    text: str, position: int, number: int, labels: Collection[str]
) -> tuple[list[Inline], int]:
    """Read on behind an advisory: the rest of the list or range that it begins."""
    found: list[Inline] = []
    while match := _MORE.match(text, position):
        following = int(match["number"])
        ascends = 0 < following - number <= _MAX_STEP
        if not ascends and not match["prefix"]:
            break
        found += _elements(match["joint"], labels)
        found.append(Id("XSA", f"XSA-{following}", match[0][len(match["joint"]) :]))
        position, number = match.end(), following
    return found, position


def _further_cves(text: str, position: int, cve: str) -> tuple[list[Inline], int]:
    """Read on behind a CVE: further numbers of its year, or with a year of their own."""
    found: list[Inline] = []
    while match := _MORE_CVES.match(text, position):
        _, year, number = cve.split("-")
        step = int(match["number"]) - int(number)
        alike = 0 < step <= _MAX_STEP * 10 and len(match["number"]) == len(number)
        if not (match["year"] or alike):
            break
        cve = f"CVE-{match['year'] or year}-{match['number']}"
        found += [Text(match["joint"]), Id("CVE", cve, match[0][len(match["joint"]) :])]
        position = match.end()
    return found, position


def advisory_numbers(inlines: tuple[Inline, ...]) -> Iterator[int]:
    """Numbers of the advisories that running text names, ranges filled in, in order of mention."""
    for position in range(len(inlines)):
        yield from (int(v[4:]) for scheme, v in ids_at(inlines, position) if scheme == "XSA")


def ids_at(inlines: Sequence[Inline], position: int) -> Iterator[tuple[str, str]]:
    """Scheme and value of each id that one element names: where it ends a range, of all inside."""
    element = inlines[position]
    if isinstance(element, Id):
        if element.scheme == "XSA":
            inside = _between(inlines, position)
            yield from (("XSA", f"XSA-{number}") for number in inside)
        yield element.scheme, element.value


def link_ids(url: str) -> Iterator[tuple[str, str]]:
    """Scheme and value of each id that an address leads to: ``…/xsa/advisory-212.html``."""
    for match in _LINKED.finditer(url):
        if match["number"]:
            yield "XSA", f"XSA-{int(match['number'])}"
        elif match["cve"]:
            yield "CVE", match["cve"].upper()
        else:
            yield _other(match["other"])


def _between(inlines: Sequence[Inline], position: int) -> range:
    """The numbers inside a range that ends at ``position``; none where no range does."""
    start, joint = position - 1, ""
    while start > 0 and isinstance(element := inlines[start], (Text, Citation)):
        joint = (element.text if isinstance(element, Text) else "") + joint
        start -= 1
        if position - start > _MAX_PARTS:
            break
    before, end = inlines[max(start, 0)], inlines[position]
    joins = _CITATION.sub("", joint).strip() in _RANGE
    if not (joins and isinstance(before, Id) and isinstance(end, Id) and before.scheme == "XSA"):
        return range(0)
    first, last = _number(before), _number(end)
    return range(first + 1, last) if last - first <= _MAX_STEP else range(0)


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
