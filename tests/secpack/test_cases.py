"""Texts that are parsed, to their blocks and findings, and texts that are refused."""

from __future__ import annotations

import pytest

from secpack.errors import ParseError
from secpack.model.archive import File
from secpack.parser import parse_text
from tests.cases import Case, each_case, read_cases
from tests.dump import document_lines
from tests.secpack.adversary import HEADER


def test_there_are_cases() -> None:
    assert len(read_cases("valid")) >= 200
    assert len(read_cases("invalid")) >= 17


@each_case("valid")
def test_valid(case: Case, golden: bool) -> None:
    case.check(document_lines(parse_text(case.file)), golden=golden)


@each_case("invalid")
def test_invalid(case: Case, golden: bool) -> None:
    with pytest.raises(ParseError) as raised:
        parse_text(case.file)
    case.check([str(raised.value)], golden=golden)


@pytest.mark.parametrize(
    "word", ["TODO", "FIXME", "TBD", "XXXX", "NNN", "<add this>", "<Your name>"]
)
def test_placeholder(word: str) -> None:
    text = f"{HEADER}Summary\n-------\n\nThe gate has {word} hinges.\n"
    document = parse_text(File("text.txt", text.encode(), ""))
    assert [(f.line, f.code) for f in document.findings] == [(8, "placeholder")]
