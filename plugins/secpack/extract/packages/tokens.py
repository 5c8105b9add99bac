"""A phrase as tokens: releases, targets, versions, brackets, and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from secpack.extract.packages import vocabulary
from secpack.extract.packages.vocabulary import FILLERS

_TAIL: Final = (
    r"(?: (?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided|exists?"
    r"|at|this|the|time|moment)\b){0,8}"
)
_NO_NEED: Final = r"(?:is |are )?(?:needed|required|necessary)|(?:has|have|needs?) to"
#: Kinds of tokens, each with an expression and an example. The first that fits is taken.
KINDS: Final = (
    ("later", r"(?:(?:and|or) (?:any )?(?:later|newer|higher|greater|above|up)(?: versions?)?"
     r"|at least)(?![\w-])|\[[\w*]{1,5}\]", "or any later version"),
    ("bracket", r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]", "(optional)"),
    ("release", "(?:(?:[Ff]or|[Ii]n|[Oo]n|if you (?:are on|use|run|have)) )?(?:both )?RELEASES",
     "for Quern 4.2 and later"),
    ("target", f"(?:[Ii]n|into|inside|For(?= [A-Z])) {vocabulary.ANY_TARGETS}"
     f"|(?:(?:[Ii]n|into|inside|[Ff]or) )?{vocabulary.TARGETS}", "in qubes with a printer"),
    ("none", "(?:[Tt]here (?:is|are|will be) )?[Nn]o (?:(?:(?:fixed|updated) )?packages?|fix(?:es)?"
     rf"|patch(?:es)?|updates?)\b(?! (?:{_NO_NEED})\b){_TAIL}"
     "|not (?:yet )?(?:fixed|available|supported|patched|released|published|ready|out)(?: yet)?"
     r"\b|(?:will follow|will not be (?:fixed|patched|updated)|will not (?:receive|get) an? (?:fix"
     "|update)|still being (?:tested|built)|no longer supported|[Uu]nsupported"
     "|(?:(?:[Tt]his release )?ha(?:s|ve) )?(?:reached (?:its )?)?[Ee]nd[- ]of[- ]life|EOL"
     r"|[Pp]ending|[Nn]one(?: (?:yet|available))?|[Nn]ot(?:hing)? yet)\b", "no fix is available"),
    ("unaffected", r"(?:(?:not|n't) (?:affected|vulnerable|impacted)|[Uu]naffected"
     r"|does not affect)\b", "not affected"),
    ("same", r"(?:of|in) the same version\b", "of the same version"),
    ("old", "(?:replac(?:es|ing)|supersed(?:es|ing)|obsoletes|instead of|in place of|was|formerly"
     r"|previously|not|NOT) (?:versions? )?(?:[A-Za-z][\w+-]{0,60}-)?v?[0-9][\w.+~:-]{0,60}"
     r"(?![\w.-])", "instead of 4.1-2"),
    ("keyword", r"[Vv]ersions?\b:?|ver\.", "version"),
    ("packages", r"[Pp]ackages?(?![\w-])", "packages"),
    ("separator", r"[,;]|(?<![^\s(])(?:and|or|[-/&+–—])(?![^\s,])|as well(?: as)?\b", "as well as"),
    ("word", r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}", "xen-"),
    ("other", "[()]", "("),
)  # fmt: skip
_ANYWHERE: Final = {"bracket", "release", "separator", "word", "other"}  # or where a word begins


class Token(NamedTuple):
    """A piece of a phrase: its kind, its words, and the index where it begins."""

    kind: str
    value: str = ""
    at: int = 0

    @property
    def tells(self) -> bool:
        """Whether it is more than a word that says nothing."""
        return self.kind != "word" or self.value.lower() not in FILLERS


@lru_cache(maxsize=64)
def _expression(product: str) -> re.Pattern[str]:
    edge = r"(?<![\w-])"
    forms = (f"(?P<{k}>{'' if k in _ANYWHERE else edge}(?:{form}))" for k, form, _ in KINDS)
    form = vocabulary.spaced("|".join(forms))
    return re.compile(form.replace("RELEASES", vocabulary.releases_pattern(product)))


def tokens(text: str, product: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of a phrase; a word can be a version, or a file: a name with a version."""
    certain = False  # after "version"
    found = _expression(product).finditer(text, start, len(text) if end is None else end)
    for match in found:
        kind, value = str(match.lastgroup), match[0]
        if kind != "word":
            yield Token(kind, value, match.start())
        else:
            bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
            bare = bare.removeprefix(">=").removeprefix("≥")
            if vocabulary.is_version(bare, certain=certain):
                yield Token("version", bare, match.start())
            elif bare:
                yield Token("file" if vocabulary.split_name(bare) else "word", bare, match.start())
            if value.endswith((".", ":", "!", "?")):
                yield Token("separator", value[-1], match.end() - 1)
        certain = kind == "keyword" or (certain and kind == "separator")
