"""What holds for a real pack (SECPACK) and real tracker data (XSA)."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from pathlib import Path

import feedparser
import icalendar
import pytest

from bulletins.reader import about, summary
from secpack import Checker, Profile, SecpackError, load, load_advisories, load_profile
from secpack.cache import Cache
from secpack.model import Archive, Heading, Preformatted, Severity
from secpack.text.walk import leaves
from tests.bulletins import judges
from tests.bulletins.sites import ROOT, Site, build

PROFILE = ROOT / "content" / "qubes.toml"


@pytest.fixture(scope="module")
def archive(real_pack: Path, real_tracker: Path) -> Archive:
    tracker = load_advisories(real_tracker)
    return load(real_pack, profile=load_profile(PROFILE), advisories=tracker)


@pytest.fixture(scope="module")
def site(real_pack: Path, real_tracker: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("real") / "site"
    built = build(folder, SECPACK=real_pack.resolve(), XSA=real_tracker.resolve())
    assert built.status == 0, built.said
    return built


def test_every_document_is_published_with_its_files(real_pack: Path, site: Site) -> None:
    files = site.files()
    pattern = re.compile(r"(qsb|canary)-(\d{3})-\d{4}[a-z-]*\.txt(\.sign?\.\w+)?")
    documents = 0
    for path in sorted(real_pack.glob("QSBs/*")) + sorted(real_pack.glob("canaries/*")):
        if match := pattern.fullmatch(path.name):
            served = files[f"{match[1]}/{match[2]}/{path.name}"]
            assert hashlib.sha256(served).digest() == hashlib.sha256(path.read_bytes()).digest()
            assert f"{match[1]}/{match[2]}/index.html" in files
            documents += 1
    assert documents >= 300


def test_dates_agree_with_the_file_names(archive: Archive) -> None:
    for publication in archive.publications:
        assert publication.document.file.name.endswith(f"-{publication.published.year}.txt")
        assert publication.published <= publication.updated


def test_numbers_and_dates_ascend(archive: Archive) -> None:
    for row in (archive.bulletins, archive.canaries):
        dates = [publication.published for publication in row]
        assert dates == sorted(dates)


def test_titles_are_lines_of_the_text(archive: Archive) -> None:
    """From bulletin 11 on every text has a title, which no section follows into."""
    for bulletin in archive.bulletins:
        head = bulletin.document.letterhead
        assert head
        assert bool(head.title) == (bulletin.number > 10), bulletin.id
        text = " ".join(bulletin.document.file.data.decode().split())
        assert all(line in text for line in head.title_lines + head.subtitle_lines)
        following = bulletin.document.blocks[1]
        assert isinstance(following, Heading) or bulletin.number == 1, bulletin.id


def test_every_document_says_what_to_do_or_what_it_is_about(archive: Archive) -> None:
    for publication in archive.publications:
        assert len(summary(publication).split()) >= 8, publication.id
        assert len(about(publication).split()) >= 8, publication.id


def test_findings_are_few(archive: Archive) -> None:
    """Numbers may be missing, and so bulletins that canaries count; no text lacks a rule."""
    known = {"number-gap", "canary-count", "canary-proof"}
    assert {finding.code for finding in archive.findings} <= known


def test_no_prose_is_taken_for_code(archive: Archive) -> None:
    """Preformatted prose would have lines that begin with a capital and end in a full stop."""
    for publication in archive.publications:
        for leaf in leaves(publication.document.blocks):
            if isinstance(leaf, Preformatted) and leaf.language != "record":
                sentences = re.findall(r"(?m)^[A-Z][a-z]+(?: [a-z]+){4,}.*\.$", leaf.text)
                assert not sentences, (publication.id, leaf.first, sentences)


def test_the_issues_of_bulletin_29(archive: Archive) -> None:
    bulletin = next((b for b in archive.bulletins if b.number == 29), None)
    if bulletin is None:
        pytest.skip("this pack has no bulletin 29")
    assert (bulletin.addresses, bulletin.mentions) == ((212,), (29, 148))
    assert bulletin.title == "Critical Xen bug in PV memory virtualization code (XSA-212)"
    assert bulletin.published.isoformat() == "2017-04-04"


# --- feeds and exports ------------------------------------------------------------------------


def test_counts_agree(archive: Archive, site: Site) -> None:
    files = site.files()
    for slug, row in (("qsb", archive.bulletins), ("canary", archive.canaries)):
        own = [n for n in files if n.startswith(f"{slug}/") and n.count("/") == 2]
        feeds = [n for n in files if re.fullmatch(rf"feeds/{slug}(-\d+)?\.atom\.xml", n)]
        entries = [e.id for n in feeds for e in feedparser.parse(files[n]).entries]
        assert len(row) == len(entries) == len(set(entries)) >= 30
        assert len(row) == len([name for name in own if name.endswith("/index.html")])
        assert len(row) == len([name for name in own if name.endswith(".json")])
    events = icalendar.Calendar.from_ical(files["feeds/canaries.ics"]).walk("VEVENT")
    assert len(events) == len([canary for canary in archive.canaries if canary.due])


def test_exports_are_valid(site: Site) -> None:
    judged = 0
    for name, data in site.files().items():
        if name.endswith(".json") and not name.startswith(("feeds/", "data/schema.json")):
            assert judges.data_faults(json.loads(data)) == [], name
            judged += 1
    assert judged >= 100
    assert judges.calendar_faults(site.files()["feeds/canaries.ics"]) == []


def test_feeds_are_valid(site: Site) -> None:
    feeds = {name: data for name, data in site.files().items() if name.endswith(".atom.xml")}
    assert len(feeds) >= 3
    for name, data in feeds.items():
        assert judges.atom_faults(data) + judges.feed_faults(data) == [], name


# --- evidence ---------------------------------------------------------------------------------


def test_a_strict_build_passes(real_pack: Path, real_tracker: Path, tmp_path: Path) -> None:
    built = build(
        tmp_path / "site",
        settings="publishconf.py",
        SECPACK=real_pack.resolve(),
        XSA=real_tracker.resolve(),
    )
    assert built.status == 0, built.said


def test_verdicts_on_page_and_in_data(site: Site) -> None:
    data = json.loads(site.read("data/archive.json"))
    rows = [(p, s) for p in data["bulletins"] + data["canaries"] for s in p["signatures"]]
    odd = [(p, s) for p, s in rows if s["verdict"] not in ("good", "good-legacy")]
    assert len(rows) >= 220
    for _, signature in rows:
        if signature["verdict"].startswith("good"):
            assert (signature["verdict"] == "good-legacy") == (signature["digest"] == "SHA1")
            assert signature["certified"] is True
            assert re.fullmatch("[0-9A-F]{40}", signature["fingerprint"])
    for publication, signature in odd:
        assert signature["verdict"] == "bad"
        assert "BAD: the text, or the signature" in site.read(publication["url"] + "index.html")
    legacy = next(p for p, s in rows if s["verdict"] == "good-legacy")
    assert "good, but over a legacy digest" in site.read(legacy["url"] + "index.html")


def test_any_change_is_noticed(real_pack: Path, tmp_path: Path) -> None:
    """One byte of one file at a time: a text, a signature, a key that signs or certifies."""
    pack = tmp_path / "pack"
    shutil.copytree(real_pack, pack, ignore=shutil.ignore_patterns(".git"), symlinks=True)
    profile, checker = load_profile(PROFILE), Checker(cache=Cache(tmp_path / "verdicts.json"))
    assert not grave(pack, profile, checker)
    chance = random.Random(1)  # noqa: S311 - not a secret
    names = [*pack.glob("QSBs/qsb-[0-9]*"), *pack.glob("canaries/canary-[0-9]*")]
    names = [*chance.sample(sorted(names), 30), *pack.glob("keys/security-team/*signing*")]
    names += [*pack.glob("keys/master-key/*"), *pack.glob("keys/security-team/retired/*.asc")]
    for path in names:
        good = path.read_bytes()
        place = good.index(b"\n\n") + 40 if good.startswith(b"-----") else len(good) // 2
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert grave(pack, profile, checker), path.name
        path.write_bytes(good)


def grave(pack: Path, profile: Profile, checker: Checker) -> list[str]:
    """What stops a strict build."""
    try:
        found = load(pack, profile=profile, checker=checker).findings
    except SecpackError as error:
        return [str(error)]
    return [f.message for f in found if f.severity is Severity.ERROR and not f.waived]


def test_every_canary_announces_the_next(archive: Archive) -> None:
    for canary in archive.canaries:
        assert canary.due, canary.id
        assert canary.published < canary.due.first <= canary.due.last
        assert (canary.due.first - canary.published).days < 200
        assert canary.count
        assert len(canary.statements) == 5
