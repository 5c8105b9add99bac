"""Texts that make one kind of rule or expression after the other work in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

HEADER = "---===[ Quern Security Bulletin 012 ]===---\n\n2025-05-06\n\n"

#: Repeated on one line, and as one line each.
PIECES = (
    "a", "|", "| ", "> ", ">>", "- ", "* ", "1. ", "a) ", "[", "[1]", "[1] ", "](", "(", ")", "((a", "_", "_a",
    "*a", "**", "`", "``", "`a ", "http://", "http://a)", "https://a_(", "XSA-", "XSA-1 ",
    "XSA-1, ", "XSA 1 and 2 through ", "XSA-1-64 ", "XSA-1 (a), ","XSA-1 [1]", "CVE-2017-1000, 1001 and ", "published XSA-7 (", "CVE-2017-", "Xen Security ", "QSB ", "#", "## ", "-", "--",
    "---", "=", "==-", "+-", "+---", "| --- |", "a | b", "| a", "{", "}", ";", "x();", "int f(a,",
    "/* ", "@@ -1 +1 @@", "+++ a", "+a", "~~~", "o a", "│", "[^a] ", "July 14: ", "2018-05-24: ", "2018-05-24  ", "XSA-1 - a ",
    "$ a", "# a-", "[a@b]# ", " ", "\t", "     ", "a    b", "\u202e", "\u00e9", "<", "&", "TODO ", ":", "a:", "Thanks,",
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
    ("> a", "b"), ("> a", "> > b"), ("a:", "> b"), ("---", "a  b"), ("aaa", "~~~"), ("", "aaa\n^^^"), ("---  ---", "a"),
    ("-a", "+b"), ("~~~", "a"), ("a   b", "+---"), ("+--+  +--+", "| a | b |"), ("o a", " o b"),
)  # fmt: skip

#: Begin an item of a list of packages, and never end it.
PACKAGES = (
    "xen, ", "xen 1.2, ", "version 1.2 (x) ", "(s)", "which ", "for 4.1: 4.1 (for 4.2: 4.2) ",
    "packages installed in ", "no fix is ", "version 1", "Quern 1.1/", "in dom0 and ",
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
    for piece in PACKAGES:
        yield f"packages {piece!r}", _text(piece, size, before="Packages\n---\n\n- ")
    yield "indented packages", _text("    a\n", size, before="For Quern 4.0:\n\n    - a\n")


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


def _text(piece: str, size: int, *, before: str = "") -> bytes:
    room = size - len(HEADER + before)
    return (HEADER + before + piece * max(1, room // len(piece.encode()))).encode()


def _under(title: str, words: str = "", banner: str = HEADER) -> str:
    return f"{banner}{title}\n{'=' * len(title)}\n\n{words}"


CANARY = "---===[ Quern Canary 012 ]===---\n\n2025-05-06\n\n"
_CODE = _under("Summary", "Code:\n\n    int a;\n    int b;\n    ")
_CANARY = _under("Statements", banner=CANARY)
_FIXES = _under("Patching", "The following packages resolve the problem:\n\n")
_CITED = _under("Summary", "XSA-1 was published. [1]\n\nReferences\n----------\n\n")

#: What comes before, what is repeated, and what comes after it; ``{n}`` is another number each time.
Family: TypeAlias = tuple[str, str, str]

#: Families in which only long texts, of so many bytes, show that something is done in vain.
LONG_FAMILIES: tuple[tuple[Family, int], ...] = (
    ((_under("Changelog"), "2025-05-06: words\n", ""), 32 * 1024),
    ((_under("Summary"), "Thanks,\na\n---\n", ""), 12 * 1024),
    ((_under("Summary"), "“ a ...\n", ":"), 12 * 1024),
    ((_under("User action required"), "words\n\npackages of\n\n", ""), 12 * 1024),
)

FAMILIES: tuple[Family, ...] = (
    # changelogs, titles, sections, sign-offs
    (_under("Changelog"), "2025-05-06: words XSA-{n}\n\n", ""),
    (_under("Changelog"), "May 6: words\n  and more\n", ""),
    (f"{HEADER}  ", "word{n} ", "\n\nSummary\n-------\n\nwords\n"),
    (f"{HEADER}  ", "(XSA-{n}) ", "\n\nSummary\n-------\n\nwords\n"),
    (f"{HEADER}\n", "1.", "a\n------\n\nwords\n"),
    (f"{HEADER}\nWords", "+---", "a\n------\n\nwords\n"),
    (HEADER, "Summary\n=======\n\nwords\n\n", ""),
    (HEADER, "words {n}\n---------\n\nXSA-{n}\n\n", ""),
    (HEADER, "## a\n\nwords\n\n", ""),
    (HEADER, "--\n1.2\n", ""),
    # containers
    (_under("Summary"), "- XSA-{n}: words\n", ""),
    (_under("Summary"), "1. words\n\n   words\n\n", ""),
    (_under("Summary"), "  - XSA-{n} - a\n\n    - b\n\n", ""),
    (_under("Summary"), "- - - - - - - a\n", ""),
    (_under("Summary"), "They say:\n\n| words XSA-{n}\n\n", ""),
    (_under("Summary"), "| - a\n|   | b\n", ""),
    (_under("Summary"), "---\na  b\na  b\n---\n\n", ""),
    (_under("Summary"), "--- ", ""),
    (_under("Summary"), "---\nA  b\n", ""),
    (_under("Summary"), "A\nB XSA-{n}\nC\n", ""),
    (_under("Summary"), "> words XSA-{n}\n> > words\n", ""),
    (_under("Summary"), "XSA-{n} - words [1]\n", ""),
    (_under("Summary"), "|a|XSA-{n}|\n", ""),
    (_under("Summary"), "+---+\n|a|b|\n+---+\n\n", ""),
    (_CITED, "[{n}] https://example.org/{n}\n", ""),
    (_CITED, "[{n}] XSA-{n} and words\n\n", ""),
    (_under("Summary", "XSA-1 [1] "), "[{n}]", "\n\nReferences\n---\n\n[1] XSA-1, 2-64\n"),
    (_under("Notes"), "1. https://example.org/\n", ""),
    # running text
    (_under("Summary"), "XSA-{n} was published. ", ""),
    (_under("Summary"), "XSA-{n} does not affect Quern, only XSA-1 affects Quern. ", ""),
    (_under("Summary"), "XSA-{n} came out. None of them affects Quern. ", ""),
    (_under("Summary"), "XSA-{n} came out. Only the latter affects Quern. ", ""),
    (_under("Summary"), "XSA-{n} affects Quern, the others do not. ", ""),
    (_under("Summary", "XSA-1, 2-64 came out. "), "None of them affects Quern. ", ""),
    (_under("Summary"), "XSA-{n} (CVE-2031-{n}), ", ""),
    (_under("Summary"), 'XSA-{n} [1] "words", ', ""),
    (_under("Summary"), "CVE-2031-12 or CVE-{n}9-1, ", ""),
    (_under("Summary", "XSA-1 says:\n\n"), "| words (CVE-2031-{n}) assigned\n", ""),
    (_under("Summary"), "XSA-{n} through ", ""),
    (_under("Summary"), "XSA-1-64\n\n", ""),
    (_under("Summary"), "(CVE-2031-{n}) ", ""),
    (_under("Summary"), "https://example.org/CVE-2031-{n} ", ""),
    (_under("Summary", "https://example.org/a/\n"), ".", "(\n"),
    (_under("Summary", "\n    "), "words ", "<.\n"),
    (_under("Changelog"), "12.05.2031 \n", ""),
    (_under("Summary"), "_a_ `b` *c* ", ""),
    (_under("Summary"), "words: ", ""),
    (_under("Summary"), "\u03bcs X\u0410-{n} \u200b", ""),
    (_under("Summary"), "TODO ", ""),
    (_under("Summary", "\nWords "), ".", "a\n\n    code\n"),
    (_under("Summary", "\nWords "), " ", "a.\n"),
    (_under("Credits"), "Found by Anna Berg, Bo Cale and Dov Ems. ", ""),
    (_under("Credits"), "Anna Berg ", ""),
    (_under("Credits"), "Thanks to @anna, Bo Cale. Anna Berg and @anna found ", ""),
    (_under("Credits"), ": Anna 'a' Berg, @anna, ", ""),
    (_under("Credits"), "@anna", ""),
    # packages
    (_FIXES, "- xen{n} packages, version 1.{n}-2\n", ""),
    (_FIXES, "For Quern 4.2, in hearth:\n- xen packages, version 1.{n}-2\n\n", ""),
    (_FIXES, "| package | version |\n|---|---|\n| xen | 1.{n}-2 |\n\n", ""),
    (f"{_FIXES}| package | version |\n|---|---|\n", "| xen | 1.{n}-2 |\n", ""),
    (f"{_FIXES}- ", "xen (a), version 1.2-3 for Quern 4.2, ", ""),
    (_under("Patching"), "Install xen{n} version 1.{n}-2. ", ""),
    (_under("Patching"), "No fix is available for Quern 4.{n}. ", ""),
    (_under("Patching"), "Packages are to be installed in a{n}. ", ""),
    (_under("Patching", "The packages are installed in"), " ", f"{'a' * 99} b.\n"),
    (_under("Patching", "Use a in"), " ", "a install.\n"),
    (_under("Patching", "Run:\n\n    $0\n"), "\n", "    $1\n"),
    (_under("Affected systems"), "words\n\n", ""),
    # code
    (_CODE, "x();\n    ", ""),
    (_CODE, "\n", "    b;\n"),
    (_CODE, "// ", ""),
    (_CODE, "int f(a) ", ""),
    (_under("Summary"), "diff --git a b\n+++ a\n@@ -1,9 +1,9 @@\n+a\n", ""),
    (_under("Summary", "@@ -1 +1 @@\n+"), "a", ""),
    (_under("Summary"), "$ echo \"'a\n\n", ""),
    (_under("Summary"), "x();\n{\n", ""),
    (_under("Summary"), "```\na\n", ""),
    # canaries
    (_CANARY, "{n}. The next canary {n} is due in June 2025.\n\n", ""),
    (f"{_CANARY}1. words\n\n", "words\n\n", ""),
    (f"{_CANARY}1. ", "12 Quern Security Bulletins, ", ""),
    (f"{_CANARY}1. next canary: ", "between May 6 and ", ""),
    (f"{_CANARY}1. ", "a b ", ""),
    (_CANARY, "{n}. a b a b a b a b a b a b a b a b a b a b a b a b a b\n", ""),
    (f"{_CANARY}1. a\n\nProof of freshness\n---\n\n", "Mon, 02 Mar 2025 a\n", ""),
    (f"{_CANARY}1. a\n\nSpecial announcements\n---\n\n", "words XSA-{n}\n\n", ""),
)  # fmt: skip


def grown(family: Family, size: int) -> bytes:
    """A text of about ``size`` bytes of a family."""
    before, repeated, after = family
    rest = size - len(before) - len(after)
    count = max(1, rest // len(repeated.replace("{n}", "1000").encode()))
    # The first XSA is XSA-1, and the first CVE that there can be is CVE-2031-1000.
    numbers = range(1000, 1000 + count)
    return (before + "".join(repeated.replace("{n}", str(n)) for n in numbers) + after).encode()
