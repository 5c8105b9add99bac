"""A copy of a site, in a folder or on a server. It may be hostile."""

import os
import time
from errno import ELOOP
from functools import partial
from math import inf
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError, ProtocolError

from secpack.errors import SecpackError
from secpack.files import paths, read_file
from secpack.programs import limited_time

#: The seconds for a whole copy, by default.
TIMEOUT: Final = 3600

#: The seconds for one file, from the connection to the last byte.
PATIENCE: Final = 60

# Tor Browser identifies itself thus on every system. Some mirrors refuse unknown programs, and none
# should be able to recognise this one and send it other files than people get.
_USER_AGENT: Final = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


class MissingError(SecpackError):
    """The copy does not have the file."""


class RefusedError(SecpackError):
    """The file seems to be there, but is not read; ``str()`` is the reason."""


class UnreachableError(SecpackError):
    """The server does not answer."""


class Folder:
    """A copy on this machine. Its links are not followed: they could lead anywhere."""

    def __init__(self, root: Path, until: float = inf) -> None:
        self._root = root.resolve()
        self.until = until

    def read(self, path: str, limit: int) -> bytes:
        """Return a file's bytes."""
        file = self._root / path
        if os.path.realpath(file.parent) != str(file.parent):
            raise RefusedError("not a regular file")
        try:
            return read_file(file, limit, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingError("not found") from None
        except OSError as error:
            reason = "not a regular file" if error.errno == ELOOP else error.strerror
            raise RefusedError(reason or str(error)) from None

    def paths(self) -> set[str]:
        """All files and links in the folder."""
        return set(paths(self._root))


class Server:
    """A copy at a URL. No redirect leaves its host."""

    def __init__(self, url: str, until: float = inf) -> None:
        self.until = until
        try:
            self._base = urlsplit(url.removesuffix("/") + "/")
            odd = (self._base.query, self._base.fragment, self._base.username)
            fits = self._base.scheme in ("http", "https") and self._base.hostname and not any(odd)
        except ValueError:
            fits = False
        if not fits:
            raise SecpackError(f"{url}: expected a URL such as https://example.org/site/")
        self._pool = PoolManager(
            headers={"Accept-Encoding": "identity", "User-Agent": _USER_AGENT},
            timeout=PATIENCE,
            retries=False,
        )

    def read(self, path: str, limit: int) -> bytes:
        """Return a file's bytes."""
        return self.get(urljoin(self._base.geturl(), quote(path)), limit)

    def get(self, url: str, limit: int) -> bytes:
        """Return the bytes at a URL of this server."""
        try:
            with limited_time(min(PATIENCE, self.until - time.monotonic())):
                return self._follow(url, limit)
        except BaseException as error:
            self._pool.clear()
            if isinstance(error, (OSError, HTTPError, ValueError)):
                raise UnreachableError(f"no answer: {_reason(error)}") from None
            raise

    def _follow(self, url: str, limit: int) -> bytes:
        for _ in range(4):  # three redirects, and the file
            response = self._get(url)
            if response.status not in (301, 302, 303, 307, 308):
                return _body(response, limit)
            response.close()
            target = urljoin(url, response.headers.get("Location", ""))
            if not _stays(urlsplit(target), urlsplit(url)):
                raise RefusedError(f"redirects to another host: {target[:200]}")
            url = target
        raise RefusedError("too many redirects")

    def _get(self, url: str) -> BaseHTTPResponse:
        """Request a file, twice if need be: the server may have closed a kept connection."""
        request = partial(self._pool.request, "GET", url, redirect=False, preload_content=False)
        try:
            return request()
        except ProtocolError:
            return request()

    def paths(self) -> set[str]:
        """Nobody can list the files of a server."""
        return set()


#: A copy; ``until`` is when its time is up, by ``time.monotonic()``.
Copy: TypeAlias = Folder | Server


def open_copy(location: str, timeout: float) -> Copy:
    """Return the copy at a URL or in a folder; it has ``timeout`` seconds from now.

    Raises SecpackError if the location is neither.
    """
    until = time.monotonic() + timeout
    if "://" in location:
        return Server(location, until)
    if not Path(location).is_dir():
        raise SecpackError(f"{location}: neither a folder nor a URL")
    return Folder(Path(location), until)


def _stays(target: SplitResult, here: SplitResult) -> bool:
    """Whether a redirect stays on host and port, or leads from http to https on the host."""
    if target.hostname != here.hostname or target.username is not None:
        return False
    is_upgrade = (here.scheme, target.scheme) == ("http", "https")
    if is_upgrade:
        return here.port in (None, 80) and target.port in (None, 443)
    return (target.scheme, target.port) == (here.scheme, here.port)


def _reason(error: Exception) -> str:
    """Why there was no answer: the message of the innermost error that has one."""
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    if isinstance(error, HTTPError) and isinstance(inner, Exception):
        return _reason(inner)
    return getattr(error, "strerror", "") or str(error) or type(error).__name__


def _body(response: BaseHTTPResponse, limit: int) -> bytes:
    if response.status in (404, 410):
        raise MissingError(f"not found (status {response.status})")
    if response.status != 200:
        raise RefusedError(f"the server answered with status {response.status}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusedError("sent with a Content-Encoding that was not requested")
    data = bytearray()
    for chunk in response.stream(64 * 1024, decode_content=False):
        data += chunk
        if len(data) > limit:
            raise RefusedError(f"larger than {limit} bytes")
    response.release_conn()
    return bytes(data)
