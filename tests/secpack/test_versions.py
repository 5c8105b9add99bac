"""Which texts are versions: the rules as a table, with real keys and small repositories."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from secpack import PackError, Profile, SecpackError, load
from secpack.errors import as_far_as_usable
from secpack.history import read_history
from secpack.model.archive import Archive, History
from secpack.model.findings import Severity, Waiver
from secpack.pack import read_contents
from secpack.parser.lines import MAX_BYTES
from secpack.profile import DocumentEntry, Period, Signer, profile_of
from secpack.signatures.packets import may_cover, read_signature
from tests.cases import Case, each_case, read_cases
from tests.keys import CHECKER, Gnupg, new_gnupg
from tests.packs import Files, bulletin, canary, commit, git, make_pack, new_repository

#: Tomek always signs, Ines since 2020, Rada never has to; the key of Rada has expired since.
SIGNERS = {"tomek": Period(), "ines": Period(since=date(2020, 1, 1)), "rada": None}


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Gnupg]:
    with new_gnupg() as made:
        for name in ("master", "tomek", "ines", "stranger"):
            made.make(name, time="20100101T000000")
        made.make("rada", time="20100101T000000", expire="2020-06-01")
        for name in SIGNERS:
            made.certify(name, by="master")
        yield made


@pytest.fixture(scope="module")
def keys(gnupg: Gnupg) -> Files:
    return {**gnupg.files("master", *SIGNERS)}


@pytest.fixture(scope="module")
def profile(gnupg: Gnupg) -> Profile:
    signers = {
        name: Signer(name.title(), gnupg.fingerprints[name], bulletins=period, canaries=period)
        for name, period in SIGNERS.items()
    }
    master = gnupg.fingerprints["master"]
    return Profile(
        master_key=master, signers=signers, attachments=("more",), legacy_until=date(2020, 6, 1)
    )


def changelog(day: str) -> str:
    return f"Words.\n\nChangelog\n----------\n\n2020-02-01: First.\n{day}: A change.\n"


#: Texts by a letter, with the files where they lie; g and h are copies of a in other places.
TEXTS = {
    "g": ("QSBs/qsb-001-2019.txt", bulletin(1, date="2020-02-01")),
    "h": ("QSBs/qsb-002-2020.txt", bulletin(1, date="2020-02-01")),
    "a": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2020-02-01")),
    "b": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2020-02-01", body="Other words.")),
    "c": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2020-02-01", body="Words.\n")),
    "l": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2020-02-01", body=changelog("2020-02-09"))),
    "f": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2042-02-01")),
    "d": ("QSBs/qsb-002-2020.txt", bulletin(2, date="2020-02-02")),
    "o": ("QSBs/qsb-002-2019.txt", bulletin(2, date="2019-02-02")),
    "e": ("QSBs/qsb-001-2019.txt", bulletin(1, date="2019-12-31")),
    "u": ("QSBs/qsb-001-2020.txt", bulletin(1, date="2020-02-01").replace("2020-02-01", "")),
    "w": ("QSBs/qsb-001-2020.txt", bulletin(7, date="2020-02-01")),
    "y": ("QSBs/qsb-001-2019.txt", bulletin(1, date="2020-02-01", body="Yet other words.")),
    "k": ("canaries/canary-001-2020.txt", canary(1)),
    "m": ("canaries/canary-001-2020-letter-ines.txt", "A letter.\n"),
    "n": ("QSBs/qsb-001-2020-letter-ines.txt", "A letter beside a bulletin.\n"),
    "x": ("more/graph.txt", "A graph.\n"),
}


def waiver(finding: str, text: str, ending: str = "") -> Waiver:
    path, content = TEXTS[text]
    return Waiver(finding, (path + ending,), "a reason", sha256(content.encode()).hexdigest())


ONE = {"waivers": (waiver("signer-missing", "a"),)}

#: What the profile says in some cases, besides who signs.
SETTINGS: dict[str, dict[str, Any]] = {
    "a waiver": ONE,
    "it holds after all": ONE,
    "also if earlier": ONE,
    "a waiver for another text": ONE,
    "a waiver for any text": {"waivers": (replace(ONE["waivers"][0], sha256=""),)},
    "a waiver for a signature": {"waivers": (waiver("signature-bad", "a", ".sig.ines"),)},
    "one is never enough where more are expected": {"required": 1},
}


def signed_file(gnupg: Gnupg, word: str, number: int) -> dict[str, bytes]:
    """The file of a signature, and its bytes: ``ines:a@0209>tomek``."""
    signer, _, rest = word.partition(":")
    rest, _, place = rest.partition(">")
    text, _, day = rest.partition("@")
    signer, _, digest = signer.partition("/")
    year, _, day = day.rpartition("-")
    time = f"20{year or 20}{day or f'03{number:02d}'}T000000"
    options = ("--digest-algo", digest, "--detach-sign") if digest else ()
    data = gnupg.sign(TEXTS[text][1].encode(), signer, *options, time=time)
    beside = TEXTS[place.removeprefix("/") if place.startswith("/") else text][0]
    return {f"{beside}.sig.{signer if place.startswith('/') else place or signer}": data}


def make_history(pack: Path, commits: Sequence[str], gnupg: Gnupg) -> Path:
    """Commit what words say: ``a`` writes a text, ``ines:a`` her signature on it.

    She signs in March 2020, on the day that the commit has; with ``ines:a@0209`` on another day,
    with ``ines:a>tomek`` in another's file. ``-a`` removes a text, ``-ines:a`` a signature; ``<2``
    makes the commit follow the second one, and merges what was last.
    """
    made = [commit(pack)]
    for number, words in enumerate(commits, 1):
        follows = [word for word in words.split() if word.startswith("<")]
        if follows:
            git(pack, "checkout", "--quiet", "-B", "side", made[int(follows[0][1:])])
        for word in words.split():
            if word.startswith("-"):
                signer, _, text = word[1:].rpartition(":")
                (pack / (TEXTS[text][0] + (f".sig.{signer}" if signer else ""))).unlink()
            elif ":" in word:
                make_pack(pack, dict(signed_file(gnupg, word, number)))
            elif not word.startswith("<"):
                make_pack(pack, dict([TEXTS[word]]))
        made.append(commit(pack))
        if follows:
            git(pack, "merge", "--quiet", "--strategy=ours", "--message", "Merge", made[-2])
    return pack


#: Makes a pack with these commits.
PackOf: TypeAlias = Callable[..., Path]


@pytest.fixture
def pack_of(tmp_path: Path, gnupg: Gnupg, keys: Files) -> PackOf:
    # These folders stay in every commit.
    kept = {f"{folder}/README.md": "Documents.\n" for folder in ("QSBs", "canaries", "more")}

    def make(*commits: str) -> Path:
        pack = new_repository(make_pack(tmp_path / "pack", {**keys, **kept}))
        return make_history(pack, commits, gnupg)

    return make


def summary(history: History) -> list[str]:
    """The versions in the words of a case."""
    texts = {sha256(content.encode()).hexdigest(): name for name, (_, content) in TEXTS.items()}
    told = []
    for version in (v for document in history.documents for v in document.versions):
        words = [texts[version.file.sha256], f"{version.time:%m%d}", version.difference.value]
        words += {None: [], True: ["noted"], False: ["silent"]}[version.noted]
        words += ["misfit"] if version.misfit else []
        later = version.updated.date() > version.time.date()
        words += [f"updated {version.updated:%m%d}"] if later else []
        told.append(" ".join([*words, *(f"without {name}" for name in version.unsigned)]))
    return told


def read(pack: Path, profile: Profile, *, only_versions: bool = False) -> Archive:
    """The archive of a pack, even if it cannot be published."""
    try:
        return load(pack, profile=profile, checker=CHECKER, only_versions=only_versions)
    except PackError as error:
        print(error)  # shown if the test fails
        return error.archive


def test_there_are_cases() -> None:
    assert {case.name for case in read_cases("versions")} > SETTINGS.keys()


@each_case("versions")
def test_versions(pack_of: PackOf, profile: Profile, case: Case, golden: bool) -> None:
    """The text of a case has a line for each commit."""
    pack = pack_of(*case.source.splitlines())
    profile = replace(profile, **SETTINGS.get(case.name, {}))
    history = history_of(pack, profile)
    assert history.unavailable == ""
    pending = [f"pending: {each.id} {each.reason}" for each in history.pending]
    stops = [f"error: {stop}" for stop in published(pack, profile, history)]
    case.check([*summary(history), *pending, *stops], golden=golden)


def history_of(pack: Path, profile: Profile) -> History:
    contents = read_contents(pack, profile)
    return read_history(pack, contents, profile, CHECKER)[2]


def published(pack: Path, profile: Profile, history: History) -> list[str]:
    """A strict build has the newest version of each document, and nothing else; return errors."""
    archive, stops = strict(pack, profile)
    newest = {d.id: d.newest.file for d in history.documents if d.newest}
    assert {p.id: p.document.file for p in archive.publications} == {
        name: file
        for name, file in newest.items()
        if name.startswith(("QSB", "canary")) and "letter" not in name
    }
    letters = [letter for each in archive.canaries for letter in each.letters]
    assert {letter.document.file.sha256 for letter in letters} <= {
        f.sha256 for f in newest.values()
    }
    older = [p for p in archive.publications if p.id in {each.id for each in history.pending}]
    assert all(s.counts and s.covers == p.document.file.sha256 for p in older for s in p.signatures)
    return stops


# --- strict builds ----------------------------------------------------------------------------


def strict(pack: Path, profile: Profile) -> tuple[Archive, list[str]]:
    """The archive of a strict build, and why it would stop."""
    found: list[SecpackError] = []
    usable = partial(load, pack, profile=profile, checker=CHECKER, only_versions=True)
    archive = as_far_as_usable(usable, found)
    findings = (f for f in archive.findings if f.severity is Severity.ERROR and not f.waived)
    return archive, [*map(str, found), *(f"{f.file}: {f.code}" for f in findings)]


def errors(pack: Path, profile: Profile) -> list[str]:
    return strict(pack, profile)[1]


def test_without_signers_in_the_profile_no_signature_counts_twice(
    pack_of: PackOf, profile: Profile
) -> None:
    archive = read(pack_of("a tomek:a ines:a"), replace(profile, signers={}), only_versions=True)
    (shown,) = archive.bulletins
    assert sorted(signature.signer for signature in shown.signatures) == ["ines", "tomek"]
    assert "signer-missing" not in {finding.code for finding in archive.findings}


def test_texts_that_a_signature_seems_to_cover_hide_none(
    pack_of: PackOf, gnupg: Gnupg, profile: Profile
) -> None:
    """A signature has two bytes of a digest in clear: others can have them, and be there before."""
    pack = pack_of()
    signature = gnupg.sign(TEXTS["a"][1].encode(), "ines", time="20200301T000000")
    clear = read_signature(signature)
    texts = (b"Nothing, %d." % number for number in count())
    for text in islice((text for text in texts if may_cover(clear, text)), 5):
        commit(make_pack(pack, {TEXTS["a"][0]: text}))
    make_pack(pack, {f"{TEXTS['a'][0]}.sig.ines": signature})
    make_history(pack, ["a tomek:a"], gnupg)
    assert summary(history_of(pack, profile)) == ["a 0301 first"]
    assert not errors(pack, profile)


@pytest.mark.parametrize(
    "draft",
    [
        b"TODO",
        b"\xff\xfe\0",
        bulletin(9, date="someday").encode(),
        bulletin(2, date="2023-05-TODO").encode(),
    ],
)
def test_a_draft_stops_nothing(pack_of: PackOf, profile: Profile, draft: bytes) -> None:
    pack = pack_of("a tomek:a ines:a")
    for name in ("QSBs/qsb-001-2020.txt", "QSBs/qsb-002-2020.txt"):
        (pack / name).write_bytes(draft)
    (pack / "canaries/canary-001-2020.txt").write_bytes(draft)
    commit(pack)
    archive = read(pack, profile, only_versions=True)
    assert [p.document.file.data.decode() for p in archive.publications] == [TEXTS["a"][1]]
    assert not errors(pack, profile)
    assert [each.id for each in archive.history.documents] == ["QSB-001"]
    assert {each.id for each in archive.history.pending} == {"QSB-001", "QSB-002", "canary-001"}


def test_a_copy_of_a_text_in_another_place_does_not_hide_its_document(
    pack_of: PackOf, profile: Profile
) -> None:
    """Its number is that of its name, also while a draft lies there."""
    pack = pack_of("a tomek:a ines:a")
    (pack / "QSBs/qsb-001-2020.txt").rename(pack / "QSBs/qsb-007-2020.txt")
    (pack / "QSBs/qsb-001-2020.txt").write_bytes(b"TODO")
    commit(pack)
    archive, stops = strict(pack, profile)
    assert stops == []
    assert [(p.id, p.document.file.data.decode()) for p in archive.publications] == [
        ("QSB-001", TEXTS["a"][1])
    ]


def test_what_cannot_be_read_stops_nothing(
    pack_of: PackOf, tmp_path: Path, gnupg: Gnupg, profile: Profile
) -> None:
    """Large drafts, links, what is no file; only private keys do. Signed texts stay public."""
    pack = pack_of("a tomek:a ines:a")
    large, outside = b"." * (MAX_BYTES + 1), tmp_path / "outside"
    outside.write_text(TEXTS["d"][1])
    one, two, three, four = (f"QSBs/qsb-00{n}-2020.txt" for n in (1, 2, 3, 4))
    for name in (two, f"{one}.sig.tomek"):
        (pack / name).write_bytes(large)
    (pack / f"{one}.sig.ines").unlink()
    links = {three: outside, f"{one}.sig.ines": outside, "canaries/canary-001-2020.txt": "nowhere"}
    for name, target in links.items():
        (pack / name).symlink_to(target)
    os.mkfifo(pack / four)
    for unread in ({f"{one}.sig.tomek"}, {one}):  # the text is larger than a signature, too
        archive, stops = strict(pack, profile)
        assert stops == []
        assert [p.document.file.data.decode() for p in archive.publications] == [TEXTS["a"][1]]
        pending = {f.file for f in archive.findings if f.code == "pending"}
        assert pending == {*unread, *links, two, four}
        (pack / one).write_bytes(large)
    (pack / "QSBs/qsb-002-2020.txt").write_bytes(
        large + gnupg.run("--armor", "--export-secret-keys")
    )
    assert [stop.partition(" ")[0] for stop in errors(pack, profile)] == ["QSBs/qsb-002-2020.txt:"]


def test_a_signature_that_fits_nothing_stops(
    pack_of: PackOf, gnupg: Gnupg, profile: Profile
) -> None:
    pack = pack_of("a tomek:a ines:a", "b tomek:b")
    assert not errors(pack, profile)  # that of Ines is not yet renewed
    for signer, data in (("ines", b"Nothing."), ("stranger", b"Nothing."), ("stranger", None)):
        text = TEXTS["b"][1].encode() if data is None else data
        path = f"QSBs/qsb-001-2020.txt.sig.{signer}"
        make_pack(pack, {path: gnupg.sign(text, signer)})
        code = "signature-bad" if signer == "ines" else "signature-unknown-key"
        assert errors(pack, profile) == [f"{path}: {code}"]
        git(pack, "stash", "--quiet", "--include-untracked")


def test_without_history_a_pending_text_is_refused_by_name(
    tmp_path: Path, pack_of: PackOf, profile: Profile
) -> None:
    pack = pack_of("a tomek:a ines:a", "b d tomek:b tomek:d ines:d")
    url = f"file://{pack}"
    git(tmp_path, "clone", "--quiet", "--depth=2", url, "shallow")
    git(pack, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", url, "partial")
    git(tmp_path, "clone", "--quiet", url, "bare")
    shutil.rmtree(tmp_path / "bare/.git")
    for name, why in (
        ("shallow", "the clone is shallow"),
        ("partial", "the clone is partial"),
        ("bare", "the pack is no git checkout"),
    ):
        assert errors(tmp_path / name, profile) == [
            "QSBs/qsb-001-2020.txt: pending",
            "QSBs/qsb-001-2020.txt.sig.ines: signature-bad",  # the text that it covers is unknown
        ]
        archive = read(tmp_path / name, profile, only_versions=True)
        assert archive.history.unavailable.startswith(why)
        (message,) = (f.message for f in archive.findings if f.code == "pending")
        assert message.startswith(
            f"waits for a signature by Ines; no older version is known: {why}"
        )
        (version,) = (v for document in archive.history.documents for v in document.versions)
        assert (version.commit, version.complete) == ("", "")
        assert summary(archive.history) == ["d 0302 first"]
    assert errors(pack, profile) == []


def test_a_letter_is_shown_with_its_canary(pack_of: PackOf, gnupg: Gnupg, profile: Profile) -> None:
    pack = pack_of("a tomek:a ines:a", "k m ines:m")
    archive = read(pack, profile, only_versions=True)
    assert not archive.canaries
    assert [each.id for each in archive.history.documents] == ["QSB-001"]
    make_pack(pack, dict(signed_file(gnupg, "tomek:k", 3) | signed_file(gnupg, "ines:k", 3)))
    (shown,) = read(pack, profile, only_versions=True).canaries
    assert [letter.name for letter in shown.letters] == ["letter-ines"]


def test_where_something_is_withheld_no_commit_is_named(pack_of: PackOf, profile: Profile) -> None:
    commits = ("a tomek:a ines:a", "d tomek:d ines:d")
    pack = pack_of(*commits)
    secret = replace(profile, documents={"QSB-002": DocumentEntry(status="embargoed")})
    history = read(pack, secret, only_versions=True).history
    assert [(d.id, v.commit) for d in history.documents for v in d.versions] == [("QSB-001", "")]
    assert not history.pending
    history = read(pack, replace(profile, as_of=date(2020, 2, 1)), only_versions=True).history
    assert [(d.id, v.commit) for d in history.documents for v in d.versions] == [("QSB-001", "")]
    first, second = read(pack, profile).history.documents
    assert first.versions[0].commit == git(pack, "rev-parse", "HEAD^")
    assert second.versions[0].complete == git(pack, "rev-parse", "HEAD")


def test_no_waiver_for_what_nobody_has_signed(pack_of: PackOf, profile: Profile) -> None:
    (pending,) = read(pack_of("a"), profile).history.pending
    assert (pending.reason, pending.waiver) == ("waits for a signature by Tomek and Ines", "")


def test_a_waiver_is_ready(pack_of: PackOf, profile: Profile) -> None:
    pack = pack_of("a tomek:a")
    (pending,) = history_of(pack, profile).pending
    errors: list[Any] = []
    waivers = profile_of(tomllib.loads(pending.waiver), errors).waivers
    assert not errors
    archive = read(pack, replace(profile, waivers=waivers), only_versions=True)
    assert [p.id for p in archive.publications] == ["QSB-001"]
    assert archive.history.documents[0].versions[0].unsigned == ("Ines",)
    assert {f.waived for f in archive.findings if f.code == "signer-missing"} == {"why"}


@pytest.mark.parametrize("commits", [(), ("ines:a",), ("ines:a", "b tomek:b ines:b")])
def test_a_waiver_stays_needed(pack_of: PackOf, profile: Profile, commits: tuple[str, ...]) -> None:
    """Without it the version would be later, or none: nobody is told to remove it."""
    pack = pack_of("a tomek:a", *commits)
    for waived in (ONE["waivers"], (waiver("signature-bad", "a", ".sig.ines"),)):
        archive = read(pack, replace(profile, waivers=waived), only_versions=True)
        assert archive.history.documents[0].versions[0].time.day == 1
        assert [f.message for f in archive.findings if f.code == "waiver-unused"] == []


def test_an_older_text_with_a_private_key_is_not_served(
    pack_of: PackOf, gnupg: Gnupg, profile: Profile
) -> None:
    block = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n"
    text = bulletin(1, date="2020-02-01", body=block + "-----END OPENSSH PRIVATE KEY-----")
    pack = pack_of()
    name = "QSBs/qsb-001-2020.txt"
    signed = {f"{name}.sig.{s}": gnupg.sign(text.encode(), s) for s in ("ines", "tomek")}
    make_pack(pack, {name: text, **signed})
    commit(pack)
    make_history(pack, ("a tomek:a ines:a",), gnupg)
    assert summary(history_of(pack, profile)) == ["a 0301 first"]
