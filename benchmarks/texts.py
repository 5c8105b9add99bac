"""The texts of a pack, as every program gets them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final

from secpack import SecpackError, load_profile
from secpack.parser.dates import DATE, parse_date
from secpack.profile import Kind

_CONTENT: Final = Path(__file__).resolve().parents[1] / "content"

# A line of running text, with nothing in it that HTML escapes.
_PROSE: Final = re.compile(r"[A-Za-z][A-Za-z ,.]{25,60}")


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack and what goes with it to build its site."""

    root: Path
    profile: Path
    xsa: Path | None = None
    xsa_json: Path | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A bulletin or canary: its path in the pack, and what a plain page shows."""

    path: str
    title: str
    day: date
    words: str

    @property
    def name(self) -> str:
        """The name of its file without ``.txt``: ``qsb-029-2017``."""
        return Path(self.path).stem


def given_pack() -> Pack:
    """The pack that the environment names, with what goes with it, as for a build; or the demo."""
    names = ("SECPACK", "PROFILE", "XSA", "XSA_JSON")
    given = (Path(path).resolve() if (path := os.environ.get(name)) else None for name in names)
    root, profile, xsa, xsa_json = given
    if root:
        return Pack(root, profile or _CONTENT / "qubes.toml", xsa, xsa_json)
    profile, xsa = profile or _CONTENT / "demo.toml", xsa or _CONTENT / "xsa.yml"
    return Pack(_CONTENT / "secpack", profile, xsa, xsa_json or _CONTENT / "xsa.json")


def read_texts(pack: Pack) -> Iterator[Text]:
    """Read bulletins, then canaries, by number; one at a time, so that this process stays small."""
    profile = load_profile(pack.profile)
    yield from _read_kind(pack, profile.bulletins)
    yield from _read_kind(pack, profile.canaries)


def find_edit(pack: Pack) -> tuple[Text, str]:
    """The last bulletin with a line of prose, and that line. Raises SecpackError without one."""
    found: tuple[Text, str] | None = None
    for text in _read_kind(pack, load_profile(pack.profile).bulletins):
        lines = text.words.split("\n")
        line = next((line for line in lines[len(lines) // 2 :] if _PROSE.fullmatch(line)), "")
        found = (text, line) if line else found
    if not found:
        raise SecpackError(f"{pack.root}: no bulletin with a line of prose to edit")
    return found


def _read_kind(pack: Pack, kind: Kind) -> Iterator[Text]:
    for path in sorted((pack.root / kind.folder[0]).glob(f"{kind.slug}-[0-9]*-*.txt")):
        words = path.read_text("utf-8", errors="replace")
        yield Text(f"{kind.folder[0]}/{path.name}", *_title_and_day(words, path.stem), words)


def _title_and_day(words: str, name: str) -> tuple[str, date]:
    """The title is below a date that has a line of its own; a text without one has its name."""
    lines = [line.strip() for line in words.split("\n", 16)[:16] if line.strip()]
    for line, following in pairwise(lines):
        if re.fullmatch(DATE, line):
            return following, parse_date(line)
    stated = re.search(DATE, words)
    return name, parse_date(stated[0]) if stated else date(int(name.split("-")[2]), 1, 1)
