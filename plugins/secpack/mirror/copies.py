"""A copy of a site, in a folder or on a server, that may do anything to whoever reads it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ELOOP
from functools import partial
from math import inf
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError, ProtocolError

from secpack.errors import SecpackError
from secpack.files import read_file

#: How many seconds a copy has in all, unless somebody says otherwise.
TIMEOUT: Final = 3600

#: How many seconds a server has for one file, from the connection to the last byte.
PATIENCE: Final = 60

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 3
_GONE: Final = (404, 410)
_CHUNK: Final = 64 * 1024

# Some mirrors refuse programs that they do not know, and one that is known to check could get other
# files than people do: this is what Tor Browser says of itself, on every system.
_USER_AGENT: Final = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


class MissingError(SecpackError):
    """A file that the copy does not have."""


class RefusedError(SecpackError):
    """A file that the copy has, or seems to have, but that is not read; ``str()`` says why."""


class UnreachableError(SecpackError):
    """A server that does not answer."""


class Copy(Protocol):
    """What can be asked of a copy, until its time is up (by ``time.monotonic()``)."""

    until: float

    def read(self, path: str, limit: int) -> bytes:
        """A file's bytes; raises MissingError, RefusedError, UnreachableError."""

    def paths(self) -> set[str] | None:
        """All files that are there; None where nobody can tell."""


def open_copy(place: str, timeout: float = TIMEOUT) -> Copy:
    """A copy by its address, or its folder, that has ``timeout`` seconds from now.

    Raises SecpackError for what is neither.
    """
    until = time.monotonic() + timeout
    if "://" in place:
        return Server(place, until)
    if not Path(place).is_dir():
        raise SecpackError(f"{place}: neither a folder nor an address")
    return Folder(Path(place), until)


class Folder:
    """A copy on this machine. Links in it are not followed: they could lead anywhere."""

    def __init__(self, root: Path, until: float = inf) -> None:
        self._root = root.resolve()
        self.until = until

    def read(self, path: str, limit: int) -> bytes:
        """A file's bytes."""
        place = self._root / path
        if os.path.realpath(place.parent) != str(place.parent):
            raise RefusedError("not a regular file")
        try:
            return read_file(place, limit, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingError("not found") from None
        except OSError as error:
            is_link = error.errno == ELOOP
            reason = "not a regular file" if is_link else error.strerror or str(error)
            raise RefusedError(reason) from None

    def paths(self) -> set[str]:
        """All files, and links, that are there."""
        found = set()
        for folder, folders, files in os.walk(self._root):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*files, *links):
                found.add((Path(folder) / name).relative_to(self._root).as_posix())
        return found


class Server:
    """A copy at an address. Nothing leads away from the host."""

    def __init__(self, address: str, until: float = inf) -> None:
        self.until = until
        try:
            self._base = urlsplit(address if address.endswith("/") else f"{address}/")
            odd = (self._base.query, self._base.fragment, self._base.username)
            fits = self._base.scheme in ("http", "https") and self._base.hostname and not any(odd)
        except ValueError:
            fits = False
        if not fits:
            raise SecpackError(f"{address}: expected an address such as https://example.org/site/")
        self._pool = PoolManager(
            headers={"Accept-Encoding": "identity", "User-Agent": _USER_AGENT},
            timeout=PATIENCE,
            retries=False,
        )

    def paths(self) -> None:
        """Nobody can tell what else a server has."""

    def read(self, path: str, limit: int) -> bytes:
        """A file's bytes."""
        try:
            with _deadline(min(PATIENCE, self.until - time.monotonic())):
                return self._follow(urljoin(self._base.geturl(), quote(path)), limit)
        except (OSError, HTTPError, ValueError) as error:
            self._pool.clear()
            raise UnreachableError(f"no answer: {_reason(error)}") from None
        except BaseException:
            self._pool.clear()
            raise

    def _follow(self, address: str, limit: int) -> bytes:
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._get(address)
            if response.status not in _REDIRECTS:
                return _body(response, limit)
            response.close()
            target = urljoin(address, response.headers.get("Location", ""))
            if not self._stays(urlsplit(target), urlsplit(address)):
                raise RefusedError(f"redirects to another host: {target[:200]}")
            address = target
        raise RefusedError("too many redirects")

    def _get(self, address: str) -> BaseHTTPResponse:
        """Ask for a file; a connection that was kept may have ended, so then ask once more."""
        ask = partial(self._pool.request, "GET", address, redirect=False, preload_content=False)
        try:
            return ask()
        except ProtocolError:
            return ask()

    def _stays(self, target: SplitResult, here: SplitResult) -> bool:
        """Whether a redirect stays on the host: on the same port, or goes from http to https."""
        if target.hostname != self._base.hostname or target.username is not None:
            return False
        if target.scheme == here.scheme:
            return target.port == here.port
        up = (here.scheme, target.scheme) == ("http", "https")
        return up and here.port in (None, 80) and target.port in (None, 443)


def _reason(error: Exception) -> str:
    """Why there was no answer, by the innermost error that says something."""
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    if isinstance(error, HTTPError) and isinstance(inner, Exception):
        return _reason(inner)
    return getattr(error, "strerror", "") or str(error) or type(error).__name__


def _body(response: BaseHTTPResponse, limit: int) -> bytes:
    if response.status in _GONE:
        raise MissingError(f"not found (status {response.status})")
    if response.status != 200:
        raise RefusedError(f"the server answered with status {response.status}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusedError("sent with a Content-Encoding that was not requested")
    data = bytearray()
    for chunk in response.stream(_CHUNK, decode_content=False):
        data += chunk
        if len(data) > limit:
            raise RefusedError(f"larger than {limit} bytes")
    response.release_conn()
    return bytes(data)


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise TimeoutError when this takes longer, however often there is a byte."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"took longer than {seconds:.2g} seconds")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))  # 0 would be never
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
