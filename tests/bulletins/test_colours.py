"""Code is coloured, in time that grows with its length."""

from __future__ import annotations

import re

import pytest

from bulletins.html import coloured

KINDS = ("k", "n", "c", "s", "gd", "gi")

CASES = [
    ("c", "static int *ring(void)\n{\n", "<k>static</k> <k>int</k> *<n>ring</n>(<k>void</k>)\n{\n"),
    ("c", "    return ring(NULL);", "    <k>return</k> ring(<n>NULL</n>);"),
    ("c", "int a; /* b\nc */ // d\ne", "<k>int</k> a; <c>/* b\nc */</c> <c>// d\n</c>e"),
    ("c", "/* open", "<c>/* open</c>"),
    ("c", 'f("a\\"b", \'\\n\');', 'f(<s>"a\\"b"</s>, <s>\'\\n\'</s>);'),
    ("c", "#define A \\\n  b\nint c", "<n>#define A \\\n  b\n</n><k>int</k> c"),
    ("c", "98 void f(a)", "98 <k>void</k> f(a)"),
    ("c", "printed, format", "printed, format"),
    (
        "sh",
        "$ for d in a; do\n  cd $d\ndone",
        "$ <k>for</k> d <k>in</k> a; <k>do</k>\n  <n>cd</n> <n>$d</n>\n<k>done</k>",
    ),
    (
        "sh",
        'grep \'a\' "b c" "$d" \\\n x # e',
        'grep <s>\'a\'</s> <s>"b c"</s> <s>"</s><n>$d</n><s>"</s> <s>\\\n</s> x <c># e</c>',
    ),
    ("sh", "bell-test --do if-up", "bell-test --do if-up"),
    (
        "diff",
        "diff --git a b\n@@ -1 +1 @@ f\n a\n-b\n+c",
        "<c>diff --git a b</c>\n<n>@@ -1 +1 @@ f</n>\n a\n<gd>-b</gd>\n<gi>+c</gi>",
    ),
]


@pytest.mark.parametrize(("language", "code", "shown"), CASES)
def test_code_is_coloured(language: str, code: str, shown: str) -> None:
    html = coloured(code, language)
    for kind in KINDS:
        html = html.replace(f'<span class="{kind}">', f"<{kind}>")
    spans = shown
    for kind in KINDS:
        spans = spans.replace(f"</{kind}>", "</span>")
    assert html == spans


@pytest.mark.parametrize("language", ["c", "sh", "diff"])
def test_every_word_is_escaped(language: str) -> None:
    html = coloured("<i> /* <b> */ '<u>' # <p>\n+<q>\nint <s>\n$<v> \"<w>\"", language)
    assert html.count("&lt;") == 8
    spans = {"</span>", *(f'<span class="{kind}">' for kind in KINDS)}
    assert set(re.findall("<[^>]*>", html)) <= spans


def test_comments_that_go_on_do_not_hang() -> None:
    """The C lexer that comes with Pygments takes twice as long with each of these lines."""
    code = "int f //\\\n" + "//\\\n" * 10_000 + "x;"
    assert coloured(code, "c").endswith("x;")
