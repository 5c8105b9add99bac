"""What feed readers get while the commits of a pack are published one after the other.

``python -m tests.polling PACK PROFILE [STATES]`` publishes the main line of a pack, really, at so
many commits (by default at each that completes a version), and polls the feeds after each.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import feedparser

from secpack import Checker, Profile, load, load_profile
from tests.bulletins.sites import Site, publish

URL = "https://archive.example.org"
_REFUSED = re.compile(r"^.*\(publish-[a-z-]+\)$", re.MULTILINE)
_MOVED = re.compile(r"^\d+ records changed.*$", re.MULTILINE)


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
class Outcome:
    """What happened along the commits: what was published and refused, and what readers got.

    ``texts`` are the digests of those that were public, by document; ``missed`` are entries that
    were public, and that a reader did not get.
    """

    documents: Reader = field(default_factory=lambda: Reader("all"))
    changes: Reader = field(default_factory=lambda: Reader("changes"))
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
    """Commits of the main line that complete a version, oldest first; or only so many of them."""
    history = load(root, profile=profile, checker=Checker()).history
    complete = {version.complete for each in history.documents for version in each.versions}
    line = _git(root, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    wanted: set[str] = set()
    for commit in sorted(filter(None, complete)):
        later = {commit, *_git(root, "rev-list", "--ancestry-path", f"{commit}..HEAD").split()}
        wanted.add(next(each for each in line if each in later))
    commits = [commit for commit in line if commit in wanted]
    return commits[:: -max(1, len(commits) // states)][:states][::-1] if states else commits


def poll(root: Path, commits: Sequence[str], folder: Path, profile: Path) -> Outcome:
    """Publish each of these commits of a pack, and poll the feeds after each.

    The keys are those of today, because the profile is, too.
    """
    pack, result = folder / "pack", Outcome()
    _git(folder, "clone", "--quiet", "--no-checkout", str(root), str(pack))
    last = _git(pack, "rev-parse", "HEAD").strip()
    for commit in commits:
        _git(pack, "checkout", "--quiet", "--force", commit)
        shutil.rmtree(pack / "keys", ignore_errors=True)
        _git(pack, "checkout", last, "--", "keys")
        given = {"SECPACK": pack, "PROFILE": profile}
        result.follow(commit, publish(folder / "public", SITEURL=URL, KEEP="1", **given))
    return result


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


if __name__ == "__main__":
    given, file, *number = sys.argv[1:]
    chosen = main_line(Path(given), load_profile(Path(file)), int(number[0]) if number else 0)
    with tempfile.TemporaryDirectory() as name:
        found = poll(Path(given).resolve(), chosen, Path(name), Path(file).resolve())
        print(*found.lines(), sep="\n")
        sys.exit(bool(found.refused or found.missed or found.changes.again))
