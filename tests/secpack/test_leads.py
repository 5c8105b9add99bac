"""What a text leads with; cases expect what is quoted, by section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from secpack.extract.packages import read_packages
from secpack.extract.sections import Quotation, actions, affected
from secpack.model.archive import Document, File
from secpack.model.blocks import Block, leaves, plain, running_text
from secpack.parser import parse_text
from tests.cases import Case, each_case, read_cases
from tests.dump import one_line

CONTENT = Path(__file__).parents[2] / "content"


def words(blocks: tuple[Block, ...]) -> list[str]:
    """Running text, a string each; of what is not running text the kind."""
    told = [plain(inlines) for _, inlines in running_text(blocks)]
    return told + [type(leaf).__name__ for leaf in leaves(blocks) if not hasattr(leaf, "inlines")]


def leads(document: Document) -> list[Quotation]:
    """What is quoted of a document's sections."""
    concerned = affected(document)
    quoted = actions(document, [row.line for row in read_packages(document)[0]])
    return [*quoted, *([concerned] if concerned else [])]


def test_there_are_cases() -> None:
    assert len(read_cases("leads")) >= 4


@each_case("leads")
def test_case(case: Case, golden: bool) -> None:
    told = []
    for quotation in leads(parse_text(case.file)):
        left_out = f" ({quotation.omitted} left out)" if quotation.omitted else ""
        told.append(f"{quotation.section.title}{left_out}:")
        told += [f"  {one_line(text)}" for text in words(quotation.blocks)]
    case.check(told, golden=golden)


#: Words of duty and of warning. What is quoted has all of them, or says how much is left out.
DUTIES = re.compile(
    r"\b(must|should|need to|have to|do not|never|warning|only|before|restart|reboot|reseal)\b",
    re.I,
)


@pytest.mark.parametrize("case", [*read_cases("leads"), *read_cases("packages")], ids=str)
def test_no_duty_is_left_out(case: Case) -> None:
    check_duties(parse_text(case.file))


def test_no_duty_is_left_out_of_the_demo() -> None:
    for path in sorted((CONTENT / "secpack/QSBs").glob("qsb-0*.txt")):
        check_duties(parse_text(File(path.name, path.read_bytes(), "")))


def check_duties(document: Document) -> None:
    for quotation in leads(document):
        quoted = words(quotation.blocks)
        for text in words(quotation.section.blocks):
            assert text in quoted or quotation.omitted or not DUTIES.search(text)
        rest = words(quotation.section.blocks)[len(quoted) :]
        assert not [text for text in rest if DUTIES.search(text)]
        assert not quoted or not quoted[-1].endswith(":") or not rest
