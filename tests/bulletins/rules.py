"""What specifications demand where there is no judge at little cost: faults, as words.

Written from the specifications and not from what we write. ``test_rules.py`` shows that each finds
fault with what is broken.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema

_TIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"  # RFC 3339
_WORDS: Final = {"type": "string", "minLength": 1}
_MOMENT: Final = {"type": "string", "pattern": _TIME}
_WEB: Final = {"type": "string", "pattern": r"^https://[^\s/]+/\S*$"}
_JSON: Final = {"type": "string", "pattern": r"^https://[^\s/]+/\S*\.json$"}


def _object(needed: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these keys, and others that nothing is said of."""
    return {"type": "object", "required": list(needed), "properties": needed | optional}


def _list(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


def _begins(first: dict[str, str], needed: dict[str, Any]) -> dict[str, Any]:
    """A list of objects whose first has these values."""
    found = {"prefixItems": [{"properties": {key: {"const": v} for key, v in first.items()}}]}
    return _list(_object(needed), 1) | found


def _by(schema: Any, data: object) -> list[str]:
    judge = jsonschema.Draft202012Validator(schema)
    return [f"{'/'.join(map(str, e.path))}: {e.message}" for e in judge.iter_errors(data)]


# --- JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/ -------------------------------------

_ITEM: Final = _object(
    {"id": _WORDS},
    url=_WORDS,
    title={"type": "string"},
    summary={"type": "string"},
    content_html={"type": "string"},
    content_text={"type": "string"},
    date_published=_MOMENT,
    date_modified=_MOMENT,
    tags=_list({"type": "string"}),
    attachments=_list(
        _object(
            {"url": _WORDS, "mime_type": {"type": "string", "pattern": "^[a-z]+/[a-z0-9.+-]+$"}},
            title={"type": "string"},
            size_in_bytes={"type": "integer", "minimum": 0},
        )
    ),
) | {"anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}]}

_FEED: Final = _object(
    {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "items": {"type": "array", "items": _ITEM},
    },
    home_page_url=_WORDS,
    feed_url=_WORDS,
    next_url=_WORDS,
    language={"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$"},
    authors=_list(_object({}, name={"type": "string"}) | {"minProperties": 1}),
)


def json_feed_faults(data: Any) -> list[str]:
    """JSON Feed 1.1: its keys; ids are unique; the next one is another document."""
    faults = _by(_FEED, data)
    if faults:
        return faults
    ids = Counter(item["id"] for item in data["items"])
    faults += [f"{n} items are called {name}" for name, n in ids.items() if n > 1]
    if "next_url" in data and data["next_url"] == data.get("feed_url"):
        faults.append("next_url leads to the same document")
    return faults


# --- security.txt, RFC 9116 -------------------------------------------------------------------

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_TAGS: Final = re.compile(
    r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*(, ?[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)*"
)
_FIELDS: Final = re.compile(r"([!-9;-~]+): ([^\r\n]*\S)")
_URIS: Final = ("acknowledgments", "canonical", "contact", "csaf", "encryption", "hiring", "policy")


def security_txt_faults(data: bytes) -> list[str]:
    """RFC 9116, sections 2.3 to 2.5 and 4; ``CSAF`` is in the registry that it made."""
    text = data.decode()
    faults = [] if text.endswith("\n") else ["the last line does not end"]
    fields: list[tuple[str, str]] = []
    for line in text.splitlines():
        if match := _FIELDS.fullmatch(line):
            fields.append((match[1].lower(), match[2]))
        elif line and not line.startswith("#"):
            faults.append(f"not a field: {line!r}")
    counts = Counter(name for name, _ in fields)
    faults += [] if counts["contact"] else ["no Contact"]
    faults += [] if counts["expires"] == 1 else [f"{counts['expires']} times Expires"]
    faults += ["several Preferred-Languages"] if counts["preferred-languages"] > 1 else []
    return [*faults, *(fault for field in fields for fault in _field_faults(*field))]


def _field_faults(name: str, value: str) -> Iterator[str]:
    if name == "expires" and not re.fullmatch(_TIME, value):
        yield f"not a time: {value}"
    if name == "preferred-languages" and not _TAGS.fullmatch(value):
        yield f"not languages: {value}"
    if name in _URIS and not _URI.fullmatch(value):
        yield f"{name}: not a URI: {value}"
    if name in _URIS and value.lower().startswith("http:"):
        yield f"{name}: not https: {value}"


# --- a provider's tree, CSAF 2.0, section 7.1; ROLIE, RFC 8322 --------------------------------

_METADATA: Final = _object(
    {
        "canonical_url": {"type": "string", "pattern": "^https://.*/provider-metadata\\.json$"},
        "last_updated": _MOMENT,
        "list_on_CSAF_aggregators": {"type": "boolean"},
        "mirror_on_CSAF_aggregators": {"type": "boolean"},
        "metadata_version": {"const": "2.0"},
        "publisher": _object({"category": _WORDS, "name": _WORDS, "namespace": _WEB}),
        "role": {"enum": ["csaf_publisher", "csaf_provider", "csaf_trusted_provider"]},
    },
    distributions=_list(
        _object(
            {},
            directory_url=_WEB,
            rolie=_object(
                {
                    "feeds": _list(
                        _object(
                            {
                                "tlp_label": {
                                    "enum": ["UNLABELED", "WHITE", "GREEN", "AMBER", "RED"]
                                },
                                "url": _JSON,
                            },
                            summary=_WORDS,
                        ),
                        1,
                    )
                }
            ),
        ),
        1,
    ),
)

_CATEGORY: Final = {"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}
_LINKS: Final = _begins({"rel": "self"}, {"rel": _WORDS, "href": _WEB})
_ENTRY: Final = _object(
    {
        "id": _WORDS,
        "title": _WORDS,
        "link": _LINKS,
        "published": _MOMENT,
        "updated": _MOMENT,
        "content": _object({"type": {"const": "application/json"}, "src": _JSON}),
        "format": _object({"schema": _JSON, "version": {"const": "2.0"}}),
    }
)
_ROLIE: Final = _object(
    {
        "feed": _object(
            {
                "id": {"type": "string", "pattern": "^[A-Za-z0-9+_.-]+$"},
                "title": _WORDS,
                "link": _LINKS,
                "category": _begins(_CATEGORY, {"scheme": _WORDS, "term": _WORDS}),
                "updated": _MOMENT,
                "entry": _list(_ENTRY),
            }
        )
    }
)


def provider_faults(files: Mapping[str, bytes], root: str) -> list[str]:
    """All that leads to documents of CSAF, walked through as a program does that mirrors it.

    ``files`` are those of a site by their addresses below ``root``.
    """
    metadata = json.loads(files[".well-known/csaf/provider-metadata.json"])
    faults = _by(_METADATA, metadata)
    if faults:
        return faults
    if metadata["canonical_url"] != f"{root}/.well-known/csaf/provider-metadata.json":
        faults.append("canonical_url: not its own address")
    for distribution in metadata["distributions"]:
        folder = distribution["directory_url"].removeprefix(f"{root}/")
        for feed in distribution["rolie"]["feeds"]:
            faults += _feed_faults(files, root, feed["url"], folder)
        faults += _directory_faults(files, folder)
    return faults


def _directory_faults(files: Mapping[str, bytes], folder: str) -> Iterator[str]:
    """Requirements 2, 11, 12, 13 and 18."""
    documents = {
        path.removeprefix(folder): json.loads(data)["document"]["tracking"]
        for path, data in files.items()
        if path.startswith(folder) and path.endswith(".json") and path.count("/") == 2
    }
    for path, tracking in documents.items():
        name = re.sub("[^+a-z0-9-]+", "_", tracking["id"].lower())
        if path != f"{tracking['initial_release_date'][:4]}/{name}.json":
            yield f"{path}: its name is not that of {tracking['id']}"
        digests = {p for p in files if p.startswith(f"{folder}{path}.sha")}
        if not digests:
            yield f"{path}: no digest"
        for digest in digests:
            algorithm = digest.rpartition(".")[2]
            expected = hashlib.new(algorithm, files[folder + path]).hexdigest()
            if files[digest].decode().split(" ")[0].strip() != expected:
                yield f"{digest}: not that of the document"
    if sorted(files[f"{folder}index.txt"].decode().splitlines()) != sorted(documents):
        yield "index.txt: not all documents, each once"
    rows = list(csv.reader(files[f"{folder}changes.csv"].decode().splitlines(), strict=True))
    if sorted(map(tuple, rows)) != sorted(
        (path, tracking["current_release_date"]) for path, tracking in documents.items()
    ):
        yield "changes.csv: not all documents with their dates, each once"
    if [row[-1] for row in rows] != sorted((row[-1] for row in rows), reverse=True):
        yield "changes.csv: not the newest first"


def _feed_faults(files: Mapping[str, bytes], root: str, url: str, folder: str) -> Iterator[str]:
    """Requirement 15: each document, its digests and its signatures."""
    data = json.loads(files[url.removeprefix(f"{root}/")])
    if faults := _by(_ROLIE, data):
        yield from faults
        return
    feed = data["feed"]
    if feed["link"][0]["href"] != url:
        yield "feed: self is not its own address"
    if feed["updated"] != max((entry["updated"] for entry in feed["entry"]), default=""):
        yield "feed: not updated with its newest entry"
    for entry in feed["entry"]:
        yield from _entry_faults(files, root, entry)
    listed = sorted(entry["content"]["src"].removeprefix(f"{root}/") for entry in feed["entry"])
    if listed != sorted(
        path for path in files if re.fullmatch(rf"{folder}\d{{4}}/[^/]+\.json", path)
    ):
        yield "feed: not all documents, each once"


def _entry_faults(files: Mapping[str, bytes], root: str, entry: dict[str, Any]) -> Iterator[str]:
    address = entry["content"]["src"]
    path = address.removeprefix(f"{root}/")
    if path not in files:
        yield f"{entry['id']}: leads to no document"
        return
    document = json.loads(files[path])["document"]
    told = (entry["id"], entry["title"], entry["published"], entry["updated"])
    tracking = document["tracking"]
    dates = (tracking["initial_release_date"], tracking["current_release_date"])
    if told != (tracking["id"], document["title"], *dates):
        yield f"{entry['id']}: not as its document has it"
    links = {(link["rel"], link["href"]) for link in entry["link"]}
    expected = {("self", address)}
    for other in files:
        if other.startswith(f"{path}."):
            rel = "signature" if other.endswith(".asc") else "hash"
            expected.add((rel, f"{root}/{other}"))
    if links != expected:
        yield f"{entry['id']}: links {sorted(links ^ expected)}"


# --- OSV --------------------------------------------------------------------------------------


def osv_faults(record: Mapping[str, Any]) -> list[str]:
    """What the linter of the OSV project asks of a record beyond the schema."""
    faults = [] if record.get("affected") else ["affected: none"]
    lists = {name: record.get(name, []) for name in ("aliases", "upstream", "related")}
    for name, ids in lists.items():
        faults += [f"{name}: an id twice"] if len(set(ids)) < len(ids) else []
        faults += [f"{name}: the record itself"] if record["id"] in ids else []
    for name in ("aliases", "related"):
        faults += [f"upstream: also {name}"] if {*lists["upstream"]} & {*lists[name]} else []
    for each in record.get("affected", []):
        for events in (found["events"] for found in each.get("ranges", [])):
            faults += [] if any("introduced" in e for e in events) else ["range: no introduced"]
    is_early = record["modified"] < record["published"]
    return faults + (["modified: before published"] if is_early else [])


def osv_affects(record: Mapping[str, Any], package: object, version: str, order: Any) -> bool:
    """Whether a version of a package is affected, by the algorithm of the schema of OSV.

    ``order`` makes of a version what sorts.
    """
    every = [each for each in record["affected"] if each.get("package") == package]
    if any(version in each.get("versions", ()) for each in every):
        return True
    ranges = [found["events"] for each in every for found in each.get("ranges", ())]
    return any(_in_range(events, version, order) for events in ranges)


def _in_range(events: list[dict[str, str]], version: str, order: Any) -> bool:
    """By the events in the order of their versions; ``0`` is before all."""
    places = [((v != "0", order(v)), what) for event in events for what, v in event.items()]
    is_affected, own = False, (True, order(version))
    for place, what in sorted(places, key=lambda each: each[0]):
        if what == "introduced" and own >= place:
            is_affected = True
        elif (what == "fixed" and own >= place) or (what == "last_affected" and own > place):
            is_affected = False
    return is_affected
