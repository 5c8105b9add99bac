"""Dates as bulletins and canaries print them, parsed strictly."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTH: Final = "|".join(MONTHS)

ISO: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

#: ``July 14`` or ``July 14th``: the year is elsewhere.
YEARLESS: Final = rf"(?:{MONTH})\s+[0-9]{{1,2}}(?:st|nd|rd|th)?"

#: ``2018-05-24``, ``May 12, 2011`` or ``May 12th, 2011``, also with several spaces.
DATE: Final = rf"{ISO}|{YEARLESS},\s*[0-9]{{4}}"

_ISO: Final = re.compile(r"([0-9]{4})-([0-9][0-9])-([0-9][0-9])")
_WORDS: Final = re.compile(rf"({MONTH})\s+([0-9]{{1,2}})(?:st|nd|rd|th)?(?:,\s*([0-9]{{4}}))?")

#: A line that can only be an attempt at a date, such as ``24.05.2018``.
LIKE_A_DATE: Final = re.compile(
    r"\W*(?:date:? |updated:? |[a-z]+day,? )?(?:[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{4}|y{4}-m{2}-d{2}"
    rf"|(?:{MONTH})\s+[0-9]{{4}}"
    r"|[a-z]{3,9}\.?\s+[0-9]{1,2}[a-z]{0,2},?\s*[0-9]{4}"
    r"|[0-9]{1,2}[a-z]{0,2}\s+[a-z]{3,9},?\s*[0-9]{4})\b",
    re.IGNORECASE,
)


def parse_date(text: str, *, year: int | None = None) -> date:
    """Return the date that the whole of ``text`` is; ``year`` is for a text without one.

    Raises ValueError for any other form, and for a day that does not exist.
    """
    if match := _ISO.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    match = _WORDS.fullmatch(text)
    if match and match[3]:
        year = int(match[3])
    if match is None or year is None:
        raise ValueError(f"not a date in a form of the format: {text!r}")
    return date(year, MONTHS.index(match[1]) + 1, int(match[2]))
