"""Ids in running text, in the forms that fifteen years of bulletins use."""

from __future__ import annotations

import pytest

from secpack.model.blocks import Id, Link
from secpack.parser.inline import ids_at, link_ids, parse_inline


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
        ("XSAs 407 and 408", [407, 408]),
        ("XSA-226 [1] through XSA-229 [4]", [226, 227, 228, 229]),
        ("XSA-120 [1], 121 [2] and 122 [3]", [120, 121, 122]),
        ("XSA-226 [1] to [4] and 300", [226]),
        ("Xen Security Advisory (XSA) 254", [254]),
        ("XSA-378, -379 and\n-382", [378, 379, 382]),
        ("CVE-2020-1234 to XSA-5", [5]),
        ("MYXSA-5 and XSAPP 5", []),
        ("https://xenbits.xen.org/xsa/XSA-212", []),
    ],
)
def test_advisories(text: str, numbers: list[int]) -> None:
    inlines = parse_inline(text)
    ids = [named for n in range(len(inlines)) for named in ids_at(inlines, n)]
    assert [int(value[4:]) for scheme, value in ids if scheme == "XSA"] == numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CVE-2018-3620,CVE-2018-3646 / XSA-273", ["CVE-2018-3620", "CVE-2018-3646", "XSA-273"]),
        ("CVE-2021-20271[1] RPM", ["CVE-2021-20271"]),
        ("(CVE-2018-\n12126)", ["CVE-2018-12126"]),
        (
            "CVE-2022-21123, 21125 and\n21166",
            ["CVE-2022-21123", "CVE-2022-21125", "CVE-2022-21166"],
        ),
        ("CVE-2018-3620/3646", ["CVE-2018-3620", "CVE-2018-3646"]),
        ("CVE-2018-3620, 2019-11091", ["CVE-2018-3620", "CVE-2019-11091"]),
        ("CVE-2021-3421 and 2024 was a good year", ["CVE-2021-3421"]),
        ("CVE-2018-12126, 4096 pages and 12127.5", ["CVE-2018-12126"]),
        ("VU#123456, RHSA-2018:0007, USN-3531-1", ["VU#123456", "RHSA-2018:0007", "USN-3531-1"]),
        ("DLA-1234-1 SUSE-SU-2018:0006-1", ["DLA-1234-1", "SUSE-SU-2018:0006-1"]),
        ("FEDORA-2018-0a1b2c3d4e, Intel-SA-00086", ["FEDORA-2018-0a1b2c3d4e", "INTEL-SA-00086"]),
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
    ("url", "values"),
    [
        ("https://xenbits.xen.org/xsa/advisory-212.html", ["XSA-212"]),
        ("http://xenbits.xen.org/xsa/advisory-029.html#x", ["XSA-29"]),
        ("https://xenbits.xen.org/xsa/advisory-212.patch", []),
        ("https://example.org/en/advisory/intel-sa-00161.html", ["INTEL-SA-00161"]),
        ("https://example.org/?name=CVE-2023-23583", ["CVE-2023-23583"]),
        ("https://example.org/security/GHSA-AB12-cd34-ef56", ["GHSA-ab12-cd34-ef56"]),
        ("https://example.org/amd-sb-7007.html", ["AMD-SB-7007"]),
        ("https://example.org/errata/RHSA-2018:0007", ["RHSA-2018:0007"]),
        ("https://example.org/notusn-3531-1", []),
    ],
)
def test_ids_of_links(url: str, values: list[str]) -> None:
    assert [value for _, value in link_ids(url)] == values


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
