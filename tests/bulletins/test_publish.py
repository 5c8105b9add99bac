"""What is public is replaced in one step, or stays; nothing that was public is lost."""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import pytest

from bulletins.build.finish import digest, digests
from bulletins.publish.__main__ import _signatures
from bulletins.publish.versions import Versions
from secpack import SecpackError
from secpack.mirror import format_checksums
from tests.bulletins.sites import (
    PUBLISH,
    ROOT,
    Shared,
    Site,
    build,
    environ,
    interrupted_after,
    killed,
    publish,
    small_pack,
)
from tests.keys import new_gnupg
from tests.packs import bulletin, make_pack

DEMO = ROOT / "content" / "secpack"
PROFILE = ROOT / "content" / "demo.toml"
Variables: TypeAlias = Mapping[str, str | Path]
HOST = "https://archive.quern.example.org"


def versions(public: Path) -> list[str]:
    """What lies among the versions, besides the lock."""
    home = public.with_name(f"{public.name}.versions")
    return sorted(path.name for path in home.iterdir() if path.name != "lock")


@pytest.fixture(scope="module")
def one(shared: Shared) -> Site:
    """A site that was published once; for looking at."""
    return shared.publish("public")


def copied(site: Site, folder: Path) -> Site:
    home = site.folder.with_name("public.versions")
    shutil.copytree(home, folder / home.name, symlinks=True)
    (folder / "public").symlink_to("public.versions/000001")
    return Site(0, "", folder / "public")


@pytest.fixture
def public(one: Site, tmp_path: Path) -> Site:
    """A copy of it, to publish on."""
    return copied(one, tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Variables:
    return small_pack(tmp_path / "small")


@pytest.fixture
def little(shared: Shared, small: Variables, tmp_path: Path) -> Site:
    """A copy of the site of the small pack, published once."""
    return copied(shared.publish("little", **small), tmp_path)


@pytest.fixture
def fewer(tmp_path: Path) -> Variables:
    """The demo pack without its newest bulletin, as variables."""
    pack = tmp_path / "fewer"
    shutil.copytree(DEMO, pack)
    for path in (pack / "QSBs").glob("qsb-012-*"):
        path.unlink()
    content = ROOT / "content"
    trackers = {"XSA": content / "xsa.yml", "XSA_JSON": content / "xsa.json"}
    return {"SECPACK": pack, "PROFILE": PROFILE} | trackers


# --- one step ---------------------------------------------------------------------------------


def test_a_first_publish_makes_a_link(one: Site) -> None:
    assert "Nothing is public yet." in one.said
    assert "as version 1 in" in one.said
    assert str(one.folder.readlink()) == "public.versions/000001"
    assert versions(one.folder) == ["000001"]
    assert "qsb/012/index.html" in one.files()


def test_what_is_published_is_what_is_built(one: Site, demo: Site) -> None:
    built, published = demo.files(), one.files()
    for path in ("data/manifest.json", "SHA256SUMS"):  # these state what a rebuild needs, too
        assert built.pop(path) != published.pop(path)
    assert built == published


def test_publishing_the_same_again_changes_nothing(little: Site, small: Variables) -> None:
    before = little.folder.stat().st_ino
    again = publish(little.folder, **small).ok()
    assert "Nothing changes." in again.said
    assert little.folder.stat().st_ino == before
    assert versions(little.folder) == ["000001"]


@pytest.mark.slow
def test_there_is_a_whole_site_at_any_moment(little: Site, small: Variables) -> None:
    with watched(little.folder) as seen:
        for number in range(3):
            publish(little.folder, SITEURL=f"{HOST}/{number}", **small).ok()
    assert len(seen) > 1000
    assert set(seen) == {True}


@contextmanager
def watched(public: Path) -> Iterator[list[bool]]:
    """Look again and again whether a site is there, until the end."""
    seen: list[bool] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.0003):
            seen.append((public / "SHA256SUMS").is_file() and (public / "index.html").is_file())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


