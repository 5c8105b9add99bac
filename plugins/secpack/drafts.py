"""New texts: a bulletin from the pack's template, a canary from the one before.

What a person has to write is marked TODO. Each text is read again, as any other of the pack.
"""

from __future__ import annotations

import html
import re
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from itertools import takewhile
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urljoin

from lxml import etree
from unidecode import unidecode

from secpack.canary import COUNT, PERIOD, due_window, read_statements, titled
from secpack.canary.diff import LAST_BULLETIN, changes
from secpack.documents import read_bulletin, read_canary
from secpack.errors import SecpackError
from secpack.extract.metadata import ISSUED
from secpack.extract.sections import sections
from secpack.mirror.copies import Server
from secpack.model.archive import Archive, Canary, File, Statement
from secpack.pack import TextFile, document_id, file_name, read_contents, read_template
from secpack.parser import parse_text
from secpack.parser.dates import DATE, ISO, MONTHS, parse_date
from secpack.parser.letterhead import parse_letterhead
from secpack.parser.lines import split_lines
from secpack.profile import Kind, Profile

#: What takes the place of a proof of freshness that nobody has fetched.
NO_PROOF: Final = ("TODO",)

# The number in a banner, such as TODO or 047.
_NUMBER: Final = re.compile(r"(?<![^\s#\[])[^\s#\[]+(?=\s*\]=*-*$)")
# What is said for one release: "For Quern 4.1, in dom0:", and the lines below it.
_FOR_RELEASE: Final = re.compile(
    r"(?m)^([ \t]*For \S.{0,40}? )(TODO|[0-9][\w.]*)((?:,? in .*)?:\n(?:[ \t]*\S.*\n)+)"
)
_MONTH: Final = 30.4  # days
# The titles of the entries of a feed, of any version of RSS or Atom.
_TITLES: Final = (
    "//*[local-name()='item' or local-name()='entry']"
    "/*[local-name()='title' and namespace-uri()=namespace-uri(..)]"
)
# Of a feed: the seconds to wait, the most bytes; the headlines, and the most characters of each.
_PATIENCE: Final = 20
_MOST_BYTES: Final = 4 * 1024 * 1024
_HEADLINES: Final = 5
_LONGEST: Final = 200


def new_bulletin(root: Path, profile: Profile, title: str, day: date) -> File:
    """A bulletin with the next number, a date, a title, and the releases supported on its day.

    Raises SecpackError without a pack or a template, or if it would be read as another title.
    """
    title = " ".join(title.split())
    if not title.isprintable():
        raise SecpackError("the title has characters that cannot be printed")
    template = read_template(root, profile.bulletins, profile)
    if not template:
        example = f"{profile.bulletins.folder[0]}/template.txt"
        raise SecpackError(f"{root}: no template of a bulletin: write one, such as {example}")
    draft = _begun(root, profile.bulletins, profile, day, template)
    text = _with_head(_text(draft.file), title, day, profile)
    text = text.replace("YYYY-MM-DD", f"{day}").replace("NNN", f"{draft.number:03d}")
    text = _with_releases(text, profile.supported(day))
    draft = replace(draft, file=File.of(draft.file.path, text.encode()))
    bulletin = read_bulletin(draft, (), profile)
    if (bulletin.title, bulletin.published) != (title, day):
        read = f"{bulletin.title!r}, dated {bulletin.published}"
        raise SecpackError(f"{draft.file.path}: would be read as {read}: choose another title")
    return draft.file


def _begun(root: Path, kind: Kind, profile: Profile, day: date, template: File) -> TextFile:
    """A template under its own name, with the number after all others, drafts among them."""
    contents = read_contents(root, profile)
    texts = contents.canaries if kind is profile.canaries else contents.bulletins
    numbers = [text.number for text in texts]
    numbers += [n for n in range(1, 10_000) if document_id(kind, n) in contents.withheld]
    number = max(numbers, default=0) + 1
    text = _text(template)
    banner = next(line for line in text.split("\n") if line.strip())
    old = _NUMBER.search(banner.strip())
    digits = len(old[0]) if old and old[0].isdigit() else 3
    new = _NUMBER.sub(f"{number}".zfill(digits), banner.strip())
    text = text.replace(banner, new.center(_width(banner)).rstrip(), 1)
    path = f"{kind.folder[0]}/{file_name(kind, number, day.year)}".removeprefix("./")
    return TextFile(File.of(path, text.encode()), number, day.year, False, "", ())


