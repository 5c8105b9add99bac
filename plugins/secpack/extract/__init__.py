"""A document to facts. Here: what lists, feeds and data say of it in short, and whom it thanks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import secpack.model.blocks as b
from secpack.extract.sections import actions, impact_section, opening, sections, summary_section
from secpack.model.archive import Credit, Document, Section, Summary
from secpack.parser.dates import MONTH
from secpack.parser.rules.headings import section_name

_WORDS: Final = 45
_FEW_WORDS: Final = 8
_LONGEST_NAME: Final = 6  # words: "Maria de la Cruz y Vega"
# A reference in running text, "[1]" or "[1][2]", means nothing without the references.
# But "See [1], [2]" would say nothing without them.
_MARK: Final = re.compile(
    r"(?<![\s-])(?<!\],)(?<!\b(?:in|of|by|or|to|at|on))(?<!\b(?:[Ss]ee|and))(?<!\b(?:from|with))"
    r"\s*\[(?:[0-9]{1,3}|\*{1,3})\](?=[\s.,;:)\[]|$)"
)
# "done." and 'done."', but not "e.g." or "vs."
_SENTENCE_END: Final = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)[.!?][\"'”’)]?$")
_ITEM_END: Final = re.compile(r"(?:[.,:;!?][\"'”’)]?|\b(?:and|or))$")

_CREDITS: Final = frozenset(
    {"credits", "credit", "acknowledgements", "acknowledgments", "thanks", "reported by"}
)
_OPENS: Final = r"(?:Discovered|Found|Reported|Thanks?)\b"
# Words with a capital at the beginning of a sentence, or which are no names.
_USUAL: Final = (
    rf"(?:{_OPENS}|(?:{MONTH}|Thank\w*|By|And|Also|See|Dear|We|In|On|At|To|For|After|Later|Both|Then"
    r"|This|These|It|The|A(?!\.)|An|From|With|As|Our)\b)"
)
_WORD: Final = (
    rf"(?!{_USUAL})(?:[^\W\d_a-z]\.|(?:d['’])?[^\W\d_a-z](?:[^\W\d_]|['’-](?=[^\W\d_])){{0,40}})"
)
_PARTICLE: Final = (
    r"(?:van|von|de|del|della|der|den|di|da|dos|das|do|du|la|le|ten|ter|zu|bin|ibn|al|y|e"
    r"|['“\"][\w.-]{1,20}['”\"])"
)
_NAME: Final = rf"(?<![\w'’-]){_WORD}(?: (?:{_PARTICLE} ){{0,2}}{_WORD}){{1,4}}"
_HANDLE: Final = r"(?<![\w@.])@[A-Za-z0-9][\w-]{1,38}"
_JOINT: Final = r"(?:,? and |, )"
_NAMES: Final = rf"(?P<names>(?:{_NAME}|{_HANDLE})(?:{_JOINT}(?:{_NAME}|{_HANDLE})){{0,8}})"
# A name ends before a punctuation mark, or a word that no name includes.
_NAME_END: Final = (
    rf"(?=\s*(?:[.,;:()<\[]|$|{_OPENS})"
    r"|\s+(?:and|as|at|before|by|during|for|from|in|on|of|to|using|via|when|while|whilst|who|whose|with)\b)"
)
_HOW: Final = r"(?P<how>discovered|found|reported)"
_BY: Final = re.compile(
    rf"\b(?i:{_HOW})\b[^.,;:]{{0,40}}?\bby:?(?: an? [a-z ,]{{1,40}}?,)? {_NAMES}{_NAME_END}"
)
_WHO: Final = re.compile(
    rf"(?:^|(?<=[.:;!?] )){_NAMES} (?:(?:both|first|independently|jointly) )?{_HOW}\b"
)
_THANKS: Final = re.compile(rf"\b(?:[Tt]hanks?(?: you)? to|thank) {_NAMES}{_NAME_END}")
_WITH_MAIL: Final = re.compile(rf"(?P<names>{_NAME}) <[^<>@]{{1,60}}(?:@| at )[^<>@]{{1,60}}>")
# A name that no verb is near; not "of Glass House", which is where somebody works.
_ALONE: Final = re.compile(
    rf"(?<!\bof\s)(?<!\bat\s)(?<!\b[Tt]he\s)(?<![^\s(\"“*])(?P<names>{_NAME}(?:\s{_WORD}){{0,9}})(?!\w)"
)
_NICK: Final = re.compile(r"\b(?:user|name of|alias|handle) [\"“](?P<names>[\w.-]{2,39})[\"”]")
# Words in the names of groups and products, and words that can begin a sentence.
_NO_PERSON: Final = re.compile(
    r"\b(?:Team|Security|Project|Group|Advisor\w+|Notice|Bulletin|Zero|Labs?|Inc|Ltd|GmbH|Corp\w*"
    r"|University|Institute|Initiative|Research\w*|Foundation|Company|Department|Center|Centre|Xen|Linux"
    r"|Technolog\w+|Systems?|Software|List|Community|Developers?|Google|Intel|Microsoft|Red Hat"
    r"|[A-Z]{2,})\b"
)


# How many summaries begin, before they say what is new; words in quotation marks can hold a colon.
# "On 2024-01-30, the Xen Project published XSA-449, "pci: phantom functions": PCI devices can …"
_QUOTED: Final = '(?:[^":.]|"[^"]{1,200}")'
_PREAMBLE: Final = re.compile(
    rf"{_QUOTED}{{0,200}}\bpublished\b{_QUOTED}{{0,200}}(?::| below\.)(?:\s+|$)"
)
_GREETING: Final = re.compile(r"(?:Hi|Hello|Dear|Greetings)\b[\w ]{0,30}[,!](?:\s+|$)")
_NAME_OF_ID: Final = re.compile(
    r'[A-Z]{2,9}-[0-9A-Z-]{1,20},? "[^"]{1,200}"(?: \([^()]{1,60}\))?: '
)

# "are believed not to affect Xen", "No release is vulnerable"
_SPARED: Final = re.compile(
    r"(?i)(?:\b(?:not|no|none|never|nothing|nobody|neither|cannot)\b|n['’]t\b)[^.;:]{0,80}"
    r"\b(?:affect|vulnerab|impact|exploit|appl(?:y|ies)|concern|harm)|\bunaffected\b"
)

# A definition of an id: "XSA-500 A malicious gate can …"
_DEFINED: Final = re.compile(r"(?<=XSA-)([0-9]{1,5}) (?=[A-Z])")


def read_summary(document: Document, rows: Sequence[int] = ()) -> Summary:
    """Return what lists, feeds and data say about a text; ``rows`` are lines of packages."""
    every = sections(document)
    acting = [quotation.section for quotation in actions(document, rows)]
    impact = impact_section(document)
    return Summary(
        action=next((lead for section in acting if (lead := _lead(opening(section)))), ""),
        about=_about(document),
        impact=_DEFINED.sub(r"\1: ", _lead(_harm(impact))) if impact else "",
        links=tuple(_links(document)),
        credits=read_credits(every),
    )


def shortened(text: str) -> str:
    """Return the first sentences of a text, or of a long sentence the first words."""
    words = _MARK.sub("", " ".join(text.split())).split()
    if len(words) <= _WORDS:
        return " ".join(words)
    start = words[:_WORDS]
    end = max((n for n, word in enumerate(start, 1) if _SENTENCE_END.search(word)), default=0)
    return " ".join(start[:end]) if end >= _FEW_WORDS else " ".join(start) + " …"


def _about(document: Document) -> str:
    """Return the first words of the summary, or else of the text."""
    section = summary_section(document)
    if section and (lead := _lead(opening(section)) or _lead(section.blocks)):
        return lead
    leads = (_lead([block]) for block in document.blocks if isinstance(block, b.Paragraph))
    return next(filter(None, leads), "")


def _harm(section: Section) -> tuple[b.Block, ...]:
    """Return the first statement on the impact; if it says what is spared, the next one, too.

    "Quern 4.1 is not affected." is not the impact where the text goes on: "On Quern 4.2, …"
    """
    first = opening(section)
    at = section.blocks.index(first[-1]) + 1 if first else 0
    goes_on = first and isinstance(next(iter(section.blocks[at:]), None), b.Paragraph)
    if goes_on and _SPARED.search(" ".join(p for block in first for p in _passages(block))):
        return first + opening(replace(section, blocks=section.blocks[at:]))
    return first


def _lead(blocks: Iterable[b.Block]) -> str:
    """Return the first words of some blocks on one line, without what only leads to them."""
    text = _MARK.sub("", " ".join(passage for block in blocks for passage in _passages(block)))
    for pattern in (_GREETING, _PREAMBLE, _NAME_OF_ID):
        match = pattern.match(text)
        rest = text[match.end() :] if match else text
        if not rest or len(rest.split()) >= _FEW_WORDS:
            text = rest
    return shortened(text)


def _passages(block: b.Block) -> Iterator[str]:
    """Yield the passages of a block; a semicolon ends an item of a list that has no sign there."""
    if isinstance(block, b.ListBlock):
        for item in block.items:
            text = " ".join(b.plain(inlines) for _, inlines in b.running_text(item.blocks))
            yield text if item is block.items[-1] or _ITEM_END.search(text) else f"{text};"
    else:
        yield from (b.plain(inlines) for _, inlines in b.running_text([block]))


def _links(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the URL of each reference once, with the first label that has it."""
    labels: dict[str, str] = {}
    for reference in b.references(document.blocks):
        for _, inlines in b.running_text(reference.blocks):
            for inline in inlines:
                if isinstance(inline, b.Link):
                    labels.setdefault(inline.url, reference.label)
    yield from labels.items()


