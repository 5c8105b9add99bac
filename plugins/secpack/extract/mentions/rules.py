r"""The grammar: what words say of ids. Each rule has an example, which a test reads.

A rule is a form and, after a bar, its example. In a form, ``@`` is the ids that it is about, ``…``
some words without an id, ``~`` some words with or without, ``( a)?`` words that may be there;
brackets and bars are those of regular expressions, and words in capitals are below. A form holds
within a sentence. The first rule that fits decides; where none does, the section does.

In an example, ids up to 9 are what the rule is about, others are not; Quern is the product.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from secpack.model.archive import Context

# HARM is what rules call HARMLESS. Rules of LATER hold also of ids that were named last; those of
# PICK of some ids that were named before, or of all others; those of ONLY of all others.
RULES: Final = r"""
= HARM
NOT AFFECT US_ALL | XSA-1 does not affect us.
(neither|none) of (which|the(m|se| two)) AFFECT US_ALL | XSA-1 is out. None of these affects us.
NOT RELEVANT( (for|to|in) US_ALL|(END)) | XSA-1 is not applicable to Quern.
(harmless|without effect|no( \w+)? (impact|effect)) (for|to|in|on) US_ALL | XSA-1 is harmless to us.
US(( \w+){0,9} and)? (is|are) UNHARMED( (by|to) (it|them))?(END) | XSA-1: Quern is not affected.
not (used|enabled|reachable|compiled|built) … US | XSA-1 is in code that is not used in Quern.
US (do not|does not|never|neither) (use|enable|ship|support|run|build) | XSA-1: We never run it.
(is not our business|(is|was) unused|can( safely)? be ignored|affects none) | XSA-1 can be ignored.
= NOT_AFFECTED
@ … HARMLESS | XSA-1 (a bug) does not affect us, but XSA-10 does.
((US|it) (is|are|was) UNHARMED|but not) (by|to) @ | Quern is not affected by XSA-1.
no … US is (affected|exposed|vulnerable) (by|to) @ | No part of Quern is exposed to XSA-1.
(following|others?|rest) … HARMLESS ~ @ | The following do not affect us: XSA-1, XSA-2.
= LATER HARMLESS
@ … limited to … DOS | The impact of XSA-1 is limited to DoS.
= HARMLESS
@ … DOS only | XSA-1 (denial of service only) and XSA-10 came out.
@ … impact is( \w+ to be)?( only)?( a)? DOS | XSA-1 came out; its impact is DoS.
= FIX
(install|issued|released|published|PACKAGES) … (FIX|update)s? for @ | We released a fix for XSA-1.
FIX for @ … (included|backported) | The fix for XSA-1 has been backported.
= ASIDE
(previous|earlier|prior|older|original|infamous|common with)[^,;]{0,60} @ | The older XSA-1 is bad.
(FIX|change|mitigations?|work) (of|for|to|in|from|with|on) @ | A fix for XSA-1 is it.
@ ('s )?(FIX|change|mitigations?|regressions?)\b | The XSA-1 fix had caused it.
(regression|variant|successor|sequel|case|caused|similar|related) (of|by|to|from) @ | Case of XSA-1
(unlike|whereas|like|besides|despite|since|than|not|after|followed) @ | It is like XSA-1.
(see also|compare|, see) @ | See also XSA-1.
(such as|as (with|for|in)|(do|connection) with|(said|noted) that|supersedes) @ | It is as in XSA-1.
(NOT FIX|had|(year|month|week)s (ago|earlier|before)) ~ @ | Years ago, they released XSA-1.
@ … PUBLIC[^.,;]{0,30} (last year|years? (ago|before)|YEAR) | XSA-1 was published in 2019.
@ … \(\x00[^()]*\)\s*$ | The fallout of XSA-1 (XSA-10)
@ … (put off|postponed|delayed|withdrawn) | XSA-1 has been put off.
@ … in (an earlier|bulletin|QSB|[\x00\x01]) | We announced XSA-1 in QSB-001.
@ … (some|one|few|several|not all) of (which|these) | They issued XSA-1, some of which are ours.
@ (was|were|had)\b (?!PUBLIC) | XSA-1 was alike.
= OTHER FIX
(PACKAGES|it|they|we) … FIX ~ @ | These packages fix XSA-1, XSA-2.
= PICK
only the WHICH … AFFECTS US_ALL | XSA-10, XSA-1, XSA-2 came out. Only the first affects us.
US (is|are) … by the WHICH only | XSA-10, XSA-1 are out. We are hit by the first only.
(the )?WHICH( \w+){0,4} HARMLESS | XSA-1, XSA-10 came out. The first does not affect us.
= ONLY
only @ … AFFECTS US_ALL | XSA-1 is out. Only XSA-10 may be a problem for us.
US (is|are) only (affected by|vulnerable to) @ | XSA-1 is out. We are only affected by XSA-10.
except( for)? @ … HARMLESS | XSA-1 came out. Except for XSA-10, these do not affect us.
"""

_WORDS: Final = {
    "NOT": r"\b(not|cannot|\w+n't)",
    "PUBLIC": r"((publish|releas|issu|announc|disclos|report|assign|discover)ed|found|made public)",
    "FIX": r"(fix|patch|backport|address|resolve|close|cover)(es|d|ed|s)?\b",
    "UNHARMED": r"(not |un)(affected|vulnerable|exposed)",
    "AFFECT": r"\b((affect|impact|concern)s?|appl(y|ies) to|matters? (for|to))( the security of)?",
    "AFFECTS": r"(?<!not\s)(?<!n't\s)(AFFECT|(is|are|be) RELEVANT (for|to|in))",
    "RELEVANT": r"(considered )?(relevant|applicable|of concern|(a )?(security )?(problem|issue))",
    # Nothing later says that more than a denial of service is possible.
    "DOS": r"(denial[ -]of[ -]service|DoS)( attacks?)?\b(?![\s\S]{0,200}"
    r"(escalation|execution|leak|disclosure|corruption)s?\b[^.]{0,80}"
    r"(possible|exclude|ruled out|cannot|can't|can not))",
    "PACKAGES": r"(packages?|updates?)\b",
    "WHICH": r"(?P<which>first|former|second|latter|last two|last|which(?= (is|does|has|was)))",
    "US_ALL": r"(US)(END)",  # not only of some release or part
    "END": r"( users| at all)?(?=\s*([.,;:()]|\Z|\s(because|since|as)\b))",
}

Grammar: TypeAlias = dict[str, list[re.Pattern[str]]]  # rules as expressions, by their part

#: What rules see: characters of advisories and of other ids; and the ids that they are about.
ADVISORY, OTHER, HERE = "\0", "\1", "\2"
_ID: Final = ADVISORY + OTHER
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
def grammar_for(issuer: str, year: int) -> Grammar:
    """The grammar for texts of an issuer and a year, which can be 0."""
    own = {  # an escaped space becomes \s+
        "US": rf"\b(?:{re.escape(issuer).replace(' ', 's+')}(?:\s+OS)?|us|we)\b",
        "YEAR": rf"(?!{year}|{year - 1})(?:19|20)[0-9]{{2}}\b" if year else "(?!)",
    }
    grammar: Grammar = defaultdict(list)
    for part, form, _ in rules():
        filled = re.sub(r"\b(?:US|YEAR)\b", lambda word: own[word[0]], _expression(form))
        grammar[part].append(re.compile(filled, re.IGNORECASE))
    return grammar


def said(grammar: Grammar, words: str, *parts: str) -> Context | None:
    """What words say of ids, by the first of some parts of which a rule fits."""
    fits = (part for part in parts if any(form.search(words) for form in grammar[part]))
    return next((Context[part.split()[-1]] for part in fits), None)


@lru_cache(maxsize=512)
def _expression(form: str) -> str:
    """A form as an expression; words in capitals are replaced until only US and YEAR are left."""
    harm = "|".join(form for part, form, _ in rules() if part == "HARM")
    words = _WORDS | {"HARMLESS": f"({harm})"}
    for _ in range(5):  # words in words
        form = re.sub(r"\b[A-Z_]{2,}\b", lambda word: words.get(word[0], word[0]), form)
    form = re.sub(r" *@ *", lambda at: f"{_BETWEEN * bool(at.start())}{HERE}{_BEHIND}", form)
    form = form.replace(" ", r"\s+")
    form = re.sub(r"(\\s\+)?…(\\s\+)?", rf"(?!\\w)[^{_ID}{HERE}]{{0,80}}(?<!\\w)", form)
    return re.sub(r"(\\s\+)?~(\\s\+)?", rf"(?!\\w)[^{HERE}]{{0,160}}(?<!\\w)", form)
