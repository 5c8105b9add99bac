"""``secpack new``: a bulletin from a template, a canary from the one before, and its headlines."""

from __future__ import annotations

import io
import json
import re
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from bulletins.cli import COMMANDS
from secpack import Profile, load, load_profile, team
from secpack.canary.diff import changes
from secpack.cli import main
from secpack.documents import read_canary
from secpack.errors import SecpackError
from secpack.extract.sections import sections
from secpack.files import write_new
from secpack.model.archive import Canary
from secpack.pack import TextFile
from secpack.profile import Kind, Period
from secpack.team import NO_PROOF, fetch_proof, headlines, new_bulletin, new_canary
from tests.packs import Files, make_pack, numbered

CONTENT = Path(__file__).parents[2] / "content"
DAY = date(2020, 6, 4)
RELEASES = {"3.0": Period(until=date(2020, 1, 1)), "3.1": Period(DAY), "4.0": Period(DAY)}
PROFILE = Profile(
    issuer="Quern",
    team="The Quern Security Team",
    releases=RELEASES | {"5": Period(since=date(2021, 1, 1))},
)
TEMPLATE = """\

   ---===[ Quern Security Bulletin TODO ]===---

                  YYYY-MM-DD

                     TODO

Summary
--------

TODO

Packages
---------

  For Quern 3.0, in dom0:
  - TODO

  For Quern 4.0, in dom0:
  - TODO
"""
LAST = """\
             ---===[ Quern Canary #9 ]===---

Statements
-----------

1. The date of issue of this canary is
   March 2, 2020.

2. There have been 7 Quern Security Bulletins, up to QSB #7. In May 2019
   we moved.

3. The next canary is due in the first
   week of June 2020, or not at all.

Special announcements
----------------------

We have a new office.

Proof of freshness
-------------------

Mon, 02 Mar 2020 09:41:03 +0000

Notes
------

None of this was made in May 2020.
"""
SIGNED = {"canaries/canary-009-2020.txt": LAST, "canaries/canary-009-2020.txt.sig.ines": "x"}


def signed(*numbers: int) -> Files:
    return {
        path: text
        for name, body in numbered(*numbers).items()
        for path, text in ((name, body), (f"{name}.sig.ines", "x"))
    }


def drafted(root: Path, day: date = DAY, profile: Profile = PROFILE) -> Canary:
    archive = load(root, profile=profile)
    file = new_canary(root, archive, profile, day, NO_PROOF)
    return read_canary(TextFile(file, 10, day.year, False, "", ()), (), profile)


def run(*arguments: object) -> int:
    return main(["new", *map(str, arguments)], *COMMANDS)


# --- bulletins ------------------------------------------------------------------------------


def test_a_bulletin_from_the_template(tmp_path: Path) -> None:
    files = {"QSBs/qsb-template.txt": TEMPLATE, "QSBs/readme": "x", **numbered(1, 7)}
    pack = make_pack(tmp_path, files | {"QSBs/canary-template.txt": LAST})
    file = new_bulletin(pack, PROFILE, "Memory leaks\n  into a guest", DAY)
    assert file.path == "QSBs/qsb-008-2020.txt"
    head, body = file.data.decode().split("Summary\n")
    assert head.split("\n") == [
        "",
        "   ---===[ Quern Security Bulletin 008 ]===---",
        "",
        "                    2020-06-04",
        "",
        "            Memory leaks into a guest",
        "",
        "",
    ]
    # Nothing for a release that has ended, or is to come.
    assert body.count("For Quern") == 2
    assert "\n  For Quern 3.1, in dom0:\n  - TODO\n" in body
    assert "\n  For Quern 4.0, in dom0:\n  - TODO\n" in body


