"""Running text to inlines: one pass of one expression, linear in the text's length."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final, TypeAlias

from secpack.model.blocks import Citation, Code, Emphasis, Id, Inline, Link, Text
from secpack.parser.characters import HIDDEN

#: Schemes of ids that a profile adds, each with its form, in which # is a number: TSA-#-#.
Forms: TypeAlias = tuple[tuple[str, str], ...]

_MAX_SPAN: Final = 200  # characters between two marks; a longer span is not meant as one
_MAX_URL: Final = 2000

# Ids of other issuers of advisories, such as DSA-4213-1: the scheme is DSA.
_OTHER: Final = r"""
    INTEL-SA-[0-9]{5} | AMD-SB-[0-9]{3,5} | XSN-[0-9]{1,3} | VU\#[0-9]{5,6}
    | (?: DSA | DLA )-[0-9]{2,5}(?:-[0-9]{1,2})? | USN-[0-9]{3,5}-[0-9]{1,2}
    | RHSA-[0-9]{4}:[0-9]{3,5} | SUSE-SU-[0-9]{4}:[0-9]{1,5}-[0-9]{1,2}
    | FEDORA-[0-9]{4}-[0-9a-f]{10} | GHSA(?:-[0-9a-z]{4}){3}
"""
_NUMBER: Final = r"(?!0+\b)[0-9]{1,4}"  # there is no XSA-0

_SCHEME: Final = re.compile(r"[A-Z]+(?:-S[ABU])?", re.IGNORECASE)

# Each alternative begins with a certain character, so that most positions fail at once.
_PATTERN: Final = re.compile(
    rf"""
      (?P<citation> \[ (?P<label> \^?\w{{1,8}} | \*{{1,5}} ) \] )
    | (?P<code> ` (?! \s ) [^`]{{1,{_MAX_SPAN}}} (?<! \s ) ` )
    | (?P<mark> [*]{{1,2}} | _ ) (?: (?<= [\s("'] [_*] ) | (?<= [\s("'] [*]{{2}} )
                                | (?<= \A [_*] ) | (?<= \A [*]{{2}} ) )
        (?P<emphasis> (?! [\s_*] ) [^_*`|]{{1,{_MAX_SPAN}}} ) (?<! \s ) (?P=mark) (?! [\w*] )
    | (?<! \w ) (?:
          (?P<link> (?: https?:// | mailto: ) [^\s<>"|`]{{1,{_MAX_URL}}} )
        | (?P<advisory> (?: (?<! [-./] ) xsa- (?= [0-9]{{1,4}} \b (?! [-./]\w ) )
                | X (?: SAs? | en\s+Security\s+Advisor(?:y|ies) (?: \s+XSA | \s+\(XSAs?\) )?
                      | en\s+Project['’]s\s+(?:security\s+)?advisor(?:y|ies) )
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

# Where an inline can begin: signs, and letters that begin a word. Searching for one of a set of
# characters is so fast that it pays to try the expression above only there.
_BEGINNING: Final = re.compile(
    r"[\[`*_A-Zhmx](?<!\w[A-Zhmx])(?:(?<![hmx])|(?<=h)ttps?:|(?<=m)ailto:|(?<=x)sa-)"
)

# The ids in a URL, such as https://xenbits.xen.org/xsa/advisory-212.html.
_LINKED: Final = re.compile(
    rf"""
    /xsa/advisory-(?P<number>{_NUMBER})\.html\b
    | (?<! [0-9a-z] ) (?P<other> CVE-[0-9]{{4}}-[0-9]{{4,7}} | {_OTHER} ) \b
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Between the ends of a range.
_TO: Final = r"--?|–|[.]{2,3}(?!\s)|…|to\b|through\b|thru\b"
# What continues a list or range of advisories: ", 218", " & 122", "-224", " through XSA-230", also
# after citations: " [1], 218". What ends a bracket or text with nothing but numbers is a list.
_MORE: Final = re.compile(
    r"(?P<joint>(?:\s?\[[0-9]{1,2}\]){0,3}\s{0,2}(?:,\s{0,2}(?:(?:and|or)\s{1,2}|&\s{0,2})?"
    rf"|&|/|and\b|or\b|{_TO})\s{{0,2}})"
    rf"(?P<prefix>XSA[-\s]{{0,2}}|-(?<=\s-))?(?P<number>{_NUMBER})\b(?![.][0-9]|-(?![0-9]{{1,4}}\b(?!-))\w|\s?%)"
    r"(?=(?P<last>(?<=\b[0-9]{3})(?:(?:[-,&/\s–]|and\b){1,4}[0-9]{1,3}\b){0,30}(?:\)|\n\n|\n?\Z))?)"
)
_MORE_CVES: Final = re.compile(
    r"(?P<joint>\s{0,2}(?:,\s{0,2}(?:(?:and|or)\s{1,2}|&\s{0,2})?|&|/|and\b|or\b|[.]{2,3}|…)\s{0,2})"
    r"(?:(?P<year>[0-9]{4})-)?(?P<number>[0-9]{4,7})\b(?![.:][0-9]|-\w|\s?%)"
)
_CITATION: Final = re.compile(r"\[[0-9]{1,2}\]")
_URL: Final = re.compile(r"(?:https?://|mailto:)[^\s/:]")
# A URL that goes on in the next line, which is nothing but its end: "path/⏎page.html"
_WRAPPED: Final = re.compile(
    r"[/=&?_-]\n(?!https?://|mailto:)(?=[\w.-]*[/=&?%#.])\S++(?<=\w)(?=\n|\Z)"
)
_BRACKETS: Final = (("(", ")"), ("[", "]"), ("{", "}"))
_RANGE: Final = re.compile(_TO)

# How far apart the ends of a range, or neighbours in a list, can be.
_MAX_STEP: Final = 64

# How many inlines can be between the ends of a range: words, and citations of its beginning.
_MAX_PARTS: Final = 8


def parse_inline(text: str, forms: Forms = ()) -> tuple[Inline, ...]:
    """Return the inlines of running text in order, with no character lost.

    ``forms`` are those of further ids.
    """
    inlines = _merged(_inlines(text))
    return tuple(_merged(_with_ids(inlines, forms)) if forms else inlines)


def _with_ids(inlines: Iterator[Inline], forms: Forms) -> Iterator[Inline]:
    """Find ids of further forms in what is otherwise plain text."""
    for inline in inlines:
        if not isinstance(inline, Text):
            yield inline
            continue
        position = 0
        for match in _form(forms).finditer(inline.text):
            yield Text(inline.text[position : match.start()])
            yield Id(forms[(match.lastindex or 1) - 1][0], match[0], match[0])
            position = match.end()
        yield Text(inline.text[position:])


@lru_cache(maxsize=8)
def _form(forms: Forms) -> re.Pattern[str]:
    """An expression with a group for each form."""
    each = (f"({re.escape(form).replace(chr(92) + '#', '[0-9]{1,10}')})" for _, form in forms)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(each)})(?![\w-])")


def citation_label(label: str) -> str:
    """Return the form of a label in which ``01`` and ``1`` are equal."""
    return label.lstrip("0") or label


def _inlines(text: str) -> Iterator[Inline]:
    position = 0
    while match := _search(text, position):
        if match.start() > position:
            yield Text(text[position : match.start()])
        inline = _inline(match)
        yield inline
        position = match.start() + len(inline.url) if isinstance(inline, Link) else match.end()
        while isinstance(inline, Id) and (following := _following(text, position, inline)):
            joint, inline = following
            yield from _inlines(joint)
            yield inline
            position += len(joint) + len(inline.text)
    if position < len(text):
        yield Text(text[position:])


def _search(text: str, position: int) -> re.Match[str] | None:
    for beginning in _BEGINNING.finditer(text, position):
        if match := _PATTERN.match(text, beginning.start()):
            return match
    return None


def _inline(match: re.Match[str]) -> Inline:
    printed = match[0]
    if match["link"]:
        url = _trim_url(printed)
        goes_on = HIDDEN.search(url) or _WRAPPED.match(match.string, match.end() - 1)
        return Link(url) if _URL.match(url) and not goes_on else Text(printed)
    if match["code"]:
        return Code(printed[1:-1])
    if match["citation"]:
        return Citation(match["label"])
    if match["emphasis"]:
        return Emphasis(match["mark"], match["emphasis"])
    return Id(*_canonical(match), printed)


def _canonical(match: re.Match[str]) -> tuple[str, str]:
    """Return scheme and canonical form of an id."""
    if match["advisory"]:
        return "XSA", f"XSA-{int(match['number'])}"
    if match["cve"] or match["other"]:
        return _other("".join(match[0].split()))
    return "bulletin", f"{int(match['bnumber']):03d}"


def _other(printed: str) -> tuple[str, str]:
    """Return scheme and canonical form of another issuer's id."""
    match = _SCHEME.match(printed)
    assert match
    return match[0].upper(), match[0].upper() + printed[match.end() :].lower()


def _following(text: str, position: int, before: Id) -> tuple[str, Id] | None:
    """Return what joins the next id of a list or range to the one before it, and that id."""
    if before.scheme not in _LISTED:
        return None
    pattern, next_value = _LISTED[before.scheme]
    match = pattern.match(text, position)
    if not match or not (value := next_value(match, before)):
        return None
    return match["joint"], Id(before.scheme, value, match[0][len(match["joint"]) :])


def _next_advisory(match: re.Match[str], before: Id) -> str:
    """Return the next advisory: a number of its own needs a prefix unless it ascends a little."""
    number = int(match["number"])
    step = number - int(before.value.removeprefix("XSA-"))
    ascends = 0 < step <= _MAX_STEP or (match["last"] and step > 0)
    return f"XSA-{number}" if ascends or match["prefix"] else ""


def _next_cve(match: re.Match[str], before: Id) -> str:
    """Return the next CVE: a number of the same year must be similar to the one before."""
    _, year, number = before.value.split("-")
    step = int(match["number"]) - int(number)
    similar = 0 < step <= _MAX_STEP * 10 and len(match["number"]) == len(number)
    return f"CVE-{match['year'] or year}-{match['number']}" if match["year"] or similar else ""


_LISTED: Final = {"XSA": (_MORE, _next_advisory), "CVE": (_MORE_CVES, _next_cve)}


def ids_at(inlines: Sequence[Inline], position: int) -> Iterator[tuple[str, str]]:
    """Yield scheme and value of each id that an element names: also those of a range that it ends.

    A link names the ids in its URL: ``…/xsa/advisory-212.html``.
    """
    inline = inlines[position]
    if isinstance(inline, Link):
        yield from link_ids(inline.url)
    if isinstance(inline, Id):
        yield from ((inline.scheme, value) for value in _between(inlines, position))
        yield inline.scheme, inline.value


def link_ids(url: str) -> Iterator[tuple[str, str]]:
    """Yield scheme and value of each id in a URL."""
    for match in _LINKED.finditer(url):
        if match["number"]:
            yield "XSA", f"XSA-{int(match['number'])}"
        else:
            yield _other(match["other"])


def _between(inlines: Sequence[Inline], position: int) -> Iterator[str]:
    """Yield the ids inside a range that ends at ``position``; none if no range does."""
    start, joint = position - 1, ""
    while start > 0 and isinstance(inline := inlines[start], (Text, Citation)):
        joint = (inline.text if isinstance(inline, Text) else "") + joint
        start -= 1
        if position - start > _MAX_PARTS:
            break
    before, end = inlines[max(start, 0)], inlines[position]
    joins = _RANGE.fullmatch(_CITATION.sub("", joint).strip())
    if joins and isinstance(before, Id) and isinstance(end, Id) and before.scheme in _LISTED:
        (prefix, _, first), (other, _, last) = (x.value.rpartition("-") for x in (before, end))
        if prefix == other and int(last) - int(first) <= _MAX_STEP:
            yield from (f"{prefix}-{n:0{len(first)}}" for n in range(int(first) + 1, int(last)))


def _trim_url(url: str) -> str:
    """Leave a stop, a comma or an unmatched bracket at the end of a URL to the sentence."""
    unmatched = {close: url.count(close) - url.count(opening) for opening, close in _BRACKETS}
    end = len(url)
    while url[end - 1] in ".,;:!?'*…”’»" or unmatched.get(url[end - 1], 0) > 0:
        end -= 1
        if url[end] in unmatched:
            unmatched[url[end]] -= 1
    return url[:end]


def _merged(inlines: Iterator[Inline]) -> Iterator[Inline]:
    """Join neighbouring texts."""
    for is_text, group in groupby(inlines, lambda inline: isinstance(inline, Text)):
        if is_text:
            if text := "".join(inline.text for inline in group if isinstance(inline, Text)):
                yield Text(text)
        else:
            yield from group
