"""The layout of a pack: which file is what. Only this module reads the files of a pack."""

import errno
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Final

from secpack.errors import ParseError, SecpackError
from secpack.files import read_file
from secpack.model.archive import Attachment, File, Signature
from secpack.model.findings import Finding, Severity, Waiver, counted
from secpack.parser.letterhead import ANY_TEXT, stated_kind
from secpack.parser.lines import MAX_BYTES
from secpack.profile import Kind, Profile
from secpack.signatures.packets import MAX_SIGNATURE, likeness
from secpack.signatures.private_keys import find_private_key

#: The largest file of a pack in bytes, published or not.
_MAX_FILE: Final = 64 * 1024 * 1024
# Of no page, script or XML: a server may go by any ending that it knows (Apache's mod_mime).
_ACTIVE: Final = r"[a-z]?html?|ph(?:p\w?|ar|t)|[aj]spx?|m?js|svgz?|x(?:[ms]lt?|ht|ul|sd|spf|3d)"
_INERT: Final = rf"(?!.{{0,255}}\.(?i:{_ACTIVE}|rdf|rss|atom|[km]ml|smil?|wsdl|var|asis)(?:\.|$))"
# What is in braces in the profile's patterns of names.
_FIELDS: Final = {
    "{number}": r"(?P<number>[0-9]{1,6})",
    "{year}": r"(?P<year>[0-9]{4}|draft)",
    "{part}": r"[A-Za-z0-9_.]{1,40}",
    "{signer}": rf"(?P<signer>{_INERT}[A-Za-z0-9_-][A-Za-z0-9._@+-]{{0,60}}?)",
}
_LETTER: Final = "(?:-(?P<letter>[a-z0-9](?:-?[a-z0-9]){0,60}))?"
# In a usual name the number has one form.
_USUAL_NUMBER: Final = r"(?P<number>[0-9]{3,6})"
#: Names that are skipped: templates, and what describes a folder.
SKIPPED: Final = re.compile(r"(?i)(?:.+-)?template(?:\..+)?|readme(?:\..+)?|\.git.*")
# What every file system takes, and no program for an option.
_KEY_NAME: Final = r"[^\W_][^/\\:*?\"<>|]{0,100}"
_KEY: Final = re.compile(rf"(?:{_KEY_NAME}/)+{_INERT}{_KEY_NAME}\.(?:asc|gpg|pgp)")
_NAME_OF_KEY: Final = "a name of a key, such as ines.asc, ines.gpg or ines.pgp"
_ATTACHMENT: Final = re.compile(
    _INERT
    + r"[a-z0-9][\w.+-]{0,100}\.(?:txt|dot|csv|pdf|png|asc|patch|diff|digests|sha256|sha512)",
    re.ASCII | re.IGNORECASE,
)

_MAX_START: Final = 2000
_SIGNATURE_LIKE: Final = re.compile(r"(?i).+\.(?:sig|sign|asc)(?:\..{1,60})?")


class UnreadError(ParseError):
    """A file that is too large or no regular file inside the pack, and was not read."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text of the pack, and what its file name states; ``year`` is None if it does not.

    ``letter`` is the last part of a letter's name (``letter-joanna``), otherwise empty.
    """

    file: File
    number: int
    year: int | None
    draft: bool
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

    def signed(self) -> list[TextFile | Attachment]:
        """Texts and attachments."""
        return [*self.bulletins, *self.canaries, *self.attachments]

    def signatures(self) -> list[tuple[File, Signature]]:
        """Each signature, with the file that it signs."""
        return [(each.file, signature) for each in self.signed() for signature in each.signatures]

    def files(self) -> Iterator[File]:
        """All files that were read."""
        yield from (each.file for each in self.signed())
        yield from (signature.file for _, signature in self.signatures())
        yield from self.keys


def digests(root: Path, files: Iterable[File], waivers: Iterable[Waiver]) -> dict[str, str]:
    """The digests of files by path; empty for others that waivers name, if the pack has them."""
    waived = {path for waiver in waivers for path in waiver.file if (root / path).exists()}
    return dict.fromkeys(waived, "") | {file.path: file.sha256 for file in files}


