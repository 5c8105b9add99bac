"""What a bulletin says for each release: a fix, none, that it is not affected, or nothing.

Sentences are read once, as claims; packages and the ids that a bulletin addresses decide what
those mean. A line ``TEXT => RESULT`` in a docstring is an example, which a test runs;
``tests/data/examples.txt`` has more.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import secpack.extract.packages.vocabulary as v
import secpack.model.blocks as b
from secpack.extract.sections import Passage, actions, affected, passages, sections
from secpack.model.archive import (
    Bulletin,
    Claim,
    Context,
    Document,
    Fix,
    PackageRow,
    Relation,
    Says,
)

#: No real text has so many releases, ids and sections.
_MOST_COMPARED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether there is a fix for a release; ``fix`` is None where the text does not say.

    ``packages`` are the fixed ones, ``lines`` where the text says so.
    """

    release: str
    fix: Fix | None
    packages: tuple[PackageRow, ...]
    lines: tuple[int, ...]


# --- what claims mean -------------------------------------------------------------------------


def answers(bulletin: Bulletin) -> tuple[Answer, ...]:
    """One answer for each release that a bulletin names, first those with packages.

    Packages decide; failing them, the last sentence on a release. A release that is only named
    among the affected ones has no answer: the text does not say that it is safe.
    """
    spared = affects(bulletin).items()
    said = [(n, r, Fix.NOT_AFFECTED) for (id_, r), (yes, n) in spared if not (id_ or yes)]
    none = [claim for id_, claim in _about(bulletin) if claim.says == "unfixed" and not id_]
    said += [(claim.line, release, Fix.NONE) for claim in none for release in claim.releases]
    named = [(line, release, None) for line, release in _claimed("named", bulletin)]
    in_order = (*named, *sorted(said, key=lambda each: each[0]))
    stated = {release: Answer(release, fix, (), (line,)) for line, release, fix in in_order}
    shipped = dict(_shipped(bulletin))
    return tuple((shipped | {r: stated[r] for r in stated if r not in shipped}).values())


def _shipped(bulletin: Bulletin) -> Iterator[tuple[str, Answer]]:
    """What packages say for each release."""
    of_some = {row for row, ids in safe_from(bulletin).items() if ids}
    every = {row.name or row.package for row in bulletin.packages} - {""}
    of_release = defaultdict[str, list[PackageRow]](list)
    for row in bulletin.packages:
        of_release[row.release].append(row)
    for release, rows in of_release.items():
        fixed = tuple(row for row in rows if row.fix is Fix.AVAILABLE)
        # A release is not safe where one of several packages is, or a target.
        safe = {row.name or row.package for row in rows if not row.target}
        is_safe = ("" in safe or (safe and every <= safe)) and of_some.isdisjoint(rows)
        has_none = any(row.fix is Fix.NONE for row in rows)
        fix = Fix.NONE if has_none else Fix.NOT_AFFECTED if is_safe else None
        lines = tuple(sorted({row.line for row in rows}))
        if release:
            yield release, Answer(release, Fix.AVAILABLE if fixed else fix, fixed, lines)


def affects(bulletin: Bulletin) -> dict[tuple[str, str], tuple[bool, int]]:
    """Whether an id affects a release, where a sentence says so, with its line.

    The id is empty for what a sentence says of all that the bulletin addresses. Where sentences
    contradict each other, none says that it is not affected.
    """
    releases = {row.release for row in bulletin.packages}
    releases |= {release for _, release in _claimed("named", bulletin)}
    hit, safe = dict[tuple[str, str], int](), dict[tuple[str, str], int]()
    risky = defaultdict[str, set[str]](set)  # ids by the releases that they may affect
    for id_, claim in _about(bulletin):
        others = releases - {"", *claim.releases} if claim.says == "only" else ()
        safe |= {(id_, other): claim.line for other in sorted(others)}
        for release in claim.releases:
            if claim.says == "safe":
                safe[id_, release] = claim.line
            if claim.says in ("affected", "only", "risky"):
                risky[release].add(id_)
            if claim.says in ("affected", "only") and id_:
                hit[id_, release] = claim.line
    said = {
        (id_, release): (False, line)
        for (id_, release), line in safe.items()
        if not (risky[release] & {"", id_} if id_ else risky[release])
    }
    return said | {pair: (True, line) for pair, line in hit.items()}


