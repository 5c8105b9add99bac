"""The front page; all lists, and pages of their rows; when canaries came."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlsplit

from markupsafe import Markup

from bulletins import urls
from bulletins.html import render_words
from bulletins.pages import model
from bulletins.pages.evidence import certified, key_link, owner
from bulletins.pages.items import by_year, item, late, reference, signer_name
from bulletins.pages.model import Link
from bulletins.site import Links, Lookup, Site, newest_first
from secpack.affected import needed
from secpack.history import built_in_words
from secpack.model.archive import (
    UNDATED,
    Advisory,
    Canary,
    Difference,
    Key,
    NamedId,
    PackageRow,
    Publication,
    Signature,
    Status,
)
from secpack.pack import document_id
from secpack.parser.inline import parse_inline
from secpack.profile import Kind, Period
from secpack.signatures.policy import expected_signers, revocation_in_words
from secpack.tracker.join import statistics

_EARLIER = 4
_RELEASES = 2
_DAY = timedelta(days=1)
_RPM = re.compile(r"^[A-Za-z0-9][\w.+-]*$", re.ASCII)


def home_page(site: Site) -> model.HomePage:
    """The front page."""
    archive = site.archive
    newest = [item(site, bulletin) for bulletin in archive.bulletins[: -_EARLIER - 2 : -1]]
    return model.HomePage(
        releases=tuple(lookup.name for lookup in site.by_release[:_RELEASES]),
        newest=newest[0] if newest else None,
        earlier=tuple(newest[1:]),
        canary=item(site, archive.canaries[-1]) if archive.canaries else None,
        continuity=continuity(site),
        statistics=statistics(archive.advisories),
        advisories=len(archive.advisories),
        years=tuple((year, len(group)) for year, group in by_year(archive.bulletins)),
        pending=tuple((reference(site, p.id), p.reason) for p in site.pending.values()),
    )


def list_page(site: Site, kind: Kind, publications: Sequence[Publication]) -> model.ListPage:
    """The list of all documents of a kind."""
    latest, years = publications[-1] if publications else None, by_year(publications[::-1])
    return model.ListPage(
        kind="canaries" if kind == site.profile.canaries else "bulletins",
        total=len(publications),
        changed=tuple(_changed(site, publications)),
        is_history_known=not site.archive.history.unavailable,
        due=latest.due if isinstance(latest, Canary) else None,
        continuity=continuity(site) if isinstance(latest, Canary) else None,
        groups=tuple((year, [item(site, p) for p in group]) for year, group in years),
        attachments=tuple(_attachments(site, kind)),
    )


def _changed(site: Site, publications: Iterable[Publication]) -> Iterator[Link]:
    """Links to the histories of documents whose words changed after the day of signing."""
    for publication in publications:
        versions = site.versions.get(publication.id, ())
        words = (v for v in versions if v.difference is Difference.WORDS)
        if any(version.time - versions[0].time > _DAY for version in words):
            yield Link(urls.history_url(publication), publication.id)


def _attachments(site: Site, kind: Kind) -> Iterator[model.AttachmentItem]:
    """The attachments in the folders of a kind; with the bulletins, also those of other folders."""
    canaries = site.profile.canaries
    for attachment in site.archive.attachments:
        if kind.contains(path := attachment.file.path) or not (
            kind == canaries or canaries.contains(path)
        ):
            folder = urls.attachment_url(attachment, "", site.profile)
            yield model.AttachmentItem(
                file=Link(folder + attachment.file.name, path),
                standing=site.standings[path],
                signatures=tuple(
                    Link(folder + s.file.name, signer_name(site, s.signer))
                    for s in attachment.signatures
                ),
            )


def lookup_pages(site: Site) -> Iterator[tuple[str, model.MakePage]]:
    """The lists of releases and packages, and a page for each, by URL."""
    kinds: tuple[tuple[model.LookupKind, Sequence[Lookup]], ...]
    kinds = ("release", site.by_release), ("package", site.by_package)
    for kind, lookups in kinds:
        if f"{kind}/" in site.lookups:
            yield f"{kind}/", partial(_lookups, site, kind, lookups)
        for lookup in lookups:
            yield f"{kind}/{lookup.slug}/", partial(_lookup, site, kind, lookup)


def _lookups(site: Site, kind: model.LookupKind, lookups: Iterable[Lookup]) -> model.LookupsPage:
    unstated = (b for b in site.archive.bulletins[::-1] if any(not r.release for r in b.packages))
    entries = tuple((lookup, item(site, lookup.shipped[0][0])) for lookup in lookups)
    others = tuple(item(site, b) for b in unstated) if kind == "release" else ()
    return model.LookupsPage(kind, entries, others)


def _lookup(site: Site, kind: model.LookupKind, lookup: Lookup) -> model.LookupPage:
    is_release = kind == "release"
    newest = list(needed(lookup.shipped)) if is_release else []
    return model.LookupPage(
        kind=kind,
        name=f"{site.product} {lookup.name}" if is_release else lookup.name,
        support=site.profile.releases.get(lookup.name if is_release else "", Period()),
        needed=tuple((item(site, b), row) for b, row in newest),
        installed=tuple(_installed(site, [row for _, row in newest])),
        shipped=tuple((item(site, b), rows) for b, rows in lookup.shipped),
    )


def _installed(site: Site, rows: Iterable[PackageRow]) -> Iterator[tuple[str, str]]:
    """Targets for whose packages the profile knows names of RPM, each with all their names."""
    known = site.profile.packages
    names: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        own = known[row.name].rpm if row.name in known else ()
        names[row.target] |= dict.fromkeys(own or _RPM.findall(row.package))
    rpm = {name for package in known.values() for name in package.rpm}
    yield from ((t, " ".join(all_)) for t, all_ in names.items() if t and not rpm.isdisjoint(all_))


def keys_page(site: Site) -> model.KeysPage:
    """One key of each signer, those who signed last first; the anchors; all other files of keys."""
    documents = newest_first(site.archive.publications)
    signed: defaultdict[str, list[tuple[Link, Signature]]] = defaultdict(list)
    for document in documents:
        link = Link(urls.page_url(document), document.id)
        for signature in (s for s in document.signatures if s.counts):
            signed[signature.primary].append((link, signature))
    trusted = {
        anchor.fingerprint: owner(site, anchor.fingerprint) for anchor in site.profile.trusted
    }
    known = [signer.fingerprint for signer in site.profile.signers.values()]
    signers = [site.keys[f] for f in dict.fromkeys([*signed, *known]) if f in site.keys]
    anchors = [site.keys[f] for f in trusted if f in site.keys and site.keys[f] not in signers]
    folders: defaultdict[str, list[model.KeyItem]] = defaultdict(list)
    for key in site.archive.keys:
        if key not in signers and key not in anchors:
            folder = key.file.path.rpartition("/")[0].partition("/")[2]
            folders[folder].append(_key(site, key))
    return model.KeysPage(
        anchors=tuple((each, trusted[each.fingerprint]) for each in site.profile.trusted),
        signers=tuple(_key(site, key, tuple(signed[key.fingerprint])) for key in signers),
        trusted=tuple(_key(site, key) for key in anchors),
        folders=tuple((folder, tuple(folders[folder])) for folder in sorted(folders)),
        built=tuple((each, built_in_words(each)) for each in site.archive.history.built),
    )


def _key(site: Site, key: Key, signed: tuple[tuple[Link, Signature], ...] = ()) -> model.KeyItem:
    state = certified(site, key, key.certified)
    findings = (f for f in site.archive.findings if f.file == key.file.path)
    return model.KeyItem(
        key=key,
        anchor=key.fingerprint if site.keys.get(key.fingerprint) is key else "",
        explained=next((f.waived for f in findings if f.code == "key-unusable"), ""),
        revoked=revocation_in_words(key.revoked) if key.revoked else "",
        certified=f"{state[0].upper()}{state[1:]}.",
        signed=signed,
        file=key_link(site, key),
    )


# --- when each canary came ------------------------------------------------------------------


def continuity(site: Site) -> model.Continuity:
    """All canaries, with a lane for each signer, in the order in which they began to sign."""
    canaries = [canary for canary in site.archive.canaries if canary.published != UNDATED]
    signatures = [_signatures(site, canary) for canary in canaries]
    lanes = tuple(dict.fromkeys(name for each in signatures for name in each))
    states = [tuple(each.get(name, "") for name in lanes) for each in signatures]
    items = (item(site, canary) for canary in canaries)
    marks = tuple(zip(items, states, strict=True))
    return model.Continuity(tuple(signer_name(site, name) for name in lanes), marks)


def _signatures(site: Site, canary: Canary) -> dict[str, model.LaneState]:
    """Whether each signer has signed a canary, or should have."""
    states: dict[str, model.LaneState] = dict.fromkeys(
        expected_signers(canary, site.profile), "missing"
    )
    for signature in canary.signatures:
        if states.get(signature.signer) != "good":
            states[signature.signer] = "good" if signature.counts else "bad"
    return states | {signature.signer: "delayed" for signature in late(canary)}


# --- the tracker: all advisories, a page for each, and all other ids --------------------------


def tracker_page(site: Site, *, is_affecting: bool) -> model.TrackerPage:
    """All advisories, or those that affect the product."""
    advisories = site.archive.advisories
    links = Links(site, "../../" if is_affecting else "../")
    affecting = [a for a in reversed(advisories) if a.verdict is Status.YES]
    shown = [
        _advisory_item(site, a, links) for a in (affecting if is_affecting else advisories[::-1])
    ]
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


def advisory_page(site: Site, at: int) -> model.AdvisoryPage:
    """An advisory, by its place among all."""
    advisories = site.archive.advisories
    advisory = advisories[at]
    links = [Link(urls.advisory_url(a.number), a.id) for a in advisories[max(0, at - 1) : at + 2]]
    mentioned = [id_ for id_ in advisory.mentioned_in if id_ not in advisory.unaffected_in]
    tracked = _tracked(site, advisory)
    return model.AdvisoryPage(
        item=_advisory_item(site, advisory, Links(site, "../../")),
        published_at=urls.published_id("XSA", advisory.id, site.profile),
        by_text=tuple(id_ for id_ in advisory.bulletins if id_ not in tracked),
        mentions=tuple(reference(site, id_, advisory.number) for id_ in mentioned),
        unaffected=tuple(reference(site, id_, advisory.number) for id_ in advisory.unaffected_in),
        previous=links[0] if at else None,
        next=links[-1] if at + 1 < len(advisories) else None,
    )


def _advisory_item(site: Site, advisory: Advisory, links: Links) -> model.AdvisoryItem:
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
    others = tuple(_id_item(site, named) for named in site.archive.ids if named.scheme != "CVE")
    last = site.updated.year + 1 if site.updated else 0
    newest = site.archive.cves[::-1]
    cves = sorted(newest, key=lambda cve: int(cve.id.split("-")[1]) > last)  # no year that can be
    return model.IdPage(tuple(_id_item(site, cve) for cve in cves), others, host)


def _id_item(site: Site, named: NamedId) -> model.IdItem:
    def links(ids: Iterable[str]) -> tuple[Link, ...]:
        return tuple(Link(urls.page_url(site.documents[id_]), id_) for id_ in ids)

    said = {*named.addressed_in, *named.unaffected_in}
    return model.IdItem(
        named=named,
        published_at=urls.published_id(named.scheme, named.id, site.profile),
        addressed=links(named.addressed_in),
        mentioned=links(id_ for id_ in named.named_in if id_ not in said),
        unaffected=links(named.unaffected_in),
    )