def read_contents(root: Path, profile: Profile) -> Contents:
    """Read every file of a pack once.

    Raises SecpackError when there is no pack; what is wrong with one file is in the result.
    """
    folders = (*profile.bulletins.folder, *profile.canaries.folder)
    if not any((root / folder).is_dir() for folder in folders):
        expected = " or ".join(f"{folder}/" for folder in folders)
        raise SecpackError(f"{root}: no security pack here; expected a folder {expected} in it")
    missing = [folder for folder in profile.named_folders if not (root / folder).is_dir()]
    if missing:
        names = ", ".join(f"{folder}/" for folder in missing)
        raise SecpackError(f"{root}: no folder {names}, which the profile names")
    contents = _Reader(root, profile).read()
    if not (contents.bulletins or contents.canaries or contents.withheld or contents.errors):
        name = file_name(profile.bulletins)
        raise SecpackError(f"{root}: no document found; expected names like {name}")
    return contents


def document_id(kind: Kind, number: int) -> str:
    """The id of a document: ``QSB-029``, ``canary-047``."""
    return f"{kind.prefix}-{number:03d}"


class Layout:
    """Which file of a pack is what, by its path alone."""

    def __init__(self, profile: Profile) -> None:
        self.kinds = (profile.bulletins, profile.canaries)
        self.document_like = _document_like(profile)
        self._attachments = profile.attachments
        self._embargoes = profile.embargoes
        self._endings = [
            re.compile(rf"(?P<document>.+){_regular(pattern)}", re.ASCII | re.DOTALL)
            for pattern in profile.signatures
        ]

    def place(self, path: str) -> tuple[Kind | None, re.Match[str] | None]:
        """The kind of a document by its folder and name; or, without a match, by its folder."""
        kinds = [kind for kind in self.kinds if kind.contains(path)]
        for kind, pattern in ((k, pattern) for k in kinds for pattern in k.patterns):
            if match := _names(pattern, bool(kind.files)).fullmatch(_name(path)):
                return kind, match
        return (kinds[0] if kinds else None), None

    def signed_by(self, path: str) -> tuple[str, str] | None:
        """The path of what a signature signs, and the signer's name in it; None for other files."""
        for ending in self._endings:
            if match := ending.fullmatch(path):
                return match["document"], match.groupdict().get("signer") or ""
        return None

    def identity(self, path: str) -> str:
        """The id of a document; a letter's has its name, too, and another file's is its path."""
        match = self.place(path)[1]
        return "-".join(filter(None, (self._document(path), match and match["letter"]))) or path

    def embargoed(self, path: str) -> str:
        """The id of an embargoed document, by the name of its file; empty for other files."""
        identity = self._document(path)
        return identity if identity in self._embargoes else ""

    def _document(self, path: str) -> str:
        """The id of a document, or of that beside a letter; empty for other files."""
        kind, match = self.place(path)
        return document_id(kind, int(match["number"])) if kind and match else ""

    def belongs(self, path: str) -> bool:
        """Whether a file can be a document, an attachment, or a signature on one."""
        kind, match = self.place(path)
        is_named = match or self.signed_by(path) or self.is_attachment(path)
        return bool(is_named and (kind or _is_below(path, self._attachments)))

    def is_attachment(self, path: str) -> bool:
        """Whether a signed file can be published that is no document."""
        name = _name(path)
        is_document = self.place(path)[0] and self.document_like.fullmatch(name)
        is_other = SKIPPED.fullmatch(name) or is_document
        return not is_other and _ATTACHMENT.fullmatch(name) is not None


