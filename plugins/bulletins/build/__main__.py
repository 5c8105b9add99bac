"""``python -m bulletins.build``: builds a site, unless nothing has changed."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bulletins.build import parser_of, run, tell
from bulletins.build.unchanged import last_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site that the settings describe; return the exit status."""
    parser = parser_of("bulletins.build", main.__doc__, "pelicanconf.py")
    parser.add_argument("--remove", action="store_true", help="remove the site instead")
    parser.add_argument("--rebuild", metavar="MANIFEST", type=Path, help="that site, and compare")
    options = parser.parse_args(arguments)
    failed = "Nothing was built; the previous site is unchanged."
    return run(lambda: _build(options), failed, debug=options.debug)


def _build(options: argparse.Namespace) -> int:
    is_plain = not (options.remove or options.rebuild)
    if is_plain and _is_unchanged(options.settings):
        return 0
    # Imported here, because a build that finds nothing changed does not need it.
    from bulletins.build.build import build, rebuild, remove  # noqa: PLC0415

    if options.rebuild:
        return rebuild(options.settings, options.rebuild)
    remove(options.settings) if options.remove else build(options.settings)
    return 0


def _is_unchanged(settings: str) -> bool:
    """Whether a build would make the same site again; if so, say it."""
    started = time.monotonic()
    # If the settings put the site elsewhere, nothing is remembered for this folder, so it is built.
    site = Path(os.environ.get("OUTPUT") or "output").resolve()
    report = last_report(site, settings)
    if report is None:
        return False
    tell(f"Nothing has changed, checked in {time.monotonic() - started:.1f} s: {site}", report)
    return True


if __name__ == "__main__":
    sys.exit(main())