@pytest.mark.slow
def test_a_folder_is_not_replaced_and_can_be_moved(tmp_path: Path, small: Variables) -> None:
    """No folder becomes a link in one step."""
    folder = tmp_path / "public"
    before = build(folder, settings="publishconf.py", **small).files()
    site = publish(folder, SITEURL=HOST, **small)
    first = tmp_path / "public.versions/000001"
    assert site.status == 1
    assert f"{folder} is a folder; expected a link" in site.said
    assert f"move the folder to {first}, and publish again" in site.said
    assert site.files() == before
    first.parent.mkdir(exist_ok=True)
    folder.rename(first)
    site = publish(folder, SITEURL=HOST, **small).ok()
    assert str(folder.readlink()) == "public.versions/000002"
    publish(folder, "--rollback", FORCE="1").ok()
    assert site.files() == before


def test_an_empty_folder_becomes_a_link(tmp_path: Path, small: Variables) -> None:
    (tmp_path / "public").mkdir()
    site = publish(tmp_path / "public", **small).ok()
    assert versions(site.folder) == ["000001"]


def test_a_folder_or_link_of_something_else_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "letters.txt").write_text("mine")
    site = publish(folder).refused()
    assert "such as letters.txt" in site.said
    assert site.files() == {"letters.txt": b"mine"}
    link = tmp_path / "link"
    link.symlink_to("public")
    site = publish(link).refused()
    assert "a link to public, which is not one of ours" in site.said
    assert str(link.readlink()) == "public"
    assert {path.name for path in tmp_path.iterdir()} == {"public", "link"}


@pytest.mark.parametrize("is_link", [False, True])
def test_where_others_could_take_part_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_link: bool
) -> None:
    """They could change a site after it was checked."""
    versions = Versions(tmp_path / "public")
    (tmp_path / "elsewhere").mkdir()
    if is_link:
        versions.home.symlink_to(tmp_path / "elsewhere")
    else:
        versions.home.mkdir()
        monkeypatch.setattr("os.geteuid", lambda: 54321)
    with pytest.raises(SecpackError, match="a link, or another user's"), versions.lock():
        pass
    assert not list(versions.home.iterdir())


def test_a_lock_that_is_a_link_empties_no_file(tmp_path: Path) -> None:
    versions, precious = Versions(tmp_path / "public"), tmp_path / "precious"
    precious.write_text("mine")
    versions.home.mkdir()
    (versions.home / "lock").symlink_to(precious)
    with versions.lock():
        assert precious.read_text() == "mine"


def test_a_build_does_not_write_into_what_is_public(public: Site) -> None:
    before = public.files()
    site = build(public.folder, SITEURL=HOST).refused()
    assert "a link, such as `make publish` makes" in site.said
    assert public.files() == before


def assert_whole(site: Site, after: str) -> dict[str, bytes]:
    """The files of a site, which are those of one build."""
    files = site.files()
    lines = files["SHA256SUMS"].decode().splitlines()
    sums = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    found = {path: sha256(data).hexdigest() for path, data in files.items()}
    assert {**sums, "SHA256SUMS": found["SHA256SUMS"]} == found, after
    return files


@pytest.mark.slow
def test_killed_fifty_times_it_is_never_a_mix(tmp_path: Path, small: Variables) -> None:
    places = [f"{HOST}/a", f"{HOST}/b"]
    public = publish(tmp_path / "public", SITEURL=places[0], **small).ok()
    assert len(assert_whole(public, "the first")) > 30
    dice, ends = random.Random(7), []  # noqa: S311 - moments, no secrets
    started = time.monotonic()
    publish(public.folder, SITEURL=places[1], **small).ok()
    takes = time.monotonic() - started
    for number in range(50):
        site_url = places[f"{places[0]}/" in public.read("sitemap.xml")]
        given = {"PUBLIC": public.folder, "SITEURL": site_url, **small}
        # Later moments are worth more: before the first file is written nothing can be mixed.
        moment = takes * dice.triangular(0.2, 1, 0.9)
        ends.append(killed(tmp_path, moment, "bulletins.publish", **given))
        if ends[-1] == 0:  # the machine has become faster than it was when the time was taken
            takes *= 0.9
        assert_whole(public, f"after kill {number}")
    assert set(ends) <= {0, -signal.SIGKILL}
    assert ends.count(-signal.SIGKILL) >= 25
    publish(public.folder, SITEURL=f"{HOST}/end", **small).ok()
    assert all(name.isdigit() for name in versions(public.folder))
    assert len(versions(public.folder)) <= 4


