"""Running text about packages: to install some, that there is no fix, that a list of some follows.

A line ``TEXT => RESULT`` in a docstring is an example, which a test runs.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from secpack.extract.packages.phrases import Entry, read_fact, read_sentence
from secpack.extract.packages.vocabulary import find_releases, read_targets, releases_in
from secpack.model.archive import Fix

# Words that say of packages that they are the remedy; that they are not; that they are old ones.
_MENDS: Final = re.compile(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload|immune"
    r"|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download)|^(?:The\s)?(?:(?:specific|following)\s)?packages(?:\sare)?(?:\sas\sfollows)?:$",
    re.I,
)
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|\bprior to\b|\b(?:older|earlier) than\b|\bup to\b"
    r"|\bbefore version\b|\bfor example\b|\be\.g\.|\b(?:and|or) (?:earlier|older)\b"
    r"|\b(?:do|does|did|is|are|was|were|will|must|should) not\b|n't\b|\bnever\b|\bno longer\b"
    r"|\bintroduced in\b(?! to)|\b(?:instead of|rather than|replac\w+|superse\w+|downgrad\w+)\b",
    re.I,
)
_FORMER: Final = re.compile(
    r"\b(?:packages?|versions?|following)\s+(?:(?:that|which)\s+)?(?:is|are|were)\s+(?:\w+\s+)?"
    r"(?:affected|vulnerable|outdated|bad|obsolete|compromised)\b"
    r"|\b(?:affected|vulnerable|old|older|previous|earlier|bad|compromised)\s+(?:\w+\s+)?"
    r"(?:packages?|versions?)\b|\bintroduced\s+(?:in|by|with)\b"
    r"|\b(?:have|has|had|contains?|with|suffers?\s+from)\s+(?:the|this|a)\s+"
    r"(?:bug|flaw|problem|issue|vulnerability)\b"
    r"|\b(?:not|never|no longer|remove|uninstall|delete|vulnerable|buggy|malicious|compromised)\b"
    r"|n't\b",
    re.I,
)
_PACKAGES: Final = re.compile(
    r"\bpackages\b|\b(?:following|this|fixed|new|updated) package\b"
    r"|\b(?:fixed|new|corrected) versions\b",
    re.I,
)
_ABOUT: Final = re.compile(r"\b(?:packages?|versions?)\b", re.I)
_CONDITION: Final = re.compile(r"\s*(?:To|Until|Before|After|If|Once|When|While)\b")
_SAYS: Final = re.compile(r"\b(?:packages?|versions?|install|upgrade|update|uploaded)\b", re.I)
_BEGINS: Final = re.compile(r"(?:For|In|On)\s{1,3}(?:(?:the|both|all|latest)\s{1,3}){0,2}")
_VERSION: Final = re.compile(r"\bversions?\b", re.I)
_UNSURE: Final = re.compile(r"\bfrom\s+(?:versions?\s+)?v?[0-9]|\bwithdr[ae]w|\balready\b")
_FULL_VERSION: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]")
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
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
    clear = _MENDS.search(words) and not _CONDITION.match(words)
    return About.FIXES if clear else About.UNCLEAR


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
    The xen 4.1-2 packages of May do not fix this. =>
    Upgrade xen from 4.1-1 to 4.1-2. => None
    """
    if (fact := read_fact(sentence, product)) and fact.releases:
        return (fact,)
    entries = read_sentence(sentence, product)
    facts = [
        Entry(0, "", "", Fix.NONE, entry.releases)
        for entry in entries or ()
        if entry.fix is Fix.NONE
    ]
    placed = [fact for fact in facts if fact.releases]
    if facts and not placed and releases_in(sentence, product):
        return None
    packages = _remedies(sentence, entries, product)
    without = placed or (facts[:1] if first else [])
    return None if packages is None else (*without, *packages)


def _remedies(
    sentence: str, entries: tuple[Entry, ...] | None, product: str
) -> tuple[Entry, ...] | None:
    begins = begins_with_release(sentence, product)
    if not (begins or _SAYS.search(sentence)) or _OLD.search(sentence):
        return ()
    if packages := tuple(entry for entry in entries or () if entry.version):
        return None if _UNSURE.search(sentence) or not _MENDS.search(sentence) else packages
    nameless = entries is None and (begins or _VERSION.search(sentence))
    return None if nameless or _FULL_VERSION.search(sentence) else ()


def begins_with_release(text: str, product: str) -> bool:
    """Whether a text begins with ``For`` or ``In`` and a release."""
    release = next(find_releases(text, product), None)
    return release is not None and _BEGINS.fullmatch(text, 0, release.start()) is not None


def is_old(text: str) -> bool:
    """Whether words are about versions that are no remedy."""
    return _OLD.search(text) is not None


def names_version(text: str) -> bool:
    """Whether words name a version that could be a remedy."""
    return bool(_FULL_VERSION.search(text)) and not _OLD.search(text)
