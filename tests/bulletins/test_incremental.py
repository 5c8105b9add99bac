"""A build that takes from the last one is, byte for byte, what a build from nothing is."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from bulletins.reproducible import state
from tests.bulletins.sites import ROOT, Site, build, environ

_ROUNDS = 9


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
        site = build(self.folder.parent / name, cwd=self.folder, surroundings=more)
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


def revise_canary(sources: Sources) -> None:
    """What is compared with the canary before; or what one says in passing."""
    path = sources.a_text("canaries")
    if sources.chance.random() < 0.5:
        insert(path, sources.chance.choice(("See QSB-013, and CVE-2025-0013.", "And XSA-9005.")))
    else:
        path.write_text(path.read_text("utf-8").replace(" the ", " that ", 9), "utf-8")


def remove_canary(sources: Sources) -> None:
    """Not the newest; its neighbours then stand beside others."""
    path = sources.chance.choice(sources.texts("canaries")[:-1])
    for each in path.parent.glob(f"{path.stem}*"):
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


def waive(sources: Sources) -> None:
    """Somebody accepts that a text is not signed by all who should."""
    path, document = sources.folder / "content/demo.toml", sources.a_text()
    folder = document.parent.name
    with path.open("a") as file:
        file.write(f'''
[[waivers]]
file = "{folder}/{document.name}"
sha256 = "{sha256(document.read_bytes()).hexdigest()}"
finding = "unsigned"
reason = "as of old"
''')


def show_another_day(sources: Sources) -> None:
    sources.surroundings["AS_OF"] = sources.chance.choice(("2021-01-01", "2024-12-31", ""))


def change_what_is_written(sources: Sources) -> None:
    sources.surroundings["GZIP"] = sources.chance.choice(("", "1"))


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
    nothing,
    reason,
    remove,
    remove_canary,
    resign,
    resign,
    retell,
    retitle,
    revise,
    revise_canary,
    show_another_day,
    touch_the_site,
    track,
    waive,
]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    checkout = tmp_path / "checkout"
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "pelicanconf.py", checkout)
    return Sources(checkout, random.Random())  # noqa: S311 - seeded, to be the same again


@pytest.mark.parametrize("seed", [1])
def test_any_edits_give_what_a_build_from_nothing_gives(sources: Sources, seed: int) -> None:
    sources.chance.seed(seed)
    edits = [edit for edit in EDITS for _ in range(2)]
    sources.chance.shuffle(edits)
    compare_builds(sources, [edits[n::_ROUNDS] for n in range(_ROUNDS)])


@pytest.mark.parametrize("seed", [2, 4])
def test_each_edit_gives_what_a_build_from_nothing_gives(sources: Sources, seed: int) -> None:
    """One after the other, with an address, without which there is no CSAF."""
    sources.chance.seed(seed)
    with (sources.folder / "pelicanconf.py").open("a") as file:
        file.write("\nSITEURL = PUBLIC_URL = 'https://example.org'\n")
    edits = sources.chance.sample(EDITS, len(EDITS))
    compare_builds(sources, [[edit] for edit in edits])


def compare_builds(sources: Sources, rounds: Sequence[Sequence[Callable[[Sources], None]]]) -> None:
    """After each round of edits, a build on the last one is what one from nothing is."""
    sources.build("site")
    for done in rounds:
        for edit in done:
            edit(sources)
        site = sources.build("site")
        clean = sources.build("clean")
        found, expected = state(site.folder), state(clean.folder)
        differ = {p for p in found.keys() | expected.keys() if found.get(p) != expected.get(p)}
        assert not differ, ([edit.__name__ for edit in done], sorted(differ)[:10])
        shutil.rmtree(clean.folder)
        shutil.rmtree(clean.folder.with_name(".clean-kept"))


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


def is_as_clean(sources: Sources, site: Site) -> bool:
    """Whether a site is what a build from nothing gives."""
    shutil.rmtree(sources.folder.parent / "clean", ignore_errors=True)
    shutil.rmtree(sources.folder.parent / ".clean-kept", ignore_errors=True)
    return state(site.folder) == state(sources.build("clean").folder)


def test_a_text_that_others_name_in_any_way_may_go(sources: Sources) -> None:
    """One is named as ``QSB #3``, in a credit."""
    before = sources.build("site").read("qsb/006/index.html")
    assert 'qsb/003/index.html">QSB #3</a>' in before
    for path in (sources.pack / "QSBs").glob("qsb-003-*"):
        path.unlink()
    assert is_as_clean(sources, sources.build("site"))


def test_where_there_are_no_hard_links_it_is_the_same(sources: Sources) -> None:
    sources.build("site")
    insert(sources.texts()[4], "A word more.")
    refuse = sources.folder / "refuse"
    refuse.mkdir()
    (refuse / "sitecustomize.py").write_text(
        "import os\n\ndef link(*_, **__):\n    raise OSError(95, 'no links')\n\nos.link = link\n"
    )
    site = sources.build("site", PYTHONPATH=str(refuse))
    assert is_as_clean(sources, site)


def test_what_was_noted_holds_for_the_site_that_stands_only(sources: Sources) -> None:
    """A build may end, or the disk be full, between what it remembers and what it notes."""
    noted = sources.build("site").folder.parent / ".site-kept/inputs.json"
    before, text = noted.read_bytes(), sources.texts()[4].read_bytes()
    insert(sources.texts()[4], "A word more.")
    sources.build("site")
    noted.write_bytes(before)
    sources.texts()[4].write_bytes(text)
    assert is_as_clean(sources, sources.build("site"))


