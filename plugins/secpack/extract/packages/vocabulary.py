"""Words of a phrase that are no names of packages."""

from __future__ import annotations

from typing import Final

from secpack.extract.packages.versions import is_name

#: Words that are no part of a name and say nothing that a row has a place for.
FILLERS: Final = frozenset({
    "a", "an", "the", "of", "in", "for", "to", "is", "are", "be",
    "there", "here", "any", "all", "both", "various", "several", "multiple", "new",
    "updated", "fixed", "patched", "rebuilt", "latest", "also", "only", "following", "these",
    "corresponding", "use", "used", "install", "get", "update", "upgrade", "download", "fetch",
    "see", "need", "needs", "needed", "required", ">", ">=", "=", "≥",
})  # fmt: skip
# Words that are no name, though a version may follow: what they say of it is another matter.
_ELSE: Final = frozenset({
    "affected", "already", "below", "between", "by", "current", "do", "does", "earlier", "except",
    "former", "formerly", "from", "instead", "less", "lower", "never", "no", "not", "obsoletes",
    "old", "older", "on", "previous", "previously", "prior", "released", "replaced", "replaces",
    "replacing", "requires", "running", "shipped", "supersedes", "superseding", "than", "through",
    "systems", "till", "up", "user", "users", "vulnerable", "was", "were", "without",
})  # fmt: skip
#: Behind these a phrase goes on about something else.
STOPS: Final = frozenset({
    "which", "that", "with", "as", "where", "if", "because", "since", "when", "while", "see",
    "via", "once", "after", "before", "until", "unless", "who", "this", "has", "have", "had",
    "will", "can", "should", "must", "may", "it", "they", "we", "you", "please", "but", "so", "-",
    "–", "—",
})  # fmt: skip


def can_be_name(word: str) -> bool:
    """Whether a word has the form of a package's name, and is none that means something else."""
    return is_name(word) and word.lower() not in STOPS and word.lower() not in _ELSE
