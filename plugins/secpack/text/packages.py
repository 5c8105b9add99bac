"""A Document to its packages: which to install, for which release, and where.

They stand below a line such as ``For Quern 3.0, in hearth:``, below a paragraph that announces
packages, in a table, or in the running text of a section that tells what to do.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from typing import Final, NamedTuple

from secpack.model import (
    Block,
    Citation,
    Document,
    Finding,
    Fix,
    Heading,
    Inline,
    Item,
    Link,
    ListBlock,
    PackageRow,
    Paragraph,
    Preformatted,
    Table,
)
from secpack.text import marks
from secpack.text.versions import (
    Entry,
    domain_names,
    is_domain,
    place_names,
    read_fact,
    read_phrase,
    read_sentence,
    release_numbers,
    releases_pattern,
)
from secpack.text.walk import plain

# Titles of sections whose running text can name packages to install.
_REMEDY: Final = re.compile(
    r"patch|packag|fix|resol|solution|user action|what to do|updat|upgrad|install|remed|mitigat"
)
_ASIDE: Final = re.compile(r"about\b|credits\b|affected\b")
_PACKAGES: Final = re.compile(
    r"\bpackages\b|\b(?:following|this|fixed|new|updated) package\b|\b(?:fixed|new) versions\b",
    re.I,
)
_ABOUT: Final = re.compile(r"\b(?:packages?|versions?)\b", re.I)
_CONDITION: Final = re.compile(r"\s*(?:To|Until|Before|After|If|Once|When|While)\b")
# "These versions are affected:", "The affected kernel packages:", "packages that have the bug:"
_FORMER: Final = re.compile(
    r"\b(?:packages?|versions?|following)\s+(?:(?:that|which)\s+)?(?:is|are|were)\s+(?:\w+\s+)?"
    r"(?:affected|vulnerable|outdated|bad|obsolete|compromised)\b"
    r"|\b(?:affected|vulnerable|old|older|previous|earlier|bad|compromised)\s+(?:\w+\s+)?"
    r"(?:packages?|versions?)\b"
    r"|\bintroduced\s+(?:in|by|with)\b"
    r"|\b(?:have|has|had|contains?|with|suffers?\s+from)\s+(?:the|this|a)\s+"
    r"(?:bug|flaw|problem|issue|vulnerability)\b"
    r"|\b(?:not|never|no longer|remove|uninstall|delete|vulnerable|buggy|malicious|compromised)\b"
    r"|n't\b",
    re.I,
)
# An announcement, and a sentence that names packages, must say that they are the remedy.
_MENDS: Final = re.compile(
    r"\b(?:fix|(?:re)?solv|resol|(?:un)?patch|mend|address|install|upgrad|updat|correct|upload|immune"
    r"|remed|mitigat|relevant|available|repositor|solution|need|requir|necessary|repair|prevent"
    r"|download)|^(?:The\s)?(?:(?:specific|following)\s)?packages(?:\sare)?(?:\sas\sfollows)?:$",
    re.I,
)
_NAME_DUE: Final = re.compile(r"\bpackages?\b")
_NAMED: Final = re.compile(
    r"\bpackages?\b[^.]{0,60}?\bversions?\s+v?[0-9]+[.-]"
    r"|\b(?:install|upgrade|update)\b[^.]{0,60}?[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]"
)
# Sentences about versions that are no remedy.
_OLD: Final = re.compile(
    r"(?<!non-)\bvulnerable\b|\baffect|\bprior to\b|\b(?:older|earlier) than\b|\bup to\b"
    r"|\bbefore version\b|\bfor example\b|\be\.g\.|\b(?:and|or) (?:earlier|older)\b"
    r"|\b(?:do|does|did|is|are|was|were|will|must|should) not\b|n't\b|\bnever\b|\bno longer\b"
    r"|\bintroduced in\b(?! to)|\b(?:instead of|rather than|replac\w+|superse\w+|downgrad\w+)\b",
    re.I,
)
_SENTENCE_END: Final = re.compile(r"[.!?]\s+(?=[A-Z\"(])")
_INSTALLED: Final = re.compile(
    r"\b(?:packages?\b[^.;:]{0,60}?\binstalled|install(?:\s+\w+){0,3}\s+packages?)"
    r"\s+(?:in|into|inside)\s+"
    r"(?!order\b)(?P<where>[^.,;:]{1,80}?)"
    r"(?=[.,;:(]|\s+(?:via|by|using|with|through|that|which|and then|as)\b|\s*$)"
)
_DIGIT: Final = re.compile(r"[0-9]")
_NEGATION: Final = re.compile(r"\bn(?:ot|o need)\b")
_VERSION: Final = re.compile(r"\bversions?\b", re.I)
_SINCE: Final = re.compile(r"\bfrom\s+(?:versions?\s+)?v?[0-9]")
_PLAINLY: Final = re.compile(r"[\s-][0-9]{1,4}\.[0-9]{1,4}[.-][0-9]")
_SAYS: Final = re.compile(
    r"\b(?:packages?|versions?|install|upgrade|update)\b|\bno\s+(?:fix|patch)", re.I
)
_NO_FIX: Final = re.compile(
    r"\bno\s+(?:fix|fixes|patch|patches|packages?|updates?)\s+(?:is|are|has|have|will|exists?)\b"
    r"(?!\s+(?:needed|required|necessary))|\bno\s+packages?\s+to\s+install\b",
    re.I,
)
_PLACE: Final = re.compile(r"(?:For|In|On|Inside)\s+(?P<where>(?:[^:.]|\.(?=[0-9])){1,60}):$")
_EVERYBODY: Final = re.compile(r"(?:For|On)\s[a-z]+:")  # more often people than a place
#: Where an item begins that the rules for blocks left in a paragraph.
_ITEM: Final = re.compile(r"\n[-*•] ")
_BULLET: Final = re.compile(r"(?m)^[ \t]*[-*•][ \t]+")
# Heads of columns
_PACKAGE: Final = re.compile(r"\bpackages?\b|\bcomponent\b", re.I)
_RELEASE: Final = re.compile(r"\breleases?$", re.I)
_WHERE: Final = re.compile(r"(?:where|domains?|vms?|qubes?|places?|install(?:ed)? in)", re.I)
_FIXED: Final = re.compile(r"\b(?:fixed|new|patched|updated|versions?)\b", re.I)
_OTHER: Final = re.compile(
    r"\b(?:affected|vulnerable|old|previous|former|current|notes?|remarks?|repositor\w+)\b", re.I
)
_ROLES: Final = (("name", _PACKAGE), ("other", _OTHER), ("release", _RELEASE), ("fixed", _FIXED))
_REMARK: Final = re.compile(r"\((?!s\))[^()]{0,80}\)")
_FOR: Final = re.compile(
    r"(?<!\w)(?:For|In|On|for|in|on)\s{1,3}(?:(?:the|both|all)\s{1,3})?(?:latest\s{1,3})?$"
)
_MAY_FOLLOW: Final = re.compile(r"\n$|(?:[,;.:]|\band)\s+$")
_BARE: Final = re.compile(r"(?:(?:For|In)\s)?(?P<release>[0-9]{1,2}\.[0-9]{1,2}):(?!\S)")
_JOINT_END: Final = re.compile(r"[,;]?\s{1,3}and$|[,;]$")
_LABELS: Final = re.compile(r"\[\w{1,4}\]|\[\*{1,5}\]")
#: After so many rows no more are read: no real text has a tenth of them.
MOST_ROWS: Final = 1000
#: How many characters of a line about a release may stand between its number and the colon.
_LONGEST: Final = 160
#: Deeper than any heading.
_NO_LEVEL: Final = 9


class _Above(Enum):
    """What the words above some packages say of them."""

    NOTHING = auto()
    FIXES = auto()  # they are announced
    OTHERS = auto()  # they are old, or somebody else's
    UNCLEAR = auto()  # it cannot be read, so none of them is


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` is the level of the heading that tells that its section is about what to do;
    ``lead`` the line that named the releases, until a package is read; ``lost`` that another such
    line could not be read, so that nobody knows where the packages below it belong.
    """

    releases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    note: str = ""
    above: _Above = _Above.NOTHING
    remedy: int = _NO_LEVEL
    lead: int = 0
    lost: bool = False

    @property
    def expects(self) -> bool:
        """Whether what follows should be packages to install."""
        about = self.above is _Above.NOTHING and self.remedy < _NO_LEVEL
        return self.above is _Above.FIXES or (about and bool(self.lead))


