"""The commands for a team that writes a pack: ``secpack new`` and ``secpack sign``.

A new bulletin comes from the pack's template, a canary from the one before; what a person has to
write is marked TODO. Each text is read again, as any other of the pack.
"""

import html
import re
import shlex
import sys
import textwrap
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from lxml import etree
from unidecode import unidecode

from secpack.archive import load
from secpack.canary import COUNT, PERIOD, due_window, read_statements, titled
from secpack.canary.diff import LAST_BULLETIN, changes
from secpack.check import FORMATS, Check
from secpack.cli import add_command, day_of, pack_of, print_notes
from secpack.documents import read_bulletin, read_canary, read_head
from secpack.errors import PackError, SecpackError, as_far_as_usable
from secpack.extract.metadata import ISSUED
from secpack.extract.sections import sections
from secpack.files import write_new
from secpack.mirror.copies import Server
from secpack.model.archive import Archive, Canary, File, Signature, Statement
from secpack.pack import (
    Contents,
    Layout,
    TextFile,
    document_id,
    file_name,
    read_contents,
    read_template,
    signature_name,
)
from secpack.parser import parse_text
from secpack.parser.dates import DATE, ISO, MONTHS, parse_date
from secpack.parser.letterhead import parse_letterhead
from secpack.parser.lines import split_lines
from secpack.profile import Kind, Profile, load_profile
from secpack.programs import run_for_person
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import MAX_SIGNATURE
from secpack.signatures.policy import check_pack, expected_on, in_words

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
    template = before.file if before else read_template(root, profile.canaries, profile)
    if not template:
        raise SecpackError(f"{root}: no signed canary and no template: write the first one by hand")
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
    if (head := document.letterhead) and head.date:
        new_day = _in_form(values.day, head.date_text)
        for n in range(head.line, head.last):  # a sentence that prints this date keeps it
            lines[n] = lines[n].replace(head.date_text, new_day)
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


# --- secpack new, secpack sign ----------------------------------------------------------------

_PASSPHRASE: Final = 600  # seconds for a signer to enter a passphrase


def add_new(commands: Any) -> None:
    """Add ``new`` to the commands of argparse."""
    command = add_command(
        commands,
        _run_new,
        "start a bulletin or a canary",
        "Starts a text with the next number: a bulletin from the pack's template, a canary from "
        "the one before. What is left to write is marked TODO. Only the headlines for a canary "
        "need the network. Exit status: 0, or 2 if there is no new file.",
        'new bulletin "Memory leaks from dom0" --pack qubes-secpack --profile qubes',
        "--pack",
        "--profile",
    )
    command.add_argument("kind", choices=["bulletin", "canary"])
    command.add_argument("title", nargs="?", help="the title of a bulletin")
    today = datetime.now(UTC).date()
    summary = "the day of the text (default: today, UTC)"
    command.add_argument("--date", type=day_of, default=today, help=summary)
    command.add_argument("--offline", action="store_true", help="write TODO in place of headlines")


def _run_new(options: Namespace) -> int:
    profile = load_profile(options.profile)
    if (options.kind == "bulletin") != bool(options.title):
        raise SecpackError("a bulletin needs a title, and a canary has none")
    if options.title:
        file = new_bulletin(options.pack, profile, options.title, options.date)
    else:
        errors: list[SecpackError] = []
        archive = as_far_as_usable(lambda: load(options.pack, profile=profile), errors)
        print_notes(map(str, errors))
        proof = NO_PROOF if options.offline else _proof(profile)
        file = new_canary(options.pack, archive, profile, options.date, proof)
    place = options.pack / file.path
    if not place.parent.resolve().is_relative_to(options.pack.resolve()):
        raise SecpackError(f"{place.parent}: a link that leads out of the pack")
    place.parent.mkdir(exist_ok=True)
    write_new(place, file.data)
    print(place)
    return 0


