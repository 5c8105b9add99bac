"""Code as HTML, with the classes that the stylesheet colours.

An expression for each language finds what has a colour, and its groups are named like the classes.
They take linear time; the lexers of Pygments take exponential time on hostile code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

# Types, then the name of the declared function; comments; strings; names; keywords. A word that is
# none of these is read as a whole, so that no keyword is found inside it.
_C: Final = r"""
    (?P<types> ^[ \t]{0,8} (?!return|else|goto|case) (?:[A-Za-z_]\w{0,59}[ *\n]{1,4}){1,4} )
      (?P<declared> \w{1,60} ) (?=\()
  | (?P<c> /\*(?:[^*]|\*(?!/))*(?:\*/)? | //[^\n]*\n? )
  | (?P<s> "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])' )
  | (?P<n> ^[ \t]*\#(?:\\\n|[^\n])*\n? | \b(?:NULL|true|false)\b )
  | (?P<k> \b(?:auto|bool|break|case|char|const|continue|default|do|double|else|enum|extern|float
      |for|goto|if|inline|int|long|register|return|short|signed|sizeof|static|struct|switch|typedef
      |union|unsigned|void|volatile|while|FILE|s?size_t|u?int(?:8|16|32|64|ptr)_t)\b )
  | [A-Za-z0-9_]+
"""

_SHELL: Final = r"""
    (?P<c> (?<!\S)\#[^\n]*\n? )
  | (?P<s> \\. | '[^']*' | "(?:\\.|[^"\\$\n])*"(?![^\s;)]) | " )
  | (?P<n> \$\w+
      | (?<!\S)(?:cd|echo|eval|exec|exit|export|printf|read|set|source|test|unset)(?!\S) )
  | (?P<k> (?<![\w-])(?:if|fi|else|elif|then|for|in|while|do|done|case|esac)(?![\w-]) )
  | [A-Za-z0-9_]+
"""

_DIFF: Final = r"""
    (?P<c> ^(?:[Ii]ndex|diff|=)[^\n]* )
  | (?P<n> ^@[^\n]* )
  | (?P<gd> ^-[^\n]* )
  | (?P<gi> ^\+[^\n]* )
"""

_PATTERNS: Final = {
    language: re.compile(pattern, re.VERBOSE | re.MULTILINE | re.DOTALL)
    for language, pattern in (("c", _C), ("sh", _SHELL), ("diff", _DIFF))
}


#: The languages that have colours.
COLOURED: Final = frozenset(_PATTERNS)


def coloured(code: str, language: str, escape: Callable[[str], str]) -> str:
    """Code as HTML; ``escape`` turns text into HTML."""
    parts = []
    tokens = filter(itemgetter(1), _tokens(code, _PATTERNS[language]))
    for name, run in groupby(tokens, key=itemgetter(0)):
        words = escape("".join(text for _, text in run))
        parts.append(f'<span class="{name}">{words}</span>' if name else words)
    return "".join(parts)


def _tokens(code: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield all of the code in pieces, each with its class; plain and empty ones have none."""
    position = 0
    for match in pattern.finditer(code):
        yield "", code[position : match.start()]
        if match.lastgroup == "declared":
            yield from _tokens(match["types"], pattern)
            yield "n", match["declared"]
        else:
            yield match.lastgroup or "", match[0]
        position = match.end()
    yield "", code[position:]
