"""Ids in running text, in the forms that fifteen years of bulletins use."""

from __future__ import annotations

import pytest

from secpack.model import Id, Link
from secpack.text.inline import advisory_numbers, parse_inline


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("XSA-212", [212]),
        ("XSA 212", [212]),
        ("XSA87", [87]),
        ("(XSA20-32 [1])", list(range(20, 33))),
        ("XSA 121 & 122", [121, 122]),
        ("XSA 120 and 124", [120, 124]),
        ("XSA 216-224", list(range(216, 225))),
        ("XSA 52-54, XSA 57", [52, 53, 54, 57]),
        ("XSA 217, 218, 219", [217, 218, 219]),
        ("(XSA 216, 217, 218, 219, 222, 224?)", [216, 217, 218, 219, 222, 224]),
        ("XSA-226 through XSA-230", list(range(226, 231))),
        ("XSA-226\nthrough XSA-230", list(range(226, 231))),
        ("XSA-401 to XSA-403", [401, 402, 403]),
        ("XSA-299, XSA-302", [299, 302]),
        ("(XSA-378, XSA-379, XSA-382)", [378, 379, 382]),
        ("Xen Security Advisory 254 (XSA-254)", [254, 254]),
        ("Xen Security Advisory\n263 (CVE-2018-3639 / XSA-263)", [263, 263]),
        ("Xen Security Advisories 216 [1]", [216]),
        ("CVE-2015-2044 / XSA-121", [121]),
        ("XSA\n120 and 124, see", [120, 124]),
        ("XSA-433 v3", [433]),
        ("XSA-212, 3 packages", [212]),
        ("XSA-212, version 4.8.5", [212]),
        ("XSA-100 and 4.19 are out", [100]),
        ("the XSAs 7, 8 and 9", [7, 8, 9]),
        ("XSA-1 - XSA-400", [1, 400]),
        ("XSA-230 through XSA-226", [230, 226]),
        ("MYXSA-5 and XSAPP 5", []),
        ("https://xenbits.xen.org/xsa/XSA-212", []),
    ],
)
def test_advisories(text: str, numbers: list[int]) -> None:
    assert list(advisory_numbers(parse_inline(text))) == numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CVE-2018-3620,CVE-2018-3646 / XSA-273", ["CVE-2018-3620", "CVE-2018-3646", "XSA-273"]),
        ("CVE-2021-20271[1] RPM", ["CVE-2021-20271"]),
        ("(CVE-2018-\n12126)", ["CVE-2018-12126"]),
        ("INTEL-SA-00950 and INTEL-SA-01249", ["INTEL-SA-00950", "INTEL-SA-01249"]),
        ("DSA-3733-1, DSA-4371", ["DSA-3733-1", "DSA-4371"]),
        ("GHSA-abcd-1234-ef56", ["GHSA-abcd-1234-ef56"]),
        ("AMD-SB-7053 and XSN-3", ["AMD-SB-7053", "XSN-3"]),
        ("QSB #37, QSB-067 and Qubes Security Bulletin #12", ["037", "067", "012"]),
    ],
)
def test_other_ids(text: str, values: list[str]) -> None:
    assert [i.value for i in parse_inline(text) if isinstance(i, Id)] == values


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://example.org/a.", "https://example.org/a"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("https://example.org/?p=x.git;a=commit;h=1", "https://example.org/?p=x.git;a=commit;h=1"),
        ("https://example.org/f.c#L10-L20,", "https://example.org/f.c#L10-L20"),
        ("mailto:team@example.org!", "mailto:team@example.org"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert [i.url for i in parse_inline(text) if isinstance(i, Link)] == [url]


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "xhttp://a"],
)
def test_no_other_addresses(text: str) -> None:
    assert not [i for i in parse_inline(text) if isinstance(i, Link)]
