"""``secpack check``: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from secpack.archive import load
from secpack.check import FORMATS
from secpack.cli import main
from secpack.errors import PackError
from secpack.lint import CODES, lint
from secpack.model.archive import Advisory
from secpack.model.findings import Finding, Severity
from secpack.profile import DocumentEntry, Profile, load_profile
from secpack.signatures import gpgv
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_signatures
from tests.bulletins.sites import small_pack
from tests.forks import start_module
from tests.packs import PROOF, Files, bulletin, canary, make_pack, numbered
from tests.processes import has_ended, script

CONTENT = Path(__file__).parents[2] / "content"
DEMO = [str(CONTENT / "secpack"), "--profile", str(CONTENT / "demo.toml")]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["check", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def codes(capsys: pytest.CaptureFixture[str], pack: Path, *arguments: str) -> set[tuple[str, int]]:
    _, out, _ = run(capsys, str(pack), "--format", "json", *arguments)
    return {(row["code"], row["line"]) for row in json.loads(out)}


@pytest.mark.usefixtures("gpg_works")
def test_a_clean_pack(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *DEMO, "--xsa", str(CONTENT / "xsa.yml"))
    assert (status, out) == (0, "")
    assert err.splitlines()[0] == "Notices, which --all lists:"
    assert "     3 release-unstated: QSBs/qsb-008-2020.txt and 2 more" in err
    assert err.splitlines()[-1].startswith("0 errors, 0 warnings, ")


@pytest.mark.usefixtures("gpg_works")
def test_a_clean_pack_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    listed = ("--xsa", str(CONTENT / "xsa.yml"), "--xsa-json", str(CONTENT / "xsa.json"))
    status, out, _ = run(capsys, *DEMO, *listed, "--all")
    assert status == 0
    assert "xsa.json\n  14: notice: XSA-9026: cve: 'none (yet) assigned' is not a CVE id" in out


def test_an_embargo_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "profile.toml"
    embargo = '\n[documents.QSB-099]\nstatus = "embargoed"\n'
    profile.write_text((CONTENT / "demo.toml").read_text("utf-8") + embargo)
    status, out, _ = run(capsys, DEMO[0], "--profile", str(profile))
    assert status == 1
    assert "error: QSB-099 is under embargo, but the pack has no such document" in out
    file = f"{DEMO[0]}/QSBs/qsb-012-2025.txt"
    assert run(capsys, file, "--profile", str(profile))[:2] == (1, out)


def test_a_check_of_a_file_hides_no_doubt_about_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without gpg nobody checks which keys are certified."""
    gpgv = shutil.which("gpgv")
    assert gpgv
    (tmp_path / "gpgv").symlink_to(gpgv)
    monkeypatch.setenv("PATH", str(tmp_path))
    status, out, _ = run(capsys, f"{DEMO[0]}/QSBs/qsb-012-2025.txt", *DEMO[1:])
    assert (status, "[no-gpg]" in out) == (1, True)
    assert main(["history", *DEMO]) == 1
    assert "gpg is missing" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("program", ["gpgv", "gpg"])
def test_whatever_ends_a_check_ends_its_programs(
    tmp_path: Path, number: signal.Signals, program: str
) -> None:
    """Nothing of ours runs on, and no temporary folder is left."""
    (tmp_path / "tmp").mkdir()
    script(tmp_path / "bin" / program, f"echo $$ >> {tmp_path}/started\nsleep 60")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    given = os.environ | {"PATH": path, "TMPDIR": str(tmp_path / "tmp")}
    command = ("secpack.cli", "check", *DEMO)
    process = start_module(*command, cwd=tmp_path, environment=given, folder=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid or 0, number)
    process.join(30)
    assert process.exitcode == 128 + number
    assert list((tmp_path / "tmp").iterdir()) == []
    started = (tmp_path / "started").read_text().split()
    assert started
    assert all(has_ended(int(each)) for each in started)


