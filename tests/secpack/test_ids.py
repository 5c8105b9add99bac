"""What bulletins say of ids, joined: relations, pairs, titles; and ids that cannot be."""

from __future__ import annotations

from pathlib import Path

from secpack import load
from secpack.model.archive import Advisory, Archive, Relation
from tests.packs import bulletin, make_pack

BODY = """\
The Mill Team published XSA-7 (CVE-2001-1007) [1] "bells rung twice" and XSA-8 (CVE-2001-1008).
XSA-9 does not affect Quern, nor is the older CVE-2000-1001 of interest.

Intel published the following: INTEL-SA-00123.
"""


def archive(tmp_path: Path, body: str = BODY, *tracker: Advisory) -> Archive:
    text = bulletin(1, body=body)
    return load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), advisories=tracker)


def relations(found: Archive) -> dict[str, Relation]:
    return {value: relation for (_, value), relation in found.bulletins[0].relations.items()}


def test_what_a_bulletin_says_of_ids(tmp_path: Path) -> None:
    assert relations(archive(tmp_path)) == {
        "XSA-7": Relation.ADDRESSED,
        "CVE-2001-1007": Relation.ADDRESSED,
        "XSA-8": Relation.ADDRESSED,
        "CVE-2001-1008": Relation.ADDRESSED,
        "XSA-9": Relation.UNAFFECTED,
        "CVE-2000-1001": Relation.MENTIONED,
        "INTEL-SA-00123": Relation.ADDRESSED,
    }


def test_the_tracker_decides_on_the_cves_of_an_advisory_too(tmp_path: Path) -> None:
    tracker = Advisory(7, None, affected=True, unused=False, bulletin="001-2001")
    found = relations(archive(tmp_path, BODY, tracker))
    assert found["CVE-2001-1007"] is Relation.ADDRESSED
    assert found["XSA-8"] is found["CVE-2001-1008"] is Relation.MENTIONED
    assert found["INTEL-SA-00123"] is Relation.ADDRESSED


def test_pairs(tmp_path: Path) -> None:
    found = archive(tmp_path)
    assert found.bulletins[0].pairs == ((7, "CVE-2001-1007"), (8, "CVE-2001-1008"))
    assert {cve.id: cve.advisories for cve in found.cves} == {
        "CVE-2000-1001": (),
        "CVE-2001-1007": (7,),
        "CVE-2001-1008": (8,),
    }


def test_a_title_that_a_bulletin_quotes(tmp_path: Path) -> None:
    """It counts where nobody else has one."""
    (advisory, *_) = archive(tmp_path).advisories
    assert (advisory.title, advisory.title_from) == ("bells rung twice", "QSB-001")
    listed = Advisory(7, None, affected=None, unused=False, bulletin=None, title="Bells")
    (advisory, *_) = archive(tmp_path, BODY, listed).advisories
    assert (advisory.title, advisory.title_from) == ("Bells", "")


def test_documents_of_an_id(tmp_path: Path) -> None:
    found = archive(tmp_path)
    (intel,) = (named for named in found.ids if named.scheme == "INTEL-SA")
    assert intel.named_in == intel.addressed_in == ("QSB-001",)
    unaffected = {a.number: a.unaffected_in for a in found.advisories if a.unaffected_in}
    assert unaffected == {9: ("QSB-001",)}


def test_ids_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = archive(tmp_path, "CVE-2001-10000, CVE-2001-9999 and GHSA-ab12-cd34-ef56 came out.")
    assert [named.id for named in found.ids] == [
        "CVE-2001-9999",
        "CVE-2001-10000",
        "GHSA-ab12-cd34-ef56",
    ]


def odd(found: Archive) -> list[tuple[int, str, str]]:
    return [(f.line, f.code, f.message) for f in found.findings if f.code.startswith("id-")]


def test_ids_that_cannot_be(tmp_path: Path) -> None:
    body = (
        "CVE-20266-1, CVE-2001-123 and\n"
        "XSA-12345 are odd, XSA-1-3, CVE-2002-1000 and CVE-2001-\n"
        "1000 not.\n"
    )
    no_id = "is no id: none of its kind has this form"
    assert odd(archive(tmp_path, body)) == [
        (10, "id-malformed", f"CVE-2001-123 {no_id}"),
        (10, "id-malformed", f"CVE-20266-1 {no_id}"),
        (11, "id-malformed", f"XSA-12345 {no_id}"),
    ]


def test_ids_of_a_year_to_come(tmp_path: Path) -> None:
    body = "CVE-2002-1000 is early.\nCVE-2003-1000 and DSA-3733-1. CVE-2003-1000.\n"
    message = "CVE-2003-1000 is of a year long after this text"
    assert odd(archive(tmp_path, body)) == [(11, "id-future", message)]
