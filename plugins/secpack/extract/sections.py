"""A document's sections, and what to quote of them: what to do, and which systems are affected."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, dropwhile, zip_longest
from typing import Final, NamedTuple, TypeAlias

import secpack.model.blocks as b
from secpack.model.archive import Context, Document, Section
from secpack.parser.inline import parse_inline
from secpack.parser.rules.headings import REFERENCE_SECTIONS, REVISION_SECTIONS, section_name

# Sections that say what to do, by their whole titles: what the user does, then how to patch.
# "User action required", "What should I do?"; "Patching", "Fixed packages", "How to update"
_WHO: Final = r"(?:i|you|we|users?)"
_ACTION: Final = re.compile(
    r"(?:(?:required|recommended|necessary|immediate|user|your) )*actions?"
    r"(?: (?:required|needed|recommended|to take))?(?: and (?:patching|updates?))?"
    rf"|what (?:to do|is to be done|(?:should|must|can|do) {_WHO}(?: (?:have|need) to)? do"
    rf"|{_WHO} (?:(?:should|must|can)(?: now)?|(?:have|need) to) do)(?: (?:now|if|about) ?.*)?"
    r"|(?:(?:our )?advice |instructions )?(?:to|for) (?:all )?(?:our )?users|instructions"
)
_PATCHING: Final = re.compile(
    r"(?:proper )?patching(?: and .*)?|(?:availability of )?patches"
    r"|(?:(?:fixed|updated|patched|new) )?packages"
    r"|how to (?:fix|patch|update|upgrade|protect)\b.*"
    r"|(?:install|apply|gett|obtain)ing (?:(?:the|these) )?"
    r"(?:fix(?:es)?|updates?|patch(?:es)?|packages)"
)
_WORKAROUND: Final = re.compile(r"(?:possible |temporary )?(?:workarounds?|mitigations?)")
# They help where there is neither: "Resolution", "Updates", "Possible workarounds"
_LESSER: Final = re.compile(
    r"(?:the )?(?:fix(?:es)?|updat(?:es?|ing)|upgrad(?:es?|ing)|solution)|resolution"
    r"|remed(?:y|ies|iation)|(?:possible )?(?:workarounds?|mitigations?|recommendations?)"
)
# The same by a word in the title, if no section has it as a whole: "Patching approach".
_PARTS: Final = (
    re.compile(rf".*user action.*|what (?:to|(?:should|must|can) {_WHO}) do\b.*"),
    re.compile(r".*(?:patch|packag).*"),
    re.compile(
        r".*(?:fix|resol|solution|workaround|mitigat|updat|upgrad|install|remed).*|recommend.*"
    ),
)
_AFFECTED: Final = re.compile(
    r".*(?<!not )\baffected\b.*|vulnerable (?:systems|versions|releases)\b.*"
)
_IMPACT: Final = re.compile(r"(?:security |practical )?impact")
# What is not the words of a title: "3. What should I do?", "(Proper) patching"
_NO_TITLE: Final = re.compile(r"^\W*(?:[0-9]{1,2}[.)]\s*)?|(?<!\W)\W+$|[()]")
_SUMMARY: Final = re.compile(r".*summary.*")

# What a reader must not miss: duties, warnings, conditions, and what to run or to restart.
# "Only after", "must be restarted", "is not enough", "we recommend", "log out", "Anti Evil Maid"
_NEEDED: Final = re.compile(
    r"\b(?:must|should|shall|need(?:s|ed)?|ha(?:ve|s) to|require[sd]?|ensure|(?:make|be) sure"
    r"|do(?:es)? not|don't|never|cannot|can't|not (?:enough|sufficient)|unless|until|only|otherwise"
    r"|before|first|after(?:wards)?|instead|warn(?:ing)?|caution|careful|important|note|danger"
    r"|recommend(?:ed|s)?|advise[sd]?|urge[sd]?|suggest(?:ed|s)?|restart(?:ed|ing)?|reboot(?:ed|ing)?"
    r"|log(?:ging|ged)? ?out|re-?seal(?:ed|ing)?|shut(?:ting)? ?down|re-?install(?:ed|ing)?"
    r"|run|install(?:ed|ing)?|updat(?:e[sd]?|ing)|upgrad(?:e[sd]?|ing)|enabl(?:e[sd]?|ing)"
    r"|disabl(?:e[sd]?|ing)|remov(?:e[sd]?|ing)|appl(?:y|ied)|verif(?:y|ied)|download(?:ed)?"
    r"|no (?:\w+ ){0,2}action|nothing|packages?)\b",
    re.IGNORECASE,
)

# Sections by what is in their titles, in lower case; the first that fits holds.
_APART: Final = "|".join(sorted(REFERENCE_SECTIONS | REVISION_SECTIONS))
_SECTIONS: Final = (
    (rf"^(?:{_APART})$|credit|acknowledg", Context.BACK_MATTER),
    (r"summary|overview|description|\bdetails\b|in (?:brief|short)", Context.SUMMARY),
    (r"\bids\b|identifiers|what happened", Context.SUMMARY),
    (r"patching|user action|packages|resolu|workaround|mitigation", Context.FIX),
)

#: A section with more characters is cut, between paragraphs.
_MAX_WHOLE: Final = 1200

_MAX_LEAD: Final = 400
_LEADS: Final = re.compile(r":$|following\b[^.:!?]*\.$|below\b[^.:!?]*\.$")
_DEEPEST: Final = 9  # no heading has such a level
# Titles of sections that say where something holds: "AMD processors", "Systems with a bell"
_PLACES: Final = re.compile(
    r"(?!.*(?:affect|vulnerab|impact))(?:.*\b(?:amd|intel|arm|pvh?|hvm|cpus?|processors?|hardware"
    r"|machines?|laptops?|systems?|platforms?|devices?|vms?|guests?|dom(?:ain|0)s?|templates?|users"
    r"|installations?|configurations?|set-?ups?|default|[0-9]\.[0-9])\b|(?:for|on|in|with|if|when)\b)"
)

#: No real section comes near this.
_MOST: Final = 20_000


@lru_cache(maxsize=1)  # reading and showing a text need them many times
def sections(document: Document) -> tuple[Section, ...]:
    """Return the sections in order; the blocks of an outer one include those of its inner ones."""
    blocks = document.blocks
    # Where sections begin or end; a sign-off ends them all, and so does what is not read.
    edges = [
        (n, block.level if isinstance(block, b.Heading) else 0)
        for n, block in enumerate(blocks)
        if isinstance(block, (b.Heading, b.SignOff))
        or (isinstance(block, b.Preformatted) and block.language == "unread")
    ]
    edges.append((len(blocks), 0))
    return tuple(_section(blocks, edges, n) for n, (_, level) in enumerate(edges) if level)


def _section(blocks: tuple[b.Block, ...], edges: Sequence[tuple[int, int]], edge: int) -> Section:
    start, level = edges[edge]
    heading = blocks[start]
    assert isinstance(heading, b.Heading)
    end = next(edges[n][0] for n in range(edge + 1, len(edges)) if edges[n][1] <= level)
    title = b.plain(heading.inlines)
    return Section(title, level, heading.first, blocks[end - 1].last, blocks[start + 1 : end])


@dataclass(frozen=True, slots=True)
class Quotation:
    """What to quote of a section; ``omitted`` counts its paragraphs after that."""

    section: Section
    blocks: tuple[b.Block, ...]
    omitted: int


def actions(document: Document, rows: Sequence[int], most: int = _MOST) -> tuple[Quotation, ...]:
    """Quote the sections that say what to do: the user's action, and how to patch.

    ``rows`` are the lines that name packages. A text with neither may offer something less. What
    helps until there is a fix belongs to it, and so does each further section that names packages.
    Each quotation has at most about ``most`` characters.
    """
    every = sections(document)
    titles = (_ACTION, _WORKAROUND, _PATCHING)
    action, workaround, patching = (_best(every, title, rows) for title in titles)
    chosen = [section for section in (action, workaround, patching) if section]
    if not (action or patching):
        others = (_best(every, title, rows) for title in (_LESSER, *_PARTS))
        chosen = [section for section in others if section][:1]
    for row in rows:
        if not any(_contains(section, row) for section in chosen):
            chosen += [section for section in every if _contains(section, row)][-1:]
    return tuple(quotation(section, rows, most) for section in chosen)


def affected(document: Document, most: int = _MOST) -> Quotation | None:
    """Quote the section that says which systems are affected; failing that, the one on impact."""
    section = _best(sections(document), _AFFECTED) or impact_section(document)
    return quotation(section, (), most) if section else None


def says_what_to_do(title: str) -> bool:
    """Whether a section with this title may say what the user does, or how to patch."""
    forms = (_ACTION, _WORKAROUND, _PATCHING, _LESSER, *_PARTS)
    return any(form.fullmatch(_plain(title)) for form in forms)


@lru_cache(maxsize=1000)  # most texts have the same titles
def _plain(title: str) -> str:
    return _NO_TITLE.sub("", title.lower())


def _best(
    every: Sequence[Section], title: re.Pattern[str], rows: Iterable[int] = ()
) -> Section | None:
    """Return the first section with this whole title, if possible one that names packages."""
    named = [section for section in every if title.fullmatch(_plain(section.title))]
    shipping = [section for section in named if any(_contains(section, row) for row in rows)]
    return next(iter([*shipping, *named]), None)


def _contains(section: Section, line: int) -> bool:
    return section.first < line <= section.last


def is_on_affected(title: str) -> bool:
    """Whether a section with this title says which systems are affected."""
    return _AFFECTED.fullmatch(_plain(title)) is not None


def summary_section(document: Document) -> Section | None:
    """Return the section that says what the text is about."""
    return _best(sections(document), _SUMMARY)


def impact_section(document: Document) -> Section | None:
    """Return the section that says what an attacker can do."""
    return _best(sections(document), _IMPACT)


# --- quotations -------------------------------------------------------------------------------


def quotation(section: Section, rows: Iterable[int], most: int) -> Quotation:
    """Quote a section: all of a short one, and a long one up to the last thing that is needed.

    Needed is what commands or warns, what names a command, or one of the ``rows`` of packages.
    If that is still more than ``most`` characters, the quotation ends between paragraphs before.
    What is left out is counted.
    """
    blocks, lines = section.blocks, frozenset(rows)
    sizes = [*accumulate(map(_size, blocks), initial=0)]  # of the first n blocks
    if sizes[-1] <= _MAX_WHOLE:
        return Quotation(section, blocks, 0)
    least = len(blocks) - len(_without_headings(section)) + 1
    end = max((n for n, block in enumerate(blocks, 1) if _is_needed(block, lines)), default=least)
    while end > least and sizes[end] > most:
        end -= 1
    while end < len(blocks) and _announces(blocks[end - 1]):
        end += 1
    while least < end < len(blocks) and isinstance(blocks[end - 1], b.Heading):
        end -= 1
    omitted = sum(1 for block in blocks[end:] if not isinstance(block, b.Heading))
    return Quotation(section, blocks[:end], omitted)


def _is_needed(block: b.Block, rows: frozenset[int]) -> bool:
    names_package = any(block.first <= row <= block.last for row in rows)
    if names_package or any(isinstance(leaf, b.Preformatted) for leaf in b.leaves([block])):
        return True
    return any(_NEEDED.search(b.plain(inlines)) for _, inlines in b.running_text([block]))


def _size(block: b.Block) -> int:
    return sum(len(b.plain(inlines)) for _, inlines in b.running_text([block], code=True))


def opening(section: Section) -> tuple[b.Block, ...]:
    """Return a section's first statement: its first paragraph, with the list that it announces."""
    blocks = _without_headings(section)
    end = next((n for n, b in enumerate(blocks, 1) if not _announces(b)), len(blocks))
    return blocks[:end]


