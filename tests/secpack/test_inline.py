"""Ids in running text, in the forms that fifteen years of bulletins use."""

from __future__ import annotations

import pytest

from secpack.model.blocks import Id, Link
from secpack.parser.inline import ids_at, link_ids, parse_inline
from tests.cases import each_line


@each_line("advisories")
def test_advisories(text: str, expected: str) -> None:
    inlines = parse_inline(text)
    ids = [named for n in range(len(inlines)) for named in ids_at(inlines, n)]
    assert [value[4:] for scheme, value in ids if scheme == "XSA"] == expected.split()


@each_line("other ids")
def test_other_ids(text: str, expected: str) -> None:
    assert [i.value for i in parse_inline(text) if isinstance(i, Id)] == expected.split()


@each_line("ids of links")
def test_ids_of_links(text: str, expected: str) -> None:
    assert [value for _, value in link_ids(text)] == expected.split()


@each_line("urls")
def test_addresses(text: str, expected: str) -> None:
    assert [i.url for i in parse_inline(text) if isinstance(i, Link)] == [expected]


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "xhttp://a"],
)
def test_no_other_addresses(text: str) -> None:
    assert not [i for i in parse_inline(text) if isinstance(i, Link)]
