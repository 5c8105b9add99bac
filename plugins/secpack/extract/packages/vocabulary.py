"""How releases, targets, versions and names of packages are printed.

A line ``TEXT => RESULT`` in a docstring is an example, which a test runs.
"""

import re
from functools import lru_cache
from typing import Final

from secpack.model.archive import Document


def product_of(document: Document) -> str:
    """The name that precedes a release: the first word of the issuer's; empty for a letter."""
    issuer = document.letterhead.issuer.split() if document.letterhead else []
    return issuer[0] if issuer else ""


def spaced(expression: str) -> str:
    """An expression in which each space means any white space, of bounded length."""
    return expression.replace(" ", r"\s{1,3}")


#: What parts sentences.
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"(])")

#: A condition or a doubt: what is said beside it may not hold. An exception of ids is none.
DOUBT: Final = re.compile(
    r"\b(?:(?:if|unless|until|except(?!(?: for)?(?: the)? [\0-\2])|default|as (?:long|far|of)"
    r"|most(?:ly)?|m(?:ay|ight) not|would|should|likely|think|thought|at first|so far|according to"
    r"|aware|claim(?:s|ed)?|known(?! as\b)|(?:because|since) only|(?:shown|found|proven|confirmed)"
    r" to)\b|disagree|provid|assum|probab|believ|hope|expect|suspect|seem|appear|apparent|suppos"
    r"|presum|perhaps|whether|unclear|unknown|depend|usual|normal|typical|general"
    r"|in error\b|an error[.,;]|mistake|erroneous)|(?:not|n't)(?: \w+){1,3} that\b",
    re.IGNORECASE,
)
#: What limits words on releases and packages, but where they are on ids, describes the flaw.
UNSURE: Final = re.compile(
    rf"{DOUBT.pattern}|\b(?:(?:when|where|once|before|after|some|may|might|could)\b|possibl|wrong)",
    re.IGNORECASE,
)
#: How words begin that take something back.
TAKES_BACK: Final = re.compile(
    r"(?:However|But|Unless|Except\w*|Still|Nevertheless|Nonetheless|Yet|Though|\(?Update|Correction"
    r"|(?:This|That|It)\s(?:only\s)?(?:holds|applies|assumes|depends|requires|may|might|does\saffect"
    r"|is\s(?:true|only|wrong|not\s(?:correct|true))|was\s(?:wrong|not))|We\sdisagree)\b"
)
#: A place before what is said: it holds there alone.
PLACE: Final = re.compile(
    r"(?:^|[,;:(] |\b(?:holds?|true|valid|applies|apply) )"
    r"\(?(?:(?:and|but|so|while|whereas|only|However,) )?"
    r"(?:on|in|with|without|for|under|among|as|(?<=[sy] )to)\b[^,;:]*$",
    re.IGNORECASE,
)

_NO_PLACE: Final = re.compile(
    r"\A(?:In (?:short|summary|general|brief)|On (?=[0-9]{4}-|\w+ \d+, \d{4}))"
)


@lru_cache(maxsize=64)  # of all items of a list
def limits(lead: str, releases: tuple[str, ...] = ()) -> bool:
    """Whether what is listed below words holds only in some cases, beside those of ``releases``.

    If you use the bell: => True
    We looked at all. On new mills, the following is true: => True
    In short, we found: => False
    On 2025-05-06 the Mill Team published: => False
    """
    last = _NO_PLACE.sub("", SENTENCE_END.split(lead)[-1].removesuffix(":"))
    placed = PLACE.search(last) or PLACE.search(last.partition(",")[0])
    return bool(UNSURE.search(last) or (placed and not releases))


# What parts the items of a list.
_JOINT: Final = r"(?:,(?: (?:(?:and|or) )?|(?=[0-9R]))| (?:and|or|&) |\s{0,2}[/&]\s{0,2})"

# --- releases ---------------------------------------------------------------------------------

