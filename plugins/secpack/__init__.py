"""Reads a security pack: a folder of signed plain-text bulletins and canaries, into an Archive."""

from secpack.advisories import load_advisories
from secpack.archive import examine, load
from secpack.errors import PackError, ParseError, ProfileError, SecpackError, TrackerError
from secpack.profile import Profile, load_profile
from secpack.signatures import Checker

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
