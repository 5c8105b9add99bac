"""``python -m bulletins.publish``: replaces the public site in one step, or not at all.

It builds a site next to the target, checks it, and compares it with the public one. It stops if the
new site would lose something (``check``). ``versions`` knows the versions, and which is public.
"""

import re
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bulletins.build import build, ignore_interrupts, parser_of, run, tell
from bulletins.build.finish import check_checksums, digests, keep_times, read_checksums
from bulletins.build.gate import check_links
from bulletins.exports.data import Moved, merged
from bulletins.publish import check
from bulletins.publish.check import PublicSite, Unmoved, check_publish, unmoved
from bulletins.publish.versions import Versions
from bulletins.site import Notes, Site
from bulletins.urls import FEEDS, KEYS, MOVED_JSON
from secpack import Profile, SecpackError, load_profile
from secpack.files import read_file
from secpack.mirror import CHECKSUMS, SIGNATURES, differing
from secpack.model.findings import PUBLISH_CHECK, Finding, counted, waiver_lines, with_waivers
from secpack.progress import Progress
from secpack.signatures.detached import Signer, find_signer
from secpack.signatures.gpg import build_keyring
from secpack.signatures.packets import MAX_SIGNATURE

#: Kinds of files, each by its first pattern that fits.
_KINDS: Final = {
    "pages": re.compile(r".*\.html"),
    "keys": re.compile(rf"{KEYS}.*"),
    "feeds": re.compile(rf"{FEEDS}.*"),
    "signatures": re.compile(r".*\.(asc|sig|sign)(\.[^/]*)?"),
    "data and other files": re.compile(".*"),
}

_UNCHANGED: Final = "Nothing was published; the public site is unchanged."


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a site, and replace the public one if nothing is lost; return the exit status."""
    parser = parser_of("bulletins.publish", main.__doc__, "publishconf.py")
    parser.add_argument("--plan", action="store_true", help="only show what would change")
    parser.add_argument(
        "--rollback", action="store_true", help="make the previous version public again"
    )
    options = parser.parse_args(arguments)

    def work() -> int:
        settings, _ = build.load_settings(options.settings)
        versions = Versions(_target(settings))
        if options.rollback:
            return rollback(versions, is_sure=settings["FORCE"])
        return publish(settings, versions, only_plan=options.plan)

    return run(work, _UNCHANGED, debug=options.debug)


def publish(settings: Any, versions: Versions, *, only_plan: bool) -> int:
    """Publish the site that the settings describe, or only show what that would change.

    Returns the exit status: 0, 1 if the publish check refuses, or 3 if the site waits for a
    signature. Raises SecpackError, OSError, or whatever stopped Pelican; the public site is then
    unchanged.
    """
    started, keep = time.monotonic(), _keep(settings)
    file, given = settings.get("PROFILE_FILE"), settings["SIGN_WITH"]
    profile = load_profile(file and Path(file))
    signer = find_signer(given) if given else None
    versions.public()  # refuses a target that is not ours, before anything is written next to it
    with versions.lock(keep=not only_plan or versions.home.is_dir()) as place:
        public = versions.public()
        job = Job(settings, profile, None if only_plan else signer, public, versions.withdrawn())
        signed = _signatures(versions.waiting) if job.signer else {}
        folder = versions.waiting if signed else place
        plan, report = _resume(job, folder, signed) if signed else _build(job, folder)
        check_checksums(folder)
        _tell(plan, whole=only_plan)
        if plan.refused:
            _tell_refused(plan)
            return 1
        signatures = signed or _carried(job, folder)
        if only_plan or not (plan.changes or (signer and not signatures)):
            print("Nothing was published." if only_plan else f"{versions.target}: unchanged.")
            return 0
        if public:
            keep_times(folder, public, plan.new.files.keys() - plan.changes, versions.all())
        if signer and not signatures:
            if not signer.fingerprint:
                return _wait(versions, folder)
            signatures = {SIGNATURES[0]: signer.sign(CHECKSUMS, _checksums(folder))}
        for name, signature in signatures.items():
            (folder / name).write_bytes(signature)
        ignore_interrupts()
        version = versions.show(folder, keep)
    done = f"Published {counted(len(plan.new.data.documents), 'document')}"
    done += f" as version {int(version.name)}"
    tell(f"{done} in {time.monotonic() - started:.1f} s: {versions.target}", report)
    return 0


@dataclass(frozen=True, slots=True)
class Job:
    """A publish: who signs, if anybody; the public site, if any; those that were rolled back."""

    settings: Any
    profile: Profile
    signer: Signer | None
    public: Path | None
    withdrawn: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish changes: the paths of files, and findings about the change, waived or not.

    ``altered`` are files of the public site that have changed since they were published. For a
    first publish, ``old`` is empty. ``unmoved`` are the records that changed without a later time
    or number.
    """

    new: PublicSite
    old: PublicSite
    changes: Sequence[str]
    altered: Sequence[str]
    findings: Sequence[Finding]
    unmoved: Sequence[Unmoved]

    @property
    def refused(self) -> list[Finding]:
        """The findings that stop the publish."""
        return [f for f in self.findings if not f.waived and f.code.startswith(PUBLISH_CHECK)]


