"""Of a text that is too long to be read, the rest is shown as printed."""

from __future__ import annotations

import pytest

from bulletins.html import render
from secpack.extract.sections import sections
from secpack.model.blocks import Preformatted
from secpack.parser import lines
from secpack.parser.lines import MAX_BYTES, MAX_READ, MAX_READ_LINES
from tests.bulletins.test_lossless import check
from tests.whole import BULLETIN, CANARY, read

LONG = {
    "lines": (BULLETIN + "Summary\n-------\n\n", "XSA-1 <b>\n"),
    "blank lines": (BULLETIN + "Summary\n-------\n\nwords", "\n"),
    "blank": (BULLETIN + "Summary\n-------\n\nwords", "\n\n\n"),
    "one line": (BULLETIN, "XSA-1 and "),
    "items": (BULLETIN, "- a\n"),
    "bars": (BULLETIN, "| a\n"),
    "references": (BULLETIN + "References\n-----\n\n", "[1] https://example.org/\n"),
    "statements": (CANARY + "Statements\n------\n\n1. a\n\n", "b\n\n"),
}


@pytest.fixture(params=[16, pytest.param(1, marks=pytest.mark.slow)])
def times(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many times shorter all is."""
    monkeypatch.setattr(lines, "MAX_READ", MAX_READ // request.param)
    monkeypatch.setattr(lines, "MAX_READ_LINES", MAX_READ_LINES // request.param)
    return int(request.param)


@pytest.mark.parametrize("name", LONG)
def test_the_rest_of_a_long_text_is_shown(name: str, times: int) -> None:
    start, words = LONG[name]
    count = (MAX_BYTES // times - 2000) // len(words)
    data = (start + words * count + "\nEnd\n---\n\nXSA-7.\n").encode()
    archive = read(data)
    (publication,) = archive.publications
    document = publication.document
    check(document)
    rest = document.blocks[-1]
    assert isinstance(rest, Preformatted)
    assert rest.language == "unread"
    assert [f.line for f in document.findings if f.code == "too-long"] == [rest.first]
    assert rest.text.endswith("\nXSA-7.")
    assert 7 not in [advisory.number for advisory in archive.advisories]
    assert all(section.last < rest.first for section in sections(document))


@pytest.mark.parametrize("name", LONG)
def test_a_text_within_the_limits_is_read(name: str, times: int) -> None:
    start, words = LONG[name]
    most = (MAX_READ // 2 // len(words), MAX_READ_LINES // (words.count("\n") or 1))
    count = min(most) // times - 20
    (publication,) = read((start + words * count + "\nEnd\n---\n\nXSA-7.\n").encode()).publications
    assert not [f for f in publication.document.findings if f.code == "too-long"]
    assert "XSA-7" in [mention.value for mention in publication.all_mentions]
    assert '<a href="xsa">XSA-7</a>' in render(publication.document, lambda _: "xsa").html