@pytest.mark.slow
def test_too_late_interrupted_it_is_public_and_says_so(
    little: Site, small: Variables, tmp_path: Path
) -> None:
    """From the step that shows the new site on, nothing ends a publish."""
    settings = tmp_path / "settings.py"
    point_to = "bulletins.publish.versions:Versions.point_to"
    sent = interrupted_after(settings, "publishconf", point_to)
    given = ("--settings", str(settings))
    again = publish(little.folder, *given, SITEURL=HOST, KEEP="0", **small)
    assert "as version 2 in" in again.said
    assert (again.status, versions(little.folder)) == (0, ["000002"])
    assert sent.exists()
    publish(little.folder, SITEURL=f"{HOST}/b", **small).ok()
    back = publish(little.folder, *given, "--rollback", FORCE="1")
    assert (back.status, little.folder.readlink().name) == (0, "000002")
    assert "version 2 is public again" in back.said


@pytest.mark.slow
def test_a_full_disk_leaves_what_is_public(little: Site, small: Variables) -> None:
    before = little.files()
    limit = max(len(data) for data in before.values()) // 2

    def shrink() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        PUBLISH,
        cwd=ROOT,
        env=environ(PUBLIC=little.folder, SITEURL=HOST, **small),
        preexec_fn=shrink,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert re.search(r"^/.*/building/[a-z]+/.*: File too large$", done.stderr, re.MULTILINE)
    assert "Error" not in done.stderr, "a sentence, not a class"
    assert "Nothing was published; the public site is unchanged." in done.stderr
    assert little.files() == before
    assert versions(little.folder) == ["000001"]


# --- versions ---------------------------------------------------------------------------------


def show(site: Versions, text: str, *, keep: int = 3) -> None:
    """Make a site of one page public, as a publish does."""
    with site.lock() as folder:
        (folder / "index.html").write_text(text)
        sums = {"index.html": digest(folder / "index.html")}
        (folder / "SHA256SUMS").write_bytes(format_checksums(sums))
        site.show(folder, keep)


def test_old_versions_are_kept_as_wanted(tmp_path: Path) -> None:
    site = Versions(tmp_path / "public")
    for text in "abcde":
        show(site, text, keep=2)
    assert versions(site.target) == ["000003", "000004", "000005"]
    show(site, "f", keep=0)
    assert versions(site.target) == ["000006"]
    assert (site.target / "index.html").read_text() == "f"
    wrong = publish(site.target, KEEP="many").refused()
    assert "KEEP=many: expected a number: how many older versions are kept" in wrong.said


def test_a_site_that_was_never_public_cannot_be_rolled_back(tmp_path: Path) -> None:
    site = publish(tmp_path / "public", "--rollback", FORCE="1").refused()
    assert f"{site.folder}: nothing was published there\n" in site.said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("archive.example.org", ""),
        ("/security", ""),
        ("ftp://example.org", ""),
        ("https://example.org/a,b+$(id)", ", without '$'"),
        ("https://example.org/\x1b[31m", ", without '\\x1b'"),
    ],
)
def test_an_address_that_is_none_is_told_before_anything_is_built(
    tmp_path: Path, address: str, without: str
) -> None:
    site = publish(tmp_path / "public", SITEURL=address).refused()
    expected = "expected a URL such as https://archive.example.org, or none"
    shown = address.replace("\x1b", "[U+001B]")  # it may come from the manifest of a copy
    assert site.said.startswith(f"SITEURL={shown}: {expected}{without}\n")
    assert not list(tmp_path.iterdir())


def test_rolling_back_shows_what_was_there_before(tmp_path: Path) -> None:
    site = Versions(tmp_path / "public")
    for text in "abc":
        show(site, text)
    for text in "ba":
        publish(site.target, "--rollback", FORCE="1").ok()
        assert (site.target / "index.html").read_text() == text
    last = publish(site.target, "--rollback", FORCE="1").refused()
    assert "no older version is kept" in last.said
    show(site, "d")
    assert versions(site.target) == ["000001", "000002"]
    assert (site.target / "index.html").read_text() == "d"


