"""The folders of a pack: which file is what. The only module that reads a pack's files."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from secpack.errors import ParseError, PrivateKeyError, SecpackError
from secpack.files import read_file
from secpack.model.archive import File, Signature
from secpack.model.findings import Finding, Severity
from secpack.parser.lines import MAX_BYTES
from secpack.profile import Kind, Profile
from secpack.signatures.private_keys import find_private_key

_T = TypeVar("_T")

_MAX_SIGNATURE: Final = 64 * 1024

#: The largest file of a pack, whether it is published or not, in bytes.
_MAX_FILE: Final = 64 * 1024 * 1024
_SIGNATURE: Final = re.compile(r"(?P<document>.+)\.(?:sig|sign)\.(?P<signer>[A-Za-z0-9_-]{1,40})")
_SKIPPED: Final = re.compile(r"(?i)(?:.+-)?template(?:\..+)?|readme(?:\..+)?|\.git.*")
_KEY: Final = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,100}/)+[A-Za-z0-9][\w.-]{0,100}\.asc", re.ASCII)
_ATTACHMENT: Final = re.compile(
    r"[A-Za-z0-9][\w.-]{0,100}\.(?:txt|dot|csv|pdf|png|asc|patch|diff)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A text of the pack and what its file name says; ``year`` is None in a draft's name.

    ``letter`` is the rest of a letter's name (``letter-joanna``), empty otherwise.
    """

    file: File
    number: int
    year: int | None
    letter: str
    signatures: tuple[Signature, ...]


@dataclass(slots=True)
class Contents:
    """What lies in a pack, by kind, each in the order of its paths."""

    bulletins: list[Entry] = field(default_factory=list)
    canaries: list[Entry] = field(default_factory=list)
    attachments: list[tuple[File, tuple[Signature, ...]]] = field(default_factory=list)
    keys: list[File] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[SecpackError] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)


def read_contents(root: Path, profile: Profile) -> Contents:
    """Read every file of a pack once.

    Raises SecpackError when there is no such pack. What is wrong with a single file is in the
    result: ``errors`` for what cannot be published as it is, ``findings`` for the rest.
    """
    folders = (profile.bulletins.folder, profile.canaries.folder)
    if not any((root / folder).is_dir() for folder in folders):
        expected = " or ".join(f"{folder}/" for folder in folders)
        raise SecpackError(f"{root}: no security pack here; expected a folder {expected} in it")
    contents = Contents()
    _report_misplaced(root, profile, contents)
    _read_folder(root, profile.bulletins, profile, contents.bulletins, contents)
    _read_folder(root, profile.canaries, profile, contents.canaries, contents)
    for path in _files(root, profile.keys, contents, nested=True):
        name = path.rpartition("/")[2]
        if _KEY.fullmatch(path):
            _append(contents.keys, _read(root, path, MAX_BYTES, contents))
        elif not _SKIPPED.fullmatch(name) and not _document_like(profile).fullmatch(name):
            _report_stray(contents, path, "a key's name ends in .asc")
    _refuse_private_keys(root, contents)
    return contents


def _report_misplaced(root: Path, profile: Profile, contents: Contents) -> None:
    """Find documents, by their names, where nobody would read them, or that are folders."""
    folders = {profile.bulletins.folder, profile.canaries.folder}
    like = _document_like(profile)
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith(".git"))
        relative = os.path.relpath(folder, root)
        for name in sorted((*inner, *(names if relative not in folders else ()))):
            if like.fullmatch(name):
                path = name if relative == "." else f"{relative}/{name}"
                why = "expected a file, in the folder of its kind"
                _report_lost(contents, _printable(path), "misplaced-document", why)


def _refuse_private_keys(root: Path, contents: Contents) -> None:
    """Search every file of a pack that was not read for private keys: nobody publishes it today."""
    for path in _all_files(root):
        if path in contents.read:
            continue
        try:
            found = find_private_key(read_file(root / path, _MAX_FILE))
        except OSError as error:
            why = f"cannot be searched for private keys: {error.strerror}"
            contents.errors.append(ParseError(why, path=_printable(path)))
        else:
            if found:
                contents.errors.append(_private_key(path, found))


def _private_key(path: str, found: str) -> PrivateKeyError:
    message = f"holds {found}: remove it from the pack and its history, and revoke the key"
    return PrivateKeyError(message, path=_printable(path))


