"""What a text names, and which advisories it addresses by its own words.

Nothing here knows of tracker data: it is held against what is inferred here, and must not have
helped. The rules are described in docs/format.md.
"""

from secpack.extract.mentions.decision import decide
from secpack.extract.mentions.namings import find_namings

__all__ = ["decide", "find_namings"]
