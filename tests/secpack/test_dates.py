"""Dates, strictly."""

from __future__ import annotations

import pytest

from secpack.parser.dates import parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-05-24", "2018-05-24"),
        ("May 12, 2011", "2011-05-12"),
        ("April  4, 2017", "2017-04-04"),
        ("June 03, 2026", "2026-06-03"),
        ("January 5th, 2015", "2015-01-05"),
        ("March 1st, 2015", "2015-03-01"),
        ("February 29, 2016", "2016-02-29"),
        ("May 12 2011", "2011-05-12"),
        ("12 May 2011", "2011-05-12"),
        ("12th of May, 2011", "2011-05-12"),
        ("12 May,2011", "2011-05-12"),
        ("2018/05/24", "2018-05-24"),
        ("24/05/2018", "2018-05-24"),
        ("05/24/2018", "2018-05-24"),
        ("5/5/2018", "2018-05-05"),
        ("Oct 5, 2026", "2026-10-05"),
        ("5 Sept. 2026", "2026-09-05"),
    ],
)
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
