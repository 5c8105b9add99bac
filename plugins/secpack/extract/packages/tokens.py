"""A phrase cut into tokens, by one expression: words, versions, releases, places, joints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from secpack.extract.packages.places import PLACE_WORD, TARGETS
from secpack.extract.packages.releases import releases_pattern
from secpack.extract.packages.versions import is_version, split_name

# Kinds of tokens: a version, without or with a name; that there is none; all that can end a name.
VERSIONS: Final = frozenset({"version", "file"})
FACTS: Final = frozenset({"none", "unaffected"})
ENDS: Final = frozenset({"same", *VERSIONS, *FACTS})

_NO_FIX: Final = (
    r"[Nn]o\s{1,3}(?:fix(?:es)?|patch(?:es)?|updates?|(?:fixed\s{1,3}|updated\s{1,3})?packages?)\b"
    r"(?:\s{1,3}(?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided"
    r"|exists?|at|this|the|time|moment)\b){0,8}"
    r"|not\s{1,3}(?:yet\s{1,3})?(?:fixed|available|supported|patched|released)(?:\s{1,3}yet)?\b"
    r"|will\s{1,3}not\s{1,3}be\s{1,3}(?:fixed|patched|updated)\b"
    r"|no\s{1,3}longer\s{1,3}supported\b|[Ee]nd[-\s]of[-\s]life\b|EOL\b"
    r"|[Nn]one(?:\s{1,3}(?:yet|available))?\b|[Nn]othing\s{1,3}yet\b|[Uu]nsupported\b"
)
_NOT_AFFECTED: Final = (
    r"(?:not|n't)\s{1,3}(?:affected|vulnerable|impacted)\b|[Uu]naffected\b"
    r"|does\s{1,3}not\s{1,3}affect\b"
)
# Whether a release for which nothing has to be done is affected, nobody can tell from that.
_UNCLEAR: Final = (
    r"[Nn]o\s{1,3}(?:\w{1,20}\s{1,3})?(?:action|fix|patch|update|package)(?:e?s)?\s{1,3}"
    r"(?:(?:is|are)\s{1,3})?(?:needed|required|necessary)\b|[Nn]othing\s{1,3}to\b"
)
# Some of each fact that there is no fix or nothing to be fixed.
_FACT_SIGN: Final = re.compile(r"No|no|n't|nd[-\s]of|EOL|nsupported|naffected")


class Token(NamedTuple):
    """A piece of a phrase: what it is, what it says, where it stands."""

    kind: str
    value: str
    at: int


def tokens(text: str, product: str) -> Iterator[Token]:
    """The tokens of a phrase; those in brackets are one, of the kind ``paren``."""
    after_keyword = False
    for match in _pattern(product).finditer(text):
        kind, value = str(match.lastgroup), match[0]
        if kind != "word":
            yield Token(kind, value, match.start())
        else:
            bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
            if bare:
                yield Token(_word_kind(bare, certain=after_keyword), bare, match.start())
            if value.endswith((".", ":", "!", "?")):
                yield Token("separator", value[-1], match.end() - 1)
        after_keyword = kind == "keyword" or (after_keyword and kind == "separator")


def _word_kind(word: str, *, certain: bool) -> str:
    if word.isalpha():  # as most are
        return "word"
    if is_version(word, certain=certain):
        return "version"
    return "file" if split_name(word) else "word"


def may_state_fact(text: str) -> bool:
    """Whether a phrase has what no fact is without; fast, and True more often than needed."""
    return _FACT_SIGN.search(text) is not None


@lru_cache(maxsize=64)
def _pattern(product: str) -> re.Pattern[str]:
    kinds = {
        "paren": r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]",
        "release": rf"(?:(?:for|in|on|For|In|On)\s{{1,3}})?{releases_pattern(product)}",
        "target": rf"(?<![\w-])(?:(?:in|into|inside|for|In|For)\s{{1,3}})?{TARGETS}",
        "place": rf"(?<![\w-])(?:in|inside)\s{{1,3}}{PLACE_WORD}"
        r"(?=\s{0,3}(?:[,;:).]\s|[,;:).]?$))",
        "unclear": rf"(?<![\w-])(?:{_UNCLEAR})",
        "none": rf"(?<![\w-])(?:[Tt]here\s{{1,3}}(?:is|are)\s{{1,3}})?(?:{_NO_FIX})",
        "unaffected": rf"(?<![\w-])(?:{_NOT_AFFECTED})",
        "same": r"(?<![\w-])(?:of|in)\s{1,3}the\s{1,3}same\s{1,3}version\b",
        "later": r"(?<![\w-])(?:(?:and|or)\s{1,3}(?:any\s{1,3})?(?:later|newer|higher|greater|above"
        r"|up)(?:\s{1,3}versions?)?|at\s{1,3}least)(?![\w-])",
        "keyword": r"(?<![\w-])[Vv]ersions?\b:?|(?<![\w-])ver\.",
        "packages": r"(?<![\w-])[Pp]ackages?(?![\w-])",
        "separator": r"[,;]|(?<!\S)(?:and|or|/|&|\+)(?!\S)",
        "joint": r"(?<![\w-])as\s{1,3}well(?:\s{1,3}as)?\b",
        "respectively": r"(?<![\w-])respectively\b",
        "word": r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}",
        "other": r"[()]",
    }
    return re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items()))
