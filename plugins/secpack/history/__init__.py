"""The versions of every document of a pack, and which of them each signature covers."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from secpack.history.git import HistoryError, checked_out, incomplete, opened, uncommitted
from secpack.history.matching import read_past
from secpack.history.versions import ReadMetadata, find_versions
from secpack.model import archive as model
from secpack.model.findings import Finding, Severity
from secpack.pack import Contents, Layout, UnreadError, signature_name, text_file
from secpack.profile import Profile
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_pack, check_signature, in_words


def read_history(  # noqa: PLR0913 - the last two are given by name
    root: Path,
    contents: Contents,
    profile: Profile,
    checker: Checker | None,
    *,
    tags: Sequence[str] | None = (),
    metadata: ReadMetadata | None = None,
) -> tuple[tuple[model.Key, ...], Mapping[str, model.Signature], model.History]:
    """Check all signatures that a pack has and had, in its commit and in ``tags`` on it, too.

    Return its keys, the signatures in the folder by path, and the history, which is that of the
    folder where git has none; without a checker only what is checked out. Findings about git go to
    ``contents``. ``metadata`` is for texts that the caller has read.

    Raises ProgramMissingError without gpgv, SecpackError when a tag is not there.
    """
    built: tuple[model.GitObject, ...] = ()
    texts = (file for file in contents.files() if file not in contents.keys)
    with opened(root, profile.bundle, texts) as place:
        try:
            built = checked_out(place, tags)
            folders = (*profile.bulletins.folder, *profile.canaries.folder, *profile.keys)
            others = uncommitted(place, root, contents.files(), (*folders, *profile.attachments))
            if built and (path := next(others, "")):
                raise HistoryError(f"{path} is not as in the commit")
        except HistoryError as error:
            if tags:
                raise
            severity = Severity.NOTICE if built else Severity.WARNING  # somebody is editing
            built, message = (), f"the commit of this checkout is not stated: {error}"
            contents.findings.append(Finding(".git", 0, "no-commit", message, severity))
        if not checker:
            return (), {}, model.History(built=built)
        past = read_past(place, contents, profile)
    older = [(pair.text, model.Signature(pair.file, "")) for pair in past.pairs]
    of_git = [(each.text, each.signature) for each in built if each.signature]
    keys, signed = check_pack(contents, profile, checker, [*older, *of_git])
    results = iter(signed)
    judged = {s.file.path: s for s in islice(results, len(contents.signatures()))}
    signatures = past.signatures([*islice(results, len(older))])
    checked = tuple(replace(e, signature=next(results)) if e.signature else e for e in built)
    contents.findings += _doubts(checked)
    if built and past.unavailable and not incomplete(root):
        contents.findings.append(Finding(".git", 0, "no-history", past.unavailable))
    history = replace(find_versions(past, signatures, profile, metadata), built=checked)
    known = {digest: s for of_id in signatures.values() for digest, s in of_id.items()}
    for path, signature in judged.items():
        if older_one := known.get(signature.file.sha256):
            judged[path] = replace(signature, covers=older_one.covers, first=older_one.first)
    return keys, judged, history


def _doubts(built: Sequence[model.GitObject]) -> Iterator[Finding]:
    """Report bad signatures of a commit and of tags; their names may have to be withheld."""
    for each, signature in ((each, each.signature) for each in built):
        if signature and signature.verdict in (model.Verdict.BAD, model.Verdict.REVOKED_KEY):
            what = f"the {'tag' if each.tag else 'commit'} that is checked out"
            yield Finding(".git", 0, "commit-signature", f"{what}: {in_words(signature)}")


def as_lines(history: model.History, profile: Profile) -> Iterator[str]:
    """What is checked out, the versions of each document, and what is pending, for people."""
    for each in history.built:
        name = f"tag {each.tag}, {each.id}" if each.tag else f"commit {each.id}"
        yield f"{name}: {built_in_words(each)}"
    if history.unavailable:
        yield f"Only the texts in the folder are known: {history.unavailable}"
    for document in history.documents:
        has_changelog = document.id.startswith(f"{profile.bulletins.prefix}-")
        for number, v in enumerate(document.versions, 1):
            words = f"signed {_printed(v.time)} by {', '.join(s.signer for s in v.signatures)}"
            words += f"; {v.difference} changed" * (v.difference is not model.Difference.FIRST)
            is_silent = has_changelog and v.difference is model.Difference.WORDS and not v.noted
            words += ", without a changelog entry" * is_silent
            words += f"; never published: {v.misfit}" * bool(v.misfit)
            yield f"{document.id}: version {number}, {words}"
    for pending in history.pending:
        yield f"{pending.id}: {pending.file.path}: {pending.reason}"
        yield from pending.waiver.splitlines()
    if not history.pending:
        yield "Nothing is pending."


def built_in_words(each: model.GitObject) -> str:
    """Who signed a commit or a tag, as far as that is known."""
    if not (signature := each.signature):
        return "not signed"
    words, key = in_words(signature), signature.primary
    words += f", by the key {key}" if key not in words else ""
    return words + (f", on {_printed(signature.created)}" if signature.created else "")


def as_data(history: model.History) -> dict[str, Any]:
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
        "built": [built_data(each) for each in history.built],
        "unavailable": history.unavailable or None,
        "documents": [each for each in documents if not set("./") & set(str(each["id"]))],
        "attachments": [each for each in documents if set("./") & set(str(each["id"]))],
        "pending": [
            {"id": p.id, "file": p.file.path, "sha256": p.file.sha256, "reason": p.reason}
            | {"missing": p.missing, "waiver": p.waiver or None}
            for p in history.pending
        ],
    }


def built_data(each: model.GitObject) -> dict[str, Any]:
    """A commit or a tag, as data."""
    s = each.signature
    signed = {"verdict": s.verdict if s else None, "primary": (s and s.primary) or None}
    return {"object": each.id, "tag": each.tag or None, "words": built_in_words(each)} | signed


def version_data(version: model.Version) -> dict[str, Any]:
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
    contents: Contents,
    history: model.History,
    judged: Mapping[str, model.Signature],
    profile: Profile,
) -> Contents:
    """The newest version of each document, in place of the texts in the folder.

    Of other texts nothing is left but findings about signatures that fit no text, or do not count;
    what cannot be read is no version. Where history is not available all stay, with an error for
    each text that is no version.
    """
    if history.unavailable:
        return replace(contents, findings=[*contents.findings, *_unknown(history)])
    layout, kept = Layout(profile), Contents(keys=contents.keys, withheld=contents.withheld)
    here = {
        each.file: [judged.get(s.file.path, s) for s in each.signatures]
        for each in contents.signed()
    }
    for version in _to_publish(history, here.keys(), layout):
        file, (kind, match) = version.file, layout.place(version.file.path)
        signatures, lacking = _signatures(version, here.get(file, ()), profile)
        if kind and match:
            texts = kept.bulletins if kind is profile.bulletins else kept.canaries
            texts.append(text_file(file, match, signatures))
        else:
            kept.attachments.append(model.Attachment(file, signatures))
        for signer in lacking if file in here else ():
            message = f"no good signature by {signer} beside it; one in the history is published"
            kept.findings.append(Finding(file.path, 0, "signer-missing", message))
    numbers = {canary.number for canary in kept.canaries if not canary.letter}
    kept.canaries = [canary for canary in kept.canaries if canary.number in numbers]
    for error in contents.errors:
        if isinstance(error, UnreadError) and layout.belongs(error.path):
            kept.findings.append(Finding(error.path, 0, "pending", error.message))
        else:
            kept.errors.append(error)
    _add_findings(kept, contents, history, (s for own in here.values() for s in own))
    return kept


def _unknown(history: model.History) -> Iterator[Finding]:
    """An error for each text that is no version; an older one may be public."""
    unknown = f"; no older version is known: {history.unavailable}"
    for each in history.pending:
        yield Finding(each.file.path, 0, "pending", each.reason + unknown, Severity.ERROR)


def _to_publish(
    history: model.History, here: Set[model.File], layout: Layout
) -> Iterator[model.Version]:
    """The newest version of each document; ``here`` are the signed files of the folder.

    Another of them with the same number stays, too: that is an error, and no older version.
    """
    texts = {file.sha256 for file in here}
    for newest, version in ((d.newest, v) for d in history.documents for v in reversed(d.versions)):
        if not newest or version.misfit:
            continue
        kind, match = layout.place(version.file.path)
        is_numbered = kind and match and not match["letter"]  # others are what their names are
        is_renamed = version.file not in here and version.file.sha256 in texts and not is_numbered
        is_other = version.file.path != newest.file.path and {version.file, newest.file} <= here
        if (version is newest or is_other) and not is_renamed:
            yield version


def _add_findings(
    kept: Contents, contents: Contents, history: model.History, beside: Iterable[model.Signature]
) -> None:
    """Add findings about the folder, and faults of signatures that are not served."""
    covering = {s.file.path: d.id for d in history.documents for s in d.signatures if s.counts}
    for f in contents.findings:
        of = covering.get(f.file) if f.code == "orphan-signature" else None
        message = f"covers a text of {of}: name it as other signatures of that text"
        warning = replace(f, message=message, severity=Severity.WARNING)
        kept.findings.append(warning if of else f)
    served = {signature.file for _, signature in kept.signatures()}
    for signature in (s for s in beside if s.file not in served):
        if not signature.counts and not signature.covers_other:
            kept.findings += check_signature(signature)


def _signatures(
    version: model.Version, beside: Sequence[model.Signature], profile: Profile
) -> tuple[tuple[model.Signature, ...], list[str]]:
    """The signatures of a version, and the signers whose signature is only in the history.

    Beside the text there is none by these, or one that covers another text.
    """
    good = {s.signer: s for s in version.signatures}
    own = [s for s in beside if not (s.covers_other and s.signer in good)]
    # Where the profile names no signers, one has the name in the file here, or else the key's.
    known = {each for s in own for each in (s.signer, s.file.sha256)}
    lacking = [signer for signer, s in good.items() if not known & {signer, s.file.sha256}]
    for signer in lacking:
        path = signature_name(version.file.path, signer, [s.file.path for s in own], profile)
        own.append(replace(good[signer], file=replace(good[signer].file, path=path)))
    return tuple(own), lacking


def published(
    history: model.History, public: Collection[str], withheld: Collection[str]
) -> model.History:
    """The versions of public documents; without what could name withheld ones, as commits do.

    Signature files are those of versions: others can be of drafts.
    """
    named = {each.id: each.versions for each in history.documents if each.id in public}
    if withheld:
        named = {name: tuple(_unnamed(v) for v in named[name] if not v.misfit) for name in named}
    return replace(
        history,
        built=() if withheld else history.built,
        documents=tuple(
            model.DocumentHistory(name, each, ()) for name, each in named.items() if each
        ),
        pending=tuple(each for each in history.pending if each.id not in withheld),
    )


def _unnamed(version: model.Version) -> model.Version:
    signatures = tuple(replace(signature, first=None) for signature in version.signatures)
    return replace(version, signatures=signatures, commit="", complete="")
