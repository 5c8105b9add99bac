"""Sections to those they thank by name, where it is plain who they are.

``Credits`` tell stories more often than lists of names. What is read is a name of two words or more
behind ``found by``, and one in front of an address of mail; what could be something else is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from secpack.model.archive import Credit, Section
from secpack.model.blocks import Heading, References
from secpack.parser.state import section_name
from secpack.parser.tree import plain, runs

_SECTIONS: Final = frozenset({"credits", "credit", "acknowledgements", "acknowledgments", "thanks"})
_WORD: Final = r"(?:[A-Z]\.|[^\W\d_a-z](?:[^\W\d_]|['’-](?=[^\W\d_])){0,40})"
_PARTICLE: Final = (
    r"(?:van|von|de|del|della|der|den|di|da|dos|das|do|du|la|le|ten|ter|zu|bin|ibn|al|y|e)"
)
_NAME: Final = rf"(?<![\w'’-]){_WORD}(?: (?:{_PARTICLE} ){{0,2}}{_WORD}){{1,4}}"
_JOINT: Final = r"(?:,? and |, )"
# Behind a name: the end, or a word that cannot be a part of it.
_BEHIND: Final = (
    r"(?=\s*(?:[.,;:()<\[]|$|(?:and|as|at|before|by|during|for|from|in|on|of|to|using|via|when|while"
    r"|whilst|who|whose|with)\b))"
)
_BY: Final = re.compile(
    rf"\b(?P<how>discovered|found|reported|[Ff]ound|[Dd]iscovered|[Rr]eported)\b[^.,;:]{{0,40}}?\bby"
    rf"(?: an? [a-z ,]{{1,40}}?,)? (?P<names>{_NAME}(?:{_JOINT}{_NAME}){{0,8}}){_BEHIND}"
)
_WITH_MAIL: Final = re.compile(rf"(?P<names>{_NAME}) <[^<>@]{{1,60}}(?:@| at )[^<>@]{{1,60}}>")
# Words of the names of groups and products, and those that a sentence can begin with.
_NO_PERSON: Final = re.compile(
    r"\b(?:Team|Security|Project|Group|Advisor\w+|Notice|Bulletin|Zero|Labs?|Inc|Ltd|GmbH|Corp\w*"
    r"|University|Institute|Research\w*|Foundation|Company|Department|Center|Centre|Xen|Linux|The"
    r"|Technolog\w+|Systems?|Software|List|Community|Developers?|Google|Intel|Microsoft|Red Hat"
    r"|Thank\w*|Reported|Found|Discovered|By|And|Also|See|Dear|We)\b"
)


def read_credits(found: Iterable[Section]) -> tuple[Credit, ...]:
    """Those whom a text's sections on credits name, each once, in the order of the text."""
    named: dict[str, Credit] = {}
    for credit in _credits(found):
        named.setdefault(credit.name, credit)
    return tuple(named.values())


def _credits(found: Iterable[Section]) -> Iterator[Credit]:
    for section in found:
        if section_name(section.title) in _SECTIONS:
            blocks = [b for b in section.blocks if not isinstance(b, (Heading, References))]
            for _, inlines in runs(blocks):
                yield from _in(plain(inlines))


def _in(words: str) -> Iterator[Credit]:
    found = [(m.start("names"), m["names"], m["how"].lower()) for m in _BY.finditer(words)]
    found += [(m.start("names"), m["names"], "thanked") for m in _WITH_MAIL.finditer(words)]
    for _, names, role in sorted(found):
        for name in re.split(_JOINT, names):
            if not _NO_PERSON.search(name):
                yield Credit(name, role)