def test_an_interrupt_while_programs_start_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the first signature and the next ones."""
    script(tmp_path / "bin/gpgv", f"touch {tmp_path}/started\nsleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(gpgv, "_PATIENCE", 20)
    submit = ThreadPoolExecutor.submit

    def interrupted(self: ThreadPoolExecutor, *task: Any) -> Future[Any]:
        future = submit(self, *task)
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)
        return future

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job lacks it
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        load(Path(DEMO[0]), profile=load_profile(Path(DEMO[2])), checker=Checker())
    signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 20  # otherwise somebody waited for gpgv


def test_a_tampered_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a cache no verdict of an earlier run is used."""
    small_pack(tmp_path / "pack")
    text = tmp_path / "pack/QSBs/qsb-003-2017.txt"
    text.write_bytes(text.read_bytes().replace(b"grant", b"grunt", 1))
    arguments = (str(tmp_path / "pack"), *DEMO[1:])
    kept = tmp_path / "cache/secpack-archive/verdicts.json"
    status, plain, _ = run(capsys, *arguments, "--no-cache")
    assert status == 1
    bad = "error: BAD: the signature does not match the text"
    assert f"QSBs/qsb-003-2017.txt.sig.ines\n  {bad}" in plain
    assert "QSBs/qsb-003-2017.txt\n  error: no good signature" in plain
    assert not kept.exists()
    assert run(capsys, *arguments)[:2] == (1, plain)
    kept.write_text(kept.read_text().replace("BADSIG", "GOODSIG"))
    assert run(capsys, *arguments)[1] != plain
    assert run(capsys, *arguments, "--no-cache")[:2] == (1, plain)


@pytest.mark.usefixtures("gpg_works")
def test_lateness(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *DEMO, "--on", "2027-09-14")[0] == 0
    status, out, _ = run(capsys, *DEMO, "--on", "2027-09-15")
    assert status == 1
    assert "the next canary was due by 2027-09-14: 1 day late on 2027-09-15 [canary-late]" in out


@pytest.mark.parametrize(
    ("day", "severity", "message"),
    [
        ("2026-11-30", None, ""),
        ("2026-12-01", "warning", "expires on 2026-12-31: 30 days from 2026-12-01"),
        ("2026-12-30", "warning", "expires on 2026-12-31: 1 day from 2026-12-30"),
        ("2026-12-31", "error", "expired on 2026-12-31; nobody should rely on it"),
        ("2028-01-01", "error", "expired on 2026-12-31; nobody should rely on it"),
    ],
)
def test_security_txt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, severity: str | None, message: str
) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[security_txt]\ncontact = "tel:+1-201-555-0123"\nexpires = 2026-12-31\n')
    pack = make_pack(tmp_path / "pack", {"QSBs/qsb-001-2001.txt": bulletin(1)})
    arguments = [str(pack), "--profile", str(profile), "--format", "json"]
    rows = json.loads(run(capsys, *arguments, "--on", day)[1])
    found = [(r["severity"], r["message"]) for r in rows if r["code"] == "security-txt-expires"]
    assert found == ([(severity, message)] if severity else [])
    rows = json.loads(run(capsys, *arguments)[1])
    assert "security-txt-expires" not in {row["code"] for row in rows}


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], [*DEMO[:1], "--profile", "nowhere.toml"], [*DEMO[:1], "--xsa", "nowhere.yml"]],
)
def test_unusable_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "nowhere" in err


