"""Dates as bulletins and canaries print them, parsed strictly."""

import re
from datetime import date
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTH: Final = "|".join(MONTHS)
# In a date with a year a month may be short: "Oct 5, 2026", "5 Sept. 2026"
_ANY_MONTH: Final = rf"(?:{MONTH}|(?:{'|'.join(name[:3] for name in MONTHS)}|Sept)\.?)"

ISO: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

_DAY: Final = "[0-9]{1,2}(?:st|nd|rd|th)?"

#: ``July 14`` or ``July 14th``: the year is elsewhere.
YEARLESS: Final = rf"(?:{MONTH})\s+{_DAY}"

#: ``2018-05-24``, ``2018/05/24``, ``24/05/2018``, ``May 12, 2011``, ``May 12th 2011``, ``12 May
#: 2011``, ``12th of May, 2011`` or ``Oct 5, 2026``, also with several spaces.
DATE: Final = (
    rf"{ISO}|[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}|[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}"
    rf"|(?:{_ANY_MONTH}\s+{_DAY}|{_DAY}\s+(?:of\s+)?{_ANY_MONTH})(?:,\s*|\s+)[0-9]{{4}}"
)

_FORM: Final = re.compile(rf"{DATE}|{YEARLESS}")
_NUMBER: Final = re.compile("[0-9]+")

# A part of a date that may be still to be written: ``TODO``, ``XX``, ``MM``, ``??``.
_PART: Final = r"(?:[0-9]{1,2}(?:st|nd|rd|th)?|todo|tbd|fixme|xx|nn|mm|dd|[?_]{2})"
_YEAR: Final = r"(?:[0-9]{4}|y{4}|x{4}|[?_]{4})"

#: A line that can only be an attempt at a date, such as ``24.05.2018`` or ``2023-05-TODO``.
LIKE_A_DATE: Final = re.compile(
    r"\W*(?:date:? |updated:? |[a-z]+day,? )?(?:"
    rf"{_YEAR}[-./]{_PART}[-./]{_PART}|{_PART}[-./]{_PART}[-./]{_YEAR}|(?:{MONTH})\s+[0-9]{{4}}"
    rf"|[a-z]{{3,9}}\.?\s+{_PART},?\s*{_YEAR}|{_PART}\s+[a-z]{{3,9}},?\s*{_YEAR})(?!\w)",
    re.IGNORECASE,
)


def parse_date(text: str, *, year: int | None = None) -> date:
    """Return the date that the whole of ``text`` is; ``year`` is for a text without one.

    Raises ValueError for any other form, for a day that does not exist, and for ``05/07/2018``,
    which is in May or in July.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"not a date in a form of the format: {text!r}")
    numbers = [int(number) for number in _NUMBER.findall(text)]
    month = next((n for n, name in enumerate(MONTHS, 1) if name[:3] in text), None)
    if month is None and text[:4].isdigit():
        return date(*numbers)
    if month is None:
        *days, stated = numbers
        if max(days) <= 12 and len(set(days)) > 1:
            raise ValueError(f"{text}: either could be the month")
        return date(stated, *sorted(days))
    day, *years = numbers
    return date(years[0] if years else year or 0, month, day)


def not_a_date(text: str) -> str:
    """What is wrong with words where a date is expected, and what to do."""
    return f"{text!r} is not a date; expected 2018-05-24 or May 24, 2018"
