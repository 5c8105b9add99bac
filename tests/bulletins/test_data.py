"""How data are written as JSON: as the standard library does, without what could be harmful."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from bulletins.exports.data import to_json

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
    lines = json.dumps(value, separators=(",\n", ": "), sort_keys=True, ensure_ascii=False)
    assert to_json(value).decode() == lines + "\n"
    one = json.dumps(value, sort_keys=True, ensure_ascii=False)
    assert to_json(value, lines=False).decode() == one + "\n"


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
