"""What a phrase says of packages: names, versions, releases and where they go.

A phrase is cut into tokens by one expression; the tokens are gathered into groups, each some names
and the versions said of them. Nothing here knows where in a text the phrase stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from secpack.model import Fix

_NUMBER: Final = (
    r"[0-9]{1,2}(?:\.[0-9]{1,3}){0,2}(?:(?<=\.[0-9])\.x)?"
    r"(?:[-\s]?[Rr][Cc][0-9]{1,2}|\s{1,3}[Bb]eta(?:\s{1,3}[0-9]{1,2})?)?"
)
_END: Final = r"(?![\w*]|[.-]\w)"
_MARKED: Final = rf"(?:R|[Rr]elease\s{{1,3}}){_NUMBER}{_END}"
_DOTTED: Final = rf"[0-9]{{1,2}}\.[0-9]{{1,3}}(?:\.(?:[0-9]{{1,3}}|x))?(?:-rc[0-9]{{1,2}})?{_END}"
_JOINT: Final = r"(?:,\s{1,3}(?:(?:and|or)\s{1,3})?|\s{1,3}(?:and|or|&)\s{1,3}|\s{0,2}[/&]\s{0,2})"
_SINGLE: Final = re.compile(rf"{_MARKED}|{_NUMBER}{_END}")
_MARK: Final = re.compile(r"\A(?:R(?:elease\s+)?|release\s+)")

_GUEST: Final = r"(?:[Tt]emplate|[Ss]tandalone)(?:\(s\)|s|\s?VMs?|\s{1,3}qubes?)?(?![\w(]|-\w)"
_DETERMINERS: Final = r"(?:(?:the|all|any|every|each|both|your)\s{1,3}){0,2}"
_KIND: Final = (
    r"(?:(?!(?:New|Updated|Fixed|In|For|On|All|The)\b)[A-Z][a-z]{1,20}(?:-based)?\s{1,3}"
    r"(?:[0-9]{1,3}\s{1,3})?)?"
)
_DOMAIN: Final = rf"{_DETERMINERS}(?:[Dd]om(?:0|[Uu]s?)(?![\w-])|{_KIND}{_GUEST})"
_DOMAINS: Final = rf"{_DOMAIN}(?:{_JOINT}{_DOMAIN}){{0,4}}"
_DOMAINS_ONLY: Final = re.compile(rf"(?:(?:[Ii]n|[Ff]or)\s{{1,3}})?{_DOMAINS}")
_DOMAIN_JOINT: Final = re.compile(r",\s+(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+|\s*/\s*")
_DETERMINER: Final = re.compile(rf"(?:(?:in|into|inside|for)\s{{1,3}})?{_DETERMINERS}", re.I)
_CAPITAL: Final = re.compile(r"Dom(?:0|[Uu]s?)|(?:Template|Standalone)s?")
_NUMBERED: Final = re.compile(r"[A-Z][a-z]+ [0-9]+")
_LONE_NAME: Final = re.compile(r"(?:all )?(?!Dom)[A-Z][a-z]+(?:-based)?")

#: Words that stand behind "in" and are no place.
_NO_PLACE: Final = (
    r"packages?|versions?|updates?|upgrades?|users?|following|repositor\w+|is|are|was|not|examples?"
    r"|releases?|supported|these|those|them|this|that|particular|addition|general|summary|short"
    r"|details?|case|order|both|total|question|turn|time|place|part|full|future|testing|stable|proving"
    r"|current|(?:security|current)-testing|install(?:ed|ing)?|please|only|and|or|run|use|do|get"
    r"|apply|must|should|need|needed|here|there|it|each|every|all|which|with|via"
)
_PLACE_WORD: Final = rf"(?!(?:{_NO_PLACE})\b(?!-))[a-z][\w-]{{0,30}}"
# "sys-usb", "Fedora 38", "Windows qubes", "template(s) of any GUI domain(s)"
_GUESTS: Final = r"(?:template|standalone|domain|[Dd]omU|qube|VM|TemplateVM|StandaloneVM|AppVM)"
_PLACE: Final = re.compile(
    rf"{_DETERMINERS}(?:{_PLACE_WORD}|[A-Z][A-Za-z-]{{1,30}}(?:\s[0-9][0-9.]{{0,9}})?"
    rf"|(?:(?!(?:{_NO_PLACE})\b)[\w()/-]{{1,30}}\s){{0,5}}{_GUESTS}(?:\(s\)|s)?)"
)
_ASKED: Final = re.compile(
    r"(?:,?\s{1,3}(?:please\s{1,3})?(?:install|update|upgrade)(?:\s{1,3}to)?"
    r"(?:\s{1,3}(?:the\s{1,3}following|these))?(?:\s{1,3}packages)?|\s{1,3}only)$",
    re.I,
)

_NO_FIX: Final = (
    r"[Nn]o\s{1,3}(?:fix(?:es)?|patch(?:es)?|updates?|(?:fixed\s{1,3}|updated\s{1,3})?packages?)\b"
    r"(?:\s{1,3}(?:is|are|will|be|has|have|been|yet|currently|available|released|planned|provided"
    r"|exists?|at|this|the|time|moment)\b){0,8}"
    r"|not\s{1,3}(?:yet\s{1,3})?(?:fixed|available|supported|patched|released)(?:\s{1,3}yet)?\b"
    r"|will\s{1,3}not\s{1,3}be\s{1,3}(?:fixed|patched|updated)\b"
    r"|no\s{1,3}longer\s{1,3}supported\b|[Ee]nd[-\s]of[-\s]life\b|EOL\b"
    r"|[Nn]one(?:\s{1,3}(?:yet|available))?\b|[Nn]othing(?:\s{1,3}yet)?\b|[Uu]nsupported\b"
)
_NOT_AFFECTED: Final = (
    r"(?:not|n't)\s{1,3}(?:affected|vulnerable|impacted)\b|[Uu]naffected\b"
    r"|does\s{1,3}not\s{1,3}affect\b"
)
# Whether a release for which nothing has to be done is affected, nobody can tell from that.
_UNCLEAR: Final = (
    r"[Nn]o\s{1,3}(?:\w{1,20}\s{1,3})?(?:action|fix|patch|update|package)(?:e?s)?\s{1,3}"
    r"(?:(?:is|are)\s{1,3})?(?:needed|required|necessary)\b|[Nn]othing\s{1,3}to\b"
)

# Some of each of the two above.
_FACT_SIGN: Final = re.compile(r"No|no|n't|nd[-\s]of|EOL|nsupported|naffected")

# Neither "6.1.x" nor "64.iso" is a version.
_VERSION: Final = re.compile(
    r"(?!.{0,400}\.(?:[A-Za-z]{1,9}|\*)$)"
    r"v?(?:[0-9]{1,4}:)?[0-9][\w.+~^]{0,80}(?:-[\w.+~^]{1,80}){0,4}"
)
_PLAINLY: Final = re.compile(r"v?[0-9]{1,80}(?:[.:]|-[0-9])|[0-9]{6}")
# Whatever is a version has one of these in it or just before it, or the word "version" in front.
_VERSION_SIGN: Final = re.compile(r"[0-9][.:]|-\n?[0-9]|[0-9]{6}|[Vv]er")
_NUMBERED_ID: Final = re.compile(r"[A-Z-]{1,80}-[0-9-]{1,80}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(r"[A-Za-z][\w.+*-]{0,80}")
_ARCHITECTURE: Final = re.compile(
    r"(?:[._](?:x86_64|noarch|i[3-6]86|aarch64|amd64|arm64|all|src))?(?:\.rpm|\.deb)?$"
)

#: How many names or versions one group may have, and characters a note.
_MOST: Final = 20
_LONGEST_NOTE: Final = 200
_MOST_WORDS: Final = 4

# Words that are no part of a name and say nothing that a row has a place for.
_FILLERS: Final = frozenset({
    "a", "an", "the", "of", "in", "for", "to", "is", "are", "be",
    "there", "here", "any", "all", "both", "various", "several", "multiple", "new",
    "updated", "fixed", "patched", "rebuilt", "latest", "also", "only", "following", "these",
    "corresponding", "use", "used", "install", "get", "update", "upgrade", "download", "fetch",
    "see", "need", "needs", "needed", "required", ">", ">=", "=", "≥",
})  # fmt: skip
# Words that are no name, though a version may follow: what they say of it is another matter.
_ELSE: Final = frozenset({
    "affected", "already", "below", "between", "by", "current", "do", "does", "earlier", "except",
    "former", "formerly", "from", "instead", "less", "lower", "never", "no", "not", "obsoletes",
    "old", "older", "on", "previous", "previously", "prior", "released", "replaced", "replaces",
    "replacing", "requires", "running", "shipped", "supersedes", "superseding", "than", "through",
    "till", "up", "vulnerable", "was", "were", "without",
})  # fmt: skip
# Words of a sentence that tells no more than that there is no fix, or nothing to be fixed.
_FACTUAL: Final = frozenset({
    "this", "release", "has", "have", "reached", "there", "will", "is", "are", "be", "it", "and",
    "at", "the", "time", "of", "writing", "so", "its", "currently", "now", "for", "to",
})  # fmt: skip
# Behind these a phrase goes on about something else.
_STOPS: Final = frozenset({
    "which", "that", "with", "as", "where", "if", "because", "since", "when", "while", "see",
    "via", "once", "after", "before", "until", "unless", "who", "this", "has", "have", "had",
    "will", "can", "should", "must", "may", "it", "they", "we", "you", "please", "but", "so", "-",
    "–", "—",
})  # fmt: skip


class Token(NamedTuple):
    """A piece of a phrase: what it is, what it says, where it stands."""

    kind: str
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one package; ``at`` is the index in the phrase where that begins."""

    at: int
    package: str
    version: str
    fix: Fix = Fix.AVAILABLE
    releases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    note: str = ""


