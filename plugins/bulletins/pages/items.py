"""What several pages show: documents in lists, and references to them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from operator import attrgetter
from typing import TypeVar

from bulletins import urls
from bulletins.pages import model
from bulletins.site import Site, heading
from secpack.model.archive import UNDATED, Canary, Context, Publication, Signature

_T = TypeVar("_T")

#: A signature made so long after the date of a canary is late.
_LATE = timedelta(days=14)

#: How many sentences a page quotes from one document.
_MOST_SENTENCES = 2


def item(site: Site, publication: Publication) -> model.Item:
    """A document in a list."""
    keys = {s.primary: s.signer for s in reversed(publication.signatures) if s.counts}
    return model.Item(
        publication=publication,
        url=urls.page_url(publication),
        heading=heading(publication),
        standing=site.standing(publication),
        signers=tuple(dict.fromkeys(signer_name(site, keys[key]) for key in reversed(keys))),
        timing=_timing(site, publication) if isinstance(publication, Canary) else "unknown",
        is_late=isinstance(publication, Canary) and bool(late(publication)),
    )


def _timing(site: Site, canary: Canary) -> model.Timing:
    before = site.older.get(canary.id)
    is_next = isinstance(before, Canary) and before.number + 1 == canary.number
    promised = before.due if isinstance(before, Canary) and is_next else None
    if promised is None or canary.published == UNDATED:
        return "unknown"
    if canary.published < promised.first:
        return "early"
    return "late" if canary.published > promised.last else "within"


def signer_name(site: Site, name: str) -> str:
    """A signer's full name, or the name in the signature's file name."""
    signer = site.profile.signers.get(name)
    return signer.name if signer else name


def late(canary: Canary) -> list[Signature]:
    """The good signatures that were made long after the date of a canary."""
    return [
        s
        for s in canary.signatures
        if s.counts and s.created and s.created.date() - canary.published > _LATE
    ]


def reference(site: Site, identity: str, advisory: int | None = None) -> model.Reference:
    """A document by id, with sentences that mention an advisory; first those that exclude it."""
    publication = site.documents.get(identity)
    if publication is None:
        return model.Reference(identity, None)
    mentions = [m for m in publication.all_mentions if m.value == f"XSA-{advisory}"]
    mentions.sort(key=lambda mention: mention.context is not Context.NOT_AFFECTED)
    sentences = [s for s in dict.fromkeys(m.sentence for m in mentions) if s != publication.title]
    return model.Reference(identity, item(site, publication), tuple(sentences[:_MOST_SENTENCES]))


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
