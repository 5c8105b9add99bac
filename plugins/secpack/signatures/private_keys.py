"""Finds private keys in files that are about to be published, whatever the files claim to be.

What is looked for: OpenPGP secret keys and subkeys, as packets or armoured under any label; PEM
and OpenSSH; PKCS #1 and #8; PuTTY; age; minisign and signify. The words of a bulletin may name such
a block ("a file that begins with -----BEGIN RSA PRIVATE KEY-----"): it takes the block's content to
be found.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from secpack.signatures.packets import SECRET, DamagedError, packets

# Between the marks of a block and its content there can be header lines and blank ones; all may be
# quoted ("| ", "> ") or indented.
_MARGIN: Final = rb"[ \t>|]{0,20}"
_HEADERS: Final = rb"(?:" + _MARGIN + rb"(?:[A-Za-z-]{1,40}:[^\n]{0,200})?\r?\n){0,8}"
_CONTENT: Final = _MARGIN + rb"[A-Za-z0-9+/]{16}"
_LABEL: Final = (
    rb"-{4,5} ?BEGIN (?P<label>[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?) ?-{4,5}[ \t]*\r?\n"
)

_BLOCK: Final = re.compile(_LABEL + _HEADERS + _CONTENT)
_NAMED: Final = (
    ("an age secret key", re.compile(rb"(?i)AGE-(?:SECRET-KEY|PLUGIN-[A-Z0-9-]{1,40})-1\w{16}")),
    ("a PuTTY private key", re.compile(rb"PuTTY-User-Key-File-\d: ")),
    # Minisign (Ed, Sc or none, B2) and signify (Ed, BK) begin with these bytes, as base64.
    ("a minisign secret key", re.compile(rb"RW(?:RTY0Iy|QAAEIy)[A-Za-z0-9+/]{100}")),
    ("a signify secret key", re.compile(rb"RWRCS[w-z][A-Za-z0-9+/]{100}")),
)
# An algorithm, then a string of bytes: in a certificate, which begins alike, comes a name.
_ALGORITHM: Final = b"|".join(b"\x30%c\x06.{%d}\x04" % (size, size - 1) for size in range(5, 33))
_SEQUENCE: Final = rb"\x30(?:\x82..|\x81.|[\x20-\x7f])"
_BINARY: Final = tuple(
    (words, re.compile(pattern, re.DOTALL))
    for words, pattern in (
        ("an OpenSSH private key", rb"openssh-key-v1\0.{4}"),
        # RFC 5958: version, algorithm, key; RFC 8017: version, modulus; RFC 5915: version, key.
        ("a PKCS #8 private key", _SEQUENCE + rb"\x02\x01[\x00\x01](?:" + _ALGORITHM + rb")"),
        ("a PKCS #1 private key", _SEQUENCE + rb"\x02\x01\0\x02(?:\x82..|\x81.)\0"),
        ("an EC private key", _SEQUENCE + rb"\x02\x01\x01\x04[\x1c-\x42].{28,66}\xa0"),
    )
)

#: Lines of base64, quoted or not, as armour has them.
_BASE64: Final = re.compile(
    rb"^" + _MARGIN + rb"[A-Za-z0-9+/]{32,}={0,2}[ \t]*\r?\n"
    rb"(?:" + _MARGIN + rb"[A-Za-z0-9+/]{1,1000}={0,2}[ \t]*\r?\n)*",
    re.MULTILINE,
)
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")

# --- OpenPGP packets anywhere in a file ---

#: A header of a secret key or subkey (RFC 9580, 4.2), then version, time and algorithm (5.5.3).
_PACKET: Final = re.compile(
    rb"(?=(?:[\x94\x9c].|[\x95\x9d]..|[\x96\x9e]\0..."
    rb"|[\xc5\xc7](?:[\x40-\xbf]|[\xc0-\xdf].|\xff\0...))"
    rb"(?:\x03.{6}|\x04.{4}|[\x05\x06].{4}\0\0..)(?P<algorithm>[\x01-\x03\x10-\x13\x16]))",
    re.DOTALL,
)
_MOST: Final = 64 * 1024  # bytes of one packet
_RSA: Final = b"\x01\x02\x03"
_ON_CURVES: Final = b"\x12\x13\x16"  # ECDH, ECDSA, EdDSA
_CURVES: Final = tuple(
    bytes([len(oid)]) + oid
    for oid in map(
        bytes.fromhex,
        (
            "2a8648ce3d030107",  # NIST P-256, P-384, P-521
            "2b81040022",
            "2b81040023",
            "2b2403030208010107",  # brainpoolP256r1, P384r1, P512r1
            "2b240303020801010b",
            "2b240303020801010d",
            "2b8104000a",  # secp256k1
            "2b06010401da470f01",  # Ed25519, Curve25519
            "2b060104019755010501",
            "2b6571",  # Ed448, X448
            "2b656f",
        ),
    )
)


def find_private_key(data: bytes) -> str:
    """What private key a file holds, in words such as "an OpenPGP secret key"; empty for none."""
    if match := _BLOCK.search(data):
        label = match["label"].decode()
        return "an OpenPGP secret key" if label.startswith("PGP") else f"a block {label}"
    named = (words for words, pattern in _NAMED if pattern.search(data))
    inner = (found for block in _decoded(data) if (found := _in_binary(block)))
    return next(named, "") or _in_binary(data) or next(inner, "")


def _decoded(data: bytes) -> Iterator[bytes]:
    """What is written as base64 in a file."""
    for match in _BASE64.finditer(data):
        text = _NOT_BASE64.sub(b"", match[0])
        yield base64.b64decode(text[: len(text) // 4 * 4])


def _in_binary(data: bytes) -> str:
    if not data.isascii() and _has_secret_packet(data):
        return "an OpenPGP secret key"
    return next((words for words, pattern in _BINARY if pattern.search(data)), "")


def _has_secret_packet(data: bytes) -> bool:
    """Whether secret keys are among packets from the beginning on, or anywhere else."""
    try:
        if any(packet.tag in SECRET for packet in packets(data)):
            return True
    except DamagedError:
        pass  # no packets, or no more of them
    return any(_is_secret(data, match) for match in _PACKET.finditer(data))


def _is_secret(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a whole packet with the numbers of a key is there, so that chance explains nothing.

    After it the data end, or another packet begins.
    """
    start = match.start()
    try:
        packet = next(packets(data[start : start + _MOST]))
    except DamagedError:
        return False
    after = data[start + packet.end : start + packet.end + 1]
    numbers = data[match.end("algorithm") : start + packet.end]
    return (not after or after >= b"\x80") and _has_numbers(match["algorithm"], numbers)


def _has_numbers(algorithm: bytes, data: bytes) -> bool:
    """Whether data begin with the public numbers of an algorithm (RFC 9580, section 5.5.5)."""
    if algorithm in _ON_CURVES:
        return data.startswith(_CURVES)
    modulus = _bits(data)
    if not 512 <= modulus <= 16384 or (modulus + 1) % 8 > 1:
        return False
    second = _bits(data[2 + (modulus + 7) // 8 :])
    return 1 <= second <= (64 if algorithm in _RSA else modulus)


def _bits(data: bytes) -> int:
    """The size of the number at the beginning of data (section 3.2); 0 where there is none."""
    bits = int.from_bytes(data[:2])
    whole = len(data) >= 2 + (bits + 7) // 8
    return bits if bits and whole and data[2].bit_length() == (bits - 1) % 8 + 1 else 0
