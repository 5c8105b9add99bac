"""Packs in other layouts than the usual one, with the profiles that describe them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bulletins.build.gate import dangling
from secpack import Checker, PackError, load, load_profile
from secpack.cli import main
from secpack.model.archive import Window
from secpack.model.findings import Severity
from secpack.pack import read_contents, signature_name
from secpack.profile import DocumentEntry, Kind, Profile
from tests.bulletins.sites import publish, site_of_pack
from tests.keys import Gnupg, gnupg_with
from tests.packs import PROOF, Files, bulletin, canary, make_pack, numbered

KEY = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"

NOTICE = """\
   ---===[ Tarn Security Notice #{number} ]===---

      A gate in {place} stays open

Dates
-----

* First published: {day}
* Revised: 2026/06/01 (named the gate)

Impact
------

A stranger can come in through the gate, and leave with the cheese.

Remedy
------

Close the gate in {place}.

Tarn Valley Council
"""

CANARY = """\
---===[ Tarn Services warrant canary #{number} ]===---

Statements
==========

1. The date of issue of this canary is {day}.

2. The fingerprint of our root key is:

    {key}

3. Nobody has ever asked us for the key of the gate.

4. We publish the next canary no later than 23:59 UTC on {due}.
"""


gnupg = gnupg_with("root", "ada", "bob", certified=["ada", "bob"])


@pytest.fixture(scope="module")
def pack(gnupg: Gnupg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack without any usual name; ada signs in armour, ``.asc``, bob in binary, ``.sig``."""
    root = gnupg.fingerprints["root"]
    key = " ".join(re.findall("....", root))
    texts = {
        "published/notices/2025/2025.11-tsn_1-gate.text": ("1", "Upper Tarn", "2025-11-30"),
        "published/notices/2026/2026.05-tsn_2-fold.text": ("2", "the fold", "5 May 2026"),
    }
    signed = {
        path: NOTICE.format(number=number, place=place, day=day)
        for path, (number, place, day) in texts.items()
    }
    for number, day, due in (
        ("1", "30 November 2025", "May 14, 2026"),
        ("2", "25/05/2026", "2027-09-14"),
    ):
        text = CANARY.format(number=number, key=key, day=day, due=due)
        signed[f"warrant/{number}_of_tarn_canary.txt"] = text
    signed["sums/release-1.0.sha256"] = f"{'0' * 64}  tarn-1.0.tar\n"
    files: Files = {
        "öffentliche Schlüssel/root/tarn-root.asc": gnupg.export("root"),
        "öffentliche Schlüssel/people/ada@tarn.example.org-signed.asc": gnupg.export("ada"),
        "öffentliche Schlüssel/people/Böb’s & Co #1.gpg": gnupg.export("bob", armour=False),
        "README": "How to verify.",
    }
    for path, text in signed.items():
        files |= {
            path: text,
            f"{path}.asc": gnupg.sign(text.encode(), "ada"),
            f"{path}.sig": gnupg.sign(text.encode(), "bob", armour=False),
        }
    folder = tmp_path_factory.mktemp("third")
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def proposed(pack: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["profile", str(pack)]) == 0
    return capsys.readouterr()[0]


def finished(profile: str, root: str) -> str:
    """What a person makes of the proposal: names, and the anchor that they have compared."""
    profile = re.sub(r'# name = ""[^\n]*', 'name = "Tarn"', profile)
    profile = profile.replace('# team = ""', 'team = "Tarn Valley Council"')
    profile = profile.replace("# tag = ", "tag = ")
    anchor = f'# [[anchors]]\n# fingerprint = "{root}"'
    assert anchor in profile
    return profile.replace(anchor, anchor.replace("# ", ""))


def test_a_pack_in_another_layout_needs_a_profile_and_no_code(
    pack: Path, gnupg: Gnupg, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "profile.toml"
    proposal = proposed(pack, capsys)
    assert "# stated by canaries; certifies ada, bob\n" in proposal
    profile.write_text(finished(proposal, gnupg.fingerprints["root"]))
    archive = load(pack, profile=load_profile(profile), checker=Checker())
    assert [f for f in archive.findings if f.severity is not Severity.NOTICE] == []
    assert [(b.id, b.published, b.updated) for b in archive.bulletins] == [
        ("TSN-001", date(2025, 11, 30), date(2026, 6, 1)),
        ("TSN-002", date(2026, 5, 5), date(2026, 6, 1)),
    ]
    assert [(c.title, c.due) for c in archive.canaries] == [
        (
            "Tarn Services warrant canary 001",
            Window(date(2025, 11, 30), date(2026, 5, 14), "23:59"),
        ),
        ("Tarn Services warrant canary 002", Window(date(2026, 5, 25), date(2027, 9, 14), "23:59")),
    ]
    for each in (*archive.publications, *archive.attachments):
        assert [(s.signer, s.counts, s.certified) for s in each.signatures] == [
            ("ada", True, True),
            ("bob", True, True),
        ]


@pytest.mark.slow
def test_its_site_is_published(
    pack: Path, gnupg: Gnupg, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text(finished(proposed(pack, capsys), gnupg.fingerprints["root"]))
    site = publish(
        tmp_path / "public",
        SECPACK=pack,
        PROFILE=profile,
        SITEURL="https://tarn.example.org",
    ).ok()
    files = site.files()
    assert "\nsignatures: 10 added, 0 changed" in site.said
    assert "tsn/002/2026.05-tsn_2-fold.text.sig" in files
    assert "files/sums/release-1.0.sha256.asc" in files
    assert "keys/people/Böb’s & Co #1.gpg" in files
    assert "&#39;Böb’s &amp; Co #1.gpg&#39;" in site.read("tsn/002/index.html")
    pages = "".join(site.read(path) for path in files if path.endswith(".html"))
    assert not re.search(r"Xen|XSA|Qubes|QSB", pages)


# --- parts of a layout ------------------------------------------------------------------------


def test_what_looks_like_something_and_is_in_no_place_for_it(tmp_path: Path) -> None:
    files: Files = {
        **numbered(1),
        "QSBs/notes.md": bulletin(2),
        "drafts/next": canary(2),
        "drafts/canary-template.txt": canary(3),
        "QSBs/qsb-001-2001.txt.signature-of-ines": b"-----BEGIN PGP SIGNATURE-----\n",
        "QSBs/qsb-001-2001.txt.SIG.ines": b"x",
        "tags/one.sig.ines": b"x",
        "other/ines": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
        "other/README.md": "---===[ Quern Canary 001 ]===---\n",
        "other/binary": b"\x98\x03\x04\x00\x00",
        "other/empty": b"\x98\x00",
        "QSBs/qsb-001-2001.text.pgpsig": b"\xc2\x03\x04\x00\x00",
        "QSBs/seal.bin": b"\x89\x00\x03\x04\x00\x00",
        "QSBs/picture.bin": b"\x89PNG\r\n",
        "extra/one.txt": "---===[ Quern Security Notice 011 ]===---\n",
    }
    archive = load(make_pack(tmp_path, files), profile=Profile(issuer="Quern"))
    assert [f"{f.file}: {f.code}: {f.severity.value}" for f in archive.findings] == [
        "QSBs/notes.md: misplaced-document: error",
        "QSBs/picture.bin: stray-file: warning",
        "QSBs/qsb-001-2001.text.pgpsig: misplaced-signature: warning",
        "QSBs/qsb-001-2001.txt.SIG.ines: misplaced-signature: error",
        "QSBs/qsb-001-2001.txt.signature-of-ines: misplaced-signature: warning",
        "QSBs/seal.bin: misplaced-signature: warning",
        "drafts/next: misplaced-document: error",
        "extra/one.txt: misplaced-text: warning",
        "other/binary: misplaced-key: warning",
        "other/ines: misplaced-key: warning",
        "tags/one.sig.ines: misplaced-signature: warning",
    ]
    messages = {f.file: f.message for f in archive.findings}
    assert messages["QSBs/notes.md"] == (
        "not published: it looks like a bulletin; expected a name like qsb-001-2020.txt in QSBs/"
    )
    assert messages["tags/one.sig.ines"].endswith(
        "a name that ends in .sig.{signer} or .sign.{signer}"
    )


def test_what_a_server_takes_for_a_page_is_not_published(tmp_path: Path) -> None:
    """A signature can have any words in its armour, and a key before it."""
    document = "QSBs/qsb-001-2001.txt"
    odd: Files = {
        f"{document}.sig.ines.html": b"-----BEGIN PGP SIGNATURE-----\nComment: <script>\n",
        f"{document}.sig.ines.PHP.x": b"x",
        **{
            f"{document}.sig.ines.{end}": b"x"
            for end in ["xht", "pht", "rdf", "rss", "kml", "x3d", "var"]
        },
        "QSBs/risk.svg.txt": "<svg>",
        "QSBs/risk.svg.txt.sig.ines": b"x",
        "QSBs/qsb-002.xml.txt": bulletin(2),
        "keys/team/ines.xhtml.gpg": b"<script>\n" + KEY,
    }
    named = {f"{document}.sig.ines@quern.example.pl": b"x", "keys/team/js@example.pl.asc": KEY}
    kind = Kind("QSB", ("QSBs",), files=("qsb-{number}-{year}.txt", "qsb-{number}.{part}"))
    pack = make_pack(tmp_path, {**odd, **named, **numbered(1)})
    contents = read_contents(pack, Profile(issuer="Quern", bulletins=kind))
    assert {file.path for file in contents.files()} == {document, *named}
    assert {f.file for f in contents.findings} >= odd.keys() - {"QSBs/risk.svg.txt.sig.ines"}


def test_folders_of_attachments(tmp_path: Path) -> None:
    files: Files = {
        "digests/1.0/quern.iso.DIGESTS": "0",
        "digests/1.0/quern.iso.DIGESTS.sig.ines": b"x",
        "digests/1.0/quern.html": "<p>",
        "digests/1.0/quern.html.sig.ines": b"x",
        "digests/unsigned.txt": "1",
        "digests/unsigned.csv": "1",
    }
    pack = make_pack(tmp_path, {**numbered(1), **files})
    profile = Profile(issuer="Quern", attachments=("digests", "fund"))
    archive = load(pack, profile=profile)
    assert [a.file.path for a in archive.attachments] == ["digests/1.0/quern.iso.DIGESTS"]
    assert [f"{f.file}: {f.code}: {f.severity.value}" for f in archive.findings] == [
        "digests: stray-file: warning",
        "digests/1.0/quern.html: stray-file: warning",
        "fund: folder-missing: notice",
    ]


def test_attachments_with_one_name_are_told_apart(tmp_path: Path) -> None:
    files: Files = {}
    for path in ("QSBs/risk.dot", "QSBs/old/risk.dot", "sums/1.0/risk.dot", "sums/1.1/risk.dot"):
        files |= {path: f"digraph {{{len(files)}}}", f"{path}.sig.ines": b"x"}
    profile = 'issuer = "Quern"\nattachments = "sums"\n'
    profile += '[bulletins]\nprefix = "QSB"\nfolder = "QSBs"\nnested = true\n'
    site = site_of_pack(tmp_path, numbered(1) | files, profile)
    listed = site.read("qsb/index.html")
    assert re.findall(r'href="([^"]*risk.dot)"[^>]*>([^<]*)<', listed) == [
        ("../qsb/files/old/risk.dot", "QSBs/old/risk.dot"),
        ("../qsb/files/risk.dot", "QSBs/risk.dot"),
        ("../files/sums/1.0/risk.dot", "sums/1.0/risk.dot"),
        ("../files/sums/1.1/risk.dot", "sums/1.1/risk.dot"),
    ]


def test_a_signature_from_the_history_takes_no_name_of_another() -> None:
    profile = replace(Profile(), signatures=(".asc", ".sig"))
    assert signature_name("a.txt", "ines", ["a.txt.asc"], profile) == "a.txt.sig"
    assert signature_name("a.txt", "ines", ["a.txt.sig.ines"], Profile()) == "a.txt.sig.ines"


@pytest.mark.parametrize("setting", ["bulletins", "canaries"])
def test_a_second_series_is_attached(tmp_path: Path, setting: str) -> None:
    prefix = "canary" if setting == "canaries" else "QSB"
    files: Files = {}
    for series in ("bells", "mills"):
        for number in (1, 2):
            path = f"{setting}/{series}/{prefix.lower()}-{number:03d}-2020.txt"
            text = bulletin(number, date="2020-03-04") if prefix == "QSB" else canary(number)
            files |= {path: text.replace("Quern", f"Quern {series}"), f"{path}.sig.ines": b"x"}
    pack = make_pack(tmp_path, files)

    def profile(*folders: str, **settings: tuple[str, ...]) -> Profile:
        kind = Kind(prefix, tuple(f"{setting}/{folder}" for folder in folders), states=())
        return replace(Profile(), **{setting: kind}, **settings)

    with pytest.raises(PackError, match="name the folder of a second series in attachments"):
        load(pack, profile=profile("bells", "mills"))
    archive = load(pack, profile=profile("bells", attachments=(f"{setting}/mills",)))
    assert len(archive.publications) == len(archive.attachments) == 2
    assert {f.code for f in archive.findings} <= {"canary-count"}


def test_an_embargo_hides_a_document_whatever_its_name(tmp_path: Path) -> None:
    kind = Kind("QSB", ("QSBs",), files=("{year}_{number}.txt",), banner=("Security Bulletin",))
    text = bulletin(2, date="2099-01-01", body="\u202e")
    files = {"QSBs/2001_1.txt": bulletin(1), "QSBs/2099_2.txt": text, "QSBs/2099_2.txt.sig.x": b""}
    pack = make_pack(tmp_path, files)
    late = load(pack, profile=Profile(issuer="Quern", bulletins=kind, as_of=date(2010, 1, 1)))
    entry = {"QSB-002": DocumentEntry(status="embargoed")}
    embargoed = load(pack, profile=Profile(issuer="Quern", bulletins=kind, documents=entry))
    for archive in (late, embargoed):
        assert [b.number for b in archive.bulletins] == [1]
        assert archive.findings == ()


def test_statements_that_no_canary_makes_are_not_missed(tmp_path: Path) -> None:
    text = canary(1).replace(
        "2. We have published 1 Quern Security Bulletins so far.", "2. All is well."
    )
    pack = make_pack(tmp_path, {"canaries/canary-001-2020.txt": text})
    kind = Kind("canary", ("canaries",), states=("next",))
    assert load(pack, profile=Profile(issuer="Quern", canaries=kind)).findings == ()
    usual = load(pack, profile=Profile(issuer="Quern"))
    assert {f.code for f in usual.findings} == {"canary-count", "canary-proof"}


def test_bulletins_and_canaries_in_one_folder_and_at_the_top(tmp_path: Path) -> None:
    files = {
        "qsb-001-2001.txt": bulletin(1),
        "canary-001-2020.txt": canary(1) + PROOF,
        "LICENSE": "x",
    }
    pack = make_pack(tmp_path, files)
    kinds = (Kind(prefix, (".",)) for prefix in ("QSB", "canary"))
    bulletins, canaries = kinds
    archive = load(pack, profile=Profile(issuer="Quern", bulletins=bulletins, canaries=canaries))
    assert ([b.id for b in archive.bulletins], [c.id for c in archive.canaries]) == (
        ["QSB-001"],
        ["canary-001"],
    )
    assert archive.findings == ()


def test_an_issuer_of_canaries_alone(tmp_path: Path) -> None:
    text = canary(1, count=0) + PROOF
    site = site_of_pack(tmp_path, {"canaries/canary-001-2020.txt": text})
    assert dangling(site.folder)[0] == []


def test_links_that_lead_round_in_circles(tmp_path: Path) -> None:
    """Followed again and again, these would be 2 ** 40 folders."""
    pack = make_pack(tmp_path, numbered(1))
    (pack / "keys/a").mkdir(parents=True)
    for name in ("one", "two"):
        (pack / "keys/a" / name).symlink_to(pack / "keys")
    assert load(pack, profile=Profile(issuer="Quern")).findings == ()


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (
            {"2027/one.md": canary(1), "2027/canary_001.text": canary(1), "signing.asc": KEY},
            ['folder = ["2027"]', 'files = ["canary_{number}.text"]'],
        ),
        (
            {"a b/x y-001.txt": '---===[ "Q" Alert 001 ]===---\n\n2020-01-01\n'},
            ['issuer = "\\"Q\\""', "# Could not be guessed:"],
        ),
        (
            {"all/texts/canary-001.txt": canary(1), "all/keys/a.asc": KEY, "all/keys/b/c.asc": KEY},
            ['keys = ["all/keys"]', 'folder = ["all/texts"]'],
        ),
        (
            {
                "2020/nest/canary-1.txt": canary(1),
                "2020/nest/canary-2.txt": canary(2),
                "2020/pond/canary-1.txt": canary(1),
                "2020/pond/canary-1.txt.ada.sig": b"\xc2\x03\x04\x00\x00",
                "2020/sums/one.sha256": "0",
                "2020/sums/one.sha256.ada.sig": b"\xc2\x03\x04\x00\x00",
            },
            [
                'folder = ["2020/nest"]',
                'attachments = ["2020/pond", "2020/sums"]',
                "# 2020/pond: 'Quern Canary' has numbers of 'Quern Canary' in 2020/nest",
            ],
        ),
        (
            {"canaries/canary-001.txt": canary(1), "canaries/x\n[[anchors]]\n#": "x"},
            ["# Could not be guessed:"],
        ),
        (
            {
                "2020/sb-2020-03-07_3.txt": "---===[ Tarn OS Notice SB-2020-03 ]===---\n",
                "2020/sb-2020-03-07_3.txt.ada.sig": b"\xc2\x03\x04\x00\x00",
                "2020/sb-2020-03-07_3.txt.bob.sig": b"\xc2\x03\x04\x00\x00",
                "2020/sb-2020-05-04_4.txt": "---===[ Tarn OS Notice SB-2020-04 ]===---\n",
            },
            [
                'signatures = [".{signer}.sig"]',
                'prefix = "SB"',
                'files = ["sb-{year}-{part}-{part}_{number}.txt"]',
            ],
        ),
        ({"001": "---===[ Canary 001 ]===---\n"}, ['folder = ["."]', "# Could not be guessed:"]),
        ({"\u202e/canary-001.txt": canary(1)}, ["# Could not be guessed:"]),
        (
            {f"{'a' * 41}-001.txt": canary(1)},
            [f"# canaries.prefix: '{'a' * 41}': expected at most 40 letters and digits"],
        ),
        (
            {
                "notes/2024-rev_1-TARN-7.text": "---===[ Tarn Notice of Weakness #7 ]===---\n\n",
                "notes/2024-rev_1-TARN-8.text": "---===[ Tarn Notice of Weakness #8 ]===---\n\n",
                "notes/2024-rev_1-TARN-7.text.bin": b"\xc2\x03\x04\x00\x00",
                "notes/2024-rev_1-TARN-7.text.ada-or-bob.asc": b"-----BEGIN PGP SIGNATURE-----\n",
                "doves/w-1.text": CANARY.replace("warrant canary", "Dove").format(
                    number=1, key="", day="2024-05-01", due="2024-09-14"
                ),
                "more/TARN-ADV-7.text": "---===[ Tarn Advice #7 ]===---\n",
            },
            [
                'issuer = "Tarn"',
                'signatures = [".bin", ".{signer}.asc"]',
                'banner = ["Notice of Weakness"]',
                'banner = ["Services Dove"]',
                "# Could not be guessed:",
                "# more: 'Tarn Advice' has numbers of 'Tarn Notice of Weakness' in notes",
            ],
        ),
    ],
)
def test_a_proposal_for_odd_packs(
    tmp_path: Path, files: Files, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = proposed(make_pack(tmp_path, files), capsys)
    assert set(lines) <= set(text.split("\n"))
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_proposal_for_a_pack_whose_signatures_are_not_all_good(
    tmp_path: Path, gnupg: Gnupg, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each name has one table, with a key; and the depth that leads from an anchor to them all."""
    for name in ("relay", "cara", "eve"):
        gnupg.make(name)
    gnupg.certify("relay", by="root")
    gnupg.certify("cara", by="relay")
    files = numbered(1, 2, 3) | {"keys/broken.asc": KEY}
    files |= {f"keys/{name}.asc": gnupg.export(name) for name in ("root", "relay", "cara", "ada")}
    for number, signers in ((1, "cara ada"), (2, "cara ada"), (3, "ada cara")):
        path = f"QSBs/qsb-{number:03d}-{2000 + number}.txt"
        text = str(files[path]).encode()
        for name, signer in zip(("cara", "ada"), signers.split(), strict=True):
            files[f"{path}.sig.{name}"] = gnupg.sign(text, signer)
        files[f"{path}.sig.eve"] = gnupg.sign(text, "eve")
        files[f"{path}.sig.bob"] = gnupg.sign(b"another text", "ada")
    text = proposed(make_pack(tmp_path, files), capsys)
    profile = tomllib.loads(finished(text, gnupg.fingerprints["root"]))
    assert profile["depth"] == 2
    names = ("ada", "cara")
    assert {name: s["fingerprint"] for name, s in profile["signers"].items()} == {
        name: gnupg.fingerprints[name] for name in names
    }
    assert f"# 'ada' also signed with the key {gnupg.fingerprints['cara']} (docs/" in text
    assert text.count("made with a key that is not in the pack") == 3


def test_no_proposal_without_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README").write_text("---===[ Quern Canary 001 ]===---\n")
    assert main(["profile", str(tmp_path)]) == 2
    assert "no text with a banner" in capsys.readouterr()[1]
