"""The versions of a document: who signed each, and how it differs from the one before."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from functools import partial
from itertools import accumulate
from typing import Final

from bulletins import urls, words
from bulletins.html import words_shown
from bulletins.pages import model
from bulletins.pages.evidence import check
from bulletins.pages.items import item, signer_name
from bulletins.pages.model import Link
from bulletins.site import Site
from secpack.canary.diff import changed_passages
from secpack.extract.packages import read_packages
from secpack.model.archive import Bulletin, Difference, Document, PackageRow, Publication, Version
from secpack.parser import parse_text
from secpack.profile import DocumentEntry
from secpack.signatures.policy import in_words

#: How many comparisons of words, and how many bytes, the differences on a page are worth.
_MOST_COMPARISONS: Final = 2_000_000
_ROOM: Final = 16_000
_TAGS: Final = 12

#: How many unchanged words a difference shows on each side of a change.
_CONTEXT: Final = 12


def history_pages(site: Site) -> Iterator[tuple[str, model.MakePage]]:
    """What makes the page of each document that has several versions, by URL."""
    for id_, versions in site.versions.items():
        publication = site.documents[id_]
        url = urls.history_url(publication)
        yield url, partial(_history_page, site, publication, versions)


def _history_page(
    site: Site, publication: Publication, versions: Sequence[Version]
) -> model.HistoryPage:
    shown, forms = publication.document, (site.profile.forms, site.profile.banners)
    texts = [shown if v.file == shown.file else parse_text(v.file, *forms) for v in versions]
    rows = [_packages(site, publication, t) for t in texts if isinstance(publication, Bulletin)]
    items = [_version(site, versions, n, texts, rows) for n in range(len(versions), 0, -1)]
    folder = urls.history_url(publication)
    pairs = [(folder + s.url, folder + v.name) for v in items for s, _, _ in v.signatures]
    signatures = [signature for version in versions for signature in version.signatures]
    return model.HistoryPage(item(site, publication), tuple(items), check(site, signatures, pairs))


def _packages(site: Site, bulletin: Bulletin, text: Document) -> set[PackageRow]:
    """The packages in a version of a bulletin, without their lines, which differ."""
    known, rows = site.profile.documents.get(bulletin.id, DocumentEntry()), bulletin.packages
    if text is not bulletin.document:
        rows, _ = read_packages(text, known.packages, site.profile.package_names)
    return {replace(row, line=0) for row in rows}


def _version(
    site: Site,
    versions: Sequence[Version],
    number: int,
    texts: Sequence[Document],
    rows: Sequence[set[PackageRow]],
) -> model.VersionItem:
    """A version; only bulletins have rows of packages, and a changelog."""
    version, at = versions[number - 1], slice(max(0, number - 2), number)
    name = urls.version_name(version, number)
    passages: list[tuple[tuple[str, str], ...]] = []
    if version.difference is Difference.WORDS:
        changed = _changed(texts[at], _MOST_COMPARISONS // len(versions))
        passages = [tuple(_shortened(passage)) for passage in changed]
    sizes = accumulate(sum(len(text) + _TAGS for _, text in passage) for passage in passages)
    shown = sum(size <= _ROOM // len(versions) for size in sizes)
    old, new = (rows[at][0], rows[at][-1]) if rows else (set(), set())
    return model.VersionItem(
        number=number,
        version=version,
        name=name,
        signatures=tuple(
            (Link(f"{name}.sig.{s.signer}", signer_name(site, s.signer)), in_words(s), s.created)
            for s in version.signatures
        ),
        changelog=_changelog(versions, number) if rows else "",
        passages=tuple(passages[:shown]),
        is_cut=shown < len(passages),
        added=tuple(sorted(new - old, key=astuple)),
        removed=tuple(sorted(old - new, key=astuple)),
    )


def _changed(texts: Sequence[Document], most: int) -> list[list[tuple[str, str]]]:
    """The passages that changed, without marks unless only these did."""
    words = map(words_shown, texts)
    printed = (text.file.data.decode() for text in texts)
    return [*changed_passages(*words, most=most)] or [*changed_passages(*printed, most=most)]


def _changelog(versions: Sequence[Version], number: int) -> str:
    """What is to be said if a change in words has no entry in the changelog of its version.

    A later version can have one, dated after the version before and not after this one.
    """
    version = versions[number - 1]
    if version.difference is not Difference.WORDS or version.noted:
        return ""
    before, day = versions[number - 2].time.date(), version.time.date()
    for other, later in enumerate(versions[number:], number + 1):
        if any(before < entry <= day for entry in later.entries or ()):
            return words.noted_later.format(number=other)
    return words.no_entry


def _shortened(passage: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The parts of a passage; of unchanged words only those around changes."""
    for place, (kind, text) in enumerate(passage):
        shown = text.split()
        if kind or len(shown) <= 2 * _CONTEXT:
            yield kind, text
            continue
        if place:
            yield "", " ".join(shown[:_CONTEXT])
        yield "omitted", "…"
        if place < len(passage) - 1:
            yield "", " ".join(shown[-_CONTEXT:])
