"""A build that takes from the last one is, byte for byte, what a build from nothing is."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bulletins.reproducible import state
from tests.bulletins.sites import ROOT, Site, build

_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Sources:
    """A checkout and a pack of its own, to be edited; ``chance`` decides what, and where."""

    folder: Path
    chance: random.Random

    @property
    def pack(self) -> Path:
        return self.folder / "content" / "secpack"

    def texts(self, folder: str = "QSBs") -> list[Path]:
        return sorted((self.pack / folder).glob("*-[0-9][0-9][0-9]-[0-9][0-9][0-9][0-9].txt"))

    def a_text(self, folder: str = "QSBs") -> Path:
        return self.chance.choice(self.texts(folder))

    def build(self, name: str) -> Site:
        site = build(self.folder.parent / name, cwd=self.folder)
        assert site.status == 0, site.said
        return site


def add_bulletin(sources: Sources) -> None:
    """The newest one, which names others, there or not, and what it ships."""
    number = int(sources.texts()[-1].name[4:7]) + 1
    other = sources.chance.randrange(1, number + 2)
    advisory = sources.chance.randrange(9000, 9030)
    text = f"""\
             ---===[ Quern Security Bulletin {number:03d} ]===---

                           2025-0{number % 9 + 1}-11

                 A bulletin more (XSA-{advisory})

Summary
--------

See QSB-{other:03d} and QSB-{number + 1:03d}, and CVE-2025-{number:04d}. This is XSA-{advisory}.

Patching
---------

For Quern 4.2, in hearth:
 - quern-hopper version 4.2.{number}-1
