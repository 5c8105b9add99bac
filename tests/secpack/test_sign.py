"""``secpack sign``: commands, signatures that a program makes, and what is not kept."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from bulletins.cli import COMMANDS
from secpack.cli import main
from tests.keys import THEN, Gnupg, gnupg_with
from tests.packs import bulletin, canary, make_pack
from tests.processes import script

TEXT = "QSBs/qsb-001-2020.txt"
CANARY = "canaries/canary-001-2020.txt"
SIGNERS = ("ines", "tomek", "oona")

gnupg = gnupg_with("master", *SIGNERS, "stranger", certified=SIGNERS)


@pytest.fixture
def pack(tmp_path: Path, gnupg: Gnupg) -> Path:
    """A bulletin for two signers, in a pack whose profile lies beside it."""
    lines = ['issuer = "Quern"', f'master_key = "{gnupg.fingerprints["master"]}"']
    for name in SIGNERS:
        until = "{ until = 2019-12-31 }" if name == "oona" else "{}"
        lines += [f"[signers.{name}]", f'name = "{name.title()}"', f"bulletins = {until}"]
        lines += [f"canaries = {until}", f'fingerprint = "{gnupg.fingerprints[name]}"']
    (tmp_path / "profile.toml").write_text("\n".join(lines))
    text = bulletin(1, date="2020-01-02")
    return make_pack(tmp_path / "pack", {TEXT: text, **gnupg.files("master", *SIGNERS)})


Said = tuple[int, list[str], list[str]]


class Team:
    """Runs ``secpack sign`` on the bulletin, with programs that stand for gpg elsewhere."""

    def __init__(self, pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.pack = pack
        self._capsys = capsys

    def sign(self, *arguments: object, text: str = TEXT) -> Said:
        profile = self.pack.parent / "profile.toml"
        status = main(
            ["sign", str(self.pack / text), "--profile", str(profile), *map(str, arguments)],
            *COMMANDS,
        )
        out, err = self._capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    def program(self, lines: str) -> Path:
        return script(self.pack.parent / "program", lines)

    def gpg(self, gnupg: Gnupg, more: str = '"$@"') -> Path:
        """A wrapper: it gets the options, and the text on its standard input."""
        how = f"--homedir {gnupg.home} --batch --quiet --pinentry-mode loopback --passphrase ''"
        return self.program(f"exec gpg {how} --faked-system-time '{THEN}!' {more}")

    @property
    def signatures(self) -> list[str]:
        return sorted(path.name.rpartition(".")[2] for path in self.pack.glob("QSBs/*.sig.*"))


@pytest.fixture
def team(pack: Path, capsys: pytest.CaptureFixture[str]) -> Team:
    return Team(pack, capsys)


def test_the_printed_command_is_the_one_that_signs(team: Team, gnupg: Gnupg) -> None:
    """Whoever must not sign on that day has none."""
    status, commands, notes = team.sign()
    assert (status, len(commands)) == (0, 2)
    assert notes == [f"{TEXT}: no signature yet by Ines, Tomek"]
    ((command, *arguments),) = [shlex.split(line) for line in team.sign("--as", "tomek")[1]]
    assert command == "gpg"
    assert arguments[:4] == [
        "--armor",
        "--detach-sign",
        "--local-user",
        gnupg.fingerprints["tomek"],
    ]
    subprocess.run([team.gpg(gnupg), *arguments], check=True)
    assert team.signatures == ["tomek"]
    status, commands, notes = team.sign()
    assert notes == [f"{TEXT}.sig.tomek: good", f"{TEXT}: no signature yet by Ines"]
    assert [gnupg.fingerprints["ines"] in command for command in commands] == [True]


def test_a_program_signs_and_the_result_is_checked(team: Team, gnupg: Gnupg) -> None:
    program = team.gpg(gnupg)
    assert team.sign("--gpg", program)[0] == 2  # who signs?
    status, _, notes = team.sign("--gpg", program, "--as", "ines")
    assert (status, notes) == (0, [f"{TEXT}: no signature yet by Tomek"])
    assert (team.pack / f"{TEXT}.sig.ines").read_bytes().startswith(b"-----BEGIN PGP SIGNATURE")
    status, _, notes = team.sign("--gpg", program)  # only one is left
    assert (status, notes[1:]) == (0, [f"{TEXT}: all have signed"])
    assert team.signatures == ["ines", "tomek"]
    status, _, notes = team.sign("--gpg", program, "--as", "ines")
    assert status == 2
    assert notes[-1] == f"{TEXT}.sig.ines: exists already; remove it to sign again"


@pytest.mark.parametrize(
    ("endings", "names"),
    [
        ('".asc", ".sig"', [".asc", ".sig"]),
        ('".sig.old", ".{signer}.sig"', [".ines.sig", ".tomek.sig"]),
    ],
)
def test_each_signer_has_a_file(team: Team, endings: str, names: list[str]) -> None:
    profile = team.pack.parent / "profile.toml"
    profile.write_text(f"signatures = [{endings}]\n" + profile.read_text())
    outputs = [shlex.split(command)[6] for command in team.sign()[1]]
    assert outputs == [str(team.pack / f"{TEXT}{name}") for name in names]


def test_a_pack_of_binary_signatures_gets_another(team: Team, gnupg: Gnupg) -> None:
    text = (team.pack / TEXT).read_bytes()
    (team.pack / f"{TEXT}.sig.tomek").write_bytes(gnupg.sign(text, "tomek", armour=False))
    assert team.sign("--gpg", team.gpg(gnupg))[0] == 0
    assert not (team.pack / f"{TEXT}.sig.ines").read_bytes().startswith(b"-")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("--armor --detach-sign --local-user {tomek}", "not kept: made by another signer than"),
        ("--armor --detach-sign --local-user {stranger}", "not kept: made with a key that is not"),
        ("--armor --clear-sign --local-user {ines}", "not kept: not accepted as a detached"),
        ("--armor --detach-sign --local-user {ines} {other}", "not kept: BAD: the signature does"),
        ("--version", "not kept: not accepted as a detached"),
        ("--no-such-option", "program failed with status 2"),
    ],
)
def test_a_signature_that_is_not_good_is_not_kept(
    team: Team, gnupg: Gnupg, tmp_path: Path, given: str, reason: str
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("another text")
    options = given.format(other=f"--output - {other}", **gnupg.fingerprints)
    status, out, notes = team.sign("--gpg", team.gpg(gnupg, options), "--as", "ines")
    assert (status, out, team.signatures) == (2, [], [])
    assert reason in notes[-1]


def test_without_gpg_nobody_checks_certifications(
    team: Team, gnupg: Gnupg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = team.pack / TEXT
    Path(f"{text}.sig.tomek").write_bytes(gnupg.sign(text.read_bytes(), "tomek"))
    gpgv = shutil.which("gpgv")
    assert gpgv
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gpgv").symlink_to(gpgv)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    status, _, notes = team.sign()
    assert (status, len(notes)) == (2, 1)
    assert "gpg is missing" in notes[0]


@pytest.mark.slow
def test_a_program_that_never_stops(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its output nor its time is without bounds."""
    monkeypatch.setattr("secpack.team._PASSPHRASE", 2)
    monkeypatch.setattr("secpack.programs._FILE", 100_000)
    for lines, reason in (("exec yes", "was killed by signal 25"), ("sleep 9", "did not finish")):
        status, _, notes = team.sign("--gpg", team.program(lines), "--as", "ines")
        assert (status, team.signatures) == (2, [])
        assert notes[-1].startswith(f"program {reason}")


