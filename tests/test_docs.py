"""What docs name exists: commands with their options, targets with their variables, links."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bulletins.cli import COMMANDS
from secpack.cli import parser_of
from tests.test_make import ROOT, TARGETS, VARIABLES

FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs/adr", ROOT / "content/pages")
DOCS = sorted(path for folder in FOLDERS for path in folder.glob("*.md"))
TEXTS = pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def commands(path: Path, program: str) -> list[list[str]]:
    """The words of each command of a program in an example or between backticks."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    inside = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^(?: {4})?(.*)$", text, re.M)]
    form = re.compile(rf"(?:\$ |torsocks )?(?:[\w./-]+/)?{program} (?=[a-z])(.*)")
    found = [match[1].partition("#")[0] for line in inside if (match := form.fullmatch(line))]
    return [shlex.split(re.split(r"[|>;]", each)[0]) for each in found]


def test_there_are_commands() -> None:
    assert len(commands(ROOT / "README.md", "make")) > 10
    assert ["check"] in [words[:1] for words in commands(ROOT / "docs/verifying.md", "secpack")]


@TEXTS
def test_commands(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(path, "secpack"):
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        with pytest.raises(SystemExit):
            parser_of(*COMMANDS).parse_args([words[0], "--help"])
        known = capsys.readouterr().out
        assert all(re.search(rf"{option}\b", known) for option in options), words


@TEXTS
def test_targets(path: Path) -> None:
    for words in commands(path, "make"):
        targets = [word for word in words if "=" not in word and not word.startswith(("…", "-"))]
        given = [word.partition("=")[0] for word in words if "=" in word]
        assert {*targets} <= {*TARGETS, "help"}, words
        assert {*given} <= {*VARIABLES}, words


def anchors(path: Path) -> set[str]:
    """The anchors of a text, as forges make them of its headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@TEXTS
def test_links(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not link.startswith(
            ("https://", "http://", "mailto:", "{filename}", "../SHA", "../data")
        ):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


EXAMPLES = [
    pytest.param(*match.groups(), id=match[1][:60])
    for path in DOCS
    for match in re.finditer(r"^```console\n\$ (.*)\n([^`]*)^```$", path.read_text("utf-8"), re.M)
    if "faulty" not in match[1]  # a pack that is described in words
]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "printed"), EXAMPLES)
def test_examples(command: str, printed: str, tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    script = command.replace(".venv/bin/", f"{programs}/")
    surroundings = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-c", f"({script}) 2>&1"],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == printed