_END: Final = r"(?![\w*]|[.-]\w)"
_NUMBER: Final = (
    r"[0-9]{1,2}(?:\.[0-9]{1,3}){0,2}(?:(?<=\.[0-9])\.x)?"
    rf"(?:[-\s]?[Rr][Cc][0-9]{{1,2}}| [Bb]eta(?: [0-9]{{1,2}})?)?{_END}"
)
_MARKED: Final = rf"(?:R|[Rr]elease ){_NUMBER}"
_DOTTED: Final = rf"[0-9]{{1,2}}\.[0-9]{{1,3}}(?:\.(?:[0-9]{{1,3}}|x))?(?:-rc[0-9]{{1,2}})?{_END}"
_LATER: Final = r"(?: (?:and|or) (?:later|newer|higher|above|up)| onwards?)\b"
_ALL: Final = r"(?:all|any|every|each) (?:(?:currently|still) )?supported "
_ONE_RELEASE: Final = re.compile(spaced(f"{_MARKED}|{_NUMBER}"))
_MARK: Final = re.compile(r"\A(?:R(?:elease\s+)?|release\s+)")
_OPEN: Final = re.compile(spaced(rf"{_LATER}$|\b{_ALL}.*"), re.DOTALL)


@lru_cache(maxsize=64)
def releases_pattern(product: str) -> str:
    """An expression for releases: some, some and all later ones, or all that are supported."""
    name = rf"(?:{re.escape(product)}(?: OS)? )" if product else "(?!)"
    some = rf"{name}(?:{_MARKED}|{_NUMBER})|{_MARKED}|(?<=[Ff]or\s){_DOTTED}|\A{_DOTTED}(?=:(?!\S))"
    more = rf"(?:{_JOINT}{name}?(?:{_MARKED}|{_DOTTED})){{0,8}}"
    every = rf"{_ALL}{name}?(?:releases?|versions?)\b"
    return spaced(rf"(?<![\w-])(?:(?:{some}){more}(?:{_LATER})?|{every})")


def release_numbers(releases: str) -> tuple[str, ...]:
    """The numbers in a printed list of releases.

    Quern OS R4.1, 4.2.x, and 5 Beta 2 => 4.1; 4.2; 5 Beta 2
    """
    found = (" ".join(match[0].split()) for match in _ONE_RELEASE.finditer(releases))
    return tuple(dict.fromkeys(_MARK.sub("", number).removesuffix(".x") for number in found))


def releases_in(text: str, product: str) -> tuple[str, ...]:
    """The numbers of all releases that a text names, each once.

    for Quern 4.1 (and for R4.2), but not xen 4.3 => 4.1; 4.2
    """
    found = re.finditer(releases_pattern(product), text)
    return tuple(dict.fromkeys(n for match in found for n in release_numbers(match[0])))


def open_range(releases: str) -> tuple[str, ...]:
    """The words for releases without a number, if there are any; they become a note.

    Quern 4.2 and later => and later
    all supported releases => all supported releases
    """
    found = _OPEN.search(releases)
    return (" ".join(found[0].split()),) if found else ()


# --- targets ----------------------------------------------------------------------------------

