"""One build, completely or not at all; and a build of a published site again.

Pelican writes into a new folder next to the target; only a site that passes the gate replaces the
target. A rebuild takes from the published site what its sources do not state.
"""

import json
import logging
import os
import re
import shutil
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, Final

from pelican import Pelican
from pelican.log import console
from pelican.log import init as init_logging
from pelican.settings import read_settings

from bulletins.build import finish, ignore_interrupts, staging, tell
from bulletins.build.finish import check_ours, digest, read_checksums
from bulletins.build.unchanged import CODE, FILES, inputs_of, remember, stamps
from bulletins.exports.data import read_moved
from bulletins.site import Build, Notes, Site
from bulletins.urls import ARCHIVE_JSON, MANIFEST_JSON, MOVED_JSON, is_signature
from secpack import SecpackError
from secpack.files import MAX_INPUT, paths, read_file
from secpack.mirror import CHECKSUMS, differing, format_checksums, read_fresh_until
from secpack.model.archive import Archive
from secpack.model.findings import Severity, counted
from secpack.parser.characters import visible
from secpack.programs import find_program, title

#: How many findings a build prints.
_MOST_FINDINGS: Final = 20
_PLAIN: Final = r"\w.~:/%@\[\]+,-"


def build(settings_file: str) -> Path:
    """Build into the settings' OUTPUT_PATH, print a summary, and return the site's folder.

    Raises SecpackError, or whatever stopped Pelican; the target is then unchanged.
    """
    started = time.monotonic()
    settings, target = load_settings(settings_file)
    inputs = [] if settings.get("STRICT") else inputs_of(settings_file, settings)
    archive, files = _replace(settings, target)
    report = report_archive(archive)
    remember(target, report, files, inputs)
    counts = f"{counted(len(archive.bulletins), 'bulletin')}, "
    counts += f"{counted(len(archive.canaries), 'canary', 'canaries')} and "
    counts += counted(len(archive.advisories), "advisory", "advisories")
    tell(f"Built {counts} in {time.monotonic() - started:.1f} s: {target}", report)
    return target


def _replace(settings: Any, target: Path) -> tuple[Archive, str]:
    """Build, and replace the target; return the archive, and the ``stamps`` of the site's files."""
    _check_place(target, settings)
    with _staging(target) as folder:
        archive = write_site(settings, folder).archive
        files = stamps(folder)
        ignore_interrupts()
        _put_in_place(folder, target)
    return archive, files


def write_site(settings: Any, folder: Path) -> Site:
    """Let Pelican write a whole site into an empty folder; return the build.

    Raises SecpackError, or whatever stopped Pelican.
    """
    settings.update(OUTPUT_PATH=str(folder), WHOLE_OR_NOT_AT_ALL=True)
    pelican = Pelican(settings)
    if "bulletins" not in pelican.settings["PLUGINS"]:
        raise SecpackError("the plugin 'bulletins' did not start: is it in PLUGINS?")
    pelican.run()
    built: Build = pelican.settings["BULLETINS"]
    if not built.is_checked:
        raise SecpackError("the site was not checked after it was written")
    if built.site.is_indexed:
        finish.write_index(folder)
    if built.site.own_theme:
        finish.write_list(folder, built)
    if settings.get("GZIP"):
        finish.compress(folder)
    sums = {path: built.written.get(path) or digest(folder / path) for path in paths(folder)}
    (folder / CHECKSUMS).write_bytes(format_checksums(sums))
    finish.set_times(folder, built.site)
    return built.site


def remove(settings_file: str) -> None:
    """Remove the site at OUTPUT_PATH. Raises SecpackError when it is not one of ours."""
    settings, target = load_settings(settings_file)
    _check_place(target, settings)
    if target.exists():
        check_ours(target)
        shutil.rmtree(target)


