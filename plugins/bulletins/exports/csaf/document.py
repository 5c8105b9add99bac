"""Documents of CSAF 2.0: a bulletin, and the tracker's verdict on an advisory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from bulletins import words
from bulletins.exports.csaf.products import (
    PRODUCT,
    leaf,
    product_name,
    product_status,
    product_tree,
    remediations,
)
from bulletins.exports.data import filled, moment, printed
from bulletins.exports.facts import BulletinFacts, Vulnerability, is_url
from bulletins.exports.vex import AdvisoryFacts
from bulletins.site import Site, about, heading
from bulletins.urls import advisory_url, beside, csaf_url, page_url, published_id, vex_url
from secpack import Profile
from secpack.extract.answers import restart_after
from secpack.extract.sections import actions, is_on_affected, sections
from secpack.parser.characters import visible

#: CSAF repeats a bulletin's summary for each vulnerability; no real text has so many characters.
_LONGEST: Final = 200_000


def bulletin_document(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    """Return the document: a security advisory if each vulnerability has a product's status."""
    bulletin, notes = facts.bulletin, list(_notes(facts))
    rows = [*dict.fromkeys(row for claim in facts.claims for row in claim.rows)]
    every = list(_vulnerabilities(facts, notes, site))
    is_advisory = every and all("product_status" in each for each in every)
    return filled(
        document=head(
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
        product_tree=product_tree(rows, site.profile) if rows else {},
    )


def _vulnerabilities(
    facts: BulletinFacts, notes: Sequence[dict[str, str]], site: Site
) -> Iterator[dict[str, Any]]:
    bulletin = facts.bulletin
    full = "\n\n".join(note["text"] for note in notes if note["category"] == "summary")
    if not full or len(full) * len(facts.claims) > _LONGEST:
        full = visible(about(bulletin) or heading(bulletin))
    restart, page = restart_after(bulletin), site.public(page_url(bulletin, site.profile))
    for claim in facts.claims:
        yield vulnerability(claim.vulnerability, site.profile, full) | filled(
            product_status=product_status(claim),
            remediations=remediations(claim.affected, restart, site.profile, page),
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
    yield external("This document", site.public(csaf_url(bulletin))) | {"category": "self"}
    yield external("The bulletin's page", site.public(page_url(bulletin, site.profile)))
    files = [(bulletin.file.name, "The signed text")]
    files += [(s.file.name, f"Signature of {s.signer}") for s in bulletin.signatures]
    for name, title in files:
        yield external(visible(title), site.public(beside(bulletin, site.profile, name)))
    for url, label in facts.links.items():
        yield external(visible(f"Reference [{label}] of the text"), url)


# --- parts of all documents -----------------------------------------------------------------


def head(
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


def external(summary: str, url: str) -> dict[str, str]:
    """A reference to something that is no part of the document."""
    return {"category": "external", "summary": summary, "url": url}


def vulnerability(each: Vulnerability, profile: Profile, summary: str) -> dict[str, Any]:
    """The ids of a vulnerability, when it was published, and where; what it is."""
    notes = [("summary", summary), *([("general", each.note)] if each.note else [])]
    urls = [(id_, published_id(scheme, id_, profile)) for id_, scheme in each.ids.items()]
    others = [(id_, scheme) for id_, scheme in each.ids.items() if scheme != "CVE"]
    return filled(
        cve=each.cve,
        ids=[{"system_name": scheme, "text": id_} for id_, scheme in others],
        notes=[{"category": category, "text": text} for category, text in notes],
        references=[external(id_, url) for id_, url in urls if is_url(url)],
        release_date=moment(each.released) if each.released else "",
        title=visible(each.title),
    )


# --- the tracker's verdict on an advisory (VEX) ---------------------------------------------


_STATUSES: Final = {"affected": "known_affected", "not_affected": "known_not_affected"}


def verdict_document(facts: AdvisoryFacts, site: Site) -> dict[str, Any]:
    """Return the document: one vulnerability for each CVE, or one for the advisory."""
    profile, said = site.profile, _said(facts)
    product = leaf(product_name(profile), PRODUCT, profile.product, "")["product"]
    return {
        "document": head(
            profile,
            f"VEX-{facts.advisory.id}",
            facts.history(site),
            category="csaf_vex",
            references=list(_verdict_references(facts, site)),
            title=words.vex_title.format(product=product["name"], advisory=facts.heading),
        ),
        "product_tree": {"full_product_names": [product]},
        "vulnerabilities": [
            vulnerability(each, profile, facts.heading) | said for each in facts.vulnerabilities
        ],
    }


def _said(facts: AdvisoryFacts) -> dict[str, Any]:
    """The verdict, and what the profile VEX wants with it: an impact, or an action."""
    products = {"product_ids": [PRODUCT]}
    said: dict[str, Any] = {
        "product_status": {_STATUSES.get(facts.status, facts.status): [PRODUCT]},
    }
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
    yield external("This document", own) | {"category": "self"}
    if site.own_theme:
        page = site.public(advisory_url(facts.advisory.number))
        yield external("The advisory's page", page)
    for bulletin in facts.bulletins:
        url = site.public(page_url(bulletin, site.profile))
        yield external(f"Bulletin {bulletin.id}", url)
