"""The layout of a pack: which file is what. Only this module reads the files of a pack."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from secpack.errors import ParseError, PrivateKeyError, SecpackError
from secpack.files import read_file
from secpack.model.archive import Attachment, File, Signature
from secpack.model.findings import Finding, Severity
from secpack.parser.lines import MAX_BYTES
from secpack.profile import Kind, Profile
from secpack.signatures.private_keys import find_private_key

_MAX_SIGNATURE: Final = 64 * 1024

#: The largest file of a pack in bytes, published or not.
_MAX_FILE: Final = 64 * 1024 * 1024
_SIGNATURE: Final = re.compile(r"(?P<document>.+)\.(?:sig|sign)\.(?P<signer>[A-Za-z0-9_-]{1,40})")
_SKIPPED: Final = re.compile(r"(?i)(?:.+-)?template(?:\..+)?|readme(?:\..+)?|\.git.*")
_KEY: Final = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,100}/)+[A-Za-z0-9][\w.-]{0,100}\.asc", re.ASCII)
_ATTACHMENT: Final = re.compile(
    r"[A-Za-z0-9][\w.-]{0,100}\.(?:txt|dot|csv|pdf|png|asc|patch|diff)", re.ASCII
)

#: Signers and paths of the signatures that lie next to a document.
_Signed: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text of the pack, and what its file name states; ``year`` is None for a draft.

    ``letter`` is the last part of a letter's name (``letter-joanna``), otherwise empty.
    """

    file: File
    number: int
    year: int | None
    letter: str
    signatures: tuple[Signature, ...]


@dataclass(slots=True)
class Contents:
    """The files of a pack by kind, sorted by path; ``withheld`` are ids of embargoed documents.

    ``errors`` are about what cannot be published as it is, ``findings`` about the rest.
    """

    bulletins: list[TextFile] = field(default_factory=list)
    canaries: list[TextFile] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    keys: list[File] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[SecpackError] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)

    def _signed(self) -> list[TextFile | Attachment]:
        return [*self.bulletins, *self.canaries, *self.attachments]

    def signatures(self) -> list[tuple[File, Signature]]:
        """Each signature, with the file that it signs."""
        return [(each.file, signature) for each in self._signed() for signature in each.signatures]

    def replace_signatures(self, signatures: Mapping[str, Signature]) -> None:
        """Replace signatures by others, given by path."""

        def renewed(old: tuple[Signature, ...]) -> tuple[Signature, ...]:
            return tuple(signatures.get(signature.file.path, signature) for signature in old)

        for texts in (self.bulletins, self.canaries):
            texts[:] = [replace(text, signatures=renewed(text.signatures)) for text in texts]
        attachments = self.attachments
        attachments[:] = [replace(a, signatures=renewed(a.signatures)) for a in attachments]

    def files(self) -> Iterator[File]:
        """All files that were read."""
        yield from (each.file for each in self._signed())
        yield from (signature.file for _, signature in self.signatures())
        yield from self.keys


def read_contents(root: Path, profile: Profile) -> Contents:
    """Read every file of a pack once.

    Raises SecpackError when there is no pack; what is wrong with one file is in the result.
    """
    folders = (profile.bulletins.folder, profile.canaries.folder)
    if not any((root / folder).is_dir() for folder in folders):
        expected = " or ".join(f"{folder}/" for folder in folders)
        raise SecpackError(f"{root}: no security pack here; expected a folder {expected} in it")
    missing = [folder for folder in profile.named_folders if not (root / folder).is_dir()]
    if missing:
        names = ", ".join(f"{folder}/" for folder in missing)
        raise SecpackError(f"{root}: no folder {names}, which the profile names")
    reader = _Reader(root, profile)
    reader.read_folder(profile.bulletins, reader.contents.bulletins)
    reader.read_folder(profile.canaries, reader.contents.canaries)
    reader.read_keys()
    reader.check_others()
    contents = reader.contents
    if not (contents.bulletins or contents.canaries or contents.withheld or contents.errors):
        name = f"{profile.bulletins.prefix.lower()}-001-2020.txt"
        raise SecpackError(f"{root}: no document found; expected names like {name}")
    return contents


