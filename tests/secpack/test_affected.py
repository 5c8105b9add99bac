"""``secpack affected``: the orders of RPM and dpkg, lists of packages, and what is said of them."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from secpack.affected import affected, deb_order, installed, is_older, rpm_order
from secpack.archive import load
from secpack.cli import main
from secpack.errors import SecpackError
from secpack.model.archive import Archive
from secpack.profile import Package, Profile
from tests.packs import bulletin, make_pack

CONTENT = Path(__file__).parents[2] / "content"

#: From older to newer; those on one line are the same.
RPM = """\
1.0~rc1
1.0~rc1^git
1.0 1_0 1.0. 1..0 01.0
1.0^
1.0^git1~pre
1.0^git1
1.0a
1.0aa
1.0.0
1.0.1
1.2 1.02
1.10
1.10a
2
2.fc41
10
99999999999999999999999999999999999999
100000000000000000000000000000000000000
"""


@pytest.mark.parametrize(("old", "new"), list(pairwise(RPM.splitlines())))
def test_the_order_of_rpm(old: str, new: str) -> None:
    for versions in (old.split(), new.split()):
        assert len({str(rpm_order(version)) for version in versions}) == 1
    assert rpm_order(old.partition(" ")[0]) < rpm_order(new.partition(" ")[0])


def pairs(signs: str, count: int) -> list[tuple[str, str]]:
    """Versions and others like them, always the same."""
    chance = random.Random(1)  # noqa: S311 - no secrets here
    found = []
    for _ in range(count):
        one = "1" + "".join(chance.choices(signs, k=chance.randrange(7)))
        place = chance.randrange(1, len(one) + 1)
        other = one[:place] + chance.choice(signs) + one[place + chance.randrange(2) :]
        found.append((one, other))
    return found


@pytest.mark.slow
def test_rpm_agrees() -> None:
    cases = pairs("0019ab.~^_+", 3000)
    script = "".join(f'print(rpm.vercmp("{a}", "{b}") .. " ")\n' for a, b in cases)
    rpm = shutil.which("rpm")
    assert rpm, "rpm is missing: install the package rpm"
    done = subprocess.run([rpm, "--eval", f"%{{lua:{script}}}"], capture_output=True, check=True)
    for (a, b), printed in zip(cases, done.stdout.decode().split(), strict=True):
        x, y = rpm_order(a), rpm_order(b)
        assert (x > y) - (x < y) == int(printed), (a, b)


@pytest.mark.slow
def test_dpkg_agrees() -> None:
    for a, b in pairs("0019aB.~+", 600):
        older = subprocess.run(["dpkg", "--compare-versions", a, "lt", b], check=False).returncode  # noqa: S607
        assert (deb_order(a) < deb_order(b)) is (older == 0), (a, b)


@pytest.mark.parametrize(
    ("has", "asked", "older"),
    [
        ("4.19.4-2.fc41", "4.19.5-2", True),
        ("4.19.5-1.fc41", "4.19.5-2", True),
        ("4.19.5-2.fc41", "4.19.5-2", False),
        ("4.19.5-2", "4.19.5-2.fc41", True),
        ("4.19.5~rc1-9", "4.19.5-2", True),
        ("4.19.5-1", "4.19.5", False),  # the text asks for no release
        ("2:4.19.4-9", "4.19.5-2", True),  # the text has no epoch, and RPM's lists have none
        ("4.19.4-9", "2:4.19.5-2", True),
        ("2:1.0-1", "1:9.0-1", False),
        ("1:9.0-1", "2:1.0-1", True),
    ],
)
def test_what_is_older(has: str, asked: str, older: bool) -> None:
    assert is_older(has, asked, rpm_order) is is_older(has, asked, deb_order) is older


LISTS = {
    "rpm": "xen-libs-4.19.5-2.fc41.x86_64\ngpg-pubkey-1dda-4c\nkernel-6.1-1\nkernel-6.2-1\n",
    "deb": """\
Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
||/ Name          Version          Architecture Description
+++-=============-================-============-=================
ii  libxen:amd64  4.17.5-1~deb12u1 amd64        Public libraries
rc  removed       1.0              amd64        Its settings are left
hi  held          2:1.0+b1         all          Is held
""",
}


def test_lists() -> None:
    own = {"xen-libs": ["4.19.5-2.fc41"], "gpg-pubkey": ["1dda-4c"], "kernel": ["6.1-1", "6.2-1"]}
    assert installed(LISTS["rpm"]) == ("rpm", own)
    own = {"libxen": ["4.17.5-1~deb12u1"], "held": ["2:1.0+b1"]}
    assert installed(LISTS["deb"]) == ("deb", own)
    assert installed("libxen:amd64\t4.17.5-1~deb12u1\nheld\t2:1.0+b1\n") == ("deb", own)
    for text in ("", "\n\n", "\x00" * 99, "Nothing is installed\n"):
        with pytest.raises(SecpackError, match="expected the output of rpm -qa, or of dpkg"):
            installed(text)


BODY = """\
Words.

