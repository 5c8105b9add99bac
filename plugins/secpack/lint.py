"""Findings only for publishers, which ``secpack check`` reports before publication."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice, pairwise
from typing import Final

import secpack.model.blocks as b
from secpack.documents import read_head
from secpack.extract.answers import answers
from secpack.extract.sections import sections
from secpack.model import archive as model
from secpack.model.findings import Finding, Severity, counted
from secpack.pack import Layout, text_file
from secpack.parser.inline import citation_label
from secpack.parser.lines import MAX_READ_LINES
from secpack.parser.rules.headings import section_name
from secpack.profile import Kind, Profile, SecurityTxt

_SCHEMES: Final = "https?|ftps?|s?ftp|git|ssh|rsync|hkps?|ircs?|ldaps?|file|onion"
_BROKEN: Final = rf"(?!(?:{_SCHEMES})://)[A-Za-z][\w+.-]{{0,20}}://|https?(?::/(?!/)|//|:\\)\w"
#: Where a line is: preformatted, in running text, or in either; a record quotes others as they are.
_CODE, _PROSE = frozenset({"code", "sh"}), frozenset({""})
_ANY: Final = _CODE | _PROSE | {"c", "diff", "unread"}
_RECORD: Final = frozenset({"record"})
#: What lines should not have: a pattern, where, and what to do.
_ODD: Final = {
    "carriage-return": (r"\r$", _ANY, "ends in CR LF; expected LF"),
    "code-quotes": ("[“”‘’]", _CODE, "a typographic quote in code: write \" or '"),
    "long-line": (r"^(?!.*://).{101}", _PROSE, "over 100 characters: wrap the line"),
    "merge-conflict": (r"^([<>|])\1{6}(?: |\r?$)", _ANY, "left by a merge: choose one side"),
    "no-break-space": ("[\u00a0\u2007\u202f]", _ANY, "a no-break space: write a plain one"),
    "tab": (r"\t(?!\r?$)", _PROSE, "a tab: write spaces"),
    "trailing-space": (r"^(?!\| \r?$).*[ \t]\r?$", _ANY | _RECORD, "white space at the end"),
    "url-unknown": (rf"(?<![\w+.-])(?:{_BROKEN})", _PROSE, "not a URL: is it https://?"),
}
_SEVERITY: Final = {"merge-conflict": Severity.ERROR, "trailing-space": Severity.NOTICE}

#: What only this module finds, so that waivers can name it.
CODES: Final = frozenset(_ODD) | {
    *("canary-repeated", "date-order", "section-missing", "silent-change", "tracker-differs"),
    *("reference-twice", "reference-uncited", "reference-undefined"),
    *("release-unknown", "release-unstated"),
}

#: A section is usual if so many texts before have it.
_USUAL: Final = 5

#: A security.txt should be renewed so many days before it expires.
_RENEW: Final = 30

_CITED: Final = re.compile(
    r"(?<!\w)(?<!\w\[\w\])\[((?:[0-9]{1,3}|\*{1,5})(?:,\s?[0-9]{1,3}){0,20})\]"
)


def lint(archive: model.Archive, profile: Profile) -> list[Finding]:
    """Return findings about texts that can be published nevertheless, sorted."""
    documents = [publication.document for publication in archive.publications]
    findings = [f for each in documents for f in (*_odd(each), *_references(each))]
    series: list[tuple[Kind, Sequence[model.Publication]]] = [
        (profile.bulletins, archive.bulletins)
    ]
    for kind, texts in (*series, (profile.canaries, archive.canaries)):
        findings += _sections([text.document for text in texts], kind.sections)
        for before, text in pairwise(texts):
            findings += _compare(before, text)
    for bulletin in archive.bulletins if profile.releases else ():
        findings += _releases(bulletin, profile)
    return sorted([*findings, *_tracker(archive), *_silent(archive, profile)])


def check_security_txt(security_txt: SecurityTxt, on: date) -> Iterator[Finding]:
    """Report a security.txt that has expired at the end of a day, or will soon."""
    end = security_txt.expires.date()
    left = (end - on).days
    if left <= _RENEW:
        ended = f"expired on {end}; nobody should rely on it"
        message = f"expires on {end}: {counted(left, 'day')} from {on}" if left > 0 else ended
        severity = Severity.WARNING if left > 0 else Severity.ERROR
        yield Finding(".well-known/security.txt", 0, "security-txt-expires", message, severity)


def _odd(document: model.Document) -> Iterator[Finding]:
    """Find what lines should not have; of line ends, which are often all alike, the first."""
    languages = {
        number: leaf.language or "code"
        for leaf in b.leaves(document.blocks)
        if isinstance(leaf, b.Preformatted)
        for number in range(leaf.first, leaf.last + 1)
    }
    lines = document.file.data.decode(errors="replace").split("\n")[:MAX_READ_LINES]
    for code, (pattern, where, message) in _ODD.items():
        search, severity = re.compile(pattern).search, _SEVERITY.get(code, Severity.WARNING)
        findings = (
            Finding(document.file.path, number, code, message, severity)
            for number, line in enumerate(lines, 1)
            if languages.get(number, "") in where and search(line)
        )
        yield from islice(findings, 1 if code == "carriage-return" else None)


def _references(document: model.Document) -> Iterator[Finding]:
    path = document.file.path
    every = list(b.references(document.blocks))
    lines = {citation_label(r.label): r.first for r in reversed(every)}
    defined = Counter(citation_label(r.label) for r in every)
    cited = set()
    for line, inlines in b.running_text(document.blocks):
        cited |= {citation_label(i.label) for i in inlines if isinstance(i, b.Citation)}
        text = "".join(b.words(i) if isinstance(i, (b.Citation, b.Text)) else " " for i in inlines)
        several = [label for match in _CITED.finditer(text) for label in match[1].split(",")]
        labels = {citation_label(label.strip()) for label in several}
        cited |= labels
        for label in sorted(labels - defined.keys()):
            message = f"[{label}] is cited, but no reference has that label"
            yield Finding(path, line, "reference-undefined", message)
    for label, count in sorted(defined.items()):
        if count > 1:
            message = f"[{label}] is defined {count} times"
            yield Finding(path, lines.get(label, 0), "reference-twice", message)
        if label not in cited:
            message = f"[{label}] is defined, but never cited"
            yield Finding(path, lines.get(label, 0), "reference-uncited", message, Severity.NOTICE)


def _sections(documents: Sequence[model.Document], expected: Sequence[str]) -> Iterator[Finding]:
    """Report what is missing or empty of the profile's sections, or else of all texts before."""
    titles = [{section_name(s.title) for s in sections(d) if s.blocks} for d in documents]
    for n, (document, own) in enumerate(zip(documents, titles, strict=True)):
        usual = set.intersection(*titles[n - _USUAL : n]) if n >= _USUAL else set()
        for title in expected or sorted(usual):
            name = section_name(title)
            if name not in own and (expected or not any(name in t or t in name for t in own)):
                who = "the profile names" if expected else f"the previous {_USUAL} texts have"
                message = f"section “{title}” is missing or empty; {who} it"
                yield Finding(document.file.path, 0, "section-missing", message)