_ALL_OF: Final = "(?:(?:the|all|any|every|each|both|your) ){0,2}"
# Words after "in" that begin no target, or are none.
_NO_TARGET: Final = (
    r"(?:dom[Oo]|too|packages?|versions?|updates?|users?|following|repositor\w+|\w+-testing|is|are|not"
    r"|releases?|supported|these|those|them|this|that|particular|addition|general|order|short|case"
    r"|detail|total|question|turn|time|place|part|full|future|testing|stable|proving|current"
    r"|install|please|only|run|use|do|which|with|via|in|development|preparation|progress|beta"
    r"|rc[0-9]*)\b(?!-)"
)
_NOUN: Final = (
    r"(?:[Dd]om(?:0|[Uu])|(?:[Tt]emplate|[Ss]tandalone|App)(?:\s?VM| qube)?|[Dd]omain|[Qq]ube|VM)"
    r"(?:\(s\)|s)?(?![\w(-])"
)
_WHOSE: Final = (
    " (?:of|on|that|which|with|without|where|whose|for|used|based|running|except) "
    r"(?:(?![0-9]\.[0-9]|\band\s{1,3}in\b)(?:[^,;:.()]|\(s\))){1,80}"
)
_QUBES: Final = rf"(?:(?!{_NO_TARGET})[\w()/-]{{1,30}} ){{0,6}}{_NOUN}(?:{_WHOSE})?"
# "sys-usb"; "Mill 4.0:"
_NAMED: Final = (
    rf"(?!{_NO_TARGET})(?:[a-z][\w-]{{0,30}}|[A-Z][\w-]{{1,30}}(?: [0-9.]{{1,9}})?(?=:))"
)
_ONE: Final = rf"{_ALL_OF}(?>{_QUBES}|{_NAMED})"
#: One or more targets of any kind; they need "in" before them.
ANY_TARGETS: Final = (
    rf"{_ONE}(?:{_JOINT}(?:in )?{_ONE}){{0,4}}(?=\s{{0,3}}(?:[,;:).]\s|[,;:).]?$|\())"
)
_DISTRIBUTION: Final = (
    r"(?!(?:New|Updated?|Upgrade|Install|Patch|Fixed|In|For|On|All|The)\b)"
    "[A-Z][a-z]{1,20}(?:-based)? (?:[0-9]{1,3} )?"
)
_KNOWN: Final = (
    rf"{_ALL_OF}(?:[Dd]om(?:0|[Uu]s?)(?![\w-])"
    r"|(?<![\w-])[a-z]{3,20}-[0-9]{1,2}(?:-[a-z]{2,20}){0,2}(?![\w-]|\.[0-9])(?: templates?\b)?"
    rf"|(?:{_DISTRIBUTION})?(?:[Tt]emplate|[Ss]tandalone)(?:\(s\)|s|\s?VMs?| qubes?)?(?![\w(]|-\w))"
)
#: One or more targets that need no "in": "dom0", "debian-13-minimal", "Field-based TemplateVMs".
TARGETS: Final = f"{_KNOWN}(?:{_JOINT}{_KNOWN}){{0,4}}"
_TARGET: Final = re.compile(spaced(f"{_KNOWN}|{_QUBES}|{_NAMED}"))
_DESCRIPTION: Final = re.compile(spaced(rf"\b(?:(?i:templates|standalones) and )?{_NOUN}{_WHOSE}$"))
_TARGET_JOINT: Final = re.compile(r",\s+(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+|\s*/\s*")
_BEFORE: Final = re.compile(spaced(f"(?:(?:in|inside|into|for|on) )?{_ALL_OF}"), re.IGNORECASE)
_LONE_KIND: Final = re.compile(r"(?!Dom)[A-Z][a-z]+(?:-based)?(?: [0-9]+)?|[0-9].*|[a-z]+-[0-9].*")
_USUAL: Final = re.compile(r"(?:Dom(?:0|[Uu]s?)|(?:Template|Standalone)s?)$")


def target_names(text: str) -> tuple[str, ...]:
    """The targets in a printed list of them.

    In Dom0 and all templates => dom0; templates
    the Mini and Field 38 templates => Mini and Field 38 templates
    field-41 and mini-9 templates => field-41 and mini-9 templates
    dom0, and in the template(s) of sys-net and sys-usb => dom0; template(s) of sys-net and sys-usb
    """
    words = " ".join(text.split())
    described = _DESCRIPTION.search(words)
    start = described.start() if described else len(words)
    *others, last = (_BEFORE.sub("", name) for name in _TARGET_JOINT.split(words[:start]))
    names = [*others, last + words[start:]]
    if (" " in last and any(map(_LONE_KIND.fullmatch, others))) or last[:1].isdigit():
        names = [_BEFORE.sub("", words, count=1)]
    lowered = (n[0].lower() + n[1:] if _USUAL.match(n) else n for n in names if n)
    return tuple(dict.fromkeys(lowered))


def read_targets(text: str) -> tuple[str, ...]:
    """The targets in words that should be nothing but targets; none if they are not.

    sys-usb and all GUI domains => sys-usb; GUI domains
    qubes with a printer => qubes with a printer
    a quiet hour =>
    """
    names = target_names(text)
    return names if all(map(_TARGET.fullmatch, names)) else ()


# --- versions and names -----------------------------------------------------------------------

#: What words that name a package have in them: "xen 4.1-2", "mill-stones, version 4.1".
LOOKS: Final = re.compile(
    r"(?<![\w./])(?:\d{1,9}\.){1,5}\d{1,9}-\d"
    r"|(?<=\w)(?:-[a-z]{2,40},?|\bpackages?,?) (?:versions? )?\d{1,9}\.\d"
)