@dataclass(slots=True)
class _Group:
    names: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # of one name, in brackets behind it
    versions: list[str] = field(default_factory=list)
    fix: Fix = Fix.AVAILABLE
    releases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    paired: bool = False
    label: str = ""  # a name in front of a colon, which may be a place
    at: int = -1

    @property
    def ambiguous(self) -> bool:
        """Whether it does not show which of the names has which of the versions."""
        several = len(self.names) > 1 and len(self.versions) > 1
        matched = self.paired and len(self.names) == len(self.versions)
        return (several and not matched) or max(len(self.names), len(self.versions)) > _MOST


def releases_pattern(product: str) -> str:
    """An expression for releases as printed: ``Quern 3.1 and 3.2``, ``R2``, ``Release 1``."""
    name = rf"(?:{re.escape(product)}(?:\s{{1,3}}OS)?\s{{1,3}})" if product else "(?!)"
    more = rf"(?:{_JOINT}{name}?(?:{_MARKED}|{_DOTTED})){{0,8}}"
    return (
        rf"(?<![\w-])(?:{name}(?:{_MARKED}|{_NUMBER}{_END})|{_MARKED}"
        rf"|(?<=[Ff]or\s){_DOTTED}){more}"
    )


def release_numbers(text: str) -> tuple[str, ...]:
    """The numbers in a printed list of releases, as printed but for ``R`` or ``Release``."""
    found = (" ".join(match[0].split()) for match in _SINGLE.finditer(text))
    return tuple(dict.fromkeys(_MARK.sub("", number).removesuffix(".x") for number in found))