@pytest.mark.parametrize("arguments", [[], ["check"], ["check", "x", "--on", "today"]])
def test_unusable_words(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2


def test_names_that_a_terminal_would_obey(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files: Files = {
        "QSBs/qsb-001-2001.txt": bulletin(1),
        "qsb-002 \x1b[31mred.txt": "x",
        "new\n::error file=x::y/qsb-003-2003.txt": "x",
    }
    pack = make_pack(tmp_path, files)
    (pack / os.fsdecode(b"qsb-004 \xff.txt")).write_text("x")
    for form in ("text", "json", "github"):
        status, out, _ = run(capsys, str(pack), "--format", form)
        assert status == 1
        assert out.count("misplaced-document") == 3
        assert "\x1b" not in out
        assert not [line for line in out.splitlines() if line.startswith("::error file=x")]


def test_the_cause_comes_before_its_effects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is missing, then the signatures that it made."""
    pack = shutil.copytree(CONTENT / "secpack", tmp_path / "pack")
    (pack / "keys/security-team/tomek-quern-secpack-signing-key.asc").unlink()
    status, out, _ = run(capsys, str(pack), *DEMO[1:])
    assert status == 1
    assert out.count("[signature-unknown-key]") > 10
    assert re.match("keys\n  error: the profile names the key of Tomek Varga.*key-missing", out)
    archive = load(pack, profile=load_profile(CONTENT / "demo.toml"), checker=Checker())
    assert archive.findings[0].code == "key-missing"  # as a build prints them


@pytest.mark.usefixtures("gpg_works")
def test_for_a_forge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each severity no more than GitHub shows, the newest text first, and how many more."""
    body = "TODO: 100% of it\n\n" * 12 + "Words. \n" * 12
    files = {f"QSBs/qsb-{n:03d}-20{n:02d}.txt": bulletin(n, body=body) for n in range(1, 13)}
    pack = make_pack(tmp_path, files)
    _, out, _ = run(capsys, str(pack), "--format", "github")
    lines = out.splitlines()
    levels = [line[2:].split()[0] for line in lines]
    assert levels == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert lines[0].startswith("::error file=QSBs/qsb-012-2012.txt,title=unsigned::not signed")
    assert lines[10].startswith("::warning file=keys,title=no-anchor::")
    assert lines[11].startswith("::warning file=QSBs/qsb-012-2012.txt,line=10,title=placeholder::")
    more = "2 errors, 135 warnings, 144 notices more: secpack check --all lists them"
    assert lines[-1] == f"::notice title=more::{more}"
    every = run(capsys, str(pack), "--format", "github", "--all")[1].splitlines()
    assert len(every) == 20 + 2 + 135 + 144


def test_words_that_a_forge_would_obey() -> None:
    hostile = Finding(
        "a,b:c%\r\n::error::x", 3, "code", "50%\n::stop-commands::x\u202e", Severity.ERROR
    )
    of_nothing = Finding("", 0, "embargo-unknown", "QSB-099", Severity.ERROR)
    assert list(FORMATS["github"]([hostile, of_nothing], every=True)) == [
        "::error file=a%2Cb%3Ac%25%0D%0A%3A%3Aerror%3A%3Ax,line=3,title=code"
        "::50%25%0A::stop-commands::x[U+202E]",
        "::error title=embargo-unknown::QSB-099",
    ]


def test_it_goes_on_behind_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "QSBs/qsb-001-2001.txt": b"\xff",
        "QSBs/qsb-002-2002.txt": bulletin(3),
        "QSBs/qsb-004-2004.txt": bulletin(4, body="TODO"),
        "canaries/canary-001-2020.txt": canary(1),
        "keys/odd.asc": "no key",
    }
    status, out, _ = run(capsys, str(make_pack(tmp_path, files)))
    assert status == 1
    for words in (
        "not UTF-8",
        "number 3 in the header, 2 in the file's name",
        "TODO left in",
        "no OpenPGP public key",
    ):
        assert words in out


BODY = """\
See [1], [4] and [x], not [5].  \t
\u202eThis is\r

    code[7] = 1;

References
-----------

[1] https://example.org/
[1] https://example.org/again
[2] https://example.org/never-cited
"""


def test_what_a_maintainer_wants_to_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = bulletin(1, title="About XSA-7", body=BODY)
    pack = make_pack(
        tmp_path, {"QSBs/qsb-001-2001.txt": text, "xsa.yml": "- xsa: 8\n  qsb: 001-2001\n"}
    )
    found = codes(capsys, pack, "--xsa", str(tmp_path / "xsa.yml"))
    assert found >= {
        ("trailing-space", 10),
        ("carriage-return", 11),
        ("hidden-character", 11),
        ("reference-undefined", 10),
        ("reference-twice", 18),
        ("reference-uncited", 20),
        ("tracker-differs", 1),
        ("unsigned", 0),
    }


def test_lists_of_citations(tmp_path: Path) -> None:
    body = "As shown [1, 2].\nAnd [2,3] here.\n\nReferences\n--------\n\n[1] One.\n[2] Two.\n"
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, body=body)})
    found = lint(load(pack, profile=Profile()), Profile())
    assert [f.message.split(",")[0] for f in found if "reference" in f.code] == ["[3] is cited"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("TODO and TBD", ["TODO", "TBD"]),
        ("XSA-NNN, version XXX", ["NNN", "XXX"]),
        ("<Describe who is affected> here", ["<Describe who is affected>"]),
        ("<your name>", ["<your name>"]),
        ("in /var/lib/<vmname>, model 5xxxU, <ines@example.org>", []),
    ],
)
def test_template_text_left_in(tmp_path: Path, body: str, left: list[str]) -> None:
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": bulletin(1, body=body)})
    found = [f.message for f in load(pack, profile=Profile()).findings if f.code == "placeholder"]
    assert sorted(found) == sorted(f"{words} left in: write what is meant" for words in left)


