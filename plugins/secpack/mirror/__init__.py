"""What a site says of itself, in ``SHA256SUMS`` and ``data/archive.json``. Both may be hostile."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final

from secpack.errors import ParseError, SecpackError
from secpack.files import is_safe
from secpack.programs import limited_memory

#: The digests of all files, and the names of signatures that a publisher may put next to them.
CHECKSUMS: Final = "SHA256SUMS"
SIGNATURES: Final = (f"{CHECKSUMS}.asc", f"{CHECKSUMS}.sig")

#: The documents, signatures and keys that a site has published.
ARCHIVE_JSON: Final = "data/archive.json"

#: The state of the site, and what it was made of.
MANIFEST_JSON: Final = "data/manifest.json"

#: The most files that a site may have, and the most bytes of one.
_MAX_FILES: Final = 500_000
MOST_OF_A_FILE: Final = 64 * 1024 * 1024

_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")


def parse_checksums(data: bytes) -> dict[str, str]:
    """Return the digests by path, such as ``qsb/029/index.html``, in the order of the file.

    Raises ParseError for a path that leaves the site, occurs twice or cannot be a file's.
    """
    if data.count(b"\n") > _MAX_FILES:
        raise ParseError(f"lists more than {_MAX_FILES} files", path=CHECKSUMS)
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise ParseError("not UTF-8", path=CHECKSUMS) from None
    if lines.pop():
        raise ParseError("the last line has no line end", path=CHECKSUMS)
    checksums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if not match or not is_safe(match[2]):
            message = "expected a digest, two spaces, and a path inside the site"
            raise ParseError(message, path=CHECKSUMS, line=number)
        if match[2] in checksums or match[2] in (CHECKSUMS, *SIGNATURES):
            message = f"{match[2]} must not be listed, or is listed twice"
            raise ParseError(message, path=CHECKSUMS, line=number)
        checksums[match[2]] = match[1]
    return checksums


def format_checksums(checksums: Mapping[str, str]) -> bytes:
    """Write digests as ``sha256sum`` does, sorted by path."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(checksums.items())).encode()


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """The paths that only one of two sites has, or at which they differ, sorted."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


# --- data/archive.json ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """A bulletin or canary. ``files`` are the paths of its text, its letters and all signatures.

    ``updated`` is the last day that its text states. ``changed`` is the time of its version; None
    if the text is no version.
    """

    id: str
    file: str
    url: str
    sha256: str
    published: date
    updated: date
    changed: datetime | None
    files: frozenset[str]

    @property
    def time(self) -> datetime:
        """When it last changed, as far as the site says so."""
        at = self.changed or datetime.combine(self.updated, time())
        return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PublishedSignature:
    """A signature: its digest algorithm, and when it says that it was made; empty if unknown."""

    digest: str
    created: str


@dataclass(frozen=True, slots=True)
class SiteData:
    """What a site has published.

    ``documents`` are by id, and ``signatures`` by path. ``others`` are the digests of letters and
    attachments by path. By fingerprint, ``keys`` are paths, and ``revoked`` says of revoked keys
    when and why. ``trusted`` are anchors and signers, as the data name them; empty for a site that
    does not state them.
    """

    documents: Mapping[str, PublishedDocument] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, PublishedSignature] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    revoked: Mapping[str, str] = field(default_factory=dict)
    trusted: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def published_form(name: str = "") -> Iterator[None]:
    """Raise SecpackError, beginning with a name, for JSON that does not have the published form."""
    try:
        with limited_memory():  # Python takes thirty times that of a list of empty lists
            yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, MemoryError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SecpackError(f"{name} cannot be read: {reason}".strip(": ")) from None


def read_site_data(content: bytes) -> SiteData:
    """Read ``data/archive.json``. Raises SecpackError."""
    with published_form():
        data = json.loads(content)
        publications = [*data["bulletins"], *data["canaries"]]
        letters = [letter for p in publications for letter in p.get("letters", ())]
        others = [*letters, *data["attachments"]]
        signatures = [s for each in (*publications, *others) for s in each["signatures"]]
        return SiteData(
            documents={str(p["id"]): _document(p) for p in publications},
            others={str(each["file"]): str(each["sha256"]) for each in others},
            signatures={
                str(s["file"]): PublishedSignature(str(s["digest"] or ""), str(s["created"] or ""))
                for s in signatures
            },
            keys={str(k["fingerprint"]): str(k["file"]) for k in data["keys"] if k["fingerprint"]},
            revoked={
                str(k["fingerprint"]): str(k["revoked"]) for k in data["keys"] if k.get("revoked")
            },
            trusted={str(name): str(each) for name, each in data.get("trusted", {}).items()},
        )


def read_fresh_until(manifest: bytes) -> date | None:
    """Until when a site is meant to be the newest, by its ``data/manifest.json``.

    Raises SecpackError.
    """
    with published_form():
        given = json.loads(manifest).get("fresh_until")
        return date.fromisoformat(given) if given is not None else None


def _document(data: Mapping[str, Any]) -> PublishedDocument:
    texts = [data, *data.get("letters", ())]
    return PublishedDocument(
        id=str(data["id"]),
        file=str(data["file"]),
        url=str(data["url"]),
        sha256=str(data["sha256"]),
        published=date.fromisoformat(data["published"]),
        updated=date.fromisoformat(data["updated"]),
        changed=datetime.fromisoformat(changed) if (changed := data.get("changed")) else None,
        files=frozenset(str(x["file"]) for text in texts for x in (text, *text["signatures"])),
    )
