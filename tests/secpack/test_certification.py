"""Whether the master key vouches for a signer: withdrawn, expired, made for somebody else."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from secpack import Checker, PackError, Profile, SecpackError, load
from secpack.cache import Cache
from secpack.model.archive import Archive, File, Verdict
from secpack.model.findings import Severity
from secpack.profile import Anchor, Signer
from secpack.programs import Program
from secpack.signatures import gpg
from secpack.signatures import packets as openpgp
from secpack.signatures.gpg import Keyring, bare_keys, build_keyring
from secpack.signatures.packets import dearmor, read_keys
from secpack.signatures.policy import wrong_anchors
from tests.keys import THEN, Gnupg, gnupg_with, new_gnupg
from tests.packs import Files, bulletin, make_pack
from tests.processes import script

TEXT = bulletin(1, date="2020-01-02").encode()
NAME = "QSBs/qsb-001-2020.txt"
NOT_CERTIFIED = {(f"{NAME}.sig.ines", "signature-not-certified"), (NAME, "no-good-signature")}
INES = "keys/security-team/ines.asc"
MASTER = "keys/master-key/master.asc"
LATER = "20210101T000000"


#: A master key, and the key of a signer whom nobody vouches for yet: no test changes these.
unchanged = gnupg_with("master", "ines")


@pytest.fixture
def gnupg(unchanged: Gnupg) -> Iterator[Gnupg]:
    """A copy of them."""
    with new_gnupg() as copy:
        for path in unchanged.home.iterdir():
            if not path.is_socket():
                copied = shutil.copytree if path.is_dir() else shutil.copy
                copied(path, copy.home / path.name)
        copy.fingerprints |= unchanged.fingerprints
        yield copy


def edit(gnupg: Gnupg, name: str, *answers: str) -> None:
    """Answer what gpg asks when a key is edited, at a later time."""
    command = ["gpg", "--homedir", str(gnupg.home), "--pinentry-mode", "loopback"]
    command += ["--passphrase", "", "--yes", "--no-tty", "--faked-system-time", LATER]
    command += ["--command-fd", "0", "--edit-key", gnupg.fingerprints[name]]
    said = "\n".join((*answers, "")).encode()
    subprocess.run(command, input=said, capture_output=True, check=False)
    gnupg.printed.clear()  # of keys as they were


ArchiveOf: TypeAlias = Callable[..., Archive]


@pytest.fixture
def archive_of(tmp_path: Path, unchanged: Gnupg, gnupg: Gnupg) -> ArchiveOf:
    """Reads a bulletin that ines has signed at a time, with the keys as they are now."""
    packs = (tmp_path / f"pack{number}" for number in count())

    def read(
        keys: Mapping[str, bytes] | None = None,
        *,
        time: str = THEN,
        depth: int = 1,
        anchors: tuple[Anchor, ...] = (),
    ) -> Archive:
        # By her key as it was when it was made: gpg does not sign with one that has ended.
        files: Files = {NAME: TEXT, f"{NAME}.sig.ines": unchanged.sign(TEXT, "ines", time=time)}
        files |= {MASTER: gnupg.export("master"), INES: gnupg.export("ines"), **(keys or {})}
        signers = {"ines": Signer("Ines", gnupg.fingerprints["ines"])}
        master = "" if anchors else gnupg.fingerprints["master"]
        profile = Profile(master_key=master, anchors=anchors, depth=depth, signers=signers)
        return load(make_pack(next(packs), files), profile=profile, checker=Checker())

    return read


def errors(archive: Archive) -> set[tuple[str, str]]:
    return {(f.file, f.code) for f in archive.findings if f.severity is Severity.ERROR}


def certified(archive: Archive) -> bool | None:
    (signature,) = archive.bulletins[0].signatures
    assert signature.verdict.good == signature.certified
    return signature.certified


def withdraw(gnupg: Gnupg) -> None:
    """The master key withdraws its certification; gpg asks it in its own order."""
    answers = ("uid 1", "revsig", "y", "y", "4", "", "y", "y", "save")
    edit(gnupg, "ines", *answers)
    edit(gnupg, "ines", "uid 1", "revsig", "n", "y", "y", "0", "", "y", "save")


def test_certified(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.certify("ines", by="master")
    archive = archive_of()
    assert certified(archive) is True
    assert errors(archive) == set()


def test_a_gpg_that_gives_up_is_no_verdict(
    archive_of: ArchiveOf, tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise no key would be certified, and no message would say why."""
    gnupg.certify("ines", by="master")
    program = script(tmp_path / "gpg", "exit 2")
    find = "secpack.signatures.gpg.find_program"
    monkeypatch.setattr(find, lambda _: Program(str(program), "another"))
    with pytest.raises(SecpackError, match=r"gpg cannot list the keys \(status 2\)"):
        archive_of()