def domain_names(text: str) -> tuple[str, ...]:
    """The places in a printed list of them: ``dom0 and all templates`` are two."""
    parts = [part for part in _DOMAIN_JOINT.split(text) if part]
    # "Fedora and Debian templates", "Fedora 38 and 39 templates"
    if any(_LONE_NAME.fullmatch(part) for part in parts[:-1]) or any(p[0].isdigit() for p in parts):
        parts = [text]
    names = [" ".join(part.split()) for part in parts]
    if len(names) > 1 and (last := _NUMBERED.match(names[-1])):  # "Fedora 38 and Mini 9 templates"
        kind = names[-1][last.end() :]
        names = [name + kind if _NUMBERED.fullmatch(name) else name for name in names]
    bare = (_DETERMINER.sub("", name, count=1) for name in names)
    return tuple(dict.fromkeys(_lowered(name) for name in bare if name))


def place_names(text: str) -> tuple[str, ...] | None:
    """The places in words that should be nothing but places; None if they are not.

    That they ask to install something there (``in hearth, please install``) does not matter.
    """
    words = _ASKED.sub("", " ".join(text.split()), count=1)
    words = re.sub(r"^(?:in|inside|into|for|on)\s+", "", words, flags=re.I).strip(" ,")
    words = re.sub(r"\b(and|or) (?:in|inside|into|for)\s+", r"\1 ", words)
    if is_domain(words):
        return domain_names(words)
    names = domain_names(words)
    return names if names and all(_is_place(name) for name in names) else None