def _build(job: Job, folder: Path) -> tuple[Plan, str]:
    """Build; again if records must move, and again if documents must be signed.

    Returns what that changes, and the report on the archive.
    """
    notes = _notes(job)
    site, plan = _write(job, folder, notes)
    if plan.unmoved:
        notes = replace(notes, moved=_move(notes.moved, plan))
        site, plan = _write(job, folder, notes)
    if not plan.refused and (signatures := _sign(job, folder, plan, site)):
        notes = replace(notes, signatures={**notes.signatures, **signatures})
        site, plan = _write(job, folder, notes)
    if site.own_theme:
        check_links(folder, site.url)
    return plan, build.report_archive(site.archive)


def _write(job: Job, folder: Path, notes: Notes) -> tuple[Site, Plan]:
    shutil.rmtree(folder)
    folder.mkdir()
    job.settings["NOTES"] = notes
    site = build.write_site(job.settings, folder)
    job.settings["ARCHIVE"] = site.archive, site.profile
    return site, compare(folder, job)


def _notes(job: Job) -> Notes:
    """What the new site states that no source does: much of it, the public one stated, too."""
    public = [build.read_notes(site) for site in (job.public, *job.withdrawn) if site]
    moved = merged(*(notes.moved for notes in public))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    if late := [name for name, times in moved.items() if any(at > tomorrow for at in times)]:
        raise SecpackError(f"{MOVED_JSON}: {late[0]} changes in the future: restore this file")
    return Notes(
        moved,
        {digest: each for notes in reversed(public) for digest, each in notes.signatures.items()},
        build.recipe(job.settings),
        _fresh_until(job.profile.fresh_days, public[0].fresh_until if job.public else None),
    )


def _fresh_until(days: int, public: date | None) -> date | None:
    """Until when the new site is meant to be the newest.

    The day of the public site stays for half of the time, so that pages change less often.
    """
    today = datetime.now(UTC).date()
    left = (public - today).days if public else 0
    if days and not days / 2 <= left <= days:
        return today + timedelta(days=days)
    return public if days else None


def _move(moved: Moved, plan: Plan) -> Moved:
    """Give a new time to each record that changed without one, so that programs notice.

    It is now, but after those that are public.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    for name, _, after, moves in plan.unmoved:
        first = max(now, datetime.fromisoformat(after) + timedelta(seconds=1))
        times = [first + timedelta(seconds=second) for second in range(moves)]
        moved = merged(moved, {name: times})
    print(f"{counted(len(plan.unmoved), 'record')} got a new time: new or changed, but not later.")
    return moved


# --- signatures -------------------------------------------------------------------------------


def _sign(job: Job, folder: Path, plan: Plan, site: Site) -> dict[str, bytes]:
    """The signatures that CSAF documents need, by digest: made here, if the key is here.

    One that is no signature of the issuer on its document becomes empty.
    """
    files, signer, signatures = plan.new.files, job.signer, dict[str, bytes]()
    documents = [path for path in plan.new.records if f"{path}.sha512" in files]
    issuer = Signer("", _issuer_keys(site) + (signer.keyring if signer else b""))
    for path in (path for path in documents if f"{path}.asc" in files):
        document, signature = (folder / path).read_bytes(), (folder / f"{path}.asc").read_bytes()
        is_armoured = signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
        reason = issuer.fault(path, document, signature) if is_armoured else "not armoured"
        if reason:
            print(f"{path}.asc is left out: {reason}; expected one by a key of the profile")
            signatures[files[path]] = b""
    unsigned = [p for p in documents if files[p] in signatures or f"{p}.asc" not in files]
    if signer and signer.fingerprint:
        progress = Progress("Signing")
        for number, path in enumerate(unsigned, 1):
            signatures[files[path]] = signer.sign(path, (folder / path).read_bytes())
            progress(number, len(unsigned))
    return signatures


def _issuer_keys(site: Site) -> bytes:
    """The packets of the keys that may sign documents: those for that, the signers', the anchors'.

    Only keys that are in the pack count, each with what any copy says, such as its revocation.
    """
    own = {*site.profile.pinned, *(site.profile.csaf.openpgp_keys if site.profile.csaf else ())}
    keyring = build_keyring([*dict.fromkeys(key.file for key in site.archive.keys)], own)
    return replace(keyring, keys=tuple(p for p in keyring.keys if p[1].fingerprint in own)).packets


def _checksums(site: Path) -> bytes:
    return (site / CHECKSUMS).read_bytes()


def _signatures(site: Path) -> dict[str, bytes]:
    """The signatures of a site's checksums, by name."""
    there = {name: site / name for name in SIGNATURES if (site / name).is_file()}
    return {name: read_file(path, MAX_SIGNATURE, follow=False) for name, path in there.items()}


