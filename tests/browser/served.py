"""Serves a site as docs/mirroring.md has it: below a path, with its policy; and with 404.html."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from tests.bulletins.sites import ROOT

#: Where the site stands on its host.
BASE = "/security/"

#: A line of the map that gives each address its policy, in the documented configuration of nginx.
_LINE = re.compile(r'^    (\S+) +"(default-src [^"]+)";$', re.MULTILINE)


Policies = tuple[tuple[re.Pattern[str], str], ...]


def documented_policies() -> Policies:
    """What the documentation tells servers to send: patterns of addresses, with their policies."""
    documented = (ROOT / "docs" / "mirroring.md").read_text("utf-8")
    found = dict(_LINE.findall(documented))
    otherwise = found.pop("default")
    rules = [(re.compile(pattern.removeprefix("~")), said) for pattern, said in found.items()]
    return (*rules, (re.compile(""), otherwise))


_POLICIES = documented_policies()


@dataclass(frozen=True, slots=True)
class Served:
    """A site that is being served: its address, its folder, and the requests that came so far."""

    url: str
    folder: Path
    requests: list[str] = field(default_factory=list)
    policies: Policies = _POLICIES


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, served: Served, **more: Any) -> None:
        self.served = served
        super().__init__(*args, directory=str(served.folder), **more)

    def translate_path(self, path: str) -> str:
        inside = path.removeprefix(BASE.rstrip("/"))
        return super().translate_path(inside if inside != path else "/none")

    def do_GET(self) -> None:
        self.served.requests.append(self.path)
        super().do_GET()

    def end_headers(self) -> None:
        path = urlsplit(self.path).path
        for said in [said for pattern, said in self.served.policies if pattern.search(path)][:1]:
            self.send_header("Content-Security-Policy", said)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        page = (self.served.folder / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 256


@contextmanager
def serve(folder: Path, policies: Policies = _POLICIES) -> Iterator[Served]:
    """Serve a folder on a free port of this machine."""
    served = Served("", folder, policies=policies)
    with _Server(("127.0.0.1", 0), partial(_Handler, served=served)) as server:
        url = f"http://127.0.0.1:{server.server_port}{BASE}"
        object.__setattr__(served, "url", url)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield served
        finally:
            server.shutdown()
