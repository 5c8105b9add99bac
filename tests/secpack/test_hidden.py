"""Characters that cannot be seen are shown and reported; so are words that mix scripts."""

from __future__ import annotations

import unicodedata

import pytest

from secpack.model.archive import File
from secpack.model.blocks import Link
from secpack.parser import parse_letter
from secpack.parser.characters import mixed_words, visible
from secpack.parser.inline import parse_inline

HIDDEN = [
    *range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160,
    0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x2028, 0x202F),
    *range(0x2060, 0x2070), 0x2800, 0x3164, 0xE000, 0xF8FF, *range(0xFDD0, 0xFDF0),
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFD), *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0), 0xF0000, 0x10FFFD,
    *(plane * 0x10000 + last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]  # fmt: skip

SHOWN = "\t aé\u00a0\u0301\u2003\u2013\u3000µΩжא你\u30fc\ufffd\U0001f600"


def test_hidden_characters_are_shown_and_reported() -> None:
    for point in HIDDEN:
        name, words = f"U+{point:04X}", f"before{chr(point)}behind"
        assert visible(words) == f"before[{name}]behind"
        findings = parse_letter(File("a.txt", f"Words.\n{words}\n".encode(), "")).findings
        assert [(f.line, f.code) for f in findings] == [(2, "hidden-character")], name
        assert f"{name}," in findings[0].message
        inlines = parse_inline(f"https://example.org/{chr(point)}a")
        assert not any(isinstance(i, Link) and chr(point) in i.url for i in inlines), name


def test_all_controls_and_separators_are_hidden() -> None:
    seen = {
        unicodedata.name(chr(point), hex(point))
        for point in range(0x110000)
        if unicodedata.category(chr(point)) in ("Cc", "Cf", "Co", "Zl", "Zp")
        and visible(chr(point)) == chr(point)
    }
    # Numbers of Arabic, Syriac and Kaithi are drawn around what follows them.
    drawn = ("ARABIC ", "SYRIAC ", "KAITHI ")
    assert {name for name in seen if not name.startswith(drawn)} == {"0x9", "0xa"}


def test_other_characters_are_left_alone() -> None:
    assert visible(SHOWN) == SHOWN


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("XS\u0410-9034", "XS\u0410 (U+0410) mixes Cyrillic and Latin letters"),
        ("(\u0421VE-2031-10001)", "\u0421VE (U+0421) mixes Cyrillic and Latin letters"),
        ("sc\u03bfpe", "sc\u03bfpe (U+03BF) mixes Greek and Latin letters"),
        ("\u0555pen", "\u0555pen (U+0555) mixes Armenian and Latin letters"),
        ("\u13dfVE", "\u13dfVE (U+13DF) mixes Cherokee and Latin letters"),
        ("\u2169SA", "\u2169SA (U+2169) mixes Latin and Roman letters"),
        ("\uff38SA", "\uff38SA (U+FF38) mixes Fullwidth and Latin letters"),
        ("\uff38\uff33", "\uff38\uff33 (U+FF38, U+FF33) mixes Fullwidth and Latin letters"),
        ("\U0001d417SA", "\U0001d417SA (U+1D417) mixes Latin and Mathematical letters"),
        ("XS\u200b\u0410", "XS[U+200B]\u0410 (U+0410) mixes Cyrillic and Latin letters"),
        ("XS\u0301\u0410", "XS\u0301\u0410 (U+0410) mixes Cyrillic and Latin letters"),
        ("\u0430\u03bf", "\u0430\u03bf (U+0430, U+03BF) mixes Cyrillic and Greek letters"),
        ("https://ex\u0430mple.org/", "ex\u0430mple (U+0430) mixes Cyrillic and Latin letters"),
        ("a" * 99 + "\u0430", "a" * 60 + " (U+0430) mixes Cyrillic and Latin letters"),
    ],
)
def test_words_that_mix_scripts(words: str, message: str) -> None:
    assert list(mixed_words(f"The {words}, he said.")) == [f"{message}: write it in one script"]


@pytest.mark.parametrize(
    "words",
    [
        "XSA-9034", "\u0410\u043d\u043d\u0430", "\u03a3\u03c9\u03ba\u03c1\u03ac\u03c4\u03b7\u03c2",
        "\u00b5s", "\u03bcs", "k\u03a9", "k\u2126", "\u0394t", "2\u03c0r", "x\u00b2", "\u00bdx",
        "M\u00fcller", "cafe\u0301", "STRA\u1e9eE", "Hawai\u02bbi", "5\u00baC", "\u03bb-calculus",
        "USB\u63a5\u53e3", "Xen\u306f", "a\u2014\u0436", "\uff38", "\u212a",
    ],
)  # fmt: skip
def test_words_that_do_not(words: str) -> None:
    assert list(mixed_words(f"The {words}, he said.")) == []
