"""The publish check: what a new site would take away from the public."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET

from bulletins.urls import ARCHIVE_JSON, CSAF, FEED_URL, SEARCH, THEME, VEX, feed_url, is_signature
from secpack import SecpackError
from secpack.mirror import PublishedDocument, PublishedSignature, SiteData, read_site_data
from secpack.model.findings import PUBLISH_CHECK, Finding, Severity, counted
from secpack.signatures.gpg import ENDS

#: Digest algorithms by strength (RFC 9580, section 9.5); an unknown one is weaker than all.
_RANK: Final = ("", "MD5", "RIPEMD160", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")

_TAG: Final = re.compile(r"<[^<>]*>")

_ATOM: Final = "{http://www.w3.org/2005/Atom}"

# Nobody links to the theme's files and the search index, and their names may change.
_INTERNAL: Final = (THEME, SEARCH)


@dataclass(frozen=True, slots=True)
class Record:
    """What programs keep: its time, its number if it has one, and a digest of what it says.

    ``path`` is its file; an entry moves to another when a feed grows.
    """

    path: str = field(compare=False)
    time: str
    version: int
    digest: str


#: A record that programs would miss: its name, the path of its file, the time after which it must
#: be, and how often it must be moved to have a greater number than the public one.
Unmoved: TypeAlias = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Feed:
    """One document of a feed: its id, its date, and the ids of its entries."""

    id: str
    updated: str
    entries: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublicSite:
    """A site: the digests of its files, its data, its feeds by path, and all records by name.

    Before the first publish there is none of these.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    data: SiteData = field(default_factory=SiteData)
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)


def read_public_site(files: Mapping[str, str], read: Callable[[str], bytes]) -> PublicSite:
    """Read a site. ``files`` are the digests of its files by path; ``read`` returns a file's bytes.

    Raises SecpackError when its data or a feed does not have the published form.
    """
    feeds, records = {}, dict[str, Record]()
    path = ARCHIVE_JSON
    try:
        data = read_site_data(read(path))
        for path in sorted(files):
            if FEED_URL.fullmatch(path):
                root = ET.fromstring(read(path))  # noqa: S314 - ours; expat bounds what it expands
                entries = {_text(e, "id"): _entry(path, e) for e in root.iter(f"{_ATOM}entry")}
                feeds[path] = Feed(_text(root, "id"), _text(root, "updated"), frozenset(entries))
                records |= entries
            elif path.startswith(("osv/", CSAF, VEX)) and path.endswith(".json"):
                records |= _records(path, json.loads(read(path)))
    except (SecpackError, OSError, KeyError, TypeError, ValueError, ET.ParseError) as error:
        raise SecpackError(f"{path}: {error}") from None
    return PublicSite(files, data, feeds, records)


def _records(path: str, data: Any) -> dict[str, Record]:
    """The record in a file of OSV, CSAF or OpenVEX, with its statements, unless it is a list."""
    file, digest = path.partition("#")[0], sha256(json.dumps(data).encode()).hexdigest()
    match data:
        case {"document": {"tracking": {"current_release_date": time, "version": version}}}:
            return {path: Record(file, str(time), int(version), digest)}
        case {"statements": statements, "last_updated": time, "version": version}:
            records = {path: Record(file, str(time), int(version), digest)}
            for said in statements:
                records |= _records(f"{path}#{str(said.get('@id')).rpartition('#')[2]}", said)
            return records
        case {"modified": time} | {"vulnerability": _, "last_updated": time}:
            return {path: Record(file, str(time), 0, digest)}
    return {}


def _entry(path: str, entry: ET.Element) -> Record:
    """An entry, by its words; links and markup do not count, as they are no news for readers."""
    texts = [entry.findtext(_ATOM + name) or "" for name in ("title", "summary", "content")]
    said = [*(_TAG.sub(" ", text).split() for text in texts)]
    said.append(sorted(c.get("term", "") for c in entry.iter(f"{_ATOM}category")))
    return Record(path, _text(entry, "updated"), 0, sha256(json.dumps(said).encode()).hexdigest())


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(_ATOM + name)
    if not text:
        raise ValueError(f"no {name}")
    return text


# --- the check --------------------------------------------------------------------------------