def _all_files(root: Path) -> Iterator[str]:
    """The paths of all regular files below a pack, and of links to some, but those of git."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if name != ".git")
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and _is_inside(root, path):
                yield path.relative_to(root).as_posix()


def _printable(path: str) -> str:
    return path if path.isprintable() else repr(path)


def _read_folder(
    root: Path, kind: Kind, profile: Profile, entries: list[Entry], contents: Contents
) -> None:
    paths = list(_files(root, kind.folder, contents, nested=False))
    signatures: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in paths:
        if match := _SIGNATURE.fullmatch(path):
            signatures[match["document"]].append((match["signer"], path))
    pattern = _name_pattern(kind)
    for path in paths:
        name = path.rpartition("/")[2]
        signed = signatures.pop(path, [])
        if _SIGNATURE.fullmatch(path) or _SKIPPED.fullmatch(name):
            continue
        match = pattern.fullmatch(name)
        if match and _is_withheld(profile, kind, int(match["number"])):
            contents.withheld.add(document_id(kind, int(match["number"])))
        elif match:
            _append(entries, _entry(root, path, match, signed, contents))
        elif _document_like(profile).fullmatch(name):
            why = f"expected a name like {kind.slug}-001-2020.txt in {kind.folder}/"
            _report_lost(contents, path, "misplaced-document", why)
        elif signed:
            _read_attachment(root, path, signed, contents)
        else:
            expected = f"{kind.slug}-001-2020.txt, or signatures beside it"
            _report_stray(contents, path, f"expected a name like {expected}")
    for document, orphans in signatures.items():
        match = pattern.fullmatch(document.rpartition("/")[2])
        if not (match and _is_withheld(profile, kind, int(match["number"]))):
            for _, path in orphans:
                why = "a signature whose document is not here"
                _report_lost(contents, path, "orphan-signature", why)


def _name_pattern(kind: Kind) -> re.Pattern[str]:
    return re.compile(
        rf"{re.escape(kind.slug)}-(?P<number>\d{{3,6}})-(?P<year>\d{{4}}|draft)"
        r"(?:-(?P<letter>[a-z0-9][a-z0-9-]{0,60}))?\.txt",
        re.ASCII,
    )


def _document_like(profile: Profile) -> re.Pattern[str]:
    """Names of documents and of signatures, also where it is not written as it should be."""
    slugs = "|".join(re.escape(kind.slug) for kind in (profile.bulletins, profile.canaries))
    name = rf"(?:{slugs})[-_ #]{{0,2}}[0-9]{{1,6}}(?:[-_. ].{{0,200}})?\.txt"
    return re.compile(rf"(?i){name}(?:\.(?:sig|sign)\..{{1,40}})?")


def document_id(kind: Kind, number: int) -> str:
    """The id of a document: ``QSB-029``, ``canary-047``."""
    return f"{kind.prefix}-{number:03d}"


def _is_withheld(profile: Profile, kind: Kind, number: int) -> bool:
    entry = profile.documents.get(document_id(kind, number))
    return entry is not None and entry.status == "embargoed"


def _entry(
    root: Path,
    path: str,
    match: re.Match[str],
    signed: list[tuple[str, str]],
    contents: Contents,
) -> Entry | None:
    file = _read(root, path, MAX_BYTES, contents)
    if file is None:
        return None
    year = int(match["year"]) if match["year"].isdigit() else None
    signatures = _signatures(root, signed, contents)
    return Entry(file, int(match["number"]), year, match["letter"] or "", signatures)


def _signatures(
    root: Path, signed: list[tuple[str, str]], contents: Contents
) -> tuple[Signature, ...]:
    files = ((signer, _read(root, path, _MAX_SIGNATURE, contents)) for signer, path in signed)
    return tuple(Signature(file, signer) for signer, file in files if file)


def _read_attachment(
    root: Path, path: str, signed: list[tuple[str, str]], contents: Contents
) -> None:
    if not _ATTACHMENT.fullmatch(path.rpartition("/")[2]):
        _report_stray(contents, path, "signed, but not of a kind that is served")
    elif file := _read(root, path, MAX_BYTES, contents):
        contents.attachments.append((file, _signatures(root, signed, contents)))


def _append(into: list[_T], value: _T | None) -> None:
    if value is not None:
        into.append(value)


def _report_stray(contents: Contents, path: str, why: str) -> None:
    message = f"not published: {why}"
    contents.findings.append(Finding(path, 0, "stray-file", message, Severity.WARNING))


def _report_lost(contents: Contents, path: str, code: str, why: str) -> None:
    """A file without which a text, or its evidence, would vanish."""
    contents.findings.append(Finding(path, 0, code, f"not published: {why}", Severity.ERROR))


# --- files ------------------------------------------------------------------------------------


def _files(root: Path, folder: str, contents: Contents, *, nested: bool) -> Iterator[str]:
    """Paths below the pack of the regular files in a folder, sorted; never outside the pack."""
    top = root / folder
    if not top.is_dir():
        return
    if not _is_inside(root, top):
        contents.errors.append(ParseError("a link that leads out of the pack", path=folder))
        return
    for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
        path = f"{folder}/{entry.name}"
        if not entry.name.isprintable():
            shown = f"{folder}/{entry.name!r}"
            contents.errors.append(ParseError("a name that cannot be printed", path=shown))
        elif entry.is_symlink() and not _is_inside(root, Path(entry.path)):
            contents.errors.append(ParseError("a link that leads out of the pack", path=path))
        elif nested and _is_kind(entry, stat.S_ISDIR):
            yield from _files(root, path, contents, nested=True)
        elif _is_kind(entry, stat.S_ISREG):
            yield path
        elif _is_kind(entry, stat.S_ISDIR):
            if not _SKIPPED.fullmatch(entry.name):
                _report_stray(contents, path, "expected a file here")
        else:
            contents.errors.append(ParseError("not a regular file", path=path))


def _is_kind(entry: os.DirEntry[str], is_kind: Callable[[int], bool]) -> bool:
    """Whether an entry, links followed, is of a kind; a link that leads nowhere is of none."""
    try:
        return is_kind(entry.stat().st_mode)
    except OSError:
        return False


def _is_inside(root: Path, path: Path) -> bool:
    """Whether a path, links followed, stays below the pack's folder."""
    real_root = os.path.realpath(root)
    return os.path.realpath(path).startswith(real_root.rstrip("/") + "/")


def _read(root: Path, path: str, limit: int, contents: Contents) -> File | None:
    """The bytes of a regular file, read once; None with an error noted where that cannot be."""
    contents.read.add(path)
    try:
        data = read_file(root / path, limit)
    except OSError as error:
        contents.errors.append(ParseError(f"cannot be read: {error.strerror}", path=path))
        return None
    if found := find_private_key(data):
        contents.errors.append(_private_key(path, found))
        return None
    return File(path, data, hashlib.sha256(data).hexdigest())
