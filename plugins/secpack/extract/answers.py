"""What a bulletin says for each release: a fix, none, that it is not affected, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from secpack.extract.packages.vocabulary import (
    DOUBT,
    SENTENCE_END,
    open_range,
    product_of,
    release_numbers,
    releases_in,
    releases_pattern,
    spaced,
)
from secpack.extract.sections import actions, affected, sections
from secpack.model.archive import Bulletin, Fix, PackageRow, Relation
from secpack.model.blocks import Id, plain, running_text, words
from secpack.parser.rules.headings import REVISION_SECTIONS, section_name

# Words of every sentence that is read here, fast to look for.
_SIGN: Final = re.compile(r"affect|vulnerable|impacted|[Nn]o |support|life|EOL")

#: No real text has so many releases, ids and sections.
_MOST_COMPARED: Final = 1_000_000

# What can be an id: XSA-1, VU#1
_NAME: Final = re.compile(r"\w[\w#.-]*\w")

_Stated: TypeAlias = tuple[Fix | None, int]  # with the line
_Sentence: TypeAlias = tuple[str, int, str]  # the id that it is about, the line, the words


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
    of_some = {row for row, ids in safe_from(bulletin).items() if ids}
    return tuple(
        _answer(release, bulletin, stated.get(release), of_some) for release in named | stated
    )


def _answer(
    release: str, bulletin: Bulletin, stated: _Stated | None, of_some: set[PackageRow]
) -> Answer:
    rows = [row for row in bulletin.packages if row.release == release]
    fixed = tuple(row for row in rows if row.fix is Fix.AVAILABLE)
    lines = tuple(sorted({row.line for row in rows}))
    if fixed:
        return Answer(release, Fix.AVAILABLE, fixed, lines)
    if rows:
        if any(row.fix is Fix.NONE for row in rows):
            return Answer(release, Fix.NONE, (), lines)
        # A release is not safe where one of several packages is, or a target.
        safe = {row.name or row.package for row in rows if not row.target}
        every = {row.name or row.package for row in bulletin.packages} - {""}
        is_safe = "" in safe or (safe and every <= safe)
        is_safe = is_safe and of_some.isdisjoint(rows)
        return Answer(release, Fix.NOT_AFFECTED if is_safe else None, (), lines)
    assert stated
    fix, line = stated
    return Answer(release, fix, (), (line,))


def _stated(bulletin: Bulletin) -> Iterator[tuple[str, _Stated]]:
    """What sentences say of releases: first those of the section about affected ones, in order."""
    yield from ((release, (None, line)) for release, line in _concerned(bulletin))
    sentences, product = [*_sentences(bulletin)], product_of(bulletin.document)
    said: list[tuple[str, _Stated]] = [
        (release, (Fix.NOT_AFFECTED, line))
        for (id_, release), (is_affected, line) in _affects(bulletin, sentences).items()
        if not (id_ or is_affected)
    ]
    for id_, line, text in sentences:
        said += [(release, (Fix.NONE, line)) for release in unfixed(text, product) if not id_]
    yield from sorted(said, key=lambda each: each[1][1])


def _concerned(bulletin: Bulletin) -> Iterator[tuple[str, int]]:
    """The releases that the section about affected ones names, with the lines."""
    quoted, product = affected(bulletin.document), product_of(bulletin.document)
    for line, inlines in running_text(quoted.section.blocks if quoted else ()):
        yield from ((release, line) for release in releases_in(plain(inlines), product))


def affects(bulletin: Bulletin) -> dict[tuple[str, str], tuple[bool, int]]:
    """Whether an id affects a release, where a sentence says so, with its line.

    The id is empty for what a sentence says of all that the bulletin addresses. Where sentences
    contradict each other, none says that it is not affected.
    """
    return _affects(bulletin, _sentences(bulletin))


def _affects(
    bulletin: Bulletin, sentences: Iterable[_Sentence]
) -> dict[tuple[str, str], tuple[bool, int]]:
    product, said = product_of(bulletin.document), dict[tuple[str, str], tuple[bool, int]]()
    releases = {row.release for row in bulletin.packages if row.release}
    releases |= {release for release, _ in _concerned(bulletin)}
    several, bad = _is_of_several(bulletin), set[tuple[str, str]]()
    for id_, line, text in sentences:
        if several and not (id_ or _EVERY.search(text)):
            continue  # it may be about the one that a heading names
        only = limited(text, product)
        no = (*spared(text, product), *(sorted(releases - {*only}) if only else ()))
        said |= {
            (id_, release): (True, line)
            for release in (*only, *affected_by_id(text, product))
            if id_
        }
        said |= {(id_, release): (False, line) for release in no}
        bad |= {(id_, release) for release in called_affected(text, product)}
    return {
        (id_, release): (yes, line)
        for (id_, release), (yes, line) in said.items()
        if yes or not {(id_, release), ("", release)} & bad
    }


def _sentences(bulletin: Bulletin) -> Iterator[_Sentence]:
    """The sentences that may say something of releases: the id that each is about, its line.

    One without an id is about that of the sentence before, in a paragraph. Of several ids at once,
    it is not clear which is meant.
    """
    own, several = _own(bulletin), _is_of_several(bulletin)
    titled = ((section_name(part.title), part) for part in sections(bulletin.document))
    logs = [part for title, part in titled if title in REVISION_SECTIONS]
    old = {line for log in logs for line in range(log.first, log.last + 1)}
    for line, inlines in running_text(bulletin.document.blocks):
        if line in old:
            continue  # a changelog says what was true once
        ids = {i.value: i.scheme for i in inlines if isinstance(i, Id)}
        text = " ".join(
            "".join(i.value if isinstance(i, Id) else words(i) for i in inlines).split()
        )
        if not _SIGN.search(text):
            continue
        text = _YET.sub(", unless ", text)  # what follows takes something back
        about: set[str] = set()
        for sentence in SENTENCE_END.split(text):
            here = [id_ for id_ in _NAME.findall(sentence) if id_ in ids]
            about = {id_ for id_ in here if ids[id_] == ids[here[0]]} or about
            if not ids or (not several and (not about or about & own.keys())):
                yield "", line, sentence
            elif len(about) == 1:
                yield min(about), line, sentence


def safe_from(bulletin: Bulletin) -> dict[PackageRow, frozenset[str]]:
    """Each row that is not affected, and by which ids only, as its section is about those.

    It is so by none, an empty id, where a sentence calls the release affected.
    """
    safe = [row for row in bulletin.packages if row.fix is Fix.NOT_AFFECTED]
    product = product_of(bulletin.document)
    every = (called_affected(text, product) for _, _, text in _sentences(bulletin)) if safe else ()
    bad = {release for each in every for release in each}
    named = _named_at(bulletin, {row.line for row in safe})
    none = frozenset({""})
    return {row: none if row.release in bad else named.get(row.line, frozenset()) for row in safe}


def _named_at(bulletin: Bulletin, lines: Collection[int]) -> dict[int, frozenset[str]]:
    """Those of several ids that the section of each line names, or else a title around it."""
    if not (lines and _is_of_several(bulletin)):
        return {}
    own, parts = _own(bulletin), sections(bulletin.document)
    named = [(m.line, m.value) for m in bulletin.all_mentions if m.value in own]
    if len(lines) * (len(parts) + 1) * len(named) > _MOST_COMPARED:
        return dict.fromkeys(lines, frozenset(own))
    found = {}
    for line in lines:
        around = [part for part in parts if part.first <= line <= part.last][::-1]
        spans = [(part.first, part.last) for part in around[:1]]
        spans += [(p.first, p.blocks[0].first - 1 if p.blocks else p.last) for p in around[1:]]
        every = (frozenset(v for n, v in named if first <= n <= last) for first, last in spans)
        found[line] = next(filter(None, every), frozenset())
    return found


def _own(bulletin: Bulletin) -> dict[str, str]:
    relations = bulletin.relations.items()
    return {value: scheme for (scheme, value), r in relations if r is Relation.ADDRESSED}


def _is_of_several(bulletin: Bulletin) -> bool:
    """Whether a bulletin can address more than one flaw; one may have a CVE and another id."""
    schemes = Counter(_own(bulletin).values())
    return max(schemes.values(), default=0) > 1 or len(schemes.keys() - {"CVE"}) > 1


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
    Quern 4.2 is not affected by this issue on some mills. =>
    Quern 4.2 is not affected, provided that the lid is closed. =>
    Quern 4.2 is not affected, unless the lid is open. =>
    Quern 4.2 is not affected (with a closed lid). =>
    Quern 4.2 is not affected after this update. =>
    Quern 4.2 is not affected as badly as Quern 4.1. =>
    Quern 4.2 is not vulnerable to the first attack. =>
    Quern 4.2 grinds wheat by default and is not affected. =>
    Quern 4.2 users on new mills are careful and are not affected. =>
    If the lid is closed, Quern 4.2 is not affected. =>
    On new mills, Quern 4.2 is not affected. =>
    On Quern 4.2, the lid is made of stone, and it is not affected. =>
    We thought wrongly, so Quern 4.2 is not affected. =>
    This flaw does not affect Quern 4.2 on new mills. =>
    This flaw does not affect Quern 4.2 templates. =>
    The workaround does not affect Quern 4.2. =>
    This update does not affect Quern 4.2. =>
    The second bug does not affect Quern 4.2. =>
    """
    return _certain(_forms(product)[0], text)


