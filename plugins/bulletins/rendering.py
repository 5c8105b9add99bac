"""The HTML of documents: each is rendered once, for its page and for the feeds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from bulletins.html import Outline, render, render_blocks
from bulletins.urls import INDEX, LinkResolver
from secpack import Profile
from secpack.model.archive import Archive, Bulletin, Publication, Section
from secpack.model.blocks import Block
from secpack.parser.blocks import defined_labels
from secpack.parser.patterns import visible
from secpack.parser.tree import actions, affected, brief, steps, whole

#: From a document's page to the root of the site.
ROOT: Final = "../../"

# Links that begin at the page. Words of a text have no quotation mark that is not escaped.
_LINK: Final = re.compile(
    rf'href="(?:{re.escape(ROOT)}(?P<path>[^"#]*)(?P<place>#[^"]*)?|(?P<here>#[^"]*))"'
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Out of a text: a section's title, its anchor, and its first statement as HTML."""

    title: str
    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Rendering:
    """A document as its page has it: the text, its headings in order, and what leads.

    ``actions`` are what the reader must do, ``affected`` which systems are, where a section says
    so.
    """

    html: str
    outline: tuple[Outline, ...]
    actions: tuple[Excerpt, ...]
    affected: tuple[Excerpt, ...]


class Renderings:
    """Renders documents for their pages, each once, when it is asked for.

    ``pages`` tells whether the site has pages for advisories and CVEs.
    """

    def __init__(self, archive: Archive, profile: Profile, *, pages: bool) -> None:
        self._link_of = LinkResolver(archive, profile, ROOT, pages=pages)
        self._known: dict[str, Rendering] = {}

    def of(self, publication: Publication) -> Rendering:
        """A document as its page has it."""
        known = self._known.get(publication.id)
        if known is None:
            known = self._known[publication.id] = self._render(publication)
        return known

    def _render(self, publication: Publication) -> Rendering:
        document = publication.document
        text = render(document, self._link_of)
        anchors = {entry.title: entry.anchor for entry in reversed(text.outline)}
        targets = frozenset(defined_labels(document.blocks))
        rows = publication.packages if isinstance(publication, Bulletin) else ()
        packages = [row.line for row in rows]

        def excerpt(section: Section, blocks: Sequence[Block]) -> Excerpt:
            html = Markup(render_blocks(brief(blocks), self._link_of, targets))  # noqa: S704 - ours
            return Excerpt(section.title, anchors.get(visible(section.title), ""), html)

        return Rendering(
            text.html,
            text.outline,
            tuple(excerpt(section, steps(section, packages)) for section in actions(document)),
            tuple(excerpt(section, whole(section)) for section in affected(document)),
        )

    def elsewhere(self, publication: Publication, *, root: str, page: str) -> str:
        """Its HTML for whoever reads it elsewhere.

        ``root`` is the way to the root of the site from there, ``page`` the one to its page.
        """

        def moved(link: re.Match[str]) -> str:
            if link["here"]:
                return f'href="{page}{link["here"]}"'
            path = link["path"].removesuffix(INDEX) if "://" in root else link["path"]
            return f'href="{root}{path}{link["place"] or ""}"'

        return _LINK.sub(moved, self.of(publication).html)
