"""The tracker's verdict on an advisory as a CSAF 2.0 document of the profile VEX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bulletins import words
from bulletins.exports.csaf.parts import external, head, vulnerability
from bulletins.exports.csaf.products import product_name
from bulletins.exports.data import filled, midnight
from bulletins.exports.facts import moves
from bulletins.exports.vex import AdvisoryFacts
from bulletins.site import Site
from bulletins.urls import advisory_url, page_url, vex_url

#: The id of the issuer's product, as a whole, in these documents.
_PRODUCT: Final = "product"
_STATUSES: Final = {"affected": "known_affected", "not_affected": "known_not_affected"}


def verdict_document(facts: AdvisoryFacts, site: Site) -> dict[str, Any]:
    """Return the document: one vulnerability for each CVE, or one for the advisory."""
    profile, said = site.profile, _said(facts)
    history = [(midnight(day), how) for day, how in facts.history.items()]
    history += moves(site, vex_url(facts.advisory, facts.day))
    product = {"name": product_name(profile), "product_id": _PRODUCT} | filled(
        product_identification_helper=profile.product.identifiers()
    )
    return {
        "document": head(
            profile,
            f"VEX-{facts.advisory.id}",
            sorted(history),
            category="csaf_vex",
            references=list(_references(facts, site)),
            title=words.vex_title.format(product=product["name"], advisory=facts.heading),
        ),
        "product_tree": {"full_product_names": [product]},
        "vulnerabilities": [vulnerability(each, profile) | said for each in facts.vulnerabilities],
    }


def _said(facts: AdvisoryFacts) -> dict[str, Any]:
    """The verdict, and what the profile VEX wants with it: an impact, or an action."""
    products = {"product_ids": [_PRODUCT]}
    said: dict[str, Any] = {
        "notes": [{"category": "summary", "text": facts.heading}],
        "product_status": {_STATUSES.get(facts.status, facts.status): [_PRODUCT]},
    }
    if facts.status == "not_affected":
        said["threats"] = [{"category": "impact", "details": facts.reason} | products]
        if code := facts.advisory.justification:
            said["flags"] = [{"label": code} | products]
    elif facts.status == "affected":
        category = "vendor_fix" if facts.is_fixed else "none_available"
        said["remediations"] = [{"category": category, "details": facts.action} | products]
    return said


def _references(facts: AdvisoryFacts, site: Site) -> Iterator[dict[str, str]]:
    """This document, the advisory's page, and the bulletins that address it."""
    own = f"{site.url}/{vex_url(facts.advisory, facts.day)}"
    yield external("This document", own) | {"category": "self"}
    if site.own_theme:
        page = f"{site.url}/{advisory_url(facts.advisory.number)}"
        yield external("The advisory's page", page)
    for bulletin in facts.bulletins:
        url = f"{site.url}/{page_url(bulletin, site.profile)}"
        yield external(f"Bulletin {bulletin.id}", url)
