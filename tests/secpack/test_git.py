"""The commit of a checkout, as git itself names it."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from secpack import load
from secpack.git import read_commit
from tests.packs import make_pack, numbered


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Q", "-c", "user.email=q@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def checkout(folder: Path) -> Path:
    make_pack(folder, numbered(1))
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "One")
    return folder


def test_a_branch_a_packed_one_and_none(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    commit = git(pack, "rev-parse", "HEAD")
    assert len(commit) == 40
    assert read_commit(pack) == commit
    git(pack, "pack-refs", "--all")
    assert not (pack / ".git/refs/heads/main").exists()
    assert read_commit(pack) == commit
    git(pack, "checkout", "--quiet", "--detach")
    assert read_commit(pack) == commit


def test_another_worktree(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    git(pack, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other/more").write_text("more")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "--quiet", "--message", "Two")
    assert read_commit(tmp_path / "other") == git(tmp_path / "other", "rev-parse", "HEAD")
    assert read_commit(tmp_path / "other") != read_commit(pack)


def test_what_is_no_checkout_has_none(tmp_path: Path) -> None:
    assert read_commit(tmp_path) == ""
    (tmp_path / ".git").mkdir()
    heads = ("", "ref: refs/heads/../../../secret", "ref: refs/heads/gone", "a" * 39, "\0")
    (tmp_path / "secret").write_text("a" * 40)
    for head in heads:
        (tmp_path / ".git/HEAD").write_text(head)
        assert read_commit(tmp_path) == ""


def test_a_commit_that_holds_what_is_kept_back_is_not_told(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    assert load(pack).commit == git(pack, "rev-parse", "HEAD")
    make_pack(pack, numbered(2))
    assert load(pack, as_of=date(2001, 12, 31)).commit == ""
