"""What docs/publishing.md shows, from a clone to a mirror that is verified, is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from secpack import Checker, load, load_profile
from tests.bulletins.sites import environ
from tests.bulletins.test_mirroring import example
from tests.keys import Gnupg, new_gnupg
from tests.packs import commit, git, new_repository
from tests.processes import script
from tests.test_make import ROOT

DEMO = ROOT / "content"
DOCS = ROOT / "docs/publishing.md"
#: The fingerprints that the docs show.
SHOWN = {
    "ines": "964EAFBDC90C30C7566EF994783DFD6640520B8E",
    "archive": "436F2F0FBB84723B1EF3F76A1A4073383D3A42F5",
}
#: What the author writes in place of what is marked.
EDITOR = """\
sed -i 's/- TODO, version TODO/- xen packages, version 4.17.5-9/; s/TODO.*/Words./' "$@"
"""
GITCONFIG = """\
[user]
    name = Ines
    email = ines@example.org
[url "{}/"]
    insteadOf = https://git.example.org/quern/
"""


def steps(srv: str, fingerprints: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The commands, and what each prints, in another folder and with other keys."""
    text = re.sub("^    #.*\n", "", DOCS.read_text("utf-8"), flags=re.M).replace("\\\n        ", "")
    text = text.partition("\n## All of it\n")[2].partition("\n## ")[0].replace("/srv", srv)
    for name, fingerprint in SHOWN.items():
        text = text.replace(fingerprint, fingerprints[name])
    for command, shown in re.findall(r"^    \$ (.*)\n((?:    (?!\$ ).*\n)*)", text, re.M):
        yield command, re.sub("^    ", "", shown, flags=re.M)


def signed_anew(gnupg: Gnupg, srv: Path) -> None:
    """The demo pack, in which other keys have signed everything at the same times; its profile."""
    pack, demo = srv / "origin", load_profile(DEMO / "demo.toml")
    shutil.copytree(
        DEMO / "secpack", pack, ignore=shutil.ignore_patterns("*.sig*", "*.dot", "keys")
    )
    archive = load(DEMO / "secpack", profile=demo, checker=Checker())
    profile = (DEMO / "demo.toml").read_text("utf-8")
    signers = {name: signer.fingerprint for name, signer in demo.signers.items()}
    (pack / "keys/team").mkdir(parents=True)
    for name, old in {"master": demo.master_key, **signers}.items():
        profile = profile.replace(old, gnupg.make(name, time="20150101T000000"))
        if name in signers:
            gnupg.certify(name, by="master")
        (pack / f"keys/team/{name}.asc").write_bytes(gnupg.export(name))
    letters = [letter for canary in archive.canaries for letter in canary.letters]
    for each in (*archive.publications, *letters):
        text = pack / each.document.file.path
        old, new = (spaced(key) for key in (demo.master_key, gnupg.fingerprints["master"]))
        text.write_bytes(each.document.file.data.replace(old, new))
        for s in each.signatures:
            signature = gnupg.sign(text.read_bytes(), s.signer, time=f"{s.created:%Y%m%dT%H%M%S}")
            (pack / s.file.path).write_bytes(signature)
    (srv / "quern.toml").write_text(f'url = "https://quern.example.org/"\n{profile}', "utf-8")


def spaced(fingerprint: str) -> bytes:
    """A fingerprint as canaries print it."""
    groups = re.findall("....", fingerprint)
    return f"{' '.join(groups[:5])}  {' '.join(groups[5:])}".encode()


class Srv(NamedTuple):
    """The folder of the transcript, the surroundings of a shell, and the fingerprints of keys."""

    folder: Path
    environment: Mapping[str, str]
    fingerprints: Mapping[str, str]


@pytest.fixture
def srv(tmp_path: Path) -> Iterator[Srv]:
    """What is there before the first command."""
    with new_gnupg() as gnupg:
        signed_anew(gnupg, tmp_path)
        gnupg.make("archive")
        commit(new_repository(tmp_path / "origin"))
        git(tmp_path, "clone", "--quiet", "--bare", "origin", "pack.git")
        mirror = example("sh", "#!/bin/sh\n# Usage: mirror FOLDER.")
        mirror = mirror.replace("rsync://archive.example.org/archive/", f"{tmp_path}/public/")
        (tmp_path / "mirror.sh").write_text(mirror)
        how = f"--homedir {gnupg.home} --batch --quiet --pinentry-mode loopback --passphrase ''"
        script(tmp_path / "wrapper", f'exec gpg {how} "$@"')
        script(tmp_path / "bin/editor", EDITOR)
        shutil.copy(DEMO / "xsa.yml", tmp_path)
        (tmp_path / "secpack-archive").symlink_to(ROOT)
        (tmp_path / "gitconfig").write_text(GITCONFIG.format(tmp_path))
        environment = {n: v for n, v in environ().items() if not n.startswith(("MAKE", "MFLAGS"))}
        yield Srv(
            tmp_path,
            environment
            | {
                "GIT_CONFIG_GLOBAL": f"{tmp_path}/gitconfig",
                "GNUPGHOME": f"{gnupg.home}",
                "PATH": f"{tmp_path}/bin:{Path(sys.executable).parent}:{environment['PATH']}",
                "XDG_CACHE_HOME": f"{tmp_path}/cache",
            },
            gnupg.fingerprints,
        )


def plain(printed: str) -> str:
    """What a command prints, without the time it took and how many files there are."""
    return re.sub(r"[0-9,]+ (added|files)|[0-9.]+ s\b|\(\d{4}-[^)]*\)", "…", printed)


@pytest.mark.slow
def test_the_commands_print_what_the_docs_show(srv: Srv) -> None:
    folder, environment, fingerprints = srv
    commands = [*steps(str(folder), fingerprints)]
    assert len(commands) > 20
    place = str(folder)
    for command, shown in commands:
        done = subprocess.run(
            ["/bin/sh", "-ec", f"{command}\npwd >{folder}/place"],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode, plain(done.stdout)) == (0, plain(shown)), done.stdout
        place = (folder / "place").read_text().strip()
