"""A build sees whatever has changed, and nothing is built where nothing has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from bulletins.build.finish import digest as digest_of
from bulletins.build.unchanged import _digest, inputs_of, last_report, remember, stamps
from secpack.mirror import format_checksums
from tests.bulletins.sites import ROOT, Site, build
from tests.packs import bulletin
from tools.reproducible import state


@dataclass(frozen=True, slots=True)
class Sources:
    """A checkout and a pack of its own, to be edited."""

    folder: Path
    surroundings: dict[str, str] = field(default_factory=dict)

    @property
    def pack(self) -> Path:
        return self.folder / "content" / "secpack"

    def build(self, name: str, **surroundings: str) -> Site:
        more = self.surroundings | surroundings
        return build(self.folder.parent / name, cwd=self.folder, surroundings=more).ok()


def append(sources: Sources, path: str) -> None:
    with next(sources.folder.glob(path)).open("a") as file:
        file.write("\n")


def add(sources: Sources) -> None:
    (sources.pack / "QSBs/qsb-013-2025.txt").write_text(bulletin(13, date="2025-12-01"))


def remove(sources: Sources) -> None:
    (sources.pack / "QSBs/qsb-012-2025.txt.sig.ines").unlink()


def swap(sources: Sources) -> None:
    """A signature is that of another text, of the same size."""
    one, other = sorted(sources.pack.glob("QSBs/*.sig.ines"))[:2]
    one.write_bytes(other.read_bytes())


def compress(sources: Sources) -> None:
    sources.surroundings["GZIP"] = "1"


#: Whatever a build depends on, changed: a file of each place, what is more or less, a variable.
EDITS: dict[str, Callable[[Sources], None]] = {
    name: partial(append, path=name)
    for name in (
        "content/secpack/QSBs/qsb-003-2017.txt",
        "content/secpack/QSBs/station-risk.dot",
        "content/secpack/canaries/*-letter-*.txt",
        "content/secpack/keys/security-team/*.asc",
        "content/demo.toml",
        "content/pages/*.md",
        "content/xsa.json",
        "content/xsa.yml",
        "pelicanconf.py",
        "theme/static/style.css",
        "theme/templates/base.html",
    )
} | {"add": add, "compress": compress, "remove": remove, "swap": swap}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    checkout = tmp_path / "checkout"
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "pelicanconf.py", checkout)
    return Sources(checkout)


@pytest.fixture
def digest(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Of all that a build of the sources depends on; empty where that cannot be compared."""
    monkeypatch.chdir(sources.folder)
    settings: dict[str, object] = {
        name: [] for name in ("THEME_TEMPLATES_OVERRIDES", "PLUGIN_PATHS")
    }
    settings |= {"SECPACK": str(sources.pack), "PATH": "content", "THEME": "theme"}
    settings |= {"PROFILE_FILE": "content/demo.toml", "XSA_FILE": "content/xsa.yml"}
    settings |= {"XSA_JSON_FILE": "content/xsa.json"}
    settings |= {"PAGE_PATHS": ["pages"], "ARTICLE_PATHS": [], "STATIC_PATHS": []}

    def found() -> str:
        for name, value in sources.surroundings.items():
            monkeypatch.setenv(name, value)
        return next(iter(inputs_of("pelicanconf.py", settings)), "")

    return found


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_is_seen(sources: Sources, digest: Callable[[], str], edit: str) -> None:
    before = digest()
    assert digest() == before != ""
    EDITS[edit](sources)
    assert digest() not in (before, "")


