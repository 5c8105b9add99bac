"""Packages in running text: a sentence that tells to install them, or that there is no fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from secpack.extract.packages.announcements import tells_remedy
from secpack.extract.packages.facts import read_fact
from secpack.extract.packages.groups import Entry
from secpack.extract.packages.headers import begins_with_release
from secpack.extract.packages.phrases import read_sentence
from secpack.extract.packages.places import place_names
from secpack.extract.packages.releases import find_releases, release_numbers
from secpack.extract.packages.state import State
from secpack.extract.packages.words import Words, sentences
from secpack.model.archive import Fix

_NAME_DUE: Final = re.compile(r"\bpackages?\b")
_NAMED: Final = re.compile(
    r"\bpackages?\b[^.]{0,60}?\bversions?\s+v?[0-9]+[.-]"
    r"|\b(?:install|upgrade|update)\b[^.]{0,60}?[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]"
)
# Sentences about versions that are no remedy.
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|\bprior to\b|\b(?:older|earlier) than\b|\bup to\b"
    r"|\bbefore version\b|\bfor example\b|\be\.g\.|\b(?:and|or) (?:earlier|older)\b"
    r"|\b(?:do|does|did|is|are|was|were|will|must|should) not\b|n't\b|\bnever\b|\bno longer\b"
    r"|\bintroduced in\b(?! to)|\b(?:instead of|rather than|replac\w+|superse\w+|downgrad\w+)\b",
    re.I,
)
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+"
    r"(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_NEGATION: Final = re.compile(r"\bn(?:ot|o need)\b")
_VERSION: Final = re.compile(r"\bversions?\b", re.I)
_SINCE: Final = re.compile(r"\bfrom\s+(?:versions?\s+)?v?[0-9]")
_FULL_VERSION: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]")
_SAYS: Final = re.compile(
    r"\b(?:packages?|versions?|install|upgrade|update)\b|\bno\s+(?:fix|patch)", re.I
)
_NO_FIX: Final = re.compile(
    r"\bno\s+(?:fix|fixes|patch|patches|packages?|updates?)\s+(?:is|are|has|have|will|exists?)\b"
    r"(?!\s+(?:needed|required|necessary))|\bno\s+packages?\s+to\s+install\b",
    re.I,
)
# What may stand between these words and the releases for which they are said; between two of those.
_UP_TO: Final = re.compile(r"(?:\s{1,3}(?!(?:and|but|so|while)\b)[\w'-]{1,30}){0,8}\s{1,3}")
_MORE: Final = re.compile(r"[\s,]{0,4}(?:(?:and|or|nor)\s{1,3})?(?:(?:for|in|on)\s{1,3})?")
_DIGIT: Final = re.compile(r"[0-9]")


def read_sentences(text: str, words: Words, state: State) -> None:
    """Read each sentence of a paragraph in a section about what to do."""
    for start, sentence in sentences(text):
        _read_sentence(start, sentence, words, state)


def look_aside(text: str, words: Words, state: State) -> None:
    """Remember the first place where packages are named and no rule takes them."""
    if state.elsewhere or state.found:  # then nobody asks for it
        return
    named = (_NAME_DUE.search(text) if state.heading.in_remedy else None) or _NAMED.search(text)
    if named and not _OLD.search(text):
        state.elsewhere = words.line_at(named.start())


def names_version(text: str) -> bool:
    """Whether words name a version that could be a remedy."""
    return bool(_FULL_VERSION.search(text)) and not _OLD.search(text)


def _read_sentence(start: int, sentence: str, words: Words, state: State) -> None:
    _note_place(sentence, state)
    releases = state.releases_in(sentence)
    if (fact := read_fact(sentence, state.product)) and fact.releases:
        state.add(fact, words.line_at(start))
    elif (releases or not state.rows) and (said := _NO_FIX.search(sentence)):
        if releases and not (releases := _left_without(sentence, said, state)):
            state.report_unread(words.line_at(start), sentence)
        else:
            state.add(Entry(0, "", "", Fix.NONE, releases), words.line_at(start))
    elif _DIGIT.search(sentence) and _is_about_packages(sentence, state):
        _read_remedy(start, sentence, words, state)


def _left_without(sentence: str, said: re.Match[str], state: State) -> tuple[str, ...]:
    """The releases for which it is ``said`` that there is no fix; a sentence can name others, too.

    They stand right behind that, or else in front of it; none if they could be any.
    """
    lists = list(_lists(sentence, state.product))
    behind = (m for m in lists if _UP_TO.fullmatch(sentence, said.end(), m[0].start()))
    before = (m for m in reversed(lists) if m[-1].end() <= said.start())
    chosen = next(behind, None) or next(before, [])
    if chosen and ";" in sentence[chosen[-1].end() : said.start()]:
        return ()
    return tuple(dict.fromkeys(n for match in chosen for n in release_numbers(match[0])))


def _lists(sentence: str, product: str) -> Iterator[list[re.Match[str]]]:
    """The releases that a sentence names, together where they stand together."""
    together: list[re.Match[str]] = []
    for match in find_releases(sentence, product):
        if together and not _MORE.fullmatch(sentence, together[-1].end(), match.start()):
            yield together
            together = []
        together.append(match)
    if together:
        yield together


def _note_place(sentence: str, state: State) -> None:
    """Note where a sentence says that the packages of the section go."""
    match = _INSTALLED.search(sentence) if "install" in sentence else None
    if match and not _NEGATION.search(sentence):
        state.installed.add(place_names(match["where"]))


def _is_about_packages(sentence: str, state: State) -> bool:
    about = _SAYS.search(sentence) or begins_with_release(sentence, state.product)
    return bool(about) and not _OLD.search(sentence)


def _read_remedy(start: int, sentence: str, words: Words, state: State) -> None:
    """Read the packages in a sentence that tells to install them."""
    entries, line = read_sentence(sentence, state.product), words.line_at(start)
    if _is_unclear(sentence, entries, state):
        state.report_unread(line, sentence)
    elif entries and _is_lost(entries, words, state):
        state.report(line, "a package, but not for which release")
    elif entries:
        for entry in [e for e in entries if (e.package, e.version) not in state.known]:
            state.add(entry, words.line_at(start + entry.at))


def _is_unclear(sentence: str, entries: tuple[Entry, ...] | None, state: State) -> bool:
    """Whether a sentence names packages, but not which are to be installed."""
    if entries:
        return bool(_SINCE.search(sentence)) or not tells_remedy(sentence)
    if entries is None and begins_with_release(sentence, state.product):
        return True
    return bool(
        (entries is None and _VERSION.search(sentence))
        or _FULL_VERSION.search(sentence)
        or _SINCE.search(sentence)
    )


def _is_lost(entries: Sequence[Entry], words: Words, state: State) -> bool:
    """Whether releases are named around packages, but not the one of each."""
    if state.context.releases or all(entry.releases for entry in entries):
        return False
    return state.names_release(words.text)