def differences(tmp_path: Path, text: str, *tracker: Advisory) -> list[str]:
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text})
    found = lint(load(pack, profile=Profile(), advisories=tracker), Profile())
    return [f"{f.line}: {f.message}" for f in found if f.code == "tracker-differs"]


def advisory(number: int, bulletin: str | None, *, affected: bool | None = True) -> Advisory:
    return Advisory(number, None, affected=affected, unused=False, bulletin=bulletin)


def test_where_tracker_and_text_agree(tmp_path: Path) -> None:
    text = bulletin(1, title="Leaks caused by XSA-6 (XSA-7, XSA-9)", body="XSA-7 was reported.")
    tracker = [advisory(7, "001-2001"), advisory(9, "001-2001"), advisory(6, "900-2000")]
    assert differences(tmp_path, text, *tracker) == []


def test_where_tracker_and_text_differ(tmp_path: Path) -> None:
    text = bulletin(1, title="Bugs (XSA-4 to XSA-7)", body="It is unlike XSA-8.")
    tracker = [
        advisory(4, "001-2001"),
        advisory(5, "900-2000"),
        advisory(6, None, affected=False),
        advisory(8, "001-2001"),
        advisory(9, "001-2001"),
    ]
    here = "is addressed here (title: “Bugs (XSA-4 to XSA-7)”), but the tracker"
    assigned = "is assigned to this bulletin by the tracker, but the text"
    assert differences(tmp_path, text, *tracker) == [
        f"1: XSA-9 {assigned} never mentions it",
        f"5: XSA-5 {here} assigns it to 900-2000",
        f"5: XSA-6 {here} says that nothing is affected, and assigns it to no bulletin",
        f"5: XSA-7 {here} does not have it",
        f"10: XSA-8 {assigned} only mentions it (in passing: “It is unlike XSA-8.”)",
    ]


def test_without_a_tracker_nothing_differs(tmp_path: Path) -> None:
    assert differences(tmp_path, bulletin(1, title="Bugs (XSA-4)")) == []