def test_another_commit_is_seen(sources: Sources, digest: Callable[[], str]) -> None:
    git = ["git", "-C", str(sources.pack), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    found = [digest()]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for message in ("one", "two"):
        commit = [*git, "commit", "--quiet", "--allow-empty", "--message", message]
        subprocess.run(commit, check=True)
        found.append(digest())
    (sources.pack / ".git/shallow").write_text("")  # then first commits are not known
    found.append(digest())
    assert len(set(found)) == 4


@pytest.mark.parametrize("name", ["theme/templates", "content/pages"])
def test_what_is_behind_a_link_is_seen(
    sources: Sources, digest: Callable[[], str], name: str
) -> None:
    elsewhere = sources.folder.parent / "elsewhere"
    (sources.folder / name).rename(elsewhere)
    (sources.folder / name).symlink_to(elsewhere)
    before = digest()
    path = next(elsewhere.iterdir())
    path.write_text(path.read_text("utf-8") + "more", "utf-8")
    assert digest() != before


def test_a_folder_that_is_a_link_in_the_pack_may_lead_elsewhere(
    sources: Sources, digest: Callable[[], str]
) -> None:
    (sources.pack / "QSBs").rename(sources.pack / "first")
    shutil.copytree(sources.pack / "first", sources.pack / "second")
    found = set()
    for target in ("first", "second"):
        (sources.pack / "QSBs").unlink(missing_ok=True)
        (sources.pack / "QSBs").symlink_to(target)
        found.add(digest())
    assert len(found) == 2


def test_other_code_is_seen(
    sources: Sources, digest: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = sources.folder.parent / "plugins"
    shutil.copytree(ROOT / "plugins", plugins)
    monkeypatch.setattr("bulletins.build.unchanged.CODE", plugins)
    before = digest()
    with (plugins / "bulletins/exports/osv.py").open("a") as file:
        file.write("# more\n")
    assert digest() != before


@pytest.mark.parametrize("link", ["", "content/secpack/QSBs", "theme/templates"])
def test_odd_files_are_seen_and_not_read(
    sources: Sources, digest: Callable[[], str], link: str
) -> None:
    """A FIFO, a file that is too large, a link to nothing or to itself, and one that goes round."""
    found = [digest()]
    odd = sources.folder / (link or "content/pages") / "odd.md"
    for make in (
        lambda: os.mkfifo(odd),
        odd.touch,
        lambda: os.truncate(odd, 30_000_000_000),
        odd.unlink,
        lambda: odd.symlink_to("nothing"),
        odd.unlink,
        lambda: odd.symlink_to(sources.folder, target_is_directory=True),
    ):
        make() if make != odd.touch else (odd.unlink(), odd.touch())
        found.append(digest())
    assert "" not in found
    assert len({*found}) == len(found) - 2, "without it, it is as before"


@pytest.mark.slow
def test_all_edits_give_what_a_build_from_nothing_gives(sources: Sources) -> None:
    sources.build("site")
    for edit in EDITS.values():
        edit(sources)
    assert is_as_clean(sources, sources.build("site"))


def test_where_nothing_has_changed_nothing_is_built(sources: Sources) -> None:
    before = sources.build("site")
    again = sources.build("site")
    assert "Nothing has changed" in again.said
    told = before.said.partition("\n")[2]
    assert told == again.said.partition("\n")[2]
    assert told, "what there is to look at is told each time"
    stood = again.files()
    (again.folder / "qsb/003/index.html").write_text("edited")
    (again.folder / "index.html").unlink()
    assert sources.build("site").files() == stood
    (again.folder / "more.html").write_text("more")
    site = build(again.folder, cwd=sources.folder).refused()
    assert "more.html" in site.said


def is_as_clean(sources: Sources, site: Site) -> bool:
    """Whether a site is what a build from nothing gives."""
    shutil.rmtree(sources.folder.parent / "clean", ignore_errors=True)
    return state(site.folder) == state(sources.build("clean").folder)


@pytest.mark.slow
def test_what_settings_load_and_do_is_seen(sources: Sources) -> None:
    more = sources.folder.parent / "more"
    (more / "templates").mkdir(parents=True)
    (more / "words.py").write_text("def loud(words):\n    return words.upper()\n")
    with (sources.folder / "pelicanconf.py").open("a") as file:
        file.write(f"import sys; sys.path.append({str(more)!r}); from words import loud\n")
        file.write(f"THEME_TEMPLATES_OVERRIDES = [{str(more / 'templates')!r}]\n")
        file.write("JINJA_FILTERS = {'loud': loud}\n")
    page = sources.folder / "theme/templates/advisory.html"
    page.write_text(page.read_text().replace("</h1>", "{{ 'abc'|loud }}</h1>"))
    sources.build("site")
    assert "Nothing has changed" in sources.build("site").said
    (more / "words.py").write_text("def loud(words):\n    return words.title() * 2\n")
    (more / "templates/advisory.html").write_text(page.read_text().replace("</h1>", "!</h1>"))
    assert "AbcAbc!</h1>" in sources.build("site").read("xsa/9001/index.html")


# --- what came with a checkout ----------------------------------------------------------------


@pytest.mark.slow
def test_a_forged_site_that_came_with_a_checkout_is_not_served(sources: Sources) -> None:
    output = sources.folder / "output"
    (output / "qsb/001").mkdir(parents=True)
    (output / "qsb/001/index.html").write_text("forged")
    sums = {"qsb/001/index.html": digest_of(output / "qsb/001/index.html")}
    (output / "SHA256SUMS").write_bytes(format_checksums(sums))
    assert is_as_clean(sources, build(output, cwd=sources.folder).ok())


@pytest.mark.slow
def test_a_cache_that_came_with_a_checkout_is_not_used(sources: Sources) -> None:
    """It says that a forged page is what a build would make."""
    checkout = sources.folder.parent / "pack"
    cache = checkout / "cache"
    site = sources.build("site", XDG_CACHE_HOME=str(cache))
    true = site.files()
    page = site.folder / "qsb/001/index.html"
    page.write_text("forged")
    (state,) = (cache / "secpack-archive").glob("sites.json")
    kept = json.loads(state.read_bytes())
    kept[str(site.folder)][1] = stamps(site.folder)
    state.write_text(json.dumps(kept))
    assert "Nothing has changed" in sources.build("site", XDG_CACHE_HOME=str(cache)).said
    assert page.read_text() == "forged", "so it would work"
    (checkout / ".git").mkdir()
    site = sources.build("site", XDG_CACHE_HOME=str(cache))
    assert site.said.count("No results are kept for the next run: ") == 1
    assert f"{checkout} is a git checkout; set XDG_CACHE_HOME to a folder outside" in site.said
    assert site.files() == true


_DAMAGE: list[object] = [
    None,
    [],
    {},
    {"SITE": "Built."},
    {"SITE": []},
    {"SITE": ["Built.", "FILES", "INPUTS"]},
    {"SITE": ["Built.", "FILES", "INPUTS", 1]},
    {"SITE": ["Built.", "FILES", "INPUTS", "\0"]},
    {"SITE": ["Built.", "FILES", "other", "no pack"]},
    {"SITE": ["Built.", "other", "INPUTS", "no pack"]},
    {"SITE": {"report": "Built."}},
]


@pytest.mark.parametrize("damage", _DAMAGE, ids=repr)
def test_damage_to_what_is_kept_makes_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: object
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    site, inputs = tmp_path / "site", _digest("s", ["no pack"])
    site.mkdir()
    (site / "index.html").touch()
    monkeypatch.setattr("bulletins.build.unchanged.other_code", lambda: ())
    files = stamps(site)
    remember(site, "Built.", files, [inputs, "no pack"])
    assert last_report(site, "s") == "Built."
    assert last_report(site, "other") is None
    assert last_report(tmp_path / "other", "s") is None
    (state,) = (tmp_path / "cache/secpack-archive").iterdir()
    words = json.dumps(damage).replace("SITE", str(site)).replace("FILES", files)
    damaged = json.loads(words.replace("INPUTS", inputs))
    kept = json.loads(state.read_bytes())
    state.write_text(json.dumps(kept | damaged if damaged else damaged))
    assert last_report(site, "s") is None


def test_few_sites_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("bulletins.build.unchanged.other_code", lambda: ())
    for number in (0, *range(30), 0):
        remember(tmp_path / str(number), "Built.", "", ["", ""])
    (state,) = (tmp_path / "secpack-archive").iterdir()
    kept = json.loads(state.read_bytes())
    assert [Path(site).name for site in kept] == [*map(str, range(11, 30)), "0"]
