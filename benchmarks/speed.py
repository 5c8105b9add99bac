"""Measures builds by ours and its peers: the results in ``docs/benchmarks.md``.

It builds the pack that SECPACK names, or the demo; then synthetic packs of so many bulletins. It
prints two Markdown tables, "Plain pages" and "Same files".
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.measure import RunError, Usage, middle, run, smallest_peak
from benchmarks.programs import BASE, VERIFYING, Program, find_programs, find_version
from benchmarks.sites import compare_sites, list_files
from benchmarks.synthetic import write_pack
from benchmarks.table import Row, format_growth, format_head, format_rows
from benchmarks.texts import Pack, Text, find_edit, given_pack, read_texts
from secpack import SecpackError

#: The builds for "Plain pages": from nothing, again, again after an edit.
BUILDS: Final = ("cold", "unchanged", "one changed")

#: The name of ours in "Same files": it verifies where there are signatures.
OURS: Final = "ours"

_EDIT: Final = " benchmarked"

_RESULTS: Final = "### Results\n"

Measured: TypeAlias = tuple[str, str, Usage]  # the build, the program, and what it used


@dataclass(frozen=True, slots=True)
class Task:
    """A pack to build, its number of texts, and the line of a text that is edited."""

    pack: Pack
    texts: int
    edited: Text
    line: str


def main() -> int:
    """Measure, and print the results; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=main.__doc__)
    parser.add_argument("--into", type=Path, help="a page whose results are replaced at the end")
    parser.add_argument("sizes", nargs="*", type=int, help="sizes of synthetic packs")
    parser.add_argument("--runs", type=int, default=0, help="how often each is measured")
    options = parser.parse_args()
    results = []
    try:
        for line in compare(given_pack(), options.sizes, find_programs(), options.runs):
            print(line, flush=True)
            results.append(line)
    except (RunError, SecpackError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.into:
        page = options.into.read_text("utf-8")
        options.into.write_text(with_results(page, results), "utf-8")
    return 0


def with_results(page: str, results: Sequence[str]) -> str:
    """A page with these lines as its section of results."""
    head, _, rest = page.partition(_RESULTS)
    after = rest[rest.find("\n## ") :]
    return "\n".join([f"{head}{_RESULTS}", *results, after])


def compare(
    pack: Pack, sizes: Sequence[int], programs: Sequence[Program], runs: int
) -> Iterator[str]:
    """Yield lines on what each program uses for a pack, and for synthetic packs of these sizes.

    ``runs`` is how often each is measured; 0 leaves that to the size. Raises RunError.
    """
    installed = [program for program in programs if program.start]
    yield from _preface(programs)
    yield from ("", "Plain pages:", "", format_head("build", "×"))
    plain = []
    for task in _tasks(pack, sizes):
        plain.append(measure(task, installed, runs))
        yield from format_rows(plain[-1], BASE)
    if len(sizes) > 1:
        by_size = dict(zip(sizes, plain[1:], strict=True))
        yield from ("", *format_growth(by_size[min(sizes)], by_size[max(sizes)]))
    yield from ("", "Same files:", "", format_head("files", "÷"))
    for task in _tasks(pack, sizes):
        yield from format_rows(measure_same(task, installed, runs), OURS, dividing=True)


def _preface(programs: Sequence[Program]) -> Iterator[str]:
    peers = [program for program in programs if program.install]
    versions = (f"{peer.name} {find_version(peer)}" for peer in peers if peer.start)
    least = f"{smallest_peak() / 1e6:.0f} MB is the least peak that can be measured"
    yield f"Python {platform.python_version()}, {', '.join(versions)};"
    yield f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before; {least}."
    for peer in peers:
        if not peer.start:
            yield f"{peer.name} is missing; to install it: {peer.install}"


def _tasks(pack: Pack, sizes: Sequence[int]) -> Iterator[Task]:
    yield find_task(pack)
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            write_pack(root, size)
            yield find_task(Pack(root, root / "profile.toml", root / "xsa.yml"))


def find_task(pack: Pack) -> Task:
    """What to build of a pack. Raises SecpackError when it has nothing to edit."""
    return Task(pack, sum(1 for _ in read_texts(pack)), *find_edit(pack))


def measure(task: Task, programs: Sequence[Program], runs: int) -> list[Row]:
    """Measure for "Plain pages"; rows by build, then by program. Raises RunError."""
    if not any(task.pack.root.glob("*/*.sig.*")):
        programs = [program for program in programs if program.name != VERIFYING]

    def turn() -> Iterator[Measured]:
        for program in programs:
            yield from _plain_builds(task, program)

    rows = _take_turns(task, runs, turn)
    return sorted(rows, key=lambda row: BUILDS.index(row.build))


def measure_same(task: Task, programs: Sequence[Program], runs: int) -> list[Row]:
    """Measure for "Same files"; raises RunError, also when a site has other files than ours."""
    ours = next(program for program in programs if program.name == VERIFYING)
    return _take_turns(task, runs, lambda: _same_builds(task, ours, programs))


def _take_turns(task: Task, runs: int, turn: Callable[[], Iterator[Measured]]) -> list[Row]:
    """Repeat a turn of all programs. The first turn of a small pack does not count."""
    runs = runs or max(1, min(5, 10_000 // task.texts))
    warm = 1 if task.texts <= 500 and runs > 1 else 0
    used: defaultdict[tuple[str, str], list[Usage]] = defaultdict(list)
    for n in range(1, warm + runs + 1):
        for build, program, usage in turn():
            _show_progress(f"{task.texts} texts, turn {n} of {warm + runs}: {program} has built")
            used[build, program].append(usage)
    _show_progress("")
    return [
        Row(task.texts, build, program, middle(usages[warm:]))
        for (build, program), usages in used.items()
    ]


def _plain_builds(task: Task, program: Program) -> Iterator[Measured]:
    with _new_folder() as folder:
        program.write(task.pack, folder)
        for build in BUILDS:
            edited = build == "one changed"
            if edited:
                _edit(folder / program.source(task.edited), task.line)
            yield build, program.name, _run(task, program, folder)
            _check(task, program, folder / "site", edited=edited)


def _same_builds(task: Task, ours: Program, programs: Sequence[Program]) -> Iterator[Measured]:
    with _new_folder() as folder:
        ours.write(task.pack, folder)
        usage, site = _run(task, ours, folder), folder / "site"
        files = str(len(list_files(site)))
        yield files, OURS, usage
        for peer in programs:
            if peer.write_same:
                with _new_folder() as other:
                    peer.write_same(site, other)
                    yield files, peer.name, _run(task, peer, other)
                    compare_sites(peer.name, site, other / "site")


@contextmanager
def _new_folder() -> Iterator[Path]:
    """A folder to build in; homes and caches go beside it, so they are as new."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "work")
        folder.mkdir()
        yield folder


def _run(task: Task, program: Program, folder: Path) -> Usage:
    return run((*program.start, *program.build), folder, _environment(task.pack, folder))


def _environment(pack: Pack, folder: Path) -> dict[str, str]:
    """A small environment, the same for all programs."""
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
    """Refuse a site that lacks a page for a text, an index or a feed, or has a stale page."""
    pages = sum(1 for _ in site.rglob("*.html"))
    feeds = sum(1 for _ in site.rglob("*.xml"))
    if pages <= task.texts or not feeds:
        raise RunError(f"{program.name}: {pages} pages and {feeds} feeds of {task.texts} texts")
    page = (site / program.page(task.edited)).read_text("utf-8")
    if (_EDIT in page) is not edited:
        raise RunError(f"{program.name}: the page of {task.edited.name} is not as the text is")


def _show_progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
