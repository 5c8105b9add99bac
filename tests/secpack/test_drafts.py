"""Slips of an editor in a draft, and which finding catches each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from secpack.check import Check
from secpack.lint import CODES
from secpack.profile import load_profile
from secpack.tracker import load_advisories
from tests.packs import PROOF, Files, canary, make_pack

TEXT = """\
             ---===[ Quern Security Bulletin {number:03d} ]===---

                             20{number:02d}-05-06

             The bell rings for nobody (XSA-{number}01)

User action
------------

Continue with your usual updates, and restart the station. [1]

Summary
--------

On 20{number:02d}-05-06 the Xen Project published XSA-{number}01 (CVE-20{number:02d}-90034), "a late
bell" [2]:

| An event that was sent right before a port is closed may be delivered
| after the port has been bound anew.

Patching
---------

The following packages resolve the problem:

  For Quern 4.1, in hearth:
  - xen packages, version 4.17.5-{number}

  For Quern 4.0, in hearth:
  - xen packages, version 4.14.6-{number}

To look at the version, type:

    $ rpm -q --qf '%{{VERSION}}' xen

Credits
--------

See the advisory.

References
-----------

[1] https://quern.example.org/doc/update/
[2] https://xen.example.org/xsa/advisory-{number}01.html

--
The Quern Security Team
"""
PROFILE = """\
issuer = "Quern"

