"""Bulletins, canaries and advisories as entries of feeds."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from bulletins import words
from bulletins.exports.data import noon
from bulletins.exports.facts import change_in_words, changed, entry_id, ids_of, moves
from bulletins.exports.feeds.formats import SIZE, FeedEntry, FeedLink
from bulletins.exports.vex import AdvisoryFacts, all_verdicts
from bulletins.html import escape, render
from bulletins.site import Links, Site, heading, signed_texts, summary
from bulletins.urls import advisory_url, beside, json_url, kind_slug, page_url, published_id
from secpack.model.archive import Bulletin, Difference, Letter, Publication, Version
from secpack.parser.characters import visible


def document_entry(publication: Publication, site: Site, root: str) -> FeedEntry:
    """The entry of a document; ``root`` leads to the root of the site.

    Where a text is not verified, its title, summary and content say so.
    """
    standing, identity = site.standing(publication), entry_id(publication.id, site)
    short = words.unverified_summary if standing.alarms else "{summary}"
    short = short.format(standing=words.in_short(standing), summary=summary(publication))
    published = noon(publication.published)
    return FeedEntry(
        id=identity,
        title=_title(publication, site),
        page=Links(site, root).to(page_url(publication)),
        published=published,
        updated=max(published, changed(publication, site, identity)),
        summary=visible(short),
        html=partial(_html, publication.id, site, root),
        categories=tuple(_categories(publication, site)),
        links=tuple(_links(publication, root)),
    )


def _title(publication: Publication, site: Site) -> str:
    """The title, with the day of the newest version whose words differ from those before.

    That is the day that its changelog states, or else that of its last signature.
    """
    title = site.titled(publication, heading(publication))
    versions = site.versions_shown(publication)
    revised = [v for v in versions if v.difference is Difference.WORDS][-1:]
    for version in revised:
        day = max(version.entries or (version.updated.date(),))
        title = words.revised_title.format(title=title, day=day)
    return title


@lru_cache(maxsize=4 * SIZE)
def _html(identity: str, site: Site, root: str) -> str:
    """The content of an entry, kept because several feeds ask for it in turn."""
    publication, links = site.documents[identity], Links(site, root)
    page = links.to(page_url(publication))
    html = render(publication.document, links, page=page).html
    standing = site.standing(publication)
    form = words.feed_alarm if standing.alarms else words.feed_standing
    reasons = visible("; ".join(standing.alarms))
    return f"{form.format(standing=words.in_short(standing), reasons=reasons)}\n{html}"


def _categories(publication: Publication, site: Site) -> Iterator[tuple[str, str]]:
    yield kind_slug(publication), "kind"
    if isinstance(publication, Bulletin):
        for id_, scheme in ids_of(publication, site.advisories).addressed.items():
            yield id_, "advisory" if scheme == "XSA" else scheme.lower()
        yield from ((visible(release), "release") for release in publication.releases)


def _links(publication: Publication, root: str) -> Iterator[FeedLink]:
    """The document as data; the original, its signatures, and a canary's letters with theirs."""
    data = root + json_url(publication)
    yield FeedLink("alternate", data, "application/json", words.data_link)
    for text in signed_texts(publication):
        title = text.name if isinstance(text, Letter) else words.original_link
        files = [(text.file, "text/plain", title)]
        for signature in text.signatures:
            signed_by = words.signature_link.format(signer=signature.signer)
            files.append((signature.file, "application/pgp-signature", signed_by))
        for file, kind, title in files:
            url = root + beside(publication, file.name)
            yield FeedLink("related", url, kind, title, len(file.data))


# --- changes ----------------------------------------------------------------------------------


def change_entries(site: Site, root: str) -> Iterator[FeedEntry]:
    """An entry for each version of each document, those that became complete last first.

    That is the order in which readers find them on the site; it need not be that of their times.
    """
    changes = [
        (version.place, version.updated, publication.id, version)
        for publication in site.archive.publications
        for version in site.versions_shown(publication)
    ]
    for _, _, identity, version in sorted(changes, key=lambda row: row[:3], reverse=True):
        yield _change_entry(site.documents[identity], version, site, Links(site, root))


def _change_entry(
    publication: Publication, version: Version, site: Site, links: Links
) -> FeedEntry:
    is_first = version.difference is Difference.FIRST
    change = visible(change_in_words(version))
    title = heading(replace(publication, title=version.title))
    title = title if is_first else words.change_title.format(id=publication.id, change=change)
    identity = f"{entry_id(publication.id, site)}/{version.file.sha256[:16]}"
    time = max([version.updated, *(moved for moved, _ in moves(site, identity))])
    signers = ", ".join(f"{s.signer} ({s.created:%Y-%m-%d})" for s in version.signatures)
    lines = (change, words.change_signed.format(signers=visible(signers)), version.file.sha256)
    html = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    page = links.to(page_url(publication))
    if site.own_theme and version.file.sha256 in site.covered:
        page = links.to(site.covered[version.file.sha256][0])
    return FeedEntry(
        id=identity,
        title=site.titled(publication, title),
        page=page,
        published=version.updated,
        updated=time,
        summary=change,
        html=lambda: html,
        categories=((kind_slug(publication), "kind"),),
        links=(),
    )


# --- advisories -------------------------------------------------------------------------------


def advisory_entries(site: Site, root: str) -> Iterator[FeedEntry]:
    """The entries of all dated advisories of the tracker that were used, newest first.

    ``root`` leads to the root of the site.
    """
    by_day = sorted(all_verdicts(site), key=lambda facts: (facts.day, facts.advisory.number))
    return (_advisory_entry(facts, site, Links(site, root)) for facts in reversed(by_day))


def _advisory_entry(facts: AdvisoryFacts, site: Site, links: Links) -> FeedEntry:
    advisory, identity = facts.advisory, entry_id(facts.advisory.id, site)
    published = published_id("XSA", advisory.id, site.profile)
    sentences = [*dict.fromkeys((visible(facts.sentence), facts.reason))]
    times = [time for time, _ in (*facts.changes, *moves(site, identity))]
    times += [changed(bulletin, site) for bulletin in facts.bulletins]  # with another title
    return FeedEntry(
        id=identity,
        title=facts.heading,
        page=links.to(advisory_url(advisory.number)),
        published=noon(facts.day),
        updated=max(noon(facts.day), *times),
        summary=" ".join(sentences),
        html=partial(_advisory_html, sentences, facts.bulletins, links),
        categories=(
            ("xsa", "kind"),
            (facts.advisory.verdict.value, "affected"),
            *((cve, "cve") for cve in advisory.cves),
        ),
        links=(FeedLink("related", published, "text/html", words.advisory_link),),
    )


def _advisory_html(sentences: Iterable[str], bulletins: Iterable[Bulletin], links: Links) -> str:
    lines = [f"<p>{escape(text)}</p>" for text in sentences]
    for bulletin in bulletins:
        page = links.to(page_url(bulletin))
        lines.append(f'<p><a href="{escape(page)}">{escape(heading(bulletin))}</a></p>')
    return "\n".join(lines)
