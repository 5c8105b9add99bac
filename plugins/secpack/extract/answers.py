"""What a bulletin says for each release: a fix, none, that it is not affected, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from secpack.extract.packages.vocabulary import (
    SENTENCE_END,
    product_of,
    release_numbers,
    releases_in,
    releases_pattern,
    spaced,
)
from secpack.extract.sections import actions, affected
from secpack.model.archive import Bulletin, Fix, PackageRow, Relation
from secpack.model.blocks import Id, plain, running_text, words

# Words of every sentence that is read here, fast to look for.
_SIGN: Final = re.compile(r"affect|vulnerable|impacted|[Nn]o |support|life|EOL")

_Stated: TypeAlias = tuple[Fix | None, int]  # with the line


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether there is a fix for a release; ``fix`` is None where the text does not say.

    ``packages`` are the fixed ones, ``lines`` where the text says so.
    """

    release: str
    fix: Fix | None
    packages: tuple[PackageRow, ...]
    lines: tuple[int, ...]


def answers(bulletin: Bulletin) -> tuple[Answer, ...]:
    """One answer for each release that a bulletin names, first those with packages.

    Packages decide; failing them, the last sentence on a release. A release that is only named
    among the affected ones has no answer: the text does not say that it is safe.
    """
    stated = dict(_stated(bulletin))
    named = dict.fromkeys(row.release for row in bulletin.packages if row.release)
    return tuple(_answer(release, bulletin, stated.get(release)) for release in named | stated)


def _answer(release: str, bulletin: Bulletin, stated: _Stated | None) -> Answer:
    rows = [row for row in bulletin.packages if row.release == release]
    fixed = tuple(row for row in rows if row.fix is Fix.AVAILABLE)
    lines = tuple(sorted({row.line for row in rows}))
    if rows:
        return Answer(release, Fix.AVAILABLE if fixed else rows[0].fix, fixed, lines)
    assert stated
    fix, line = stated
    return Answer(release, fix, (), (line,))


def _stated(bulletin: Bulletin) -> Iterator[tuple[str, _Stated]]:
    """What sentences say of releases: first those of the section about affected ones, in order."""
    yield from ((release, (None, line)) for release, line in _concerned(bulletin))
    said: list[tuple[str, _Stated]] = [
        (release, (Fix.NOT_AFFECTED, line))
        for (id_, release), (is_affected, line) in affects(bulletin).items()
        if not (id_ or is_affected)
    ]
    product = product_of(bulletin.document)
    for id_, line, text in _sentences(bulletin):
        said += [(release, (Fix.NONE, line)) for release in unfixed(text, product) if not id_]
    yield from sorted(said, key=lambda each: each[1][1])


def _concerned(bulletin: Bulletin) -> Iterator[tuple[str, int]]:
    """The releases that the section about affected ones names, with the lines."""
    quoted, product = affected(bulletin.document), product_of(bulletin.document)
    for line, inlines in running_text(quoted.section.blocks if quoted else ()):
        yield from ((release, line) for release in releases_in(plain(inlines), product))


def affects(bulletin: Bulletin) -> dict[tuple[str, str], tuple[bool, int]]:
    """Whether an id affects a release, where a sentence says so, with its line.

    The id is empty for what a sentence says of all that the bulletin addresses.
    """
    product, said = product_of(bulletin.document), dict[tuple[str, str], tuple[bool, int]]()
    releases = {row.release for row in bulletin.packages if row.release}
    releases |= {release for release, _ in _concerned(bulletin)}
    for id_, line, text in _sentences(bulletin):
        only = limited(text, product)
        no = (*spared(text, product), *(sorted(releases - {*only}) if only else ()))
        said |= {(id_, release): (True, line) for release in (*only, *hit(text, product)) if id_}
        said |= {(id_, release): (False, line) for release in no}
    return said


def _sentences(bulletin: Bulletin) -> Iterator[tuple[str, int, str]]:
    """The sentences that may say something of releases: the id that each is about, its line.

    One without an id is about that of the sentence before, in a paragraph. Of several ids at once,
    it is not clear which is meant.
    """
    relations = bulletin.relations.items()
    own = {value: scheme for (scheme, value), r in relations if r is Relation.ADDRESSED}
    several = max(Counter(own.values()).values(), default=0) > 1
    for line, inlines in running_text(bulletin.document.blocks):
        ids = {i.value: i.scheme for i in inlines if isinstance(i, Id)}
        text = " ".join(
            "".join(i.value if isinstance(i, Id) else words(i) for i in inlines).split()
        )
        about: set[str] = set()
        for sentence in SENTENCE_END.split(text) if _SIGN.search(text) else ():
            here = [id_ for id_ in ids if re.search(rf"{re.escape(id_)}(?![\w-])", sentence)]
            about = {id_ for id_ in here if ids[id_] == ids[here[0]]} or about
            if not ids or (not several and (not about or about & own.keys())):
                yield "", line, sentence
            elif len(about) == 1:
                yield min(about), line, sentence


