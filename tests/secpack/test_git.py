"""The commit of a checkout, as git itself names it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from secpack import load
from secpack.history.git import HistoryError, Log, checked_out, read_log
from secpack.parser.lines import MAX_BYTES
from tests.packs import make_pack, numbered


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Q", "-c", "user.email=q@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def read_commit(pack: Path) -> str:
    """The commit of a checkout that nothing is odd about."""
    commit, findings = checked_out(pack)
    assert findings == ()
    return commit


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


def text_of(pack: Path) -> bytes:
    return (pack / "QSBs/qsb-001-2001.txt").read_bytes()


def unavailable(pack: Path) -> str:
    """Why the history of a pack is not available."""
    with pytest.raises(HistoryError) as error:
        log_of(pack)
    return str(error.value)


def log_of(pack: Path) -> Log:
    """The history of a pack's bulletins."""
    return read_log(pack, lambda path: path.startswith("QSBs/") and MAX_BYTES)


def came(pack: Path, data: bytes) -> list[str]:
    """The commits with which bytes came."""
    log = log_of(pack)
    return [log.commits[n].name for n in log.came.get(hashlib.sha256(data).hexdigest(), ())]


def test_the_first_commit_with_these_bytes(tmp_path: Path) -> None:
    """Also where the file was another in between; nothing is known without the whole history."""
    pack = checkout(tmp_path / "pack")
    first, text = git(pack, "rev-parse", "HEAD"), text_of(pack)
    for data in (b"other", text):
        (pack / "QSBs/qsb-001-2001.txt").write_bytes(data)
        git(pack, "commit", "--quiet", "--all", "--message", "Again")
    assert came(pack, text) == [first, git(pack, "rev-parse", "HEAD")]
    assert came(pack, b"unknown") == []
    day = log_of(pack).commits[0].date.isoformat()
    assert day == git(pack, "show", "-s", "--format=%cI", first).replace("Z", "+00:00")
    git(pack, "clone", "--quiet", "--depth=1", f"file://{pack}", str(tmp_path / "shallow"))
    assert unavailable(tmp_path / "shallow").startswith("the clone is shallow")
    assert unavailable(tmp_path) == "the pack is no git checkout"


def no_commit(pack: Path) -> str:
    """Why the commit of a checkout is not stated."""
    commit, findings = checked_out(pack)
    assert commit == ""
    (finding,) = findings
    assert (finding.file, finding.code) == (".git", "no-commit")
    return finding.message.removeprefix("the commit of this checkout is not stated: ")


def test_a_repository_elsewhere_is_not_asked(tmp_path: Path) -> None:
    """Its commit would be published as that of this pack."""
    pack = checkout(tmp_path / "pack")
    git(pack, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    assert no_commit(tmp_path / "other") == "its repository is elsewhere"
    linked = make_pack(tmp_path / "linked", numbered(1))
    (linked / ".git").symlink_to(pack / ".git")
    assert no_commit(linked) == "its repository is elsewhere"
    common = make_pack(tmp_path / "common", numbered(1))
    (common / ".git").mkdir()
    (common / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (common / ".git/commondir").write_text("../../pack/.git\n")
    assert no_commit(common) == "its repository is elsewhere"
    (pack / ".git/objects/info/alternates").write_text(str(tmp_path / "third"))
    assert no_commit(pack) == "its repository is elsewhere"
    archive = load(common)
    assert archive.commit == ""
    assert [f.code for f in archive.findings if f.file == ".git"] == ["no-commit"]


@pytest.mark.parametrize(
    "name", ["HEAD", "config", "packed-refs", "refs/heads/main", "objects", "objects/ab"]
)
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_neither_a_file_nor_a_folder_is_not_read(
    tmp_path: Path, name: str, kind: str
) -> None:
    pack = checkout(tmp_path / "pack")
    place = pack / ".git" / name
    if place.exists():
        place.rename(tmp_path / "moved")
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(tmp_path / "moved")
    assert no_commit(pack) == f".git/{name} is neither a file nor a folder"


def test_git_that_waits_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = checkout(tmp_path / "pack")
    os.mkfifo(tmp_path / "pipe")
    git(pack, "config", "include.path", str(tmp_path / "pipe"))
    monkeypatch.setattr("secpack.history.git._PATIENCE", 1)
    assert no_commit(pack) == "git did not finish within 1 seconds"


def test_a_repository_runs_nothing(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    signer = tmp_path / "signer"
    signer.write_text(
        "#!/bin/sh\ncat >/dev/null\n"
        "echo '-----BEGIN PGP SIGNATURE-----'\nprintf '\\n[GNUPG:] SIG_CREATED \\n' >&2\n"
    )
    signer.chmod(0o755)
    signing = ("-c", f"gpg.program={signer}", "commit", "--quiet", "--gpg-sign=X", "--amend")
    git(pack, *signing, "--message", "Signed")
    commit = git(pack, "rev-parse", "HEAD")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "alias.rev-parse",
    ):
        git(pack, "config", name, f"!{trap}" if name.startswith("alias") else str(trap))
    git(pack, "config", "core.hooksPath", str(tmp_path))
    assert read_commit(pack) == commit
    git(pack, "config", "log.showSignature", "true")
    git(pack, "config", "gpg.program", str(trap))
    assert came(pack, text_of(pack)) == [commit]
    # A partial clone would ask its origin for a commit that is missing, by a command of its own.
    git(pack, "config", "extensions.partialClone", "origin")
    git(pack, "config", "remote.origin.promisor", "true")
    git(pack, "config", "remote.origin.url", f"ext::{trap}")
    (pack / ".git/refs/heads/main").write_text("1" * 40 + "\n")
    assert no_commit(pack) == "git finds no commit there"
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_checkout_has_none(tmp_path: Path) -> None:
    assert checked_out(tmp_path) == ("", ())
    (tmp_path / ".git").mkdir()
    heads = ("", "ref: refs/heads/../../../secret", "ref: refs/heads/gone", "a" * 39, "\0")
    (tmp_path / "secret").write_text("a" * 40)
    for head in heads:
        (tmp_path / ".git/HEAD").write_text(head)
        assert no_commit(tmp_path) == "git finds no commit there"


def test_a_checkout_of_somebody_else_is_read(tmp_path: Path) -> None:
    """Git refuses those by itself; here it runs nothing of theirs."""
    pack = checkout(tmp_path / "pack")
    if os.geteuid() == 0:
        os.chown(pack / ".git", 65534, 65534)
    assert len(read_commit(pack)) == 40


def test_a_commit_that_holds_what_is_kept_back_is_not_told(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    assert load(pack).commit == git(pack, "rev-parse", "HEAD")
    make_pack(pack, numbered(2))
    assert load(pack, as_of=date(2001, 12, 31)).commit == ""
