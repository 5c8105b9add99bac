"""OpenPGP keys and signatures as packets, without armour (RFC 9580, RFC 4880).

This module verifies nothing; gpgv and gpg do.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from itertools import islice, pairwise
from typing import Final

from secpack.errors import ParseError

_SIGNATURE: Final = 2
_SECRET_KEY: Final = 5
_PUBLIC_KEY: Final = 6
_SECRET_SUBKEY: Final = 7
_PUBLIC_SUBKEY: Final = 14

#: The packets of public keys: keys, user ids, subkeys, user attributes, signatures.
_OF_PUBLIC_KEYS: Final = frozenset({_PUBLIC_KEY, 13, _PUBLIC_SUBKEY, 17, _SIGNATURE})
SECRET: Final = frozenset({_SECRET_KEY, _SECRET_SUBKEY})
COMPRESSED: Final = 8

#: The most bytes of a file with a signature.
MAX_SIGNATURE: Final = 64 * 1024

#: The most packets in a file of keys: gpg takes minutes for a key that many people certified.
_MOST_PACKETS: Final = 500

#: The versions of keys and signatures.
VERSIONS: Final = (3, 4, 5, 6)

#: The public numbers of a key by its algorithm, as the most bits of each; 0 is a byte string.
_NUMBERS: Final = {
    **dict.fromkeys((1, 2, 3), (16384, 64)),  # RSA: modulus, exponent
    **dict.fromkeys((16, 20), (16384, 16384, 16384)),  # Elgamal
    17: (4096, 512, 4096, 4096),  # DSA: p, q, g, y
    18: (0, 16384, 0),  # ECDH: curve, point, parameters
    **dict.fromkeys((19, 22), (0, 16384)),  # ECDSA, EdDSA
}

#: The names of digests by number (RFC 9580, section 9.5), and those that are obsolete.
DIGESTS: Final = {
    "1": "MD5",
    "2": "SHA1",
    "3": "RIPEMD160",
    "8": "SHA256",
    "9": "SHA384",
    "10": "SHA512",
    "11": "SHA224",
}
LEGACY: Final = frozenset({"MD5", "SHA1", "RIPEMD160"})

#: A block of ASCII armour, by its label and its header lines.
_ARMOUR: Final = (
    rb"-----BEGIN PGP %b-----[ \t]*\r?\n(?:%b\n)*[ \t]*\r?\n"
    rb"(?P<body>(?:[A-Za-z0-9+/=]{1,100}[ \t]*\r?\n)+?)"
    rb"(?:=(?P<checksum>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    rb"-----END PGP %b-----"
)
_KEYS: Final = b"PUBLIC KEY BLOCK"
_KEY_BLOCK: Final = re.compile(
    b"^" + _ARMOUR % (_KEYS, rb"[A-Za-z-]{1,40}: [^\n]*", _KEYS), re.MULTILINE
)
_BEGIN: Final = b"-----BEGIN PGP SIGNATURE-----"
_END: Final = b"-----END PGP SIGNATURE-----"
_SIGNATURE_HEADER: Final = rb"(?:Version|Comment|Hash|Charset|MessageID): [\t\x20-\x7e]*\r?"
_SIGNATURE_BLOCK: Final = re.compile(
    rb"\s*" + _ARMOUR % (b"SIGNATURE", _SIGNATURE_HEADER, b"SIGNATURE") + rb"\s*"
)


def dearmor(data: bytes) -> bytes:
    """Return the packets of a file of public keys, in armoured blocks or binary.

    Raises ParseError when there are none, or the armour is damaged.
    """
    if data[:1] >= b"\x80":
        return data
    blocks = list(_KEY_BLOCK.finditer(data))
    if not blocks or len(blocks) != data.count(b"-----BEGIN PGP"):
        raise ParseError("no OpenPGP public key; expected an armoured key block")
    return b"".join(_decode(block) for block in blocks)


def _decode(block: re.Match[bytes]) -> bytes:
    try:
        body = base64.b64decode(b"".join(block["body"].split()), validate=True)
        expected = base64.b64decode(block["checksum"]) if block["checksum"] else None
    except binascii.Error:
        raise ParseError("damaged: the armour is not base64") from None
    if expected is not None and _crc24(body) != int.from_bytes(expected):
        raise ParseError("damaged: the armour's checksum does not match")
    return body


_WITH_NUMBERS: Final = frozenset({1, 3, 17, 19, 22})  # RSA, DSA, ECDSA, EdDSA
_ISSUER_ID: Final = b"\x10"
_ISSUER_FINGERPRINT: Final = b"\x21"


@lru_cache(maxsize=4096)  # each file is read before gpgv reads it, after it, and to find its text
def read_signature(data: bytes) -> bytes:
    """Return the body of the packet in a file that is one detached signature, armoured or binary.

    Raises ParseError, with the reason, for anything else.
    """
    if data[:1] < b"\x80":
        block = _SIGNATURE_BLOCK.fullmatch(data)
        if not block:
            raise ParseError(_unlike_a_signature(data))
        data = _decode(block)
    parts = list(packets(data))
    if len(parts) > 1 and {packet.tag for packet in parts} == {_SIGNATURE}:
        raise ParseError("several signatures in one file; expected one")
    if [packet.tag for packet in parts] != [_SIGNATURE]:
        raise ParseError("expected one signature and nothing else")
    body = parts[0].body
    covered, _, rest = _divided(body)
    if body[:1] != b"\x04" or len(rest) < 2:
        raise ParseError("not a signature of version 4")
    if covered[2] in _WITH_NUMBERS and not _are_numbers(rest[2:]):  # which gpgv 2.4 may not survive
        raise ParseError("a number in it has a wrong bit length")
    if body[1]:
        form = ", as --textmode makes" if body[1] == 1 else ""
        form = f"a signature of class {body[1]:02x}{form}"
        raise ParseError(f"{form}; expected one over bytes (class 00)")
    return body


def likeness(data: bytes) -> str:
    """``key`` or ``signature``, if data begin like one, in armour or binary; otherwise empty."""
    for mark, what in ((_BEGIN, "signature"), (b"-----BEGIN PGP %b-----" % _KEYS, "key")):
        if data[:2000].lstrip().startswith(mark):
            return what
    try:
        start, length, tag = read_header(data[:6], 0)
    except (ParseError, IndexError):
        return ""
    is_whole = 0 < length <= len(data) - start and data[start] in VERSIONS
    return {_SIGNATURE: "signature", _PUBLIC_KEY: "key"}.get(tag, "") if is_whole else ""


def _unlike_a_signature(data: bytes) -> str:
    """How a file that is not binary differs from one armoured signature."""
    if b"-----BEGIN PGP SIGNED MESSAGE-----" in data:
        return "clear-signed: the text is inside; expected a detached signature (--detach-sign)"
    if data.count(_BEGIN) > 1:
        return "several signatures in one file; expected one"
    before, begin, rest = data.partition(_BEGIN)
    body, end, after = rest.partition(_END)
    if not begin and data.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return "an SSH signature; only OpenPGP is verified"
    if not begin:
        return "no OpenPGP signature, neither armoured nor binary"
    if not end:
        return "cut short: the armour does not end"
    if before.strip():
        return "words before the armour, which nobody has signed"
    if after.strip():
        return "bytes after the armour, which nobody has signed"
    if not body.isascii():
        return "an armour header, such as Comment, with letters outside ASCII"
    return "damaged: not the armour of a signature"


def _divided(signature: bytes) -> tuple[bytes, bytes, bytes]:
    """What the signature covers, its other subpackets, and the rest (RFC 9580, section 5.2.3).

    The rest is the first two bytes of the digest, and the numbers of the signature itself.
    """
    covered = 6 + int.from_bytes(signature[4:6])
    end = covered + 2 + int.from_bytes(signature[covered : covered + 2])
    return signature[:covered], signature[covered + 2 : end], signature[end:]


def may_cover(signature: bytes, document: bytes) -> bool:
    """Whether the digest of a document begins as a signature says.

    A digest that Python may lack is not compared.
    """
    covered, _, rest = _divided(signature)
    trailer = covered + b"\x04\xff" + len(covered).to_bytes(4)
    name = DIGESTS.get(str(covered[3]), "").lower()
    if name not in hashlib.algorithms_guaranteed:
        return True
    digest = hashlib.new(name, document + trailer, usedforsecurity=False).digest()
    return digest[:2] == rest[:2]


def fits(signature: bytes, document: bytes, fingerprint: str) -> bool:
    """Whether the parts that a signature does not cover agree with those that it covers.

    gpgv does not check them, so nobody would notice a change.
    """
    _, subpackets, _ = _divided(signature)
    return may_cover(signature, document) and _are_issuers(subpackets, fingerprint)


def _are_numbers(data: bytes) -> bool:
    """Whether data is multiprecision integers, each with its right length (section 3.2)."""
    position = 0
    while position + 2 <= len(data):
        bits = int.from_bytes(data[position : position + 2])
        number = data[position + 2 : position + 2 + (bits + 7) // 8]
        if int.from_bytes(number).bit_length() != bits:
            return False
        position += 2 + len(number)
    return position == len(data)


def _are_issuers(data: bytes, fingerprint: str) -> bool:
    """Whether subpackets only name the issuer (section 5.2.3.7), and the right one."""
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


# For each byte, what it adds to the checksum.
_CRC24: Final = tuple(
    reduce(lambda crc, _: crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0), range(8), byte << 16)
    for byte in range(256)
)


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


def read_keys(data: bytes) -> tuple[PublicKey, ...]:
    """Read a file of public keys, armoured or binary.

    Raises ParseError when it contains no key, anything but keys of version 4 and what belongs to
    them, or so much that gpg would take long.
    """
    parts = list(islice(packets(dearmor(data)), _MOST_PACKETS + 1))
    if len(parts) > _MOST_PACKETS:
        raise ParseError(f"more than {_MOST_PACKETS} packets; expected a few keys")
    odd = sorted({packet.tag for packet in parts} - _OF_PUBLIC_KEYS)
    if odd:
        message = f"a packet of type {odd[0]}; expected public keys and their certifications"
        raise ParseError(message)
    starts = [n for n, packet in enumerate(parts) if packet.tag == _PUBLIC_KEY]
    if not starts or starts[0]:
        raise ParseError("does not begin with an OpenPGP public key")
    return tuple(_public_key(parts[a:b]) for a, b in pairwise([*starts, len(parts)]))


def read_revocations(*files: bytes) -> tuple[bytes, ...]:
    """The revocations of keys in files that are not used as keys: they hold for other copies.

    Raises ParseError when there are so many that gpg would take long.
    """
    revocations = dict[bytes, None]()
    for data in files:
        with suppress(ParseError):
            for packet in islice(packets(dearmor(data)), _MOST_PACKETS):
                if packet.tag == _SIGNATURE and packet.body[:2] == b"\x04\x20":
                    revocations[packet.whole] = None
    if len(revocations) > _MOST_PACKETS:
        raise ParseError(f"more than {_MOST_PACKETS} revocations outside of usable keys")
    return tuple(revocations)


def merge_keys(copies: Sequence[PublicKey]) -> bytes:
    """Join copies of one key: all its user ids and subkeys, each with the signatures of all copies.

    So what any copy revokes is revoked, whichever copy a program reads first.
    """
    parts: dict[tuple[int, bytes], dict[bytes, bytes]] = {}
    for copy in copies:
        part = {}
        for packet in packets(copy.packets):
            if packet.tag != _SIGNATURE:
                part = parts.setdefault((packet.tag, packet.body), {b"": packet.whole})
            else:
                part.setdefault(packet.body, packet.whole)
    # The key itself, its user ids, then its subkeys (RFC 9580, section 10.1.1).
    ordered = sorted(parts, key=lambda part: (part[0] != _PUBLIC_KEY, part[0] == _PUBLIC_SUBKEY))
    return b"".join(whole for part in ordered for whole in parts[part].values())


def _public_key(group: Sequence["Packet"]) -> PublicKey:
    subkeys = tuple(_fingerprint(each.body) for each in group if each.tag == _PUBLIC_SUBKEY)
    return PublicKey(_fingerprint(group[0].body), subkeys, b"".join(each.whole for each in group))


def _fingerprint(body: bytes) -> str:
    """The fingerprint of a key (RFC 9580, section 5.5.4.2)."""
    if body[:1] != b"\x04" or len(body) < 6:
        raise ParseError("a key whose version is not 4")
    if len(body) > 0xFFFF:
        raise ParseError("a key of more than 65535 bytes; expected a public key")
    if body[5] not in _NUMBERS:
        raise ParseError(f"a key of the algorithm {body[5]}, which gpg does not know")
    public_numbers(body[5], body[6:])
    head = b"\x99" + len(body).to_bytes(2)
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest().upper()


def public_numbers(algorithm: int, data: bytes) -> list[tuple[int, bytes]]:
    """The public numbers at the start of data: the bits that each states, and its bytes.

    Raises ParseError for a key that is cut short, at which gpg and gpgv stop reading and miss all
    keys after it, and for numbers that would take gpg seconds.
    """
    numbers, position = [], 0
    for most in _NUMBERS.get(algorithm, ()):
        start = position + (2 if most else 1)
        size = int.from_bytes(data[position:start])
        position = start + ((size + 7) // 8 if most else size)
        if most and size > most:
            raise ParseError(f"a key with a number of {size} bits; expected at most {most}")
        if position > len(data) or not (size > 0 if most else 1 < size < 255):
            raise ParseError("damaged: a key that is cut short")
        if most:
            numbers.append((size, data[start:position]))
    return numbers


# --- times ---------------------------------------------------------------------------------


def moment(text: str) -> datetime | None:
    """A time as gpg and gpgv print it, of 32 bits (RFC 9580, section 3.5); None if it is none."""
    seconds = int(text) if re.fullmatch("[0-9]{1,10}", text) else 2**32
    return datetime.fromtimestamp(seconds, UTC) if seconds < 2**32 else None


# --- packets ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: its type, its body, and the whole of it with its header."""

    tag: int
    body: bytes
    whole: bytes


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets of binary data (RFC 9580, section 4.2).

    Raises ParseError, also for partial and indeterminate lengths: no key or signature has them.
    """
    position = 0
    while position < len(data):
        start, length, tag = read_header(data, position)
        end = start + length
        if end > len(data):
            raise ParseError("damaged: a packet is longer than the file")
        yield Packet(tag, data[start:end], data[position:end])
        position = end


def read_header(data: bytes, position: int) -> tuple[int, int, int]:
    """Return where a packet's body begins, its length and its type. Raises ParseError."""
    first, rest = data[position], data[position + 1 : position + 6]
    if not first & 0x80 or len(rest) < 1:
        raise ParseError("damaged: not an OpenPGP packet")
    if not first & 0x40:  # the old format
        width = (1, 2, 4, 0)[first & 3]
        if not width or len(rest) < width:
            raise ParseError("damaged: a packet without a length")
        return position + 1 + width, int.from_bytes(rest[:width]), (first >> 2) & 0xF
    if rest[0] < 192:
        return position + 2, rest[0], first & 0x3F
    if rest[0] < 224 and len(rest) >= 2:
        return position + 3, ((rest[0] - 192) << 8) + rest[1] + 192, first & 0x3F
    if rest[0] == 255 and len(rest) >= 5:
        return position + 6, int.from_bytes(rest[1:5]), first & 0x3F
    raise ParseError("damaged: a packet of a length that no key has")
