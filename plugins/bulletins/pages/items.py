"""What several pages show: documents in lists, references to them, packages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from bulletins import urls, words
from bulletins.pages import model
from bulletins.pages.model import Link
from bulletins.site import Site, about, heading
from secpack.model.archive import Bulletin, Canary, Context, Fix, PackageRow, Publication

_T = TypeVar("_T")

#: How many sentences a page quotes from one document.
_MOST_SENTENCES = 2


def bulletin_item(site: Site, bulletin: Bulletin) -> model.BulletinItem:
    """A bulletin in a list."""
    return model.BulletinItem(
        **_shown(site, bulletin),
        about=about(bulletin),
        advisories=advisory_links(bulletin.addresses),
        releases=tuple(Link(urls.release_url(name), name) for name in bulletin.releases),
    )


def canary_item(site: Site, canary: Canary) -> model.CanaryItem:
    """A canary in a list."""
    signers = dict.fromkeys(signer_name(site, s.signer) for s in canary.signatures if s.counts)
    return model.CanaryItem(**_shown(site, canary), signers=tuple(signers))


def _shown(site: Site, publication: Publication) -> dict[str, Any]:
    """The fields of all items."""
    return {
        "publication": publication,
        "url": urls.page_url(publication, site.profile),
        "heading": heading(publication),
        "standing": words.in_short(site.standing(publication)),
        "alarm": bool(site.standing(publication).alarms),
    }


def item_of(site: Site, publication: Publication) -> model.Item:
    """A document in a list."""
    if isinstance(publication, Canary):
        return canary_item(site, publication)
    return bulletin_item(site, publication)


def signer_name(site: Site, name: str) -> str:
    """A signer's full name, or the name in the signature's file name."""
    signer = site.profile.signers.get(name)
    return signer.name if signer else name


def reference(site: Site, identity: str, advisory: int | None = None) -> model.Reference:
    """A document by id, with sentences that mention an advisory; first those that exclude it."""
    publication = site.documents.get(identity)
    if publication is None:
        return model.Reference(identity, None)
    value = f"XSA-{advisory}"
    mentions = [m for m in publication.all_mentions if m.value == value]
    mentions.sort(key=lambda mention: mention.context is not Context.NOT_AFFECTED)
    sentences = [s for s in dict.fromkeys(m.sentence for m in mentions) if s != publication.title]
    return model.Reference(identity, item_of(site, publication), tuple(sentences[:_MOST_SENTENCES]))


def advisory_links(numbers: Iterable[int]) -> tuple[Link, ...]:
    """Links to the pages of advisories."""
    return tuple(Link(urls.advisory_url(number), f"XSA-{number}") for number in numbers)


def id_links(ids: Iterable[tuple[str, str]]) -> tuple[Link, ...]:
    """Links to the pages of advisories, and to other ids on the page of all of them."""
    return tuple(Link(urls.id_url(scheme, value), value) for scheme, value in ids)


def package_item(row: PackageRow) -> model.PackageItem:
    """A package, with links to its own page and that of its release."""
    fixes = {Fix.AVAILABLE: row.version, Fix.NONE: words.no_fix}
    return model.PackageItem(
        release=Link(urls.release_url(row.release), row.release) if row.release else None,
        target=row.target,
        package=Link(urls.package_url(row.name), row.package) if row.package else None,
        version=fixes.get(row.fix, words.not_affected),
        note=row.note,
    )


def by_year(
    items: Iterable[_T], day: Callable[[_T], date] = attrgetter("published")
) -> list[tuple[int, tuple[_T, ...]]]:
    """Items by the year of their ``day``, newest year first, otherwise in their order.

    The numbers of documents need not follow their dates.
    """
    years: defaultdict[int, list[_T]] = defaultdict(list)
    for item in items:
        years[day(item).year].append(item)
    return [(year, tuple(years[year])) for year in sorted(years, reverse=True)]


def year_links(base: str, publications: Sequence[Publication]) -> tuple[model.Year, ...]:
    """The years of a list at ``base``: anchors on its page, or pages if it is too long."""
    is_long = len(publications) > urls.LONGEST_LIST

    def url(year: int) -> str:
        return urls.year_url(base, year) + urls.INDEX if is_long else f"#year-{year}"

    return tuple(model.Year(year, len(group), url(year)) for year, group in by_year(publications))
