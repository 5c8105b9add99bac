"""Publishes an Archive with Pelican."""

from __future__ import annotations


def register() -> None:
    """Connect to Pelican's signals: what Pelican calls of a plugin."""
    # Here, since a build that finds nothing changed needs none of it.
    from bulletins.plugin import connect  # noqa: PLC0415

    connect()
