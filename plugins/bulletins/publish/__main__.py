"""``python -m bulletins.publish``: replaces the public site in one step, or not at all.

It builds a site next to the target, checks it, and compares it with the public one. It stops if the
new site would lose something (``check``). ``versions`` knows the versions, and which is public.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bulletins.build.build import check_apart, load_settings, report_archive, write_site
from bulletins.build.finish import check_checksums, digests, keep_times, read_checksums
from bulletins.build.gate import check_links
from bulletins.build.program import ignore_interrupts, parser_of, run, tell
from bulletins.exports.data import Moved, merged, read_moved
from bulletins.publish.check import PublicSite, Unmoved, check_publish, read_public_site, unmoved
from bulletins.publish.versions import Versions
from bulletins.urls import FEEDS, KEYS, MOVED_JSON
from secpack import Profile, SecpackError
from secpack.mirror import CHECKSUMS, SIGNATURES, differing
from secpack.model.findings import PUBLISH_CHECK, Finding, with_waivers

_UNCHANGED = "Nothing was published; the public site is unchanged."


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a site, and replace the public one if nothing is lost; return the exit status."""
    parser = parser_of("bulletins.publish", main.__doc__, "publishconf.py")
    parser.add_argument("--plan", action="store_true", help="only show what would change")
    parser.add_argument(
        "--rollback", action="store_true", help="make the previous version public again"
    )
    options = parser.parse_args(arguments)

    def work() -> int:
        settings, _ = load_settings(options.settings)
        versions = Versions(_target(settings))
        if options.rollback:
            return rollback(versions, is_sure=settings["FORCE"])
        return publish(settings, versions, only_plan=options.plan)

    return run(work, _UNCHANGED, debug=options.debug)


def publish(settings: Any, versions: Versions, *, only_plan: bool) -> int:
    """Publish the site that the settings describe, or only show what that would change.

    Returns the exit status: 0, or 1 if the publish check refuses. Raises SecpackError, OSError, or
    whatever stopped Pelican; the public site is then unchanged.
    """
    started = time.monotonic()
    keep = _keep(settings)
    versions.public()  # refuses a target that is not ours, before anything is written next to it
    with _place(versions, only_plan=only_plan) as folder:
        public = versions.public()
        others = versions.withdrawn()
        settings["MOVED"] = merged(*(_moved(each) for each in (public, *others) if each))
        site = write_site(settings, folder)
        plan = compare(folder, public, site.profile, others)
        if plan.unmoved:
            settings["MOVED"] = _move(settings["MOVED"], plan)
            shutil.rmtree(folder)
            folder.mkdir()
            site = write_site(settings, folder)
            plan = compare(folder, public, site.profile, others)
        if site.own_theme:
            check_links(folder, site.url)
        check_checksums(folder)
        _tell(plan, whole=only_plan)
        if plan.refused:
            _tell_refused(plan)
            return 1
        if only_plan or not plan.changes:
            print("Nothing was published." if only_plan else f"{versions.target}: unchanged.")
            return 0
        if public:
            keep_times(folder, public, plan.new.files.keys() - plan.changes, versions.all())
            _carry_signatures(folder, public)
        ignore_interrupts()
        version = versions.show(folder, keep)
    archive = site.archive
    counts = f"{len(archive.bulletins)} bulletins and {len(archive.canaries)} canaries"
    done = f"Published {counts} as version {int(version.name)}"
    seconds = time.monotonic() - started
    tell(f"{done} in {seconds:.1f} s: {versions.target}", report_archive(archive))
    return 0


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
        if not is_sure:
            _confirm()
        ignore_interrupts()
        versions.point_to(older[-1])
    numbers = f"version {int(older[-1].name)} is public again, instead of {int(current.name)}"
    tell(f"{versions.target}: {numbers}. The next publish is compared with both.")
    return 0


def _withdrawals(older: Path, current: Path) -> Iterator[str]:
    """What a rollback takes from the public, one thing on each line."""
    yield f"A rollback to version {int(older.name)} withdraws version {int(current.name)}:"
    try:
        findings = check_publish(_read(older), _read(current))
    except (OSError, SecpackError) as error:
        yield f"  what is public cannot be read: {error}"
        return
    records = [f for f in findings if f.code == f"{PUBLISH_CHECK}record-unmoved"]
    yield from (f"  {f.file}: {f.message}" for f in findings if f not in records)
    yield f"  {len(records)} records of programs and feed readers become older, or say less"


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise SecpackError("nobody is there to confirm that; FORCE=1 does")
    if input("Go back? [y/N] ").strip().lower() not in ("y", "yes"):
        raise SecpackError("not confirmed")


# --- records ----------------------------------------------------------------------------------


def _moved(folder: Path) -> Moved:
    """When records of a public site changed although no text did."""
    path = folder / MOVED_JSON
    return read_moved(path.read_bytes()) if path.is_file() else {}


