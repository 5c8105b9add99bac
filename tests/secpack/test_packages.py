"""Packages that texts name; cases expect rows, and findings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secpack.extract import answers, packages
from secpack.extract.packages import MOST_ROWS, phrases, read_packages, sentences, vocabulary
from secpack.extract.packages.phrases import Entry, Phrase
from secpack.extract.packages.vocabulary import release_numbers, split_name, target_names
from secpack.model.archive import File, Fix, PackageRow
from secpack.model.findings import Finding, Severity
from secpack.parser import parse_text
from tests.cases import DATA, Case, each_case, each_line, read_cases
from tests.packs import demo_archive
from tests.secpack.adversary import HEADER

FORMS = ("- xen 4.1-2", "    xen-4.1-2", "| Package | Version |\n|---|---|\n| xen | 4.1-2 |")


def read(data: bytes) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    return read_packages(parse_text(File("text.txt", data, "")))


def body(text: str) -> tuple[tuple[PackageRow, ...], tuple[Finding, ...]]:
    return read(f"{HEADER}Patching\n--------\n\nThe fixed packages are:\n\n{text}".encode())


def test_there_are_cases() -> None:
    assert len(read_cases("packages")) >= 20


@each_case("packages")
def test_case(case: Case, golden: bool) -> None:
    rows, findings = read(case.data)
    told = [
        f"{r.line}: {r.release} | {r.target} | {r.package} | {r.version} | {r.fix.value} | {r.note}"
        for r in rows
    ]
    told = [row.removesuffix(" | ") for row in told]
    told += [f"! {finding.line}: {finding.code}: {finding.message}" for finding in findings]
    case.check(told, golden=golden)


@each_case("packages")
def test_rows_are_of_the_text(case: Case) -> None:
    """Whatever a row says stands in the text, its version on the row's line or the next."""
    data = case.data
    rows, findings = read(data)
    lines = data.decode().split("\n")
    for row in rows:
        near = " ".join(lines[row.line - 1 : row.line + 2])
        assert row.version in near
        assert row.release in data.decode()
        assert all(word in data.decode() for word in row.package.split())
        assert (row.fix is Fix.AVAILABLE) == bool(row.version and row.package)
    assert all(lines[finding.line - 1] for finding in findings)
    assert all(finding.severity is Severity.WARNING for finding in findings)


@each_line("names and versions")
def test_name_and_version(text: str, expected: str) -> None:
    assert " ".join(split_name(text)) == expected


@pytest.mark.parametrize(
    "word", ["xen", "field-template-9", "mill_ctl", "python3-mill", "4.1.2-7", "-4.1", "a-", "x_1"]
)
def test_no_version_in_a_name(word: str) -> None:
    assert not split_name(word)


@each_line("release numbers")
def test_release_numbers(text: str, expected: str) -> None:
    assert "; ".join(release_numbers(text)) == expected


@each_line("target names")
def test_target_names(text: str, expected: str) -> None:
    assert "; ".join(target_names(text)) == expected


@each_line("rows")
def test_one_row(text: str, expected: str) -> None:
    rows, findings = body(text)
    assert ["|".join((r.release, r.target, r.package, r.version)) for r in rows] == [expected]
    assert not findings


@each_line("items that are no packages")
def test_words_that_are_not_understood_are_a_finding(text: str) -> None:
    rows, findings = body(f"For Quern 4.2, in dom0:\n- {text}\n- mill 4.1-2")
    assert [row.package for row in rows] == ["mill"]
    assert [finding.code for finding in findings] == ["package-unread"]


@each_line("vulnerable packages")
def test_vulnerable_packages_are_no_remedy(text: str) -> None:
    """Neither in a list, nor indented, nor in a table, nor after some more words."""
    lead = "\n\nFor Quern 4.2, in dom0:\n"
    for form in FORMS:
        rows, _ = read(f"{HEADER}Patching\n---\n\n{text}{lead}\n{form}\n".encode())
        assert not rows, form
    rows, _ = read(f"{HEADER}Patching\n---\n\n{text}{lead}\nHm.{lead}- xen 4.1-2\n".encode())
    assert not rows
    rows, _ = body(f"{text}{lead}- xen 4.1-2\n\nThe packages with the fix:{lead}- xen 4.1-3")
    assert [row.version for row in rows] == ["4.1-3"]


@each_line("targets")
def test_places(text: str, expected: str) -> None:
    rows, findings = body(f"For Quern 4.2, {text}:\n- xen 4.1-2")
    assert [(row.release, row.target) for row in rows] == [
        ("4.2", each) for each in expected.split("; ")
    ]
    assert not findings


