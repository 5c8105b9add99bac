"""One build, whole or not at all.

Pelican writes into a new folder beside the target; only a site that passed the gate takes the
target's place.
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

from bulletins.build.checksums import check_ours, digest, paths, write_sums
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
    """Build into the settings' OUTPUT_PATH, tell what was built, and return where.

    Raises SecpackError, or whatever stopped Pelican; the target is then as it was before.
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
    """Have Pelican write a whole site into an empty folder; return what was built.

    Raises SecpackError, or whatever stopped Pelican.
    """
    settings["OUTPUT_PATH"] = str(folder)
    built = _run(settings)
    if settings.get("SEARCH_INDEX") and built.site.own_theme:
        write_index(folder)
    if settings.get("GZIP"):
        compress(folder)
    others = {path: digest(folder / path) for path in paths(folder) if path not in built.written}
    write_sums(folder, {**built.written, **others})
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

    Raises SecpackError when there is no such file, or SITEURL that is no URL.
    """
    if not Path(settings_file).is_file():
        raise SecpackError(f"{settings_file}: no such settings file")
    console.quiet = True
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Reasons())
    init_logging(logging.WARNING, "errors", handler)
    # It warns of a missing SITEURL; feeds of a site with relative addresses are meant to be so.
    logging.getLogger("pelican.settings").setLevel(logging.ERROR)
    settings = read_settings(settings_file)
    _check_url(settings["SITEURL"])
    settings["DEBUG"] = True  # Pelican then logs why something failed, which _Reasons shortens
    return settings, Path(settings["OUTPUT_PATH"]).resolve()


def _check_url(site_url: str) -> None:
    """Refuse what would lead nowhere from a feed. Raises SecpackError."""
    if site_url and not site_url.startswith(("https://", "http://")):
        expected = "expected a URL such as https://archive.example.org, or none"
        raise SecpackError(f"SITEURL={site_url}: {expected}")


class _Reasons(logging.Formatter):
    """Writes the reason of an exception behind the message, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and what was raised."""
        kind, error, _ = record.exc_info or (None, None, None)
        reason = f": {kind.__name__}: {error}" if kind else ""
        return record.getMessage() + reason

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """Nothing: the reason stands in the message."""
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
    """Refuse to replace a folder that is not a site of ours, or that holds what a site is made of.

    Raises SecpackError.
    """
    if Path(settings["OUTPUT_PATH"]).is_symlink():
        where = settings["OUTPUT_PATH"]
        raise SecpackError(f"{where}: a link made by `make publish`; choose another OUTPUT")
    check_apart(target, settings)
    if target.exists():
        check_ours(target)


def check_apart(target: Path, settings: Any) -> None:
    """Refuse a folder that holds, or lies in, what a site is made of. Raises SecpackError."""
    for source in (settings["PATH"], settings["THEME"], settings.get("SECPACK") or ""):
        real = Path(source).resolve()
        if source and (
            target == real or target.is_relative_to(real) or real.is_relative_to(target)
        ):
            raise SecpackError(
                f"{target}: what the site is made of is in {real}: give another place"
            )


def _recover(target: Path) -> None:
    """Clean up after builds that were killed: put the old site back where there is none now."""
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
    """A new folder on the same file system; what is there in the end is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    name = f".{target.name}-{os.getpid()}-"
    folder = Path(tempfile.mkdtemp(prefix=name, suffix="-build", dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path) -> None:
    """Put the new site where the old one is, and the old one where the new one was.

    What is named ``-old`` is always whole: if this is killed half-way, the next build puts it back.
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
    """Tell why something failed, in words for whoever can mend it."""
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
    """Tell what was withheld, and what to look at, in lines."""
    if archive.embargoed or archive.late:
        yield f"Withheld: {archive.embargoed} under embargo, {archive.late} dated later."
    yield from _report_findings([finding for finding in archive.findings if not finding.waived])


def _report_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings to look at, the first of them word by word; all are in the archive's data."""
    grave = [finding for finding in findings if finding.severity is not Severity.NOTICE]
    for finding in grave[:_MOST_FINDINGS]:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        yield f"{finding.severity.value}: {place}: {finding.message}"
    if len(findings) > min(len(grave), _MOST_FINDINGS):
        word = "finding" if len(grave) == 1 else "findings"
        yield f"{len(grave)} {word} to look at, {len(findings)} in all: see {ARCHIVE_JSON}"
