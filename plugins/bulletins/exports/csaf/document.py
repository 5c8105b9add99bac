"""A bulletin as a CSAF 2.0 document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bulletins.exports.csaf.parts import external, head, vulnerability
from bulletins.exports.csaf.products import product_status, product_tree, released, remediations
from bulletins.exports.data import filled
from bulletins.exports.facts import BulletinFacts
from bulletins.exports.ids import Vulnerability
from bulletins.site import Site, about
from bulletins.urls import beside, csaf_url, page_url
from secpack.extract.sections import actions, is_on_affected, sections
from secpack.model.archive import Section
from secpack.parser.characters import visible

#: CSAF repeats a bulletin's products and its summary for each vulnerability. No real text comes
#: near these limits: of products, and of characters.
_MOST: Final = 20_000
_LONGEST: Final = 200_000


def document(facts: BulletinFacts, site: Site) -> dict[str, Any]:
    """Return the document: a security advisory if the text names releases, else only the base."""
    rows = released(facts.bulletin)
    if len(rows) * len(facts.ids.vulnerabilities) > _MOST:
        rows = ()
    every = facts.ids.vulnerabilities
    if rows and not every:  # then the bulletin's own id is all that there is
        every = (Vulnerability(site.profile.bulletins.prefix, facts.bulletin.id),)
    notes = list(_notes(facts))
    full = "\n\n".join(note["text"] for note in notes if note["category"] == "summary")
    if not full or len(full) * len(every) > _LONGEST:
        full = visible(about(facts.bulletin)) or facts.heading
    answers = filled(
        notes=[{"category": "summary", "text": full}],
        product_status=product_status(rows),
        remediations=remediations(
            rows, site.profile, f"{site.url}/{page_url(facts.bulletin, site.profile)}"
        ),
    )
    return filled(
        document=_head(facts, site, "csaf_security_advisory" if rows else "csaf_base", notes),
        vulnerabilities=[vulnerability(each, site.profile) | answers for each in every],
        product_tree=product_tree(rows, site.profile) if rows else {},
    )


def _head(
    facts: BulletinFacts, site: Site, category: str, notes: list[dict[str, str]]
) -> dict[str, Any]:
    thanked = [
        {"names": [visible(c.name)], "summary": c.role} for c in facts.bulletin.summary.credits
    ]
    return head(
        site.profile,
        facts.bulletin.id,
        facts.history,
        acknowledgments=thanked,
        category=category,
        notes=notes,
        references=list(_references(facts, site)),
        title=facts.heading,
    )


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
    yield external("This document", f"{site.url}/{csaf_url(bulletin)}") | {"category": "self"}
    yield external("The bulletin's page", f"{site.url}/{page_url(bulletin, site.profile)}")
    files = [(bulletin.document.file.name, "The signed text")]
    files += [(s.file.name, f"Signature of {s.signer}") for s in bulletin.signatures]
    for name, words in files:
        yield external(visible(words), f"{site.url}/{beside(bulletin, site.profile, name)}")
    for url, label in facts.links.items():
        yield external(visible(f"Reference [{label}] of the text"), url)
