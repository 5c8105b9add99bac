"""Every verdict, with real keys; and that nothing that was changed goes unnoticed."""

from __future__ import annotations

import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from secpack import Checker, PackError, Profile, SecpackError, load
from secpack.cache import Cache
from secpack.model.archive import Archive, File, Signature, Verdict
from secpack.model.findings import Finding, Severity, Waiver
from secpack.profile import Period, Signer
from secpack.signatures import packets as openpgp
from secpack.signatures.policy import WORDS, Standing, expected_signers, in_words, standing
from tests.keys import CHECKER, THEN, Gnupg, new_gnupg
from tests.packs import Files, bulletin, canary, make_pack, numbered
from tests.processes import agents, counting, script


def packet(tag: int, body: bytes) -> bytes:
    """An OpenPGP packet."""
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4) + body


TEXT = bulletin(1, date="2020-01-02").encode()
NAME = "QSBs/qsb-001-2020.txt"


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Gnupg]:
    with new_gnupg() as made:
        for name in ("master", "ines", "tomek", "stranger", "uncertified", "other-master"):
            made.make(name)
        made.make("brief", expire="2020-06-01")
        made.make("withdrawn")
        for name in ("ines", "tomek", "brief", "withdrawn", "stranger"):
            made.certify(name, by="master")
        made.run("--quick-add-key", made.fingerprints["tomek"], "ed25519", "sign", "never")
        yield made


@pytest.fixture(scope="module")
def keys(gnupg: Gnupg) -> Files:
    """The folder of keys: all but the stranger's and the other master's."""
    files: Files = {"keys/master-key/master.asc": gnupg.export("master")}
    for name in ("ines", "tomek", "uncertified"):
        files[f"keys/security-team/{name}.asc"] = gnupg.export(name)
    for name in ("brief", "withdrawn"):
        files[f"keys/security-team/retired/{name}.asc"] = gnupg.export(name)
    return files


@pytest.fixture
def profile(gnupg: Gnupg) -> Profile:
    signers = {
        name: Signer(name.title(), gnupg.fingerprints[name], bulletins=Period(), canaries=Period())
        for name in ("ines", "tomek")
    }
    signers["brief"] = Signer("Brief", gnupg.fingerprints["brief"])
    signers["withdrawn"] = Signer("Withdrawn", gnupg.fingerprints["withdrawn"])
    return Profile(
        issuer="Quern",
        master_key=gnupg.fingerprints["master"],
        legacy_until=date(2020, 6, 1),
        signers=signers,
    )


ArchiveOf: TypeAlias = Callable[..., Archive]


@pytest.fixture
def archive_of(tmp_path: Path, profile: Profile, keys: Files) -> ArchiveOf:
    """Reads the text with these signatures by name, perhaps with another profile and other keys."""
    packs = (tmp_path / f"pack{number}" for number in count())

    def read(
        signatures: Mapping[str, bytes], profile: Profile = profile, keys: Files = keys
    ) -> Archive:
        files = {f"{NAME}.sig.{name}": data for name, data in signatures.items()}
        pack = make_pack(next(packs), {**keys, NAME: TEXT, **files})
        return load(pack, profile=profile, checker=CHECKER)

    return read


def verdicts(archive: Archive) -> dict[str, Verdict]:
    return {s.signer: s.verdict for s in archive.bulletins[0].signatures}


def errors(archive: Archive) -> set[tuple[str, str]]:
    return {(f.file, f.code) for f in archive.findings if f.severity is Severity.ERROR}


# --- verdicts ---------------------------------------------------------------------------------


def test_good(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed)
    assert verdicts(archive) == {"ines": Verdict.GOOD, "tomek": Verdict.GOOD}
    assert errors(archive) == set()
    ines, tomek = archive.bulletins[0].signatures
    assert ines.primary == ines.fingerprint == gnupg.fingerprints["ines"]
    assert (ines.created and ines.created.isoformat()) == "2020-01-02T03:04:05+00:00"
    assert (ines.digest, ines.certified) == ("SHA256", True)
    assert tomek.primary == gnupg.fingerprints["tomek"] != tomek.fingerprint


def options(*given: str, time: str = THEN) -> Callable[[Gnupg], bytes]:
    """Makes a signature by ines with options of gpg."""
    return lambda gnupg: gnupg.sign(TEXT, "ines", *given, "--detach-sign", time=time)


EARLY = ("--ignore-time-conflict", "--ignore-valid-from")
SHA1, MD5 = ("--digest-algo", "SHA1"), ("--allow-weak-digest-algos", "--digest-algo", "MD5")
NOTHING = b"-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"

