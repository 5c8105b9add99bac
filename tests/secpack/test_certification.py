"""Whether the master key vouches for a signer: withdrawn, expired, made for somebody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from secpack import Checker, PackError, Profile, load
from secpack.model.archive import Archive, File
from secpack.model.findings import Severity
from secpack.profile import Signer
from secpack.signatures.gpg import bare_keys, build_keyring
from secpack.signatures.packets import dearmor
from secpack.signatures.policy import check_anchor
from tests.keys import Gnupg, new_gnupg
from tests.packs import bulletin, make_pack

TEXT = bulletin(1, date="2020-01-02").encode()
NAME = "QSBs/qsb-001-2020.txt"
INES = "keys/security-team/ines.asc"
MASTER = "keys/master-key/master.asc"
LATER = "20210101T000000"


@pytest.fixture
def gnupg() -> Iterator[Gnupg]:
    with new_gnupg() as made:
        yield made


def made(gnupg: Gnupg, *, master: str = "never") -> Gnupg:
    """A master key, perhaps with an end, and the key of a signer whom nobody vouches for yet."""
    gnupg.make("master", expire=master)
    gnupg.make("ines")
    return gnupg


def edit(gnupg: Gnupg, name: str, *answers: str) -> None:
    """Answer what gpg asks when a key is edited, at a later time."""
    command = ["gpg", "--homedir", str(gnupg.home), "--pinentry-mode", "loopback"]
    command += ["--passphrase", "", "--yes", "--no-tty", "--faked-system-time", LATER]
    command += ["--command-fd", "0", "--edit-key", gnupg.fingerprints[name]]
    said = "\n".join((*answers, "")).encode()
    subprocess.run(command, input=said, capture_output=True, check=False)


def archive_of(
    folder: Path, gnupg: Gnupg, keys: Mapping[str, bytes] | None = None, *, pinned: bool = True
) -> Archive:
    """A bulletin that ines has signed, read with the keys as they are now."""
    files: dict[str, str | bytes] = {NAME: TEXT, f"{NAME}.sig.ines": gnupg.sign(TEXT, "ines")}
    files |= {MASTER: gnupg.export("master"), INES: gnupg.export("ines"), **(keys or {})}
    signers = {"ines": Signer("Ines", gnupg.fingerprints["ines"])} if pinned else {}
    profile = Profile("Quern", master_key=gnupg.fingerprints["master"], signers=signers)
    return load(make_pack(folder, files), profile=profile, checker=Checker())


def errors(archive: Archive) -> set[tuple[str, str]]:
    return {(f.file, f.code) for f in archive.findings if f.severity is Severity.ERROR}


def certified(archive: Archive) -> bool | None:
    (signature,) = archive.bulletins[0].signatures
    assert signature.verdict.good
    return signature.certified


def withdraw(gnupg: Gnupg) -> None:
    """The master key withdraws its certification; gpg asks it in its own order."""
    answers = ("uid 1", "revsig", "y", "y", "4", "", "y", "y", "save")
    edit(gnupg, "ines", *answers)
    edit(gnupg, "ines", "uid 1", "revsig", "n", "y", "y", "0", "", "y", "save")


def test_certified(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).certify("ines", by="master")
    archive = archive_of(tmp_path, gnupg)
    assert certified(archive) is True
    assert errors(archive) == set()


def packets(key: bytes) -> list[bytes]:
    """The packets of a key, whole."""
    data, found = dearmor(key, path="key"), []
    while data:
        length = {0: 2, 1: 3}[data[0] & 3]  # the old format, with one or two bytes of length
        end = length + int.from_bytes(data[1:length])
        found.append(data[:end])
        data = data[end:]
    return found


@pytest.mark.parametrize("last", [True, False])
def test_a_withdrawn_certification(tmp_path: Path, gnupg: Gnupg, last: bool) -> None:
    """In whichever order the file has the certification and what withdraws it."""
    made(gnupg).certify("ines", by="master")
    withdraw(gnupg)
    key = packets(gnupg.export("ines"))
    revocations = [p for p in key if b"\x04\x30" in p[:5]]
    assert len(revocations) == 1
    others = [p for p in key if p not in revocations]
    place = len(others) if last else 2  # behind all, or right behind the user id
    key = others[:place] + revocations + others[place:]
    archive = archive_of(tmp_path, gnupg, {INES: b"".join(key)})
    assert certified(archive) is False
    assert errors(archive) == {(f"{NAME}.sig.ines", "signer-not-certified")}


def test_certified_again(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).certify("ines", by="master")
    withdraw(gnupg)
    master, ines = gnupg.fingerprints["master"], gnupg.fingerprints["ines"]
    again = ("--force-sign-key", "--local-user", master, "--quick-sign-key", ines)
    gnupg.run(*again, time="20220101T000000")
    archive = archive_of(tmp_path, gnupg)
    assert certified(archive) is True
    assert errors(archive) == set()


def test_a_user_id_that_its_owner_withdrew_counts_for_none(tmp_path: Path, gnupg: Gnupg) -> None:
    """The master key had vouched for the second user id only."""
    ines = made(gnupg).fingerprints["ines"]
    second = "Second <second@example.org>"
    gnupg.run("--quick-add-uid", ines, second)
    gnupg.run("--local-user", gnupg.fingerprints["master"], "--quick-sign-key", ines, second)
    assert certified(archive_of(tmp_path / "before", gnupg)) is True
    gnupg.run("--quick-revoke-uid", ines, second, time=LATER)
    assert certified(archive_of(tmp_path / "after", gnupg)) is False


def test_a_certification_that_is_damaged(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).certify("ines", by="master")
    key = packets(gnupg.export("ines"))
    key[-1] = key[-1][:-1] + bytes([key[-1][-1] ^ 1])
    assert certified(archive_of(tmp_path, gnupg, {INES: b"".join(key)})) is False


def test_a_certification_by_somebody_else(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).make("stranger")
    gnupg.certify("ines", by="stranger")
    keys = {"keys/stranger.asc": gnupg.export("stranger")}
    assert certified(archive_of(tmp_path, gnupg, keys)) is False


@pytest.mark.parametrize("pinned", [True, False])
def test_a_certification_that_has_expired(tmp_path: Path, gnupg: Gnupg, pinned: bool) -> None:
    made(gnupg)
    master, ines = gnupg.fingerprints["master"], gnupg.fingerprints["ines"]
    gnupg.run("--default-cert-expire", "30d", "--local-user", master, "--quick-sign-key", ines)
    assert errors(archive_of(tmp_path, gnupg, pinned=pinned)) == {(INES, "key-invalid")}


def test_a_master_key_that_has_expired(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg, master="1y").certify("ines", by="master")
    found = errors(archive_of(tmp_path, gnupg))
    assert found == {(f"{NAME}.sig.ines", "signer-not-certified"), (MASTER, "key-invalid")}


def test_a_master_key_that_was_revoked(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).certify("ines", by="master")
    edit(gnupg, "master", "revkey", "y", "0", "", "y", "save")
    archive = archive_of(tmp_path, gnupg)
    assert certified(archive) is False
    assert errors(archive) == {(f"{NAME}.sig.ines", "signer-not-certified")}
    assert (MASTER, "key-revoked") in {(f.file, f.code) for f in archive.findings}


def test_another_copy_of_a_key(tmp_path: Path, gnupg: Gnupg) -> None:
    """Gpgv looks at the first copy only; the second could revoke a subkey, or let it expire."""
    made(gnupg).certify("ines", by="master")
    old = gnupg.export("ines")
    gnupg.run("--quick-set-expire", gnupg.fingerprints["ines"], "1y", time=LATER)
    later = "keys/z/ines.asc"
    archive = archive_of(tmp_path / "a", gnupg, {INES: old, later: gnupg.export("ines")})
    assert (later, "key-copies") in errors(archive)
    same = archive_of(tmp_path / "b", gnupg, {INES: old, later: old})
    assert errors(same) == set()


def test_a_key_with_the_short_id_of_the_master_key(gnupg: Gnupg) -> None:
    gnupg.make("ines")
    keyring = build_keyring([File("keys/x/ines.asc", gnupg.export("ines"), "")])
    (key,) = bare_keys(keyring)
    twin = "0" * 24 + key.fingerprint[-16:]
    with pytest.raises(Exception, match=r"keys/x/ines\.asc: the key .* has the short id"):
        list(check_anchor([key], Profile(master_key=twin)))


def test_another_master_key_is_named_with_its_file(tmp_path: Path, gnupg: Gnupg) -> None:
    made(gnupg).make("other")
    with pytest.raises(PackError, match=f"{MASTER}: the master key here is"):
        archive_of(tmp_path, gnupg, {MASTER: gnupg.export("other")})