class _Lead(NamedTuple):
    """``For Quern 3.0, in hearth:``; ``start`` and ``end`` are indices in its paragraph."""

    start: int
    end: int
    releases: tuple[str, ...]
    domains: tuple[str, ...] = ()
    note: str = ""


class _Columns(NamedTuple):
    """Which columns of a table have what; ``fixed`` are those of fixes, with their releases."""

    name: int
    fixed: dict[int, tuple[str, ...]]
    release: int = -1
    place: int = -1


class _Words:
    """Text of one or more lines, that can tell on which line an index is."""

    def __init__(self, text: str, line: int) -> None:
        self.text, self.line = text, line

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def line_at(self, index: int) -> int:
        return self.line + bisect_left(self._breaks, index)


def read_packages(document: Document) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    """The packages that a bulletin names as its remedy, in the order of the text, and findings.

    A finding ``package-unread`` stands where packages seem to be named in words that no rule
    takes.
    """
    reader = _Reader(document)
    reader.read(document.blocks)
    reader.end()
    return tuple(reader.rows), tuple(reader.findings)


class _Reader:
    """Goes through the blocks of a document with what each tells of those that follow."""

    def __init__(self, document: Document) -> None:
        letterhead = document.letterhead
        self.document = document
        self.product = letterhead.issuer.split()[0] if letterhead else ""
        self.release = re.compile(releases_pattern(self.product))
        self.rows: list[PackageRow] = []
        self.findings: list[Finding] = []
        self.context = self.heading = _Context()
        self.elsewhere = 0  # the first line that has packages where no rule looks for them
        self.section = 0  # how many rows there were when the section began
        self.installed: set[tuple[str, ...] | None] = set()

    def read(self, blocks: Iterable[Block]) -> None:
        """Read blocks of one level; quotations and references are the words of others."""
        for block in blocks:
            match block:
                case Heading():
                    self._heading(block)
                case Paragraph():
                    self._paragraph(_Words(_text(block.inlines), block.first))
                case ListBlock():
                    for item in block.items:
                        self._item(item, sure=self.context.expects and block.style[0] not in "1a")
                case Table():
                    self._table(block)
                case Preformatted(language=""):
                    self._lines(block)
                case _:
                    pass

    # --- sections

    def _heading(self, heading: Heading) -> None:
        self.end_section()
        title = plain(heading.inlines)
        level = self.heading.remedy
        if heading.level <= level:
            level = heading.level if _REMEDY.search(title.lower()) else _NO_LEVEL
        aside = _ASIDE.match(title.lower())
        self.context = self.heading = _Context(
            self._releases_in(title),
            domain_names(title) if is_domain(title) else (),
            above=_Above.OTHERS if aside else _Above.NOTHING,
            remedy=level,
        )

    def end(self) -> None:
        """Close the last section; a text that names packages only in passing needs a look."""
        self.end_section()
        if self.elsewhere and not (self.rows or self.findings):
            self._unread(self.elsewhere, "packages, but none that can be read")

    def end_section(self) -> None:
        """Rows of a section that do not say where they go, go where the section says."""
        self._close_lead()
        if len(self.installed) == 1 and (places := next(iter(self.installed))):
            found = self.rows[self.section :]
            self.rows[self.section :] = [new for row in found for new in _placed(row, places)]
        self.section, self.installed = len(self.rows), set()

    # --- paragraphs

    def _paragraph(self, words: _Words) -> None:
        leads = self._leads(words.text)
        starts = [*(lead.start for lead in leads), len(words.text)]
        if words.text[: starts[0]].strip():
            self._prose(words, starts[0])
        for lead, following in zip(leads, starts[1:], strict=True):
            self._open_lead(lead, words.line_at(lead.start))
            for at, rest in _parts(words.text, lead.end, following):
                if rest.strip(" \n.,;"):
                    self._phrase(_JOINT_END.sub("", rest.rstrip()), at, words)

    def _leads(self, text: str) -> list[_Lead]:
        """Where a paragraph names a release, and perhaps a place, for what follows."""
        found: list[_Lead] = []
        if not _DIGIT.search(text):
            return found
        if bare := _BARE.match(text):
            return [_Lead(0, bare.end(), release_numbers(bare["release"]))]
        for match in self.release.finditer(text):
            lead = _lead(text, match)
            if lead and (not found or lead.start >= found[-1].end):
                found.append(lead)
        return found

    def _open_lead(self, lead: _Lead, line: int) -> None:
        self._close_lead()
        self.context = replace(
            self.context,
            releases=lead.releases,
            domains=lead.domains,
            note=lead.note,
            lead=line,
            lost=False,
        )

    def _close_lead(self) -> None:
        """Where packages are announced, something must come of each lead."""
        if not self.context.lead:
            return
        if self.context.above is _Above.FIXES:
            self._unread(self.context.lead, "no package can be read below this")
        self.context = replace(self.context, lead=0)

    def _prose(self, words: _Words, end: int) -> None:
        text = words.text[:end]
        if place := self._place_lead(text):
            self.context = replace(self.context, domains=place)
            return
        if self.context.lead and self._phrase(text, 0, words, sure=False):
            return
        self._announcement(text)
        if self.heading.above is _Above.NOTHING:
            if self.heading.remedy < _NO_LEVEL or len(self.rows) > self.section:
                for start, sentence in _sentences(text):
                    self._sentence(start, sentence, words)
            self._look_aside(text, words)

    def _announcement(self, text: str) -> None:
        """What the last sentence of a paragraph tells of the packages below it."""
        before = self.context
        self._close_lead()
        words = _last_sentence(text) if text.rstrip().endswith(":") else ""
        above = _judged(words) if words else None
        if self.heading.above is _Above.OTHERS:
            self.context = self.heading
        elif above:
            releases = self._releases_in(words) or self.heading.releases
            self.context = replace(self.heading, releases=releases, above=above)
        elif words:
            lost = bool(before.lead or _PLACE.fullmatch(words) or self._releases_in(words))
            self.context = replace(self.heading, above=before.above, lost=lost)
        elif before.above in (_Above.OTHERS, _Above.UNCLEAR):
            self.context = replace(self.heading, above=_Above.UNCLEAR)
        else:
            self.context = self.heading

    def _look_aside(self, text: str, words: _Words) -> None:
        if self.elsewhere or self.rows or self.findings:  # then nobody asks for it
            return
        due = self.heading.remedy < _NO_LEVEL
        named = (_NAME_DUE.search(text) if due else None) or _NAMED.search(text)
        if named and not _OLD.search(text):
            self.elsewhere = words.line_at(named.start())

    def _place_lead(self, text: str) -> tuple[str, ...]:
        """``In hearth:`` below a line that names a release."""
        known = self.context.expects or self.context.releases
        if not (known and text.rstrip().endswith(":")):
            return ()
        words = " ".join(text.split())
        if self.release.search(words):
            return ()
        if is_domain(words[:-1]):
            return domain_names(words[:-1])
        match = _PLACE.fullmatch(words)
        if match is None or _EVERYBODY.match(words):
            return ()
        return place_names(match["where"]) or ()

    def _sentence(self, start: int, sentence: str, words: _Words) -> None:
        self._place_of_section(sentence)
        releases = self._releases_in(sentence)
        if (fact := read_fact(sentence, self.product)) and fact.releases:
            self._emit(fact, words.line_at(start))
        elif (releases or not self.rows) and _NO_FIX.search(sentence):
            self._emit(Entry(0, "", "", Fix.NONE, releases), words.line_at(start))
        elif _DIGIT.search(sentence):
            self._remedy(start, sentence, words)

    def _place_of_section(self, sentence: str) -> None:
        match = _INSTALLED.search(sentence) if "install" in sentence else None
        if match and not _NEGATION.search(sentence):
            self.installed.add(place_names(match["where"]))

    def _remedy(self, start: int, sentence: str, words: _Words) -> None:
        """Packages in a sentence that tells to install them."""
        release = self.release.search(sentence)
        led = release is not None and _FOR.fullmatch(sentence, 0, release.start()) is not None
        if not (led or _SAYS.search(sentence)) or _OLD.search(sentence):
            return
        entries = read_sentence(sentence, self.product)
        nameless = entries is None and (led or _VERSION.search(sentence))
        nameless = nameless or (not entries and _PLAINLY.search(sentence))
        nameless = nameless or _SINCE.search(sentence)
        if nameless or (entries and not _MENDS.search(sentence)):
            self._unread(words.line_at(start), _shown(sentence))
        elif entries and self._is_lost(entries, words):
            self._unread(words.line_at(start), "a package, but not for which release")
        elif entries:
            known = {(row.package, row.version) for row in self.rows}
            for entry in [e for e in entries if (e.package, e.version) not in known]:
                self._emit(entry, words.line_at(start + entry.at))

    def _is_lost(self, entries: Sequence[Entry], words: _Words) -> bool:
        """Whether releases are named around packages, but not the one of each."""
        if self.context.releases or all(entry.releases for entry in entries):
            return False
        return self.release.search(words.text) is not None

    # --- what names packages

    def _phrase(self, text: str, start: int, words: _Words, *, sure: bool | None = None) -> bool:
        """Read words that should name packages; if that is not sure, only if they do plainly."""
        context = self.context
        if context.above is _Above.OTHERS or context == _Context():
            return False
        reading = read_phrase(text, self.product)
        if not (context.expects if sure is None else sure) and not reading.plain:
            return False
        remedy = context.above is _Above.FIXES or context.remedy < _NO_LEVEL
        if reading.entries and remedy and context.above is not _Above.UNCLEAR and not context.lost:
            for entry in reading.entries:
                self._emit(entry, words.line_at(start + entry.at))
        else:
            blank = len(text) - len(text.lstrip())
            self._unread(words.line_at(start + blank), _shown(text))
        return True

    def _item(self, item: Item, *, sure: bool) -> None:
        """Read an item, whose words may also tell what the list in it is about."""
        first, rest = item.blocks[:1], item.blocks[1:]
        text = _text(first[0].inlines) if first and isinstance(first[0], Paragraph) else ""
        context, found = self.context, len(self.rows) + len(self.findings)
        if self._leads(text) or self._place_lead(text):
            self.read(item.blocks)
        else:
            words = _Words(text, item.first)
            if not self._phrase(text, 0, words, sure=sure and not rest) and rest:
                place = place_names(text.rstrip(":")) if text.endswith(":") else ()
                self.context = replace(context, domains=place or context.domains)
                self.read(rest)
                if sure and len(self.rows) + len(self.findings) == found:
                    self._phrase(text, 0, words, sure=True)
            elif rest:
                self.read(rest)
            if self.context.releases not in ((), context.releases):
                return  # what stands unevenly below an item can name the release of the next ones
        lead = context.lead if len(self.rows) + len(self.findings) == found else 0
        self.context = replace(context, lead=lead)

    def _lines(self, block: Preformatted) -> None:
        """Indented lines below a lead, or with one of their own."""
        context = self.context
        if not (context.lead or context.lost or self._leads(block.text.strip())):
            return
        bulleted = _BULLET.search(block.text) is not None
        item: list[str] = []
        for line, printed in enumerate(block.text.split("\n"), block.first):
            text = _LABELS.sub("", _BULLET.sub("", printed, count=1)).strip()
            named = bool(self._leads(text) or self._place_lead(text))
            if not (item and bulleted and text) or named or _BULLET.match(printed):
                self._line(item, line)
                item = []
            if named:
                self._paragraph(_Words(text, line))
            elif text:
                item.append(text)
        self._line(item, block.first + block.text.count("\n") + 1)

    def _line(self, item: Sequence[str], behind: int) -> None:
        """Read an item of indented text; ``behind`` is the number of the line below it."""
        if item:
            words = _Words("\n".join(item), behind - len(item))
            sure = self.context.above is _Above.FIXES and not self.context.lost
            self._phrase(words.text, 0, words, sure=sure)

    # --- tables

    def _table(self, table: Table) -> None:
        """A row for each package, with what mends it in a column of its own or for each release."""
        heads = [plain(cell) for cell in (table.head[0] if table.head else ())]
        # "Old and new packages:" is clear where the columns tell which is which.
        told = self.context.above is _Above.UNCLEAR and any(map(_OTHER.search, heads))
        if not (self.context.expects or told):
            return
        columns = None if self.context.lost else self._columns(heads)
        if columns is None:
            self._unread(table.first, "a table, but not which column has the fixed versions")
            return
        for line, row in zip(self._row_lines(table), table.body, strict=False):
            self._cells(columns, [plain(cell) for cell in row], line)

    def _columns(self, heads: Sequence[str]) -> _Columns | None:
        """What the columns of a table are; None where one of them is not understood."""
        if not heads:
            return _Columns(0, {1: ()})
        roles = [self._role(head) for head in heads]
        name = roles.index("name") if "name" in roles else 0
        roles[name] = "name"
        stated = {n: self._releases_in(f"for {heads[n]}") for n in _which(roles, "releases")}
        fixed: dict[int, tuple[str, ...]] = dict.fromkeys(_which(roles, "fixed"), ())
        if "" in roles or bool(stated) == bool(fixed) or len(fixed) > 1:
            return None
        release, place = (next(_which(roles, role), -1) for role in ("release", "place"))
        return _Columns(name, stated or fixed, release, place)

    def _role(self, head: str) -> str:
        """What a column has, by its head; nothing if that cannot be told."""
        if self._releases_in(f"for {head}"):
            return "releases"
        if _WHERE.fullmatch(head):
            return "place"
        return next((role for role, form in _ROLES if form.search(head)), "")

    def _row_lines(self, table: Table) -> list[int]:
        printed = self.document.file.data.decode("utf-8", "replace").split("\n")
        numbers = range(table.first, table.last + 1)
        written = [n for n in numbers if "|" in printed[n - 1] and not _is_edge(printed[n - 1])]
        return written[len(table.head) :]

    def _cells(self, columns: _Columns, cells: Sequence[str], line: int) -> None:
        """A package, and the package or version that mends it."""
        cell = dict(enumerate(cells))
        release = cell.get(columns.release, "")
        places = place_names(cell.get(columns.place, ""))
        stated = release_numbers(release)
        name = cell.get(columns.name, "")
        for column, releases in columns.fixed.items():
            fixed = _LABELS.sub("", cell.get(column, ""))
            found = read_phrase(fixed, self.product).entries
            found = found or read_phrase(f"{name} version {fixed}", self.product).entries
            if not found or (columns.place >= 0 and not places) or bool(release) != bool(stated):
                self._unread(line, _shown(" | ".join(cells)))
                continue
            for entry in found:
                self._emit(
                    replace(
                        entry,
                        package=entry.package or name,
                        releases=entry.releases or stated or releases,
                        domains=entry.domains or places or (),
                    ),
                    line,
                )

    # --- results

    def _releases_in(self, text: str) -> tuple[str, ...]:
        if not _DIGIT.search(text):
            return ()
        found = (n for match in self.release.finditer(text) for n in release_numbers(match[0]))
        return tuple(dict.fromkeys(found))

    def _emit(self, entry: Entry, line: int) -> None:
        context = self.context
        if len(self.rows) > MOST_ROWS:
            return
        note = "; ".join(words for words in (context.note, entry.note) if words)
        self.rows += [
            PackageRow(release, domain, entry.package, entry.version, line, entry.fix, note)
            for release in entry.releases or context.releases or ("",)
            for domain in entry.domains or context.domains or ("",)
        ]
        self.context = replace(context, lead=0)
        if len(self.rows) > MOST_ROWS:
            self._unread(line, f"more than {MOST_ROWS} packages; those from here on are left out")

    def _unread(self, line: int, message: str) -> None:
        path = self.document.file.path
        self.findings.append(Finding(path, line, "package-unread", message))
        self.context = replace(self.context, lead=0)


