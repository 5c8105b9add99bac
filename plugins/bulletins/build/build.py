"""One build, completely or not at all.

Pelican writes into a new folder next to the target; only a site that passes the gate replaces the
target.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pelican import Pelican
from pelican.log import console
from pelican.log import init as init_logging
from pelican.settings import read_settings

from bulletins.build.finish import (
    check_ours,
    compress,
    digest,
    set_times,
    write_checksums,
    write_index,
)
from bulletins.build.gate import GateError
from bulletins.build.program import ignore_interrupts, tell, workplace
from bulletins.build.unchanged import inputs_of, remember, stamps
from bulletins.site import Build, Site
from bulletins.urls import ARCHIVE_JSON
from secpack import SecpackError
from secpack.files import paths
from secpack.model.archive import Archive
from secpack.model.findings import Severity

#: How many findings a build prints.
_MOST_FINDINGS: Final = 20


def build(settings_file: str) -> Path:
    """Build into the settings' OUTPUT_PATH, print a summary, and return the site's folder.

    Raises SecpackError, or whatever stopped Pelican; the target is then unchanged.
    """
    started = time.monotonic()
    settings, target = load_settings(settings_file)
    _check_place(target, settings)
    inputs = [] if settings.get("STRICT") else inputs_of(settings_file, settings)
    with _workplace(target) as folder:
        archive = write_site(settings, folder).archive
        files = stamps(folder)
        ignore_interrupts()
        _put_in_place(folder, target)
    report = report_archive(archive)
    remember(target, report, files, inputs)
    counts = f"{len(archive.bulletins)} bulletins, {len(archive.canaries)} canaries"
    counts += f" and {len(archive.advisories)} advisories"
    tell(f"Built {counts} in {time.monotonic() - started:.1f} s: {target}", report)
    return target


def write_site(settings: Any, folder: Path) -> Site:
    """Let Pelican write a whole site into an empty folder; return the build.

    Raises SecpackError, or whatever stopped Pelican.
    """
    settings["OUTPUT_PATH"] = str(folder)
    built = _run(settings)
    if built.site.is_indexed:
        write_index(folder)
    if settings.get("GZIP"):
        compress(folder)
    sums = {path: built.written.get(path) or digest(folder / path) for path in paths(folder)}
    write_checksums(folder, sums)
    set_times(folder, built.site)
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
    if (url := settings["SITEURL"]) and not url.startswith(("https://", "http://")):
        expected = "expected a URL such as https://archive.example.org, or none"
        raise SecpackError(f"SITEURL={url}: {expected}")
    settings["DEBUG"] = True  # Pelican then logs why something failed, which _Reasons shortens
    return settings, Path(settings["OUTPUT_PATH"]).resolve()


class _Reasons(logging.Formatter):
    """Adds the reason of an exception to the message, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the exception."""
        kind, error, _ = record.exc_info or (None, None, None)
        reason = f": {kind.__name__}: {error}" if kind else ""
        return record.getMessage() + reason


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
        if source and (
            target == real or target.is_relative_to(real) or real.is_relative_to(target)
        ):
            raise SecpackError(
                f"{target}: the sources of the site are in {real}; choose another place"
            )


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """An empty folder on the same file system, for one build at a time; nothing is left at the end.

    Raises SecpackError when the target is not ours to replace.
    """
    home = target.with_name(f".{target.name}.building")
    if home.is_symlink() or (home.exists() and home.stat().st_uid != os.geteuid()):
        raise SecpackError(f"{home}: a link, or another user's; remove it")
    with workplace(home, target, keep=False) as new:
        if target.exists():
            check_ours(target)
        yield new


def _put_in_place(new: Path, target: Path) -> None:
    """Replace the old site by the new one; the old one stays in the workplace."""
    if target.exists():
        target.rename(new.with_name("replaced"))
    new.rename(target)


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
        counts = f"{len(grave)} of {len(findings)}"
        lines.append(f"Findings that need attention: {counts}; {ARCHIVE_JSON} has all")
    return "\n".join(lines)
