"""What holds for a real pack (SECPACK) and real tracker data (XSA)."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import feedparser
import icalendar
import pytest
from markupsafe import escape

from benchmarks.inference import inferred_pairs, score, tracked_pairs
from bulletins import words
from bulletins.build.gate import dangling
from bulletins.site import about, summary
from secpack import Checker, Profile, SecpackError, load, load_advisories, load_profile
from secpack.cache import Cache
from secpack.cli import main
from secpack.extract.packages import read_packages
from secpack.history import as_data, read_history
from secpack.lint import CODES, lint
from secpack.model.archive import Archive, Context, Fix, PackageRow, Verdict
from secpack.model.blocks import Heading, Preformatted, leaves
from secpack.model.findings import Severity
from secpack.pack import read_contents
from secpack.tracker.join import statistics
from tests.bulletins import judges, rules
from tests.bulletins.formats import exports
from tests.bulletins.sites import ROOT, Site, build, verified
from tests.bulletins.test_tracker import check_statistics
from tests.polling import main_line, poll
from tests.replay import outcome, replay

#: The signature on canary 26 that does not match its text.
BAD = "a8ca6ae5ad210c40d67672c1d1ad7f43986d8bbd3aa226fee66f35489dbe34f5"
PROFILE = ROOT / "content" / "qubes.toml"


@pytest.fixture(scope="module")
def archive(real_pack: Path, real_tracker: Path) -> Archive:
    tracker = load_advisories(real_tracker)
    return load(real_pack, profile=load_profile(PROFILE), advisories=tracker)


@pytest.fixture(scope="module")
def site(real_site: Site) -> Site:
    return real_site


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
    known = {"number-gap", "canary-count", "canary-proof", "tracker-bulletin"}
    known |= {"tracker-date", "tracker-verdict", "folder-missing"}
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
    assert bulletin.addresses == (212,)
    assert [m for s, m in bulletin.relations if s == "XSA"] == ["XSA-29", "XSA-148", "XSA-212"]
    assert bulletin.title == "Critical Xen bug in PV memory virtualization code (XSA-212)"
    assert bulletin.published.isoformat() == "2017-04-04"


# --- the tracker ------------------------------------------------------------------------------


def test_statistics_are_those_of_the_data(archive: Archive, real_tracker: Path) -> None:
    """The data, counted in another way."""
    entries = real_tracker.read_text("utf-8").split("- xsa: ")[1:]
    used = [entry for entry in entries if "unused: yes" not in entry]
    affecting = [entry for entry in used if "affected: yes" in entry]
    counted = statistics(archive.advisories)
    assert (counted.total, counted.used) == (len(entries), len(used))
    assert counted.affecting == len(affecting)
    assert str(counted.percentage) == f"{100 * len(affecting) / len(used):.2f}"
    assert sum(year.used for year in counted.years) == len(used)


def test_there_is_a_page_for_each_advisory_and_no_link_dangles(
    archive: Archive, site: Site
) -> None:
    check_statistics(site)
    for advisory in archive.advisories:
        page = site.read(f"xsa/{advisory.number}/index.html")
        quoted = f"XSA-{advisory.number}</span> {escape(advisory.title)}</h1>"
        named = f"Xen Security Advisory {advisory.number}</h1>"
        assert (quoted if advisory.title else named) in page
        assert (f"Quoted from {advisory.title_from}." in page) == bool(advisory.title_from)
    lost, followed = dangling(site.folder)
    assert lost == []
    assert followed > 10_000
    assert len(site.read("xsa/index.html")) + len(site.read("theme/style.css")) < 160_000


def test_what_the_tracker_names_and_the_pack_lacks_is_said(archive: Archive, site: Site) -> None:
    here = {b.number for b in archive.bulletins}
    page = site.read("xsa/index.html")
    named = {int(a.bulletin[:3]) for a in archive.advisories if a.bulletin}
    for number in sorted(named):
        assert (f"QSB-{number:03d} (not in this archive)" in page) == (number not in here)


def test_texts_alone_tell_what_they_address(archive: Archive, real_tracker: Path) -> None:
    """And a check has no more to say than where they differ from the tracker."""
    inferred = inferred_pairs(archive)
    tracked = tracked_pairs(archive, load_advisories(real_tracker))
    assert len(tracked) >= 50
    found = score(inferred, tracked)
    assert found.f1 >= 0.95, sorted(inferred ^ tracked)
    differences = [f for f in lint(archive, Profile()) if f.code == "tracker-differs"]
    assert len(differences) == len(inferred ^ tracked)
    assert all(f.line for f in differences)


def test_what_a_maintainer_sees_each_day_can_be_mended(
    real_pack: Path, real_tracker: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Few findings on the words of fifteen years, all of them right, and none is listed."""
    given = [f"--profile={PROFILE}", f"--xsa={real_tracker}", "--no-cache"]
    assert main(["check", str(real_pack), *given]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) < 20
    assert {line.rpartition("[")[2] for line in out.splitlines() if "[" in line} <= {
        "canary-count]",
        "number-gap]",
        "tracker-differs]",
    }
    kinds = {line.split()[1]: int(line.split()[0]) for line in err.splitlines() if ": " in line[5:]}
    own = CODES - {"tracker-differs", "trailing-space", "reference-uncited"}
    assert all(kinds.get(f"{code}:", 0) <= 5 for code in own), kinds


