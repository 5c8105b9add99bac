"""Which commit a site shows, and who signed that or a tag on it."""

from __future__ import annotations

import subprocess
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from secpack import Checker, PackError, Profile, SecpackError, load, load_profile
from secpack.history import as_data, as_lines, built_in_words, read_history
from secpack.history.git import checked_out
from secpack.model.archive import History
from secpack.pack import read_contents
from secpack.profile import Signer
from tests.keys import Gnupg, gnupg_with
from tests.packs import commit, git, make_pack, new_repository, numbered
from tests.processes import script

SSH = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"


gnupg = gnupg_with("master", "dev", "guest", "stranger", certified=["dev"])


@pytest.fixture(scope="module")
def profile(gnupg: Gnupg) -> Profile:
    """Only another person signs texts."""
    signers = {"tomek": Signer("Tomek", "0" * 40)}
    return Profile(master_key=gnupg.fingerprints["master"], signers=signers)


@pytest.fixture
def pack(tmp_path: Path, gnupg: Gnupg) -> Path:
    keys = gnupg.files("master", "dev", "guest")
    pack = make_pack(tmp_path / "pack", numbered(1) | keys)
    commit(new_repository(pack), "One\n\n-----BEGIN PGP SIGNATURE-----\n")
    return pack


def raw(pack: Path, kind: str, name: str) -> bytes:
    command = ["git", "cat-file", kind, name]
    return subprocess.run(command, cwd=pack, capture_output=True, check=True).stdout


def written(pack: Path, kind: str, data: bytes) -> str:
    """Write an object as it is; return its name."""
    command = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=pack, input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def with_signature(pack: Path, signature: bytes, header: bytes = b"gpgsig") -> str:
    """Make the commit one with this signature in it, as git writes it."""
    head, _, message = raw(pack, "commit", "HEAD").partition(b"\n\n")
    lines = header + b" " + signature.rstrip(b"\n").replace(b"\n", b"\n ")
    name = written(pack, "commit", b"%b\n%b\n\n%b" % (head, lines, message))
    git(pack, "update-ref", "refs/heads/main", name)
    return name


def tag(pack: Path, name: str, gnupg: Gnupg | None = None, *, by: str = "dev", **how: str) -> str:
    """Make an annotated tag on the commit, signed or not; return its name in git.

    ``named`` is what it calls itself, ``message`` its text, ``on`` what it is on.
    """
    on = git(pack, "rev-parse", how.get("on", "HEAD"))
    kind, called = git(pack, "cat-file", "-t", on), how.get("named", name)
    data = f"object {on}\ntype {kind}\ntag {called}\ntagger Q <q@example.org> 1577934245 +0000\n\n"
    text = (data + how.get("message", "A tag\n")).encode()
    made = written(pack, "tag", text + (gnupg.sign(text, by) if gnupg else b""))
    git(pack, "update-ref", f"refs/tags/{name}", made)
    return made


def history_of(pack: Path, profile: Profile, *tags: str) -> History:
    """With these tags; or with all that there are."""
    contents = read_contents(pack, profile)
    history = read_history(pack, contents, profile, Checker(), tags=tags or None)[2]
    bad = [each for each in history.built if "BAD" in built_in_words(each)]
    findings = [f for f in contents.findings if f.file == ".git"]
    assert [f.code for f in findings] == ["commit-signature"] * len(bad)
    assert all("BAD: the signature does not match the text" in f.message for f in findings)
    return history


def found(history: History, profile: Profile) -> list[str]:
    """What is said of the commit and of tags on it, without the names of objects."""
    lines = [*as_lines(history, profile)][: len(history.built)]
    return [line.replace(o.id, "ID") for line, o in zip(lines, history.built, strict=True)]


