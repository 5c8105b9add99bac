"""Which commit of a git checkout is checked out: read from its files, for git runs hooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF: Final = re.compile(r"ref: (refs/[A-Za-z0-9][\w./-]{0,200})", re.ASCII)
_MOST: Final = 1024 * 1024


def read_commit(root: Path) -> str:
    """The commit that HEAD names, in hexadecimal; empty where there is none, or no checkout."""
    folder = _git_folder(root)
    head = _read(folder / "HEAD").strip()
    ref = _ref(head)
    if not ref:
        return head if _COMMIT.fullmatch(head) else ""
    common = _common(folder)
    for place in (folder, common):
        found = _read(place / ref).strip()
        if _COMMIT.fullmatch(found):
            return found
    return _packed(_read(common / "packed-refs"), ref)


def commit_files(root: Path) -> list[Path]:
    """The files that decide which commit ``read_commit`` finds, there or not."""
    folder = _git_folder(root)
    common = _common(folder)
    ref = _ref(_read(folder / "HEAD").strip())
    refs = [folder / ref, common / ref] if ref else []
    return [folder / "HEAD", folder / "commondir", *refs, common / "packed-refs"]


def _ref(head: str) -> str:
    match = _REF.fullmatch(head)
    return match[1] if match and ".." not in match[1] else ""


def _common(folder: Path) -> Path:
    """Where all worktrees of a repository have in common what is not here."""
    return folder / (_read(folder / "commondir").strip() or ".")


def _git_folder(root: Path) -> Path:
    """``.git``; in another worktree, or a submodule, that is a file which names the folder."""
    place = root / ".git"
    pointer = _read(place) if place.is_file() else ""
    return root / pointer.removeprefix("gitdir: ").strip() if pointer else place


def _packed(refs: str, name: str) -> str:
    for line in refs.splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _read(path: Path) -> str:
    """A small file's text; empty where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