def _about(bulletin: Bulletin) -> Iterator[tuple[str, Claim]]:
    """The claims, each with the id that it is about; empty for all that the bulletin addresses."""
    own = _own(bulletin)
    several = _is_of_several(own)
    for claim in bulletin.claims:
        ids = claim.ids if several or own.keys().isdisjoint(claim.ids) else ()
        # Others may be about what a heading names; a missing fix is safe to report for all.
        if ids or not several or claim.of_all or claim.says == "unfixed":
            yield from ((id_, claim) for id_ in ids or ("",))


def _claimed(says: Says, bulletin: Bulletin) -> Iterator[tuple[int, str]]:
    """The releases of which a text says so, with the lines."""
    claims = (claim for claim in bulletin.claims if claim.says == says)
    yield from ((claim.line, release) for claim in claims for release in claim.releases)


def safe_from(bulletin: Bulletin) -> dict[PackageRow, frozenset[str]]:
    """Rows that are not affected, each with the ids that do not affect it: those of its section.

    Without ids, none affects it. An empty id means the contrary: a sentence calls it affected.
    """
    risky = {release for _, release in _claimed("risky", bulletin)}
    safe = [row for row in bulletin.packages if row.fix is Fix.NOT_AFFECTED]
    named = _named_at(bulletin, {row.line for row in safe}) if safe else {}
    return {row: frozenset({""}) if row.release in risky else named[row.line] for row in safe}


def _named_at(bulletin: Bulletin, lines: Collection[int]) -> dict[int, frozenset[str]]:
    """Of several ids those that the section of each line names, or else a heading around it."""
    own, parts = _own(bulletin), sections(bulletin.document)
    several = _is_of_several(own)
    named = [(m.line, m.value) for m in bulletin.all_mentions if m.value in own]
    if not several or len(lines) * (len(parts) + 1) * len(named) > _MOST_COMPARED:
        return dict.fromkeys(lines, frozenset(own if several else ()))
    found = {}
    for line in lines:
        around = [part for part in parts if part.first <= line <= part.last][::-1]
        spans = [(part.first, part.last) for part in around[:1]]
        spans += [(p.first, p.blocks[0].first - 1 if p.blocks else p.last) for p in around[1:]]
        every = (frozenset(v for n, v in named if first <= n <= last) for first, last in spans)
        found[line] = next(filter(None, every), frozenset())
    return found


def _own(bulletin: Bulletin) -> dict[str, str]:
    """The ids that a bulletin addresses, each with its scheme."""
    relations = bulletin.relations.items()
    return {value: scheme for (scheme, value), r in relations if r is Relation.ADDRESSED}


def _is_of_several(own: Mapping[str, str]) -> bool:
    """Whether these ids can be of more than one flaw; one may have a CVE and another id."""
    schemes = Counter(own.values())
    return max(schemes.values(), default=0) > 1 or len(schemes.keys() - {"CVE"}) > 1


def restart_after(bulletin: Bulletin) -> str:
    """What to restart after the update, by the sections that say what to do; empty if none does."""
    quoted = actions(bulletin.document, [row.line for row in bulletin.packages])
    pieces = (b.running_text(quotation.section.blocks) for quotation in quoted)
    said = (restart(b.plain(inlines)) for piece in pieces for _, inlines in piece)
    return next(filter(None, said), "")


# --- what sentences claim ---------------------------------------------------------------------