def _is_place(name: str) -> bool:
    """Whether each part of a place that may have joints looks like one."""
    return all(_PLACE.fullmatch(part) or part[0].isdigit() for part in _DOMAIN_JOINT.split(name))


def _lowered(name: str) -> str:
    """A place without the capital that it has in a heading or at the start of a line."""
    return name[0].lower() + name[1:] if _CAPITAL.fullmatch(name) else name


def is_domain(text: str) -> bool:
    """Whether words are nothing but places that are well known."""
    return _DOMAINS_ONLY.fullmatch(text) is not None


@lru_cache(maxsize=64)
def _pattern(product: str) -> re.Pattern[str]:
    kinds = {
        "paren": r"\((?:[^()]|\(s\)){0,400}\)|\[[^\[\]]{0,80}\]",
        "release": rf"(?:(?:for|in|on|For|In|On)\s{{1,3}})?{releases_pattern(product)}",
        "domain": rf"(?<![\w-])(?:(?:in|into|inside|for|In|For)\s{{1,3}})?{_DOMAINS}",
        "place": rf"(?<![\w-])(?:in|inside)\s{{1,3}}{_PLACE_WORD}"
        r"(?=\s{0,3}(?:[,;:).]\s|[,;:).]?$))",
        "unclear": rf"(?<![\w-])(?:{_UNCLEAR})",
        "none": rf"(?<![\w-])(?:[Tt]here\s{{1,3}}(?:is|are)\s{{1,3}})?(?:{_NO_FIX})",
        "unaffected": rf"(?<![\w-])(?:{_NOT_AFFECTED})",
        "same": r"(?<![\w-])(?:of|in)\s{1,3}the\s{1,3}same\s{1,3}version\b",
        "later": r"(?<![\w-])(?:(?:and|or)\s{1,3}(?:any\s{1,3})?(?:later|newer|higher|greater|above"
        r"|up)(?:\s{1,3}versions?)?|at\s{1,3}least)(?![\w-])",
        "keyword": r"(?<![\w-])[Vv]ersions?\b:?|(?<![\w-])ver\.",
        "packages": r"(?<![\w-])[Pp]ackages?(?![\w-])",
        "separator": r"[,;]|(?<!\S)(?:and|or|/|&|\+)(?!\S)",
        "joint": r"(?<![\w-])as\s{1,3}well(?:\s{1,3}as)?\b",
        "respectively": r"(?<![\w-])respectively\b",
        "word": r"(?:[^\s(),;]|\(s\)|(?<=\w-)\n(?=\w)){1,200}",
        "other": r"[()]",
    }
    return re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items()))


def tokens(text: str, product: str, start: int = 0) -> Iterator[Token]:
    """The tokens of a phrase; those in brackets are one, of the kind ``paren``."""
    after_keyword = False
    for match in _pattern(product).finditer(text, start):
        kind, value = str(match.lastgroup), match[0]
        if kind != "word":
            yield Token(kind, value, match.start())
        else:
            bare = value.rstrip(".:!?").strip("\"'“”").replace("\n", "")
            if bare:
                yield Token(_word_kind(bare, certain=after_keyword), bare, match.start())
            if value.endswith((".", ":", "!", "?")):
                yield Token("separator", value[-1], match.end() - 1)
        after_keyword = kind == "keyword" or (after_keyword and kind == "separator")


def _word_kind(word: str, *, certain: bool) -> str:
    if word.isalpha():  # as most are
        return "word"
    plainly = _PLAINLY.match(word) and not _DAY.fullmatch(word)
    if _VERSION.fullmatch(word) and (certain or plainly):
        return "version"
    return "file" if split_name(word) else "word"