def packets(key: bytes) -> list[bytes]:
    """The packets of a key, whole."""
    data, found = dearmor(key), []
    while data:
        length = {0: 2, 1: 3}[data[0] & 3]  # the old format, with one or two bytes of length
        end = length + int.from_bytes(data[1:length])
        found.append(data[:end])
        data = data[end:]
    return found


@pytest.mark.parametrize("last", [True, False])
def test_a_withdrawn_certification(archive_of: ArchiveOf, gnupg: Gnupg, last: bool) -> None:
    """In whichever order the file has the certification and what withdraws it."""
    gnupg.certify("ines", by="master")
    withdraw(gnupg)
    key = packets(gnupg.export("ines"))
    revocations = [p for p in key if b"\x04\x30" in p[:5]]
    assert len(revocations) == 1
    others = [p for p in key if p not in revocations]
    place = len(others) if last else 2  # behind all, or right behind the user id
    key = others[:place] + revocations + others[place:]
    archive = archive_of({INES: b"".join(key)})
    assert certified(archive) is False
    assert errors(archive) == NOT_CERTIFIED


def test_certified_again(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.certify("ines", by="master")
    withdraw(gnupg)
    master, ines = gnupg.fingerprints["master"], gnupg.fingerprints["ines"]
    again = ("--force-sign-key", "--local-user", master, "--quick-sign-key", ines)
    gnupg.run(*again, time="20220101T000000")
    archive = archive_of()
    assert certified(archive) is True
    assert errors(archive) == set()


def test_a_user_id_that_its_owner_withdrew_counts_for_none(
    archive_of: ArchiveOf, gnupg: Gnupg
) -> None:
    """The master key had vouched for the second user id only."""
    ines = gnupg.fingerprints["ines"]
    second = "Second <second@example.org>"
    gnupg.run("--quick-add-uid", ines, second)
    gnupg.run("--local-user", gnupg.fingerprints["master"], "--quick-sign-key", ines, second)
    assert certified(archive_of()) is True
    gnupg.run("--quick-revoke-uid", ines, second, time=LATER)
    assert certified(archive_of()) is False


def test_a_certification_that_is_damaged(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.certify("ines", by="master")
    key = packets(gnupg.export("ines"))
    key[-1] = key[-1][:-1] + bytes([key[-1][-1] ^ 1])
    assert certified(archive_of({INES: b"".join(key)})) is False


def test_a_certification_by_somebody_else(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.make("stranger")
    gnupg.certify("ines", by="stranger")
    keys = {"keys/stranger.asc": gnupg.export("stranger")}
    assert certified(archive_of(keys)) is False


LATE = "20210301T000000"


def until(archive: Archive) -> str:
    (signature,) = archive.bulletins[0].signatures
    return f"{signature.verdict.value} {signature.until and signature.until.date()}"


def test_a_certification_that_has_expired(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """It holds for what was signed before; nothing changes on the day on which it expires."""
    master, ines = gnupg.fingerprints["master"], gnupg.fingerprints["ines"]
    gnupg.run("--default-cert-expire", "30d", "--local-user", master, "--quick-sign-key", ines)
    archive = archive_of()
    assert errors(archive) == set()
    assert until(archive) == "good-until 2020-02-01"
    late = archive_of(time=LATE)
    assert errors(late) == NOT_CERTIFIED
    assert (
        late.bulletins[0].signatures[0].reason == "its certification counts only until 2020-02-01"
    )


def test_a_master_key_that_has_expired(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    end = ("--quick-set-expire", gnupg.fingerprints["master"], "2021-01-01")
    gnupg.run(*end, time="20200102T030406")
    gnupg.certify("ines", by="master")
    archive = archive_of()
    assert errors(archive) == set()
    assert until(archive) == "good-until 2021-01-01"
    assert errors(archive_of(time=LATE)) == NOT_CERTIFIED


def test_a_key_that_was_retired_or_lost(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """A mere end does not spoil what the key signed before; any other reason does."""
    gnupg.certify("ines", by="master")
    edit(gnupg, "ines", "revkey", "y", "3", "Gone fishing", "", "y", "save")
    archive = archive_of()
    assert errors(archive) == set()
    assert until(archive) == "good-until 2021-01-01"
    late = archive_of(time=LATE)
    reason = "2021-01-01: retired, and no longer used, “Gone fishing”"
    assert late.bulletins[0].signatures[0].verdict is Verdict.REVOKED_KEY
    assert late.bulletins[0].signatures[0].reason == reason


def test_a_key_that_was_revoked_and_has_expired(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """Then gpgv mentions only that it has expired."""
    gnupg.certify("ines", by="master")
    end = ("--quick-set-expire", gnupg.fingerprints["ines"], "2022-01-01")
    gnupg.run(*end, time="20200601T000000")
    edit(gnupg, "ines", "revkey", "y", "1", "", "y", "save")
    archive = archive_of()
    (signature,) = archive.bulletins[0].signatures
    assert signature.verdict is Verdict.REVOKED_KEY
    assert signature.reason == "2021-01-01: its secret part may have been compromised"


def test_a_revocation_certificate_beside_its_key(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """A finding on its file, a row of its own; and the key is revoked."""
    gnupg.certify("ines", by="master")
    path = gnupg.home / "openpgp-revocs.d" / f"{gnupg.fingerprints['ines']}.rev"
    certificate = path.read_bytes().partition(b":-----BEGIN")[2]
    keys = {"keys/revoked.asc": b"-----BEGIN" + certificate}
    archive = archive_of(keys)
    assert archive.bulletins[0].signatures[0].verdict is Verdict.REVOKED_KEY
    (finding,) = (f for f in archive.findings if f.code == "key-unusable")
    assert (finding.file, finding.severity) == ("keys/revoked.asc", Severity.WARNING)
    assert finding.message == (
        "not used as a key: does not begin with an OpenPGP public key; "
        "what it revokes is revoked here: join it with its key"
    )
    (row,) = (key for key in archive.keys if key.unusable)
    assert (row.file.path, row.fingerprint) == ("keys/revoked.asc", "")


def test_a_revoked_copy_that_is_not_used(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """Neither something odd after a revocation nor a strange subkey hides it."""
    gnupg.certify("ines", by="master")
    revoked = dearmor(gnupg.revoked("ines"))
    strange = next(openpgp.packets(dearmor(gnupg.export("master")))).body
    subkey = b"\xce\xff%b%b" % (len(strange).to_bytes(4), strange)
    for odd in (b"\xcc\x02\0\0", b"\xff\xff", subkey):
        archive = archive_of({"keys/old.gpg": revoked + odd})
        assert archive.bulletins[0].signatures[0].verdict is Verdict.REVOKED_KEY


def test_a_damaged_revocation_hides_no_other(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """By itself gpg stops at it."""
    gnupg.certify("ines", by="master")
    revoked = openpgp.packets(dearmor(gnupg.revoked("ines")))
    whole = next(p for p in revoked if p.body[:2] == b"\x04\x20").whole
    for junk in (b"\x04\x20", b"\x04\x20" + b"junk" * 20, b"\x04\x20\x16\x08\xff\xff\0\0"):
        files = {"keys/a.gpg": b"\xc2%c%b" % (len(junk), junk), "keys/b.gpg": whole}
        assert archive_of(files).bulletins[0].signatures[0].verdict is Verdict.REVOKED_KEY


@pytest.mark.parametrize(
    "odd",
    [
        b"\xc2\x3c\x04\x20" + b"junk" * 14 + b"..",  # a signature of no form
        b"\xc2\x3c\x06\x20" + b"junk" * 14 + b"..",  # of a version that gpg does not read
        b"\xd1\xff\0\x01\0\0" + b"\xff\0\0\xff\xfb" + b"x" * 65531,  # a large picture
        b"\xce\x09\x04\0\0\0\0\x63\0\0\0",  # a subkey of an unknown algorithm
        b"\xce\x0a\x04\0\0\0\0\x01\0\0\0\0",  # one without numbers
    ],
)
def test_a_strange_key_does_no_harm_to_others(
    archive_of: ArchiveOf, gnupg: Gnupg, odd: bytes
) -> None:
    """Both gpg and gpgv stop at it, and then miss all keys after it."""
    gnupg.certify("ines", by="master")
    gnupg.make("other")
    key, *rest = openpgp.packets(gnupg.export("other", armour=False))
    files = {"keys/0.gpg": b"".join([key.whole, odd, *(p.whole for p in rest)])}
    assert errors(archive_of(files)) == set()


def test_certified_through_another_key(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """To the depth that the profile allows; the certification that holds longest counts."""
    gnupg.make("owner")
    gnupg.certify("owner", by="master")
    gnupg.certify("ines", by="owner")
    keys = {"keys/owner.asc": gnupg.export("owner")}
    assert errors(archive_of(keys)) == NOT_CERTIFIED
    archive = archive_of(keys, depth=2)
    assert errors(archive) == set()
    (key,) = (key for key in archive.keys if key.file.path == INES)
    chain = [gnupg.fingerprints[name] for name in ("master", "owner", "ines")]
    assert list(key.chain.keys if key.chain else ()) == chain


def test_anchors_that_follow_each_other(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """What the old one certified holds to its last day; canaries state the one of their day."""
    gnupg.make("heir")
    gnupg.certify("ines", by="master")
    anchors = (
        Anchor(fingerprint=gnupg.fingerprints["master"], until=date(2020, 12, 31)),
        Anchor(fingerprint=gnupg.fingerprints["heir"], since=date(2021, 1, 1)),
    )
    keys = {"keys/master-key/heir.asc": gnupg.export("heir")}
    archive = archive_of(keys, anchors=anchors)
    assert errors(archive) == set()
    assert until(archive) == "good-until 2021-01-01"
    late = archive_of(keys, anchors=anchors, time=LATE)
    assert errors(late) == NOT_CERTIFIED
    reason = "its certification counts only until 2020-12-31"
    assert late.bulletins[0].signatures[0].reason == reason
    profile = Profile(anchors=anchors)
    assert profile.anchors_on(date(2020, 12, 31)) == [gnupg.fingerprints["master"]]
    assert profile.anchors_on(date(2021, 1, 1)) == [gnupg.fingerprints["heir"]]


def test_what_an_anchor_certifies_after_its_last_day(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """Whoever has the old key later vouches for nobody, whenever a signature claims to be made."""
    ines = gnupg.fingerprints["ines"]
    gnupg.run("--local-user", gnupg.fingerprints["master"], "--quick-sign-key", ines, time=LATE)
    for until, expected in ((date(2020, 12, 31), NOT_CERTIFIED), (date(2098, 1, 1), set())):
        anchors = (Anchor(fingerprint=gnupg.fingerprints["master"], until=until),)
        archive = archive_of(anchors=anchors)
        assert errors(archive) == expected


def test_a_certification_over_sha1(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    """Every gpg lists it, also one that ignores it by itself; its digest is named."""
    ines = gnupg.fingerprints["ines"]
    root = gnupg.make("root", algorithm="rsa2048")
    weak = ("--allow-weak-key-signatures", "--cert-digest-algo", "SHA1")
    gnupg.run(*weak, "--local-user", root, "--quick-sign-key", ines)
    keys = {MASTER: gnupg.export("root")}
    archive = archive_of(keys, anchors=(Anchor(fingerprint=root),))
    assert errors(archive) == set()
    (key,) = (key for key in archive.keys if key.file.path == INES)
    assert key.chain
    assert key.chain.digest == "SHA1"
    assert key.strong == key.created


def test_a_master_key_that_was_revoked(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.certify("ines", by="master")
    edit(gnupg, "master", "revkey", "y", "0", "", "y", "save")
    archive = archive_of()
    assert certified(archive) is False
    assert errors(archive) == NOT_CERTIFIED | {(MASTER, "key-revoked")}
    (finding,) = (f for f in archive.findings if f.code == "key-revoked")
    assert "no certification by it counts" in finding.message
    (master,) = (key for key in archive.keys if key.file.path == MASTER)
    assert master.certified  # the profile says so, whatever its owner has said since
    ended = (Anchor(fingerprint=gnupg.fingerprints["master"], until=date(2021, 1, 1)),)
    archive = archive_of(anchors=ended)
    assert errors(archive) == NOT_CERTIFIED


def test_what_is_kept_of_a_key_is_not_that_of_its_revocation(
    gnupg: Gnupg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes, once in a file of keys, once in a file of their own."""
    listed: list[tuple[bytes, ...]] = []
    monkeypatch.setattr(gpg, "_listing", lambda *given: listed.append(given[3:]) or [])
    (key,) = read_keys(gnupg.export("ines"))
    *rest, last = (packet.whole for packet in openpgp.packets(key.packets))
    shorter = replace(key, packets=b"".join(rest))
    file, cache = File("keys/a.asc", b"", ""), Cache(tmp_path / "kept")
    for keyring in (Keyring(((file, key),)), Keyring(((file, shorter),), revocations=(last,))):
        gpg.inspect_keys(keyring, {}, 1, cache=cache)
    assert listed == [(), (last,)]


@pytest.mark.parametrize("first", [True, False])
def test_copies_of_a_key_are_joined(archive_of: ArchiveOf, gnupg: Gnupg, first: bool) -> None:
    """One has a certification, the other an end: whichever gpgv would read first."""
    bare = gnupg.export("ines")
    gnupg.certify("ines", by="master")
    certified_copy = gnupg.export("ines")
    gnupg.run("--quick-set-expire", gnupg.fingerprints["ines"], "2022-01-01", time=LATER)
    copies = [certified_copy, gnupg.export("ines")]
    if first:
        copies.reverse()
    keys = {INES: copies[0], "keys/z/ines.asc": copies[1], "keys/z/bare.asc": bare}
    archive = archive_of(keys)
    assert errors(archive) == set()
    assert until(archive) == "good-until 2022-01-01"
    assert len([key for key in archive.keys if key.certified]) == 4


def test_a_key_with_the_short_id_of_the_master_key(gnupg: Gnupg) -> None:
    keyring = build_keyring([File("keys/x/ines.asc", gnupg.export("ines"), "")])
    (key,) = bare_keys(keyring)
    twin = "0" * 24 + key.fingerprint[-16:]
    (error,) = wrong_anchors([key], Profile(master_key=twin))
    assert re.match(r"keys/x/ines\.asc: the key .* has the short id", str(error))


def test_another_master_key_is_named_with_its_file(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    gnupg.make("other")
    keys = {MASTER: gnupg.export("other"), f"{MASTER}.asc": gnupg.export("ines")}
    with pytest.raises(PackError) as caught:
        archive_of(keys)
    errors = [str(error).partition(", but")[0] for error in caught.value.errors]
    wrong = {MASTER: "other", f"{MASTER}.asc": "ines"}
    assert errors == [
        f"{path}: the master key here is {gnupg.fingerprints[name]}" for path, name in wrong.items()
    ]
