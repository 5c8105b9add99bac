"""What a text names, and which advisories it addresses by its own words.

Nothing here knows of tracker data: that is compared with what is inferred here, and must not have
helped. docs/format.md says what a maintainer of a pack needs to know of the outcome.
"""

from secpack.extract.mentions.decision import decide
from secpack.extract.mentions.find import find_mentions

__all__ = ["decide", "find_mentions"]
