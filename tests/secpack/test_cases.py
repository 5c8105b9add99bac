"""Cases are files: ``valid/x.txt`` and ``x.json``, ``invalid/x.txt`` and ``x.error``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from secpack.errors import ParseError
from secpack.model.archive import File
from secpack.parser import parse_text
from tests.conftest import DATA
from tests.dump import dump_document
from tests.secpack.adversary import HEADER

VALID = sorted((DATA / "valid").glob("*.txt"))
INVALID = sorted((DATA / "invalid").glob("*.txt"))


def read(path: Path) -> File:
    data = path.read_bytes()
    return File(path.name, data, hashlib.sha256(data).hexdigest())


def test_there_are_cases() -> None:
    assert len(VALID) >= 30
    assert len(INVALID) >= 6


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid(path: Path, golden: bool) -> None:
    found = dump_document(parse_text(read(path)))
    expected = path.with_suffix(".json")
    if golden:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads(expected.read_text("utf-8"))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid(path: Path) -> None:
    with pytest.raises(ParseError) as raised:
        parse_text(read(path))
    assert str(raised.value) == path.with_suffix(".error").read_text("utf-8").strip()


@pytest.mark.parametrize(
    "word", ["TODO", "FIXME", "TBD", "XXXX", "NNN", "<add this>", "<Your name>"]
)
def test_placeholder(word: str) -> None:
    text = f"{HEADER}Summary\n-------\n\nThe gate has {word} hinges.\n"
    document = parse_text(File("text.txt", text.encode(), ""))
    assert [(f.line, f.code) for f in document.findings] == [(8, "placeholder")]
