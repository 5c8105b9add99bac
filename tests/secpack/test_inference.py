"""What texts address by their own words. Cases are files: ``inference/x.txt`` and ``x.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secpack.extract.mentions import decide, find_mentions
from secpack.model.archive import Context, Document
from secpack.parser import parse_text
from tests.conftest import DATA
from tests.packs import bulletin
from tests.secpack.test_cases import read

CASES = sorted((DATA / "inference").glob("*.txt"))


def dump(document: Document) -> dict[str, Any]:
    """Advisories addressed and mentioned, and every mention; a star marks those that decide."""
    mentions = find_mentions(document)
    evidence = decide(mentions)
    addressed = {mention.value for mention in evidence}
    return {
        "addresses": sorted(addressed),
        "mentions": sorted({n.value for n in mentions if n.scheme == "XSA"} - addressed),
        "all": [
            f"{n.line}: {'*' * (n in evidence)}{n.value}: {n.context.value}: {n.sentence}"
            for n in mentions
        ],
    }


def test_there_are_cases_for_every_place() -> None:
    seen = {n.context for path in CASES for n in find_mentions(parse_text(read(path)))}
    assert seen == set(Context)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_inference(path: Path, golden: bool) -> None:
    found = dump(parse_text(read(path)))
    expected = path.with_suffix(".json")
    if golden:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads(expected.read_text("utf-8"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_names_stand_where_namings_say(path: Path) -> None:
    """Each mention's line, or the one behind it where it wraps, ends its number or its range."""
    document = parse_text(read(path))
    lines = document.file.data.decode().split("\n")
    for mention in find_mentions(document):
        near = " ".join(lines[mention.line - 1 : mention.line + 1])
        assert set(mention.sentence.strip("…").split()) & set(near.split())
        assert len(mention.sentence) <= 300


def test_a_citation_leads_to_no_more_than_some(tmp_path: Path) -> None:
    text = bulletin(1, body="It was announced [1].")
    (tmp_path / "text.txt").write_text(f"{text}\nReferences\n---\n\n[1] XSA-1-60 and XSA-61-80\n")
    mentions = find_mentions(parse_text(read(tmp_path / "text.txt")))
    cited = [n.value for n in mentions if n.context is Context.ANNOUNCEMENT]
    assert cited == [f"XSA-{number}" for number in range(1, 65)]


def test_what_is_said_over_and_over_is_not_kept(tmp_path: Path) -> None:
    """But the word that it does not apply, at the very end, counts."""
    lines = ["The Mill Team published XSA-7.\n"] * 500 + ["XSA-7 does not affect Quern.\n"]
    (tmp_path / "text.txt").write_text(bulletin(1, body="\n".join(lines)))
    mentions = find_mentions(parse_text(read(tmp_path / "text.txt")))
    assert len(mentions) == 101
    assert not decide(mentions)
