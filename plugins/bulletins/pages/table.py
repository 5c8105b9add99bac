"""The table of all pages as data, by URL; the frame around them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from shlex import quote as quoted
from typing import Any

from markupsafe import Markup

from bulletins import urls, words
from bulletins.exports import exports
from bulletins.html import escape
from bulletins.pages import lists, model
from bulletins.pages.documents import bulletin_page, canary_page
from bulletins.pages.history import history_pages
from bulletins.pages.model import Link
from bulletins.site import Site
from secpack.model.archive import Bulletin, Canary
from secpack.profile import Profile

_VERIFYING = "verifying"

#: URLs that stand for others in what people wrote.
_SITE = "https://archive.example.org"
_PROGRAM = "git+https://git.example.org/secpack-archive"


def archive_pages(site: Site) -> Iterator[tuple[str, model.MakePage]]:
    """What makes all pages, by URL: except the front page, documents, and what people wrote.

    With another theme there are none.
    """
    if site.own_theme:
        yield from ((url + urls.INDEX, make) for url, make in _archive_pages(site))
        yield urls.NOT_FOUND, model.NotFoundPage


def _archive_pages(site: Site) -> Iterator[tuple[str, model.MakePage]]:
    profile, archive = site.profile, site.archive
    for kind, documents in (
        (profile.bulletins, archive.bulletins),
        (profile.canaries, archive.canaries),
    ):
        yield urls.list_url(kind.slug), partial(lists.list_page, site, kind, documents)
    yield from history_pages(site)
    yield urls.KEYS, partial(lists.keys_page, site)
    yield urls.FEEDS, partial(_feeds_page, site)
    yield urls.SEARCH, model.SearchPage
    if urls.XSA in site.lookups:
        yield urls.XSA, partial(lists.tracker_page, site, is_affecting=False)
        yield urls.AFFECTING, partial(lists.tracker_page, site, is_affecting=True)
        for at, advisory in enumerate(archive.advisories):
            yield urls.advisory_url(advisory.number), partial(lists.advisory_page, site, at)
    if urls.CVE in site.lookups:
        yield urls.CVE, partial(lists.id_page, site)
    yield from lists.lookup_pages(site)
    for url, target in urls.redirects(site.profile).items():
        yield url, partial(model.RedirectPage, target, site.public(target) if site.url else "")


def _reports(profile: Profile) -> Iterator[Link]:
    """Where to report a vulnerability, and a problem of the site, as far as the profile knows."""
    if profile.security_txt:
        yield Link(profile.security_txt.contact[0], words.report_vulnerability)
    if profile.problems:
        yield Link(profile.problems, words.report_problem)


def _examples(site: Site) -> str:
    """An id of each kind that this archive has."""
    archive = site.archive
    advisories = [advisory.id for advisory in archive.advisories[-1:]]
    documents = [p.id.replace("-", " ") for p in (archive.bulletins or archive.canaries)[-1:]]
    return ", ".join([*advisories, *documents, *(cve.id for cve in archive.cves[-1:])])


def page_of(site: Site, template: str, shown: Mapping[str, Any]) -> model.MakePage | None:
    """Our page in place of the one that Pelican's generator asks for; None for any other."""
    match getattr(shown.get("article"), "publication", None), template:
        case Bulletin() as bulletin, _:
            return partial(bulletin_page, site, bulletin)
        case Canary() as canary, _:
            return partial(canary_page, site, canary)
        case None, "page.html":
            page = text_page(site, shown["page"])
            return lambda: page
        case None, "index.html":
            return partial(lists.home_page, site)
    return None


def text_page(site: Site, text: Any) -> model.TextPage:
    """A page that a person wrote, from Pelican's page, with real URLs if they are known."""
    program = site.profile.program and quoted(f"git+{site.profile.program}")
    html = text.content.replace(_SITE, escape(site.url or _SITE))
    html = html.replace(_PROGRAM, escape(program or words.unknown_program))
    return model.TextPage(
        title=str(text.title),
        summary=Markup(text.summary).striptags(),  # noqa: S704 - its tags are removed
        html=Markup(html.replace("<pre>", '<pre tabindex="0">')),  # noqa: S704 - Markdown
        anchors=site.profile.trusted if text.slug == _VERIFYING else (),
    )


def _feeds_page(site: Site) -> model.FeedsPage:
    every, sections = {export.name: export for export in exports(site)}, []
    for section, described in words.exports.items():
        known = [(every[name], *texts) for name, texts in described.items() if name in every]
        links = tuple((Link(e.url, title), text.format(*e.counts)) for e, title, text in known)
        sections += [(section, links)] if links else []
    return model.FeedsPage(tuple(sections))


def frame_of(site: Site, texts: Iterable[Any]) -> model.Frame:
    """The frame of all pages; ``texts`` are Pelican's pages, in the order of the menu."""
    slugs = {text.slug: text for text in texts}
    profile = site.profile
    bulletins, canaries = (urls.list_url(k.slug) for k in (profile.bulletins, profile.canaries))
    verifying = f"{_VERIFYING}/" if _VERIFYING in slugs else ""
    titles = {urls.XSA: words.tracker, urls.RELEASE: words.releases, urls.PACKAGE: words.packages}
    lookups = [Link(url, title) for url, title in titles.items() if url in site.lookups]
    menu = [
        Link(bulletins, words.bulletins),
        Link(canaries, words.canaries),
        *lookups,
        *([Link(verifying, words.verify)] if verifying else []),
        *([] if site.is_indexed else [Link(urls.SEARCH, words.search)]),
    ]
    ids = [Link(urls.CVE, words.cves)] if urls.CVE in site.lookups else []
    footer = [*ids, Link(urls.KEYS, words.keys), Link(urls.FEEDS, words.feeds)]
    for slug, text in slugs.items():
        if slug != _VERIFYING:
            footer.append(Link(text.url.removesuffix(urls.INDEX), getattr(text, "nav", text.title)))
    atom = {e.name: e.url for e in exports(site) if e.name in words.feed_names}
    return model.Frame(
        site_name=site.name,
        product=site.product,
        canonical="",
        bulletins=bulletins,
        canaries=canaries,
        lookups=site.lookups,
        verifying=verifying,
        menu=tuple(menu),
        footer=tuple(footer),
        feeds=tuple(Link(url, words.exports["feeds"][name][0]) for name, url in atom.items()),
        json_feed=Link(urls.json_feed_url("all"), words.exports["feeds"]["all.json"][0]),
        updated=site.updated,
        commit=site.archive.commit[:12],
        is_indexed=site.is_indexed,
        examples=_examples(site),
        reports=tuple(_reports(profile)),
        notice=profile.notice,
        fresh_until=site.notes.fresh_until,
    )
