"""The pages of the tracker: all advisories, a page for each, and all CVEs and other ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from urllib.parse import urlsplit

from markupsafe import Markup

from bulletins import urls
from bulletins.html import render_words
from bulletins.pages import model
from bulletins.pages.items import by_year, reference
from bulletins.pages.model import Link
from bulletins.site import Links, Site
from secpack.model.archive import Advisory, NamedId, Status
from secpack.pack import document_id
from secpack.parser.inline import parse_inline
from secpack.tracker.join import statistics


def tracker_page(site: Site, *, is_affecting: bool) -> model.TrackerPage:
    """All advisories, or those that affect the product."""
    advisories = site.archive.advisories
    links = Links(site, "../../" if is_affecting else "../")
    affecting = [a for a in reversed(advisories) if a.verdict is Status.YES]
    shown = [_item(site, a, links) for a in (affecting if is_affecting else advisories[::-1])]
    years = by_year((i for i in shown if i.advisory.date), lambda i: i.advisory.date or date.max)
    undated = tuple(item for item in shown if not item.advisory.date)
    groups: list[tuple[int | None, tuple[model.AdvisoryItem, ...]]] = [*years, (None, undated)]
    return model.TrackerPage(
        is_affecting=is_affecting,
        statistics=statistics(advisories),
        affecting=len(affecting),
        groups=tuple(group for group in groups if group[1]),
        untracked=sum(1 for advisory in advisories if not advisory.tracked),
        has_titles=any(item.advisory.title for item in shown),
        has_reasons=any(advisory.reason for advisory in advisories),
    )


def advisory_pages(site: Site) -> Iterator[tuple[str, model.MakePage]]:
    """What makes a page for each advisory, by URL."""
    for at, advisory in enumerate(site.archive.advisories):
        yield urls.advisory_url(advisory.number), partial(_advisory_page, site, at)


def _advisory_page(site: Site, at: int) -> model.AdvisoryPage:
    advisories = site.archive.advisories
    advisory = advisories[at]
    links = [Link(urls.advisory_url(a.number), a.id) for a in advisories[max(0, at - 1) : at + 2]]
    mentioned = [id_ for id_ in advisory.mentioned_in if id_ not in advisory.unaffected_in]
    tracked = _tracked(site, advisory)
    return model.AdvisoryPage(
        item=_item(site, advisory, Links(site, "../../")),
        published_at=urls.published_id("XSA", advisory.id, site.profile),
        by_text=tuple(id_ for id_ in advisory.bulletins if id_ not in tracked),
        mentions=tuple(reference(site, id_, advisory.number) for id_ in mentioned),
        unaffected=tuple(reference(site, id_, advisory.number) for id_ in advisory.unaffected_in),
        previous=links[0] if at else None,
        next=links[-1] if at + 1 < len(advisories) else None,
    )


def _item(site: Site, advisory: Advisory, links: Links) -> model.AdvisoryItem:
    ids = dict.fromkeys(advisory.bulletins + _tracked(site, advisory))
    reason = render_words(parse_inline(advisory.reason), links)
    return model.AdvisoryItem(
        advisory=advisory,
        reason=Markup(reason),  # noqa: S704 - ours
        bulletins=tuple(reference(site, id_) for id_ in ids),
    )


def _tracked(site: Site, advisory: Advisory) -> tuple[str, ...]:
    """The id of the bulletin that the tracker names, if any; the archive may lack it."""
    number = advisory.announced_in
    return () if number is None else (document_id(site.profile.bulletins, number),)


def id_page(site: Site) -> model.IdPage:
    """All CVEs, newest first, and all other ids."""
    host = urlsplit(site.profile.links.cve).netloc.removeprefix("www.")
    others = tuple(_id(site, named) for named in site.archive.ids if named.scheme != "CVE")
    last = site.updated.year + 1 if site.updated else 0
    newest = site.archive.cves[::-1]
    cves = sorted(newest, key=lambda cve: int(cve.id.split("-")[1]) > last)  # no year that can be
    return model.IdPage(tuple(_id(site, cve) for cve in cves), others, host)


def _id(site: Site, named: NamedId) -> model.IdItem:
    def links(ids: Iterable[str]) -> tuple[Link, ...]:
        return tuple(Link(urls.page_url(site.documents[id_], site.profile), id_) for id_ in ids)

    said = {*named.addressed_in, *named.unaffected_in}
    return model.IdItem(
        named=named,
        published_at=urls.published_id(named.scheme, named.id, site.profile),
        addressed=links(named.addressed_in),
        mentioned=links(id_ for id_ in named.named_in if id_ not in said),
        unaffected=links(named.unaffected_in),
    )
