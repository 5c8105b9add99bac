"""``make bench``: what it measures, and what it prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from benchmarks.measure import RunError, Usage, middle, run
from benchmarks.programs import BASE, VERIFYING, Program, find_programs
from benchmarks.sites import compare_sites, list_files
from benchmarks.speed import (
    BUILDS,
    OURS,
    compare,
    find_task,
    measure,
    measure_same,
    with_results,
)
from benchmarks.table import Row, format_growth, format_head, format_rows
from benchmarks.texts import Pack, find_edit, given_pack, read_texts
from secpack import SecpackError
from tests.bulletins.sites import ROOT
from tests.packs import Files, bulletin, canary, make_pack

PROSE = "A line of prose that can well be made longer."


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Pack:
    for name in ("SECPACK", "XSA", "XSA_JSON", "PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return given_pack()


@pytest.fixture
def small(tmp_path: Path, demo: Pack) -> Pack:
    """Two bulletins, of which the second has nothing to edit, and a canary."""
    files: Files = {
        "QSBs/qsb-001-2001.txt": bulletin(
            1, title="Less < & more", body=f"{PROSE}\nAnd another one."
        ),
        "QSBs/qsb-002-2002.txt": bulletin(2, date="March 4, 2002"),
        "QSBs/qsb-template.txt": "No text",
        "canaries/canary-001-2020.txt": canary(1),
    }
    return replace(demo, root=make_pack(tmp_path / "pack", files))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


# --- the whole --------------------------------------------------------------------------------


@pytest.mark.slow
def test_both_tables_of_the_demo(demo: Pack) -> None:
    programs = [p if p.name in (VERIFYING, BASE) else replace(p, start=()) for p in find_programs()]
    lines = [*compare(demo, [], programs, runs=1)]
    assert re.fullmatch(r"Python \d+\.\d+\.\d+, Pelican \d+\.\d+\.\d+;", lines[0])
    assert "Hugo is missing; to install it: make peers" in lines
    assert "Eleventy is missing; to install it: make peers" in lines
    assert "Jekyll is missing; to install it: apt-get install jekyll" in lines
    texts = sum(1 for _ in read_texts(demo))
    rows = [cells(line) for line in lines if line.startswith(f"| {texts:5} ")]
    plain, same = rows[:-2], rows[-2:]
    assert [row[1:3] for row in plain] == [[b, p] for b in BUILDS for p in (VERIFYING, BASE)]
    assert [row[2] for row in same] == [OURS, BASE]
    assert same[0][1] == same[1][1]
    for row, base in zip(rows, [BASE] * len(plain) + [OURS] * len(same), strict=True):
        wall, cpu, pace, largest, together, times_wall, times_cpu = map(float, row[3:])
        assert wall > 0
        assert cpu > 0
        assert pace == pytest.approx(1000 * wall / texts, abs=0.5)
        assert 10 < largest <= together < 1000
        assert times_wall == times_cpu == 1 or row[2] != base


def test_results_take_the_place_of_older_ones_on_a_page() -> None:
    page = (Path(__file__).parents[1] / "docs/benchmarks.md").read_text("utf-8")
    first, again = with_results(page, ["Old."]), with_results(page, ["New:", "", "| 1 |"])
    assert first.count("\n### Results\n\nOld.\n\n## Accuracy of addressed advisories\n") == 1
    assert with_results(first, ["New:", "", "| 1 |"]) == again
    assert "| cold | without" in first
    assert "| Jekyll " not in first


def test_the_pack_of_the_environment(monkeypatch: pytest.MonkeyPatch, demo: Pack) -> None:
    assert demo.root.name == "secpack"
    assert demo.profile.name == "demo.toml"
    assert demo.xsa
    monkeypatch.setenv("SECPACK", "somewhere")
    named = given_pack()
    assert (named.root, named.profile.name) == (Path("somewhere").resolve(), "qubes.toml")
    assert (named.xsa, named.xsa_json) == (None, None)


# --- texts ------------------------------------------------------------------------------------


def test_titles_and_days(small: Pack) -> None:
    assert [(text.name, text.title, text.day) for text in read_texts(small)] == [
        ("qsb-001-2001", "Less < & more", date(2001, 3, 4)),
        ("qsb-002-2002", "A title", date(2002, 3, 4)),
        ("canary-001-2020", "canary-001-2020", date(2020, 3, 4)),
    ]


def test_the_edit_is_in_the_last_bulletin_that_has_prose(small: Pack) -> None:
    text, line = find_edit(small)
    assert (text.name, line) == ("qsb-001-2001", PROSE)
    (small.root / text.path).unlink()
    with pytest.raises(SecpackError, match="no bulletin with a line of prose"):
        find_edit(small)


@pytest.mark.parametrize("program", find_programs(), ids=lambda program: program.name)
def test_every_program_gets_every_text(program: Program, small: Pack, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    program.write(small, folder)
    for text in read_texts(small):
        source = (folder / program.source(text)).read_text("utf-8")
        assert text.words in unescape(source)
        assert not program.install or text.title in unescape(source)


def test_without_signatures_nothing_is_left_to_verify(demo: Pack, tmp_path: Path) -> None:
    verifying, bare = find_programs()[:2]
    verifying.write(demo, tmp_path / "all")
    bare.write(demo, tmp_path / "bare")
    assert list((tmp_path / "all").rglob("*.sig.*"))
    assert {path.suffix for path in (tmp_path / "bare").rglob("*.*")} == {".txt"}


# --- what does no work is not measured ---------------------------------------------------------


def stand_in(script: str) -> Program:
    """A program that makes its site with a script of Python; the texts are its sources."""
    texts = find_programs()[1]
    start = (sys.executable, "-c", script)
    return replace(texts, name=BASE, start=start, build=(), page="{0.name}.html".format)


COPY = """
import pathlib, shutil
pathlib.Path("site").mkdir(exist_ok=True)
pathlib.Path("site/feed.xml").touch()
pathlib.Path("site/index.html").touch()
for path in pathlib.Path("pack").rglob("*.txt"):
"""
ALL = COPY + "    shutil.copy(path, f'site/{path.stem}.html')"
SOME = COPY + "    '001' in path.name and shutil.copy(path, f'site/{path.stem}.html')"
ONCE = (
    COPY
    + """
    page = pathlib.Path(f"site/{path.stem}.html")
    page.exists() or shutil.copy(path, page)
