"""From a folder to an Archive: what is found, what is joined, what stops it."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from secpack import PackError, Profile, SecpackError, load, load_profile
from secpack.lint import lint
from secpack.model.archive import Advisory, Archive, Relation
from secpack.model.findings import Severity, Waiver
from secpack.profile import DocumentEntry
from tests.packs import PROOF, Files, bulletin, canary, make_pack, numbered

PROFILE = Profile(issuer="Quern")
CHANGELOG = "Words.\n\nChangelog\n---\n\n"


def found(archive: Archive) -> list[str]:
    return [f"{f.file}:{f.line}: {f.code}" for f in archive.findings]


def reasons(pack: Path, profile: Profile = PROFILE) -> list[str]:
    with pytest.raises(PackError) as raised:
        load(pack, profile=profile)
    return [str(error) for error in raised.value.errors]


def test_documents_and_what_lies_beside_them(tmp_path: Path) -> None:
    files: Files = {
        **numbered(1, 2),
        "QSBs/qsb-001-2001.txt.sig.ines": b"one",
        "QSBs/qsb-001-2001.txt.sign.oona": b"two",
        "QSBs/qsb-template.txt": "---===[ Quern Security Bulletin TODO ]===---",
        "QSBs/README.md": "about",
        "QSBs/graph.dot": "digraph {}",
        "QSBs/graph.dot.sig.ines": b"three",
        "canaries/canary-001-2020.txt": canary(1, count=2) + PROOF,
        "canaries/canary-001-2020-letter-ines.txt": "2020-03-04\n\nDear reader.\n",
        "canaries/canary-001-2020-letter-ines.txt.sig.ines": b"four",
        "keys/master-key/master.asc": "key",
        "keys/README.md": "about",
    }
    archive = load(make_pack(tmp_path, files), profile=PROFILE)
    assert [b.id for b in archive.bulletins] == ["QSB-001", "QSB-002"]
    assert [s.signer for s in archive.bulletins[0].signatures] == ["ines", "oona"]
    assert [s.file.data for s in archive.bulletins[0].signatures] == [b"one", b"two"]
    (letter,) = archive.canaries[0].letters
    assert (letter.name, letter.signatures[0].signer) == ("letter-ines", "ines")
    (attachment,) = archive.attachments
    assert (attachment.file.name, attachment.signatures[0].file.data) == ("graph.dot", b"three")
    assert found(archive) == []


def test_what_lies_about_is_found(tmp_path: Path) -> None:
    files: Files = {
        **numbered(1),
        "QSBs/qsb-1-2001.txt": "short number",
        "QSBs/notes.txt": "no signature",
        "QSBs/page.html": "<b>",
        "QSBs/page.html.sig.ines": b"signed, but live",
        "QSBs/qsb-007-2007.txt.sig.ines": b"orphan",
        "QSBs/folder/file": "x",
        "keys/secret.txt": "x",
    }
    pack = make_pack(tmp_path, files)
    assert found(load(pack, profile=PROFILE)) == [
        "QSBs/folder:0: stray-file",
        "QSBs/notes.txt:0: stray-file",
        "QSBs/page.html:0: stray-file",
        "QSBs/qsb-007-2007.txt.sig.ines:0: orphan-signature",
        "QSBs/qsb-1-2001.txt:0: misplaced-document",
        "keys/secret.txt:0: stray-file",
    ]


def test_a_document_in_another_place_is_an_error(tmp_path: Path) -> None:
    files: Files = {
        **numbered(1),
        "qsb-002-2002.txt": bulletin(2),
        "qsb-002-2002.txt.sig.ines": b"x",
        "QSBs/QSB-003-2003.txt": bulletin(3),
        "QSBs/QSB-003-2003.txt.sig.ines": b"x",
        "QSBs/old/qsb-004-2004.txt": bulletin(4),
        "QSBs/canary-001-2005.txt": canary(1),
        "keys/qsb-005-2005.txt": bulletin(5),
        "new/canary_2.txt": canary(2),
        ".git/qsb-006-2006.txt": bulletin(6),
        "README.txt": "x",
        "tools/qsb-001.py": "x",
    }
    archive = load(make_pack(tmp_path, files), profile=PROFILE)
    errors = [f for f in archive.findings if f.severity is Severity.ERROR]
    assert {f.code for f in errors} == {"misplaced-document"}
    assert [f.file for f in errors] == [
        "QSBs/QSB-003-2003.txt",
        "QSBs/canary-001-2005.txt",
        "QSBs/old/qsb-004-2004.txt",
        "keys/qsb-005-2005.txt",
        "new/canary_2.txt",
        "qsb-002-2002.txt",
        "qsb-002-2002.txt.sig.ines",
    ]


def test_the_same_bytes_under_two_names_are_an_error(tmp_path: Path) -> None:
    letter = "2020-03-04\n\nDear reader.\n"
    files: Files = {
        "canaries/canary-001-2020.txt": canary(1),
        "canaries/canary-001-2020-letter-ines.txt": letter,
        "canaries/canary-001-2020-letter-oona.txt": letter,
    }
    pack = make_pack(tmp_path, files)
    errors = [f for f in load(pack, profile=PROFILE).findings if f.severity is Severity.ERROR]
    assert [(f.file, f.code) for f in errors] == [
        ("canaries/canary-001-2020-letter-oona.txt", "copied-document")
    ]


def test_a_letter_is_of_the_year_of_its_canary(tmp_path: Path) -> None:
    files: Files = {
        "canaries/canary-001-2020.txt": canary(1),
        "canaries/canary-001-1999-letter-ines.txt": "Dear reader.\n",
    }
    pack = make_pack(tmp_path, files)
    assert reasons(pack) == [
        "canaries/canary-001-1999-letter-ines.txt: a letter whose name says 1999, "
        "next to canary-001-2020.txt"
    ]


def test_gaps_are_found(tmp_path: Path) -> None:
    archive = load(make_pack(tmp_path, numbered(2, 5, 9)), profile=PROFILE)
    (finding,) = archive.findings
    assert finding.message == "missing numbers: 001, 003, 004, 006-008"


def test_no_pack(tmp_path: Path) -> None:
    with pytest.raises(SecpackError, match="no security pack here"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"QSBs/qsb-002-2001.txt": bulletin(1)},
            "QSBs/qsb-002-2001.txt:1: number 1 in the header, 2 in the file's name",
        ),
        (
            {"QSBs/qsb-001-2001.txt": bulletin(1).replace("001 ]", "QSB-2002-001 ]")},
            "QSBs/qsb-001-2001.txt:1: year 2002 in the header, 2001 in the file's name",
        ),
        (
            {"QSBs/qsb-001-2002.txt": bulletin(1)},
            "QSBs/qsb-001-2002.txt:1: dated 2001, but the file's name says 2002",
        ),
        (
            {**numbered(1), "QSBs/qsb-001-2002.txt": bulletin(1, date="2002-01-01")},
            "QSBs/qsb-001-2002.txt: number 1 is also the number of QSBs/qsb-001-2001.txt",
        ),
        (
            {"QSBs/qsb-001-2001.txt": canary(1)},
            "QSBs/qsb-001-2001.txt:1: a canary by its header, in the wrong folder; "
            "expected a bulletin",
        ),
        (
            {"QSBs/qsb-001-2001.txt": bulletin(1, date="Words")},
            "QSBs/qsb-001-2001.txt:1: no date; expected one below the header, or in the profile",
        ),
        (
            {"QSBs/qsb-001-2001.txt": b"a" * (1024 * 1024 + 1)},
            "QSBs/qsb-001-2001.txt: cannot be read: larger than 1048576 bytes",
        ),
        (
            {**numbered(1), "canaries/canary-002-2020-letter-ines.txt": "Dear reader."},
            "canaries/canary-002-2020-letter-ines.txt: a letter, but there is no canary-002 here",
        ),
    ],
)  # fmt: skip
def test_what_stops_a_build(tmp_path: Path, files: Files, expected: str) -> None:
    assert reasons(make_pack(tmp_path, files)) == [expected]


def test_all_reasons_are_told(tmp_path: Path) -> None:
    files = numbered(1, 2, 3) | {"QSBs/qsb-001-2001.txt": b"\xff", "QSBs/qsb-003-2003.txt": ""}
    assert reasons(make_pack(tmp_path, files)) == [
        "QSBs/qsb-001-2001.txt:1:1: not UTF-8: byte 0xff; expected UTF-8 text",
        "QSBs/qsb-003-2003.txt: empty; expected a text",
    ]


@pytest.mark.parametrize("link", ["QSBs/qsb-002-2002.txt", "QSBs/stray", "canaries", "keys/x.asc"])
def test_no_link_leads_out_of_the_pack(tmp_path: Path, link: str) -> None:
    outside = make_pack(tmp_path / "outside", {"qsb.txt": bulletin(2)})
    pack = make_pack(tmp_path / "pack", numbered(1))
    (pack / "canaries").rmdir()
    (pack / link).parent.mkdir(exist_ok=True)
    target = outside if link == "canaries" else outside / "qsb.txt"
    (pack / link).symlink_to(target)
    assert reasons(pack) == [f"{link}: a link that leads out of the pack"]


def test_a_pack_without_documents_is_an_error(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, {"QSBs/qsb-template.txt": "Title\n"})
    with pytest.raises(SecpackError, match="no document found; expected names like qsb-001-2020"):
        load(pack, profile=PROFILE)


def test_a_folder_that_the_profile_names_must_be_there(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1))
    (pack / "canaries").rmdir()
    assert load(pack, profile=Profile(issuer="Quern")).bulletins, "only the default names it"
    path = tmp_path / "profile.toml"
    path.write_text('[canaries]\nprefix = "canary"\nfolder = "canaries"\n')
    with pytest.raises(SecpackError, match="no folder canaries/, which the profile names"):
        load(pack, profile=load_profile(path))
    path.write_text('keys = "public-keys"\n')
    with pytest.raises(SecpackError, match="no folder public-keys/, which the profile names"):
        load(pack, profile=load_profile(path))


def test_a_link_inside_the_pack_is_a_file(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1) | {"old/two.txt": bulletin(2)})
    (pack / "QSBs/qsb-002-2002.txt").symlink_to("../old/two.txt")
    assert [b.number for b in load(pack, profile=PROFILE).bulletins] == [1, 2]


@pytest.mark.parametrize(
    ("link", "target", "reported"),
    [
        ("QSBs/qsb-002-2002.txt", "old/qsb-002-2002.txt", "old/qsb-002-2002.txt"),
        ("QSBs/qsb-002-2002.txt", "old/two.txt", "old/two.txt"),
        ("old/qsb-002-2002.txt", "QSBs/qsb-002-2002.txt", "old/qsb-002-2002.txt"),
        ("QSBs/latest.txt", "QSBs/qsb-002-2002.txt", "QSBs/latest.txt"),
    ],
)
def test_a_link_and_its_file_give_one_finding(
    tmp_path: Path, link: str, target: str, reported: str
) -> None:
    pack = make_pack(tmp_path, numbered(1) | {target: bulletin(2)})
    (pack / link).parent.mkdir(exist_ok=True)
    (pack / link).symlink_to(pack / target)
    archive = load(pack, profile=PROFILE)
    assert [b.number for b in archive.bulletins] == [1, 2]
    (finding,) = archive.findings
    assert (finding.file, finding.severity) == (reported, Severity.NOTICE)
    assert finding.message.startswith("the same file as QSBs/qsb-002-2002.txt, by a link")
    withheld = load(pack, profile=PROFILE, as_of=date(2001, 12, 31))
    assert withheld.findings == ()


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to nothing"])
def test_a_document_that_is_no_file_stops_a_build(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not vanish with a warning, nor hang."""
    pack = make_pack(tmp_path, numbered(1))
    place = pack / "QSBs/qsb-002-2002.txt"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        monkeypatch.chdir(place.parent)  # the path of a socket is short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(place.name)
    else:
        place.symlink_to("gone.txt")
    assert reasons(pack) == ["QSBs/qsb-002-2002.txt: not a regular file"]


