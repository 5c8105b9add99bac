"""What is said in short of the signatures of a text: the same words everywhere, no false alarm."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from bulletins import words
from bulletins.pages.evidence import grouped
from secpack.model.archive import Verdict
from secpack.signatures.policy import Standing
from tests.bulletins.sites import Site, build, commands, site_of_pack, verified
from tests.keys import THEN, Gnupg, gnupg_with, new_gnupg
from tests.packs import Files, canary, git, make_pack
from tests.processes import shell

PROFILE = """
issuer = "Quern"
master_key = "{master}"
pack = "https://quern.example.org/pack"
[signers.ines]
name = "Ines"
fingerprint = "{ines}"
canaries = {{}}
[signers.tomek]
name = "Tomek"
fingerprint = "{tomek}"
canaries = {{ {until} }}
"""
WAIVER = """
[[waivers]]
finding = "{finding}"
file = "{file}"
reason = "lost in the mail"
"""
UNTIL = "until = 2020-12-31"
FIRST, SECOND = "canaries/canary-001-2020.txt", "canaries/canary-002-2021.txt"


def test_every_verdict_has_its_sentence() -> None:
    assert set(words.verdicts) == set(Verdict)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(2, 2, (), (), ()), "2 of 2 signatures good"),
        (Standing(1, 1, (), (), ()), "1 of 1 signatures good"),
        (Standing(1, 2, ("Ines",), (), (), never=True), "signed by 1 of 2, not by Ines"),
        (
            Standing(1, 2, ("Ines",), ((Verdict.BAD, False),), ("…",)),
            "Not verified: 1 of 2 signatures good; none by Ines; 1 bad",
        ),
        (
            Standing(2, 3, (), ((Verdict.BAD, True),), ()),
            "2 of 3 signatures good; 1 bad, explained",
        ),
        (
            Standing(0, 2, (), ((Verdict.BAD, False), (Verdict.BAD, True)), ("…",)),
            "Not verified: 0 of 2 signatures good; 1 bad; 1 bad, explained",
        ),
        (Standing(0, 0, (), (), ("…",)), "Not verified: unsigned"),
        (
            Standing(
                1, 1, (), (), ("…",), letters=(("letter ines", Standing(0, 0, (), (), ("…",))),)
            ),
            "Not verified: 1 of 1 signatures good; letter ines: unsigned",
        ),
        (
            Standing(2, 2, (), (), (), letters=(("letter ines", Standing(1, 1, (), (), ())),)),
            "2 of 2 signatures good",
        ),
    ],
)
def test_in_short(standing: Standing, expected: str) -> None:
    assert words.in_short(standing) == expected


gnupg = gnupg_with("master", "ines", "tomek", certified=["ines", "tomek"])


def site_of(
    folder: Path,
    gnupg: Gnupg,
    waiver: str = "",
    *,
    tampered: bool = False,
    until: str = UNTIL,
    said: str = "",
    time: str = THEN,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Site:
    """Two canaries by Ines; Tomek has signed the first one, and left before the second.

    ``until`` is what the profile says of that, ``said`` what the second canary does.
    """
    texts = {
        FIRST: canary(1, date="March 4, 2020", count=0, due="June 2020").encode(),
        SECOND: (canary(2, date="March 4, 2021", count=0, due="June 2021") + said).encode(),
    }
    whole: Files = {**files, **texts}
    whole["keys/master-key/master.asc"] = gnupg.export("master")
    whole |= gnupg.files("ines", "tomek")
    whole[f"{FIRST}.sig.tomek"] = gnupg.sign(texts[FIRST] + b"!" * tampered, "tomek")
    whole |= {f"{p}.sig.ines": gnupg.sign(text, "ines", time=time) for p, text in texts.items()}
    profile = PROFILE.format(until=until, **gnupg.fingerprints) + waiver
    return site_of_pack(folder, whole, profile)


def places(site: Site, number: str, name: str) -> dict[str, str]:
    """Everything that says how the signatures of a canary stand."""
    data = json.loads(site.read(f"canary/{number}/{name}.json"))
    items = json.loads(site.read("feeds/all.json"))["items"]
    return {
        "data": data["standing"],
        "page": html.unescape(site.read(f"canary/{number}/index.html")),
        "list": html.unescape(site.read("canary/index.html")),
        "feed": "".join(i["content_html"] for i in items if i["id"].endswith(number)),
        "atom": html.unescape(html.unescape(site.read("feeds/canary.atom.xml"))),
    }


def test_a_signer_who_left_is_no_alarm(tmp_path: Path, gnupg: Gnupg) -> None:
    site = site_of(tmp_path, gnupg, time="20210305T000000")
    page = site.read("canary/002/index.html")
    assert "Tomek no longer signs canaries, as the profile of this archive says." in page
    assert "No good signature by Tomek" not in page
    assert 'class="alarm"' not in page.partition("Master key")[0]
    for place, said in places(site, "002", "canary-002-2021").items():
        assert "1 of 1 signatures good" in said, place


def test_a_canary_silences_no_alarm(tmp_path: Path, gnupg: Gnupg) -> None:
    """Only the profile says who has left."""
    said = "\nSpecial announcements\n----------------------\n\nTomek no longer signs canaries.\n"
    site = site_of(tmp_path, gnupg, until="", said=said)
    page = html.unescape(site.read("canary/002/index.html"))
    assert "No good signature by Tomek, who signed the previous canary." in page
    for place, words_there in places(site, "002", "canary-002-2021").items():
        assert "Not verified: 1 of 2 signatures good; none by Tomek" in words_there, place


def test_an_alarm_and_what_explains_it(tmp_path: Path, gnupg: Gnupg) -> None:
    """The same words everywhere; with a waiver nothing is in the colour of alarms."""
    site = site_of(tmp_path / "one", gnupg, tampered=True)
    standing = "Not verified: 1 of 2 signatures good; 1 bad"
    for place, said in places(site, "001", "canary-001-2020").items():
        assert standing in said, place
    assert '<p class="alarm">' in site.read("canary/001/index.html")
    waiver = WAIVER.format(finding="signature-bad", file=f"{FIRST}.sig.tomek")
    site = site_of(tmp_path / "two", gnupg, waiver, tampered=True)
    for place, said in places(site, "001", "canary-001-2020").items():
        assert "1 of 2 signatures good; 1 bad, explained" in said, place
        assert "Not verified" not in said, place
    page = site.read("canary/001/index.html")
    assert "Accepted: lost in the mail" in page
    assert '<tr class="alarm">' not in page
    assert words.verdicts[Verdict.BAD] in page


@pytest.mark.parametrize("waived", [False, True])
def test_a_letter_counts_where_its_canary_stands(
    tmp_path: Path, gnupg: Gnupg, waived: bool
) -> None:
    letter = FIRST.replace(".txt", "-letter-ines.txt")
    files = {letter: b"I am well.\n", f"{letter}.sig.ines": gnupg.sign(b"I am ill.\n", "ines")}
    faults = {"signature-bad": f"{letter}.sig.ines", "no-good-signature": letter}
    waivers = [WAIVER.format(finding=code, file=file) for code, file in faults.items()]
    site = site_of(tmp_path, gnupg, "".join(waivers) * waived, files=files)
    standing = "2 of 2 signatures good; letter ines: 0 of 1 signatures good; 1 bad"
    standing = f"{standing}, explained" if waived else f"Not verified: {standing}"
    for place, said in places(site, "001", "canary-001-2020").items():
        assert standing in said, place
        assert ("Not verified" in said) is not waived
    head = site.read("canary/001/index.html").partition("</header>\n")[2].partition("<article")[0]
    assert ("letter-ines.txt.sig.ines: BAD: the signature does not match" in head) is not waived
    assert json.loads(site.read("canary/001/canary-001-2020.json"))["verified"] is waived


def test_an_obsolete_digest_rests_on_a_date_and_names_its_commit(
    tmp_path: Path, gnupg: Gnupg
) -> None:
    """Beside each such signature stands the first commit that holds it."""
    text = canary(1, date="March 4, 2020", count=0, due="June 2020").encode()
    options = ("--digest-algo", "SHA1", "--detach-sign")
    files: Files = {FIRST: text, **gnupg.files("master", "ines", "tomek")}
    for name in ("ines", "tomek"):
        files[f"{FIRST}.sig.{name}"] = gnupg.sign(text, name, *options)
    pack, profile = make_pack(tmp_path / "pack", files), tmp_path / "profile.toml"
    profile.write_text(
        "legacy_until = 2022-01-01\n" + PROFILE.format(until=UNTIL, **gnupg.fingerprints)
    )
    git(pack, "init", "--quiet")
    commits = []
    for path in (".", f"{FIRST}.sig.ines", f"{FIRST}.sig.tomek"):
        if path == ".":
            (pack / ".git/info/exclude").write_text("*.sig.*\n")
        git(pack, "add", "--force" if path != "." else "--all", path)
        git(pack, "commit", "--quiet", "--message", "Add")
        commits.append(git(pack, "rev-parse", "HEAD"))
    site = build(tmp_path / "site", SECPACK=pack, PROFILE=profile).ok()
    page = site.read("canary/001/index.html")
    assert page.count("good, obsolete digest SHA1; signed") == 2
    assert [page.count(f"; first in commit {commit[:12]}, dated ") for commit in commits] == [
        0,
        1,
        1,
    ]
    assert "Accepted for its date, which anyone with the key can set." in page


def test_the_commands_compare_with_the_pack_and_clean_up(tmp_path: Path, gnupg: Gnupg) -> None:
    """A clone with a signed commit and a signed tag; afterwards only the saved files are left."""
    site = site_of(tmp_path, gnupg)
    identity = ("-c", "user.name=I", "-c", "user.email=ines@example.org")
    signing = ("git", *identity, "-c", f"user.signingkey={gnupg.fingerprints['ines']}")
    environment = {**os.environ, "GNUPGHOME": str(gnupg.home), "TMPDIR": str(gnupg.home)}
    for command in (
        ("git", "init", "-q"),
        ("git", "add", "."),
        (*signing, "commit", "-q", "-S", "-m", "A commit"),
        (*signing, "tag", "-s", "-m", "A tag", "ines_1"),
    ):
        subprocess.run(command, cwd=tmp_path / "pack", env=environment, check=True)
    reader = tmp_path / "reader"
    shutil.copytree(site.folder / "canary/002", reader)
    for key in (tmp_path / "pack/keys").rglob("*.asc"):
        shutil.copy(key, reader)
    saved = sorted(reader.iterdir())
    environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path / 'pack'}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://quern.example.org/pack",
    }
    lines = "".join(commands(site.read("canary/002/index.html")))
    done = shell(lines, reader, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Good signature") == done.stderr.count("[full]") == 3
    assert "differ" not in done.stdout
    assert sorted(reader.iterdir()) == saved


def test_pages_show_chains_and_keys_that_cannot_be_used(tmp_path: Path) -> None:
    text = canary(1, date="March 4, 2020", count=0, due="June 2020").encode()
    with new_gnupg() as made:
        for name in ("old", "root", "owner", "deputy", "ines"):
            made.make(name)
        made.certify("owner", by="root")
        made.certify("deputy", by="owner")
        made.certify("ines", by="deputy")
        files: Files = {FIRST: text, f"{FIRST}.sig.ines": made.sign(text, "ines")}
        files |= made.files(*made.fingerprints)
        files |= dict.fromkeys(("keys/team/odd.asc", "keys/team/lost.asc"), b"Ask me for my key.")
        profile = "".join(
            f'[[anchors]]\nfingerprint = "{made.fingerprints[name]}"\n{day}\n'
            for name, day in (("old", "until = 2019-12-31"), ("root", "since = 2020-01-01"))
        )
        profile += WAIVER.format(finding="key-unusable", file="keys/team/lost.asc")
        site = site_of_pack(tmp_path, files, f"depth = 3\n{profile}")
        prints = made.fingerprints
    page = html.unescape(site.read("canary/001/index.html"))
    chain = "ertified by root <root@example.org> through "
    chain += "owner <owner@example.org>, deputy <deputy@example.org>"
    assert f"c{chain}" in page
    assert f"echo {prints['root']}:6: | gpg --import-ownertrust" in page
    assert f"echo {prints['owner']}:5: | gpg --import-ownertrust" in page
    assert "gpg --import root.asc\n" in page
    assert "gpg --import owner.asc deputy.asc ines.asc\n" in page
    print_of_root = f'<code class="fingerprint">{grouped(prints["root"])}</code>'
    assert f"root <root@example.org>, {print_of_root} (root.asc)" in page
    (tmp_path / "reader").mkdir()
    said = verified(site, "canary/001/", tmp_path / "reader")
    assert "Good signature" in said
    assert said.count("[full]") == 1
    keys = html.unescape(site.read("keys/index.html"))
    assert f"C{chain}." in keys
    assert "A key that this archive trusts." in keys
    assert "This archive trusts the key of old <old@example.org>, <code" in keys
    assert "until <time>2019-12-31</time>." in keys
    assert "Not certified by a key that this archive trusts." not in keys
    assert "Not used: lost in the mail." in keys
    assert keys.count('class="alarm"') == 1
    assert "Not used as a key: no OpenPGP public key; expected an armoured key block." in keys
    assert site.read("keys/team/odd.asc") == "Ask me for my key."