def find_claims(document: Document, releases: Iterable[str]) -> tuple[Claim, ...]:
    """What a text says of releases; ``releases`` are those that it has packages for.

    First come those that the section about affected systems names.
    """
    quoted, product = affected(document), v.product_of(document)
    pieces = b.running_text(quoted.section.blocks if quoted else ())
    named = ((line, v.releases_in(b.plain(inlines), product)) for line, inlines in pieces)
    claims = [Claim("named", line, numbers) for line, numbers in named if numbers]
    known = {*releases, *(number for claim in claims for number in claim.releases)}
    for passage, after in pairwise((*passages(document), Passage(0, (), Context.BODY))):
        back = v.TAKES_BACK.match(b.plain(after.inlines))
        # What is quoted is of others; a changelog says what was true once, or what was wrong.
        found = () if passage.quoted else _claims(passage, product, known, back[0] if back else "")
        for claim in found:
            lead, is_old = passage.lead, passage.context is Context.BACK_MATTER
            unsure = is_old or v.limits(lead, v.releases_in(lead, product))
            claims += [claim] if claim.says == "risky" or not unsure else []
    return tuple(claims)


def _claims(passage: Passage, product: str, known: Collection[str], after: str) -> Iterator[Claim]:
    """What running text says of releases; ``after`` is what takes its last words back.

    A sentence without an id is about that of the sentence before. Of several ids at once, it is not
    clear which is meant, unless a sentence begins with all of them: "XSA-1, XSA-2: ...".
    """
    schemes = {i.value: i.scheme for i in passage.inlines if isinstance(i, b.Id)}
    parts = (i.value if isinstance(i, b.Id) else b.words(i) for i in passage.inlines)
    text = " ".join("".join(parts).split()) + f". {after}" * bool(after)
    about, is_read = tuple[str, ...](), _SIGN.search(text)
    for sentence in v.SENTENCE_END.split(_YET.sub(", unless ", text)) if is_read else ():
        ids = [id_ for id_ in _NAME.findall(sentence) if id_ in schemes]
        about = tuple(i for i in dict.fromkeys(ids) if schemes[i] == schemes[ids[0]]) or about
        head = _HEAD.match(sentence)
        rest = sentence[head.end() :] if head else ""
        leads = head is not None and {*_NAME.findall(head[1])} - {"and"} <= schemes.keys()
        leads = leads and schemes.keys().isdisjoint(_NAME.findall(rest))
        is_clear = leads or len(about) < 2
        for says, releases in said(headed(rest, product, known) if leads else sentence, product):
            if is_clear or says in _LOOSE:
                of_all = _EVERY.search(sentence) is not None or (not is_clear and says == "risky")
                yield Claim(says, passage.line, releases, about if is_clear else (), of_all)


def headed(text: str, product: str, known: Collection[str]) -> str:
    """What a sentence says of the ids that it begins with, in full; releases can lack a name.

    4.1 and 4.2 are not affected. => Quern 4.1 and 4.2 are not affected.
    does not affect 4.2 => This issue does not affect Quern 4.2
    4.1 is affected, but 4.2 is not => Quern 4.1 is affected, but Quern 4.2 is not
    Xen 4.1 is not affected; 4.3 neither => Xen 4.1 is not affected; 4.3 neither
    """
    text = _IT.sub("This issue ", text)
    return _BARE.sub(lambda m: f"{m[1]}{product} {m[2]}" if m[2] in known else m[0], text)


def said(sentence: str, product: str) -> tuple[tuple[Says, tuple[str, ...]], ...]:
    """What a sentence says of releases; that they are safe only without conditions or doubts.

    R4.1 and R4.2 are unaffected, since they lack it. => safe; 4.1; 4.2
    Quern 4.1: not affected | Quern 4.2: affected => safe; 4.1; affected; 4.2
    Quern 4.2 is not affected, unless the lid is open. =>
    XSA-1 affects only Quern 4.1. => only; 4.1
    XSA-1 affects both Quern 4.0 and 4.1. => affected; 4.0; 4.1
    In short, Quern 4.1 is also vulnerable. => risky; 4.1
    No update for Quern 4.2, which is too old. => unfixed; 4.2
    For Quern 4.2, we do not plan to release updated packages. => unfixed; 4.2
    """
    unsure = v.UNSURE.search(sentence)
    found = [
        (says, tuple(_numbers(form, sentence, says)))
        for says, form in _forms(product).items()
        if says in _LOOSE or not unsure
    ]
    return tuple((says, numbers) for says, numbers in found if numbers)


