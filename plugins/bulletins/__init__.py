"""Publishes an Archive with Pelican."""


def register() -> None:
    """Connect to Pelican's signals; Pelican calls this when it loads a plugin."""
    # Imported here, because a build that finds nothing changed does not need it.
    from bulletins.plugin import connect  # noqa: PLC0415

    connect()
