"""Nothing is lost: a page has the words of its text, in order, and every line is in a block."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bulletins.html import render
from secpack import load
from secpack.model.archive import Document, File
from secpack.model.blocks import leaves
from secpack.parser import parse_letter, parse_text
from tests.cases import Case, each_case
from tests.words import words_of_html, words_of_text

CONTENT = Path(__file__).parents[2] / "content"
HEADER = "---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"
TAGS = [
    "a", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6",
    "hr", "li", "ol", "p", "pre", "span", "table", "tbody", "td", "th", "thead", "time", "tr", "ul",
]  # fmt: skip
ATTRIBUTES = [
    "aria-label", "class", "datetime", "href", "id", "role", "scope", "tabindex", "type", "value",
]  # fmt: skip


def file(data: bytes) -> File:
    return File("text.txt", data, hashlib.sha256(data).hexdigest())


def html_of(document: Document) -> str:
    return render(document, lambda identifier: f"https://example.org/{identifier.value}").html


def check(document: Document) -> None:
    """What holds for every document."""
    covered = [n for leaf in leaves(document.blocks) for n in range(leaf.first, leaf.last + 1)]
    data = document.file.data
    assert covered == list(range(1, data.count(b"\n") + (not data.endswith(b"\n")) + 1))
    html = html_of(document)
    assert words_of_html(html) == words_of_text(document.file.data)
    Inert().feed(html)


class Inert(HTMLParser):
    """Fails on any element, attribute or address that a rendered text may not have."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name == "href":
                assert re.match(r"#|https?://|mailto:|\.\./", value or "")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


@each_case("valid")
def test_cases(case: Case) -> None:
    check(parse_text(case.file))


def test_what_cannot_be_seen_is_named_inside_marks() -> None:
    check(parse_text(file(f"{HEADER}See [\u115f1], _\u115fa_ and `\u115fb`.\n".encode())))


def test_demo_pack() -> None:
    archive = load(CONTENT / "secpack")
    documents = [p.document for p in (*archive.bulletins, *archive.canaries)]
    documents += [letter.document for c in archive.canaries for letter in c.letters]
    assert len(documents) >= 12
    for document in documents:
        check(document)


def test_real_pack(real_pack: Path) -> None:
    archive = load(real_pack)
    documents = [p.document for p in (*archive.bulletins, *archive.canaries)]
    documents += [letter.document for c in archive.canaries for letter in c.letters]
    assert len(documents) >= 100
    for document in documents:
        check(document)


# Lines made of what the rules look for, so that random texts meet the rules at every corner.
pieces = st.sampled_from([
    "~~~", "^^^^", "++++",
    "|", "-", "*", "[", "]", "(", ")", "1.", "2)", "a.", "b)", "`x`", "_y_", "`", "_", "**", "##",
    "$", "+", "+---", "---", "===", "-----", "***", "|-|", "||", ".", ":", ";", "{", "}",
    "XSA-212", "XSA", "212", ",", "213", "through", "214", "CVE-2017-7228", "QSB", "#37",
    "https://example.org/a?b;c#L1", "[1]", "[2]", "[*]", "[01]", "2018-05-24:", "2018-05-24",
    "July", "14:", "--", "Thanks,", "References", "Changelog", "word", "word.", "words:",
    "<script>", ">", "> >", "#", "&",
    '"', "'", "\t", "\u202e", "\u200b", "\x07", "é", "\x85", "\u2028", "\r", "é",
    "diff --git a/x b/x", "@@ -1,2 +1,3 @@", "int f(void) {", "    ", "  ", "XSA-9 - x", "    x;",
])  # fmt: skip
lines = st.lists(pieces, max_size=6).flatmap(
    lambda parts: st.sampled_from([" ", "", "   "]).map(lambda joint: joint.join(parts))
)
texts = st.lists(st.one_of(lines, st.just(""), st.text(max_size=30)), max_size=30).map("\n".join)


@given(texts)
def test_any_bulletin(body: str) -> None:
    data = (HEADER + body).encode("utf-8", "surrogatepass")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return
    check(parse_text(file(data)))


@given(texts.filter(lambda text: text.strip() != ""))
def test_any_letter(body: str) -> None:
    check(parse_letter(file(body.encode("utf-8", "replace"))))
