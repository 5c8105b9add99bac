"""Errors: what is wrong, in which file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from secpack.model.archive import Archive, Publication


#: A message has at most so many further errors of a file.
_MOST_OTHERS: Final = 50


class SecpackError(Exception):
    """A pack, a profile or tracker data cannot be used."""


class ParseError(SecpackError):
    """A file does not have the expected form.

    ``str()`` of it is ``path:line:column: message``. Line and column count from 1; 0 means the
    whole file. Without a path, the caller knows which file it is. ``others`` are what else is wrong
    with the file, and ``usable`` what can be read.
    """

    others: tuple[ParseError, ...] = ()
    usable: object = None

    def __init__(self, message: str, path: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, path, line, column)
        self.message = message
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        parts = [self.path, *(str(number) for number in (self.line, self.column) if number)]
        more = [str(other) for other in self.others[:_MOST_OTHERS]]
        more += [f"and {n} more" for n in [len(self.others) - _MOST_OTHERS] if n > 0]
        return "\n".join([f"{':'.join(parts)}: {self.message}", *more])


class ProgramMissingError(SecpackError):
    """A program is not installed."""


class TextError(SecpackError):
    """A text cannot be published: ``errors`` has all reasons, ``publication`` what can be read."""

    def __init__(self, errors: tuple[ParseError, ...], publication: Publication) -> None:
        super().__init__(errors, publication)
        self.errors = errors
        self.publication = publication


class PackError(SecpackError):
    """Files of a pack cannot be published as they are.

    ``errors`` has all reasons. ``archive`` is what could be read, to be examined, not published.
    """

    def __init__(self, errors: tuple[SecpackError, ...], archive: Archive) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors
        self.archive = archive
