"""What holds for packages, from the words above them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

#: Deeper than any heading.
NO_LEVEL: Final = 9


class Above(Enum):
    """What the words above some packages say of them."""

    NOTHING = auto()
    FIXES = auto()  # they are announced
    OTHERS = auto()  # they are old, or somebody else's
    UNCLEAR = auto()  # it cannot be read, so none of them is


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for the packages that follow, from the words above them.

    ``remedy`` is the level of the heading that tells that its section is about what to do;
    ``lead`` the line that named the releases, until a package is read; ``lost`` that another such
    line could not be read, so that nobody knows where the packages below it belong.
    """

    releases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    note: str = ""
    above: Above = Above.NOTHING
    remedy: int = NO_LEVEL
    lead: int = 0
    lost: bool = False

    @property
    def in_remedy(self) -> bool:
        """Whether it is in a section about what to do."""
        return self.remedy < NO_LEVEL

    @property
    def expects(self) -> bool:
        """Whether what follows should be packages to install."""
        about = self.above is Above.NOTHING and self.in_remedy
        return self.above is Above.FIXES or (about and bool(self.lead))

    @property
    def accepts(self) -> bool:
        """Whether packages that follow can be to install, if they are named plainly."""
        remedy = self.above is Above.FIXES or self.in_remedy
        return remedy and self.above is not Above.UNCLEAR and not self.lost


NO_CONTEXT: Final = Context()
