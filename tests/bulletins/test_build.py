"""A build is whole, the same everywhere, and fails closed."""

from __future__ import annotations

import fcntl
import html
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bulletins.build.build import _put_in_place, _staging
from bulletins.build.finish import check_ours, digest
from bulletins.build.gate import dangling
from bulletins.pages.model import Page
from bulletins.settings import _check_strictly
from bulletins.templates import environment
from secpack import SecpackError, load
from secpack.mirror import format_checksums
from tests.bulletins.sites import (
    ROOT,
    Shared,
    Site,
    build,
    environ,
    interrupted_after,
    site_of_pack,
    small_pack,
    verified,
    waiting,
)
from tests.forks import printed, start_module
from tests.packs import bulletin, canary, make_pack, numbered
from tests.processes import counting, script

DEMO = ROOT / "content" / "secpack"
PROFILE = ROOT / "content" / "demo.toml"


def plain(folder: Path, pack: Path, **variables: str | Path) -> Site:
    return build(folder, SECPACK=pack, PROFILE=PROFILE, **variables)


# --- whole ------------------------------------------------------------------------------------


def test_it_says_what_it_built(demo: Site) -> None:
    assert demo.said.startswith("Built 12 bulletins, 4 canaries and 37 advisories in ")
    assert str(demo.folder) in demo.said


def test_every_document_has_page_original_and_signatures(demo: Site) -> None:
    originals = {
        path: f"{kind}/{path.name.split('-')[1]}/"
        for folder, kind in (("QSBs", "qsb"), ("canaries", "canary"))
        for path in (DEMO / folder).glob(f"{kind}-[0-9]*")
    }
    originals |= dict.fromkeys((DEMO / "QSBs").glob("station-risk.*"), "qsb/files/")
    assert len(originals) > 43
    for path, folder in originals.items():
        assert (demo.folder / folder / "index.html").is_file() == (folder != "qsb/files/")
        assert (demo.folder / folder / path.name).read_bytes() == path.read_bytes()


def test_templates_and_keys_of_the_pack_are_not_pages(demo: Site) -> None:
    assert not [path for path in demo.files() if path.endswith(("template.txt", "README.md"))]


def test_the_lists_have_todays_row_ids(demo: Site) -> None:
    page = demo.read("qsb/index.html")
    places = [page.index(f'<tr id="{number:03d}">') for number in range(12, 0, -1)]
    assert places == sorted(places)
    assert '<tr id="004">' in demo.read("canary/index.html")


def test_a_letter_is_on_its_canarys_page(demo: Site) -> None:
    page = demo.read("canary/003/index.html")
    assert page.count('class="sheet"') == 2
    assert "canary-003-2022-letter-ines.txt.sig.ines" in page


def test_ids_on_a_page_are_unique(demo: Site) -> None:
    for path, data in demo.files().items():
        if path.endswith(".html"):
            ids = data.decode().split(' id="')[1:]
            names = [rest.partition('"')[0] for rest in ids]
            assert len(names) == len(set(names)), path


@pytest.mark.usefixtures("gpg_works")
def test_archive_json(demo: Site) -> None:
    data = json.loads(demo.read("data/archive.json"))
    assert [b["id"] for b in data["bulletins"]] == [f"QSB-{n:03d}" for n in range(1, 13)]
    third = data["bulletins"][2]
    assert third["addresses"] == ["XSA-9001", "XSA-9003"]
    assert third["signatures"][0]["verdict"] == "good"
    assert third["signatures"][0]["digest"] == "SHA512"
    assert third["signatures"][0]["certified"] is True
    assert (demo.folder / third["file"]).is_file()
    assert (demo.folder / third["url"] / "index.html").is_file()
    assert [len(c["letters"]) for c in data["canaries"]] == [0, 0, 1, 0]


# --- the same everywhere ----------------------------------------------------------------------


def test_nothing_on_the_site_tells_where_it_was_built(demo: Site) -> None:
    for path, data in demo.files().items():
        assert str(ROOT).encode() not in data, path
        assert str(demo.folder).encode() not in data, path


# --- failing ----------------------------------------------------------------------------------


@pytest.fixture
def before(shared: Shared, tmp_path: Path) -> Site:
    """A site that stands when something goes wrong."""
    site = shared.build("one", SECPACK=make_pack(tmp_path / "before", numbered(1)), PROFILE=PROFILE)
    shutil.copytree(site.folder, tmp_path / "site")
    return Site(0, "", tmp_path / "site")


