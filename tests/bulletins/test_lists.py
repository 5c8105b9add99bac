"""Lists of documents: their years, and when each canary came."""

from __future__ import annotations

from pathlib import Path

from bulletins.pages.items import by_year
from bulletins.pages.lists import continuity
from bulletins.site import Site
from secpack import Profile, load
from secpack.profile import Period, Signer
from tests.packs import bulletin, canary, make_pack


def test_numbers_need_not_be_in_the_order_of_days(tmp_path: Path) -> None:
    days = {1: "2001-12-30", 2: "2002-01-03", 3: "2001-12-31", 4: "2002-01-04"}
    texts = {f"QSBs/qsb-{n:03d}-{day[:4]}.txt": bulletin(n, date=day) for n, day in days.items()}
    found = load(make_pack(tmp_path, texts), profile=Profile(issuer="Quern")).bulletins
    years = [(year, [b.number for b in group]) for year, group in by_year(found[::-1])]
    assert years == [(2002, [4, 2]), (2001, [3, 1])]


def test_canaries_come_within_their_window_or_outside_it(tmp_path: Path) -> None:
    """Only that of the one before counts, which the archive must have."""
    dues = ("June 2020", "September 2020", "December 2020", "June 2021", "June 2021")
    days = ("March 4", "June 4", "August 31", "January 2", "July 1")
    files = {
        f"canaries/canary-00{n}-{year}.txt": canary(n, date=f"{day}, {year}", count=0, due=due)
        for n, day, due, year in zip(
            (1, 2, 3, 4, 6), days, dues, (2020,) * 3 + (2021,) * 2, strict=True
        )
    }
    signers = {"ines": Signer("Ines Aldous", "A" * 40, canaries=Period())}
    profile = Profile(issuer="Quern", signers=signers)
    found = continuity(
        Site(load(make_pack(tmp_path / "pack", dict(files)), profile=profile), profile)
    )
    assert [item.timing for item, _ in found.marks] == [
        "unknown",
        "within",
        "early",
        "late",
        "unknown",
    ]
    assert found.lanes == ("Ines Aldous",)
    assert {states for _, states in found.marks} == {("missing",)}
