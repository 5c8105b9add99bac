"""The pages of bulletins and canaries."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from markupsafe import Markup

from bulletins.html import LinkOf, Outline, Rendered, render, render_blocks
from bulletins.pages import model
from bulletins.pages.evidence import check, evidence
from bulletins.pages.items import item, late, signer_name
from bulletins.site import Links, Site, newest_first, release_order, signed_texts, summary
from bulletins.urls import json_url, page_url
from secpack.canary.diff import changes
from secpack.extract.answers import restart_after
from secpack.extract.sections import Quotation, actions, affected, impact_section
from secpack.model.archive import Bulletin, Canary, Fix, Letter, PackageRow, Publication, Verdict
from secpack.parser.blocks import defined_labels
from secpack.parser.characters import visible
from secpack.profile import Period
from secpack.signatures.policy import expected_signers, is_about_signatures

#: From a document's page to the root of the site.
ROOT: Final = "../../"

#: The most bytes of an original, and characters of a quotation, on a page that stays light.
_ORIGINAL: Final = 7_500
_QUOTED: Final = 2_500

# What a finding tells an editor to do, which is nothing to a reader.
_ADVICE: Final = re.compile(r"(?:; expected |: remove ).*", re.DOTALL)


def bulletin_page(site: Site, bulletin: Bulletin) -> model.BulletinPage:
    """The page of a bulletin."""
    document, links = bulletin.document, Links(site, ROOT)
    text = render(document, links)
    lines = [row.line for row in bulletin.packages]
    targets = frozenset(defined_labels(document.blocks))
    concerned, impact = affected(document, _QUOTED), impact_section(document)

    def excerpt(quotation: Quotation) -> model.Excerpt:
        title, html = quotation.section.title, render_blocks(quotation.blocks, links, targets)
        return model.Excerpt(title, _anchor(text, title), Markup(html), quotation.omitted)  # noqa: S704 - ours

    related = newest_first(site.documents[id_] for id_ in site.related.get(bulletin.id, ()))
    return model.BulletinPage(
        item=item(site, bulletin),
        body=_body(site, bulletin, text),
        impact=Outline(impact.level, impact.title, _anchor(text, impact.title)) if impact else None,
        answers=tuple(_answers(site, bulletin)),
        earlier=tuple(item(site, each) for each in related if each.published < bulletin.published),
        later=tuple(item(site, each) for each in related if each.published > bulletin.published),
        actions=tuple(excerpt(each) for each in actions(document, lines, _QUOTED)),
        affected=(excerpt(concerned),) if concerned else (),
    )


def _answers(site: Site, bulletin: Bulletin) -> Iterator[model.AnswerItem]:
    """A row for each release, newest first; packages without a release come last.

    Releases are those that the text names, those supported on its day, all between them, and the
    one before: silence about them is an answer, too.
    """
    said = {answer.release: answer.fix for answer in site.answers[bulletin.id]}
    releases, rows, restart = site.profile.releases, bulletin.packages, restart_after(bulletin)
    known = sorted({*releases, *said}, key=release_order)
    places = [known.index(r) for r in {*said, *site.profile.supported(bulletin.published)}]
    shown = known[max(0, min(places) - 1) : max(places) + 1] if places else []
    for name in [*reversed(shown), ""]:
        packages = _merged(row for row in rows if row.release == name)
        until = releases.get(name, Period()).until
        if name or packages:
            yield model.AnswerItem(
                release=name,
                has_page=name in site.releases,
                fix=said.get(name),
                packages=packages,
                restart=restart if packages and packages[-1].fix is Fix.AVAILABLE else "",
                ended=until if until < bulletin.published else None,
            )


def _merged(rows: Iterable[PackageRow]) -> tuple[PackageRow, ...]:
    """Rows that differ only in their targets as one row with all of these."""
    targets: defaultdict[PackageRow, dict[str, None]] = defaultdict(dict)
    for row in rows:
        targets[replace(row, target="", line=0)][row.target] = None
    return tuple(replace(row, target=" and ".join(names)) for row, names in targets.items())


def _anchor(text: Rendered, title: str) -> str:
    return next((each.anchor for each in text.outline if each.title == visible(title)), "")


def canary_page(site: Site, canary: Canary) -> model.CanaryPage:
    """The page of a canary."""
    links = Links(site, ROOT)
    text, findings = render(canary.document, links), site.findings[canary.file.path]
    return model.CanaryPage(
        item=item(site, canary),
        body=_body(site, canary, text),
        bulletins=sum(1 for b in site.archive.bulletins if b.published <= canary.published),
        trusted_keys=tuple(site.profile.anchors_on(canary.published)),
        alarm=any(f.code == "canary-key" and not f.waived for f in findings),
        comparison=_comparison(site, canary),
        late=tuple(
            (signer_name(site, s.signer), s.created.date()) for s in late(canary) if s.created
        ),
        letters=tuple(_letter(site, letter, links) for letter in canary.letters),
    )


def _body(site: Site, publication: Publication, text: Rendered) -> model.Body:
    file = publication.file
    signed = [(s, text.file) for text in signed_texts(publication) for s in text.signatures]
    folder = page_url(publication)
    pairs = [(folder + s.file.name, folder + text.name) for s, text in signed]
    shown = evidence(site, file, publication.signatures)
    older, newer = site.older.get(publication.id), site.newer.get(publication.id)
    return model.Body(
        description=summary(publication),
        html=Markup(text.html),  # noqa: S704 - ours
        outline=text.outline,
        original=file.data.decode() if len(file.data) <= _ORIGINAL else "",
        data=json_url(publication).rpartition("/")[2],
        evidence=shown,
        check=check(
            site, [s for s, _ in signed], pairs, [s.key for s in shown.signatures], file.path
        ),
        notes=tuple(
            replace(f, message=_ADVICE.sub("", f.message))
            for f in site.findings[file.path]
            if f.waived and not is_about_signatures(f.code)
        ),
        revisions=tuple(
            sorted(publication.revisions, key=lambda revision: revision.date, reverse=True)
        ),
        older=item(site, older) if older else None,
        newer=item(site, newer) if newer else None,
        pending=site.pending.get(file.path),
        versions=site.versions.get(publication.id, ()),
    )


def _letter(site: Site, letter: Letter, links: LinkOf) -> model.LetterItem:
    # Neither a name nor another id has two hyphens in a row.
    text = render(letter.document, links, prefix=f"{letter.name}--", top=3)
    return model.LetterItem(
        name=letter.name.replace("-", " ").capitalize(),
        anchor=f"page-letter-{letter.name}",
        html=Markup(text.html),  # noqa: S704 - ours
        evidence=evidence(site, letter.file, letter.signatures),
    )


def _comparison(site: Site, canary: Canary) -> model.Comparison | None:
    """How a canary differs from the one before.

    A signer whose signature does not count has not signed. That is no alarm if the profile says
    that the signer has left, or if a waiver explains it.
    """
    before = site.older.get(canary.id)
    if not isinstance(before, Canary):
        return None
    old, new = _signers(before), _signers(canary)
    missing = [name for name in old if name not in new]
    left = [name for name in missing if _has_left(site, name, canary)]
    expected = expected_signers(canary, site.profile)
    is_explained = not site.standings[canary.file.path].alarms
    return model.Comparison(
        skipped=tuple(range(before.number + 1, canary.number)),
        lost_signers=tuple(
            (signer_name(site, name), not (is_explained and name in expected))
            for name in missing
            if name not in left
        ),
        left_signers=tuple(signer_name(site, name) for name in left),
        new_signers=tuple(signer_name(site, name) for name in new if name not in old),
        changes=changes(before, canary),
    )


def _has_left(site: Site, name: str, canary: Canary) -> bool:
    signer = site.profile.signers.get(name)
    period = signer.canaries if signer else None
    return bool(period and period.until < canary.published)


def _signers(canary: Canary) -> list[str]:
    return [s.signer for s in canary.signatures if s.counts or s.verdict is Verdict.UNCHECKED]
