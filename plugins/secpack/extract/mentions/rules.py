r"""The grammar: what words say of ids. Each rule has an example, which a test reads.

A rule is a form and, behind a bar, its example. In a form, ``@`` is the ids that it is about, ``…``
some words without an id, ``~`` some words with or without, ``( a)?`` words that may be there;
brackets and bars are those of regular expressions, and words in capitals are below. A form holds
within a sentence. The first rule that fits decides.

In an example, ids up to 9 are what the rule is about, others are not; Quern is the product.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from secpack.extract.mentions.passages import HERE, ID, STOP
from secpack.model.archive import Context
from secpack.model.blocks import Letterhead

# What is said of something that does no harm: HARMLESS in rules.
HARMLESS: Final = r"""
(do|does|did|will)( not|n't) AFFECT US_ALL | XSA-1 does not affect us.
(is|are|was|were) not RELEVANT (for|to|in) US_ALL | XSA-1 is not applicable to Quern.
(is|are) harmless (for|to|in) US_ALL | XSA-1 is harmless for Quern.
(has|have) no( \w+)? (impact|effect) on US_ALL | XSA-1 has no effect on Quern.
US (is|are) UNHARMED( (by|to) (it|them))?(END) | It is XSA-1: Quern is unaffected.
US( \w+){0,8} and (is|are) UNHARMED(END) | XSA-1: Quern has no Arm and is not affected.
(is|are) (not our (business|concern)|of no concern (to|for|on) US_ALL) | XSA-1 is not our business.
can(not|n't| not) AFFECT US_ALL | XSA-1 cannot affect Quern, because it has no bell.
(is|are) without effect on US_ALL | XSA-1 is without effect on Quern.
not (used|enabled|reachable|compiled|built) … US | XSA-1 is in code that is not used in Quern.
US( (do|does) not|n't| never) (use|enable|ship|support|run) | XSA-1 is in code that we do not use.
(is|are|was|were) unused | XSA-1 was unused.
(is|are)? ?not (applicable|relevant)(END) | Not among them: XSA-1 (a bypass, not applicable).
can( safely)? be ignored | Quern ships no builds for Arm, so XSA-1 can be ignored.
affects? (none|no release) | XSA-1 affects none.
"""

# What a sentence says of ids in it, unless it is quoted.
RULES: Final = r"""
= NOT_AFFECTED
@ (?![^.]{0,60}WHICH)… HARMLESS | XSA-1 (a bug) does not affect us, but XSA-10 does.
(US|it) (is|are|was) UNHARMED (by|to) @ | Quern is not affected by XSA-1.
no … US is (affected|exposed|vulnerable) (by|to) @ | No part of Quern is exposed to XSA-1.
(affected by|vulnerable to) ~ but not (by|to) @ | Quern is affected by XSA-10 (but not by XSA-1).
(following|others?|rest) … HARMLESS ~ @ | The following do not affect us: XSA-1, XSA-2.
HARMLESS \( @ | Others do not affect us (XSA-1, XSA-2).
= HARMLESS
(?<!or\s)DOS only \( @ | Others are denial of service only (XSA-1, XSA-2).
@ … DOS only(SURELY) | XSA-1 (denial of service only) and XSA-10 came out.
impact of @ is( \w+ to be)?( only)?( a)? DOS(SURELY) | The impact of XSA-1 is DoS.
@ … impact is( \w+ to be)?( only)?( a)? DOS(SURELY) | XSA-1 came out; its impact is DoS.
@ … limited to … DOS(SURELY) | The impact of XSA-1 is limited to DoS.
@ … not considered … security | XSA-1 is not considered a matter of security.
not (consider|regard|treat) @ | They do not consider XSA-1 a matter of security.
= FIX
PACKAGES … (contain|include)s? … (fix|patch)(es)? for @ | Packages contain the fix for XSA-1.
the (fix|patch)(es)? for @ … (included|backported) | The fix for XSA-1 has been backported.
install the (fix|patch|update)(es|s)? for @ | Please install the fix for XSA-1.
(issued|released|published)( \w+){0,2} (fix|patch)(es)? for @ | They issued fixes for XSA-1.
= ASIDE
(previous|earlier|prior|older|original|infamous)[^,;]{0,60} @ | It is worse than the older XSA-1.
(fix|patch|backport|change|mitigation)(es|s)? (of|for|to|in|from|with) @ | A fix for XSA-1 is it.
@ ('s )?(backport|change|fix|mitigation|patch|regression)(es|s)?\b | The XSA-1 fix had caused it.
(regression|variant|successor|sequel|case)s? of @ | XSA-10 is a variant of XSA-1.
(regression|introduced|caused|similar|related) (by|to|with|from) @ | It is similar to XSA-1.
(unlike|whereas|like|besides|despite|since|than|not) @ | Unlike XSA-1, it is new.
(as (with|for|in)|such as|do with) @ | It has nothing to do with XSA-1.
(supersedes?|connection with|said that|noted that) @ | They noted that XSA-1 is its kin.
@ … (has been|was|is) (put off|postponed|delayed|withdrawn) | XSA-1 has been put off.
do(es)? not FIX ~ @ | This bulletin does not cover XSA-1.
(year|month|week)s (ago|earlier|before) ~ @ | Two years ago, the Mill Team released XSA-1.
(had|have already|have not|no … (for|in|about)) ~ @ | It is code where we had seen XSA-1.
@ … PUBLISHED[^.,;]{0,30} LONG_AGO | XSA-10 is a sequel. XSA-1 was published in 2019.
@ (from |of )?YEAR | XSA-10 is new, whereas XSA-1, from 2019, was not.
@ … in (an earlier|BULLETIN) | We announced XSA-1 in QSB-001.
= FIX
(these|the following|specific|our|today's) … PACKAGES ~ FIX ~ @ | These packages fix XSA-1, XSA-2.
(it|they|we)( now| also)? (fix|address|resolve|patch|close)(es|s)? ~ @ | Update: they fix XSA-1.
= ANNOUNCEMENT_OF_SOME
PUBLISHED ~ @ … (some|one|few|several|not all) of (which|these) | It has issued XSA-1, some of which
= ANNOUNCEMENT
PUBLISHED ~ @ | The Mill Team has published XSA-1, XSA-2 and (worse) XSA-3.
the( \w+)? (first|second|third|former|latter|other|last) (is|has the number) @ | The first is XSA-1.
@( … )?(has been|was|were) GIVEN (to|for) (it|this|them) | XSA-1 was assigned to it.
embargo … lifted … @ | The embargo has been lifted for XSA-1.
embargo … @ … lifted | The embargo on XSA-1 has been lifted.
@ ~ (was|were|been|being)( \w+)? (PUBLISHED|made public) | XSA-1 (and XSA-2) has been published.
@ ~ PUBLIC | XSA-1 came out today.
@( \w+)? PUBLISHED | XSA-1, recently published, is worse.
(known|track(s|ed)?( \w+)?|classified|identified) … as @ | The Mill Team tracks it as XSA-1.
(this|these|our|today's)( \w+)? (BULLETIN|PACKAGES) … FIX ~ @ | This bulletin addresses XSA-1.
(this|our)( \w+)? BULLETIN … (about|because of) @ | This bulletin is about XSA-1.
START(in)( the)? (light|view|response|reaction|consequence) (of|to) @ | In response to XSA-1 we act.
START(an?|several|multiple|two|three)( \w+)? BUG … \( @ | A bug (XSA-1) is known.
there (is|are) … BUG ~ @ | There is a bug in the hopper, XSA-1.
@ … AFFECTS ((all|every|both|most)[^.]{0,30} of )?US | XSA-1 affects every release of Quern.
US (is|are)( only)? (affected by|vulnerable to) @ | Quern is vulnerable to XSA-1.
START@( (can|could|may|might))? (allow|enable|permit|let)s?\b | XSA-1 lets a miller in.
= ASIDE
@ (was|were|had)\b | XSA-1 was alike.
"""

# What a sentence says of the ids that were named last: a slice of them, as Python writes it.
BACK: Final = r"""
= NOT_AFFECTED :
(neither|none) of (them|these|those|which) … AFFECT US_ALL | XSA-1 is out. None of these affects us.
neither( of the two)? (applies to|affects) US_ALL | XSA-1 is out. Neither of the two affects us.
START(however, )?US (is|are) UNHARMED(END) | XSA-1 came out. Quern is not affected.
= NOT_AFFECTED 1:
only the (first|former) … AFFECTS US_ALL | XSA-10, XSA-1, XSA-2 came out. Only the first affects us.
US (is|are) … by the (first|former) only | XSA-10, XSA-1 are out. We are hit by the first only.
= NOT_AFFECTED :-1
only the (last|latter|second) … AFFECTS US_ALL | XSA-1, XSA-10 came out. Only the last affects us.
= NOT_AFFECTED :1
the (first|former)( \w+){0,2} HARMLESS | XSA-1, XSA-10 came out. The first does not affect us.
= NOT_AFFECTED -1:
the (last|latter|second)( of \w+)? HARMLESS | XSA-10, XSA-1 came out. The last does not affect us.
= NOT_AFFECTED -2:
the last two HARMLESS | XSA-10, XSA-1, XSA-2 came out. The last two do not affect us.
= HARMLESS :
(those|these|their|this|whose) … limited to … DOS(SURELY) | XSA-1: this bug is limited to DoS.
"""

# What a sentence says of some ids, so that others before it do no harm.
ONLY: Final = r"""
only @ … AFFECTS US_ALL | XSA-1 is out. Only XSA-10 may be a problem for us.
US (is|are) only (affected by|vulnerable to) @ | XSA-1 is out. We are only affected by XSA-10.
except( for)? @ … HARMLESS | XSA-1 came out. Except for XSA-10, these do not affect us.
@ … AFFECTS US_ALL … (rest|others?) (do|does) not | XSA-1 is out. XSA-10 affects us, others do not.
"""

_WORDS: Final = {
    "PUBLISHED": r"((announc|publish|disclos|releas|issu|discover|report|assign|allocat|present)"
    r"(ed|es|e|ing)\b|PUBLIC|(told|informed|notified) us\b|(learn(ed|t)|aware) of\b)",
    "PUBLIC": r"((made|became|become|is|are|went|gone)( now)? public|(came|come) out)\b",
    "FIX": r"(fix|address|resolve|mitigate|close|patch|cover|concern|discuss)(es|ed|s|d)?\b",
    "UNHARMED": r"(not |un)(affected|vulnerable|exposed)",
    "GIVEN": r"(assigned|allotted|allocated|reserved|given)",
    "BUG": r"(bug|flaw|issue|problem|vulnerabilit(y|ie)|attack|error)s?\b",
    "AFFECT": r"\b(affect|impact|concern|apply to|applie|matter (for|to))s?( the security of)?",
    "AFFECTS": r"(?<!not\s)(?<!n't\s)(?<!only\s)(AFFECT|BE RELEVANT (for|to|in))",
    "BE": r"(is|are|(may|might|could)( \w+)? be|(appear|seem)s?( to be)?)",
    "RELEVANT": r"(considered )?(relevant|applicable|of concern|(a )?(security )?(problem|issue))",
    "DOS": r"(denial[ -]of[ -]service|DoS)( attacks?)?\b",
    "PACKAGES": r"(packages?|updates?)\b",
    "BULLETIN": rf"(bulletin|QSB|announcement|{ID})",
    "WHICH": r"\b(last|latter|former|first|second|others?|rest)\b",
    "START": rf"(\A|{STOP})\W{{0,4}}",
    "END": rf"( users| at all)?(?=\s*([.,;:(){STOP}]|\Z|(because|since|as)\b))",
    # Nothing later says that more than a denial of service is possible.
    "SURELY": r"(?![\s\S]{0,200}(escalation|execution|leak|disclosure|corruption)s?\b[^.]{0,80}"
    r"(possible|exclude|ruled out|cannot|can't|can not))",
    "US_ALL": "(US)(END)",  # not only of some release or part
    "LONG_AGO": r"\b(last year|years? (ago|earlier|before)\b|YEAR)",
}

_Expression: TypeAlias = re.Pattern[str]
# Between words of a form and ids, and behind those: brackets, quotes, citations, little words.
_BETWEEN: Final = rf"(?:[^\w{ID}{STOP}]|\b(?:the|an?|advisor(?:y|ies)|issues?)\b){{0,10}}"
_BEHIND: Final = rf"(?:[^\w{ID}{STOP}\"“]|(?<=\[)\w{{1,3}}(?=\])){{0,10}}"


def rules(table: str) -> Iterator[tuple[str, str, str]]:
    """The rules of a table: what its part is called, form, example."""
    part = ""
    for line in table.strip().split("\n"):
        form, _, example = line.partition(" | ")
        part = form[2:] if form.startswith("= ") else part
        if example:
            yield part, form, example


class Grammar(NamedTuple):
    """All rules as expressions, for texts of an issuer and a year."""

    year: int
    rules: tuple[tuple[Context, _Expression], ...]
    back: tuple[tuple[Context, slice, _Expression], ...]
    only: tuple[_Expression, ...]

    def context(self, words: str, possible: Container[Context]) -> Context | None:
        """What words say of the ids among them."""
        return next((c for c, form in self.rules if c in possible and form.search(words)), None)


def grammar_for(head: Letterhead | None) -> Grammar:
    """The grammar for a text that begins with ``head``."""
    return _grammar(head.issuer if head else "us", head.date.year if head and head.date else 0)


@lru_cache(maxsize=64)
def _grammar(issuer: str, year: int) -> Grammar:
    own = {
        "US": rf"\b(?:{re.escape(issuer).replace(' ', ' +')}(?: +OS)?|us|we)\b",
        "YEAR": rf"(?!{year}|{year - 1})(?:19|20)[0-9]{{2}}\b" if year else "(?!)",
    }

    def compiled(form: str) -> _Expression:
        words = re.sub(r"\b(?:US|YEAR)\b", lambda word: own[word[0]], _expression(form))
        return re.compile(words, re.IGNORECASE)

    back = ((part.split(), compiled(form)) for part, form, _ in rules(BACK))
    return Grammar(
        year,
        tuple((Context[part], compiled(form)) for part, form, _ in rules(RULES)),
        tuple((Context[name], _slice(which), form) for (name, which), form in back),
        tuple(compiled(form) for _, form, _ in rules(ONLY)),
    )


def _slice(which: str) -> slice:
    return slice(*(int(end) if end else None for end in which.split(":")))


@lru_cache(maxsize=512)
def _expression(form: str) -> str:
    """A form as an expression; words in capitals are replaced until only US and YEAR are left."""
    words = _WORDS | {"HARMLESS": f"({'|'.join(form for _, form, _ in rules(HARMLESS))})"}
    wider = ""
    while wider != form:
        wider, form = (
            form,
            re.sub(r"\b[A-Z_]{2,}\b", lambda word: words.get(word[0], word[0]), form),
        )
    form = re.sub(r"(?<!\\)\((?!\?)", "(?:", form)
    form = re.sub(r" *@ *", lambda at: f"{_BETWEEN * bool(at.start())}{HERE}{_BEHIND}", form)
    form = form.replace(" ", " +")
    form = re.sub(r"( \+)?…( \+)?", rf"(?!\\w)[^{ID}{HERE}{STOP}]{{0,80}}(?<!\\w)", form)
    return re.sub(r"( \+)?~( \+)?", rf"(?!\\w)[^{HERE}{STOP}]{{0,160}}(?<!\\w)", form)