def _text(file: File) -> str:
    return "".join(f"{line.text}\n" for line in split_lines(file.data, path=file.path))


def _with_head(text: str, title: str, day: date, profile: Profile) -> str:
    """A text with this date and title below its banner.

    One whose template has a single passage there, the title, states its date elsewhere.
    """
    lines = text.split("\n")
    head, _ = parse_letterhead(split_lines(text.encode(), path=""), [], profile.banners, path="")
    old, width = lines[head.line : head.last], _width(lines[head.line - 1])
    passages = re.split(r"\n\s*\n", "\n".join(old).strip())
    titles = textwrap.wrap(title, width - 4, break_long_words=False, break_on_hyphens=False)
    dates = [] if len(passages) == 1 and passages[0] else [f"{day}"]
    new = [line for part in (dates, titles) if part for line in ("", *part)]
    blank = [*takewhile(lambda line: not line.strip(), reversed(old))] or [""]
    lines[head.line : head.last] = [*(line.center(width).rstrip() for line in new), *blank]
    return "\n".join(lines)


def _width(line: str) -> int:
    """The width, an even number, of a page that has a line in its middle."""
    width = 2 * len(line.rstrip()) - len(line.strip())
    return width + width % 2


def _with_releases(text: str, releases: Sequence[str]) -> str:
    """A text that has the template's words about packages for each of these releases."""
    named = {match[2] for match in _FOR_RELEASE.finditer(text)}
    others = [release for release in releases if release not in named]

    def passages(match: re.Match[str]) -> str:
        of = [match[2]] * (match[2] in releases) + others
        others.clear()
        return "\n".join(match[1] + release + match[3] for release in of)

    return _FOR_RELEASE.sub(passages, text) if releases else text


# --- canaries -------------------------------------------------------------------------------


def new_canary(
    root: Path, archive: Archive, profile: Profile, day: date, proof: Sequence[str]
) -> File:
    """A canary: the last one that is signed, with other dates and numbers, and another proof.

    Its special announcements are left out. The first canary is from the pack's template. Raises
    SecpackError when there is neither, or the statements would not be those of before.
    """
    before = next((canary for canary in reversed(archive.canaries) if canary.signatures), None)
    template = before.document.file if before else read_template(root, profile.canaries, profile)
    if not template:
        raise SecpackError(f"{root}: no canary and no template: write the first one by hand")
    draft = _begun(root, profile.canaries, profile, day, template)
    text = _up_to_date(draft, proof, _values(before, archive, day), profile)
    draft = replace(draft, file=File.of(draft.file.path, text.encode()))
    canary = read_canary(draft, (), profile)
    reworded = before and any(each.parts or each.was for each in changes(before, canary))
    is_due = not (before and before.due) or (canary.due is not None and canary.due.last > day)
    if reworded or not is_due or canary.published != day:
        message = "cannot be brought up to date by rules: copy it, and edit it by hand"
        raise SecpackError(f"{template.path}: {message}")
    return draft.file


class _Values(NamedTuple):
    """A day; how many bulletins there are, the last one's number; the months between canaries."""

    day: date
    bulletins: int
    last: int
    months: int


