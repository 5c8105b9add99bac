"""How data are written as JSON: as the standard library does, without what could be harmful."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from bulletins.exports.data import Written, json_members, to_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('aé \\"\n'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner),
)


@given(VALUES)
def test_data_survive(value: object) -> None:
    assert json.loads(to_json(value)) == value
    assert json.loads(to_json(value, lines=False)) == value


@given(PLAIN)
def test_written_as_the_standard_library_does(value: object) -> None:
    """With nothing in it that is escaped beyond what JSON asks."""
    lines = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    assert to_json(value).decode() == lines + "\n"
    one = json.dumps(value, sort_keys=True, ensure_ascii=False)
    assert to_json(value, lines=False).decode() == one + "\n"


@given(PLAIN)
def test_what_was_written_before_stands_as_if_it_had_not(value: object) -> None:
    before = Written(to_json(value).decode().removesuffix("\n"))
    assert to_json([{"a": before}]) == to_json([{"a": value}])


@given(st.dictionaries(st.text(), PLAIN), st.lists(PLAIN))
def test_in_pieces_it_is_the_same(members: dict[str, object], items: list[object]) -> None:
    written = (Written(to_json(item).decode().removesuffix("\n")) for item in items)
    pieces = json_members(members | {"items": written})
    assert b"".join(pieces) == to_json(members | {"items": items})


@given(st.text())
def test_nothing_that_is_live_or_cannot_be_seen(words: str) -> None:
    harmful = "[<>&\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    harmful += "\ufffe\uffff\U000e0020-\U000e007f]"
    for lines in (True, False):
        assert not re.search(harmful, to_json({words: [words]}, lines=lines).decode())


def test_each_sign_is_escaped() -> None:
    words = "<>&\x00\x1b\x7f\x80\x85\xad\u200b\u2028\u202e\u2066\ufeff\ufffe\uffff"
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in words)
    words, escaped = f"{words}\U000e0041", f"{escaped}\\udb40\\udc41"
    assert to_json(words).decode() == f'"{escaped}"\n'