def _without_headings(section: Section) -> tuple[b.Block, ...]:
    """Return a section's blocks after the headings at its beginning: it can begin with another."""
    return tuple(dropwhile(lambda block: isinstance(block, b.Heading), section.blocks))


def _announces(block: b.Block) -> bool:
    """Whether a paragraph, or the last item of a list, ends in a colon."""
    while isinstance(block, b.ListBlock) and block.items[-1].blocks:
        block = block.items[-1].blocks[-1]
    return isinstance(block, b.Paragraph) and b.plain(block.inlines).endswith(":")


# --- running text -----------------------------------------------------------------------------

_Cell: TypeAlias = tuple[b.Inline, ...]


class Passage(NamedTuple):
    """A piece of running text; ``context`` is what its place says of ids in it.

    ``group`` is the first line of the list or table that it is in; 0 if it is in none. ``lead`` are
    the words above that, up to a colon.
    """

    line: int
    inlines: tuple[b.Inline, ...]
    context: Context
    quoted: bool = False
    group: int = 0
    lead: str = ""


@lru_cache(maxsize=1)  # for what it names, and for what it claims
def passages(document: Document) -> tuple[Passage, ...]:
    """All running text, in order."""
    found: list[Passage] = []
    here, level, place, deep = Passage(0, (), Context.SUMMARY), 0, "", _DEEPEST
    for block in document.blocks:
        if isinstance(block, b.Letterhead):
            lines = document.file.data.decode(errors="replace").split("\n")[block.line : block.last]
            title = parse_inline("\n".join(lines), document.forms)
            found.append(Passage(block.line + 1, title, Context.TITLE))
        if isinstance(block, b.Heading):
            printed = b.plain(block.inlines)
            name = section_name(printed)
            known = next((context for form, context in _SECTIONS if re.search(form, name)), None)
            if known or block.level <= level:  # other sections inside are a part of it
                here, level = here._replace(context=known or Context.BODY), block.level
            if block.level <= deep:  # it ends what is below a heading that is a place
                place = "" if known or not _PLACES.match(name) else re.sub("[,;:]", " ", printed)
                deep = block.level if place else _DEEPEST
        for passage in _running_text([block], here, document):
            words = f"{passage.lead.removesuffix(':')}, for {place}:".removeprefix(", ")
            found.append(passage._replace(lead=words) if place else passage)
        here = here._replace(lead=_lead(block, here.lead))
    return tuple(found)