def split_name(word: str) -> tuple[str, str] | None:
    """Name and version of ``xen-4.1.2-7.fc20.x86_64`` or ``xen_4.1.2-7``; None of other words.

    A version ends with a release number; where there is none, what is left must look like one.
    ``CVE-2031-10001`` is no package.
    """
    word = _ARCHITECTURE.sub("", word, count=1)
    name, _, version = word.rpartition("_")
    if not (name and version[:1].isdigit() and _PLAINLY.match(version)):
        name, version = _split_at_dash(word)
    whole = _NAME.fullmatch(name) and _VERSION.fullmatch(version)
    numbered = _NUMBERED_ID.fullmatch(word) is not None
    return (name, version) if whole and not numbered else None


def _split_at_dash(word: str) -> tuple[str, str]:
    rest, _, last = word.rpartition("-")
    name, _, before = rest.rpartition("-")
    if not last[:1].isdigit():
        return "", ""
    dotted = re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}", last)
    if name and before[:1].isdigit() and not (dotted and before.isdigit()):
        return name, f"{before}-{last}"
    return (rest, last) if dotted or _PLAINLY.match(last) else ("", "")


# --- groups -----------------------------------------------------------------------------------


class _Phrase:
    """Gathers tokens into groups. ``unread`` tells that some words have no place in a row."""

    def __init__(self, text: str, product: str, *, strict: bool) -> None:
        self.text, self.product, self.strict = text, product, strict
        found = tuple(tokens(text, product))
        self.groups = [_Group()]
        self.words: list[str] = []
        self.unread = self.stopped = False
        self.places: tuple[str, ...] = ()  # those in front of a colon
        kinds = [token.kind for token in _opened(found, product)]
        firsts = [n for n, kind in enumerate(kinds) if kind in ("release", *_ENDS)]
        # "For 3.2 version 1, for 4.0 version 2", or "version 1 for 3.2 and version 2 for 4.0"
        self.release_first = bool(firsts) and kinds[firsts[0]] == "release"
        for position, token in enumerate(found):
            following = found[position + 1] if position + 1 < len(found) else None
            if self._stops(token, following):
                break
            self._take(token, following.kind if following else "")
        self._end_name()

    @property
    def group(self) -> _Group:
        return self.groups[-1]

    def _stops(self, token: Token, following: Token | None) -> bool:
        """Whether the phrase goes on about something else from here; that is the note."""
        if not self.strict or not any(group.versions for group in self.groups):
            return False
        ends = token.value in _STOPS or (token.kind == "separator" and token.value in ".!?")
        self.stopped |= ends and following is not None
        if ends and following:
            start = token.at if token.kind == "word" else following.at
            self.group.notes.append(" ".join(self.text[start:].split()).rstrip("."))
        return ends

    def _take(self, token: Token, following: str = "") -> None:
        match token.kind:
            case "word":
                self._word(token, following)
            case "separator" | "joint" if not (self.strict or following == "keyword"):
                self._end_name(sure=False)
            case "separator" | "packages" | "keyword" | "joint" | "other":
                self._end_name()
                if token.value == ":":
                    self._label()
            case "version" | "file" | "same" | "none" | "unaffected":
                self._end_name()
                self._version(token)
            case "release":
                self._end_name(sure=False)
                self._release(release_numbers(token.value), token.at)
            case "domain" | "place":
                self._end_name(sure=False)
                self._domain(token)
            case "paren":
                self._end_name()
                self._paren(token)
            case "respectively":
                self.group.paired = True
            case "later":
                self._end_name()
            case _:
                self.unread = True

    def _word(self, token: Token, following: str) -> None:
        word = token.value
        if word.lower() in _FILLERS or (not self.strict and word.lower() in _STOPS):
            if self.strict or following == "keyword":  # "xen to version 4.1"
                self._end_name()
            self.unread |= word == "to" and bool(self.group.versions)  # "4.1.1 to 4.1.2"
            self.words.clear()
            return
        if not self.words and self.group.versions and self.group.names:
            self._next(names=[])
        if not self.strict and self.words and not self.words[0][0].isupper():
            self.words.clear()
        if self.group.at < 0:
            self.group.at = token.at
        self.words.append(word)

    def _end_name(self, *, sure: bool = True) -> None:
        """Take the words so far as a name; in running text only if it is ``sure`` that they are.

        There a name stands right in front of ``packages`` or a version, or it looks like one.
        """
        words, self.words = self.words if self.strict else self.words[-2:], []
        if not words or not (self.strict or sure or self._is_awaited(words)):
            return
        if len(words) > _MOST_WORDS or not all(_is_name(word) for word in words):
            self.unread = True
            return
        if not self.strict and not self.group.versions:
            self.group.names.clear()
        if self.group.label and not self.group.versions:  # "hearth: xen packages, version 4.1"
            self.group.names.remove(self.group.label)
            self.group.domains = self.places = (self.group.label,)
            self.group.label = ""
        self.group.names.append(" ".join(words))

    def _is_awaited(self, words: Sequence[str]) -> bool:
        if self.group.names:
            return False
        return not self.group.versions or (len(words) == 1 and "-" in words[0])

    def _label(self) -> None:
        """What stands before a colon: places for all that follows, or perhaps a name."""
        group = self.group
        if group.versions or len(self.groups) > 1 or not self.strict:
            return
        if group.domains and not group.names:
            self.places = group.domains
        elif len(group.names) == 1 and group.names[0].islower():
            group.label = group.names[0]

    def _next(self, *, names: list[str]) -> None:
        """Begin another group; releases and places that stand in front hold for it, too."""
        before = self.group
        releases = before.releases if self.release_first else ()
        self.groups.append(_Group(names=names, releases=releases, domains=self.places))

    def _version(self, token: Token) -> None:
        value, fix = token.value, Fix.AVAILABLE
        if token.kind in ("none", "unaffected"):
            value, fix = "", Fix.NONE if token.kind == "none" else Fix.NOT_AFFECTED
        if token.kind == "file":
            name, value = split_name(token.value) or ("", "")
            if self.group.versions:
                self._next(names=[])
            self.group.names = [name]
        elif self.group.versions and (self.group.fix is not fix or self._closed()):
            self._next(names=list(self.group.names))
        if token.kind == "same":
            value = next((g.versions[-1] for g in reversed(self.groups) if g.versions), "")
            if not value:
                self.unread = True
                return
        self.group.fix = fix
        self.group.versions.append(_ARCHITECTURE.sub("", value, count=1).removeprefix("v"))
        if self.group.at < 0:
            self.group.at = token.at

    def _closed(self) -> bool:
        """Whether a release or a note behind its versions ends the group."""
        return bool(self.group.notes or (self.group.releases and not self.release_first))

    def _release(self, releases: tuple[str, ...], at: int) -> None:
        if self.group.versions and self.release_first:
            self._next(names=list(self.group.names))
            self.group.at = at
        self.group.releases = releases

    def _domain(self, token: Token) -> None:
        words = re.sub(r"^(?:in|into|inside|for)\s+", "", token.value, flags=re.I)
        self.group.domains = domain_names(words)

    def _paren(self, token: Token) -> None:
        """What stands in brackets: a release, a place, a version, names with theirs, or a note."""
        inner = tuple(tokens(token.value[1:-1], self.product))
        kinds = {t.kind for t in inner} - {"separator"}
        words = [t for t in inner if t.kind in ("word", "packages") and t.value not in _FILLERS]
        if not kinds & {"release", "domain", *_ENDS} or (kinds & _FACTS and self.group.versions):
            self._note(" ".join(token.value[1:-1].split()))
        elif "release" in kinds and kinds & _ENDS and self.group.versions:
            self._aside(token)
        elif kinds & _FACTS and not read_fact(token.value[1:-1], self.product):
            self.unread = True
        elif kinds & _VERSIONS and self.group.versions:
            self.unread = True  # "(replaces 4.1-2)"
        elif not kinds & _ENDS and [w for w in words if w.value not in ("goes", "go")]:
            self._note(" ".join(token.value[1:-1].split()))
        else:
            self._inline(inner, token)

    def _note(self, words: str) -> None:
        if self.group.names and not self.group.versions:
            self.group.said[self.group.names[-1]] = words
        else:
            self.group.notes.append(words)

    def _aside(self, token: Token) -> None:
        """Brackets that hold another release with its own version of the same package."""
        names = list(self.group.names)
        aside = _Phrase(token.value[1:-1], self.product, strict=self.strict)
        self.unread |= aside.unread
        for group in aside.groups:
            group.names, group.at = group.names or names, token.at
        self.groups += aside.groups

    def _inline(self, inner: Sequence[Token], token: Token) -> None:
        last = max(n for n, t in enumerate(inner) if t.kind in ("release", "domain", *_ENDS))
        named = [t for t in inner[: last + 1] if t.kind in ("word", "file")]
        if [t for t in named if t.value not in _FILLERS] and not self.group.versions:
            self.group.names.clear()  # "core packages (core-vm version 1)": the name is within
        place_only = not {t.kind for t in inner} & _ENDS
        for each in inner[: last + 1]:
            if place_only and each.kind not in ("release", "domain"):
                continue
            self._take(each._replace(at=token.at))
        if rest := " ".join(t.value for t in inner[last + 1 :]).strip(" ,"):
            self.group.notes.append(rest.replace(" ,", ","))


