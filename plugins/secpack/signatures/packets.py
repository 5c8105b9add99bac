"""As much of OpenPGP as is needed to hand keys and signatures to gpgv (RFC 9580, RFC 4880).

Nothing is verified here: armour is taken off, and packets are told apart.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from secpack.errors import ParseError

_SIGNATURE: Final = 2
_SECRET_KEY: Final = 5
_PUBLIC_KEY: Final = 6
_SECRET_SUBKEY: Final = 7
_PUBLIC_SUBKEY: Final = 14

#: What a file of public keys holds: keys, subkeys, user ids, user attributes, signatures.
_OF_PUBLIC_KEYS: Final = frozenset({_PUBLIC_KEY, 13, _PUBLIC_SUBKEY, 17, _SIGNATURE})
SECRET: Final = frozenset({_SECRET_KEY, _SECRET_SUBKEY})
COMPRESSED: Final = 8

#: The most packets of one file of keys: a key that many people have certified takes gpg minutes.
_MOST_PACKETS: Final = 500

#: The public numbers of a key by its algorithm, each as the most bits; 0 is a string of bytes.
_NUMBERS: Final = {
    **dict.fromkeys((1, 2, 3), (16384, 64)),  # RSA: modulus, exponent
    **dict.fromkeys((16, 20), (16384, 16384, 16384)),  # Elgamal
    17: (4096, 512, 4096, 4096),  # DSA: p, q, g, y
    18: (0, 16384, 0),  # ECDH: curve, point, parameters
    **dict.fromkeys((19, 22), (0, 16384)),  # ECDSA, EdDSA
}

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

    ``hashed`` is hashed after the document; ``unhashed`` are subpackets that are not. ``prefix``
    are the first two bytes of the digest, ``digest`` is the number of its algorithm, ``numbers``
    are the signature's own.
    """

    hashed: bytes
    unhashed: bytes
    prefix: bytes
    digest: int
    numbers: bytes

    def fits(self, document: bytes, fingerprint: str) -> bool:
        """Whether what the signature does not cover agrees with what it does.

        gpgv does not look at it, so a change there would go unnoticed. A digest that hashlib does
        not have is not compared.
        """
        trailer = self.hashed + b"\x04\xff" + len(self.hashed).to_bytes(4)
        name = _DIGEST_NAMES.get(self.digest)
        digest = hashlib.new(name, document + trailer, usedforsecurity=False) if name else None
        same = digest is None or digest.digest()[:2] == self.prefix
        sized = self.hashed[2] not in _WITH_NUMBERS or _are_numbers(self.numbers)
        return same and sized and _are_issuers(self.unhashed, fingerprint)


