"""What a bulletin says for each release: a fix, none, that it is not affected, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from secpack.extract.packages.vocabulary import (
    SENTENCE_END,
    product_of,
    release_numbers,
    releases_in,
    releases_pattern,
    spaced,
)
from secpack.extract.sections import actions, affected
from secpack.model.archive import Bulletin, Fix, PackageRow
from secpack.model.blocks import Id, plain, running_text

# Words of every sentence that is read here, fast to look for.
_SIGN: Final = re.compile("affect|vulnerable|impacted")

_Stated: TypeAlias = tuple[Fix | None, int]  # with the line


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether there is a fix for a release; ``fix`` is None where the text does not say.

    ``packages`` are the fixed ones, ``lines`` where the text says so.
    """

    release: str
    fix: Fix | None
    packages: tuple[PackageRow, ...]
    lines: tuple[int, ...]


def answers(bulletin: Bulletin) -> tuple[Answer, ...]:
    """One answer for each release that a bulletin names, first those with packages.

    Packages decide; failing them, the last sentence on a release. A release that is only named
    among the affected ones has no answer: the text does not say that it is safe.
    """
    stated = dict(_stated(bulletin))
    named = dict.fromkeys(row.release for row in bulletin.packages if row.release)
    return tuple(_answer(release, bulletin, stated.get(release)) for release in named | stated)


def _answer(release: str, bulletin: Bulletin, stated: _Stated | None) -> Answer:
    rows = [row for row in bulletin.packages if row.release == release]
    fixed = tuple(row for row in rows if row.fix is Fix.AVAILABLE)
    lines = tuple(sorted({row.line for row in rows}))
    if rows:
        return Answer(release, Fix.AVAILABLE if fixed else rows[0].fix, fixed, lines)
    assert stated
    fix, line = stated
    return Answer(release, fix, (), (line,))


def _stated(bulletin: Bulletin) -> Iterator[tuple[str, _Stated]]:
    """What sentences say of releases, in order."""
    document, product = bulletin.document, product_of(bulletin.document)
    concerned = affected(document)
    for line, inlines in running_text(concerned.section.blocks if concerned else ()):
        yield from ((release, (None, line)) for release in releases_in(plain(inlines), product))
    several = len(bulletin.addresses) > 1
    for line, inlines in running_text(document.blocks):
        text = plain(inlines)
        # Of several advisories, what is said may be said of one alone.
        one = not (several and any(isinstance(inline, Id) for inline in inlines))
        if one and _SIGN.search(text):
            yield from ((release, (Fix.NOT_AFFECTED, line)) for release in spared(text, product))


def restart_after(bulletin: Bulletin) -> str:
    """What to restart after the update, by the sections that say what to do; empty if none does."""
    quoted = actions(bulletin.document, [row.line for row in bulletin.packages])
    pieces = (running_text(quotation.section.blocks) for quotation in quoted)
    said = (restart(plain(inlines)) for piece in pieces for _, inlines in piece)
    return next(filter(None, said), "")


def spared(text: str, product: str) -> tuple[str, ...]:
    """The releases that a text calls not affected, without any condition.

    Quern 4.2 is not affected. => 4.2
    R4.1 and R4.2 are unaffected, since they lack it. => 4.1; 4.2
    Users of Quern 4.2 are not affected. => 4.2
    This flaw does not affect Quern 4.2 or R4.3. => 4.2; 4.3
    The mill changed, so that Quern 4.2 as such is not affected. => 4.2
    (Quern 4.1 with its old mill lacks the bell and is not affected.) => 4.1
    The browser in Quern 4.2 is not affected. =>
    Quern 4.2 is not affected by default. =>
    Quern 4.2 is not affected by XSA-1. =>
    """
    form = _spared(product)
    found = (match for sentence in SENTENCE_END.split(text) for match in form.finditer(sentence))
    return tuple(n for match in found for n in release_numbers(match[1] or match[2]))


def restart(text: str) -> str:
    """What a text says to restart after the update, in its words; empty if it says nothing.

    Dom0 must be restarted afterward in order for the updates to take effect. => restart dom0
    After this update, the XBell process must be restarted. => restart the XBell process
    Sheds (such as a, b and c) must be restarted. Other sheds must not. => restart sheds
    A system restart will be required afterwards. => restart the system
    A restart is required for these changes to take effect. => restart
    It is necessary to restart each of the sheds (for the bell). => restart each of the sheds
    Please reboot your mills afterwards. => restart your mills
    Continue with your usual updates [1] and restart the mill when they end. => restart the mill
    A reboot of the whole mill is not necessary. =>
    If you use the bell, dom0 must be restarted. =>
    """
    found = next(filter(None, map(_RESTART.search, SENTENCE_END.split(text))), None)
    if not found:
        return ""
    what = found["what"] or found["object"] or ("the system" if found["system"] else "")
    is_name = re.match(r"\w+[A-Z]", what)
    return f"restart {what if is_name else what[:1].lower() + what[1:]}".strip()


_RESTART: Final = re.compile(
    spaced(
        r"^(?:After [^,:]{1,80}, )?(?P<what>(?:[^\s.,;:()]{1,40} ){0,8}[^\s.,;:()]{1,40})"
        r"(?: \([^()]{1,200}\))? (?:must|should|needs? to|ha(?:s|ve) to)(?: then)? be re"
        r"(?:start|boot)ed\b|^An? (?:full )?(?P<system>system )?(?:restart|reboot) (?:will be|is) "
        r"(?:required|needed|necessary)|(?:^(?:Please )?|^(?!If|Wh|Un)[^:]{1,200}"
        r"\b(?:and|then|(?:necessary|required|need|have|has) to) )[Rr]e"
        r"(?:start|boot) (?P<object>(?:[^\s.,;:()]{1,40} ){0,8}?[^\s.,;:()]{1,40})"
        r"(?= (?:for|afterwards?|when|once|with)\b|[.,;:]| [([]|$)"
    )
)


_START: Final = (
    r"(?:^\(?|[,;] (?:so that |so |and |but |while |whereas )?)(?:(?:However|Note that),? )?"
)
_WHOSE: Final = r"(?:(?:Users|Installations|Systems) (?:of|with|on|running) )?"
_NOT: Final = r"(?:therefore |also |thus )?(?:not |un)(?:affected|vulnerable|impacted)"
_CONDITION: Final = (
    r"(?! (?:by (?!this|these|it|them|any)|if|unless|when|while|as long|in (?:the|their) default))"
)


@lru_cache(maxsize=64)
def _spared(product: str) -> re.Pattern[str]:
    releases = f"({releases_pattern(product)})"
    who = r"(?: (?:users|systems|installations|as such|itself)| [^,;:()]{1,60}? and)?"
    subject = rf"{_WHOSE}{releases}{who} (?:is|are|was|were|remains?) {_NOT}"
    this = rf"(?:This|These|The) [\w\s]{{1,60}}? (?:does|do|did) not affect {releases}"
    return re.compile(spaced(rf"{_START}(?:{subject}|{this})\b{_CONDITION}"))
