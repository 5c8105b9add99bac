"""Proposes a profile for a pack that is seen for the first time, for a person to finish."""

import json
import os
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from secpack.archive import load
from secpack.errors import SecpackError, as_far_as_usable
from secpack.files import paths, read_file
from secpack.model.archive import Archive, Key, Publication, Signature
from secpack.pack import SKIPPED
from secpack.parser.characters import on_one_line, visible
from secpack.parser.letterhead import BANNER
from secpack.profile import MAX_DEPTH, STATES, Anchor, profile_of
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import likeness
from secpack.tables import Wrong

_KIND: Final = re.compile(r"(?i)(?:^|\s)((?:warrant )?canary|(?:security )?\S+)$")
_OF_CANARY: Final = re.compile(rb"(?i)date\s+of\s+issue\s+of\s+this\s+canary|next\s+canary")
_NAME: Final = r"\.[A-Za-z0-9_-][A-Za-z0-9._@+-]*"
_ENDING: Final = re.compile(rf"({_NAME})?(\.(?:sig|sign|asc|gpg|pgp))({_NAME})?")
_MASTER: Final = re.compile(r"(?i)master|owner|root|certif")
_PART: Final = re.compile(r"[0-9]+|[A-Za-z]+|[._@+-]")
_MOST: Final = 20  # lines on what could not be guessed

#: The name of a signer, the key, and the texts that it signed.
_Signer: TypeAlias = tuple[str, Key, list[Publication]]


@dataclass(frozen=True, slots=True)
class _Text:
    path: str
    words: str  # of the banner
    number: int
    is_canary: bool
    issuer: str = ""
    banner: str = ""  # the words without the issuer

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] or "."

    @property
    def series(self) -> tuple[bool, str, str]:
        return self.is_canary, self.words, self.folder


def propose(root: Path) -> str:
    """Return a profile as TOML: the layout, signers with fingerprints, and comments on the rest.

    Raises SecpackError when there is no pack in the folder.
    """
    starts = dict(sorted(_starts(root)))
    texts = [text for path, start in starts.items() if (text := _text(path, start))]
    texts, doubts = _one_series(_divided(texts))
    if not texts:
        raise SecpackError(f"{root}: no text with a banner such as ---===[ Issuer Canary 1 ]===---")
    layout = "\n".join(_layout(starts, texts)) + "\n"
    wrong: list[Wrong] = []
    profile = profile_of(tomllib.loads(layout), wrong)
    doubts += [f"{setting}: {message}" for setting, message in wrong]
    errors: list[SecpackError] = []

    def archive_with(*anchors: Anchor) -> Archive:
        own = replace(profile, anchors=anchors, depth=MAX_DEPTH)
        return as_far_as_usable(lambda: load(root, profile=own, checker=Checker()), errors)

    try:
        archive = archive_with()
    except SecpackError as error:
        return layout + _unguessed([*doubts, str(error)])
    if not archive.advisories:
        layout = layout.replace("# name", "tracker = false  # no text names an XSA\n# name", 1)
    codes = ("stray", "misplaced", "orphan", "signature-malformed", "signature-unknown")
    lost = [f for f in archive.findings if f.code.startswith(codes)]
    unguessed = [*doubts, *map(str, errors), *(f"{f.file}: {f.message}" for f in lost)]
    candidates = _candidates(archive)
    with suppress(SecpackError):  # which of them certify whom
        archive = archive_with(*(Anchor(fingerprint=key) for key in candidates))
    signed, twice = _signed(archive)
    depth = max((len(key.chain.keys) - 1 for _, key, _ in signed if key.chain), default=1)
    if depth > 1:
        layout = layout.replace("# name", f"depth = {depth}\n# name", 1)
    anchors = candidates or {key.fingerprint: key for _, key, _ in signed}
    parts = [*_states(archive), *_signers(archive, signed), *_anchors(archive, anchors)]
    return layout + "\n".join(parts) + "\n" + _unguessed([*twice, *unguessed])


def _unguessed(problems: Sequence[str]) -> str:
    more = [f"and {len(problems) - _MOST} more"] if len(problems) > _MOST else []
    lines = [f"# {on_one_line(line)}\n" for line in (*problems[:_MOST], *more)]
    return "".join(["\n# Could not be guessed:\n", *lines]) if lines else ""


