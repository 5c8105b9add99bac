"""``make fuzz``: the texts of the cases, changed at random, through reading and rendering.

Whatever a text is, there must be a SecpackError, or a page, feeds and data that have all its words
and nothing live or hidden, and soon. A text for which that is not so is saved.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from lxml import etree

from secpack import SecpackError
from secpack.parser.characters import HIDDEN
from tests.bulletins.test_lossless import Inert
from tests.bulletins.test_lossless import check as check_document
from tests.cases import read_cases
from tests.processes import patience
from tests.secpack.adversary import PAIRS, PIECES
from tests.whole import CANARY, through
from tests.words import words_of_html, words_of_text

#: Where texts are saved.
FOUND: Final = Path(__file__).parents[1] / ".fuzz"

#: Bytes of a text at most, and seconds of the processor that it may take.
LARGEST: Final = 64 * 1024
PATIENCE: Final = 5

#: Seconds for finding a smaller text that fails, too; how many texts Hypothesis makes at a time.
SHRINKING: Final = 60
_AT_A_TIME: Final = 100

#: Lines at the beginning of a text that are changed less often, since most changes are refused.
_HEAD: Final = 5

_ODD: Final = (
    *PIECES, *(f"{one}\n{other}" for one, other in PAIRS), "\u00ad", "\u034f", "\u115f", "\u2028",
    "\u2800", "\ufe0f", "\ufdd0", "\U000e0041", "\x85", "\x0c", "XS\u0410-9034", "<script>", "]]>",
    "&lt;", '"', "'", "javascript:alert(1)", "https://a/\"onclick='a", "{{ 7 * 7 }}", "-->", "//\\",
    "int f(a", "Changelog\n---\n", "References\n===\n", "\n\n", "\n", "    ", "  ",
)  # fmt: skip
_ODD_BYTES: Final = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00", b"\r\n")

Lines: TypeAlias = list[str]
Check: TypeAlias = Callable[[bytes], None]


# --- what must hold ---------------------------------------------------------------------------


def check(data: bytes) -> None:
    """Raise AssertionError, or what the code raises, if something does not hold for a text."""
    try:
        with patience(PATIENCE):
            whole = through(data)
    except SecpackError:
        return
    (publication,) = whole.archive.publications
    check_document(publication.document)
    assert words_of_html(whole.html) == words_of_text(data), "words are lost"
    Inert().feed(whole.html)
    for path, written in {"page.html": whole.html.encode(), **whole.files}.items():
        if path.endswith((".html", ".xml", ".json")):
            assert not HIDDEN.search(written.decode()), f"{path}: a character that cannot be seen"
        if path.endswith(".json"):
            json.loads(written)
            assert b"<" not in written, f"{path}: markup"
        if path.endswith(".xml"):
            for content in etree.fromstring(written).iter("{*}content"):
                Inert().feed(content.text or "")


# --- texts ------------------------------------------------------------------------------------


def _seeds() -> list[Lines]:
    """The texts of the cases, and a canary."""
    kinds = ("valid", "invalid", "packages", "credits", "leads", "inference")
    cases = [case for kind in kinds for case in read_cases(kind)]
    found = [case.data.decode("utf-8", "replace").split("\n") for case in cases]
    return [*found, f"{CANARY}Statements\n---\n\n1. a\n".split("\n")]


_SEEDS: Final = _seeds()


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    """A case with some changes."""
    lines = list(draw(st.sampled_from(_SEEDS)))
    for _ in range(draw(st.integers(0, 8))):
        first = min(len(lines), draw(st.sampled_from((_HEAD, _HEAD, _HEAD, 0))))
        lines = draw(st.sampled_from(_CHANGES))(draw, lines, first)
    data = "\n".join(lines).encode("utf-8", "replace")
    if draw(st.integers(0, 15)) == 15:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from(_ODD_BYTES)) + data[at:]
    return data[:LARGEST]


def _part(draw: st.DrawFn, lines: Lines, first: int = 0) -> tuple[int, int]:
    """Where some lines begin and end."""
    start = draw(st.integers(first, max(first, len(lines) - 1)))
    return start, min(len(lines), start + draw(st.integers(1, 12)))


def _delete(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    start, end = _part(draw, lines, first)
    return lines[:start] + lines[end:]


def _repeat(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    start, end = _part(draw, lines, first)
    return lines[:start] + lines[start:end] * draw(st.sampled_from((2, 2, 3, 100))) + lines[end:]


def _splice(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    other = draw(st.sampled_from(_SEEDS))
    start, end = _part(draw, other, min(_HEAD, len(other)))
    at = draw(st.integers(first, len(lines)))
    return lines[:at] + other[start:end] + lines[at:]


def _swap(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    start, end = _part(draw, lines, first)
    return lines[:start] + lines[start:end][::-1] + lines[end:]


def _insert(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    """Put odd pieces or random characters into a line, once or often."""
    at = draw(st.integers(first, max(first, len(lines) - 1)))
    line = lines[at] if at < len(lines) else ""
    place = draw(st.integers(0, len(line)))
    piece = draw(st.one_of(st.sampled_from(_ODD), st.text(max_size=6)))
    piece *= draw(st.sampled_from((1, 1, 1, 1, 1, 2, 1000)))
    return [*lines[:at], line[:place] + piece + line[place:], *lines[at + 1 :]]


def _indent(draw: st.DrawFn, lines: Lines, first: int) -> Lines:
    start, end = _part(draw, lines, first)
    mark = draw(st.sampled_from(("    ", "  ", "| ", "- ", "\t", "> ", "1. ", "[1] ")))
    return lines[:start] + [mark + line for line in lines[start:end]] + lines[end:]


_CHANGES: Final = (_delete, _repeat, _splice, _swap, _insert, _insert, _insert, _indent)


# --- running ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """How far a run is: until when it goes on, how many texts there were, the smallest failure."""

    check: Check
    end: float
    texts: int = 0
    failure: tuple[bytes, str] | None = None
    shown: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.end

    def try_text(self, data: bytes) -> None:
        """Check a text; a failure ends the run as soon as no smaller text fails."""
        if self.over():
            return
        self.texts += 1
        self._show()
        try:
            self.check(data)
        except Exception:
            if self.failure is None:
                self.end = min(self.end + SHRINKING, time.monotonic() + SHRINKING)
            if self.failure is None or len(data) < len(self.failure[0]):
                self.failure = data, traceback.format_exc()
            raise

    def _show(self) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and now - self.shown > 1:
            self.shown = now
            state = "looking for a smaller text" if self.failure else "nothing found"
            left = f"{self.end - now:5.0f} s left"
            print(f"\r{left}, {self.texts} texts, {state} ", end="", file=sys.stderr)


def fuzz(minutes: float, start: int, check: Check = check) -> Run:
    """Check texts for some minutes, or until one fails; the same ``start`` makes the same texts."""
    run = Run(check, time.monotonic() + minutes * 60)
    while not run.over() and run.failure is None:
        _some_texts(run, start)
        start += 1
    return run


def _some_texts(run: Run, start: int) -> None:
    options = settings(
        max_examples=_AT_A_TIME,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )

    @seed(start)
    @options
    @given(_texts())
    def some(data: bytes) -> None:
        run.try_text(data)

    try:
        some()
    except Exception:
        if run.failure is None:
            raise


def main(arguments: list[str]) -> int:
    """Run as a command; the exit status is 1 if a text fails."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("texts", nargs="*", type=Path, help="check these texts, and no others")
    options = parser.parse_args(arguments)
    if options.texts:
        for path in options.texts:
            check(path.read_bytes())
        print("nothing found")
        return 0
    run = fuzz(options.minutes, options.seed)
    result = "one fails" if run.failure else "nothing found"
    print(f"\r{run.texts} texts from seed {options.seed}: {result}")
    return _report(*run.failure) if run.failure else 0


def _report(data: bytes, error: str) -> int:
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{hashlib.sha256(data).hexdigest()[:12]}.txt"
    path.write_bytes(data)
    print(f"{error}\nThe smallest text that fails, of {len(data)} bytes: {path}")
    print(data[:2000].decode("utf-8", "backslashreplace"))
    print(f"To check it again: .venv/bin/python -m tests.fuzz {path}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
