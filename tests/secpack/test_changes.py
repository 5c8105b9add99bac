"""``secpack check`` of a change: a path, ``--draft``, ``--since``, and texts that are signed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from secpack.cli import main
from tests.keys import Gnupg, gnupg_with
from tests.packs import Files, bulletin, canary, commit, git, make_pack, new_repository

ONE, TWO, THREE = (f"QSBs/qsb-{n:03d}-{2000 + n}.txt" for n in (1, 2, 3))
CHANGED = bulletin(1, body="Other words.")
NOTED = bulletin(
    1, body="Other words.\n\nChangelog\n---------\n\n2001-03-04: First\n2001-03-05: More"
)
DRAFT = bulletin(3, date="TODO", body="TODO\n\nSee [7].")


gnupg = gnupg_with("ines", time="20000101T000000")


@pytest.fixture
def pack(tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two signed bulletins, the second with a flaw, in a commit."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    texts = {ONE: bulletin(1), TWO: bulletin(2, body="See [9].")}
    files: Files = {"keys/ines.asc": gnupg.export("ines"), **texts}
    for path, text in texts.items():
        time = f"{path[13:17]}0401T000000"
        files[f"{path}.sig.ines"] = gnupg.sign(text.encode(), "ines", time=time)
    pack = new_repository(make_pack(tmp_path / "pack", files))
    commit(pack)
    return pack


def check(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, set[str]]:
    """The exit status, and each finding as file, severity and code."""
    status = main(["check", "--format", "json", *map(str, arguments)])
    found = json.loads(capsys.readouterr().out)
    return status, {
        f"{Path(f['file']).name} {f['severity']} {f['code']}"
        for f in found
        if f["code"] != "no-anchor"
    }


Capture = pytest.CaptureFixture[str]


def test_what_nobody_can_change_is_a_notice(pack: Path, capsys: Capture) -> None:
    signed = {"qsb-002-2002.txt notice reference-undefined"}
    assert check(capsys, pack) == (0, signed)


def test_a_draft(pack: Path, capsys: Capture) -> None:
    make_pack(pack, {THREE: DRAFT})
    lacks = {"unreadable", "unsigned", "placeholder"}
    new = "qsb-003-2003.txt"
    status, found = check(capsys, pack / THREE)
    assert status == 1
    assert {f"{new} error unreadable", f"{new} error unsigned"} <= found
    status, found = check(capsys, pack / THREE, "--draft")
    left = {f"{new} warning {code}" for code in ("no-title", "reference-undefined")}
    assert found == {f"{new} notice {code}" for code in lacks} | left
    assert status == 0


def test_a_draft_excuses_nothing_else(pack: Path, gnupg: Gnupg, capsys: Capture) -> None:
    """Neither a signed text, nor a signature that fits no text."""
    sign = gnupg.sign(b"Something else", "ines", time="20030401T000000")
    make_pack(pack, {THREE: DRAFT.replace("TODO", "2003-03-04"), f"{THREE}.sig.ines": sign})
    status, found = check(capsys, pack, "--draft")
    assert (status, "qsb-003-2003.txt.sig.ines error signature-bad" in found) == (1, True)
    (pack / THREE).write_text(bulletin(4))
    assert "qsb-003-2003.txt error unreadable" in check(capsys, pack, "--draft")[1]


@pytest.mark.parametrize(("text", "silent"), [(CHANGED, True), (NOTED, False)])
def test_a_change_of_a_signed_text(pack: Path, capsys: Capture, text: str, silent: bool) -> None:
    (pack / ONE).write_text(text)
    status, found = check(capsys, pack, "--draft", "--since", "HEAD")
    assert "qsb-001-2001.txt.sig.ines notice signature-bad" in found
    assert ("qsb-001-2001.txt warning silent-change" in found) is silent
    assert status == 0
    assert check(capsys, pack, "--since", "HEAD")[0] == 1
    commit(pack)
    assert check(capsys, pack, "--since", "HEAD") == (0, set())
    for path in pack.glob("QSBs/qsb-001*"):
        path.unlink()
    gone = "qsb-001-2001.txt error document-gone"
    assert gone in check(capsys, pack, "--draft", "--since", "HEAD")[1]
    assert gone in check(capsys, pack)[1]
    commit(pack)
    assert gone in check(capsys, pack)[1]
    assert check(capsys, pack, "--since", "HEAD") == (0, set())


def test_only_what_a_change_brings(pack: Path, capsys: Capture) -> None:
    """Also to files that did not change; not what their neighbours in a file had before."""
    make_pack(pack, {THREE: bulletin(3, body="See [8].")})
    commit(pack)
    make_pack(pack, {THREE: bulletin(3, body="More words.\n\nSee [8].\n\nTODO")})
    (pack / f"{TWO}.sig.ines").unlink()
    (pack / ONE).rename(pack / "QSBs/qsb-001-2005.txt")
    (pack / f"{ONE}.sig.ines").rename(pack / "QSBs/qsb-001-2005.txt.sig.ines")
    assert check(capsys, pack, "--since", "HEAD") == (
        1,
        {
            "qsb-001-2005.txt error unreadable",
            "qsb-002-2002.txt error unsigned",
            "qsb-003-2003.txt warning placeholder",
        },
    )
    path = pack / THREE
    assert check(capsys, path, "--since", "HEAD")[1] == {"qsb-003-2003.txt warning placeholder"}


def test_what_matters_less_than_before_is_not_new(pack: Path, capsys: Capture) -> None:
    """A canary whose count a gap explains, when another one follows; but not the other way."""
    older, newer = "canaries/canary-001-2005.txt", "canaries/canary-002-2005.txt"
    four = bulletin(4)
    make_pack(pack, {"QSBs/qsb-004-2004.txt": four, older: canary(1, date="May 4, 2005", count=4)})
    commit(pack)
    make_pack(pack, {newer: canary(2, date="June 4, 2005", count=4)})
    found = check(capsys, pack, "--since", "HEAD")[1]
    assert {f.split()[0] for f in found} == {"canary-002-2005.txt"}
    commit(pack)
    (pack / newer).unlink()
    found = check(capsys, pack, "--since", "HEAD")[1]
    assert found == {"canary-001-2005.txt warning canary-count"}


def test_since_what_was_no_pack(pack: Path, capsys: Capture) -> None:
    git(pack, "switch", "--quiet", "--orphan", "empty")
    git(pack, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    git(pack, "merge", "--quiet", "--allow-unrelated-histories", "main")
    assert check(capsys, pack, "--since", "empty~1")[1] == {
        "qsb-002-2002.txt warning reference-undefined"
    }


def test_a_pack_in_a_folder_of_its_repository(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forge gets paths from the top of the repository, whatever the folder of the command."""
    top = tmp_path / "top"
    make_pack(top / "a/pack", {ONE: bulletin(1), TWO: bulletin(2, body="See [9].")})
    (top / "a/profile.toml").write_text("issuer = 1\n")
    git(top.parent, "init", "--quiet", str(top))
    commit(top)
    (top / "a/pack" / ONE).write_text(bulletin(1, body="See [7]."))
    monkeypatch.chdir(top / "a/pack/QSBs")
    assert check(capsys, "..", "--since", "HEAD")[1] == {
        "qsb-001-2001.txt warning reference-undefined"
    }
    main(["check", "..", "--format", "github", "--profile", "../../profile.toml"])
    files = set(re.findall("file=([^,]*)", capsys.readouterr().out))
    assert files == {"a/profile.toml", "a/pack/keys", f"a/pack/{ONE}", f"a/pack/{TWO}"}


