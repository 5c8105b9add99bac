"""Private keys in files of a pack, which must never be published.

OpenPGP secret keys and subkeys, as packets (also compressed) or armoured under any label; GnuPG's
files of keys; PEM and OpenSSH; PKCS #1 and #8; PuTTY; age; minisign and signify; also in base64,
UTF-16 and gzip. A bulletin may mention a block ("a file that begins with
-----BEGIN RSA PRIVATE KEY-----"), but not include its content. Other archives, encrypted files,
and compressed parts of pictures and PDFs are not searched.
"""

import base64
import bz2
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from secpack.errors import ParseError
from secpack.signatures.packets import (
    COMPRESSED,
    SECRET,
    VERSIONS,
    packets,
    public_numbers,
    read_header,
)

# Header lines and blank lines can precede the content of a block. All lines can be quoted ("| "),
# indented, comments ("# ", "// "), lines of a diff ("+"), or numbered ("12: ").
_LINE_END: Final = rb"(?:\r?\n|\r)"
_MARGIN: Final = rb"[^\w\r\n]{0,40}(?:[0-9]{1,6}[^\w\r\n]{1,20})?"
_HEADER: Final = _MARGIN + rb"(?:[A-Za-z][A-Za-z-]{0,39}:[^\r\n]{0,200})?" + _LINE_END
_CONTENT: Final = _MARGIN + rb"[A-Za-z0-9+/]{16}"
_LABEL: Final = rb"-{4,5} ?BEGIN (?P<label>[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?) ?-{4,5}"

_BLOCK: Final = re.compile(_LABEL + rb"(?:%b){0,9}" % _HEADER + _CONTENT)
# An algorithm, then a byte string; a certificate, which begins the same way, has a name there.
_ALGORITHM: Final = b"|".join(b"\x30%c\x06.{%d}\x04" % (size, size - 1) for size in range(5, 33))
_SEQUENCE: Final = rb"\x30(?:\x82..|\x81.|[\x20-\x7f])"
_FORMATS: Final = tuple(
    (words, re.compile(pattern, re.DOTALL))
    for words, pattern in (
        # A search for "-" is faster than one for letters in either case.
        ("an age secret key", rb"-(?i:(?<=AGE-)(?:SECRET-KEY|PLUGIN-[A-Z0-9-]{1,40})-1\w{16})"),
        (
            "a GnuPG private key",
            rb"\((?:\d\d:)?(?:protected-)?private-key\s?\((?:\d:)?[a-z]{3,8}\s?\(",
        ),
        ("a JSON Web private key", rb'"d"\s{0,9}:\s{0,9}"[A-Za-z0-9_-]{43}'),
        ("a PuTTY private key", rb"PuTTY-User-Key-File-\d: "),
        # Minisign (Ed, Sc or none, B2) and signify (Ed, BK) begin with these bytes, as base64.
        ("a minisign secret key", rb"RW(?:RTY0Iy|QAAEIy)[A-Za-z0-9+/]{100}"),
        ("a signify secret key", rb"RWRCS[w-z][A-Za-z0-9+/]{100}"),
        ("an OpenSSH private key", rb"openssh-key-v1\0.{4}"),
        # RFC 5958: version, algorithm, key; RFC 8017: version, modulus; RFC 5915: version, key.
        ("a PKCS #12 private key", _SEQUENCE + rb"\x02\x01\x03\x30"),
        ("a PKCS #8 private key", _SEQUENCE + rb"\x02\x01[\x00\x01](?:" + _ALGORITHM + rb")"),
        ("a PKCS #1 private key", _SEQUENCE + rb"\x02\x01\0\x02(?:\x82..|\x81.)\0"),
        ("an EC private key", _SEQUENCE + rb"\x02\x01\x01\x04[\x1c-\x42].{28,66}\xa0"),
    )
)

#: Base64, also that for URLs, in one line or several, quoted or not.
_BASE64: Final = re.compile(
    rb"[A-Za-z0-9+/_-]{32,}(?:[ \t]*" + _LINE_END + _MARGIN + rb"[A-Za-z0-9+/_-]{1,1000})*"
)
_OF_URLS: Final = bytes.maketrans(b"-_", b"+/")
_NOT_BASE64: Final = re.sub(rb"[A-Za-z0-9+/_-]", b"", bytes(range(256)))
_AS_A: Final = re.sub(rb"[A-Za-z0-9+/_-]", b"A", bytes(range(256)))
_MARKS: Final = re.compile(rb"(?m)^(?:[+-]{1,3}|[^\w+/\r\n]{0,40}[0-9]{1,6}[^\w+/\r\n]{1,20})")

# --- OpenPGP packets anywhere in a file ---

