r"""Cases: texts with what is expected of them, some in a file.

A file ``tests/data/kind.cases``, or one of ``kind-….cases``, holds for each case::

    %% its name
    the text
    %%
    what is expected, a line each

In both, ``\x00`` is a byte, as are all that cannot be seen; a text without a line end at its end
has a backslash there. ``tests/data/lines.txt`` has short ones, a line each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from secpack.model.archive import File

DATA = Path(__file__).parent / "data"

_CASE = re.compile(r"^%% (.+)\n((?:(?!%%).*\n)*)%%\n((?:(?!%%).+\n)*)", re.MULTILINE)
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_LINES = {
    kind: lines
    for kind, *lines in (
        part.splitlines() for part in (DATA / "lines.txt").read_text("utf-8").split("\n\n")[1:]
    )
}
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]|[ \t]$", re.M
)


@dataclass(frozen=True, slots=True)
class Case:
    """A text by its name, and what is expected; ``source`` is how the text is written."""

    name: str
    source: str
    expected: str
    path: Path

    @property
    def data(self) -> bytes:
        """The text."""
        written = self.source.removesuffix("\\\n").encode()
        return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), written)

    @property
    def file(self) -> File:
        """The text, as a file of a pack."""
        return File("text.txt", self.data, "")

    def check(self, lines: Iterator[str] | list[str], *, golden: bool) -> None:
        """Compare these lines with what is expected, or expect them from now on."""
        found = "".join(f"{escaped(line)}\n" for line in lines)
        if golden:
            before = f"%% {self.name}\n{self.source}%%\n"
            text = self.path.read_bytes().decode()
            self.path.write_bytes(text.replace(before + self.expected, before + found, 1).encode())
        else:
            assert found == self.expected


def escaped(text: str) -> str:
    """A text with what cannot be seen as escapes."""
    return _UNSEEN.sub(lambda m: "".join(f"\\x{byte:02x}" for byte in m[0].encode()), text)


def read_cases(kind: str) -> list[Case]:
    """All cases of a kind."""
    return [
        Case(*found.groups(), path)
        for path in sorted(DATA.glob(f"{kind}*.cases"))
        for found in _CASE.finditer(path.read_bytes().decode())
    ]


def each_line(kind: str) -> pytest.MarkDecorator:
    """Runs a test with each line of a kind, ``text`` or ``text => expected``, as arguments."""
    lines = _LINES[f"[{kind}]"]
    parts = [line.replace("\\n", "\n").partition(" =>") for line in lines]
    texts = [text for text, _, _ in parts]
    if not any(sign for _, sign, _ in parts):
        return pytest.mark.parametrize("text", texts, ids=lines)
    given = [(text, expected.strip()) for text, _, expected in parts]
    return pytest.mark.parametrize(("text", "expected"), given, ids=texts)


def each_case(kind: str) -> pytest.MarkDecorator:
    """Runs a test with each case of a kind, as ``case``."""
    return pytest.mark.parametrize("case", read_cases(kind), ids=lambda case: case.name)
