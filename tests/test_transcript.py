"""What docs/publishing.md shows of drafting, signing and announcing is what happens."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from bulletins.cli import COMMANDS
from secpack.cli import main
from secpack.profile import load_profile
from tests.keys import Gnupg, new_gnupg
from tests.packs import commit, make_pack, new_repository
from tests.processes import script
from tests.test_make import ROOT

DEMO = ROOT / "content"
#: What the author writes in place of what is marked.
WRITTEN = {r"- TODO, version TODO": "- xen packages, version 4.17.5-9", r"TODO.*\n": "Words.\n"}


def steps() -> list[tuple[str, str]]:
    """The commands up to the announcement, and what each prints."""
    text = (ROOT / "docs/publishing.md").read_text("utf-8")
    text = text[text.index("## Draft") :].partition("\n## Publish")[0]
    return re.findall(r"^    \$ (secpack .*)\n((?:    [^$\n].*\n)*)", text, re.M)


def signed_anew(gnupg: Gnupg, folder: Path) -> Path:
    """A copy of the demo pack in which other keys have signed everything."""
    pack = folder / "pack"
    shutil.copytree(DEMO / "secpack", pack, ignore=shutil.ignore_patterns("*.sig*", "keys"))
    profile = (DEMO / "demo.toml").read_text("utf-8")
    demo = load_profile(DEMO / "demo.toml")
    old = {name: signer.fingerprint for name, signer in demo.signers.items()}
    for name, fingerprint in {"master": demo.master_key, **old}.items():
        profile = profile.replace(fingerprint, gnupg.make(name))
    for name in old:
        gnupg.certify(name, by="master")
    make_pack(pack, gnupg.files(*gnupg.fingerprints))
    for text in (*pack.glob("QSBs/qsb-0*.txt"), *pack.glob("canaries/canary-0*.txt")):
        for name in ("oona" if "2016" in text.name else "tomek", "ines"):
            Path(f"{text}.sig.{name}").write_bytes(gnupg.sign(text.read_bytes(), name))
    (folder / "quern.toml").write_text(f'url = "https://quern.example.org/"\n{profile}', "utf-8")
    commit(new_repository(pack))
    return pack


@pytest.mark.slow
def test_the_commands_print_what_the_docs_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(steps()) == 7
    with new_gnupg() as gnupg:
        pack = signed_anew(gnupg, tmp_path)
        how = f"--homedir {gnupg.home} --batch --quiet --pinentry-mode loopback --passphrase ''"
        script(tmp_path / "wrapper", f'exec gpg {how} "$@"')
        monkeypatch.chdir(pack)
        shutil.copy(DEMO / "xsa.yml", pack)
        draft = pack / "QSBs/qsb-013-2025.txt"
        for command, shown in steps():
            printed = io.StringIO()
            with redirect_stdout(printed), redirect_stderr(printed):
                assert main(shlex.split(command)[1:], *COMMANDS) == 0, printed.getvalue()
            expected = re.sub("^    ", "", shown, flags=re.M).replace("/srv/pack", str(pack))
            expected = re.sub("[0-9A-F]{40}", gnupg.fingerprints["ines"], expected)
            assert printed.getvalue() == expected, command
            if "new canary" in command:
                text = draft.read_text("utf-8")
                for pattern, words in WRITTEN.items():
                    text = re.sub(pattern, words, text)
                draft.write_text(text, "utf-8")