def load_settings(settings_file: str) -> tuple[Any, Path]:
    """Read Pelican's settings, and get its log ready; return them, and the real OUTPUT_PATH.

    Raises SecpackError when the file is missing, or SITEURL is no URL for the commands of pages.
    """
    if not Path(settings_file).is_file():
        raise SecpackError(f"{settings_file}: no such settings file")
    console.quiet = True
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Reasons())
    init_logging(logging.WARNING, "errors", handler)
    # Pelican warns of a missing SITEURL; here it means that feeds have relative URLs.
    logging.getLogger("pelican.settings").setLevel(logging.ERROR)
    settings = read_settings(settings_file)
    if (url := settings["SITEURL"]) and not re.fullmatch(f"https?://[{_PLAIN}]+", url, re.ASCII):
        odd = re.search(f"[^{_PLAIN}]", url, re.ASCII)
        expected = "expected a URL such as https://archive.example.org, or none"
        raise SecpackError(f"SITEURL={url}: {expected}" + (f", without {odd[0]!r}" if odd else ""))
    settings["DEBUG"] = True  # Pelican then logs why something failed, which _Reasons shortens
    return settings, Path(settings["OUTPUT_PATH"]).resolve()


class _Reasons(logging.Formatter):
    """Adds the reason of an exception to the message, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the exception."""
        kind, error, _ = record.exc_info or (None, None, None)
        reason = f": {kind.__name__}: {error}" if kind else ""
        return record.getMessage() + reason


def _check_place(target: Path, settings: Any) -> None:
    """Refuse a link, and a place of the site's sources. Raises SecpackError."""
    if Path(settings["OUTPUT_PATH"]).is_symlink():
        where = settings["OUTPUT_PATH"]
        raise SecpackError(f"{where}: a link, such as `make publish` makes; choose another OUTPUT")
    check_apart(target, settings)


def check_apart(target: Path, settings: Any) -> None:
    """Refuse a folder that contains the site's sources, or is inside them. Raises SecpackError."""
    for source in (settings["PATH"], settings["THEME"], settings.get("SECPACK") or ""):
        real = Path(source).resolve()
        if source and (target.is_relative_to(real) or real.is_relative_to(target)):
            why = f"the sources of the site are in {real}; choose another place"
            raise SecpackError(f"{target}: {why}")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """An empty folder on the same file system, for one build at a time; nothing is left at the end.

    Raises SecpackError when the target is not ours to replace.
    """
    home = target.with_name(f".{target.name}.building")
    with staging(home, target, keep=False) as new:
        if target.exists():
            check_ours(target)
        yield new


def _put_in_place(new: Path, target: Path) -> None:
    """Replace the old site by the new one; the old one stays in the staging folder."""
    if target.exists():
        target.rename(new.with_name("replaced"))
    new.rename(target)


# --- the same site again ----------------------------------------------------------------------

#: What a manifest states besides files: variables of the environment.
_VARIABLES: Final = ("SITEURL", "SEARCH", "GZIP", "AS_OF", "TAGS")
_STATED: Final = ("program", "inputs", "settings", "made_with")


def recipe(settings: Any) -> dict[str, Any]:
    """What a rebuild needs besides the pack, as ``data/manifest.json`` states it.

    The digest of a folder is that of the checksums of its files. ``made_with`` is only to explain a
    difference: no byte of a site should depend on it.
    """
    files = {name: settings.get(setting) for name, setting in FILES.items()}
    inputs = {name: digest(Path(file).resolve()) if file else None for name, file in files.items()}
    inputs["code"] = _tree(CODE, "secpack", "bulletins", ending=".py")
    inputs["pages"] = _tree(Path(settings["PATH"]), *settings["PAGE_PATHS"])
    inputs["theme"] = _tree(Path(settings["THEME"]), "")
    programs = {name: title(find_program(name)) for name in ("gpg", "gpgv")}
    return {
        "program": f"secpack-archive {version('secpack-archive')}",
        "inputs": inputs,
        "settings": {name: os.environ.get(name, "") for name in _VARIABLES},
        "made_with": programs | {"python": python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION},
    }


def _tree(root: Path, *folders: str, ending: str = "") -> str:
    """The digest of the checksums of all files in some folders, by their paths from a root."""
    there = [folder for folder in folders if (root / folder).is_dir()]
    below = {str(Path(f, path)) for f in there for path in paths(root / f, follow=True)}
    sums = {path: digest((root / path).resolve()) for path in below if path.endswith(ending)}
    return sha256(format_checksums(sums)).hexdigest()