def test_the_words_of_bulletin_29_tell_the_same(archive: Archive) -> None:
    bulletin = next((b for b in archive.bulletins if b.number == 29), None)
    if bulletin is None:
        pytest.skip("this pack has no bulletin 29")
    assert {n.value for n in bulletin.evidence} == {"XSA-212"}
    older = [
        (n.value, n.context) for n in bulletin.all_mentions if n.value in ("XSA-29", "XSA-148")
    ]
    assert older == [("XSA-29", Context.QUOTATION), ("XSA-148", Context.QUOTATION)]


def test_namings_stand_where_they_say(archive: Archive) -> None:
    """The line of a mention, or the next where it wraps, has its number, a range or a citation."""
    for bulletin in archive.bulletins:
        lines = bulletin.document.file.data.decode().lower().split("\n")
        for mention in bulletin.all_mentions:
            number = re.split(r"[-:#]", mention.value.lower())[-1]
            near = " ".join(lines[mention.line - 1 : mention.line + 1])
            cited = mention.context is Context.SUMMARY and "[" in near
            ranged = re.search(r"\d ?- ?\d|through|to xsa", near)
            assert number in near or ranged or cited, (bulletin.id, mention)
            assert 0 < len(mention.sentence) <= 300


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


def walk(files: dict[str, bytes], address: str) -> Iterator[tuple[str, str, str]]:
    """Ids of entries with the days of publication and change, back to the first document of all."""
    while address:
        if address.endswith(".json"):
            document = json.loads(files[address])
            yield from (
                (i["id"], i["date_published"][:10], i["date_modified"][:10])
                for i in document["items"]
            )
            older = document.get("next_url", "")
        else:
            feed = feedparser.parse(files[address])
            yield from ((e.id, e.published[:10], e.updated[:10]) for e in feed.entries)
            older = {x.rel: x.href for x in feed.feed.links}.get("prev-archive", "")
        address = older.removeprefix("../")


@pytest.mark.parametrize("feed", ["all.atom.xml", "all.json", "qsb.atom.xml", "canary.atom.xml"])
def test_walking_back_yields_every_document_once(archive: Archive, site: Site, feed: str) -> None:
    """The newest first, but for old ones that changed since: these come sooner."""
    found = list(walk(site.files(), f"feeds/{feed}"))
    kind = feed.partition(".")[0]
    row = [p for p in archive.publications if kind in ("all", p.id.lower().partition("-")[0])]
    assert sorted(i.rpartition(":")[2] for i, _, _ in found) == sorted(p.id.lower() for p in row)
    days = [day for _, day, changed in found if changed <= day]
    assert len(days) > len(row) / 4
    assert days == sorted(days, reverse=True)


def test_exports_are_valid(site: Site) -> None:
    judged, others = 0, ("feeds/", "osv/", "search/", "data/schema.json")
    for name, data in site.files().items():
        if name == "vex/openvex.json":
            assert judges.openvex_faults(json.loads(data)) == []
        elif name.endswith(".json") and not name.startswith(others):
            assert judges.data_faults(json.loads(data)) == [], name
            judged += 1
    assert judged >= 100
    assert judges.calendar_faults(site.files()["feeds/canaries.ics"]) == []


