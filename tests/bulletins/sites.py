"""Builds sites as a user does: in a process of its own, through the real Pelican."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Variables of the surroundings that would change what is built.
_OURS = ("SECPACK", "XSA", "XSA_JSON", "PROFILE", "OUTPUT", "AS_OF", "SITEURL", "THEME", "GZIP")

PUBLISH = (sys.executable, "-m", "bulletins.publish")


@dataclass(frozen=True, slots=True)
class Site:
    """What a build said and made."""

    status: int
    said: str
    folder: Path

    def read(self, path: str) -> str:
        """A file of the site as text."""
        return (self.folder / path).read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        """All files of the site by their paths."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


def build(
    folder: Path,
    *,
    settings: str | Path = "pelicanconf.py",
    cwd: Path = ROOT,
    surroundings: Mapping[str, str] | None = None,
    **variables: str | Path,
) -> Site:
    """Build into a folder; ``variables`` are those that ``make html`` takes."""
    environment = environ(OUTPUT=folder, **variables) | dict(surroundings or {})
    command = [sys.executable, "-m", "bulletins.build", "--settings", str(settings)]
    return run(command, folder, environment, cwd=cwd)


def publish(public: Path, *arguments: str, **variables: str | Path) -> Site:
    """Publish at ``public``, strictly; the demo pack unless ``variables`` name another."""
    return run([*PUBLISH, *arguments], public, environ(PUBLIC=public, **variables))


_INTERRUPTED = """\
import pkgutil, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from {conf} import *
owner = pkgutil.resolve_name({owner!r})
called = owner.{name}
def interrupted(*given):
    done = called(*given)
    Path({sent!r}).touch()
    signal.raise_signal(signal.SIGTERM)
    return done
owner.{name} = interrupted
"""


def interrupted_after(settings: Path, conf: str, function: str) -> Path:
    """Write settings with which a program gets SIGTERM right behind each call of a function.

    ``function`` is such as ``pathlib:Path.rename``. Returns the file that is there once the signal
    was sent.
    """
    owner, _, name = function.rpartition(".")
    sent = settings.with_suffix(".sent")
    words = {"root": str(ROOT), "conf": conf, "sent": str(sent)}
    settings.write_text(_INTERRUPTED.format(owner=owner, name=name, **words))
    return sent


def environ(**variables: str | Path) -> dict[str, str]:
    """The surroundings without what would change a site, and with these variables."""
    given = {name: value for name, value in os.environ.items() if name not in _OURS}
    return given | {name: str(value) for name, value in variables.items()}


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, cwd: Path = ROOT
) -> Site:
    """Run a command that makes a site."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    return Site(done.returncode, done.stdout + done.stderr, folder)
