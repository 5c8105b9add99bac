"""Documents of CSAF 2.0: a bulletin, and the tracker's verdict on an advisory; their products.

Products are releases, packages, and packages installed on releases. A package is fixed when
installed on its release. A release is affected by the only vulnerability of a bulletin if there is
a package for it, or no fix is available; by one of several, only if the text says so. Of a bulletin
that names no release, the product as a whole is affected.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from bulletins import words
from bulletins.exports.data import filled, moment, printed
from bulletins.exports.facts import BulletinFacts, Effect, Vulnerability, is_url, name_of
from bulletins.exports.vex import AdvisoryFacts
from bulletins.site import Site, about, heading
from bulletins.urls import advisory_url, beside, csaf_url, page_url, published_id, vex_url
from secpack import Profile
from secpack.extract.answers import restart_after
from secpack.extract.sections import actions, is_on_affected, sections
from secpack.model.archive import Fix, PackageRow
from secpack.parser.characters import visible
from secpack.profile import Package, Product

#: CSAF repeats a bulletin's summary for each vulnerability; no real text has so many characters.
_LONGEST: Final = 200_000


def bulletin_document(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    """Return the document: a security advisory if each vulnerability has a product's status."""
    bulletin, notes = facts.bulletin, list(_notes(facts))
    rows = [*dict.fromkeys(row for effect in facts.effects for row in effect.rows)]
    every = list(_vulnerabilities(facts, notes, site))
    is_advisory = every and all("product_status" in each for each in every)
    return filled(
        document=_head(
            site.profile,
            bulletin.id,
            facts.history,
            acknowledgments=[
                {"names": [visible(c.name)], "summary": c.role} for c in bulletin.summary.credits
            ],
            category="csaf_security_advisory" if is_advisory else "csaf_base",
            notes=[*notes, words.csaf_note],
            references=list(_references(facts, site)),
            title=site.titled(bulletin, heading(bulletin)),
        ),
        vulnerabilities=every,
        product_tree=_product_tree(rows, site.profile) if rows else {},
    )


def _vulnerabilities(
    facts: BulletinFacts, notes: Sequence[dict[str, str]], site: Site
) -> Iterator[dict[str, Any]]:
    bulletin = facts.bulletin
    full = "\n\n".join(note["text"] for note in notes if note["category"] == "summary")
    if not full or len(full) * len(facts.effects) > _LONGEST:
        full = visible(about(bulletin) or heading(bulletin))
    restart, page = restart_after(bulletin), site.public(page_url(bulletin))
    for effect in facts.effects:
        yield _vulnerability(effect.vulnerability, site.profile, full) | filled(
            product_status=_product_status(effect),
            remediations=_remediations(effect.affected, restart, site.profile, page),
        )


def _notes(facts: BulletinFacts) -> Iterator[dict[str, str]]:
    """Summary, impact, who is affected, what to do, as printed; or, without summary, the text."""
    document, rows = facts.bulletin.document, [row.line for row in facts.bulletin.packages]
    every, acting = sections(document), [each.section for each in actions(document, rows)]
    if not any("summary" in section.title.lower() for section in every):
        whole = printed(document.file.data)
        yield {"category": "details", "title": "The whole text", "text": whole}
        return
    for section in every:
        name = section.title.lower()
        if "summary" in name or "impact" in name or is_on_affected(name):
            category = "summary" if "summary" in name else "details"
        elif section in acting:
            category = "general"
        else:
            continue
        first = section.blocks[0].first if section.blocks else section.last + 1
        if text := printed(document.file.data, first, section.last).strip():
            yield {"category": category, "title": visible(section.title), "text": text}


def _references(facts: BulletinFacts, site: Site) -> Iterator[dict[str, str]]:
    """This document, the page, the signed text and its signatures, and the text's own links."""
    bulletin = facts.bulletin
    yield _external("This document", site.public(csaf_url(bulletin))) | {"category": "self"}
    yield _external("The bulletin's page", site.public(page_url(bulletin)))
    files = [(bulletin.file.name, "The signed text")]
    files += [(s.file.name, f"Signature of {s.signer}") for s in bulletin.signatures]
    for name, title in files:
        yield _external(visible(title), site.public(beside(bulletin, name)))
    for url, label in facts.links.items():
        yield _external(visible(f"Reference [{label}] of the text"), url)


# --- parts of all documents -----------------------------------------------------------------


def _head(
    profile: Profile, identity: str, history: Iterable[tuple[date, str]], **fields: object
) -> dict[str, Any]:
    """The part ``document``: its id, its changes, oldest first, and other fields."""
    revisions = [
        {"date": moment(day), "number": str(number), "summary": visible(words)}
        for number, (day, words) in enumerate(history, 1)
    ]
    tracking = {
        "current_release_date": revisions[-1]["date"],
        "generator": {"engine": {"name": "secpack-archive"}},
        "id": identity,
        "initial_release_date": revisions[0]["date"],
        "revision_history": revisions,
        "status": "final",
        "version": str(len(revisions)),
    }
    return filled(
        csaf_version="2.0",
        distribution={"tlp": {"label": "WHITE", "url": "https://www.first.org/tlp/"}},
        lang="en",
        publisher=publisher(profile),
        tracking=tracking,
        **fields,
    )