def test_a_signature_from_the_future_is_not_kept(team: Team, gnupg: Gnupg) -> None:
    how = f"--homedir {gnupg.home} --batch --pinentry-mode loopback --passphrase ''"
    program = team.program(f'exec gpg {how} --faked-system-time 20700101T000000 "$@"')
    status, _, notes = team.sign("--gpg", program, "--as", "ines")
    assert (status, team.signatures) == (2, [])
    assert "signed in the future, on 2070-01-01" in notes[-1]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--as", "oona"), "say who signs: --as ines or tomek"),
        (("--as", "ines", "--gpg", "/no/such/program"), "/no/such/program: No such file"),
    ],
)
def test_who_cannot_sign(team: Team, arguments: tuple[str, ...], reason: str) -> None:
    status, _, notes = team.sign(*arguments)
    assert (status, team.signatures) == (2, [])
    assert notes[-1].startswith(reason)


def test_nobody_signs_a_text_with_errors(team: Team, gnupg: Gnupg) -> None:
    """Warnings are printed; other files, and embargoes, do not matter."""
    (team.pack / "QSBs/qsb-009-2020.txt").write_text("no banner")
    (team.pack / CANARY).write_text(canary(1, date="March 4, 2020", due="May 2019"))
    status, out, notes = team.sign("--gpg", team.gpg(gnupg), "--as", "ines", text=CANARY)
    assert (status, out) == (1, [])
    assert notes[0] == CANARY
    assert any(note.startswith("  10: error: says that the next one") for note in notes)
    with (team.pack.parent / "profile.toml").open("a") as profile:
        profile.write('\n[documents.QSB-001]\nstatus = "embargoed"\n')
    (team.pack / TEXT).write_text(bulletin(1, date="2020-01-02", body="TODO"))
    status, _, notes = team.sign("--gpg", team.gpg(gnupg), "--as", "ines")
    assert (status, team.signatures) == (0, ["ines"])
    assert "TODO left in" in notes[1]


def test_what_is_no_text_of_a_pack(team: Team) -> None:
    (team.pack / "QSBs/notes.txt").write_text("words")
    for path, reason in (
        ("keys/team/ines.asc", "not a bulletin or canary, by its folder and name"),
        ("QSBs/notes.txt", "not a bulletin or canary, by its folder and name"),
        ("QSBs/qsb-002-2020.txt", "no such file or folder"),
        ("QSBs", "not a bulletin or canary, by its folder and name"),
    ):
        status, _, notes = team.sign(text=path)
        assert (status, notes[-1]) == (2, f"{team.pack / path}: {reason}")
