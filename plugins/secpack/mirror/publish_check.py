"""The release gate: what was public must stay so. A comparison of data, without effects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from xml.etree import ElementTree as ET

from secpack.errors import SecpackError
from secpack.model.findings import Finding, Severity

#: What the gate finds; a profile's waivers for these are for it alone.
CODES: Final = frozenset(
    {
        "release-address-gone",
        "release-date-changed",
        "release-document-gone",
        "release-feed-id",
        "release-key-gone",
        "release-original-changed",
        "release-signature-gone",
        "release-signature-weaker",
        "release-updated-backwards",
    }
)

ARCHIVE_JSON: Final = "data/archive.json"

#: Digests by their strength (RFC 9580, section 9.5); what cannot be read is weaker than all.
_STRENGTH: Final = {
    name: rank
    for rank, names in enumerate(
        ({"MD5"}, {"SHA1", "RIPEMD160"}, {"SHA224"}, {"SHA256"}, {"SHA384"}, {"SHA512"})
    )
    for name in names
}

_FEED: Final = re.compile(r"feeds/(?P<slug>[^/]{1,100}?)(?:-(?P<number>[0-9]{1,6}))?\.atom\.xml")
_ATOM: Final = "{http://www.w3.org/2005/Atom}"

# What pages are drawn with: nobody links to these files, and their names may change.
_INTERNAL: Final = ("theme/", "search/", "pagefind/")


@dataclass(frozen=True, slots=True)
class ReleasedDocument:
    """A bulletin or canary as a site's data tell it; days as ``2025-05-06``."""

    id: str
    file: str
    url: str
    sha256: str
    published: str
    updated: str
    revisions: int

    @property
    def addresses(self) -> tuple[str, ...]:
        """What the addresses that it alone has begin with: its page, itself in other formats."""
        csaf = f"csaf/{self.published[:4]}/{self.id.lower()}."
        return (self.url, f"osv/x_{self.id}.", csaf)


@dataclass(frozen=True, slots=True)
class ReleasedFeed:
    """One document of a feed: its id and time, and the times of its entries by their ids."""

    id: str
    updated: str
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReleasedSignature:
    """A signature as a site's data describe it: its digest, and the time that it claims."""

    digest: str
    created: str

    def __str__(self) -> str:
        return f"over {self.digest or 'an unknown digest'}, of {self.created or 'an unknown time'}"

    def replaces(self, old: ReleasedSignature) -> bool:
        """Whether it is as strong as another, and not older."""
        stronger = _STRENGTH.get(self.digest, -1) >= _STRENGTH.get(old.digest, -1)
        return stronger and self.created >= old.created


@dataclass(frozen=True, slots=True)
class Release:
    """What a site has made public, by its own data.

    ``files`` are digests by path, ``documents`` by id; ``others`` are digests of letters and
    attachments by path, ``signatures`` by path, ``keys`` paths by fingerprint, ``feeds`` by path.
    """

    files: Mapping[str, str]
    documents: Mapping[str, ReleasedDocument]
    others: Mapping[str, str]
    signatures: Mapping[str, ReleasedSignature]
    keys: Mapping[str, str]
    feeds: Mapping[str, ReleasedFeed]


def read_release(files: Mapping[str, str], read: Callable[[str], bytes]) -> Release:
    """Read a site: ``files`` are the digests of its files by path, ``read`` gives a file's bytes.

    Raises SecpackError when its data are not in the form in which they are published.
    """
    try:
        data = json.loads(read(ARCHIVE_JSON))
        feeds = {p: _feed(read(p)) for p in sorted(files) if _FEED.fullmatch(p)}
        return _release(files, data, feeds)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ET.ParseError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SecpackError(f"{ARCHIVE_JSON}, or a feed, cannot be read: {reason}") from None