def _carried(job: Job, folder: Path) -> dict[str, bytes]:
    """The signatures of the public site, if they hold for the new one, too."""
    checksums = _checksums(folder)
    if not job.public or _checksums(job.public) != checksums:
        return {}
    signatures, signer = _signatures(job.public), job.signer
    return {n: s for n, s in signatures.items() if not signer or not signer.fault(n, checksums, s)}


def _wait(versions: Versions, folder: Path) -> int:
    """Keep a finished site until somebody elsewhere has signed it; return the exit status."""
    file = versions.wait(folder) / CHECKSUMS
    tell(
        f"Waiting for a signature: {file}",
        f"Compare it with a rebuild elsewhere, and sign it: gpg --armor --detach-sign {CHECKSUMS}",
        f"Put {SIGNATURES[0]} beside it, and publish again.",
    )
    return 3


def _resume(job: Job, folder: Path, signed: Mapping[str, bytes]) -> tuple[Plan, str]:
    """As ``_build``, of a site that waited. Raises SecpackError if its signature is bad."""
    assert job.signer
    for name, signature in signed.items():
        if reason := job.signer.fault(CHECKSUMS, _checksums(folder), signature):
            way = f"sign anew, or remove {folder} to build anew"
            raise SecpackError(f"{folder / name}: {reason}; {way}")
    return compare(folder, job), ""


def rollback(versions: Versions, *, is_sure: bool) -> int:
    """Make the previous version public again, once somebody agrees; return the exit status.

    Raises SecpackError when there is none, or its files have changed since.
    """
    if not versions.home.is_dir():
        raise SecpackError(f"{versions.target}: nothing was published there")
    with versions.lock():
        current, older = versions.current(), versions.older()
        if not current or not older:
            raise SecpackError(f"{versions.target}: no older version is kept")
        try:
            check_checksums(older[-1])
        except SecpackError as error:
            raise SecpackError(f"{error}\nTo go back further, remove this folder.") from None
        print(*_withdrawals(older[-1], current), sep="\n")
        if not (is_sure or sys.stdin.isatty()):
            raise SecpackError("nobody is there to confirm that; FORCE=1 does")
        if not (is_sure or input("Go back? [y/N] ").strip().lower() in ("y", "yes")):
            raise SecpackError("not confirmed")
        ignore_interrupts()
        versions.point_to(older[-1])
    numbers = f"version {int(older[-1].name)} is public again, instead of {int(current.name)}"
    tell(f"{versions.target}: {numbers}. The next publish is compared with both.")
    return 0


def _withdrawals(older: Path, current: Path) -> Iterator[str]:
    """What a rollback takes from the public, one thing on each line."""
    yield f"A rollback to version {int(older.name)} withdraws version {int(current.name)}:"
    try:
        new, old = _read(older), _read(current)
    except (OSError, SecpackError) as error:
        yield f"  what is public cannot be read: {error}"
        return
    for f in check_publish(new, old):
        if f.code != f"{PUBLISH_CHECK}record-unmoved":
            yield f"  {f.file}: {f.message}"
    records = sum(new.records.get(name) != now for name, now in old.records.items())
    yield f"  records for programs and feed readers that become older, or are gone: {records}"


def _target(settings: Any) -> Path:
    """Where the site is public; the last part is not resolved, because it may be our link."""
    path = Path(settings["PUBLIC_PATH"])
    target = path.parent.resolve() / path.name
    for folder in (target, Versions(target).home):
        build.check_apart(folder, settings)
    return target


