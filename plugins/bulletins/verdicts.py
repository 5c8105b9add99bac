"""What the tracker says of an advisory, in words."""

from __future__ import annotations

from typing import Final

from secpack.model.archive import Advisory, Status

_WORDS: Final = {
    Status.YES: "yes",
    Status.NO: "no",
    Status.UNUSED: "unused",
    Status.OPEN: "to be announced",
    Status.UNTRACKED: "not in the tracker",
}

_SENTENCES: Final = {
    Status.YES: "It affects the security of {product}.",
    Status.NO: "It does not affect the security of {product}.",
    Status.UNUSED: "No advisory was published under this number.",
    Status.OPEN: "Whether it affects the security of {product} is not said yet.",
    Status.UNTRACKED: "It is only named, in texts or in a list of the Xen Project. "
    "Whether it affects the security of {product} is not said here.",
}


def verdict_words(advisory: Advisory) -> str:
    """Whether the product is affected, in a word or two."""
    return _WORDS[advisory.status]


def verdict_sentence(advisory: Advisory, product: str) -> str:
    """The same as a sentence."""
    return _SENTENCES[advisory.status].format(product=product)