def _silent(archive: model.Archive, profile: Profile) -> Iterator[Finding]:
    """Report texts whose words are not those that were signed, without a new changelog entry."""
    layout = Layout(profile)
    for text in archive.publications:
        file, versions = text.file, archive.history.of(text.id)
        signed = versions.newest if versions else None
        kind, match = layout.place(signed.file.path) if signed else (None, None)
        if not (signed and kind and match) or signed.file.data.split() == file.data.split():
            continue
        before = read_head(text_file(signed.file, match), kind, profile)[1].revisions
        if not Counter(r.date for r in text.revisions) - Counter(r.date for r in before):
            message = f"differs from what was signed on {signed.time:%Y-%m-%d}, without a new entry"
            yield Finding(file.path, 0, "silent-change", f"{message} in its changelog")


def _compare(before: model.Publication, text: model.Publication) -> Iterator[Finding]:
    """Report a day before that of the text before, and what a canary repeats of that one."""
    path = text.file.path
    if model.UNDATED != text.published < before.published:
        message = f"dated {text.published}, before {before.id} of {before.published}"
        yield Finding(path, text.document.line, "date-order", message)
    if isinstance(before, model.Canary) and isinstance(text, model.Canary):
        days = [("date", text.published, before.published), ("window", text.due, before.due)]
        days += [("proof of freshness", text.freshness, before.freshness)]
        for what in (what for what, day, last in days if day and model.UNDATED != day == last):
            message = f"its {what} is that of {before.id}: write this canary's own"
            yield Finding(path, 0, "canary-repeated", message)


def _releases(bulletin: model.Bulletin, profile: Profile) -> Iterator[Finding]:
    """Report releases that the profile does not know, and supported ones without a word."""
    path, known = bulletin.file.path, profile.releases
    lines = {row.release: row.line for row in reversed(bulletin.packages)}
    for release in bulletin.releases:
        if release not in known:
            message = f"{release} is no release of the profile: is the number right?"
            yield Finding(path, lines[release], "release-unknown", message)
    stated = {answer.release for answer in answers(bulletin)}
    silent = [r for r in profile.supported(bulletin.published) if r not in stated]
    if silent and bulletin.releases:
        message = f"says nothing about {' and '.join(silent)}, supported on its date"
        yield Finding(path, lines[bulletin.releases[0]], "release-unstated", message)


def _tracker(archive: model.Archive) -> Iterator[Finding]:
    """Report where tracker data and a text differ in what the text addresses."""
    tracked = {a.number: a for a in archive.advisories if a.tracked}
    for bulletin in archive.bulletins if tracked else ():
        addressed = {m.value: m for m in reversed(bulletin.evidence)}
        mentioned = {m.value: m for m in reversed(bulletin.all_mentions)} | addressed
        assigned = {a.id for a in tracked.values() if a.announced_in == bulletin.number}
        wrong = {id_ for id_ in addressed if id_.startswith("XSA-")} ^ assigned
        for id_ in sorted(wrong, key=lambda each: int(each[4:])):
            mention = mentioned.get(id_)
            quoted = f"({mention.context.value}: “{mention.sentence}”)" if mention else ""
            if id_ in addressed:
                message = f"{id_} is addressed here {quoted}, but {_stated(tracked, id_)}"
            else:
                text = f"only mentions it {quoted}" if mention else "never mentions it"
                message = f"{id_} is assigned to this bulletin by the tracker, but the text {text}"
            line = mention.line if mention else bulletin.document.line
            yield Finding(bulletin.file.path, line, "tracker-differs", message)


def _stated(tracked: Mapping[int, model.Advisory], id_: str) -> str:
    """What the tracker says of an advisory, in place of assigning it to a bulletin."""
    advisory = tracked.get(int(id_[4:]))
    if advisory is None:
        return "the tracker does not have it"
    if advisory.bulletin:
        return f"the tracker assigns it to {advisory.bulletin}"
    if advisory.affected is False:
        return "the tracker says that nothing is affected, and assigns it to no bulletin"
    return "the tracker assigns it to no bulletin"
