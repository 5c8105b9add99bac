"""Imports flow one way: ``bulletins`` → ``secpack`` → standard library and its few dependencies."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[1] / "plugins"
MODULES = sorted(PLUGINS.rglob("*.py"))
ALLOWED = {
    "secpack": {"secpack", "lxml", "unidecode", "urllib3", "yaml"},
    "bulletins": {
        "bulletins",
        "secpack",
        "pelican",
        "jinja2",
        "markupsafe",
        "feedgen",
        "lxml",
        "yaml",
    },
}


#: All modules by their full names.
NAMED = {
    ".".join(path.relative_to(PLUGINS).with_suffix("").parts).removesuffix(".__init__"): path
    for path in MODULES
}


@cache
def nodes(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text("utf-8")))]


@cache
def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & set(NAMED)) or {node.module or ""}
    return found


def test_there_are_modules() -> None:
    assert len(MODULES) > 20


def test_imports() -> None:
    for path in MODULES:
        package = path.relative_to(PLUGINS).parts[0]
        tops = {name.partition(".")[0] for name in imports(path)}
        assert tops <= ALLOWED[package] | sys.stdlib_module_names, path
        assert "sys.path" not in path.read_text("utf-8"), path


def test_nothing_is_read_that_can_run_code_and_one_place_starts_processes() -> None:
    for path in MODULES:
        text = path.read_text("utf-8")
        assert not imports(path) & {"ctypes", "marshal", "pickle", "shelve"}, path
        assert not re.search(r"\b(eval|exec)\(|bytecode", text), path
        starts = "multiprocessing" in imports(path) or re.search(r"\bfork", text)
        assert not starts or path.name == "processes.py", path


#: The folders of ``secpack``, from the ground up: each imports from those before it, and from the
#: modules that belong to none.
FLOORS = ("model", "parser", "extract", "canary", "signatures", "history", "tracker", "mirror")


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_flow_downwards(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    paths = [path for path in MODULES if path.is_relative_to(PLUGINS / "secpack" / floor)]
    for path in paths:
        upwards = {
            name for name in imports(path) if name.split(".")[1:2] and name.split(".")[1] in above
        }
        assert not {name for name in upwards if name.startswith("secpack.")}, path


def circles(imported: dict[str, set[str]]) -> set[str]:
    """The modules that are in circles of imports, or between two."""
    left, before = set(imported), set[str]()
    while left != before:
        before = left
        above = set[str]().union(*(imported[name] for name in left))
        left = {name for name in left & above if imported[name] & left}
    return left


def test_imports_go_round_in_no_circle() -> None:
    """One that only types need counts, too."""
    assert circles({"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}) == {"b", "c"}
    assert circles({name: imports(path) for name, path in NAMED.items()}) == set()


@pytest.mark.parametrize(
    "path", sorted((PLUGINS / "secpack/parser").rglob("*.py")), ids=lambda p: p.name
)
def test_the_parser_knows_nothing_of_packs(path: Path) -> None:
    own = {name for name in imports(path) if name.startswith("secpack")}
    known = ("secpack.errors", "secpack.model.", "secpack.parser")
    assert all(n.startswith(known) for n in own)


@pytest.mark.parametrize(
    ("begun", "unused"),
    [
        ("bulletins.build.build", "urllib3"),  # it reads no other servers
        ("bulletins.build.__main__", "secpack.model"),  # perhaps nothing has changed
    ],
)
def test_a_build_loads_only_what_it_needs(begun: str, unused: str) -> None:
    program = f"import {begun}, sys; print('{unused}' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_one_place_opens_files() -> None:
    """It refuses what is no file, or too large; the command opens the null device besides."""
    reading = ("files.py", "cli.py", "cache.py", "copies.py")
    for path in MODULES:
        if path.is_relative_to(PLUGINS / "secpack") and path.name not in reading:
            text = path.read_text("utf-8")
            assert not re.search(r"\bopen\(|read_text|read_bytes", text), path


def test_one_place_escapes() -> None:
    users = [path.name for path in MODULES if "from html import" in path.read_text("utf-8")]
    assert users == ["html.py"]


def mapped() -> set[Path]:
    """The modules that the map in CONTRIBUTING.md shows: two spaces for each folder."""
    lines = (PLUGINS.parent / "CONTRIBUTING.md").read_text("utf-8").splitlines()
    above: list[str] = []
    found = set()
    for line in lines[lines.index("## Map") + 3 :]:
        if line == "```":
            break
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [line.split()[0]]
        found.add(PLUGINS.parent / "".join(above))
    return {path for path in found if path.suffix == ".py" and path.is_relative_to(PLUGINS)}


def test_the_map_has_every_module() -> None:
    listed = mapped()
    assert listed <= set(MODULES)
    assert {path for path in set(MODULES) - listed if path.name != "__init__.py"} == set()


# --- the codes of findings ------------------------------------------------------------------

_CODE = re.compile("[a-z]+(?:-[a-z]+)*")

#: Codes that the code puts together, of verdicts and of what is misplaced.
_MADE = ("signature-", "signer-", "misplaced-")


def codes() -> set[str]:
    """The codes that modules give to findings: where a function takes one, as an argument.

    Those of the publish check are in docs/mirroring.md, and have a test of their own.
    """
    paths = (path for path in MODULES if path.is_relative_to(PLUGINS / "secpack"))
    every = [node for path in paths for node in nodes(path)]
    places = {"Finding": 2}
    for node in every:
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in node.args.args if each.arg != "self"]
            places |= {node.name: names.index("code")} if "code" in names else {}
    given: set[str] = set()
    for call in (node for node in every if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        for argument in call.args[places[name] :][:1] if name in places else ():
            constants = (each for each in ast.walk(argument) if isinstance(each, ast.Constant))
            given |= {each.value for each in constants if isinstance(each.value, str)}
    return {code for code in given if _CODE.fullmatch(code)}


def test_the_docs_name_the_code_of_every_finding() -> None:
    places = {"format": "## Findings", "verifying": "### What only it reports"}
    named: set[str] = set()
    for name, heading in places.items():
        text = (PLUGINS.parent / f"docs/{name}.md").read_text("utf-8")
        section = re.split("\n##+ ", text.partition(f"\n{heading}\n")[2])[0]
        named |= set(re.findall(f"`({_CODE.pattern})`", section))
    assert len(codes()) > 60
    assert codes() - named == set()
    sources = "".join(path.read_text("utf-8") for path in MODULES)
    assert [
        code
        for code in named
        if "-" in code and f'"{code}"' not in sources and not code.startswith(_MADE)
    ] == []
