"""Pieces of a text to rows: what holds for a piece comes from the words above it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, assert_never

from secpack.extract.packages import vocabulary
from secpack.extract.packages.phrases import Entry, Said, read_phrase
from secpack.extract.packages.pieces import Kind, Piece, pieces_of, sentences_of
from secpack.extract.packages.sentences import (
    About,
    announced_for,
    announcement,
    installed_in,
    names_packages,
    read_sentence,
)
from secpack.extract.sections import says_what_to_do
from secpack.model.archive import Document, Fix, PackageRow
from secpack.model.findings import Finding

#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000

# Titles of sections whose running text can name packages to install, and of those that do not.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|(?:(?:who|what) is )?affected\b|vulnerable\b")
_NO_LEVEL: Final = 9  # deeper than any heading


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``said`` are releases, targets and notes; ``base`` are the targets of all headers that name
    none. ``lost`` says that a header could not be read.
    """

    about: About = About.OTHERS
    said: Said = field(default_factory=dict)
    base: Said = field(default_factory=dict)
    lost: bool = False


class Reader:
    """Reads the pieces of a document in order, and gathers rows and findings.

    ``heading`` is the context with which the section began, ``context`` the one at this place,
    ``header`` the line of the last header until a package is read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.product = vocabulary.product_of(document)
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self.header = 0
        self._around: list[tuple[int, _Context]] = []  # contexts around items that are headers
        self._remedy = _NO_LEVEL  # the level of the heading of a section about what to do
        self._known: set[tuple[str, str]] = set()  # packages and versions of the rows
        self._begun = 0  # how many rows there were when the section began
        self._installed: set[tuple[str, ...]] = set()  # where the section says that packages go

    def read(self) -> None:
        """Read the document; one that names packages only in passing needs a look."""
        pieces = tuple(pieces_of(self.document))
        for piece in pieces:
            self._read(piece)
        self._end_section()
        if not (self.rows or self.findings):
            every = (p.line for p in pieces if p.kind is Kind.PROSE and names_packages(p.text))
            for line in islice(every, 1):
                self._report(line, "speaks of packages, but none can be read")

    def _read(self, piece: Piece) -> None:
        while self._around and piece.depth <= self._around[-1][0]:
            self.context = self._around.pop()[1]
        match piece.kind:
            case Kind.HEADING:
                self._end_section()
                self._begin_section(piece)
            case Kind.PROSE:
                if not self._take(piece):
                    self._announcement(piece)
                    self._sentences(piece)
            case Kind.ITEM | Kind.LABEL:
                around = self.context
                if not self._take(piece) and self.context.about is About.NOTHING:
                    self._sentences(piece)
                if self.context != around:  # a header for what is below it
                    self._around.append((piece.depth, around))
            case Kind.LINES | Kind.ROW | Kind.FIX:
                self._take(piece)
            case _:
                assert_never(piece.kind)

    # --- sections

    def _begin_section(self, piece: Piece) -> None:
        title = piece.text.lower()
        reading = read_phrase(piece.text, self.product)
        if piece.depth <= self._remedy and not reading.is_header:  # "Quern 4.2" goes on
            is_remedy = says_what_to_do(title) or _REMEDY.search(title)
            self._remedy = piece.depth if is_remedy else _NO_LEVEL
        reads = self._remedy < _NO_LEVEL and not _ASIDE.match(title)
        about = About.NOTHING if reads else About.OTHERS
        base = {kind: values for kind, values in reading.header.items() if kind == "target"}
        releases = vocabulary.releases_in(piece.text, self.product)
        said = base | ({"release": releases} if releases else {})
        self.context = self.heading = _Context(about, said, base)

    def _end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_header()
        self._around = []
        rows, self.rows = self.rows[self._begun :], self.rows[: self._begun]
        (targets,) = self._installed if len(self._installed) == 1 else ((),)
        for row in rows:
            open_ = row.fix is Fix.AVAILABLE and not row.target
            self.rows += [replace(row, target=t) for t in targets if open_] or [row]
        self._begun, self._installed = len(self.rows), set()

    # --- headers and rows

    def _take(self, piece: Piece) -> bool:
        """Read words that may be a header, or packages; return whether they were."""
        about, kind = self.context.about, piece.kind
        if about is About.OTHERS:
            return False
        announced = about is About.FIXES
        expected = announced or (about is About.NOTHING and self.header > 0)
        sure = kind in (Kind.ROW, Kind.FIX) or (expected and kind is Kind.ITEM)
        sure |= announced and kind is Kind.LINES and not self.context.lost
        placed = kind is not Kind.LINES or self.header > 0 or self.context.lost
        reading = read_phrase(piece.text, self.product, label=kind is Kind.LABEL)
        if reading.header:
            self._header(reading.header, piece.line)
        elif not (placed and (sure or reading.is_plain)):
            return False
        accepts = about is not About.UNCLEAR or kind is Kind.FIX
        if reading.is_header or (
            accepts and not self.context.lost and self._add(reading.entries, piece)
        ):
            return True
        self._report_unread(piece)
        return True

    def _header(self, header: Said, line: int) -> None:
        """Take what a header says of the packages below.

        One with a release starts anew, except right below one without: "In dom0:", "For R4.2:".
        """
        old = self.context
        if "release" in header:
            below = self.header > 0 and "release" not in old.said
            if not below:
                self._close_header()
            base = old.base or (old.said if below else {})
            self.context = _Context(old.about, base | header, base)
            self.header = line
        else:
            said = old.said | {"target": header["target"]}
            self.context = replace(old, said=said, base={})
            self.header = self.header or line

    def _close_header(self) -> None:
        """Where packages are announced, something must come of each header."""
        if self.header and self.context.about is About.FIXES:
            self._report(self.header, "no package can be read below this")
        self.header = 0

    # --- running text

    def _announcement(self, piece: Piece) -> None:
        """Take what the last sentence of a paragraph says of the packages below it."""
        last = " ".join(vocabulary.SENTENCE_END.split(piece.text)[-1].split())
        before, header, heading = self.context, self.header, self.heading
        self._close_header()
        self.context = heading
        if not last.endswith(":"):
            if heading.about is About.NOTHING and before.about in (About.OTHERS, About.UNCLEAR):
                self.context = replace(heading, about=About.UNCLEAR)
            return
        placed = last.startswith(("For ", "In ", "On "))
        releases = vocabulary.releases_in(last, self.product)
        about = About.NOTHING if placed else announcement(last)
        if about is not About.NOTHING:
            targets = announced_for(last)
            base = {"target": targets} if targets else heading.base
            said = heading.said | base | ({"release": releases} if releases else {})
            self.context = _Context(about, said, base)
        else:
            lost = placed or bool(header or releases)
            self.context = replace(heading, about=before.about, lost=lost)

    def _sentences(self, piece: Piece) -> None:
        """Read sentences; where one names a release, each package needs one."""
        if self.heading.about is not About.NOTHING:
            return
        releases = vocabulary.releases_in(piece.text, self.product)
        placed = "release" in self.context.said or not releases
        for sentence in sentences_of(piece):
            if (targets := installed_in(sentence.text)) is not None:
                self._installed.add(targets)
            found = read_sentence(sentence.text, self.product)
            if found is None:
                self._report_unread(sentence)
            elif not placed and any(e.version and "release" not in e.said for e in found):
                self._report(sentence.line, "names a package, but not for which release")
            else:
                new = [e for e in found if (e.package, e.version) not in self._known]
                told = [e for e in new if e.version or "release" in e.said or not self.rows]
                self._add(told, sentence)

    # --- rows and findings

    def _add(self, entries: Collection[Entry], piece: Piece) -> bool:
        """Add the rows of entries, for each release and target that hold for them.

        Return whether there are any. There are none if several releases are above several versions
        of a package: below "Quern 4.2   Quern 4.3", "xen   4.1-2   4.1-3" is not clear.
        """
        above = self.context.said
        open_ = {(e.package, e.version) for e in entries if "release" not in e.said and e.version}
        if len(above.get("release", ())) > 1 and len(open_) > len({name for name, _ in open_}):
            return False
        for e in entries if len(self.rows) <= MOST_ROWS else ():
            line = piece.line + piece.text.count("\n", 0, e.at)
            self.rows += e.rows(above, line)
            self._known |= {(e.package, e.version)} if e.version else set()
            self.header = 0
            if len(self.rows) > MOST_ROWS:
                self._report(line, f"more than {MOST_ROWS} packages; the others are left out")
                break
        return bool(entries)

    def _report_unread(self, piece: Piece) -> None:
        """Note that packages should be named in some words, and no rule takes them."""
        text = " ".join((piece.cells or piece.text).split())
        self._report(piece.line, f"no package and version can be read here: {text[:60]!r}")

    def _report(self, line: int, message: str) -> None:
        """Note what is not read as packages, but may be some."""
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self.header = 0
