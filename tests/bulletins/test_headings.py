"""Headings that are alike in a text are alike on its page, whose levels skip none."""

from __future__ import annotations

import re

import pytest

from bulletins.html import render
from secpack.parser import parse_text
from tests.conftest import DATA
from tests.secpack.test_cases import read

EXPECTED = {
    "leads/packages-by-release": ["2 Patching", "3 Quern 3.0", "3 Quern 2.0", "2 Credits"],
    "valid/markdown-heading-in-nested-section": [
        "2 Details",
        "3 The table",
        "4 Its rows",
        "4 Its columns",
        "2 Patching",
    ],
}


@pytest.mark.parametrize(("case", "expected"), EXPECTED.items())
def test_levels(case: str, expected: list[str]) -> None:
    html = render(parse_text(read(DATA / f"{case}.txt")), lambda _: None).html
    headings = re.findall(r"<h([1-6])[^>]*>(.*?)</h", html)
    assert [f"{n} {re.sub('<[^>]*>', '', words).lstrip('# ')}" for n, words in headings] == expected
