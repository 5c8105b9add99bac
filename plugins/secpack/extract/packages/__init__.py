"""A document to its packages: which to install, for which release, and where.

They are listed below a line such as ``For Quern 3.0, in hearth:``, below a paragraph that announces
packages, in a table, or in the running text of a section that says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from secpack.errors import ParseError
from secpack.extract.packages.reader import MOST_ROWS, Reader
from secpack.model.archive import Document, PackageRow
from secpack.model.findings import Finding
from secpack.profile import Shipped

__all__ = ["MOST_ROWS", "read_packages"]


def read_packages(
    document: Document, given: Sequence[Shipped] = (), names: Mapping[str, str] | None = None
) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    """The packages that a bulletin names as its remedy, in the order of the text, and findings.

    ``given`` are those of the profile, for a text that no rule reads; ``names`` are the profile's
    names of packages, by those printed, in lower case. A finding ``package-unread`` says where
    packages seem to be named in words that no rule takes.

    Raises ParseError when the text does not print what is given.
    """
    reader = Reader(document)
    if given:
        reader.rows = [_given(each, document) for each in given]
    else:
        reader.read()
    known = names or {}
    rows = (replace(r, name=known.get(r.package.casefold(), r.package)) for r in reader.rows)
    return tuple(rows), tuple(reader.findings)


def _given(shipped: Shipped, document: Document) -> PackageRow:
    """A package of the profile, at the line of the text that prints its version."""
    lines = document.file.data.decode().split("\n")
    for words in filter(None, (shipped.package, shipped.version, shipped.release)):
        if not any(words in line for line in lines):
            message = f"the profile names a package by {words!r}, which is not in this text"
            raise ParseError(message, path=document.file.path)
    line = next(n for n, line in enumerate(lines, 1) if shipped.version in line)
    row = PackageRow(shipped.release, shipped.target, shipped.package, shipped.version, line)
    return replace(row, note=shipped.note)
