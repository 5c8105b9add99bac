"""A build sees whatever has changed, and nothing is built where nothing has."""

from __future__ import annotations

import json
import marshal
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from bulletins.build.finish import digest as digest_of
from bulletins.build.finish import write_checksums
from bulletins.build.unchanged import _digest, inputs_of, last_report, remember, stamps
from tests.bulletins.sites import ROOT, Site, build, environ
from tools.reproducible import state


@dataclass(frozen=True, slots=True)
class Sources:
    """A checkout and a pack of its own, to be edited; ``chance`` decides what, and where."""

    folder: Path
    chance: random.Random
    surroundings: dict[str, str] = field(default_factory=dict)

    @property
    def pack(self) -> Path:
        return self.folder / "content" / "secpack"

    def texts(self, folder: str = "QSBs") -> list[Path]:
        return sorted((self.pack / folder).glob("*-[0-9][0-9][0-9]-[0-9][0-9][0-9][0-9].txt"))

    def a_text(self, folder: str = "QSBs") -> Path:
        return self.chance.choice(self.texts(folder))

    def build(self, name: str, **surroundings: str) -> Site:
        more = self.surroundings | surroundings
        return build(self.folder.parent / name, cwd=self.folder, surroundings=more).ok()


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


def remove(sources: Sources) -> None:
    path = sources.a_text()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def add_letter(sources: Sources) -> None:
    path = sources.a_text("canaries")
    letter = path.with_name(f"{path.stem}-letter-ines.txt")
    number = sources.chance.randrange(1, 15)
    letter.write_text(f"I am well. See QSB-{number:03d}, XSA-9006, and CVE-2025-{number:04d}.\n")


def change_key(sources: Sources) -> None:
    """The last one that is there is lost: who signed with it is unknown."""
    sorted((sources.pack / "keys/security-team").rglob("*.asc"))[-1].unlink()


def attach(sources: Sources) -> None:
    path = sources.pack / "QSBs/station-risk.dot"
    path.write_text(path.read_text("utf-8") + f"// {sources.chance.random()}\n")


def retell(sources: Sources) -> None:
    """The list of the Xen Project tells other titles, and other CVEs."""
    path = sources.folder / "content/xsa.json"
    text = path.read_text("utf-8")
    found = sources.chance.choice(sorted(set(re.findall(r"CVE-[0-9]+-[0-9]+", text))))
    path.write_text(text.replace(found, f"CVE-2031-{sources.chance.randrange(1000, 9999)}"))


def reason(sources: Sources) -> None:
    """A remark of the tracker names a text, there or not."""
    path = sources.folder / "content/xsa.yml"
    number = sources.chance.randrange(1, 16)
    path.write_text(path.read_text().replace("reason: ", f"reason: Unlike QSB-{number:03d}, ", 2))


def change_what_is_written(sources: Sources) -> None:
    sources.surroundings["GZIP"] = "1"


def resign(sources: Sources) -> None:
    """A signature is lost, or is that of another text."""
    signatures = sorted(sources.pack.glob("*/*.sig.*"))
    lost = sources.chance.choice(signatures)
    if sources.chance.random() < 0.5:
        lost.unlink()
    else:
        lost.write_bytes(sources.chance.choice(signatures).read_bytes())


def track(sources: Sources) -> None:
    """The tracker changes its mind."""
    path = sources.folder / "content/xsa.yml"
    text = path.read_text("utf-8")
    places = [m for m in re.finditer(r"affected: (yes|no)\b.*\n.*\n", text) if "unused" not in m[0]]
    match = sources.chance.choice(places)
    other = "no" if match[1] == "yes" else "yes"
    path.write_text(text[: match.start(1)] + other + text[match.end(1) :], "utf-8")


def change_template(sources: Sources) -> None:
    path = sources.folder / "theme/templates/base.html"
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
    name = sources.chance.choice(("Quern", "Quern Two"))
    path.write_text(re.sub(r'(?m)^name = ".*?"$', f'name = "{name}"', path.read_text(), count=1))


