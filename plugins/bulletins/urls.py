"""Where things stand on the site: every address, relative to its root, in one place."""

from __future__ import annotations

import re

from bulletins.lookups import slug_of
from secpack.model.archive import Archive, Attachment, Bulletin, Canary, Key, Letter, Publication
from secpack.model.blocks import Id
from secpack.profile import Kind, Profile

ARCHIVE_JSON = "data/archive.json"
MANIFEST_JSON = "data/manifest.json"
SCHEMA_JSON = "data/schema.json"
CALENDAR = "feeds/canaries.ics"
SECURITY_TXT = ".well-known/security.txt"
SITEMAP = "sitemap.xml"

#: All bulletins in one file, for scanners.
OSV_ALL = "osv/all.json"

#: The tree of CSAF documents, and where programs begin to look for it.
CSAF = "csaf/"
CSAF_FEED = f"{CSAF}feed-tlp-white.json"
CSAF_PROVIDER = ".well-known/csaf/provider-metadata.json"
ROBOTS = "robots.txt"

#: Where the keys are, and the page that lists them.
KEYS = "keys/"

#: The tracker, all advisories on one page; and all CVEs.
XSA = "xsa/"
CVE = "cve/"

#: Bulletins by what they ship.
RELEASE = "release/"
PACKAGE = "package/"

#: The page that lists feeds and data.
FEEDS = "feeds/"

#: The page to search from; beside it, what it finds ids by.
SEARCH = "search/"
SEARCH_IDS = "search/ids.js"
SEARCH_INDEX = "search/pagefind"

#: What a server shows where there is nothing.
NOT_FOUND = "404.html"

#: More documents than these are listed year by year.
LONGEST_LIST = 1000

#: What relative links to a page end in, so that they work without a server, too.
INDEX = "index.html"


def kind_of(publication: Publication, profile: Profile) -> Kind:
    """The profile's word on bulletins or canaries, whichever this is."""
    return profile.canaries if isinstance(publication, Canary) else profile.bulletins


def list_url(kind: Kind) -> str:
    """The page that lists all documents of a kind: ``qsb/``."""
    return f"{kind.slug}/"


def year_url(base: str, year: int) -> str:
    """The page with what is of a year out of a list at ``base`` that is too long for one page."""
    return f"{base}year-{year}/"


def page_url(publication: Publication, profile: Profile) -> str:
    """A document's page: ``qsb/029/``."""
    return f"{list_url(kind_of(publication, profile))}{publication.number:03d}/"


def beside(publication: Publication, profile: Profile, name: str) -> str:
    """A file beside a document's page: ``qsb/029/qsb-029-2017.txt``."""
    return page_url(publication, profile) + name


def json_url(publication: Publication, profile: Profile) -> str:
    """A document as data: ``qsb/029/qsb-029-2017.json``."""
    name = publication.document.file.name.removesuffix(".txt")
    return beside(publication, profile, f"{name}.json")


def attachment_url(attachment: Attachment, name: str, profile: Profile) -> str:
    """A signed file that is no document: ``qsb/files/xsa-109-risk-graph.dot``."""
    in_canaries = attachment.file.path.startswith(profile.canaries.folder + "/")
    return f"{list_url(profile.canaries if in_canaries else profile.bulletins)}files/{name}"


def key_url(key: Key, profile: Profile) -> str:
    """A key's file: ``keys/security-team/….asc``."""
    return KEYS + key.file.path.removeprefix(profile.keys + "/")


def osv_url(bulletin: Bulletin) -> str:
    """A bulletin for scanners: ``osv/x_QSB-029.json``."""
    return f"osv/x_{bulletin.id}.json"


def csaf_url(bulletin: Bulletin) -> str:
    """A bulletin as CSAF: ``csaf/2017/qsb-029.json``; what the name is made of, CSAF says."""
    name = re.sub("[^+a-z0-9-]+", "_", bulletin.id.lower())
    return f"{CSAF}{bulletin.published.year:04d}/{name}.json"