def restart_after(bulletin: Bulletin) -> str:
    """What to restart after the update, by the sections that say what to do; empty if none does."""
    quoted = actions(bulletin.document, [row.line for row in bulletin.packages])
    pieces = (running_text(quotation.section.blocks) for quotation in quoted)
    said = (restart(plain(inlines)) for piece in pieces for _, inlines in piece)
    return next(filter(None, said), "")


def spared(text: str, product: str) -> tuple[str, ...]:
    """The releases that a text calls not affected, without any condition.

    Quern 4.2 is not affected. => 4.2
    R4.1 and R4.2 are unaffected, since they lack it. => 4.1; 4.2
    Users of Quern 4.2 are not affected. => 4.2
    This flaw does not affect Quern 4.2 or R4.3. => 4.2; 4.3
    XSA-1 does not affect Quern 4.2, since it has no bell. => 4.2
    The mill changed, so that Quern 4.2 as such is not affected, nor is 4.1. => 4.2; 4.1
    (Quern 4.1 with its old mill lacks the bell and is not affected.) => 4.1
    On Quern 4.2, the mill was old, and that release is therefore not affected. => 4.2
    Quern 4.0 does not contain the bell, so it is not affected. => 4.0
    The browser in Quern 4.2 is not affected. =>
    Quern 4.2 is not affected by default. =>
    Quern 4.2 is not affected by XSA-1. =>
    """
    return _found(_forms(product)[0], text)


def limited(text: str, product: str) -> tuple[str, ...]:
    """The releases to which a text limits what it is about: others are not affected.

    XSA-1 affects only Quern 4.1. => 4.1
    This issue affects only Quern 4.1 and 4.2. => 4.1; 4.2
    XSA-1 affects only mill 4 or newer, thus only Quern R4.1 is affected. => 4.1
    The second bug affects only Quern 4.2. =>
    XSA-1 affects only some mills on Quern 4.1. =>
    """
    return _found(_forms(product)[1], text)


def hit(text: str, product: str) -> tuple[str, ...]:
    """The releases that an id affects, by a text.

    XSA-1 affects both Quern 4.0 and 4.1. => 4.0; 4.1
    XSA-1 (CVE-2020-1) affects only mills with a bell on both Quern 4.0 and Quern 4.1. => 4.0; 4.1
    XSA-1 is out, which does not affect Quern 4.1. =>
    XSA-1 affects only mills with a bell. =>
    """
    return _found(_forms(product)[2], text)


def unfixed(text: str, product: str) -> tuple[str, ...]:
    """The releases for which a text says that there is no fix, or that their time is over.

    No update is available for 4.2 or 4.1, and none will be. => 4.2; 4.1
    No update for Quern 4.2, which is too old. => 4.2
    Users of Quern 4.1 and 4.2 have no update to expect. => 4.1; 4.2
    Quern 4.0 reached end-of-life on 2022-08-04, and there is no fix for it. => 4.0
    For Quern 4.2, which is no longer supported, no fix is available. => 4.2
    There is no update of the mill in Quern 4.2. =>
    """
    return _found(_forms(product)[3], text)


