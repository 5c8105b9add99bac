"""A document to its packages: which to install, for which release, and where.

They are listed below a line such as ``For Quern 3.0, in hearth:``, below a paragraph that announces
packages, in a table, or in the running text of a section that tells what to do.
"""

from __future__ import annotations

from secpack.extract.packages.blocks import MOST_ROWS, Reader
from secpack.model.archive import Document, PackageRow
from secpack.model.findings import Finding

__all__ = ["MOST_ROWS", "read_packages"]


def read_packages(document: Document) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    """The packages that a bulletin names as its remedy, in the order of the text, and findings.

    A finding ``package-unread`` says where packages seem to be named in words that no rule takes.
    """
    reader = Reader(document)
    reader.read(document.blocks)
    reader.end()
    return tuple(reader.rows), tuple(reader.findings)
