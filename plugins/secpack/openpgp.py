"""As much of OpenPGP as is needed to hand keys and signatures to gpgv (RFC 9580, RFC 4880).

Nothing is verified here: armour is taken off, and packets are told apart.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from secpack.errors import ParseError

_PUBLIC_KEY: Final = 6
_BLOCK: Final = re.compile(
    rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n"
    rb"(?P<headers>(?:[A-Za-z-]{1,40}: [^\n]*\n)*)[ \t]*\r?\n"
    rb"(?P<body>(?:[A-Za-z0-9+/=]{1,100}[ \t]*\r?\n)+?)"
    rb"(?:=(?P<sum>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    rb"-----END PGP PUBLIC KEY BLOCK-----",
    re.MULTILINE,
)


def dearmor(data: bytes, *, path: str) -> bytes:
    """Return the packets of a file of public keys, armoured (one block or several) or binary.

    Raises ParseError when there are none, or the armour's checksum does not fit.
    """
    if data[:1] >= b"\x80":
        return data
    blocks = list(_BLOCK.finditer(data))
    if not blocks or len(blocks) != data.count(b"-----BEGIN PGP"):
        raise ParseError("no OpenPGP public key; expected an armoured key block", path=path)
    return b"".join(_decode(block, path) for block in blocks)


def _decode(block: re.Match[bytes], path: str) -> bytes:
    try:
        body = base64.b64decode(b"".join(block["body"].split()), validate=True)
        expected = base64.b64decode(block["sum"]) if block["sum"] else None
    except binascii.Error:
        raise ParseError("damaged: the armour is not base64", path=path) from None
    if expected is not None and _crc24(body) != int.from_bytes(expected):
        raise ParseError("damaged: the armour's checksum does not fit", path=path)
    return body


@dataclass(frozen=True, slots=True)
class SignaturePacket:
    """A signature of version 4: what it covers of itself, and what it does not.

    ``hashed`` is what is hashed behind the document, ``issuers`` are the ids or fingerprints (hex)
    that stand outside of it, ``prefix`` the first two bytes of the digest, ``digest`` its number.
    """

    hashed: bytes
    issuers: tuple[str, ...]
    prefix: bytes
    digest: int

    def fits(self, document: bytes, fingerprint: str) -> bool:
        """Whether what the signature does not cover agrees with what it does.

        gpgv does not look at it, so that a file could be changed there without a word. A digest
        that hashlib does not have is not compared.
        """
        trailer = self.hashed + b"\x04\xff" + len(self.hashed).to_bytes(4)
        name = _DIGEST_NAMES.get(self.digest)
        digest = hashlib.new(name, document + trailer, usedforsecurity=False) if name else None
        same = digest is None or digest.digest()[:2] == self.prefix
        return same and all(fingerprint.endswith(issuer) for issuer in self.issuers)


_DIGEST_NAMES: Final = {2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
_SIGNATURE: Final = 2
_WITH_NUMBERS: Final = frozenset({1, 3, 17, 19, 22})  # RSA, DSA, ECDSA, EdDSA
_ISSUER_ID: Final = 16
_ISSUER_FINGERPRINT: Final = 33
_SIGNATURE_BLOCK: Final = re.compile(
    rb"-----BEGIN PGP SIGNATURE-----[ \t]*\r?\n"
    rb"(?P<headers>(?:(?:Version|Comment|Hash|Charset|MessageID): [\t\x20-\x7e]*\r?\n)*)[ \t]*\r?\n"
    rb"(?P<body>(?:[A-Za-z0-9+/=]{1,100}[ \t]*\r?\n)+?)"
    rb"(?:=(?P<sum>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    rb"-----END PGP SIGNATURE-----\s*"
)


def read_signature(data: bytes, *, path: str) -> SignaturePacket:
    """Read a file that holds one detached signature, armoured or binary, and nothing else.

    Raises ParseError when there is anything else in it.
    """
    if data[:1] < b"\x80":
        block = _SIGNATURE_BLOCK.fullmatch(data)
        if not block:
            raise ParseError("not one armoured signature and nothing else", path=path)
        data = _decode(block, path)
    packets = list(_packets(data, path))
    if [tag for tag, _ in packets] != [_SIGNATURE]:
        raise ParseError("not one signature and nothing else", path=path)
    return _signature(packets[0][1], path)


def _signature(body: bytes, path: str) -> SignaturePacket:
    """Take a signature packet apart (RFC 4880, section 5.2.3)."""
    behind = 6 + int.from_bytes(body[4:6])
    end = behind + 2 + int.from_bytes(body[behind : behind + 2])
    if body[:1] != b"\x04" or end + 2 > len(body):
        raise ParseError("not a signature of version 4", path=path)
    if body[2] in _WITH_NUMBERS and not _are_numbers(body[end + 2 :]):
        raise ParseError("damaged: its numbers are not written as they are large", path=path)
    issuers = tuple(_issuers(body[behind + 2 : end], path))
    return SignaturePacket(body[:behind], issuers, body[end : end + 2], body[3])


def _are_numbers(data: bytes) -> bool:
    """Whether data are multiprecision integers, each with the length that it has (section 3.2)."""
    position = 0
    while position + 2 <= len(data):
        bits = int.from_bytes(data[position : position + 2])
        number = data[position + 2 : position + 2 + (bits + 7) // 8]
        if int.from_bytes(number).bit_length() != bits:
            return False
        position += 2 + len(number)
    return position == len(data)


def _issuers(data: bytes, path: str) -> Iterator[str]:
    """Who made a signature, as its part that is not covered tells; nothing else may be there."""
    position = 0
    while position < len(data):
        length = data[position]
        kind, content = data[position + 1], data[position + 2 : position + 1 + length]
        if (kind, length) == (_ISSUER_ID, 9):
            yield content.hex().upper()
        elif (kind, length) == (_ISSUER_FINGERPRINT, 22) and content[:1] == b"\x04":
            yield content[1:].hex().upper()
        else:
            raise ParseError("an unknown part of it is not covered by the signature", path=path)
        position += 1 + length


def _crc24_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
        table.append(crc & 0xFFFFFF)
    return tuple(table)


_CRC24: Final = _crc24_table()


def _crc24(data: bytes) -> int:
    """The checksum of armour (RFC 4880, section 6.1)."""
    crc = 0xB704CE
    for byte in data:
        crc = ((crc << 8) & 0xFFFFFF) ^ _CRC24[(crc >> 16) ^ byte]
    return crc


def split_keys(packets: bytes, *, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield the fingerprint (hex, upper case) of each primary key, and all packets of that key.

    Raises ParseError when the packets cannot be told apart, there is no key among them, or one is
    not of version 4.
    """
    starts = []
    for start, tag, body in _places(packets, path):
        if tag == _PUBLIC_KEY:
            starts.append((start, _fingerprint(body, path)))
    if not starts:
        raise ParseError("no OpenPGP public key in it", path=path)
    ends = [start for start, _ in starts[1:]] + [len(packets)]
    for (start, fingerprint), end in zip(starts, ends, strict=True):
        yield fingerprint, packets[start:end]


