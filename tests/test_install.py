"""A wheel has all that the command needs, and is made without a trace in the checkout."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from bulletins.cli import add_build
from secpack.cli import parser_of
from secpack.files import HOME, profile_path
from tests.bulletins.sites import ROOT, Site, environ

PIP = (sys.executable, "-m", "pip", "--quiet")
SOURCES = ("plugins", "theme", "content", "pyproject.toml", "README.md", "LICENSE")


def files(folder: Path) -> set[str]:
    return {str(p) for p in folder.rglob("*") if "__pycache__" not in p.parts}


@pytest.mark.slow
def test_what_a_wheel_builds(demo: Site, tmp_path: Path) -> None:
    """The same site as from a checkout, in another folder, without a network."""
    checkout, wheels, fresh = tmp_path / "checkout", tmp_path / "wheels", tmp_path / "fresh"
    checkout.mkdir()
    for name in (*SOURCES, "pelicanconf.py", "publishconf.py"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, checkout / name)
    before = files(checkout)
    offline = ("--no-index", "--no-deps")
    subprocess.run(
        [*PIP, "wheel", *offline, "--no-build-isolation", "--wheel-dir", wheels, checkout],
        check=True,
    )
    assert files(checkout) == before

    venv.create(fresh)
    (wheel,) = wheels.iterdir()
    python = fresh / "bin/python"
    subprocess.run([*PIP, "--python", python, "install", *offline, wheel], check=True)
    # The locked dependencies are those of this Python; the checkout's own path is not among them.
    (library,) = fresh.glob("lib/python*/site-packages")
    (library / "locked.pth").write_text(sysconfig.get_path("purelib"))

    def secpack(*arguments: str) -> str:
        command = [fresh / "bin/secpack", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ(), capture_output=True, text=True, check=True
        )
        return done.stdout

    assert secpack("--version") == f"{project()['version']}\n"
    secpack("build", "--output", "site")
    assert Site(0, "", tmp_path / "site").files() == demo.files()
    pack = str(library / "secpack_archive/content/secpack")
    assert secpack("check", pack, "--profile", "demo", "--no-cache") == ""


def project() -> dict[str, object]:
    described: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return described


def test_the_search_index_is_locked_as_the_wheel_wants_it() -> None:
    extras = project()["optional-dependencies"]
    assert extras == {"search": (ROOT / "lock/search.in").read_text().splitlines()}


def test_each_command_has_an_example() -> None:
    (commands,) = (
        action
        for action in parser_of(add_build)._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    assert {"build", "check", "history", "profile", "verify-site"} <= set(commands.choices)
    for name, command in commands.choices.items():
        assert f"Example: secpack {name} " in command.format_help()


def test_a_profile_is_a_file_or_has_a_name() -> None:
    assert profile_path("qubes") == ROOT / "content/qubes.toml" == HOME / "content/qubes.toml"
    assert profile_path("content/demo.toml") == Path("content/demo.toml")
    assert profile_path("unknown") == Path("unknown")