def document_id(kind: Kind, number: int) -> str:
    """The id of a document: ``QSB-029``, ``canary-047``."""
    return f"{kind.prefix}-{number:03d}"


class _Reader:
    """Reads the files of one pack into ``contents``."""

    def __init__(self, root: Path, profile: Profile) -> None:
        self.contents = Contents()
        self._root = root
        self._profile = profile
        self._read_paths: set[str] = set()
        self._document_like = _document_like(profile)

    def read_folder(self, kind: Kind, texts: list[TextFile]) -> None:
        """Read the documents, letters and attachments of one kind, and their signatures."""
        paths = list(self._files(kind.folder, nested=False))
        signatures: defaultdict[str, _Signed] = defaultdict(list)
        for path in paths:
            if match := _SIGNATURE.fullmatch(path):
                signatures[match["document"]].append((match["signer"], path))
        for path in paths:
            signed = signatures.pop(path, [])
            if not _SIGNATURE.fullmatch(path) and not _SKIPPED.fullmatch(_name(path)):
                self._read_document(path, kind, texts, signed)
        for document, orphans in signatures.items():
            match = _name_pattern(kind).fullmatch(_name(document))
            if not (match and self._is_embargoed(kind, int(match["number"]))):
                for _, path in orphans:
                    why = "the document that it signs is not here"
                    self._report_lost(path, "orphan-signature", why)

    def read_keys(self) -> None:
        """Read the files of keys."""
        for path in self._files(self._profile.keys, nested=True):
            name = _name(path)
            if _KEY.fullmatch(path):
                if file := self._read(path, MAX_BYTES):
                    self.contents.keys.append(file)
            elif not _SKIPPED.fullmatch(name) and not self._document_like.fullmatch(name):
                self._report_stray(path, "the name of a key ends in .asc")

    def check_others(self) -> None:
        """Report documents that nobody would read here, and private keys in any other file.

        A private key is an error in every file: somebody may publish it one day.
        """
        read = {self._profile.bulletins.folder, self._profile.canaries.folder}
        for folder, inner, names in os.walk(self._root):
            inner[:] = sorted(name for name in inner if name != ".git")
            relative = Path(folder).relative_to(self._root)
            for name in sorted((*inner, *names)):
                path = (relative / name).as_posix()
                is_read = name in names and relative.as_posix() in read
                if self._document_like.fullmatch(name) and not is_read:
                    why = "expected a file, in the folder of its kind"
                    self._report_lost(_printable(path), "misplaced-document", why)
                if path not in self._read_paths:
                    self._search(path)

    def _search(self, path: str) -> None:
        """Search a regular file, or a link to one in the pack, for private keys."""
        file = self._root / path
        if not (file.is_file() and self._is_inside(file)):
            return
        try:
            self._check_public(path, read_file(file, _MAX_FILE))
        except OSError as error:
            self._report_error(path, f"cannot be searched for private keys: {error.strerror}")

    # --- documents ---

    def _read_document(self, path: str, kind: Kind, texts: list[TextFile], signed: _Signed) -> None:
        match = _name_pattern(kind).fullmatch(_name(path))
        if match and self._is_embargoed(kind, int(match["number"])):
            self.contents.withheld.add(document_id(kind, int(match["number"])))
        elif match:
            if file := self._read(path, MAX_BYTES):
                texts.append(_text_file(file, match, self._signatures(signed)))
        elif self._document_like.fullmatch(_name(path)):
            why = f"expected a name like {kind.slug}-001-2020.txt in {kind.folder}/"
            self._report_lost(path, "misplaced-document", why)
        elif not signed:
            expected = f"{kind.slug}-001-2020.txt, or a signature next to it"
            self._report_stray(path, f"expected a name like {expected}")
        elif not _ATTACHMENT.fullmatch(_name(path)):
            self._report_stray(path, "signed, but not a type of file that a site serves")
        elif file := self._read(path, MAX_BYTES):
            self.contents.attachments.append(Attachment(file, self._signatures(signed)))

    def _is_embargoed(self, kind: Kind, number: int) -> bool:
        known = self._profile.documents.get(document_id(kind, number))
        return known is not None and known.status == "embargoed"

    def _signatures(self, signed: _Signed) -> tuple[Signature, ...]:
        files = ((signer, self._read(path, _MAX_SIGNATURE)) for signer, path in signed)
        return tuple(Signature(file, signer) for signer, file in files if file)

    # --- files ---

    def _files(self, folder: str, *, nested: bool) -> Iterator[str]:
        """Yield the paths of the regular files in a folder, sorted; none is outside the pack."""
        top = self._root / folder
        if not top.is_dir():
            return
        if not self._is_inside(top):
            self._report_error(folder, "a link that leads out of the pack")
            return
        for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
            path = f"{folder}/{entry.name}"
            if not entry.name.isprintable():
                self._report_error(f"{folder}/{entry.name!r}", "a name that cannot be printed")
            elif entry.is_symlink() and not self._is_inside(Path(entry.path)):
                self._report_error(path, "a link that leads out of the pack")
            elif nested and _is_kind(entry, stat.S_ISDIR):
                yield from self._files(path, nested=True)
            elif _is_kind(entry, stat.S_ISREG):
                yield path
            elif not _is_kind(entry, stat.S_ISDIR):
                self._report_error(path, "not a regular file")
            elif not _SKIPPED.fullmatch(entry.name):
                self._report_stray(path, "expected a file here")

    def _is_inside(self, path: Path) -> bool:
        """Whether a path, links followed, is below the pack's folder."""
        return os.path.realpath(path).startswith(os.path.realpath(self._root).rstrip("/") + "/")

    def _read(self, path: str, limit: int) -> File | None:
        """Read a regular file; None, with an error, if that is not possible."""
        self._read_paths.add(path)
        try:
            data = read_file(self._root / path, limit)
        except OSError as error:
            self._report_error(path, f"cannot be read: {error.strerror}")
            return None
        is_public = self._check_public(path, data)
        return File(path, data, hashlib.sha256(data).hexdigest()) if is_public else None

    def _check_public(self, path: str, data: bytes) -> bool:
        """Whether a file contains no private key; otherwise that is an error."""
        name = find_private_key(data)
        if name:
            why = f"contains {name}: remove it from the pack and its history, and revoke the key"
            self.contents.errors.append(PrivateKeyError(why, path=_printable(path)))
        return not name

    # --- reports ---

    def _report_error(self, path: str, why: str) -> None:
        self.contents.errors.append(ParseError(why, path=_printable(path)))

    def _report_stray(self, path: str, why: str) -> None:
        message = f"not published: {why}"
        self.contents.findings.append(Finding(path, 0, "stray-file", message, Severity.WARNING))

    def _report_lost(self, path: str, code: str, why: str) -> None:
        """Report a file without which a text, or its signature, would silently be missing."""
        message = f"not published: {why}"
        self.contents.findings.append(Finding(path, 0, code, message, Severity.ERROR))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _printable(path: str) -> str:
    return path if path.isprintable() else repr(path)