def publisher(profile: Profile) -> dict[str, Any]:
    """The publisher; reading the profile has checked that all of this is there."""
    assert profile.csaf
    name = visible((profile.team if profile.team.strip() else profile.issuer).strip())
    return filled(
        category="vendor",
        name=name,
        namespace=profile.csaf.namespace,
        contact_details=visible(profile.csaf.contact.strip()),
    )


def _external(summary: str, url: str) -> dict[str, str]:
    """A reference to something that is no part of the document."""
    return {"category": "external", "summary": summary, "url": url}


def _vulnerability(each: Vulnerability, profile: Profile, summary: str) -> dict[str, Any]:
    """The ids of a vulnerability, when it was published, and where; what it is."""
    notes = [("summary", summary), *([("general", each.note)] if each.note else [])]
    urls = [(id_, published_id(scheme, id_, profile)) for id_, scheme in each.ids.items()]
    others = [(id_, scheme) for id_, scheme in each.ids.items() if scheme != "CVE"]
    return filled(
        cve=each.cve,
        ids=[{"system_name": scheme, "text": id_} for id_, scheme in others],
        notes=[{"category": category, "text": text} for category, text in notes],
        references=[_external(id_, url) for id_, url in urls if is_url(url)],
        release_date=moment(each.released) if each.released else "",
        title=visible(each.title),
    )


# --- the tracker's verdict on an advisory (VEX) ---------------------------------------------

_STATUSES: Final = {"affected": "known_affected", "not_affected": "known_not_affected"}


def verdict_document(facts: AdvisoryFacts, site: Site) -> dict[str, Any]:
    """Return the document: one vulnerability for each CVE, or one for the advisory."""
    profile, said = site.profile, _said(facts)
    product = _leaf(product_name(profile), PRODUCT, profile.product, "")["product"]
    return {
        "document": _head(
            profile,
            f"VEX-{facts.advisory.id}",
            facts.history(site),
            category="csaf_vex",
            references=list(_verdict_references(facts, site)),
            title=words.vex_title.format(product=product["name"], advisory=facts.heading),
        ),
        "product_tree": {"full_product_names": [product]},
        "vulnerabilities": [
            _vulnerability(each, profile, facts.heading) | said for each in facts.vulnerabilities
        ],
    }


def _said(facts: AdvisoryFacts) -> dict[str, Any]:
    """The verdict, and what the profile VEX wants with it: an impact, or an action."""
    products = {"product_ids": [PRODUCT]}
    status = _STATUSES.get(facts.status, facts.status)
    said: dict[str, Any] = {"product_status": {status: [PRODUCT]}}
    if facts.status == "not_affected":
        said["threats"] = [{"category": "impact", "details": facts.reason} | products]
        if code := facts.advisory.justification:
            said["flags"] = [{"label": code} | products]
    elif facts.status == "affected":
        is_fixed = facts.bulletins or facts.advisory.bulletin  # the tracker can name one
        category = "vendor_fix" if is_fixed else "none_available"
        said["remediations"] = [{"category": category, "details": facts.action} | products]
    return said


def _verdict_references(facts: AdvisoryFacts, site: Site) -> Iterator[dict[str, str]]:
    """This document, the advisory's page, and the bulletins that address it."""
    own = site.public(vex_url(facts.advisory, facts.day))
    yield _external("This document", own) | {"category": "self"}
    if site.own_theme:
        yield _external("The advisory's page", site.public(advisory_url(facts.advisory.number)))
    for bulletin in facts.bulletins:
        yield _external(f"Bulletin {bulletin.id}", site.public(page_url(bulletin)))


# --- products ---------------------------------------------------------------------------------

#: The id of the issuer's product without a release; no release has such an id.
PRODUCT: Final = "(any)"


def product_name(profile: Profile) -> str:
    """The name of the issuer's product."""
    return visible(profile.name or profile.issuer or profile.team)


def _product_tree(rows: Sequence[PackageRow], profile: Profile) -> dict[str, Any]:
    """Releases and packages below the vendor, and packages installed on releases."""
    releases = {row.release: _release_id(row.release) for row in rows}
    branches = _versions(product_name(profile), releases, profile.product)
    packages: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.package:
            packages[name_of(row)][row.version] = _package_id(row)
    for name, ids in packages.items():
        branches += _versions(name, ids, profile.packages.get(name, Package()))
    installed = {_installed_id(row): row for row in rows if row.package}
    return filled(
        branches=[_branch("vendor", profile.issuer or profile.team, branches)],
        relationships=[_relationship(id_, row, profile) for id_, row in installed.items()],
    )


