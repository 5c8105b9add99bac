"""The versions of a document on the site: every text that was signed, and nothing else."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from bulletins.pages.history import history_pages
from bulletins.pages.model import HistoryPage
from bulletins.pages.table import frame_of
from bulletins.site import Site as Archived
from bulletins.templates import environment, render_page
from secpack.canary.diff import changed_passages
from secpack.model.archive import (
    Difference,
    DocumentHistory,
    File,
    History,
    Signature,
    Verdict,
    Version,
)
from tests.bulletins.sites import Site, build, verified
from tests.bulletins.test_golden import GOLDEN, run_git, with_history
from tests.bulletins.test_hostile import Reader
from tests.bulletins.test_templates import THEIRS
from tests.processes import patience
from tests.whole import BULLETIN, PROFILE, read

MOST = 2_000_000
SINCE = datetime(2025, 5, 6, tzinfo=UTC)

# --- differences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("One two.\n", "One two.\n", []),
        ("One two.\n", "One\ntwo.\n\n", []),
        ("One two.\n", "One three.\n", [[("", "One"), ("del", "two."), ("ins", "three.")]]),
        ("A.\n\nB.\n", "A.\n\nC.\n\nB.\n", [[("ins", "C.")]]),
        ("A.\r\n\r\nB.\r\n", "A.\n\nB.\n\nC.\n", [[("ins", "C.")]]),
        ("A.\n\nB b b.\n", "A.\n\nB b c.\n", [[("", "B b"), ("del", "b."), ("ins", "c.")]]),
        ("", "A.", [[("ins", "A.")]]),
        ("A.\n", "A.\n\nB.\n\nC.\n", [[("ins", "B.")], [("ins", "C.")]]),
    ],
)
def test_passages_that_changed(
    before: str, after: str, expected: list[list[tuple[str, str]]]
) -> None:
    assert list(changed_passages(before, after, most=MOST)) == expected


def words_of(passages: Sequence[Sequence[tuple[str, str]]], kind: str) -> list[str]:
    parts = (text for passage in passages for k, text in passage if k in ("", kind))
    return [word for text in parts for word in text.split()]


def test_no_changed_word_is_lost() -> None:
    """What is removed and added leads from one text to the other, in order."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(300):
        before, after = (
            "\n\n".join(
                " ".join(chance.choice("abcd") for _ in range(chance.randrange(1, 9)))
                for _ in range(chance.randrange(9))
            )
            for _ in range(2)
        )
        passages = list(changed_passages(before, after, most=MOST))
        for kind, text in (("del", before), ("ins", after)):
            words = iter(text.split())
            assert all(word in words for word in words_of(passages, kind)), (before, after)
        stayed = len(before.split()) - len(words_of(passages, "del"))
        assert stayed == len(after.split()) - len(words_of(passages, "ins"))


@pytest.mark.parametrize("part", ["a ", "a\n\n", "a b\n\n", "\n", " \n \t", "- a\n"])
def test_long_hostile_texts_are_compared_in_time(part: str) -> None:
    long = part * 100_000
    with patience(20):
        passages = list(changed_passages(f"x {long} y", f"z {long} w {part * 99}", most=MOST))
    assert {"x", "z"} <= {*words_of(passages, "del"), *words_of(passages, "ins")}


# --- pages ------------------------------------------------------------------------------------


def of_versions(texts: Sequence[str]) -> tuple[Archived, HistoryPage]:
    """A site with versions of a bulletin, each signed an hour after the one before."""
    versions = []
    for number, text in enumerate(texts):
        data = (BULLETIN + text).encode()
        file = File("QSBs/qsb-012-2025.txt", data, sha256(data).hexdigest())
        when = SINCE + timedelta(hours=number)
        signature = Signature(
            File(f"{file.path}.sig.ines", b"%d" % number, f"{number:064}"),
            signer="ines",
            verdict=Verdict.GOOD,
            created=when,
            counts=True,
            covers=file.sha256,
        )
        difference = Difference.WORDS if number else Difference.FIRST
        entries = () if number else None
        versions.append(
            Version(file, SINCE.date(), when, when, (signature,), difference, entries, "", "")
        )
    archive = read(versions[-1].file.data)
    identity = archive.bulletins[0].id
    history = History((DocumentHistory(identity, tuple(versions), ()),))
    site = Archived(replace(archive, history=history), PROFILE)
    page = dict(history_pages(site))[f"{PROFILE.bulletins.slug}/012/history/"]()
    assert isinstance(page, HistoryPage)
    return site, page


