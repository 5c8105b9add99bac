"""What programs get while the commits of a pack are published one after the other.

``python -m tests.polling PACK PROFILE [STATES]`` publishes the main line of a pack, really, at so
many commits (by default at each that completes a version), each at its own time and with the
advisories that the tracker data (XSA) had by then, and polls feeds and lists after each.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import feedparser
import yaml

from secpack import Checker, Profile, load, load_profile
from tests.bulletins.sites import Site, publish

URL = "https://archive.example.org"
_REFUSED = re.compile(r"^.*\(publish-[a-z-]+\)$", re.MULTILINE)
_MOVED = re.compile(r"^\d+ records? got a new time.*$", re.MULTILINE)


@dataclass
class Reader:
    """A reader of one feed: it knows an entry by its id, and its times."""

    name: str
    entries: dict[str, list[str]] = field(default_factory=dict)

    def poll(self, public: Path) -> None:
        """Read the newest document of the feed; at first all, as somebody who subscribes does."""
        paths = [f"{self.name}.atom.xml"] if self.entries else all_of(self.name, public)
        for path in paths:
            for id_, time in _times(public, path):
                times = self.entries.setdefault(id_, [])
                if time not in times:
                    times.append(time)

    @property
    def again(self) -> int:
        """How often an entry came again with another time."""
        return sum(len(times) - 1 for times in self.entries.values())


def all_of(name: str, public: Path) -> list[str]:
    """The names of all documents of a feed."""
    paths = (public / "feeds").glob(f"{name}*.atom.xml")
    return [path.name for path in paths if re.fullmatch(rf"{name}(-\d+)?\.atom\.xml", path.name)]


def _times(public: Path, path: str) -> list[tuple[str, str]]:
    feed = feedparser.parse((public / "feeds" / path).read_bytes())
    assert not feed.bozo
    return [(entry.id, entry.updated) for entry in feed.entries]


@dataclass
class Follower:
    """A program that takes from a list only what is newer than all that it has seen.

    ``rows`` are the times and the paths of the list. ``kept`` is what it took, by path.
    """

    rows: Callable[[Path], Iterator[tuple[str, str]]]
    seen: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)

    def poll(self, public: Path) -> set[str]:
        """Read the list, and take what is new; return what it then lacks, or has as it was."""
        rows = [*self.rows(public)]
        for time, path in rows:
            if time > self.seen:
                self.kept[path] = (public / path).read_bytes()
        self.seen = max([self.seen, *(time for time, _ in rows)])
        return {path for _, path in rows if self.kept.get(path) != (public / path).read_bytes()}


def _osv_rows(public: Path) -> Iterator[tuple[str, str]]:
    for time, id_ in csv.reader((public / "osv/modified_id.csv").read_text().splitlines()):
        yield time, f"osv/{id_}.json"


def _csaf_rows(folder: str, public: Path) -> Iterator[tuple[str, str]]:
    path = public / folder / "changes.csv"
    for name, time in csv.reader(path.read_text().splitlines() if path.exists() else ()):
        yield time, f"{folder}/{name}"


def _rolie_rows(public: Path) -> Iterator[tuple[str, str]]:
    entries = json.loads((public / "csaf/feed-tlp-white.json").read_bytes())["feed"]["entry"]
    for entry in entries:
        yield entry["updated"], entry["content"]["src"].removeprefix(f"{URL}/")


@dataclass
class Importer(Follower):
    """As OSV.dev imports by HTTP: it skips what is older than the list when it last read that."""

    def poll(self, public: Path) -> set[str]:
        """Read the list, and take what is new; return what it then lacks, or has as it was."""
        missed = Follower.poll(self, public)
        changed = (public / "osv/all.json").stat().st_mtime
        self.seen = datetime.fromtimestamp(changed, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return missed


@dataclass
class Outcome:
    """What happened along the commits: what was published and refused, and what readers got.

    ``texts`` are the digests of those that were public, by document; ``missed`` are entries and
    records that were public, and that a reader did not get.
    """

    documents: Reader = field(default_factory=lambda: Reader("all"))
    changes: Reader = field(default_factory=lambda: Reader("changes"))
    followers: dict[str, Follower] = field(
        default_factory=lambda: {
            "osv/modified_id.csv": Follower(_osv_rows),
            "osv/all.json": Importer(_osv_rows),
            "csaf/changes.csv": Follower(partial(_csaf_rows, "csaf")),
            "vex/changes.csv": Follower(partial(_csaf_rows, "vex")),
            "ROLIE": Follower(_rolie_rows),
        }
    )
    published: int = 0
    unchanged: int = 0
    refused: dict[str, list[str]] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)

    @property
    def changed(self) -> int:
        """How many texts were public after the first one of their document."""
        return sum(len(texts) - 1 for texts in self.texts.values())

    def follow(self, commit: str, site: Site) -> None:
        """Look at the site after a publish, as readers do."""
        if site.status:
            self.refused[commit] = _REFUSED.findall(site.said) or [site.said[-2000:]]
        elif "unchanged." in site.said:
            self.unchanged += 1
        else:
            self.published += 1
        self.moved += _MOVED.findall(site.said)
        for reader in (self.documents, self.changes) if site.folder.exists() else ():
            reader.poll(site.folder)
            paths = all_of(reader.name, site.folder)
            public = {id_ for path in paths for id_, _ in _times(site.folder, path)}
            self.missed |= public - reader.entries.keys()
        for name, follower in self.followers.items() if site.folder.exists() else ():
            self.missed |= {f"{commit[:12]}: {name}: {path}" for path in follower.poll(site.folder)}
        data = json.loads(site.read("data/archive.json")) if site.folder.exists() else {}
        for document in (*data.get("bulletins", ()), *data.get("canaries", ())):
            digests = self.texts.setdefault(document["id"], [])
            if document["sha256"] not in digests[-1:]:
                digests.append(document["sha256"])

    def lines(self) -> list[str]:
        """What happened."""
        readers = (self.documents, self.changes)
        reasons = [(commit, reason) for commit, each in self.refused.items() for reason in each]
        return [
            f"{self.published} published, {self.unchanged} unchanged, {len(self.refused)} refused",
            f"{len(self.texts)} documents appear, {self.changed} changes follow",
            *(
                f"a reader of {reader.name} gets {len(reader.entries)} entries, "
                f"and {reader.again} times one of them again"
                for reader in readers
            ),
            f"missed: {sorted(self.missed) or 'nothing'}",
            *self.moved,
            *(f"refused: {commit[:12]}: {reason}" for commit, reason in reasons),
        ]


def main_line(root: Path, profile: Profile, states: int = 0) -> list[str]:
    """Commits of the main line that complete a version, oldest first; or only so many of them.

    Those are among them that complete a version which is not newer than all before, each with the
    one before: who asks for what is newer could miss it.
    """
    history = load(root, profile=profile, checker=Checker()).history
    line = _git(root, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    times: dict[str, list[datetime]] = {}
    for version in (v for each in history.documents for v in each.versions if v.complete):
        path = ("rev-list", "--ancestry-path", f"{version.complete}..HEAD")
        later = {version.complete, *_git(root, *path).split()}
        times.setdefault(next(c for c in line if c in later), []).append(version.updated)
    commits = [commit for commit in line if commit in times]
    chosen = set(commits[:: -max(1, len(commits) // states)][:states] if states else commits)
    newest = times[commits[0]]
    for before, commit in pairwise(commits):
        if min(times[commit]) <= max(newest):
            chosen |= {before, commit}
        newest += times[commit]
    return [commit for commit in commits if commit in chosen]


_CLOCK = """\
import datetime, sys
from publishconf import *
class Clock(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.datetime.fromisoformat({time!r}).astimezone(zone)
sys.modules["__main__"].datetime = Clock
"""


def poll(
    root: Path, commits: Sequence[str], folder: Path, profile: Path, tracker: Path | None = None
) -> Outcome:
    """Publish each of these commits of a pack, and poll feeds and lists after each.

    The keys are those of today, because the profile is, too.
    """
    pack, result = folder / "pack", Outcome()
    given = {"SECPACK": pack, "PROFILE": folder / "issuer.toml", "XSA": folder / "xsa.yml"}
    text = profile.read_text("utf-8")
    own = "" if "\n[csaf]" in text else '\n[csaf]\nnamespace = "https://example.org/"\n'
    given["PROFILE"].write_text(text + own, "utf-8")
    advisories = yaml.safe_load(tracker.read_bytes()) if tracker else []
    _git(folder, "clone", "--quiet", "--no-checkout", str(root), str(pack))
    last = _git(pack, "rev-parse", "HEAD").strip()
    for commit in commits:
        _git(pack, "checkout", "--quiet", "--force", commit)
        shutil.rmtree(pack / "keys", ignore_errors=True)
        _git(pack, "checkout", last, "--", "keys")
        time = _git(pack, "show", "--no-patch", "--format=%cI", commit).strip()
        known = [each for each in advisories if str(each.get("date")) <= time]
        given["XSA"].write_text(yaml.safe_dump(known))
        clock = folder / "clock.py"
        clock.write_text(_CLOCK.format(time=time), "utf-8")
        public, settings = folder / "public", ("--settings", str(clock))
        result.follow(commit, publish(public, *settings, SITEURL=URL, KEEP="1", **given))
    return result


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


if __name__ == "__main__":
    given, file, *number = sys.argv[1:]
    chosen = main_line(Path(given), load_profile(Path(file)), int(number[0]) if number else 0)
    with tempfile.TemporaryDirectory() as name:
        tracked = Path(os.environ["XSA"]).resolve() if os.environ.get("XSA") else None
        found = poll(Path(given).resolve(), chosen, Path(name), Path(file).resolve(), tracked)
        print(*found.lines(), sep="\n")
        sys.exit(bool(found.refused or found.missed or found.changes.again))
