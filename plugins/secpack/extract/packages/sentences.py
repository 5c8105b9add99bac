"""Running text about packages: to install some, that there is no fix, that a list of some follows.

A line ``TEXT => RESULT`` in a docstring is an example, for a test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from secpack.extract.packages.phrases import LONGEST, Entry, Pass, Token, read_fact, tokens
from secpack.extract.packages.vocabulary import (
    FILLERS,
    STOPS,
    TARGETS,
    read_targets,
    releases_in,
    spaced,
    target_names,
)
from secpack.model.archive import Fix


def _words(expression: str) -> re.Pattern[str]:
    return re.compile(spaced(expression), re.IGNORECASE)


# Words that say of packages that they are the remedy; that they are old ones, or somebody else's.
_MENDS: Final = _words(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload"
    r"|immune|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download)|^(?:The )?(?:(?:specific|following) )?packages(?: are)?"
    r"(?: as follows| (?:in|for) [\w ,]{1,60})?:$"
)
_OLD: Final = _words(
    r"(?<!non-)\bvulnerable\b|\baffect|n't\b|\b(?:prior to|(?:older|earlier) than|up to"
    r"|before version|for example|e\.g\.|(?:and|or) (?:earlier|older)|never|no longer"
    r"|(?:do|does|did|is|are|was|were|will|must|should|need) not"
    r"|introduced (?:by|with|in(?! to))|instead of|rather than|replac\w+|superse\w+|downgrad\w+"
    r"|withdr[ae]w\w*|already|remove|uninstall|delete|buggy|malicious|compromised"
    r"|(?:old|older|previous|earlier|bad|outdated|obsolete) (?:\w+ )?(?:packages?|versions?)"
    r"|(?:is|are|were) (?:\w+ )?(?:outdated|bad|obsolete)"
    r"|(?:bug|flaw|problem|issue|fault|vulnerability) (?:is|was|lies) in"
    r"|(?:have|has|had|contains?|with|suffers? from) (?:the|this|a) "
    r"(?:bug|flaw|problem|issue|vulnerability))(?!\w)"
)
_PACKAGES: Final = _words(
    r"\b(?:packages|(?:following|this|fixed|new|updated) package"
    r"|(?:following|these|fixed|new|corrected) (?:versions|updates|builds))\b"
)
_ABOUT: Final = _words(r"\b(?:packages?|versions?)\b")
_CONDITION: Final = re.compile(r"(?:To|Until|Before|After|If|Once|When|While)\b")
_SAYS: Final = _words(r"\b(?:packages?|versions?|install|upgrade|update|uploaded)\b")
_INSTALLED: Final = re.compile(
    r"\b(?:(?:packages?|[Tt]hey|[Tt]hese|[Bb]oth|[Ii]t)\b[^.;:]{0,60}?\binstalled"
    r"|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_ANNOUNCED: Final = re.compile(
    spaced(rf"(?:[Pp]ackages|[Uu]pdates|versions|install) (?:in|for) ({TARGETS}):$")
)

# --- what words say of the packages below ------------------------------------------------------


class About(Enum):
    """What the words above some packages say of them."""

    OTHERS = auto()  # they are old, or somebody else's; so are those that nobody announces
    NOTHING = auto()  # but the section is about what to do
    FIXES = auto()  # they are announced
    UNCLEAR = auto()  # it cannot be read, so none of them is


def judge(words: str) -> About | None:
    """What words that end with a colon say of the packages below; None if they are not about any.

    The following packages contain security updates: => About.FIXES
    The following packages are affected: => About.OTHERS
    Users of the vulnerable packages should install these: => About.UNCLEAR
    To install packages from the testing repository: => About.UNCLEAR
    In a quiet hour, restart: => None
    """
    mends = _MENDS.search(words)
    if _ABOUT.search(words) and is_old(words):
        return About.UNCLEAR if mends else About.OTHERS
    if not (mends and _PACKAGES.search(words)):
        return None
    return About.UNCLEAR if _CONDITION.match(words) else About.FIXES


def announced_for(words: str) -> tuple[str, ...]:
    """Where the packages go that some words announce, if they say so.

    Install the following updates in dom0 and all templates: => dom0; templates
    The following packages fix a flaw in dom0: =>
    """
    match = _ANNOUNCED.search(words)
    return target_names(match[1]) if match else ()


def installed_in(sentence: str) -> tuple[str, ...] | None:
    """Where a sentence says that packages go; None if it does not say that.

    The packages are to be installed in dom0 via the Quern Updater. => dom0
    As always, they should be installed in dom0, using the Quern Updater. => dom0
    The packages must be installed in a quiet hour. =>
    Installed packages need not be removed. => None
    """
    match = _INSTALLED.search(sentence) if "install" in sentence else None
    return read_targets(match["where"]) if match and not is_old(sentence) else None


def is_old(text: str) -> bool:
    """Whether words are about versions that are no remedy."""
    return _OLD.search(text) is not None


# --- packages in a sentence --------------------------------------------------------------------

_SIGN: Final = re.compile(r"[0-9]|[Nn]o\s")  # a version, or that there is none
# A version in full, or that there is none: words that a rule should take.
_DUE: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]|\b[Nn]o (?:fix|patch|update)")
# Words that state that there is no fix.
_STATES: Final = _words(r"\bno (?!longer)[^.]*\b(?:is|are|has|have|will|exists?)\b|there ")
_HAS_VERSION: Final = re.compile(r"[0-9]\.[0-9]|[Vv]ersion")
# A letter for each token; a name has a version after it, with nothing else that counts between.
_SIGNS: Final = {"version": "v", "packages": "p", "keyword": "k", "separator": ","}
_NAMES: Final = re.compile(
    r"(?:C?[Cw],)*C?[Cw](?=p[ft]?k?,?v)|C?[Cw](?=[b,]?(?:[ft]?k|t)?,?[vB]|p[^pv]{0,9}[vB])"
)


def read_sentence(sentence: str, product: str, *, first: bool) -> Sequence[Entry] | None:
    """What a sentence says of packages; None where that is not clear.

    ``first`` tells that no package was read so far: only then it matters that there is no fix.

    For Quern 4.2, install xen 4.1-2 in dom0. => 4.2 dom0: xen 4.1-2
    Install the patched Linux nails, in the nail packages (version 4.1-2) for R2. => 2 nail 4.1-2
    Please update the xen and mill packages to version 4.1-2. => xen 4.1-2; mill 4.1-2
    Packages for Quern 4.3 will follow. => 4.3 none
    For R2, and for R3, no fix is planned, and R4 has one. => 2 none; 3 none
    No fix exists for R2, users of R3 have one; for R4, no update is there. => 2 none; 4 none
    We know of Quern 6.1; no fix exists. => None
    The xen 4.1-2 packages of May do not fix this. => None
    Upgrade xen from 4.1-1 to 4.1-2. => None
    The pump of May had version 4.1-2 and is affected. =>
    """
    if not _SIGN.search(sentence) or len(sentence) > LONGEST:
        return ()
    found = tuple(tokens(sentence, product))
    fact = read_fact(found)
    if fact and fact.releases:
        return [fact]
    entries = _read_prose(sentence, product, found)
    packages = _remedies(sentence, entries)
    if packages is None:
        return None
    facts = [entry for entry in entries or () if entry.fix is Fix.NONE]
    placed = [Entry(0, fix=Fix.NONE, said={"release": f.releases}) for f in facts if f.releases]
    if facts and not placed and releases_in(sentence, product):
        return None
    return [*(placed or (facts[:1] if first else [])), *packages]


def _remedies(sentence: str, entries: Sequence[Entry] | None) -> list[Entry] | None:
    """The packages of a sentence that are the remedy by its words; None if that is not clear."""
    packages = [entry for entry in entries or () if entry.version]
    if not _SAYS.search(sentence) and not all(_DUE.match(f" {e.version}") for e in packages):
        packages = []  # "Push the 4.1 patches"
    if not packages and (entries is not None or not _DUE.search(sentence)):
        return []
    mends, old = _MENDS.search(sentence) is not None, is_old(sentence)
    if old and not mends:
        return []
    return packages if packages and mends and not old else None


def names_packages(text: str, *, sure: bool) -> bool:
    """Whether words name packages that could be a remedy; if not ``sure``, then with versions."""
    named = (sure and "package" in text) or (_SAYS.search(text) and _DUE.search(text))
    return bool(named) and not is_old(text)


def _read_prose(sentence: str, product: str, found: Sequence[Token]) -> list[Entry] | None:
    """The packages with versions in a sentence; None if a version has no name, or the like."""
    signs = "".join(map(_sign, found))
    named = {n for match in _NAMES.finditer(signs) for n in range(*match.span())}
    done: list[Entry] = []
    part: list[Token] = []
    for n, token in enumerate((*found, Token("break"))):
        kind = _in_prose(token, named=n in named)
        if kind != "break":
            part.append(token._replace(kind=kind))
            continue
        one = Pass(sentence, product)
        one.read(part)
        if one.unread:
            return None
        done += one.done
        part = []
    return done


def _sign(token: Token) -> str:
    if token.kind == "bracket":
        return "B" if _HAS_VERSION.search(token.value) else "b"
    if token.kind == "word":
        if token.value == "to":  # "update xen to 4.1-2"
            return "t"
        usual = token.value.lower() in FILLERS | STOPS
        return "f" if usual else "C" if token.value[:1].isupper() else "w"
    return _SIGNS.get(token.kind, "x")


def _in_prose(token: Token, *, named: bool) -> str:
    """The kind of a token in running text, where most words are ``prose``."""
    kind, value, _ = token
    stated = kind == "none" and _STATES.search(value)
    if value == ";" or (kind in ("none", "unaffected") and not stated):
        return "break"
    word = kind in ("word", "other") and not named and value.lower() not in FILLERS
    return "prose" if word else kind
