"""That there is no fix, or that a release is not affected, where words say just that."""

from __future__ import annotations

from typing import Final

from secpack.extract.packages.groups import Entry
from secpack.extract.packages.releases import release_numbers
from secpack.extract.packages.tokens import FACTS, Token, may_state_fact, tokens
from secpack.model.archive import Fix

_KINDS: Final = FACTS | {"release", "unclear", "packages", "separator", "word"}
# Words that add nothing to it.
_WORDS: Final = frozenset({
    "this", "release", "has", "have", "reached", "there", "will", "is", "are", "be", "it", "and",
    "at", "the", "time", "of", "writing", "so", "its", "currently", "now", "for", "to",
})  # fmt: skip


def read_fact(text: str, product: str) -> Entry | None:
    """The fact that a phrase states; None if it states none, or tells more than that."""
    if not may_state_fact(text):
        return None
    found = []
    for token in tokens(text, product):
        if not _belongs(token):
            return None
        found.append(token)
    said = {token.kind for token in found} & FACTS
    stated = [release_numbers(token.value) for token in found if token.kind == "release"]
    if not said or len(stated) > 1:
        return None
    fix = Fix.NOT_AFFECTED if "unaffected" in said else Fix.NONE
    return Entry(0, "", "", fix, stated[0] if stated else ())


def _belongs(token: Token) -> bool:
    return token.kind in _KINDS and (token.kind != "word" or token.value.lower() in _WORDS)