def test_what_was_left_behind_is_removed(tmp_path: Path) -> None:
    site = Versions(tmp_path / "public")
    show(site, "a")
    for name in ("building", "removed"):
        (site.home / name).mkdir()
        (site.home / name / "index.html").write_text("half")
    (site.home / "next").symlink_to("nowhere")
    show(site, "b")
    assert versions(site.target) == ["000001", "000002"]


@pytest.mark.slow
def test_a_version_that_is_not_whole_is_not_shown_again(little: Site, small: Variables) -> None:
    publish(little.folder, SITEURL=HOST, **small).ok()
    now = little.files()
    old = little.folder.with_name("public.versions") / "000001"
    (old / "qsb/003/index.html").write_text("half")
    site = publish(little.folder, "--rollback", FORCE="1").refused()
    said = "files differ from its SHA256SUMS: qsb/003/index.html\nTo go back further, remove"
    assert said in site.said
    assert little.files() == now


# --- never backwards --------------------------------------------------------------------------


@pytest.mark.slow
def test_a_plan_tells_and_does_nothing(tmp_path: Path, fewer: Variables, public: Site) -> None:
    first = publish(tmp_path / "fewer-public", **fewer).ok()
    before = sorted(path.name for path in tmp_path.iterdir())
    plan = publish(first.folder, "--plan").ok()
    assert "documents added: QSB-012\n" in plan.said
    assert "\nsignatures: 2 added, 0 changed, 0 removed\n  + qsb/012/qsb-012" in plan.said
    assert "\n  ~ qsb/index.html\n" in plan.said
    assert "Nothing was published." in plan.said
    assert not (first.folder / "qsb/012").exists()
    publish(tmp_path / "never", "--plan").ok()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert versions(first.folder) == ["000001"]
    assert public.folder.exists()


@pytest.mark.parametrize("plan", [(), pytest.param(("--plan",), marks=pytest.mark.slow)])
def test_what_was_public_is_not_lost(public: Site, fewer: Variables, plan: tuple[str, ...]) -> None:
    before = public.files()
    refused = publish(public.folder, *plan, **fewer).refused()
    gone = "QSB-012 was public, and is gone (publish-document-gone)"
    assert f"qsb/012/qsb-012-2025.txt: {gone}" in refused.said
    assert 'finding = "publish-document-gone"' in refused.said
    assert "Nothing was published; the public site is unchanged." in refused.said
    assert public.files() == before


@pytest.mark.slow
def test_a_link_that_was_lost_does_not_open_the_gate(public: Site, fewer: Variables) -> None:
    public.folder.unlink()
    refused = publish(public.folder, **fewer).refused()
    assert "QSB-012 was public, and is gone" in refused.said


@pytest.mark.slow
def test_a_loss_that_is_meant_is_said_in_the_profile(
    public: Site, tmp_path: Path, fewer: Variables
) -> None:
    waivers = [
        ("publish-document-gone", "qsb/012/qsb-012-2025.txt"),
        ("publish-url-gone", "package/quern-bell-sender/index.html"),
        ("publish-url-gone", "data/package/quern-bell-sender.json"),
        ("publish-url-gone", "qsb/004/no-such-page.html"),
    ]
    profile = tmp_path / "profile.toml"
    entries = [
        f'\n[[waivers]]\nfinding = "{code}"\nfile = "{file}"\nreason = "a trial"\n'
        for code, file in waivers
    ]
    profile.write_text(PROFILE.read_text() + "".join(entries))
    variables = {**fewer, "PROFILE": profile}
    site = publish(public.folder, **variables).ok()
    assert "documents removed: QSB-012\n" in site.said
    assert "accepted: qsb/012/qsb-012-2025.txt: QSB-012 was public, and is gone (a trial)" in (
        site.said
    )
    assert "qsb/004/no-such-page.html: the profile waives 'publish-url-gone'" in site.said
    assert not (public.folder / "qsb/012").exists()
    built = build(tmp_path / "site", **variables)
    assert "waives" not in built.said
    assert "waiver-unused" not in built.read("data/archive.json")


def suggested(said: str) -> str:
    """The waivers that a refusal prints, as they are pasted."""
    return "\n".join(line for line in said.splitlines() if line.startswith("    "))


