"""Publishing versions: what is public, what waits, what is refused, and what readers are told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest

from bulletins import words
from bulletins.exports.data import read_moved
from secpack import SecpackError
from tests.bulletins.sites import Site, publish, rebuild
from tests.keys import Gnupg, gnupg_with
from tests.packs import bulletin, commit, git, make_pack, new_repository
from tests.secpack.test_built import raw, tag, with_signature

URL = "https://archive.example.org"
ONE = "QSBs/qsb-001-2020.txt"
LOG = "\n\nChangelog\n----------\n\n2020-02-03: Original QSB\n2020-02-05: A version\n"
FIRST = bulletin(1, date="2020-02-03", body="Words on XSA-1.")
SECOND = bulletin(1, date="2020-02-03", title="New", body="Other words on XSA-1." + LOG)
TRACKER = "- {xsa: 1, date: 2020-02-01, affected: yes, qsb: 001-2020}\n"
PROFILE = """\
issuer = "Quern"
tag = "quern.example.org,2016"
master_key = "{master}"
[csaf]
namespace = "https://quern.example.org"
"""
SIGNER = """
[signers.{name}]
name = "{title}"
fingerprint = "{key}"
bulletins = {{}}
"""


@dataclass
class Team:
    """Two signers, their pack, and where it is public."""

    gnupg: Gnupg
    pack: Path
    folder: Path

    def write(self, text: str, *signers: str, day: str = "04", path: str = ONE) -> None:
        """Commit a text with signatures on it."""
        make_pack(self.pack, {path: text})
        for name in signers:
            signature = self.gnupg.sign(text.encode(), name, time=f"202002{day}T030405")
            make_pack(self.pack, {f"{path}.sig.{name}": signature})
        commit(self.pack)

    @property
    def variables(self) -> dict[str, str | Path]:
        given = {"SECPACK": self.pack, "PROFILE": self.folder / "profile.toml", "SITEURL": URL}
        return given | {"XSA": self.folder / "xsa.yml"}

    def publish(self, *arguments: str, **variables: str) -> Site:
        return publish(self.folder / "public", *arguments, **(self.variables | variables))


NAMES = ("ines", "tomek")
gnupg = gnupg_with("master", *NAMES, certified=NAMES, time="20100101T000000")


@pytest.fixture
def team(gnupg: Gnupg, tmp_path: Path) -> Team:
    prints = gnupg.fingerprints
    signers = (SIGNER.format(name=n, title=n.title(), key=prints[n]) for n in NAMES)
    profile = PROFILE.format(master=prints["master"]) + "".join(signers)
    (tmp_path / "profile.toml").write_text(profile)
    (tmp_path / "xsa.yml").write_text(TRACKER)
    pack = make_pack(tmp_path / "pack", gnupg.files("master", *NAMES))
    made = Team(gnupg, new_repository(pack), tmp_path)
    made.write(FIRST, "ines", "tomek")
    return made


def text(site: Site) -> str:
    return site.read("qsb/001/qsb-001-2020.txt")


def entries(site: Site, name: str) -> list[tuple[str, str, str]]:
    found = feedparser.parse(site.files()[f"feeds/{name}.atom.xml"]).entries
    return [(entry.title, entry.published, entry.updated) for entry in found]


def records(site: Site) -> list[str]:
    """The time of the bulletin as OSV and CSAF, its version, and the time of its entry."""
    osv = json.loads(site.read("osv/x_QSB-001.json"))
    tracking = json.loads(site.read("csaf/2020/qsb-001.json"))["document"]["tracking"]
    numbers = [revision["number"] for revision in tracking["revision_history"]]
    assert numbers == [str(n) for n in range(1, int(tracking["version"]) + 1)]
    assert tracking["revision_history"][-1]["date"] == tracking["current_release_date"]
    times = osv["modified"], tracking["current_release_date"], tracking["version"]
    return [*times, entries(site, "qsb")[0][2][:19] + "Z"]


@pytest.mark.slow
def test_a_text_that_all_have_signed_anew_is_a_new_version(team: Team) -> None:
    site = team.publish().ok()
    assert records(site) == ["2020-02-04T03:04:05Z"] * 2 + ["2", "2020-02-04T03:04:05Z"]
    before = entries(site, "changes")
    assert before == [("QSB-001: A title", *["2020-02-04T03:04:05+00:00"] * 2)]
    team.write(SECOND, "ines", day="06")
    waiting = team.publish().ok()
    assert "pending: QSB-001: waits for a signature by Tomek\n[[waivers]]" in waiting.said
    assert text(waiting) == FIRST
    assert "Other words" not in "".join(d.decode("utf-8", "replace") for d in site.files().values())
    team.write(SECOND, "tomek", day="07")
    site = team.publish().ok()
    assert text(site) == SECOND
    assert records(site) == ["2020-02-07T03:04:05Z"] * 2 + ["3", "2020-02-07T03:04:05Z"]
    (one,) = entries(site, "qsb")
    noon = "2020-02-03T12:00:00+00:00"  # the day that the text states, in every zone to the west
    assert one == ("QSB-001: New (revised 2020-02-05)", noon, "2020-02-07T03:04:05+00:00")
    change = ("QSB-001 changed: A version", *["2020-02-07T03:04:05+00:00"] * 2)
    assert entries(site, "changes") == [change, *before]
    links = [e.link for e in feedparser.parse(site.files()["feeds/changes.atom.xml"]).entries]
    assert links == [f"{URL}/qsb/001/history/"] * 2
    assert json.loads(site.read("data/moved.json"))["moved"] == {}
    assert "<lastmod>2020-02-07T03:04:05Z" in site.read("sitemap.xml")


@pytest.mark.slow
def test_a_bulletin_that_is_public_later_than_a_newer_one_is_not_missed(team: Team) -> None:
    """Its signatures are older than what programs have seen."""
    team.publish().ok()
    late = "QSBs/qsb-002-2020.txt"
    team.write(bulletin(2, date="2020-02-03"), "ines", "tomek", day="03", path=late)
    site = team.publish().ok()
    tracking = json.loads(site.read("csaf/2020/qsb-002.json"))["document"]["tracking"]
    assert tracking["initial_release_date"] == "2020-02-03T00:00:00Z"
    assert json.loads(site.read("osv/x_QSB-002.json"))["published"] == "2020-02-03T00:00:00Z"
    ((_, published, updated),) = [e for e in entries(site, "qsb") if e[0].startswith("QSB-002")]
    assert published == updated == "2020-02-03T12:00:00+00:00"  # signed before noon
    assert [r["summary"] for r in tracking["revision_history"]] == [
        "First published",
        words.first_signed,
        "The archive published or corrected this record; the text is the same",
    ]
    times = dict(line.split(",")[::-1] for line in site.read("osv/modified_id.csv").splitlines())
    assert times["x_QSB-002"] == tracking["current_release_date"] > times["x_QSB-001"]


def test_an_older_text_is_told_and_the_newest_stays_public(team: Team) -> None:
    team.write(SECOND, "ines", "tomek", day="06")
    team.publish().ok()
    team.write(FIRST, "ines", "tomek")
    site = team.publish().ok()
    assert "pending: QSB-001: an older version is in the pack again" in site.said
    assert text(site) == SECOND


def test_what_somebody_removed_stays_public(team: Team) -> None:
    """A text, with or without its signatures, and a signature of another one."""
    two = "QSBs/qsb-002-2020.txt"
    team.write(bulletin(2, date="2020-02-03"), *NAMES, path=two)
    before = team.publish()
    for path in (ONE, f"{ONE}.sig.ines", f"{two}.sig.tomek"):
        (team.pack / path).unlink()
    commit(team.pack)
    site = team.publish()
    assert site.status == 0, site.said
    assert "pending: QSB-001: somebody removed this text; its newest version stays" in site.said
    files = [{p: d for p, d in each.files().items() if "qsb/00" in p} for each in (before, site)]
    assert files[0].keys() == files[1].keys()
    signed = [path for path in files[0] if path.endswith((".txt", ".ines", ".tomek"))]
    assert len(signed) == 6
    assert all(files[0][path] == files[1][path] for path in signed)
    for page in (site.read(f"qsb/00{number}/index.html") for number in (1, 2)):
        assert "2 of 2 signatures good" in page
        assert "Pending" not in page


@pytest.mark.slow
def test_history_that_was_rewritten_takes_no_version_back(team: Team) -> None:
    team.write(SECOND, "ines", "tomek", day="06")
    team.publish().ok()
    (team.pack / ".git").rename(team.folder / "git")
    make_pack(team.pack, {"README.md": "Started again.\n"})
    for name in ("ines", "tomek"):
        signature = team.gnupg.sign(FIRST.encode(), name, time="20200204T030405")
        make_pack(team.pack, {ONE: FIRST, f"{ONE}.sig.{name}": signature})
    site = team.publish().refused()
    assert "an older text of QSB-001, of 2020-02-04 03:04:05; public is 2020-02-06" in site.said
    assert set(re.findall(r"\((publish-[a-z-]+)\)\n", site.said)) == {
        "publish-version-older",
        "publish-signature-weaker",
        "publish-url-gone",  # of the versions that are known no more
    }
    assert text(site) == SECOND


def test_a_signature_that_fits_no_text_stops(team: Team) -> None:
    team.write(SECOND, "ines", "tomek")
    bad = team.gnupg.sign(b"Other.", "tomek", time="20200208T030405")
    make_pack(team.pack, {f"{ONE}.sig.tomek": bad})
    site = team.publish().refused()
    assert f"{ONE}.sig.tomek: " in site.said
    assert "(signature-bad)" in site.said


@pytest.mark.slow
def test_what_the_tracker_says_moves_the_records_that_it_changes(team: Team) -> None:
    """To a later time, a greater version, and by nothing else than a file that a rebuild takes."""
    before = records(team.publish())
    (team.folder / "xsa.yml").write_text(TRACKER + TRACKER.replace("xsa: 1", "xsa: 2"))
    team.write(SECOND, "ines", day="06")
    site = team.publish().ok()
    assert "6 records got a new time: new or changed, but not later." in site.said
    assert site.said.count("pending: ") == 1  # although it was built twice
    after = records(site)
    assert all(new > old for new, old in zip(after, before, strict=True))
    assert [change[0] for change in entries(site, "changes")] == ["QSB-001: A title"]
    assert entries(site, "changes")[0][2] == "2020-02-04T03:04:05+00:00"
    again = team.publish()
    assert "Nothing changes." in again.said
    moved = site.folder / "data/moved.json"
    assert set(read_moved(moved.read_bytes())) == {
        "osv/x_QSB-001.json",
        "csaf/2020/qsb-001.json",
        "vex/2020/vex-xsa-2.json",
        "vex/openvex.json",
        "vex/openvex.json#xsa-2",
        "tag:quern.example.org,2016:qsb-001",
    }
    rebuilt = rebuild(site, team.folder / "site", **team.variables).ok()
    assert rebuilt.files() == site.files()
    make_pack(team.pack, {"README.md": "Words.\n"})
    commit(team.pack)
    other = rebuild(site, team.folder / "site", **team.variables).refused()
    assert "commit of the pack: here " in other.said
    assert "NOT the same: " in other.said


@pytest.mark.slow
def test_what_a_rollback_withdraws_is_remembered(team: Team) -> None:
    team.publish().ok()
    team.write(SECOND, "ines", "tomek", day="06")
    team.publish().ok()
    asked = team.publish("--rollback").refused()
    assert "A rollback to version 1 withdraws version 2:" in asked.said
    # The bulletin as OSV, as CSAF and in feeds, the advisory that it addresses, and the change.
    assert (
        "  records for programs and feed readers that become older, or are gone: 5\n" in asked.said
    )
    assert "an older text of QSB-001, of 2020-02-04 03:04:05; public is 2020-02-06" in asked.said
    assert "nobody is there to confirm that; FORCE=1 does" in asked.said
    assert text(asked) == SECOND
    team.publish("--rollback", FORCE="1").ok()
    assert text(asked) == FIRST
    other = team.folder / "other"
    team.pack.rename(other)
    keys = team.gnupg.files("master", *NAMES)
    team.pack = new_repository(make_pack(team.folder / "pack", keys))
    team.write(FIRST, "ines", "tomek")
    refused = team.publish().refused()
    assert "an older text of QSB-001" in refused.said
    team.pack = other
    site = team.publish().ok()
    assert text(site) == SECOND
    home = site.folder.with_name("public.versions")
    assert sorted(p.name for p in home.iterdir() if p.name != "lock") == ["000001", "000002"]


@pytest.mark.slow
def test_ten_documents_that_change_at_once_are_all_in_the_feed(team: Team) -> None:
    """Also the oldest of many."""
    for number in range(2, 63):
        path = f"QSBs/qsb-{number:03d}-2020.txt"
        text = bulletin(number, date="2020-02-03")
        make_pack(team.pack, {path: text})
        for name in ("ines", "tomek"):
            signature = team.gnupg.sign(text.encode(), name, time="20200204T030405")
            make_pack(team.pack, {f"{path}.sig.{name}": signature})
    commit(team.pack)
    team.publish().ok()
    for number in range(2, 12):
        text = bulletin(number, date="2020-02-03", body="Other words.")
        team.write(text, "ines", "tomek", day="08", path=f"QSBs/qsb-{number:03d}-2020.txt")
    site = team.publish().ok()
    for name, title in (("qsb", "(revised 2020-02-08)"), ("changes", "changed: Words changed")):
        assert sum(title in entry[0] for entry in entries(site, name)) == 10


@pytest.mark.parametrize("data", [b"", b"[]", b'{"moved": {"a": ["x"]}}', b'{"moved": {"a": 1}}'])
def test_a_file_of_moves_that_cannot_be_read(data: bytes) -> None:
    with pytest.raises(SecpackError, match=r"moved\.json cannot be read"):
        read_moved(data)


def test_a_signature_counts_whatever_its_name(team: Team) -> None:
    team.write(SECOND, "ines", day="06")
    signature = team.gnupg.sign(SECOND.encode(), "tomek", time="20200206T030405")
    (team.pack / f"{ONE}.sig.tomek").unlink()
    make_pack(team.pack, {f"{ONE}.txt.sig.tomek": signature})
    commit(team.pack)
    site = team.publish().ok()
    assert f"{ONE}.txt.sig.tomek: covers a text of QSB-001: name it as other" in site.said
    assert "2 of 2 signatures good" in site.read("qsb/001/index.html")
    assert "qsb/001/qsb-001-2020.txt.sig.tomek" in site.files()
    (team.pack / f"{ONE}.txt.sig.tomek").rename(team.pack / f"{ONE}.sig.tomek")
    commit(team.pack)
    team.publish().ok()


def test_one_signature_is_said_to_be_one_of_two(team: Team) -> None:
    """On pages, in feeds and data, also where a waiver made it enough."""
    team.write(bulletin(2, date="2020-02-05"), "ines", day="06", path="QSBs/qsb-002-2020.txt")
    waiting = team.publish()
    reason = "pending: QSB-002: waits for a signature by Tomek\n"
    assert reason in waiting.said
    assert "qsb/002/index.html" not in waiting.files()
    waiver = waiting.said.partition(reason)[2].partition("reason = ")[0] + 'reason = "He is away"\n'
    with (team.folder / "profile.toml").open("a") as profile:
        profile.write(f"\n{waiver}")
    site = team.publish().ok()
    standing = "signed by 1 of 2, not by Tomek"
    places = ("qsb/002/index.html", "qsb/index.html", "feeds/qsb.atom.xml")
    assert all(standing in site.read(place) for place in places)
    assert json.loads(site.read("qsb/002/qsb-002-2020.json"))["standing"] == standing
    assert "pending" not in site.said


def test_a_waiver_makes_one_signature_enough_for_a_new_version(team: Team) -> None:
    """The other one, of the version before, still lies beside the text."""
    team.publish().ok()
    team.write(SECOND, "ines", day="06")
    waiting = team.publish().said
    waiver = waiting[waiting.index("[[waivers]]") :].partition("reason = ")[0]
    with (team.folder / "profile.toml").open("a") as profile:
        profile.write(f'\n{waiver}reason = "He is away"\n')
    site = team.publish().ok()
    assert text(site) == SECOND
    assert "Ines: 1 of 2 signatures good; 1 bad, explained" in site.read("qsb/001/index.html")


def test_a_site_says_who_signed_its_commit_and_the_tags_that_were_named(team: Team) -> None:
    """Other tags, branches and settings of a clone change no byte."""
    with_signature(team.pack, team.gnupg.sign(raw(team.pack, "commit", "HEAD"), "tomek"))
    tag(team.pack, "<b>", team.gnupg, by="ines")
    tag(team.pack, "later", team.gnupg, by="tomek")
    other = team.folder / "other"
    git(team.folder, "clone", "--quiet", "--no-tags", str(team.pack), str(other))
    git(other, "checkout", "--quiet", "-b", "side")
    git(other, "config", "user.name", "Somebody")
    name = git(team.pack, "rev-parse", "HEAD")
    site, same = (
        publish(team.folder / f"{pack.name}-public", **(team.variables | {"SECPACK": pack}))
        for pack in (team.pack, other)
    )
    assert (site.status, same.status) == (0, 0), site.said + same.said
    assert site.files() == same.files()
    page = site.read("keys/index.html")
    assert f"{name}</code>: good, by the key {team.gnupg.fingerprints['tomek']}, on 20" in page
    assert f'<a href="#{team.gnupg.fingerprints["tomek"]}">' in page
    assert "later" not in page
    assert 'href="./keys/index.html#state"' in site.read("index.html")
    (built,) = json.loads(site.read("data/manifest.json"))["built"]
    assert (built["object"], built["verdict"]) == (name, "good")
    named = team.publish(TAGS=" <b> later")
    page = named.read("keys/index.html")
    assert page.count("Tag &lt;b&gt;, <code") == page.count("Tag later, <code") == 1
    assert page.count("git verify-tag ") == 2
    built = json.loads(named.read("data/manifest.json"))["built"]
    assert [each["tag"] for each in built] == [None, "<b>", "later"]
    refused = team.publish(TAGS="gone").refused()
    assert f"{name} has no annotated tag gone" in refused.said