def check_publish(new: PublicSite, old: PublicSite) -> list[Finding]:
    """Return what the new site would take away or change of the public one.

    Findings name a path on the site. The pages, signatures and feed entries of a bulletin that is
    gone are not findings of their own.
    """
    documents = old.data.documents
    gone = [d for name, d in sorted(documents.items()) if name not in new.data.documents]
    findings = [_finding("document-gone", d.file, f"{d.id} was public, and is gone") for d in gone]
    for name, before in sorted(documents.items()):
        if name in new.data.documents:
            findings += _changes(new.data.documents[name], before)
    findings += [*_changed_others(new, old), *_changed_trust(new.data, old.data)]
    findings += _lost_signatures(new, old, gone)
    explained = {finding.file for finding in findings}
    explained |= old.data.signatures.keys()
    lost = (_finding("url-gone", p, "this URL was public, and is gone") for p in old.files)
    findings += [f for f in lost if f.file not in explained and _is_lost(f.file, new, gone)]
    findings += _changed_feeds(new, old)
    return sorted(findings)


def _finding(code: str, file: str, message: str) -> Finding:
    return Finding(file, 0, PUBLISH_CHECK + code, message, Severity.ERROR)


def _changes(new: PublishedDocument, old: PublishedDocument) -> Iterator[Finding]:
    """A new version is no finding, whatever it changes; another text, or an older one, is one."""
    is_same, were = new.sha256 == old.sha256, f"{old.time:%Y-%m-%d %H:%M:%S}"
    if is_same and new.published != old.published:
        message = f"{old.id} was published on {old.published}, and is now dated {new.published}"
        yield _finding("date-changed", old.file, message)
    if is_same and old.changed and new.changed and new.changed < old.changed:
        message = f"{old.id} was dated {were}, and is now dated {new.changed:%Y-%m-%d %H:%M:%S}"
        yield _finding("updated-backwards", old.file, message)
    elif not is_same and not new.changed:
        message = f"the text of {old.id} has changed, and its signers have not signed it anew"
        yield _finding("original-changed", old.file, message)
    elif not is_same and new.time <= old.time:
        message = f"an older text of {old.id}, of {new.time:%Y-%m-%d %H:%M:%S}; public is {were}"
        yield _finding("version-older", old.file, message)


def _changed_others(new: PublicSite, old: PublicSite) -> Iterator[Finding]:
    """Letters and attachments, which have no changelog, and keys.

    A revocation that is gone, or now a mere end, would let signatures count again.
    """
    for path, digest in sorted(old.data.others.items()):
        if new.data.others.get(path, digest) != digest:
            yield _finding("original-changed", path, "this file has changed; it must stay as it is")
    for fingerprint, path in sorted(old.data.keys.items()):
        now = new.data.keys.get(fingerprint)
        if not now:
            yield _finding("key-gone", path, f"the key {fingerprint} was public, and is gone")
        elif path not in new.files:
            message = (
                f'this key has moved; add under [redirects] in the profile: "{path}" = "{now}"'
            )
            yield _finding("url-gone", path, message)
        was, now = (each.data.revoked.get(fingerprint, "") for each in (old, new))
        if was != now and (not now or any(end in now for end in ENDS)):
            message = f"the key {fingerprint} was revoked, {was}; now: {now or 'not revoked'}"
            yield _finding("key-unrevoked", path, message)


def _changed_trust(new: SiteData, old: SiteData) -> Iterator[Finding]:
    """What decides which signatures count, where the public site states it otherwise."""
    for name in sorted(new.trusted.keys() | old.trusted.keys() if old.trusted else ()):
        before, after = (each.trusted.get(name, "not stated") for each in (old, new))
        if before != after:
            message = f"{name} is {after}; on the public site it is {before}"
            yield _finding("trust-changed", f"keys/#{name}", message)


def _lost_signatures(
    new: PublicSite, old: PublicSite, gone: list[PublishedDocument]
) -> Iterator[Finding]:
    """Report lost signatures; one with the same bytes and another name beside it is not lost."""
    kept = {(path.rpartition("/")[0], new.files.get(path)) for path in new.data.signatures}
    # Beside a new version that a waiver calls signed by enough may lie a signature of the last one.
    pairs = [(d, new.data.documents.get(id_, d)) for id_, d in old.data.documents.items()]
    revised = {p for d, now in pairs if now.changed and now.sha256 != d.sha256 for p in d.files}
    for path, before in sorted(old.data.signatures.items()):
        after = new.data.signatures.get(path)
        is_kept = (path.rpartition("/")[0], old.files.get(path)) in kept
        if not (after or is_kept or any(path in document.files for document in gone)):
            yield _finding("signature-gone", path, "this signature was public, and is gone")
        elif not after or (path in revised and not after.digest):
            continue
        elif _rank(after) < _rank(before) or after.created < before.created:
            public = f"a stronger or newer one ({_described(before)})"
            message = f"this signature ({_described(after)}) would replace {public}"
            yield _finding("signature-weaker", path, message)


