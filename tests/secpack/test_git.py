"""The commit of a checkout, as git itself names it."""

from __future__ import annotations

import hashlib
import os
import re
import time
from datetime import date
from pathlib import Path

import pytest

from secpack import load
from secpack.history.git import HistoryError, Log, checked_out, read_log, write_tree
from secpack.parser.lines import MAX_BYTES
from tests.packs import bulletin, commit, git, make_pack, new_repository, numbered
from tests.processes import script


def read_commit(pack: Path) -> str:
    """The commit of a checkout that nothing is odd about."""
    (built,) = checked_out(pack)
    return built.id


def checkout(folder: Path) -> Path:
    commit(new_repository(make_pack(folder, numbered(1))), "One")
    return folder


def test_a_branch_a_packed_one_and_none(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    head = git(pack, "rev-parse", "HEAD")
    assert len(head) == 40
    assert read_commit(pack) == head
    git(pack, "pack-refs", "--all")
    assert not (pack / ".git/refs/heads/main").exists()
    assert read_commit(pack) == head
    git(pack, "checkout", "--quiet", "--detach")
    assert read_commit(pack) == head


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
    with pytest.raises(HistoryError) as error:
        checked_out(pack)
    return str(error.value)


def test_a_repository_elsewhere_is_not_asked(tmp_path: Path) -> None:
    """Its commit would be published as that of this pack."""
    pack = checkout(tmp_path / "pack")
    git(pack, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    stolen = make_pack(tmp_path / "stolen", numbered(1))
    for name in (f"{tmp_path}/other/.git", f"{pack}/.git/worktrees/none", "\0", f"{pack}/.git"):
        line = Path(name).read_text() if name.endswith("other/.git") else f"gitdir: {name}\n"
        (stolen / ".git").write_text(line)
        assert no_commit(stolen) == "its repository is elsewhere; clone the pack itself"
    linked = make_pack(tmp_path / "linked", numbered(1))
    (linked / ".git").symlink_to(pack / ".git")
    assert no_commit(linked) == "its repository is elsewhere; clone the pack itself"
    common = make_pack(tmp_path / "common", numbered(1))
    (common / ".git").mkdir()
    (common / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (common / ".git/commondir").write_text("../../pack/.git\n")
    assert no_commit(common) == "its repository is elsewhere; clone the pack itself"
    (pack / ".git/objects/info/alternates").write_text(str(tmp_path / "third"))
    assert no_commit(pack) == "its repository is elsewhere; clone the pack itself"
    archive = load(common)
    assert archive.commit == ""
    assert [f.code for f in archive.findings if f.file == ".git"] == ["no-commit"]


@pytest.mark.parametrize("relative", [False, True])
def test_a_worktree_that_its_repository_names(tmp_path: Path, relative: bool) -> None:
    pack, other = checkout(tmp_path / "pack"), tmp_path / "other"
    git(pack, "worktree", "add", "--quiet", "-b", "other", str(other))
    if relative:  # as git 2.48 writes them
        (other / ".git").write_text("gitdir: ../pack/.git/worktrees/other\n")
        (pack / ".git/worktrees/other/gitdir").write_text("../../../../other/.git\n")
    (other / "QSBs/qsb-001-2001.txt").write_text("other")
    git(other, "commit", "--quiet", "--all", "--message", "Two")
    assert read_commit(other) == git(other, "rev-parse", "HEAD") != read_commit(pack)
    assert len(log_of(other).commits) == 2
    write_tree(other, "HEAD~1", tmp_path / "tree")
    assert text_of(tmp_path / "tree") == text_of(pack)
    (pack / ".git/shallow").touch()
    assert unavailable(other).startswith("the clone is shallow")


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


@pytest.mark.slow
def test_git_that_waits_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = checkout(tmp_path / "pack")
    os.mkfifo(tmp_path / "pipe")
    git(pack, "config", "include.path", str(tmp_path / "pipe"))
    monkeypatch.setattr("secpack.history.git._PATIENCE", 1)
    assert no_commit(pack) == "git did not finish within 1 seconds"


def test_a_repository_runs_nothing(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    lines = "cat >/dev/null\necho '-----BEGIN PGP SIGNATURE-----'\n"
    signer = script(tmp_path / "signer", f"{lines}printf '\\n[GNUPG:] SIG_CREATED \\n' >&2")
    signing = ("-c", f"gpg.program={signer}", "commit", "--quiet", "--gpg-sign=X", "--amend")
    git(pack, *signing, "--message", "Signed")
    head = git(pack, "rev-parse", "HEAD")
    trap = script(tmp_path / "trap", f"touch {tmp_path}/sprung")
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "alias.rev-parse",
    ):
        git(pack, "config", name, f"!{trap}" if name.startswith("alias") else str(trap))
    git(pack, "config", "core.hooksPath", str(tmp_path))
    assert read_commit(pack) == head
    git(pack, "config", "log.showSignature", "true")
    git(pack, "config", "gpg.program", str(trap))
    assert came(pack, text_of(pack)) == [head]
    # A partial clone would ask its origin for a commit that is missing, by a command of its own.
    git(pack, "config", "extensions.partialClone", "origin")
    git(pack, "config", "remote.origin.promisor", "true")
    git(pack, "config", "remote.origin.url", f"ext::{trap}")
    (pack / ".git/refs/heads/main").write_text("1" * 40 + "\n")
    assert no_commit(pack) == "git finds no commit there"
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_checkout_has_none(tmp_path: Path) -> None:
    assert checked_out(tmp_path) == ()
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


# --- hostile history --------------------------------------------------------------------------


def test_what_a_repository_says_besides_its_commits_changes_nothing(tmp_path: Path) -> None:
    """Other branches, reflogs, replaced commits, grafts and settings: none of them is history."""
    pack = checkout(tmp_path / "pack")
    (pack / "QSBs/qsb-001-2001.txt").write_bytes(b"Other words.")
    git(pack, "commit", "--quiet", "--all", "--message", "Two")
    git(tmp_path, "clone", "--quiet", f"file://{pack}", "other")
    first, expected, other = git(pack, "rev-parse", "HEAD^"), log_of(pack), tmp_path / "other"
    git(other, "checkout", "--quiet", "-b", "side")
    make_pack(other, numbered(2))
    side = commit(other)
    git(other, "checkout", "--quiet", "main")
    git(other, "replace", "HEAD", side)
    (other / ".git/info/grafts").write_text(f"{side}\n{git(pack, 'rev-parse', 'HEAD')}\n")
    for name, value in {
        "log.showRoot": "false",
        "log.diffMerges": "off",
        "log.date": "relative",
        "log.decorate": "full",
        "log.follow": "true",
        "format.pretty": "fuller",
        "diff.renames": "copies",
        "diff.relative": "true",
        "diff.noprefix": "true",
        "diff.orderFile": "/dev/null",
        "diff.external": "false",
        "core.abbrev": "4",
        "core.quotePath": "true",
        "color.ui": "always",
        "notes.displayRef": "refs/*",
        "i18n.logOutputEncoding": "UTF-16",
    }.items():
        git(other, "config", name, value)
    assert log_of(other) == expected
    assert [each.name for each in expected.commits] == [first, git(pack, "rev-parse", "HEAD")]


def test_files_of_merges_are_known(tmp_path: Path) -> None:
    """Also those that only the merge itself has, and those that its result does not have."""
    pack = checkout(tmp_path / "pack")
    git(pack, "checkout", "--quiet", "-b", "side")
    make_pack(pack, numbered(2))
    commit(pack)
    git(pack, "checkout", "--quiet", "main")
    git(pack, "merge", "--quiet", "--no-commit", "--no-ff", "--strategy=ours", "side")
    (pack / "QSBs/qsb-001-2001.txt").write_bytes(b"Of the merge.")
    git(pack, "commit", "--quiet", "--all", "--message", "Merge")
    assert came(pack, b"Of the merge.")[0] == git(pack, "rev-parse", "HEAD")
    assert came(pack, bulletin(2).encode())[0] == git(pack, "rev-parse", "side")


def promised(pack: Path, trap: Path) -> None:
    """A partial clone that would get what is missing by running a command."""
    blob = git(pack, "rev-parse", "HEAD:QSBs/qsb-001-2001.txt")
    (pack / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.partialCloneFilter": "blob:none",
        "remote.origin.url": f"ext::{trap}",
        "remote.origin.uploadpack": str(trap),
        "protocol.ext.allow": "always",
    }.items():
        git(pack, "config", name, value)


def test_a_promise_is_not_asked_for(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    trap = script(tmp_path / "trap", f"touch {tmp_path}/sprung")
    promised(pack, trap)
    again = "the repository is incomplete; clone the pack again"
    reasons = (again, "git finds no commit there")
    assert unavailable(pack) in reasons
    git(pack, "config", "remote.origin.url", str(tmp_path / "elsewhere"))
    assert unavailable(pack) in reasons
    assert not (tmp_path / "sprung").exists()


def test_a_damaged_blob_is_noticed(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    objects = pack / ".git/objects"
    text = git(pack, "rev-parse", "HEAD:QSBs/qsb-001-2001.txt")
    (pack / "other").write_bytes(text_of(pack).replace(b"W", b"X"))
    other = git(pack, "hash-object", "-w", "other")
    (objects / text[:2] / text[2:]).unlink()
    (objects / other[:2] / other[2:]).rename(objects / text[:2] / text[2:])
    damaged = f"the blob {text} is damaged"
    loose = f".git/objects/{text[:2]}/{text[2:]} is damaged: clone the pack again"
    assert unavailable(pack) in (damaged, loose)


@pytest.mark.parametrize("kind", ["pack", "idx"])
def test_a_damaged_pack_of_objects_is_named(tmp_path: Path, kind: str) -> None:
    pack = checkout(tmp_path / "pack")
    git(pack, "gc", "--quiet")
    (file,) = (pack / ".git/objects/pack").glob(f"*.{kind}")
    data = bytearray(file.read_bytes())
    file.chmod(0o644)
    file.write_bytes(bytes(byte ^ 0x55 for byte in data[:12]) + b"x" * 100)
    expected = rf"\.git/objects/pack/{file.stem}\.(pack|idx) is damaged: clone the pack again"
    assert re.fullmatch(expected, unavailable(pack))
    assert re.fullmatch(expected, no_commit(pack))


def test_large_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = checkout(tmp_path / "pack")
    (pack / "QSBs/qsb-002-2002.txt").write_bytes(b"x" * (MAX_BYTES + 1))
    commit(pack)
    assert [file.data for file in log_of(pack).files] == [text_of(pack)]
    monkeypatch.setattr("secpack.history.git._MOST_BYTES", 10)
    assert unavailable(pack) == "its history has too many texts and signatures, or too large ones"


def imported(pack: Path, stream: str) -> Path:
    git(new_repository(make_pack(pack, {})), "fast-import", "--quiet", data=stream)
    return pack


@pytest.mark.parametrize(
    ("count", "most", "why"),
    [
        (20, 10, "20 commits; expected at most 10"),
        pytest.param(1_000_000, 200_000, "git ", marks=pytest.mark.slow),
    ],
)
def test_many_commits_are_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, most: int, why: str
) -> None:
    """Git takes no longer than it may, and prints no more."""
    monkeypatch.setattr("secpack.history.git._MOST_COMMITS", most)
    author = "committer Q <q@example.org> 1577934245 +0000\ndata 0\n\n"
    pack = imported(tmp_path / "pack", f"commit refs/heads/main\n{author}" * count)
    started = time.monotonic()
    assert unavailable(pack).startswith(why)
    assert time.monotonic() - started < 25


def test_dates_and_names_are_hostile(tmp_path: Path) -> None:
    text = "data 1\nx\n"
    names = ('"QSBs/a\\nb"', '"QSBs/:100644 "', '"QSBs/\\377"', "QSBs/b", '"QSBs/\\"')
    stream = ""
    for n, name in enumerate(names[:-1]):
        date = (0, 2**31, 2**33, 99999999999)[n]
        stream += f"commit refs/heads/main\ncommitter Q <q@example.org> {date} +0000\n"
        stream += "encoding UTF-16\n" * (n == 1) + "data 0\n\n"  # then git finds no date
        stream += f"M 100644 inline {name}\n{text}M 120000 inline QSBs/link{n}\n{text}"
    log = log_of(imported(tmp_path / "pack", stream))
    assert len(log.commits) == 4
    assert {file.path for file in log.files} <= {"QSBs/:100644 ", "QSBs/b", "QSBs/\ufffd"}
    assert all(each.date.year <= 2106 for each in log.commits)


def test_a_hostile_tree_is_written_only_below_its_folder(tmp_path: Path) -> None:
    pack = checkout(tmp_path / "pack")
    blob = git(pack, "hash-object", "-w", "QSBs/qsb-001-2001.txt")
    entries = [f"100644 blob {blob}\t{name}" for name in ("..", ".", "a\nb", "good")]
    for mode, names in (("120000", ("link", "good")), ("100755", ("program",))):
        entries += [f"{mode} blob {blob}\t{name}" for name in names]
    tree = git(pack, "mktree", "-z", data="\0".join(entries) + "\0")
    for _ in range(2):
        folders = f"040000 tree {tree}\t..\n040000 tree {tree}\tfolder\n"
        tree = git(pack, "mktree", data=folders)
    (tmp_path / "deep/er").mkdir(parents=True)
    name = git(pack, "commit-tree", "-m", "Hostile", tree)
    write_tree(pack, name, tmp_path / "deep/er")
    written = {p for p in (tmp_path / "deep").rglob("*") if not p.is_dir()}
    assert {str(p.relative_to(tmp_path / "deep/er")) for p in written} == {
        "folder/folder/good",
        "folder/folder/program",
    }