def test_a_document_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1) | {"QSBs/qsb-002-2002.txt/x": "x"})
    archive = load(pack, profile=PROFILE)
    codes = {(f.code, f.severity) for f in archive.findings if f.file == "QSBs/qsb-002-2002.txt"}
    assert ("misplaced-document", Severity.ERROR) in codes


# --- metadata ---------------------------------------------------------------------------------


def test_the_profile_gives_what_the_text_lacks(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, date=" ", title="")})
    entry = DocumentEntry(title="Given\n title", date=date(2001, 5, 6), reason="the text has none")
    archive = load(pack, profile=Profile(issuer="Quern", documents={"QSB-001": entry}))
    (published,) = archive.bulletins
    assert (published.title, published.published) == ("Given title", date(2001, 5, 6))
    assert found(archive) == []


def test_the_text_holds_where_the_profile_differs(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1))
    entry = DocumentEntry(title="Given", date=date(2001, 5, 6), reason="a mistake")
    archive = load(pack, profile=Profile(issuer="Quern", documents={"QSB-001": entry}))
    (published,) = archive.bulletins
    assert (published.title, published.published) == ("A title", date(2001, 3, 4))
    assert found(archive) == [
        "QSBs/qsb-001-2001.txt:1: date-differs",
        "QSBs/qsb-001-2001.txt:1: title-differs",
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("001-2001", bulletin(1, title=""), ["001-2001.txt:1: no-title"]),
        ("001-draft", bulletin(1), ["001-draft.txt:0: draft"]),
        ("001-2001", bulletin(1).replace("Quern", "Qubes"), ["001-2001.txt:1: issuer-differs"]),
        (
            "001-2001",
            bulletin(1, body=f"{CHANGELOG}First version in spring."),
            ["001-2001.txt:12: no-revisions"],
        ),
        (
            "001-2001",
            bulletin(1, body="Words.\n\nRevision history\n======\n\nv1, in spring: First"),
            ["001-2001.txt:12: no-revisions"],
        ),
        ("001-2001", bulletin(1, body="Words.\n\nHistory\n========\n\nIn July we moved."), []),
    ],
)
def test_what_is_odd_about_one_text(
    tmp_path: Path, name: str, text: str, expected: list[str]
) -> None:
    archive = load(make_pack(tmp_path, {f"QSBs/qsb-{name}.txt": text}), profile=PROFILE)
    (b,) = archive.bulletins
    assert (b.id, b.revisions) == ("QSB-001", ())
    assert b.title == ("A title" if "A title" in text else "Quern Security Bulletin 001")
    assert found(archive) == [f"QSBs/qsb-{each}" for each in expected]


