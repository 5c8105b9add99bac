"""Keys of pages: digests of all that a page shows, by which the same page is known again.

What is not in its key, a page must not show: a test edits everything, and compares what is built
with clean builds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bulletins.addresses import LinkResolver
from bulletins.lookups import Lookup
from bulletins.unchanged import files, libraries, other_code
from secpack import Profile
from secpack.model import (
    Advisory,
    Archive,
    Bulletin,
    Canary,
    Document,
    Finding,
    Id,
    Publication,
    Signature,
)
from secpack.text.inline import parse_inline

#: Settings that do not show on a page.
_NOT_SHOWN: Final = {"CACHE_PATH", "KEPT", "OUTPUT_PATH", "RECORD"}
_NUMBER: Final = re.compile(rb"[0-9]{1,18}")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")


class Keys:
    """The keys of an archive's pages. ``maker`` tells what makes them (``maker_digest``).

    ``known`` are those of the documents' pages, and of all else that is made of a document, by id;
    the attribute ``maker`` is what is part of each.
    """

    def __init__(self, archive: Archive, profile: Profile, maker: str) -> None:
        self._archive = archive
        self._findings: dict[str, list[Finding]] = {}
        for finding in archive.findings:
            self._findings.setdefault(finding.file, []).append(finding)
        self._advisories = {advisory.number: advisory for advisory in archive.advisories}
        self._bulletins = {bulletin.number: bulletin for bulletin in archive.bulletins}
        self._cves: dict[int, list[str]] = {}
        for cve in archive.cves:
            self._cves.setdefault(int(cve.id.rpartition("-")[2]), []).append(cve.id)
        self._link_of = LinkResolver(archive, profile, "")
        self.maker = _digest(maker, profile, [(key.file.sha256, key) for key in archive.keys])
        self._own = {p.id: _digest(self._files(p)) for p in archive.publications}
        self.known = dict(self._documents())

    def _documents(self) -> Iterator[tuple[str, str]]:
        rows: tuple[Sequence[Publication], ...] = (self._archive.bulletins, self._archive.canaries)
        for row in rows:
            for older, p, newer in zip((None, *row), row, (*row[1:], None), strict=False):
                near = (self._neighbour(older), newer and (newer.id, newer.title))
                yield p.id, _digest(self.maker, self._own[p.id], near, self._elsewhere(p))

    def advisory(self, advisory: Advisory, older: Advisory | None, newer: Advisory | None) -> str:
        """The key of an advisory's page, which leads to those next to it."""
        announcing = self._bulletins.get(advisory.announced_in or 0)
        named = {*advisory.bulletins, *advisory.mentioned_in, announcing.id if announcing else ""}
        shown = [self._own.get(identity) for identity in sorted(named)]
        near = [other and other.number for other in (older, newer)]
        ids = [inline for inline in parse_inline(advisory.reason) if isinstance(inline, Id)]
        links = [self._link_of(identifier) for identifier in ids]
        return _digest(self.maker, advisory, shown, near, links)

    def listing(
        self, address: str, publications: Sequence[Publication], shown: Sequence[Publication]
    ) -> str:
        """The key of a list: of some of the documents of a kind, and of how many there are."""
        years = [p.published.year for p in publications]
        others = [(a.file.path, a.file.sha256, a.signatures) for a in self._archive.attachments]
        rows = [self._own[p.id] for p in shown]
        latest = [self._own[p.id] for p in publications[:1]]
        return _digest(self.maker, address, years, rows, latest, others)

    def lookup(self, lookup: Lookup, heading: str, years: Sequence[object]) -> str:
        """The key of a page of a release or a package; ``years`` are those that it leads to."""
        shown = [(self._own[bulletin.id], rows) for bulletin, rows in lookup.shipped]
        return _digest(self.maker, lookup.slug, lookup.name, heading, shown, years)

    def _files(self, p: Publication) -> tuple[object, ...]:
        """What a document is by itself: its files, what was found in them, what it addresses."""
        texts = [(p.document, p.signatures)]
        texts += [(letter.document, letter.signatures) for letter in _letters(p)]
        read = [self._text(document, signatures) for document, signatures in texts]
        tracked = (p.addresses, p.mentions) if isinstance(p, Bulletin) else ()
        return (p.id, p.title, read, tracked)

    def _text(self, document: Document, signatures: Sequence[Signature]) -> tuple[object, ...]:
        names = [document.file.path, *(signature.file.path for signature in signatures)]
        findings = [self._findings[name] for name in names if name in self._findings]
        signed = [(signature.file.sha256, signature) for signature in signatures]
        return (document.file.path, document.file.sha256, signed, findings)

    def _neighbour(self, older: Publication | None) -> object:
        """A canary is compared with the one before; of a bulletin only its title is shown."""
        if isinstance(older, Canary):
            return self._own[older.id]
        return older and (older.id, older.title)

    def _elsewhere(self, p: Publication) -> tuple[object, ...]:
        """What a document's page, feed entry and exports show of the rest of the archive."""
        here = self._here([p.document, *(letter.document for letter in _letters(p))])
        if isinstance(p, Bulletin):
            numbers = sorted({*p.addresses, *p.mentions})
            return here, [self._advisories.get(number) for number in numbers]
        until = sum(1 for b in self._archive.bulletins if b.published <= p.published)
        return here, until

    def _here(self, documents: Iterable[Document]) -> tuple[object, ...]:
        """What texts can link to, as far as it is here: all whose numbers are printed in them."""
        printed = {int(n) for d in documents for n in set(_NUMBER.findall(d.file.data))}
        cves = sorted(cve for n in printed & self._cves.keys() for cve in self._cves[n])
        known = (self._bulletins.keys(), self._advisories.keys())
        return (*(sorted(printed & numbers) for numbers in known), cves)


def maker_digest(settings: Mapping[str, Any]) -> str:
    """A digest of what makes pages: code, libraries, templates, texts around them, settings."""
    own = {name: value for name, value in settings.items() if name not in _NOT_SHOWN}
    said = _ADDRESS.sub("", repr(sorted(own.items())))
    sources = [Path(__file__).parents[1], Path(settings["THEME"]), *other_code()]
    sources += [Path(settings["PATH"], folder) for folder in settings["PAGE_PATHS"]]
    sources += [Path(folder) for folder in settings["THEME_TEMPLATES_OVERRIDES"]]
    return _digest(said, libraries(), [list(files(s, follow=True)) for s in sources])


def _letters(p: Publication) -> Iterable[Any]:
    return p.letters if isinstance(p, Canary) else ()


def _digest(*parts: object) -> str:
    """A digest of values that print as what they are, which the bytes of files do not."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
