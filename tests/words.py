"""Words of a text and words of a page, so that they can be compared.

Neither side is told what the parser made of the text. From a page, the numbers that a browser
puts before list items are words, too: they stand in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from bulletins.html import visible

WORD = re.compile(r"[^\W_]+")
INLINE = {"a", "code", "em", "span", "strong", "time"}


def words_of_text(data: bytes) -> list[str]:
    """The words of a signed text, in order."""
    lines = (line.rstrip(" \t\r") for line in data.decode("utf-8").split("\n"))
    return WORD.findall(visible("\n".join(lines)))


def words_of_html(html: str) -> list[str]:
    """The words that a page shows, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return WORD.findall("".join(reader.parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.lists: list[tuple[bool, int] | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in INLINE:
            self.parts.append("\n")
        if tag == "ul":
            self.lists.append(None)
        elif tag == "ol":
            self.lists.append((given.get("type") == "a", int(given.get("start") or 1) - 1))
        elif tag == "li" and (current := self.lists[-1]):
            letters, before = current
            number = int(given.get("value") or before + 1)
            self.lists[-1] = (letters, number)
            self.parts.append((chr(96 + number) if letters else str(number)) + "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self.lists.pop()
        if tag not in INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def strings(data: Any) -> Iterator[str]:
    """All strings in data, such as that of JSON or YAML."""
    if isinstance(data, str):
        yield data
    for inner in (
        data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    ):
        yield from strings(inner)