# Neither "6.1.x" nor "64.iso" is a version, nor is a day; "4.1-2.quern" is one.
_VERSION: Final = re.compile(
    r"(?!.{0,400}\.(?:[A-Za-z]{1,4}|patch|\*)$|[12][0-9]{3}-[01][0-9]-[0-3][0-9]$)"
    r"v?(?:[0-9]{1,4}:)?[0-9][\w.+~^]{0,80}(?:-[\w.+~^]{1,80}){0,4}"
)
_PLAINLY: Final = re.compile(r"v?[0-9]{1,80}(?:[.:]|-[0-9])|[0-9]{6}")
_NAME: Final = re.compile(r"[A-Za-z][\w.+*-]{0,80}")
_BOTH: Final = re.compile(
    r"(?!CVE-)([A-Za-z][\w.+*-]{0,80}?)[-_]((?:[0-9]{1,4}:)?(?:"
    r"(?![0-9]{1,9}-[0-9]{1,9}\.[0-9.]{1,40}$)[0-9][\w.+~^]{0,80}-[0-9][\w.+~^]{0,80}"
    r"|[0-9]{1,9}\.[\w.+~^]{1,80}|[0-9]{6}[\w.+~^]{0,80}))"
)
_ARCHITECTURE: Final = re.compile(
    r"(?:[._](?:x86_64|noarch|i[3-6]86|aarch64|amd64|arm64|all|src))?(?:\.rpm|\.deb)?$"
)


def read_version(word: str, *, certain: bool = False) -> str:
    """A word that is a version, without architecture and ``v``; if it is ``certain``, any number.

    1:4~rc1-1 => 1:4~rc1-1
    v4.1-2.fc41.x86_64 => 4.1-2.fc41
    20260109 => 20260109
    6.1.x =>
    4 =>
    """
    is_one = _VERSION.fullmatch(word) and (certain or _PLAINLY.match(word))
    return _ARCHITECTURE.sub("", word, count=1).removeprefix("v") if is_one else ""


def split_name(word: str) -> tuple[str, ...]:
    """Name and version of a word that has both.

    A version ends with a release number; where there is none, what is left must look like one.

    xen-4.1.2-7.fc20.x86_64 => xen; 4.1.2-7.fc20
    mill_059-4 => mill; 059-4
    field-template-9-4.0.1 => field-template-9; 4.0.1
    field-template-9 =>
    """
    match = _BOTH.fullmatch(_ARCHITECTURE.sub("", word, count=1))
    return match.groups() if match and _VERSION.fullmatch(match[2]) else ()


# Words that are no part of a name, by what they do in a phrase.
_WORDS: Final = (
    # with these it goes on about something else
    ("turn", "which that with as where if because since when while see via once after before until"
     " unless who this has have had will can should must may it they we you but so not replaces"
     " replacing supersedes superseding instead was formerly previously"),
    # a version may follow, but what they say of it is another matter
    ("stop", "affected already installations into below between by current delete do does earlier"
     " except from less lower need needs never no old older on previous prior released remove"
     " repository requires run running commit shipped sudo systems uninstall than those through"
     " till up user users vulnerable were without ready been time moment present writing"
     " currently now today"),
    # which of several belong together is not read
    ("other", "respectively respective resp branch series >"),
    # they say nothing that a row has a place for
    ("filler", "a an the of in for to at is are be there here please any all both various several"
     " multiple new updated fixed patched rebuilt latest also only following these corresponding"
     " use used fix fixes updates available install get update upgrade download fetch goes needed"
     " required likewise plus >= = ≥"),
)  # fmt: skip
#: Kinds of words that are no part of a name.
WORDS: Final = {word: kind for kind, words in _WORDS for word in words.split()}


def is_name(words: str) -> bool:
    """Whether words can be a package's name.

    kernel*-quern-vm => True
    Linux kernel => True
    grinding stones => False
    up to => False
    """
    each = words.split(" ")
    plain = len(each) == 1 or (len(each) <= 4 and words[0].isupper())
    plain &= all(WORDS.get(word.lower(), "filler") == "filler" for word in each)
    return plain and all(map(_NAME.fullmatch, each))
