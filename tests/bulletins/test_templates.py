"""What templates can see and say: their page, its frame, and the words of ``words.py``."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import markdown
import pytest
from jinja2 import Environment, meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from bulletins import words
from bulletins.pages.model import Page
from bulletins.pages.table import text_page
from bulletins.templates import environment
from secpack import Profile
from tests.bulletins.sites import ROOT

THEME = ROOT / "theme/templates"
PATHS = sorted(THEME.glob("*.html"))

THEIRS = {"THEME": str(ROOT / "theme"), "THEME_TEMPLATES_OVERRIDES": [], "JINJA_FILTERS": {}}
SETS = re.compile(r"{%-? (?:set|macro) (\w+)(?:, (\w+))?")


@pytest.fixture(scope="module")
def templates() -> Environment:
    return environment(THEIRS)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_sees_nothing_else(templates: Environment, path: Path) -> None:
    assert set(templates.globals) <= {*DEFAULT_NAMESPACE, "words"}
    made = {name for each in PATHS for names in SETS.findall(each.read_text()) for name in names}
    seen = meta.find_undeclared_variables(templates.parse(path.read_text("utf-8")))
    assert seen <= {"page", "frame", "words", "m", *made}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_macro_of_a_page_is_inside_a_block(templates: Environment, path: Path) -> None:
    """Elsewhere it and what the page shows hold each other, and a build collects no garbage."""
    outside = templates.parse(path.read_text("utf-8")).body
    assert path.name == "macros.html" or not any(isinstance(each, nodes.Macro) for each in outside)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_says_nothing_itself(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.S)
    said = re.sub(r'<[^>]*>|/index\.html| class="[a-z]+"', " ", text)
    assert set(re.findall(r"[A-Za-z]{2,}", said)) <= {"XSA"}
    assert re.findall(r'(?:title|aria-label|alt)="[^"]+"', text) == []


def test_every_sentence_is_used_and_every_use_has_one() -> None:
    sources = [*(ROOT / "plugins/bulletins").rglob("*.py"), *PATHS]
    used = {
        name
        for path in sources
        for name in re.findall(r"\bwords\.([a-z_]+)", path.read_text("utf-8"))
    } - {"py", "endswith"}
    defined = {name for name in vars(words) if name[0].islower()} - {"findings"}
    assert used == defined


def test_each_page_has_its_template() -> None:
    drawn = {path.name for path in PATHS} - {"base.html", "document.html", "macros.html"}
    assert drawn == {page.template for page in Page.__subclasses__()}


def test_a_page_says_where_the_program_is_or_whom_to_ask() -> None:
    content = markdown.markdown((ROOT / "content/pages/mirroring.md").read_text("utf-8"))
    written = SimpleNamespace(title="Mirror", summary="", slug="mirroring", content=content)
    for program, command in (
        ("https://quern.example.org/a", "pipx install git+https://quern.example.org/a"),
        (
            "https://quern.example.org/a&b;$(id)'",
            "pipx install &#x27;git+https://quern.example.org/a&amp;b;$(id)&#x27;"
            "&quot;&#x27;&quot;&#x27;&#x27;",
        ),
        ("", f"pipx install {words.unknown_program}"),
    ):
        site: Any = SimpleNamespace(
            url="https://quern.example.org/", profile=Profile(program=program)
        )
        shown = text_page(site, written).html
        assert f"{command}\n" in shown
        assert not re.search(r"//[a-z]+\.example\.org/secpack-archive", shown)
