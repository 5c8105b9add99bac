"""Which commit of a git checkout is checked out, as git says.

A pack's repository is hostile, too: git gets no configuration but the repository's own, which for
this question runs nothing, and a time limit. A repository that reaches out of the pack is not
asked: its commit would be another's.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from secpack.errors import SecpackError
from secpack.model.findings import Finding, Severity
from secpack.programs import LimitError, find_program, run

_COMMIT: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\n")
_PATIENCE: Final = 10  # seconds

#: Files by which a repository has refs or objects of another.
_ELSEWHERE: Final = ("commondir", "objects/info/alternates", "objects/info/http-alternates")

#: Whoever the pack belongs to, git reads it; it runs nothing, and fetches nothing.
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
    """The commit of HEAD, and why a checkout's commit is not stated.

    Raises ProgramMissingError when there is a checkout and no git.
    """
    folder = root / ".git"
    if not os.path.lexists(folder):
        return "", ()
    git = find_program("git")
    try:
        _check_own(folder)
        command = ["--git-dir", str(folder), "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
        done = run(git, command, seconds=_PATIENCE, environment=_ENVIRONMENT)
    except (_NotOwnError, LimitError, OSError) as error:
        return "", (_finding(str(error)),)
    match = _COMMIT.fullmatch(done.output)
    if done.status or not match:
        return "", (_finding("git finds no commit there"),)
    return match[1].decode(), ()


def _finding(reason: str) -> Finding:
    message = f"the commit of this checkout is not stated: {reason}"
    return Finding(".git", 0, "no-commit", message, Severity.WARNING)


class _NotOwnError(SecpackError):
    """A repository that is not wholly inside its pack."""


def _check_own(folder: Path) -> None:
    """Refuse a repository of which something lies elsewhere, or is neither file nor folder."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise _NotOwnError("its repository is elsewhere")
    for path in (*folder.iterdir(), *_below(folder / "refs"), *_below(folder / "objects")):
        mode = path.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise _NotOwnError(f"{path.relative_to(folder.parent)} is neither a file nor a folder")
    if any((folder / name).exists() for name in _ELSEWHERE):
        raise _NotOwnError("its repository is elsewhere")


def _below(folder: Path) -> Iterator[Path]:
    for below, folders, files in os.walk(folder):
        yield from (Path(below, name) for name in (*folders, *files))
