"""What a strict build of each commit of a pack would publish (python -m tests.replay PACK PROFILE).

git is read once. Each commit then has the texts and signatures that it and its ancestors hold, and
the folder that belongs to it.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from secpack import Checker, Profile, load_profile
from secpack.documents import read_head
from secpack.errors import ParseError
from secpack.extract.metadata import Metadata
from secpack.history import newest_versions
from secpack.history.matching import Past, read_past
from secpack.history.versions import ReadMetadata, find_versions
from secpack.model.archive import Attachment, File, History, Signature
from secpack.pack import Contents, Layout, TextFile, read_contents, text_file
from secpack.profile import Kind
from secpack.signatures.policy import check_pack


@dataclass(frozen=True, slots=True)
class State:
    """A commit: its history, and the digest of the text of each document that is published.

    ``after`` are all commits that it follows.
    """

    commit: str
    after: frozenset[str]
    history: History
    shown: Mapping[str, str]


def replay(root: Path, profile: Profile, step: int = 1) -> Iterator[State]:
    """Yield the state of each commit, or of each of some, the last among them; parents first."""
    contents = read_contents(root, profile)
    past = read_past(root, contents, profile)
    assert past.log, past.unavailable
    older = [(pair.text, Signature(pair.file, "")) for pair in past.pairs]
    _, found = check_pack(contents, profile, Checker(), older)
    judged = found[len(contents.signatures()) :]
    ancestors: list[set[int]] = []
    for place, commit in enumerate(past.log.commits):
        ancestors.append({place}.union(*(ancestors[parent] for parent in commit.parents)))
    last = len(ancestors) - 1
    known: dict[tuple[str, str], Metadata | ParseError] = {}

    def remembered(text: TextFile, kind: Kind) -> Metadata:
        name = (text.file.path, text.file.sha256)
        try:
            found = known[name] if name in known else read_head(text, kind, profile)[1]
        except ParseError as error:
            found = error
        known[name] = found
        if isinstance(found, ParseError):
            raise found
        return found

    for place in range(last % step, last + 1, step):
        yield _state(root, past, place, ancestors[place], judged, profile, remembered)


def _state(
    root: Path,
    past: Past,
    place: int,
    above: set[int],
    judged: Sequence[Signature],
    profile: Profile,
    metadata: ReadMetadata,
) -> State:
    assert past.log
    name = past.log.commits[place].name
    folder = _folder(root, name, past)
    came = {
        digest: places
        for digest, all_places in past.log.came.items()
        if (places := [each for each in all_places if each in above])
    }
    layout = Layout(profile)
    here = {(layout.identity(file.path), file.sha256): [file] for file in folder}
    texts = {
        name: own
        for name, of_id in past.texts.items()
        if (
            own := {
                d: [*names, *here.get((name, d), ())] for d, names in of_id.items() if d in came
            }
        )
    }
    known = [
        (pair, signature)
        for pair, signature in zip(past.pairs, judged, strict=True)
        if {pair.file.sha256, pair.text.sha256} <= came.keys()
    ]
    older = Past(
        texts,
        frozenset(folder),
        [pair for pair, _ in known],
        replace(past.log, came=came),
    )
    signatures = older.signatures(signature for _, signature in known)
    history = find_versions(older, signatures, profile, metadata)
    contents = newest_versions(_contents(folder, profile), history, {}, profile)
    shown = {
        layout.identity(each.file.path): each.file.sha256
        for each in (*contents.bulletins, *contents.canaries)
        if not each.letter
    }
    after = frozenset(past.log.commits[each].name for each in above)
    return State(name, after, history, shown)


def _folder(root: Path, commit: str, past: Past) -> list[File]:
    """The files of documents in the folder that belongs to a commit."""
    assert past.log
    known = {(file.path, _blob(file.data)): file for file in past.log.files}
    command = ["git", "-C", str(root), "ls-tree", "-r", "-z", commit]
    tree = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    entries = (entry.split("\t") for entry in tree.split("\0") if entry)
    names = ((path, words.split(" ")[2]) for words, path in entries)
    return [known[name] for name in names if name in known]


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _contents(folder: list[File], profile: Profile) -> Contents:
    layout = Layout(profile)
    contents = Contents()
    signed = {pair[0] for file in folder if (pair := layout.signed_by(file.path))}
    for file in folder:
        kind, match = layout.place(file.path)
        if layout.signed_by(file.path):
            continue
        if kind and match:
            files = contents.bulletins if kind is profile.bulletins else contents.canaries
            files.append(text_file(file, match))
        elif file.path in signed:
            contents.attachments.append(Attachment(file, ()))
    return contents


@dataclass(slots=True)
class Outcome:
    """What happens to readers along a replay; ``wrong`` must not happen."""

    states: int = 0
    shown: dict[str, dict[str, datetime]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """How many texts are published after the first one of their document."""
        return sum(len(texts) - 1 for texts in self.shown.values())


def outcome(states: Iterable[State]) -> Outcome:
    """Follow the states, each after those that come before it in its history."""
    found = Outcome()
    seen: dict[str, dict[str, datetime]] = {}
    for state in states:
        found.states += 1
        documents = {each.id: each for each in state.history.documents}
        seen[state.commit] = own = {}
        for name, digest in state.shown.items():
            version = documents[name].newest
            if version and version.file.sha256 == digest:
                own[name] = version.updated
                times = found.shown.setdefault(name, {})
                if times.setdefault(digest, version.updated) != version.updated:
                    found.wrong.append(f"{state.commit}: {name} has another time")
            else:
                found.wrong.append(f"{state.commit}: {name} shows a draft")
        for before in (seen[each] for each in state.after if each in seen):
            found.wrong += [f"{state.commit}: {n} vanished" for n in before.keys() - own.keys()]
            older = (name for name in before.keys() & own.keys() if own[name] < before[name])
            found.wrong += [f"{state.commit}: {name} went back" for name in older]
        for each in state.history.pending:
            if any(v.misfit == each.reason for v in documents[each.id].versions):
                found.refused[each.id] = each.reason
    return found


if __name__ == "__main__":
    result = outcome(replay(Path(sys.argv[1]), load_profile(Path(sys.argv[2]))))
    print(f"{result.states} states: {len(result.shown)} documents appear, ", end="")
    print(f"{result.changes} changes follow; refused: {result.refused or 'none'}")
    print("\n".join(result.wrong) or "None vanishes, goes back, or shows a draft.")
    sys.exit(bool(result.wrong))
