r"""Which ids a text names, and which of them it addresses by its own words.

A text is read sentence by sentence. ``RULES`` say what a sentence says of ids; where none fits,
their place counts: a bulletin addresses what its title and its summary name. Nothing here knows of
tracker data, which is compared with what is found here. docs/format.md says it to maintainers.

A rule is a form and, after a bar, its example. In a form, ``@`` is the ids that it is about, ``…``
some words without an id, ``~`` some words with or without, ``( a)?`` words that may be there;
brackets and bars are those of regular expressions, and words in capitals are below. A form holds
within a sentence. The first rule that fits decides; where none does, the section does.

In an example, ids up to 9 are what the rule is about, others are not; Quern is the product.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final, NamedTuple, TypeAlias

import secpack.extract.packages.vocabulary as v
import secpack.model.blocks as b
from secpack.extract.sections import Passage, passages
from secpack.model.archive import Context, Document, Mention
from secpack.parser.inline import Forms, citation_label, ids_at, parse_inline

# --- the grammar: what words say of ids --------------------------------------------------------

# HARM is what rules call HARMLESS. Rules of LATER hold also of ids that were named last; those of
# PICK of some ids that were named before, or of all others; those of ONLY of all others.
RULES: Final = r"""
= HARM
(NOT|(neither|none)( of (which|the(m|se| two)))?( ha(s|ve))?) AFFECT US_ALL | XSA-1: none affects us
NOT RELEVANT( IN US_ALL|END) | XSA-1 is not applicable to Quern.
(harmless|irrelevant|NO_EFFECT|NOT (be )?exploit(able|ed)) IN US_ALL | XSA-1 is harmless to us.
WE(( \w+){0,9} and)?( (is|are)|:)? UNHARMED( (by|to) (it|them))?(END) | XSA-1 | Quern: not affected
(AFFECT US|US HIT|\| (HIT|relevant|applicable|US))\?*: no(END) | XSA-1 | affects Quern: no
not (used|enabled|reachable|compiled|built) (in|into|by|on|from) US_ALL | XSA-1: not used in Quern.
US NEVER (use|enable|ship|support|run|build)(d|ped)?OBJECT | XSA-1: We never run it.
US( \w+){,3} NOT CONSIDER (it|this|them) RELEVANT( IN US_ALL|END) | XSA-1: We don't see it as a risk
(not our business|can( safely)? be ignored|affects none)( IN US_ALL|END) | XSA-1 can be ignored.
= UNLIKE ASIDE
(\A|\n)\W*(already FIX|FIX (before|earlier|previously)): @ | Already fixed: XSA-1
(unlike|contrast to|contrary to|opposed to) @ … HARMLESS | Unlike XSA-1, this does not affect us.
= NOT_AFFECTED
(\A|\n)\W*UNRELATED( IN)?( US)?: @ | Not applicable: XSA-1, XSA-2
@ (, APART,)?(… HARMLESS|UNHARMED(?=[.;])) | XSA-1, a bug, does not affect us, but XSA-10 does.
@ (is APART, and )?(do|does)( not|n't) apply(END) | XSA-1 is of mills, and does not apply.
\A\W*@ (is|are|was|were) (out of scope|unused)(END) | XSA-1 was unused.
AFFECT US_ALL ~ @ (do|does|is|are) not(END) | XSA-10 affects us. XSA-1 does not.
(WE|it) IS UNHARMED (by|to) @ | We are unaffected by XSA-1
no (supported … |\w+ of )?US( users?)? is HIT (by|to) @ | No release of Quern is hit by XSA-1.
US IS HIT ~ but not( HIT)? (by|to) @ | We are hit by XSA-10, but not by XSA-1.
(neither|none of( the others?)?) @ (AFFECT US_ALL|apply(END)) | None of XSA-1 and XSA-2 affects us.
US( \w+){,3} NOT CONSIDER @ (to be )?RELEVANT( IN US_ALL|END) | We do not consider XSA-1 a problem.
@ ([^|:]*\| )?((US )?[0-9.]+: (no|UNHARMED)[\s|]*)+\Z | XSA-1 | 4.1: no | 4.2: no
(following|others?|rest|s (that|which)) … HARMLESS: ~ @ | The others do not affect us: XSA-1, XSA-2.
= LATER HARMLESS
@ … ((is|are) |[(:,]\s?)limited to( \w+)? DOS( IN US)?(END) | The impact of XSA-1 is limited to DoS.
@ … ONLY( a)? DOS(END) | XSA-1. Only DoS.
= HARMLESS
@ … (DOS only|impact is( \w+ to be)?( only)?( a)? DOS) | XSA-1 (DoS only) and XSA-10 came out.
= FIX
(install|issued|released|published|PACKAGES) … (FIX|update)s? for @ | We released a fix for XSA-1.
FIX( for)? @ … (included|backported|contained|yet|PACKAGES) | The fix for XSA-1 has been backported.
= ASIDE
(previous|earlier|prior|older|infamous|common with)(?! version)[^,;]{0,60} @ | The older XSA-1.
(FIX|change|mitigations?|work(around)?s?) (of|for|to|in|from|with|on) @ | A fix for XSA-1 is it.
@ ('s )?(FIX|change|mitigations?|regressions?)\b | The XSA-1 fix had caused it.
(regression|variant|successor|sequel|follow-?up|case|caused|similar|related) OF @ | Case of XSA-1
(unlike|(contrast|contrary|opposed) to|whereas|like|besides|despite) @ | It is like XSA-1.
((than|not|after|followed|while fixing) @|since @(?!\W*(AFFECT|is)\b)) | It is worse than XSA-1.
in \x01+,? we ~ @ | In QSB-002, we described a similar flaw, XSA-1.
@ (is|are|was) (not |un|closely |only )?(related|similar|alike)(END| but) | XSA-1 is alike.
(remind\w*( us)? of|same [^.;]{3,30} as|our bulletin (on|about)) @ | It reminds us of XSA-1.
(confuse|mistake)[^.;]{0,30} (with|for) @ | Do not confuse it with XSA-1.
(see also|compare|, see) @ | See also XSA-1.
(such as|as (with|for|in)|(do|connection) with|(said|noted) that|supersedes) @ | It is as in XSA-1.
(NOT FIX|had|(year|month|week)s (ago|earlier|before)) ~ @ | Years ago, they released XSA-1.
@ … (publish|releas|issu)ed[^.,;]{0,30} (last year|years? (ago|before)|YEAR) | XSA-1 issued in 2019
\x02 [^()]{1,80}\(\x00[^()]*\)\s*$ | The fallout of XSA-1 (XSA-10)
@ … (put off|postponed|withdrawn|in (an earlier|bulletin|QSB|[\x00\x01])) | XSA-1: put off.
@ … a (separate|later) (bulletin|QSB) | XSA-1 is for a later bulletin.
@ (is|are|ha(s|ve)( already)? been) FIX (in|by) \x01 | XSA-1 is covered by QSB-002.
@ … (?<!s[,;]\s)(some|one|few|several|not all) of (which|these) | XSA-1, one of which hits.
@ (was|were|had)\b (?!(not )?PUBLIC|(\w+ ){0,2}(rated|embargo|given|disclosed)) | XSA-1 was bad.
@ (will follow|(is|are) ((still|not|under|yet) ){1,3}(public|embargo)) | XSA-1 is not yet public.
@ ha(s|ve) not( yet)? been PUBLIC | XSA-1 has not been published yet.
= OTHER FIX
(PACKAGES|it|they|we) … FIX ~ @ | These packages fix XSA-1, XSA-2.
= PICK
ONLY the WHICH … AFFECTS US_ALL | XSA-10, XSA-1, XSA-2 came out. Only the first affects us.
US (is|are) … by the WHICH only | XSA-10, XSA-1 are out. We are hit by the first only.
WHICH( of \w+| one| issue)?( (do|does|is|are|was))? HARMLESS | XSA-1, XSA-10: the first affects none
= ONLY
@ (is|are) the only( \w+)? that AFFECTS US_ALL | XSA-1. XSA-10 is the only one that affects us.
ONLY( one of (these|those|them))? @ … AFFECTS US_ALL | XSA-1. Only one of them, XSA-10, affects us.
(\A|of (these|those|them),? )ONLY @ ((is|are) relevant|matters?)(END) | XSA-1. Only XSA-10 matters.
US ONLY_HIT (by|to) @ OF_ALL | XSA-1 is out. We are only hit by XSA-10.
(except( for)?|exception of|apart from|all but) @ … HARMLESS | XSA-1. All but XSA-10 can be ignored.
= HIT
@( also)? AFFECTS US | XSA-1, XSA-10 and XSA-11 came. Only XSA-10 affects us. XSA-11 affects us.
@ … (US:? HIT|(AFFECT US|US HIT)\?*: yes) | XSA-1, XSA-11: harmless for us. XSA-11: Quern: affected
US IS( also)? HIT (by|to) @ | XSA-1, XSA-11 came. They do not affect us. We are hit by XSA-11.
"""

_WORDS: Final = {
    "NOT": r"\b(not|cannot|\w+n't)",
    "NEVER": r"((do |does )?NOT|never|neither)",
    "YEAR": r"(19|20)[0-9]{2}\b",  # long ago: rules do not see the year of a text, and the last
    "PUBLIC": r"((publish|releas|issu|announc|disclos|report|assign|discover)ed|found|made public)",
    "FIX": r"(fix|patch|backport|address|resolve|close|cover)(es|d|ed|s)?\b",
    "ONLY": r"(?<!not\s)(?<!n't\s)\bonly",
    "IS": r"(is|are|was|were|ha(s|ve) been)",
    "CONSIDER": r"(consider|regard|see)",
    "APART": r"[^,;:.\0-\2]{1,90}",  # what is said aside
    "HIT": r"(affected|hit|vulnerable|exposed)",
    "ONLY_HIT": r"(IS ONLY( ever)? HIT|IS HIT ONLY|ha(s|ve) ONLY( ever)? been HIT)",
    "OF_ALL": r"(of (these|those|them|the above))?(?=\s*([.;:)]|\Z))",
    "UNRELATED": r"([\w-]+ (that|which) (are|do) )?((not |un)(affect(ed|ing)?|applicable|relevant"
    r"|vulnerable)|irrelevant)",
    "UNHARMED": r"(not |un)(affected|vulnerable|exposed)",
    "AFFECT": r"\b((affect|impact|concern|undermine)s?|appl(y|ies) to|matters? (for|to)"
    r"|an (impact|effect|influence) on)"
    r"( the security of)?",
    "AFFECTS": r"(?<!not\s)(?<!n't\s)(AFFECT|(is|are|be) RELEVANT (for|to|in))",
    "RELEVANT": r"(considered )?(relevant|applicable|of concern|((as |pose )?a )?(security )?"
    r"(problem|issue|vulnerabilit(y|ie)|threat|risk)s?)",
    # Nothing later says that more than a denial of service is possible.
    "DOS": r"(denial[ -]of[ -]service|DoS)( attacks?)?\b"
    r"(?![^\0]{0,200}\b(escalat|execut|leak|disclos|corrupt|escape))",
    "PACKAGES": r"(packages?|updates?)\b",
    "WHICH": r"(?P<which>first|former|second|(latter|last)( two)?|which(?= (is|does|has|was)))",
    "WE": r"((users|security) of US|(?<!\b(?:of|in|on)\s)(?<!\bwith\s)US)",
    "US_ALL": r"(US)(END)",  # not only of some release or part
    # What is not used anywhere, and does not protect.
    "OBJECT": r"\b(?![^.;]{0,80}\b(only|but|mitigat\w*|(work|shadow)\w*|smt)\b)"
    r"( (?!(FIX|updates?|for|in|on|to|with)\b)[\w-]+){0,6}(END)",
    "NO_EFFECT": r"(without effect|no( \w+)? (impact|effect|influence|interest|threat|risk))",
    "IN": "(by|for|to|in|on)",
    "OF": r"(of|by|to|from)( \x01+)?",
    "END": r"( users| at all)?(?=\s*([.;:()|]|,(?! but in\b)|\Z|\s(AS)\b))",
    "AS": r"because(?! (of|the PACKAGES))|as(?!\s+\w+\s+as\b)",
}

# What is said of these, is not said of a whole advisory.
_PART: Final = r"(part|mitigation|workaround|patch|fix|exploit|attacker|(first|second|one|some) \w)"
# What is said in doubt, below such a list, or behind such a place or time, may not hold.
_DOUBT: Final = re.compile(
    rf"{v.DOUBT.pattern}|\x03|\bcontrary to (?![\0-\2])"
    r"|\A\W*(?:(?:when|where|once|after|before|with(?:out)?|on|in)\b[^,;:]{1,80}, (?:only )?\x02"
    r"|(?:once|after|before|with(?:out)?)\b(?! the exception of)[^,;:]{1,80}, )"
    rf"|\b{_PART}\w*\b[^.,;:\0-\2]{{0,60}} \x02 (?:do|does|is|are|has|have|can|cannot)\b",
    re.IGNORECASE,
)

Grammar: TypeAlias = dict[str, list[re.Pattern[str]]]  # rules as expressions, by their part

#: What rules see: characters of advisories and of other ids; the ids that they are about; a limit.
_ADVISORY, _OTHER, _HERE, _LIMITED = "\0", "\1", "\2", "\3"
_ID: Final = _ADVISORY + _OTHER
# Between words of a form and ids, and after those: brackets, quotes, citations, little words.
_BETWEEN: Final = rf"(?:[^\w{_ID}]|\b(?:the|an?|advisor(?:y|ies)|issues?)\b){{0,10}}"
_BEHIND: Final = rf"(?:[^\w{_ID}\"“]|(?<=\[)\w{{1,3}}(?=\])){{0,10}}"


def rules() -> Iterator[tuple[str, str, str]]:
    """All rules: what their part is called, form, example."""
    for part, *lines in (part.strip().split("\n") for part in RULES.split("\n= ")[1:]):
        for line in lines:
            form, _, example = line.partition(" | ")
            yield part, form, example


@lru_cache(maxsize=64)
def grammar_for(issuer: str) -> Grammar:
    """The grammar for texts of an issuer."""
    us = rf"\b(?:{re.escape(issuer).replace(' ', 's+')}(?:\s+OS)?|us|we)\b"  # \s+ for a space
    harm = "|".join(form for part, form, _ in rules() if part == "HARM")
    words = _WORDS | {"HARMLESS": f"({harm})"}
    grammar: Grammar = defaultdict(list)
    for part, form, _ in rules():
        text = form
        for _ in range(5):  # words in words
            text = re.sub(r"\b[A-Z_]{2,}\b", lambda word: words.get(word[0], word[0]), text)
        text = re.sub(r" *@ *", lambda at: f"{_BETWEEN * bool(at.start())}{_HERE}{_BEHIND}", text)
        text = text.replace(" ", r"\s+")
        text = re.sub(r"(\\s\+)?…(\\s\+)?", rf"(?!\\w)[^{_ID}{_HERE}]{{0,80}}(?<!\\w)", text)
        text = re.sub(r"(\\s\+)?~(\\s\+)?", rf"(?!\\w)[^{_HERE}]{{0,160}}(?<!\\w)", text)
        text = re.sub(r"\bUS\b", lambda _: us, text)
        grammar[part].append(re.compile(text, re.IGNORECASE))
    return grammar


def said(grammar: Grammar, words: str, *parts: str) -> Context | None:
    """What words say of ids, by the first of some parts of which a rule fits."""
    return next((Context[part.split()[-1]] for part in parts if _match(grammar, part, words)), None)


def _match(grammar: Grammar, part: str, words: str) -> re.Match[str] | None:
    """What fits words; nothing excludes an id under a condition, or in doubt."""
    found = next(filter(None, (form.search(words) for form in grammar[part])), None)
    excludes = found and part in ("NOT_AFFECTED", "PICK", "ONLY")
    return None if excludes and _DOUBT.search(" ".join(words.split())) else found


_Lists: TypeAlias = "list[list[_Name]]"  # ids that are named together
_Cited: TypeAlias = Mapping[str, Sequence[tuple[str, str]]]  # advisories by a reference's label

_FEW: Final = r"(?i)(?<!all )\b(it|this|one|two|half|some|several|few|many|first|latter|former)\b"
# What comes below is meant, or what is above.
_BELOW: Final = r"(?i)\b(following|th[eo]se|them|below|others?|remaining|rest)\b[^.]*:\s*\Z"
_ABOVE: Final = r"(?i)\b(it|th[eo]se|this|they|them|n?either|none|both|all|following|others?)\b"
_FOLLOWING: Final = re.compile(r"\bthe following(?: ones?| issues?| advisor(?:y|ies))?\b", re.I)
_OTHERS: Final = rf"{_BELOW}|\b(\w*others?|rest|remaining|else|following|below|the {_PART})"
_AND_MORE: Final = re.compile(
    r"\b(?:and|among)\s(?:\w+\s)?(?:others|more)\b|\betc\b", re.IGNORECASE
)
_MOST: Final = 10_000  # mentions of a kind in a text
_MAX_NAMES: Final = 100  # of an id in a passage, and of a kind in a text
_MAX_SENTENCE: Final = 300
_NEAR: Final = 180  # characters before and after ids that rules see

_ADDRESSES: Final = (Context.TITLE, Context.SUMMARY, Context.HEADING, Context.FIX)
_SENTENCE_END: Final = re.compile(
    r"[.!?](?<![ .][^\W\d][.!?])(?<!vs[.!?])(?<!etc[.!?])[\"”)]{0,2}(?:\s\[[0-9*]{1,3}\])?"
    rf"\s+(?![{_ID}][{_ID}\s,and]{{,60}}\s(?:do|does|is|are)\snot[.,])(?=[A-Z\"“(_*{_ID}])|\n\s*\n"
    r"|\n(?=(?:Not|Un|Irr|Already|Fixed)[^\n.:]{0,40}:)"
)
# Before a comma that parts ids: "Unlike XSA-1, XSA-2 is bad."
_UNLIKE: Final = re.compile(rf"(?i)(\bunlike\s[{_ID}]{{1,20}}),(?=\s[{_ID}]{{1,20}}\s(?!and|or)\w)")
# Between ids that are named together; a bracket joins an advisory only to ids of other schemes.
_JOINT: Final = re.compile(
    rf"(?:[\s,;&/|)–-]|\((?={_OTHER})|\[[0-9]{{1,2}}\]"
    r"|\b(?:and|n?or|to|through|thru|as\s+well\s+as|part\s+of)\b){0,20}"
)
# Before the subject of a heading: next to nothing, or an open bracket.
_LEADING: Final = re.compile(r"(?:\s|\*|the\b|Xen\sSecurity\sAdvisory){0,30}|.*\([^()]*", re.DOTALL)
# Before a CVE that a quotation gives its subject: an open bracket, or such a word.
_GIVEN: Final = re.compile(r"(?:\([^()]*|\b(?:assigned|allocated)\b[^.]{0,80})\Z", re.IGNORECASE)
_ANNOUNCED: Final = re.compile(r"[^\0]*\b(?:announced|published|disclosed|released|issued)\b[^\0]*")
# A bracket that excludes one id, and says so in itself.
_OF_ONE: Final = re.compile(
    r"\s?\((?![^()]*\b(?:all|both|each|n?either|none|they|these|those|were|are|do)\b)"
    r"[^()\0\1]{0,60}\b(?:not|DoS|denial[ -]of[ -]service)\b",
    re.IGNORECASE,
)
# An advisory with its title in quotes; what is between an advisory and its CVE, or two CVEs.
_TITLE: Final = re.compile(
    r"(?:Xen\s+Security\s+Advisory\s+)?[\w-]+(?:[\s,:()\[\]/]|CVE-[\d-]++|[0-9]){1,60}"
    r"[\"“]([^\"”]{3,200})[\"”]"
)
_BOUND: Final = re.compile(
    r"(?:\s?\[[0-9]{1,2}\])?(?:\s[\"“][^\"”]{3,200}[\"”])?\s?(?:(?P<same>[/([=]|a\.?k\.?a\.?"
    r"|(?:(?:was|is|has\sbeen)\s)?(?:assigned\s)?to\b)|,(?:\s?and\b)?|and\b|&)\s{0,2}"
)


def find_mentions(document: Document) -> tuple[Mention, ...]:
    """All places where a text names an advisory or another id, in order; bulletins left out.

    Where a text says the same of an id over and over, some are left out, too.
    """
    mentions: dict[Mention, None] = {}
    kept: Counter[tuple[str, Context]] = Counter()
    reader = _Reader(document)
    for passage in passages(document):
        reader.read(passage)
    for mention in reader.mentions():
        own, every = (mention.value, mention.context), ("", mention.context)
        if kept[own] < _MAX_NAMES and kept[every] < _MOST:
            kept.update([own, every])
            mentions[mention] = None
    found = {mention.value for mention in mentions}  # the URL of DSA-1-1 has only DSA-1
    whole = [m for m in mentions if m.scheme != "DSA" or f"{m.value}-1" not in found]
    return tuple(sorted(whole, key=lambda mention: mention.line))


def decide(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """The mentions by which a text addresses ids, in order; the rest is mentioned."""
    spared = {m.value for m in mentions if m.context in (Context.NOT_AFFECTED, Context.HARMLESS)}
    titled = {m.value for m in mentions if m.context is Context.TITLE and m.scheme == "XSA"}
    others = {m.value for m in mentions if m.context is Context.SUMMARY and m.scheme == "XSA"}
    in_part = any(m.context is Context.TITLE and _AND_MORE.search(m.sentence) for m in mentions)
    if titled and not in_part:  # otherwise, a title names all advisories, or none
        spared |= others - titled
    addressed = {m.value for m in mentions if m.context in _ADDRESSES} - spared
    found = (m for m in mentions if m.context in _ADDRESSES or m.advisory in addressed)
    return tuple(m for m in found if m.value not in spared)


class _Name(NamedTuple):
    """An id that is named; in a range, where that ends. ``kind`` is Id, Link or Citation."""

    scheme: str
    value: str
    start: int
    end: int
    line: int
    kind: type[b.Inline]


class _Sentence(NamedTuple):
    """A part of the words of a passage, printed and masked; ids by what is named together."""

    passage: Passage
    printed: str
    masked: str
    start: int
    end: int
    names: _Lists
    limit: str  # a mark where words above a list limit what it says

    def before(self, names: Sequence[_Name]) -> str:
        """The words before some ids, as rules see them."""
        return self.masked[max(self.start, names[0].start - _NEAR) : names[0].start]

    def around(self, names: Sequence[_Name] = ()) -> str:
        """The words around some ids, with a mark for those; or around ids that are named before."""
        before, end = (self.before(names), names[-1].end) if names else ("", self.start)
        return f"{before}{_HERE} {self.masked[end : min(self.end, end + _NEAR)]}{self.limit}"

    def short(self, place: int) -> str:
        """The printed words at a place on one line, cut off where they are long."""
        begin = max(self.start, min(place - _MAX_SENTENCE // 3, self.end - _MAX_SENTENCE))
        words = self.printed[begin : min(self.end, begin + 2 * _MAX_SENTENCE)].split()
        return _cut("…" * (begin > self.start) + " ".join(words))


def _cut(words: str) -> str:
    return words if len(words) <= _MAX_SENTENCE else f"{words[: _MAX_SENTENCE - 1]}…"


def _sentences(passage: Passage, cited: _Cited, forms: Forms, now: str) -> Iterator[_Sentence]:
    """The sentences of a passage; ``cited`` are the advisories that citations lead to.

    ``now`` is an expression for the years around the text.
    """
    parts: list[b.Inline] = []
    for inline in passage.inlines:
        mark = [b.Text(inline.mark)] if isinstance(inline, b.Emphasis) else []
        inside = parse_inline(b.words(inline), forms) if mark else (inline,)
        parts += [*mark, *inside, *mark]
    printed = "".join(map(b.words, parts))
    masked = _UNLIKE.sub(r"\1:", re.sub(now, "0000", "".join(map(_masked, parts))))
    names: _Lists = []
    for name in _names(parts, passage.line, cited):
        last = names[-1][-1] if names and name.kind is names[-1][-1].kind is b.Id else None
        joint = last and _JOINT.match(masked, last.end)
        if joint and joint.end() >= name.start:
            names[-1].append(name)
        else:
            names.append([name])
    starts = [together[0].start for together in names]
    ends = [match.end() for match in _SENTENCE_END.finditer(masked)]
    limit = _LIMITED * v.limits(passage.lead)
    for start, end in pairwise([0, *ends, len(printed)]):
        own = names[bisect_left(starts, start) : bisect_left(starts, end)]
        yield _Sentence(passage, printed, masked, start, end, own, limit)


def _masked(part: b.Inline) -> str:
    """What rules see: characters of ids as such, and nothing of what emphasizes words."""
    words = b.words(part)
    if isinstance(part, b.Id):
        return (_OTHER, _ADVISORY)[part.scheme == "XSA"] * len(words)
    return words if words.strip("*_") else " " * len(words)


def _names(parts: Sequence[b.Inline], line: int, cited: _Cited) -> Iterator[_Name]:
    """All ids that running text names or leads to; of one that it names very often, the first."""
    start = 0
    counted: Counter[tuple[str, str]] = Counter()
    for n, part in enumerate(parts):
        end = start + len(words := b.words(part))
        label = citation_label(part.label) if isinstance(part, b.Citation) else ""
        for scheme, value in cited.get(label, ()) or ids_at(parts, n):
            counted[scheme, value] += 1
            if scheme != "bulletin" and counted[scheme, value] <= _MAX_NAMES:
                yield _Name(scheme, value, start, end, line, type(part))
        start, line = end, line + words.count("\n")


def _cited_advisories(document: Document) -> _Cited:
    """The advisories that references name or link to, by label; of very many, the first."""
    cited = {}
    for reference in b.references(document.blocks):
        texts = (inlines for _, inlines in b.running_text(reference.blocks))
        ids = (i for parts in texts for n in range(len(parts)) for i in ids_at(parts, n))
        advisories = dict.fromkeys(i for i in ids if i[0] == "XSA")
        cited[citation_label(reference.label)] = tuple(islice(advisories, _MAX_NAMES))
    return cited


class _Reader:
    """Reads the passages of a text in order; ``mentions`` are what they name."""

    def __init__(self, document: Document) -> None:
        head = document.letterhead
        year = head.date.year if head and head.date else 0
        self._now = rf"(?:{year}|{year - 1})\b" if year else _WORDS["YEAR"]
        self._forms, self._cited = document.forms, _cited_advisories(document)
        self._grammar = grammar_for(head.issuer if head else "us")
        self._every: list[Mention] = []
        self._around: list[tuple[str, set[str]]] = []  # the words around ids, with the ids
        self._hit: set[str] = set()  # ids that no sentence excludes
        # What was named last, up to the end of the next passage; and in the list that this is in.
        self._subject: list[Mention] = []
        self._listed: list[Mention] = []
        self._group, self._quoted = 0, False
        self._spares = False  # below "These do not affect us:"
        self._affects = False  # below "Only the following affect us:"

    def read(self, passage: Passage) -> None:
        """Read the next passage."""
        begins = isinstance(next(iter(passage.inlines), None), b.Id)
        left = self._group not in (0, passage.group)
        is_below = not left and (begins or passage.quoted or passage.group > 0)
        self._spares, self._affects = self._spares and is_below, self._affects and is_below
        if self._quoted and not passage.quoted:
            self._subject = []
        if passage.group != self._group:
            self._subject, self._listed = self._listed or self._subject, []
        self._group, self._quoted = passage.group, passage.quoted
        if self._is_silent(passage.inlines):
            return
        goes_on = passage.quoted
        for sentence in _sentences(passage, self._cited, self._forms, self._now):
            self._read_sentence(sentence, begins=begins and not sentence.start)
            goes_on |= bool(sentence.names)
        if not goes_on:
            self._subject = []

    def _is_silent(self, inlines: Sequence[b.Inline]) -> bool:
        """Whether words name no id, and can say nothing of ids before or below them."""
        named = not all(isinstance(inline, (b.Text, b.Code)) for inline in inlines)
        return not (named or self._subject or any(":" in b.words(inline) for inline in inlines))

    def _read_sentence(self, sentence: _Sentence, *, begins: bool) -> None:
        """Read the next sentence; ``begins`` is whether an id begins it, and its passage."""
        found, again = _read(sentence, self._subject, self._grammar)
        if self._spares and begins and not _DOUBT.search(sentence.masked):
            own = (m for m in found if m.context is sentence.passage.context)
            again += [replace(m, context=Context.NOT_AFFECTED) for m in own]
        if self._affects and begins:
            self._hit |= {m.value for m in found}
        if self._affects_below(sentence):
            self._affects, words = True, sentence.short(sentence.start)
            others = [m for m in self._subject if m.context in _ADDRESSES]
            again += [replace(m, context=Context.NOT_AFFECTED, sentence=words) for m in others]
        self._spares |= self._spares_below(sentence)
        self._every += (*found, *again)
        if v.TAKES_BACK.match(sentence.masked, sentence.start):  # it takes something back
            self._hit |= {m.value for m in self._subject if m.context is Context.NOT_AFFECTED}
        spared = {m.value for m in found if m.context is Context.NOT_AFFECTED}
        named = ((names, {name.value for name in names}) for names in sentence.names)
        self._around += [(sentence.around(names), ids - spared) for names, ids in named]
        if found and not self._quoted:
            self._subject = [m for m in found if m.context is not Context.ASIDE][:_MAX_NAMES]
            if self._group and len(self._listed) < _MAX_NAMES:
                self._listed += self._subject
        elif again:
            self._subject = []

    def _spares_below(self, sentence: _Sentence) -> bool:
        """Whether a sentence says that what is listed below, or all but one, does no harm."""
        words = "" if self._group else sentence.masked[sentence.start : sentence.end]
        if _is_label(sentence) and _match(self._grammar, "NOT_AFFECTED", f"{words}{_HERE}"):
            return True
        part = "ONLY" if sentence.names else "NOT_AFFECTED"
        if not re.search(_BELOW, words) or v.limits(words.strip()):
            return False
        near = map(sentence.around, sentence.names or [[]])
        return any(_match(self._grammar, part, words) for words in near)

    def _affects_below(self, sentence: _Sentence) -> bool:
        """Whether a sentence says that only what is listed below is a problem."""
        words = _FOLLOWING.sub(_HERE, sentence.masked[sentence.start : sentence.end])
        is_above = words.rstrip().endswith(":") and not (self._group or sentence.names)
        return is_above and bool(_match(self._grammar, "ONLY", words))

    def mentions(self) -> list[Mention]:
        """All mentions in order, and again those of which a later sentence says more.

        None excludes an id of which another sentence says the contrary.
        """
        excluded = {m for m in self._every if m.context is Context.NOT_AFFECTED}
        spared = {m.value for m in excluded}
        around = [(words, ids) for words, ids in self._around if ids & spared]
        harmed = (ids for words, ids in around if _match(self._grammar, "HIT", words))
        hit = self._hit.union(*harmed)
        contrary = {m for m in excluded if m.value in hit}
        contexts = ((m, Context.BODY if m in contrary else m.context) for m in self._every)
        return _paired([replace(m, context=context) for m, context in contexts])


def _is_label(sentence: _Sentence) -> bool:
    """Whether words are about nothing but what is below them: "Not applicable:"."""
    words = sentence.masked[sentence.start : sentence.end].rstrip()
    return words.endswith(":") and not (sentence.names or re.search(_ABOVE, words))


def _paired(mentions: Sequence[Mention]) -> list[Mention]:
    """Where a CVE is side by side with its advisory anywhere, it is that one's everywhere."""
    pairs = {m.value: m.advisory for m in mentions if _is_pair(m)}
    owners = ((m, pairs.get(m.value, m.advisory) if m.advisory else "") for m in mentions)
    return [m if _is_pair(m) else replace(m, advisory=owner) for m, owner in owners]


def _is_pair(mention: Mention) -> bool:
    """Whether a CVE is side by side with its advisory; what only names both, says less."""
    cve, advisory, words = mention.value, mention.advisory, mention.sentence
    ends = ((cve, advisory), (advisory, cve)) if advisory else ()
    return any(f"{a}{joint}{b}" in words for a, b in ends for joint in ("/", " / ", " (", "("))


def _read(
    sentence: _Sentence, subject: list[Mention], grammar: Grammar
) -> tuple[list[Mention], list[Mention]]:
    """What a sentence names; and again, what of that and of the subject it calls harmless."""
    if not (sentence.names or subject):
        return [], []
    picked = set() if sentence.passage.quoted else _picked(sentence, subject, grammar)
    lists = [part for names in sentence.names for part in _parts(sentence, names)]
    contexts = [(n, c) for n in lists if (c := _context(sentence, n, grammar, picked))]
    partners = _partners(sentence, subject, [n for n, c in contexts if c is not Context.ASIDE])
    found = [
        _mention(sentence, name, context, partners.get(name.value, ""))
        for names, context in contexts
        for name in names
    ]
    near, harm = [m for m in (*subject, *found) if m.value in picked], Context.NOT_AFFECTED
    if subject and not (picked or found or sentence.passage.quoted or _is_label(sentence)):
        comment = ["HARMLESS"] if subject[0].sentence.startswith(subject[0].value) else []
        words = sentence.around()
        several = len({m.value for m in subject if m.scheme == subject[0].scheme}) > 1
        unsure = (several and re.search(_FEW, words)) or re.search(_OTHERS, words)
        parts = [] if unsure else ["NOT_AFFECTED"]
        later = said(grammar, words, *parts, "LATER HARMLESS", *comment)
        near, harm = subject if later else [], later or harm
    words = sentence.short(sentence.start)
    both = {m.value: (m, _cut(f"{m.sentence.removesuffix(words)} {words}".strip())) for m in near}
    return found, [replace(m, context=harm, sentence=words) for m, words in both.values()]


def _parts(sentence: _Sentence, names: list[_Name]) -> Iterator[list[_Name]]:
    """The ids of a list, the last apart if it has a bracket: "XSA-1 and XSA-2 (DoS only)"."""
    last = max(n for n, name in enumerate(names) if name.scheme == names[0].scheme)
    bracket = _OF_ONE.match(sentence.masked, names[-1].end)
    yield from filter(None, (names[:last], names[last:]) if bracket else (names,))


def _picked(sentence: _Sentence, subject: list[Mention], grammar: Grammar) -> set[str]:
    """What is harmless where a sentence picks some of several ids: "only the latter affects us"."""
    words = sentence.masked[sentence.start : sentence.end] + sentence.limit
    named = [name for names in sentence.names for name in names]
    if choice := _match(grammar, "PICK", words):
        before = [name.value for name in named if name.start - sentence.start < choice.start()]
        values = list(dict.fromkeys(before or [mention.value for mention in subject]))
        if len(values) < 2 and choice["which"] != "which":
            return set()
        first, two = choice["which"][0] in "Ff", choice["which"].endswith("two")
        picked = {*values[slice(1) if first else slice(-2 if two else -1, None)]}
        return {*values} - picked if "only" in choice[0].lower() else picked
    ids = (names for names in sentence.names if names[0].kind is b.Id)
    only = (names for names in ids if _match(grammar, "ONLY", sentence.around(names)))
    if not (first_of_only := next(only, None)):
        return set()
    place = named.index(first_of_only[0])  # what follows it may be another that does affect it
    others = {each.value for part in (subject, named[:place]) for each in part}
    return others - {name.value for name in named[place:]}


def _mention(sentence: _Sentence, name: _Name, context: Context, owner: str) -> Mention:
    """The mention of an id; ``owner`` is the advisory of a CVE."""
    addressed = context in _ADDRESSES and name.scheme == "XSA"
    title = _TITLE.match(sentence.printed, name.start) if addressed else None
    quoted = " ".join(title[1].split()) if title else ""
    words = sentence.short(name.start)
    return Mention(name.scheme, name.value, name.line, context, words, owner, quoted)


def _context(
    sentence: _Sentence, names: Sequence[_Name], grammar: Grammar, picked: set[str]
) -> Context | None:
    """What a sentence says of ids; not that they do no harm, if it has ``picked`` such ids."""
    place, kind, before = sentence.passage.context, names[0].kind, sentence.before(names)
    if kind is b.Citation:  # it counts where nothing else says what is announced
        return place if place is Context.SUMMARY and _ANNOUNCED.fullmatch(before) else None
    if place is Context.BACK_MATTER or sentence.passage.quoted:
        return place if place is Context.BACK_MATTER else Context.QUOTATION
    parts = [] if picked else ["UNLIKE ASIDE", "NOT_AFFECTED", "LATER HARMLESS", "HARMLESS"]
    parts += ["FIX", "ASIDE", "OTHER FIX"] if place in (Context.SUMMARY, Context.FIX) else ["ASIDE"]
    if context := said(grammar, sentence.around(names), *parts):
        return context
    if kind is b.Link:
        return Context.BACK_MATTER
    leads = place is not Context.HEADING or _LEADING.fullmatch(before)
    return place if leads and place is not Context.FIX else Context.BODY


def _partners(sentence: _Sentence, subject: list[Mention], lists: _Lists) -> dict[str, str]:
    """The advisories of CVEs: the only one in a sentence, or quoted, or the one next to a CVE."""
    quoted = sentence.passage.quoted
    lists = [n for n in lists if not quoted or _GIVEN.search(sentence.before(n))]
    every = [name for names in lists for name in names if name.kind is b.Id]
    only = {each.value for each in (subject if quoted else every) if each.scheme == "XSA"}
    if len(only) == 1:
        joints = ((a, b, sentence.printed[a.end : b.start].strip()) for a, b in pairwise(every))
        apart = {b.value for a, b, joint in joints if a.scheme == "XSA" and joint in ("and", ";")}
        cves = (name.value for name in every if name.scheme == "CVE" and name.value not in apart)
        return dict.fromkeys(cves, *only)
    partners: dict[str, str] = {}
    schemes = "".join(name.scheme[0] for name in every)
    for n, (one, other) in enumerate(pairwise(() if quoted else every)):
        if schemes[n - 1 : n + 3] in ("CCXX", "XXCC"):
            continue  # "CVE-1, CVE-2 (XSA-1, XSA-2)": which is whose?
        bound = _BOUND.fullmatch(sentence.printed, one.end, max(one.end, other.start))
        if bound and bound["same"] and {one.scheme, other.scheme} == {"CVE", "XSA"}:
            cve, advisory = sorted((one.value, other.value))
            partners[cve] = advisory
        elif bound and other.scheme == "CVE" and one.value in partners:
            partners[other.value] = partners[one.value]
    return partners