def read_notes(site: Path) -> Notes:
    """What a published site states that no source does. It may be hostile.

    Raises SecpackError when that cannot be read.
    """
    manifest, moved = _read(site / MANIFEST_JSON) or b"{}", _read(site / MOVED_JSON)
    signed = [path.removesuffix(".asc") for path in paths(site) if is_signature(path)]
    pairs = [(_read(site / path), _read(site / f"{path}.asc")) for path in signed]
    try:
        fresh_until, stated = read_fresh_until(manifest), json.loads(manifest)
        return Notes(
            moved=read_moved(moved) if moved else {},
            signatures={sha256(data).hexdigest(): signature for data, signature in pairs},
            recipe={name: value for name, value in stated.items() if name in _STATED},
            fresh_until=fresh_until,
        )
    except SecpackError as error:
        raise SecpackError(f"{site / MANIFEST_JSON}: {error}") from None


def _read(path: Path) -> bytes:
    return read_file(path, MAX_INPUT, follow=False) if path.exists() else b""


def rebuild(settings_file: str, manifest: Path) -> int:
    """Build the site of a manifest, and compare it with the checksums of that copy.

    Returns the exit status. Raises SecpackError when a source is not the one that it names.
    """
    copy = manifest.resolve().parents[1]
    if not manifest.is_file() or copy / MANIFEST_JSON != manifest.resolve():
        raise SecpackError(f"{manifest}: expected the {MANIFEST_JSON} of a copy of a site")
    listed, notes, stated = read_checksums(copy), read_notes(copy), json.loads(_read(manifest))
    if listed.get(MANIFEST_JSON) != digest(manifest.resolve()):
        raise SecpackError(f"{manifest}: differs from {CHECKSUMS}: this copy was altered")
    try:
        os.environ.update({name: str(stated["settings"][name]) for name in _VARIABLES})
        inputs, commit = {**(stated["inputs"] or {})}, str(stated["commit"] or "")
        there = {**inputs, MOVED_JSON: stated["moved"]}
    except (KeyError, TypeError, ValueError):
        raise SecpackError(f"{manifest}: does not say what the site was made of") from None
    settings, target = load_settings(settings_file)
    here = recipe(settings)["inputs"] if inputs else {}
    here[MOVED_JSON] = sha256(_read(copy / MOVED_JSON)).hexdigest()
    if names := differing(here, there):
        lines = [f"{n}: here {here.get(n)}, in the manifest {there.get(n)}" for n in names]
        lines.append("code, theme and pages come with this program; variables name the others")
        raise SecpackError("\n".join(lines))
    settings["NOTES"] = notes
    archive, _ = _replace(settings, target)
    if archive.commit != commit:
        print(f"commit of the pack: here {archive.commit}, in the manifest {visible(commit)}")
    if others := differing(listed, read_checksums(target)):
        print(f"NOT the same: {counted(len(others), 'file')} in {target}: {', '.join(others[:20])}")
        return 1
    same = f"identical byte for byte: they have the digests in {copy / CHECKSUMS}"
    tell(f"Rebuilt {len(listed)} files, {same}: {target}")
    return 0


def report_archive(archive: Archive) -> str:
    """Lines on what was withheld, and on findings that need attention: the first, and how many."""
    findings = [finding for finding in archive.findings if not finding.waived]
    grave = [finding for finding in findings if finding.severity is not Severity.NOTICE]
    lines = []
    if archive.embargoed or archive.late:
        lines.append(f"Withheld: {archive.embargoed} under embargo, {archive.late} dated later.")
    for finding in grave[:_MOST_FINDINGS]:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        lines.append(f"{finding.severity.value}: {place}: {finding.message}")
    if len(findings) > min(len(grave), _MOST_FINDINGS):
        counts = f"{len(grave)} of {len(archive.findings)}"
        lines.append(f"Findings that need attention: {counts}; {ARCHIVE_JSON} has all")
    return "\n".join(lines)
