"""The command ``secpack``: what the package ``secpack`` has, and ``build``."""

import os
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from bulletins.announce import add_announce
from bulletins.build.__main__ import main
from secpack import cli
from secpack.files import HOME, profile_path
from secpack.team import add_new, add_sign

#: Options: what the settings read from the environment, as from make, with the name of its value
#: (none for a switch), and what it is.
_OPTIONS: Final = {
    "PROFILE": ("FILE", "the issuer: a file, or qubes (the default), dasharo, demo"),
    "XSA": ("FILE", "tracker data (xsa.yml)"),
    "XSA_JSON": ("FILE", "the Xen Project's list (xsa.json), for titles and CVEs"),
    "OUTPUT": ("DIR", "where the site goes (default: output)"),
    "SITEURL": ("URL", "the site's public URL, for feeds and exports"),
    "AS_OF": ("DATE", "withhold documents dated after that day"),
    "TAGS": ("NAMES", "show these tags on the commit of the pack, and who signed them"),
    "SEARCH": ("", "index all words (needs pagefind-bin)"),
    "GZIP": ("", "also write compressed copies of files"),
}


def command() -> int:
    """Run the command as a program; return its exit status."""
    return cli.command(*COMMANDS)


def add_build(commands: Any) -> None:
    """Add ``build`` to the commands of argparse."""
    command = cli.add_command(
        commands,
        _run_build,
        "build the site of a pack",
        "Builds a site, completely or not at all. Exit status: 0 built, 1 failed, 2 unusable "
        "arguments.",
        "build qubes-secpack --xsa xsa.yml --output site",
    )
    command.add_argument("pack", nargs="?", help="the folder of the pack (default: the demo)")
    command.add_argument("--strict", action="store_true", help="build as for publication")
    text = "build a published site again, from data/manifest.json in a copy of it, and compare"
    command.add_argument("--rebuild", metavar="MANIFEST", help=text)
    for name, (value, text) in _OPTIONS.items():
        option = "--site-url" if name == "SITEURL" else f"--{name.lower().replace('_', '-')}"
        how: dict[str, Any] = {"metavar": value} if value else {"action": "store_const", "const": 1}
        command.add_argument(option, dest=name, default="", help=text, **how)


def _run_build(options: Namespace) -> int:
    given = {name: str(getattr(options, name)) for name in _OPTIONS}
    if given["PROFILE"]:
        given["PROFILE"] = str(profile_path(given["PROFILE"]))
    given["OUTPUT"] = str(Path(given["OUTPUT"] or "output").absolute())
    os.environ.update(given, SECPACK=options.pack or "", THEME="")
    settings = "publishconf.py" if options.strict or options.rebuild else "pelicanconf.py"
    again = ["--rebuild", options.rebuild] if options.rebuild else []
    return main(["--settings", str(HOME / settings), *again])


#: What adds the commands that are not in ``secpack.cli``.
COMMANDS: Final = (add_build, add_new, add_sign, add_announce)
