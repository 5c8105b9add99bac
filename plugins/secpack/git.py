"""The commit of a git checkout, by ``git rev-parse``.

The repository of a pack may be hostile. git reads only the repository's own configuration, which
runs no program for this command, and has a time limit. The commit of a repository that uses files
outside the pack is not stated: it could be another's.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from secpack.model.findings import Finding, Severity
from secpack.programs import LimitError, find_program, run

_COMMIT: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\n")
_PATIENCE: Final = 10  # seconds

#: Files with which a repository uses refs or objects of another.
_ELSEWHERE: Final = ("commondir", "objects/info/alternates", "objects/info/http-alternates")

#: git reads the pack whoever owns it, and neither runs a program nor fetches anything.
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
    "GIT_CONFIG_KEY_2": "core.hooksPath",
    "GIT_CONFIG_VALUE_2": os.devnull,
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
    command = ["--git-dir", str(folder), "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
    try:
        reason = _objection(folder)
        if not reason:
            done = run(git, command, seconds=_PATIENCE, environment=_ENVIRONMENT)
            if done.status == 0 and (match := _COMMIT.fullmatch(done.output)):
                return match[1].decode(), ()
            reason = "git finds no commit there"
    except (LimitError, OSError) as error:
        reason = str(error)
    message = f"the commit of this checkout is not stated: {reason}"
    return "", (Finding(".git", 0, "no-commit", message, Severity.WARNING),)


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
