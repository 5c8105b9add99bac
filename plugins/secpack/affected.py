"""What bulletins ask for at least, and which of the installed packages are older."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, TypeAlias

from secpack.errors import SecpackError
from secpack.extract.answers import restart_after
from secpack.model.archive import Archive, Bulletin, Fix, PackageRow
from secpack.profile import Package, Profile

_ARCH: Final = "(?:noarch|x86_64|aarch64|i[3-6]86)"
_RPM: Final = re.compile(rf"(\S+)-((?:[0-9]+:)?[^\s-]+-[^\s-]+?)(?:\.{_ARCH})?")
_DPKG: Final = re.compile(r"(?:[a-z]i.?\s+)?([a-z0-9][a-z0-9.+-]+)(?::\w+)?\s+([0-9]\S*)(?:\s.*)?")
_RPM_PARTS: Final = re.compile("[0-9]+|[A-Za-z]+|[~^]")

#: Sorts versions of one kind.
Order: TypeAlias = Callable[[str], Sequence[object]]


def needed(
    shipped: Iterable[tuple[Bulletin, Iterable[PackageRow]]],
) -> Iterator[tuple[Bulletin, PackageRow]]:
    """The newest rows on each package, release and target, each with its bulletin.

    ``shipped`` is newest first: each bulletin asks for newer versions than the ones before.
    """
    seen: set[tuple[str, str, str]] = set()
    for bulletin, rows in shipped:
        newest = [r for r in rows if r.version and (r.release, r.name, r.target) not in seen]
        yield from ((bulletin, row) for row in newest)
        seen |= {(row.release, row.name, row.target) for row in newest}


def rpm_order(version: str) -> Sequence[object]:
    """Sorts versions, and likewise releases, as RPM does (rpm-version(7)).

    ``~`` is before the end, ``^`` right after it, then come letters, then numbers.
    """
    ranks = {"~": 0, "^": 2}
    parts = _RPM_PARTS.findall(version)
    return [*((4, _number(p)) if p.isdigit() else (ranks.get(p, 3), (0, p)) for p in parts), (1,)]


def deb_order(version: str) -> Sequence[object]:
    """Sorts versions, and likewise revisions, as dpkg does (deb-version(7)).

    Words and numbers alternate; ``~`` is before the end, then come letters, then other signs.
    """
    parts = re.findall("([^0-9]*)([0-9]*)", version)
    return [([*map(_deb_rank, word), 0], _number(digits)) for word, digits in parts]


def _deb_rank(sign: str) -> int:
    return -1 if sign == "~" else ord(sign) + (0 if sign.isalpha() else 0x110000)


def _number(digits: str) -> tuple[int, str]:
    """Sorts numbers of any length."""
    return len(digits.lstrip("0")), digits.lstrip("0")


def is_older(version: str, asked: str, order: Order) -> bool:
    """Whether a version is older than one that a text prints.

    An epoch counts if both have one, a release (of RPM) or revision (of Debian) if the text has it.
    """
    (epoch, _, own), (least, _, wanted) = version.rpartition(":"), asked.rpartition(":")
    parts = zip(own.rsplit("-", 1), wanted.rsplit("-", 1), strict=False)
    pairs = [*([(epoch, least)] if epoch and least else []), *parts]
    different = ((order(a), order(b)) for a, b in pairs if order(a) != order(b))
    return next((a < b for a, b in different), False)  # type: ignore[operator]


def installed(listing: str) -> tuple[str, dict[str, list[str]]]:
    """The versions of each package in a list by rpm or dpkg, and which of the two made it.

    Raises SecpackError when it is no such list.
    """
    lines = listing.splitlines()
    listed: dict[str, list[tuple[str, str]]] = {
        kind: [(match[1], match[2]) for line in lines if (match := pattern.fullmatch(line.strip()))]
        for kind, pattern in (("rpm", _RPM), ("deb", _DPKG))
    }
    kind = max(listed, key=lambda each: len(listed[each]))
    if not listed[kind]:
        raise SecpackError("no list of packages: expected the output of rpm -qa, or of dpkg -l")
    versions = defaultdict(list)
    for name, version in listed[kind]:
        versions[name].append(version)
    return kind, versions


def affected(
    archive: Archive, profile: Profile, release: str, kind: str, has: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """Compare packages with the newest that bulletins ask for; yield a result and a line for each.

    A result is ``older``, ``unclear`` (than some of several versions), ``enough``, ``not listed``,
    ``no fix``, or ``then``, with what to restart. Of several versions of a package, the newest
    counts. Raises SecpackError for a release for which no bulletin names packages.
    """
    rows = [(b, [r for r in b.packages if r.release == release]) for b in archive.bulletins[::-1]]
    if not any(own for _, own in rows):
        others = sorted({row.release for b in archive.bulletins for row in b.packages} - {""})
        message = f"no bulletin names packages for release {release!r}, only for"
        raise SecpackError(f"{message} {', '.join(others) or 'none'}")
    present: set[str] = set()  # bulletins whose packages are in the list
    asked: defaultdict[tuple[str, str], list[tuple[Bulletin, PackageRow]]] = defaultdict(list)
    for bulletin, row in needed(rows):
        asked[row.target, row.name].append((bulletin, row))
    for (target, name), pairs in asked.items():
        bulletin, row = pairs[0]
        names = getattr(profile.packages.get(name, Package()), kind) or (row.package,)
        versions = [row.version for _, row in pairs]
        wanted = f"{bulletin.id} asks for {row.package} {' or '.join(versions)}"
        wanted += f" in {target}" if target else ""
        here = sorted(has.keys() & set(names))
        present |= {bulletin.id} if here else set()
        for each in here:
            result, newest = _compared(
                has[each], versions, rpm_order if kind == "rpm" else deb_order
            )
            yield result, f"{each} {newest}: {wanted}"
        if not here:
            yield "not listed", f"{', '.join(names)}: {wanted}"
    for bulletin, own in rows:
        if any(row.fix is Fix.NONE for row in own):
            yield "no fix", f"{bulletin.id} has none for {release}"
        if bulletin.id in present and (words := restart_after(bulletin)):
            yield "then", f"{words} ({bulletin.id})"


def _compared(has: Sequence[str], asked: Sequence[str], order: Order) -> tuple[str, str]:
    """The result for the newest of the versions that a package has, and that version."""
    newest = reduce(lambda a, b: b if is_older(a, b, order) else a, has)
    older = [is_older(newest, version, order) for version in asked]
    return "older" if all(older) else "unclear" if any(older) else "enough", newest