def test_a_difference_tells_nothing_of_what_is_kept_back(tmp_path: Path) -> None:
    files: Files = {
        "QSBs/qsb-001-2001.txt": bulletin(1, title="Bugs (XSA-4)"),
        "QSBs/qsb-002-2002.txt": bulletin(2, title="More bugs (XSA-5)"),
    }
    pack = make_pack(tmp_path, files)
    profile = Profile(documents={"QSB-002": DocumentEntry(status="embargoed")})
    tracker = (advisory(4, "002-2002"), advisory(5, "002-2002"))
    messages = [f.message for f in lint(load(pack, profile=profile, advisories=tracker), profile)]
    assert any("XSA-4 is addressed here" in message for message in messages)
    assert not any("002" in message or "XSA-5" in message for message in messages)


def test_what_only_a_check_finds_can_be_waived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = bulletin(1, title="About XSA-7", body=BODY)
    tracker = (advisory(8, "001-2001"),)
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text})
    archive = load(pack, profile=Profile(), advisories=tracker)
    assert {f.code for f in lint(archive, Profile())} <= CODES
    waivers = "".join(
        f'[[waivers]]\nfinding = "{code}"\nfile = "QSBs/qsb-001-2001.txt"\nreason = "known"\n'
        for code in ("reference-twice", "carriage-return", "tracker-differs")
    )
    profile = tmp_path / "profile.toml"
    profile.write_text(f'issuer = "Quern"\n{waivers}')
    _, out, _ = run(capsys, str(pack), "--profile", str(profile), "--format", "json")
    waived = {(f["code"], f["waived"]) for f in json.loads(out)}
    assert {("reference-twice", "known"), ("carriage-return", "known")} <= waived
    assert [f["file"] for f in json.loads(out) if f["code"] == "waiver-unused"] == [
        "QSBs/qsb-001-2001.txt"  # no tracker data this time
    ]
    built = load(pack, profile=load_profile(profile))
    assert "waiver-unused" not in {f.code for f in built.findings}


def test_one_run_tells_what_is_wrong_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = make_pack(tmp_path / "pack", {"QSBs/qsb-001-2001.txt": b"\xff", **numbered(2)})
    (tmp_path / "profile.toml").write_text('issuer = 1\ntag = "quern"\n')
    (tmp_path / "xsa.yml").write_text("- xsa: 1\n  date: TBA\n- xsa: two\n")
    given = [f"--profile={tmp_path / 'profile.toml'}", f"--xsa={tmp_path / 'xsa.yml'}"]
    status, out, _ = run(capsys, str(pack), *given, "--format", "json")
    unreadable = [
        (Path(f["file"]).name, f["line"]) for f in json.loads(out) if f["code"] == "unreadable"
    ]
    assert (status, sorted(unreadable)) == (
        1,
        [
            ("profile.toml", 1),
            ("profile.toml", 2),
            ("qsb-001-2001.txt", 1),
            ("xsa.yml", 2),
            ("xsa.yml", 3),
        ],
    )


def test_an_unread_date_hides_nothing_else(tmp_path: Path) -> None:
    texts: Files = {
        **numbered(1),
        "QSBs/qsb-002-2002.txt": bulletin(2, date="2002-05-TODO"),
        "canaries/canary-001-2020.txt": canary(1, date="05/07/2020", count=7) + PROOF,
    }
    with pytest.raises(PackError) as raised:
        load(make_pack(tmp_path, texts), profile=Profile(issuer="Quern", master_key="A" * 40))
    archive = raised.value.usable
    assert [error.path for error in raised.value.errors] == [
        "QSBs/qsb-002-2002.txt",
        "canaries/canary-001-2020.txt",
    ]
    assert [(f.file, f.code) for f in archive.findings] == [
        ("QSBs/qsb-002-2002.txt", "placeholder"),
        ("canaries/canary-001-2020.txt", "canary-key"),
    ]
    findings = check_signatures(archive, Profile())
    assert [f.file for f in findings if f.code == "unsigned"] == [
        "QSBs/qsb-001-2001.txt",
        "QSBs/qsb-002-2002.txt",
        "canaries/canary-001-2020.txt",
    ]