class _Reader:
    """Reads the files of one pack into ``contents``."""

    def __init__(self, root: Path, profile: Profile) -> None:
        self.contents = Contents()
        self._root = root
        self._profile = profile
        self._read_paths: set[str] = set()
        self._settled: set[str] = set()  # not published, as expected, or with an error
        # The signers and paths of signatures, by what they sign.
        self._signed: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._unsigned: defaultdict[str, list[str]] = defaultdict(list)  # by folder of attachments
        self._layout = Layout(profile)

    def read(self) -> Contents:
        """Read the files in the folders of the profile, and search all others."""
        paths = dict.fromkeys(self._documents())
        for path in paths:
            if signature := self._layout.signed_by(path):
                self._settled.add(path)
                self._signed[signature[0]].append((signature[1], path))
        for path in paths:
            if path not in self._settled and not SKIPPED.fullmatch(_name(path)):
                self._read_document(path, self._signed[path])
        for document in self._signed.keys() - paths:
            for _, path in self._signed[document] if not self._layout.embargoed(document) else ():
                why = "not published: the document that it signs is not here"
                self._report(path, "orphan-signature", why, Severity.ERROR)
        for path in (p for folder in self._profile.keys for p in self._files(folder, nested=True)):
            is_new = path not in self._read_paths and _KEY.fullmatch(path)
            if is_new and (file := self._read(path, MAX_BYTES)):
                self.contents.keys.append(file)
        self._check_others()
        return self.contents

    def _documents(self) -> Iterator[str]:
        """The paths of all files in folders of documents and attachments."""
        for kind in self._layout.kinds:
            for folder in kind.folder:
                yield from self._files(folder, nested=kind.nested)
        for folder in self._profile.attachments:
            yield from self._files(folder, nested=True)
            if not (self._root / folder).is_dir():
                message = "the profile names this folder of attachments; the pack has none"
                self._report(folder, "folder-missing", message, Severity.NOTICE)

    # --- what nobody reads ---

    def _check_others(self) -> None:
        for folder, inner, names in os.walk(self._root):
            inner[:] = sorted(name for name in inner if name != ".git")
            relative = Path(folder).relative_to(self._root)
            for path in ((relative / name).as_posix() for name in sorted((*inner, *names))):
                if path not in self._read_paths:
                    self._check_other(path)
        for folder, names in self._unsigned.items():
            files = counted(len(names), "file")
            message = f"not published: {files} without a signature, for example {names[0]}"
            self._report(folder, "stray-file", message)
        self._explain_links()

    def _check_other(self, path: str) -> None:
        """Report a file, or a folder, that is not where it would be read; and private keys.

        A private key is an error in every file: somebody may publish it one day.
        """
        name, kind = _name(path), self._layout.place(path)[0]
        is_file = (self._root / path).is_file()
        is_ours = is_file and self._is_inside(self._root / path)
        data = self._search(path, _MAX_FILE) if is_ours else b""
        is_known = path in self._settled or path == self._profile.bundle
        if data is None or is_known or SKIPPED.fullmatch(name):
            return
        if like := self._likeness(path, data):
            is_document = like in ("document", *dict(self._profile.banners))
            code = f"misplaced-{'document' if is_document else like.partition(' ')[0]}"
            why = f"not published: {self._expected(like, kind if is_file else None)}"
            is_error = is_document or self._layout.document_like.fullmatch(name)
            severity = Severity.ERROR if is_error else Severity.WARNING
            self._report(path, code, why, severity)
        elif is_file:
            self._check_stray(path, kind)
        elif kind and "/" in path and not kind.nested and not self._is_named(path):
            self._report(path, "stray-file", "not published: expected a file here")

    def _check_stray(self, path: str, kind: Kind | None) -> None:
        """Report a file in a folder of the profile."""
        why = ""
        if self._signed.get(path):
            why = "signed, but not a type of file that a site serves"
        elif kind and "/" in path:
            why = f"expected a name like {file_name(kind)}, or a signature next to it"
        elif _is_below(path, self._profile.attachments):
            self._unsigned[path.rpartition("/")[0]].append(_printable(_name(path)))
        elif _is_below(path, self._profile.keys) and not _KEY.fullmatch(path):
            why = f"expected {_NAME_OF_KEY}"
        if why:
            self._report(path, "stray-file", f"not published: {why}")

    def _explain_links(self) -> None:
        """Report files that are published under another name, by a link, as just that."""
        findings = self.contents.findings
        paths = sorted(self._read_paths) if findings else ()
        published = {os.path.realpath(self._root / path): path for path in paths}
        for n, finding in enumerate(findings):
            path = published.get(os.path.realpath(self._root / finding.file), "")
            if path and finding.file not in self._read_paths:
                message = f"the same file as {path}, by a link: only that one is published"
                findings[n] = Finding(finding.file, 0, "stray-file", message, Severity.NOTICE)

    def _likeness(self, path: str, data: bytes) -> str:
        """What a file seems to be, by its name or its bytes; empty if it is of no interest."""
        named = "signature" if data and _SIGNATURE_LIKE.fullmatch(path) else ""
        seems = likeness(data) or named
        is_named = self._layout.document_like.fullmatch(_name(path))
        if is_named and (not seems or self._layout.signed_by(path)):
            return "document"
        return seems or stated_kind(data[:_MAX_START].lstrip(), self._profile.banners)

    def _expected(self, like: str, kind: Kind | None) -> str:
        """What was expected of a file that seems to be something; ``kind`` is by its folder."""
        profile = self._profile
        place = f"a name like {_where(kind)}" if kind else "a file, in the folder of its kind"
        endings, known = " or ".join(profile.signatures), (w for _, w in profile.banners)
        folders = " or ".join(f"{folder}/" for folder in profile.keys)
        stated = profile.canaries if like == "canary" else profile.bulletins
        where = {
            "document": f"expected {place}",
            "signature": f"expected it beside what it signs, with a name that ends in {endings}",
            "key": f"expected it in {folders}, with {_NAME_OF_KEY}",
            ANY_TEXT: f"the profile knows these kinds: {', '.join(chain(*known))}",
        }.get(like, f"expected a name like {_where(stated)}")
        return f"it looks like a {like}; {where}"

    # --- documents ---

    def _read_document(self, path: str, signed: Sequence[tuple[str, str]]) -> None:
        kind, match = self._layout.place(path)
        if identity := self._layout.embargoed(path):
            self.contents.withheld.add(identity)
            self._settled.add(path)
        elif kind and match:
            contents = self.contents
            texts = contents.canaries if kind is self._layout.kinds[1] else contents.bulletins
            if file := self._read(path, MAX_BYTES):
                texts.append(text_file(file, match, self._signatures(signed)))
        elif signed and self._layout.is_attachment(path) and (file := self._read(path, MAX_BYTES)):
            self.contents.attachments.append(Attachment(file, self._signatures(signed)))

    def _signatures(self, signed: Iterable[tuple[str, str]]) -> tuple[Signature, ...]:
        files = ((signer, self._read(path, MAX_SIGNATURE)) for signer, path in signed)
        return tuple(Signature(file, signer) for signer, file in files if file)

    # --- files ---

    def _files(self, folder: str, *, nested: bool, seen: set[str] | None = None) -> Iterator[str]:
        """Yield the paths of the regular files in a folder, sorted; none is outside the pack.

        ``seen`` are the folders where it has been: links can lead there again.
        """
        top = self._root / folder
        seen = set() if seen is None else seen
        if os.path.realpath(top) in seen or not top.is_dir():
            return
        seen.add(os.path.realpath(top))
        prefix = "" if folder == "." else f"{folder}/"
        if prefix and not self._is_inside(top):
            self._report_error(folder, "a link that leads out of the pack")
            return
        for entry in sorted(top.iterdir()):
            path = f"{prefix}{entry.name}"
            if not entry.name.isprintable():
                self._report_error(f"{prefix}{entry.name!r}", "a name that cannot be printed")
            elif entry.is_symlink() and not self._is_inside(entry):
                self._report_error(path, "a link that leads out of the pack")
            elif nested and entry.is_dir():
                yield from self._files(path, nested=True, seen=seen)
            elif entry.is_file():
                yield path
            elif not entry.is_dir():
                self._report_error(path, "not a regular file")

    def _is_named(self, path: str) -> bool:
        """Whether the profile names a folder, or one inside it."""
        profile = self._profile
        named = (*profile.bulletins.folder, *profile.canaries.folder, *profile.keys)
        return any(_is_below(each, (path,)) for each in (*named, *profile.attachments))

    def _is_inside(self, path: Path) -> bool:
        """Whether a path, links followed, is below the pack's folder."""
        return os.path.realpath(path).startswith(os.path.realpath(self._root).rstrip("/") + "/")

    def _read(self, path: str, limit: int) -> File | None:
        """Read a regular file; None, with an error, if that is not possible."""
        self._read_paths.add(path)
        data = self._search(path, limit, "read")
        return None if data is None else File.of(path, data)

    def _search(
        self, path: str, limit: int, verb: str = "searched for private keys"
    ) -> bytes | None:
        """The bytes of a file; None, with an error, if it cannot be read or has a private key."""
        data = None
        try:
            data = read_file(self._root / path, limit)
        except OSError as error:
            kind = UnreadError if verb == "read" else ParseError
            self._report_error(path, f"cannot be {verb}: {error.strerror}", kind)
            if limit < _MAX_FILE and error.errno == errno.EFBIG:
                self._search(path, _MAX_FILE)
        if data and (name := find_private_key(data)):
            remedy = "remove it from the pack and its history, and revoke the key"
            self._report_error(path, f"contains {name}: {remedy}", ParseError)
            return None
        return data

    # --- reports ---

    def _report_error(self, path: str, why: str, kind: type[ParseError] = UnreadError) -> None:
        self._settled.add(path)
        self.contents.errors.append(kind(why, path=_printable(path)))

    def _report(
        self, path: str, code: str, message: str, severity: Severity = Severity.WARNING
    ) -> None:
        self.contents.findings.append(Finding(_printable(path), 0, code, message, severity))


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for folder in folders)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _printable(path: str) -> str:
    return path if path.isprintable() else repr(path)


