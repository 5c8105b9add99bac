"""What servers read, and programs look for on any site, such as ``sitemap.xml``."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from bulletins.exports.csaf import is_provider
from bulletins.exports.data import moment
from bulletins.exports.facts import changed
from bulletins.site import Site
from bulletins.urls import CSAF_PROVIDER, INDEX, SITEMAP, kind_slug, list_url, page_url, redirects
from secpack import SecpackError

#: How many URLs a sitemap may hold.
MOST: Final = 50_000

_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(
    files: Iterable[str], dates: Mapping[str, datetime], public: Callable[[str], str]
) -> bytes:
    """Return a sitemap of pages, given by their files; ``dates`` are by URL.

    ``public`` returns a page's public URL. Raises SecpackError when there are more pages than a
    sitemap can list.
    """
    pages = sorted(file.removesuffix(INDEX) for file in files)
    if len(pages) > MOST:
        raise SecpackError(f"{SITEMAP}: {len(pages)} pages; a sitemap can list {MOST}")
    root = ET.Element("urlset", xmlns=_NAMESPACE)
    for page in pages:
        url = ET.SubElement(root, "url")
        ET.SubElement(url, "loc").text = public(quote(page))
        if page in dates:
            ET.SubElement(url, "lastmod").text = moment(dates[page])
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def page_dates(site: Site) -> dict[str, datetime]:
    """When the texts on each page last changed, by the page's URL."""
    dates: dict[str, datetime] = {}
    for p in site.archive.publications:
        time = changed(p, site)
        for url in ("", list_url(kind_slug(p)), page_url(p)):
            dates[url] = max(time, dates.get(url, time))
    return dates


def robots(site_url: str) -> bytes:
    """Return ``robots.txt``: programs may read everything; and the sitemap, if there is one."""
    more = f"\nSitemap: {site_url}/{SITEMAP}\n" if site_url else ""
    return f"User-agent: *\nDisallow:\n{more}".encode()


def redirects_map(site: Site) -> bytes:
    """Old URLs, and those with a short number, such as ``qsb/29/``, for a ``map`` of nginx."""
    root = urlsplit(site.url).path
    old = {**redirects(site.profile), **site.profile.redirects}
    moved = {o if o.startswith("/") else f"{root}/{o}": f"{root}/{new}" for o, new in old.items()}
    lines = [f"~^{re.escape(o.removesuffix('/'))}/?$ {new};" for o, new in moved.items()]
    for kind in (site.profile.bulletins, site.profile.canaries):
        base = f"{root}/{list_url(kind.slug)}"
        for number, zeros in (("[0-9]", "00"), ("[0-9][0-9]", "0")):
            lines.append(f"~^{re.escape(base)}(?<number>{number})/?$ {base}{zeros}$number/;")
    return "".join(f"{line}\n" for line in lines).encode()


def security_txt(site: Site) -> bytes:
    """How to report a vulnerability (RFC 9116): the profile's fields, one value on each line.

    Raises SecpackError if the profile gives a signed text with other fields.
    """
    data, lines = site.profile.security_txt, []
    assert data
    for field in fields(data):
        name, value = field.name.replace("_", "-").title(), getattr(data, field.name)
        if field.name == "expires":
            lines.append(f"{name}: {value.isoformat().replace('+00:00', 'Z')}")
        elif field.name == "preferred_languages":
            lines += [f"{name}: {', '.join(value)}"] if value else []
        elif field.name != "signed":
            lines += [f"{name}: {url}" for url in value]
    if is_provider(site):
        lines.append(f"CSAF: {site.url}/{CSAF_PROVIDER}")
    if data.signed:
        body = data.signed.partition("\n\n")[2].partition("\n-----BEGIN PGP SIGNATURE-----\n")[0]
        # A build without a URL is no provider.
        said = [x for x in body.split("\n") if is_provider(site) or not x.startswith("CSAF: ")]
        if said != lines:
            raise SecpackError("\n".join(["security_txt.signed: sign these lines:", *lines]))
        return data.signed.encode()
    return "".join(f"{line}\n" for line in lines).encode()
