"""Builds sites as a user does: each in a process of its own, through the real Pelican."""

from __future__ import annotations

import fcntl
import html
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.forks import run_module, start_module
from tests.keys import need_gpg
from tests.packs import make_pack
from tests.processes import shell

ROOT = Path(__file__).parents[2]

#: Variables of the surroundings that would change what is built.
_OURS = (
    "SECPACK",
    "XSA",
    "XSA_JSON",
    "PROFILE",
    "OUTPUT",
    "AS_OF",
    "TAGS",
    "SITEURL",
    "THEME",
    "GZIP",
    "SIGN_WITH",
    "FORCE",
)

PUBLISH = (sys.executable, "-m", "bulletins.publish")


@dataclass(frozen=True, slots=True)
class Site:
    """What a build said and made."""

    status: int
    said: str
    folder: Path

    def ok(self) -> Site:
        """The same; it was built."""
        assert self.status == 0, self.said
        return self

    def refused(self) -> Site:
        """The same; it was not built."""
        assert self.status == 1, self.said
        return self

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
    alone: bool = True,
    **variables: str | Path,
) -> Site:
    """Build into a folder; ``variables`` are those that ``make html`` takes."""
    if settings == "publishconf.py":
        need_gpg()
    environment = environ(OUTPUT=folder, **variables) | dict(surroundings or {})
    how = {"cwd": cwd, "environment": environment, "alone": alone}
    done = run_module("bulletins.build", "--settings", str(settings), **how)
    return Site(done.returncode, done.stdout + done.stderr, folder)


def publish(public: Path, *arguments: str, **variables: str | Path) -> Site:
    """Publish at ``public``, strictly; the demo pack unless ``variables`` name another."""
    need_gpg()
    environment = environ(PUBLIC=public, **variables)
    done = run_module("bulletins.publish", *arguments, cwd=ROOT, environment=environment)
    return Site(done.returncode, done.stdout + done.stderr, public)


def site_of_pack(
    folder: Path,
    files: Mapping[str, str | bytes],
    profile: str = 'issuer = "Quern"\n',
    **variables: str | Path,
) -> Site:
    """Write a pack and a profile, and build their site."""
    given = {"SECPACK": make_pack(folder / "pack", files), "PROFILE": folder / "profile.toml"}
    given["PROFILE"].write_text(profile)
    return build(folder / "site", **given, **variables).ok()


def waiting(module: str, **variables: str | Path) -> subprocess.Popen[str]:
    """Start a build or a publish whose output and errors can be read while it runs."""
    command = [sys.executable, "-m", module]
    how = {"cwd": ROOT, "env": environ(**variables), "text": True}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)


def killed(folder: Path, seconds: float, module: str, **variables: str | Path) -> int | None:
    """Kill a build or a publish after some seconds; return how it ended."""
    process = start_module(module, cwd=ROOT, environment=environ(**variables), folder=folder)
    time.sleep(seconds)
    process.kill()
    process.join()
    return process.exitcode


def rebuild(
    public: Site,
    folder: Path,
    *,
    settings: str | Path = "publishconf.py",
    **variables: str | Path,
) -> Site:
    """Build a published site again; ``variables`` are its sources."""
    manifest = public.folder / "data/manifest.json"
    arguments = ("--settings", str(settings), "--rebuild", str(manifest))
    environment = environ(OUTPUT=folder, **variables)
    done = run_module("bulletins.build", *arguments, cwd=ROOT, environment=environment)
    return Site(done.returncode, done.stdout + done.stderr, folder)


@dataclass(frozen=True, slots=True)
class Shared:
    """Sites that tests only look at: each is built once, by the first worker that asks for it."""

    root: Path

    def build(self, name: str, **how: Any) -> Site:
        """The site of this name, with all processors; the arguments are those of ``build``."""
        make = partial(build, alone=False, **how)
        return self._once(self.root / name / "site", make)

    def publish(self, name: str, **variables: str | Path) -> Site:
        """The public site of this name; the arguments are those of ``publish``."""
        return self._once(self.root / name / "public", lambda path: publish(path, **variables))

    @staticmethod
    def _once(target: Path, make: Callable[[Path], Site]) -> Site:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (target.parent / "said").open("a+") as said:
            fcntl.flock(said, fcntl.LOCK_EX)
            said.seek(0)
            if not said.read():
                site = make(target)
                assert site.status == 0, site.said
                said.write(site.said)
            said.seek(0)
            return Site(0, said.read(), target)


def small_pack(pack: Path) -> dict[str, str | Path]:
    """A pack of one bulletin of the demo pack, as variables: for what no pack changes."""
    demo = ROOT / "content/secpack"
    shutil.copytree(demo / "keys", pack / "keys")
    for folder in ("canaries", "QSBs"):
        (pack / folder).mkdir()
    for path in (demo / "QSBs").glob("qsb-003-*"):
        shutil.copy(path, pack / "QSBs")
    return {"SECPACK": pack, "PROFILE": ROOT / "content/demo.toml"}


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


def commands(page: str) -> list[str]:
    """The commands of a page: up to the comparison of fingerprints, after it, and the last ones."""
    shown = page.partition("<summary>Check it yourself")[2].partition("</details>")[0]
    return [html.unescape(each) for each in re.findall("<pre.*?><code>(.*?)</code>", shown, re.S)]


def verified(site: Site, page: str, folder: Path, **environment: str) -> str:
    """Run the commands of a page in a folder with its files and all keys; return what gpg says."""
    begin, verify, _ = commands(site.read(f"{page}index.html"))
    for path, data in site.files().items():
        if path.startswith((page, "keys/")):
            (folder / Path(path).name).write_bytes(data)
    lines = f'{begin}{verify}gpgconf --kill all\nrm -r "$GNUPGHOME"\n'
    done = shell(lines, folder, **environment)
    assert done.returncode == 0, done.stderr
    return done.stderr
