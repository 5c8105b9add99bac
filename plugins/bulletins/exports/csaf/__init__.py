"""``csaf/``, ``vex/`` and ``.well-known/csaf/``: CSAF 2.0, in the trees of a provider.

``csaf/`` has the bulletins, ``vex/`` the tracker's verdicts. Only an issuer is a provider: the
profile needs a table ``[csaf]``. CSAF also requires that the site's URL begins with ``https://``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from markupsafe import Markup

from bulletins import words
from bulletins.exports.csaf.document import bulletin_document, publisher, verdict_document
from bulletins.exports.csaf.products import product_name
from bulletins.exports.data import filled, to_json
from bulletins.exports.facts import all_facts
from bulletins.exports.vex import all_verdicts
from bulletins.site import Site
from bulletins.urls import CSAF_FEED, CSAF_PROVIDER, INDEX, VEX_FEED, csaf_url, key_url, vex_url
from secpack import SecpackError

#: The algorithms of the digests next to each document.
_DIGESTS: Final = ("sha256", "sha512")

#: A document: its URL, its head, and by their endings what the files beside it are.
_Head: TypeAlias = tuple[str, dict[str, Any], Mapping[str, str]]


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
    heads: list[_Head] = []
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
        heads.append((url, data["document"], beside))
    feed = _feed(feed_url, title, heads, site)
    paths = [url.removeprefix(folder) for url, *_ in heads]
    yield f"{folder}index.txt", "".join(f"{path}\n" for path in paths).encode()
    rows = [(entry["content"]["src"], entry["updated"]) for entry in feed["entry"]]
    changes = [f'"{url.removeprefix(f"{site.url}/{folder}")}","{day}"\n' for url, day in rows]
    yield f"{folder}changes.csv", "".join(changes).encode()
    yield feed_url, to_json({"feed": feed}, lines=False)
    return feed


def _feed(url: str, title: str, heads: Sequence[_Head], site: Site) -> dict[str, Any]:
    """The feed of some documents: what changed last first."""
    entries = [_entry(head, f"{site.url}/{path}", beside) for path, head, beside in reversed(heads)]
    entries.sort(key=itemgetter("updated"), reverse=True)
    return {
        "id": url.removesuffix(".json").replace("/", "-"),
        "title": title,
        "link": [{"rel": "self", "href": f"{site.url}/{url}"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": entries[0]["updated"],
        "entry": entries,
    }


def _entry(head: dict[str, Any], url: str, beside: Mapping[str, str]) -> dict[str, Any]:
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
    return filled(public_openpgp_keys=keys) | {
        "canonical_url": f"{site.url}/{CSAF_PROVIDER}",
        "distributions": [_distribution(feed) for feed in feeds],
        "last_updated": max(feed["updated"] for feed in feeds),
        "list_on_CSAF_aggregators": own.listed,
        "mirror_on_CSAF_aggregators": own.mirrored,
        "metadata_version": "2.0",
        "publisher": publisher(site.profile),
        "role": own.role,
    }


def _distribution(feed: dict[str, Any]) -> dict[str, Any]:
    url = feed["link"][0]["href"]
    shown = {"summary": feed["title"], "tlp_label": "WHITE", "url": url}
    return {"directory_url": url.rpartition("/")[0] + "/", "rolie": {"feeds": [shown]}}