#: Signature files of ines that are not plain good: the verdict, why it is no signature, the file.
CASES: dict[str, tuple[Verdict, str, Callable[[Gnupg], bytes]]] = {
    "legacy": (Verdict.GOOD_LEGACY, "", options(*SHA1)),
    "late-legacy": (Verdict.OBSOLETE_DIGEST, "", options(*SHA1, time="20200601T000000")),
    "weak": (Verdict.REFUSED, "", options(*MD5)),
    "bad": (Verdict.BAD, "", lambda gpg: gpg.sign(TEXT + b" ", "ines")),
    "unknown-key": (Verdict.UNKNOWN_KEY, "", lambda gpg: gpg.sign(TEXT, "stranger")),
    "not-allowed": (Verdict.SIGNER_NOT_ALLOWED, "", lambda gpg: gpg.sign(TEXT, "uncertified")),
    "differs": (Verdict.SIGNER_DIFFERS, "", lambda gpg: gpg.sign(TEXT, "tomek")),
} | {
    name: (Verdict.MALFORMED, reason, make)
    for name, reason, make in (
        ("expired", "a signature that expires", options("--default-sig-expire", "1d")),
        (
            "several",
            "several signatures in one file",
            lambda gpg: b"".join(gpg.sign(TEXT, n, armour=False) for n in ("ines", "tomek")),
        ),
        ("early", "dated before its key was made", options(*EARLY, time="20190101T000000")),
        ("twice", "", lambda gpg: gpg.sign(TEXT, "ines", armour=False) * 2),
        ("text-mode", "a signature of class 01, as --textmode makes", options("--textmode")),
        ("message", "", lambda gpg: gpg.sign(TEXT, "ines", "--sign")),
        ("other-message", "", lambda gpg: gpg.sign(b"other", "ines", "--sign")),
        (
            "clear-signed",
            "clear-signed: the text is inside",
            lambda gpg: gpg.sign(TEXT, "ines", "--clear-sign"),
        ),
        (
            "words-before",
            "words before the armour",
            lambda gpg: b"Signed by Ines\n\n" + gpg.sign(TEXT, "ines"),
        ),
        (
            "bytes-after",
            "bytes after the armour",
            lambda gpg: gpg.sign(TEXT, "ines") + b"\0\0more",
        ),
        (
            "comment",
            "an armour header, such as Comment, with letters",
            lambda gpg: gpg.sign(TEXT, "ines").replace(b"\n", "\nComment: ü\n".encode(), 1),
        ),
        ("empty", "", lambda _: b""),
        ("garbage", "", lambda _: b"\x89\x02garbage" * 100),
        ("words", "no OpenPGP signature", lambda _: b"I, Ines, have signed this.\n"),
        ("cut", "cut short", lambda gpg: gpg.sign(TEXT, "ines")[:100]),
        ("key", "", lambda gpg: gpg.export("ines")),
        ("armour-of-nothing", "", lambda _: NOTHING),
    )
}


def case(gnupg: Gnupg, name: str) -> bytes:
    """A signature file of a kind that is not good."""
    return CASES[name][2](gnupg)


@pytest.mark.parametrize("name", CASES)
def test_verdict(archive_of: ArchiveOf, gnupg: Gnupg, name: str) -> None:
    """What gpg takes and we refuse says why."""
    verdict, reason, _ = CASES[name]
    archive = archive_of({"ines": case(gnupg, name), "tomek": gnupg.sign(TEXT, "tomek")})
    assert verdicts(archive) == {"ines": verdict, "tomek": Verdict.GOOD}
    if verdict.good:
        assert errors(archive) == set()
        return
    code = verdict.value if verdict.value.startswith("signer") else f"signature-{verdict.value}"
    assert errors(archive) == {(f"{NAME}.sig.ines", code)}
    signature = archive.bulletins[0].signatures[0]
    assert signature.reason.startswith(reason)
    (finding,) = (f for f in archive.findings if f.code == code)
    assert verdict is not Verdict.MALFORMED or signature.reason in finding.message