def test_revisions_and_dates(tmp_path: Path) -> None:
    log = "May 2: Corrected\n  the list.\n2001-03-04: First.\n2000-12-31: Draft.\n"
    text = bulletin(1, date="May 2, 2001", body=f"Words.\n\nHistory\n--------\n\n{log}")
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2000.txt": text}), profile=PROFILE)
    (b,) = archive.bulletins
    assert (b.published, b.updated) == (date(2000, 12, 31), date(2001, 5, 2))
    assert [(r.date.isoformat(), r.text) for r in b.revisions] == [
        ("2001-05-02", "Corrected the list."),
        ("2001-03-04", "First."),
        ("2000-12-31", "Draft."),
    ]


@pytest.mark.parametrize(
    "day",
    ["February 29", "2017-02-29", "2016-11-31", "05/07/2016", "01.12.2016", "Dez 1, 2016"],
)
def test_a_day_in_a_changelog_that_cannot_be_read(tmp_path: Path, day: str) -> None:
    text = bulletin(1, date="2016-12-01", body=f"Words.\n\nHistory\n-------\n\n{day}: Late.\n")
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2016.txt": text}), profile=PROFILE)
    errors = [f for f in archive.findings if f.severity is Severity.ERROR]
    assert [(f.line, f.code) for f in errors] == [(15, "date-unread")]
    assert errors[0].message.startswith(f"{day!r} is not a date")