#: A header of a secret key or subkey (RFC 9580, 4.2), then version, time and algorithm (5.5.3),
#: and that of a curve has an object identifier. Looking for one of a set of bytes is fast.
_SECRET_PACKET: Final = re.compile(
    rb"[\x94-\x96\x9c-\x9e\xc5\xc7](?=(?:(?<=[\x94\x9c]).|(?<=[\x95\x9d])..|(?<=[\x96\x9e])\0..."
    rb"|(?<=[\xc5\xc7])(?:[\x40-\xbf]|[\xc0-\xdf].|\xff\0...))"
    rb"(?:\x03.{6}|\x04.{4}|[\x05\x06].{4}\0\0..)"
    rb"(?P<algorithm>[\x01-\x03\x10\x11]|[\x12\x13\x16](?=[\x03-\x0b][\x2a\x2b])))",
    re.DOTALL,
)
_GPG_COMPRESSED: Final = b"\xa3"  # without a length: it ends with the file
_MOST_OF_NUMBERS: Final = 5000  # bytes of the public ones of a key

#: The algorithms of keys, those newer than RFC 9580 among them.
_ALGORITHMS: Final = frozenset({1, 2, 3, 8, *range(16, 20), 22, *range(25, 29), *range(30, 37)})


def find_private_key(data: bytes) -> str:
    """The kind of private key in a file, such as "an OpenPGP secret key"; empty for none."""
    layers = (layer for decoded in _decoded(data) for layer in (decoded, _unpacked(decoded)))
    return next((kind for layer in layers if (kind := _in_bytes(layer))), "")


def _decoded(data: bytes) -> Iterator[bytes]:
    """The file, and its UTF-16 and base64 decoded."""
    yield data
    if b"\0" in data:
        data = data.replace(b"\0", b"")
        yield data
    if b"\\n" in data:  # as in JSON
        data = data.replace(b"\\r", b"").replace(b"\\n", b"\n")
        yield data
    if b"A" * 32 not in data.translate(_AS_A):
        return  # without a long run, as most texts are, there is nothing for the slow search
    for block in (match[0] for match in _BASE64.finditer(data)):
        bare, marks = _MARKS.subn(b"", block)
        for lines in (block, bare) if marks and marks >= block.count(b"\n") else (block,):
            text = lines.translate(_OF_URLS, _NOT_BASE64)
            whole = len(text) - (len(text) % 4 == 1)
            yield base64.b64decode(text[:whole] + b"==")


def _in_bytes(data: bytes) -> str:
    if b"PRIVATE KEY" in data and (match := _BLOCK.search(data)):
        label = match["label"].decode()
        return "an OpenPGP secret key" if label.startswith("PGP") else f"a block {label}"
    if not data.isascii() and _has_secret_packet(data):
        return "an OpenPGP secret key"
    return next((words for words, pattern in _FORMATS if pattern.search(data)), "")


def _has_secret_packet(data: bytes) -> bool:
    """Whether the file is packets with a secret key, or contains such a packet anywhere."""
    with suppress(ParseError):  # not packets, or no longer
        if any(packet.tag in SECRET and _is_key(packet.body) for packet in packets(data)):
            return True
    return any(_is_secret(data, match) for match in _SECRET_PACKET.finditer(data))


def _is_key(body: bytes) -> bool:
    """Whether a packet begins like a key: many files look like packets by chance."""
    algorithm = 7 if body[:1] == b"\x03" else 5
    return len(body) > algorithm and body[0] in VERSIONS and body[algorithm] in _ALGORITHMS


def _unpacked(data: bytes) -> bytes:
    """The content of a compressed packet (section 5.6), or of gzip; empty if there is none.

    Keys do not compress well, so a limit of twice the packet's length is enough.
    """
    body = data[1:] if data[:1] == _GPG_COMPRESSED else b""
    with suppress(ParseError, zlib.error, OSError):
        if data.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(data, 2 * len(data))
        body = body or next((p.body for p in packets(data) if p.tag == COMPRESSED), b"")
        if body[:1] in (b"\x01", b"\x02"):
            window = -zlib.MAX_WBITS if body[:1] == b"\x01" else zlib.MAX_WBITS
            return zlib.decompressobj(window).decompress(body[1:], 2 * len(body))
        if body[:1] == b"\x03":
            return bz2.BZ2Decompressor().decompress(body[1:], 2 * len(body))
    return b""


def _is_secret(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether this is a whole packet with the numbers of a key, which no chance produces."""
    with suppress(ParseError):
        start, length, _ = read_header(data, match.start())
        first, end = match.end("algorithm"), start + length
        numbers = data[first : min(end, first + _MOST_OF_NUMBERS)]
        return end <= len(data) and all(
            0 < bits == int.from_bytes(number).bit_length()
            for bits, number in public_numbers(match["algorithm"][0], numbers)
        )
    return False
