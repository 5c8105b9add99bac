"""Canaries: what they state, what changed, whether it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secpack import Profile, load
from secpack.canary import due_window, is_last
from secpack.canary.checks import check_canaries, check_lateness
from secpack.canary.diff import changes
from secpack.model.archive import Archive, Canary, Change, Signature, Statement, Window
from tests.packs import PROOF, Files, canary, demo_archive, make_pack, numbered


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("in the first week of March 2015", "2015-03-01", "2015-03-07"),
        ("in the first two weeks of September 2016", "2016-09-01", "2016-09-14"),
        ("in the first 2 weeks of January 2016", "2016-01-01", "2016-01-14"),
        ("in the first fourteen days of December 2021", "2021-12-01", "2021-12-14"),
        ("in the first 10 days of May 2022", "2022-05-01", "2022-05-10"),
        ("in the last fourteen days of May 2023", "2023-05-18", "2023-05-31"),
        ("in the first six days of May 2023", "2023-05-01", "2023-05-06"),
        ("in the first twenty-one days of May 2023", "2023-05-01", "2023-05-21"),
        ("in the last week of February 2024", "2024-02-23", "2024-02-29"),
        ("in the first half of June 2022", "2022-06-01", "2022-06-15"),
        ("between March 1, 2020 and March 14, 2020", "2020-03-01", "2020-03-14"),
        ("no later than 2020-04-15", "2020-01-02", "2020-04-15"),
        ("by April 15th, 2020", "2020-01-02", "2020-04-15"),
        ("in April 2020", "2020-04-01", "2020-04-30"),
        ("in the second week of March 2021", "2021-03-08", "2021-03-14"),
        ("in the fourth week of February 2021", "2021-02-22", "2021-02-28"),
        ("in the second half of February 2024", "2024-02-16", "2024-02-29"),
        ("in the last half of June 2022", "2022-06-16", "2022-06-30"),
        ("on March 5, 2027", "2027-03-05", "2027-03-05"),
        ("by the end of March 2027", "2020-01-02", "2027-03-31"),
        ("by the end of the first week of March 2027", "2020-01-02", "2027-03-07"),
        ("between December 1 and December 14, 2026", "2026-12-01", "2026-12-14"),
        ("from December 1st to 2026-12-14", "2026-12-01", "2026-12-14"),
        (
            "between the last week of May 2026 and the first week of June 2026",
            "2026-05-25",
            "2026-06-07",
        ),
        ("in the first two weeks of June", "2020-06-01", "2020-06-14"),
        ("in the first week of January", "2020-01-01", "2020-01-07"),
        ("in the week of 2020-03-02", "2020-03-02", "2020-03-08"),
        ("before March 5, 2020", "2020-01-02", "2020-03-05"),
        ("between March 1 and 14, 2027", "2027-03-01", "2027-03-14"),
        ("from March 1 to 14, 2027", "2027-03-01", "2027-03-14"),
        ("on March 1-14, 2027", "2027-03-01", "2027-03-14"),
        ("by 14 March 2027", "2020-01-02", "2027-03-14"),
        ("by the 14th of March 2027", "2020-01-02", "2027-03-14"),
        ("on or before March 14, 2027", "2020-01-02", "2027-03-14"),
        ("in the First Two Weeks of March 2027", "2027-03-01", "2027-03-14"),
        ("within 30 days", "2020-01-02", "2020-02-01"),
        ("within the next two weeks (or sooner)", "2020-01-02", "2020-01-16"),
        ("within 90 days of the date of issue", "2020-01-02", "2020-04-01"),
        ("by 2027/03/14", "2020-01-02", "2027-03-14"),
        ("between 15/03/2027 and 28/03/2027", "2027-03-15", "2027-03-28"),
        ("by March 14 2027", "2020-01-02", "2027-03-14"),
        ("at the latest on March 14, 2027", "2020-01-02", "2027-03-14"),
    ],
)
def test_window(words: str, first: str, last: str) -> None:
    statement = Statement(5, f"We plan to publish the next of these canary statements {words}.", 1)
    window = due_window([statement], date(2020, 1, 2))
    assert window == Window(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "words",
    [
        "soon",
        "in the first several days of May 2022",
        "in 2020",
        "in December 2026 or January 2027",
        "between March 1, 2027 or March 14, 2027",
        "between March 14, 2027 and March 1, 2027",
        "not before March 1, 2027",
        "after the first week of March 2027",
        "before the first week of March 2027",
        "in the second two weeks of March 2027",
        "in the fourth half of March 2027",
        "on February 30, 2027",
        "in the first 90 days of March 2027",
        "within two weeks of March 1, 2027",
        "in the first days of March 2027",
        "no sooner than March 1, 2027",
        "starting March 1, 2027",
        "on March 1, 2027 or later",
        "around March 10, 2027",
        "in the week starting Monday, March 8, 2027",
        "between 1 and 14 March 2027",
        "in the first fortnight of March 2027",
        "in early March 2027",
        "in mid-March 2027",
        "at the beginning of March 2027",
        "in the middle of March 2027",
        "in the first ten working days of March 2027",
        "on the first Monday in March 2027",
        "two weeks before March 15, 2027",
        "never in March 2027",
        "in the fourth week of March 2027 or so",
        "the week of December 30, 9999",
        "by 05/07/2027",
        "by 23:59 on March 14, 2027",
        "by 23:59 local time on March 14, 2027",
        "by 23:59 CET on March 14, 2027",
        "between 00:00 UTC on March 1, 2027 and 23:59 UTC on March 14, 2027",
        "by 23:59 UTC on December 31, 9999 or 00:30 UTC",
        "by 23:59 -0800 on December 31, 9999",
        "by midnight UTC on March 14, 2027",
        "by noon on March 14, 2027",
        "by 5 p.m. on March 14, 2027",
        "within a month",
        "within 30 working days",
        "not within 30 days",
        "within 30 days of the next release",
        "within 30 to 60 days",
        "within 900 days",
        "in May, or by 14/03/2027",
        "in May 2020, or in a month after",
        "in May 2020, if at all",
        "by June 30, 2020, at noon",
        "long before May 3, 2020",
    ],
)
def test_no_window(words: str) -> None:
    statement = Statement(5, f"The next canary is due {words}.", 1)
    assert due_window([statement], date(2020, 1, 2)) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "We cannot publish the next canary in May 2020.",
        "We won't publish the next canary in May 2020.",
        "We don’t plan to publish the next canary in May 2020.",
        "We are unable to publish the next canary in May 2020.",
        "We refuse to publish the next canary in May 2020.",
        "The next canary has been cancelled; it was due in May 2020.",
        "Instead of the next canary, we publish a letter in May 2020.",
        "The next canary will be skipped in May 2020.",
        "The next release will be published in May 2020.",
        "The next Quern Security Bulletin is to be published in May 2020.",
        "We publish this because the next elections are in May 2020.",
        "Next, we publish that the team met in May 2020.",
        "The next canary will report what happened in May 2020.",
        "The next canary covers incidents in May 2020.",
        "The next canary will be signed with the key that was made on May 3, 2020.",
        "The next canary is signed by Ines, who joined in May 2020.",
    ],
)
def test_a_sentence_about_something_else(sentence: str) -> None:
    assert due_window([Statement(5, sentence, 1)], date(2020, 1, 2)) is None


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("no later than 23:59 UTC on March 14, 2027", ("2020-01-02", "2027-03-14", "23:59")),
        ("by 2027-03-14, 12:00 GMT", ("2020-01-02", "2027-03-14", "12:00")),
        ("before March 14, 2027 at 9:30Z", ("2020-01-02", "2027-03-14", "09:30")),
        ("by 20:00 -0800 on March 14, 2027", ("2020-01-02", "2027-03-15", "04:00")),
        ("by 00:30 UTC+2 on March 14, 2027", ("2020-01-02", "2027-03-13", "22:30")),
        ("by 23:59:59 +05:30 on 14 March 2027", ("2020-01-02", "2027-03-14", "18:29")),
    ],
)
def test_a_window_up_to_a_time(words: str, window: tuple[str, str, str]) -> None:
    statement = Statement(5, f"We plan to publish the next canary {words}. By that time.", 1)
    first, last, time = window
    expected = Window(date.fromisoformat(first), date.fromisoformat(last), time)
    assert due_window([statement], date(2020, 1, 2)) == expected


def test_the_window_is_in_the_sentence_about_the_next_canary() -> None:
    others = [
        Statement(2, "We publish bulletins. The last was that of March 1, 2019.", 1),
        Statement(5, "The next canary is due in May 2020. We met in April 2019.", 2),
        Statement(6, "The next release comes in June 2020, with what it needs.", 3),
    ]
    assert due_window(others, date(2020, 1, 2)) == Window(date(2020, 5, 1), date(2020, 5, 31))


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("There will be no more canaries. Quern Canary #9 is the last one.", True),
        ("This is the final canary.", True),
        ("Much has happened since the last canary, and this is the last one of the year.", False),
        ("There will be no more releases.", False),
        ("We know of no more canaries.", False),
        ("There will be no more canaries after this one.", True),
        ("This is the last canary of 2020.", False),
        ("If anybody forces us, there will be no more canaries.", False),
        ("There will be no more canaries if we receive a warrant.", False),
        ("There will be no more canaries until June 2020.", False),
        ("Nobody has told us that there will be no more canaries.", False),
        ("We do not say that this is the last canary.", False),
        ("Unless we say otherwise, this is the last canary.", False),
        ("Nobody said canary 9 is the last one.", False),
        ('"There will be no more canaries" is a rumour.', False),
    ],
)
def test_the_last_canary(words: str, last: bool) -> None:
    assert is_last([Statement(5, words, 1)]) is last


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
    assert all(f"{n} day(s) late" in f.message for n, f in zip(late, findings, strict=True))


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
    assert change.number == 0
    assert change.parts[1:3] == (("del", "members"), ("ins", "rest"))


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
