"""What can be wrong with a pack, said so that a person can mend it."""

from __future__ import annotations


class SecpackError(Exception):
    """Any reason for which a pack, a profile or tracker data cannot be used."""


class ParseError(SecpackError):
    """A file that cannot be read as what it should be.

    ``str()`` of it is ``path:line:column: message``; line and column count from 1, and 0 means
    that the whole file is meant.
    """

    def __init__(self, message: str, *, path: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = [self.path, *(str(n) for n in (self.line, self.column) if n)]
        return f"{':'.join(place)}: {self.message}"


class PrivateKeyError(ParseError):
    """A file that holds a private key, which no waiver lets through."""


class ProfileError(ParseError):
    """A profile that is not valid TOML, or that says something the archive does not know."""


class TrackerError(ParseError):
    """Tracker data that is not in the form of ``xsa.yml``."""


class ProgramMissingError(SecpackError):
    """A program that is needed is not there."""


class PackError(SecpackError):
    """A pack in which one or more files are unreadable; ``errors`` holds all of them."""

    def __init__(self, errors: tuple[SecpackError, ...]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors
