"""What is given to make is data: nothing of it is run; and what is mistyped is refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import script

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
VARIABLES = re.findall(r"[A-Z_]+", re.findall(r"(?s)^VARIABLES := (.*?[^\\])$", MAKEFILE, re.M)[0])

#: Values that run a program where they become a part of a command, or of a makefile.
HOSTILE = [
    "x`touch pwned`",
    "$(touch pwned)",
    "$(shell touch pwned)",
    "${shell touch pwned}",
    "x; touch pwned",
    "x' ; touch pwned; '",
    'x" ; touch pwned; "',
    "x\n\ttouch pwned\n",
    "x\\\ntouch pwned #",
    "x | touch pwned & touch pwned > pwned",
    "$$(touch pwned)",
    "-x --y",
    "a  b*",
]

#: Stands for any program: notes what it was called with, an argument a line.
PROGRAM = """#!/bin/sh
case "$1" in -c) exec "{python}" "$@";; esac
case "$2" in http.server) sleep 0.3;; esac
{{ printf '%s' "${{0##*/}}"; printf '\\n%s' "$@"; printf '\\n\\n'; }} >> "{calls}"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return new_checkout(tmp_path)


def new_checkout(parent: Path) -> Path:
    """The Makefile, with programs that do nothing."""
    folder = parent / "check out"
    (folder / "lock").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    programs = [
        *(f".venv/bin/{name}" for name in ("python", "secpack", "watchfiles", "ruff", "mypy"))
    ]
    programs += ["bin/npm", "bin/uv"]
    for name in programs:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROGRAM.format(python=sys.executable, calls=folder / "calls"))
        path.chmod(0o755)
    for name in ("build", "runtime", "search", "dev", "judges", "peers"):
        (folder / f"lock/{name}.txt").touch()
    for name in ("installed", "installed-search", "installed-judges", "installed-dev"):
        (folder / f".venv/{name}").touch()
    return folder


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    process = begun(folder, *arguments, **variables)
    said = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


