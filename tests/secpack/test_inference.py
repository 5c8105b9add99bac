"""What texts address by their own words; cases expect that, and every mention."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from secpack.extract.mentions import decide, find_mentions, rules
from secpack.model.archive import Context, Document, File, Mention
from secpack.parser import parse_text
from tests.cases import Case, each_case, each_line, read_cases
from tests.packs import bulletin


def told(document: Document) -> Iterator[str]:
    """Advisories addressed and mentioned, and every mention; a star marks those that decide."""
    mentions = find_mentions(document)
    evidence = decide(mentions)
    addressed = {mention.value for mention in evidence}
    yield f"addresses: {', '.join(sorted(addressed))}".strip()
    excluded = {n.value for n in mentions if n.context is Context.NOT_AFFECTED} - addressed
    others = {n.value for n in mentions} - addressed - excluded
    yield f"mentions: {', '.join(sorted(others))}".strip()
    yield f"excludes: {', '.join(sorted(excluded))}".strip()
    pairs = {f"{n.advisory} {n.value}" for n in mentions if n.advisory}
    yield from (f"pair: {pair}" for pair in sorted(pairs))
    titles = {f"{n.value}: {n.title}" for n in mentions if n.title}
    yield from (f"title: {title}" for title in sorted(titles))
    for n in mentions:
        yield f"{n.line}: {'*' * (n in evidence)}{n.value}: {n.context.value}: {n.sentence}"


def test_there_are_cases_for_every_place() -> None:
    mentions = [n for case in read_cases("inference") for n in find_mentions(parse_text(case.file))]
    assert {n.context for n in mentions} == set(Context)


@each_case("inference")
def test_inference(case: Case, golden: bool) -> None:
    case.check(told(parse_text(case.file)), golden=golden)


@each_case("inference")
def test_names_stand_where_namings_say(case: Case) -> None:
    """Each mention's line, or the one behind it where it wraps, ends its number or its range."""
    document = parse_text(case.file)
    lines = document.file.data.decode().split("\n")
    for mention in find_mentions(document):
        near = " ".join(lines[mention.line - 1 : mention.line + 1])
        assert set(mention.sentence.strip("…").split()) & set(near.split())
        assert len(mention.sentence) <= 300


NO_HARM = (
    "HARM",
    "PICK",
    "ONLY",
    "HIT",
)  # parts of the grammar that say that something does not apply


@pytest.mark.parametrize(("part", "example"), [(part, example) for part, _, example in rules()])
def test_a_rule_fits_its_example(part: str, example: str) -> None:
    """In an example, ids up to 9 are what the rule is about."""
    context = Context.NOT_AFFECTED if part in NO_HARM else Context[part.rpartition(" ")[2]]
    section = "Patching\n---------\n\n" * (context is Context.FIX)
    mentions = mentions_of(bulletin(1, body=f"{section}{example}"))
    about = {n.value for n in mentions if len(n.value) == len("XSA-1")}
    assert {n.value for n in mentions if n.context is context} == about


@each_line("conditions")
def test_what_holds_only_in_some_cases_excludes_nothing(text: str) -> None:
    named = mentions_of(bulletin(1, body=f"XSA-1 came out.\n\n{text}"))
    assert [n.value for n in named if n.context is Context.NOT_AFFECTED] == []


@each_line("no conditions")
def test_other_headings_are_no_conditions(text: str) -> None:
    named = mentions_of(bulletin(1, body=f"XSA-1 came out.\n\n{text}"))
    assert {n.value for n in named if n.context is Context.NOT_AFFECTED} == {"XSA-1"}


@pytest.mark.parametrize(
    "words",
    [
        "With the exception of XSA-2, none of these affects us.",
        "Except for the XSA-2, which is known as Bell, these do not affect us.",
    ],
)
def test_all_but_one_are_excluded(words: str) -> None:
    named = mentions_of(bulletin(1, body=f"XSA-1, XSA-2, XSA-3 came out. {words}"))
    excluded = {n.value for n in named if n.context is Context.NOT_AFFECTED}
    assert excluded == {"XSA-1", "XSA-3"}


@pytest.mark.slow
def test_a_text_has_no_more_than_some_mentions() -> None:
    ranges = "\n".join(f"XSA-{n}-{n + 63}" for n in range(1, 9900, 64))
    mentions = mentions_of(bulletin(1, body=f"{ranges}\n" * 5))
    assert len(mentions) == 10_000


def mentions_of(text: str) -> tuple[Mention, ...]:
    return find_mentions(parse_text(File("text.txt", text.encode(), "")))


def test_a_citation_leads_to_no_more_than_some() -> None:
    text = bulletin(1, body="It was announced [1].")
    mentions = mentions_of(f"{text}\nReferences\n---\n\n[1] XSA-1-60 and XSA-61-120\n")
    cited = [n.value for n in mentions if n.context is Context.SUMMARY]
    assert cited == [f"XSA-{number}" for number in range(1, 101)]


def test_what_is_said_over_and_over_is_not_kept() -> None:
    """But the word that it does not apply, at the very end, counts."""
    lines = ["The Mill Team published XSA-7.\n"] * 500 + ["XSA-7 does not affect Quern.\n"]
    mentions = mentions_of(bulletin(1, body="\n".join(lines)))
    assert len(mentions) == 101
    assert not decide(mentions)


@pytest.mark.parametrize("issuer", ["Quern", "US", "YEAR", "BUG", "HARMLESS", "A ~ B (C"])
def test_an_issuer_can_have_any_name(issuer: str) -> None:
    """Its name is no part of the grammar, even if it has a meaning there."""
    text = bulletin(1, body=f"XSA-1 is new. XSA-2 does not affect {issuer} OS.")
    mentions = mentions_of(text.replace("Quern Security", f"{issuer} Security", 1))
    assert [n.value for n in mentions if n.context is Context.NOT_AFFECTED] == ["XSA-2"]