def check_refused(site: Site, reason: str, before: dict[str, bytes]) -> None:
    assert site.status == 1
    assert reason in site.said
    assert "Nothing was built; the previous site is unchanged." in site.said
    assert site.files() == before
    assert not [p.name for p in site.folder.parent.iterdir() if p.name.startswith(".")]


def test_an_unreadable_text_stops_the_build(before: Site, tmp_path: Path) -> None:
    stood = before.files()
    pack = make_pack(tmp_path / "pack", numbered(1, 2) | {"QSBs/qsb-002-2002.txt": b"caf\xe9"})
    site = plain(before.folder, pack)
    check_refused(site, "QSBs/qsb-002-2002.txt:1:4: not UTF-8", stood)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("def register(): raise RuntimeError('not today')", "RuntimeError: not today"),
        (
            "from pelican import signals\n"
            "def fail(*_, **__): raise RuntimeError('not today')\n"
            "def register(): signals.article_generator_context.connect(fail)\n",
            "RuntimeError: not today",
        ),
        (
            "from pelican import signals\n"
            "def drop(generator): generator.articles.pop()\n"
            "def register(): signals.article_generator_finalized.connect(drop)\n",
            "not written: qsb/001/index.html",
        ),
        (
            "from pelican import signals\n"
            "def rot(path, context):\n"
            "    import os\n"
            "    if path.endswith('qsb/001/index.html'): os.remove(path)\n"
            "def register(): signals.content_written.connect(rot)\n",
            "not written: qsb/001/index.html",
        ),
    ],
    ids=["register-raises", "reader-raises", "article-lost", "page-lost"],
)
def test_another_plugin_that_fails_stops_the_build(
    before: Site, tmp_path: Path, plugin: str, reason: str
) -> None:
    stood = before.files()
    (tmp_path / "failing.py").write_text(plugin)
    conf = tmp_path / "conf.py"
    conf.write_text("from pelicanconf import *\nPLUGINS = ['bulletins', 'failing']\n")
    site = build(
        before.folder,
        settings=conf,
        surroundings={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        SECPACK=tmp_path / "before",
        PROFILE=PROFILE,
    )
    check_refused(site, reason, stood)


@pytest.mark.slow
def test_another_plugins_pages_are_written_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(
        "from pelican import signals\n"
        "from pelican.generators import Generator\n"
        "class Other(Generator):\n"
        "    def generate_output(self, writer):\n"
        "        page = self.get_template('404')\n"
        "        writer.write_file('other/index.html', page, self.context)\n"
        "def generators(_): return Other\n"
        "def register(): signals.get_generators.connect(generators)\n"
    )
    for plugins in (["other", "bulletins"], ["bulletins", "other"]):
        conf = tmp_path / f"{plugins[0]}-first.py"
        conf.write_text(f"from pelicanconf import *\nPLUGINS = {plugins}\n")
        site = build(
            tmp_path / f"{plugins[0]}-first",
            settings=conf,
            surroundings={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        ).ok()
        assert "Page not found" in site.read("other/index.html")


def test_a_missing_plugin_stops_the_build(before: Site, tmp_path: Path) -> None:
    stood = before.files()
    reasons = ("the plugin 'bulletins' did not start", "gone")
    for number, plugins in enumerate(([], ["bulletins", "gone"])):
        conf = tmp_path / f"conf{number}.py"
        conf.write_text(f"from pelicanconf import *\nPLUGINS = {plugins}\n")
        site = build(before.folder, settings=conf, surroundings={"PYTHONPATH": str(ROOT)})
        check_refused(site, reasons[number], stood)


@pytest.mark.parametrize(
    "file",
    [
        *sorted({f"templates/{page.template}" for page in Page.__subclasses__()}),
        "static/style.css",
    ],
)
def test_each_file_of_the_theme_is_needed(tmp_path: Path, file: str) -> None:
    theme = tmp_path / "theme"
    shutil.copytree(ROOT / "theme", theme)
    (theme / file).unlink()
    with pytest.raises(SecpackError, match=f"the theme has no {re.escape(file)}"):
        environment({"THEME": str(theme), "THEME_TEMPLATES_OVERRIDES": []})


def test_a_bad_profile_stops_the_build(before: Site, tmp_path: Path) -> None:
    stood = before.files()
    profile = tmp_path / "profile.toml"
    profile.write_text("issuer = 3\n")
    site = build(before.folder, SECPACK=tmp_path / "before", PROFILE=profile)
    check_refused(site, f"{profile}:1: issuer: expected a string", stood)


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letters.txt").write_text("mine")
    site = build(tmp_path / "home").refused()
    assert "files that this program did not write, such as letters.txt" in site.said
    assert site.files() == {"letters.txt": b"mine"}


def test_a_site_with_something_put_into_it_is_not_replaced(before: Site) -> None:
    (before.folder / ".git").mkdir()
    (before.folder / ".git" / "config").write_text("mine")
    site = build(before.folder).refused()
    assert "such as .git/config" in site.said


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_list_of_files_that_is_no_file_is_not_read(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """It would be waited for, or read, without end."""
    (tmp_path / "index.html").write_text("mine")
    make(tmp_path / "SHA256SUMS")
    with pytest.raises(SecpackError, match=r"such as index\.html"):
        check_ours(tmp_path)


@pytest.mark.parametrize("place", ["content", "theme/static", "content/secpack/QSBs/site", "."])
def test_what_a_site_is_made_of_is_not_replaced(place: str) -> None:
    site = build(ROOT / place).refused()
    assert "the sources of the site are in" in site.said


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".site.building/building"
    left.mkdir(parents=True)
    (left / "index.html").write_text("half")
    build(tmp_path / "site").ok()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A site that is to be replaced."""
    written(tmp_path / "site", "old")
    return tmp_path / "site"


def written(folder: Path, text: str) -> Path:
    """A site of one page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(text)
    sums = {"index.html": digest(folder / "index.html")}
    (folder / "SHA256SUMS").write_bytes(format_checksums(sums))
    return folder


def test_where_the_new_site_cannot_take_its_place_the_old_one_comes_back(target: Path) -> None:
    with pytest.raises(FileNotFoundError), _staging(target) as new:
        _put_in_place(new.with_name("nothing"), target)
    assert (target / "index.html").read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["site"]


def test_what_others_put_in_its_place_in_between_stays(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take the place between the two steps; no build does that, for there is a lock."""
    rename = Path.rename

    def renamed(path: Path, other: Path) -> Path:
        done = rename(path, other)
        if path == target:
            written(target, "theirs")
        return done

    monkeypatch.setattr(Path, "rename", renamed)
    with pytest.raises(OSError, match="not empty"), _staging(target) as new:
        _put_in_place(written(new, "new"), target)
    assert (target / "index.html").read_text() == "theirs"


@pytest.mark.parametrize("stands", [False, True])
def test_a_build_that_was_killed_between_its_two_steps(target: Path, *, stands: bool) -> None:
    """The old site is put back where there is none now; where there is one, it is removed."""
    left = written(target.with_name(".site.building") / "replaced", "older")
    if not stands:
        shutil.rmtree(target)
    with _staging(target):
        assert not left.exists()
        assert (target / "index.html").read_text() == ("old" if stands else "older")
    assert [path.name for path in target.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("of_others", [False, True])
def test_where_others_could_take_part_nothing_is_built(
    target: Path, monkeypatch: pytest.MonkeyPatch, *, of_others: bool
) -> None:
    """In a folder such as /tmp, anybody can have put a link or a folder of theirs there."""
    home, precious = target.with_name(".site.building"), target.with_name("precious")
    written(precious / "building", "mine")
    if of_others:
        home.mkdir()
        monkeypatch.setattr("os.geteuid", lambda: 54321)
    else:
        home.symlink_to(precious)
    with pytest.raises(SecpackError, match="a link, or another user's"), _staging(target):
        pass
    assert (precious / "building/index.html").read_text() == "mine"
    assert (target / "index.html").read_text() == "old"


def test_where_others_are_faster_nothing_is_built(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not there when we looked can be theirs once we have locked it."""
    home = target.with_name(".site.building")
    theirs = written(home / "replaced", "theirs")
    ids = iter([os.geteuid(), 54321])
    monkeypatch.setattr("os.geteuid", lambda: next(ids))
    with pytest.raises(SecpackError, match="a link, or another user's"), _staging(target):
        pass
    assert (theirs / "index.html").read_text() == "theirs"
    assert (target / "index.html").read_text() == "old"


@pytest.mark.slow
def test_the_second_of_two_builds_waits_and_says_so(tmp_path: Path) -> None:
    home = tmp_path / ".site.building"
    written(home / "replaced", "put aside")
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = waiting("bulletins.build", OUTPUT=tmp_path / "site")
        assert process.stderr
        assert process.stderr.readline().endswith(
            "/site: another program is writing it; waiting ...\n"
        )
        assert (home / "replaced").exists()
        shutil.rmtree(home)  # as the build before does at its end
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output[:6]) == (0, "Built ")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_an_interrupted_build_has_made_is_removed(tmp_path: Path, number: int) -> None:
    """As Ctrl-C at a terminal does it: all processes of the build get the signal."""
    folder, given = tmp_path / "folder", environ(OUTPUT=tmp_path / "folder/site")
    folder.mkdir()
    process = start_module("bulletins.build", cwd=ROOT, environment=given, folder=tmp_path)
    while not list(folder.glob(".site.building/building/*")) and process.is_alive():
        time.sleep(0.002)
    os.killpg(process.pid or 0, number)
    process.join(60)
    assert (process.exitcode, "".join(printed(tmp_path))) == (128 + number, "\nInterrupted.\n")
    assert not list(folder.iterdir())


@pytest.mark.slow
def test_too_late_interrupted_the_new_site_stands(tmp_path: Path, demo: Site) -> None:
    """Once one site takes the place of another, nothing ends the build."""
    settings = tmp_path / "settings.py"
    sent = interrupted_after(settings, "pelicanconf", "pathlib:Path.rename")
    target = tmp_path / "site"
    for day in ("2100-01-01", "2100-01-02"):
        sent.unlink(missing_ok=True)
        site = build(target, settings=settings, AS_OF=day).ok()
        assert site.files() == demo.files()
    assert sent.exists()
    names = {path.name for path in tmp_path.iterdir()} - {"__pycache__"}
    assert names == {"site", settings.name, sent.name}


@pytest.mark.slow
def test_without_gpg_the_pages_say_that_nobody_checked_the_keys(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "gpgv"):
        (programs / name).symlink_to(str(shutil.which(name)))
    site = build(tmp_path / "site", PATH=programs, **small_pack(tmp_path / "pack")).ok()
    assert "gpg is missing: install the package gpg" in site.said
    assert "7961 FFB2" in site.read("qsb/003/index.html")
    assert "Not checked: gpg was missing." in site.read("keys/index.html")


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_does_not_listen_to_the_end_has_a_site_all_the_same(
    tmp_path: Path, unbuffered: str
) -> None:
    """As with ``| head -1``: of a site that stands it is not said that nothing was built."""
    given = small_pack(tmp_path / "pack") | {"PYTHONUNBUFFERED": unbuffered}
    for _ in range(2):
        process = waiting("bulletins.build", OUTPUT=tmp_path / "site", **given)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0
        assert (tmp_path / "site" / "SHA256SUMS").is_file()


@pytest.mark.parametrize("address", ["robots.txt", "qsb/001/index.html"])
def test_a_static_file_does_not_take_the_place_of_another(tmp_path: Path, address: str) -> None:
    settings = tmp_path / "settings.py"
    settings.write_text(
        f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from pelicanconf import *
STATIC_PATHS = ["about.md"]
PATH = str(CONTENT / "pages")
PAGE_PATHS = []
EXTRA_PATH_METADATA = {{"about.md": {{"path": {address!r}}}}}
"""
    )
    site = build(tmp_path / "site", settings=settings).refused()
    assert f"two pages have the same URL: {address}" in site.said


def test_all_files_are_summed(demo: Site) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"],  # noqa: S607
        cwd=demo.folder,
        check=False,
    )
    assert done.returncode == 0
    assert len(demo.read("SHA256SUMS").splitlines()) == len(demo.files()) - 1


def test_what_was_verified_is_served_though_the_pack_changes(tmp_path: Path) -> None:
    """A gpgv that is called changes every text and signature of the pack, as somebody could."""
    pack = tmp_path / "pack"
    shutil.copytree(DEMO, pack)
    forging = f"for file in {pack}/QSBs/qsb-* {pack}/canaries/canary-*; do\n"
    forging += f'    echo Forged. >> "$file"\ndone\nexec {shutil.which("gpgv")} "$@"'
    script(tmp_path / "bin/gpgv", forging)
    given = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    site = plain(tmp_path / "site", pack, settings="publishconf.py", surroundings=given).ok()
    assert (pack / "QSBs/qsb-001-2016.txt").read_text("utf-8").endswith("Forged.\n")
    for path, data in site.files().items():
        assert b"Forged." not in data, path
    served = site.folder / "qsb/001/qsb-001-2016.txt"
    assert served.read_bytes() == (DEMO / "QSBs/qsb-001-2016.txt").read_bytes()
    verdicts = {
        signature["verdict"]
        for bulletin in json.loads(site.read("data/archive.json"))["bulletins"]
        for signature in bulletin["signatures"]
    }
    assert verdicts == {"good"}


# --- what is kept back ------------------------------------------------------------------------


def test_what_is_under_embargo_or_to_come_leaves_no_trace(tmp_path: Path) -> None:
    secret = {
        "QSBs/qsb-002-2002.txt": bulletin(2, title="Hush", body="Zanzibar."),
        "QSBs/qsb-002-2002.txt.sig.ines": b"signature of hush",
        "QSBs/qsb-003-2999.txt": bulletin(3, date="2999-01-01", title="Whisper", body="Zanzibar."),
        "QSBs/qsb-003-2999.txt.sig.ines": b"signature of whisper",
        "canaries/canary-001-2999.txt": canary(1, date="January 1, 2999") + "\nZanzibar.\n",
    }
    profile = 'issuer = "Quern"\n[documents.QSB-002]\nstatus = "embargoed"\n'
    tracker = tmp_path / "xsa.yml"
    tracker.write_text("- xsa: 9\n  date: 2002-01-01\n  affected: yes\n  qsb: 002-2002\n")
    site = site_of_pack(tmp_path, numbered(1) | secret, profile, XSA=tracker)
    assert "Withheld: 1 under embargo, 2 dated later." in site.said
    for path, data in site.files().items():
        content = path.encode() + data
        for word in (b"Zanzibar", b"Hush", b"Whisper", b"hush", b"002-2002", b"QSB-002", b"2999"):
            assert word not in content, path


def test_the_day_to_be_shown_can_be_given(tmp_path: Path) -> None:
    pack = make_pack(tmp_path / "pack", numbered(1, 2, 3))
    site = plain(tmp_path / "site", pack, AS_OF="2002-12-31").ok()
    assert sorted(p.name for p in (site.folder / "qsb").iterdir()) == ["001", "002", "index.html"]


def test_publishing_wants_the_day_to_be_given(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(DEMO, pack)
    make_pack(pack, {"QSBs/qsb-013-2999.txt": bulletin(13, date="2999-01-01")})
    site = plain(tmp_path / "site", pack, settings="publishconf.py").refused()
    assert "which secpack check names: set AS_OF to the day that the site is to show" in site.said
    plain(tmp_path / "site", pack, settings="publishconf.py", AS_OF="2026-01-01").ok()


def test_an_embargo_of_nothing_stops_publishing(tmp_path: Path) -> None:
    """Its id may be mistyped, and the bulletin that was meant would go public."""
    profile = tmp_path / "profile.toml"
    embargo = '\n[documents.QSB-099]\nstatus = "embargoed"\n'
    profile.write_text((DEMO.parent / "demo.toml").read_text("utf-8") + embargo)
    site = build(
        tmp_path / "site", SECPACK=DEMO, settings="publishconf.py", PROFILE=profile
    ).refused()
    assert "the profile embargoes QSB-099, but the pack has no such document" in site.said
    build(tmp_path / "site", SECPACK=DEMO, PROFILE=profile).ok()


# --- other themes -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["simple", "notmyidea"])
def test_other_themes_render_the_archive(shared: Shared, theme: str) -> None:
    site = shared.build(theme, THEME=theme)
    assert "<blockquote>\n<p>" in site.read("qsb/003/index.html")
    index, listed = site.read("index.html"), site.read("qsb/index.html")
    bulletins = json.loads(site.files()["data/archive.json"])["bulletins"]
    assert len(bulletins) == 12
    for told in bulletins:
        title = f"{told['id']}: {html.escape(told['title'])}"
        assert title in index
        assert title in listed
        page = site.read(f"qsb/{told['number']:03d}/index.html")
        assert title in page
        assert '<div class="letterhead">' in page
    assert 'read "After patching" as well' in site.read("qsb/012/index.html")
    pages = {path: site.read(path) for path in site.files() if path.endswith(".html")}
    assert len(pages) >= 19
    for path, page in pages.items():
        assert not re.search(
            r"&amp;(lt|gt|quot|amp|#\w+);|&lt;/?(p|h\d|time|span|div|ul|pre)(&gt;| )", page
        ), path
    lost = [link for link in dangling(site.folder)[0] if not link.endswith("/")]
    assert lost == []


# --- evidence ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_published_never_rests_on_kept_verdicts(tmp_path: Path) -> None:
    log = counting(tmp_path / "bin", "gpgv")
    surroundings = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    counts = []
    given = small_pack(tmp_path / "pack")
    for settings in ("pelicanconf.py", "pelicanconf.py", "publishconf.py", "publishconf.py"):
        build(tmp_path / "site", settings=settings, surroundings=surroundings, **given).ok()
        counts.append(len(log.read_text().split()))
    assert counts == [1, 1, 2, 3]  # one call for both signatures on the text


def test_what_is_published_rests_on_a_master_key(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('issuer = "Quern"\n')
    site = build(
        tmp_path / "site", settings="publishconf.py", SECPACK=DEMO, PROFILE=profile
    ).refused()
    assert "the profile names no master key" in site.said


def test_a_tampered_text_is_shown_in_development_and_refused_when_published(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "pack")
    text, newest = (tmp_path / f"pack/QSBs/qsb-{name}.txt" for name in ("003-2017", "012-2025"))
    text.write_bytes(text.read_bytes().replace(b"grant", b"grunt", 1))
    newest.write_bytes(newest.read_bytes() + b"\n")  # it is also on the front page
    site = plain(tmp_path / "site", tmp_path / "pack").ok()
    assert "error: QSBs/qsb-003-2017.txt: no good signature" in site.said
    page = site.read("qsb/003/index.html")
    standing = "Not verified: 0 of 2 signatures good; 2 bad"
    assert page.count(standing) == 2
    for other in ("qsb/index.html", "qsb/003/qsb-003-2017.json", "feeds/all.json"):
        assert standing in site.read(other)
    assert site.read("index.html").count("Not verified") == 1
    assert site.read("qsb/index.html").count("Not verified") == 2
    assert page.count('<tr class="alarm">') == 2
    refused = plain(tmp_path / "other", tmp_path / "pack", settings="publishconf.py").refused()
    assert (
        "QSBs/qsb-003-2017.txt.sig.ines: BAD: the signature does not match the text" in refused.said
    )
    assert not refused.folder.exists()


@pytest.mark.usefixtures("gpg_works")
def test_the_commands_on_a_page_verify(demo: Site, tmp_path: Path) -> None:
    said = verified(demo, "qsb/002/", tmp_path)
    assert said.count("Good signature from") == 2
    assert said.count("[full]") == 2


@pytest.mark.usefixtures("gpg_works")
def test_keys_are_listed_and_served(demo: Site) -> None:
    page = demo.read("keys/index.html")
    assert "7961 FFB2 E875 FF73 201B C296 EBFE 307C 073F F6D7" in page
    assert page.count("Certified by the master key.") == 3
    assert page.count("Retired.") == 1
    parts = ("page-signers", "Ines Aldous", ">16 documents</a>", "page-anchors", "Master")
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    signed = page.partition("documents signed by Ines")[2].partition("</ul>")[0]
    assert signed.count("<li>") == 16
    assert re.search(r"QSB-003</a> 2017-04-1\d \d\d:\d\dZ SHA(256|512)</li>", signed)
    served = demo.folder / "keys/security-team/ines-quern-secpack-signing-key.asc"
    original = DEMO / "keys/security-team/ines-quern-secpack-signing-key.asc"
    assert served.read_bytes() == original.read_bytes()


def test_a_revision_in_the_future_is_not_published(tmp_path: Path) -> None:
    text = bulletin(1, body="Words.\n\nChangelog\n---------\n\n2001-03-04: One\n2004-03-04: Two\n")
    slip = text.replace("2004-", "2904-")
    for name, words, pinned in (("past", text, False), ("slip", slip, True)):
        pack = make_pack(tmp_path / name, {"QSBs/qsb-001-2001.txt": words})
        _check_strictly(load(pack), pinned=pinned)
    with pytest.raises(SecpackError, match=r"QSBs/qsb-001-2001\.txt on 2904-03-04; correct"):
        _check_strictly(load(tmp_path / "slip"), pinned=False)
