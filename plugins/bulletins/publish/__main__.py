"""``python -m bulletins.publish``: replaces the public site in one step, or not at all.

It builds a site next to the target, checks it, and compares it with the public one. It stops if the
new site would lose something (``check``). ``versions`` knows the versions, and which is public.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulletins.build.build import (
    check_apart,
    explain,
    load_settings,
    report_archive,
    write_site,
)
from bulletins.build.checksums import check_checksums, digests, read_checksums
from bulletins.build.finish import keep_times
from bulletins.build.gate import check_links
from bulletins.build.interrupts import end_in_order, ignore_interrupts, tell
from bulletins.publish.check import NOTHING, PublicSite, check_publish, read_public_site
from bulletins.publish.versions import Versions
from bulletins.urls import FEEDS, KEYS
from secpack import Profile, SecpackError
from secpack.mirror import CHECKSUMS, SIGNATURES
from secpack.model.archive import Archive
from secpack.model.findings import PUBLISH_CHECK, Finding, with_waivers


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish changes: files, and findings about the change, waived or not.

    ``changes`` are the signs ``+``, ``~`` and ``-`` with the paths that are added, changed and
    removed. ``altered`` are files of the public site that have changed since they were published.
    For a first publish, ``old`` is empty.
    """

    new: PublicSite
    old: PublicSite
    changes: tuple[tuple[str, str], ...]
    altered: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> list[Finding]:
        """The findings that stop the publish."""
        return [f for f in self.findings if not f.waived and f.code.startswith(PUBLISH_CHECK)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a site, and replace the public one if nothing is lost; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bulletins.publish", description=main.__doc__)
    parser.add_argument("-s", "--settings", default="publishconf.py", help="Pelican's settings")
    parser.add_argument("--plan", action="store_true", help="only show what would change")
    parser.add_argument(
        "--rollback", action="store_true", help="make the previous version public again"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    gc.set_threshold(100_000)  # to look for cycles as often as usual takes a twentieth of the time
    end_in_order()
    try:
        settings, _ = load_settings(options.settings)
        versions = Versions(_target(settings))
        if options.rollback:
            return rollback(versions)
        return publish(settings, versions, only_plan=options.plan)
    except Exception as error:
        explain(error, debug=options.debug)
        print("Nothing was published; the public site is unchanged.", file=sys.stderr)
        return 1


def publish(settings: Any, versions: Versions, *, only_plan: bool) -> int:
    """Publish the site that the settings describe, or only show what that would change.

    Returns the exit status: 0, or 1 if the publish check refuses. Raises SecpackError, OSError, or
    whatever stopped Pelican; the public site is then unchanged.
    """
    started = time.monotonic()
    keep = _keep(settings)
    versions.public()  # refuses a target that is not ours, before anything is written next to it
    with _place(versions, only_plan=only_plan) as folder:
        site = write_site(settings, folder)
        if site.own_theme:
            check_links(folder, site.url)
        check_checksums(folder)
        plan = compare(folder, versions.public(), site.profile)
        _tell(plan, whole=only_plan)
        if plan.refused:
            _tell_refused(plan)
            return 1
        if only_plan or not plan.changes:
            print("Nothing was published." if only_plan else f"{versions.target}: unchanged.")
            return 0
        _date(folder, plan, versions)
        _carry_signatures(folder, versions.public())
        ignore_interrupts()
        version = versions.show(folder)
        versions.prune(keep)
    _report(site.archive, versions, version, time.monotonic() - started)
    return 0


def rollback(versions: Versions) -> int:
    """Make the previous version public again; return the exit status.

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
        ignore_interrupts()
        versions.point_to(older[-1])
    numbers = f"version {int(older[-1].name)} is public again, instead of {int(current.name)}"
    tell(f"{versions.target}: {numbers}.")
    return 0


def compare(folder: Path, public: Path | None, profile: Profile) -> Plan:
    """Compare the files and data of a new site with those of the public one.

    Raises SecpackError when the public one cannot be read.
    """
    files = digests(folder)
    new = read_public_site(files, lambda path: (folder / path).read_bytes())
    if public is None:
        return Plan(new, NOTHING, tuple(("+", path) for path in files))
    old, listed = _published(public)
    before = old.files
    waivers = [w for w in profile.waivers if w.finding.startswith(PUBLISH_CHECK)]
    return Plan(
        new=new,
        old=old,
        changes=(
            *(("+", path) for path in files if path not in before),
            *(("~", path) for path in files if before.get(path, files[path]) != files[path]),
            *(("-", path) for path in before if path not in files),
        ),
        altered=tuple(p for p, digest in listed.items() if before.get(p) != digest),
        findings=tuple(with_waivers(check_publish(new, old), waivers, {**before, **files})),
    )


def _published(public: Path) -> tuple[PublicSite, dict[str, str]]:
    """The public site as it is, and the digests in its list.

    Raises SecpackError, which says what to do, when it is too damaged to be compared.
    """
    try:
        before, listed = digests(public), read_checksums(public)
        return read_public_site(before, lambda path: (public / path).read_bytes()), listed
    except (OSError, SecpackError) as error:
        ways = "make the previous version public (make rollback), or restore this file from a copy"
        raise SecpackError(f"the public site, {public}: {error}\nTo go on, {ways}.") from None


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
        with versions.lock(), versions.building() as folder:
            yield folder
        return
    lock = versions.lock() if versions.home.is_dir() else nullcontext()
    with lock, tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _date(folder: Path, plan: Plan, versions: Versions) -> None:
    public = versions.public()
    if public is not None:
        known = [(root, digests(root)) for root in versions.all() if root != public]
        keep_times(folder, plan.new.files, [(public, plan.old.files), *known])


def _carry_signatures(folder: Path, public: Path | None) -> None:
    """Keep signatures of an unchanged list; for a changed one they would be bad."""
    for name in SIGNATURES:
        if public is None or not (public / name).is_file():
            continue
        if (public / CHECKSUMS).read_bytes() == (folder / CHECKSUMS).read_bytes():
            shutil.copy2(public / name, folder / name)
        else:
            print(f"{CHECKSUMS} has changed: {name} was dropped; sign it anew.")


# --- output -----------------------------------------------------------------------------------


def _tell(plan: Plan, *, whole: bool) -> None:
    """Print what changes, by kind; ``whole`` also lists every file."""
    if plan.altered:
        some = ", ".join(plan.altered[:20])
        print(f"Changed on the public site after publication: {len(plan.altered)} file(s): {some}")
    if not plan.old.files:
        print("Nothing is public yet.")
    elif not plan.changes:
        print("Nothing changes.")
    for line in _documents(plan):
        print(line)
    sites = (plan.new.data, plan.old.data)
    documents = {path: "signatures" for site in sites for path in site.signatures}
    documents |= {d.file: "originals" for site in sites for d in site.documents.values()}
    kinds: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for sign, path in plan.changes:
        kinds[_kind(path, documents)].append((sign, path))
    for kind, changes in sorted(kinds.items()):
        signs = [sign for sign, _ in changes]
        added, changed, removed = (signs.count(sign) for sign in "+~-")
        print(f"{kind}: {added} added, {changed} changed, {removed} removed")
        for sign, path in changes if whole else ():
            print(f"  {sign} {path}")
    for finding in plan.findings:
        if finding.waived:
            print(f"accepted: {finding.file}: {finding.message} ({finding.waived})")
        elif not finding.code.startswith(PUBLISH_CHECK):
            print(f"{finding.file}: {finding.message}")


def _documents(plan: Plan) -> Iterator[str]:
    old, new = plan.old.data.documents, plan.new.data.documents
    rows = {
        "added": [id_ for id_ in new if id_ not in old],
        "revised": [i for i in new if i in old and new[i].sha256 != old[i].sha256],
        "removed": [id_ for id_ in old if id_ not in new],
    }
    yield from (f"documents {word}: {', '.join(ids)}" for word, ids in rows.items() if ids)


def _kind(path: str, documents: Mapping[str, str]) -> str:
    if path.endswith(".html"):
        return "pages"
    if path.startswith(KEYS):
        return "keys"
    other = "feeds" if path.startswith(FEEDS) else "data and other files"
    return documents.get(path, other)


def _tell_refused(plan: Plan) -> None:
    print("Refused: the new site would take away what is public.", file=sys.stderr)
    digests = {**plan.old.files, **plan.new.files}
    for f in plan.refused:
        print(f"{f.file}: {f.message} ({f.code})", file=sys.stderr)
        print(
            "  Correct the pack or the profile. If this change is intended, add to the profile:\n"
            f"{_waiver(f, digests.get(f.file, ''))}",
            file=sys.stderr,
        )
    print("Nothing was published; the public site is unchanged.", file=sys.stderr)


def _waiver(finding: Finding, digest: str) -> str:
    """A waiver in TOML for a finding in the present state of a file."""
    values = {"finding": finding.code, "file": finding.file, "sha256": digest, "reason": "why"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value]
    return "\n".join(f"    {line}" for line in ("[[waivers]]", *lines))


def _report(archive: Archive, versions: Versions, version: Path, seconds: float) -> None:
    counts = f"{len(archive.bulletins)} bulletins and {len(archive.canaries)} canaries"
    done = f"Published {counts} as version {int(version.name)} in {seconds:.1f} s"
    tell(f"{done}: {versions.target}", *report_archive(archive))


if __name__ == "__main__":
    sys.exit(main())
