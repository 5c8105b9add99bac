"""Bulletins, canaries and advisories as entries of feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial

from bulletins import words
from bulletins.exports.facts import advisory_changed, changed
from bulletins.exports.feeds.model import SIZE, FeedEntry, FeedLink
from bulletins.exports.ids import ids_of
from bulletins.html import escape, render
from bulletins.site import Links, Site, heading, signed_texts, summary
from bulletins.urls import advisory_url, beside, json_url, kind_of, page_url, published_id
from secpack import Profile
from secpack.model.archive import (
    Advisory,
    Bulletin,
    File,
    Letter,
    Publication,
    Status,
)
from secpack.parser.characters import visible


def document_entry(publication: Publication, site: Site, root: str) -> FeedEntry:
    """The entry of a document; ``root`` leads to the root of the site.

    If the text is not verified, its title, summary and content say so.
    """
    profile, standing = site.profile, site.standing(publication)
    short = words.unverified_summary if standing.alarms else "{summary}"
    short = short.format(standing=words.in_short(standing), summary=summary(publication))
    return FeedEntry(
        id=f"tag:{profile.tag}:{publication.id.lower()}",
        title=site.titled(publication, heading(publication)),
        page=Links(site, root).to(page_url(publication, profile)),
        published=publication.published,
        updated=changed(publication, site.advisories),
        summary=visible(short),
        html=partial(_html, publication.id, site, root),
        categories=_in_schemes(profile, _categories(publication, site)),
        links=tuple(_links(publication, profile, root)),
    )


@lru_cache(maxsize=2 * SIZE)
def _html(identity: str, site: Site, root: str) -> str:
    """The content of an entry, kept because two formats ask for it in turn."""
    publication, links = site.documents[identity], Links(site, root)
    page = links.to(page_url(publication, site.profile))
    html = render(publication.document, links, page=page).html
    standing = site.standing(publication)
    form = words.feed_alarm if standing.alarms else words.feed_standing
    reasons = visible("; ".join(standing.alarms))
    return f"{form.format(standing=words.in_short(standing), reasons=reasons)}\n{html}"


def _in_schemes(
    profile: Profile, categories: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Categories of an entry, each with the IRI of its scheme."""
    return tuple((term, f"tag:{profile.tag}:{scheme}") for term, scheme in categories)


def _categories(publication: Publication, site: Site) -> Iterator[tuple[str, str]]:
    yield kind_of(publication, site.profile).slug, "kind"
    if isinstance(publication, Bulletin):
        for id_, scheme in ids_of(publication, site.advisories).addressed.items():
            yield id_, "advisory" if scheme == "XSA" else scheme.lower()
        yield from ((visible(release), "release") for release in publication.releases)


def _links(publication: Publication, profile: Profile, root: str) -> Iterator[FeedLink]:
    """The document as data; the original, its signatures, and a canary's letters with theirs."""
    data = root + json_url(publication, profile)
    yield FeedLink("alternate", data, "application/json", words.data_link)
    for file, kind, title in _files(publication):
        url = root + beside(publication, profile, file.name)
        yield FeedLink("related", url, kind, title, len(file.data))


def _files(publication: Publication) -> Iterator[tuple[File, str, str]]:
    """Files with their types and titles: each text before its signatures."""
    for text in signed_texts(publication):
        title = text.name if isinstance(text, Letter) else words.original_link
        yield text.document.file, "text/plain", title
        for signature in text.signatures:
            signed_by = words.signature_link.format(signer=signature.signer)
            yield signature.file, "application/pgp-signature", signed_by


# --- advisories -------------------------------------------------------------------------------


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
        yield _advisory_entry(advisory, day, site, links)


def _advisory_entry(advisory: Advisory, day: date, site: Site, links: Links) -> FeedEntry:
    name = advisory.id
    sentence = words.verdict_sentences[advisory.status].format(product=site.product)
    published = published_id("XSA", name, site.profile)
    bulletins = [b for id_ in advisory.bulletins if isinstance(b := site.documents[id_], Bulletin)]
    return FeedEntry(
        id=f"tag:{site.profile.tag}:{name.lower()}",
        title=visible(f"{name}: {advisory.title}" if advisory.title else name),
        page=links.to(advisory_url(advisory.number)),
        published=day,
        updated=advisory_changed(advisory, day, bulletins),
        summary=visible(f"{sentence} {advisory.reason}".strip()),
        html=partial(_advisory_html, advisory, sentence, bulletins, site, links),
        categories=_in_schemes(
            site.profile,
            [
                ("xsa", "kind"),
                (advisory.status.value, "affected"),
                *((cve, "cve") for cve in advisory.cves),
            ],
        ),
        links=(FeedLink("related", published, "text/html", words.advisory_link),),
    )


def _advisory_html(
    advisory: Advisory, sentence: str, bulletins: Sequence[Bulletin], site: Site, links: Links
) -> str:
    sentences = [sentence, advisory.reason] if advisory.reason else [sentence]
    lines = [f"<p>{escape(text)}</p>" for text in sentences]
    for bulletin in bulletins:
        page = links.to(page_url(bulletin, site.profile))
        lines.append(f'<p><a href="{escape(page)}">{escape(heading(bulletin))}</a></p>')
    return "\n".join(lines)