def test_an_error_in_a_text_does_not_hide_the_rest(tmp_path: Path) -> None:
    draft = bulletin(1, date="2001-05-TODO", title="TODO", body="See [7].")
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": draft, **numbered(2)})
    with pytest.raises(PackError) as raised:
        load(pack, profile=PROFILE)
    assert [str(error) for error in raised.value.errors] == [
        "QSBs/qsb-001-2001.txt:3: '2001-05-TODO' is not a date; expected 2018-05-24 or May 24, 2018"
    ]
    archive = raised.value.usable
    findings = sorted([*archive.findings, *lint(archive, PROFILE)])
    assert found(replace(archive, findings=tuple(findings))) == [
        "QSBs/qsb-001-2001.txt:3: placeholder",
        "QSBs/qsb-001-2001.txt:5: placeholder",
        "QSBs/qsb-001-2001.txt:10: reference-undefined",
    ]


def test_the_profile_explains_a_date_that_cannot_be_read(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, {"canaries/canary-001-2020.txt": canary(1, date="March XX, 2020")})
    entry = DocumentEntry(date=date(2020, 3, 4), reason="its proof is of that day")
    archive = load(pack, profile=replace(PROFILE, documents={"canary-001": entry}))
    assert archive.canaries[0].published == date(2020, 3, 4)
    unread = [f for f in archive.findings if f.code == "date-unread"]
    assert [(f.line, f.severity, f.waived) for f in unread] == [
        (6, Severity.NOTICE, "its proof is of that day")
    ]


