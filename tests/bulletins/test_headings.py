"""Headings that are alike in a text are alike on its page, whose levels skip none."""

from __future__ import annotations

import re

import pytest

from bulletins.html import render
from secpack.parser import parse_text
from tests.cases import Case, read_cases

EXPECTED = {
    "packages-by-release": ["2 Patching", "3 Quern 3.0", "3 Quern 2.0", "2 Credits"],
    "markdown-heading-in-nested-section": [
        "2 Details",
        "3 The table",
        "4 Its rows",
        "4 Its columns",
        "2 Patching",
    ],
}

CASES = [case for kind in ("leads", "valid") for case in read_cases(kind) if case.name in EXPECTED]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_levels(case: Case) -> None:
    html = render(parse_text(case.file), lambda _: None).html
    headings = re.findall(r"<h([1-6])[^>]*>(.*?)</h", html)
    found = [f"{n} {re.sub('<[^>]*>', '', words).lstrip('# ')}" for n, words in headings]
    assert found == EXPECTED[case.name]


def test_there_are_cases() -> None:
    assert len(CASES) == len(EXPECTED)