@pytest.mark.parametrize("name", ["nowhere", "--all", "HEAD:QSBs", ""])
def test_no_commit(name: str, pack: Path, capsys: Capture) -> None:
    if name:
        assert main(["check", str(pack), f"--since={name}"]) == 2
        assert f"no commit {name} in a git checkout" in capsys.readouterr().err
    else:
        os.rename(pack / ".git", pack / "git")  # noqa: PTH104
        assert main(["check", str(pack), "--since", "HEAD"]) == 2
        assert "no commit HEAD in a git checkout" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["", "QSBs", ONE, "keys"])
def test_a_part_of_a_pack(
    part: str, pack: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pack / "QSBs")
    make_pack(pack, {"QSBs/notes": "x", "keys/odd.asc": "no key", f"{ONE}.sig.tomek": "x"})
    files = {finding.split()[0] for finding in check(capsys, Path("..") / part)[1]}
    expected = {
        "": {".git", "notes", "odd.asc", "qsb-001-2001.txt.sig.tomek", "qsb-002-2002.txt"},
        "QSBs": {"notes", "qsb-001-2001.txt.sig.tomek", "qsb-002-2002.txt"},
        ONE: {"qsb-001-2001.txt.sig.tomek"},
        "keys": {"odd.asc"},
    }
    assert files == expected[part]
