"""What a text leads with. Cases are files: ``leads/x.txt``, and ``x.json`` with what is quoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secpack.extract.packages import read_packages
from secpack.extract.sections import actions, affected, brief, steps, whole
from secpack.model.archive import Document
from secpack.model.blocks import Block, leaves, plain, running_text
from secpack.parser import parse_text
from tests.conftest import DATA
from tests.secpack.test_cases import read

CASES = sorted((DATA / "leads").glob("*.txt"))


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
    assert len(CASES) >= 4


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, golden: bool) -> None:
    found = leads(parse_text(read(path)))
    expected = path.with_suffix(".json")
    if golden:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads(expected.read_text("utf-8"))