def test_scanners_get_every_bulletin(archive: Archive, tmp_path: Path) -> None:
    """With a profile of an issuer: the same number of documents in each format, all valid."""
    text = PROFILE.read_text("utf-8") + '\n[csaf]\nnamespace = "https://www.qubes-os.org/"\n'
    (tmp_path / "issuer.toml").write_text(text, "utf-8")
    written = exports(archive, load_profile(tmp_path / "issuer.toml"), "https://example.org/a")
    documents = {n: json.loads(d) for n, d in written.items() if re.match(r"csaf/\d.*json$", n)}
    records = {n: json.loads(d) for n, d in written.items() if n.startswith("osv/x_")}
    assert len(documents) == len(records) == len(archive.bulletins) >= 70
    assert len(json.loads(written["osv/all.json"])) == len(archive.bulletins)
    assert judges.csaf_faults(documents) == {}
    warnings = judges.csaf_faults(documents, every=True).values()
    kinds = {fault.partition(" ")[0].partition("_")[2] for faults in warnings for fault in faults}
    # A score, an identifier of a product, a CVE, a weakness, a version: no text gives these.
    assert kinds == {"6_2_3", "6_2_16", "6_3_3", "6_3_4", "6_3_9"}
    for name, record in records.items():
        assert judges.osv_faults(record) == [], name
    assert rules.provider_faults(written, "https://example.org/a") == []
    advisories = [d for d in documents.values() if "product_tree" in d]
    assert len(advisories) >= 0.8 * len(documents)


def test_a_mirror_provides_no_csaf(site: Site) -> None:
    assert not [name for name in site.files() if "csaf" in name]


def test_feeds_are_valid(site: Site) -> None:
    feeds = {name: data for name, data in site.files().items() if name.endswith(".atom.xml")}
    assert len(feeds) >= 3
    for name, data in feeds.items():
        assert judges.atom_faults(data) + judges.feed_faults(data) == [], name
    assert judges.reader_faults(feeds) == []
    others = {n: d for n, d in site.files().items() if re.fullmatch(r"feeds/.*\.json", n)}
    assert len(others) == len([name for name in feeds if name.startswith("feeds/all")])
    for name, data in others.items():
        assert rules.json_feed_faults(json.loads(data)) == [], name


# --- evidence ---------------------------------------------------------------------------------


def test_the_same_bytes_with_another_gpg(
    site: Site, real_pack: Path, real_tracker: Path, other_gnupg: Path, tmp_path: Path
) -> None:
    """Debian 12 has gpg 2.2, Debian 13 has 2.4, which ignores certifications over SHA-1."""
    how = {"settings": "publishconf.py", "SEARCH": "1"}
    how |= {"SECPACK": real_pack.resolve(), "XSA": real_tracker.resolve()}
    path = {"PATH": f"{other_gnupg}:{os.environ['PATH']}"}
    files, others = site.files(), build(tmp_path / "site", surroundings=path, **how).ok().files()
    assert [
        name for name in files.keys() | others.keys() if files.get(name) != others.get(name)
    ] == []


def test_another_issuer_with_every_gpg(
    sister_pack: Path, other_gnupg: Path, tmp_path: Path
) -> None:
    """Its keys were rotated, revoked, expired, certified through others; it builds strictly."""
    variables = {"SECPACK": sister_pack.resolve(), "PROFILE": ROOT / "content" / "dasharo.toml"}
    sites = []
    for path in (os.environ["PATH"], f"{other_gnupg}:{os.environ['PATH']}"):
        folder = tmp_path / str(len(sites))
        built = build(
            folder, settings="publishconf.py", surroundings={"PATH": path}, **variables
        ).ok()
        sites.append(built)
    page = sites[0].read("canary/009/index.html")
    assert "good, key valid until 2023-10-10" in page  # by a key that was retired, and has expired
    assert "key revoked, 2023-10-10: retired, and no longer used" in page
    assert re.search("first in commit [0-9a-f]{12}, dated 2023-02-02", page)
    assert sites[0].files() == sites[1].files()


@pytest.mark.parametrize("number", ["001", "025", "049", "079", "110"])
@pytest.mark.parametrize("which", ["this", "other"])
def test_the_commands_of_a_page_say_what_it_promises(
    site: Site, other_gnupg: Path, tmp_path: Path, number: str, which: str
) -> None:
    """With the gpg of two Debians, for texts of 2011 to 2026."""
    path = f"{other_gnupg}:{os.environ['PATH']}" if which == "other" else os.environ["PATH"]
    said = verified(site, f"qsb/{number}/", tmp_path, PATH=path)
    assert said.count("Good signature from") == said.count("[full]") == 2


