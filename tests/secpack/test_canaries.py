"""Canaries: what they state, what changed, whether it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secpack import Profile, load
from secpack.canary import bulletin_count, due_window, is_last
from secpack.canary.checks import check_canaries, check_lateness
from secpack.canary.diff import changes
from secpack.model.archive import Archive, Canary, Change, Signature, Statement, Window
from tests.cases import each_line
from tests.packs import PROOF, Files, canary, demo_archive, make_pack, numbered


@each_line("windows")
def test_window(text: str, expected: str) -> None:
    statement = Statement(5, f"We plan to publish the next of these canary statements {text}.", 1)
    first, last = map(date.fromisoformat, expected.split())
    assert due_window([statement], date(2020, 1, 2)) == Window(first, last)


@each_line("no windows")
def test_no_window(text: str) -> None:
    statement = Statement(5, f"The next canary is due {text}.", 1)
    assert due_window([statement], date(2020, 1, 2)) is None


@each_line("sentences about something else")
def test_a_sentence_about_something_else(text: str) -> None:
    assert due_window([Statement(5, text, 1)], date(2020, 1, 2)) is None


@each_line("windows up to a time")
def test_a_window_up_to_a_time(text: str, expected: str) -> None:
    statement = Statement(5, f"We plan to publish the next canary {text}. By that time.", 1)
    first, last, time = expected.split()
    window = Window(date.fromisoformat(first), date.fromisoformat(last), time)
    assert due_window([statement], date(2020, 1, 2)) == window


def test_the_window_is_in_the_sentence_about_the_next_canary() -> None:
    others = [
        Statement(2, "We publish bulletins. The last was that of March 1, 2019.", 1),
        Statement(5, "The next canary is due in May 2020. We met in April 2019.", 2),
        Statement(6, "The next release comes in June 2020, with what it needs.", 3),
    ]
    assert due_window(others, date(2020, 1, 2)) == Window(date(2020, 5, 1), date(2020, 5, 31))


@each_line("last canaries")
def test_the_last_canary(text: str, expected: str) -> None:
    assert is_last([Statement(5, text, 1)]) is (expected == "last")


def test_two_windows_that_differ_are_none() -> None:
    said = [
        Statement(5, "The next canary is due in May 2020.", 1),
        Statement(6, "We publish the next one of these in June 2020.", 2),
    ]
    assert due_window(said, date(2020, 1, 2)) is None


def test_a_canary_of_the_demo() -> None:
    archive = demo_archive()
    third = archive.canaries[2]
    assert [s.number for s in third.statements] == [1, 2, 3, 4, 5]
    assert third.count == 10
    assert third.master_key == "7961FFB2E875FF73201BC296EBFE307C073FF6D7"
    assert third.due == Window(date(2025, 3, 1), date(2025, 3, 14))
    assert third.freshness == date(2022, 9, 12)
    assert third.announcements.startswith("From October 2022")
    assert archive.canaries[0].announcements == ""


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("We have published 4 Quern OS Security Bulletins.", 4),
        ("There have been 3 Quern Security Notices so far.", 3),
        ("We have issued 1 Security Advisory.", 1),
        ("Of 470 Xen Security Advisories 9 led to 5 Quern Security Advisories.", 5),
        ("We have read 4 Xen Security Advisories.", None),
    ],
)
def test_the_number_of_bulletins(said: str, count: int | None) -> None:
    assert bulletin_count([Statement(2, said, 1)]) == count


def found(archive: Archive) -> list[tuple[str, str]]:
    """Findings about canaries, but for the proof of freshness that those of tests lack."""
    about = [f for f in archive.findings if f.code.startswith("canary-")]
    return [(f.code, f.severity.value) for f in about if f.code != "canary-proof"]


def one(tmp_path: Path, text: str, *numbers: int, profile: Profile | None = None) -> Archive:
    files = numbered(*numbers) | {"canaries/canary-001-2020.txt": text}
    return load(make_pack(tmp_path, files), profile=profile or Profile(issuer="Quern"))


def test_the_count_is_held_against_the_archive(tmp_path: Path) -> None:
    assert found(one(tmp_path / "a", canary(1, count=3), 1, 2, 3)) == []
    gap = one(tmp_path / "b", canary(1, count=3), 1, 3)
    assert found(gap) == [("canary-count", "warning")]
    (finding,) = (f for f in gap.findings if f.code == "canary-count")
    assert finding.message.endswith("(002 is missing)")
    short = one(tmp_path / "c", canary(1, count=2), 1, 2, 3)
    assert found(short) == [("canary-count", "warning")]
    later = one(tmp_path / "d", canary(1, count=3), 1, 2, 3, 21)
    assert found(later) == []
    none = one(tmp_path / "f", canary(1))
    (finding,) = (f for f in none.findings if f.code == "canary-count")
    assert finding.message == "states 1 bulletin; this archive has 0 up to its date"
    last = one(tmp_path / "e", canary(1, count=3), 1, 2)
    assert found(last) == [("canary-count", "warning")]  # no gap explains what lacks at the end


def test_a_shortfall_is_told_of_the_newest_canary(tmp_path: Path) -> None:
    files = numbered(1, 3) | {
        "canaries/canary-001-2020.txt": canary(1, count=3),
        "canaries/canary-002-2020.txt": canary(2, count=3),
    }
    assert found(load(make_pack(tmp_path, files), profile=Profile())) == [
        ("canary-count", "notice"),
        ("canary-count", "warning"),
    ]


@pytest.mark.parametrize(
    "said", ["We have published 1,001 Quern", "2 Quern Security Bulletins, 3 Quern"]
)
def test_a_count_that_is_not_plain(tmp_path: Path, said: str) -> None:
    text = canary(1).replace("We have published 1 Quern", said)
    assert one(tmp_path, text).canaries[0].count is None


def test_the_master_key_is_held_against_the_anchor(tmp_path: Path) -> None:
    key = "7961FFB2E875FF73201BC296EBFE307C073FF6D7"
    profile = Profile(issuer="Quern", master_key=key)
    stated = " ".join(key[n : n + 4] for n in range(0, 40, 4))
    text = canary(1, count=0) + f"\n4. The key is:\n\n       {stated}\n"
    assert found(one(tmp_path / "a", text, profile=profile)) == []
    signer = canary(1, count=0) + f"\n4. The key of Ines is: {stated[:-4]}F6D8\n"
    after = f"\n5. The master key's fingerprint is: {stated}\n"
    assert found(one(tmp_path / "c", signer + after, profile=profile)) == []
    two = (
        after.replace("5.", "4.")
        + "   The release key's fingerprint is:\n\n       "
        + stated[:-4]
        + "F6D8\n"
    )
    shown = two.replace(f"is: {stated}", f"is:\n\n       {stated}\n")
    assert found(one(tmp_path / "e", canary(1, count=0) + shown, profile=profile)) == []
    both = signer.replace("is: ", f"is, beside the master key {stated}: ")
    assert found(one(tmp_path / "d", both, profile=profile)) == [("canary-key", "error")]
    wrong = text.replace("F6D7", "F6D8")
    assert found(one(tmp_path / "b", wrong, profile=profile)) == [("canary-key", "error")]


def test_what_cannot_be_read_is_found(tmp_path: Path) -> None:
    text = canary(1).replace("first week of June 2020", "fullness of time")
    text = text.replace("1 Quern Security", "some Quern Security")
    assert found(one(tmp_path, text)) == [("canary-count", "warning"), ("canary-due", "warning")]


def test_findings_stand_at_the_statement_that_they_are_about(tmp_path: Path) -> None:
    text = canary(1, count=7).replace("first week of June 2020", "fullness of time")
    findings = one(tmp_path, text).findings
    assert [(f.line, f.code) for f in findings if f.code.startswith("canary-")] == [
        (6, "canary-proof"),
        (8, "canary-count"),
        (10, "canary-due"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("3. The next", "5. The next", "canary-statements", "numbered 1, 2, 5"),
        ("1. The date", "The date", "canary-statements", "numbered 2, 3"),
        ("is March 4, 2020", "is Wednesday, March 4, 2020", "", ""),
        ("3. The next", "3. This is the last canary. The next", "canary-due", "it is the last"),
        ("Mon, 02 Mar", "Mon, 09 Mar", "canary-proof", "dated 2020-03-09"),
        ("Mon, 02 Mar", "Mon, 03 Feb", "canary-proof", "dated 2020-02-03"),
    ],
)
def test_what_is_odd_about_a_canary(
    tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    text = canary(1, count=0) + PROOF
    assert old in text
    findings = [f for f in one(tmp_path, text.replace(old, new)).findings if "canary-" in f.code]
    assert [f.code for f in findings] == ([code] if code else [])
    assert all(words in f.message for f in findings)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_is(tmp_path: Path, day: str) -> None:
    text = canary(1, date=day) + PROOF
    pack = make_pack(tmp_path, {f"canaries/canary-001-{day[:4]}.txt": text})
    archive = load(pack, profile=Profile(issuer="Quern"))
    assert "canary-proof" in {finding.code for finding in archive.findings}


def test_the_date_of_issue_is_held_against_the_header(tmp_path: Path) -> None:
    dated = canary(1, count=0).replace("]===---\n", "]===---\n\n  2020-03-05\n") + PROOF
    (finding,) = (f for f in one(tmp_path, dated).findings if f.code == "canary-date")
    assert "states 2020-03-04" in finding.message
    assert "dated 2020-03-05" in finding.message


def test_a_window_that_was_over_before_it_was_stated(tmp_path: Path) -> None:
    text = canary(1).replace("June 2020", "June 2019")
    archive = one(tmp_path, text)
    assert ("canary-due", "error") in found(archive)
    signature = Signature(archive.canaries[0].document.file, "ines", counts=True)
    signed = replace(archive.canaries[0], signatures=(signature,))
    findings = check_canaries([signed], (), Profile(issuer="Quern"))
    assert ("canary-due", "warning") in [(f.code, f.severity) for f in findings]


def test_lateness_that_cannot_be_told(tmp_path: Path) -> None:
    text = canary(1).replace("first week of June 2020", "fullness of time")
    for canaries in ((), one(tmp_path, text).canaries):
        (finding,) = check_lateness(canaries, date(2020, 1, 1))
        assert finding.code == "canary-late"
        assert "nobody can say" in finding.message


@pytest.mark.parametrize(
    ("on", "late"), [("2020-06-07", []), ("2020-06-08", [1]), ("2020-07-07", [30])]
)
def test_lateness(tmp_path: Path, on: str, late: list[int]) -> None:
    canaries: tuple[Canary, ...] = one(tmp_path, canary(1)).canaries
    findings = list(check_lateness(canaries, date.fromisoformat(on)))
    assert all(
        f"{n} day{'s' * (n > 1)} late" in f.message for n, f in zip(late, findings, strict=True)
    )


FOURTH = "\n4. No warrants have been served to us.\n"


def changed(tmp_path: Path, before: str, after: str) -> list[Change]:
    """What changed between two canaries."""
    files: Files = {
        "canaries/canary-001-2020.txt": before,
        "canaries/canary-002-2020.txt": after,
    }
    return list(changes(*load(make_pack(tmp_path, files)).canaries))


def second(**said: Any) -> str:
    return canary(2, **({"date": "July 4, 2020", "count": 3, "due": "December 2021"} | said))


def test_dates_and_numbers_are_set_apart(tmp_path: Path) -> None:
    before = canary(1) + FOURTH
    after = second() + FOURTH.replace("to us", "to most of us")
    found = changed(tmp_path, before, after)
    assert [(c.number, c.values) for c in found] == [
        (1, (("March 4, 2020", "July 4, 2020"),)),
        (2, (("1", "3"),)),
        (3, (("first week of June 2020", "first week of December 2021"),)),
        (4, ()),
    ]
    assert found[3].parts == (
        ("", "No warrants have been served to"),
        ("ins", "most of"),
        ("", "us."),
    )


def test_numbers_that_are_no_values_are_words(tmp_path: Path) -> None:
    before = canary(1) + FOURTH.replace("No", "0")
    after = second(date="March 4, 2020", count=1, due="June 2020") + FOURTH.replace("No", "3")
    (change,) = changed(tmp_path, before, after)
    assert change.number == 4
    assert change.parts[:2] == (("del", "0"), ("ins", "3"))


def test_a_statement_that_came_is_shown_alone(tmp_path: Path) -> None:
    same = {"date": "March 4, 2020", "count": 1, "due": "June 2020"}
    after = second(**same).replace("2. We have", "2. All is well.\n\n2. We have") + FOURTH
    (change,) = changed(tmp_path, canary(1) + FOURTH, after)
    assert (change.number, change.parts) == (2, (("ins", "All is well."),))
    (change,) = changed(tmp_path / "back", after.replace("002 ]", "001 ]"), second(**same) + FOURTH)
    assert (change.number, change.parts) == (2, (("del", "All is well."),))


def test_the_introduction_is_compared(tmp_path: Path) -> None:
    same = {"date": "March 4, 2020", "count": 1, "due": "June 2020"}
    says = "-----------\n\nWe, the {} of the team, state:\n"
    before = canary(1).replace("-----------\n", says.format("members"))
    after = second(**same).replace("-----------\n", says.format("rest"))
    (change,) = changed(tmp_path, before, after)
    assert change.number == -1
    assert change.parts[1:3] == (("del", "members"), ("ins", "rest"))


def test_a_statement_0_is_no_introduction(tmp_path: Path) -> None:
    after = second().replace("1. The", "0. We had to sign this.\n\n1. The")
    (new,) = (c for c in changed(tmp_path, canary(1), after) if c.parts)
    assert (new.number, new.parts) == (0, (("ins", "We had to sign this."),))


def test_very_long_statements_are_replaced_as_a_whole(tmp_path: Path) -> None:
    before, after = (canary(n) + f"\n4. {word * 20_000}\n" for n, word in ((1, "a "), (2, "b ")))
    (change,) = changed(tmp_path, before, after)
    assert [kind for kind, _ in change.parts] == ["del", "ins"]


SAID = "We know of no {}, and nobody has asked us for {}."


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("bells/keys ropes/oil", "mice/cheese bells/keys ropes/oil", "4+ 4>5 5>6"),
        ("bells/keys ropes/oil", "mice/cheese bells/oil ropes/oil", "4+ 4>5~ 5>6"),
        ("bells/keys ropes/oil", "ropes/oil bells/keys", "5>4 4>5"),
        ("bells/keys mice/cheese ropes/oil", "bells/keys ropes/oil", "6>5 5-"),
        ("bells/keys", "All-is-well.", "4~"),
        ("ropes/oil ropes/oil", "ropes/oil ropes/oil", ""),
    ],
)
def test_statements_are_paired_by_their_words(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    def text(start: str, words: str) -> str:
        said = [
            SAID.format(*word.split("/")) if "/" in word else word.replace("-", " ")
            for word in words.split()
        ]
        return start + "".join(f"\n{n}. {each}\n" for n, each in enumerate(said, 4))

    same = {"date": "March 4, 2020", "count": 1, "due": "June 2020"}
    found = changed(tmp_path, text(canary(1), before), text(second(**same), after))
    signs = {("ins",): "+", ("del",): "-", (): ""}
    assert (
        " ".join(
            (f"{c.was}>" if c.was else "")
            + f"{c.number}"
            + signs.get(tuple(k for k, _ in c.parts), "~")
            for c in found
        )
        == expected
    )


def test_statements_in_a_list_without_numbers(tmp_path: Path) -> None:
    """Their place is their number; a list below numbered ones belongs to the last of these."""
    text = canary(1)
    files: Files = {
        **numbered(1),
        "canaries/canary-001-2020.txt": re.sub(r"[0-9]\. (?=[TW])", "- ", text),
        "canaries/canary-002-2020.txt": text.replace("001", "002") + "\n- Or a week later.\n",
    }
    first, second = load(make_pack(tmp_path, files)).canaries
    assert (
        [s.number for s in first.statements] == [s.number for s in second.statements] == [1, 2, 3]
    )
    assert (first.count, first.due) == (1, Window(date(2020, 6, 1), date(2020, 6, 7)))
    assert second.statements[-1].text.endswith("June 2020. Or a week later.")