def _is_kind(entry: os.DirEntry[str], is_kind: Callable[[int], bool]) -> bool:
    """Whether an entry, links followed, is of a kind; a link that leads nowhere is of none."""
    try:
        return is_kind(entry.stat().st_mode)
    except OSError:
        return False


def _name_pattern(kind: Kind) -> re.Pattern[str]:
    return re.compile(
        rf"{re.escape(kind.slug)}-(?P<number>\d{{3,6}})-(?P<year>\d{{4}}|draft)"
        r"(?:-(?P<letter>[a-z0-9][a-z0-9-]{0,60}))?\.txt",
        re.ASCII,
    )


def _document_like(profile: Profile) -> re.Pattern[str]:
    """Names of documents and signatures, misspelt ones among them."""
    slugs = "|".join(re.escape(kind.slug) for kind in (profile.bulletins, profile.canaries))
    name = rf"(?:{slugs})[-_ #]{{0,2}}[0-9]{{1,6}}(?:[-_. ].{{0,200}})?\.txt"
    return re.compile(rf"(?i){name}(?:\.(?:sig|sign)\..{{1,40}})?")


def _text_file(file: File, match: re.Match[str], signatures: tuple[Signature, ...]) -> TextFile:
    year = int(match["year"]) if match["year"].isdigit() else None
    return TextFile(file, int(match["number"]), year, match["letter"] or "", signatures)