"""
    (sources.pack / f"QSBs/qsb-{number:03d}-2025.txt").write_text(text)


def add_canary(sources: Sources) -> None:
    newest = sources.texts("canaries")[-1]
    number, year = int(newest.name[7:10]), newest.name[11:15]
    text = newest.read_text("utf-8")
    text = re.sub(rf"(Canary\s+#?0*){number}\b", rf"\g<1>{number + 1}", text)
    (newest.parent / f"canary-{number + 1:03d}-{year}.txt").write_text(text, "utf-8")


def revise(sources: Sources) -> None:
    path = sources.a_text()
    words = sources.chance.choice(("XSA-9004 matters, too.", "See QSB-003.", "Nothing else."))
    insert(path, words)


def insert(path: Path, words: str) -> None:
    """Put a paragraph behind two thirds of a text."""
    paragraphs = path.read_text("utf-8").split("\n\n")
    paragraphs.insert(len(paragraphs) * 2 // 3, words)
    path.write_text("\n\n".join(paragraphs), "utf-8")


def retitle(sources: Sources) -> None:
    """What its neighbours, lists and feeds show changes."""
    path = sources.a_text()
    lines = path.read_text("utf-8").split("\n")
    place = next(n for n, line in enumerate(lines) if "===---" in line) + 4
    lines[place] = lines[place] + " indeed" if lines[place].startswith("  ") else lines[place]
    path.write_text("\n".join(lines), "utf-8")


def remove(sources: Sources) -> None:
    path = sources.a_text()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def resign(sources: Sources) -> None:
    """A signature is lost, or is that of another text."""
    signatures = sorted((sources.pack / "QSBs").glob("*.sig.*"))
    lost = sources.chance.choice(signatures)
    if sources.chance.random() < 0.5:
        lost.unlink()
    else:
        lost.write_bytes(sources.chance.choice(signatures).read_bytes())


def track(sources: Sources) -> None:
    """The tracker changes its mind."""
    path = sources.folder / "content/xsa.yml"
    text = path.read_text("utf-8")
    places = list(re.finditer(r"affected: (yes|no)\b", text))
    match = sources.chance.choice(places)
    other = "no" if match[1] == "yes" else "yes"
    path.write_text(text[: match.start(1)] + other + text[match.end(1) :], "utf-8")


def change_template(sources: Sources) -> None:
    path = sources.chance.choice(sorted((sources.folder / "theme/templates").glob("*.html")))
    text = path.read_text("utf-8")
    path.write_text(text.replace("</main>", "<p>More.</p>\n</main>"), "utf-8")


def change_style(sources: Sources) -> None:
    with (sources.folder / "theme/static/style.css").open("a") as file:
        file.write("i{color:red}\n")


def change_page(sources: Sources) -> None:
    path = sources.chance.choice(sorted((sources.folder / "content/pages").glob("*.md")))
    with path.open("a") as file:
        file.write("\n\nOne paragraph more.\n")


def change_profile(sources: Sources) -> None:
    path = sources.folder / "content/demo.toml"
    name = sources.chance.choice(("Quern OS", "Quern", "Quern Two"))
    path.write_text(re.sub(r'(?m)^name = ".*?"$', f'name = "{name}"', path.read_text(), count=1))


def change_settings(sources: Sources) -> None:
    path = sources.folder / "pelicanconf.py"
    address = sources.chance.choice(("", "https://example.org/security"))
    path.write_text(f"{path.read_text()}\nSITEURL = PUBLIC_URL = {address!r}\n")


def touch_the_site(sources: Sources) -> None:
    """Somebody has edited what was built, or its time; a page may have been lost."""
    pages = sorted((sources.folder.parent / "site").rglob("*.html"))
    for path in sources.chance.sample(pages, 3):
        path.write_text(path.read_text("utf-8").replace("e", "a"))
    sources.chance.choice(pages).unlink()


def nothing(_: Sources) -> None:
    pass


EDITS: list[Callable[[Sources], None]] = [
    add_bulletin,
    add_canary,
    change_page,
    change_profile,
    change_settings,
    change_style,
    change_template,
    nothing,
    remove,
    resign,
    retitle,
    revise,
    touch_the_site,
    track,
]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    checkout = tmp_path / "checkout"
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "pelicanconf.py", checkout)
    return Sources(checkout, random.Random())  # noqa: S311 - seeded, to be the same again


@pytest.mark.parametrize("seed", [1, 2])
def test_any_edits_give_what_a_build_from_nothing_gives(sources: Sources, seed: int) -> None:
    sources.chance.seed(seed)
    sources.build("site")
    # Each edit comes twice in the two runs, alone or with others.
    edits = [edit for edit in EDITS for _ in range(2)]
    sources.chance.shuffle(edits)
    for n in range(_ROUNDS):
        done = edits[n::_ROUNDS]
        for edit in done:
            edit(sources)
        site = sources.build("site")
        clean = sources.build(f"clean-{n}")
        found, expected = state(site.folder), state(clean.folder)
        differ = {p for p in found.keys() | expected.keys() if found.get(p) != expected.get(p)}
        assert not differ, ([edit.__name__ for edit in done], sorted(differ)[:10])
        shutil.rmtree(clean.folder)


def test_one_edit_makes_few_files_anew(sources: Sources) -> None:
    """What did not change is the same file as before; what is not there any more is gone."""
    before = inodes(sources.build("site"))
    insert(sources.texts()[4], "A word more.")
    after = inodes(sources.build("site"))
    assert after.keys() == before.keys()
    made = {name for name in after if after[name] != before[name]}
    assert "qsb/005/index.html" in made
    assert not {
        name for name in made if name.startswith(("qsb/001/", "canary/", "keys/", "theme/"))
    }
    assert len(made) < len(after) / 4


def test_where_nothing_has_changed_nothing_is_built(sources: Sources) -> None:
    before = sources.build("site")
    again = sources.build("site")
    assert "Nothing has changed" in again.said
    told = before.said.partition("\n")[2]
    assert told == again.said.partition("\n")[2]
    assert told, "what there is to look at is told each time"
    touch_the_site(sources)
    assert "Nothing has changed" not in sources.build("site").said
    (again.folder / "more.html").write_text("more")
    site = build(again.folder, cwd=sources.folder)
    assert site.status == 1
    assert "more.html" in site.said


def inodes(site: Site) -> dict[str, int]:
    return {path: (site.folder / path).stat().st_ino for path in site.files()}