"""
)


def test_a_program_that_does_its_work(small: Pack) -> None:
    task = find_task(small)
    rows = measure(task, [stand_in(ALL)], runs=1)
    assert [(row.texts, row.build, row.program) for row in rows] == [
        (3, build, BASE) for build in BUILDS
    ]


@pytest.mark.slow
def test_synthetic_packs(small: Pack) -> None:
    ours = replace(stand_in(ALL), name=VERIFYING)
    lines = "\n".join(compare(small, [30, 20], [ours, stand_in(ALL)], runs=1)).splitlines()
    rows = [cells(line) for line in lines if "| Pelican " in line]
    assert [row[0] for row in rows] == ["3", "3", "3", "30", "30", "30", "20", "20", "20"]
    assert [(row[0], row[1]) for row in map(cells, lines) if row[2:3] == [OURS]] == [
        ("3", "5"),
        ("30", "32"),
        ("20", "22"),
    ]
    assert "Time for each text of a cold build, 30 texts ÷ 20 texts:" in lines


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (ONCE, "Pelican: the page of qsb-001-2001 is not as the text is"),
        (SOME, "Pelican: 3 pages and 1 feeds of 3 texts"),
        ("print('Alas'); raise SystemExit(3)", "exit status 3\nAlas"),
    ],
)
def test_a_program_that_does_not(small: Pack, script: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        measure(find_task(small), [stand_in(script)], runs=1)


def measured(script: str, folder: Path) -> Usage:
    """Measure a script from a small process: a program starts as a copy of what starts it."""
    small = f"""