def feed_url(slug: str, archive: int | None = None) -> str:
    """A feed: ``feeds/qsb.atom.xml``; or one of its archive documents: ``feeds/qsb-1.atom.xml``."""
    return f"feeds/{slug}-{archive}.atom.xml" if archive else f"feeds/{slug}.atom.xml"


def json_feed_url(slug: str, archive: int | None = None) -> str:
    """The same as a JSON Feed: ``feeds/all.json``, ``feeds/all-1.json``."""
    return f"feeds/{slug}-{archive}.json" if archive else f"feeds/{slug}.json"


def release_url(name: str) -> str:
    """A release's page: ``release/4.3/``."""
    return f"{RELEASE}{slug_of(name)}/"


def package_url(name: str) -> str:
    """A package's page: ``package/linux-kernel/``."""
    return f"{PACKAGE}{slug_of(name)}/"


def advisory_url(number: int) -> str:
    """An advisory's page: ``xsa/212/``."""
    return f"{XSA}{number}/"


def published_advisory(number: int, profile: Profile) -> str:
    """Where the Xen Project has published an advisory: an address elsewhere."""
    links = profile.links
    template = links.historical if number <= links.historical_until else links.advisory
    return template.replace("{number}", str(number)).replace("{id}", f"XSA-{number}")


def published_cve(cve: str, profile: Profile) -> str:
    """Where a CVE is published: an address elsewhere."""
    return profile.links.cve.replace("{id}", cve)


def redirects(profile: Profile) -> dict[str, str]:
    """Addresses of long standing that lead elsewhere on the site, and where they lead."""
    lists = {"bulletins/": list_url(profile.bulletins), "canaries/": list_url(profile.canaries)}
    return {old: new for old, new in lists.items() if old not in lists.values()}


def letter_prefix(letter: Letter) -> str:
    """What ids of a letter begin with, on the page that it shares with its canary."""
    return f"{letter.name}-"


class LinkResolver:
    """Gives the address of an identifier, seen from a page whose way to the root is ``root``.

    Advisories and CVEs lead to their pages here; where the site has none (``pages`` is False, with
    a theme of someone else, or only a remark in the tracker data names them), to where they are
    published.
    """

    def __init__(
        self, archive: Archive, profile: Profile, root: str, *, pages: bool = True
    ) -> None:
        self._profile = profile
        self._root = root
        self._page = "" if "://" in root else INDEX
        self._pages = pages
        self._bulletins = {b.number: b for b in archive.bulletins}
        self._advisories = {a.number for a in archive.advisories}
        self._cves = {cve.id for cve in archive.cves}

    def __call__(self, identifier: Id) -> str | None:
        """The address, or None where the identifier leads nowhere."""
        if identifier.scheme == "XSA":
            return self._advisory(int(identifier.value.removeprefix("XSA-")))
        if identifier.scheme == "CVE":
            return self._cve(identifier.value)
        if identifier.scheme == "bulletin" and self._is_own(identifier.text):
            bulletin = self._bulletins.get(int(identifier.value))
            if bulletin:
                return self._root + page_url(bulletin, self._profile) + self._page
        return None

    def _advisory(self, number: int) -> str:
        """Its page: there is one for whatever a text names."""
        if not self._pages or number not in self._advisories:
            return published_advisory(number, self._profile)
        return self._root + advisory_url(number) + self._page

    def _cve(self, cve: str) -> str:
        """Its place on the page of all CVEs, where all that a text names stand."""
        if not self._pages or cve not in self._cves:
            return published_cve(cve, self._profile)
        return f"{self._root}{CVE}{self._page}#{cve}"

    def _is_own(self, text: str) -> bool:
        """Whether an id like ``QSB #37`` is one of this issuer's."""
        first = text.split(maxsplit=1)[0]
        return first.startswith(self._profile.bulletins.prefix) or first == self._profile.issuer
