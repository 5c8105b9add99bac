"""A Document to what is told of it in short: by lists, feeds and data, which need no more of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from secpack.extract.credits import read_credits
from secpack.model.archive import Document, Part, Summary
from secpack.model.blocks import Block, Link, Paragraph, References
from secpack.parser.tree import actions, opening, plain, runs, sections, summary_section

_WORDS: Final = 45


def read_summary(document: Document) -> Summary:
    """What is told of a text in short."""
    found = sections(document)
    acting = actions(document)
    acts = {section.first for section in acting}
    parts = tuple(
        Part(
            s.title, s.level, s.first, s.blocks[0].first if s.blocks else 0, s.last, s.first in acts
        )
        for s in found
    )
    return Summary(
        parts=parts,
        action=next((words for section in acting if (words := _words(opening(section)))), ""),
        about=_about(document),
        links=tuple(_links(document)),
        credits=read_credits(found),
    )


def shortened(text: str) -> str:
    """The first words of a text."""
    words = text.split()
    return " ".join(words[:_WORDS]) + (" …" if len(words) > _WORDS else "")


def _about(document: Document) -> str:
    """The first words of the summary; failing that, of the text."""
    section = summary_section(document)
    if section and (words := _words(opening(section))):
        return words
    return _words([block for block in document.blocks if isinstance(block, Paragraph)][:1])


def _words(blocks: Iterable[Block]) -> str:
    """The first words of some blocks, on one line."""
    return shortened(" ".join(plain(inlines) for _, inlines in runs(blocks)))


def _links(document: Document) -> Iterator[tuple[str, str]]:
    """The addresses of the text's references, each once, with the first label that has it."""
    seen: set[str] = set()
    for block in document.blocks:
        for item in block.items if isinstance(block, References) else ():
            for _, inlines in runs(item.blocks):
                for inline in inlines:
                    if isinstance(inline, Link) and inline.url not in seen:
                        seen.add(inline.url)
                        yield inline.url, item.label
