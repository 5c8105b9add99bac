"""Every URL of the site, relative to its root."""

import hashlib
import re
from datetime import date
from typing import Final
from urllib.parse import quote

from secpack import mirror
from secpack.model.archive import Advisory, Attachment, Bulletin, Key, Publication, Version
from secpack.profile import Profile, Scheme

#: Data; of OSV, all bulletins in one file; of CSAF, the trees of bulletins and of verdicts, their
#: feeds, and where programs start; all verdicts as OpenVEX.
ARCHIVE_JSON = mirror.ARCHIVE_JSON
HISTORY_JSON = "data/history.json"
MANIFEST_JSON = mirror.MANIFEST_JSON
MOVED_JSON = "data/moved.json"
SCHEMA_JSON = "data/schema.json"
REDIRECTS = "data/redirects.map"
CALENDAR = "feeds/canaries.ics"
OSV_ALL = "osv/all.json"
OSV_ZIP = "osv/all.zip"
OSV_CHANGES = "osv/modified_id.csv"
CSAF = "csaf/"
VEX = "vex/"
OPENVEX = f"{VEX}openvex.json"
CSAF_FEED = f"{CSAF}feed-tlp-white.json"
VEX_FEED = f"{VEX}feed-tlp-white.json"
CSAF_PROVIDER = ".well-known/csaf/provider-metadata.json"

#: What programs look for on any site.
ROBOTS = "robots.txt"
SECURITY_TXT = ".well-known/security.txt"
SITEMAP = "sitemap.xml"
NOT_FOUND = "404.html"

#: Pages that list keys (with their files), advisories, those that affect the product, other ids,
#: releases, packages, feeds.
KEYS = "keys/"
XSA = "xsa/"
AFFECTING = "xsa/affecting/"
CVE = "cve/"
RELEASE = "release/"
PACKAGE = "package/"
FEEDS = "feeds/"
FILES = "data/files/"

#: The search page, the script with all ids, and the index.
SEARCH = "search/"
SEARCH_IDS = "search/ids.js"
SEARCH_INDEX = "search/pagefind"

#: The stylesheet, scripts and icon of the theme.
THEME = "theme/"

#: Relative links to pages end in this, so that they also work without a server.
INDEX = "index.html"


def kind_slug(publication: Publication) -> str:
    """The slug of the kind of a document: ``qsb``."""
    return publication.id.rpartition("-")[0].lower()


def list_url(slug: str) -> str:
    """The page that lists all documents of a kind, by its slug: ``qsb/``."""
    return f"{slug}/"


def page_url(publication: Publication) -> str:
    """A document's page: ``qsb/029/``."""
    return f"{list_url(kind_slug(publication))}{publication.number:03d}/"


def beside(publication: Publication, name: str) -> str:
    """A file next to a document's page: ``qsb/029/qsb-029-2017.txt``."""
    return page_url(publication) + name


def history_url(publication: Publication) -> str:
    """The versions of a document: ``qsb/029/history/``."""
    return beside(publication, "history/")


def version_name(version: Version, number: int) -> str:
    """The name of a version's text: ``qsb-029-2017.v1.txt``; a signature's has a signer, too."""
    return f"{version.file.name.removesuffix('.txt')}.v{number}.txt"


def json_url(publication: Publication) -> str:
    """A document as data: ``qsb/029/qsb-029-2017.json``."""
    name = publication.file.name.removesuffix(".txt")
    return beside(publication, f"{name}.json")


def attachment_url(attachment: Attachment, name: str, profile: Profile) -> str:
    """An attachment: ``qsb/files/xsa-109-risk-graph.dot``, ``files/digests/….txt``."""
    path = attachment.file.path
    folder = path.removesuffix(attachment.file.name)
    for kind in (profile.bulletins, profile.canaries):
        if kind.contains(path):
            alone = f"{kind.folder[0]}/" if len(kind.folder) == 1 else ""
            return f"{list_url(kind.slug)}files/{folder.removeprefix(alone)}{name}"
    return f"files/{folder}{name}"


def key_url(key: Key, profile: Profile) -> str:
    """A key's file: ``keys/security-team/….asc``."""
    alone = profile.keys[0] if len(profile.keys) == 1 else "keys"
    return KEYS + key.file.path.removeprefix(f"{alone}/")


def osv_id(bulletin: Bulletin, profile: Profile) -> str:
    """The id of a bulletin in OSV: ``x_QSB-029``, or with the registered prefix ``QSB-029``."""
    prefix = profile.osv.prefix
    return f"{prefix}-{bulletin.number:03d}" if prefix else f"x_{bulletin.id}"


