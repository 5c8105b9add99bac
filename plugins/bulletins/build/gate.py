"""The gate: stops a build that lost something.

Pelican goes on when a reader raises, an article is invalid or a page cannot be written. These
checks do not.
"""

from collections import Counter
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from lxml import etree

from bulletins.exports import expected_urls
from bulletins.pages.table import archive_pages
from bulletins.site import Site
from bulletins.urls import INDEX, page_url
from secpack import SecpackError
from secpack.files import paths
from secpack.model.findings import counted


def check_output(site: Site, folder: Path) -> None:
    """Check that all pages and exports were written, and originals byte for byte.

    Raises SecpackError when a file is missing, an original differs, or two names are one elsewhere.
    """
    pages = ["", *(page_url(p) for p in site.archive.publications)]
    expected = [*(url + INDEX for url in pages), *(path for path, _ in archive_pages(site))]
    expected += expected_urls(site)
    written = {*paths(folder)}
    if missing := [path for path in expected if path not in written]:
        raise SecpackError(f"not written: {', '.join(missing)}")
    names = {path: normalize("NFD", path).casefold() for path in sorted(written)}
    counts = Counter(names.values())
    if alike := [path for path, name in names.items() if counts[name] > 1]:
        message = f"names that some disks do not distinguish: {', '.join(alike[:20])}"
        raise SecpackError(f"{message}; rename all but one in the pack")
    for path, file in site.served_files():
        if (folder / path).read_bytes() != file.data:
            raise SecpackError(f"{path} differs from {file.path} in the pack")


# --- links ------------------------------------------------------------------------------------

#: Where elements have URLs; of ``<meta http-equiv=refresh>`` it is the end of the attribute.
_URLS = etree.XPath("//@href | //@src | //meta/@content[contains(., '; url=')]")
_IDS = etree.XPath("//@id")


def check_links(folder: Path, site_url: str) -> None:
    """Follow every link between the pages of a site. Raises SecpackError if any leads nowhere."""
    lost, _ = dangling(folder, urlsplit(site_url).path + "/")
    if lost:
        raise SecpackError(f"{counted(len(lost), 'dead link')}: {'; '.join(lost[:20])}")


@cache
def _read_page(path: Path) -> tuple[list[str], frozenset[str]]:
    """The URLs to which a page links, in order, and the ids on it."""
    page = etree.parse(path, etree.HTMLParser(encoding="utf-8"))
    return [url.partition("; url=")[2] or url for url in _URLS(page)], frozenset(_IDS(page))


def dangling(site: Path, base: str = "/") -> tuple[list[str], int]:
    """Links on the pages of a site that lead nowhere, and how many were followed.

    ``base`` is the path of the site's URL, with which links from the root of the host begin.
    """
    lost, followed, files = [], 0, {*paths(site)}
    for page in sorted(path for path in files if path.endswith(".html")):
        for link in _read_page(site / page)[0]:
            if link.startswith(("http://", "https://", "mailto:")):
                continue
            followed += 1
            url, _, anchor = link.partition("#")
            # A server shows the 404 page at any URL; its links begin at the root.
            start = "" if url.startswith(base) else dirname(page)
            target = normpath(join(start, unquote(url).removeprefix(base))) if url else page
            is_there = target in files
            if not is_there or (anchor and unquote(anchor) not in _read_page(site / target)[1]):
                lost.append(f"{page}: {link}")
    return lost, followed
