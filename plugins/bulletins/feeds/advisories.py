"""The advisories of the tracker as entries of a feed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from bulletins import words
from bulletins.changes import advisory_changed
from bulletins.feeds.model import Category, FeedEntry, FeedLink
from bulletins.html import escape
from bulletins.site import Links, Site, heading
from bulletins.urls import advisory_url, page_url, published_advisory
from secpack import Profile
from secpack.model.archive import Advisory, Bulletin, Status
from secpack.parser.characters import visible


def advisory_entries(site: Site, root: str) -> Iterator[FeedEntry]:
    """The entries of all dated advisories of the tracker, newest first.

    Unused numbers have none. ``root`` leads to the root of the site.
    """
    links = Links(site, root)
    published = [
        (advisory.date, advisory.number, advisory)
        for advisory in site.archive.advisories
        if advisory.date and advisory.status not in (Status.UNUSED, Status.UNTRACKED)
    ]
    for day, _, advisory in sorted(published, key=lambda row: row[:2], reverse=True):
        yield _entry(advisory, day, site, links)


def _entry(advisory: Advisory, day: date, site: Site, links: Links) -> FeedEntry:
    name = f"XSA-{advisory.number}"
    sentence = words.verdict_sentences[advisory.status].format(product=site.product)
    bulletins = [b for id_ in advisory.bulletins if isinstance(b := site.documents[id_], Bulletin)]
    return FeedEntry(
        id=f"tag:{site.profile.tag}:{name.lower()}",
        title=visible(f"{name}: {advisory.title}" if advisory.title else name),
        page=links.to(advisory_url(advisory.number)),
        published=day,
        updated=advisory_changed(advisory, day, bulletins),
        summary=visible(f"{sentence} {advisory.reason}".strip()),
        html=partial(_html, advisory, sentence, bulletins, site, links),
        categories=tuple(_categories(advisory, site.profile)),
        links=(_public(advisory, site.profile),),
    )


def _html(
    advisory: Advisory, sentence: str, bulletins: Sequence[Bulletin], site: Site, links: Links
) -> str:
    sentences = [sentence, advisory.reason] if advisory.reason else [sentence]
    lines = [f"<p>{escape(text)}</p>" for text in sentences]
    for bulletin in bulletins:
        page = links.to(page_url(bulletin, site.profile))
        lines.append(f'<p><a href="{escape(page)}">{escape(heading(bulletin))}</a></p>')
    return "\n".join(lines)


def _categories(advisory: Advisory, profile: Profile) -> Iterator[Category]:
    yield Category("xsa", f"tag:{profile.tag}:kind")
    yield Category(advisory.status.value, f"tag:{profile.tag}:affected")
    yield from (Category(cve, f"tag:{profile.tag}:cve") for cve in advisory.cves)


def _public(advisory: Advisory, profile: Profile) -> FeedLink:
    url = published_advisory(advisory.number, profile)
    return FeedLink("related", url, "text/html", words.advisory_link)