def read_documents(data: bytes) -> dict[str, ReleasedDocument]:
    """Read the bulletins and canaries of ``data/archive.json``, by id, from whomever it comes.

    Raises SecpackError when it is not in the form in which it is published.
    """
    try:
        parsed = json.loads(data)
        documents = {p["id"]: _document(p) for p in (*parsed["bulletins"], *parsed["canaries"])}
        for document in documents.values():
            _check_day(document.published)
            _check_day(document.updated)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SecpackError(f"cannot be read: {type(error).__name__}: {error}") from None
    return documents


def _check_day(day: str) -> None:
    if date.fromisoformat(day).isoformat() != day:
        raise ValueError(f"{day!r}: expected a day such as 2025-05-06")


def _release(
    files: Mapping[str, str], data: Mapping[str, Any], feeds: Mapping[str, ReleasedFeed]
) -> Release:
    publications = [*data["bulletins"], *data["canaries"]]
    others = [x for p in publications for x in p.get("letters", ())]
    others += data.get("attachments", ())
    signed = [*publications, *others]
    return Release(
        files=files,
        documents={p["id"]: _document(p) for p in publications},
        others={x["file"]: x["sha256"] for x in others},
        signatures={s["file"]: _signature(s) for x in signed for s in x["signatures"]},
        keys={key["fingerprint"]: key["file"] for key in data["keys"]},
        feeds=feeds,
    )


def _document(data: Mapping[str, Any]) -> ReleasedDocument:
    return ReleasedDocument(
        id=str(data["id"]),
        file=str(data["file"]),
        url=str(data["url"]),
        sha256=str(data["sha256"]),
        published=str(data["published"]),
        updated=str(data["updated"]),
        revisions=len(data["revisions"]),
    )


def _signature(data: Mapping[str, Any]) -> ReleasedSignature:
    return ReleasedSignature(str(data["digest"] or ""), str(data["created"] or ""))


def _feed(data: bytes) -> ReleasedFeed:
    root = ET.fromstring(data)  # noqa: S314 - our own feed; expat bounds what it expands
    entries = root.iter(f"{_ATOM}entry")
    return ReleasedFeed(
        id=_text(root, "id"),
        updated=_text(root, "updated"),
        entries={_text(entry, "id"): _text(entry, "updated") for entry in entries},
    )


def _text(element: ET.Element, name: str) -> str:
    found = element.findtext(_ATOM + name)
    if not found:
        raise ValueError(f"a feed without {name}")
    return found


# --- the gate ---------------------------------------------------------------------------------


def check_release(new: Release, old: Release) -> list[Finding]:
    """What the new site would take away from, or change about, what the old one made public.

    Findings name a path on the site. What follows from another finding is not one: a bulletin
    that is gone takes its page, its signatures and its feed entries with it.
    """
    gone = [d for key, d in sorted(old.documents.items()) if key not in new.documents]
    found = [_found("document-gone", d.file, f"{d.id} was public, and is gone") for d in gone]
    for key, before in sorted(old.documents.items()):
        if key in new.documents:
            found += _changed(new.documents[key], before)
    found += _others(new, old)
    lost = tuple(address for d in gone for address in d.addresses)
    found += _signatures(new, old, lost)
    found += _keys(new, old)
    explained = {f.file for f in found}
    addresses = _addresses(new, old, lost, explained)
    ids = {d.id.lower() for d in gone}
    found += [f for f in addresses if _stem(f.file) not in ids]
    found += _feeds(new, old, gone)
    return sorted(found)


def _found(code: str, file: str, message: str) -> Finding:
    return Finding(file, 0, f"release-{code}", message, Severity.ERROR)


def _changed(new: ReleasedDocument, old: ReleasedDocument) -> Iterator[Finding]:
    if new.published != old.published:
        message = f"{old.id} was published on {old.published}, and is now dated {new.published}"
        yield _found("date-changed", old.file, message)
    if new.updated < old.updated:
        message = f"{old.id} was revised on {old.updated}, and now on {new.updated}"
        yield _found("updated-backwards", old.file, message)
    revised = new.updated > old.updated or new.revisions > old.revisions
    if new.sha256 != old.sha256 and not revised:
        message = f"the text of {old.id} differs, without a revision in it that says so"
        yield _found("original-changed", old.file, message)