def limited(text: str, product: str) -> tuple[str, ...]:
    """The releases to which a text limits what it is about: others are not affected.

    XSA-1 affects only Quern 4.1. => 4.1
    This issue affects only Quern 4.1 and 4.2. => 4.1; 4.2
    XSA-1 affects only mill 4 or newer, thus only Quern R4.1 is affected. => 4.1
    The second bug affects only Quern 4.2. =>
    XSA-1 affects only some mills on Quern 4.1. =>
    XSA-1 affects only Quern 4.1 and later. =>
    XSA-1 affects only Quern 4.1 and older. =>
    XSA-1 affects only Quern 4.1 and possibly 4.0. =>
    XSA-1 affects only Quern 4.1 (and 4.0 with a new lid). =>
    Not only Quern 4.1 is affected. =>
    On old mills, only Quern 4.1 is affected. =>
    Only Quern 4.1 is affected by default. =>
    Only Quern 4.1 is vulnerable to theft, others to denial of service. =>
    """
    return () if open_range(text.rstrip(".!)")) else _certain(_forms(product)[1], text)


def affected_by_id(text: str, product: str) -> tuple[str, ...]:
    """The releases that an id affects, by a text.

    XSA-1 affects both Quern 4.0 and 4.1. => 4.0; 4.1
    XSA-1 (CVE-2020-1) affects only mills with a bell on both Quern 4.0 and Quern 4.1. => 4.0; 4.1
    XSA-1 is out, which does not affect Quern 4.1. =>
    XSA-1 affects only mills with a bell. =>
    """
    return _found(_forms(product)[2], text)


