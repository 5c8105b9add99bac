"""Reads a git repository: its commit, tags on it, and the files of all its history.

The repository of a pack may be hostile. git reads only the repository's own configuration, runs no
program for these commands, fetches nothing, and has limits. Nothing is said of a repository that
uses files outside the pack: it could be another's.
"""

import hashlib
import io
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from secpack.errors import ParseError, SecpackError
from secpack.files import checkout_of, is_safe, read_file, repository_of
from secpack.model.archive import File, GitObject, Signature
from secpack.programs import LimitError, find_program, run
from secpack.signatures.policy import ANYONE

_LOGGED: Final = re.compile(rb"([0-9a-f]{40,64}) (-?\d{0,20})\d*((?: [0-9a-f]{40,64})*) ?")
#: A regular file that a commit adds or changes.
_CHANGED: Final = re.compile(rb":\d+ 100(?:644|755) [0-9a-f]+ ([0-9a-f]{40,64}) [AMT]\t(.+)")
_LISTED: Final = re.compile(rb"100(?:644|755) blob ([0-9a-f]{40,64})\t(.+)", re.DOTALL)
#: What ``git cat-file --batch`` prints before the bytes of an object.
_OBJECT: Final = re.compile(rb"([0-9a-f]{40,64}) ([a-z]+) ([0-9]+)\n")
#: A signature in the head of an object, what a tag states, and where its own signature begins.
_IN_HEAD: Final = re.compile(rb"(?m)^(gpgsig[^ \n]*) (.*\n(?: .*\n)*)")
_TAG: Final = re.compile(rb"object ([0-9a-f]{40,64})\ntype commit\ntag (.{1,200})\n")
_BEGIN: Final = re.compile(rb"(?m)^-----BEGIN (?:PGP|SSH|SIGNED) (?:SIGNATURE|MESSAGE)-----")
#: A file of the repository that git cannot read, in what it prints then.
_DAMAGED: Final = re.compile(rb"\.git/objects/(?:pack/pack-)?[0-9a-f/]{40,65}(?:\.pack|\.idx)?")
_LAST: Final = 2**32  # the latest date of a commit, in seconds
_PATIENCE: Final = 10  # seconds for each call
_MOST_COMMITS: Final = 200_000
_MOST_BLOBS: Final = 10_000
_MOST_BYTES: Final = 48 * 1024 * 1024

#: What names blobs, by the length of a name.
_DIGESTS: Final = {40: "sha1", 64: "sha256"}
#: Files with which a repository uses refs or objects of another.
_ELSEWHERE: Final = ("commondir", "objects/info/alternates", "objects/info/http-alternates")

#: git reads the pack whoever owns it, and neither runs a program nor fetches anything. Nothing in
#: the repository's configuration changes what it prints.
_SETTINGS: Final = (
    "safe.directory=*",
    "core.commitGraph=false",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.quotePath=false",
    *(f"gpg.{form}program={os.devnull}" for form in ("", "openpgp.", "x509.", "ssh.")),
    "log.diffMerges=separate",
    "log.showRoot=true",
)
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
#: Parents first, each parent of a merge; paths limit nothing, so that nothing is left out.
_LOG: Final = (
    *("log", "--topo-order", "--reverse", "-m", "--full-history", "--raw", "--no-abbrev"),
    *("--no-renames", "--no-relative", "--no-notes", "--no-color", "--no-ext-diff"),
    *("--no-show-signature", "--encoding=UTF-8", "--format=%H %ct %P", "HEAD", "--"),
)


