"""Whom texts thank; cases expect names and roles."""

from __future__ import annotations

import pytest

from secpack.extract import read_credits
from secpack.extract.sections import sections
from secpack.model.archive import Credit, File
from secpack.parser import parse_text
from tests.cases import Case, each_case, read_cases


def test_there_are_cases() -> None:
    assert len(read_cases("credits")) >= 2


@each_case("credits")
def test_case(case: Case, golden: bool) -> None:
    found = read_credits(sections(parse_text(case.file)))
    case.check([f"{credit.name}: {credit.role}" for credit in found], golden=golden)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Found by Ines Aldous.", ["Ines Aldous"]),
        ("Found by Ines Aldous", ["Ines Aldous"]),
        ("Found by Ines Aldous [1].", ["Ines Aldous"]),
        ("Found by Ines Aldous and Tomek Varga.", ["Ines Aldous", "Tomek Varga"]),
        (
            "Found by Ines Aldous, Lis Wilk, and Bo Oakley.",
            ["Ines Aldous", "Lis Wilk", "Bo Oakley"],
        ),
        ("Found by Ines Aldous, Tomek and Oona Brandreth.", ["Ines Aldous", "Oona Brandreth"]),
        ("Found by Ines Aldous Varga Brandreth Lis Wilk Oakley.", []),
        ("Found by Ines Aldous likes.", ["Ines Aldous"]),
        ("found by macAldous Ines.", []),
        ("Lis Wilk noticed it, and Bo Oakley of Glass House.", ["Lis Wilk", "Bo Oakley"]),
        ("In March Ines Aldous told us. To Lis Wilk, thanks.", ["Ines Aldous", "Lis Wilk"]),
        ("Research: Ines d'Aldous, A. Wilk-Oakley (QCS).", ["Ines d'Aldous", "A. Wilk-Oakley"]),
        ('Reported by a user who goes by the name of "owl".', ["owl"]),
        ("It is a bug of the Bell Tower and of Split GPG.", []),
        ("Found, much later, by Ines Aldous.", ["Ines Aldous"]),
        ("Ines Aldous <ines at quern.example.org>", ["Ines Aldous"]),
        ("Ines Aldous <ines.quern.example.org>", ["Ines Aldous"]),
    ],
)
def test_words(words: str, names: list[str]) -> None:
    text = f"---===[ Quern Security Bulletin 001 ]===---\n\n2001-03-04\n\nCredits\n---\n\n{words}\n"
    document = parse_text(File("text.txt", text.encode(), ""))
    assert [credit.name for credit in read_credits(sections(document))] == names


def test_each_once() -> None:
    text = "---===[ Quern Security Bulletin 001 ]===---\n\n2001-03-04\n\nCredits\n---\n\n"
    text += "Found by Ines Aldous. Reported by Ines Aldous. Found by Tomek Varga.\n"
    found = read_credits(sections(parse_text(File("text.txt", text.encode(), ""))))
    assert found == (Credit("Ines Aldous", "found"), Credit("Tomek Varga", "found"))