[releases]
"4.0" = { since = 2000-01-01 }
"4.1" = { since = 2000-01-01 }
"""

NEW, CANARY = "QSBs/qsb-006-2006.txt", "canaries/canary-003-2006.txt"
FILES: Files = {
    **{f"QSBs/qsb-{n:03d}-20{n:02d}.txt": TEXT.format(number=n) for n in range(1, 7)},
    "canaries/canary-001-2005.txt": canary(1, date="September 5, 2005", count=5, due="March 2006")
    + PROOF.replace("02 Mar 2020", "04 Sep 2005"),
    "canaries/canary-002-2006.txt": canary(2, date="March 4, 2006", count=5, due="June 2006")
    + PROOF.replace("02 Mar 2020", "03 Mar 2006"),
    CANARY: canary(3, date="June 4, 2006", count=6, due="September 2006")
    + PROOF.replace("02 Mar 2020", "03 Jun 2006"),
    "xsa.yml": "".join(
        f"- xsa: {n}01\n  date: 20{n:02d}-05-06\n  affected: yes\n  qsb: {n:03d}-20{n:02d}\n"
        for n in range(1, 7)
    ),
    "profile.toml": PROFILE,
}
MERGE = """\
<<<<<<< HEAD
See the advisory.
=======
See the advisories.
>>>>>>> other
"""

#: A slip: its name, what it changes into what (with a file: its name), and what catches it.
#: Words with a space are the reason why nothing can.
BULLETIN = (
    ("no year in the file's name", NEW, "QSBs/qsb-010-draft.txt", "draft"),
    ("wrong folder", NEW, "canaries/qsb-006-2006.txt", "misplaced-document"),
    ("a copy of a file", NEW, "QSBs/qsb-006-2006 (1).txt", "misplaced-document"),
    ("number of the template", "Bulletin 006", "Bulletin 005", "unreadable"),
    ("doubled number", NEW, "QSBs/qsb-005-2006.txt", "unreadable"),
    ("skipped number", NEW, "QSBs/qsb-007-2006.txt", "number-gap"),
    ("wrong year in the date", "   2006-05-06", "   2005-05-06", "unreadable"),
    ("a day that cannot be", "   2006-05-06", "   2006-06-31", "unreadable"),
    ("a date of the template", "   2006-05-06", "   TODO", "placeholder"),
    ("forgotten underline", "Patching\n---------\n", "Patching\n", "section-missing"),
    ("a section in other words", "Credits\n-----", "Thanks to\n-----", "section-missing"),
    ("a section without words", "See the advisory.\n", "", "section-missing"),
    ("left of the template", "See the advisory.", "TODO", "placeholder"),
    ("a question left in", "See the advisory.", "See ???.", "placeholder"),
    ("wrong XSA number", "(XSA-601)", "(XSA-610)", "tracker-differs"),
    ("an XSA of the last bulletin", "XSA-601", "XSA-501", "tracker-differs"),
    ("a digit too many in a CVE", "CVE-2006-90034", "CVE-20060-90034", "id-malformed"),
    ("spaces in a CVE", "CVE-2006-90034", "CVE 2006 90034", "id-malformed"),
    ("wrong year in a CVE", "CVE-2006-90034", "CVE-2110-90034", "id-future"),
    ("another CVE", "CVE-2006-90034", "CVE-2006-90043", "both are ids that can be"),
    ("Windows line ends", "\n", "\r\n", "carriage-return"),
    ("tab", "See the", "See\tthe", "tab"),
    ("no-break space", "See the", "See\u00a0the", "no-break-space"),
    ("zero-width space", "See the", "See\u200b the", "hidden-character"),
    ("smart quotes in a command", "'%{VERSION}'", "’%{VERSION}’", "code-quotes"),
    ("smart quotes in words", '"a late\nbell"', "“a late\nbell”", "they are good typography"),
    ("Cyrillic letter", "XSA-601)", "\u0425SA-1001)", "mixed-scripts"),
    ("unwrapped paragraph", "See the advisory.", "See the advisory. " * 9, "long-line"),
    ("quotation wrapped anew", "delivered\n| after", "\ndelivered\n| after", "quotation-wrapped"),
    ("stale list of releases", "For Quern 4.1", "For Quern 3.2", "release-unknown"),
    ("a release left out", "4.0, in hearth:\n  - xen", "4.1:\n  - xen", "release-unstated"),
    ("missing version", "xen packages, version 4.17.5-6", "xen packages", "package-unread"),
    ("version of the last bulletin", "4.17.5-6", "4.17.5-5", "one build can fix several bugs"),
    ("half a merge", "See the advisory.\n", MERGE, "merge-conflict"),
    ("mistyped scheme", "https://quern", "htps://quern", "url-unknown"),
    ("forgotten colon", "https://quern", "https//quern", "url-unknown"),
    ("a reference cited no more", "station. [1]", "station.", "reference-uncited"),
    ("a reference that is gone", "[1] https://quern.example.org/", "", "reference-undefined"),
    ("two references with one number", "[2] https", "[1] https", "reference-twice"),
    ("white space at the end", "See the advisory.", "See the advisory.  ", "trailing-space"),
    ("Latin-1", "See the advisory.", b"Andr\xe9.", "unreadable"),
    ("another issuer", "Quern Security B", "Qern Security B", "issuer-differs"),
    ("mistyped word", "a late\nbell", "a lat\nbell", "spelling is not checked"),
)  # fmt: skip
CANARIES = (
    ("day of the last canary", "June 4, 2006", "March 4, 2006", "canary-repeated"),
    ("window of the last canary", "September 2006", "June 2006", "canary-repeated"),
    ("proof of the last canary", "03 Jun 2006", "03 Mar 2006", "canary-repeated"),
    ("count of the last canary", "published 6 Q", "published 5 Q", "canary-count"),
    ("a doubled statement number", "3. The next", "2. The next", "canary-statements"),
    ("a window that is over", "September 2006", "September 2005", "canary-due"),
    ("no proof", "03 Jun 2006", "yesterday", "canary-proof"),
    ("before the last canary", "June 4, 2006", "February 4, 2006", "date-order"),
)


def findings(root: Path, files: Files) -> Counter[str]:
    pack = make_pack(root, files)
    advisories = load_advisories(pack / "xsa.yml", None)
    check = Check(load_profile(pack / "profile.toml"), advisories, None)
    return Counter(finding.code for finding in check.findings(pack))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    return findings(tmp_path_factory.mktemp("before"), FILES)


def test_each_finding_of_a_check_has_a_slip() -> None:
    caught = {slip[3] for slip in (*BULLETIN, *CANARIES)}
    assert CODES - caught == {"silent-change"}  # which needs signatures: test_check.py


@pytest.mark.parametrize(
    ("file", "old", "new", "caught"),
    [
        pytest.param(file, *slip[1:], id=slip[0])
        for file, slips in ((NEW, BULLETIN), (CANARY, CANARIES))
        for slip in slips
    ],
)
def test_a_slip(
    file: str, old: str, new: str | bytes, caught: str, tmp_path: Path, before: Counter[str]
) -> None:
    files = dict(FILES)
    text = str(files.pop(file))
    if old == file:
        files[str(new)] = text
    else:
        assert old in text
        data = new if isinstance(new, bytes) else new.encode()
        files[file] = text.encode().replace(old.encode(), data)
    found = findings(tmp_path, files) - before
    assert set(found) == set() if " " in caught else caught in found, found