_VERSIONS: Final = frozenset({"version", "file"})
_FACTS: Final = frozenset({"none", "unaffected"})
_ENDS: Final = frozenset({"same", *_VERSIONS, *_FACTS})
_FACTUAL_KINDS: Final = frozenset({*_FACTS, "release", "unclear", "packages", "separator", "word"})


def _opened(found: Sequence[Token], product: str) -> Iterator[Token]:
    """Tokens with those inside of brackets."""
    for token in found:
        if token.kind == "paren":
            yield from tokens(token.value[1:-1], product)
        else:
            yield token


def _is_name(word: str) -> bool:
    known = word.lower() in _STOPS or word.lower() in _ELSE
    return _NAME.fullmatch(word) is not None and not known


class Reading(NamedTuple):
    """What was read in a phrase.

    ``understood`` tells that each of its words has a place, ``plain`` that it also looks like
    nothing but packages and versions.
    """

    entries: tuple[Entry, ...]
    understood: bool
    plain: bool


def read_phrase(text: str, product: str) -> Reading:
    """The packages in a phrase that is meant to name some; none if it is not understood."""
    if fact := read_fact(text, product):
        return Reading((fact,), understood=True, plain=True)
    phrase = _Phrase(text, product, strict=True)
    entries = tuple(_entries(phrase.groups))
    left = any(g.ambiguous or (g.names and not g.versions) for g in phrase.groups)
    prose = any(" " in entry.package and entry.package[0].islower() for entry in entries)
    understood = bool(entries) and not (phrase.unread or left or prose)
    return Reading(entries if understood else (), understood, understood and not phrase.stopped)