def osv_url(bulletin: Bulletin, profile: Profile) -> str:
    """A bulletin as OSV: ``osv/x_QSB-029.json``."""
    return f"osv/{osv_id(bulletin, profile)}.json"


def csaf_url(bulletin: Bulletin) -> str:
    """A bulletin as CSAF: ``csaf/2017/qsb-029.json``; CSAF prescribes the name."""
    name = re.sub("[^+a-z0-9-]+", "_", bulletin.id.lower())
    return f"{CSAF}{bulletin.published.year:04d}/{name}.json"


def vex_url(advisory: Advisory, day: date) -> str:
    """The verdict on an advisory of a day as CSAF: ``vex/2017/vex-xsa-212.json``."""
    return f"{VEX}{day.year:04d}/vex-{advisory.id.lower()}.json"


def is_signature(url: str) -> bool:
    """Whether a file is a signature beside a CSAF document: ``csaf/2017/qsb-029.json.asc``."""
    return url.startswith((CSAF, VEX)) and url.endswith(".json.asc")


#: Matches the URL of an Atom feed, and the number of an archive document.
FEED_URL = re.compile(r"feeds/(?P<slug>[^/]{1,100}?)(?:-(?P<number>[0-9]{1,6}))?\.atom\.xml")


def feed_url(slug: str, archive: int | None = None) -> str:
    """A feed: ``feeds/qsb.atom.xml``; or one of its archive documents: ``feeds/qsb-1.atom.xml``."""
    return f"feeds/{slug}-{archive}.atom.xml" if archive else f"feeds/{slug}.atom.xml"


def json_feed_url(slug: str, archive: int | None = None) -> str:
    """The same as a JSON Feed: ``feeds/all.json``, ``feeds/all-1.json``."""
    return f"feeds/{slug}-{archive}.json" if archive else f"feeds/{slug}.json"


_NO_SLUG: Final = re.compile(r"[^a-z0-9.+_]+")
_MAX_SLUG: Final = 60
_TAKEN: Final = ("", INDEX)


def slug_of(name: str) -> str:
    """A name as part of a URL: ``4.3``, ``2-beta-2``, ``linux-kernel``.

    If a name has characters that a URL cannot show, a digest distinguishes it from others.
    """
    plain = name.lower().replace(" ", "-")
    slug = _NO_SLUG.sub("-", plain)[:_MAX_SLUG].strip("-.")
    if slug == plain and slug not in _TAKEN:
        return slug
    return f"{slug}-{hashlib.sha256(plain.encode()).hexdigest()[:6]}".lstrip("-")


def lookup_url(name: str, kind: str) -> str:
    """The page of a release or a package: ``release/4.3/``, ``package/linux-kernel/``."""
    return f"{kind}/{slug_of(name)}/"


def lookup_json_url(kind: str, slug: str) -> str:
    """A release or a package as data: ``data/release/4.3.json``."""
    return f"data/{kind}/{slug}.json"


def advisory_url(number: int) -> str:
    """An advisory's page: ``xsa/212/``."""
    return f"{XSA}{number}/"


def id_url(scheme: str, value: str, page: str = INDEX) -> str:
    """Where the site has an id: the page of an advisory, or a row on the page of other ids.

    ``page`` is the name of the file that a folder's URL ends with.
    """
    if scheme == "XSA":
        return advisory_url(int(value.removeprefix("XSA-"))) + page
    return f"{CVE}{page}#{quote(value, ':')}"


def published_id(scheme: str, value: str, profile: Profile) -> str:
    """Where an id is published: a URL on another site; empty if unknown."""
    links, number = profile.links, value.rpartition("-")[2]
    match scheme:
        case "XSA":
            template = links.historical if int(number) <= links.historical_until else links.advisory
        case "CVE":
            template = links.cve
        case _:
            template = profile.ids.get(scheme, Scheme()).url
    return template.replace("{number}", number).replace("{id}", value)


def redirects(profile: Profile) -> dict[str, str]:
    """Old URLs of pages of the site, and the URLs to which they redirect."""
    kinds = {"bulletins/": profile.bulletins, "canaries/": profile.canaries}
    lists = {old: list_url(kind.slug) for old, kind in kinds.items()}
    pages = {old: new for old, new in profile.redirects.items() if new.endswith("/")}
    own = {old: new for old, new in pages.items() if not old.startswith("/")}
    return {old: new for old, new in lists.items() if old not in lists.values()} | own
