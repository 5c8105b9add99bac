"""``python -m bulletins.build``: one build, whole or not at all.

Pelican writes into a new folder beside the target; only a site that passed the gate takes the
target's place.
"""

from __future__ import annotations

import argparse
import logging
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

from bulletins.addresses import ARCHIVE_JSON
from bulletins.gate import GateError
from secpack import SecpackError
from secpack.model import Archive, Finding, Severity

#: How many findings a build prints.
_MOST_FINDINGS: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site that the settings describe; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bulletins.build", description=main.__doc__)
    parser.add_argument("-s", "--settings", default="pelicanconf.py", help="Pelican's settings")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        archive, target = build(options.settings)
    except Exception as error:
        _explain(error, debug=options.debug)
        return 1
    _report(archive, target, time.monotonic() - started)
    return 0


def build(settings_file: str) -> tuple[Archive, Path]:
    """Build into the settings' OUTPUT_PATH and return what was built, and where.

    Raises SecpackError, or whatever stopped Pelican; the target is then as it was before.
    """
    if not Path(settings_file).is_file():
        raise SecpackError(f"{settings_file}: no such settings file")
    console.quiet = True
    init_logging(logging.WARNING, "errors", logging.StreamHandler(sys.stderr))
    # It warns of a missing SITEURL; feeds of a site with relative addresses are meant to be so.
    logging.getLogger("pelican.settings").setLevel(logging.ERROR)
    settings = read_settings(settings_file)
    target = Path(settings["OUTPUT_PATH"]).absolute()
    _check_target(target)
    with _folder_beside(target) as folder:
        settings["OUTPUT_PATH"] = str(folder)
        _run(settings)
        _put_in_place(folder, target)
    archive: Archive = settings["ARCHIVE"]
    return archive, target


def _run(settings: Any) -> None:
    pelican = Pelican(settings)
    if "ARCHIVE" not in pelican.settings:
        raise GateError("the plugin 'bulletins' did not start: is it among PLUGINS?")
    pelican.run()
    if not pelican.settings.get("ARCHIVE_IS_WHOLE"):
        raise GateError("the site was not checked after it was written")


def _check_target(target: Path) -> None:
    """Refuse to replace a folder that holds anything but a site of ours. Raises SecpackError."""
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / ARCHIVE_JSON).is_file()):
        message = "not a site that this program built; remove it, or give another OUTPUT"
        raise SecpackError(f"{target}: {message}")


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A new folder on the same file system, removed again unless it has been moved away."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path) -> None:
    """Put the new site where the old one is; the old one goes when the new one is there."""
    if not target.exists():
        folder.rename(target)
        return
    with _folder_beside(target) as old:
        target.rename(old / "site")
        try:
            folder.rename(target)
        except OSError:
            (old / "site").rename(target)
            raise


def _explain(error: Exception, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    reason = str(error) or type(error).__name__
    if not isinstance(error, SecpackError):
        reason = f"{type(error).__name__}: {reason}"
    print(reason, file=sys.stderr)
    print("Nothing was built; what stood there before still stands.", file=sys.stderr)


def _report(archive: Archive, target: Path, seconds: float) -> None:
    counts = f"{len(archive.bulletins)} bulletins, {len(archive.canaries)} canaries"
    print(f"Built {counts} and {len(archive.advisories)} advisories in {seconds:.1f} s: {target}")
    if archive.embargoed or archive.late:
        print(f"Withheld: {archive.embargoed} under embargo, {archive.late} of a later day.")
    _report_findings([finding for finding in archive.findings if not finding.waived])


def _report_findings(findings: Sequence[Finding]) -> None:
    """Findings to look at, the first of them word by word; all are in the archive's data."""
    grave = [finding for finding in findings if finding.severity is not Severity.NOTICE]
    for finding in grave[:_MOST_FINDINGS]:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        print(f"{finding.severity.value}: {place}: {finding.message}")
    if len(findings) > min(len(grave), _MOST_FINDINGS):
        print(f"{len(grave)} findings to look at, {len(findings)} in all: see {ARCHIVE_JSON}")


if __name__ == "__main__":
    sys.exit(main())