CASES = {
    "dev": "good, by the key {dev}, on 2020-01-02T03:04:05Z",
    "guest": "not certified – no certification of the key {guest} by a trust anchor counts, "
    "on 2020-01-02T03:04:05Z",
    "stranger": "made with a key that is not in the pack – {stranger}, on 2020-01-02T03:04:05Z",
    "none": "not signed",
    "other": "BAD: the signature does not match the text",
    "ssh": "not accepted as a detached signature – an SSH signature; only OpenPGP is verified",
    "two": "not accepted as a detached signature – several signatures in one file; expected one",
}


@pytest.mark.parametrize("case", CASES)
def test_who_signed_the_commit(pack: Path, gnupg: Gnupg, profile: Profile, case: str) -> None:
    text = raw(pack, "commit", "HEAD")
    made = {
        "ssh": lambda: SSH,
        "other": lambda: gnupg.sign(text + b"x", "dev"),
        "two": lambda: gnupg.sign(text, "dev") + gnupg.sign(text, "guest"),
    }
    if case != "none":
        with_signature(pack, made[case]() if case in made else gnupg.sign(text, case))
    expected = CASES[case].format(**gnupg.fingerprints)
    history = history_of(pack, profile)
    assert found(history, profile) == [f"commit ID: {expected}"]
    assert history.built[0].id == git(pack, "rev-parse", "HEAD")
    assert load(pack, profile=profile, checker=Checker()).history.built == history.built
    assert load(pack, profile=profile).commit == history.built[0].id
    (data,) = as_data(history)["built"]
    assert (data["tag"], data["verdict"] is None) == (None, case == "none")
    assert data["words"] == expected


def test_git_agrees(pack: Path, gnupg: Gnupg, profile: Profile) -> None:
    """What git signs is good here; what is made here is good for git."""
    signing = f"user.signingKey={gnupg.fingerprints['dev']}"
    lines = f'exec gpg --homedir {gnupg.home} --passphrase "" --batch "$@"'
    program = script(pack.parent / "program", lines)
    own = ("-c", signing, "-c", f"gpg.program={program}")
    git(pack, *own, "commit", "--quiet", "--amend", "--gpg-sign", "--message", "Signed")
    git(pack, *own, "tag", "--sign", "--message", "By git", "git")
    made = tag(pack, "here", gnupg)
    assert [line.rpartition(", by ")[0] for line in found(history_of(pack, profile), profile)] == [
        "commit ID: good",
        "tag git, ID: good",
        "tag here, ID: good",
    ]
    git(pack, *own, "verify-commit", "HEAD")
    git(pack, *own, "verify-tag", made)


def test_tags_on_the_commit(pack: Path, gnupg: Gnupg, profile: Profile) -> None:
    """What a tag says of itself counts, not where it is; a clone may lack any of them."""
    first = git(pack, "rev-parse", "HEAD")
    fake = gnupg.sign(b"x", "dev").decode()
    tag(pack, "b-plain")
    tag(pack, "a-signed", gnupg)
    tag(pack, "c-fake", gnupg, message=f"Words\n{fake}\nMore\n")
    tag(pack, "d-moved", gnupg, named="e-real")
    tag(pack, "f-bad", message=fake)
    tag(pack, "nested", on="a-signed", message="Of a tag\n")
    git(pack, "tag", "light")
    by = f"good, by the key {gnupg.fingerprints['dev']}, on 2020-01-02T03:04:05Z"
    assert found(history_of(pack, profile), profile) == [
        "commit ID: not signed",
        f"tag a-signed, ID: {by}",
        "tag b-plain, ID: not signed",
        f"tag c-fake, ID: {by}",
        f"tag e-real, ID: {by}",
        "tag f-bad, ID: BAD: the signature does not match the text",
    ]
    assert [each.tag for each in history_of(pack, profile, "b-plain", "a-signed").built] == [
        "",
        "a-signed",
        "b-plain",
    ]
    for name in ("gone", "light", "nested", "d-moved", "e-real"):
        with pytest.raises(SecpackError, match=f"has no annotated tag {name}$"):
            load(pack, profile=profile, tags=[name])
    git(pack, "symbolic-ref", "HEAD", "refs/heads/none")
    with pytest.raises(SecpackError, match="git finds no commit there"):
        checked_out(pack, None)
    git(pack, "symbolic-ref", "HEAD", "refs/heads/main")
    commit(pack)
    assert found(history_of(pack, profile), profile) == ["commit ID: not signed"]
    assert [o.id for o in load(pack, profile=profile).history.built] != [first]