def _proof(profile: Profile) -> Sequence[str]:
    """A proof of freshness that the user has confirmed."""
    notes: list[str] = []
    proof = fetch_proof(profile.canaries.feeds, datetime.now(UTC), notes)
    print_notes(notes)
    if not proof:
        raise SecpackError("no headlines: name other feeds in the profile, or use --offline")
    print(*proof, "", sep="\n")
    print("Is this the proof of freshness? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise SecpackError("not confirmed: nothing was written")
    return proof


def add_sign(commands: Any) -> None:
    """Add ``sign`` to the commands of argparse."""
    command = add_command(
        commands,
        _run_sign,
        "sign a text, and say whose signature is missing",
        "Prints who has signed a text, and the commands with which the others sign it; with --gpg "
        "it signs for one of them, and keeps only a signature that is good. Exit status: 0, 1 if "
        "the text has errors, 2 if it cannot be signed.",
        "sign QSBs/qsb-117-2026.txt --profile qubes --as simon --gpg qubes-gpg-client-wrapper",
        "--profile",
    )
    command.add_argument("file", type=Path, help="the text, in its folder of the pack")
    summary = "who signs: a name of the profile's signers"
    command.add_argument("--as", dest="signer", metavar="NAME", help=summary)
    command.add_argument("--gpg", metavar="PROGRAM", help="what signs: gpg, or a wrapper around it")


def _run_sign(options: Namespace) -> int:
    profile = load_profile(options.profile)
    # Who prepares an embargoed text signs it, too.
    public = {name: e for name, e in profile.documents.items() if e.status != "embargoed"}
    profile = replace(profile, documents=public)
    pack, path = pack_of(options.file, profile)
    if _has_errors(pack, path, profile):
        return 1
    contents = read_contents(pack, profile)
    text = next((t for t in [*contents.bulletins, *contents.canaries] if t.file.path == path), None)
    if not text:
        raise SecpackError(f"{options.file}: not a bulletin or canary, by its folder and name")
    signers = _signers(text, profile, is_bulletin=text in contents.bulletins)
    signatures = _judged(text, contents, profile)
    print_notes(f"{each.file.path}: {in_words(each)}" for each in signatures)
    good = {each.signer for each in signatures if each.counts}
    names = [options.signer] if options.signer else [name for name in signers if name not in good]
    if not signers.keys() >= {*names} or (options.gpg and len(names) != 1):
        who = f"--as {' or '.join(signers)}" if signers else "no signer is in the profile"
        raise SecpackError(f"say who signs: {who}")
    others = {signature.file.data[:1] for _, signature in contents.signatures()} or {b"-"}
    armour = ["--armor"] if b"-" in others else []  # as other signatures of the pack
    by = {signature.signer: signature.file.path for signature in signatures}
    for name in names:
        target = by.setdefault(name, signature_name(path, name, by.values(), profile))
        how = [*armour, "--detach-sign", "--local-user", profile.signers[name].fingerprint]
        if options.gpg:
            write_new(pack / target, _signed([options.gpg, *how], text, target, contents, profile))
            good.add(name)
        else:
            how += ["--output", str(pack / target), "--", str(pack / path)]
            print(shlex.join(["gpg", *how]))
    missing = ", ".join(signers[name] for name in signers if name not in good)
    state = f"no signature yet by {missing}" if missing else "all have signed"
    print_notes([f"{path}: {state}"])
    return 0


def _has_errors(pack: Path, path: str, profile: Profile) -> bool:
    """Whether a text has errors; prints what is found in it."""
    own = [f for f in Check(profile, (), None).findings(pack) if f.file == path and not f.waived]
    print_notes(FORMATS["text"](own, every=True))
    return any(f.is_error for f in own)


def _signers(text: TextFile, profile: Profile, *, is_bulletin: bool) -> Mapping[str, str]:
    """The names of those who sign a text, by the names in their files; of a letter, of all."""
    if text.letter:
        return {name: signer.name for name, signer in profile.signers.items()}
    kind = profile.bulletins if is_bulletin else profile.canaries
    _, metadata = read_head(text, kind, profile)
    return expected_on(metadata.published, profile, is_bulletin=is_bulletin)


def _judged(text: TextFile, contents: Contents, profile: Profile) -> list[Signature]:
    """The signatures of a text, judged.

    Raises PackError if one is from the future, or nobody can check which keys are certified.
    """
    own = Contents(bulletins=[text], keys=contents.keys)
    _, judged = check_pack(own, profile, Checker())
    errors = [*own.errors, *(SecpackError(f.message) for f in own.findings if f.code == "no-gpg")]
    if errors:
        raise PackError(errors, None)
    return judged


def _signed(
    command: Sequence[str], text: TextFile, path: str, contents: Contents, profile: Profile
) -> bytes:
    """The signature that a program makes of a text. Raises SecpackError if it is not good."""
    if any(signature.file.path == path for signature in text.signatures):
        raise SecpackError(f"{path}: exists already; remove it to sign again")
    data = run_for_person(command, text.file.data, seconds=_PASSPHRASE)
    signer = Layout(profile).signed_by(path)
    new = Signature(File.of(path, data[: MAX_SIGNATURE + 1]), signer[1] if signer else "")
    (new,) = _judged(replace(text, signatures=(new,)), contents, profile)
    if not new.counts:
        raise SecpackError(f"{path}: not kept: {in_words(new)}")
    return data
