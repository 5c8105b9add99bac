"""One detached signature on one file: checked against a file of public keys, and made with gpg."""

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from secpack.errors import ParseError, SecpackError
from secpack.files import MAX_INPUT, read_file
from secpack.model.archive import File, Signature, Verdict
from secpack.parser.characters import visible
from secpack.programs import LimitError, find_program, run
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import read_keys

_PATIENCE: Final = 120  # seconds for one signature; a person may have to type a passphrase

#: What to do when gpg does not sign.
_HINT: Final = (
    "is the key in the keyring of this user, valid, and unlocked? To unlock it, sign any file with "
    "it; for a passphrase at the terminal: export GPG_TTY=$(tty)"
)


def read_keyring(data: bytes) -> bytes:
    """Return the packets of a file of public keys. Raises SecpackError when it holds others."""
    try:
        return b"".join(key.packets for key in read_keys(data))
    except ParseError as error:
        raise SecpackError(f"the keyring cannot be used: {error.message}") from None


def check(name: str, document: bytes, signature: bytes, keyring: bytes) -> Signature:
    """Check a signature on a document with gpgv; ``keyring`` has the packets of the keys that may.

    Raises ParseError, which names the signature, when gpgv exceeds its limits.
    """
    job = File.of(name, document), Signature(File.of(name, signature), "")
    return Checker().check([job], keyring)[0]


def fault(signature: Signature, newer_than: date | None = None) -> str:
    """Why a checked signature does not count, or is not newer than a day; empty if it does."""
    if not signature.verdict.good or not signature.created:
        return f"the signature is not good: {signature.verdict.value}"
    made = f"{signature.created:%Y-%m-%d}"
    if signature.verdict is Verdict.GOOD_LEGACY:
        return f"the signature, dated {made}, uses an obsolete digest ({signature.digest})"
    if signature.created > datetime.now(UTC) + timedelta(days=1):
        return f"the signature is dated {made}, in the future"
    if newer_than and signature.created.date() <= newer_than:
        return f"too old: the signature is dated {made}, not after {newer_than}"
    return ""


# --- making signatures ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a key by its fingerprint, or, if that is empty, a person elsewhere.

    ``keyring`` has the packets of the keys that may sign.
    """

    fingerprint: str
    keyring: bytes

    def fault(self, name: str, document: bytes, signature: bytes) -> str:
        """Why a signature is not theirs; empty if it is."""
        try:
            return fault(check(name, document, signature, self.keyring))
        except ParseError as error:
            return error.message

    def sign(self, name: str, document: bytes) -> bytes:
        """Sign with gpg, and check the signature as a reader would.

        Raises SecpackError when gpg does not sign, or the signature would not count.
        """
        signature = _gpg(self.fingerprint, "--armor", "--detach-sign", data=document)
        if reason := self.fault(name, document, signature):
            raise SecpackError(f"{name}: gpg signed with {self.fingerprint}, but {reason}")
        return signature


def find_signer(given: str) -> Signer:
    """Return who is named by a fingerprint, or by a file with public keys of signers elsewhere.

    Raises SecpackError when neither can be used.
    """
    fingerprint = given.replace(" ", "").upper()
    if re.fullmatch("[0-9A-F]{40}", fingerprint):
        return Signer(fingerprint, read_keyring(_gpg(fingerprint, "--export", fingerprint)))
    try:
        return Signer("", read_keyring(read_file(given, MAX_INPUT)))
    except OSError as error:
        expected = "expected a fingerprint of 40 digits, or a file with the public keys of a signer"
        raise SecpackError(f"{given}: {error.strerror}; {expected}") from None


def _gpg(fingerprint: str, *command: str, data: bytes = b"") -> bytes:
    """Run this user's gpg with a key, in this user's surroundings; return what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        options = ["--batch", "--no-tty", "--logger-fd", "1", "--output", str(output)]
        options += ["--local-user", fingerprint, *command]
        try:
            done = run(
                find_program("gpg"), options, seconds=_PATIENCE, data=data, environment=os.environ
            )
        except LimitError as error:
            raise SecpackError(f"{error} with {fingerprint}: {_HINT}") from None
        if output.is_file() and not done.status:
            return read_file(output, MAX_INPUT)
    said = [visible(line) for line in done.lines if line.startswith("gpg: ")] or ["gpg failed"]
    raise SecpackError(f"{said[-1]} ({fingerprint}): {_HINT}")
