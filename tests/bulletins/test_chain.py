"""How a feed is parted into documents: each entry once, full ones for good, no revision missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulletins.exports.feeds.formats import SIZE, FeedEntry, Page, chain

START = datetime(2020, 1, 1, tzinfo=UTC)


def entry(number: int) -> FeedEntry:
    day = START + timedelta(days=number)
    return FeedEntry(f"tag:x:{number}", f"{number}", "", day, day, "", str, (), ())


def entries(count: int) -> list[FeedEntry]:
    """Newest first."""
    return [entry(number) for number in range(count, 0, -1)]


def walk(pages: list[Page]) -> list[str]:
    """Titles as a reader meets them who starts at the document to subscribe to."""
    by_number = {page.number: page for page in pages}
    titles: list[str] = []
    page: Page | None = by_number[None]
    while page:
        titles += [e.title for e in page.entries]
        page = by_number[page.older] if page.older else None
    return titles


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, [0]),
        (1, [1]),
        (50, [50]),
        (51, [1, 50]),
        (99, [49, 50]),
        (100, [50, 0, 50]),
        (101, [50, 1, 50]),
        (250, [50, 50, 50, 50, 0, 50]),
    ],
)
def test_sizes(count: int, sizes: list[int]) -> None:
    assert [len(page.entries) for page in chain(entries(count))] == sizes


@given(st.integers(0, 260))
def test_every_entry_once_and_newest_first(count: int) -> None:
    assert walk(chain(entries(count))) == [str(n) for n in range(count, 0, -1)]


@given(st.integers(0, 260), st.lists(st.tuples(st.integers(0, 259), st.integers(0, 400))))
def test_revised_entries_are_there_once_too(count: int, revised: list[tuple[int, int]]) -> None:
    row = entries(count)
    for place, days in revised:
        if place < count:
            row[place] = replace(row[place], updated=row[place].published + timedelta(days=days))
    assert sorted(walk(chain(row)), key=int) == [str(n) for n in range(1, count + 1)]


@given(st.integers(0, 210), st.integers(0, 400), st.integers(1, 60))
def test_a_full_archive_stays_as_it_is(count: int, days: int, more: int) -> None:
    """Also when one of its entries had been revised, at any time up to now."""
    row = entries(count + more)
    if count:
        oldest = row[-1]
        row[-1] = replace(
            oldest,
            updated=min(oldest.published + timedelta(days=days), row[more].published),
        )
    before = chain(row[more:])
    full = [p for p in before if p.number and p.newer]
    assert full == [p for p in chain(row) if p.number in {q.number for q in full}]


def test_whoever_subscribes_sees_the_revision_of_an_old_text() -> None:
    row = entries(120)
    row[-1] = replace(row[-1], updated=row[0].updated)
    first, _, newest = chain(row)
    assert [e.title for e in newest.entries][-1] == "1"
    assert len(newest.entries) == SIZE + 1
    assert [e.title for e in first.entries] == [str(n) for n in range(50, 1, -1)]
    assert newest.updated == row[0].updated


def test_a_document_was_updated_when_its_newest_entry_was() -> None:
    pages = chain(entries(100))
    assert [page.updated for page in pages] == [
        START + timedelta(days=50),
        START + timedelta(days=50),
        START + timedelta(days=100),
    ]
    assert [page.number for page in pages] == [1, 2, None]
    assert [page.older for page in pages] == [None, 1, 2]
    assert [page.newer for page in pages] == [2, None, None]


def test_without_entries() -> None:
    (page,) = chain([])
    assert (page.number, page.older, page.newer, page.updated) == (
        None,
        None,
        None,
        datetime(2000, 1, 1, tzinfo=UTC),
    )
