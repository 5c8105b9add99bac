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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sysconfig import get_path
from typing import Any, Final

from bulletins.reuse import last_build, read_kept, remembered, write_kept

_FORMAT: Final = 2
_STATE: Final = "inputs.json"

#: Variables that differ from call to call and that nothing depends on.
_VOLATILE: Final = {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM", "WATCHFILES_CHANGES"}

#: Settings that name folders.
_FOLDERS: Final = ("THEME_TEMPLATES_OVERRIDES", "PLUGIN_PATHS")
_IN_PATH: Final = ("PAGE_PATHS", "STATIC_PATHS")

_CODE: Final = Path(__file__).parents[1]
_OF_MAKE: Final = ("MAKE", "MFLAGS")


def what_was_said(site: Path, settings_file: str) -> str | None:
    """What the last build of a site said of it, if another would make and say the same."""
    try:
        state = json.loads(read_kept(site, _STATE))
        if state["format"] != _FORMAT or state["settings"] != settings_file:
            return None
        if state["site"] != remembered(site):  # it was replaced, and what of was not noted
            return None
        same = (
            inputs_digest(state["sources"]) == state["inputs"] and last_build(site).is_untouched()
        )
        return str(state["said"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a build is made of: the settings' file, sources, and their digest."""

    settings: str
    sources: Mapping[str, bool]
    digest: str


def inputs_of(settings_file: str, settings: Any) -> Inputs:
    """What a build is about to be made of."""
    sources = sources_of(settings_file, settings)
    return Inputs(settings_file, sources, inputs_digest(sources))


def note(site: Path, remembered_as: str, inputs: Inputs, said: str) -> None:
    """Note what a site was made of, and what its build said.

    ``remembered_as`` is the digest that ``remember`` gave. Nothing is noted of a build that has
    loaded code which is not among the sources.
    """
    if set(map(str, other_code())) <= inputs.sources.keys():
        state = {"settings": inputs.settings, "sources": inputs.sources, "inputs": inputs.digest}
        more = {"format": _FORMAT, "site": remembered_as, "said": said}
        write_kept(site, _STATE, json.dumps(state | more))


def sources_of(settings_file: str, settings: Any) -> dict[str, bool]:
    """The files and folders of which a site is made; of folders, whether links are followed.

    They are not in a pack, where only links to what is in it mean anything.
    """
    names = ("SECPACK", "PATH", "PROFILE_FILE", "XSA_FILE", "XSA_JSON_FILE")
    given = [Path(settings[name]) for name in names if settings.get(name)]
    if settings.get("SECPACK"):
        git = Path(settings["SECPACK"], ".git")
        given += [git / "HEAD", git / "packed-refs", git / "refs"]
    given += [*sorted(Path(settings_file).absolute().parent.glob("*.py")), *other_code()]
    folders = [Path(settings["THEME"]), _CODE]
    folders += [Path(path) for name in _FOLDERS for path in settings[name]]
    folders += [Path(settings["PATH"], path) for name in _IN_PATH for path in settings[name]]
    is_followed = {str(path.absolute()): False for path in given}
    return is_followed | {str(path.absolute()): True for path in folders}


def other_code() -> list[Path]:
    """The files of all code that was loaded, but ours, Python's own, and that of its libraries.

    That is the settings and what they load, and other plugins.
    """
    known = [Path(get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    loaded = {getattr(module, "__file__", None) for module in tuple(sys.modules.values())}
    files = sorted(Path(file).absolute() for file in loaded if file)
    return [f for f in files if not any(f.is_relative_to(k) for k in (*known, _CODE))]


def inputs_digest(sources: Mapping[str, bool]) -> str:
    """A digest of all that a build depends on (hexadecimal)."""
    found = hashlib.sha256()
    for source, follow in sources.items():
        for path, is_like in files(Path(source), follow=follow):
            found.update(f"{path}\0{is_like}\0".encode("utf-8", "surrogateescape"))
    found.update(repr(_surroundings()).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def files(source: Path, *, follow: bool) -> Iterator[tuple[str, str]]:
    """All files of a source, in order, and what they are like; also where links lead.

    Where those to folders are followed, what is there twice is read once.
    """
    if not source.is_dir():
        yield str(source), _like(source)
        return
    seen: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(source, followlinks=follow):
        found = Path(folder).stat()
        if (found.st_dev, found.st_ino) in seen:
            inner.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        inner[:] = sorted(name for name in inner if name not in (".git", "__pycache__"))
        linked = [name for name in inner if Path(folder, name).is_symlink()]
        for name in (*linked, *sorted(names)):
            path = Path(folder, name)
            link = str(path.readlink()) if path.is_symlink() else ""
            yield str(path), f"{link}\0{_like(path)}"


def _like(path: Path) -> str:
    """A digest of a file; for what is none, or cannot be read, a word."""
    if not path.is_file():
        return "no file"
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _surroundings() -> list[object]:
    variables = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name not in _VOLATILE and not name.startswith(_OF_MAKE)
    )
    programs = [shutil.which(name) for name in ("gpgv", "gpg")]
    stamps = [(p, Path(p).stat().st_mtime_ns, Path(p).stat().st_size) for p in programs if p]
    return [variables, str(Path.cwd()), libraries(), stamps, datetime.now(UTC).date()]


def libraries() -> list[object]:
    """Python, and what is installed, and when that was: a file changed in place is not seen."""
    installed = sorted(Path(get_path("purelib")).glob("*.dist-info/RECORD"))
    return [sys.version, *((path.parent.name, path.stat().st_mtime_ns) for path in installed)]
