"""The HTML of documents: each is rendered once, for its page and for the feeds."""

from __future__ import annotations

import re
from typing import Final

from bulletins.addresses import INDEX, LinkResolver
from bulletins.html import Rendered, render
from secpack import Profile
from secpack.model import Archive, Publication

#: From a document's page to the root of the site.
ROOT: Final = "../../"

# Links that begin at the page. Words of a text have no quotation mark that is not escaped.
_LINK: Final = re.compile(
    rf'href="(?:{re.escape(ROOT)}(?P<path>[^"#]*)(?P<place>#[^"]*)?|(?P<here>#[^"]*))"'
)


class Renderings:
    """Renders documents for their pages when they are asked for, and remembers them.

    ``pages`` tells whether the site has pages for advisories and CVEs.
    """

    def __init__(self, archive: Archive, profile: Profile, *, pages: bool) -> None:
        self._link_of = LinkResolver(archive, profile, ROOT, pages=pages)
        self._known: dict[str, Rendered] = {}

    def of(self, publication: Publication) -> Rendered:
        """A document as its page has it."""
        known = self._known.get(publication.id)
        if known is None:
            known = self._known[publication.id] = render(publication.document, self._link_of)
        return known

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
