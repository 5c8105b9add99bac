"""The commit of a git checkout, and the first commit with each signature.

The repository of a pack may be hostile. git reads only the repository's own configuration, which
runs no program for this command, and has a time limit. The commit of a repository that uses files
outside the pack is not stated: it could be another's.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from secpack.model.archive import File
from secpack.model.findings import Finding, Severity
from secpack.programs import LimitError, Program, Result, find_program, run

_COMMIT: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\n")
_LOGGED: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9]{1,10})")
_PATIENCE: Final = 10  # seconds

#: Files with which a repository uses refs or objects of another.
_ELSEWHERE: Final = ("commondir", "objects/info/alternates", "objects/info/http-alternates")

#: git reads the pack whoever owns it, and neither runs a program nor fetches anything.
_SETTINGS: Final = ("safe.directory=*", "core.fsmonitor=false", f"core.hooksPath={os.devnull}")
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def checked_out(root: Path) -> tuple[str, tuple[Finding, ...]]:
    """Return the commit of HEAD, or the reason why a checkout's commit is not stated.

    Raises ProgramMissingError when there is a checkout and git is missing.
    """
    folder = root / ".git"
    if not os.path.lexists(folder):
        return "", ()
    git = find_program("git")
    try:
        reason = _objection(folder)
        if not reason:
            done = _run(git, folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
            if done.status == 0 and (match := _COMMIT.fullmatch(done.output)):
                return match[1].decode(), ()
            reason = "git finds no commit there"
    except (LimitError, OSError) as error:
        reason = str(error)
    message = f"the commit of this checkout is not stated: {reason}"
    return "", (Finding(".git", 0, "no-commit", message, Severity.WARNING),)


def first_commits(root: Path, files: Iterable[File]) -> dict[str, tuple[str, datetime]]:
    """The first commit with the exact bytes of each file, and its date in UTC, by path.

    Dates of commits are their makers' word. Nothing is known of files that are not in the history,
    of a shallow history, or of one that takes git too long.
    """
    folder = root / ".git"
    if not folder.exists() or _objection(folder) or (folder / "shallow").exists():
        return {}
    form = ["--format=%H %ct", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AM"]
    try:
        done = _run(find_program("git"), folder, "log", *form, "--no-show-signature", "HEAD")
    except LimitError:
        return {}
    commits: dict[bytes, tuple[str, datetime]] = {}
    commit = ("", datetime.max.replace(tzinfo=UTC))
    for line in done.output.split(b"\n"):  # from the newest to the oldest
        if match := _LOGGED.fullmatch(line):
            commit = match[1].decode(), datetime.fromtimestamp(int(match[2]), UTC)
        elif line.startswith(b":"):
            commits[line.split(b" ", 4)[3]] = commit
    names = {file.path: _blob(file.data, len(commit[0])) for file in files}
    return {path: commits[name] for path, name in names.items() if name in commits}


def _run(git: Program, folder: Path, *command: str) -> Result:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    arguments = [*settings, "--git-dir", str(folder), *command]
    return run(git, arguments, seconds=_PATIENCE, environment=_ENVIRONMENT)


def _blob(data: bytes, length: int) -> bytes:
    """The name of a file's bytes in a repository whose names have this length."""
    make = hashlib.sha256 if length == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return make(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()


def _objection(folder: Path) -> str:
    """Why git must not read a repository: a part of it is elsewhere, or no file or folder."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        return "its repository is elsewhere"
    for path in (*folder.iterdir(), *_below(folder / "refs"), *_below(folder / "objects")):
        mode = path.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            return f"{path.relative_to(folder.parent)} is neither a file nor a folder"
    return "its repository is elsewhere" if any((folder / n).exists() for n in _ELSEWHERE) else ""


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))
