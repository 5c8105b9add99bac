"""What bulletins say of ids, joined: relations, pairs, titles; and ids that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from secpack import Profile, load
from secpack.errors import PackError
from secpack.extract.answers import affects, answers
from secpack.model.archive import Advisory, Archive, Fix, Relation
from secpack.profile import DocumentEntry, Scheme, Shipped
from tests.cases import DATA, each_line
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
    no_id = "is not an id: none of its kind has this form"
    assert odd(archive(tmp_path, body)) == [
        (10, "id-malformed", f"CVE-2001-123 {no_id}"),
        (10, "id-malformed", f"CVE-20266-1 {no_id}"),
        (11, "id-malformed", f"XSA-12345 {no_id}"),
    ]


def test_ids_of_a_year_to_come(tmp_path: Path) -> None:
    body = "CVE-2002-1000 is early.\nCVE-2003-1000 and DSA-3733-1. CVE-2003-1000.\n"
    message = "the year of CVE-2003-1000 is long after this text"
    assert odd(archive(tmp_path, body)) == [(11, "id-future", message)]


# --- what a profile adds ----------------------------------------------------------------------


def of_profile(tmp_path: Path, body: str, profile: Profile) -> Archive:
    text = bulletin(1, title="A flaw (TSA-26-3)", body=body)
    return load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=profile)


def test_ids_of_a_scheme_that_the_profile_adds(tmp_path: Path) -> None:
    body = "It is not TSA-26-4, nor _TSA-25-1_, aTSA-1-1, TSA-1-1a or TSA-1.\n\n    TSA-24-9"
    profile = Profile(ids={"TSA": Scheme("TSA-#-#", "https://tsa.example.org/{id}")})
    found = of_profile(tmp_path, body, profile)
    assert {value for _, value in found.bulletins[0].relations} == {
        "TSA-26-3",
        "TSA-26-4",
        "TSA-25-1",
        "TSA-24-9",
    }
    assert relations(found)["TSA-26-3"] is Relation.ADDRESSED
    assert {named.scheme for named in found.ids} == {"TSA"}


def test_packages_that_the_profile_gives(tmp_path: Path) -> None:
    """They are those of the text, at the line that prints the version."""
    body = "Fetch xen\n\nas 4.1-2, for Quern 2, and be quick."
    given = (Shipped("xen", "4.1-2", release="2", target="hearth"),)
    profile = Profile(documents={"QSB-001": DocumentEntry(packages=given, reason="odd")})
    found = of_profile(tmp_path, body, profile).bulletins[0]
    rows = [(r.release, r.target, r.package, r.version, r.line) for r in found.packages]
    assert rows == [("2", "hearth", "xen", "4.1-2", 12)]


def test_the_text_must_print_what_the_profile_gives(tmp_path: Path) -> None:
    given = (Shipped("xen", "4.1-3"),)
    profile = Profile(documents={"QSB-001": DocumentEntry(packages=given, reason="odd")})
    with pytest.raises(PackError, match=r"'4\.1-3', which is not in this text"):
        of_profile(tmp_path, "Fetch xen 4.1-2.", profile)


def test_an_answer_for_each_release(tmp_path: Path) -> None:
    """Packages decide, then sentences; what only the section on the affected names has none."""
    body = """\
Affected systems
-----------------

Quern 4.2, 4.3 and 4.4 are affected. Quern 4.1 is not affected.

Patching
---------

The fixed packages are:

For Quern 4.3:
- xen 4.1-2

For Quern 4.4: no fix is available"""
    text = bulletin(1, body=body)
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=Profile("Quern"))
    assert [(a.release, a.fix and a.fix.value, a.lines) for a in answers(found.bulletins[0])] == [
        ("4.3", "available", (21,)),
        ("4.4", "none", (23,)),
        ("4.2", None, (13,)),
        ("4.1", "not-affected", (13,)),
    ]


def test_what_is_said_of_one_of_several_advisories_is_no_answer(tmp_path: Path) -> None:
    body = "The Mill Team published XSA-7 and XSA-8.\n\nXSA-7 is old. Quern 4.2 is not affected."
    text = bulletin(1, body=body)
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=Profile("Quern"))
    assert answers(found.bulletins[0]) == ()


def test_what_is_said_of_one_of_two_schemes_is_no_answer(tmp_path: Path) -> None:
    body = "XSA-7 and MILL-SA-8 came out.\n\nXSA-7 does not affect Quern 4.2."
    text = bulletin(1, title="A title (XSA-7, MILL-SA-8)", body=body)
    profile = Profile("Quern", ids={"MILL": Scheme("MILL-SA-#", "")})
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=profile)
    assert list(found.bulletins[0].relations.values()) == [Relation.ADDRESSED] * 2
    assert answers(found.bulletins[0]) == ()


def test_one_of_several_packages_that_is_safe_is_no_answer(tmp_path: Path) -> None:
    body = """\
XSA-7 came out.

Patching
---------

The fixed packages are:

For Quern 4.1:
- xen: not affected
- mill: no fix yet

For Quern 4.2:
- xen: not affected

For Quern 4.3:
- xen 4.1-2
- mill 4.1-3"""
    text = bulletin(1, body=body)
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}), profile=Profile("Quern"))
    said = {answer.release: answer.fix for answer in answers(found.bulletins[0])}
    assert said == {"4.1": Fix.NONE, "4.2": None, "4.3": Fix.AVAILABLE}


@each_line("no answers")
def test_what_is_not_certain_is_no_answer(tmp_path: Path, text: str) -> None:
    """Texts can contradict themselves, tell what was wrong, and speak of what a heading names."""
    whole = bulletin(1, body=f"XSA-7 came out.\n\n{text}")
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": whole}), profile=Profile("Quern"))
    assert [answer.fix for answer in answers(found.bulletins[0]) if answer.fix] == []


def test_an_issuer_with_signs_of_expressions(tmp_path: Path) -> None:
    text = bulletin(1, body="(Quern 4.2 is not affected.").replace("Quern", "(Quern", 1)
    found = load(make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text}))
    assert [a.release for a in answers(found.bulletins[0])] == ["4.2"]


TWO_RELEASES = """

Patching
---------

For Quern 4.1:
- xen packages, version 4.17.5-6

For Quern 4.2:
- xen packages, version 4.17.5-6"""
CLAIMS = [
    line.split("|", 1)
    for line in (DATA / "claims.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("verdicts", "words"), CLAIMS, ids=[words for _, words in CLAIMS])
def test_what_a_text_says_of_each_release_by_advisory(
    tmp_path: Path, verdicts: str, words: str
) -> None:
    body = "XSA-8 and XSA-9 came out.\n\n" + words.strip().replace("\\n", "\n") + TWO_RELEASES
    found = archive(tmp_path, body).bulletins[0]
    said = {
        f"{id_[4:]}/{release}{'-+'[yes]}" for (id_, release), (yes, _) in affects(found).items()
    }
    assert said == {*verdicts.split()}
