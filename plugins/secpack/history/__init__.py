"""The versions of every document of a pack, and which of them each signature covers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from secpack.history.matching import read_past
from secpack.history.versions import find_versions
from secpack.model.archive import Attachment, Key, Signature, Verdict
from secpack.model.findings import Finding, Severity
from secpack.model.history import Difference, DocumentHistory, History, Version
from secpack.pack import Contents, Layout, TextFile, text_file
from secpack.profile import Profile
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_pack, check_signature


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


# --- what a strict build publishes ----------------------------------------------------------


def newest_versions(
    contents: Contents, history: History, judged: Mapping[str, Signature], profile: Profile
) -> Contents:
    """The contents of a pack, with the newest version of each document in place of other texts.

    A text that is the newest version stays, with all signatures beside it. Of another text nothing
    is left but findings about signatures that fit no text, or do not count. Where history is not
    available all stay, with an error for each text that is no version: an older one may be public.
    """
    if history.unavailable:
        unknown = f"; no older version is known: {history.unavailable}"
        refused = (
            Finding(each.file.path, 0, "pending", each.reason + unknown, Severity.ERROR)
            for each in history.pending
        )
        return replace(contents, findings=[*contents.findings, *refused])
    layout = Layout(profile)
    newest = {each.id: version for each in history.documents if (version := each.newest)}

    def texts(files: Sequence[TextFile]) -> list[TextFile]:
        chosen: dict[str, TextFile] = {}
        for text in files:
            identity = layout.identity(text.file.path)
            version = newest.get(identity)
            if version and version.file.sha256 == text.file.sha256:
                chosen[identity] = text
            elif version and (match := layout.place(version.file.path)[1]):
                chosen.setdefault(identity, text_file(version.file, match, version.signatures))
        return list(chosen.values())

    canaries = texts(contents.canaries)
    numbers = {canary.number for canary in canaries if not canary.letter}
    attachments = [
        each
        if version.file.sha256 == each.file.sha256
        else Attachment(version.file, version.signatures)
        for each in contents.attachments
        if (version := newest.get(each.file.path))
    ]
    kept = replace(
        contents,
        bulletins=texts(contents.bulletins),
        canaries=[canary for canary in canaries if canary.number in numbers],
        attachments=attachments,
    )
    return replace(kept, findings=[*contents.findings, *_odd(contents, kept, judged)])


def _odd(contents: Contents, kept: Contents, judged: Mapping[str, Signature]) -> Iterator[Finding]:
    """Report signatures beside texts that are not kept: only one of an older text can wait."""
    known = {signature.file for _, signature in kept.signatures()}
    others = (s for _, s in contents.signatures() if s.file not in known)
    for signature in (judged[s.file.path] for s in others if s.file.path in judged):
        is_older = signature.verdict is Verdict.BAD and signature.covers
        if not signature.counts and not is_older:
            yield from check_signature(signature)


def published(history: History, public: Collection[str], withheld: Collection[str]) -> History:
    """The versions of public documents; without what could name withheld ones, as commits do.

    Signature files are those of versions: others can be of drafts.
    """
    named = {each.id: each.versions for each in history.documents if each.id in public}
    if withheld:
        named = {name: tuple(_unnamed(v) for v in named[name] if not v.misfit) for name in named}
    return replace(
        history,
        documents=tuple(DocumentHistory(name, each, ()) for name, each in named.items() if each),
        pending=tuple(each for each in history.pending if each.id not in withheld),
    )


def _unnamed(version: Version) -> Version:
    signatures = tuple(replace(signature, first=None) for signature in version.signatures)
    return replace(version, signatures=signatures, commit="", complete="")