@each_line("headers that place nothing")
def test_a_line_that_is_not_understood_places_nothing(text: str) -> None:
    for form in FORMS:
        rows, findings = body(f"{text}\n\n{form}\n\nFor Quern 4.3:\n\n- xen 4.1-3")
        assert [(row.release, row.target, row.version) for row in rows] == [("4.3", "", "4.1-3")]
        assert findings, form


@each_line("sentences with a row")
def test_one_sentence(text: str, expected: str) -> None:
    rows, findings = read(f"{HEADER}Patching\n---\n\n{text}\n".encode())
    assert ["|".join((r.release, r.package, r.version)) for r in rows] == [expected]
    assert not findings


@pytest.mark.parametrize(
    ("title", "count"),
    [("Fixing a mill", 1), ("The solution: a lid", 1), ("Available updates", 1), ("Thoughts", 0)],
)
def test_titles_of_sections_about_what_to_do(title: str, count: int) -> None:
    rows, _ = read(f"{HEADER}{title}\n---\n\nPlease install xen 4.1-2 in dom0.\n".encode())
    assert len(rows) == count


@each_line("facts")
def test_words_for_facts(text: str, expected: str) -> None:
    rows, findings = body(f"For Quern 4.2:\n- {text}\n\nFor Quern 4.3:\n- xen 4.1-2")
    assert [(r.release, r.fix) for r in rows] == [("4.2", Fix(expected)), ("4.3", Fix.AVAILABLE)]
    assert not findings


@each_line("sentences without a row")
def test_no_row_of_a_sentence(text: str) -> None:
    rows, _ = read(f"{HEADER}Patching\n---\n\n{text}\n".encode())
    assert not rows


def test_the_product_is_the_issuers() -> None:
    """Another product's number is no release; it tells where a package goes."""
    rows, _ = body("For Mill 4.0:\n- xen 4.1-2\n\nQuern 4.1:\n- xen 4.1-3")
    assert [(row.release, row.target) for row in rows] == [("", "Mill 4.0"), ("4.1", "")]


def test_packages_of_the_demo() -> None:
    archive = demo_archive()
    for bulletin in archive.bulletins:
        rows, findings = read_packages(bulletin.document)
        assert rows, bulletin.id
        assert not findings, (bulletin.id, findings)
        assert all(row.release for row in rows) or bulletin.number in (1, 10)


# --- the examples beside the rules -------------------------------------------------------------

_EXAMPLE = re.compile(r"^ *(.+?) =>(?: (.+))?$", re.MULTILINE)
_MORE = DATA / "examples.txt"
RULED = (vocabulary, packages, phrases, sentences, answers)


def examples(*modules: ModuleType) -> Iterator[Any]:
    """Each line ``TEXT => RESULT`` in a docstring, with the function that it shows."""
    rules = [(rule, module.__name__) for module in modules for rule in vars(module).values()]
    for rule in [rule for rule, name in rules if getattr(rule, "__module__", None) == name]:
        for part in vars(rule).values() if inspect.isclass(rule) else [rule]:
            for text, result in _EXAMPLE.findall(getattr(part, "__doc__", None) or ""):
                yield pytest.param(part, text, result, id=f"{part.__name__}: {text}")


def more_examples() -> Iterator[Any]:
    """Those in a file, below the name of the function that they show."""
    modules = {module.__name__.rpartition(".")[2]: module for module in RULED}
    for part in _MORE.read_text("utf-8").split("\n[")[1:]:
        name, _, lines = part.partition("]\n")
        module, _, function = name.partition(".")
        rule = vars(modules[module]).get(function) or vars(Phrase)[function]
        for text, result in _EXAMPLE.findall(lines):
            yield pytest.param(rule, text, result, id=f"{function}: {text}")


def shown(result: object) -> str:
    """A result as an example has it."""
    if isinstance(result, Phrase):
        is_header = result.is_header and Entry(0, said=result.header)
        return f"header {shown(is_header)}" if is_header else shown(result.entries)
    if isinstance(result, (tuple, list)):
        return "; ".join(map(shown, result))
    return (
        "; ".join(map(shown_row, result.rows({}, 0))) if isinstance(result, Entry) else str(result)
    )


def shown_row(row: PackageRow) -> str:
    """A row on one line."""
    version = row.version or ("" if row.fix is Fix.AVAILABLE else row.fix.value)
    target, note = f"{row.target}:" if row.target else "", f"({row.note})" if row.note else ""
    return " ".join(filter(None, (row.release, target, row.package, version, note)))