def test_objects_are_hostile(pack: Path, profile: Profile) -> None:
    names = ("<script>", "a\u202eb", "x" * 201, "y" * 200, "\udcff", "$(id)")
    for number, name in enumerate(names):
        on = git(pack, "rev-parse", "HEAD")
        data = f"object {on}\ntype commit\ntag {name}\n\n".encode(errors="surrogateescape")
        made = written(pack, "tag", data + b"\0" * 1000 + SSH)
        git(pack, "update-ref", f"refs/tags/{number}", made)
    tags = [each.tag for each in history_of(pack, profile).built]
    assert tags == ["", "$(id)", "<script>", "a\u202eb", "y" * 200, "\ufffd"]
    (pack / ".git/refs/tags/9").write_text(written(pack, "tag", b"object x\n") + "\n")
    assert len(history_of(pack, profile).built) == len(tags)


def test_a_header_of_another_digest_is_not_signed(
    pack: Path, gnupg: Gnupg, profile: Profile
) -> None:
    """It is of the same commit in a repository with SHA-256; git leaves it out, too."""
    text = raw(pack, "commit", "HEAD")
    with_signature(pack, gnupg.sign(b"x", "dev"), b"gpgsig-sha256")
    assert found(history_of(pack, profile), profile) == ["commit ID: not signed"]
    with_signature(pack, gnupg.sign(text, "dev"))
    assert history_of(pack, profile).built[0].text.data == text


def test_a_commit_signed_in_the_future_stops(pack: Path, gnupg: Gnupg, profile: Profile) -> None:
    text = raw(pack, "commit", "HEAD")
    name = with_signature(pack, gnupg.sign(text, "dev", time="20990101T000000"))
    with pytest.raises(PackError, match=f"commit {name}: signed in the future, on 2099-01-01"):
        load(pack, profile=profile, checker=Checker())


@pytest.mark.parametrize("change", ["words", "new", "key", "lost key", "lost text"])
def test_a_folder_that_is_not_as_in_the_commit(pack: Path, profile: Profile, change: str) -> None:
    """Whoever signed the commit did not vouch for this."""
    tag(pack, "v1")
    text, key = next(iter(numbered(1))), "keys/team/guest.asc"
    (pack / "notes.txt").write_text("Nothing that is published.")
    assert load(pack, profile=profile).commit
    match change:
        case "words" | "key":
            with (pack / {"words": text, "key": key}[change]).open("a") as file:
                file.write("\n")
        case "new":
            make_pack(pack, numbered(2))
        case _:
            make_pack(pack, numbered(2))
            commit(pack)
            (pack / {"lost text": text, "lost key": key}[change]).unlink()
    archive = load(pack, profile=profile, checker=Checker())
    assert (archive.commit, archive.history.built) == ("", ())
    path = next(iter(numbered(2))) if change == "new" else key if "key" in change else text
    message = f"the commit of this checkout is not stated: {path} is not as in the commit"
    assert message in [f.message for f in archive.findings if f.code == "no-commit"]
    with pytest.raises(SecpackError, match=r"is not as in the commit|has no annotated tag"):
        load(pack, profile=profile, tags=["v1"])


def test_where_something_is_withheld_nothing_is_said(pack: Path, profile: Profile) -> None:
    commit(make_pack(pack, numbered(2)))
    tag(pack, "v1")
    shown = {"profile": profile, "checker": Checker(), "tags": ["v1"]}
    assert len(load(pack, **shown).history.built) == 2
    archive = load(pack, as_of=date(2001, 12, 31), **shown)
    assert (archive.commit, archive.history.built) == ("", ())


# --- a pack without git -----------------------------------------------------------------------


