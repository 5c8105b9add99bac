"""Signing, waiting for a signer, rebuilding, and publishing to another host, as the docs say."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bulletins.build.finish import digest
from bulletins.publish.__main__ import _fresh_until, _issuer_keys
from secpack import Checker, Profile, load
from secpack.profile import Signer
from secpack.signatures import detached
from tests.bulletins import judges
from tests.bulletins.rules import provider_faults
from tests.bulletins.sites import (
    ROOT,
    Site,
    interrupted_after,
    killed,
    publish,
    rebuild,
    small_pack,
)
from tests.bulletins.test_mirroring import free_port, program, served, verify
from tests.keys import Gnupg, gnupg_with, stop_agent
from tests.packs import make_pack, numbered
from tests.processes import script

URL = "https://archive.quern.example.org"
DOCS = (ROOT / "docs" / "publishing.md").read_text("utf-8")
RECORD = "csaf/2017/qsb-003.json"
Given = Mapping[str, str | Path]


gpg = gnupg_with("ines", "tomek")


@pytest.fixture
def given(gpg: Gnupg, tmp_path: Path) -> dict[str, str | Path]:
    """A pack of one bulletin, as variables of a publish.

    Its profile asks for freshness, and names tomek's key as one that signs documents.
    """
    pack = small_pack(tmp_path / "pack")
    profile = tmp_path / "profile.toml"
    own = f'[csaf]\nopenpgp_keys = ["{gpg.fingerprints["tomek"]}"]'
    text = Path(pack["PROFILE"]).read_text().replace("[csaf]", own)
    profile.write_text("fresh_days = 30\n" + text)
    (Path(pack["SECPACK"]) / "keys/documents.asc").write_bytes(gpg.export("tomek"))
    return pack | {"PROFILE": profile, "SITEURL": URL, "GNUPGHOME": gpg.home}


def signed(given: Given, gpg: Gnupg, name: str = "ines") -> dict[str, str | Path]:
    return {**given, "SIGN_WITH": gpg.fingerprints[name]}


def proofs(site: Site) -> list[str]:
    """How ROLIE says that the bulletin can be verified."""
    feed = json.loads(site.read("csaf/feed-tlp-white.json"))["feed"]
    return [link["rel"] for link in feed["entry"][0]["link"]]


@pytest.mark.slow
def test_a_signed_site_stays_signed_and_can_be_built_again(
    given: Given, gpg: Gnupg, tmp_path: Path
) -> None:
    """Signatures of documents come along byte for byte, also the issuer's own."""
    site = publish(tmp_path / "public", **signed(given, gpg)).ok()
    keys = tmp_path / "keys.asc"
    keys.write_bytes(gpg.export("ines"))
    checked = verify(site.folder, "--keyring", keys)
    assert (checked.status, "verified against a signature by" in checked.said) == (0, True)
    assert proofs(site) == ["self", "hash", "hash", "signature"]
    assert not provider_faults(site.files(), URL)
    signature = site.read(f"{RECORD}.asc")
    needed = [*site.folder.glob("csaf/*/*.json*"), *site.folder.glob("data/m*.json")]
    for path in (*needed, site.folder / "SHA256SUMS"):
        target = tmp_path / "copy" / path.relative_to(site.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    again = rebuild(Site(0, "", tmp_path / "copy"), tmp_path / "rebuilt", **given).ok()
    assert "identical byte for byte" in again.said
    assert publish(site.folder, **signed(given, gpg)).said.endswith("public: unchanged.\n")
    publish(site.folder, **signed(given, gpg) | {"GZIP": "1"}).ok()
    assert site.read(f"{RECORD}.asc") == signature
    own = gpg.sign((site.folder / RECORD).read_bytes(), "tomek")
    (site.folder / f"{RECORD}.asc").write_bytes(own)
    publish(site.folder, **signed(given, gpg) | {"GZIP": "1"}).ok()
    assert site.read(f"{RECORD}.asc") == own.decode()
    rebuild(site, tmp_path / "rebuilt", **given).ok()
    refused = publish(site.folder, **given).refused()
    assert "the new ones would not be: give SIGN_WITH (publish-signature-gone)" in refused.said


@pytest.mark.slow
def test_the_signature_of_another_document_does_not_come_along(
    given: Given, gpg: Gnupg, tmp_path: Path
) -> None:
    """Without the key the new document has none, and nothing is refused for that."""
    site = publish(tmp_path / "public", **given)
    assert proofs(site) == ["self", "hash", "hash"]
    data, path = (site.folder / RECORD).read_bytes(), site.folder / f"{RECORD}.asc"
    for bad, reason in (
        (b"a signature", "not armoured"),
        (gpg.sign(b"x", "tomek"), "the signature is not good: bad"),
        (gpg.sign(data, "ines"), "the signature is not good: unknown-key"),
    ):
        path.write_bytes(bad)
        published = publish(site.folder, **given).ok()
        assert f"{RECORD}.asc is left out: {reason}; expected one by a key of the" in published.said
        assert not (site.folder / f"{RECORD}.asc").exists()
    path = site.folder / f"{RECORD}.asc"
    path.write_bytes(gpg.sign(data, "tomek"))
    publish(site.folder, **given).ok()
    assert proofs(site) == ["self", "hash", "hash", "signature"]
    profile = Path(given["PROFILE"])
    profile.write_text(profile.read_text().replace('issuer = "Quern"', 'issuer = "Quorn"'))
    publish(site.folder, **given).ok()
    assert proofs(site) == ["self", "hash", "hash"]
    assert not (site.folder / f"{RECORD}.asc").exists()
    for _ in range(2):  # also to the version to which the signature was added
        publish(site.folder, "--rollback", FORCE="1").ok()


def test_a_key_that_any_copy_revokes_signs_no_document(gpg: Gnupg, tmp_path: Path) -> None:
    keys = {"keys/a.asc": gpg.export("tomek"), "keys/z/later.asc": gpg.revoked("tomek")}
    signers = {"tomek": Signer("Tomek", gpg.fingerprints["tomek"])}
    profile = Profile(issuer="Quern", signers=signers)
    archive = load(make_pack(tmp_path, numbered(1) | keys), profile=profile, checker=Checker())
    site: Any = SimpleNamespace(archive=archive, profile=profile)
    issuer = detached.Signer("", _issuer_keys(site))
    fault = issuer.fault("a.json", b"{}", gpg.sign(b"{}", "tomek"))
    assert fault == "the signature is not good: revoked-key"


@pytest.mark.slow
def test_a_publish_waits_for_a_signer_elsewhere(given: Given, gpg: Gnupg, tmp_path: Path) -> None:
    """And goes on with that very build, whatever the pack is by then."""
    keys = tmp_path / "keys.asc"
    keys.write_bytes(gpg.export("tomek"))
    variables = {**given, "SIGN_WITH": keys}
    waits = publish(tmp_path / "public", **variables)
    assert waits.status == 3
    waiting = tmp_path / "public.versions/waiting"
    assert f"Waiting for a signature: {waiting}/SHA256SUMS\n" in waits.said
    assert not waits.folder.exists()
    checksums = (waiting / "SHA256SUMS").read_bytes()
    (waiting / "SHA256SUMS.asc").write_bytes(gpg.sign(checksums, "ines"))
    wrong = publish(waits.folder, **variables).refused()
    assert f"{waiting}/SHA256SUMS.asc: the signature is not good: unknown-key; sign" in wrong.said
    (waiting / "SHA256SUMS.asc").write_bytes(gpg.sign(checksums, "tomek"))
    shown = publish(waits.folder, **variables | {"SITEURL": f"{URL}/other"}).ok()
    assert (shown.folder / "SHA256SUMS").read_bytes() == checksums
    assert verify(shown.folder, "--keyring", keys).status == 0
    assert not waiting.exists()
    assert publish(waits.folder, **variables | {"SITEURL": f"{URL}/other"}).status == 3
    assert (shown.folder / "SHA256SUMS").read_bytes() == checksums


@pytest.mark.slow
def test_interrupted_or_killed_it_is_never_public_unsigned(
    given: Given, gpg: Gnupg, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.asc"
    keys.write_bytes(gpg.export("ines"))
    site = publish(tmp_path / "public", **signed(given, gpg))
    settings = tmp_path / "settings.py"
    sent = interrupted_after(settings, "publishconf", "secpack.signatures.detached:Signer.sign")
    more = signed(given, gpg) | {"SITEURL": f"{URL}/b"}
    ended = publish(site.folder, "--settings", str(settings), **more)
    assert (sent.exists(), ended.status) == (True, 128 + signal.SIGTERM)
    assert "Interrupted." in ended.said
    assert [path.name for path in site.folder.with_name("public.versions").glob("0*")] == ["000001"]
    started, ends = time.monotonic(), []
    publish(site.folder, **more).ok()
    takes = time.monotonic() - started
    for number in range(8):
        variables = more | {"PUBLIC": site.folder, "SITEURL": f"{URL}/{number}"}
        moment = takes * (0.5 + number / 16)
        ends.append(killed(tmp_path, moment, "bulletins.publish", **variables))
        checked = verify(site.folder, "--keyring", keys)
        assert checked.status == 0, checked.said
    assert -signal.SIGKILL in ends


@pytest.mark.slow
def test_what_cannot_be_signed_is_not_published(given: Given, gpg: Gnupg, tmp_path: Path) -> None:
    site = publish(tmp_path / "public", **given, SIGN_WITH="AB" * 20).refused()
    assert "gpg: WARNING: nothing exported" in site.said
    assert "is the key in the keyring of this user, valid, and unlocked?" in site.said
    assert site.said.endswith("Nothing was published; the public site is unchanged.\n")
    assert not site.folder.exists()
    shutil.copytree(gpg.home / "private-keys-v1.d", tmp_path / "private")
    stop_agent(gpg.home)
    shutil.rmtree(gpg.home / "private-keys-v1.d")
    try:
        site = publish(tmp_path / "public", **signed(given, gpg))
    finally:
        stop_agent(gpg.home)
        shutil.copytree(tmp_path / "private", gpg.home / "private-keys-v1.d", dirs_exist_ok=True)
    assert site.status == 1
    assert "gpg: signing failed: No secret key" in site.said
    assert not site.folder.exists()
    assert [path.name for path in (tmp_path / "public.versions").iterdir()] == ["lock"]


# --- rebuilding -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_rebuild_names_what_differs(given: Given, tmp_path: Path) -> None:
    site = publish(tmp_path / "public", **given)
    other = dict(given) | {"PROFILE": ROOT / "content/demo.toml"}
    wrong = rebuild(site, tmp_path / "rebuilt", **other).refused()
    assert re.search("^profile: here [0-9a-f]{64}, in the manifest [0-9a-f]{64}$", wrong.said, re.M)
    assert "XSA" not in wrong.said.partition("\n")[0]
    assert wrong.said.endswith("Nothing was built; the previous site is unchanged.\n")
    copy = tmp_path / "copy"
    shutil.copytree(site.folder, copy)
    listed = (copy / "SHA256SUMS").read_text()
    (copy / "SHA256SUMS").write_text(listed.replace(listed[:64], "0" * 64))
    differs = rebuild(Site(0, "", copy), tmp_path / "rebuilt", **given).refused()
    wrong = f"NOT the same: 1 file in {tmp_path}/rebuilt: {listed[66:].splitlines()[0]}\n"
    assert wrong in differs.said
    faulty = tmp_path / "faulty.py"
    faulty.write_text("{}['ours']\n")
    blamed = rebuild(site, tmp_path / "rebuilt", settings=faulty, **given).refused()
    assert blamed.said.startswith("KeyError: 'ours'\n")
    strange = {"settings": dict.fromkeys(["SITEURL", "SEARCH", "GZIP", "AS_OF", "TAGS"], "\0")}
    for text in ("{}", "[]", '{"settings": {}}', "{", json.dumps(strange)):
        (copy / "data/manifest.json").write_text(text)
        altered = rebuild(Site(0, "", copy), tmp_path / "rebuilt", **given).refused()
        assert "manifest.json: " in altered.said
        own = digest(copy / "data/manifest.json")
        (copy / "SHA256SUMS").write_text(f"{own}  data/manifest.json\n")
        hostile = rebuild(Site(0, "", copy), tmp_path / "rebuilt", **given).refused()
        assert "manifest.json: " in hostile.said
        assert "differs from SHA256SUMS" not in hostile.said
    none = rebuild(Site(0, "", tmp_path), tmp_path / "rebuilt", **given)
    assert "expected the data/manifest.json of a copy of a site" in none.said


@pytest.mark.slow
def test_a_manifest_does_not_betray_what_is_withheld(given: Given, tmp_path: Path) -> None:
    profile = Path(given["PROFILE"])
    text = profile.read_text()
    site = publish(tmp_path / "public", **given)
    manifest = json.loads(site.read("data/manifest.json"))
    assert judges.data_faults(manifest, "publishedManifest") == []
    assert manifest["inputs"]["profile"]
    assert manifest["settings"]["SITEURL"] == URL
    profile.write_text(f'{text}\n[documents."QSB-004"]\nstatus = "embargoed"\n')
    shutil.copytree(
        ROOT / "content/secpack/QSBs", Path(given["SECPACK"]) / "QSBs", dirs_exist_ok=True
    )
    site = publish(tmp_path / "public", **given).ok()
    manifest = json.loads(site.read("data/manifest.json"))
    assert judges.data_faults(manifest) == []
    assert manifest["inputs"] is None
    rebuild(site, tmp_path / "rebuilt", **given).ok()


# --- freshness --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_site_says_until_when_it_is_the_newest(given: Given, tmp_path: Path) -> None:
    site = publish(tmp_path / "public", **given)
    until = datetime.now(UTC).date() + timedelta(days=30)
    assert json.loads(site.read("data/manifest.json"))["fresh_until"] == str(until)
    time = f'<time data-due="overdue: look for a newer copy">{until}</time>'
    assert f"A newer copy is due by {time}.</p>" in site.read("qsb/index.html")
    assert verify(site.folder).status == 0


@pytest.mark.parametrize(
    ("days", "public", "left"),
    [
        *((0, None, None), (0, 9, None), (30, None, 30), (30, 30, 30), (30, 15, 15), (30, 14, 30)),
        *((30, -5, 30), (30, 31, 30), (1, 1, 1), (1, 0, 1)),
    ],
)
def test_the_day_stays_for_half_of_the_time(
    days: int, public: int | None, left: int | None
) -> None:
    def day(number: int | None) -> date | None:
        today = datetime.now(UTC).date()
        return None if number is None else today + timedelta(days=number)

    assert _fresh_until(days, day(public)) == day(left)


# --- another host -----------------------------------------------------------------------------

SSHD = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
"""

SSH = """\
Host web.example.org
HostName 127.0.0.1
Port {port}
IdentityFile {folder}/user
UserKnownHostsFile {folder}/known
HostKeyAlias web
"""


@contextmanager
def remote(folder: Path) -> Iterator[dict[str, str]]:
    """A host of our own; yields the surroundings in which its name is known."""
    sshd, port = program("sshd"), free_port()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it separates privileges
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    (folder / "known").write_text(f"web {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(SSHD.format(port=port, folder=folder))
    (folder / "ssh_config").write_text(SSH.format(port=port, folder=folder))
    script(folder / "bin/ssh", f'exec {program("ssh")} -F {folder}/ssh_config "$@"')
    with served([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], port):
        yield {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


@pytest.mark.slow
def test_another_host_is_served_in_the_same_way(given: Given, gpg: Gnupg, tmp_path: Path) -> None:
    """Whole at every moment, also after a transfer that broke off; and back."""
    found = re.search(r"^```sh\n(#!/bin/sh\n# Usage: deploy .*?)^```$", DOCS, re.M | re.S)
    assert found
    (tmp_path / "deploy").write_text(found[1])
    host = tmp_path / "host"
    host.mkdir()
    there = host / "srv"

    with remote(host) as surroundings:

        def deploy() -> subprocess.CompletedProcess[str]:
            command = ["sh", "deploy", "public", "web.example.org", str(there)]
            how = {"cwd": tmp_path, "env": surroundings, "timeout": 100}
            return subprocess.run(command, capture_output=True, text=True, check=False, **how)

        first = publish(tmp_path / "public", **signed(given, gpg)).ok()
        done = deploy()
        assert done.returncode == 0, done.stderr
        public = Site(0, "", there / "public")
        old = public.files()
        assert old == first.files()
        assert (there / "public").is_symlink()
        style = (there / "public/theme/style.css").stat().st_ino

        second = publish(tmp_path / "public", **signed(given, gpg) | {"SITEURL": f"{URL}/b"}).ok()
        breaks = f'{program("rsync")} --exclude=qsb/ "$@"; exit 12'
        script(host / "bin/rsync", breaks)
        assert deploy().returncode == 12
        assert public.files() == old
        (host / "bin/rsync").unlink()
        assert deploy().returncode == 0
        assert public.files() == second.files()
        assert (there / "public/theme/style.css").stat().st_ino == style
        assert len(list((there / "public.versions").glob("0*"))) == 2

        publish(second.folder, "--rollback", FORCE="1").ok()
        assert deploy().returncode == 0
        assert public.files() == old

        page = there / "public/index.html"
        times, data = page.stat(), page.read_bytes()
        page.write_bytes(data.replace(b"Quern", b"Quorn"))
        os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
        damaged = deploy()
        assert damaged.returncode != 0
        assert "index.html: FAILED" in damaged.stdout + damaged.stderr