def test_the_first_bulletin_has_a_long_title(tmp_path: Path) -> None:
    title = "Words " * 15 + "(XSA-9001, XSA-9002)"
    kind = Kind("QSB", ("QSBs",), banner=("Security Note",))
    profile = Profile(issuer="Quern", bulletins=kind)
    files = {"QSBs/template.txt": TEMPLATE.replace("Bulletin", "Note"), **SIGNED}
    text = new_bulletin(make_pack(tmp_path / "1", files), profile, title, DAY).data.decode()
    assert "---===[ Quern Security Note 001 ]===---" in text
    assert max(map(len, text.split("\n"))) <= 72
    with pytest.raises(SecpackError, match=r"/2: no template .* QSBs/template.txt$"):
        new_bulletin(make_pack(tmp_path / "2", numbered(1)), profile, title, DAY)


def test_a_bulletin_whose_date_is_in_a_list(tmp_path: Path) -> None:
    template = TEMPLATE.replace("YYYY-MM-DD", "").replace(
        "Summary\n--------\n", "Version\n-------\n"
    )
    template = template.replace("TODO\n\nPack", "* Id: QSB-NNN\n* Published: YYYY-MM-DD\n\nPack", 1)
    pack = make_pack(tmp_path, {"QSBs/template": template, **numbered(1)})
    text = new_bulletin(pack, PROFILE, "A title", DAY).data.decode()
    assert text.count("2020-06-04") == 1
    assert "* Id: QSB-002\n* Published: 2020-06-04\n" in text


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("Ends like a sentence:", "would be read as"),
        ("2020-05-06", "in place of a title"),
        ("word " * 80, "would be read as"),
        ("raw \udcff", "cannot be printed"),
        ("back \u202e", "cannot be printed"),
    ],
)
def test_a_title_that_would_not_be_read(tmp_path: Path, title: str, why: str) -> None:
    pack = make_pack(tmp_path, {"QSBs/template.txt": TEMPLATE, **numbered(1)})
    with pytest.raises(SecpackError, match=why):
        new_bulletin(pack, PROFILE, title, DAY)


def test_numbers_of_drafts_and_embargoed_texts_are_taken(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[documents.QSB-007]\nstatus = "embargoed"\n')
    pack = make_pack(tmp_path / "pack", {"QSBs/template.txt": TEMPLATE, **numbered(1, 7)})
    assert new_bulletin(pack, load_profile(profile), "A title", DAY).path.endswith(
        "qsb-008-2020.txt"
    )


# --- canaries -------------------------------------------------------------------------------


def test_a_canary_from_the_one_before(tmp_path: Path) -> None:
    """Dates and numbers of statements move; other dates, and other words, stay."""
    canary = drafted(make_pack(tmp_path, {**SIGNED, **signed(*range(1, 23)), **numbered(40)}))
    text = canary.document.file.data.decode()
    assert canary.document.file.path == "canaries/canary-010-2020.txt"
    expected = LAST
    for old, new in (
        ("#9", "#10"),
        ("March 2, 2020", "June 04, 2020"),
        ("been 7 Quern", "been 8 Quern"),
        ("QSB #7", "QSB #20"),
        ("week of June", "week of September"),
        ("We have a new office.", "None."),
        ("Mon, 02 Mar 2020 09:41:03 +0000", NO_PROOF[0]),
    ):
        expected = expected.replace(old, new)
    assert text == expected
    assert (canary.published, canary.count, canary.freshness) == (DAY, 8, None)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2020, 5, 30), "September 2020"),
        (date(2020, 8, 30), "September 2020"),
        (date(2020, 9, 1), "December 2020"),
        (date(2021, 1, 5), "March 2021"),
    ],
)
def test_the_window_keeps_its_rhythm(tmp_path: Path, day: date, due: str) -> None:
    canary = drafted(make_pack(tmp_path, {**SIGNED, **signed(1)}), day)
    assert canary.due
    assert f"{canary.due.first:%B %Y}" == due