# --- credits ----------------------------------------------------------------------------------


def read_credits(every: Iterable[Section]) -> tuple[Credit, ...]:
    """Return the people whom sections on credits name, each once, in the order of the text.

    Such sections tell stories more often than they list names. So this reads only names of two or
    more words, and handles, and skips what may be something else. Without ``found by`` or another
    such word next to a name, the person is thanked.
    """
    named: dict[str, Credit] = {}
    for section in (each for each in every if section_name(each.title) in _CREDITS):
        blocks = [x for x in section.blocks if not isinstance(x, b.Heading | b.References)]
        for _, inlines in b.running_text(blocks):
            for credit in _people(b.plain(inlines)):
                named.setdefault(credit.name, credit)
    return tuple(named.values())


def _people(text: str) -> Iterator[Credit]:
    roles = {_BY: "how", _WHO: "how", _THANKS: "", _WITH_MAIL: "", _NICK: "", _ALONE: ""}
    matches = [
        (m.start("names"), m["names"], m[how].lower() if how else "thanked")
        for pattern, how in roles.items()
        for m in pattern.finditer(text)
    ]
    for _, names, role in sorted(matches, key=lambda match: (match[0], match[2] == "thanked")):
        for name in re.split(_JOINT, names):
            if not _NO_PERSON.search(name) and len(name.split()) <= _LONGEST_NAME:
                yield Credit(name, role)