def change_settings(sources: Sources) -> None:
    path = sources.folder / "pelicanconf.py"
    address = sources.chance.choice(("https://example.org", "https://example.org/security"))
    path.write_text(f"{path.read_text()}\nSITEURL = PUBLIC_URL = {address!r}\n")


def touch_the_site(sources: Sources) -> None:
    """Somebody has edited what was built, or its time; a page may have been lost."""
    pages = sorted((sources.folder.parent / "site").rglob("*.html"))
    for path in sources.chance.sample(pages, 3):
        path.write_text(path.read_text("utf-8").replace("e", "a"))
    sources.chance.choice(pages).unlink()


EDITS: list[Callable[[Sources], None]] = [
    add_bulletin,
    add_canary,
    add_letter,
    attach,
    change_key,
    change_page,
    change_profile,
    change_settings,
    change_style,
    change_template,
    change_what_is_written,
    reason,
    remove,
    resign,
    retell,
    revise,
    track,
]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    checkout = tmp_path / "checkout"
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "pelicanconf.py", checkout)
    return Sources(checkout, random.Random())  # noqa: S311 - seeded, to be the same again


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


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_each_edit_is_seen(
    sources: Sources, digest: Callable[[], str], edit: Callable[[Sources], None]
) -> None:
    sources.chance.seed(1)
    before = digest()
    assert digest() == before != ""
    edit(sources)
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
    monkeypatch.setattr("bulletins.build.unchanged._CODE", plugins)
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
    sources.chance.seed(1)
    sources.build("site")
    for edit in sources.chance.sample(EDITS, len(EDITS)):
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
    touch_the_site(sources)
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


class Payload:
    """What runs when it is unpickled, or when its code is."""

    def __init__(self, ran: Path) -> None:
        self._ran = ran

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._ran,)

    @property
    def code(self) -> bytes:
        """As a compiled template."""
        return marshal.dumps(compile(f"open({str(self._ran)!r}, 'w')", "x", "exec"))


@pytest.mark.slow
def test_nothing_that_came_with_a_checkout_runs_or_is_served(sources: Sources) -> None:
    """A forged site, and beside it what builds once read: pickles and compiled templates."""
    ran, output = sources.folder / "ran", sources.folder / "output"
    kept = sources.folder / ".output-kept"
    (kept / "templates").mkdir(parents=True, mode=0o700)
    kept.chmod(0o700)
    payload = Payload(ran)
    for name, data in (("readings.pickle", pickle.dumps(payload)), ("templates/x", payload.code)):
        (kept / name).write_bytes(sha256(data).digest() + data)
    (output / "qsb/001").mkdir(parents=True)
    (output / "qsb/001/index.html").write_text("forged")
    write_checksums(output, {"qsb/001/index.html": digest_of(output / "qsb/001/index.html")})
    site = build(output, cwd=sources.folder).ok()
    assert not ran.exists()
    assert is_as_clean(sources, site)


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


# --- builds that end early, and builds at once ------------------------------------------------


@pytest.mark.slow
def test_a_build_that_was_killed_does_no_harm(sources: Sources) -> None:
    """At moments of chance; what it left is swept, and the next build gives a right site."""
    sources.chance.seed(7)
    target = sources.build("site").folder
    command = [sys.executable, "-m", "bulletins.build"]
    for _ in range(3):
        sources.chance.choice([revise, add_letter, track])(sources)
        environment = environ(OUTPUT=target)
        with subprocess.Popen(command, cwd=sources.folder, env=environment) as process:
            try:
                process.wait(0.2 + sources.chance.random())
            except subprocess.TimeoutExpired:
                process.kill()
    assert is_as_clean(sources, sources.build("site"))
    assert not list(target.parent.glob(".site*"))


@pytest.mark.slow
def test_builds_at_once_do_no_harm(sources: Sources) -> None:
    target = sources.build("site").folder
    command = [sys.executable, "-m", "bulletins.build"]
    running = []
    for _ in range(2):
        revise(sources)
        running.append(
            subprocess.Popen(
                command, cwd=sources.folder, env=environ(OUTPUT=target), stderr=subprocess.PIPE
            )
        )
    for process in running:
        process.communicate()
    assert is_as_clean(sources, sources.build("site"))