@pytest.mark.parametrize("name", ["theme/templates", "content/pages"])
def test_what_is_behind_a_link_is_seen(sources: Sources, name: str) -> None:
    """A word that both templates and pages have."""
    elsewhere = sources.folder.parent / "elsewhere"
    (sources.folder / name).rename(elsewhere)
    (sources.folder / name).symlink_to(elsewhere)
    sources.build("site")
    for path in elsewhere.iterdir():
        path.write_text(path.read_text("utf-8").replace("signature", "Signature"))
    assert is_as_clean(sources, sources.build("site"))


def test_a_folder_that_is_a_link_in_the_pack_may_lead_elsewhere(sources: Sources) -> None:
    first, second = sources.pack / "first", sources.pack / "second"
    (sources.pack / "QSBs").rename(first)
    shutil.copytree(first, second)
    next(second.glob("*-003-*.txt.sig.*")).unlink()
    for target in ("first", "second"):
        (sources.pack / "QSBs").unlink(missing_ok=True)
        (sources.pack / "QSBs").symlink_to(target)
        site = sources.build("site")
    assert is_as_clean(sources, site)


def test_another_commit_is_seen_in_another_worktree(sources: Sources) -> None:
    main, commit = sources.folder.parent / "main", "c0" * 20
    (main / "worktrees/pack").mkdir(parents=True)
    (main / "worktrees/pack/HEAD").write_text("ref: refs/heads/more\n")
    (main / "worktrees/pack/commondir").write_text("../..\n")
    (sources.pack / ".git").write_text(f"gitdir: {main}/worktrees/pack\n")
    assert is_as_clean(sources, sources.build("site"))
    (main / "packed-refs").write_text(f"{commit} refs/heads/more\n")
    site = sources.build("site")
    assert commit in site.read("data/manifest.json")


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
    assert is_as_clean(sources, sources.build("site"))
    shutil.copy(page, more / "templates")
    (more / "templates/advisory.html").write_text(page.read_text().replace("</h1>", "!</h1>"))
    assert is_as_clean(sources, sources.build("site"))


def test_what_is_compiled_into_templates_is_seen(sources: Sources) -> None:
    sources.build("site")
    path = sources.folder / "pelicanconf.py"
    path.write_text(path.read_text().replace('"trim_blocks": True', '"trim_blocks": False'))
    assert is_as_clean(sources, sources.build("site"))


def test_all_is_made_anew_by_other_code(sources: Sources) -> None:
    plugins = sources.folder.parent / "plugins"
    shutil.copytree(ROOT / "plugins", plugins)
    sources.surroundings["PYTHONPATH"] = str(plugins)
    sources.build("site")
    for name in ("feeds/atom.py", "feeds/jsonfeed.py", "exports/osv.py"):
        path = plugins / "bulletins" / name
        text = path.read_text().replace('head.generator("bulletins")', 'head.generator("words")')
        path.write_text(text.replace("midnight(", "str("))
    site = sources.build("site")
    assert "words" in site.read("feeds/xsa.atom.xml")
    assert is_as_clean(sources, site)


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"{}", b"[1]", b'{"format": 2}', b"\x80"])
def test_damage_to_what_is_kept_is_no_damage_to_the_site(sources: Sources, data: bytes) -> None:
    kept = sources.build("site").folder.parent / ".site-kept"
    insert(sources.texts()[4], "A word more.")
    for path in [path for path in kept.rglob("*") if path.is_file()]:
        path.write_bytes(data or path.read_bytes()[:-20])
    assert is_as_clean(sources, sources.build("site"))


def test_a_bit_that_fell_over_in_what_is_kept_does_not_show(sources: Sources) -> None:
    kept = sources.build("site").folder.parent / ".site-kept"
    for path in [kept / "readings.pickle", *(kept / "templates").iterdir()]:
        data = path.read_bytes()
        path.write_bytes(data.replace(b"hopper", b"hoppes").replace(b"Signatures", b"Signatores"))
    insert(sources.texts()[4], "A word more.")
    (kept / "files.json").unlink()
    assert is_as_clean(sources, sources.build("site"))


def test_where_others_can_write_nothing_is_taken(sources: Sources) -> None:
    """What is kept decides what a site shows; templates are code."""
    kept = sources.build("site").folder.parent / ".site-kept"
    assert kept.stat().st_mode & 0o077 == 0
    kept.chmod(0o777)
    files = sources.build("site").files()
    assert "Nothing has changed" not in sources.build("site").said
    assert is_as_clean(sources, sources.build("site"))
    kept.rename(kept.with_name("theirs"))
    kept.symlink_to("theirs")
    assert sources.build("site").files() == files
    shutil.rmtree(kept.with_name("theirs"))


def test_a_build_that_was_killed_does_no_harm(sources: Sources) -> None:
    """At moments of chance; what it left is swept, and the next build gives a right site."""
    sources.chance.seed(7)
    target = sources.build("site").folder
    command = [sys.executable, "-m", "bulletins.build"]
    for _ in range(5):
        sources.chance.choice([revise, retitle, track])(sources)
        environment = environ(OUTPUT=target)
        with subprocess.Popen(command, cwd=sources.folder, env=environment) as process:
            try:
                process.wait(0.2 + sources.chance.random() * 0.4)
            except subprocess.TimeoutExpired:
                process.kill()
        assert is_as_clean(sources, sources.build("site"))


def test_builds_at_once_do_no_harm(sources: Sources) -> None:
    target = sources.build("site").folder
    command = [sys.executable, "-m", "bulletins.build"]
    for _ in range(2):
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


def inodes(site: Site) -> dict[str, int]:
    return {path: (site.folder / path).stat().st_ino for path in site.files()}
