"""Errors: what is wrong, in which file and line, and what can be used nevertheless."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

_T = TypeVar("_T")

#: A message has at most so many errors.
_MOST: Final = 50


class SecpackError(Exception):
    """A pack, a profile or tracker data cannot be used."""


class ParseError(SecpackError):
    """A file does not have the expected form.

    ``str()`` of it is ``path:line:column: message``. Line and column count from 1; 0 means the
    whole file. Without a path, the caller knows which file it is.
    """

    def __init__(self, message: str, path: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, path, line, column)
        self.message = message
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        parts = [self.path, *(str(number) for number in (self.line, self.column) if number)]
        return f"{':'.join(parts)}: {self.message}"


class ProgramMissingError(SecpackError):
    """A program is not installed."""


class PackError(SecpackError):
    """A pack, one of its texts, its profile or tracker data cannot be used as they are.

    ``errors`` has all reasons. ``usable`` is what could be read, to be examined, not published.
    """

    def __init__(self, errors: Sequence[SecpackError], usable: Any) -> None:
        super().__init__(errors, usable)
        self.errors = errors
        self.usable = usable

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors[:_MOST]]
        more = len(self.errors) - _MOST
        return "\n".join([*lines, f"and {more} more"] if more > 0 else lines)


def reason(error: Exception) -> str:
    """Why something failed, for the person who can fix it."""
    match error:
        case SecpackError():
            return str(error)
        case OSError(strerror=str(words)):
            return ": ".join(str(part) for part in (error.filename, words) if part)
        case _:
            return f"{type(error).__name__}: {error}".removesuffix(": ")


def as_far_as_usable(load: Callable[[], _T], errors: list[SecpackError]) -> _T:
    """What can be used of what a function loads; all its errors go to ``errors``.

    Raises SecpackError if nothing can be used.
    """
    try:
        return load()
    except PackError as error:
        errors += error.errors
        return cast(_T, error.usable)