def _move(moved: Moved, plan: Plan) -> Moved:
    """Give a new time to each record that changed without one, so that programs notice.

    It is now, but after those that are public.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    for name, _, after, moves in plan.unmoved:
        first = max(now, datetime.fromisoformat(after) + timedelta(seconds=1))
        times = [first + timedelta(seconds=second) for second in range(moves)]
        moved = merged(moved, {name: times})
    print(f"{len(plan.unmoved)} records are new to programs, but not newer: they get a new time.")
    return moved


def _target(settings: Any) -> Path:
    """Where the site is public; the last part is not resolved, because it may be our link."""
    path = Path(settings["PUBLIC_PATH"])
    target = path.parent.resolve() / path.name
    for folder in (target, Versions(target).home):
        check_apart(folder, settings)
    return target


def _keep(settings: Any) -> int:
    given = str(settings["KEEP"])
    if not given.isdecimal():
        raise SecpackError(f"KEEP={given}: expected a number: how many older versions are kept")
    return int(given)


@contextmanager
def _place(versions: Versions, *, only_plan: bool) -> Iterator[Path]:
    """A folder to build in, while nobody else can publish. A plan leaves nothing behind."""
    if not only_plan:
        with versions.lock() as folder:
            yield folder
        return
    lock = versions.lock() if versions.home.is_dir() else nullcontext()
    with lock, tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _carry_signatures(folder: Path, public: Path) -> None:
    """Keep signatures of an unchanged list; for a changed one they would be bad."""
    for path in (public / name for name in SIGNATURES):
        if not path.is_file():
            continue
        if (public / CHECKSUMS).read_bytes() == (folder / CHECKSUMS).read_bytes():
            shutil.copy2(path, folder)
        else:
            print(f"{CHECKSUMS} has changed: {path.name} was dropped; sign it anew.")


# --- the plan ---------------------------------------------------------------------------------


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


def compare(
    folder: Path, public: Path | None, profile: Profile, withdrawn: Sequence[Path] = ()
) -> Plan:
    """Compare the files and data of a new site with the public one, and with those withdrawn.

    Raises SecpackError when one of them cannot be read.
    """
    new = _read(folder)
    try:
        old, listed = (_read(public), read_checksums(public)) if public else (PublicSite(), {})
    except (OSError, SecpackError) as error:
        ways = "make the previous version public (make rollback), or restore this file from a copy"
        raise SecpackError(f"the public site, {public}: {error}\nTo go on, {ways}.") from None
    before = [old, *map(_read_withdrawn, withdrawn)]
    losses = sorted({finding for each in before for finding in check_publish(new, each)})
    waivers = [w for w in profile.waivers if public and w.finding.startswith(PUBLISH_CHECK)]
    files = {path: digest for each in (*before, new) for path, digest in each.files.items()}
    findings = [*with_waivers(losses, waivers, files)]
    altered = [path for path in differing(listed, old.files) if path in listed]
    stuck = [row for each in before for row in unmoved(new, each)]
    return Plan(new, old, differing(old.files, new.files), altered, findings, stuck)


def _read_withdrawn(folder: Path) -> PublicSite:
    try:
        return _read(folder)
    except (OSError, SecpackError) as error:
        ways = "restore this file, or remove the folder if nothing in it must stay public"
        raise SecpackError(f"withdrawn, {folder}: {error}\nTo go on, {ways}.") from None


def _read(folder: Path) -> PublicSite:
    return read_public_site(digests(folder), lambda path: (folder / path).read_bytes())


def _tell(plan: Plan, *, whole: bool) -> None:
    """Print what changes, by kind; ``whole`` also lists every file."""
    if plan.altered:
        some = ", ".join(plan.altered[:20])
        print(f"Changed on the public site after publication: {len(plan.altered)} file(s): {some}")
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
    sites = (plan.new.data, plan.old.data)
    documents = {path: "signatures" for site in sites for path in site.signatures}
    documents |= {d.file: "originals" for site in sites for d in site.documents.values()}
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for path in plan.changes:
        sign = "+" if path not in plan.old.files else "~" if path in plan.new.files else "-"
        kinds[_kind(path, documents)].append(f"{sign} {path}")
    return kinds


def _kind(path: str, documents: Mapping[str, str]) -> str:
    if path.endswith(".html"):
        return "pages"
    if path.startswith(KEYS):
        return "keys"
    other = "feeds" if path.startswith(FEEDS) else "data and other files"
    return documents.get(path, other)


def _tell_refused(plan: Plan) -> None:
    lines = ["Refused: the new site would take away what is public."]
    digests = {**plan.old.files, **plan.new.files}
    for f in plan.refused:
        lines.append(f"{f.file}: {f.message} ({f.code})")
        lines.append(
            "  Correct the pack or the profile. If this change is intended, add to the profile:"
        )
        waiver = {"finding": f.code, "file": f.file, "sha256": digests.get(f.file), "reason": "why"}
        values = [f"{name} = {json.dumps(value)}" for name, value in waiver.items() if value]
        lines += [f"    {line}" for line in ("[[waivers]]", *values)]
    print(*lines, _UNCHANGED, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
