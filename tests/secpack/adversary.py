"""Texts of up to 1 MiB, each made to make one kind of rule or expression work in vain."""

from __future__ import annotations

from collections.abc import Iterator

HEADER = "---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"
SIZE = 1024 * 1024 - len(HEADER) - 2

#: Repeated on one line, and as one line each.
PIECES = (
    "a", "|", "| ", "- ", "* ", "1. ", "a) ", "[", "[1]", "[1] ", "](", "(", ")", "((a", "_", "_a",
    "*a", "**", "`", "``", "`a ", "http://", "http://a)", "https://a_(", "XSA-", "XSA-1 ",
    "XSA-1, ", "XSA 1 and 2 through ", "CVE-2017-", "Xen Security ", "QSB ", "#", "## ", "-", "--",
    "---", "=", "==-", "+-", "+---", "| --- |", "a | b", "| a", "{", "}", ";", "x();", "int f(a,",
    "/* ", "@@ -1 +1 @@", "+++ a", "July 14: ", "2018-05-24: ", "2018-05-24  ", "XSA-1 - a ",
    "$ a", " ", "\t", "     ", "a    b", "\u202e", "\u00e9", "<", "&", "TODO ", ":", "a:", "Thanks,",
    "The Team", "\\", "sudo ", "-----BEGIN", "\x00", "\r",
)  # fmt: skip


def texts() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each text."""
    for piece in PIECES:
        width = len(piece.encode())
        yield f"line of {piece!r}", (HEADER + piece * (SIZE // width)).encode()
        lines = SIZE // (width + 1)
        yield f"lines of {piece!r}", (HEADER + f"{piece}\n" * lines).encode()
    for one, other in PAIRS:
        pair = f"{one}\n{other}\n"
        count = SIZE // len(pair.encode())
        yield f"{one!r} and {other!r}", (HEADER + pair * count).encode()


PAIRS = (
    ("x();", "| q"), ("+---", "a | b c."), ("| a.", "b."), ("| a", "b"), ("a:", "- b"), ("- a", " - b"),
    ("1. a", "  2. b"), ("[1] a", "[2] b"), ("[1]", "  b"), ("a", "==="), ("a", "---"), ("--", "a"),
    ("July 14: a", "- b"), ("XSA-1 - a", "b"), ("    a", "b"), ("    a", ""), ("", "    a"), ("a;", ""),
    ("{", ""), ("f(a);", "{"), ("@@ -1,9 +1,9 @@", " a"), ("$ a", ""), ("- a", ""), ("- a", "b"),
    ("| - a", "|"), ("| | a", "| b"), ("a", "    b:"), ("## a", ""), ("***", "a"), ("| a |", "| --- |"),
    ("| a | b |", "|"), ("Thanks,", ""), ("The a Team", ""), ("sudo a", ""), ("a:", ""), ("x   y", "z"),
)  # fmt: skip