def _which(roles: Sequence[str], role: str) -> Iterator[int]:
    return (n for n, each in enumerate(roles) if each == role)


def _judged(words: str) -> _Above | None:
    """What words that end with a colon say of packages; None if they are not about packages."""
    if not _ABOUT.search(words) or _PLACE.fullmatch(words):
        return None
    former, mends = _FORMER.search(words), _MENDS.search(words)
    if former:
        return _Above.UNCLEAR if mends else _Above.OTHERS
    if not _PACKAGES.search(words):
        return None
    return _Above.FIXES if mends and not _CONDITION.match(words) else _Above.UNCLEAR


def _placed(row: PackageRow, places: Sequence[str]) -> list[PackageRow]:
    if row.domain or row.fix is not Fix.AVAILABLE:
        return [row]
    return [replace(row, domain=place) for place in places]


def _lead(text: str, match: re.Match[str]) -> _Lead | None:
    """The lead that begins with these releases, if it is one.

    It ends with a colon, or has ``For`` in front and all of a paragraph to itself.
    """
    before = _FOR.search(text, max(0, match.start() - 20), match.start())
    start = before.start() if before else match.start()
    item = _ITEM.search(text, match.end(), match.end() + _LONGEST)
    last = item.start() if item else len(text)
    colon = text.find(":", match.end(), min(last, match.end() + _LONGEST))
    end = colon if colon >= 0 else last
    if (colon < 0 and (start or not before)) or end - match.end() > _LONGEST:
        return None
    if start and not _MAY_FOLLOW.search(text, max(0, start - 5), start):
        return None
    where = _where(text[match.end() : end])
    behind = end + 1 if colon >= 0 else end
    return _Lead(start, behind, release_numbers(match[0]), *where) if where else None