def _numbers(form: re.Pattern[str], sentence: str, says: Says) -> Iterator[str]:
    for match in form.finditer(sentence):
        before = sentence[max(match.start() - 1000, 0) : match.start()]
        if says in _LOOSE or not v.PLACE.search(before):
            named = [words for words in match.groups() if words]
            is_open = says == "only" and v.open_range(" ".join(named))
            yield from (n for words in named if not is_open for n in v.release_numbers(words))


def restart(text: str) -> str:
    """What a text says to restart after the update, in its words; empty if it says nothing.

    Dom0 must be restarted afterward in order for the updates to take effect. => restart dom0
    A restart is required for these changes to take effect. => restart
    If you use the bell, dom0 must be restarted. =>
    """
    found = next(filter(None, map(_RESTART.search, v.SENTENCE_END.split(text))), None)
    if not found:
        return ""
    what = found["what"] or found["object"] or ("the system" if found["system"] else "")
    is_name = re.match(r"\w+[A-Z]", what)
    return f"restart {what if is_name else what[:1].lower() + what[1:]}".strip()


_RESTART: Final = re.compile(
    v.spaced(
        r"^(?:After [^,:]{1,80}, )?(?P<what>(?:[^\s.,;:()]{1,40} ){0,8}[^\s.,;:()]{1,40})"
        r"(?: \([^()]{1,200}\))? (?:must|should|needs? to|ha(?:s|ve) to)(?: then)? be re"
        r"(?:start|boot)ed\b|^An? (?:full )?(?P<system>system )?(?:restart|reboot) (?:will be|is) "
        r"(?:required|needed|necessary)|(?:^(?:(?:Please|Then|Afterwards,|After that,) )?"
        r"|^(?!If|Wh|Un)[^:]{1,200}"
        r"\b(?:and|then|(?:necessary|required|need|have|has) to) )[Rr]e"
        r"(?:start|boot) (?P<object>(?:[^\s.,;:()]{1,40} ){0,8}?[^\s.,;:()]{1,40})"
        r"(?= (?:for|afterwards?|when|once|with)\b|[.,;:]| [([]|$)"
    )
)


