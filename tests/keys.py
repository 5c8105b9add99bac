"""Real keys for tests, made with gpg in a home that goes away."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from secpack import Checker
from secpack.cache import Cache

#: When keys are made and texts are signed, unless a test says otherwise.
THEN = "20200102T030405"


class _Kept(Cache):
    """Results in memory."""

    def put(self, name: str, value: list[str]) -> None:
        self._kept[name] = value


#: Asks gpgv and gpg once about the same bytes: for tests of what follows from the answers.
CHECKER = Checker(cache=_Kept(None))


@dataclass(slots=True)
class Gnupg:
    """A gpg with a home of its own."""

    home: Path
    fingerprints: dict[str, str] = field(default_factory=dict)
    printed: dict[tuple[object, ...], bytes] = field(default_factory=dict)

    def run(self, *arguments: str, data: bytes = b"", time: str = THEN) -> bytes:
        """Run gpg, which may change its keys; return what it prints."""
        self.printed.clear()
        return self._run(*arguments, data=data, time=time)

    def _once(self, *arguments: str, data: bytes = b"", time: str = THEN) -> bytes:
        """What gpg prints, which is the same until it has changed its keys."""
        asked = (arguments, data, time)
        if asked not in self.printed:
            self.printed[asked] = self._run(*arguments, data=data, time=time)
        return self.printed[asked]

    def _run(self, *arguments: str, data: bytes, time: str) -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet"]
        command += ["--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
        command += ["--personal-digest-preferences", "SHA256"]  # gpg's own changed with 2.4
        command += ["--faked-system-time", f"{time}!", *arguments]  # at which it stands still
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return done.stdout

    def make(
        self,
        name: str,
        *,
        expire: str = "never",
        time: str = THEN,
        algorithm: str = "ed25519",
        locked_by: str = "",
    ) -> str:
        """Make a key; return its fingerprint."""
        made = ("--quick-gen-key", f"{name} <{name}@example.org>", algorithm, "cert,sign", expire)
        how = ("--status-fd", "1", "--passphrase", locked_by)
        status = self.run(*how, *made, time=time).decode().split()
        self.fingerprints[name] = status[status.index("KEY_CREATED") + 2]
        return self.fingerprints[name]

    def certify(self, name: str, *, by: str) -> None:
        """Certify a key with another."""
        self.run("--local-user", self.fingerprints[by], "--quick-sign-key", self.fingerprints[name])

    def export(self, name: str, *, armour: bool = True) -> bytes:
        """A public key as a file."""
        form = ["--armor"] if armour else []
        return self._once(*form, "--export", self.fingerprints[name])

    def revoked(self, name: str) -> bytes:
        """A public key with its revocation, as a file."""
        made = (self.home / "openpgp-revocs.d" / f"{self.fingerprints[name]}.rev").read_bytes()
        with TemporaryDirectory(prefix="gpg") as folder:
            gpg = ["gpg", "--homedir", folder, "--batch", "--no-autostart"]
            for data in (self.export(name), made[made.index(b":-----BEGIN") + 1 :]):
                subprocess.run([*gpg, "--import"], input=data, capture_output=True, check=False)
            export = [*gpg, "--armor", "--export", self.fingerprints[name]]
            return subprocess.run(export, capture_output=True, check=True).stdout

    def files(self, *names: str) -> dict[str, bytes]:
        """Public keys as files of a pack."""
        return {f"keys/team/{name}.asc": self.export(name) for name in names}

    def sign(
        self, text: bytes, name: str, *options: str, time: str = THEN, armour: bool = True
    ) -> bytes:
        """A detached signature (or, with other options, another kind)."""
        form = ["--armor"] if armour else []
        kind = options or ("--detach-sign",)
        return self._once(
            *form, "--local-user", self.fingerprints.get(name, name), *kind, data=text, time=time
        )


def need_gpg() -> None:
    """Skip a test where there is no gpg."""
    if not (shutil.which("gpg") and shutil.which("gpg-agent")):
        pytest.skip("needs gpg: install the packages gpg and gpg-agent")


@contextmanager
def new_gnupg() -> Iterator[Gnupg]:
    """A gpg with a home that goes away with its agent; at a short path, as sockets want it."""
    need_gpg()
    with TemporaryDirectory(prefix="gpg") as folder:
        try:
            yield Gnupg(Path(folder))
        finally:
            stop_agent(Path(folder))


def gnupg_with(*names: str, certified: Sequence[str] = (), time: str = THEN) -> Any:
    """A fixture: a gpg with these keys, of which the first has certified some."""

    @pytest.fixture(scope="module")
    def gnupg() -> Iterator[Gnupg]:
        with new_gnupg() as made:
            for name in names:
                made.make(name, time=time)
            for name in certified:
                made.certify(name, by=names[0])
            yield made

    return gnupg


def stop_agent(home: Path) -> None:
    """Stop the agent that gpg has started for a home, if it has."""
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)  # noqa: S607