def _fingerprint(body: bytes, path: str) -> str:
    """The fingerprint of a key (RFC 4880, section 12.2)."""
    if body[:1] != b"\x04":
        raise ParseError("a key of another version than 4", path=path)
    if len(body) > 0xFFFF:
        raise ParseError("a key of more than 65535 bytes; expected a public key", path=path)
    head = b"\x99" + len(body).to_bytes(2)
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest().upper()


def _packets(data: bytes, path: str) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet."""
    return ((tag, body) for _, tag, body in _places(data, path))


def _places(data: bytes, path: str) -> Iterator[tuple[int, int, bytes]]:
    """Where each packet begins, its tag and its body (RFC 4880, section 4.2).

    Partial lengths are not for keys.
    """
    position = 0
    while position < len(data):
        start, length, tag = _header(data, position, path)
        if start + length > len(data):
            raise ParseError("damaged: a packet is longer than the file", path=path)
        yield position, tag, data[start : start + length]
        position = start + length


def _header(data: bytes, position: int, path: str) -> tuple[int, int, int]:
    """Where a packet's body begins, how long it is, and its tag."""
    first, rest = data[position], data[position + 1 : position + 6]
    if not first & 0x80 or len(rest) < 1:
        raise ParseError("damaged: not an OpenPGP packet", path=path)
    if not first & 0x40:  # the old format
        width = (1, 2, 4, 0)[first & 3]
        if not width or len(rest) < width:
            raise ParseError("damaged: a packet without a length", path=path)
        return position + 1 + width, int.from_bytes(rest[:width]), (first >> 2) & 0xF
    if rest[0] < 192:
        return position + 2, rest[0], first & 0x3F
    if rest[0] < 224 and len(rest) >= 2:
        return position + 3, ((rest[0] - 192) << 8) + rest[1] + 192, first & 0x3F
    if rest[0] == 255 and len(rest) >= 5:
        return position + 6, int.from_bytes(rest[1:5]), first & 0x3F
    raise ParseError("damaged: a packet of a length that keys do not have", path=path)
