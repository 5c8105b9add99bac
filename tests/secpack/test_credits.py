"""Whom texts thank; cases expect names and roles."""

from __future__ import annotations

from secpack.extract import read_credits
from secpack.extract.sections import sections
from secpack.model.archive import Credit, File
from secpack.parser import parse_text
from tests.cases import Case, each_case, each_line, read_cases


def test_there_are_cases() -> None:
    assert len(read_cases("credits")) >= 2


@each_case("credits")
def test_case(case: Case, golden: bool) -> None:
    found = read_credits(sections(parse_text(case.file)))
    case.check([f"{credit.name}: {credit.role}" for credit in found], golden=golden)


@each_line("credits")
def test_words(text: str, expected: str) -> None:
    text = f"---===[ Quern Security Bulletin 001 ]===---\n\n2001-03-04\n\nCredits\n---\n\n{text}\n"
    document = parse_text(File("text.txt", text.encode(), ""))
    assert ", ".join(c.name for c in read_credits(sections(document))) == expected


def test_each_once() -> None:
    text = "---===[ Quern Security Bulletin 001 ]===---\n\n2001-03-04\n\nCredits\n---\n\n"
    text += "Found by Ines Aldous. Reported by Ines Aldous. Found by Tomek Varga.\n"
    found = read_credits(sections(parse_text(File("text.txt", text.encode(), ""))))
    assert found == (Credit("Ines Aldous", "found"), Credit("Tomek Varga", "found"))