@pytest.mark.slow
def test_the_waivers_that_a_refusal_suggests_hold_for_that_state_alone(
    public: Site, tmp_path: Path, fewer: Variables
) -> None:
    """For what is gone, and for what differs."""
    for path in Path(fewer["SECPACK"]).glob("QSBs/station-risk.*"):
        path.unlink()
    original = digest(public.folder / "qsb/012/qsb-012-2025.txt")
    profile = tmp_path / "profile.toml"
    variables = {**fewer, "PROFILE": profile}
    profile.write_text(PROFILE.read_text().replace('tag = "quern.', 'tag = "quorn.'))
    refused = publish(public.folder, **variables).refused()
    waivers = suggested(refused.said)
    assert f'file = "qsb/012/qsb-012-2025.txt"\n    sha256 = "{original}"' in waivers
    codes = set(re.findall('finding = "publish-(.+)"', waivers))
    assert {"document-gone", "signature-gone", "url-gone", "feed-id"} <= codes
    assert waivers.count("[[waivers]]") == waivers.count('sha256 = "') > 6
    profile.write_text(profile.read_text() + waivers.replace('"why"', '"a trial"'))
    other = tmp_path / "other.toml"
    other.write_text(profile.read_text().replace('tag = "quorn.', 'tag = "quirn.'))
    refused = publish(public.folder, **{**fewer, "PROFILE": other}).refused()
    assert set(re.findall(r"\((publish-.+)\)\n", refused.said)) == {"publish-feed-id"}
    assert "the profile waives 'publish-feed-id' here without effect" in refused.said
    assert "remove the waiver, or correct its sha256" in refused.said
    done = publish(public.folder, **variables).ok()
    assert done.said.count("accepted: ") == waivers.count("[[waivers]]")
    assert publish(public.folder, **variables).said.count("remove the waiver") > 6


@pytest.mark.slow
def test_a_weaker_or_older_signature_does_not_replace_a_public_one(tmp_path: Path) -> None:
    text = bulletin(1, date="2020-01-02").encode()
    name = "QSBs/qsb-001-2020.txt"
    with new_gnupg() as gpg:
        for key in ("master", "ines"):
            gpg.make(key, time="20200101T000000")
        gpg.certify("ines", by="master")
        keys = {f"keys/{key}.asc": gpg.export(key) for key in ("master", "ines")}
        good = gpg.sign(text, "ines", time="20200203T000000")
        older = gpg.sign(text, "ines", time="20200202T000000")
        weak = ("--digest-algo", "SHA1", "--detach-sign")
        weaker = gpg.sign(text, "ines", *weak, time="20200204T000000")
    profile = tmp_path / "profile.toml"
    profile.write_text(
        f'issuer = "Quern"\nmaster_key = "{gpg.fingerprints["master"]}"\n'
        'legacy_until = 2021-01-01\n[signers.ines]\nname = "Ines"\n'
        f'fingerprint = "{gpg.fingerprints["ines"]}"\nbulletins = {{}}\n'
    )
    pack = make_pack(tmp_path / "pack", {**keys, name: text, f"{name}.sig.ines": good})
    given = {"SECPACK": pack, "PROFILE": profile}
    publish(tmp_path / "public", **given).ok()
    public = "would replace a stronger or newer one (SHA256, 2020-02-03T00:00:00Z)"
    for signature, new in ((older, "SHA256, 2020-02-02"), (weaker, "SHA1, 2020-02-04")):
        make_pack(pack, {f"{name}.sig.ines": signature})
        again = publish(tmp_path / "public", **given).refused()
        assert f"this signature ({new}T00:00:00Z) {public}" in again.said
        assert "publish-signature-weaker" in again.said
    served = tmp_path / "public/qsb/001/qsb-001-2020.txt.sig.ines"
    assert served.read_bytes() == good


def test_a_public_site_that_was_altered_is_told_and_mended(little: Site, small: Variables) -> None:
    page = little.folder / "qsb/003/index.html"
    page.write_bytes(page.read_bytes().replace(b"Quern", b"Quorn"))
    site = publish(little.folder, **small).ok()
    assert "public site after publication: 1 file: qsb/003/index.html" in site.said
    assert "pages: 0 added, 1 changed, 0 removed" in site.said
    assert b"Quorn" not in page.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["data/archive.json", "SHA256SUMS", "feeds/qsb.atom.xml"])
