"""A bulletin as a CSAF 2.0 document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bulletins.exports.csaf.products import product_status, product_tree, released, remediations
from bulletins.exports.data import filled, moment
from bulletins.exports.facts import BulletinFacts, is_url
from bulletins.site import Site, about
from bulletins.urls import beside, csaf_url, page_url, published_id
from secpack import Profile
from secpack.extract.sections import actions, is_on_affected, sections
from secpack.model.archive import PackageRow, Section
from secpack.parser.characters import visible

#: CSAF repeats a bulletin's products for each vulnerability. No real text comes near this limit.
_MOST: Final = 20_000


def document(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    """Return the document: a security advisory if the text names releases, else only the base."""
    rows = released(facts.bulletin.packages)
    if len(rows) * (1 + sum(1 + len(cves) for cves in facts.addressed.values())) > _MOST:
        rows = ()
    vulnerabilities = list(_vulnerabilities(facts.addressed, site.profile))
    if rows and not vulnerabilities:
        vulnerabilities = [{"ids": [_id(facts.bulletin.id)]}]
    note = {"category": "summary", "text": visible(about(facts.bulletin)) or facts.heading}
    answers = filled(
        notes=[note],
        product_status=product_status(rows),
        remediations=remediations(
            rows, site.profile, f"{site.url}/{page_url(facts.bulletin, site.profile)}"
        ),
    )
    return filled(
        document=_head(facts, site, rows),
        vulnerabilities=[vulnerability | answers for vulnerability in vulnerabilities],
        product_tree=product_tree(rows, site.profile) if rows else {},
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


def _head(facts: BulletinFacts, site: Site, rows: tuple[PackageRow, ...]) -> dict[str, Any]:
    thanked = [
        {"names": [visible(c.name)], "summary": c.role} for c in facts.bulletin.summary.credits
    ]
    return filled(
        acknowledgments=thanked,
        category="csaf_security_advisory" if rows else "csaf_base",
        csaf_version="2.0",
        distribution={"tlp": {"label": "WHITE", "url": "https://www.first.org/tlp/"}},
        lang="en",
        notes=list(_notes(facts)),
        publisher=publisher(site.profile),
        references=list(_references(facts, site)),
        title=facts.heading,
        tracking=_tracking(facts),
    )


def _tracking(facts: BulletinFacts) -> dict[str, Any]:
    revisions = [
        {"date": moment(day), "number": str(number), "summary": visible(words)}
        for number, (day, words) in enumerate(facts.history, 1)
    ]
    return {
        "current_release_date": moment(facts.changed),
        "generator": {"engine": {"name": "secpack-archive"}},
        "id": facts.bulletin.id,
        "initial_release_date": moment(facts.bulletin.published),
        "revision_history": revisions,
        "status": "final",
        "version": str(len(revisions)),
    }


def _notes(facts: BulletinFacts) -> Iterator[dict[str, str]]:
    """Summary, impact, who is affected, what to do, as printed; or, without summary, the text."""
    document, rows = facts.bulletin.document, [row.line for row in facts.bulletin.packages]
    every, acting = sections(document), [each.section for each in actions(document, rows)]
    if not any("summary" in section.title.lower() for section in every):
        yield {"category": "details", "title": "The whole text", "text": facts.printed()}
        return
    for section in every:
        name = section.title.lower()
        if "summary" in name or "impact" in name or is_on_affected(name):
            yield from _note("summary" if "summary" in name else "details", section, facts)
        elif section in acting:
            yield from _note("general", section, facts)


def _note(category: str, section: Section, facts: BulletinFacts) -> Iterator[dict[str, str]]:
    text = facts.printed(section.blocks[0].first, section.last) if section.blocks else ""
    if text.strip():
        yield {"category": category, "title": visible(section.title), "text": text}


def _references(facts: BulletinFacts, site: Site) -> Iterator[dict[str, str]]:
    """This document, the page, the signed text and its signatures, and the text's own links."""
    bulletin = facts.bulletin
    yield _external("This document", f"{site.url}/{csaf_url(bulletin)}") | {"category": "self"}
    yield _external("The bulletin's page", f"{site.url}/{page_url(bulletin, site.profile)}")
    files = [(bulletin.document.file.name, "The signed text")]
    files += [(s.file.name, f"Signature of {s.signer}") for s in bulletin.signatures]
    for name, words in files:
        yield _external(visible(words), f"{site.url}/{beside(bulletin, site.profile, name)}")
    for url, label in facts.links.items():
        yield _external(visible(f"Reference [{label}] of the text"), url)


def _external(summary: str, url: str) -> dict[str, str]:
    return {"category": "external", "summary": summary, "url": url}


def _vulnerabilities(
    ids: Mapping[str, Sequence[str]], profile: Profile
) -> Iterator[dict[str, Any]]:
    """One for each CVE, and for each advisory without a known CVE."""
    names: dict[str, list[str]] = {}
    for value, cves in ids.items():
        for cve in cves or [value]:
            names.setdefault(cve, []).append(value)
    for name, values in names.items():
        others = [value for value in values if not value.startswith("CVE-")]
        every = dict.fromkeys([name, *values])
        urls = [(id_, published_id(id_.partition("-")[0], id_, profile)) for id_ in every]
        yield filled(
            cve=name if name.startswith("CVE-") else "",
            ids=[_id(value) for value in others],
            references=[_external(id_, url) for id_, url in urls if is_url(url)],
        )


def _id(value: str) -> dict[str, str]:
    """An id with the name of its system, which is what precedes its number."""
    return {"system_name": value.rpartition("-")[0] or value, "text": value}