def _keep(settings: Any) -> int:
    given = str(settings["KEEP"])
    if not given.isdecimal():
        raise SecpackError(f"KEEP={given}: expected a number: how many older versions are kept")
    return int(given)


# --- the plan ---------------------------------------------------------------------------------


def compare(folder: Path, job: Job) -> Plan:
    """Compare the files and data of a new site with the public one, and with those withdrawn.

    Raises SecpackError when one of them cannot be read.
    """
    new, public = _read(folder), job.public
    ways = "make the previous version public (make rollback), or restore this file from a copy"
    with _named(f"the public site, {public}", ways):
        old, listed = (_read(public), read_checksums(public)) if public else (PublicSite(), {})
    before = [old]
    for withdrawn in job.withdrawn:
        ways = "restore this file, or remove the folder if nothing in it must stay public"
        with _named(f"withdrawn, {withdrawn}", ways):
            before.append(_read(withdrawn))
    losses = {finding for each in before for finding in check_publish(new, each)}
    if public and not job.settings["SIGN_WITH"] and _checksums(public) != _checksums(folder):
        losses |= {check.unsigned(name) for name in _signatures(public)}
    waivers = [w for w in job.profile.waivers if public and w.finding.startswith(PUBLISH_CHECK)]
    files = {path: digest for each in (*before, new) for path, digest in each.files.items()}
    findings = with_waivers(losses, waivers, files)
    altered = [path for path in differing(listed, old.files) if path in listed]
    stuck = [row for each in before for row in unmoved(new, each)]
    return Plan(new, old, differing(old.files, new.files), altered, findings, stuck)


@contextmanager
def _named(site: str, ways: str) -> Iterator[None]:
    """Say which site cannot be read, and what to do. Raises SecpackError."""
    try:
        yield
    except (OSError, SecpackError) as error:
        raise SecpackError(f"{site}: {error}\nTo go on, {ways}.") from None


def _read(folder: Path) -> PublicSite:
    files = digests(folder)
    if odd := [path for path in files if not path.isprintable()]:
        raise SecpackError(f"{odd[0]!a}: a name that no site has; remove this file")
    return check.read_public_site(files, lambda path: (folder / path).read_bytes())


def _tell(plan: Plan, *, whole: bool) -> None:
    """Print what changes, by kind; ``whole`` also lists every file."""
    if plan.altered:
        some = f"{counted(len(plan.altered), 'file')}: {', '.join(plan.altered[:20])}"
        print(f"Changed on the public site after publication: {some}")
    if not plan.old.files:
        print("Nothing is public yet.")
    elif not plan.changes:
        print("Nothing changes.")
    old, new = plan.old.data.documents, plan.new.data.documents
    documents = {
        "added": [id_ for id_ in new if id_ not in old],
        "revised": [i for i in new if i in old and new[i].sha256 != old[i].sha256],
        "removed": [id_ for id_ in old if id_ not in new],
    }
    for word, ids in documents.items():
        if ids:
            print(f"documents {word}: {', '.join(ids)}")
    for kind, changes in sorted(_by_kind(plan).items()):
        signs = [change[0] for change in changes]
        added, changed, removed = (signs.count(sign) for sign in "+~-")
        print(f"{kind}: {added} added, {changed} changed, {removed} removed")
        for change in changes if whole else ():
            print(f"  {change}")
    for finding in plan.findings:
        if finding.waived:
            print(f"accepted: {finding.file}: {finding.message} ({finding.waived})")
        elif finding not in plan.refused:
            print(f"{finding.file}: {finding.message}")


def _by_kind(plan: Plan) -> Mapping[str, list[str]]:
    """The changed files by kind, such as ``+ qsb/012/index.html``."""
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for path in plan.changes:
        sign = "+" if path not in plan.old.files else "~" if path in plan.new.files else "-"
        kind = next(kind for kind, pattern in _KINDS.items() if pattern.fullmatch(path))
        kinds[kind].append(f"{sign} {path}")
    return kinds


def _tell_refused(plan: Plan) -> None:
    lines = ["Refused: the new site would take away what is public."]
    digests = {**plan.old.files, **plan.new.files}
    ways = "Correct the pack or the profile. If this change is intended, add to the profile:"
    for f in plan.refused:
        lines += [f"{f.file}: {f.message} ({f.code})", f"  {ways}"]
        lines += [f"    {line}" for line in waiver_lines(f.code, f.file, digests.get(f.file, ""))]
    print(*lines, _UNCHANGED, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
