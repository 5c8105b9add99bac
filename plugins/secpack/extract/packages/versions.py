"""Versions, and words that are a name with its version: ``xen-4.1.2-7.fc20.x86_64``."""

from __future__ import annotations

import re
from typing import Final

# Neither "6.1.x" nor "64.iso" is a version.
_VERSION: Final = re.compile(
    r"(?!.{0,400}\.(?:[A-Za-z]{1,9}|\*)$)"
    r"v?(?:[0-9]{1,4}:)?[0-9][\w.+~^]{0,80}(?:-[\w.+~^]{1,80}){0,4}"
)
_PLAINLY: Final = re.compile(r"v?[0-9]{1,80}(?:[.:]|-[0-9])|[0-9]{6}")
# Each version has one of these in it or just before it, or the word "version" in front.
_SIGN: Final = re.compile(r"[0-9][.:]|-\n?[0-9]|[0-9]{6}|[Vv]er")
_DOTTED: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}")
_NUMBERED_ID: Final = re.compile(r"[A-Z-]{1,80}-[0-9-]{1,80}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(r"[A-Za-z][\w.+*-]{0,80}")
_ARCHITECTURE: Final = re.compile(
    r"(?:[._](?:x86_64|noarch|i[3-6]86|aarch64|amd64|arm64|all|src))?(?:\.rpm|\.deb)?$"
)


def may_have_version(text: str) -> bool:
    """Whether a phrase has what no version is without; fast, and True more often than needed."""
    return _SIGN.search(text) is not None


def is_version(word: str, *, certain: bool) -> bool:
    """Whether a word is a version; if it is ``certain`` to be one, a number will do."""
    plainly = _PLAINLY.match(word) and not _DAY.fullmatch(word)
    return bool(_VERSION.fullmatch(word) and (certain or plainly))


def is_name(word: str) -> bool:
    """Whether a word has the form of a package's name."""
    return _NAME.fullmatch(word) is not None


def bare_version(word: str) -> str:
    """A version without architecture and ending of a file, and without ``v``."""
    return _ARCHITECTURE.sub("", word, count=1).removeprefix("v")


def split_name(word: str) -> tuple[str, str] | None:
    """Name and version of ``xen-4.1.2-7.fc20.x86_64`` or ``xen_4.1.2-7``; None of other words.

    A version ends with a release number; where there is none, what is left must look like one.
    ``CVE-2031-10001`` is no package.
    """
    word = _ARCHITECTURE.sub("", word, count=1)
    name, _, version = word.rpartition("_")
    if not (name and version[:1].isdigit() and _PLAINLY.match(version)):
        name, version = _split_at_dash(word)
    whole = _NAME.fullmatch(name) and _VERSION.fullmatch(version)
    numbered = _NUMBERED_ID.fullmatch(word) is not None
    return (name, version) if whole and not numbered else None


def _split_at_dash(word: str) -> tuple[str, str]:
    rest, _, last = word.rpartition("-")
    name, _, before = rest.rpartition("-")
    if not last[:1].isdigit():
        return "", ""
    dotted = _DOTTED.fullmatch(last)
    if name and before[:1].isdigit() and not (dotted and before.isdigit()):
        return name, f"{before}-{last}"
    return (rest, last) if dotted or _PLAINLY.match(last) else ("", "")
