"""Code as HTML, with the classes that the stylesheet colours.

The lexers are ours, and linear; those of Pygments take exponential time on hostile code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, Final

from pygments.lexer import RegexLexer, bygroups, using
from pygments.lexer import this as this_lexer
from pygments.token import Comment, Generic, Keyword, Name, String, Text, _TokenType

_PLAIN: Final = (r"[A-Za-z0-9_]+|[^A-Za-z0-9_]", Text)


class _CLexer(RegexLexer):
    flags = re.DOTALL | re.MULTILINE
    tokens: ClassVar = {
        "root": [
            (  # types, then the name of the declared function
                r"(^[ \t]{0,8}(?!return|else|goto|case)(?:[A-Za-z_]\w{0,59}[ *\n]{1,4}){1,4})"
                r"(\w{1,60})(?=\()",
                bygroups(using(this_lexer), Name),  # type: ignore[no-untyped-call]
            ),
            (r"/\*(?:[^*]|\*(?!/))*(?:\*/)?|//[^\n]*\n?", Comment),
            (r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])'", String),
            (r"^[ \t]*#(?:\\\n|[^\n])*\n?|\b(?:NULL|true|false)\b", Name),
            (
                r"\b(?:auto|bool|break|case|char|const|continue|default|do|double|else|enum"
                r"|extern|float|for|goto|if|inline|int|long|register|return|short|signed|sizeof"
                r"|static|struct|switch|typedef|union|unsigned|void|volatile|while|FILE"
                r"|s?size_t|u?int(?:8|16|32|64|ptr)_t)\b",
                Keyword,
            ),
            _PLAIN,
        ]
    }


class _ShellLexer(RegexLexer):
    flags = re.DOTALL
    tokens: ClassVar = {
        "root": [
            (r"(?<!\S)#[^\n]*\n?", Comment),
            (r"\\.|'[^']*'|\"(?:\\.|[^\"\\$\n])*\"(?![^\s;)])|\"", String),
            (r"\$\w+", Name),
            (
                r"(?<!\S)(?:cd|echo|eval|exec|exit|export|printf|read|set|source|test|unset)"
                r"(?!\S)",
                Name,
            ),
            (
                r"(?<![\w-])(?:if|fi|else|elif|then|for|in|while|do|done|case|esac)(?![\w-])",
                Keyword,
            ),
            _PLAIN,
        ]
    }


class _DiffLexer(RegexLexer):
    flags = re.MULTILINE
    tokens: ClassVar = {
        "root": [
            (r"^(?:[Ii]ndex|diff|=)[^\n]*", Comment),
            (r"^@[^\n]*", Name),
            (r"^-[^\n]*", Generic.Deleted),
            (r"^\+[^\n]*", Generic.Inserted),
            (r"[^\n]+|\n", Text),
        ]
    }


_LEXERS: Final = {"c": _CLexer(), "sh": _ShellLexer(), "diff": _DiffLexer()}

#: The classes of the stylesheet.
_CLASSES: Final[dict[_TokenType, str]] = {
    Comment: "c",
    String: "s",
    Name: "n",
    Keyword: "k",
    Generic.Deleted: "gd",
    Generic.Inserted: "gi",
}


def is_coloured(language: str) -> bool:
    """Whether there are colours for a language."""
    return language in _LEXERS


def coloured(code: str, language: str, escape: Callable[[str], str]) -> str:
    """Code as HTML; ``escape`` turns text into HTML."""
    tokens = _LEXERS[language].get_tokens_unprocessed(code)
    pairs = ((_CLASSES.get(kind, ""), text) for _, kind, text in tokens)
    parts = []
    for name, run in groupby(pairs, key=itemgetter(0)):
        words = escape("".join(text for _, text in run))
        parts.append(f'<span class="{name}">{words}</span>' if name else words)
    return "".join(parts)