def called_affected(text: str, product: str) -> tuple[str, ...]:
    """The releases that a text calls affected.

    Quern 4.1 and 4.2 are affected, too. => 4.1; 4.2
    In short, Quern 4.1 is also vulnerable. => 4.1
    Quern 4.1 is not affected. =>
    """
    return _found(_forms(product)[4], text)


def unfixed(text: str, product: str) -> tuple[str, ...]:
    """The releases for which a text says that there is no fix, or that their time is over.

    No update is available for 4.2 or 4.1, and none will be. => 4.2; 4.1
    No update for Quern 4.2, which is too old. => 4.2
    Users of Quern 4.1 and 4.2 have no update to expect. => 4.1; 4.2
    Quern 4.0 reached end-of-life on 2022-08-04, and there is no fix for it. => 4.0
    For Quern 4.2, which is no longer supported, no fix is available. => 4.2
    There is no update of the mill in Quern 4.2. =>
    No update for Quern 4.2 is necessary. =>
    There is no fix for Quern 4.2 other than these packages. =>
    Quern 4.2 is not supported on old mills. =>
    """
    return _found(_forms(product)[3], text)


def _certain(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    """What is found in sentences without conditions or doubts."""
    plain_ones = (each for each in SENTENCE_END.split(text) if not DOUBT.search(each))
    found = (match for each in plain_ones for match in form.finditer(each))
    return _numbers(
        m for m in found if not _WHERE.search(m.string[max(m.start() - 1000, 0) : m.start()])
    )


def _found(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    return _numbers(m for sentence in SENTENCE_END.split(text) for m in form.finditer(sentence))


def _numbers(found: Iterable[re.Match[str]]) -> tuple[str, ...]:
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
_YET: Final = re.compile(
    r"(?<=[a-z0-9])\. (?=(?:However|But|Unless|Except|Still|Nevertheless|Nonetheless|Yet)\b)"
)
_EVERY: Final = re.compile(r"\b(?:these|any of|all of|both|none of|either)\b", re.IGNORECASE)
# A place before what is said: it holds there alone.
_WHERE: Final = re.compile(
    r"(?:^|[,;:(] )\(?(?:(?:and|but|so|while|whereas|However,) )?"
    r"(?:on|in|with|without|for|under|among|as)\b[^,;:]*$",
    re.IGNORECASE,
)
# What may follow, so that no condition does.
_END: Final = (
    r"(?=[.!)]{0,3}$|[,;] (?:nor|and|but|so|which|while|whereas|since|because)\b|,? due to\b"
    r"| (?:and|but|because)\b|,? (?:since|as) (?:it|they|its|their|that|this)\b)"
)
_BY_THIS: Final = (
    r"(?: (?:by|to) (?:any of )?(?:this|these|it|them|either of them)(?: (?:issues?|bugs?|flaws?"
    r"|vulnerabilit(?:y|ies)|problems?|advisor(?:y|ies)))?)?"
)
_NEEDLESS: Final = (
    r"(?![^;:]{0,80} (?:needed|required|necessary|other than|except|besides|had to|testing)\b)"
)
_STATES: Final = (
    r" (?:still )?(?:with|lacks?|does|do|has|have|had|uses?|contains?|includes?|ships?)\b"
)

_AN_ID: Final = r"[A-Z][A-Za-z-]{1,20}-[0-9][0-9-]{0,20}(?: \([^()]{1,40}\))?"
_THIS: Final = rf"(?:{_AN_ID}|(?:This|These) (?:issue|bug|flaw|vulnerabilit|problem)\w{{0,3}})"


@lru_cache(maxsize=64)
def _forms(product: str) -> tuple[re.Pattern[str], ...]:
    """What calls releases not affected, the only ones affected, affected by an id, or unfixed."""
    releases = f"({releases_pattern(product)})"
    who = rf"(?: (?:users|systems|installations|as such|itself)|{_STATES}[^,;:()]{{1,60}}? and)?"
    subject = rf"{_WHOSE}{releases}{who} (?:is|are|was|were|remains?) {_NOT}"
    nor = rf"(?:, nor (?:is|are) ((?:{re.escape(product)} )?[0-9][0-9.]{{0,8}}[0-9]))?"
    it = (
        rf"(?:(?:(?:On|In) )?{releases},? [^;:]{{1,80}}?,? that release"
        rf"|{releases}{_STATES}[^,;:()]{{1,60}}?, so it) is {_NOT}"
    )
    this = rf"{_THIS} (?:does|do|did) not affect {releases}"
    thus = "(?:^|[,;] (?:thus|so|hence|therefore) )"
    only = rf"{thus}[Oo]nly {releases} (?:is|are) (?:affected|vulnerable|impacted)"
    fix = "(?:updates?|fix(?:es)?|patch(?:es)?|packages?)"
    state = "(?: (?:is|are|will be|exists?)(?: (?:available|planned|provided|released))?)?"
    none = rf"\b[Nn]o {fix}{state} for (?:users of )?{releases}{_NEEDLESS}"
    gets = "(?:has|have|gets?|receives?|will (?:get|have|receive))"
    over = (
        "(?:(?:has |have )?(?:reached|met) (?:its |their )?end(?:-| )of(?:-| )life"
        "|(?:is|are|was|were) (?:no longer|not) supported(?! (?:by|in|on|with))"
        "|(?:is|are) (?:EOL|out of support))"
    )
    ends = f"{_START}(?:For )?{_WHOSE}{releases}(?:(?: users)? {gets} no {fix}|(?:, which)? {over})"
    forms = (
        rf"{_START}(?:{subject}|{this}|{it})\b{_BY_THIS}{nor}{_END}",
        rf"(?:^{_THIS} affects? only {releases}|{only})(?=[.!)]{{0,3}}$)",
        rf"^{_AN_ID} affects? (?:[^.,;:]{{1,80}} on )?(?:both |all )?{releases}",
        rf"{none}|{ends}\b",
        rf"{releases} (?:is|are|was|were) (?:(?!not )\w+ )?(?:affected|vulnerable)\b",
    )
    return tuple(re.compile(spaced(form)) for form in forms)