def _running_text(
    blocks: Iterable[b.Block], here: Passage, document: Document
) -> Iterator[Passage]:
    """The passages of blocks; ``here`` is what they have in common."""
    outer, lead = here, ""
    for block in blocks:
        lead = _lead(block, lead)
        here = _inside(block, outer, lead)
        match block:
            case b.Quotation() | b.ListBlock() | b.References():
                quoted = here.quoted or isinstance(block, b.Quotation)
                back = Context.BACK_MATTER if isinstance(block, b.References) else here.context
                there = here._replace(quoted=quoted, context=back)
                yield from _running_text(b.children(block), there, document)
            case b.Definitions():
                for item in block.items:
                    inlines, inside = item.term, item.blocks
                    if inside and isinstance(first := inside[0], b.Paragraph):
                        inlines = (*inlines, b.Text(item.separator), *first.inlines)
                        inside = inside[1:]
                    yield here._replace(line=item.first, inlines=inlines)
                    yield from _running_text(inside, here, document)
            case b.Preformatted(language=""):  # a list where a line begins with an id
                for line, text in enumerate(block.text.split("\n"), block.first):
                    inlines = parse_inline(text.lstrip(), document.forms)
                    quoted = not isinstance(next(iter(inlines), None), b.Id)
                    yield here._replace(line=line, inlines=inlines, quoted=quoted)
            case b.Heading() if not here.quoted or here.context is Context.SUMMARY:
                heads = here._replace(context=Context.HEADING, quoted=False)
                yield heads._replace(line=block.first, inlines=block.inlines)
            case b.Table():
                last = block.head[-1][1:] if block.head else ()
                columns: list[_Cell] = [(), *(_head(cell, document) for cell in last)]
                for n, row in enumerate((*block.head, *block.body)):
                    inlines = _row(row, columns if n >= len(block.head) else [])
                    yield here._replace(line=block.first, inlines=inlines)
            case _:
                for line, inlines in b.running_text([block]):
                    yield here._replace(line=line, inlines=inlines)


