"""``python -m tools.reproducible``: builds in two environments, and compares."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bulletins.build.finish import digests
from secpack.mirror import differing

_HERE: Final = Path.cwd()

#: Folders that are not copied with a checkout.
_NOT_SOURCES: Final = {".git", ".venv", "output", "public", "public.versions", "__pycache__"}

#: The variables that name a site's sources, and those of them that are paths.
_PATHS: Final = ("SECPACK", "XSA", "XSA_JSON", "PROFILE")

# Folders list their files in reverse order, and there is one processor.
_MACHINE: Final = """
import os
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
_listdir, _scandir = os.listdir, os.scandir
class _Entries(list):
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def __iter__(self):
        while self: yield self.pop()
    def __next__(self):
        if not self: raise StopIteration
        return self.pop()
    def close(self): pass
def listdir(*a): return sorted(_listdir(*a), reverse=True)
def scandir(*a):
    with _scandir(*a) as entries: return _Entries(sorted(entries, key=lambda e: e.name))
os.listdir, os.scandir = listdir, scandir
"""


def main() -> int:
    """Build here and in a different environment; compare. Return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name).resolve()
        given = {key: str(Path(os.environ[key]).resolve()) for key in _PATHS if os.environ.get(key)}
        here, there = {**os.environ, **given}, _elsewhere(work, given)
        site = _build(_HERE, work / "here", here, umask=0o022)
        other = _build(Path(there["CHECKOUT"]), work / "there" / "site", there, umask=0o077)
        wrong = differing(state(site), state(other))
        if wrong:
            print(f"NOT reproducible: {len(wrong)} files differ: {', '.join(wrong[:20])}")
            return 1
        files = digests(site)
        print(f"reproducible: {len(files)} files, identical byte for byte")
        print(f"SHA256SUMS: {files['SHA256SUMS']}")
    return 0


def _elsewhere(work: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Copy everything to other paths, in another order; return the environment for that build."""
    home = work / "home with spaces"
    for folder in (home, work / "order"):
        folder.mkdir()
    (work / "order" / "sitecustomize.py").write_text(_MACHINE)
    checkout = work / "there" / "checkout"
    _copy(_HERE, checkout, _NOT_SOURCES)
    paths = {}
    for key, path in given.items():
        paths[key] = str(work / f"copy-of-{key.lower()}" / Path(path).name)
        _copy(Path(path), Path(paths[key]), set())
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    return {
        **kept,
        **paths,
        "CHECKOUT": str(checkout),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home),
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "tr",
        "PYTHONHASHSEED": "4711",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{work / 'order'}{os.pathsep}{checkout / 'plugins'}",
    }


def _copy(source: Path, target: Path, without: set[str]) -> None:
    """Copy files or a folder, in reverse order of names."""
    if source.is_symlink() or source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target, follow_symlinks=False)
        return
    target.mkdir(parents=True)
    for path in sorted(source.iterdir(), reverse=True):
        if path.name not in without:
            _copy(path, target / path.name, without)


def _build(checkout: Path, target: Path, surroundings: Mapping[str, str], *, umask: int) -> Path:
    """Build as for publication. Raises CalledProcessError when that fails."""
    command: Sequence[str] = (sys.executable, "-m", "bulletins.build", "-s", "publishconf.py")
    environment = {**surroundings, "OUTPUT": str(target)}
    # Errors of the build are shown, but not its summary.
    subprocess.run(  # noqa: S603 - our own command
        command, cwd=checkout, env=environment, umask=umask, check=True, stdout=subprocess.DEVNULL
    )
    return target


def state(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Digest, permissions and time of each file of a site; builds must agree on all three."""
    found = {}
    for path, digest in digests(folder).items():
        stat = (folder / path).stat()
        found[path] = (digest, stat.st_mode, int(stat.st_mtime))
    return found


if __name__ == "__main__":
    sys.exit(main())