def _where(between: str) -> tuple[tuple[str, ...], str] | None:
    """Places and a remark between a release and the colon; None where other words stand there."""
    remarks = [words[1:-1] for words in _REMARK.findall(between)]
    words = " ".join(_REMARK.sub(" ", between).split()).strip(" ,;–—-")
    if not words and len(remarks) == 1 and is_domain(remarks[0]):
        return domain_names(remarks[0]), ""
    places = place_names(words) if words else ()
    return None if places is None else (places, "; ".join(remarks))


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for match in _ITEM.finditer(text, start, end):
        yield start, text[start : match.start()]
        start = match.end()
    yield start, text[start:end]


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield start, text[start : match.start() + 1]
        start = match.end()
    yield start, text[start:]


def _last_sentence(text: str) -> str:
    *_, (_, sentence) = _sentences(text)
    return " ".join(sentence.split())


def _text(inlines: Sequence[Inline]) -> str:
    """Running text with its line breaks, without marks and citations."""
    parts = []
    for inline in inlines:
        if isinstance(inline, Link):
            parts.append(inline.url)
        elif not isinstance(inline, Citation):
            parts.append(inline.text)
    text = "".join(parts)
    return _LABELS.sub("", text) if "[" in text else text


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return f"no package and version can be read here: {words[:60]!r}"


def _is_edge(row: str) -> bool:
    return marks.is_separator_row(row) or marks.BOX.fullmatch(row) is not None
