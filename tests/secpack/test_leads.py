"""What a text leads with; cases expect what is quoted, by section."""

from __future__ import annotations

from secpack.extract.packages import read_packages
from secpack.extract.sections import actions, affected, brief, steps, whole
from secpack.model.archive import Document
from secpack.model.blocks import Block, leaves, plain, running_text
from secpack.parser import parse_text
from tests.cases import Case, each_case, read_cases
from tests.dump import one_line


def words(blocks: tuple[Block, ...]) -> list[str]:
    """Running text, a string each; of what is not running text the kind."""
    told = [plain(inlines) for _, inlines in running_text(blocks)]
    return told + [type(leaf).__name__ for leaf in leaves(blocks) if not hasattr(leaf, "inlines")]


def leads(document: Document) -> dict[str, list[str]]:
    """What is quoted of a document's sections, by their titles."""
    lines = [row.line for row in read_packages(document)[0]]
    found = {section.title: words(brief(steps(section, lines))) for section in actions(document)}
    return found | {s.title: words(brief(whole(s))) for s in affected(document)}


def test_there_are_cases() -> None:
    assert len(read_cases("leads")) >= 4


@each_case("leads")
def test_case(case: Case, golden: bool) -> None:
    told = []
    for title, quoted in leads(parse_text(case.file)).items():
        told += [f"{title}:", *(f"  {one_line(words)}" for words in quoted)]
    case.check(told, golden=golden)