def _inside(block: b.Block, outer: Passage, lead: str) -> Passage:
    """What the passages of a block have in common; those of a list or table are a group."""
    if not isinstance(block, (b.ListBlock, b.Definitions, b.Preformatted, b.Table)):
        return outer
    above = f"{outer.lead} {lead}"[-_MAX_LEAD:].strip()
    return outer._replace(group=outer.group or block.first, lead=above)


def _lead(block: b.Block, before: str) -> str:
    """What is above what follows a block; ``before`` is what was above the block.

    Below "On new mills:" it holds of paragraphs, too, and of a list that follows them.
    """
    if not isinstance(block, (b.Paragraph, b.Heading)):
        return before
    words = b.plain(block.inlines)[-_MAX_LEAD:]
    goes_on = before if isinstance(block, b.Paragraph) else ""
    return words if _LEADS.search(words) else goes_on


def _row(cells: Sequence[_Cell], heads: Sequence[_Cell]) -> _Cell:
    """A row of a table, with the heads of its columns: "XSA-1 | 4.1: not affected"."""
    parts: list[b.Inline] = []
    for cell, head in zip_longest(cells, heads[: len(cells)], fillvalue=()):
        parts += [b.Text(" | "), *head, *cell]
    return tuple(parts[1:])


def _head(cell: _Cell, document: Document) -> _Cell:
    """What each cell of a column begins with: its head, if it names a release or the issuer."""
    words, head = b.plain(cell), document.letterhead
    own = head and head.issuer and re.search(rf"\b{re.escape(head.issuer)}\b", words)
    named = own or re.search(r"(?i)[0-9]|\A(?:affected|vulnerable|us)\W*\Z", words)
    return (*cell, b.Text(": ")) if len(words) < 40 and named else ()
