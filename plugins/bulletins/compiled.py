"""Compiled templates, kept for the next build: to compile them takes longer than a small change."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache

from bulletins.reuse import kept_beside, read_kept
from secpack.cache import write_whole


class KeptTemplates(BytecodeCache):
    """Templates as they were compiled beside a site by the same ``maker`` (``maker_digest``).

    What settings do to templates is compiled into them. What is damaged or of others is not used,
    and a place where nothing can be written is no error.
    """

    def __init__(self, site: Path, maker: str) -> None:
        self._site = site
        self._maker = maker.encode()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Use what was kept of a template."""
        try:
            data = read_kept(self._site, _name(bucket))
        except OSError:
            return
        if data[:32] == self._digest(data[32:]):
            bucket.bytecode_from_string(data[32:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        code = bucket.bytecode_to_string()
        write_whole(kept_beside(self._site) / _name(bucket), self._digest(code) + code)

    def _digest(self, code: bytes) -> bytes:
        return hashlib.sha256(self._maker + code).digest()


def _name(bucket: Bucket) -> str:
    return f"templates/{bucket.key}"