def rendered(site: Archived, page: HistoryPage) -> str:
    frame = replace(frame_of(site, []), path="qsb/012/history/index.html", root="../../..")
    return render_page(environment(THEIRS), page, frame)


@pytest.mark.slow
def test_a_thousand_versions_take_no_time() -> None:
    body = "Words.\n\n" + "A line of words.\n" * 30
    with patience(60):
        site, page = of_versions([f"{body}\nVersion {n} <b>bold</b>.\n" for n in range(1000)])
        html = rendered(site, page)
    assert len(html) < 1_200_000
    served = dict(site.served_files())
    assert len([url for url in served if "/history/" in url]) == 2000
    assert html.count("<h2 id=") == 1000


def test_controls_and_scripts_of_old_versions_are_shown_as_such() -> None:
    hostile = "Words <script>alert(1)</script> \x1b[31m \u202e&amp; <img src=x onerror=alert(2)>.\n"
    site, page = of_versions([f"Some words.\n\n{hostile}", "Some words.\n\nNone.\n"])
    html = rendered(site, page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [U+001B][31m [U+202E]&amp;amp;" in html
    reader = Reader()
    reader.feed(html)
    assert not reader.tags & {"script", "img"}
    assert not reader.handlers


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("", "More\n----\n\n| A `word`.\n", [[("ins", "More")], [("ins", "A word.")]]),
        ("- one\n- two\n", "- one\n- 2\n", [[("del", "two"), ("ins", "2")]]),
        (
            "",
            "2025-05-06: First\n2025-05-07: Second\n",
            [[("ins", "2025-05-06 First")], [("ins", "2025-05-07 Second")]],
        ),
        ("| A quotation.\n", "A quotation.\n", [[("del", "|"), ("", "A quotation.")]]),
    ],
)
def test_differences_show_no_marks_unless_only_these_differ(
    old: str, new: str, shown: list[list[tuple[str, str]]]
) -> None:
    _, page = of_versions([f"Words.\n\n{old}\nEnd.\n", f"Words.\n\n{new}\nEnd.\n"])
    assert [list(passage) for passage in page.versions[0].passages] == shown


def test_a_long_difference_leads_to_the_texts() -> None:
    site, page = of_versions(["Words.\n\n" + "Old words.\n" * 3000, "Others.\n" * 3000])
    assert page.versions[0].is_cut
    html = rendered(site, page)
    assert "This difference is too long to be shown in full: compare the two texts." in html
    assert len(html) < 20_000


def test_a_change_that_no_changelog_mentions_is_marked() -> None:
    _, page = of_versions(["One.", "Two.", "Three."])
    assert [each.changelog for each in page.versions] == [
        "no changelog entry",
        "no changelog entry",
        "",
    ]


def test_a_later_entry_is_named() -> None:
    site, _ = of_versions(["One.", "Two.", "Three."])
    (document,) = site.archive.history.documents
    days = [SINCE - timedelta(days=9), SINCE, SINCE + timedelta(days=3)]
    versions = [replace(v, time=day) for v, day in zip(document.versions, days, strict=True)]
    versions[2] = replace(versions[2], entries=(SINCE.date() - timedelta(days=1),))
    history = History((replace(document, versions=tuple(versions)),))
    site = Archived(replace(site.archive, history=history), PROFILE)
    ((_, make),) = history_pages(site)
    page = make()
    assert isinstance(page, HistoryPage)
    assert [each.changelog for each in page.versions] == ["", "noted in version 3", ""]


