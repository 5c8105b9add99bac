"""Whether anything has changed since the last build, decided before anything is loaded.

This reads again everything that a build depends on, and compares digests: the pack and its commit,
the profile, tracker data, texts, templates, settings, this code; the environment, the installed
libraries, Python, GnuPG's programs, and the day. Nobody may have touched the site's files. The
state of the last build is in this user's cache folder, where no checkout can put it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from errno import EFBIG, EINVAL
from pathlib import Path
from sysconfig import get_path
from typing import Any, Final

from bulletins.build.checksums import paths
from secpack.cache import cache_folder, read_json, write_json
from secpack.errors import SecpackError
from secpack.files import read_file
from secpack.history.git import checked_out

_FORMAT: Final = 3

#: How many sites are remembered.
_MOST_SITES: Final = 20

#: The most bytes of a file that is compared.
_MOST_BYTES: Final = 64 * 1024 * 1024

#: Variables that change from call to call without any effect.
_VOLATILE: Final = {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM", "WATCHFILES_CHANGES"}

#: Settings that name folders.
_FOLDERS: Final = ("THEME_TEMPLATES_OVERRIDES", "PLUGIN_PATHS")
_IN_PATH: Final = ("PAGE_PATHS", "STATIC_PATHS")

_CODE: Final = Path(__file__).parents[2]
_OF_MAKE: Final = ("MAKE", "MFLAGS")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a build: the settings file, the pack, all sources, and their digest.

    ``sources`` are files and folders, each with whether links in it are followed; in a pack they
    are not. ``digest`` is hexadecimal.
    """

    settings: str
    pack: str
    sources: Mapping[str, bool]
    digest: str


def last_report(site: Path, settings_file: str) -> str | None:
    """What the last build of a site printed, if a build now would make the same site."""
    state = _state(site)
    kept: Any = read_json(state) if state else None
    try:
        inputs = Inputs(**kept["inputs"])
        expected = (_FORMAT, settings_file, stamps(site))
        if (kept["format"], inputs.settings, kept["files"]) != expected:
            return None
        same = inputs.digest == _digest(inputs.pack, inputs.sources)
        return str(kept["report"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SecpackError):
        return None


def inputs_of(settings_file: str, settings: Any) -> Inputs | None:
    """The inputs of the coming build; None if the next build could not compare them."""
    pack, sources = settings.get("SECPACK") or "", _sources(settings_file, settings)
    try:
        return Inputs(settings_file, pack, sources, _digest(pack, sources))
    except OSError:
        return None


def stamps(folder: Path) -> dict[str, str]:
    """A stamp for each file by path; writing, replacing, renaming or dating a file changes it."""
    return {name: _stamp(f"{folder}/{name}") for name in paths(folder)}


def remember(site: Path, files: Mapping[str, str], inputs: Inputs, report: str) -> None:
    """Remember the inputs of a site, the ``stamps`` of its files, and what its build printed.

    A build that has loaded code outside the sources is not remembered.
    """
    state = _state(site)
    if state and set(map(str, other_code())) <= inputs.sources.keys():
        kept = {"format": _FORMAT, "inputs": asdict(inputs), "files": files, "report": report}
        write_json(state, kept)
        with suppress(OSError):  # another build may do the same
            sites = sorted(state.parent.glob("site-*.json"), key=lambda p: p.stat().st_mtime)
            for oldest in sites[:-_MOST_SITES]:
                oldest.unlink(missing_ok=True)


def _state(site: Path) -> Path | None:
    folder = cache_folder()
    name = hashlib.sha256(os.fsencode(site)).hexdigest()
    return folder / f"site-{name}.json" if folder else None


def _stamp(path: str) -> str:
    it = os.lstat(path)
    return f"{it.st_ctime_ns} {it.st_mtime_ns} {it.st_size} {it.st_ino} {it.st_mode}"


def _sources(settings_file: str, settings: Any) -> dict[str, bool]:
    """The files and folders of a site's sources, each with whether links in it are followed."""
    names = ("SECPACK", "PATH", "PROFILE_FILE", "XSA_FILE", "XSA_JSON_FILE")
    given = [Path(settings[name]) for name in names if settings.get(name)]
    given += [*sorted(Path(settings_file).absolute().parent.glob("*.py")), *other_code()]
    folders = [Path(settings["THEME"]), _CODE]
    folders += [Path(path) for name in _FOLDERS for path in settings[name]]
    folders += [Path(settings["PATH"], path) for name in _IN_PATH for path in settings[name]]
    is_followed = {str(path.absolute()): False for path in given}
    return is_followed | {str(path.absolute()): True for path in folders}


def other_code() -> list[Path]:
    """The files of all loaded code, except ours, Python's, and its libraries'.

    These are the settings, what they load, and other plugins.
    """
    known = [Path(get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    loaded = {getattr(module, "__file__", None) for module in tuple(sys.modules.values())}
    files = sorted(Path(file).absolute() for file in loaded if file)
    return [f for f in files if not any(f.is_relative_to(k) for k in (*known, _CODE))]


def _digest(pack: str, sources: Mapping[str, bool]) -> str:
    """A digest of everything that a build depends on. Raises OSError if that cannot be compared."""
    digest = hashlib.sha256()
    for source, follow in sources.items():
        for path, is_like in _files(Path(source), follow=follow):
            digest.update(f"{path}\0{is_like}\0".encode("utf-8", "surrogateescape"))
    commit = checked_out(Path(pack)) if pack else ""
    digest.update(repr([commit, *_surroundings()]).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files(source: Path, *, follow: bool) -> Iterator[tuple[str, str]]:
    """All files of a source, in order, with their digests; also where links lead.

    If links to folders are followed, a folder that occurs twice is read once.
    """
    if not source.is_dir():
        yield str(source), _like(source)
        return
    seen: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(source, followlinks=follow):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = sorted(name for name in inner if name not in (".git", "__pycache__"))
        linked = [name for name in inner if Path(folder, name).is_symlink()]
        for name in (*linked, *sorted(names)):
            path = Path(folder, name)
            link = str(path.readlink()) if path.is_symlink() else ""
            yield str(path), f"{link}\0{_like(path)}"


def _like(path: Path) -> str:
    """A digest of a file, or words that say that it is a folder or cannot be read.

    Raises OSError for a file that is too large or cannot be read twice, such as a FIFO; then the
    build must run, and judge it.
    """
    if path.is_dir():
        return "a folder"
    try:
        return hashlib.sha256(read_file(path, _MOST_BYTES)).hexdigest()
    except OSError as error:
        if error.errno in (EINVAL, EFBIG):
            raise
        return f"cannot be read: {error.strerror}"


def _surroundings() -> list[object]:
    variables = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name not in _VOLATILE and not name.startswith(_OF_MAKE)
    )
    programs = [shutil.which(name) for name in ("gpgv", "gpg")]
    stamps = [(p, Path(p).stat().st_mtime_ns, Path(p).stat().st_size) for p in programs if p]
    return [variables, str(Path.cwd()), _libraries(), stamps, datetime.now(UTC).date()]


def _libraries() -> list[object]:
    """Python and the installed packages, with times; this misses a file edited in place."""
    installed = sorted(Path(get_path("purelib")).glob("*.dist-info/RECORD"))
    return [sys.version, *((path.parent.name, path.stat().st_mtime_ns) for path in installed)]