LISTED = """\
---===[ Quern Security Bulletin 001 ]===---

   A title

Version
--------

* Bulletin: QSB-001
* Published: 2001-03-04
* Last updated: {updated}

Summary
--------

* Published: 1999-01-01
"""


@pytest.mark.parametrize(
    ("updated", "revisions"),
    [
        ("2001-03-04", []),
        ("2001-03-09", ["2001-03-04 Published", "2001-03-09 Last updated"]),
        ("March 9, 2001 (a typo)", ["2001-03-04 Published", "2001-03-09 Last updated: a typo"]),
        ("never", []),
        ("TODO", []),
    ],
)
def test_dates_in_a_list(tmp_path: Path, updated: str, revisions: list[str]) -> None:
    files = {"QSBs/qsb-001-2001.txt": LISTED.format(updated=updated)}
    [bulletin] = load(make_pack(tmp_path, files), profile=PROFILE).bulletins
    assert bulletin.published == date(2001, 3, 4)
    assert [f"{r.date} {r.text}" for r in bulletin.revisions] == revisions


@pytest.mark.parametrize("updated", ["YYYY-MM-DD", "2001-03-TODO", "2001-02-30", "05/07/2001"])
def test_a_date_in_a_list_that_cannot_be_read(tmp_path: Path, updated: str) -> None:
    files = {"QSBs/qsb-001-2001.txt": LISTED.format(updated=updated)}
    archive = load(make_pack(tmp_path, files), profile=PROFILE)
    assert "QSBs/qsb-001-2001.txt:10: date-unread" in found(archive)