def read_fact(text: str, product: str) -> Entry | None:
    """That there is no fix, or that a release is not affected, where words say just that."""
    if not _FACT_SIGN.search(text):
        return None
    said: set[str] = set()
    stated: list[tuple[str, ...]] = []
    for token in tokens(text, product):
        if token.kind not in _FACTUAL_KINDS:
            return None
        if token.kind == "word" and token.value.lower() not in _FACTUAL:
            return None
        if token.kind == "release":
            stated.append(release_numbers(token.value))
        said.add(token.kind)
    if not said & _FACTS or len(stated) > 1:
        return None
    fix = Fix.NOT_AFFECTED if "unaffected" in said else Fix.NONE
    return Entry(0, "", "", fix, stated[0] if stated else ())


def read_sentence(text: str, product: str) -> tuple[Entry, ...] | None:
    """The packages that running text names with their versions; None if one has no name."""
    if not _VERSION_SIGN.search(text):
        return ()
    groups = _Phrase(text, product, strict=False).groups
    if any(g.versions and g.fix is Fix.AVAILABLE and not g.names for g in groups):
        return None
    return tuple(entry for entry in _entries(groups) if entry.package and entry.version)


def _entries(groups: Sequence[_Group]) -> Iterator[Entry]:
    for group in groups:
        for name, version in _pairs(group):
            notes = (group.said.get(name, ""), *group.notes[:_MOST])
            note = "; ".join(note for note in notes if note)[:_LONGEST_NOTE]
            at = max(group.at, 0)
            yield Entry(at, name, version, group.fix, group.releases, group.domains, note)


def _pairs(group: _Group) -> Iterator[tuple[str, str]]:
    """Names with their versions: each with each, unless ``respectively`` tells otherwise."""
    names = group.names or ([""] if group.fix is not Fix.AVAILABLE else [])
    if group.ambiguous:
        return
    if group.paired and len(names) == len(group.versions):
        yield from zip(names, group.versions, strict=True)
    else:
        yield from ((name, version) for name in names for version in group.versions)
