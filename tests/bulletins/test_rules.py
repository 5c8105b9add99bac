"""Formats without a judge obey their specifications; and what is broken does not pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.robotparser import RobotFileParser

import pytest

from bulletins.exports.crawlers import page_dates, robots, sitemap
from bulletins.site import Site as ArchiveSite
from bulletins.urls import CSAF_FEED, CSAF_PROVIDER, SECURITY_TXT
from secpack import load_profile
from secpack.model.archive import Archive
from tests.bulletins import judges, rules
from tests.bulletins.formats import exports, feeds
from tests.bulletins.judges import Place, broken
from tests.bulletins.sites import ROOT

URL = "https://example.org/security"
PROFILE = load_profile(ROOT / "content" / "demo.toml")
DOCUMENT = "csaf/2025/qsb-012.json"

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def files(archive: Archive) -> Files:
    return exports(archive, PROFILE, URL)


# --- JSON Feed --------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, ""])
def test_json_feeds(archive: Archive, url: str) -> None:
    written = feeds(archive, PROFILE, url)
    found = [json.loads(data) for path, data in written.items() if path.endswith(".json")]
    assert found
    assert [rules.json_feed_faults(feed) for feed in found] == [[]] * len(found)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "https://jsonfeed.org/version/1"),
        (("title",), None),
        (("items",), {}),
        (("items", 0, "id"), None),
        (("items", 0, "id"), 12),
        (("items", 0, "id"), "tag:quern.example.org,2016:canary-004"),
        (("items", 0, "content_html"), None),
        (("items", 0, "date_modified"), "2025-05-20"),
        (("items", 0, "date_published"), "May 6, 2025"),
        (("items", 0, "tags"), "qsb"),
        (("items", 0, "attachments", 0, "mime_type"), None),
        (("items", 0, "attachments", 0, "size_in_bytes"), "12"),
        (("authors",), [{}]),
        (("next_url",), f"{URL}/feeds/all.json"),
    ],
)
def test_a_broken_json_feed(files: Files, path: Place, value: object) -> None:
    assert rules.json_feed_faults(broken(files["feeds/all.json"], path, value))


# --- security.txt -----------------------------------------------------------------------------


def test_security_txt(files: Files) -> None:
    assert b"\nCSAF: https://" in files[SECURITY_TXT]
    assert rules.security_txt_faults(files[SECURITY_TXT]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Contact:", b"X-Contact:"),
        (b"Contact: mailto:", b"Contact: "),
        (b"Contact: https://", b"Contact: http://"),
        (b"Expires: 2027-12-31T00:00:00Z", b"Expires: 2027-12-31"),
        (b"Expires:", b"X-Expires:"),
        (b"Expires:", b"Expires: 2026-01-01T00:00:00Z\nExpires:"),
        (b"Preferred-Languages: en", b"Preferred-Languages: en de"),
        (b"Preferred-Languages: en", b"Preferred-Languages: en\nPreferred-Languages: de"),
        (b"Encryption: https", b"Encryption:https"),
        (b"CSAF: https:", b"CSAF: http:"),
        (b"Expires", b"\nWrite to us\nExpires"),
        (b"provider-metadata.json\n", b"provider-metadata.json"),
    ],
)
def test_a_broken_security_txt(files: Files, old: bytes, new: bytes) -> None:
    assert old in files[SECURITY_TXT]
    assert rules.security_txt_faults(files[SECURITY_TXT].replace(old, new))


# --- CSAF's tree ------------------------------------------------------------------------------


def test_a_provider(files: Files) -> None:
    assert rules.provider_faults(files, URL) == []
    metadata = json.loads(files[CSAF_PROVIDER])
    document = json.loads(files[DOCUMENT])["document"]
    assert document["publisher"] == metadata["publisher"]  # which CSAF's own judge has seen


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("canonical_url",), None),
        (("canonical_url",), "http://example.org/provider-metadata.json"),
        (("canonical_url",), "https://example.org/.well-known/csaf/provider-metadata.json"),
        (("last_updated",), "2025-05-20"),
        (("list_on_CSAF_aggregators",), "yes"),
        (("metadata_version",), "2.1"),
        (("publisher", "namespace"), None),
        (("role",), "mirror"),
        (("distributions",), []),
        (("distributions", 0, "directory_url"), "csaf/"),
        (("distributions", 0, "rolie", "feeds", 0, "tlp_label"), "CLEAR"),
        (("distributions", 0, "rolie", "feeds", 0, "url"), f"{URL}/csaf/"),
    ],
)
def test_broken_metadata(files: Files, path: Place, value: object) -> None:
    data = json.dumps(broken(files[CSAF_PROVIDER], path, value)).encode()
    assert rules.provider_faults(files | {CSAF_PROVIDER: data}, URL)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "a feed"),
        (("link", 0, "rel"), "alternate"),
        (("link", 0, "href"), f"{URL}/csaf/other.json"),
        (("category",), []),
        (("category", 0, "term"), "vulnerability"),
        (("updated",), "2025-05-19T00:00:00Z"),
        (("entry", 0), None),
        (("entry", 0, "id"), "QSB-011"),
        (("entry", 0, "title"), ""),
        (("entry", 0, "updated"), "2025-05-06T00:00:00Z"),
        (("entry", 0, "link", 2), None),
        (("entry", 0, "link", 1, "rel"), "digest"),
        (("entry", 0, "content", "src"), f"{URL}/csaf/2024/qsb-012.json"),
        (("entry", 0, "content", "type"), "text/plain"),
        (("entry", 0, "format", "version"), "2.1"),
    ],
)
def test_a_broken_rolie_feed(files: Files, path: Place, value: object) -> None:
    data = json.dumps(broken(files[CSAF_FEED], ("feed", *path), value)).encode()
    assert rules.provider_faults(files | {CSAF_FEED: data}, URL)


def moved(files: Files) -> Files:
    kept = {path: data for path, data in files.items() if not path.startswith(DOCUMENT)}
    return kept | {"csaf/2024/qsb-012.json": files[DOCUMENT]}


@pytest.mark.parametrize(
    "change",
    [
        moved,
        lambda files: {p: data for p, data in files.items() if p != f"{DOCUMENT}.sha512"},
        lambda files: files | {f"{DOCUMENT}.asc": b"a signature"},
        lambda files: files | {f"{DOCUMENT}.sha256": b"0" * 64},
        lambda files: files | {DOCUMENT: files[DOCUMENT] + b" "},
        lambda files: files | {"csaf/index.txt": files["csaf/index.txt"][20:]},
        lambda files: files | {"csaf/changes.csv": files["csaf/changes.csv"][40:]},
        lambda files: (
            files | {"csaf/changes.csv": b"\n".join(files["csaf/changes.csv"].splitlines()[::-1])}
        ),
        lambda files: (
            files | {"csaf/changes.csv": files["csaf/changes.csv"].replace(b"05-20T", b"05-21T")}
        ),
    ],
)
def test_a_broken_tree(files: Files, change: Callable[[Files], Files]) -> None:
    assert rules.provider_faults(change(files), URL)


# --- sitemap, robots.txt ----------------------------------------------------------------------


def test_a_sitemap(archive: Archive) -> None:
    site = ArchiveSite(archive, PROFILE, URL)
    dates = page_dates(site)
    written = sitemap([f"{address}index.html" for address in dates], dates, site.public)
    assert judges.sitemap_faults(written) == []
    assert judges.sitemap_faults(sitemap(["a&<b>/ü ]]>/index.html"], {}, site.public)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"sitemap/0.9", b"sitemap/0.8"),
        (b"loc>", b"link>"),
        (b"<lastmod>2025-", b"<lastmod>25-"),
        (b"<lastmod>2025-05-20", b"<lastmod>May 20, 2025"),
        (b"</loc>", b"</loc><loc>https://example.org/again</loc>"),
        (b"<url>", b"<url><title>A page</title>"),
    ],
)
def test_a_broken_sitemap(archive: Archive, old: bytes, new: bytes) -> None:
    site = ArchiveSite(archive, PROFILE, URL)
    dates = page_dates(site)
    written = sitemap([f"{address}index.html" for address in dates], dates, site.public)
    changed = written.replace(old, new)
    assert changed != written
    assert judges.sitemap_faults(changed)


def test_robots_txt_lets_all_programs_in() -> None:
    for url in (URL, ""):
        parser = RobotFileParser()
        parser.parse(robots(url).decode().splitlines())
        assert parser.can_fetch("AnyBot", f"{URL}/qsb/012/")
        assert parser.site_maps() == ([f"{URL}/sitemap.xml"] if url else None)
