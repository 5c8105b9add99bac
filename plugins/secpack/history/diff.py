"""How a text differs from the version before, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secpack.canary.diff import difference, opcodes


def changed_passages(before: str, after: str, *, most: int) -> Iterator[list[tuple[str, str]]]:
    """Yield the passages that differ, as parts of a Change: paragraphs first, then their words.

    ``most`` is how many comparisons that is worth; a passage that needs more is shown as replaced.
    """
    old, new = (
        [" ".join(p.split()) for p in re.split(r"\n\s*\n", t.strip())] for t in (before, after)
    )
    changed = [codes for codes in opcodes(old, new, most // 2) if codes[0] != "equal"]
    for _, i, j, k, m in changed:
        words = (" ".join(old[i:j]).split(), " ".join(new[k:m]).split())
        yield [*difference(*words, most // 2 // len(changed))]
