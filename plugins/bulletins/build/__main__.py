"""``python -m bulletins.build``: builds a site, unless nothing has changed since the last build."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bulletins.build.interrupts import end_in_order, tell
from bulletins.build.unchanged import last_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site that the settings describe; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bulletins.build", description=main.__doc__)
    parser.add_argument("-s", "--settings", default="pelicanconf.py", help="Pelican's settings")
    parser.add_argument("--remove", action="store_true", help="remove the site instead")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    gc.set_threshold(100_000)  # to look for cycles as often as usual takes a twentieth of the time
    end_in_order()
    if not options.remove and _is_unchanged(options.settings):
        return 0
    # Imported here, because a build that finds nothing changed does not need it.
    from bulletins.build.build import build, explain, remove  # noqa: PLC0415

    try:
        if options.remove:
            remove(options.settings)
        else:
            build(options.settings)
    except Exception as error:
        explain(error, debug=options.debug)
        print("Nothing was built; the previous site is unchanged.", file=sys.stderr)
        return 1
    return 0


def _is_unchanged(settings: str) -> bool:
    """Whether a build would make the same site again; if so, say it."""
    started = time.monotonic()
    # If the settings put the site elsewhere, nothing is remembered for this folder, so it is built.
    site = Path(os.environ.get("OUTPUT") or "output").resolve()
    report = last_report(site, settings)
    if report is None:
        return False
    line = f"Nothing has changed, checked in {time.monotonic() - started:.1f} s: {site}"
    tell(*filter(None, (line, report)))
    return True


if __name__ == "__main__":
    sys.exit(main())