def _starts(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in paths(root, without=(".git",)):
        if not SKIPPED.fullmatch(path.rpartition("/")[2]):
            with suppress(OSError):
                yield path, read_file(root / path, 1 << 20, follow=False)


def _text(path: str, start: bytes) -> _Text | None:
    line = start.lstrip().partition(b"\n")[0].decode("utf-8", "replace").strip()
    match = BANNER.fullmatch(line)
    words = " ".join(match[1].split()) if match else ""
    if not match or not (kind := _KIND.search(words)):
        return None
    is_canary = words.lower().endswith("canary") or bool(_OF_CANARY.search(start))
    return _Text(path, words, int(match[2]), is_canary, words[: kind.start()].strip(), kind[1])


def _divided(texts: Sequence[_Text]) -> list[_Text]:
    """The texts with the words that all banners begin with as issuer, if other words follow.

    "Quern Notice of Weakness" and "Quern Dove" are by Quern.
    """
    common = os.path.commonprefix([text.words.split() for text in texts])  # noqa: RUF071 - of words
    start = " ".join(common)
    own = [t for t in texts if not start or t.words == start or t.words.lower().endswith("canary")]
    return [
        t if t in own else replace(t, issuer=start, banner=t.words[len(start) :].strip())
        for t in texts
    ]


def _one_series(texts: Sequence[_Text]) -> tuple[list[_Text], list[str]]:
    """Leave out texts of a series whose numbers a more frequent one has; and say so of each.

    A series has the same words in its banners, in one folder.
    """
    series: dict[tuple[bool, int], str] = {}
    left, doubts = [], []
    for (is_canary, words, folder), _ in Counter(text.series for text in texts).most_common():
        own = [text for text in texts if text.series == (is_canary, words, folder)]
        numbers = {(is_canary, text.number) for text in own}
        if twice := numbers & series.keys():
            doubts.append(f"{folder}: {words!r} has numbers of {series[min(twice)]}")
        else:
            series |= dict.fromkeys(numbers, f"{words!r} in {folder}")
            left += own
    return left, doubts


def _layout(starts: dict[str, bytes], texts: Sequence[_Text]) -> Iterator[str]:
    canaries = [text for text in texts if text.is_canary]
    bulletins = [text for text in texts if not text.is_canary]
    issuer = _common(text.issuer for text in bulletins or canaries)
    yield f"# What each line means: docs/format.md\nissuer = {_quoted(issuer)}"
    yield '# name = ""  # of the product\n# team = ""\n# tag = "example.org,2020"'
    endings, signed, keys = set(), set(), defaultdict(set)
    for path, start in starts.items():
        stems = (path[:n] for n, sign in enumerate(path) if sign == ".")
        stem = next((stem for stem in stems if stem in starts), "")
        top, inside, _ = path.partition("/")
        ending = path[len(stem) :] if stem else ""
        match = _ENDING.fullmatch(ending)
        if match or (ending and likeness(start) == "signature"):
            names = [".{signer}" if name else "" for name in match.group(1, 3)] if match else []
            endings.add(match[2].join(names) if match else ending)
            signed |= {path.rpartition("/")[0]} if inside else set()
        elif inside and likeness(start) == "key":
            keys[top].add(path.rpartition("/")[0])
    places = {each.path.partition("/")[0] for each in texts}
    folders = [os.path.commonpath(own) if top in places else top for top, own in keys.items()]
    attached = signed - {text.folder for text in texts} - {*folders}
    others = places | {*keys}
    attached = {f if (top := f.partition("/")[0]) in others else top for f in attached}
    tops = {"keys": folders, "signatures": endings, "attachments": attached}
    yield from (f"{name} = {_listed(values)}" for name, values in tops.items() if values)
    yield from _kind("bulletins", bulletins, issuer)
    yield from _kind("canaries", canaries, issuer)


def _kind(table: str, texts: Sequence[_Text], issuer: str) -> Iterator[str]:
    if not texts:
        return
    folders = {text.folder for text in texts}
    is_nested = len(folders) > 1 and bool(os.path.commonpath(folders))
    folders = {os.path.commonpath(folders)} if is_nested else folders
    names = [set(_PART.findall(text.name)) for text in texts if re.search("[0-9]", text.name)]
    counts = Counter(part for name in names for part in name)
    usual = {part for part, count in counts.items() if 2 * count > len(names)}
    patterns = [list(_patterns(text, usual)) for text in texts]
    common = Counter(name for own in patterns for name in own)
    files = sorted({max(own, key=common.__getitem__) for own in patterns if own})
    begun = [re.search(r"([A-Za-z]+)(?:\{year\}|[^A-Za-z0-9}])*\{number\}", name) for name in files]
    prefix = next((match[1] for match in begun if match), "canary" if table == "canaries" else "sb")
    own = _common(text.issuer for text in texts)
    yield f"\n[{table}]\nprefix = {_quoted(prefix if table == 'canaries' else prefix.upper())}"
    yield from ["nested = true"] if is_nested else []
    yield f"folder = {_listed(folders)}"
    yield f"files = {_listed(files)}"
    yield f"banner = {_listed(text.banner for text in texts)}"
    yield from [f"issuer = {_quoted(own)}"] if own != issuer else []


def _patterns(text: _Text, usual: set[str]) -> Iterator[str]:
    """A file name with fields in place of what differs from most others, by where its number is."""
    parts = _PART.findall(text.name)
    fields: list[str] = []
    for part in parts:
        is_year = re.fullmatch("(?:19|20)[0-9]{2}", part) and "{year}" not in fields
        other = part if part in usual and not part.isdigit() else "{part}"
        fields.append("{year}" if is_year else other)
    for place, part in enumerate(parts):
        if part.isdigit() and int(part) == text.number and not _PART.sub("", text.name):
            name = "".join([*fields[:place], "{number}", *fields[place + 1 :]])
            name = re.sub(r"\{part\}(?:[._]?\{part\})+", "{part}", name)
            if "}{" not in name and _PART.search(re.sub(r"\{\w+\}", "", name)):
                yield name


def _states(archive: Archive) -> Iterator[str]:
    """The last line of the last table, ``[canaries]``: what most canaries state."""
    stated = [(c.count, c.master_key, c.due, c.freshness) for c in archive.canaries]
    counts = [len(v) - v.count(None) - v.count("") for v in zip(*stated, strict=True)]
    states = [name for name, count in zip(STATES, counts, strict=False) if 2 * count > len(stated)]
    yield from [f"states = {_listed(states)}"] if stated else []


def _signed(archive: Archive) -> tuple[list[_Signer], list[str]]:
    """The signers, each with the key of most texts; and lines on the other keys of a name."""
    keys = {key.fingerprint: key for key in reversed(archive.keys) if not key.unusable}
    signed: defaultdict[str, defaultdict[str, list[Publication]]]
    signed = defaultdict(lambda: defaultdict(list))
    for publication in archive.publications:
        for s in (s for s in publication.signatures if s.primary in keys):
            signed[_signer(s, keys[s.primary])][s.primary].append(publication)
    signers, doubts = [], []
    for name, by_key in sorted(signed.items()):
        first, *others = sorted(by_key, key=lambda each: (-len(by_key[each]), each))
        signers.append((name, keys[first], by_key[first]))
        doubts += [f"{name!r} also signed with the key {k} (docs/format.md#layout)" for k in others]
    return signers, doubts


def _signers(archive: Archive, signers: Sequence[_Signer]) -> Iterator[str]:
    for name, key, documents in signers:
        yield f"\n[signers.{_quoted(name)}]\nname = {_quoted(_owner(key))}"
        yield f'fingerprint = "{key.fingerprint}"'
        for kind, every in (("bulletins", archive.bulletins), ("canaries", archive.canaries)):
            if days := [p.published for p in documents if p in every]:
                others = [p.published for p in every if p.signatures and p not in documents]
                since = [f"since = {min(days)}"] if any(d < min(days) for d in others) else []
                later = sum(d > max(days) for d in others)
                until = [f"until = {max(days)}"] if later else []
                is_few = later == 1 or (len(days) == 1 and since + until)
                few = "  # by the date of one text" if is_few else ""
                yield f"{kind} = {{{', '.join(since + until)}}}{few}"


def _candidates(archive: Archive) -> dict[str, Key]:
    """The keys that may be trust anchors, by fingerprint."""
    stated = {canary.master_key for canary in archive.canaries}
    names = {key.fingerprint: (key.file.path, *key.owners) for key in archive.keys}
    return {
        key.fingerprint: key
        for key in archive.keys
        if key.fingerprint in stated or any(map(_MASTER.search, names[key.fingerprint]))
    }


def _anchors(archive: Archive, candidates: Mapping[str, Key]) -> Iterator[str]:
    yield "\n# Compare fingerprints with independent sources, and uncomment those that match:"
    stated = {canary.master_key for canary in archive.canaries}
    chains = {key.fingerprint: (key, key.chain.keys) for key in archive.keys if key.chain}
    certified = defaultdict(set)
    for s in (s for p in archive.publications for s in p.signatures if s.primary in chains):
        key, chain = chains[s.primary]
        certified[chain[0]].add(_signer(s, key))
    for fingerprint, key in candidates.items():
        names = ", ".join(sorted(certified[fingerprint]))
        facts = ["stated by canaries"] if fingerprint in stated else []
        facts += [f"certifies {names}"] if names else []
        yield f"#\n# {on_one_line(f'{_owner(key)} ({key.file.path})')}"
        yield from [f"# {on_one_line('; '.join(facts))}"] if facts else []
        yield f'# [[anchors]]\n# fingerprint = "{fingerprint}"'


def _signer(signature: Signature, key: Key) -> str:
    """The name of a signer, for the profile."""
    name = signature.signer if signature.signer != signature.primary else _owner(key).lower()
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", name).strip("-.")[:40] or "signer"


def _owner(key: Key) -> str:
    return visible(re.sub(r"\s*[(<].*", "", key.owners[0])) if key.owners else ""


def _common(words: Iterable[str]) -> str:
    return max(sorted(Counter(words).items()), key=lambda item: item[1])[0]


def _quoted(text: str) -> str:
    return json.dumps(visible(text), ensure_ascii=False)


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, sorted(set(texts))))}]"