def _product_status(effect: Effect) -> dict[str, list[str]]:
    """Which products are fixed, affected or not by a vulnerability."""
    fixed, affected, spared = dict[str, None](), dict[str, None](), dict[str, None]()
    others = {row.release for row in effect.rows if row.fix is not Fix.NOT_AFFECTED}
    for row in effect.rows:
        if effect.said.get(row.release) is False:
            spared[_release_id(row.release)] = None
        elif row.fix is Fix.NOT_AFFECTED:
            if row.package or not (row.target or row.release in others):
                spared[_affected_id(row)] = None
        else:
            fixed |= {_installed_id(row): None} if row.fix is Fix.AVAILABLE else {}
            is_affected = effect.is_only or row.release in effect.said
            affected |= {_affected_id(row): None} if is_affected else {}
    spared = {product: None for product in spared if product not in affected}
    return filled(fixed=[*fixed], known_affected=[*affected], known_not_affected=[*spared])


def _remediations(
    rows: Sequence[PackageRow], restart: str, profile: Profile, page: str
) -> list[dict[str, Any]]:
    """What to install on each affected release and to restart, and where no fix is available."""
    shipped: defaultdict[str, list[PackageRow]] = defaultdict(list)
    for row in rows:
        if row.fix is Fix.AVAILABLE:
            shipped[row.release].append(row)
    remedies = [
        ("vendor_fix", _to_install(release, packages, restart, profile), _release_id(release))
        for release, packages in shipped.items()
    ]
    remedies += [
        ("none_available", f"No fix is available: {_words(row, profile)}", _affected_id(row))
        for row in rows
        if row.fix is Fix.NONE
    ]
    return [
        {"category": category, "details": details, "product_ids": [product], "url": page}
        for category, details, product in remedies
    ]


def _to_install(release: str, rows: Sequence[PackageRow], restart: str, profile: Profile) -> str:
    lines = [f"For {_release_name(release, profile)}:"]
    for row in rows:
        place = f", in {row.target}" if row.target else ""
        note = f" ({row.note})" if row.note else ""
        lines.append(visible(f"- {row.package} {row.version}{place}{note}"))
    return "\n".join([*lines, *([visible(f"Then {restart}.")] if restart else [])])


def _relationship(identity: str, row: PackageRow, profile: Profile) -> dict[str, Any]:
    return {
        "category": "installed_on",
        "full_product_name": {"name": _words(row, profile), "product_id": identity},
        "product_reference": _package_id(row),
        "relates_to_product_reference": _release_id(row.release),
    }


def _words(row: PackageRow, profile: Profile) -> str:
    """An installed package: ``xen 4.17.5-6 in hearth of Quern OS 4.1``."""
    release = _release_name(row.release, profile)
    where = f"{row.target} of {release}" if row.target else release
    package = f"{name_of(row)} {row.version}".strip()
    return visible(f"{package} in {where}" if package else where)


def _release_name(release: str, profile: Profile) -> str:
    return f"{product_name(profile)} {visible(release)}".strip()


def _release_id(release: str) -> str:
    return _joined(release) or PRODUCT


def _package_id(row: PackageRow) -> str:
    return _joined(name_of(row), row.version)


def _installed_id(row: PackageRow) -> str:
    return _joined(row.release, row.target, name_of(row), row.version)


def _joined(*parts: str) -> str:
    """Join the parts of a product's id; different parts give different ids."""
    return "/".join(quote(part, "") for part in parts)


def _affected_id(row: PackageRow) -> str:
    """The product that a row calls affected or not: the release, or a package without a fix."""
    if row.package and row.fix is not Fix.AVAILABLE:
        return _installed_id(row)
    return _release_id(row.release)


def _versions(name: str, ids: Mapping[str, str], known: Product) -> list[dict[str, Any]]:
    """The versions of a product, and all of it, by the ids of versions; all of it has none."""
    leaves = [_leaf(f"{name} {v}", id_, known, v) for v, id_ in ids.items() if v]
    branches = [_branch("product_name", name, leaves)] if leaves else []
    return [*branches, *([_leaf(name, ids[""], known, "")] if "" in ids else [])]


def _branch(category: str, name: str, branches: list[dict[str, Any]]) -> dict[str, Any]:
    return {"category": category, "name": visible(name), "branches": branches}


def _leaf(words: str, identity: str, known: Product, version: str) -> dict[str, Any]:
    """A version of a product, or all of it, with the names by which scanners know it."""
    product = {"name": visible(words), "product_id": identity}
    product |= filled(product_identification_helper=known.identifiers(version))
    category = "product_version" if version else "product_name"
    return {"category": category, "name": visible(version or words), "product": product}
