"""The versions of every document of a pack, and which of them each signature covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from secpack.history.matching import read_past
from secpack.history.versions import find_versions
from secpack.model.archive import Key, Signature
from secpack.model.history import Difference, History, Version
from secpack.pack import Contents
from secpack.profile import Profile
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_pack


def read_history(
    root: Path, contents: Contents, profile: Profile, checker: Checker
) -> tuple[tuple[Key, ...], Mapping[str, Signature], History]:
    """Check all signatures that a pack has and had.

    Return its keys, the signatures in the folder by path, and the history, which is that of the
    folder where git has none. Raises ProgramMissingError when gpgv is missing.
    """
    past = read_past(root, contents, profile)
    keys, judged = check_pack(contents, profile, checker, [pair.job for pair in past.pairs])
    signatures = past.signatures(judged)
    history = find_versions(past, signatures, profile)
    known = {digest: s for of_id in signatures.values() for digest, s in of_id.items()}
    for path, signature in judged.items():
        if found := known.get(signature.file.sha256):
            judged[path] = replace(signature, covers=found.covers, first=found.first)
    return keys, judged, history


def as_lines(history: History) -> Iterator[str]:
    """The versions of each document, and what is pending, for people."""
    if history.unavailable:
        yield f"Only the texts in the folder are known: {history.unavailable}"
    for document, version in ((d, v) for d in history.documents for v in d.versions):
        signers = ", ".join(signature.signer for signature in version.signatures)
        is_silent = version.difference is Difference.WORDS and not version.noted
        kind = (
            f"{version.difference}, without a changelog entry" if is_silent else version.difference
        )
        yield f"{document.id}: {_printed(version.time)} {kind}; signed by {signers}"
    for pending in history.pending:
        yield f"{pending.id}: {pending.reason}"
        yield from pending.waiver.splitlines()


def as_data(history: History) -> dict[str, Any]:
    """The same for programs, with every signature file."""
    documents = [
        {
            "id": document.id,
            "versions": [version_data(version) for version in document.versions],
            "signatures": [
                {"file": s.file.path, "sha256": s.file.sha256, "signer": s.signer or None}
                | {"time": _printed(s.created), "verdict": s.verdict, "covers": s.covers or None}
                for s in document.signatures
            ],
        }
        for document in history.documents
    ]
    return {
        "unavailable": history.unavailable or None,
        "documents": [each for each in documents if not set("./") & set(str(each["id"]))],
        "attachments": [each for each in documents if set("./") & set(str(each["id"]))],
        "pending": [
            {"id": p.id, "file": p.file.path, "sha256": p.file.sha256, "reason": p.reason}
            | {"missing": p.missing, "waiver": p.waiver or None}
            for p in history.pending
        ],
    }


def version_data(version: Version) -> dict[str, Any]:
    """A version, as data."""
    return {
        "sha256": version.file.sha256,
        "time": _printed(version.time),
        "updated": _printed(version.updated),
        "day": version.day and f"{version.day}",
        "signers": {s.signer: _printed(s.created) for s in version.signatures},
        "kind": version.difference,
        "changelog": version.noted,
        "commit": version.commit or None,
        "complete": version.complete or None,
        "misfit": version.misfit or None,
    }


def _printed(time: datetime | None) -> str | None:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else None
