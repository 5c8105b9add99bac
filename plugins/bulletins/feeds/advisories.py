"""The advisories of the tracker as entries of a feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bulletins.changes import advisory_changed
from bulletins.feeds.model import Category, FeedEntry, FeedLink
from bulletins.html import escape
from bulletins.reader import heading
from bulletins.urls import INDEX, advisory_url, page_url, published_advisory
from bulletins.verdicts import verdict_sentence
from secpack import Profile
from secpack.model.archive import Advisory, Archive, Bulletin, Status
from secpack.parser.patterns import visible


def advisory_entries(archive: Archive, profile: Profile, root: str) -> tuple[FeedEntry, ...]:
    """The entries of all advisories that the tracker has with a date, newest first.

    Numbers that were never used have none. ``root`` is the way to the root of the site.
    """
    bulletins = {bulletin.id: bulletin for bulletin in archive.bulletins}
    dated = [(a.date, a) for a in archive.advisories if a.date and _is_told(a)]
    dated.sort(key=lambda row: (row[0], row[1].number), reverse=True)
    return tuple(
        _entry(advisory, day, [bulletins[id_] for id_ in advisory.bulletins], profile, root)
        for day, advisory in dated
    )


def _is_told(advisory: Advisory) -> bool:
    return advisory.status not in (Status.UNUSED, Status.UNTRACKED)


def _entry(
    advisory: Advisory, day: date, bulletins: list[Bulletin], profile: Profile, root: str
) -> FeedEntry:
    index = "" if "://" in root else INDEX
    name = f"XSA-{advisory.number}"
    product = profile.name or profile.issuer or "the product"
    sentence = verdict_sentence(advisory, product)
    html = "\n".join(_html(advisory, sentence, bulletins, profile, root + "{}" + index))
    return FeedEntry(
        id=f"tag:{profile.tag}:{name.lower()}",
        title=visible(f"{name}: {advisory.title}" if advisory.title else name),
        page=root + advisory_url(advisory.number) + index,
        published=day,
        updated=advisory_changed(advisory, day, bulletins),
        summary=visible(f"{sentence} {advisory.reason}".strip()),
        html=html,
        categories=tuple(_categories(advisory, profile)),
        links=(_public(advisory, profile),),
    )


def _html(
    advisory: Advisory, sentence: str, bulletins: list[Bulletin], profile: Profile, address: str
) -> Iterator[str]:
    yield f"<p>{escape(sentence)}</p>"
    if advisory.reason:
        yield f"<p>{escape(advisory.reason)}</p>"
    for bulletin in bulletins:
        page = address.format(page_url(bulletin, profile))
        yield f'<p><a href="{escape(page)}">{escape(heading(bulletin))}</a></p>'


def _categories(advisory: Advisory, profile: Profile) -> Iterator[Category]:
    yield Category("xsa", f"tag:{profile.tag}:kind")
    yield Category(advisory.status.value, f"tag:{profile.tag}:affected")
    yield from (Category(cve, f"tag:{profile.tag}:cve") for cve in advisory.cves)


def _public(advisory: Advisory, profile: Profile) -> FeedLink:
    address = published_advisory(advisory.number, profile)
    return FeedLink("related", address, "text/html", "The advisory")