def _regular(pattern: str) -> str:
    """A pattern of the profile as a regular expression."""
    parts = re.split(r"(\{[a-z]+\})", pattern)
    return "".join(_FIELDS[part] if part in _FIELDS else re.escape(part) for part in parts)


def names_of(ids: Iterable[str], profile: Profile) -> re.Pattern[str]:
    """Match how names of files begin that belong to documents with these ids."""
    names = []
    for identity, kind in product(sorted(ids), (profile.bulletins, profile.canaries)):
        if identity.startswith(f"{kind.prefix}-"):
            number = f"0*{int(identity.removeprefix(f'{kind.prefix}-'))}(?![0-9])"
            stems = (_regular(pattern.rpartition(".")[0] or pattern) for pattern in kind.patterns)
            names += [stem.replace(_FIELDS["{number}"], f"(?<![0-9]){number}") for stem in stems]
            names.append(rf"{re.escape(identity)}(?![0-9])")
    expression = "|".join(names).replace("?P<year>", "?:")
    return re.compile(expression or "(?!)", re.IGNORECASE)


@cache
def _names(pattern: str, is_own: bool) -> re.Pattern[str]:
    """Match names of documents and letters; a letter's goes on before the last full stop."""
    stem, stop, suffix = pattern.rpartition(".")
    if not stop or "{" in suffix:
        stem, stop, suffix = pattern, "", ""
    expression = _INERT + _regular(stem) + _LETTER + re.escape(stop + suffix)
    if not is_own:
        expression = expression.replace(_FIELDS["{number}"], _USUAL_NUMBER)
    return re.compile(expression, re.ASCII)


