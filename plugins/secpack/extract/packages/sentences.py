"""What running text says of packages: that they are the remedy, or old, and where they go.

A line ``TEXT => RESULT`` in a docstring is an example, for a test.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from secpack.extract.packages import vocabulary
from secpack.extract.packages.phrases import LONGEST, Entry, Phrase
from secpack.model.archive import Fix

# Words that say of packages that they are the remedy; that they are old ones, or somebody else's.
_MENDS: Final = re.compile(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload"
    r"|immune|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download|bring)|^(?:The )?(?:(?:specific|following) )?packages(?: are)?"
    r"(?: as follows| (?:in|for) [\w ,]{1,60})?:$",
    re.IGNORECASE,
)
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|n't\b|\b(?:prior to|(?:older|earlier) than|up to"
    r"|before version|for example|e\.g\.|(?:and|or) (?:earlier|older)|never|no longer"
    r"|(?:do|does|did|is|are|was|were|will|must|should|need) not|introduced (?:by|with|in(?! to))"
    r"|instead of|rather than|replac\w+|superse\w+|downgrad\w+|withdr[ae]w\w*|retract\w*"
    r"|(?:wrong|mistaken|incorrect)(?:ly)?|already|remove|uninstall|delete|buggy|malicious"
    r"|compromised|lacked|broke|contains? no|prints?|shows|as a (?:\w+ )?workaround"
    r"|(?:old|older|previous|earlier|bad|outdated|obsolete) (?:\w+ )?(?:package|version)s?"
    r"|(?:is|are|were|be) (?:\w+ )?(?:outdated|bad|obsolete|broken|faulty)"
    r"|next (?:\w+ )?(?:update|release)s?|we will (?:update|upload|release)(?! th)"
    r"|^(?!.*following packages).*\b(?:current (?:\w+ )?(?:package|version)s?"
    r"|built (?:from|on|with)|fixed upstream|from (?:Debian|Fedora|the \w+ Project)"
    r"|(?:Debian|Fedora|Project|upstream)(?: \w+){0,3} (?:fix|releas|publish)\w+(?! \w{2,4}-[0-9]))"
    r"|(?:systems|users|those|who|still) (?:running|with|using|use|have) [a-z]\S* [0-9]\S*-[0-9]\S*"
    r"|(?:bug|flaw|problem|issue|fault|vulnerability) (?:is|was|lies) in"
    r"|(?:have|has|had|contains?|with|suffers? from) (?:the|this|a) "
    r"(?:bug|flaw|problem|issue|vulnerability))(?!\w)",
    re.IGNORECASE,
)
_PACKAGES: Final = re.compile(
    r"\b(?:packages|(?:following|this|fixed|new|updated) package|new ones"
    r"|(?:following|these|fixed|new|corrected) (?:versions|updates|builds))\b",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(r"\b(?:packages?|versions?|install|upgrade|update|uploaded)\b", re.I)
_CONDITION: Final = re.compile(r"(?:To|Until|Before|After|If|Once|When|While)\b")
_INSTALLED: Final = re.compile(
    r"\b(?:(?:packages?|[Uu]pdates|[Tt]he(?:y|se)|[Bb]oth|[Aa]ll|[Ii]t)\b[^.;:]{0,60}?\binstalled"
    r"|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside|from\s+the|from)\s+(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s*$"
    r"|\s+(?:consoles?|terminals?|via|by|using|with|through|that|which|and then|as)\b)"
    r"|\b[Uu]se\s[^.;:]{1,80}?\s(?:in|from)\s+(?P<from>[^.,;:]{1,40}?)\s+to\s+install\b"
)
# A version in full, or that there is none: words that a rule should take.
_DUE: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]|\b[Nn]o (?:fix|patch|update)")

# What every version, and every statement that there is none, has in it; fast to look for.
_SIGN: Final = re.compile(
    r"[0-9](?:[.:]\S|[\w.+~^]{0,80}-\n?[0-9]|[0-9]{5})|[Vv]er[s.]|\b[Nn]o(?:t|ne|thing)?\b|n't"
    r"|follow\b|still|support|life|EOL|ending|affected"
)


class About(Enum):
    """What words say of the packages in them, or below them."""

    OTHERS = auto()  # they are old, or somebody else's; so are those that nobody announces
    NOTHING = auto()  # but the section is about what to do
    FIXES = auto()  # they are the remedy
    UNCLEAR = auto()  # it cannot be read, so none of them is


def _judge(sentence: str) -> About:
    words = " ".join(sentence.split())
    mends = _MENDS.search(words)
    if _OLD.search(words):
        return About.UNCLEAR if mends else About.OTHERS
    return About.FIXES if mends else About.NOTHING


def announcement(words: str) -> About:
    """What words that end with a colon say of the packages below.

    The following packages contain security updates: => About.FIXES
    The following packages are affected: => About.OTHERS
    To install packages from the testing repository: => About.UNCLEAR
    In a quiet hour, restart: => About.NOTHING
    """
    about = _judge(words)
    if about is About.FIXES and not _PACKAGES.search(words):
        return About.NOTHING
    is_clear = not (_CONDITION.match(words) or re.search(r"\brespective", words))
    return about if is_clear or about is not About.FIXES else About.UNCLEAR


def installed_in(sentence: str) -> tuple[str, ...] | None:
    """Where a sentence says that packages go; None if it does not say that.

    As always, they should be installed in dom0, using the Quern Updater. => dom0
    Use the Quern Updater in sys-gui to install them. => sys-gui
    The packages must be installed in a quiet hour. =>
    Installed packages need not be removed. => None
    """
    words = " ".join(sentence.split())
    match = _INSTALLED.search(words) if "install" in words and not _OLD.search(words) else None
    return vocabulary.read_targets(match["where"] or match["from"]) if match else None


def read_sentence(sentence: str, product: str) -> Sequence[Entry] | None:
    """What a sentence says of packages; None where that is not clear.

    For Quern 4.2, install xen 4.1-2 in dom0. => 4.2 dom0: xen 4.1-2
    Packages for Quern 4.3 will follow. => 4.3 none
    We know of Quern 6.1; no fix exists. => None
    Upgrade xen from 4.1-1 to 4.1-2. => None
    The pump of May had version 4.1-2 and is affected. =>
    """
    if len(sentence) > LONGEST or not _SIGN.search(sentence):
        return ()
    plain = Phrase(sentence, product)
    if plain.is_plain and not any(entry.version for entry in plain.entries):
        return plain.entries
    parts = [Phrase(part, product, loose=True) for part in sentence.split(";")]
    unread = any(part.unread for part in parts)
    entries = [] if unread else [entry for part in parts for entry in part.entries]
    packages = [entry for entry in entries if entry.version]
    facts = [entry for entry in entries if entry.fix is Fix.NONE]
    for fact in facts:  # it is of no package in particular
        fact.package, fact.said = "", {k: v for k, v in fact.said.items() if k == "release"}
    placed = [fact for fact in facts if fact.said]
    if facts and not placed and vocabulary.releases_in(sentence, product):
        return None
    if not _SAYS.search(sentence) and not all(_DUE.match(f" {e.version}") for e in packages):
        packages = []  # "Push the 4.1 patches"
    if packages or (unread and _DUE.search(sentence)):
        about = _judge(sentence)
        if about is not About.OTHERS and not (packages and about is About.FIXES):
            return None
        packages = packages if about is About.FIXES else []
    return [*(placed or facts[:1]), *packages]


def names_packages(text: str) -> bool:
    """Whether words name packages that could be a remedy.

    We are going to publish packages. => True
    """
    named = "packages" in text or (_SAYS.search(text) and _DUE.search(text))
    return bool(named) and not _OLD.search(" ".join(text.split()))
