"""Whether anything has changed since the last build, decided before anything is loaded.

A site depends on its sources (the pack and its commit, the profile, tracker data, texts, templates,
settings, this code), on the environment, the installed libraries, Python, GnuPG's programs, and the
day. A file counts by its stamp, so nothing is read. Nobody may have touched the site's files
either. What is remembered is in this user's cache folder, where no checkout can put it.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from stat import S_ISLNK
from sysconfig import get_path
from typing import Any, Final

from secpack.cache import Cache, open_cache
from secpack.files import paths, repository_of

#: How many sites are remembered.
_MOST_SITES: Final = 20

#: Variables that change from call to call without any effect.
_VOLATILE: Final = {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM", "WATCHFILES_CHANGES"}
_OF_MAKE: Final = ("MAKE", "MFLAGS")

#: Settings that name files, by what a manifest calls those; folders; folders below PATH.
FILES: Final = {"profile": "PROFILE_FILE", "xsa": "XSA_FILE", "xsa_json": "XSA_JSON_FILE"}
_FOLDERS: Final = ("THEME_TEMPLATES_OVERRIDES", "PLUGIN_PATHS")
_IN_PATH: Final = ("ARTICLE_PATHS", "PAGE_PATHS", "STATIC_PATHS")

#: Folders that builds, or git, change; and what of git's decides what it says of the history.
_NO_SOURCES: Final = (".git", "__pycache__")
_OF_GIT: Final = (
    *("HEAD", "config", "objects/info", "packed-refs", "refs", "reftable", "shallow", "worktrees"),
)

CODE: Final = Path(__file__).parents[2]


def last_report(site: Path, settings_file: str) -> str | None:
    """What the last build of a site printed, if a build now would make the same site."""
    match _sites().get(str(site)):
        case [report, files, *inputs] if len(inputs) > 1:
            with suppress(OSError, ValueError):
                now = stamps(site), _digest(settings_file, inputs[1:])
                return report if now == (files, inputs[0]) else None
    return None


def inputs_of(settings_file: str, settings: Any) -> list[str]:
    """A digest of everything that the coming build depends on, and its sources, the pack first.

    Empty if they cannot be compared.
    """
    sources = _sources(settings_file, settings)
    try:
        return [_digest(settings_file, sources), *sources]
    except OSError:
        return []


def remember(site: Path, report: str, files: str, inputs: Sequence[str]) -> None:
    """Remember what the build of a site printed, its files' ``stamps``, and its inputs.

    A build that has loaded code outside the sources is not remembered.
    """
    if {*map(str, other_code())} < {*inputs}:
        sites = _sites()
        sites.put(str(site), [report, files, *inputs])
        sites.save()


def _sites() -> Cache:
    return open_cache("sites.json", _MOST_SITES)


def _sources(settings_file: str, settings: Any) -> list[str]:
    given = [settings.get(name) for name in ("SECPACK", *FILES.values())]
    given += [path for name in _FOLDERS for path in settings[name]]
    given += [Path(settings["PATH"], path) for name in _IN_PATH for path in settings[name]]
    given += [settings["THEME"], CODE]
    given += [repository_of(Path(settings.get("SECPACK") or "")) / name for name in _OF_GIT]
    code = [*sorted(Path(settings_file).absolute().parent.glob("*.py")), *other_code()]
    return [str(Path(path).absolute()) for path in (*filter(None, given), *code)]


def other_code() -> list[Path]:
    """The files of all loaded code, except ours, Python's, and its libraries'.

    These are the settings, what they load, and other plugins.
    """
    known = [get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    below = tuple(f"{folder}/" for folder in (*known, CODE))
    loaded = {getattr(module, "__file__", None) for module in tuple(sys.modules.values())}
    return sorted(Path(f).absolute() for f in loaded if f and not f.startswith(below))


def stamps(folder: Path) -> str:
    """A digest of the stamps of all files of a site."""
    return _sha256([(path, _stamp(f"{folder}/{path}")) for path in sorted(paths(folder))])


def _digest(settings_file: str, sources: Sequence[str]) -> str:
    """Links to folders are followed, but not in the pack. Raises OSError for a locked folder."""
    pack, files = sources[0], list[str]()
    for source in sources:
        if Path(source).is_dir():
            follow = not Path(source).is_relative_to(pack)
            below = paths(source, follow=follow, without=_NO_SOURCES)
            files += [f"{source}/{path}" for path in sorted(below)]
        else:
            files.append(source)
    return _sha256([settings_file, [(path, _stamp(path)) for path in files], *_others()])


def _stamp(path: str) -> list[tuple[int, ...]]:
    """What changes when a file, or the file to which a link leads, is written, renamed or dated."""
    status: list[os.stat_result] = []
    with suppress(OSError):
        status.append(os.lstat(path))
        if S_ISLNK(status[0].st_mode):
            status.append(os.stat(path))  # noqa: PTH116 - thousands of times
    return [(s.st_mode, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in status]


def _others() -> list[object]:
    """The environment, the programs and the day.

    Installed packages count by their lists, so this misses a file that was edited in place.
    """
    variables = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name not in _VOLATILE and not name.startswith(_OF_MAKE)
    )
    lists = sorted(Path(get_path("purelib")).glob("*.dist-info/RECORD"))
    programs = [str(shutil.which(name)) for name in ("gpgv", "gpg")]
    installed = [(path, _stamp(path)) for path in (*map(str, lists), *programs)]
    return [variables, str(Path.cwd()), sys.version, installed, datetime.now(UTC).date()]


def _sha256(parts: object) -> str:
    return sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()
