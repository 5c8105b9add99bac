"""``csaf/``, ``vex/`` and ``.well-known/csaf/``: CSAF 2.0, in the trees of a provider.

``csaf/`` has the bulletins, ``vex/`` the tracker's verdicts. Only an issuer is a provider: the
profile needs a table ``[csaf]``. CSAF also requires that the site's URL begins with ``https://``.
"""

import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from markupsafe import Markup

from bulletins import words
from bulletins.exports.csaf.document import (
    bulletin_document,
    product_name,
    publisher,
    verdict_document,
)
from bulletins.exports.data import filled, to_json
from bulletins.exports.facts import all_facts
from bulletins.exports.vex import all_verdicts
from bulletins.site import Site
from bulletins.urls import CSAF_FEED, CSAF_PROVIDER, INDEX, VEX_FEED, csaf_url, key_url, vex_url
from secpack import SecpackError

#: The algorithms of the digests next to each document.
_DIGESTS: Final = ("sha256", "sha512")


def is_provider(site: Site) -> bool:
    """Whether the site is an issuer's, has a URL that CSAF allows, and a bulletin."""
    is_issuer = site.profile.csaf is not None and site.url.startswith("https://")
    return is_issuer and bool(site.archive.bulletins)


def csaf_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """All documents with their digests and signatures, and the files that list them, by URL.

    There must be a bulletin. The lists are an index, changes, a ROLIE feed (RFC 8322), metadata,
    and a page for each folder, which CSAF requires (section 7.1.14); a server need not make any.
    """
    folders: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for url, data in _trees(site):
        yield url, data
        if url != CSAF_PROVIDER:
            tree, *year, name = url.split("/")
            folders["/".join([tree, *year])][name] = name
            folders[tree] |= {f"{each}/": f"{each}/{INDEX}" for each in year}
    for folder, names in folders.items():
        items = (words.folder_item.format(url=url, name=name) for name, url in names.items())
        page = words.folder_page.format(folder=folder, items=Markup("\n").join(items))
        yield f"{folder}/{INDEX}", page.encode()


def _trees(site: Site) -> Iterator[tuple[str, bytes]]:
    product = product_name(site.profile)
    bulletins = ((csaf_url(f.bulletin), bulletin_document(f, site)) for f in all_facts(site))
    feeds = [(yield from _tree(CSAF_FEED, f"Security bulletins of {product}", bulletins, site))]
    if verdicts := all_verdicts(site):
        documents = ((vex_url(f.advisory, f.day), verdict_document(f, site)) for f in verdicts)
        feeds.append((yield from _tree(VEX_FEED, f"Verdicts on {product}", documents, site)))
    yield CSAF_PROVIDER, to_json(_metadata(feeds, site))


def _tree(
    feed_url: str, title: str, documents: Iterable[tuple[str, dict[str, Any]]], site: Site
) -> Generator[tuple[str, bytes], None, dict[str, Any]]:
    """The documents of a feed's folder, digests, signatures, and lists; returns the feed."""
    folder = feed_url[: feed_url.index("/") + 1]
    entries: list[dict[str, Any]] = []
    for url, data in documents:
        written = to_json(data, lines=False)
        yield url, written
        for algorithm in _DIGESTS:
            digest = hashlib.new(algorithm, written).hexdigest()
            yield f"{url}.{algorithm}", f"{digest}  {url.rpartition('/')[2]}\n".encode()
        beside = dict.fromkeys(_DIGESTS, "hash")
        if signature := site.notes.signatures.get(hashlib.sha256(written).hexdigest()):
            yield f"{url}.asc", signature
            beside["asc"] = "signature"
        entries.append(_entry(data["document"], f"{site.url}/{url}", beside))
    newest = entries[::-1]
    newest.sort(key=itemgetter("updated"), reverse=True)
    feed = {
        "id": feed_url.removesuffix(".json").replace("/", "-"),
        "title": title,
        "link": [{"rel": "self", "href": f"{site.url}/{feed_url}"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": newest[0]["updated"],
        "entry": newest,
    }
    above = len(f"{site.url}/{folder}")
    paths = [f"{entry['content']['src'][above:]}\n" for entry in entries]
    rows = [f'"{entry["content"]["src"][above:]}","{entry["updated"]}"\n' for entry in newest]
    yield f"{folder}index.txt", "".join(paths).encode()
    yield f"{folder}changes.csv", "".join(rows).encode()
    yield feed_url, to_json({"feed": feed}, lines=False)
    return feed


def _entry(head: dict[str, Any], url: str, beside: Mapping[str, str]) -> dict[str, Any]:
    """A document by its head; ``beside`` is what the files next to it are, by their endings."""
    proofs = [{"rel": rel, "href": f"{url}.{ending}"} for ending, rel in beside.items()]
    return {
        "id": head["tracking"]["id"],
        "title": head["title"],
        "link": [{"rel": "self", "href": url}, *proofs],
        "published": head["tracking"]["initial_release_date"],
        "updated": head["tracking"]["current_release_date"],
        "content": {"type": "application/json", "src": url},
        "format": {
            "schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "version": "2.0",
        },
    }


def _metadata(feeds: Sequence[dict[str, Any]], site: Site) -> dict[str, Any]:
    own = site.profile.csaf
    assert own
    if missing := [key for key in own.openpgp_keys if key not in site.keys]:
        raise SecpackError(f"csaf.openpgp_keys: no usable key {missing[0]} in the pack")
    urls = {key: key_url(site.keys[key], site.profile) for key in own.openpgp_keys}
    keys = [{"fingerprint": key, "url": f"{site.url}/{url}"} for key, url in urls.items()]
    shown = [
        {"summary": feed["title"], "tlp_label": "WHITE", "url": feed["link"][0]["href"]}
        for feed in feeds
    ]
    return filled(public_openpgp_keys=keys) | {
        "canonical_url": f"{site.url}/{CSAF_PROVIDER}",
        "distributions": [
            {"directory_url": each["url"].rpartition("/")[0] + "/", "rolie": {"feeds": [each]}}
            for each in shown
        ],
        "last_updated": max(feed["updated"] for feed in feeds),
        "list_on_CSAF_aggregators": own.listed,
        "mirror_on_CSAF_aggregators": own.mirrored,
        "metadata_version": "2.0",
        "publisher": publisher(site.profile),
        "role": own.role,
    }
