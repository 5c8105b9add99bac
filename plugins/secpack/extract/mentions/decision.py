"""Which advisories a text addresses, from all its mentions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from secpack.model.archive import Context, Mention

_TELLING: Final = (Context.ANNOUNCEMENT, Context.HEAD, Context.FIX)
_FURTHER: Final = (Context.SUMMARY, Context.HEADING, Context.PATCHING, Context.BODY)


def decide(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """The mentions by which a text addresses advisories, in order; the rest is mentioned."""
    by_name: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.scheme == "XSA":
            by_name[mention.value].append(mention)
    told = {name: _told(found) for name, found in by_name.items()}
    announces = any(told.values())
    decided = []
    for name, found in by_name.items():
        titled = [mention for mention in found if mention.context is Context.TITLE]
        # What only the title names, where the text announces others, is a slip of the pen.
        slip = announces and len(titled) == len(found)
        if not slip and all(mention.context is not Context.NOT_AFFECTED for mention in found):
            decided += [*titled, *told[name]]
    return tuple(sorted(decided, key=lambda mention: mention.line))


def _told(found: Sequence[Mention]) -> list[Mention]:
    """The mentions of one advisory, outside the title, that tell that the text addresses it."""
    plainly = [n for n in found if n.context in _TELLING]
    partly = [n for n in found if n.context is Context.ANNOUNCEMENT_OF_SOME]
    further = [n for n in found if n.context in _FURTHER]
    return plainly + partly if plainly or further else []
