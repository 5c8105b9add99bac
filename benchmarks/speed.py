"""How long builds take, ours and peers': ``python -m benchmarks.speed [--runs N] [SIZE ...]``.

On the pack that SECPACK names, or the demo; then on synthetic packs of so many bulletins.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import RunError, Usage, middle, run, smallest_peak
from benchmarks.programs import BASE, VERIFYING, Program, find_programs, find_version
from benchmarks.synthetic import write_pack
from benchmarks.table import HEAD, Row, format_growth, format_rows
from benchmarks.texts import Pack, Text, find_edit, read_texts
from secpack import SecpackError

_ROOT: Final = Path(__file__).resolve().parents[1]

#: The builds by one program, in their order: from nothing, again, again after an edit.
BUILDS: Final = ("cold", "unchanged", "one changed")

_EDIT: Final = " benchmarked"

_NOTES: Final = """\
Wall and CPU are seconds, each the median of its runs; × is the ratio to the same build by {base}.
Peak is the memory of the largest process of a program, not of all together; {least:.0f} MB is the
least that can be seen."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is built: a pack, how many texts it has, and which line of which of them is edited."""

    pack: Pack
    texts: int
    edited: Text
    line: str


def main() -> int:
    """Measure, and print one table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=main.__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help="sizes of synthetic packs")
    parser.add_argument("--runs", type=int, default=0, help="how often each is measured")
    options = parser.parse_args()
    try:
        compare(given_pack(), options.sizes, find_programs(), options.runs)
    except (RunError, SecpackError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def given_pack() -> Pack:
    """The pack that the environment names, with what goes with it; or the demo."""
    content = _ROOT / "content"
    if not os.environ.get("SECPACK"):
        xsa, listed = content / "xsa.yml", content / "xsa.json"
        return Pack(content / "secpack", content / "demo.toml", xsa, listed)
    named = {key: Path(value).resolve() for key, value in os.environ.items() if value}
    profile = named.get("PROFILE", content / "qubes.toml")
    return Pack(named["SECPACK"], profile, named.get("XSA"), named.get("XSA_JSON"))


def compare(pack: Pack, sizes: Sequence[int], programs: Sequence[Program], runs: int) -> None:
    """Print what each program takes for a pack, and for synthetic ones of these sizes.

    ``runs`` is how often each is measured; 0 leaves that to the size. Raises RunError.
    """
    print("\n".join(_preface(programs)))
    print(f"\n{HEAD}", flush=True)
    measured = []
    for task in _tasks(pack, sizes):
        measured.append(measure(task, [program for program in programs if program.start], runs))
        print("\n".join(format_rows(measured[-1], BASE)), flush=True)
    print()
    if len(sizes) > 1:
        by_size = dict(zip(sizes, measured[1:], strict=True))
        print("\n".join(format_growth(by_size[min(sizes)], by_size[max(sizes)])))
    print(_NOTES.format(base=BASE, least=smallest_peak() / 1e6))


def _preface(programs: Sequence[Program]) -> Iterator[str]:
    load = os.getloadavg()[0]
    yield f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f}"
    peers = [program for program in programs if program.install]
    yield ", ".join(f"{p.name} {find_version(p)}" for p in peers if p.start)
    for peer in peers:
        if not peer.start:
            yield f"{peer.name} is absent; to install it: {peer.install}"


def _tasks(pack: Pack, sizes: Sequence[int]) -> Iterator[Task]:
    yield find_task(pack)
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            write_pack(root, size)
            yield find_task(Pack(root, root / "profile.toml", root / "xsa.yml"))


def find_task(pack: Pack) -> Task:
    """What to build of a pack. Raises SecpackError when there is nothing to edit in it."""
    return Task(pack, sum(1 for _ in read_texts(pack)), *find_edit(pack))


def measure(task: Task, programs: Sequence[Program], runs: int) -> list[Row]:
    """What the builds of a pack take, by build and then by program.

    The programs take turns. Of a small pack the first turn does not count. Raises RunError.
    """
    runs = runs or max(1, min(5, 10_000 // task.texts))
    warm = 1 if task.texts <= 500 and runs > 1 else 0
    if not any(task.pack.root.glob("*/*.sig.*")):
        programs = [program for program in programs if program.name != VERIFYING]
    used: defaultdict[tuple[str, str], list[Usage]] = defaultdict(list)
    for turn in range(warm + runs):
        for program in programs:
            _tell(f"{task.texts} texts, turn {turn + 1} of {warm + runs}: {program.name}")
            for build, usage in zip(BUILDS, _builds(task, program), strict=True):
                used[build, program.name].append(usage)
    _tell("")
    return [
        Row(task.texts, build, program.name, middle(used[build, program.name][warm:]))
        for build in BUILDS
        for program in programs
    ]


def _builds(task: Task, program: Program) -> Iterator[Usage]:
    """Build as BUILDS says, in a folder of its own. Raises RunError, also when a page lacks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "work")
        folder.mkdir()
        program.write(task.pack, folder)
        environment = _environment(task.pack, folder)
        for build in BUILDS:
            if build == "one changed":
                _edit(folder / program.source(task.edited), task.line)
            yield run((*program.start, *program.build), folder, environment)
            _check(task, program, folder / "site", edited=build == "one changed")


def _environment(pack: Pack, folder: Path) -> dict[str, str]:
    """Little, and the same for all; caches and homes are as new as the folder."""
    ours = {"SECPACK": folder / "pack", "OUTPUT": folder / "site", "PROFILE": pack.profile}
    tracker = {"XSA": pack.xsa or "", "XSA_JSON": pack.xsa_json or ""}
    homes = {"HOME": folder.parent, "XDG_CACHE_HOME": folder.parent / "cache"}
    named = {key: str(value) for key, value in (ours | tracker | homes).items()}
    return named | {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _edit(source: Path, line: str) -> None:
    words = source.read_text("utf-8", errors="surrogateescape")
    edited = words.replace(line, line + _EDIT, 1)
    source.write_text(edited, "utf-8", errors="surrogateescape")


def _check(task: Task, program: Program, site: Path, *, edited: bool) -> None:
    """Refuse a site without a page for each text, an index and a feed, or with a page of old."""
    pages = sum(1 for _ in site.rglob("*.html"))
    feeds = sum(1 for _ in site.rglob("*.xml"))
    if pages <= task.texts or not feeds:
        raise RunError(f"{program.name}: {pages} pages and {feeds} feeds of {task.texts} texts")
    page = (site / program.page(task.edited)).read_text("utf-8")
    if (_EDIT in page) is not edited:
        raise RunError(f"{program.name}: the page of {task.edited.name} is not as the text is")


def _tell(what: str) -> None:
    """Show on a terminal what goes on."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
