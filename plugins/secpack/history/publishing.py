"""What a strict build publishes: the newest version of each document, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from secpack.model.archive import Attachment, Signature, Verdict
from secpack.model.findings import Finding, Severity
from secpack.model.history import DocumentHistory, History, Version
from secpack.pack import Contents, Layout, TextFile, text_file
from secpack.profile import Profile
from secpack.signatures.policy import check_signature


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
