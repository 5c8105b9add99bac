"""Running text about packages: to install some, that there is no fix, that a list of some follows.

A line ``TEXT => RESULT`` in a docstring is an example, for a test.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from secpack.extract.packages.phrases import Entry, read_fact, read_sentence
from secpack.extract.packages.vocabulary import (
    TARGETS,
    find_releases,
    read_targets,
    releases_in,
    spaced,
    target_names,
)
from secpack.model.archive import Fix


def _words(expression: str) -> re.Pattern[str]:
    return re.compile(spaced(expression), re.IGNORECASE)


# Words that say of packages that they are the remedy; that they are not; that they are old ones.
_MENDS: Final = _words(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload"
    r"|immune|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download)|^(?:The )?(?:(?:specific|following) )?packages(?: are)?"
    r"(?: as follows| (?:in|for) [\w ,]{1,60})?:$"
)
_OLD: Final = _words(
    r"(?<!non-)\bvulnerable\b|\baffect|n't\b|\b(?:prior to|(?:older|earlier) than|up to"
    r"|before version|for example|e\.g\.|(?:and|or) (?:earlier|older)|never|no longer"
    r"|(?:do|does|did|is|are|was|were|will|must|should) not|introduced in(?! to)|instead of"
    r"|rather than|replac\w+|superse\w+|downgrad\w+)(?!\w)"
)
_FORMER: Final = _words(
    r"\b(?:(?:packages?|versions?|following) (?:(?:that|which) )?(?:is|are|were) (?:\w+ )?"
    r"(?:affected|vulnerable|outdated|bad|obsolete|compromised)"
    r"|(?:affected|old|older|previous|earlier|bad) (?:\w+ )?(?:packages?|versions?)"
    r"|introduced (?:in|by|with)|(?:bug|flaw|problem|issue|fault|vulnerability) (?:is|was|lies) in"
    r"|(?:have|has|had|contains?|with|suffers? from) (?:the|this|a) "
    r"(?:bug|flaw|problem|issue|vulnerability)|not|never|no longer|remove|uninstall|delete"
    r"|vulnerable|buggy|malicious|compromised)\b|n't\b"
)
_PACKAGES: Final = _words(
    r"\b(?:packages|(?:following|this|fixed|new|updated) package"
    r"|(?:following|these|fixed|new|corrected) (?:versions|updates|builds))\b"
)
_ABOUT: Final = _words(r"\b(?:packages?|versions?)\b")
_CONDITION: Final = re.compile(r"(?:To|Until|Before|After|If|Once|When|While)\b")
_SAYS: Final = _words(r"\b(?:packages?|versions?|install|upgrade|update|uploaded)\b")
_BEGINS: Final = re.compile(spaced("(?:For|In|On) (?:(?:the|both|all|latest) ){0,2}"))
_VERSION: Final = _words(r"\bversions?\b")
_UNSURE: Final = _words(
    r"\b(?:from (?:versions? )?v?[0-9]|withdr[ae]w|already\b|introduced (?:by|with)\b)"
)
_FULL_VERSION: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]")
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_ANNOUNCED: Final = re.compile(
    spaced(rf"(?:[Pp]ackages|[Uu]pdates|versions|install) (?:in|for) ({TARGETS}):$")
)
_NEGATION: Final = re.compile(r"\bn(?:ot|o need)\b")


class About(Enum):
    """What the words above some packages say of them."""

    NOTHING = auto()
    FIXES = auto()  # they are announced
    OTHERS = auto()  # they are old, or somebody else's
    UNCLEAR = auto()  # it cannot be read, so none of them is


def judge(words: str) -> About | None:
    """What words that end with a colon say of the packages below; None if they are not about any.

    The following packages contain security updates: => About.FIXES
    The following packages are affected: => About.OTHERS
    Users of the vulnerable packages should install these: => About.UNCLEAR
    To install packages from the testing repository: => About.UNCLEAR
    In a quiet hour, restart: => None
    """
    if _ABOUT.search(words) and _FORMER.search(words):
        return About.UNCLEAR if _MENDS.search(words) else About.OTHERS
    if not _PACKAGES.search(words):
        return None
    if _CONDITION.match(words) or _OLD.search(words):
        return About.UNCLEAR
    return About.FIXES if _MENDS.search(words) else None


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
    The packages must be installed in a quiet hour. =>
    Installed packages need not be removed. => None
    """
    match = _INSTALLED.search(sentence) if "install" in sentence else None
    return read_targets(match["where"]) if match and not _NEGATION.search(sentence) else None


def entries_in(sentence: str, product: str, *, first: bool) -> tuple[Entry, ...] | None:
    """What a sentence says of packages; None where that is not clear.

    ``first`` tells that no package was read so far: only then it matters that there is no fix.

    For Quern 4.2, install xen 4.1-2 in dom0. => 4.2 dom0: xen 4.1-2
    No fix is available yet for Quern 4.5, which is not the fault of Quern 4.6. => 4.5 none
    We know of Quern 6.1; no fix exists. => None
    The xen 4.1-2 packages of May do not fix this. =>
    Upgrade xen from 4.1-1 to 4.1-2. => None
    The flaw was introduced by xen 4.1-1 and is fixed in xen 4.1-2. => None
    """
    if (fact := read_fact(sentence, product)) and fact.releases:
        return (fact,)
    entries = read_sentence(sentence, product)
    facts = [e for e in entries or () if e.fix is Fix.NONE]
    placed = [fact for fact in facts if fact.releases]
    packages = _remedies(sentence, entries, product)
    if packages is None or (facts and not placed and releases_in(sentence, product)):
        return None
    without = placed or (facts[:1] if first else [])
    return (*(Entry(0, "", "", Fix.NONE, fact.releases) for fact in without), *packages)


def _remedies(
    sentence: str, entries: tuple[Entry, ...] | None, product: str
) -> tuple[Entry, ...] | None:
    release = next(find_releases(sentence, product), None)
    begins = release and _BEGINS.fullmatch(sentence, 0, release.start())
    packages = tuple(entry for entry in entries or () if entry.version)
    # "Push the 4.1 patches" is not about a package.
    full = packages and all(_FULL_VERSION.match(f" {entry.version}") for entry in packages)
    if not (begins or full or _SAYS.search(sentence)) or _OLD.search(sentence):
        return ()
    if packages:
        return None if _UNSURE.search(sentence) or not _MENDS.search(sentence) else packages
    nameless = entries is None and (begins or _VERSION.search(sentence))
    return None if nameless or _FULL_VERSION.search(sentence) else ()


def is_old(text: str) -> bool:
    """Whether words are about versions that are no remedy."""
    return _OLD.search(text) is not None


def names_version(text: str) -> bool:
    """Whether words name a version that could be a remedy."""
    return bool(_FULL_VERSION.search(text)) and not is_old(text)
