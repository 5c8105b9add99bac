"""What was read from texts before, so that a text that is the same need not be read again."""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from secpack.cache import write_whole
from secpack.errors import SecpackError
from secpack.model import Bulletin, Canary
from secpack.profile import Profile
from secpack.progress import Progress
from secpack.sharing import share

_P = TypeVar("_P", Bulletin, Canary)

#: The only names that a file of readings can refer to: it cannot make Python do anything else.
_ALLOWED: Final = {"datetime": {"date", "datetime", "timezone"}, "secpack.text": {"text_blocks"}}

#: How many bytes at the beginning of a file are a digest of the others.
_SUM: Final = hashlib.sha256().digest_size


class Readings:
    """Bulletins and canaries by key, without the bytes of their files; None keeps nothing.

    They are kept by this code for this profile: others do not find them. A file that is missing,
    damaged or of others holds none, and a place where nothing can be written is no error. What
    was not asked for is forgotten when they are saved.
    """

    def __init__(
        self, path: Path | None, profile: Profile, progress: Progress | None = None
    ) -> None:
        self._path = path
        self._progress = progress or (lambda *_: None)
        made_for = hashlib.sha256(f"{sys.version} {profile!r}".encode()).hexdigest()
        self._maker = f"{code_digest()} {made_for}"
        self._known = _read(path, self._maker) if path else {}
        self._stored = frozenset(self._known)
        self._made: dict[str, Any] = {}
        self._used: dict[str, bytes] = {}

    def read_ahead(self, texts: Iterable[tuple[str, Callable[[], object]]]) -> None:
        """Make what will be asked for and is not known, in two processes if that pays.

        What raises is left to raise when it is asked for.
        """
        wanted = [(key, make) for key, make in texts if key not in self._known]

        def read(text: tuple[str, Callable[[], object]]) -> None:
            key, make = text
            with suppress(SecpackError):
                self._made[key] = make()

        def told() -> dict[str, bytes]:
            return {key: _bytes(made) for key, made in self._made.items()}

        self._known |= share(wanted, read, told, self._progress) or {}

    def get(self, key: str, make: Callable[[], _P]) -> _P:
        """What is kept under a key; otherwise what ``make`` makes of it, or raises."""
        kept = self._known.get(key, b"")
        known: _P | None = _value(kept) if kept else None
        found = known or self._made.pop(key, None) or make()
        if self._path:
            self._used[key] = kept if known else _bytes(found)
        return found

    def save(self) -> None:
        """Write what was asked for, as a whole, unless the same is there."""
        if not self._path or self._used.keys() == self._stored:
            return
        data = _bytes((self._maker, self._used))
        write_whole(self._path, hashlib.sha256(data).digest() + data)


@cache
def code_digest() -> str:
    """What tells this code from any other: a digest of its sources (hexadecimal)."""
    found = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """A class of the model, or what its values are made of."""
        if module == "secpack.model" and name.isidentifier():
            return super().find_class(module, name)
        if name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}: not a value of the archive")


def _read(path: Path, maker: str) -> dict[str, bytes]:
    try:
        written = path.read_bytes()
        digest, data = written[:_SUM], written[_SUM:]
        found, known = _value(data) if hashlib.sha256(data).digest() == digest else ("", {})
        return known if found == maker and isinstance(known, dict) else {}
    except (OSError, TypeError, ValueError):
        return {}


def _bytes(value: object) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _value(data: bytes) -> Any:
    """What was kept; None for what is damaged, whatever it raises."""
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except Exception:
        return None