import dataclasses, pathlib, sys
from benchmarks.measure import run
used = run((sys.executable, "-c", {script!r}), pathlib.Path({str(folder)!r}), {{}})
print(*dataclasses.astuple(used))
"""
    done = subprocess.run([sys.executable, "-c", small], cwd=ROOT, stdout=-1, check=True)
    wall, cpu, *bytes_ = map(float, done.stdout.split())
    return Usage(wall, cpu, *map(int, bytes_))


def test_time_and_memory_are_of_the_program(tmp_path: Path) -> None:
    used = measured("import time; words = b'x' * 300_000_000; time.sleep(0.3)", tmp_path)
    assert used.wall >= 0.3
    assert 0 < used.cpu < used.wall
    assert 300e6 < used.largest < 400e6
    assert used.largest <= used.together < 400e6


@pytest.mark.slow
def test_the_memory_of_all_processes_at_one_time(tmp_path: Path) -> None:
    one = "words = b'x' * 200_000_000; import time; time.sleep(1)"
    script = f"""
import subprocess, sys
def start(): return subprocess.Popen([sys.executable, "-c", {one!r}])
start().wait()
for process in [start(), start()]: process.wait()
"""
    used = measured(script, tmp_path)
    assert 200e6 < used.largest < 300e6
    assert 400e6 < used.together < 550e6


# --- the same files ---------------------------------------------------------------------------

OUR_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><title>{title}</title><meta name="x" content="y"></head>
<body class="z">
<p>One<br>{{{{ two }}}} {{% three %}} &lt;four&gt; &amp; <a href="?a=1&amp;b=2">“five”</a> it's</p>
<pre>
{title}
  </pre>
</body></html>
"""


@pytest.fixture
def our_site(tmp_path: Path) -> Path:
    """A small site of the kind that ours writes."""
    site = tmp_path / "ours"
    pages = {
        "index.html": "A",
        "404.html": "404: not",
        "a/index.html": "B &lt; C &amp; &quot;D&quot;",
    }
    files = {path: OUR_PAGE.format(title=title) for path, title in pages.items()}
    files |= {
        "SHA256SUMS": "",
        ".well-known/a.txt": "a",
        "a/b.txt": "---===[ b ]===---",
        "c.xml": "",
    }
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(content, "utf-8")
    return site