Patching
---------

The following packages resolve the problem:

  For Quern 4.1, in hearth:
  - Xen packages, version 4.17.5-{0}
  - Linux kernel, versions 6.1.{0} and 6.6.{0}
  - quern-bell, version 4.1.{0}-1

  For Quern 4.0: no fix is available

{1}
"""
PACKAGES = {
    "xen": Package(rpm=("xen", "xen-libs"), deb=("libxen",)),
    "kernel": Package(names=("Linux kernel",), rpm=("kernel",)),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    restart = "The hearth must be restarted\nafterwards. Then wait."
    texts = {1: BODY.format(6, "Nothing else."), 2: BODY.format(7, restart)}
    texts[3] = "A reboot does not help.\n\nPatching\n--------\n\nNothing for Quern 4.1.\n"
    files = {f"QSBs/qsb-{n:03d}-20{n:02d}.txt": bulletin(n, body=b) for n, b in texts.items()}
    pack = make_pack(tmp_path_factory.mktemp("pack"), files)
    return load(pack, profile=Profile(issuer="Quern", packages=PACKAGES))


@pytest.mark.parametrize(
    ("kind", "has", "expected"),
    [
        (
            "rpm",
            {"xen": ["4.17.5-6.fc37", "4.17.5-7.fc37"], "kernel": ["6.1.9-1"]},
            [
                "enough xen 4.17.5-7.fc37: QSB-002 asks for Xen 4.17.5-7 in hearth",
                "unclear kernel 6.1.9-1: QSB-002 asks for Linux kernel 6.1.7 or 6.6.7 in hearth",
                "not listed quern-bell: QSB-002 asks for quern-bell 4.1.7-1 in hearth",
                "then restart the hearth (QSB-002)",
            ],
        ),
        (
            "rpm",
            {"xen-libs": ["4.17.5-6"], "kernel": ["5.15-1"], "quern-bell": ["4.1.10-1"]},
            [
                "older xen-libs 4.17.5-6: QSB-002 asks for Xen 4.17.5-7 in hearth",
                "older kernel 5.15-1: QSB-002 asks for Linux kernel 6.1.7 or 6.6.7 in hearth",
                "enough quern-bell 4.1.10-1: QSB-002 asks for quern-bell 4.1.7-1 in hearth",
                "then restart the hearth (QSB-002)",
            ],
        ),
        (
            "deb",
            {"libxen": ["4.17.5-7~deb12u1"], "kernel": ["9"]},
            [
                "older libxen 4.17.5-7~deb12u1: QSB-002 asks for Xen 4.17.5-7 in hearth",
                "not listed Linux kernel: QSB-002 asks for Linux kernel 6.1.7 or 6.6.7 in hearth",
                "not listed quern-bell: QSB-002 asks for quern-bell 4.1.7-1 in hearth",
                "then restart the hearth (QSB-002)",
            ],
        ),
    ],
)
def test_what_is_said(
    archive: Archive, kind: str, has: dict[str, list[str]], expected: list[str]
) -> None:
    profile = Profile(packages=PACKAGES)
    assert [" ".join(x) for x in affected(archive, profile, "4.1", kind, has)] == expected


def test_no_fix_and_no_release(archive: Archive) -> None:
    said = affected(archive, Profile(), "4.0", "rpm", {})
    with pytest.raises(SecpackError, match=r"for release '9\.9', only for 4\.0, 4\.1$"):
        list(affected(archive, Profile(), "9.9", "rpm", {}))
    assert [" ".join(each) for each in said] == [
        "no fix QSB-002 has none for 4.0",
        "no fix QSB-001 has none for 4.0",
    ]


@pytest.mark.usefixtures("gpg_works")
def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pack = [str(CONTENT / "secpack"), "--profile", str(CONTENT / "demo.toml")]
    for listing, status in (("xen-4.17.5-6\nquern-bell-4.1.11-1\n", 1), ("", 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listing.encode())))
        assert main(["affected", *pack, "--release", "4.1"]) == status
    out, err = capsys.readouterr()
    older, *_, restart, last = out.splitlines()
    assert older == "older: quern-bell 4.1.11-1: QSB-012 asks for quern-bell 4.1.12-1 in hearth"
    assert restart == "then: restart the station (QSB-012)"
    assert last.startswith("1 new enough. This says nothing about what runs")
    assert "no list of packages" in err
    monkeypatch.setattr("secpack.cli.MAX_INPUT", 9)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"xen-4.17.5-6\n")))
    assert main(["affected", *pack, "--release", "4.1"]) == 2
    assert "larger than 9 bytes" in capsys.readouterr().err
    assert "safe" not in out + err