@pytest.mark.parametrize(
    ("log", "days"),
    [
        ("2001-03-04  First\n2001-03-09: Second", ["03-04", "03-09"]),
        ("2001-03-04 First\n2001-03-09 Second", ["03-04", "03-09"]),
        ("2001-03-04 - First\n2001-03-09 - Second", ["03-04", "03-09"]),
        ("2001-03-04 (Sunday): First\n2001-03-09, Friday: Second", ["03-04", "03-09"]),
        ("- 2001-03-04: First\n- 2001-03-09: Second", ["03-04", "03-09"]),
        ("2001-03-04: First, wrapped at\n2001-03-09 or so", ["03-04"]),
        ("2001-03-04: First, wrapped at\n2001-03-09", ["03-04"]),
        ("2001-03-04 — First\n2001-03-09 — Second", ["03-04", "03-09"]),
        ("- 2001-03-04\n  First\n- 2001-03-09 (v2)\n  Second", ["03-04", "03-09"]),
        ("2001-03-04\n\n  First\n\n2001-03-09\n\n  Second", ["03-04", "03-09"]),
        ("2001-03-09: First\n--\nThe Quern Security Team", ["03-09"]),
        ("v1    2001-03-04   First\nv1.1  9 Mar 2001   Second", ["03-04", "03-09"]),
        ("Version 1 (2001-03-04): First\nVersion 2 (2001-03-09): Second", ["03-04", "03-09"]),
        ("* Rev. 1, 2001-03-04: First\n* Rev. 2, 2001-03-09: Second", ["03-04", "03-09"]),
        ("1.0 - 2001-03-04: First\n1.1 - 2001-03-09: Second", ["03-04", "03-09"]),
        ("o 2001-03-04 10:30 UTC  First\no 2001-03-09 08:00  Second", ["03-04", "03-09"]),
        ("* 2001-03-04 First\n* 2001-03-09: + Second", ["03-04", "03-09"]),
    ],
)
def test_forms_of_a_changelog(tmp_path: Path, log: str, days: list[str]) -> None:
    text = bulletin(1, body=CHANGELOG + log)
    (b,) = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=PROFILE).bulletins
    assert [revision.date.isoformat()[5:] for revision in b.revisions] == days
    assert b.revisions[0].text.startswith("First")
    assert "Team" not in b.revisions[-1].text


def test_an_entry_without_a_year_may_be_of_the_next(tmp_path: Path) -> None:
    log = "December 30: First\nJanuary 5: Improved"
    text = bulletin(1, date="December 30, 2001", body=CHANGELOG + log)
    (b,) = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=PROFILE).bulletins
    assert (b.published, b.updated) == (date(2001, 12, 30), date(2002, 1, 5))


@pytest.mark.parametrize(
    ("days", "lines"),
    [
        (("2001-07-24", "2001-08-01", "2006-07-22"), []),
        (("2001-08-01", "2001-07-24"), []),
        (("2001-07-24", "2202-08-01"), [16]),
        (("2001-07-24", "2001-09-01", "2001-08-01"), [15]),
    ],
)
def test_days_of_revisions_that_are_likely_slips(
    tmp_path: Path, days: tuple[str, ...], lines: list[int]
) -> None:
    log = "\n".join(f"{day}: Words" for day in days)
    text = bulletin(1, date=days[0], body=CHANGELOG + log)
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text})
    expected = [f"QSBs/qsb-001-2001.txt:{line}: revision-date" for line in lines]
    assert found(load(pack, profile=PROFILE)) == expected


