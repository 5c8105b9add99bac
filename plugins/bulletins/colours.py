"""Code as HTML, with what the stylesheet colours in spans.

The expressions are our own, and linear: lexers of Pygments take exponential time on hostile code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: By language, what is coloured: the names of groups are classes of the stylesheet.
_WORDS: Final = {
    "c": re.compile(
        r"(?P<c>/\*(?:[^*]|\*(?!/))*(?:\*/)?|//[^\n]*\n?)"
        r"|(?P<s>\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])')"
        r"|(?P<n>^[ \t]*#(?:\\\n|[^\n])*\n?|\b(?:NULL|true|false)\b)"
        r"|(?P<k>\b(?:auto|bool|break|case|char|const|continue|default|do|double|else|enum|extern"
        r"|float|for|goto|if|inline|int|long|register|return|short|signed|sizeof|static|struct"
        r"|switch|typedef|union|unsigned|void|volatile|while|FILE|s?size_t"
        r"|u?int(?:8|16|32|64|ptr)_t)\b)"
        r"|(?P<function>\b\w{1,60}(?=\())",
        re.DOTALL | re.MULTILINE,
    ),
    "diff": re.compile(
        r"(?P<c>^(?:[Ii]ndex|diff|=)[^\n]*)|(?P<n>^@[^\n]*)|(?P<gd>^-[^\n]*)|(?P<gi>^\+[^\n]*)",
        re.MULTILINE,
    ),
    "sh": re.compile(
        r"(?P<c>(?<!\S)#[^\n]*\n?)"
        r"|(?P<s>\\.|'[^']*'|\"(?:\\.|[^\"\\$\n])*\"(?![^\s;)])|\")"
        r"|(?P<n>\$\w+"
        r"|(?<!\S)(?:cd|echo|eval|exec|exit|export|printf|read|set|source|test|unset)(?!\S))"
        r"|(?P<k>(?<![\w-])(?:if|fi|else|elif|then|for|in|while|do|done|case|esac)(?![\w-]))",
        re.DOTALL,
    ),
}
# Types, and behind them the name of the function that is declared.
_FUNCTION: Final = re.compile(
    r"^[ \t]{0,8}(?!return|else|goto|case)(?:[A-Za-z_]\w{0,59}[ *\n]{1,4}){1,4}"
    r"(?P<name>\w{1,60})\(",
    re.MULTILINE,
)


def is_coloured(language: str) -> bool:
    """Whether there are colours for a language."""
    return language in _WORDS


def coloured(code: str, language: str, escape: Callable[[str], str]) -> str:
    """Code as HTML; ``escape`` makes HTML of words."""
    functions = {match.start("name") for match in _FUNCTION.finditer(code)}
    parts, position = [], 0
    for match in _WORDS[language].finditer(code):
        kind = match.lastgroup
        if kind == "function":
            if match.start() not in functions:
                continue
            kind = "n"
        parts.append(escape(code[position : match.start()]))
        parts.append(f'<span class="{kind}">{escape(match[0])}</span>')
        position = match.end()
    return "".join([*parts, escape(code[position:])])