@pytest.mark.parametrize(
    ("window", "new"),
    [
        ("by May 24, 2020", "by August 23, 2020"),
        ("on 2020-06-03", "on 2020-09-02"),
        ("on 2020-06-03. We met on 05/07/2019", "on 2020-09-02. We met on 05/07/2019"),
        ("in the last week of December 2019", "in the last week of March 2020"),
        ("within 30 days", "within 30 days"),
    ],
)
def test_windows_in_other_words(tmp_path: Path, window: str, new: str) -> None:
    text = LAST.replace("in the first\n   week of June 2020, or not at all", window)
    text = text.replace("March 2, 2020", "October 4, 2019" if "Dec" in window else "March 2, 2020")
    files = {
        f"canaries/canary-009-20{19 if 'Dec' in window else 20}.txt{end}": each
        for end, each in (("", text), (".sig.ines", "x"))
    }
    pack = make_pack(tmp_path, {**files, **signed(1)})
    day = date(2020, 1, 2) if "Dec" in window else date(2020, 5, 25)
    assert f"canary is due {new}." in drafted(pack, day).document.file.data.decode()


def test_sections_inside_others(tmp_path: Path) -> None:
    """Nothing is lost: what is inside the announcements stays, for the author to look at."""
    text = re.sub("(?m)^-{4,}$", lambda line: "=" * len(line[0]), LAST)
    inner = "Where\n------\n\nIn Ostend."
    old = text.replace("new office.", f"new office.\n\n{inner}")
    files = {**SIGNED, "canaries/canary-009-2020.txt": old, **signed(1)}
    new = drafted(make_pack(tmp_path / "1", files)).document.file.data.decode()
    files["canaries/canary-009-2020.txt"] = text
    plain = drafted(make_pack(tmp_path / "2", files)).document.file.data.decode()
    assert new == plain.replace("None.", f"None.\n\n{inner}")


def test_the_first_canary_is_from_the_template(tmp_path: Path) -> None:
    template = LAST.replace("#9", "TODO").replace("March 2, 2020", "TODO").replace("7 Q", "TODO Q")
    pack = make_pack(tmp_path, {"canaries/template.txt": template, **signed(1)})
    archive = load(pack, profile=PROFILE)
    file = new_canary(pack, archive, PROFILE, DAY, NO_PROOF)
    assert file.path == "canaries/canary-001-2020.txt"
    text = file.data.decode()
    assert "Quern Canary 001 ]" in text
    assert "is\n   June 04, 2020." in text
    assert "There have been TODO Quern" in text
    (pack / "canaries/template.txt").unlink()
    with pytest.raises(SecpackError, match="no signed canary and no template"):
        new_canary(pack, archive, PROFILE, DAY, NO_PROOF)


def test_the_day_of_the_letterhead_moves_and_facts_stay(tmp_path: Path) -> None:
    text = LAST.replace("Statements\n", "2020-03-02\n\nStatements\n", 1)
    text = text.replace(
        "date of issue of this canary is\n   March 2, 2020", "sky was blue on 2020-03-02"
    )
    pack = make_pack(tmp_path, {**SIGNED, "canaries/canary-009-2020.txt": text, **signed(1)})
    new = drafted(pack).document.file.data.decode()
    assert "2020-06-04\n\nStatements\n" in new
    assert "sky was blue on 2020-03-02" in new


def test_what_no_rule_can_bring_up_to_date_is_refused(tmp_path: Path) -> None:
    """Here the changelog has another date."""
    text = LAST + "\nChangelog\n----------\n\n2020-03-02: First issued.\n"
    files = {**SIGNED, "canaries/canary-009-2020.txt": text}
    with pytest.raises(SecpackError, match="by rules: copy it, and edit it by hand"):
        drafted(make_pack(tmp_path, {**files, **signed(1)}))


@pytest.mark.slow
def test_canaries_of_a_real_pack_follow_from_those_before(real_pack: Path) -> None:
    """What the rules give is what the team wrote, but for one window; the pack lacks bulletins."""
    profile = load_profile(CONTENT / "qubes.toml")
    archive = load(real_pack, profile=profile)
    canaries = archive.canaries
    differ = set()
    for before, after in pairwise(canaries):
        if after.number != before.number + 1 or before.number < 31:
            continue
        then = replace(archive, canaries=tuple(c for c in canaries if c.number <= before.number))
        file = new_canary(real_pack, then, profile, after.published, NO_PROOF)
        draft = read_canary(TextFile(file, 48, after.published.year, False, "", ()), (), profile)
        assert not any(change.parts for change in changes(after, draft)), after.id
        differ |= {after.id} if draft.due != after.due else set()
    assert differ == {"canary-035"}


