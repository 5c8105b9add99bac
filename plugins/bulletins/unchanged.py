"""Whether anything has changed since the last build: found out before anything is loaded.

All that a build depends on is read again and compared by digest: the pack, the profile, tracker
data, texts, templates, settings, this code; the environment, the installed libraries, Python, the
programs of GnuPG, and the day. The files of the site must be untouched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from sysconfig import get_path
from typing import Any, Final

from bulletins.reuse import kept_beside, last_build, write_kept

_FORMAT: Final = 1
_STATE: Final = "inputs.json"

#: Variables that differ from call to call and that nothing depends on.
_VOLATILE: Final = {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM"}
_OF_MAKE: Final = ("MAKE", "MFLAGS")


def what_was_said(site: Path, settings_file: str) -> str | None:
    """What the last build of a site said of it, if another would make and say the same."""
    try:
        state = json.loads((kept_beside(site) / _STATE).read_bytes())
        if state["format"] != _FORMAT or state["settings"] != settings_file:
            return None
        sources = [Path(path) for path in state["sources"]]
        same = inputs_digest(sources) == state["inputs"] and last_build(site).is_untouched()
        return str(state["said"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(site: Path, settings_file: str, settings: Any, inputs: str, said: str) -> None:
    """Remember what a build was made of, and what it said."""
    sources = [str(path) for path in sources_of(settings_file, settings)]
    state = {"settings": settings_file, "sources": sources, "inputs": inputs, "said": said}
    write_kept(site, _STATE, json.dumps({"format": _FORMAT} | state))


def sources_of(settings_file: str, settings: Any) -> list[Path]:
    """The files and folders of which a site is made."""
    names = ("SECPACK", "PROFILE_FILE", "XSA_FILE", "XSA_JSON_FILE", "THEME", "PATH")
    given = [Path(settings[name]).absolute() for name in names if settings.get(name)]
    beside = Path(settings_file).absolute().parent.glob("*.py")
    return [*given, *sorted(beside), Path(__file__).parents[1]]


def inputs_digest(sources: Sequence[Path]) -> str:
    """A digest of all that a build depends on (hexadecimal)."""
    found = hashlib.sha256()
    for source in sources:
        for path, data in _files(source):
            found.update(f"{path}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    found.update(repr(_surroundings()).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """All files of a source, in order; of a git checkout what tells its commit."""
    if not source.is_dir():
        yield str(source), source.read_bytes() if source.exists() else b"missing"
        return
    for folder, inner, names in os.walk(source):
        inner[:] = sorted(name for name in inner if name not in (".git", "__pycache__"))
        for name in sorted(names):
            path = Path(folder, name)
            link = os.fsencode(path.readlink()) if path.is_symlink() else b""
            yield str(path), link + (path.read_bytes() if path.is_file() else b"no file")
    git = source / ".git"
    if git.is_dir():
        heads = (git / "refs").rglob("*")
        for path in (git / "HEAD", git / "packed-refs", *sorted(heads)):
            yield str(path), path.read_bytes() if path.is_file() else b""


def _surroundings() -> list[object]:
    variables = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name not in _VOLATILE and not name.startswith(_OF_MAKE)
    )
    libraries = sorted(path.name for path in Path(get_path("purelib")).glob("*.dist-info"))
    programs = [shutil.which(name) for name in ("gpgv", "gpg")]
    stamps = [(p, Path(p).stat().st_mtime_ns, Path(p).stat().st_size) for p in programs if p]
    return [variables, str(Path.cwd()), libraries, sys.version, stamps, datetime.now(UTC).date()]
