"""Imports all of our code, and compiles what builds compile, before a process is forked for each.

What is kept is what pure functions give: expressions, what the texts of the demo pack say, and
the code of templates, for the same source and environment.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any
from unittest import mock

from jinja2 import Environment
from markdown import Markdown
from pelican.settings import DEFAULT_CONFIG

import bulletins
import secpack
from bulletins.html import render
from bulletins.site import Links, Site
from bulletins.templates import environment
from secpack import Profile, documents
from secpack.pack import TextFile
from secpack.profile import Kind

CONTENT = Path(__file__).parents[1] / "content"
THEME = CONTENT.with_name("theme")
_compile = Environment.compile
_compiled: dict[tuple[Any, ...], Any] = {}
_read = documents._document
_said: dict[str, tuple[object, Any]] = {}


def _compile_once(self: Environment, source: Any, *names: Any, **how: Any) -> Any:
    filters = tuple(sorted((name, id(each)) for name, each in self.filters.items()))
    form = (self.autoescape, self.trim_blocks, self.lstrip_blocks, tuple(self.extensions))
    key = (source, names, tuple(how.items()), form, filters)
    if key not in _compiled:
        _compiled[key] = _compile(self, source, *names, **how)
    return _compiled[key]


def _read_once(profile: Profile, kind: Kind, text: TextFile, letters: Sequence[TextFile]) -> Any:
    """What a text says, which does not depend on its signatures."""
    given = (profile, kind, *(replace(each, signatures=()) for each in (text, *letters)))
    known, result = _said.get(text.file.sha256, (None, None))
    if known != given:
        result = _read(profile, kind, text, letters)
        _said[text.file.sha256] = (given, result)
    return result


def _warm() -> None:
    for package in (bulletins, secpack):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    documents._document = _read_once
    profile = secpack.load_profile(CONTENT / "demo.toml")
    with mock.patch("os.sched_getaffinity", return_value={0}):  # all in this process
        archive = secpack.load(CONTENT / "secpack", profile=profile)
    render(archive.bulletins[-1].document, Links(Site(archive, profile), "../../"))
    Markdown(extensions=list(DEFAULT_CONFIG["MARKDOWN"]["extension_configs"]))
    Environment.compile = _compile_once  # type: ignore[method-assign]
    nothing_more = {"THEME_TEMPLATES_OVERRIDES": [], "JINJA_FILTERS": {}}
    templates = environment({"THEME": THEME, **nothing_more})
    for path in sorted((THEME / "templates").iterdir()):
        templates.get_template(path.name)


_warm()
gc.freeze()  # forks share what is never looked at