@pytest.fixture
def unpacked(pack: Path, tmp_path: Path) -> Path:
    """The pack as an archive of files, with its history as a bundle."""
    git(pack, "tag", "light")
    tag(pack, "v1")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    git(pack, "bundle", "create", "--quiet", str(folder / "history.bundle"), "HEAD", "v1")
    git(pack, "archive", "--output", str(tmp_path / "pack.tar"), "HEAD")
    git(folder, "init", "--quiet")
    subprocess.run(["tar", "-xf", str(tmp_path / "pack.tar")], cwd=folder, check=True)  # noqa: S607
    subprocess.run(["rm", "-rf", ".git"], cwd=folder, check=True)  # noqa: S607
    return folder


def test_a_pack_brings_its_history(
    tmp_path: Path, pack: Path, unpacked: Path, profile: Profile
) -> None:
    bundled = replace(profile, bundle="history.bundle")
    (tmp_path / "profile.toml").write_text('bundle = "history.bundle"\n')
    assert load_profile(tmp_path / "profile.toml").bundle == bundled.bundle
    expected = load(pack, profile=profile, checker=Checker(), tags=["v1"])
    archive = load(unpacked, profile=bundled, checker=Checker(), tags=["v1"])
    assert archive.commit == git(pack, "rev-parse", "HEAD")
    assert asdict(archive) == asdict(replace(expected, findings=archive.findings))
    assert [f.code for f in archive.findings] == [f.code for f in expected.findings]
    assert load(unpacked, profile=profile, checker=Checker()).history.unavailable
    (unpacked / "history.bundle").rename(unpacked / "other")
    assert load(unpacked, profile=bundled, checker=Checker()).history.unavailable


def test_a_bundle_of_other_texts_stops(unpacked: Path, profile: Profile) -> None:
    bundled = replace(profile, bundle="history.bundle")
    path = unpacked / "QSBs/qsb-001-2001.txt"
    (unpacked / "README.md").write_text("Not a text.\n")
    load(unpacked, profile=bundled, checker=Checker())
    text = path.read_bytes()
    path.write_bytes(text + b"More.\n")
    why = r": not as in history\.bundle's commit; renew the bundle"
    with pytest.raises(SecpackError, match=f"QSBs/qsb-001-2001.txt{why}"):
        load(unpacked, profile=bundled, checker=Checker())
    path.write_bytes(text)
    make_pack(unpacked, numbered(2))
    with pytest.raises(SecpackError, match=f"QSBs/qsb-002-2002.txt{why}"):
        load(unpacked, profile=bundled, checker=Checker())


def test_a_bundle_is_hostile(
    pack: Path, unpacked: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = replace(profile, bundle="history.bundle")
    bundle = unpacked / "history.bundle"
    data = bundle.read_bytes()
    head, _, objects = data.partition(b"\n\n")
    trap = unpacked.parent / "sprung"
    for changed in (
        b"",
        b"x",
        data[:-30],
        head + b"\n\n" + objects[:-1] + b"x",
        data.replace(b" HEAD\n", b" refs/heads/../../../sprung\n"),
        data.replace(b" HEAD\n", b" refs/heads/main\n"),
        head + b"\n%b shallow\n\n" % head.split()[4] + objects,
        head + b"\n-%b needed\n\n" % (b"1" * 40) + objects,
        f"# v2 git bundle\next::touch% {trap}\n\n".encode(),
    ):
        bundle.write_bytes(changed)
        with pytest.raises(SecpackError, match=r"^history\.bundle: "):
            load(unpacked, profile=bundled, checker=Checker())
    bundle.unlink()
    bundle.symlink_to(pack / ".git/HEAD")
    with pytest.raises(SecpackError, match=r"^history\.bundle: "):
        load(unpacked, profile=bundled, checker=Checker())
    bundle.unlink()
    bundle.write_bytes(data)
    monkeypatch.setattr("secpack.history.git._MOST_BYTES", 10)
    with pytest.raises(SecpackError, match=r"^history\.bundle: "):
        load(unpacked, profile=bundled, checker=Checker())
    assert not trap.exists()
