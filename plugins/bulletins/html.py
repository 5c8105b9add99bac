"""A Document as HTML. Only this module escapes: each word of a text passes through ``_text``.

Marks in the text (``_``, a backtick, ``##``, ``---===[``) stay in the page as
``<span class="mark">``, which the stylesheet hides, so that copied text is the signed text. The
page omits only what the form of a list, a quotation, a table or a heading shows: markers, bars,
underlines.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape as _escape
from html import unescape
from itertools import groupby
from operator import itemgetter
from typing import Final, assert_never

from markupsafe import Markup

from bulletins import words
from secpack.model import blocks as kinds
from secpack.model.archive import Document
from secpack.model.blocks import Block, Id, Inline, Paragraph, plain
from secpack.parser.blocks import defined_labels
from secpack.parser.characters import visible
from secpack.parser.inline import citation_label

# Ids that headings cannot have: those of the page and of references, and an empty one.
_RESERVED: Final = re.compile(r"$|main$|(?:page|ref|cite|letter|section)(?:-|$)")

# An id, such as XSA-212, CVE-2017-7228 or XSA 9, with adjacent punctuation.
_WHOLE: Final = re.compile(
    r"[(]?\b[A-Z]{2,12}(?:(?:-[A-Z0-9]{1,8}){1,4}| #?[0-9]{1,6})\b[),.:]{0,2}"
)

# In our own HTML: marks of the text, and tags in a line; what divides a line; any tag.
_WITHIN: Final = re.compile(r'<span class="mark">[^<]*</span>|</?(?:a|code|em|span|time)\b[^<>]*>')
_CELLS: Final = re.compile(r"</(dt|t[dh])><(?:dd|\1)[^<>]*>")
_TAG: Final = re.compile(r"<[^<>]*>")

#: Returns the URL of an id, or None if there is no page for it.
LinkOf = Callable[[Id], str | None]


def escape(text: str) -> str:
    """Text as HTML that means exactly that text, in an element or an attribute."""
    return _escape(visible(text))


def _text(text: str) -> str:
    """Text as HTML in an element, where quotes need no escape."""
    return _escape(visible(text), quote=False)


def as_markup(text: str) -> Markup:
    """Text, escaped and marked as HTML, so that no template escapes it again."""
    return Markup(escape(text))  # noqa: S704 - escaped right here


def unbroken(text: str) -> Markup:
    """Text, escaped, with each id in it (``XSA-212``) kept on one line."""
    return Markup(_WHOLE.sub(r"<bdi>\g<0></bdi>", escape(text)))  # noqa: S704 - escaped right here


@dataclass(frozen=True, slots=True)
class Outline:
    """A heading of a rendered document: its level, its words, and its id."""

    level: int
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document as HTML, with its headings in order."""

    html: str
    outline: tuple[Outline, ...]


def render(
    document: Document, link_of: LinkOf, *, prefix: str = "", top: int = 2, page: str = ""
) -> Rendered:
    """Render a document.

    Every id begins with ``prefix``, so that several documents can share a page; ``top`` is the
    level of the outermost headings. ``page`` is the URL of the page with the ids, for HTML that is
    read elsewhere.
    """
    targets = frozenset(defined_labels(document.blocks))
    renderer = _Renderer(link_of, prefix, top, targets, escape(page))
    return Rendered(renderer.blocks(document.blocks), tuple(renderer.outline))


def render_blocks(
    blocks: Iterable[Block], link_of: LinkOf, targets: frozenset[str] = frozenset()
) -> str:
    """Render some blocks of a document without ids: an excerpt.

    ``targets`` are the labels of references elsewhere on the page.
    """
    return _Renderer(link_of, None, 3, targets).blocks(blocks)


def words_shown(document: Document) -> str:
    """The words that the page of a document shows, without marks; a blank line after a passage."""
    html = _WITHIN.sub("", render(document, lambda _: None).html)
    return unescape(_TAG.sub("\n\n", _CELLS.sub(" ", html)))


def render_words(inlines: Iterable[Inline], link_of: LinkOf) -> str:
    """Render running text from outside a document."""
    return _Renderer(link_of, None, 3, frozenset()).inline(inlines)


