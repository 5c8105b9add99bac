"""Signing with gpg, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from secpack import SecpackError
from secpack.signatures import detached
from secpack.signatures.detached import find_signer
from tests.keys import Gnupg, new_gnupg, stop_agent
from tests.processes import script

TEXT = b"0" * 64 + b"  index.html\n"


@pytest.fixture(scope="module")
def made() -> Iterator[Gnupg]:
    with new_gnupg() as gpg:
        gpg.make("ines")
        gpg.make("tomek")
        gpg.make("old", expire="1y")
        yield gpg


@pytest.fixture
def gpg(made: Gnupg, monkeypatch: pytest.MonkeyPatch) -> Gnupg:
    monkeypatch.setenv("GNUPGHOME", str(made.home))
    return made


def test_a_signature_is_made_and_holds(gpg: Gnupg) -> None:
    signer = find_signer(gpg.fingerprints["ines"])
    signature = signer.sign("SHA256SUMS", TEXT)
    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
    assert not signer.fault("SHA256SUMS", TEXT, signature)
    assert signer.fault("SHA256SUMS", TEXT + b" ", signature) == "the signature is not good: bad"
    checked = detached.check("SHA256SUMS", TEXT, signature, signer.keyring)
    assert checked.primary == gpg.fingerprints["ines"]


def test_a_file_of_keys_names_signers_elsewhere(gpg: Gnupg, tmp_path: Path) -> None:
    keys = tmp_path / "keys.asc"
    keys.write_bytes(gpg.export("ines"))
    signer = find_signer(str(keys))
    assert not signer.fingerprint
    assert not signer.fault("SHA256SUMS", TEXT, gpg.sign(TEXT, "ines"))
    other = signer.fault("SHA256SUMS", TEXT, gpg.sign(TEXT, "tomek"))
    assert other == "the signature is not good: unknown-key"
    assert signer.fault("SHA256SUMS", TEXT, b"words").startswith("the signature is not good")
    keys.write_bytes(b"words")
    with pytest.raises(SecpackError, match="the keyring cannot be used: "):
        find_signer(str(keys))


def test_a_key_that_does_not_sign_is_named_with_a_way_out(gpg: Gnupg, tmp_path: Path) -> None:
    for name, reason in (
        ("old", "signing failed: Unusable secret key"),
        ("none", "nothing exported"),
    ):
        fingerprint = gpg.fingerprints.get(name, "AB" * 20)
        with pytest.raises(SecpackError) as raised:
            find_signer(fingerprint).sign("SHA256SUMS", TEXT)
        assert str(raised.value).startswith("gpg: ")
        assert f"{reason} ({fingerprint}): is the key in the keyring of this user, valid" in str(
            raised.value
        )
    missing = str(tmp_path / "missing.asc")
    with pytest.raises(SecpackError, match="expected a fingerprint of 40 digits, or a file with"):
        find_signer(missing)


@pytest.mark.slow
def test_a_passphrase_that_nobody_types(gpg: Gnupg, monkeypatch: pytest.MonkeyPatch) -> None:
    gpg.make("locked", locked_by="a word")
    pinentry = script(gpg.home / "pinentry", "echo OK ready\nexec sleep 30")
    (gpg.home / "gpg-agent.conf").write_text(f"pinentry-program {pinentry}\n")
    stop_agent(gpg.home)  # the next one reads this
    monkeypatch.setattr(detached, "_PATIENCE", 1)
    signer = find_signer(gpg.fingerprints["locked"])
    with pytest.raises(SecpackError, match=r"gpg did not finish within 1 seconds with .*To unlock"):
        signer.sign("SHA256SUMS", TEXT)
