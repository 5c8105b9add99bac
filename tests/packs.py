"""Small packs for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from secpack import load, load_profile
from secpack.model.archive import Archive

#: Contents of files by their paths.
Files: TypeAlias = dict[str, str | bytes]

BULLETIN = """\
---===[ Quern Security Bulletin {number:03d} ]===---

{date}

{title}

Summary
--------

{body}

--
The Quern Security Team
"""

CANARY = """\
---===[ Quern Canary {number:03d} ]===---

Statements
-----------

1. The date of issue of this canary is {date}.

2. We have published {count} Quern Security Bulletins so far.

3. The next canary is due in the first week of {due}.
"""

#: What a canary with the default date can end with.
PROOF = """
Proof of freshness
-------------------

Mon, 02 Mar 2020 09:41:03 +0000
"""


@cache
def demo_archive() -> Archive:
    """That of the demo pack, without the tracker; nothing is verified."""
    content = Path(__file__).parents[1] / "content"
    return load(content / "secpack", profile=load_profile(content / "demo.toml"))


def bulletin(number: int, *, date: str = "", title: str = "A title", body: str = "Words.") -> str:
    """A bulletin's text; dated in the year 2000 + number unless told otherwise."""
    date = date or f"{2000 + number}-03-04"
    return BULLETIN.format(
        number=number, date=date, title=f"   {title}" if title else "", body=body
    )


def canary(
    number: int, *, date: str = "March 4, 2020", count: int = 1, due: str = "June 2020"
) -> str:
    """A canary's text."""
    return CANARY.format(number=number, date=date, count=count, due=due)


def make_pack(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, by their path below the pack, and return the pack's folder."""
    for folder in ("QSBs", "canaries"):  # profiles name them
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def numbered(*numbers: int) -> Files:
    """Files of plain bulletins with these numbers."""
    return {f"QSBs/qsb-{n:03d}-{2000 + n}.txt": bulletin(n) for n in numbers}


def git(folder: Path, *arguments: str, data: str = "") -> str:
    """Run git in a folder, with data as its input; return what it prints."""
    settings = ("user.name=Q", "user.email=q@example.org", "maintenance.auto=false")
    command = ["git", *(word for each in settings for word in ("-c", each)), *arguments]
    done = subprocess.run(
        command, cwd=folder, input=data, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def new_repository(pack: Path) -> Path:
    """Make a pack a git checkout, without a commit."""
    git(pack, "init", "--quiet", "--initial-branch", "main", "--template=")
    return pack


def commit(pack: Path, message: str = "A commit") -> str:
    """Commit all files; return the name of the commit."""
    git(pack, "add", "--all", ".")
    how = ("-c", "core.abbrev=40", "commit", "--allow-empty", "--message", message)
    return git(pack, *how).partition("]")[0].rpartition(" ")[2]
