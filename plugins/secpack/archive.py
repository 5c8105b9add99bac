"""Joins what was read into an Archive: documents, advisories, signatures and findings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from secpack import lint
from secpack.canary.checks import check_canaries
from secpack.documents import reading
from secpack.errors import PackError
from secpack.history import newest_versions, published, read_history
from secpack.model import archive as model
from secpack.model.archive import Archive
from secpack.model.findings import PUBLISH_CHECK, Finding, Severity, Waiver, ranges, with_waivers
from secpack.pack import Contents, Layout, TextFile, digests, document_id, names_of, read_contents
from secpack.profile import Kind, Profile
from secpack.signatures.gpgv import Checker
from secpack.signatures.policy import check_signatures, is_about_signatures, signed_files
from secpack.tracker.join import check_tracker, join, without_withheld

_MOST_GAPS: Final = 100

_S = TypeVar("_S", model.Bulletin, model.Canary, model.Letter, model.Attachment)


def load(  # noqa: PLR0913 - all but the first are given by name
    path: str | Path,
    *,
    profile: Profile | None = None,
    advisories: Sequence[model.Advisory] = (),
    as_of: date | None = None,
    checker: Checker | None = None,
    only_versions: bool = False,
    tags: Sequence[str] = (),
    progress: Callable[[int, int], object] = lambda *_: None,
) -> Archive:
    """Read a pack and return it as an Archive.

    ``advisories`` is tracker data; without it the archive has the advisories that the texts name.
    It leaves out, without a trace, documents that the profile embargoes and those published after
    ``as_of`` (by default the profile's). With a ``checker`` every signature is checked and judged;
    without one the verdicts remain ``unchecked``, and there are no keys and no history. With
    ``only_versions``, which needs a checker, each document is as in its newest version, and others
    are not read. ``tags`` are names of tags to be shown with the commit. ``progress`` gets the
    number of texts read so far, and of all texts.

    Raises PackError, with all reasons and what could be read, when a file cannot be published as
    it is; SecpackError when there is no pack.
    """
    profile = profile or Profile()
    pack = contents = read_contents(Path(path), profile)
    with reading(pack, profile, progress) as texts:
        keys, judged, history = read_history(
            Path(path), pack, profile, checker, tags=tags, metadata=texts.metadata
        )
        if only_versions:
            contents = newest_versions(pack, history, judged, profile)
        bulletins, canaries = texts.documents(contents)
    limit = as_of or profile.as_of or date.max
    publications: list[model.Publication] = [*bulletins, *canaries]
    late = {p.id for p in publications if p.published > limit}
    withheld = contents.withheld | late
    # The commit that contains a withheld document is not public either.
    commit = history.built[0].id if history.built and not withheld else ""
    archive = join(
        [_with_signatures(b, judged, commit) for b in bulletins if b.id not in late],
        [_with_signatures(c, judged, commit) for c in canaries if c.id not in late],
        [without_withheld(a, withheld, profile.bulletins) for a in advisories if profile.tracker],
    )
    secret = names_of(withheld, profile)
    attachments = [a for a in contents.attachments if not secret.search(a.file.path)]
    archive = replace(
        archive,
        attachments=tuple(_with_signatures(each, judged, commit) for each in attachments),
        keys=keys,
        embargoed=len(contents.withheld),
        # A mistyped id would leave a document public.
        unknown_embargoes=tuple(sorted(profile.embargoes - contents.withheld)),
        late=len(late),
        commit=commit,
    )
    layout = Layout(profile)
    public = {layout.identity(file.path) for file, _, _ in signed_files(archive, profile)}
    archive = replace(archive, history=published(history, public, withheld))
    packs = (pack, contents)  # as it lies there, and as it is read
    findings = with_waivers(
        _findings(archive, contents, profile, withheld, is_checked=checker is not None),
        _waivers(profile, is_checked=checker is not None),
        digests(Path(path), (file for each in packs for file in each.files()), profile.waivers),
        {s.file.path: text.sha256 for each in packs for text, s in each.signatures()},
        {v.file.sha256 for each in history.documents for v in each.versions},
    )
    shown = tuple(f for f in findings if not secret.search(f"{f.file} {f.message}"))
    archive = replace(archive, findings=shown)
    if contents.errors:
        raise PackError(contents.errors, archive)
    return archive


def _with_signatures(signed: _S, judged: Mapping[str, model.Signature], commit: str) -> _S:
    """A document or an attachment with judged signatures, and their commits if one is stated."""
    own = [judged.get(s.file.path, s) if not s.primary else s for s in signed.signatures]
    signatures = tuple(replace(s, first=s.first if commit else None) for s in own)
    signed = replace(signed, signatures=signatures)
    if isinstance(signed, model.Canary):
        letters = tuple(_with_signatures(letter, judged, commit) for letter in signed.letters)
        return replace(signed, letters=letters)
    return signed


# --- findings ---------------------------------------------------------------------------------


def _findings(
    archive: Archive, contents: Contents, profile: Profile, withheld: set[str], *, is_checked: bool
) -> list[Finding]:
    """All findings, before waivers."""
    absent = withheld | {pending.id for pending in archive.history.pending}
    canaries = check_canaries(archive.canaries, archive.bulletins, profile)
    texts: list[model.Publication | model.Letter] = [*archive.publications]
    texts += [letter for canary in archive.canaries for letter in canary.letters]
    findings = [
        *contents.findings,
        *(finding for text in texts for finding in text.document.findings),
        *_gaps(profile.bulletins, archive.bulletins, contents.bulletins, absent),
        *_gaps(profile.canaries, archive.canaries, contents.canaries, absent),
        *_copies(archive, profile),
        *(f for f in canaries if not (contents.errors and f.code == "canary-count")),
        *check_tracker(archive.advisories, archive.bulletins),
    ]
    if is_checked:
        findings += check_signatures(archive, profile)
    return findings


def _waivers(profile: Profile, *, is_checked: bool) -> list[Waiver]:
    """The waivers of these findings; other checks compare those of their own."""
    return [
        w
        for w in profile.waivers
        if w.finding not in lint.CODES
        and not w.finding.startswith(PUBLISH_CHECK)
        and (is_checked or not is_about_signatures(w.finding))
    ]


def _copies(archive: Archive, profile: Profile) -> Iterator[Finding]:
    """Report files with the same bytes, of which one is mislabelled."""
    first: dict[str, str] = {}
    for file, _, _ in signed_files(archive, profile):
        if first.setdefault(file.sha256, file.path) != file.path:
            message = f"the same bytes as {first[file.sha256]}: remove one of the two"
            yield Finding(file.path, 0, "copied-document", message, Severity.ERROR)


def _gaps(
    kind: Kind,
    published: Sequence[model.Bulletin] | Sequence[model.Canary],
    texts: Sequence[TextFile],
    withheld: set[str],
) -> Iterator[Finding]:
    """One finding with the numbers that are missing in a folder."""
    last = max((publication.number for publication in published), default=0)
    absent = sorted(set(range(1, last)) - {text.number for text in texts})
    if missing := [n for n in absent if document_id(kind, n) not in withheld]:
        message = f"missing numbers: {ranges(missing, _MOST_GAPS)}"
        yield Finding(kind.folder[0], 0, "number-gap", message)
