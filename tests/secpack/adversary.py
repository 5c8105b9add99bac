"""Texts that make one kind of rule or expression after the other work in vain."""

from __future__ import annotations

from collections.abc import Iterator

HEADER = "---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"

#: Repeated on one line, and as one line each.
PIECES = (
    "a", "|", "| ", "- ", "* ", "1. ", "a) ", "[", "[1]", "[1] ", "](", "(", ")", "((a", "_", "_a",
    "*a", "**", "`", "``", "`a ", "http://", "http://a)", "https://a_(", "XSA-", "XSA-1 ",
    "XSA-1, ", "XSA 1 and 2 through ", "XSA-1-64 ", "XSA-1 (a), ","XSA-1 [1]", "CVE-2017-1000, 1001 and ", "published XSA-7 (", "CVE-2017-", "Xen Security ", "QSB ", "#", "## ", "-", "--",
    "---", "=", "==-", "+-", "+---", "| --- |", "a | b", "| a", "{", "}", ";", "x();", "int f(a,",
    "/* ", "@@ -1 +1 @@", "+++ a", "July 14: ", "2018-05-24: ", "2018-05-24  ", "XSA-1 - a ",
    "$ a", " ", "\t", "     ", "a    b", "\u202e", "\u00e9", "<", "&", "TODO ", ":", "a:", "Thanks,",
    "The Team", "\\", "sudo ", "-----BEGIN", "\x00", "\r",
)  # fmt: skip


#: Each leads to a reference that names many advisories.
CITATIONS = ("a [1] ", "Published [1]. ", "Published [1].\n", "[1]")

PAIRS = (
    ("x();", "| q"), ("+---", "a | b c."), ("| a.", "b."), ("| a", "b"), ("a:", "- b"), ("- a", " - b"),
    ("1. a", "  2. b"), ("[1] a", "[2] b"), ("[1]", "  b"), ("a", "==="), ("a", "---"), ("--", "a"),
    ("July 14: a", "- b"), ("XSA-1 - a", "b"), ("    a", "b"), ("    a", ""), ("", "    a"), ("a;", ""),
    ("{", ""), ("f(a);", "{"), ("@@ -1,9 +1,9 @@", " a"), ("$ a", ""), ("- a", ""), ("- a", "b"),
    ("| - a", "|"), ("| | a", "| b"), ("a", "    b:"), ("## a", ""), ("***", "a"), ("| a |", "| --- |"),
    ("| a | b |", "|"), ("Thanks,", ""), ("The a Team", ""), ("sudo a", ""), ("a:", ""), ("x   y", "z"),
)  # fmt: skip


def texts(size: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of texts of about ``size`` bytes, each of one piece or pair of pieces."""
    for piece in CITATIONS:
        yield f"citations {piece!r}", _cited(piece, size)
    yield "title of ids", _titled(size)
    for piece in PIECES:
        yield f"line of {piece!r}", _text(piece, size)
        yield f"lines of {piece!r}", _text(piece + "\n", size)
    for one, other in PAIRS:
        yield f"{one!r} and {other!r}", _text(f"{one}\n{other}\n", size)


def mixed_texts(size: int) -> Iterator[tuple[str, bytes]]:
    """Texts of about ``size`` bytes with a run of every piece."""
    share = size // (len(PIECES) + len(PAIRS))
    runs = [piece * (share // len(piece.encode())) for piece in PIECES]
    yield "one line", _text("".join(runs), size)
    yield "long lines", _text("\n".join(runs) + "\n", size)
    short = [f"{piece}\n" * (share // (len(piece.encode()) + 1)) for piece in PIECES]
    short += [
        f"{one}\n{other}\n" * (share // (len((one + other).encode()) + 2)) for one, other in PAIRS
    ]
    yield "short lines", _text("".join(short), size)


def _cited(piece: str, size: int) -> bytes:
    named = ", ".join(f"XSA-{number}" for number in range(1, 10_000))[: size // 2]
    return _text(piece, size - len(named)) + f"\n\nReferences\n---\n\n[1] {named}\n".encode()


def _titled(size: int) -> bytes:
    ids = " ".join(f"(CVE-2031-{number}" for number in range(10_000, 10_000 + size // 16 - 8))
    return f"{HEADER}  {ids}\n\nSummary\n-------\n\na\n".encode()


def _text(piece: str, size: int) -> bytes:
    room = size - len(HEADER)
    return (HEADER + piece * max(1, room // len(piece.encode()))).encode()