class HistoryError(SecpackError):
    """The history of a pack is not available, for this reason."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its name, its date in UTC by its maker's word, and the places of its parents."""

    name: str
    date: datetime
    parents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """The commit that is checked out, and all its ancestors, parents first.

    ``files`` are those that they hold, ``came`` the places of the commits with which bytes came, by
    digest (SHA-256).
    """

    commits: Sequence[Commit]
    files: Sequence[File]
    came: Mapping[str, Sequence[int]]

    def first_with(self, groups: Sequence[Sequence[str]]) -> str:
        """The first commit that has, or follows, one digest of each group; empty if there is none.

        What is only in the folder came with no commit.
        """
        whole = (1 << len(groups)) - 1
        places = (place for place, bits in self._reached(groups) if bits == whole)
        return self.commits[first].name if (first := next(places, -1)) >= 0 else ""

    def always_after(self, later: Sequence[str], earlier: Sequence[str]) -> bool:
        """Whether each commit that has, or follows, all of ``later`` has or follows ``earlier``."""
        reached = self._reached([[digest] for digest in (*later, *earlier)])
        whole, part = (1 << len(later) + len(earlier)) - 1, (1 << len(later)) - 1
        return all(bits == whole for _, bits in reached if bits & part == part)

    def _reached(self, groups: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
        """Yield the groups of which each commit has, or follows, a digest: a bit for each."""
        reached: dict[int, int] = {}
        for bit, group in enumerate(groups):
            for place in (place for digest in group for place in self.came.get(digest, ())):
                reached[place] = reached.get(place, 0) | 1 << bit
        for place in range(min(reached, default=len(self.commits)), len(self.commits)):
            for parent in self.commits[place].parents:
                reached[place] = reached.get(place, 0) | reached.get(parent, 0)
            yield place, reached.get(place, 0)


@contextmanager
def opened(root: Path, bundle: str, files: Iterable[File]) -> Iterator[Path]:
    """Open the repository in a pack's folder or, where it has none, one made of its git bundle.

    Raises ParseError when git cannot read the bundle, or these files are not those of its HEAD.
    """
    if not bundle or os.path.lexists(root / ".git") or not os.path.lexists(root / bundle):
        yield root
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        try:
            (place / ".git").mkdir()
            (place / "bundle").write_bytes(read_file(root / bundle, _MOST_BYTES, follow=False))
            _run(place, "init", "--bare", "--quiet", "--template=")
            heads = _run(place, "bundle", "unbundle", f"{name}/bundle")
            updates = re.sub(rb"(?m)^([0-9a-f]+) (HEAD|refs/.+)$", rb"update \2 \1", heads)
            _run(place, "update-ref", "--no-deref", "--stdin", data=updates)
            path = next(uncommitted(place, root, files), "")
        except (HistoryError, OSError) as error:
            raise ParseError(f"{error}; expected a bundle with HEAD", path=bundle) from None
        if path:
            raise ParseError(f"not as in {bundle}'s commit; renew the bundle", path=path)
        yield place


def uncommitted(
    place: Path, root: Path, files: Iterable[File], folders: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the paths of files of a pack that are not as in the commit of a repository.

    They are at ``root``, where links can lead to other names. In ``folders`` none may be missing.
    Raises HistoryError.
    """
    head, top = {path: blob for blob, path in _files_at(place, "HEAD")}, os.path.realpath(root)
    for file in files:
        known = head.get(os.path.relpath(os.path.realpath(root / file.path), top), "")
        if known != _name_of(b"blob", file.data, len(known) or 40):
            yield file.path
    inside = tuple(f"{folder}/" for folder in folders)
    yield from (p for p in head if p.startswith(inside) and not os.path.lexists(root / p))


def checked_out(root: Path, tags: Sequence[str] | None = ()) -> tuple[GitObject, ...]:
    """Return the commit of HEAD and annotated tags on it: these, or all for None.

    Without a checkout there is nothing.

    Raises HistoryError without a commit, SecpackError when it has no such tag.
    """
    if not os.path.lexists(root / ".git") and not tags:
        return ()
    names = ["HEAD^{commit}", *(f"refs/tags/{tag}" for tag in tags or ())]
    if tags is None:
        names += _run(root, "for-each-ref", "--format=%(objectname)", "refs/tags").decode().split()
    objects = dict(_read_objects(root, names))
    commit = next(iter(objects))
    tagged = [
        _divided(name, data, stated[2].decode("utf-8", "replace"))
        for name, (kind, data) in objects.items()
        if kind == b"tag" and (stated := _TAG.match(data)) and stated[1].decode() == commit
    ]
    if missing := {*(tags or ())} - {each.tag for each in tagged}:
        raise SecpackError(f"{commit} has no annotated tag {', '.join(sorted(missing))}")
    tagged.sort(key=lambda each: (each.tag, each.id))
    return (_divided(commit, objects[commit][1]), *tagged)


def _read_objects(root: Path, names: Sequence[str]) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    """Yield the type and the bytes of objects by name, of tags those that exist.

    Raises HistoryError.
    """
    output = io.BytesIO(_run(root, "cat-file", "--batch", data=_lines(names)))
    while line := output.readline():
        if match := _OBJECT.fullmatch(line):
            name, kind, data = match[1].decode(), match[2], output.read(int(match[3]) + 1)[:-1]
            if _name_of(kind, data, len(name)) != name:
                raise HistoryError(f"the {kind.decode()} {name} is damaged")
            yield name, (kind, data)
        elif line.startswith(b"HEAD"):  # missing; what follows is not on it
            raise HistoryError("git finds no commit there")


def _name_of(kind: bytes, data: bytes, length: int) -> str:
    digest = hashlib.new(_DIGESTS[length], b"%b %d\0" % (kind, len(data)), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def _divided(name: str, data: bytes, tag: str = "") -> GitObject:
    """Divide an object as git does: a commit's signature is in its head, a tag's is at its end."""
    end = data.find(b"\n\n") + 1 or len(data)
    own = b"gpgsig" if len(name) == 40 else b"gpgsig-sha256"  # the other is of a translation
    parts = (value for header, value in _IN_HEAD.findall(data[:end]) if header == own)
    signature = b"".join(parts).replace(b"\n ", b"\n")
    text = _IN_HEAD.sub(b"", data[:end]) + data[end:]
    if tag:
        start = max((match.start() for match in _BEGIN.finditer(text)), default=len(text))
        text, signature = text[:start], text[start:]
    path = f"{'tag' if tag else 'commit'} {name}"
    covered, inside = (File.of(path, part) for part in (text, signature))
    return GitObject(name, tag, covered, Signature(inside, ANYONE) if signature else None)


def read_log(root: Path, limit: Callable[[str], int]) -> Log:
    """Read the history of files, of which ``limit`` gives the most bytes by path; 0 for no file.

    Larger ones are left out. Raises HistoryError when history is not known in full.
    """
    if reason := incomplete(root):
        raise HistoryError(reason)
    commits: dict[str, Commit] = {}
    places: dict[str, int] = {}
    came: dict[str, list[int]] = {}
    files: dict[tuple[str, str], int] = {}
    for line in _run(root, *_LOG).split(b"\n"):
        if (logged := _LOGGED.fullmatch(line)) and (name := logged[1].decode()) not in places:
            seconds = int(logged[2] or 0)  # git prints no date that it cannot read
            date = datetime.fromtimestamp(min(max(0, seconds), _LAST), UTC)
            parents = tuple(places[parent] for parent in logged[3].decode().split())
            places[name] = len(commits)
            commits[name] = Commit(name, date, parents)
        elif changed := _CHANGED.fullmatch(line):
            blob, path = changed[1].decode(), changed[2].decode("utf-8", "replace")
            if most := limit(path):
                files[path, blob] = most
                came.setdefault(blob, []).append(len(commits) - 1)
    if not 0 < len(commits) <= _MOST_COMMITS:
        raise HistoryError(f"{len(commits):,} commits; expected at most {_MOST_COMMITS:,}")
    data = dict(_read_blobs(root, {blob: most for (_, blob), most in files.items()}))
    digests = {blob: hashlib.sha256(each).hexdigest() for blob, each in data.items()}
    return Log(
        tuple(commits.values()),
        [File(path, data[blob], digests[blob]) for path, blob in files if blob in data],
        {digest: came[blob] for blob, digest in digests.items()},
    )


def _files_at(root: Path, tree: str) -> list[tuple[str, str]]:
    """The regular files of a commit: the names of their blobs, and their paths."""
    listed = _run(root, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")
    matches = [match for entry in listed if (match := _LISTED.fullmatch(entry))]
    return [(match[1].decode(), os.fsdecode(match[2])) for match in matches]


def write_tree(pack: Path, name: str, folder: Path) -> None:
    """Write the regular files of a pack, as in a commit of its checkout, to an empty folder.

    Raises HistoryError when there is no such commit, or no such folder in it.
    """
    root = checkout_of(pack)
    part = "/".join(pack.resolve().relative_to(root).parts)
    commit = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        files = _files_at(root, f"{_run(root, *commit).decode().strip()}:{part}")
    except HistoryError as error:
        raise HistoryError(f"{pack}: no commit {name} in a git checkout: {error}") from None
    data = dict(_read_blobs(root, {blob: _MOST_BYTES for blob, _ in files}))
    for blob, path in files:
        if is_safe(path) and blob in data:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data[blob])


def _read_blobs(root: Path, limits: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield blobs by name, each up to its limit; larger ones are left out. Raises HistoryError."""
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    listed = _run(root, "cat-file", form, data=_lines(limits)).decode().splitlines()
    parts = [line.split(" ") for line in listed]
    if [part[:2] for part in parts] != [[name, "blob"] for name in limits]:
        raise HistoryError("the repository is incomplete; clone the pack again")
    sizes = {name: int(size) for name, _, size in parts if int(size) <= limits[name]}
    if len(sizes) > _MOST_BLOBS or sum(sizes.values()) > _MOST_BYTES:
        raise HistoryError("its history has too many texts and signatures, or too large ones")
    yield from ((name, data) for name, (_, data) in _read_objects(root, [*sizes]))


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _run(root: Path, *command: str, data: bytes = b"") -> bytes:
    """What git prints. Raises HistoryError when it fails or must not read the repository."""
    git = find_program("git")
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    arguments = [*settings, "--no-pager", "--git-dir", str(root / ".git"), *command]
    try:
        if reason := _objection(repository_of(root)):
            raise HistoryError(reason)
        done = run(git, arguments, seconds=_PATIENCE, data=data, environment=_ENVIRONMENT)
    except (LimitError, OSError) as error:
        raise HistoryError(str(error)) from None
    if damaged := _DAMAGED.search(done.errors):
        raise HistoryError(f"{damaged[0].decode()} is damaged: clone the pack again")
    if done.status != 0:
        raise HistoryError("git finds no commit there")
    return done.output


def incomplete(root: Path) -> str:
    """Why the history of a pack is not known in full, as far as that can be seen at once."""
    if not os.path.lexists(root / ".git"):
        return "the pack is no git checkout"
    repository = repository_of(root)
    if (repository / "shallow").exists():
        return "the clone is shallow; git fetch --unshallow completes it"
    if any((repository / "objects/pack").glob("*.promisor")):
        return "the clone is partial; clone the pack without --filter"
    return ""


def _objection(folder: Path) -> str:
    """Why git must not read a repository: a part of it is elsewhere, or no file or folder."""
    is_folder = stat.S_ISDIR(folder.lstat().st_mode)
    if not is_folder or any((folder / name).exists() for name in _ELSEWHERE):
        return "its repository is elsewhere; clone the pack itself"
    for path in chain(folder.iterdir(), *((folder / n).rglob("*") for n in ("refs", "objects"))):
        mode = path.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            return f"{path.relative_to(folder.parent)} is neither a file nor a folder"
    return ""