def file_name(kind: Kind, number: int = 1, year: int = 2020) -> str:
    """The usual file name of a document; ``part`` takes the place of a part without a meaning."""
    name = kind.patterns[0].replace("{number}", f"{number:03d}")
    return name.replace("{year}", f"{year}").replace("{part}", "part")


def signature_name(path: str, signer: str, others: Collection[str], profile: Profile) -> str:
    """The path of a new signature: with the signer's name in it, or else one that is not in use."""
    named = [ending for ending in profile.signatures if "{signer}" in ending]
    if named:
        return path + named[0].replace("{signer}", signer)
    names = [path + ending for ending in profile.signatures]
    return next((name for name in names if name not in others), names[0])


def read_template(root: Path, kind: Kind, profile: Profile) -> File | None:
    """The template of a kind of document, such as ``QSBs/qsb-template.txt``; None without one."""
    word = "canary" if kind is profile.canaries else "bulletin"
    for folder in kind.folder:
        for path in sorted((root / folder).glob("*template*")):
            if SKIPPED.fullmatch(path.name) and path.is_file():
                data = read_file(path, MAX_BYTES, follow=False)
                if stated_kind(data[:_MAX_START].lstrip(), profile.banners) == word:
                    return File.of(path.relative_to(root).as_posix(), data)
    return None


def _where(kind: Kind) -> str:
    """A file name of a kind, and its folder."""
    top = "" if kind.folder[0] == "." else f" in {kind.folder[0]}/"
    return f"{file_name(kind)}{top}"


def _document_like(profile: Profile) -> re.Pattern[str]:
    """Names of documents and signatures, misspelt ones among them."""
    names = []
    for pattern in (*profile.bulletins.patterns, *profile.canaries.patterns):
        start = pattern.partition("{")[0].rstrip("-_.")
        stop, suffix = pattern.rpartition(".")[1:]
        if start:
            end = re.escape(stop + suffix) if "{" not in suffix else ""
            names.append(rf"{re.escape(start)}[-_ #]{{0,2}}[0-9]{{1,6}}(?:[-_. ].{{0,200}})?{end}")
    endings = "|".join(re.escape(e).replace(r"\{signer\}", ".{1,61}") for e in profile.signatures)
    return re.compile(rf"(?i)(?:{'|'.join(names) or '(?!)'})(?:{endings or '(?!)'})?")


def text_file(file: File, match: re.Match[str], signatures: tuple[Signature, ...] = ()) -> TextFile:
    """A text of the pack, with what its path states, as ``Layout.place`` has matched it."""
    stated = match.groupdict().get("year") or ""
    year = int(stated) if stated.isdigit() else None
    is_draft = stated == "draft"
    return TextFile(file, int(match["number"]), year, is_draft, match["letter"] or "", signatures)