def test_a_public_site_that_cannot_be_compared_with_names_the_ways_out(
    public: Site, lost: str
) -> None:
    """It could have lost anything; so nothing is published until somebody has looked."""
    damaged = public.folder / lost
    damaged.write_bytes(damaged.read_bytes()[:100]) if lost != "SHA256SUMS" else damaged.unlink()
    before = public.files()
    site = publish(public.folder).refused()
    assert lost in site.said or "or a feed, cannot be read" in site.said
    assert "To go on, make the previous version public (make rollback)" in site.said
    assert "Nothing was published; the public site is unchanged." in site.said
    assert public.files() == before


def test_a_record_of_the_future_does_not_stay(public: Site) -> None:
    """Whoever alters the public site once must not decide what programs read later."""
    moved = '{"format": 1, "moved": {"osv/x_QSB-001.json": ["9999-12-31T23:59:59Z"]}}'
    (public.folder / "data/moved.json").write_text(moved)
    site = publish(public.folder, SITEURL=f"{HOST}/other").refused()
    assert "data/moved.json: osv/x_QSB-001.json changes in the future" in site.said


@pytest.mark.parametrize("name", [b"a\nb", b"\x1b[31m", b"\xff"])
def test_a_name_that_no_site_has_is_named(public: Site, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(public.folder) + b"/" + name)).write_text("x")
    site = publish(public.folder, SITEURL=f"{HOST}/other").refused()
    assert "a name that no site has; remove this file\n" in site.said
    assert site.said.isascii()


@pytest.mark.parametrize("name", ["index.html", "SHA256SUMS.asc"])
def test_a_pipe_or_a_link_in_a_site_is_no_file(tmp_path: Path, name: str) -> None:
    """Nobody waits for a pipe; what a link leads to can change after it was checked."""
    read = digests if name == "index.html" else _signatures
    (tmp_path / name).symlink_to(__file__)
    with pytest.raises(OSError, match=name):
        read(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(OSError, match="not a regular file") if read is digests else nullcontext():
        assert not read(tmp_path)


# --- times ------------------------------------------------------------------------------------


def times(public: Path) -> dict[str, float]:
    return {
        str(path.relative_to(public)): path.stat().st_mtime
        for path in public.rglob("*")
        if path.is_file()
    }


def test_files_are_dated_by_their_texts(one: Site) -> None:
    def day(path: str) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(times(one.folder)[path]))

    assert day("qsb/003/qsb-003-2017.txt") == day("qsb/003/index.html") == "2017-04-11 00:00:00"
    assert day("qsb/012/index.html") == day("index.html") == day("SHA256SUMS")
    assert day("theme/style.css") == "2025-05-20 00:00:00"


@pytest.mark.slow
def test_what_is_the_same_keeps_its_time_and_what_is_not_gets_a_later_one(public: Site) -> None:
    before, bytes_before = times(public.folder), public.files()
    publish(public.folder, SITEURL=HOST).ok()
    after, bytes_after = times(public.folder), public.files()
    same = [path for path, data in bytes_before.items() if bytes_after[path] == data]
    changed = sorted(bytes_before.keys() - set(same))
    assert len(same) > 60
    assert "SHA256SUMS" in changed
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    assert all(after[path] > before[path] for path in changed)
    publish(public.folder, "--rollback", FORCE="1").ok()
    publish(public.folder, SITEURL=f"{HOST}/2").ok()
    last = times(public.folder)
    assert all(last[path] > after[path] for path in changed)


# --- signatures of the list -------------------------------------------------------------------


@pytest.mark.slow
def test_a_signature_of_the_list_goes_along_while_the_list_is_the_same(public: Site) -> None:
    signature = public.folder / "SHA256SUMS.asc"
    signature.write_text("a signature")
    page = public.folder / "qsb/003/index.html"
    page.write_text("altered")
    publish(public.folder).ok()
    assert signature.read_text() == "a signature"
    assert str(public.folder.readlink()).endswith("000002")
    changed = publish(public.folder, SITEURL=HOST).refused()
    unsigned = "the public checksums are signed, and the new ones would not be: give SIGN_WITH"
    assert f"SHA256SUMS.asc: {unsigned} (publish-signature-gone)\n" in changed.said
    assert signature.read_text() == "a signature"