def _found(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = (match for sentence in SENTENCE_END.split(text) for match in form.finditer(sentence))
    named = (words for match in found for words in match.groups() if words)
    return tuple(number for words in named for number in release_numbers(words))


def restart(text: str) -> str:
    """What a text says to restart after the update, in its words; empty if it says nothing.

    Dom0 must be restarted afterward in order for the updates to take effect. => restart dom0
    After this update, the XBell process must be restarted. => restart the XBell process
    Sheds (such as a, b and c) must be restarted. Other sheds must not. => restart sheds
    A system restart will be required afterwards. => restart the system
    A restart is required for these changes to take effect. => restart
    It is necessary to restart each of the sheds (for the bell). => restart each of the sheds
    Please reboot your mills afterwards. => restart your mills
    Continue with your usual updates [1] and restart the mill when they end. => restart the mill
    A reboot of the whole mill is not necessary. =>
    If you use the bell, dom0 must be restarted. =>
    """
    found = next(filter(None, map(_RESTART.search, SENTENCE_END.split(text))), None)
    if not found:
        return ""
    what = found["what"] or found["object"] or ("the system" if found["system"] else "")
    is_name = re.match(r"\w+[A-Z]", what)
    return f"restart {what if is_name else what[:1].lower() + what[1:]}".strip()


_RESTART: Final = re.compile(
    spaced(
        r"^(?:After [^,:]{1,80}, )?(?P<what>(?:[^\s.,;:()]{1,40} ){0,8}[^\s.,;:()]{1,40})"
        r"(?: \([^()]{1,200}\))? (?:must|should|needs? to|ha(?:s|ve) to)(?: then)? be re"
        r"(?:start|boot)ed\b|^An? (?:full )?(?P<system>system )?(?:restart|reboot) (?:will be|is) "
        r"(?:required|needed|necessary)|(?:^(?:Please )?|^(?!If|Wh|Un)[^:]{1,200}"
        r"\b(?:and|then|(?:necessary|required|need|have|has) to) )[Rr]e"
        r"(?:start|boot) (?P<object>(?:[^\s.,;:()]{1,40} ){0,8}?[^\s.,;:()]{1,40})"
        r"(?= (?:for|afterwards?|when|once|with)\b|[.,;:]| [([]|$)"
    )
)


_START: Final = (
    r"(?:^\(?|[,;] (?:so that |so |and |but |while |whereas )?)(?:(?:However|Note that),? )?"
)
_WHOSE: Final = r"(?:(?:Users|Installations|Systems) (?:of|with|on|running) )?"
_NOT: Final = r"(?:therefore |also |thus )?(?:not |un)(?:affected|vulnerable|impacted)"
_CONDITION: Final = (
    r"(?! (?:by (?!this|these|it|them|any)|if|unless|when|while|as long|in (?:the|their) default))"
)


_AN_ID: Final = r"[A-Z][A-Za-z-]{1,20}-[0-9][0-9-]{0,20}(?: \([^()]{1,40}\))?"
_THIS: Final = rf"(?:{_AN_ID}|(?:This|These) (?:issue|bug|flaw|vulnerabilit|problem)\w{{0,3}}|It)"


@lru_cache(maxsize=64)
def _forms(product: str) -> tuple[re.Pattern[str], ...]:
    """What calls releases not affected, the only ones affected, affected by an id, or unfixed."""
    releases = f"({releases_pattern(product)})"
    who = r"(?: (?:users|systems|installations|as such|itself)| [^,;:()]{1,60}? and)?"
    subject = rf"{_WHOSE}{releases}{who} (?:is|are|was|were|remains?) {_NOT}"
    nor = rf"(?:, nor (?:is|are) ((?:{re.escape(product)} )?[0-9][0-9.]{{0,8}}[0-9]))?"
    it = rf"(?:(?:On|In) )?{releases},? [^;:]{{1,80}}?,? (?:that release|it) is {_NOT}"
    this = rf"(?:(?:This|These|The) [\w\s]{{1,60}}?|{_AN_ID}) (?:does|do|did) not affect {releases}"
    only = rf"\b[Oo]nly {releases} (?:is|are) (?:affected|vulnerable|impacted)\b"
    fix = "(?:updates?|fix(?:es)?|patch(?:es)?|packages?)"
    state = "(?: (?:is|are|will be|exists?)(?: (?:available|planned|provided|released))?)?"
    none = rf"\b[Nn]o {fix}{state} for (?:users of )?{releases}"
    gets = "(?:has|have|gets?|receives?|will (?:get|have|receive))"
    over = (
        "(?:(?:has |have )?(?:reached|met) (?:its |their )?end(?:-| )of(?:-| )life"
        "|(?:is|are|was|were) (?:no longer|not) supported|(?:is|are) (?:EOL|out of support))"
    )
    ends = f"{_START}(?:For )?{_WHOSE}{releases}(?:(?: users)? {gets} no {fix}|(?:, which)? {over})"
    forms = (
        rf"{_START}(?:{subject}|{this}|{it})\b{_CONDITION}{nor}",
        rf"^{_THIS} affects? only {releases}|{only}",
        rf"^{_AN_ID} affects? (?:[^.,;:]{{1,80}} on )?(?:both |all )?{releases}",
        rf"{none}|{ends}\b",
    )
    return tuple(re.compile(spaced(form)) for form in forms)
