"""Reads each text of a pack as a bulletin or a canary, independently of the others; odd ids."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Final, TypeAlias

from secpack import canary as canaries
from secpack.errors import PackError, ParseError, SecpackError
from secpack.extract import read_summary
from secpack.extract.answers import find_claims
from secpack.extract.mentions import decide, find_mentions
from secpack.extract.metadata import Metadata, read_metadata
from secpack.extract.packages import read_packages
from secpack.model.archive import Bulletin, Canary, Document, File, Letter, Mention, Publication
from secpack.model.blocks import Id, Letterhead
from secpack.model.findings import Finding
from secpack.pack import Contents, TextFile, document_id
from secpack.parser import parse_letter, parse_text
from secpack.parser.inline import parse_inline
from secpack.processes import started
from secpack.profile import DocumentEntry, Kind, Profile

#: How many texts are one task.
_PART: Final = 8

#: A text of a kind, and its letters.
_Task: TypeAlias = tuple[Kind, TextFile, Sequence[TextFile]]

#: A document, if it can be used, and what is wrong with it.
_Result: TypeAlias = tuple[Publication | None, Sequence[SecpackError]]


@contextmanager
def reading(
    contents: Contents, profile: Profile, progress: Callable[[int, int], object]
) -> Iterator["Texts"]:
    """Read the documents of a pack in other processes, while this block does something else.

    ``progress`` gets the number of texts read so far, and of all texts.
    """
    tasks = [*_tasks(contents, profile, [])]
    with started([partial(_document, profile, *task) for task in tasks], _PART) as results:
        yield Texts(profile, tasks, results, progress)


@dataclass(frozen=True)
class Texts:
    """What the texts of a pack say; each is read once.

    ``results`` are those of the ``tasks``, in their order.
    """

    profile: Profile
    tasks: Sequence[_Task]
    results: Iterator[_Result]
    progress: Callable[[int, int], object]

    @cached_property
    def _read(self) -> dict[tuple[File, ...], _Result]:
        """The results, by the files of a text and its letters."""
        read = {}
        results = zip(map(_files, self.tasks), self.results, strict=True)
        for done, (files, (document, errors)) in enumerate(results, 1):
            read[files] = (document and _with_files(document, *files), errors)
            self.progress(done, len(self.tasks))
        return read

    @cached_property
    def _stated(self) -> dict[File, Metadata]:
        """What each document states of itself, by its text; those with errors are left out."""
        return {
            files[0]: Metadata(p.title, p.published, p.updated, p.revisions, findings=())
            for files, (p, errors) in self._read.items()
            if p and not errors
        }

    def metadata(self, text: TextFile, kind: Kind) -> Metadata:
        """What a text states of itself, as ``read_head`` finds it, but without findings.

        Raises ParseError if nothing can be read.
        """
        return self._stated.get(text.file) or read_head(text, kind, self.profile)[1]

    def documents(self, contents: Contents) -> tuple[list[Bulletin], list[Canary]]:
        """The documents of these contents, by number; errors go to ``contents.errors``.

        They can be other contents of the same pack.
        """
        bulletins: list[Bulletin] = []
        canaries: list[Canary] = []
        for task in _tasks(contents, self.profile, contents.errors):
            document, errors = self._read.get(_files(task)) or _document(self.profile, *task)
            contents.errors += errors
            if isinstance(document, Canary):
                canaries.append(_with_signatures(document, *task[1:]))
            elif document:
                bulletins.append(replace(document, signatures=task[1].signatures))
        return bulletins, canaries


def _files(task: _Task) -> tuple[File, ...]:
    _, text, letters = task
    return (text.file, *(letter.file for letter in letters))


def _with_files(document: Publication, text: File, *files: File) -> Publication:
    """Put the files here in place of the copies that another process returned: it saves memory."""
    document = replace(document, document=replace(document.document, file=text))
    if not isinstance(document, Canary):
        return document
    pairs = zip(document.letters, files, strict=True)
    letters = (replace(x, document=replace(x.document, file=file)) for x, file in pairs)
    return replace(document, letters=tuple(letters))


def _with_signatures(canary: Canary, text: TextFile, files: Sequence[TextFile]) -> Canary:
    pairs = zip(canary.letters, files, strict=True)
    letters = tuple(replace(letter, signatures=file.signatures) for letter, file in pairs)
    return replace(canary, signatures=text.signatures, letters=letters)


def _tasks(contents: Contents, profile: Profile, errors: list[SecpackError]) -> Iterator[_Task]:
    """Yield each text with its letters, by kind and number; ``errors`` gets what fits no number."""
    yield from _joined(profile.bulletins, contents.bulletins, errors)
    yield from _joined(profile.canaries, contents.canaries, errors)


def _joined(kind: Kind, files: Iterable[TextFile], errors: list[SecpackError]) -> Iterator[_Task]:
    letters = defaultdict(list)
    for file in files:
        if file.letter:
            letters[file.number].append(file)
    texts: dict[int, TextFile] = {}
    for text in sorted((file for file in files if not file.letter), key=lambda f: f.number):
        first = texts.setdefault(text.number, text)
        if first is not text:
            message = f"number {text.number} is also the number of {first.file.path}"
            if Path(text.file.path).parent != Path(first.file.path).parent:
                message += "; name the folder of a second series in attachments"
            errors.append(ParseError(message, path=text.file.path))
    for orphan in (letter for n in letters.keys() - texts.keys() for letter in letters[n]):
        message = f"a letter, but there is no {document_id(kind, orphan.number)} here"
        errors.append(ParseError(message, path=orphan.file.path))
    for number, text in texts.items():
        yield kind, text, letters[number]


def _document(profile: Profile, kind: Kind, text: TextFile, letters: Sequence[TextFile]) -> _Result:
    """Return a document, with its letters, and what is wrong with it."""
    read = read_bulletin if kind is profile.bulletins else read_canary
    try:
        return read(text, letters, profile), ()
    except PackError as error:  # all else about it is still of interest
        return error.usable, error.errors
    except SecpackError as error:
        return None, (error,)


def _letter(letter: TextFile, canary: TextFile, profile: Profile) -> Letter:
    if letter.year != canary.year:
        message = f"a letter whose name says {letter.year}, next to {canary.file.name}"
        raise ParseError(message, path=letter.file.path)
    return Letter(letter.letter, parse_letter(letter.file, profile.forms), letter.signatures)


def read_bulletin(text: TextFile, letters: Sequence[TextFile], profile: Profile) -> Bulletin:
    """Read a bulletin. Raises ParseError, also when it has letters, and PackError."""
    if letters:
        path = letters[0].file.path
        raise ParseError("a letter next to a bulletin; only canaries have letters", path=path)
    document, metadata = read_head(text, profile.bulletins, profile)
    mentions = _mentions(document, profile)
    evidence = decide(mentions)
    known = profile.documents.get(document_id(profile.bulletins, text.number), DocumentEntry())
    packages, unread = read_packages(document, known.packages, profile.package_names)
    odd = odd_ids(document, mentions)
    bulletin = Bulletin(
        id=document_id(profile.bulletins, text.number),
        number=text.number,
        title=metadata.title,
        published=metadata.published,
        updated=metadata.updated,
        revisions=metadata.revisions,
        document=replace(document, findings=(*document.findings, *unread, *odd)),
        signatures=text.signatures,
        addresses=tuple(sorted({mention.number for mention in evidence} - {0})),
        all_mentions=mentions,
        evidence=evidence,
        packages=packages,
        claims=find_claims(document, [row.release for row in packages]),
        summary=read_summary(document, [row.line for row in packages]),
    )
    if metadata.errors:
        raise PackError(metadata.errors, bulletin)
    return bulletin


def read_canary(text: TextFile, files: Sequence[TextFile], profile: Profile) -> Canary:
    """Read a canary and its letters. Raises ParseError, and PackError."""
    document, metadata = read_head(text, profile.canaries, profile)
    statements = canaries.read_statements(document)
    letters = tuple(_letter(file, text, profile) for file in files)
    documents = (document, *(letter.document for letter in letters))
    canary = Canary(
        id=document_id(profile.canaries, text.number),
        number=text.number,
        title=metadata.title,
        published=metadata.published,
        updated=metadata.updated,
        revisions=metadata.revisions,
        document=document,
        signatures=text.signatures,
        letters=letters,
        introduction=canaries.introduction(document),
        statements=statements,
        count=canaries.bulletin_count(statements),
        master_key=canaries.stated_master_key(statements),
        due=canaries.due_window(statements, metadata.published),
        is_last=canaries.is_last(statements),
        announcements=canaries.announcements(document),
        freshness=canaries.freshness(document),
        all_mentions=tuple(m for each in documents for m in _mentions(each, profile)),
        summary=read_summary(document),
    )
    if metadata.errors:
        raise PackError(metadata.errors, canary)
    return canary


def _mentions(document: Document, profile: Profile) -> tuple[Mention, ...]:
    """The ids in a text; without a tracker, advisories are ids like those of others."""
    mentions = find_mentions(document)
    if profile.tracker:
        return mentions
    return tuple(
        replace(m, scheme="Xen" if m.scheme == "XSA" else m.scheme, advisory="") for m in mentions
    )


def read_head(text: TextFile, kind: Kind, profile: Profile) -> tuple[Document, Metadata]:
    """Parse a text and compare it with its file's name; it must state that it is of this kind.

    Its errors are those of the metadata. Raises ParseError if nothing can be read.
    """
    word = "bulletin" if kind is profile.bulletins else "canary"
    document = parse_text(text.file, profile.forms, profile.banners)
    head = document.letterhead
    assert head is not None
    errors = [*_letterhead_errors(head, text, word)]
    known = profile.documents.get(document_id(kind, text.number), DocumentEntry())
    title = f"{head.issuer} {dict(profile.banners)[word][0]} {text.number:03d}".strip()
    metadata = read_metadata(document, known, fallback=title)
    findings = [f for f in document.findings if f.code != "date-unread"]
    findings += [*metadata.findings, *_findings(head, text, kind.issuer or profile.issuer)]
    errors += metadata.errors or ([] if errors else _year_errors(text, metadata, head.line))
    metadata = replace(metadata, errors=tuple(errors))
    return replace(document, findings=tuple(findings)), metadata


def _letterhead_errors(head: Letterhead, text: TextFile, word: str) -> Iterator[ParseError]:
    if head.kind != word:
        message = f"a {head.kind} by its header, in the wrong folder; expected a {word}"
        yield ParseError(message, path=text.file.path, line=head.line)
    if head.number != text.number:
        message = f"number {head.number} in the header, {text.number} in the file's name"
        yield ParseError(message, path=text.file.path, line=head.line)
    year = re.search(r"[ -]((?:19|20)[0-9]{2})-[0-9]+\W*$", head.banner)
    if year and text.year not in (None, int(year[1])):
        message = f"year {year[1]} in the header, {text.year} in the file's name"
        yield ParseError(message, path=text.file.path, line=head.line)


def _year_errors(text: TextFile, metadata: Metadata, line: int) -> list[ParseError]:
    if text.year is None or metadata.published.year == text.year:
        return []
    years = sorted({metadata.published.year, metadata.updated.year})
    dated = " and ".join(str(year) for year in years)
    message = f"dated {dated}, but the file's name says {text.year}"
    return [ParseError(message, path=text.file.path, line=line)]


def _findings(head: Letterhead, text: TextFile, issuer: str) -> Iterator[Finding]:
    path = text.file.path
    if text.draft:
        yield Finding(path, 0, "draft", "the file name says draft: put the year there")
    if issuer and head.issuer != issuer:
        message = f"issued by {head.issuer!r}; the issuer in the profile is {issuer!r}"
        yield Finding(path, head.line, "issuer-differs", message)


# --- ids that cannot be ---------------------------------------------------------------------

# What begins like an id, up to its end: a line may end within one.
_LIKE_AN_ID: Final = re.compile(
    r"(?<![\w./-])(?:CVE[ -]|(?:XSA|INTEL-SA|AMD-SB|DSA|DLA|GHSA)-)[0-9][\w-]{0,40}+(?<!-)"
)
_TOO_OLD: Final = re.compile("CVE-(?!1999|2)[0-9]{4}-")  # the first are of 1999
_DATED: Final = re.compile(r"(?:CVE|RHSA|SUSE-SU|FEDORA)-([0-9]{4})[-:]")
_MOST: Final = 20  # findings of each kind in a text


def odd_ids(document: Document, mentions: Iterable[Mention]) -> Iterator[Finding]:
    """Find ids that cannot be, each once, where it is first."""
    path, head = document.file.path, document.letterhead
    text = document.file.data.decode(errors="replace")
    like = ((match[0], match.start()) for match in _LIKE_AN_ID.finditer(text))
    odd = ((i, n) for i, n in like if _TOO_OLD.match(i) or not isinstance(parse_inline(i)[0], Id))
    for id_, start in _first(odd):
        message = f"{id_} is not an id: none of its kind has this form"
        yield Finding(path, text.count("\n", 0, start) + 1, "id-malformed", message)
    last = head.date.year + 1 if head and head.date else 9999
    dated = ((m, match) for m in mentions if (match := _DATED.match(m.value)))
    for id_, n in _first((m.value, m.line) for m, match in dated if int(match[1]) > last):
        yield Finding(path, n, "id-future", f"the year of {id_} is long after this text")


def _first(ids: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Ids, as many as are reported, each with its first place."""
    places: dict[str, int] = {}
    for id_, place in ids:
        places.setdefault(id_, place)
    return list(places.items())[:_MOST]