@dataclass(slots=True)
class _Renderer:
    """Renders one document; remembers the ids in use.

    ``targets`` are the labels of references to which a citation can lead.
    ``around`` are the headings above the current block: their levels in the text, and on the page.
    """

    link_of: LinkOf
    prefix: str | None
    top: int
    targets: frozenset[str]
    page: str = ""
    outline: list[Outline] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    around: list[tuple[int, int]] = field(default_factory=list)
    depth: int = 0

    # --- blocks ---

    def blocks(self, blocks: Iterable[Block]) -> str:
        """The blocks as HTML, without those that are only blank lines."""
        return "\n".join(filter(None, map(self._block, blocks)))

    def _block(self, block: Block) -> str:
        match block:
            case kinds.Letterhead():
                return _letterhead(block)
            case kinds.Heading():
                return self._heading(block)
            case Paragraph():
                inner = self._running(block)
                return f"<p>{inner}</p>" if inner.strip() else ""
            case kinds.Preformatted():
                return _preformatted(block)
            case kinds.Quotation():
                return f"<blockquote>\n{self._inside(block.blocks)}\n</blockquote>"
            case kinds.ListBlock():
                return self._list(block)
            case kinds.Definitions():
                return self._definitions(block)
            case kinds.References():
                return self._references(block)
            case kinds.Table():
                return self._table(block)
            case kinds.Rule():
                return "<hr>"
            case kinds.SignOff():
                return f'<p class="sign-off">{self._running(block)}</p>'
            case _:
                assert_never(block)

    def _inside(self, blocks: Iterable[Block]) -> str:
        self.depth += 1
        html = self.blocks(blocks)
        self.depth -= 1
        return html

    def _heading(self, heading: kinds.Heading) -> str:
        inner = _mark(heading.mark) + self.inline(heading.inlines)
        if self.depth or self.prefix is None:
            return f'<p class="heading">{inner}</p>'
        title = visible(plain(heading.inlines))
        anchor = self._anchor(_heading_slug(title))
        # A text may skip a level; a page must not.
        while self.around and self.around[-1][0] >= heading.level:
            self.around.pop()
        level = min((self.around[-1][1] if self.around else self.top - 1) + 1, 6)
        self.around.append((heading.level, level))
        self.outline.append(Outline(heading.level, title, anchor))
        return f'<h{level} id="{anchor}">{inner}</h{level}>'

    def _list(self, block: kinds.ListBlock) -> str:
        items, before = [], 0
        mark = _mark("o " if block.style == "o" else "")  # a bullet that is also a letter
        for item in block.items:
            value = "" if item.number in (None, before + 1) else f' value="{item.number}"'
            items.append(f"<li{value}>{mark}{self._item(item.blocks)}</li>\n")
            before = item.number or 0
        tag = "ul" if block.items[0].number is None else "ol"
        kind = ' type="a"' if block.style.startswith("a") else ""
        return f"<{tag}{kind}>\n{''.join(items)}</{tag}>"

    def _running(self, block: Paragraph | kinds.SignOff) -> str:
        """Running text, with the line breaks that matter."""
        inner = self.inline(block.inlines)
        breaks = isinstance(block, kinds.SignOff) or block.breaks
        return inner.replace("\n", "<br>\n") if breaks else inner

    def _item(self, blocks: tuple[Block, ...]) -> str:
        """An item of one paragraph has no ``<p>``."""
        written = [b for b in blocks if not (isinstance(b, Paragraph) and not b.inlines)]
        if written and isinstance(written[0], Paragraph):
            rest = self._inside(written[1:])
            first = self._running(written[0])
            if not any(isinstance(block, Paragraph) for block in written[1:]):
                return f"{first}\n{rest}" if rest else first
            return f"<p>{first}</p>\n{rest}"
        return self._inside(written)

    def _definitions(self, block: kinds.Definitions) -> str:
        items = "\n".join(
            f"<dt>{self.inline(item.term)}{_mark(item.separator)}</dt>"
            f"<dd>{self._item(item.blocks)}</dd>"
            for item in block.items
        )
        return f"<dl>\n{items}\n</dl>"

    def _references(self, block: kinds.References) -> str:
        items = "\n".join(
            f"<li{self._id('ref', item.label)}>{self._back(item.label, item.marker)} "
            f"{self._item(item.blocks)}</li>"
            for item in block.items
        )
        return f'<ul class="references">\n{items}\n</ul>'

    def _id(self, kind: str, label: str) -> str:
        """The id of a reference or a citation; only the first with a label has one."""
        anchor = f"{self.prefix}{kind}-{_label_slug(label)}"
        if self.prefix is None or anchor in self.ids:
            return ""
        self.ids.add(anchor)
        return f' id="{anchor}"'

    def _back(self, label: str, marker: str) -> str:
        """A reference's label, with a link back to its first citation, if there is one."""
        if self.prefix is None or f"{self.prefix}cite-{_label_slug(label)}" not in self.ids:
            return f'<span class="label">{_text(marker)}</span>'
        return f'<a href="{self.page}#{self.prefix}cite-{_label_slug(label)}">{_text(marker)}</a>'

    def _table(self, table: kinds.Table) -> str:
        head = "".join(self._row(row, "th") for row in table.head)
        body = "".join(self._row(row, "td") for row in table.body)
        thead = f"<thead>\n{head}</thead>\n" if head else ""
        return (
            f'<div class="scroll" tabindex="0" role="group" aria-label="{words.table}">'
            f"<table>\n{thead}<tbody>\n{body}</tbody>\n</table></div>"
        )

    def _row(self, row: tuple[tuple[Inline, ...], ...], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return "<tr>" + "".join(f"<{tag}{scope}>{self.inline(c)}</{tag}>" for c in row) + "</tr>\n"

    # --- inline ---

    def inline(self, inlines: Iterable[Inline]) -> str:
        """Running text as HTML."""
        return "".join(self._inline(inline) for inline in inlines)

    def _inline(self, inline: Inline) -> str:
        match inline:
            case kinds.Text():
                return _text(inline.text)
            case kinds.Emphasis():
                mark = _mark(inline.mark)
                return f"<em>{mark}{_text(inline.text)}{mark}</em>"
            case kinds.Code():
                mark = _mark("`")
                return f"<code>{mark}{_text(inline.text)}{mark}</code>"
            case kinds.Link():
                return _anchor(inline.url, inline.url)
            case kinds.Citation():
                return self._citation(inline)
            case Id():
                url = self.link_of(inline)
                return _anchor(url, inline.text) if url else _text(inline.text)

    def _citation(self, citation: kinds.Citation) -> str:
        text = _text(f"[{citation.label}]")
        label = citation_label(citation.label)
        if label not in self.targets:
            return text
        target = f"{self.page}#{self.prefix or ''}ref-{_label_slug(label)}"
        return f'<a href="{target}"{self._id("cite", label)}>{text}</a>'

    def _anchor(self, wanted: str) -> str:
        """An id that nothing else on the page has."""
        anchor = f"{self.prefix}{wanted}"
        while anchor in self.ids:
            self.counts[wanted] += 1
            anchor = f"{self.prefix}{wanted}-{self.counts[wanted]}"
        self.ids.add(anchor)
        return anchor


def _letterhead(head: kinds.Letterhead) -> str:
    """The text's own header: its banner, date and title, as printed."""
    opening, _, rest = head.banner.partition("[")
    words, _, closing = rest.rpartition("]")
    lines = [f'<p class="banner">{_mark(opening + "[")}{_text(words)}{_mark("]" + closing)}</p>']
    if head.date_text:
        printed = _text(head.date_text)
        when = (
            f'<time datetime="{head.date.isoformat()}">{printed}</time>' if head.date else printed
        )
        lines.append(f"<p>{when}</p>")
    lines += [
        f'<p class="title">{"<br>".join(map(_text, part))}</p>'
        for part in (head.title_lines, head.subtitle_lines)
        if part
    ]
    return '<div class="letterhead">\n' + "\n".join(lines) + "\n</div>"


def _preformatted(block: kinds.Preformatted) -> str:
    if block.language in COLOURED:
        body = coloured(block.text, block.language).rstrip("\n")
        return f'<pre class="highlight" tabindex="0"><code>{body}</code></pre>'
    kind = ' class="record"' if block.language == "record" else ""
    return f'<pre{kind} tabindex="0"><code>{_text(block.text)}</code></pre>'


def _mark(text: str) -> str:
    return f'<span class="mark">{_text(text)}</span>' if text else ""


def _anchor(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{_text(text)}</a>'


def _heading_slug(title: str) -> str:
    """A heading as an id that neither the page nor a reference can have."""
    slug = _slug(title)
    return f"section-{slug}".rstrip("-") if _RESERVED.match(slug) else slug


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-")


def _label_slug(label: str) -> str:
    """A label as part of an id: ``01`` equals ``1``, and ``**`` is ``note-2``."""
    return f"note-{len(label)}" if label.startswith("*") else _slug(citation_label(label))


# --- the colours of code --------------------------------------------------------------------------
#
# An expression for each language finds what has a colour, and its groups are named like the classes
# of the stylesheet. They take linear time; Pygments takes exponential time on hostile code.

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


def coloured(code: str, language: str) -> str:
    """Code as HTML, with a class for what has a colour."""
    parts = []
    tokens = filter(itemgetter(1), _tokens(visible(code), _PATTERNS[language]))
    for name, run in groupby(tokens, key=itemgetter(0)):
        words = _text("".join(text for _, text in run))
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
