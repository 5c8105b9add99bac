"""Private keys never go public, whatever a file is called or claims to be."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import os
import random
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from secpack import Checker, PackError, Profile, load
from secpack.errors import ParseError
from secpack.model.findings import Waiver
from secpack.signatures.packets import packets
from secpack.signatures.private_keys import find_private_key
from tests.keys import Gnupg, new_gnupg
from tests.packs import make_pack, numbered

#: How each kind of key is made, and the words for it.
MADE = {
    "openssl genrsa 1024": "a block PRIVATE KEY",
    "openssl genrsa -traditional 1024": "a block RSA PRIVATE KEY",
    "openssl genrsa -aes256 -passout pass:quern 1024": "a block ENCRYPTED PRIVATE KEY",
    "openssl genpkey -algorithm ed25519": "a block PRIVATE KEY",
    "openssl genpkey -algorithm ed25519 -outform DER": "a PKCS #8 private key",
    "openssl ecparam -genkey -name prime256v1 -noout": "a block EC PRIVATE KEY",
    "openssl ecparam -genkey -name prime256v1 -noout -outform DER": "an EC private key",
}

#: Keys of programs that need not be installed: what they write, in shape, filled up at random.
SHAPED = {
    "age": (b"# public key: age1quern\nAGE-SECRET-KEY-1" + b"QPZRY9X8GF2TVDW0" * 4 + b"\n"),
    "minisign": b"untrusted comment: anything\nRWRTY0Iy" + b"q8Xz" * 50 + b"\n",
    "signify": b"untrusted comment: anything\nRWRCSwAA" + b"q8Xz" * 30 + b"\n",
    "PuTTY": b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
    "JWK": b'{"kty": "EC", "crv": "P-256", "d": "' + b"q8Xz" * 10 + b'q8X"}',
    "PKCS #12": b"\x30\x82\x09\x00\x02\x01\x03\x30",
    "OpenSSH": b"openssh-key-v1\0" + bytes(4) + b"none",
}


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Gnupg]:
    with new_gnupg() as made:
        made.make("ines")
        made.run("--quick-gen-key", "rsa <rsa@example.org>", "rsa1024", "sign", "never")
        yield made


def secret(gnupg: Gnupg, name: str) -> bytes:
    return gnupg.run("--export-secret-keys", f"<{name}@example.org>")


def compressed(algorithm: int, data: bytes) -> bytes:
    """A packet of what is compressed."""
    return b"\xc8\xff%b%c%b" % ((len(data) + 1).to_bytes(4), algorithm, data)


def armoured(data: bytes, label: str) -> bytes:
    return b"-----BEGIN %b-----\n\n%b-----END %b-----\n" % (
        label.encode(),
        base64.encodebytes(data),
        label.encode(),
    )


def written(data: bytes, margin: bytes, label: str = "PGP PRIVATE KEY BLOCK") -> bytes:
    """Armour in which each line has something before it, perhaps its number."""
    lines = enumerate(armoured(data, label).splitlines(keepends=True), 9)
    return b"".join(margin.replace(b"{}", b"%d" % number) + line for number, line in lines)


@pytest.mark.parametrize("name", ["ines", "rsa"])
def test_an_openpgp_key_is_found_in_every_disguise(gnupg: Gnupg, name: str) -> None:
    public, private = gnupg.run("--export", f"<{name}@example.org>"), secret(gnupg, name)
    first = next(packets(private)).whole
    noise = random.Random(7).randbytes(3000)  # noqa: S311 - not a secret
    disguises = {
        "alone": private,
        "behind its public key": public + private,
        "armoured": armoured(private, "PGP PRIVATE KEY BLOCK"),
        "armoured as a public key": armoured(public + private, "PGP PUBLIC KEY BLOCK"),
        "without armour": base64.encodebytes(private),
        "quoted": armoured(private, "PGP MESSAGE").replace(b"\n", b"\n| "),
        "with other line ends": armoured(private, "PGP MESSAGE").replace(b"\n", b"\r\n"),
        "after a picture": b"\x89PNG" + noise + private,
        "between words": b"Words.\n" + private,
        "in UTF-16": armoured(private, "PGP MESSAGE").decode().encode("utf-16"),
        "with old line ends": armoured(private, "PGP MESSAGE").replace(b"\n", b"\r"),
        "in UTF-16 without a mark": armoured(private, "PGP MESSAGE").decode().encode("utf-16-be"),
        "removed by a diff": written(private, b"-"),
        "added by a diff": written(private, b"+"),
        "added by a diff, with other words": written(private, b"+", "PGP MESSAGE"),
        "in comments": written(private, b"// "),
        "in a starred comment": written(private, b" * "),
        "after spaces that do not break": written(private, "\xa0\xa0".encode()),
        "with numbers": written(private, b" {}  "),
        "with numbers and other words": written(private, b"{}:", "PGP MESSAGE"),
        "in JSON": json.dumps({"key": armoured(private, "PGP MESSAGE").decode()}).encode(),
        "in one line": b"key: " + base64.b64encode(private),
        "behind other base64": base64.encodebytes(public + b"==") + base64.encodebytes(private),
        "a packet alone": base64.encodebytes(first),
        "a packet before zeros": b"Words.\n" + first + bytes(9),
        "compressed": b"\xa3\x01" + zlib.compress(private)[2:-4],
        "compressed and armoured": armoured(compressed(2, zlib.compress(private)), "PGP MESSAGE"),
        "in base64 for URLs": b"key: " + base64.urlsafe_b64encode(private),
        "in gzip": gzip.compress(private),
        "armoured in gzip": gzip.compress(armoured(private, "PGP PRIVATE KEY BLOCK")),
        "in comments of SQL": written(private, b"-- ", "PGP MESSAGE"),
        "compressed by bzip2": compressed(3, bz2.compress(private)),
    }
    for disguise, data in disguises.items():
        assert find_private_key(data) == "an OpenPGP secret key", disguise
    for data in (public, armoured(public, "PGP PUBLIC KEY BLOCK"), gnupg.export("ines"), noise):
        assert find_private_key(data) == ""


@pytest.mark.parametrize("command", MADE)
def test_other_keys_are_found(command: str) -> None:
    made = subprocess.run(command.split(), capture_output=True, check=True).stdout
    assert find_private_key(made) == MADE[command]
    for written in (b"> " + made.replace(b"\n", b"\n> "), made.replace(b"\n", b"\\n")):
        assert find_private_key(written) == MADE[command] or b"\0" in made
    assert find_private_key(base64.b64encode(made)) == MADE[command]


def test_the_files_in_which_gnupg_keeps_keys_are_found(gnupg: Gnupg) -> None:
    for file in (gnupg.home / "private-keys-v1.d").iterdir():
        assert find_private_key(file.read_bytes()) == "a GnuPG private key"


@pytest.mark.parametrize("name", SHAPED)
def test_keys_of_other_programs_are_found(name: str) -> None:
    assert find_private_key(b"Words.\n" + SHAPED[name]).endswith(("private key", "secret key"))


@pytest.mark.parametrize(
    "words",
    [
        b"A file that begins with\n-----BEGIN RSA PRIVATE KEY-----\nis secret.\n",
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n[...]\n",
        b"+-----BEGIN PRIVATE KEY-----\n+ // ... 1 of 2\n+-----END PRIVATE KEY-----\n",
        b"Keys begin with AGE-SECRET-KEY-1, those of minisign with RWRTY0Iy.\n",
    ],
)
def test_words_about_keys_are_no_keys(words: bytes) -> None:
    assert find_private_key(words) == ""


def test_what_looks_like_packets_by_chance_is_no_key() -> None:
    """A picture, or a text in another language, can be read as a packet, then that of a key."""
    for first, length in ((b"\x89PN", 0x504E), (b"\xd0\x9f", 0x9F), (b"\xef\xbb", 0xBB)):
        for tag in b"\x94\xc5\x9c\xc7":
            words = "Слова и слова. ".encode() * 20
            assert (
                find_private_key(
                    first + words.ljust(length, b"w")[:length] + b"%c\x20" % tag + words
                )
                == ""
            )


@pytest.mark.parametrize(
    "data",
    [
        b"a" + b"\x95\xf0\0\x04aaaa\x01\x08\0\xff" * 20_000,
        (b"-----BEGIN PRIVATE KEY-----\n" + (b"-" * 30 + b"a: x\n") * 8) * 2_000,
        b"A" * 40 + b"\n+++/1 1:" * 100_000,
        b"-" * 40 + b"\n--- 1: a" * 100_000,
        b"A" * 40 + b"\n_" * 50_000,
    ],
)
def test_a_search_takes_no_longer_for_what_looks_like_much(data: bytes) -> None:
    started = time.process_time()
    assert find_private_key(data) == ""
    assert time.process_time() - started < 3


def test_noise_holds_no_key() -> None:
    assert find_private_key(random.Random(1).randbytes(1_000_000)) == ""  # noqa: S311


@pytest.mark.parametrize(
    "path",
    [
        "keys/security-team/ines.asc",
        "keys/notes.txt",
        "QSBs/graph.png",
        "QSBs/qsb-001-2001.txt.sig.ines",
        "somewhere/else/backup",
        ".hidden",
    ],
)
def test_no_file_of_a_pack_may_hold_one(tmp_path: Path, gnupg: Gnupg, path: str) -> None:
    """Also in development, and with a waiver."""
    data = gnupg.run("--export", "<ines@example.org>") + secret(gnupg, "ines")
    waivers = tuple(Waiver(code, (path,), "no") for code in ("unreadable", "private-key"))
    pack = make_pack(tmp_path, {**numbered(1), path: data})
    for checker in (None, Checker()):
        with pytest.raises(PackError) as raised:
            load(pack, profile=Profile(waivers=waivers), checker=checker)
        (error,) = raised.value.errors
        assert isinstance(error, ParseError)
        assert str(error).startswith(f"{path}: contains an OpenPGP secret key: remove it")


def test_what_cannot_be_searched_stops_a_build(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, numbered(1))
    with (pack / "image").open("wb") as file:
        file.truncate(30_000_000_000)
    os.mkfifo(pack / "pipe")  # nobody serves it, and nobody waits for it
    with pytest.raises(PackError, match="image: cannot be searched for private keys: larger than"):
        load(pack)
