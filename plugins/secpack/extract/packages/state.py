"""What is known on the way through a text, and what has been read so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from secpack.extract.packages.context import NO_CONTEXT, Above, Context
from secpack.extract.packages.groups import Entry
from secpack.extract.packages.headers import Lead, find_leads, place_led_to
from secpack.extract.packages.phrases import read_phrase
from secpack.extract.packages.releases import names_release, releases_in
from secpack.extract.packages.words import Words
from secpack.model.archive import Document, Fix, PackageRow
from secpack.model.findings import Finding

#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000


class State:
    """Rows and findings so far, and what holds for what follows.

    ``heading`` is the context that the section begins with, ``context`` the one at this place;
    ``elsewhere`` the first line that has packages where no rule looks for them; ``installed`` are
    the places where the section says that packages go.
    """

    def __init__(self, document: Document) -> None:
        letterhead = document.letterhead
        self.document = document
        self.product = letterhead.issuer.split()[0] if letterhead else ""
        self.rows: list[PackageRow] = []
        self.known: set[tuple[str, str]] = set()  # packages and versions of the rows
        self.findings: list[Finding] = []
        self.context = self.heading = NO_CONTEXT
        self.elsewhere = 0
        self.installed: set[tuple[str, ...] | None] = set()
        self._before = 0  # how many rows there were when the section began

    @cached_property
    def printed(self) -> list[str]:
        """The lines of the text."""
        return self.document.file.data.decode("utf-8", "replace").split("\n")

    # --- sections

    @property
    def section_has_rows(self) -> bool:
        """Whether the section has packages already."""
        return len(self.rows) > self._before

    @property
    def found(self) -> int:
        """How much was read or noted so far."""
        return len(self.rows) + len(self.findings)

    def begin_section(self, context: Context) -> None:
        """Take what a heading tells, behind ``end_section``."""
        self.context = self.heading = context

    def end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self.close_lead()
        if len(self.installed) == 1 and (places := next(iter(self.installed))):
            rows = self.rows[self._before :]
            self.rows[self._before :] = [new for row in rows for new in _placed(row, places)]
        self._before, self.installed = len(self.rows), set()

    def end(self) -> None:
        """Close the last section; a text that names packages only in passing needs a look."""
        self.end_section()
        if self.elsewhere and not self.found:
            self.report(self.elsewhere, "packages, but none that can be read")

    # --- leads

    def leads(self, text: str) -> list[Lead]:
        """Where a paragraph names a release, and perhaps a place, for what follows."""
        return find_leads(text, self.product)

    def place_lead(self, text: str) -> tuple[str, ...]:
        """The places of ``In hearth:`` below a line that names a release; else none."""
        known = self.context.expects or self.context.releases
        return place_led_to(text, self.product) if known else ()

    def open_lead(self, lead: Lead, line: int) -> None:
        """Take what a lead tells of the packages behind it."""
        self.close_lead()
        self.context = replace(
            self.context,
            releases=lead.releases,
            targets=lead.targets,
            note=lead.note,
            lead=line,
            lost=False,
        )

    def close_lead(self) -> None:
        """Where packages are announced, something must come of each lead."""
        if self.context.lead and self.context.above is Above.FIXES:
            self.report(self.context.lead, "no package can be read below this")
        self._forget_lead()

    def _forget_lead(self) -> None:
        if self.context.lead:
            self.context = replace(self.context, lead=0)

    # --- what is said

    def releases_in(self, text: str) -> tuple[str, ...]:
        """The releases that a text names."""
        return releases_in(text, self.product)

    def names_release(self, text: str) -> bool:
        """Whether a text names a release."""
        return names_release(text, self.product)

    def take_phrase(self, text: str, start: int, words: Words, *, sure: bool | None = None) -> bool:
        """Read words that should name packages; if that is not sure, only if they do plainly.

        ``start`` is the index of the text in ``words``. Tells whether packages or a finding come
        of it.
        """
        context = self.context
        if context.above is Above.OTHERS or context == NO_CONTEXT:
            return False
        reading = read_phrase(text, self.product)
        if not (context.expects if sure is None else sure) and not reading.plain:
            return False
        if reading.entries and context.accepts:
            for entry in reading.entries:
                self.add(entry, words.line_at(start + entry.at))
        else:
            blank = len(text) - len(text.lstrip())
            self.report_unread(words.line_at(start + blank), text)
        return True

    def add(self, entry: Entry, line: int) -> None:
        """Add the rows of an entry, one for each release and place that hold for it."""
        context = self.context
        if len(self.rows) > MOST_ROWS:
            return
        self.known.add((entry.package, entry.version))
        note = "; ".join(words for words in (context.note, entry.note) if words)
        self.rows += [
            PackageRow(release, target, entry.package, entry.version, line, entry.fix, note)
            for release in entry.releases or context.releases or ("",)
            for target in entry.targets or context.targets or ("",)
        ]
        self._forget_lead()
        if len(self.rows) > MOST_ROWS:
            self.report(line, f"more than {MOST_ROWS} packages; those from here on are left out")

    def report_unread(self, line: int, text: str) -> None:
        """Note that packages should be named in some words, and no rule takes them."""
        words = " ".join(text.split())
        self.report(line, f"no package and version can be read here: {words[:60]!r}")

    def report(self, line: int, message: str) -> None:
        """Note what is not read as packages, but may be some."""
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self._forget_lead()


def _placed(row: PackageRow, places: Sequence[str]) -> list[PackageRow]:
    if row.target or row.fix is not Fix.AVAILABLE:
        return [row]
    return [replace(row, target=place) for place in places]
