"""Reads a security pack: a folder of signed plain-text bulletins and canaries, into an Archive."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secpack.archive import examine, load
    from secpack.errors import PackError, ParseError, ProfileError, SecpackError, TrackerError
    from secpack.profile import Profile, load_profile
    from secpack.signatures.gpgv import Checker
    from secpack.tracker.data import load_advisories
else:  # A build that finds nothing changed imports none of these: that would take most of its time.
    _MODULES = {
        "Checker": "signatures.gpgv",
        "Profile": "profile",
        "examine": "archive",
        "load": "archive",
        "load_advisories": "tracker.data",
        "load_profile": "profile",
    }

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"secpack.{_MODULES.get(name, 'errors')}"), name)


__all__ = [
    "Checker",
    "PackError",
    "ParseError",
    "Profile",
    "ProfileError",
    "SecpackError",
    "TrackerError",
    "examine",
    "load",
    "load_advisories",
    "load_profile",
]