# --- headlines ------------------------------------------------------------------------------

TITLES = (
    "Council&amp;#8217;s &lt;b&gt;motto&lt;/b&gt; – wins \u202e&#x85;\u2028 twice",
    "-----------",
    "# Statements",
    "Statements",
    "1. The date of issue of this canary is May 1, 2001.\n2. There are 3 security bulletins.",
    "<![CDATA[---===[ Quern Canary 99 ]===---]]>",
    "&x;Entity",
    "w" * 900,
    "One too many",
)
ITEMS = "".join(f"<item><media:title>No</media:title><title>{t}</title></item>" for t in TITLES)
RSS = f"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><title>The “Harbour”
 Courier</title>{ITEMS}
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Upland</title>
<entry><title>Puffins leave</title></entry></feed>"""
HASH = "0000000000000000000168f2be7dc04a95e31b60cf4d8279a3f5016ce8b94d27"
ANSWERS = {"/rss?a=b": RSS, "/atom": ATOM, "/hash": f"{HASH}\n", "/page": "<html><title>A</title>"}


class Feeds(BaseHTTPRequestHandler):
    """Servers of feeds, good and bad."""

    def do_GET(self) -> None:
        self.send_response({"/missing": 404, "/elsewhere": 302}.get(self.path, 200))
        self.send_header("Location", "http://localhost:1/rss")
        self.end_headers()
        with suppress(ConnectionError):
            for _ in range({"/slow": 100, "/huge": 100}.get(self.path, 1)):
                time.sleep(0.05 if self.path == "/slow" else 0)
                size = 100_000 if self.path == "/huge" else 1000
                self.wfile.write(ANSWERS.get(self.path, " " * size).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Feeds) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_headlines_are_lines_of_printable_ascii(tmp_path: Path, server: str) -> None:
    """Whatever they say, a canary with them states the same, in the same sections."""
    notes: list[str] = []
    feeds = [f"{server}{path}" for path in ("/rss?a=b", "/atom", "/hash")]
    proof = fetch_proof(feeds, datetime(2020, 6, 4, 9, 41, 3, tzinfo=UTC), notes)
    assert notes == []
    assert proof == [
        "Thu, 04 Jun 2020 09:41:03 +0000",
        "",
        f'Source: The "Harbour" Courier ({server}/rss?a=b)',
        "Council's <b>motto</b> - wins twice",
        "Statements",
        "1. The date of issue of this canary is May 1, 2001. 2. There are 3 security bulletins.",
        "Entity",
        "w" * 200,
        "",
        f"Source: Upland ({server}/atom)",
        "Puffins leave",
        "",
        f"Source: {server}/hash",
        HASH,
    ]
    pack = make_pack(tmp_path, {**SIGNED, **signed(1)})
    archive = load(pack, profile=PROFILE)
    file = new_canary(pack, archive, PROFILE, DAY, proof)
    canary = read_canary(TextFile(file, 10, 2020, False, "", ()), (), PROFILE)
    plain = drafted(pack)
    assert (canary.statements, canary.freshness) == (plain.statements, DAY)
    titles = [section.title for section in sections(canary.document)]
    assert titles == [section.title for section in sections(plain.document)]


def test_feeds_that_fail_are_left_out(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_PATIENCE", 0.3)
    bad = ("slow", "huge", "missing", "elsewhere", "page", "other")
    feeds = [*(f"{server}/{path}" for path in bad), "http://127.0.0.1:1/", f"{server}/atom"]
    notes: list[str] = []
    proof = fetch_proof(feeds, datetime(2020, 6, 4, tzinfo=UTC), notes)
    assert proof[1:] == ["", f"Source: Upland ({server}/atom)", "Puffins leave"]
    reasons = [note.removeprefix(feed) for note, feed in zip(notes, feeds, strict=False)]
    assert reasons == [
        ": left out: no answer: took longer than 0.3 seconds",
        ": left out: larger than 4194304 bytes",
        ": left out: not found (status 404)",
        ": left out: redirects to another host: http://localhost:1/rss",
        ": left out: no headlines in it: expected a feed (RSS or Atom)",
        ": left out: no headlines in it: expected a feed (RSS or Atom)",
        ": left out: no answer: Connection refused",
    ]
    assert fetch_proof(feeds[:1], datetime(2020, 6, 4, tzinfo=UTC), []) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<rss><item><title>&#xD800;</title></item></rss>",
        b"<" * 100_000,
        b"<a>" * 100_000,
        b"<rss>\0</rss>",
        b"\xff",
    ],
)
def test_odd_bytes_have_no_headlines(data: bytes) -> None:
    with pytest.raises(SecpackError, match="no headlines in it"):
        headlines("https://example.org/", data)


def test_a_file_that_cannot_be_written_whole_is_named_and_removed(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{tmp_path}/new.txt'"):
            write_new(tmp_path / "new.txt", b"words" * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [*tmp_path.iterdir()] == []


# --- the command ----------------------------------------------------------------------------


def test_the_command(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never overwrites, and writes a canary's headlines only when they are confirmed."""
    files: dict[str, str | bytes] = {"QSBs/template.txt": TEMPLATE}
    pack = make_pack(tmp_path / "pack", {**SIGNED, **signed(1), **files})
    profile = tmp_path / "profile.toml"
    profile.write_text(
        'issuer = "Quern"\n[canaries]\nprefix = "canary"\nfolder = "canaries"\n'
        f'feeds = "{server}/atom"\n'
    )
    where = ("--pack", pack, "--profile", profile, "--date", "2020-06-04")
    canary = pack / "canaries/canary-010-2020.txt"
    assert run("bulletin", "A title", *where) == 0
    assert capsys.readouterr().out == f"{pack}/QSBs/qsb-002-2020.txt\n"
    assert run("bulletin", *where) == run("canary", "A title", *where) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("canary", *where) == 2
    assert not canary.exists()
    out, err = capsys.readouterr()
    assert "Puffins leave" in out
    assert err.endswith("not confirmed: nothing was written\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert run("canary", *where) == 0
    assert "\nPuffins leave\n" in canary.read_text()
    canary.unlink()
    assert run("canary", *where, "--offline") == 0
    assert "\nTODO\n" in canary.read_text()
    text = canary.read_bytes()
    with pytest.raises(FileExistsError):
        write_new(canary, b"other")
    assert canary.read_bytes() == text
    profile.write_text('issuer = "Quern"\n')
    shutil.rmtree(pack / "QSBs")
    make_pack(tmp_path / "elsewhere", files)
    (pack / "QSBs").symlink_to(tmp_path / "elsewhere/QSBs")
    assert run("bulletin", "A title", *where) == 2
    assert "QSBs: a link that leads out of the pack" in capsys.readouterr().err
    assert [each.name for each in (pack / "QSBs").iterdir()] == ["template.txt"]
    for day in ("0001-01-01", "2025-W01-1", "20250102", "2100-01-01"):
        with pytest.raises(SystemExit):
            run("canary", *where[:-1], day)
    assert run("canary", *where) == 2
    assert "name other feeds in the profile" in capsys.readouterr().err


@pytest.mark.slow
def test_what_a_draft_of_a_new_text_has_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(CONTENT / "secpack", pack)
    where = ("--pack", pack, "--profile", CONTENT / "demo.toml")
    assert run("bulletin", "A title (XSA-9001)", *where, "--date", "2025-09-03") == 0
    assert run("canary", *where, "--date", "2025-09-02", "--offline") == 0
    capsys.readouterr()
    arguments = ("check", pack, *where[2:], "--draft", "--format", "json")
    assert main([*map(str, arguments)]) == 0
    found = [f for f in json.loads(capsys.readouterr().out) if re.search("013|005-", f["file"])]
    assert {f["code"] for f in found if f["severity"] != "notice"} == set()
    canary = {f["code"] for f in found if "canary" in f["file"]}
    assert canary == {"unsigned", "canary-proof"}