def unsigned(name: str) -> Finding:
    """The finding that the new checksums would have no signature, such as the public one."""
    message = "the public checksums are signed, and the new ones would not be: give SIGN_WITH"
    return _finding("signature-gone", name, message)


def _rank(signature: PublishedSignature) -> int:
    return _RANK.index(signature.digest) if signature.digest in _RANK else 0


def _described(signature: PublishedSignature) -> str:
    digest, created = signature.digest, signature.created
    return f"{digest or 'unknown digest'}, {created or 'unknown time'}"


def _is_lost(path: str, new: PublicSite, gone: list[PublishedDocument]) -> bool:
    """Whether a URL that somebody may use is gone, and not because its document is gone."""
    if path in new.files or path.endswith(".gz"):  # nobody requests compressed copies by name
        return False
    if is_signature(path):  # of another document than the new one, or it would have come along
        return False
    if path.startswith(_INTERNAL) and not path.endswith(".html"):
        return False
    return not any(path.startswith(d.url) or _stem(path) == d.id.lower() for d in gone)


def _stem(path: str) -> str:
    """The document of an export, from its file name, such as ``osv/x_QSB-012.json``."""
    return path.rpartition("/")[2].partition(".")[0].lower().removeprefix("x_")


# --- feeds and records ------------------------------------------------------------------------


def _changed_feeds(new: PublicSite, old: PublicSite) -> Iterator[Finding]:
    """Changes of feeds and records, but for those of documents that are gone or older."""
    now, documents = new.data.documents, old.data.documents.items()
    excused = {i.lower() for i, d in documents if i not in now or now[i].time < d.time}
    for path in sorted(old.feeds.keys() & new.feeds.keys()):
        feed, public = new.feeds[path], old.feeds[path]
        if feed.id != public.id:
            yield _finding("feed-id", path, f"the feed's id was {public.id}, and is now {feed.id}")
        elif not excused and feed.updated < public.updated:
            message = f"the feed was updated on {public.updated}, but is now dated {feed.updated}"
            yield _finding("updated-backwards", path, message)
        else:
            gone = _entries(path, old) - _entries(path, new)
            if lost := sorted(tag for tag in gone if _document_of(tag) not in excused):
                entries = counted(len(lost), "entry", "entries")
                message = f"gone or with another id: {entries}, such as {lost[0]}"
                yield _finding("feed-id", path, message)
    for name, path, after, _ in unmoved(new, old):
        if _document_of(name) not in excused and _stem(path) not in excused:
            message = f"{name} is new, changed or earlier; it must be later than {after}"
            yield _finding("record-unmoved", path, message)


def unmoved(new: PublicSite, old: PublicSite) -> Iterator[Unmoved]:
    """The records that programs would miss, which take only what is newer than all they saw.

    A record that is new or changed must be later than all in its folder; an entry of a feed, which
    readers know by its id, later than it was. A changed one also needs a greater number, if any.
    """
    newest = defaultdict[str, str](str)
    for record in old.records.values():
        folder = record.path.partition("/")[0]
        newest[folder] = max(newest[folder], record.time)
    for name, record in new.records.items():
        path, public = record.path, old.records.get(name, Record("", "", -1, ""))
        is_same = record.digest == public.digest
        after = "" if is_same or path in new.feeds else newest[path.partition("/")[0]]
        after = max(after, public.time)
        moves = public.version - record.version + 1 if record.version and not is_same else 0
        if record.time < after or moves > 0 or (record.time == after and not is_same):
            yield name, path, after, max(1, moves)


def _document_of(tag: str) -> str:
    """The document of an entry, from its id, such as ``tag:example.org,2016:qsb-012/ab12``."""
    return tag.rpartition(":")[2].partition("/")[0]


def _entries(newest: str, site: PublicSite) -> set[str]:
    """The ids of a feed's entries in all its documents; ``newest`` is the one to subscribe to."""
    matches = {path: FEED_URL.fullmatch(path) for path in site.feeds}
    own = (site.feeds[p].entries for p, m in matches.items() if m and feed_url(m["slug"]) == newest)
    return {*chain.from_iterable(own)}
