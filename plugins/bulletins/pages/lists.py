"""The front page; lists of documents, releases, packages and keys; when canaries came."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from bulletins import urls
from bulletins.lookups import Lookup, by_package, by_release, without_release
from bulletins.pages import model
from bulletins.pages.evidence import certified, key_link, owner
from bulletins.pages.items import by_year, item, late, reference, signer_name
from bulletins.pages.model import Link
from bulletins.site import Site, newest_first
from secpack.affected import needed
from secpack.history import built_in_words
from secpack.model.archive import (
    UNDATED,
    Canary,
    Difference,
    Key,
    PackageRow,
    Publication,
    Signature,
)
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
        releases=tuple(lookup.name for lookup in by_release(archive)[:_RELEASES]),
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
            yield Link(urls.history_url(publication, site.profile), publication.id)


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
    found: dict[model.LookupKind, tuple[Lookup, ...]] = {
        "release": by_release(site.archive),
        "package": by_package(site.archive),
    }
    for kind, lookups in found.items():
        if f"{kind}/" in site.lookups:
            yield f"{kind}/", partial(_lookups, site, kind, lookups)
        for lookup in lookups:
            yield f"{kind}/{lookup.slug}/", partial(_lookup, site, kind, lookup)


def _lookups(site: Site, kind: model.LookupKind, lookups: Iterable[Lookup]) -> model.LookupsPage:
    others = without_release(site.archive) if kind == "release" else ()
    entries = tuple((lookup, item(site, lookup.shipped[0][0])) for lookup in lookups)
    return model.LookupsPage(kind, entries, tuple(item(site, b) for b in others))


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
        link = Link(urls.page_url(document, site.profile), document.id)
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