def test_waivers(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1) | {"QSBs/notes.txt": "x"})
    waivers = (
        Waiver("stray-file", ("QSBs/notes.txt",), "kept for its author"),
        Waiver("stray-file", ("QSBs/gone.txt",), "was here once"),
    )
    archive = load(pack, profile=Profile(issuer="Quern", waivers=waivers))
    assert found(archive) == ["QSBs/gone.txt:0: waiver-unused", "QSBs/notes.txt:0: stray-file"]
    assert archive.findings[1].waived == "kept for its author"
    assert archive.findings[0].message.endswith("this file is absent: remove the waiver")
    pack = make_pack(tmp_path, {"keys/README": "x"})
    there = Profile(issuer="Quern", waivers=(Waiver("stray-file", ("keys/README",), "kept"),))
    (unused,) = (f for f in load(pack, profile=there).findings if f.code == "waiver-unused")
    assert unused.message.endswith("here without effect: remove the waiver")
    assert unused.severity is Severity.WARNING


# --- what is kept back ------------------------------------------------------------------------


def test_an_embargoed_bulletin_is_not_there(tmp_path: Path) -> None:
    """Nor what lies beside it, although it cannot even be read."""
    files = numbered(1, 3) | {
        "QSBs/qsb-002-2002.txt": b"\xff not even readable",
        "QSBs/qsb-002-2002.txt.asc": bulletin(2),
        "QSBs/qsb-002-2002.txt.asc.sig.ines": b"x",
        "QSBs/qsb-002-2002.txt.orig": "x",
        "QSBs/qsb-002-2002.txt.sig.ines": b"x",
        "QSBs/qsb-002-notes.txt": "x",
    }
    profile = Profile(
        issuer="Quern",
        documents={"QSB-002": DocumentEntry(status="embargoed")},
        waivers=(Waiver("stray-file", ("QSBs/qsb-002-2002.txt.old",), "known"),),
    )
    tracker = (Advisory(9, date(2002, 1, 1), True, False, "002-2002"),)
    archive = load(make_pack(tmp_path, files), profile=profile, advisories=tracker)
    assert [b.number for b in archive.bulletins] == [1, 3]
    assert archive.embargoed == 1
    assert not re.search("(?i)qsb-002|002-2002", repr(archive))


def test_later_documents_are_not_there(tmp_path: Path) -> None:
    files = numbered(1, 2, 3) | {"canaries/canary-001-2020.txt": canary(1)}
    archive = load(make_pack(tmp_path, files), profile=PROFILE, as_of=date(2002, 3, 4))
    assert [b.number for b in archive.bulletins] == [1, 2]
    assert archive.canaries == ()
    assert archive.late == 2
    assert found(archive) == []


# --- advisories -------------------------------------------------------------------------------


def test_advisories_without_a_tracker_are_those_named(tmp_path: Path) -> None:
    text = bulletin(
        1, title="Two bugs (XSA-7 & 9)", body="As in XSA-3 through XSA-5, CVE-2001-1234."
    )
    archive = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=PROFILE)
    (b,) = archive.bulletins
    assert b.addresses == (7, 9)
    others = [v for (_, v), relation in b.relations.items() if relation is not Relation.ADDRESSED]
    assert others == ["XSA-3", "XSA-4", "XSA-5", "CVE-2001-1234"]
    assert [a.number for a in archive.advisories] == [3, 4, 5, 7, 9]
    assert {a.date for a in archive.advisories} == {None}


def test_the_tracker_decides_what_a_bulletin_addresses(tmp_path: Path) -> None:
    text = bulletin(1, title="Bugs (XSA-7, XSA-9)", body="Like XSA-3.")
    tracker = (
        Advisory(2, date(2001, 1, 1), False, True, None),
        Advisory(9, date(2001, 1, 1), True, False, "001-2001"),
    )
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text})
    archive = load(pack, profile=PROFILE, advisories=tracker)
    (b,) = archive.bulletins
    assert b.addresses == (9,)
    mentioned = [v for (_, v), relation in b.relations.items() if relation is Relation.MENTIONED]
    assert mentioned == ["XSA-3", "XSA-7"]
    by_number = {a.number: a for a in archive.advisories}
    assert sorted(by_number) == [2, 3, 7, 9]
    assert by_number[9].bulletins == ("QSB-001",)
    assert by_number[7].mentioned_in == ("QSB-001",)
