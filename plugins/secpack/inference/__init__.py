"""What a text names, and which advisories it addresses by its own words.

Nothing here knows of tracker data: it is held against what is inferred here, and must not have
helped. The rules are described in docs/format.md.
"""

from secpack.inference.decision import decide
from secpack.inference.namings import find_namings

__all__ = ["decide", "find_namings"]