def _others(new: Release, old: Release) -> Iterator[Finding]:
    """Letters and attachments, which know no revisions."""
    for path, digest in sorted(old.others.items()):
        if new.others.get(path, digest) != digest:
            yield _found("original-changed", path, "differs, and cannot say that it was revised")


def _signatures(new: Release, old: Release, lost: tuple[str, ...]) -> Iterator[Finding]:
    for path, before in sorted(old.signatures.items()):
        after = new.signatures.get(path)
        if after is None and not path.startswith(lost):
            yield _found("signature-gone", path, "this signature was public, and is gone")
        elif after and not after.replaces(before):
            message = f"was a signature {before}; now it is a weaker or older one, {after}"
            yield _found("signature-weaker", path, message)


def _keys(new: Release, old: Release) -> Iterator[Finding]:
    for fingerprint, path in sorted(old.keys.items()):
        if fingerprint not in new.keys:
            yield _found("key-gone", path, f"the key {fingerprint} was public, and is gone")


def _addresses(
    new: Release, old: Release, lost: tuple[str, ...], explained: Iterable[str]
) -> Iterator[Finding]:
    for path in sorted(old.files.keys() - new.files.keys() - set(explained)):
        if _is_address(path) and not path.startswith(lost):
            yield _found("address-gone", path, "this address was public, and would lead nowhere")


def _stem(path: str) -> str:
    """The document that an export is about, by its name, such as ``osv/x_QSB-012.json``."""
    return path.rpartition("/")[2].partition(".")[0].lower().removeprefix("x_")


def _is_address(path: str) -> bool:
    """Whether people and programs may hold on to a path; precompressed copies are not asked for."""
    inner = path.startswith(_INTERNAL) and not path.endswith(".html")
    return not inner and not path.endswith(".gz")


def _feeds(new: Release, old: Release, gone: Iterable[ReleasedDocument]) -> Iterator[Finding]:
    excused = {d.id.lower() for d in gone}
    excused |= {
        d.id.lower()
        for key, d in new.documents.items()
        if key in old.documents and d.updated < old.documents[key].updated
    }
    for path, before in sorted(old.feeds.items()):
        if path not in new.feeds:
            continue
        after = new.feeds[path]
        if after.id != before.id:
            yield _found("feed-id", path, f"the feed's id was {before.id}, and is now {after.id}")
        elif not excused and after.updated < before.updated:
            message = f"the feed was updated {before.updated}, and now {after.updated}"
            yield _found("updated-backwards", path, message)
        elif _is_head(path):
            yield from _entries(path, _all_entries(new, path), _all_entries(old, path), excused)


def _entries(
    path: str, new: Mapping[str, str], old: Mapping[str, str], excused: set[str]
) -> Iterator[Finding]:
    kept = {key: old[key] for key in sorted(old) if key.rpartition(":")[2] not in excused}
    lost = [key for key in kept if key not in new]
    if lost:
        message = f"{len(lost)} entries are gone, or have another id, such as {lost[0]}"
        yield _found("feed-id", path, message)
    back = [key for key, updated in kept.items() if new.get(key, updated) < updated]
    if back:
        message = f"{len(back)} entries are dated back, such as {back[0]}"
        yield _found("updated-backwards", path, message)


def _all_entries(release: Release, head: str) -> dict[str, str]:
    """The entries of a feed, those of its archive documents among them."""
    match = _FEED.fullmatch(head)
    assert match
    entries: dict[str, str] = {}
    for path, feed in sorted(release.feeds.items()):
        part = _FEED.fullmatch(path)
        if part and part["slug"] == match["slug"]:
            entries |= feed.entries
    return entries


def _is_head(path: str) -> bool:
    match = _FEED.fullmatch(path)
    return bool(match and not match["number"])