def test_sequoia_refuses_what_pages_say_that_other_programs_refuse(
    site: Site, real_pack: Path, other_gnupg: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gpgv").symlink_to(other_gnupg / "gpgv-sq")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = load(real_pack, profile=load_profile(PROFILE), checker=Checker())
    letters = [letter for canary in found.canaries for letter in canary.letters]
    signatures = [s for d in (*found.publications, *letters) for s in d.signatures]
    refused = [s for s in signatures if s.verdict is Verdict.REFUSED]
    reason = "gpgv (GnuPG-compatible Sequoia Chameleon) rejects the key, "
    reason += "perhaps because its self-signature uses an obsolete digest"
    assert {signature.reason for signature in refused} == {reason}
    pages = {
        p.id: site.read(f"{p.id.lower().replace('-', '/')}/index.html") for p in found.publications
    }
    expected = sum(page.count(words.weak_key) for page in pages.values())
    bad = sum(page.count("BAD: the signature does not match") for page in pages.values())
    assert len(refused) == expected + bad


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
        assert "BAD: the signature does not match" in site.read(publication["url"] + "index.html")
    legacy = next(p for p, s in rows if s["verdict"] == "good-legacy")
    assert "good, obsolete digest SHA1" in site.read(legacy["url"] + "index.html")


def test_any_change_is_noticed(real_pack: Path, tmp_path: Path) -> None:
    """One byte of one file at a time: a text, a signature, a key that signs or certifies."""
    pack = tmp_path / "pack"
    shutil.copytree(real_pack, pack, ignore=shutil.ignore_patterns(".git"), symlinks=True)
    profile, checker = load_profile(PROFILE), Checker(cache=Cache(tmp_path / "verdicts.json"))
    assert not grave(pack, profile, checker)
    chance = random.Random(1)  # noqa: S311 - not a secret
    names = [*pack.glob("QSBs/qsb-[0-9]*"), *pack.glob("canaries/canary-[0-9]*")]
    names = [*chance.sample(sorted(names), 12), *pack.glob("keys/security-team/*signing*")]
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


# --- packages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packages(archive: Archive) -> list[tuple[int, str, PackageRow]]:
    """Number and text of a bulletin with each row."""
    return [
        (bulletin.number, bulletin.document.file.data.decode(), row)
        for bulletin in archive.bulletins
        for row in read_packages(bulletin.document)[0]
    ]


def test_every_bulletin_has_packages_or_a_finding(archive: Archive) -> None:
    found = {b.id: read_packages(b.document) for b in archive.bulletins}
    assert [id_ for id_, (rows, findings) in found.items() if not (rows or findings)] == []
    assert sum(1 for _, findings in found.values() if findings) <= len(found) / 10


def test_packages_are_those_of_the_text(packages: list[tuple[int, str, PackageRow]]) -> None:
    for number, text, row in packages:
        lines = text.split("\n")
        near = " ".join(lines[row.line - 2 : row.line + 3])
        assert row.version in near, (number, row)
        assert all(word in near for word in row.package.split()), (number, row)
        assert row.release.removesuffix(" Beta 2") in text, (number, row)
        assert (row.fix is Fix.AVAILABLE) == bool(row.version), (number, row)


def test_no_version_below_a_release_is_missed(archive: Archive) -> None:
    """Read from the lines alone: bullets below a release, each with a version in it."""
    seen = 0
    for bulletin in archive.bulletins:
        rows = read_packages(bulletin.document)[0]
        read = {(row.release, row.version) for row in rows}
        release = ""
        for line in bulletin.document.file.data.decode().split("\n"):
            if match := re.match(r" *(?:For )?Qubes (?:OS )?R?([0-9.]+)\b.*:$", line):
                release = match[1]
            elif release and (match := re.match(r" *[-*] .*?([0-9][\w.]*-[0-9][\w.]*)\)?$", line)):
                seen += 1
                assert any(r == release and match[1].endswith(v) for r, v in read), (
                    bulletin.id,
                    line,
                )
            elif re.match("[A-Z]", line):
                release = ""
    assert seen >= 60


def test_versions_of_xen_ascend(packages: list[tuple[int, str, PackageRow]]) -> None:
    """For each release, from bulletin to bulletin, since all name releases in the same way."""
    newest: dict[str, tuple[int, ...]] = {}
    for number, _, row in packages:
        if number >= 22 and row.package.lower() == "xen":
            version = tuple(int(part) for part in re.findall("[0-9]+", row.version))
            assert version >= newest.get(row.release, ()), (number, row)
            newest[row.release] = version
    assert len(newest) >= 5


def test_packages_have_a_release_and_a_place(packages: list[tuple[int, str, PackageRow]]) -> None:
    """Since releases are named with packages, and since it is said where they go."""
    rows = [(number, row) for number, _, row in packages if number >= 22]
    unreleased = [(number, row) for number, row in rows if not row.release]
    assert all(row.fix is Fix.NONE for _, row in unreleased), unreleased
    assert sum(1 for _, row in rows if row.target) >= 0.85 * len(rows)


# --- history ----------------------------------------------------------------------------------


def test_history_has_every_version(real_pack: Path) -> None:
    """As in data/versions.json of the shared folder; each signature covers a text."""
    profile = load_profile(PROFILE)
    contents = read_contents(real_pack, profile)
    _, _, history = read_history(real_pack, contents, profile, Checker())
    data = as_data(history)
    versions = [version for each in data["documents"] for version in each["versions"]]
    assert (len(data["documents"]), len(versions)) == (112, 145)
    assert sum(len(each["versions"]) > 1 for each in data["documents"]) == 29
    kinds = Counter((v["kind"], v["changelog"]) for v in versions)
    assert kinds == {
        ("first", None): 112,
        ("white space", False): 10,
        ("words", False): 15,
        ("words", True): 8,
    }
    files = [*data["documents"], *data["attachments"]]
    signatures = [signature for each in files for signature in each["signatures"]]
    assert len({s["sha256"] for s in signatures}) == 330
    assert all(s["covers"] for s in signatures)
    canary = history.of("canary-026")
    assert canary
    first, second = canary.versions
    assert first.misfit == "number 25 in the header, 26 in the file's name"
    assert canary.newest == second
    joanna = next(s for s in canary.signatures if s.file.sha256 == BAD)
    assert joanna.covers == first.file.sha256
    assert not history.pending


def test_documents_with_several_versions_have_a_page_of_them(site: Site) -> None:
    data = json.loads(site.read("data/history.json"))
    assert judges.data_faults(data) == []
    several = [each for each in data["documents"] if len(each["versions"]) > 1]
    files = site.files()
    pages = [path for path in files if path.endswith("/history/index.html")]
    assert (len(pages), len(several)) == (29, 29)
    for version in (version for each in several for version in each["versions"]):
        assert hashlib.sha256(files[version["file"]]).hexdigest() == version["sha256"]
    page = site.read("canary/026/index.html")
    assert page.count('history/index.html#version-1">version 1</a>') == 1
    assert "noted in version 3" in site.read("qsb/046/history/index.html")


@pytest.mark.slow
def test_programs_get_every_document_and_every_version_once(
    real_pack: Path, real_tracker: Path, tmp_path: Path
) -> None:
    """Of some commits that are published one after the other; make poll takes all of them.

    Also those which take only what is newer: one bulletin was public after a newer one.
    """
    commits = main_line(real_pack, load_profile(PROFILE), 4)
    found = poll(real_pack, commits, tmp_path, PROFILE, real_tracker)
    assert (found.published, found.refused) == (len(commits), {})
    assert len(commits) >= 6
    assert found.moved
    assert (len(found.texts), len(found.documents.entries)) == (110, 110)
    assert found.documents.again == found.changed > 0
    # 143 versions of bulletins and canaries, but for the first of canary 026, never public.
    assert (len(found.changes.entries), found.changes.again) == (142, 0)
    assert not found.missed


def test_a_replay_of_history_shows_no_draft(real_pack: Path) -> None:
    """Twenty of its states; make replay shows all of them."""
    profile = load_profile(PROFILE)
    found = outcome(replay(real_pack, profile, 35))
    assert found.states == 20
    assert found.wrong == []
    assert len(found.shown) == 110
    assert found.refused.keys() <= {"canary-026"}


def test_the_history_of_a_sister_pack(sister_pack: Path) -> None:
    profile = load_profile(ROOT / "content" / "dasharo.toml")
    contents = read_contents(sister_pack, profile)
    _, _, history = read_history(sister_pack, contents, profile, Checker())
    assert [len(each.versions) for each in history.documents] == [1] * 11
    uncovered = [s for each in history.documents for s in each.signatures if not s.covers]
    assert {s.verdict for s in uncovered} == {Verdict.MALFORMED}
    assert len(uncovered) == 2
