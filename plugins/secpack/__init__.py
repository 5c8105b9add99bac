"""Reads a security pack, a folder of signed plain-text bulletins and canaries, into an Archive."""

from importlib import import_module
from typing import TYPE_CHECKING

from secpack.errors import PackError, ParseError, SecpackError

if TYPE_CHECKING:
    from secpack.archive import load
    from secpack.profile import Profile, load_profile
    from secpack.signatures.gpgv import Checker
    from secpack.tracker import load_advisories
else:  # To import these takes longer than everything else in a build that finds nothing changed.
    _MODULES = {
        "Checker": "signatures.gpgv",
        "Profile": "profile",
        "load": "archive",
        "load_advisories": "tracker",
        "load_profile": "profile",
    }

    def __getattr__(name: str) -> object:
        """Import a public name on first use."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"secpack.{_MODULES[name]}"), name)


__all__ = [
    "Checker",
    "PackError",
    "ParseError",
    "Profile",
    "SecpackError",
    "load",
    "load_advisories",
    "load_profile",
]
