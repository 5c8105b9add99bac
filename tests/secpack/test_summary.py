"""What is told of a text in short."""

from __future__ import annotations

import pytest

from secpack.extract import read_summary
from secpack.extract.sections import actions, sections
from secpack.model.archive import Credit, File, Summary
from secpack.parser import parse_text

TEXT = """\
---===[ Quern Security Bulletin 001 ]===---

2001-03-04

User action
------------

Install these:

- xen packages [1]

Then wait.

Empty
------

Summary
--------

A bug [2].

Impact
------

XSA-7 Large gates fall.

Credits
--------

Found by Ines Aldous.

References
-----------

[1] https://quern.example.org/a and https://quern.example.org/b
[2] https://quern.example.org/a
"""


def summary(text: str) -> Summary:
    return read_summary(parse_text(File("text.txt", text.encode(), "")))


def test_what_is_told() -> None:
    document = parse_text(File("text.txt", TEXT.encode(), ""))
    every = sections(document)
    assert [
        (s.title, s.level, s.first, [b.first for b in s.blocks[:1]], s.last) for s in every
    ] == [
        ("User action", 1, 5, [8], 13),
        ("Empty", 1, 14, [], 16),
        ("Summary", 1, 17, [20], 21),
        ("Impact", 1, 22, [25], 26),
        ("Credits", 1, 27, [30], 31),
        ("References", 1, 32, [35], 36),
    ]
    assert [quotation.section for quotation in actions(document, ())] == [every[0]]
    assert summary(TEXT) == Summary(
        action="Install these: xen packages",
        about="A bug.",
        impact="XSA-7: Large gates fall.",
        links=(("https://quern.example.org/a", "1"), ("https://quern.example.org/b", "1")),
        credits=(Credit("Ines Aldous", "found"),),
    )


def test_without_sections_it_is_the_first_words() -> None:
    text = TEXT.partition("User")[0] + "A grain. " * 50
    assert summary(text) == Summary(about=f"{'A grain. ' * 22}".strip())


NEWS = "A guest can turn a wheel that is not its own."


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (f'On 2001-03-04, Mill published TSA-1, "wheel: it turns" (CVE-2001-1): {NEWS}', NEWS),
        (f'Advisories were published on 2001-03-04:\n\nTSA-1 "wheel: turns":\n\n| {NEWS}', NEWS),
        (f'Mill published the advisories below.\n\nTSA-1 [1] "wheel":\n\n| {NEWS}', NEWS),
        (f"On 2001-03-04, Mill published updates. {NEWS}", None),
        ("Today the Mill published: a wheel turns.", None),
        (f"Hi all,\n\n{NEWS}", NEWS),
        (f"Note: a bug was published. {NEWS}", None),
        ("Two bugs [1] are new (see [1], [2] and [3])", "Two bugs are new (see [1], [2] and [3])"),
        ("As shown in [1]-[3], it [1][2] turns. [3]", "As shown in [1]-[3], it turns."),
        ("It can:\n\n- turn,\n- grind a\n  stone\n- stop", "It can: turn, grind a stone; stop"),
    ],
)
def test_a_summary_says_what_is_new(words: str, about: str | None) -> None:
    """What leads to it, and reads the same in most bulletins, is left out."""
    assert summary(TEXT.replace("A bug [2].", words)).about == (about or words)


HARM = "On all others, a guest can read the memory of other guests."


@pytest.mark.parametrize(
    ("words", "impact"),
    [
        (f"Attacks on gates are believed not to affect Quern. [1]\n\n{HARM}", None),
        (f"No release is vulnerable to the first of them.\n\n{HARM}\n\nMore.", None),
        (f"Quern 4.1 is unaffected.\n\n{HARM}", None),
        (f"It doesn't affect:\n\n- gates\n\n{HARM}", f"It doesn't affect: gates {HARM}"),
        ("Quern is not affected.\n\nDetails\n~~~~~~~\n\nMore.", "Quern is not affected."),
        (f"A guest can turn the wheel.\n\n{HARM}", "A guest can turn the wheel."),
    ],
)  # fmt: skip
def test_what_is_spared_is_not_the_whole_impact(words: str, impact: str | None) -> None:
    """Whoever reads only that something is not affected would think that all is well."""
    whole = " ".join(words.replace(" [1]", "").replace("\n\nMore.", "").split())
    assert summary(TEXT.replace("XSA-7 Large gates fall.", words)).impact == (impact or whole)