# --- builds -----------------------------------------------------------------------------------

DRAFT = b"A secret that nobody has signed yet."


def draft_over(pack: Path) -> Path:
    """Write a newer text of QSB-001 into the pack, without a new signature."""
    text = pack / "QSBs/qsb-001-2019.txt"
    text.write_bytes(text.read_bytes().replace(b"Restart the station afterwards.", DRAFT))
    run_git(pack, "commit", "--quiet", "--all", "--message", "A draft", date="2019-04-01T00:00:00Z")
    return pack


def publishable(pack: Path) -> Path:
    """Remove a signature that stops every strict build."""
    (pack / "canaries/canary-001-2020.txt.sig.tomek").unlink()
    return pack


def built(folder: Path, pack: Path, settings: str = "pelicanconf.py") -> Site:
    return build(
        folder / "site", settings=settings, SECPACK=pack, PROFILE=GOLDEN / "profile.toml"
    ).ok()


def test_editors_see_what_is_pending(tmp_path: Path) -> None:
    site = built(tmp_path, draft_over(with_history(tmp_path / "pack")))
    page = site.read("qsb/001/index.html")
    assert DRAFT.decode() in page
    assert '<p class="alarm">Pending: waits for a signature' in page
    assert "Pending, and not on a published site: 4 texts." in site.read("index.html")
    assert 'Good over <a href="../../qsb/001/history/index.html#version-3">version 3</a>' in page
    assert DRAFT not in site.files()["data/history.json"]


def test_the_public_never_sees_a_draft(tmp_path: Path) -> None:
    """Neither its words, nor its digest, nor that there is one."""
    pack = publishable(draft_over(with_history(tmp_path / "pack")))
    draft = (pack / "QSBs/qsb-001-2019.txt").read_bytes()
    site = built(tmp_path, pack, "publishconf.py")
    assert "pending: QSB-001: waits for a signature" in site.said
    for path, data in site.files().items():
        assert DRAFT not in data, path
        assert sha256(draft).hexdigest().encode() not in data, path
        assert b"Pending" not in data, path
        assert b"waits for a signature" not in data, path
    assert site.read("qsb/001/history/index.html").count("<h2 id=") == 3
    data = json.loads(site.read("data/history.json"))
    assert [each["id"] for each in data["documents"]] == ["QSB-001"]


def test_texts_and_signatures_of_all_versions_are_served(tmp_path: Path) -> None:
    site = built(tmp_path, publishable(with_history(tmp_path / "pack")), "publishconf.py")
    files = site.files()
    sums = site.read("SHA256SUMS")
    for number, folder in enumerate(sorted((GOLDEN / "history").iterdir()), 1):
        for original in (folder / "QSBs").iterdir():
            stem, _, ending = original.name.partition(".txt")
            path = f"qsb/001/history/{stem}.v{number}.txt{ending}"
            assert files[path] == original.read_bytes()
            assert f"{sha256(files[path]).hexdigest()}  {path}\n" in sums
    (tmp_path / "saved").mkdir()
    said = verified(site, "qsb/001/history/", tmp_path / "saved")
    assert said.count("Good signature") == 3


@pytest.mark.parametrize("how", ["none", "shallow"])
def test_a_site_without_history_says_so(tmp_path: Path, how: str) -> None:
    whole = with_history(tmp_path / "whole")
    pack = tmp_path / "pack"
    if how == "none":
        shutil.copytree(whole, pack, ignore=shutil.ignore_patterns(".git"))
    else:
        command = ["git", "clone", "--quiet", "--depth=1", f"file://{whole}", str(pack)]
        subprocess.run(command, check=True)
    site = built(tmp_path, pack)
    said = "Older versions are not known here: this copy was made without the history of the pack."
    assert site.read("qsb/index.html").count(said) == 1
    assert not [path for path in site.files() if "/history/" in path]
    assert json.loads(site.read("data/history.json"))["complete"] is False