_DIGEST_NAMES: Final = {2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
_WITH_NUMBERS: Final = frozenset({1, 3, 17, 19, 22})  # RSA, DSA, ECDSA, EdDSA
_ISSUER_ID: Final = b"\x10"
_ISSUER_FINGERPRINT: Final = b"\x21"
_SIGNATURE_BLOCK: Final = re.compile(
    rb"-----BEGIN PGP SIGNATURE-----[ \t]*\r?\n"
    rb"(?P<headers>(?:(?:Version|Comment|Hash|Charset|MessageID): [\t\x20-\x7e]*\r?\n)*)[ \t]*\r?\n"
    rb"(?P<body>(?:[A-Za-z0-9+/=]{1,100}[ \t]*\r?\n)+?)"
    rb"(?:=(?P<sum>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    rb"-----END PGP SIGNATURE-----\s*"
)


def read_signature(data: bytes, *, path: str) -> SignaturePacket:
    """Read a file that holds one detached signature, armoured or binary, and nothing else.

    Raises ParseError when there is anything else in it, SeveralSignaturesError where that is
    another signature.
    """
    if data[:1] < b"\x80":
        block = _SIGNATURE_BLOCK.fullmatch(data)
        if not block:
            raise ParseError("not one armoured signature and nothing else", path=path)
        data = _decode(block, path)
    found = list(_read(data, path))
    if len(found) > 1 and {packet.tag for packet in found} == {_SIGNATURE}:
        raise SeveralSignaturesError("several signatures; expected one", path=path)
    if [packet.tag for packet in found] != [_SIGNATURE]:
        raise ParseError("not one signature and nothing else", path=path)
    return _signature(found[0].body, path)


class SeveralSignaturesError(ParseError):
    """A file with more than one signature."""


def _signature(body: bytes, path: str) -> SignaturePacket:
    """Take a signature packet apart (RFC 9580, section 5.2.3)."""
    unhashed = 6 + int.from_bytes(body[4:6])
    prefix = unhashed + 2 + int.from_bytes(body[unhashed : unhashed + 2])
    if body[:1] != b"\x04" or prefix + 2 > len(body):
        raise ParseError("not a signature of version 4", path=path)
    return SignaturePacket(
        hashed=body[:unhashed],
        unhashed=body[unhashed + 2 : prefix],
        prefix=body[prefix : prefix + 2],
        digest=body[3],
        numbers=body[prefix + 2 :],
    )


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


def _are_issuers(data: bytes, fingerprint: str) -> bool:
    """Whether subpackets only name the issuer (section 5.2.3.7), each as who it is."""
    position = 0
    while position < len(data):
        length = data[position]
        content = data[position + 2 : position + 1 + length]
        kind = data[position + 1 : position + 2]
        if (kind, length) == (_ISSUER_FINGERPRINT, 22) and content[:1] == b"\x04":
            content = content[1:]
        elif (kind, length) != (_ISSUER_ID, 9):
            return False
        if not fingerprint.endswith(content.hex().upper()):
            return False
        position += 1 + length
    return position == len(data)


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


# --- keys -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A primary key: its fingerprint and those of its subkeys (hex, upper case), its packets."""

    fingerprint: str
    subkeys: tuple[str, ...]
    packets: bytes


def read_keys(data: bytes, *, path: str) -> tuple[PublicKey, ...]:
    """Read a file of public keys, armoured or binary.

    Raises ParseError when it holds anything else than keys of version 4 with what belongs to
    them, no key, or so much that gpg would be busy with it for long.
    """
    binary = dearmor(data, path=path)
    found = list(islice(_read(binary, path), _MOST_PACKETS + 1))
    if len(found) > _MOST_PACKETS:
        raise ParseError(f"more than {_MOST_PACKETS} packets; expected a few keys", path=path)
    odd = sorted({packet.tag for packet in found} - _OF_PUBLIC_KEYS)
    if odd:
        message = f"a packet of type {odd[0]}; expected public keys and their certifications"
        raise ParseError(message, path=path)
    starts = [n for n, packet in enumerate(found) if packet.tag == _PUBLIC_KEY]
    if not starts or starts[0]:
        raise ParseError("no OpenPGP public key at its beginning", path=path)
    groups = (found[a:b] for a, b in zip(starts, [*starts[1:], len(found)], strict=True))
    return tuple(_public_key(group, binary, path) for group in groups)


def _public_key(group: Sequence[Packet], data: bytes, path: str) -> PublicKey:
    subkeys = [packet for packet in group if packet.tag == _PUBLIC_SUBKEY]
    return PublicKey(
        fingerprint=_fingerprint(group[0].body, path),
        subkeys=tuple(_fingerprint(packet.body, path) for packet in subkeys),
        packets=data[group[0].start : group[-1].end],
    )


def _fingerprint(body: bytes, path: str) -> str:
    """The fingerprint of a key (RFC 9580, section 5.5.4.2)."""
    if body[:1] != b"\x04" or len(body) < 6:
        raise ParseError("a key of another version than 4", path=path)
    if len(body) > 0xFFFF:
        raise ParseError("a key of more than 65535 bytes; expected a public key", path=path)
    _check_numbers(body, path)
    head = b"\x99" + len(body).to_bytes(2)
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest().upper()


def _check_numbers(body: bytes, path: str) -> None:
    """Refuse a key that ends too early, and numbers so large that gpg would be busy for seconds.

    gpg and gpgv stop at the former, and then find no key that comes after it.
    """
    position = 6
    for most in _NUMBERS.get(body[5], ()):
        bits = int.from_bytes(body[position : position + 2]) if most else 0
        if bits > most:
            message = f"a key with a number of {bits} bits; expected at most {most} there"
            raise ParseError(message, path=path)
        size = body[position] if position < len(body) else 0
        position += 2 + (bits + 7) // 8 if most else 1 + size
        if position > len(body) or not (most or 1 < size < 255):
            raise ParseError("damaged: a key that is not whole", path=path)


# --- packets ----------------------------------------------------------------------------------


class DamagedError(Exception):
    """Bytes that are not a sequence of OpenPGP packets."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: its type, its body, and where in the data it starts and ends."""

    tag: int
    body: bytes
    start: int
    end: int


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets of binary data (RFC 9580, section 4.2).

    Partial and indeterminate lengths, which keys and signatures do not have, count as damage.
    Raises DamagedError.
    """
    position = 0
    while position < len(data):
        start, length, tag = read_header(data, position)
        if start + length > len(data):
            raise DamagedError("damaged: a packet is longer than the file")
        yield Packet(tag, data[start : start + length], position, start + length)
        position = start + length


def _read(data: bytes, path: str) -> Iterator[Packet]:
    """The packets of a file. Raises ParseError."""
    try:
        yield from packets(data)
    except DamagedError as error:
        raise ParseError(str(error), path=path) from None


def read_header(data: bytes, position: int) -> tuple[int, int, int]:
    """Where a packet's body begins, how long it is, and its type. Raises DamagedError."""
    first, rest = data[position], data[position + 1 : position + 6]
    if not first & 0x80 or len(rest) < 1:
        raise DamagedError("damaged: not an OpenPGP packet")
    if not first & 0x40:  # the old format
        width = (1, 2, 4, 0)[first & 3]
        if not width or len(rest) < width:
            raise DamagedError("damaged: a packet without a length")
        return position + 1 + width, int.from_bytes(rest[:width]), (first >> 2) & 0xF
    if rest[0] < 192:
        return position + 2, rest[0], first & 0x3F
    if rest[0] < 224 and len(rest) >= 2:
        return position + 3, ((rest[0] - 192) << 8) + rest[1] + 192, first & 0x3F
    if rest[0] == 255 and len(rest) >= 5:
        return position + 6, int.from_bytes(rest[1:5]), first & 0x3F
    raise DamagedError("damaged: a packet of a length that keys do not have")
