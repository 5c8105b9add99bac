"""Which changes in a signature file are noticed, and which are not: as docs/verifying.md tells."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from secpack.model.archive import File, Signature
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import read_keys
from tests.keys import Gnupg, gnupg_with

TEXT = b"The log hopper is closed.\n"


gnupg = gnupg_with("ines")


@pytest.fixture
def is_good(gnupg: Gnupg) -> Callable[[bytes], bool]:
    keyring = b"".join(key.packets for key in read_keys(gnupg.export("ines")))

    def check(signature: bytes) -> bool:
        unchecked = Signature(File.of("a.txt.sig.ines", signature), "ines")
        jobs = [(File.of("a.txt", TEXT), unchecked)]
        return Checker().check(jobs, keyring)[0].verdict.good

    return check


class Parts:
    """A binary signature of version 4, taken apart."""

    def __init__(self, data: bytes) -> None:
        assert data[0] == 0x88  # a signature, whose length is in one byte
        body = data[2:]
        hashed = 6 + int.from_bytes(body[4:6])
        unhashed = hashed + 2 + int.from_bytes(body[hashed : hashed + 2])
        self.hashed, self.unhashed = body[:hashed], body[hashed + 2 : unhashed]
        self.prefix, self.numbers = body[unhashed : unhashed + 2], body[unhashed + 2 :]

    def body(self) -> bytes:
        length = len(self.unhashed).to_bytes(2)
        return self.hashed + length + self.unhashed + self.prefix + self.numbers

    def packet(self) -> bytes:
        return bytes([0x88, len(self.body())]) + self.body()


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.slow
def test_what_is_covered_or_checked(gnupg: Gnupg, is_good: Callable[[bytes], bool]) -> None:
    good = gnupg.sign(TEXT, "ines", armour=False)
    assert is_good(good)
    assert Parts(good).packet() == good
    assert Parts(good).unhashed[1] == 16  # the key's id
    for name in ("hashed", "unhashed", "prefix", "numbers"):
        for place in range(len(getattr(Parts(good), name))):
            parts = Parts(good)
            setattr(parts, name, flipped(getattr(parts, name), place))
            assert not is_good(parts.packet()), (name, place)
    more = Parts(good)
    more.unhashed += b"\x05\x14note"  # a notation, or what looks like one
    marker = b"\xca\x03PGP"
    for data in (more.packet(), good + good, good + marker, marker + good, good + b"\n"):
        assert not is_good(data), data


def test_what_is_neither(gnupg: Gnupg, is_good: Callable[[bytes], bool]) -> None:
    good = gnupg.sign(TEXT, "ines", armour=False)
    none, twice = Parts(good), Parts(good)
    none.unhashed = b""
    twice.unhashed *= 2
    body = Parts(good).body()
    forms = [b"\x89" + len(body).to_bytes(2), b"\xc2" + bytes([len(body)])]
    forms += [b"\xc2\xff" + len(body).to_bytes(4)]
    for data in (none.packet(), twice.packet(), *(form + body for form in forms)):
        assert is_good(data), data


def test_armour(gnupg: Gnupg, is_good: Callable[[bytes], bool]) -> None:
    good = gnupg.sign(TEXT, "ines")
    head, _, rest = good.partition(b"\n\n")
    text = base64.b64encode(gnupg.sign(TEXT, "ines", armour=False))
    body = re.sub(rb"(.{1,10})", rb"\1 \n", text)
    unnoticed = (
        head + b"\nComment: read https://evil.example.org/\n\n" + rest,
        b"\n \n" + good.replace(b"\n", b"\r\n") + b"\n \n",
        re.sub(rb"\n=....\n", b"\n", good),
        head + b"\n\n" + body + b"-----END PGP SIGNATURE-----",
    )
    assert good.count(b"\n=") == 1
    for data in (good, *unnoticed):
        assert is_good(data), data
    wrong = re.sub(rb"\n=....\n", b"\n=AAAA\n", good)
    other = head + b"\nReason: none\n\n" + rest
    for data in (wrong, other, b"Signed.\n" + good, good + b"Signed.\n", good + good):
        assert not is_good(data), data
