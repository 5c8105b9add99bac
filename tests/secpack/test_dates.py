"""Dates, strictly."""

from __future__ import annotations

import pytest

from secpack.parser.dates import parse_date
from tests.cases import each_line


@each_line("dates")
def test_date(text: str, expected: str) -> None:
    assert parse_date(text).isoformat() == expected


def test_year_said_elsewhere() -> None:
    assert parse_date("July 14", year=2015).isoformat() == "2015-07-14"


@pytest.mark.parametrize(
    "text",
    [
        "", "2018-5-24", "2018-02-30", "2018-13-01", "February 29, 2015", "May 32, 2011",
        "may 12, 2011", "May 2011", "24.05.2018", "05/07/2018", "32/05/2018", "July 14",
        "2018/5/24", "2018-05/24",
        "2018-05-24T00:00", " 2018-05-24",
        "\uff12\uff10\uff11\uff18-05-24",
    ],
)  # fmt: skip
def test_not_a_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_date(text)