def _values(before: Canary | None, archive: Archive, day: date) -> _Values:
    """Bulletins are those that the canary before counts, and those since.

    The months are those from it to the one that it announces, or as many more as lead past a day.
    """
    signed = {b.number: b.published for b in archive.bulletins if b.signatures}
    signed = {number: published for number, published in signed.items() if published <= day}
    since, count = (before.published, before.count or 0) if before else (date.min, 0)
    count += sum(published > since for published in signed.values())
    months = 0
    if before and before.due:
        due = before.due.first if before.due.first > since else before.due.last
        interval = max(1, round((due - since).days / _MONTH))
        passed = 12 * (day.year - due.year) + day.month - due.month
        months = interval * max(1, passed // interval + 1)
    return _Values(day, count, max(signed, default=0), months)


def _up_to_date(draft: TextFile, proof: Sequence[str], values: _Values, profile: Profile) -> str:
    document = parse_text(draft.file, profile.forms, profile.banners)
    lines, statements = _text(draft.file).split("\n"), read_statements(document)
    # A passage ends where a section ends, or something else begins.
    edges = {section.last for section in sections(document)}
    edges |= {section.first - 1 for section in sections(document)}
    edges |= {statement.line - 1 for statement in statements}

    def last_of(first: int) -> int:
        return min(edge for edge in edges if edge >= first)

    passages = {}  # what replaces them, by their first lines
    for statement in statements:
        old = "\n".join(lines[statement.line - 1 : last_of(statement.line)])
        passages[statement.line] = _statement(old, statement, values)
    for words, new in (("announcement", ("None.",)), ("proof of", proof)):
        section = titled(document, words)
        passages |= {b.first: "\n".join(new) for b in (section.blocks[:1] if section else ())}
    for first in sorted(passages, reverse=True):
        old_lines = lines[first - 1 : last_of(first)]
        blank = [*takewhile(lambda line: not line.strip(), reversed(old_lines))]
        lines[first - 1 : last_of(first)] = [*passages[first].rstrip("\n").split("\n"), *blank]
    return "\n".join(lines)


def _statement(text: str, statement: Statement, values: _Values) -> str:
    text = _replaced(ISSUED, "date", text, lambda old: _in_form(values.day, old))
    if COUNT.search(text):
        text = _replaced(COUNT, 1, text, lambda _: f"{values.bulletins}")
        text = _replaced(LAST_BULLETIN, 1, text, lambda old: f"{values.last}".zfill(len(old)))
    is_due = due_window((statement,), values.day) is not None
    return _replaced(PERIOD, 0, text, lambda old: _later(old, values.months)) if is_due else text


def _replaced(
    pattern: re.Pattern[str], group: str | int, text: str, new: Callable[[str], str]
) -> str:
    for match in reversed([*pattern.finditer(text)]):
        text = text[: match.start(group)] + new(match[group]) + text[match.end(group) :]
    return text


def _in_form(day: date, form: str) -> str:
    """A day in the form of another: ``2026-06-03`` or ``June 03, 2026``."""
    return f"{day}" if re.match(ISO, form) else f"{MONTHS[day.month - 1]} {day:%d, %Y}"


def _later(period: str, months: int) -> str:
    """A period some months later, in the same words: ``first week of June 2026``."""
    if re.fullmatch(DATE, period):
        with suppress(ValueError, OverflowError):
            period = _in_form(parse_date(period) + timedelta(round(months * _MONTH)), period)
        return period
    name = next(name for name in MONTHS if name in period)
    years, month = divmod(MONTHS.index(name) + months, 12)
    later = period.replace(name, MONTHS[month])
    return re.sub("[0-9]{4}", lambda year: f"{int(year[0]) + years}", later)


# --- proof of freshness ---------------------------------------------------------------------


def fetch_proof(feeds: Sequence[str], now: datetime, notes: list[str]) -> list[str]:
    """The lines of a proof of freshness: the time, and the newest headlines of each feed.

    It is empty if no feed can be read; each that cannot is in the ``notes``.
    """
    proof: list[str] = []
    for url in feeds:
        try:
            server = Server(urljoin(url, "/"), time.monotonic() + _PATIENCE)
            proof += ["", *headlines(url, server.get(url, _MOST_BYTES))]
        except SecpackError as error:
            notes.append(f"{url}: left out: {error}")
    return [format_datetime(now), *proof] if proof else []


def headlines(url: str, data: bytes) -> list[str]:
    """The name of a source, and its newest titles: those of a feed (RSS, Atom).

    A page of a single word, such as the hash of a block, is a title. Raises SecpackError when
    there is none.
    """
    if re.fullmatch(rb"\s{0,9}[0-9A-Za-z]{16,128}\s{0,9}", data):
        return [f"Source: {url}", data.decode().strip()]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    titles: list[str] = []
    with suppress(etree.LxmlError, ValueError):  # no bytes at all, or half a character
        root = etree.fromstring(data, parser)
        if root is not None:
            entries = (entry.xpath("string()") for entry in root.xpath(_TITLES))
            titles = [*map(_headline, (root.xpath("string(//*[local-name()='title'])"), *entries))]
    # What begins with another sign could begin or underline a heading.
    lines = [title for title in titles[1:] if re.match("[\"'$]?[0-9A-Za-z]", title)][:_HEADLINES]
    if not lines:
        raise SecpackError("no headlines in it: expected a feed (RSS or Atom)")
    return [f"Source: {titles[0]} ({url})", *lines]


def _headline(title: str) -> str:
    """A title as a line of printable ASCII."""
    plain = unidecode(html.unescape(title[: 4 * _LONGEST]))
    return re.sub("[^!-~]+", " ", plain).strip()[:_LONGEST]