@pytest.mark.parametrize(("rule", "text", "result"), [*examples(*RULED), *more_examples()])
def test_example(rule: Callable[..., object], text: str, result: str) -> None:
    """A method of phrases is shown by whole phrases."""
    if "self" in inspect.signature(rule).parameters:
        rule = phrases.Phrase
    given = {"product": "Quern", "known": ("4.1", "4.2")}
    wanted = {name: given[name] for name in inspect.signature(rule).parameters if name in given}
    assert shown(rule(text, **wanted)) == result


TRAPS = [
    "Quern 4.2 is not affected by XSA-1.",
    "Quern 4.2 is not affected by this issue on some mills.",
    "Quern 4.2 is not affected, provided that the lid is closed.",
    "Quern 4.2 is not affected (with a closed lid).",
    "Quern 4.2 is not affected after this update.",
    "Quern 4.2 is not affected as badly as Quern 4.1.",
    "Quern 4.2 is not affected, but its mills are.",
    "Quern 4.2 was not affected, but it is now.",
    "Quern 4.2 is not affected, we hope.",
    "Quern 4.2 is not vulnerable to the first attack.",
    "Quern 4.2 grinds wheat by default and is not affected.",
    "Quern 4.2 users on new mills are careful and are not affected.",
    "If the lid is closed, Quern 4.2 is not affected.",
    "On Quern 4.2, the lid is made of stone, and it is not affected.",
    "We thought wrongly, so Quern 4.2 is not affected.",
    "This flaw does not affect Quern 4.2 on new mills.",
    "This flaw does not affect Quern 4.2 templates.",
    "This update does not affect Quern 4.2.",
    "The second bug does not affect Quern 4.2.",
    "The second bug affects only Quern 4.2.",
    "XSA-1 affects only some mills on Quern 4.1.",
    "XSA-1 affects only Quern 4.1 and older.",
    "XSA-1 affects only Quern 4.1 and possibly 4.0.",
    "XSA-1 affects only Quern 4.1 (and 4.0 with a new lid).",
    "On old mills, only Quern 4.1 is affected.",
    "Only Quern 4.1 is affected by default.",
    "Only Quern 4.1 is vulnerable to theft, others to denial of service.",
    "XSA-1 is out, which does not affect Quern 4.1.",
    "There is no update of the mill in Quern 4.2.",
    "No update for Quern 4.2 is necessary.",
    "Quern 4.2 is not supported on old mills.",
]


@pytest.mark.parametrize("text", TRAPS)
def test_what_is_not_certain_is_no_claim(text: str) -> None:
    assert {says for says, _ in answers.said(text, "Quern")} <= {"risky"}


@pytest.mark.parametrize(("kind", "_", "example"), phrases.KINDS)
def test_kind_of_token(kind: str, _: str, example: str) -> None:
    found = [(token.kind, token.value) for token in phrases.tokens(example, "Quern")]
    assert found == [(kind, example)]


# --- hostile texts ----------------------------------------------------------------------------

_PIECES = [
    "For Quern 4.0", "Quern R2", "R3.1", ", in dom0", " and ", ":", "\n", "\n\n", "- ", "  - ",
    "* ", "1. ", "xen", "Xen packages", ", version ", "4.1.2-3", "xen-4.1-2", "(", ")", "[1]",
    "no fix", "not affected", " | ", "---", "===", "Patching", "of the same version",
    "respectively", "The fixed packages are:", "    ", "In hearth:", "for 4.1: ", ". ",
    "installed in hearth", "\u202e", "(s)", "_", "-", ",", ";",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join))
def test_any_text_can_be_read(text: str) -> None:
    rows, findings = body(text)
    last = f"{HEADER}Patching\n--------\n\nThe fixed packages are:\n\n{text}".count("\n") + 1
    assert all(1 <= line <= last for line in [r.line for r in rows] + [f.line for f in findings])
    assert all(row.version or row.fix is not Fix.AVAILABLE for row in rows)


@given(st.text(max_size=300))
def test_any_characters_can_be_read(text: str) -> None:
    body(text)


_ROW = "For Quern 1.1, 1.2, 1.3 and 1.4, in dom0, a, b and c:\n- " + "x, " * 19 + "x 1.2\n"


def test_too_many_packages_are_a_finding() -> None:
    rows, findings = body(_ROW * 300)
    assert MOST_ROWS < len(rows) < 2 * MOST_ROWS
    assert [f.message for f in findings if "more than" in f.message]
