"""The theme's templates, and what all of them can use."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.environment import TemplateModule

from bulletins import words
from bulletins.html import unbroken
from bulletins.pages import model
from bulletins.pages.evidence import grouped
from bulletins.urls import INDEX, id_url, lookup_url
from secpack import SecpackError
from secpack.parser.characters import visible

#: Pelican loads these templates, but writes nothing with them under our settings.
_UNUSED: Final = DictLoader(
    dict.fromkeys(("archives.html", "author.html", "category.html", "tag.html"), "")
)

#: The static files to which the templates refer.
_STATIC: Final = ("due.js", "icon.svg", "lists.css", "search.js", "style.css")


def environment(settings: dict[str, Any]) -> Environment:
    """The templates of our own theme, with the additions from Pelican's settings.

    Raises SecpackError when the theme lacks a file.
    """
    theme, overrides = Path(settings["THEME"]), settings["THEME_TEMPLATES_OVERRIDES"]
    pages = sorted({page.template for page in model.Page.__subclasses__()})
    wanted = [*(f"templates/{page}" for page in pages), *(f"static/{name}" for name in _STATIC)]
    missing = [path for path in wanted if not (theme / path).is_file()]
    if missing:
        raise SecpackError(f"{theme}: the theme has no {', '.join(missing)}")
    templates = Environment(
        loader=ChoiceLoader([FileSystemLoader([*overrides, theme / "templates"]), _UNUSED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,  # to look for constants takes longer than it saves
        auto_reload=False,
        undefined=StrictUndefined,
    )
    templates.globals["words"] = words
    ours = {each.__name__: each for each in (unbroken, grouped, id_url, lookup_url)}
    templates.filters |= ours | settings["JINJA_FILTERS"]
    for page in pages:  # compiled here, once, and not in each process
        templates.get_template(page)
    return templates


def render_page(templates: Environment, page: model.Page, frame: model.Frame) -> str:
    """Return a page as HTML, with invisible characters made visible."""
    template = templates.get_template(page.template)
    return visible(template.render(page=page, frame=frame, m=macros(templates, frame)))


def macros(templates: Environment, frame: model.Frame) -> TemplateModule:
    """The macros of the templates, and what they make of the frame.

    That is the same on all pages below the same link of a menu, and rendered once for them.
    """
    links = [link.url for link in (*frame.menu, *frame.footer)]
    path = frame.path
    if path.removesuffix(INDEX) not in links:
        path = max((url for url in links if path.startswith(url)), key=len, default="")
    return _macros(templates, replace(frame, path=path, canonical=""))


@lru_cache
def _macros(templates: Environment, frame: model.Frame) -> TemplateModule:
    return templates.get_template("macros.html").make_module({"frame": frame})
