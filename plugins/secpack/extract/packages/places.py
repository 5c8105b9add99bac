"""Places for packages: ``dom0``, ``all templates``, ``sys-usb``, ``Fedora 38 templates``."""

from __future__ import annotations

import re
from typing import Final

from secpack.extract.packages.releases import JOINT

_GUEST: Final = r"(?:[Tt]emplate|[Ss]tandalone)(?:\(s\)|s|\s?VMs?|\s{1,3}qubes?)?(?![\w(]|-\w)"
_DETERMINERS: Final = r"(?:(?:the|all|any|every|each|both|your)\s{1,3}){0,2}"
_KIND: Final = (
    r"(?:(?!(?:New|Updated|Fixed|In|For|On|All|The)\b)[A-Z][a-z]{1,20}(?:-based)?\s{1,3}"
    r"(?:[0-9]{1,3}\s{1,3})?)?"
)
TARGET: Final = rf"{_DETERMINERS}(?:[Dd]om(?:0|[Uu]s?)(?![\w-])|{_KIND}{_GUEST})"
#: An expression for a list of places that are well known.
TARGETS: Final = rf"{TARGET}(?:{JOINT}{TARGET}){{0,4}}"
_DOMAINS_ONLY: Final = re.compile(rf"(?:(?:[Ii]n|[Ff]or)\s{{1,3}})?{TARGETS}")
_DOMAIN_JOINT: Final = re.compile(r",\s+(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+|\s*/\s*")
_DETERMINER: Final = re.compile(rf"(?:(?:in|into|inside|for)\s{{1,3}})?{_DETERMINERS}", re.I)
_CAPITAL: Final = re.compile(r"Dom(?:0|[Uu]s?)|(?:Template|Standalone)s?")
_NUMBERED: Final = re.compile(r"[A-Z][a-z]+ [0-9]+")
_LONE_NAME: Final = re.compile(r"(?:all )?(?!Dom)[A-Z][a-z]+(?:-based)?")

# Words that stand behind "in" and are no place.
_NO_PLACE: Final = (
    r"packages?|versions?|updates?|upgrades?|users?|following|repositor\w+|is|are|was|not|examples?"
    r"|releases?|supported|these|those|them|this|that|particular|addition|general|summary|short"
    r"|details?|case|order|both|total|question|turn|time|place|part|full|future|testing|stable|proving"
    r"|current|(?:security|current)-testing|install(?:ed|ing)?|please|only|and|or|run|use|do|get"
    r"|apply|must|should|need|needed|here|there|it|each|every|all|which|with|via"
)
#: An expression for a word behind "in" that can be the name of a place.
PLACE_WORD: Final = rf"(?!(?:{_NO_PLACE})\b(?!-))[a-z][\w-]{{0,30}}"
# "sys-usb", "Fedora 38", "Windows qubes", "template(s) of any GUI domain(s)"
_GUESTS: Final = r"(?:template|standalone|domain|[Dd]omU|qube|VM|TemplateVM|StandaloneVM|AppVM)"
_PLACE: Final = re.compile(
    rf"{_DETERMINERS}(?:{PLACE_WORD}|[A-Z][A-Za-z-]{{1,30}}(?:\s[0-9][0-9.]{{0,9}})?"
    rf"|(?:(?!(?:{_NO_PLACE})\b)[\w()/-]{{1,30}}\s){{0,5}}{_GUESTS}(?:\(s\)|s)?)"
)
_ASKED: Final = re.compile(
    r"(?:,?\s{1,3}(?:please\s{1,3})?(?:install|update|upgrade)(?:\s{1,3}to)?"
    r"(?:\s{1,3}(?:the\s{1,3}following|these))?(?:\s{1,3}packages)?|\s{1,3}only)$",
    re.I,
)
_PREPOSITION: Final = re.compile(r"^(?:in|inside|into|for|on)\s+", re.I)
_INNER_PREPOSITION: Final = re.compile(r"\b(and|or) (?:in|inside|into|for)\s+")


def target_names(text: str) -> tuple[str, ...]:
    """The places in a printed list of them: ``dom0 and all templates`` are two."""
    parts = [part for part in _DOMAIN_JOINT.split(text) if part]
    # "Fedora and Debian templates", "Fedora 38 and 39 templates"
    if any(_LONE_NAME.fullmatch(part) for part in parts[:-1]) or any(p[0].isdigit() for p in parts):
        parts = [text]
    names = [" ".join(part.split()) for part in parts]
    if len(names) > 1 and (last := _NUMBERED.match(names[-1])):  # "Fedora 38 and Mini 9 templates"
        kind = names[-1][last.end() :]
        names = [name + kind if _NUMBERED.fullmatch(name) else name for name in names]
    bare = (_DETERMINER.sub("", name, count=1) for name in names)
    return tuple(dict.fromkeys(_lowered(name) for name in bare if name))


def place_names(text: str) -> tuple[str, ...] | None:
    """The places in words that should be nothing but places; None if they are not.

    That they ask to install something there (``in hearth, please install``) does not matter.
    """
    words = _ASKED.sub("", " ".join(text.split()), count=1)
    words = without_preposition(words).strip(" ,")
    words = _INNER_PREPOSITION.sub(r"\1 ", words)
    if is_target(words):
        return target_names(words)
    names = target_names(words)
    return names if names and all(_is_place(name) for name in names) else None


def _is_place(name: str) -> bool:
    """Whether each part of a place that may have joints looks like one."""
    return all(_PLACE.fullmatch(part) or part[:1].isdigit() for part in _DOMAIN_JOINT.split(name))


def _lowered(name: str) -> str:
    """A place without the capital that it has in a heading or at the start of a line."""
    return name[0].lower() + name[1:] if _CAPITAL.fullmatch(name) else name


def is_target(text: str) -> bool:
    """Whether words are nothing but places that are well known."""
    return _DOMAINS_ONLY.fullmatch(text) is not None


def without_preposition(text: str) -> str:
    """Places without ``in`` or ``for`` in front."""
    return _PREPOSITION.sub("", text, count=1)