def test_a_key_that_has_expired_since(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    signed = {"brief": gnupg.sign(TEXT, "brief", time="20200203T030405")}
    archive = archive_of(signed)
    assert verdicts(archive) == {"brief": Verdict.GOOD_UNTIL}
    (signature,) = archive.bulletins[0].signatures
    assert signature.counts
    assert (signature.until and signature.until.date()) == date(2020, 6, 1)
    assert in_words(signature) == "good, key valid until 2020-06-01"


def test_a_key_that_will_expire_has_the_same_words(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    lasting = gnupg.make("lasting", expire="2099-06-01")
    gnupg.certify("lasting", by="master")
    signed = {"lasting": gnupg.sign(TEXT, "lasting", time="20200203T030405")}
    signers = {**profile.signers, "lasting": Signer("Lasting", lasting)}
    files = {**keys, "keys/security-team/lasting.asc": gnupg.export("lasting")}
    archive = archive_of(signed, profile=replace(profile, signers=signers), keys=files)
    assert in_words(archive.bulletins[0].signatures[0]) == "good, key valid until 2099-06-01"


def test_a_key_that_had_expired_when_it_signed(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    """The owner has shortened its life afterwards."""
    gnupg.make("hasty")
    gnupg.certify("hasty", by="master")
    signed = {"hasty": gnupg.sign(TEXT, "hasty", time="20200301T000000")}
    hasty = gnupg.fingerprints["hasty"]
    gnupg.run("--quick-set-expire", hasty, "2020-02-01", time="20200115T000000")
    signers = {**profile.signers, "hasty": Signer("Hasty", hasty)}
    files = {**keys, "keys/security-team/hasty.asc": gnupg.export("hasty")}
    archive = archive_of(signed, profile=replace(profile, signers=signers), keys=files)
    assert verdicts(archive) == {"hasty": Verdict.EXPIRED_KEY}
    assert archive.bulletins[0].signatures[0].reason == "the key expired on 2020-02-01"


def test_the_profile_says_which_verdicts_count(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile
) -> None:
    signed = {"ines": case(gnupg, "legacy"), "tomek": gnupg.sign(TEXT, "tomek")}
    strict = replace(profile, accepted=("good", "good-until"))
    archive = archive_of(signed, profile=strict)
    assert verdicts(archive)["ines"] is Verdict.GOOD_LEGACY
    assert errors(archive) == {(f"{NAME}.sig.ines", "signature-good-legacy")}


@pytest.mark.parametrize(
    ("required", "signing", "missing"),
    [
        (0, ("ines", "tomek"), Severity.ERROR),
        (1, ("ines", "tomek"), Severity.NOTICE),
        (2, ("ines", "tomek"), Severity.NOTICE),
        (3, ("ines", "tomek"), Severity.ERROR),
        (1, ("ines",), Severity.ERROR),  # one is never enough where more are expected
    ],
)
def test_the_profile_says_how_many_must_sign(
    archive_of: ArchiveOf,
    gnupg: Gnupg,
    profile: Profile,
    required: int,
    signing: tuple[str, ...],
    missing: Severity,
) -> None:
    signed = {name: gnupg.sign(TEXT, name) for name in signing}
    profile = with_three(profile)
    archive = archive_of(signed, profile=replace(profile, required=required))
    found = [f for f in archive.findings if f.code == "signer-missing"]
    assert {finding.severity for finding in found} == {missing}
    assert len(found) == 3 - len(signing)


def with_three(profile: Profile) -> Profile:
    """Three signers are expected."""
    third = replace(profile.signers["brief"], bulletins=Period())
    return replace(profile, signers={**profile.signers, "brief": third})


def standing_of(archive: Archive, profile: Profile) -> Standing:
    (text,) = archive.bulletins
    findings: dict[str, list[Finding]] = {}
    for finding in archive.findings:
        findings.setdefault(finding.file, []).append(finding)
    return standing(text.document.file, text.signatures, expected_signers(text, profile), findings)


def test_a_copy_of_a_signature_counts_once(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    files = {**keys, f"{NAME}.sign.ines": signed["ines"]}
    archive = archive_of(signed, keys=files)
    (finding,) = (f for f in archive.findings if f.code == "signature-repeated")
    assert (finding.file, finding.message) == (NAME, "2 signatures by Ines: keep one of them")
    assert standing_of(archive, profile) == Standing(2, 2, (), (), ())


def test_a_key_under_two_names_counts_once(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile
) -> None:
    """Where the profile names no signers, whoever writes the pack says who they are."""
    profile, signature = replace(profile, signers={}), gnupg.sign(TEXT, "ines")
    archive = archive_of({"ines": signature, "tomek": signature}, profile=profile)
    (finding,) = archive.findings
    assert finding.message == "2 signatures by ines and tomek: keep one of them"
    assert standing_of(archive, profile) == Standing(1, 1, (), (), ())


def test_a_signature_that_names_nobody_may_be_by_who_is_missing(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    profile = replace(profile, signatures=(".bin", ".sig.{signer}"))
    files = {**keys, f"{NAME}.bin": case(gnupg, "bad")}
    archive = archive_of({"tomek": gnupg.sign(TEXT, "tomek")}, profile=profile, keys=files)
    found = standing_of(archive, profile)
    assert (found.good, found.total, found.missing) == (1, 2, ("Ines",))
    assert not found.never


def test_nobody_is_missing_where_enough_have_signed(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile
) -> None:
    profile = replace(with_three(profile), required=2)
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed, profile=profile)
    assert standing_of(archive, profile) == Standing(2, 2, (), (), ())


@pytest.mark.parametrize("path", ["keys/security-team/retired/withdrawn.asc", "keys/zz/later.asc"])
def test_revoked_key(archive_of: ArchiveOf, gnupg: Gnupg, keys: Files, path: str) -> None:
    """Also when only another copy of the key tells: gpgv takes the first of several."""
    signed = {"withdrawn": gnupg.sign(TEXT, "withdrawn")}
    archive = archive_of(signed, keys={**keys, path: gnupg.revoked("withdrawn")})
    assert verdicts(archive) == {"withdrawn": Verdict.REVOKED_KEY}
    fingerprint = gnupg.fingerprints["withdrawn"]
    assert all(key.revoked for key in archive.keys if key.fingerprint == fingerprint)
    assert "no reason given" in archive.bulletins[0].signatures[0].reason


def test_the_documents_have_the_words_of_the_pages() -> None:
    table = (Path(__file__).parents[2] / "docs" / "verifying.md").read_text("utf-8")
    for verdict, words in WORDS.items():
        printed = words.format(until="DATE", digest="SHA1")
        assert f"| `{verdict.value}` | {printed} |" in table
    assert set(WORDS) == set(Verdict)


# --- policy -----------------------------------------------------------------------------------


def test_unsigned(archive_of: ArchiveOf) -> None:
    assert errors(archive_of({})) >= {(NAME, "unsigned")}


def test_an_expected_signer_is_missing(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    archive = archive_of({"ines": gnupg.sign(TEXT, "ines")})
    assert errors(archive) == {(NAME, "signer-missing")}


def test_swapped_signatures(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    signed = {"ines": gnupg.sign(TEXT, "tomek"), "tomek": gnupg.sign(TEXT, "ines")}
    archive = archive_of(signed)
    assert set(verdicts(archive).values()) == {Verdict.SIGNER_DIFFERS}
    assert (NAME, "no-good-signature") in errors(archive)


def test_a_signer_whom_the_master_key_has_not_certified(
    archive_of: ArchiveOf, gnupg: Gnupg
) -> None:
    signers = {"uncertified": Signer("Nobody", gnupg.fingerprints["uncertified"])}
    profile = Profile(master_key=gnupg.fingerprints["master"], signers=signers)
    signed = {"uncertified": gnupg.sign(TEXT, "uncertified")}
    archive = archive_of(signed, profile=profile)
    assert errors(archive) == {
        (f"{NAME}.sig.uncertified", "signature-not-certified"),
        (NAME, "no-good-signature"),
    }


def test_another_master_key_stops_everything(
    archive_of: ArchiveOf, gnupg: Gnupg, keys: Files
) -> None:
    replaced = {**keys, "keys/master-key/master.asc": gnupg.export("other-master")}
    with pytest.raises(SecpackError, match=r"the master key here is .*, but the profile names"):
        archive_of({}, keys=replaced)


def test_a_waiver_holds_for_the_file_as_it_is(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile
) -> None:
    signed = {"ines": case(gnupg, "bad"), "tomek": gnupg.sign(TEXT, "tomek")}
    archive = archive_of(signed)
    digest = archive.bulletins[0].signatures[0].file.sha256
    waiver = Waiver("signature-bad", (f"{NAME}.sig.ines",), "known", digest)
    waived = Profile(master_key=profile.master_key, signers=profile.signers, waivers=(waiver,))
    archive = archive_of(signed, profile=waived)
    assert errors(archive) == set()
    other = signed | {"ines": gnupg.sign(TEXT + b"!", "ines")}
    archive = archive_of(other, profile=waived)
    assert errors(archive) == {(f"{NAME}.sig.ines", "signature-bad")}


def test_letters_and_attachments_need_one_good_signature(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    text = canary(1, date="January 2, 2020", count=0).encode()
    name = "canaries/canary-001-2020"
    files: Files = {
        **keys,
        f"{name}.txt": text,
        f"{name}.txt.sig.ines": gnupg.sign(text, "ines"),
        f"{name}.txt.sig.tomek": gnupg.sign(text, "tomek"),
        f"{name}-letter-ines.txt": "Dear reader.",
        f"{name}-letter-ines.txt.sig.ines": gnupg.sign(b"Dear reader.", "ines"),
        "canaries/graph.dot": "digraph {}",
        "canaries/graph.dot.sig.ines": gnupg.sign(b"digraph { }", "ines"),
    }
    archive = load(make_pack(tmp_path, files), profile=profile, checker=Checker())
    assert archive.canaries[0].letters[0].signatures[0].verdict is Verdict.GOOD
    assert {pair for pair in errors(archive) if pair[1] != "canary-key"} == {
        ("canaries/graph.dot", "no-good-signature"),
        ("canaries/graph.dot.sig.ines", "signature-bad"),
    }


def test_a_letter_named_after_somebody_else(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    letter = "canaries/canary-001-2020-letter-tomek.txt"
    files: Files = {"canaries/canary-001-2020.txt": canary(1), letter: "Dear reader."}
    files[f"{letter}.sig.ines"] = gnupg.sign(b"Dear reader.", "ines")
    archive = load(make_pack(tmp_path, {**keys, **files}), profile=profile, checker=CHECKER)
    (finding,) = (f for f in archive.findings if f.file == letter)
    assert finding.code == "signer-of-letter"
    assert finding.message == "its name says Tomek, who has not signed it"
    files[f"{letter}.sig.tomek"] = gnupg.sign(b"Dear reader.", "tomek")
    archive = load(make_pack(tmp_path, files), profile=profile, checker=CHECKER)
    assert letter not in [f.file for f in archive.findings]


# --- changes and damage -----------------------------------------------------------------------


@pytest.mark.slow
def test_every_changed_byte_is_noticed(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    """500 changes of one byte, in the text and in a binary signature, at places drawn by lot."""
    chance = random.Random(20200102)  # noqa: S311 - not a secret
    good = gnupg.sign(TEXT, "ines", armour=False)
    files: Files = {**keys, **numbered(1)}
    expected = set()
    for number in range(500):
        text, signature = bytearray(TEXT), bytearray(good)
        changed = text if number % 2 else signature
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        files[f"QSBs/copy-{number}.txt"] = bytes(text)
        files[f"QSBs/copy-{number}.txt.sig.ines"] = bytes(signature)
        expected.add(f"QSBs/copy-{number}.txt")
    archive = load(make_pack(tmp_path, files), profile=profile, checker=Checker())
    unnoticed = [a.file.path for a in archive.attachments if a.signatures[0].verdict.good]
    assert len(archive.attachments) == len(expected) == 500
    assert unnoticed == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"garbage", "no OpenPGP public key"),
        (b"\x99\xff\xff", "damaged: a packet is longer than the file"),
        (b"\xff" * 1000, "damaged"),
        (b"", "no OpenPGP public key"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n", "no OpenPGP public key"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n=AAAA\n"
            b"-----END PGP PUBLIC KEY BLOCK-----\n",
            "the armour's checksum does not match",
        ),
        (b"\xc6\xff\x00\x01\x11\x70\x04" + 69_999 * b"A", "a key of more than 65535 bytes"),
        (packet(6, b"\x06" + bytes(40)), "a key whose version is not 4"),
        (packet(13, b"Nobody"), "does not begin with an OpenPGP public key"),
        (packet(6, b"\x04" + bytes(40)) + packet(8, b"\1"), "a packet of type 8"),
        (packet(6, b"\x04" + bytes(40)) + packet(12, b"\1"), "a packet of type 12"),
        (packet(6, b"\x04" + bytes(40)) + packet(2, b"\4") * 500, "more than 500 packets"),
        (packet(6, b"\x04" + bytes(40)), "a key of the algorithm 0, which gpg does not know"),
        (packet(6, b"\x04\0\0\0\0\1" + b"\0\1\1" * 2), "no valid user id of the key"),
        (packet(6, b"\x04\0\0\0\0\1" + bytes(4)), "damaged: a key that is cut short"),
    ],
)
def test_a_key_that_cannot_be_used_harms_no_other(
    archive_of: ArchiveOf, gnupg: Gnupg, keys: Files, data: bytes, reason: str
) -> None:
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed, keys={**keys, "keys/team/odd.asc": data})
    assert errors(archive) == set()
    (finding,) = (f for f in archive.findings if f.code == "key-unusable")
    assert (finding.file, finding.severity) == ("keys/team/odd.asc", Severity.WARNING)
    assert finding.message.startswith("not used as a key: ")
    assert reason in finding.message


def test_every_changed_line_of_a_key_is_noticed(archive_of: ArchiveOf, keys: Files) -> None:
    """The key is a signer's: without it nothing may be published."""
    path = "keys/security-team/ines.asc"
    lines = bytes(keys[path] if isinstance(keys[path], bytes) else b"").splitlines(keepends=True)
    body = [n for n, line in enumerate(lines) if len(line) > 60]
    assert body
    for n in body:
        changed = list(lines)
        changed[n] = changed[n][:30] + bytes([changed[n][30] ^ 1]) + changed[n][31:]
        archive = archive_of({}, keys={**keys, path: b"".join(changed)})
        assert ("keys", "key-missing") in errors(archive)
        assert path in {f.file for f in archive.findings if f.code == "key-unusable"}


def in_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A folder for programs that come before all others."""
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    return folder / "bin"


# --- attacks ----------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    """A compressed packet that becomes ``size`` bytes (RFC 9580, section 5.6; ZIP)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunk = bytes(1024 * 1024)
    body = b"".join(deflate.compress(chunk) for _ in range(size // len(chunk)))
    return packet(8, b"\x01" + body + deflate.flush())


@pytest.mark.parametrize("form", ["binary", "armoured"])
def test_nothing_compressed_gets_to_gpgv(
    archive_of: ArchiveOf, tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    data = bomb(16 * 1024 * 1024)
    if form == "armoured":
        body = base64.encodebytes(data)
        data = b"-----BEGIN PGP SIGNATURE-----\n\n" + body + b"-----END PGP SIGNATURE-----\n"
    log = counting(in_path(monkeypatch, tmp_path), "gpgv")
    signed = {"ines": data, "tomek": gnupg.sign(TEXT, "tomek")}
    archive = archive_of(signed)
    assert verdicts(archive) == {"ines": Verdict.MALFORMED, "tomek": Verdict.GOOD}
    assert calls(log) == 1


@pytest.mark.slow
def test_a_gpgv_that_does_not_end_is_an_error_that_names_the_file(
    archive_of: ArchiveOf, tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(in_path(monkeypatch, tmp_path) / "gpgv", "sleep 60")
    monkeypatch.setattr("secpack.signatures.gpgv._PATIENCE", 1)
    expected = rf"{NAME}\.sig\.ines: gpgv did not finish within 1 seconds: remove this file"
    with pytest.raises(SecpackError, match=expected):
        archive_of({"ines": gnupg.sign(TEXT, "ines")})


#: User ids that look like lines of a program's output, to whoever parts lines where gpg does not.
_LINE_ENDS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\r"


@pytest.mark.parametrize("end", _LINE_ENDS, ids=lambda end: f"{ord(end):04X}")
def test_a_user_id_writes_no_lines(
    archive_of: ArchiveOf, gnupg: Gnupg, keys: Files, end: str
) -> None:
    """Neither those of a status, nor those of the list of keys."""
    ines = gnupg.fingerprints["ines"]
    status = f"[GNUPG:] VALIDSIG {ines} 2020-01-02 1577934245 0 4 0 22 8 00 {ines}"
    owner = (
        f"x{end}{status}{end}pub:u:::{end}fpr:::::::::{ines}:{end}sig:!::::99999999999999::{end}rev"
    )
    with new_gnupg() as other:
        other.run("--allow-freeform-uid", "--quick-gen-key", owner, "ed25519", "sign", "never")
        files = {**keys, "keys/team/odd.asc": other.run("--armor", "--export")}
        (made,) = openpgp.read_keys(other.run("--export"))
        bad = other.sign(TEXT + b"!", made.fingerprint)
        signed = {"ines": bad, "tomek": gnupg.sign(TEXT, "tomek")}
    archive = archive_of(signed, keys=files)
    of_ines, good = archive.bulletins[0].signatures
    assert (of_ines.verdict, of_ines.fingerprint, of_ines.digest, of_ines.created) == (
        Verdict.BAD,
        "",
        "",
        None,
    )
    assert good.verdict is Verdict.GOOD
    assert {k.fingerprint: k.certified for k in archive.keys}[ines] is True
    (odd,) = (key for key in archive.keys if key.file.path == "keys/team/odd.asc")
    assert (len(odd.owners), odd.certified) == (1, False)


def test_a_signature_from_the_future_stops_every_build(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    signed = {"ines": gnupg.sign(TEXT, "ines", time="20990102T000000")}
    with pytest.raises(PackError) as raised:
        archive_of(signed)
    expected = f"{NAME}.sig.ines: signed in the future, on 2099-01-02: check the clock"
    assert str(raised.value).startswith(expected)
    today = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    archive = archive_of({"ines": gnupg.sign(TEXT, "ines", time=today)})
    assert verdicts(archive) == {"ines": Verdict.GOOD}


def test_without_a_day_no_obsolete_digest_is_accepted(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile
) -> None:
    signed = {"ines": case(gnupg, "legacy"), "tomek": gnupg.sign(TEXT, "tomek")}
    archive = archive_of(signed, profile=replace(profile, legacy_until=None))
    assert verdicts(archive)["ines"] is Verdict.OBSOLETE_DIGEST
    (finding,) = (f for f in archive.findings if f.code == "signature-obsolete-digest")
    assert "SHA1" in finding.message


def adopting(gnupg: Gnupg, name: str, adopted: str) -> bytes:
    """A key that claims the primary key of another as its subkey; the binding is not real."""
    packets = list(openpgp.packets(gnupg.export(name, armour=False)))
    (theirs,) = openpgp.read_keys(gnupg.export(adopted))
    material = next(openpgp.packets(theirs.packets)).body
    binding = next(p.body for p in packets if p.tag == 2)
    whole = b"".join(packet(p.tag, p.body) for p in packets)
    return whole + packet(14, material) + packet(2, binding)


@pytest.mark.parametrize("path", ["keys/aaa/first.asc", "keys/zzz/last.asc"])
@pytest.mark.parametrize("pinned", [True, False])
def test_a_key_that_adopts_another_spoils_only_itself(
    archive_of: ArchiveOf, gnupg: Gnupg, profile: Profile, keys: Files, path: str, pinned: bool
) -> None:
    files = {**keys, path: adopting(gnupg, "stranger", "ines")}
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    asked = profile if pinned else replace(profile, signers={})
    archive = archive_of(signed, profile=asked, keys=files)
    assert set(verdicts(archive).values()) == {Verdict.GOOD}
    assert errors(archive) == {(path, "key-adopted")}
    (finding,) = (f for f in archive.findings if f.code == "key-adopted")
    assert "keys/security-team/ines.asc" in finding.message


def test_a_key_that_adopts_the_master_key_is_named_not_the_master_key(
    archive_of: ArchiveOf, gnupg: Gnupg, keys: Files
) -> None:
    """Also when it is itself a copy of a key that the profile pins."""
    files = {**keys, "keys/a/copy.asc": adopting(gnupg, "ines", "master")}
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed, keys=files)
    assert set(verdicts(archive).values()) == {Verdict.GOOD}
    assert ("keys/a/copy.asc", "key-adopted") in errors(archive)
    assert "key-missing" not in {code for _, code in errors(archive)}


@pytest.mark.parametrize("algorithm", [1, 16, 17, 18, 19, 22])
def test_a_key_that_is_not_whole_hides_no_other(
    archive_of: ArchiveOf, gnupg: Gnupg, keys: Files, algorithm: int
) -> None:
    """Programs of GnuPG stop at it, and find no key that comes after it."""
    foreign = gnupg.export("stranger", armour=False)
    first = next(openpgp.packets(foreign))
    broken = packet(6, first.body[:5] + bytes([algorithm]) + b"\x09\x2b\x06")
    subkey = packet(14, first.body[:5] + bytes([algorithm]) + b"\x02\x2b\x06\0\x09\1")
    files = {**keys, "keys/a/broken.asc": broken, "keys/a/sub.asc": foreign + subkey}
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed, keys=files)
    assert set(verdicts(archive).values()) == {Verdict.GOOD}
    unusable = [(f.file, f.message) for f in archive.findings if f.code == "key-unusable"]
    reason = "not used as a key: damaged: a key that is cut short"
    assert unusable == [("keys/a/broken.asc", reason), ("keys/a/sub.asc", reason)]


@pytest.mark.slow
def test_keys_that_gpg_does_not_cope_with_are_named(
    archive_of: ArchiveOf,
    tmp_path: Path,
    gnupg: Gnupg,
    keys: Files,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gpg that hangs whenever a certain key is among those that it imports."""
    lines = f"cat > {tmp_path}/input\ngrep -aq stranger {tmp_path}/input && sleep 60\n"
    lines += f'exec {shutil.which("gpg")} "$@" < {tmp_path}/input'
    script(in_path(monkeypatch, tmp_path) / "gpg", lines)
    for name in ("_PATIENCE", "_PATIENCE_WITH_ONE"):
        monkeypatch.setattr(f"secpack.signatures.gpg.{name}", 2)
    files = {**keys, "keys/a/slow.asc": gnupg.export("stranger")}
    signed = {name: gnupg.sign(TEXT, name) for name in ("ines", "tomek")}
    archive = archive_of(signed, keys=files)
    assert set(verdicts(archive).values()) == {Verdict.GOOD}
    (finding,) = (f for f in archive.findings if f.code == "key-unusable")
    assert finding.file == "keys/a/slow.asc"
    assert "did not finish" in finding.message
    monkeypatch.setattr("secpack.signatures.gpg._PATIENCE_WITH_EACH", 1)
    with pytest.raises(PackError, match=r"too long .*, longest with keys/a/slow\.asc: remove"):
        archive_of(signed, keys=files)


@pytest.mark.parametrize(
    ("algorithm", "sizes", "word"),
    [
        (1, (16384, 16384), "at most 64"),
        (1, (60000, 17), "at most 16384"),
        (17, (3072, 3072), "512"),
    ],
)
def test_a_key_with_numbers_that_take_gpg_long_is_not_used(
    algorithm: int, sizes: tuple[int, int], word: str
) -> None:
    numbers = b"".join(n.to_bytes(2) + b"\xff" * (n // 8) + b"\1" * (n % 8 > 0) for n in sizes)
    data = packet(6, b"\x04" + bytes(4) + bytes([algorithm]) + numbers)
    with pytest.raises(SecpackError, match=word):
        openpgp.read_keys(data)


# --- economy ----------------------------------------------------------------------------------


def test_a_gpgv_that_is_killed_is_no_verdict(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(in_path(monkeypatch, tmp_path) / "gpgv", "kill -9 $$")
    cache = Cache(tmp_path / "kept.json")
    files: Files = {
        **keys,
        NAME: TEXT,
        f"{NAME}.sig.ines": gnupg.sign(TEXT, "ines"),
    }
    with pytest.raises(SecpackError, match="killed by signal 9"):
        load(make_pack(tmp_path / "pack", files), profile=profile, checker=Checker(cache=cache))
    monkeypatch.undo()
    archive = load(tmp_path / "pack", profile=profile, checker=Checker(cache=cache))
    assert verdicts(archive) == {"ines": Verdict.GOOD}  # nothing false was kept


def test_who_is_stopped_does_not_wait_for_all_that_was_to_be_checked(
    tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "gpgv.log"
    script(in_path(monkeypatch, tmp_path) / "gpgv", f'echo x >> "{log}"\nsleep 0.1')
    signature = Signature(File.of(f"{NAME}.sig.ines", gnupg.sign(TEXT, "ines")), "ines")
    jobs = [(File(f"{n}.txt", b"", f"{n:02}"), signature) for n in range(100)]
    with pytest.raises(SystemExit):
        Checker(progress=lambda *_: sys.exit(130)).check(jobs, b"")
    assert 0 < calls(log) < len(jobs) / 2


@pytest.mark.parametrize(("odd", "runs"), [("tomek", 1), ("bad", 3), ("stranger", 3)])
def test_one_run_checks_all_signatures_on_a_text_if_it_accepts_them(
    archive_of: ArchiveOf,
    tmp_path: Path,
    gnupg: Gnupg,
    monkeypatch: pytest.MonkeyPatch,
    odd: str,
    runs: int,
) -> None:
    second = case(gnupg, "bad") if odd == "bad" else gnupg.sign(TEXT, odd)
    log = counting(in_path(monkeypatch, tmp_path), "gpgv")
    archive = archive_of({"ines": gnupg.sign(TEXT, "ines"), "tomek": second})
    found = {"tomek": Verdict.GOOD, "bad": Verdict.BAD, "stranger": Verdict.UNKNOWN_KEY}
    assert verdicts(archive) == {"ines": Verdict.GOOD, "tomek": found[odd]}
    assert calls(log) == runs


def test_an_unknown_key_is_named(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    archive = archive_of({"ines": gnupg.sign(TEXT, "stranger")})
    (signature,) = archive.bulletins[0].signatures
    assert signature.verdict is Verdict.UNKNOWN_KEY
    assert signature.fingerprint == gnupg.fingerprints["stranger"]
    assert (signature.created and signature.created.isoformat()) == "2020-01-02T03:04:05+00:00"
    (finding,) = (f for f in archive.findings if f.code == "signature-unknown-key")
    assert gnupg.fingerprints["stranger"] in finding.message


def calls(log: Path) -> int:
    return len(log.read_text().split()) if log.exists() else 0


def test_an_unchanged_pack_costs_no_call(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = {f"{NAME}.sig.ines": gnupg.sign(TEXT, "ines"), NAME: TEXT}
    pack = make_pack(tmp_path / "pack", {**keys, **signed})
    programs = in_path(monkeypatch, tmp_path)
    gpgv, gpg = counting(programs, "gpgv"), counting(programs, "gpg")

    def load_with(path: Path | None) -> Archive:
        return load(pack, profile=profile, checker=Checker(cache=Cache(path)))

    kept = tmp_path / "cache" / "verdicts.json"
    first = load_with(kept)
    counts = (calls(gpgv), calls(gpg))
    assert counts[0] == 1
    assert asdict(load_with(kept)) == asdict(first)
    assert (calls(gpgv), calls(gpg)) == counts
    load_with(None)
    assert calls(gpgv) == counts[0] + 1
    kept.write_text("{not json")
    assert asdict(load_with(kept)) == asdict(first)
    assert calls(gpgv) == counts[0] + 2


def test_a_changed_signature_is_checked_again(
    tmp_path: Path, gnupg: Gnupg, profile: Profile, keys: Files
) -> None:
    cache = tmp_path / "cache.json"
    files: Files = {
        **keys,
        NAME: TEXT,
        f"{NAME}.sig.ines": gnupg.sign(TEXT, "ines"),
    }
    pack = make_pack(tmp_path / "pack", files)
    archive = load(pack, profile=profile, checker=Checker(cache=Cache(cache)))
    assert verdicts(archive) == {"ines": Verdict.GOOD}
    make_pack(pack, {f"{NAME}.sig.ines": case(gnupg, "bad")})
    archive = load(pack, profile=profile, checker=Checker(cache=Cache(cache)))
    assert verdicts(archive) == {"ines": Verdict.BAD}


def test_no_agent_stays_behind(archive_of: ArchiveOf, gnupg: Gnupg) -> None:
    archive_of({"ines": gnupg.sign(TEXT, "ines")})
    assert agents() == [str(gnupg.home)]


def test_without_gpg_the_chain_is_not_checked(
    archive_of: ArchiveOf, tmp_path: Path, gnupg: Gnupg, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = {"ines": gnupg.sign(TEXT, "ines"), "tomek": gnupg.sign(TEXT, "tomek")}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gpgv").symlink_to(shutil.which("gpgv") or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    archive = archive_of(signed)
    assert verdicts(archive) == {"ines": Verdict.GOOD, "tomek": Verdict.GOOD}
    assert errors(archive) == {("keys", "no-gpg")}
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SecpackError, match="gpgv is missing: install the package gpgv"):
        archive_of(signed)


# --- the real pack ----------------------------------------------------------------------------


def test_agreement_with_gpg(real_pack: Path) -> None:
    # gpg accepts obsolete digests of any time; the pack has them from before 2017 alone.
    profile = Profile(legacy_until=date(2017, 1, 1))
    archive = load(real_pack, profile=profile, checker=Checker())
    documents = [(p.document.file, p.signatures) for p in archive.publications]
    documents += [(x.document.file, x.signatures) for c in archive.canaries for x in c.letters]
    documents += [(attachment.file, attachment.signatures) for attachment in archive.attachments]
    with tempfile.TemporaryDirectory(prefix="gpg") as folder:
        gpg = ["gpg", "--homedir", folder, "--batch", "--no-autostart", "--trust-model", "always"]
        for key in sorted((real_pack / "keys").rglob("*.asc")):
            subprocess.run([*gpg, "--import", key], capture_output=True, check=False)
        checked = 0
        for file, signatures in documents:
            for s in signatures:
                command = [*gpg, "--verify", real_pack / s.file.path, real_pack / file.path]
                good = subprocess.run(command, capture_output=True, check=False).returncode == 0
                assert good == s.verdict.good, s.file.path
                checked += 1
    assert checked >= 200