# Words of every sentence that is read here, fast to look for.
_SIGN: Final = re.compile(r"affect|vulnerable|impacted|No |no |not |support|life|EOL")
# What can be an id: XSA-1, VU#1
_NAME: Final = re.compile(r"\w[\w#.-]*\w")
_START: Final = (
    r"(?:^\(?| \| |[,;] (?:so that |so |and |but |while |whereas )?)(?:(?:However|Note that),? )?"
)
_WHOSE: Final = r"(?:(?:Users|Installations|Systems) (?:of|with|on|running) )?"
_NOT: Final = r"(?:therefore |also |thus )?(?:not |un)(?:affected|vulnerable|impacted)"
_IS: Final = r"(?: (?:is|are|remains?)|:)"
_YET: Final = re.compile(rf"(?<=[a-z0-9])\.{{1,2}} (?={v.TAKES_BACK.pattern})")
_LOOSE: Final[tuple[Says, ...]] = ("risky", "unfixed")  # what they call so may be unclear
_EVERY: Final = re.compile(r"\b(?:these|any of|all of|both|none of|either)\b", re.IGNORECASE)
# What may follow, so that no condition does.
_END: Final = (
    r"(?=[.!)]{0,3}$|[,;] (?:nor|so|since|because)\b|,? due to\b| because\b"
    r"|,? (?:since|as) (?:it|they|its|their|that|this)\b)"
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

_HEAD: Final = re.compile(
    rf"({_AN_ID}(?:(?:,(?: and)?| and| ?[&/]) {_AN_ID}){{0,8}})"
    r"(?: ?\[\w{1,3}\]| [\"“][^\"”]{1,200}[\"”]){0,9}"
    r"(?: ?:| [–—|]| --?) "
)
_IT: Final = re.compile(r"^(?:(?:[Tt]his|[Ii]t)(?: issue| bug| flaw)? )?(?=(?:does|do|affects?)\b)")
_BARE: Final = re.compile(
    r"((?:^| \| )(?:both |[Oo]nly )?|\baffects? (?:only |both )?"
    r"|\baffected[,;] (?:and |but |while )?(?:only )?)"
    r"([0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?)(?!\w|[.-]\w)"
)


@lru_cache(maxsize=64)
def _forms(product: str) -> dict[Says, re.Pattern[str]]:
    """How a sentence says each of these of releases."""
    releases, name = f"({v.releases_pattern(product)})", f"(?:{re.escape(product)} )?"
    who = rf"(?: (?:users|systems|installations|as such|itself)|{_STATES}[^,;:()]{{1,60}}? and)?"
    subject = rf"{_WHOSE}{releases}{who}{_IS} {_NOT}"
    nor = rf"(?:, nor (?:is|are) ({name}[0-9][0-9.]{{0,8}}[0-9]))?"
    it = (
        rf"(?:(?:(?:On|In) )?{releases},? [^;:]{{1,80}}?,? that release"
        rf"|{releases}{_STATES}[^,;:()]{{1,60}}?, so it) is {_NOT}"
    )
    this = rf"{_THIS} (?:does|do) not affect {releases}"
    thus = "(?:^|[,;] (?:thus|so|hence|therefore) )"
    only = rf"{thus}[Oo]nly {releases} (?:is|are) (?:affected|vulnerable|impacted)"
    fix = "(?:updates?|fix(?:es)?|patch(?:es)?|packages?)"
    state = "(?: (?:is|are|will be|exists?)(?: (?:available|planned|provided|released))?)?"
    none = rf"\b[Nn]o {fix}{state} for (?:users of )?{releases}{_NEEDLESS}"
    makes = "not (?:(?:plan|intend|going) to )?(?:release|provide|publish|issue|ship)"
    make = rf"{makes} [^.,;:]{{0,30}}?{fix}"
    skips = rf"{make} for {releases}|\b[Ff]or {releases},? (?:we )?[^.,;:]{{1,20}} {make}"
    gets = "(?:has|have|gets?|receives?|will (?:get|have|receive))"
    over = (
        "(?:(?:has |have )?(?:reached|met) (?:its |their )?end(?:-| )of(?:-| )life"
        "|(?:is|are|was|were) (?:no longer|not) supported(?! (?:by|in|on|with))"
        "|(?:is|are) (?:EOL|out of support))"
    )
    ends = f"{_START}(?:For )?{_WHOSE}{releases}(?:(?: users)? {gets} no {fix}|(?:, which)? {over})"
    two = rf"(?:[,;]| \|) (?:(?:and|but|while) )?(?:{name}|R)[0-9]"  # of another release
    forms: dict[Says, str] = {
        "safe": rf"{_START}(?:{subject}|{this}|{it})\b{_BY_THIS}{nor}(?:{_END}|(?={two}))",
        "only": rf"(?:^{_THIS} affects? only {releases}|{only})(?=[.!)]{{0,3}}$)",
        "affected": rf"^{_THIS} affects? (?:[^.,;:]{{1,80}} on )?(?:both |all )?{releases}"
        rf"|{_START}{_WHOSE}{releases}{_IS} (?:affected|vulnerable)\b",
        "risky": rf"{releases} (?:is|are|was|were),? (?:(?!not )\w+ )?(?:affected|vuln|too)"
        rf"|{releases} (?:with|on) [^.,;:]{{1,60}} (?:is|are)(?=[.!]?$)",
        "unfixed": rf"{none}|{skips}|{ends}\b",
    }
    return {says: re.compile(v.spaced(form)) for says, form in forms.items()}