def begun(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    ours = {*VARIABLES, "PYTEST_ADDOPTS"}
    kept = {n: v for n, v in os.environ.items() if n not in ours and not n.startswith("MAKE")}
    path, pipe = f"{folder / 'bin'}:{kept['PATH']}", subprocess.PIPE
    how = {"cwd": folder, "env": kept | {"PATH": path} | variables, "text": True}
    return subprocess.Popen(["make", *arguments], stdout=pipe, stderr=pipe, **how)  # noqa: S607


def calls(folder: Path) -> list[list[str]]:
    """What programs were called with, those that only look at something left out."""
    written = (folder / "calls").read_text("utf-8") if (folder / "calls").exists() else ""
    return [call.split("\n") for call in written.split("\n\n") if call]


def test_there_are_targets_and_variables() -> None:
    assert {"html", "check", "devserver", "weights"} <= set(TARGETS)
    assert {"SECPACK", "PYTEST", "PORT", "PYTHON", "THEME"} <= set(VARIABLES)


@pytest.mark.slow
@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_that_is_given_is_run(checkout: Path, value: str) -> None:
    shown = [name for name in VARIABLES if name not in ("PORT", "PYTHON")]
    for target in TARGETS:
        given = {name: value for name in VARIABLES if name != "PYTHON" or target != "lock"}
        make(checkout, target, *(f"{name}={each}" for name, each in given.items()))
        make(checkout, target, **given)
        # With a port and a Python that can be used, recipes get further.
        make(checkout, target, *(f"{name}={value}" for name in shown), "PORT=0")
        assert not list(checkout.rglob("pwned")), target
        if target == "clean":
            assert not (checkout / ".venv").exists()
            break


@pytest.mark.slow
def test_a_site_in_a_place_with_an_odd_name(tmp_path: Path) -> None:
    """The real programs, in a checkout, with a pack and at a place whose names are hostile."""
    folder = tmp_path / "check out $(touch pwned)`touch pwned`'\""
    folder.mkdir()
    for name in ("Makefile", "pelicanconf.py", "content", "theme", "plugins", "lock"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "content/secpack", folder / "pack ;'")
    shutil.copy(ROOT / "content/demo.toml", folder / "$(shell touch pwned).toml")
    given = [f"SECPACK={folder}/pack ;'", "PROFILE=$(shell touch pwned).toml", "OUTPUT=a  `b` #c"]
    for target in ("html", "check"):
        done = make(folder, "-o", ".venv/installed", target, *given)
        assert done.returncode == 0, done.stderr
    assert (folder / "a  `b` #c/qsb/012/index.html").is_file()
    assert not list(tmp_path.rglob("pwned"))


def test_python_is_a_program_and_no_command(checkout: Path) -> None:
    (checkout / ".venv/installed").unlink()
    for value in HOSTILE:
        done = make(checkout, "html", f"PYTHON={value}")
        assert done.returncode == 2
        assert f"{value} is missing: install the package python3" in done.stderr
    assert not list(checkout.rglob("pwned"))


@pytest.mark.parametrize("fails", ["venv", "build.txt", "runtime.txt", "--editable"])
def test_what_cannot_be_installed_is_one_sentence(checkout: Path, fails: str) -> None:
    """Unless V=1 asks for more."""
    (checkout / ".venv/installed").unlink()
    script = f'#!/bin/sh\ncase "$*" in -c*) exit;; *{fails}*) echo a; echo b >&2; exit 1;; esac\n'
    (checkout / ".venv/bin/python").write_text(script)
    given = ("html", "PYTHON=.venv/bin/python")
    done = make(checkout, *given)
    assert done.stdout == "Installing into .venv, once ...\n"
    sentence, stop = done.stderr.splitlines()
    assert sentence.startswith("Not installed: it needs the network")
    assert stop.startswith("make: ***")
    done = make(checkout, *given, "V=1")
    assert (done.stdout.splitlines()[-1], done.stderr.splitlines()[0]) == ("a", "b")


def test_the_second_of_two_installations_waits_and_finds_all_done(checkout: Path) -> None:
    for path in (checkout / ".venv").glob("installed*"):
        path.unlink()
    python = f'case "$1$2" in -c*) exec "{sys.executable}" "$@";; -mvenv) sleep 1;; esac'
    script(checkout / ".venv/bin/python", f'{python}\necho "$*" >> calls')
    both = [begun(checkout, ".venv/installed-dev", "PYTHON=.venv/bin/python") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "Another make is installing here; waiting for it ...\n" in "".join(e for _, e in said)
    installed = (checkout / "calls").read_text().splitlines()
    assert len(installed) == len(set(installed)) == 6


def test_values_arrive_as_they_are(checkout: Path) -> None:
    """With blanks, quotes and what a shell would replace; tabs and the like are make's own."""
    value = "a  b*'\"$(x)`y`;#|&\\z"
    done = make(
        checkout, "devserver", "weights", *(f"{n}={value}" for n in ("SECPACK", "OUTPUT")), "PORT=0"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "http://127.0.0.1:0/ (Ctrl-C to stop)\n"
    found = {call[0] if call[0] != "python" else call[2]: call for call in calls(checkout)}
    assert value in found["watchfiles"]
    assert f"--directory={value}" in found["http.server"]
    assert found["tests.browser.weights"][-1] == value
    make(checkout, "check", f"SECPACK={value}", f"XSA={value}", "ON=2026-01-01")
    assert calls(checkout)[-1] == [
        "secpack",
        "check",
        "--on=2026-01-01",
        "--profile=content/qubes.toml",
        f"--xsa={value}",
        "--",
        value,
    ]


def test_options_of_pytest_are_words(checkout: Path) -> None:
    (checkout / "test_it.py").write_text(
        "def test_one_a(): pass\ndef test_two(): assert False\ndef test_b(): pass\n"
    )
    python = checkout / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    done = make(checkout, "test", "PYTEST=-q -k 'one_a or test_b' -p no:cacheprovider -n0")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("..")


@pytest.mark.parametrize(
    ("target", "name"), [("rebuild", "FROM"), ("replay", "SECPACK"), ("poll", "SECPACK")]
)
def test_a_variable_that_is_needed_is_named(checkout: Path, target: str, name: str) -> None:
    done = make(checkout, target)
    assert done.returncode == 2
    assert done.stderr.startswith(f"make {target} needs {name}=; make help describes it\n")


def test_sizes_are_words(checkout: Path) -> None:
    make(checkout, "bench", "SIZES=10 * 20", "RUNS=3")
    assert calls(checkout) == [
        ["python", "-m", "benchmarks.speed", "--runs=3", "--", "10", "*", "20"]
    ]


MISTYPED = [
    ("SECPAK=x", "SECPAK", "SECPACK"),
    ("XAS=x", "XAS", "XSA"),
    ("OUTPUT_=x", "OUTPUT_", "OUTPUT"),
    ("secpack=x", "secpack", "SECPACK"),
    ("SITE_URL=x", "SITE_URL", "SITEURL"),
    ("ASOF=x", "ASOF", "AS_OF"),
    ("XSAJSON=x", "XSAJSON", "XSA_JSON"),
    ("VENV=x", "VENV", ""),
    ("BUILD=touch pwned", "BUILD", ""),
    ("`touch>pwned`=x", "`touch>pwned`", ""),
    ("FOO=$(shell touch pwned)", "FOO", "FROM"),
]


@pytest.mark.parametrize(("given", "name", "near"), MISTYPED)
def test_a_variable_that_there_is_not_is_refused(
    checkout: Path, given: str, name: str, near: str
) -> None:
    hint = f"; did you mean {near}?" if near else ";"
    done = make(checkout, "html", given)
    assert done.returncode == 2
    said = done.stderr.splitlines()[0]
    assert said == f"{name!r}: there is no such variable{hint} make help lists them all"
    assert done.stdout == ""
    assert calls(checkout) == []
    assert not list(checkout.rglob("pwned"))


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_refuses_a_variable_that_there_is_not(checkout: Path, target: str) -> None:
    for given, _, _ in MISTYPED if target == "clean" else MISTYPED[:1]:
        done = make(checkout, target, given)
        assert (done.returncode, done.stdout) == (2, "")
        assert ": there is no such variable" in done.stderr.splitlines()[0]
    assert calls(checkout) == []
    assert not list(checkout.rglob("pwned"))
    assert (checkout / ".venv").exists()


@pytest.mark.slow
def test_what_ends_make_ends_what_it_runs(tmp_path: Path) -> None:
    """Not only a shell between them: a publish would go on, and replace what is public."""
    targets = ["html", "serve", "publish", "rollback", "reproducible", "check", "fuzz", "test"]
    running = {target: started(new_checkout(tmp_path / target), target) for target in targets}
    while running:
        for target, process in [*running.items()]:
            assert process.poll() is None, target
            if (tmp_path / target / "begun").exists():
                process.terminate()
                process.wait(10)
                del running[target]
        time.sleep(0.02)
    time.sleep(1.3)
    assert [target for target in targets if (tmp_path / target / "done").exists()] == []


def started(checkout: Path, target: str) -> subprocess.Popen[bytes]:
    """Make that is about to run a program which takes a second."""
    skip = "-c|bulletins.build" if target == "serve" else "-c"
    script = (
        f'#!/bin/sh\ncase "$1" in -c) exit;; esac; case "$2" in {skip}) exit;; esac\n'
        f'touch "{checkout.parent}/begun"; sleep 1; touch "{checkout.parent}/done"\n'
    )
    for name in ("python", "secpack"):
        (checkout / ".venv/bin" / name).write_text(script)
    return subprocess.Popen(["make", target], cwd=checkout, stderr=subprocess.DEVNULL)  # noqa: S607


def test_other_variables_of_the_environment_are_not_our_business(checkout: Path) -> None:
    assert make(checkout, "html", SECPAK="x", VENV="x", BUILD="touch pwned").returncode == 0
    assert not list(checkout.rglob("pwned"))


def test_help_lists_all_variables() -> None:
    text = MAKEFILE.partition("html: ")[0]
    internal = {"ATOM_RNG", "OPENVEX_SCHEMA", "OSV_SCHEMA", "UPGRADE"}
    assert [name for name in VARIABLES if f'"  {name}=' not in text] == sorted(internal)
