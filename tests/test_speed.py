"""``make bench``: what it measures, and what it prints."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from benchmarks.measure import RunError, Usage, middle, run
from benchmarks.programs import BASE, VERIFYING, Program, find_programs
from benchmarks.speed import BUILDS, compare, find_task, given_pack, measure
from benchmarks.table import HEAD, Row, format_growth, format_rows
from benchmarks.texts import Pack, find_edit, read_texts
from secpack import SecpackError
from tests.packs import bulletin, canary, make_pack

PROSE = "A line of prose that can well be made longer."


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Pack:
    for name in ("SECPACK", "XSA", "XSA_JSON", "PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return given_pack()


@pytest.fixture
def small(tmp_path: Path, demo: Pack) -> Pack:
    """Two bulletins, of which the second has nothing to edit, and a canary."""
    files: dict[str, str | bytes] = {
        "QSBs/qsb-001-2001.txt": bulletin(
            1, title="Less < & more", body=f"{PROSE}\nAnd another one."
        ),
        "QSBs/qsb-002-2002.txt": bulletin(2, date="March 4, 2002"),
        "QSBs/qsb-template.txt": "No text",
        "canaries/canary-001-2020.txt": canary(1),
    }
    return replace(demo, root=make_pack(tmp_path / "pack", files))


# --- the whole --------------------------------------------------------------------------------


def test_the_table_of_the_demo(demo: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    programs = [p if p.name in (VERIFYING, BASE) else replace(p, start=()) for p in find_programs()]
    compare(demo, [], programs, runs=1)
    out = capsys.readouterr().out
    assert re.search(r"^Pelican \d+\.\d+", out, re.MULTILINE)
    assert "Hugo is absent; to install it: make peers\n" in out
    assert "Eleventy is absent; to install it: make peers\n" in out
    assert "Jekyll is absent; to install it: apt-get install jekyll\n" in out
    names = [(build, program) for build in BUILDS for program in (VERIFYING, BASE)]
    texts = sum(1 for _ in read_texts(demo))
    rows = [line for line in out.splitlines() if line.startswith(f"{texts:6}  ")]
    assert [(row[8:20].rstrip(), row[21:40].rstrip()) for row in rows] == names
    for row in rows:
        wall, cpu, pace, peak, times_wall, times_cpu = map(float, row[40:].split())
        assert wall > 0
        assert cpu > 0
        assert pace == pytest.approx(1000 * wall / texts, abs=0.5)
        assert 10 < peak < 1000
        assert times_wall == times_cpu == 1 or BASE not in row


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


def test_synthetic_packs(small: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    compare(small, [30, 20], [stand_in(ALL)], runs=1)
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if "Pelican " in line and line[5:6].isdigit()]
    assert [row[0] for row in rows] == ["3", "3", "3", "30", "30", "30", "20", "20", "20"]
    assert "Time for each text, cold, with 30 texts, as against 20:" in lines


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


def test_time_and_memory_are_of_the_program(tmp_path: Path) -> None:
    script = "import time; words = b'x' * 600_000_000; time.sleep(0.3)"
    used = run((sys.executable, "-c", script), tmp_path, {})
    assert used.wall >= 0.3
    assert 0 < used.cpu < used.wall
    assert 600e6 < used.peak < 700e6


# --- the table --------------------------------------------------------------------------------


def test_medians() -> None:
    usages = [Usage(1, 9, 30), Usage(3, 8, 10), Usage(9, 1, 20)]
    assert middle(usages) == Usage(3, 8, 20)


def test_ratios_are_to_the_same_build() -> None:
    rows = [
        Row(200, "cold", "ours", Usage(3, 4, 80_000_000)),
        Row(200, "cold", BASE, Usage(2, 1, 40_000_000)),
        Row(200, "unchanged", "ours", Usage(0.5, 1, 30_000_000)),
        Row(200, "unchanged", BASE, Usage(2, 2, 40_000_000)),
    ]
    assert [" ".join(line.split()) for line in format_rows(rows, BASE) if line] == [
        "200 cold ours 3.00 4.00 15.00 80 1.50 4.00",
        "200 cold Pelican 2.00 1.00 10.00 40 1.00 1.00",
        "200 unchanged ours 0.50 1.00 2.50 30 0.25 0.50",
        "200 unchanged Pelican 2.00 2.00 10.00 40 1.00 1.00",
    ]
    assert all(len(line) == len(HEAD) for line in format_rows(rows, BASE) if line)


def test_growth_is_of_the_time_for_each_text() -> None:
    small, large = (
        [Row(n, "cold", "ours", Usage(wall, 1, 1)), Row(n, "unchanged", "ours", Usage(7, 1, 1))]
        for n, wall in ((10, 2), (50, 11))
    )
    assert list(format_growth(small, large)) == [
        "Time for each text, cold, with 50 texts, as against 10:",
        f"  {'ours':19} 1.10",
    ]