@pytest.mark.slow
@pytest.mark.parametrize(
    "peer", [p for p in find_programs() if p.install and p.start], ids=lambda peer: peer.name
)
def test_a_peer_writes_the_same_files(peer: Program, our_site: Path, tmp_path: Path) -> None:
    assert peer.write_same
    folder = tmp_path / "work"
    peer.write_same(our_site, folder)
    run((*peer.start, *peer.build), folder, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    compare_sites(peer.name, our_site, folder / "site")
    assert len(list_files(folder / "site")) == 6
    assert 'class="z"' not in (folder / "site/index.html").read_text("utf-8")


def remove(site: Path) -> None:
    (site / "a/b.txt").unlink()


def add(site: Path) -> None:
    (site / "new.html").touch()


def change(path: str, old: str, new: str) -> Callable[[Path], None]:
    def changed(site: Path) -> None:
        content = (site / path).read_text("utf-8")
        assert old in content
        (site / path).write_text(content.replace(old, new), "utf-8")

    return changed


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove, "Peer: 1 files only in one site, as a/b.txt"),
        (add, "Peer: 1 files only in one site, as new.html"),
        (change("a/b.txt", "b", "c"), "Peer: a/b.txt is not the same as in our site"),
        (change("a/index.html", "<title>B", "<title>C"), "Peer: a/index.html is not the same"),
        (change("a/index.html", "“five”", "“six”"), "Peer: a/index.html is not the same"),
        (change("a/index.html", "b=2", "b=3"), "Peer: a/index.html is not the same"),
        (change("404.html", "<br>", ""), "Peer: 404.html is not the same"),
        (change("404.html", "&lt;four&gt;", "<four>"), "Peer: 404.html is not the same"),
        (change("404.html", "<body", "<main"), "404.html: a page without title and body"),
    ],
)
def test_a_site_that_is_not_the_same(
    spoil: Callable[[Path], None], message: str, our_site: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(our_site, theirs)
    compare_sites("Peer", our_site, theirs)
    spoil(theirs)
    with pytest.raises(RunError, match=re.escape(message)):
        compare_sites("Peer", our_site, theirs)


def test_tags_may_be_spelt_otherwise(our_site: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(our_site, theirs)
    change("404.html", "<br>", "<br >")(theirs)
    change("404.html", '"?a=1&amp;b=2"', "'?a=1&amp;b=2'")(theirs)
    compare_sites("Peer", our_site, theirs)


def test_a_peer_that_writes_other_files_is_not_measured(small: Pack) -> None:
    script = "import os, shutil; shutil.copytree('files', 'site'); os.remove('site/feed.xml')"
    peer = replace(
        stand_in(script), write_same=lambda site, to: shutil.copytree(site, to / "files")
    )
    ours = replace(stand_in(ALL), name=VERIFYING)
    with pytest.raises(RunError, match=r"Pelican: 1 files only in one site, as feed\.xml"):
        measure_same(find_task(small), [ours, peer], runs=1)


# --- the table --------------------------------------------------------------------------------


def test_medians() -> None:
    usages = [Usage(1, 9, 30, 40), Usage(3, 8, 10, 90), Usage(9, 1, 20, 70)]
    assert middle(usages) == Usage(3, 8, 20, 70)


ROWS = [
    Row(200, "cold", OURS, Usage(3, 4, 80_000_000, 90_000_000)),
    Row(200, "cold", BASE, Usage(2, 1, 40_000_000, 40_000_000)),
    Row(200, "unchanged", OURS, Usage(0.5, 1, 30_000_000, 30_000_000)),
    Row(200, "unchanged", BASE, Usage(2, 2, 40_000_000, 50_000_000)),
]


def test_ratios_are_to_the_same_build() -> None:
    assert [cells(line) for line in format_rows(ROWS, BASE)] == [
        ["200", "cold", OURS, "3.00", "4.00", "15.00", "80", "90", "1.50", "4.00"],
        ["200", "cold", BASE, "2.00", "1.00", "10.00", "40", "40", "1.00", "1.00"],
        ["200", "unchanged", OURS, "0.50", "1.00", "2.50", "30", "30", "0.25", "0.50"],
        ["200", "unchanged", BASE, "2.00", "2.00", "10.00", "40", "50", "1.00", "1.00"],
    ]


def test_ratios_of_ours_to_the_others() -> None:
    rows = [cells(line) for line in format_rows(ROWS, OURS, dividing=True)]
    assert [row[-2:] for row in rows] == [
        ["1.00", "1.00"],
        ["1.50", "4.00"],
        ["1.00", "1.00"],
        ["0.25", "0.50"],
    ]


def test_all_lines_of_the_table_are_equally_long() -> None:
    lines = [*format_head("build", "×").splitlines(), *format_rows(ROWS, BASE)]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert cells(lines[0])[-2:] == ["wall ×", "CPU ×"]
    assert len(cells(lines[1])) == len(cells(lines[2])) == 10


def test_growth_is_of_the_time_for_each_text() -> None:
    small, large = (
        [
            Row(n, "cold", "ours", Usage(wall, 3, 1, 1)),
            Row(n, "unchanged", "ours", Usage(7, 1, 1, 1)),
        ]
        for n, wall in ((10, 2), (50, 11))
    )
    assert list(format_growth(small, large)) == [
        "Time for each text of a cold build, 50 texts ÷ 10 texts:\n",
        "- ours: wall 1.10, CPU 0.20",
    ]
