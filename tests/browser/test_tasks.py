"""What readers want to know: without JavaScript, on the front page or on one that it leads to.

On a real pack, if there is one; otherwise on the demo.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import watched
from tests.browser.served import Served, serve
from tests.browser.test_journeys import follow
from tests.bulletins.test_standing import gnupg, site_of
from tests.keys import Gnupg

__all__ = ["gnupg"]

pytestmark = pytest.mark.slow

#: A task: the link to follow from the front page, if any; where the answer is, and what it says.
#: First for the demo, then for a real pack.
TASKS = {
    "I run the release before: the newest bulletin?": (
        ("QSB-012", ".answers tr:has-text('4.0')", "Not stated. Support ended 2024-12-31."),
        ("QSB-116", ".answers tr:has-text('4.2')", "Not stated. Support ended 2026-06-21."),
    ),
    "What do I install, and do I have to restart?": (
        ("QSB-012", ".answers tr:has-text('4.1')", "in templates, then restart the station"),
        ("QSB-116", ".answers tr:has-text('4.3')", "Xen 4.19.5-2 in dom0, then restart dom0"),
    ),
    "What can an attacker do?": (
        ("", "#newest ~ p >> nth=2", "Alarms on a station travel without a message."),
        ("", "#newest ~ p >> nth=2", "A malicious qube may be able to compromise Qubes OS."),
    ),
    "Is this copy old?": (
        ("", "footer", "shows the pack as of 2025-05-20"),
        ("", "footer", "shows the pack as of 2026-07-28, commit"),
    ),
    "When must the next canary come?": (
        ("", "section:has(#canary)", "due 2027-09-01 to 2027-09-14"),
        ("", "section:has(#canary)", "due 2026-09-01 to 2026-09-14"),
    ),
    "The canary that came late": (
        ("Canaries", "[id='003']", "on time"),
        ("Canaries", "[id='017']", "2018-10-15, late"),
    ),
    "What does my release need at least?": (
        ("4.1", "section:has(#page-needed)", "rpm -q xen"),
        ("4.3", "section:has(#page-needed)", "rpm -q xen xen-hypervisor"),
    ),
    "The bug with these words in its title": (
        ("Bulletins", "tr:has-text('log hopper')", "QSB-001"),
        ("Bulletins", "tr:has-text('memory virtualization code (XSA-212)')", "QSB-029"),
    ),
    "Bulletins in April, by the drawing": (
        ("Bulletins", ".months g:has-text('2017') a >> nth=1", "003"),
        ("Bulletins", ".months g:has-text('2017') a >> nth=1", "029"),
    ),
    "Does an advisory matter, and where is the answer?": (
        ("XSA tracker", "[id='9034']", "yes events: a port is given away too early QSB-012"),
        ("XSA tracker", "[id='212']", "2017-04-04 yes QSB-029"),
    ),
    "Which bulletin is about a CVE?": (
        ("CVEs", "[id='CVE-2025-90034']", "XSA-9034 QSB-012"),
        ("CVEs", "[id='CVE-2023-23583']", "QSB-097"),
    ),
    "What has a signer signed, and when?": (
        ("Keys", "details:has-text('Tomek') li:has-text('QSB-003')", "2017-04-11"),
        ("Keys", "details:has-text('Simon') li:has-text('canary-026')", "2021-06-13"),
    ),
    "How do I check the newest bulletin?": (
        (
            "QSB-012",
            "details:has-text('gpg --verify')",
            "qsb-012-2025.txt.sig.tomek qsb-012-2025.txt",
        ),
        (
            "QSB-116",
            "details:has-text('gpg --verify')",
            "qsb-116-2026.txt.sig.simon qsb-116-2026.txt",
        ),
    ),
}


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Served:
    """The site of a real pack, or the demo."""
    name = "real" if os.environ.get("SECPACK") else "demo"
    served: Served = request.getfixturevalue(name)
    return served


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_is_on_two_pages_at_most(browser: Any, site: Served, task: str) -> None:
    link, where, answer = TASKS[task][bool(os.environ.get("SECPACK"))]
    with watched(browser, site.url, script=False) as tab:
        tab.goto(site.url + "index.html")
        if link:
            follow(tab, link)
        said = tab.locator(where).first.text_content()
    assert "".join(answer.split()) in "".join(said.split())


def test_a_canary_that_was_signed_late(browser: Any, tmp_path: Path, gnupg: Gnupg) -> None:
    late = site_of(tmp_path, gnupg, time="20210401T000000")
    with serve(late.folder) as served, watched(browser, served.url, script=False) as tab:
        tab.goto(served.url + "index.html")
        follow(tab, "Canaries")
        rows = tab.locator("tr[id]").all_inner_texts()
        assert ["signed late" in row for row in rows] == [True, True]
        assert tab.locator("path.delayed").count() == 2
        follow(tab, "Quern Canary 002")
        assert "Signed late Ines, 2021-04-01" in " ".join(
            tab.locator(".facts").inner_text().split()
        )
