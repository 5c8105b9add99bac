"""One build, completely or not at all.

Pelican writes into a new folder next to the target; only a site that passes the gate replaces the
target.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pelican import Pelican
from pelican.log import console
from pelican.log import init as init_logging
from pelican.settings import read_settings

from bulletins.build.checksums import check_ours, digest, paths, write_checksums
from bulletins.build.finish import compress, set_times, write_index
from bulletins.build.gate import GateError
from bulletins.build.interrupts import ignore_interrupts, tell
from bulletins.build.unchanged import inputs_of, remember, stamps
from bulletins.site import Build, Site
from bulletins.urls import ARCHIVE_JSON
from secpack import SecpackError
from secpack.model.archive import Archive
from secpack.model.findings import Finding, Severity
from secpack.progress import clear

#: How many findings a build prints.
_MOST_FINDINGS: Final = 20


def build(settings_file: str) -> Path:
    """Build into the settings' OUTPUT_PATH, print a summary, and return the site's folder.

    Raises SecpackError, or whatever stopped Pelican; the target is then unchanged.
    """
    started = time.monotonic()
    settings, target = load_settings(settings_file)
    _recover(target)
    _check_target(target, settings)
    inputs = None if settings.get("STRICT") else inputs_of(settings_file, settings)
    with _folder_beside(target) as folder:
        archive = write_site(settings, folder).archive
        files = stamps(folder)
        ignore_interrupts()
        _put_in_place(folder, target)
    report = "\n".join(report_archive(archive))
    if inputs:
        remember(target, files, inputs, report)
    tell(*filter(None, (_summary(archive, target, time.monotonic() - started), report)))
    return target


def write_site(settings: Any, folder: Path) -> Site:
    """Let Pelican write a whole site into an empty folder; return the build.

    Raises SecpackError, or whatever stopped Pelican.
    """
    settings["OUTPUT_PATH"] = str(folder)
    built = _run(settings)
    if settings.get("SEARCH_INDEX") and built.site.own_theme:
        write_index(folder)
    if settings.get("GZIP"):
        compress(folder)
    others = {path: digest(folder / path) for path in paths(folder) if path not in built.written}
    write_checksums(folder, {**built.written, **others})
    set_times(folder, built.site)
    return built.site


def remove(settings_file: str) -> None:
    """Remove the site at OUTPUT_PATH. Raises SecpackError when it is not one of ours."""
    settings, target = load_settings(settings_file)
    _check_target(target, settings)
    if target.exists():
        shutil.rmtree(target)


def load_settings(settings_file: str) -> tuple[Any, Path]:
    """Read Pelican's settings, and get its log ready; return them, and the real OUTPUT_PATH.

    Raises SecpackError when the file is missing, or SITEURL is not a URL.
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
    _check_url(settings["SITEURL"])
    settings["DEBUG"] = True  # Pelican then logs why something failed, which _Reasons shortens
    return settings, Path(settings["OUTPUT_PATH"]).resolve()


def _check_url(site_url: str) -> None:
    """Refuse a SITEURL with which links in feeds would lead nowhere. Raises SecpackError."""
    if site_url and not site_url.startswith(("https://", "http://")):
        expected = "expected a URL such as https://archive.example.org, or none"
        raise SecpackError(f"SITEURL={site_url}: {expected}")


class _Reasons(logging.Formatter):
    """Adds the reason of an exception to the message, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the exception."""
        kind, error, _ = record.exc_info or (None, None, None)
        reason = f": {kind.__name__}: {error}" if kind else ""
        return record.getMessage() + reason

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """Nothing: the message already has the reason."""
        del ei
        return ""


def _run(settings: Any) -> Build:
    """Run Pelican into an empty folder."""
    settings["WHOLE_OR_NOT_AT_ALL"] = True
    pelican = Pelican(settings)
    if "bulletins" not in pelican.settings["PLUGINS"]:
        raise GateError("the plugin 'bulletins' did not start: is it in PLUGINS?")
    pelican.run()
    built: Build = pelican.settings["BULLETINS"]
    if not built.is_checked:
        raise GateError("the site was not checked after it was written")
    return built


def _check_target(target: Path, settings: Any) -> None:
    """Refuse to replace a folder that is not a site of ours, or that contains the site's sources.

    Raises SecpackError.
    """
    if Path(settings["OUTPUT_PATH"]).is_symlink():
        where = settings["OUTPUT_PATH"]
        raise SecpackError(f"{where}: a link made by `make publish`; choose another OUTPUT")
    check_apart(target, settings)
    if target.exists():
        check_ours(target)


def check_apart(target: Path, settings: Any) -> None:
    """Refuse a folder that contains the site's sources, or is inside them. Raises SecpackError."""
    for source in (settings["PATH"], settings["THEME"], settings.get("SECPACK") or ""):
        real = Path(source).resolve()
        if source and (
            target == real or target.is_relative_to(real) or real.is_relative_to(target)
        ):
            raise SecpackError(
                f"{target}: the sources of the site are in {real}; choose another place"
            )


def _recover(target: Path) -> None:
    """Clean up after killed builds: put the old site back if it is missing."""
    name = re.compile(rf"\.{re.escape(target.name)}-([0-9]+)-\w+-(build|old)")
    for folder in [*target.parent.iterdir()] if target.parent.is_dir() else ():
        left = name.fullmatch(folder.name)
        if not left or Path(f"/proc/{left[1]}").exists():
            continue
        if left[2] == "old" and not target.exists():
            folder.rename(target)
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A new folder on the same file system, removed at the end if it is still there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    name = f".{target.name}-{os.getpid()}-"
    folder = Path(tempfile.mkdtemp(prefix=name, suffix="-build", dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path) -> None:
    """Replace the old site by the new one, and move the old one to the new one's folder.

    A folder named ``-old`` is always a complete site: after a kill, the next build puts it back.
    """
    old = folder.with_name(f"{folder.name.removesuffix('-build')}-old")
    if target.exists():
        target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    if old.exists():
        old.rename(folder)


def explain(error: Exception, *, debug: bool) -> None:
    """Print why something failed, in words for the person who can fix it."""
    if debug:
        traceback.print_exception(error)
    reason = str(error) or type(error).__name__
    if not isinstance(error, SecpackError):
        reason = f"{type(error).__name__}: {reason}"
    clear()
    print(reason, file=sys.stderr)


def _summary(archive: Archive, target: Path, seconds: float) -> str:
    counts = f"{len(archive.bulletins)} bulletins, {len(archive.canaries)} canaries"
    return f"Built {counts} and {len(archive.advisories)} advisories in {seconds:.1f} s: {target}"


def report_archive(archive: Archive) -> Iterator[str]:
    """Yield lines on what was withheld, and on findings that need attention."""
    if archive.embargoed or archive.late:
        yield f"Withheld: {archive.embargoed} under embargo, {archive.late} dated later."
    yield from _report_findings([finding for finding in archive.findings if not finding.waived])


def _report_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the first findings, and how many there are; the archive's data has all of them."""
    grave = [finding for finding in findings if finding.severity is not Severity.NOTICE]
    for finding in grave[:_MOST_FINDINGS]:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        yield f"{finding.severity.value}: {place}: {finding.message}"
    if len(findings) > min(len(grave), _MOST_FINDINGS):
        word = "finding needs" if len(grave) == 1 else "findings need"
        yield f"{len(grave)} {word} attention, {len(findings)} in all: see {ARCHIVE_JSON}"
