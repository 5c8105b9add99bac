"""docs/recipes: judged by the schemas of their services, and run on the demo pack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.packs import commit, new_repository
from tests.processes import script
from tests.words import strings

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs" / "recipes"
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "schema"),
    [("github-workflow.yml", "github-workflows"), ("gitlab-ci.yml", "gitlab-ci")],
)
def test_each_fits_the_schema_of_its_service(name: str, schema: str, tmp_path: Path) -> None:
    judge = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}"]
    judge += ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    subprocess.run([*judge, RECIPES / name], check=True)
    wrong = tmp_path / name
    wrong.write_text((RECIPES / name).read_text().replace("run:", "runs:").replace("script:", "x:"))
    assert subprocess.run([*judge, wrong], check=False, capture_output=True).returncode == 1


def commands() -> Iterator[tuple[str, str]]:
    """What runs secpack in each recipe."""
    for path in sorted(RECIPES.iterdir()):
        lines = strings(yaml.safe_load(path.read_text()))
        yield from ((path.stem, line) for line in lines if line.startswith("secpack check ."))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pack = tmp_path_factory.mktemp("demo") / "pack"
    shutil.copytree(ROOT / "content/secpack", pack)
    shutil.copy(ROOT / "content/demo.toml", pack / "profile.toml")
    commit(new_repository(pack))
    return pack


def test_there_are_commands_in_each() -> None:
    assert {name for name, _ in commands()} == {path.stem for path in RECIPES.iterdir()}


@pytest.mark.parametrize("command", [command for _, command in commands()])
def test_each_command_stops_what_is_wrong_and_nothing_else(
    command: str, pack: Path, tmp_path: Path
) -> None:
    """``date`` says a day on which no canary is late."""
    script(tmp_path / "date", "echo 2027-01-01")
    names = {
        "BASE": "HEAD",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    environment = names | {"PATH": f"{tmp_path}:{BIN}:{os.environ['PATH']}"}

    def status() -> int:
        shell = ["sh", "-ec", command]
        return subprocess.run(shell, cwd=pack, env=environment, check=False).returncode

    text, draft = pack / "QSBs/qsb-012-2025.txt", pack / "QSBs/qsb-013-2026.txt"
    right = text.read_bytes()
    assert status() == 0
    draft.write_bytes(right.replace(b"012", b"013").replace(b"2025-05-", b"2026-05-"))
    assert status() == (0 if "--draft" in command else 1)
    draft.write_bytes(right)
    assert status() == 1
    draft.unlink()
